"""Warehouses that are built once for all tests, also when pytest runs in several processes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from histories import History, benchmark, edges, known, merged
from warehouses import DuckDB, Postgres, build

from tests.once import once

if TYPE_CHECKING:
    from collections.abc import Callable

    from warehouses import MakeWarehouse, Warehouse

BOTH_ENGINES_ALWAYS = ("test_engines.py", "test_formulas.py", "test_scorecard.py")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What runs on each engine runs on PostgreSQL among the long tests.

    That the engines agree on every row of every model, and on every formula, is always tested.
    """
    for item in items:
        if item.path.parent == Path(__file__).parent and item.path.name not in BOTH_ENGINES_ALWAYS:
            call = getattr(item, "callspec", None)
            is_on_postgres = call is not None and "postgres" in call.params.values()
            if is_on_postgres or item.path.name == "test_incremental.py":
                item.add_marker("long")


@pytest.fixture(scope="session")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where dbt keeps what it parsed; not shared, since dbt does not lock it."""
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="session")
def make_warehouse(shared: Path, request: pytest.FixtureRequest) -> MakeWarehouse:
    """Makes an empty warehouse, by engine and name."""

    def make(engine: str, name: str) -> Warehouse:
        if engine == "duckdb":
            # dbt names the database after its file, and parses the project once for all of one name.
            folder = shared / "duckdb" / name
            folder.mkdir(parents=True, exist_ok=True)
            return DuckDB(folder / "warehouse.duckdb")
        uri = request.getfixturevalue("postgres_uri").replace("/postgres?", f"/{name}?")
        once(shared, f"create-{name}", lambda: request.getfixturevalue("make_database")(name))
        return Postgres(uri)

    return make


@pytest.fixture(scope="session")
def history() -> History:
    return merged(benchmark(), edges(), known())


@pytest.fixture(scope="session")
def build_whole(
    shared: Path, work: Path, make_warehouse: MakeWarehouse, history: History
) -> Callable[[str], Warehouse]:
    """Loads the whole history and builds it, with all of dbt's tests, on an engine."""

    def build_on(engine: str) -> Warehouse:
        warehouse = make_warehouse(engine, "whole")

        def make() -> None:
            warehouse.load(history.tables())
            build(warehouse, work / engine)

        once(shared, f"whole-{engine}", make)
        return warehouse

    return build_on


@pytest.fixture(scope="session", params=["duckdb", "postgres"])
def built(request: pytest.FixtureRequest, build_whole: Callable[[str], Warehouse]) -> Warehouse:
    """The whole history, built; on each engine."""
    return build_whole(request.param)


@pytest.fixture(scope="session")
def both(build_whole: Callable[[str], Warehouse]) -> tuple[Warehouse, Warehouse]:
    """The whole history, built on DuckDB and on PostgreSQL."""
    return build_whole("duckdb"), build_whole("postgres")
