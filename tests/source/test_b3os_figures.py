"""From B3OS's API to the shape of all platforms: an organisation made, and counted, by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from b3os_account import account
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

from emulator.b3os import World
from emulator.common.clock import Clock
from pipelines.load import LoadRequest, load
from pipelines.warehouse import warehouse

if TYPE_CHECKING:
    from collections.abc import Callable

    Query = Callable[[str], list[tuple[Any, ...]]]


PROJECT = Path(__file__).resolve().parents[2] / "dbt_models"


def organization() -> World:
    """Two workflows of three steps each; eleven runs of the last hours."""
    world = World.empty(Clock())
    first, second = (world.add_workflow(name).id for name in ("Treasury", "Archived"))
    start = world.clock.now() - 6 * 3_600_000

    def run(name: str, workflow_id: str = first, **fields: Any) -> None:  # noqa: ANN401
        world.add_run(id=name, workflow_id=workflow_id, started_at=start, **fields)

    run("pass_1", total_cu=10)
    run("pass_2", total_cu=20.25)
    run("pass_3", second, total_cu=None)
    run("fail_1", status="failure", stops_at=1, total_cu=5)
    run("fail_2", second, status="failure", stops_at=0, total_cu=1)
    run("again_1", total_cu=4, source_run_id="fail_1", resumes_at=1)
    run("cancelled_1", status="cancelled", stops_at=0, total_cu=0)
    run("waiting_1", waits_after_s=10, total_cu=3)
    run("simulated_1", status="failure", is_simulation=True, total_cu=100)
    run("simulated_2", is_simulation=True, is_dust_test=True, total_cu=100)
    run("dust_1", is_dust_test=True, total_cu=100)
    world.archive_workflow(second)
    return world


@pytest.fixture(scope="module")
def query(tmp_path_factory: pytest.TempPathFactory) -> Query:
    """Asks the warehouse into which the organisation was loaded twice, and in which staging was built."""
    place = tmp_path_factory.mktemp("b3os")
    file = place / "warehouse.duckdb"
    with account(world=organization()) as of, pytest.MonkeyPatch.context() as settings:
        settings.setenv("SOURCES__B3OS__BASE_URL", of.server.base_url)
        settings.setenv("SOURCES__B3OS__API_KEY", of.server.api_key)
        settings.setenv("DESTINATION__DUCKDB__CREDENTIALS", str(file))
        settings.setenv("RUNMART__DESTINATION", "duckdb")
        settings.setenv("DLT_DATA_DIR", str(place / "dlt"))
        for _ in range(2):
            assert load(LoadRequest("b3os"), warehouse("duckdb")).exit_code == 0
        models = "+int_runs +int_tool_calls +int_workflows stg_b3os__cu_usage stg_b3os__sync_log"
        settings.setenv("RUNMART_TARGET", "duckdb")
        settings.setenv("RUNMART_DUCKDB_PATH", str(file))
        project = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
        places = ["--target-path", str(place / "target"), "--log-path", str(place / "logs")]
        done = dbtRunner().invoke(["--quiet", "run", *project, *places, "--select", *models.split()])
        # dbt-duckdb would keep the file open, and locked, until the process ends.
        DuckDBConnectionManager.close_all_connections()
        assert done.success, done.exception

    def ask(sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(file), read_only=True) as connection:
            return connection.sql(sql).fetchall()

    return ask


def test_what_became_of_each_run(query: Query) -> None:
    assert dict(query("select run_id, outcome from analytics_intermediate.int_runs")) == {
        "pass_1": "passed",
        "pass_2": "passed",
        "pass_3": "passed",
        "fail_1": "failed",
        "fail_2": "failed",
        "again_1": "passed",
        "cancelled_1": "cancelled",
        "waiting_1": "running",
        "simulated_1": "failed",
        "simulated_2": "passed",
        "dust_1": "passed",
    }


def test_simulations_and_dust_tests_stand_outside_the_pass_rate(query: Query) -> None:
    counted = query(
        "select count(*) filter (outcome = 'passed'), count(*) filter (outcome in ('passed', 'failed'))"
        " from analytics_intermediate.int_runs where purpose = 'production'"
    )
    assert counted == [(4, 6)]
    purposes = query(
        "select purpose, count(*) from analytics_intermediate.int_runs group by all order by all"
    )
    assert purposes == [("dust_test", 1), ("production", 8), ("simulation", 2)]


def test_compute_units_are_a_unit_of_their_own(query: Query) -> None:
    costs = query(
        "select cost_unit, sum(cost)::double, count(cost) from analytics_intermediate.int_runs"
        " where purpose = 'production' and outcome in ('passed', 'failed') group by all"
    )
    assert costs == [("compute_units", 40.25, 5)]
    assert query("select count(*), count(cost) from analytics_staging.stg_b3os__cu_usage") == [(11, 10)]


def test_a_retry_names_the_run_that_it_tries_again(query: Query) -> None:
    retries = query(
        "select run_id, retry_of_run_id from analytics_intermediate.int_runs"
        " where retry_of_run_id is not null"
    )
    assert retries == [("again_1", "fail_1")]


def test_a_failed_run_says_why(query: Query) -> None:
    failures = "select run_id from analytics_intermediate.int_runs where error_message is not null order by 1"
    assert query(failures) == [("fail_1",), ("fail_2",), ("simulated_1",)]


def test_nodes_that_began_are_tool_calls_and_the_trigger_is_none(query: Query) -> None:
    calls = query(
        "select run_id, count(*), count(*) filter (is_error), count(*) filter (not is_error)"
        " from analytics_intermediate.int_tool_calls where run_id <> 'waiting_1'"
        " group by all order by all"
    )
    assert calls == [
        ("again_1", 2, 0, 2),
        ("cancelled_1", 1, 0, 0),
        ("dust_1", 3, 0, 3),
        ("fail_1", 2, 1, 1),
        ("fail_2", 1, 1, 0),
        ("pass_1", 3, 0, 3),
        ("pass_2", 3, 0, 3),
        ("pass_3", 3, 0, 3),
        ("simulated_1", 1, 1, 0),
        ("simulated_2", 3, 0, 3),
    ]
    tools = "select distinct tool_name from analytics_intermediate.int_tool_calls order by 1"
    assert query(tools) == [("get-wallet-balances",), ("if",), ("slack-send-message",)]


def test_an_archived_workflow_stays_with_its_name(query: Query) -> None:
    workflows = "select workflow_name, is_archived from analytics_intermediate.int_workflows order by 1"
    assert query(workflows) == [("Archived", True), ("Treasury", False)]


def test_the_second_load_changed_nothing_but_the_log(query: Query) -> None:
    assert query("select count(*), min(is_complete) from analytics_staging.stg_b3os__sync_log") == [(2, True)]
    for table in ("runs", "node_executions", "workflows", "cu_usage"):
        loads = query(f"select count(distinct _dlt_load_id) from b3os.{table}")  # noqa: S608
        assert (table, loads) == (table, [(1,)])
