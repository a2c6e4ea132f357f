"""Fixtures: an API that somebody else might have written, and what runmart makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from reading import Reader, Warehouse
from standin import KEY, Account, standing_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from standin import StandIn


@pytest.fixture(scope="session")
def server() -> Iterator[StandIn]:
    """One server for all tests of a process."""
    with standing_in() as running:
        yield running


@pytest.fixture
def api(server: StandIn) -> StandIn:
    """The server with an empty account."""
    server.account = Account()
    server.requests.clear()
    return server


@pytest.fixture
def reader(api: StandIn) -> Reader:
    """Reads the account as a sync does, without a warehouse."""
    return Reader(api)


@pytest.fixture
def duckdb_warehouse(api: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    """An empty DuckDB warehouse that is loaded from the account."""
    return _warehouse(api, "duckdb", str(tmp_path / "warehouse.duckdb"), tmp_path, monkeypatch)


@pytest.fixture(params=["duckdb", "postgres"])
def any_warehouse(
    api: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Warehouse:
    """An empty warehouse of each engine."""
    if request.param == "duckdb":
        place = str(tmp_path / "warehouse.duckdb")
    else:
        place = request.getfixturevalue("own_database")
    return _warehouse(api, request.param, place, tmp_path, monkeypatch)


def _warehouse(
    api: StandIn, engine: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Warehouse:
    settings = {
        "SOURCES__ARMATURE__BASE_URL": api.url,
        "SOURCES__ARMATURE__API_KEY": KEY,
        f"DESTINATION__{engine.upper()}__CREDENTIALS": place,
        "RUNMART__DESTINATION": engine,
        "DLT_DATA_DIR": str(tmp_path / "dlt"),
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return Warehouse(engine, place, settings)
