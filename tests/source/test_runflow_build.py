"""A Runflow account in a warehouse of its own: loaded twice, staged, and counted by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from runflow_account import RunflowAccount, runflow_account

from pipelines.build import build
from pipelines.load import LoadRequest, load
from pipelines.warehouse import warehouse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Query = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Query:
    """Asks the staged tables of an account with one run of each kind."""
    folder: Path = tmp_path_factory.mktemp("runflow")
    place = str(folder / "warehouse.duckdb")
    with runflow_account() as account, pytest.MonkeyPatch.context() as settings:
        settings.setenv("SOURCES__RUNFLOW__BASE_URL", account.server.base_url)
        settings.setenv("SOURCES__RUNFLOW__API_KEY", account.key)
        settings.setenv("DESTINATION__DUCKDB__CREDENTIALS", place)
        settings.setenv("DLT_DATA_DIR", str(folder / "dlt"))
        one_run_of_each_kind(account)
        for _ in range(2):
            load(LoadRequest("runflow"), warehouse("duckdb"))
        selected = ("int_runs", "int_workflows", "int_criterion_results", "stg_runflow__evaluations")
        built = build(warehouse("duckdb"), " ".join(f"+{name},resource_type:model" for name in selected))
        assert not built.failed_models
        # Tests of whole marts, which are not built here, come along with their parents.
        assert all(test.name.startswith("parity_") for test in built.failed_tests)

    def query(sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(place, read_only=True) as connection:
            return connection.sql(sql).fetchall()

    return query


def one_run_of_each_kind(account: RunflowAccount) -> None:
    account.add_runs(1, client_ref="passed")
    account.add_runs(1, client_ref="failed", passed=False, cost="0.5")
    account.add_runs(1, client_ref="no verdict", passed=None)
    account.add_runs(1, client_ref="partial, passed", status="partial_succeeded")
    account.add_runs(1, client_ref="broken", status="failed")
    account.add_runs(1, client_ref="errored", status="errored")
    account.add_runs(1, client_ref="cancelled", status="cancelled")
    account.add_runs(1, client_ref="superseded", passed=False)
    (second_try,) = account.add_runs(1, client_ref="second try", passed=False)
    account.add_runs(1, client_ref="a model", kind="model")
    account.world.supersede(account.world.add_run(client_ref="none left", created_at="2026-03-01T12:00Z").id)
    account.world.evaluate(second_try, passed=True)
    account.world.clock.advance(days=1)
    account.add_runs(1, client_ref="running", duration_s=7200)


OUTCOMES = {
    "a model": "passed",
    "broken": "errored",
    "cancelled": "cancelled",
    "errored": "errored",
    "failed": "failed",
    "no verdict": "unscored",
    "none left": "unscored",
    "partial, passed": "passed",
    "passed": "passed",
    "running": "running",
    "second try": "passed",
    "superseded": "failed",
}


@pytest.mark.long
def test_each_run_counts_as_its_current_evaluation_says(staged: Query) -> None:
    found = staged(
        "select client_ref, outcome from analytics_intermediate.int_runs"
        " inner join analytics_staging.stg_runflow__runs using (run_key)"
    )
    assert dict(found) == OUTCOMES


@pytest.mark.long
def test_costs_are_in_dollars_and_unknown_where_nothing_was_billed(staged: Query) -> None:
    assert staged(
        "select cost_unit, sum(cost), count(cost), count(*) from analytics_intermediate.int_runs group by 1"
    ) == [("usd", Decimal("0.5") + 7 * Decimal("0.0412"), 8, 12)]


@pytest.mark.long
def test_a_run_of_a_model_names_it_and_others_name_none(staged: Query) -> None:
    found = staged("select distinct model from analytics_intermediate.int_runs order by 1")
    assert len(found) == 2
    assert ("(unknown)",) in found


@pytest.mark.long
def test_every_run_finds_what_was_run_among_the_workflows(staged: Query) -> None:
    assert staged(
        "select count(*), count(workflows.workflow_name) from analytics_intermediate.int_runs as runs"
        " left join analytics_intermediate.int_workflows as workflows using (workflow_key)"
    ) == [(12, 12)]


@pytest.mark.long
def test_staging_keeps_every_attempt(staged: Query) -> None:
    assert staged(
        "select attempt_number, verdict, is_superseded, place from analytics_staging.stg_runflow__evaluations"
        " where client_ref = 'second try' order by 1"
    ) == [(1, "failed", True, 2), (2, "passed", False, 1)]


@pytest.mark.long
def test_only_the_judges_of_the_evaluation_that_counts_are_criteria(staged: Query) -> None:
    (row,) = staged(
        "select count(distinct evaluation_id) from analytics_staging.stg_runflow__evaluation_judges"
        " inner join analytics_staging.stg_runflow__runs using (run_key) where client_ref = 'second try'"
    )
    assert row == (2,)
    assert staged(
        "select count(distinct run_key), count(*) = count(distinct criterion_result_key)"
        " from analytics_intermediate.int_criterion_results"
    ) == [(7, True)]
