"""An EigenPal tenant in a warehouse: loaded, loaded again, and in the shape of all platforms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from eigenpal_tenant import tenant

from emulator.common.clock import Clock
from emulator.eigenpal import World
from emulator.eigenpal.runs import Usage
from pipelines.build import PROJECT
from pipelines.load import LoadRequest, load
from pipelines.warehouse import warehouse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from eigenpal_tenant import Tenant

CHEAP, DEAR = Usage(1_000, 100, None, None, 1.25, 2, 1, None), Usage(9_000, 900, 10, 5, 0.000000001, 9, 1, 3)


class Loaded:
    """A tenant, and the DuckDB file that it is loaded into."""

    def __init__(self, served: Tenant, file: Path) -> None:
        self.world = served.world
        self._file = file

    def load(self) -> None:
        load(LoadRequest("eigenpal"), warehouse("duckdb"))

    def build(self) -> None:
        """Build what the runs of all platforms are stacked from."""
        try:
            done = dbtRunner().invoke(
                [
                    *("run", "--select", "+int_eigenpal_review_corrections"),
                    *("+int_runs", "+int_criterion_results", "+int_workflows", "+int_syncs"),
                    *("--vars", "{platforms: [eigenpal]}", "--quiet", "--log-level-file", "none"),
                    *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
                    *("--target-path", str(self._file.parent / "target")),
                    *("--log-path", str(self._file.parent / "logs")),
                ]
            )
        finally:
            # dbt-duckdb would keep the file open, and locked, until the process ends.
            DuckDBConnectionManager.close_all_connections()
        assert done.success, done.exception

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self._file), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        names = self.query("select table_name from information_schema.tables where table_schema = 'eigenpal'")
        return {
            name: self.query(f"select * from eigenpal.{name} order by all")  # noqa: S608
            for (name,) in names
            if not name.startswith("_dlt")
        }


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loaded]:
    """A tenant with a few runs of the last days, each of which stands for something."""
    world = World.empty(Clock.manual(datetime.now(UTC) - timedelta(hours=3)))
    automation = world.add_automation("invoices")
    runs: dict[str, dict[str, Any]] = {
        "unjudged": {"usage": CHEAP},
        "free": {"usage": None},
        "erred": {"status": "failed", "usage": DEAR},
        "rejected": {"status": "rejected", "usage": CHEAP},
        "cancelled": {"status": "cancelled", "usage": None},
        "right": {"usage": CHEAP},
        "wrong": {"usage": CHEAP, "retry": 1, "previous_run_id": "erred"},
        "spoken_for": {"usage": CHEAP},
        "goes_on": {"usage": None, "duration_s": 10 * 86_400.0},
    }
    for name, fields in runs.items():
        world.add_run(id=name, automation_id=automation.id, **{"duration_s": 30.0, **fields})
    world.run_experiment(automation.id, duration_s=20.0, scores_after_s=1.0, quality=0.99)
    world.clock.advance(hours=1)
    world.review("right", "correct")
    world.review("wrong", "incorrect", note="No.")
    world.correct("wrong", "/total", 2, original=1)
    world.correct("wrong", "/date", "a", original="b")
    world.review("spoken_for", "correct")
    world.correct("spoken_for", "/total", 2)
    with tenant(world) as served:
        for name, value in {
            "SOURCES__EIGENPAL__BASE_URL": served.server.base_url,
            "SOURCES__EIGENPAL__API_KEY": served.server.api_key,
            "DESTINATION__DUCKDB__CREDENTIALS": str(tmp_path / "warehouse.duckdb"),
            "RUNMART_DESTINATION": "duckdb",
            "RUNMART_DUCKDB_PATH": str(tmp_path / "warehouse.duckdb"),
            "RUNMART_TARGET": "duckdb",
            "DLT_DATA_DIR": str(tmp_path / "dlt"),
        }.items():
            monkeypatch.setenv(name, value)
        yield Loaded(served, tmp_path / "warehouse.duckdb")


def test_a_second_load_changes_nothing_but_the_sync_log_and_an_old_run_that_is_reviewed_is_loaded(
    loaded: Loaded,
) -> None:
    loaded.load()
    first = loaded.tables()
    loaded.load()
    second = loaded.tables()
    assert {name for name in first if first[name] != second[name]} == {"sync_log"}
    loaded.world.clock.advance(hours=2)
    loaded.world.review("unjudged", "incorrect")
    loaded.load()
    assert loaded.query("select review_verdict from eigenpal.runs where run_id = 'unjudged'") == [
        ("incorrect",)
    ]
    assert not [
        value
        for rows in loaded.tables().values()
        for row in rows
        for value in row
        if isinstance(value, str) and "@example.com" in value
    ]


@pytest.mark.long
def test_it_stands_in_the_shape_of_all_platforms(loaded: Loaded) -> None:
    loaded.load()
    loaded.world.delete_review("spoken_for")
    loaded.load()
    loaded.build()
    assert loaded.query(
        "select run_id, outcome, attempt, retry_of_run_id, cost::double, total_tokens"
        " from analytics_intermediate.int_runs where purpose = 'production' order by run_id"
    ) == [
        ("cancelled", "cancelled", 1, None, None, None),
        ("erred", "errored", 1, None, 1e-9, 9_900),
        ("free", "unscored", 1, None, None, None),
        ("goes_on", "running", 1, None, None, None),
        ("rejected", "failed", 1, None, 1.25, 1_100),
        ("right", "passed", 1, None, 1.25, 1_100),
        ("spoken_for", "unscored", 1, None, 1.25, 1_100),
        ("unjudged", "unscored", 1, None, 1.25, 1_100),
        ("wrong", "failed", 2, "erred", 1.25, 1_100),
    ]
    assert loaded.query(
        "select distinct cost_unit, workflow_name, is_counted from analytics_intermediate.int_runs"
    ) == [("credits", "Invoices", True)]
    examples = loaded.query("select count(*) from eigenpal.examples")[0][0]
    assert loaded.query(
        "select count(*), count(distinct run_id) from analytics_intermediate.int_runs"
        " where purpose = 'experiment'"
    ) == [(examples, examples)]
    assert loaded.query("select count(*) from analytics_intermediate.int_criterion_results") == loaded.query(
        "select count(*) from eigenpal.scores"
    )
    assert loaded.query(
        "select run_id, is_current from analytics_intermediate.int_eigenpal_reviews order by run_id"
    ) == [("right", True), ("spoken_for", False), ("wrong", True)]
    assert loaded.query(
        "select run_id, is_current, count(*) from analytics_intermediate.int_eigenpal_review_corrections"
        " group by all order by run_id"
    ) == [("spoken_for", False, 1), ("wrong", True, 2)]
    assert loaded.query(
        "select workflow_name, current_version_id from analytics_intermediate.int_workflows"
    ) == [("Invoices", "1")]
