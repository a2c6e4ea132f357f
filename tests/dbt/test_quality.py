"""Scorecards of workflows and criteria, and pass rates by day, against what the history makes of them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from figures import wilson
from histories import SYNCED_AT
from quality import build_reports

if TYPE_CHECKING:
    from pathlib import Path

    from warehouses import MakeWarehouse, Warehouse

TODAY = SYNCED_AT.date()


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def reports(
    request: pytest.FixtureRequest, shared: Path, work: Path, make_warehouse: MakeWarehouse
) -> Warehouse:
    return build_reports(request.param, shared, work, make_warehouse)


def rows_of(warehouse: Warehouse, report: str, where: str, key: str) -> dict[Any, dict[str, Any]]:
    rows = warehouse.query(f"select * from analytics.{report} where {where}")  # noqa: S608
    return {row[key]: row for row in rows}


@pytest.fixture(scope="module")
def versions(reports: Warehouse) -> dict[str, dict[str, Any]]:
    return rows_of(reports, "rpt_workflow_scorecard", "workflow_id = 'versioned'", "workflow_version_id")


@pytest.fixture(scope="module")
def criteria(reports: Warehouse) -> dict[str, dict[str, Any]]:
    rows = rows_of(reports, "rpt_criterion_scorecard", "workflow_id = 'criteria'", "criterion_text")
    return {text.removeprefix("Criterion ")[0]: row for text, row in rows.items()}


@pytest.fixture(scope="module")
def days(reports: Warehouse) -> dict[date, dict[str, Any]]:
    return rows_of(reports, "rpt_pass_rate_daily", "model = 'daily'", "run_date")


def test_versions_of_a_workflow_have_rates_of_their_own(versions: dict[str, dict[str, Any]]) -> None:
    rates = {version: (row["passed_runs"], row["scored_runs"]) for version, row in versions.items()}
    assert rates == {"v1": (1, 4), "v2": (2, 3)}
    for row in versions.values():
        c, n = row["passed_runs"], row["scored_runs"]
        assert row["pass_rate"] == pytest.approx(c / n)
        assert (row["pass_rate_low"], row["pass_rate_high"]) == pytest.approx(wilson(c, n))


def test_what_is_not_scored_stands_beside_the_rate(versions: dict[str, dict[str, Any]]) -> None:
    names = ["partial", "failed", "errored", "unscored", "cancelled", "running", "unknown"]
    beside = {version: [row[f"{name}_runs"] for name in names] for version, row in versions.items()}
    assert beside == {"v1": [1, 2, 1, 0, 0, 0, 0], "v2": [0, 1, 0, 1, 1, 1, 1]}


def test_the_current_version_is_marked(versions: dict[str, dict[str, Any]]) -> None:
    assert {version: row["is_current_version"] for version, row in versions.items()} == {
        "v1": False,
        "v2": True,
    }
    assert {row["workflow_name"] for row in versions.values()} == {"Two versions"}


def test_a_pass_costs_what_all_scored_runs_cost(versions: dict[str, dict[str, Any]]) -> None:
    """v1: 0, none, 0.5 and 1.5, and 4 for an error; v2: 0, none and 0.5, and 1.5 and 4 for unscored runs."""
    for row, total, scored, passes in ((versions["v1"], 6, 2, 1), (versions["v2"], 6, Decimal("0.5"), 2)):
        assert (row["total_cost"], row["scored_cost"], row["runs_with_cost"]) == (total, scored, 4)
        assert row["cost_per_pass"] == pytest.approx(float(scored) / passes)
        assert row["mean_cost"] == 1.5


def test_few_runs_are_marked_as_few(reports: Warehouse) -> None:
    rows = reports.query(
        "select distinct scored_runs < 5 as few, is_small_sample from analytics.rpt_repeatability"
    )
    assert {(row["few"], row["is_small_sample"]) for row in rows} == {(True, True), (False, False)}


def test_runs_without_a_workflow_have_a_row_so_that_sums_are_those_of_all_runs(reports: Warehouse) -> None:
    (row,) = reports.query(
        "select sum(runs) as runs, (select count(*) from analytics.fct_runs) as facts,"
        " count(case when workflow_key is null then 1 end) as without from analytics.rpt_workflow_scorecard"
    )
    assert row["runs"] == row["facts"]
    assert row["without"] == 1


def test_a_criterion_is_scored_over_all_judged_runs(criteria: dict[str, dict[str, Any]]) -> None:
    counted = {
        name: [
            row[f"{kind}results"] for kind in ("", "scored_", "passed_", "partial_", "failed_", "unscored_")
        ]
        for name, row in criteria.items()
    }
    assert counted == {
        "a": [7, 7, 3, 0, 4, 0],
        "b": [7, 7, 5, 2, 0, 0],
        "c": [6, 6, 4, 0, 2, 0],
        "d": [6, 5, 4, 0, 1, 1],
    }
    assert criteria["a"]["pass_rate"] == pytest.approx(3 / 7)
    assert (criteria["a"]["pass_rate_low"], criteria["a"]["pass_rate_high"]) == pytest.approx(wilson(3, 7))


def test_a_criterion_is_blamed_for_runs_that_did_not_pass(criteria: dict[str, dict[str, Any]]) -> None:
    """Five runs were judged and did not pass; the run that passed and the one that broke blame nobody."""
    assert {name: (row["unpassed_runs"], row["blamed_runs"]) for name, row in criteria.items()} == {
        "a": (5, 3),
        "b": (5, 2),
        "c": (5, 1),
        "d": (5, 1),
    }
    assert criteria["a"]["blame_share"] == pytest.approx(3 / 5)


def test_the_sole_cause_is_the_only_gate_that_closed(criteria: dict[str, dict[str, Any]]) -> None:
    """An optional criterion closes nothing; one that is not known to be optional may."""
    assert {name: row["sole_cause_runs"] for name, row in criteria.items()} == {
        "a": 2,
        "b": 1,
        "c": 0,
        "d": 1,
    }
    assert criteria["a"]["sole_cause_share"] == pytest.approx(2 / 5)


def test_a_criterion_keeps_its_figures_when_it_is_reworded(criteria: dict[str, dict[str, Any]]) -> None:
    row = criteria["b"]
    assert (row["criterion_id"], row["criterion_text"], row["wordings"]) == ("id-b", "b, reworded", 2)
    assert [criteria[name]["is_required"] for name in "abcd"] == [True, True, False, False]


def test_criteria_that_always_or_never_pass_are_marked(reports: Warehouse) -> None:
    rows = rows_of(reports, "rpt_criterion_scorecard", "workflow_id = 'constant'", "criterion_text")
    marks = {text: (row["is_always_passing"], row["is_never_passing"]) for text, row in rows.items()}
    assert marks == {"always": (True, False), "never": (False, True)}


def test_a_criterion_whose_run_was_not_loaded_has_no_workflow(reports: Warehouse) -> None:
    (row,) = reports.query("select * from analytics.rpt_criterion_scorecard where criterion_text = 'orphan'")
    assert (row["workflow_key"], row["passed_results"], row["unpassed_runs"]) == (None, 1, 0)
    assert row["is_always_passing"] is False


def test_a_day_without_runs_is_a_row(days: dict[date, dict[str, Any]]) -> None:
    assert sorted(days) == [TODAY - timedelta(days=ago) for ago in range(30, -1, -1)]
    empty = days[TODAY - timedelta(days=2)]
    assert (empty["runs"], empty["scored_runs"], empty["pass_rate"], empty["pass_rate_low"]) == (
        0,
        0,
        None,
        None,
    )


def test_a_day_counts_its_runs(days: dict[date, dict[str, Any]]) -> None:
    row = days[TODAY - timedelta(days=1)]
    assert [row[f"{name}runs"] for name in ("", "scored_", "passed_", "failed_", "errored_")] == [
        3,
        2,
        1,
        1,
        1,
    ]
    assert row["pass_rate"] == 0.5


def test_the_day_of_the_sync_is_not_over(days: dict[date, dict[str, Any]]) -> None:
    assert [day for day, row in days.items() if not row["is_over"]] == [TODAY]


@pytest.mark.parametrize(
    ("ago", "length", "passed", "scored"),
    [(0, 7, 2, 4), (1, 7, 1, 3), (2, 7, 2, 3), (0, 28, 4, 6), (2, 28, 2, 3), (3, 28, 4, 6), (29, 28, 2, 3)],
)
def test_rolling_rates_sum_days_before_they_divide(
    days: dict[date, dict[str, Any]], ago: int, length: int, passed: int, scored: int
) -> None:
    """Passed of scored by days before the sync: 0: 1 of 1, 1: 1 of 2, 3: 0 of 1, 8: 2 of 2, 30: 2 of 3."""
    row = days[TODAY - timedelta(days=ago)]
    assert (row[f"passed_runs_{length}d"], row[f"scored_runs_{length}d"]) == (passed, scored)
    assert row[f"pass_rate_{length}d"] == pytest.approx(passed / scored)
    bounds = row[f"pass_rate_{length}d_low"], row[f"pass_rate_{length}d_high"]
    assert bounds == pytest.approx(wilson(passed, scored))
    assert row[f"is_small_sample_{length}d"] is (scored < 5)


def test_the_calendar_has_every_day_once(reports: Warehouse) -> None:
    rows = reports.query("select * from analytics.dim_dates order by date_day")
    assert [row["date_day"] for row in rows] == [TODAY - timedelta(days=ago) for ago in range(30, -1, -1)]
    assert all(row["week_start_date"].weekday() == 0 and row["month_start_date"].day == 1 for row in rows)
