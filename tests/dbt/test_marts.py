"""Facts and dimensions hold every run, call and criterion once, and say of each what is true."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from histories import History
    from warehouses import Warehouse


def test_every_run_has_its_outcome(built: Warehouse, history: History) -> None:
    rows = built.query("select run_id, outcome from analytics.fct_runs")
    assert {row["run_id"]: row["outcome"] for row in rows} == history.outcomes
    assert len(rows) == len(history.runs)


def test_only_scored_runs_pass_or_do_not(built: Warehouse) -> None:
    rows = built.query("select distinct outcome, is_scored, is_passed from analytics.fct_runs")
    assert {row["outcome"]: (row["is_scored"], row["is_passed"]) for row in rows} == {
        "passed": (True, True),
        "partial": (True, False),
        "failed": (True, False),
        **dict.fromkeys(("errored", "unscored", "cancelled", "running", "unknown"), (False, None)),
    }


def test_the_evaluation_is_joined_to_its_run(built: Warehouse) -> None:
    (row,) = built.query(
        "select verdict, score, judge_model, evaluation_id from analytics.fct_runs"
        " where run_id = 'neutral-evaluation-first'"
    )
    assert list(row.values()) == ["partial", 0.5, "judge-1", "ev-neutral-evaluation-first"]


def test_a_run_without_times_has_no_day(built: Warehouse) -> None:
    (row,) = built.query(
        "select run_at, run_date, duration_ms from analytics.fct_runs where run_id = 'no-times'"
    )
    assert list(row.values()) == [None, None, None]


def test_a_duration_is_never_negative(built: Warehouse) -> None:
    rows = built.query(
        "select run_id, duration_ms from analytics.fct_runs"
        " where run_id in ('ends-before-start', 'unsaid-duration') order by run_id"
    )
    assert [row["duration_ms"] for row in rows] == [None, 1_001]


def test_calls_and_criteria_are_counted_per_run(built: Warehouse) -> None:
    rows = built.query(
        "select run_id, tool_calls, tool_call_errors, criteria, passed_criteria from analytics.fct_runs"
        " where run_id in ('judged', 'free') order by run_id"
    )
    assert [list(row.values())[1:] for row in rows] == [[0, 0, None, None], [4, 2, 9, 3]]


def test_calls_of_a_run_that_was_not_loaded_are_kept(built: Warehouse, history: History) -> None:
    rows = built.query(
        "select run_id, tool_name, is_error, duration_ms, run_outcome, mcp_server_id"
        " from analytics.fct_tool_calls where run_id in ('judged', 'never-loaded')"
        " order by run_id, call_index"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("judged", "search", False, 10, "passed", "mcp-1"),
        ("judged", "search", True, 20, "passed", "mcp-1"),
        ("judged", "fetch", None, None, "passed", "mcp-1"),
        ("judged", "(unknown)", True, None, "passed", "mcp-1"),
        ("never-loaded", "orphaned", False, None, None, None),
    ]
    (count,) = built.query("select count(*) as calls from analytics.fct_tool_calls")
    assert count["calls"] == len(history.tool_calls)


def test_every_criterion_has_its_outcome(built: Warehouse, history: History) -> None:
    rows = built.query(
        "select run_id, criterion_index, outcome, is_passed from analytics.fct_criterion_results"
    )
    assert {(row["run_id"], row["criterion_index"]): row["outcome"] for row in rows} == (
        history.criterion_outcomes
    )
    passed = {"passed": True, "partial": False, "failed": False, "unscored": None}
    assert all(row["is_passed"] is passed[row["outcome"]] for row in rows)


def test_a_workflow_is_there_when_it_is_listed_or_has_runs(built: Warehouse) -> None:
    rows = built.query(
        "select workflow_id, workflow_name, is_described, mcp_server_name, criteria, required_criteria"
        " from analytics.dim_workflows where workflow_id in ('wf-a', 'wf-gone', 'wf-idle')"
        " order by workflow_id"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("wf-a", "Workflow A, renamed", True, "Shop", 2, 1),
        ("wf-gone", "Gone", False, None, None, None),
        ("wf-idle", "Never run", True, None, None, None),
    ]
    (count,) = built.query("select count(*) as workflows from analytics.dim_workflows")
    assert count["workflows"] == 4 + 3 + 3


def test_models_and_tools_without_a_name_are_dimensions_too(built: Warehouse) -> None:
    models = built.query("select model from analytics.dim_models where not is_known")
    tools = built.query("select tool_name from analytics.dim_tools order by tool_name")
    assert [row["model"] for row in models] == ["(unknown)"]
    assert [row["tool_name"] for row in tools] == ["(unknown)", "fetch", "orphaned", "search", "write"]


def test_days_add_up_to_the_runs(built: Warehouse, history: History) -> None:
    (row,) = built.query(
        "select sum(runs) as runs, sum(scored_runs) as scored, sum(passed_runs) as passed,"
        " sum(partial_runs) as partial, sum(failed_runs) as failed, sum(errored_runs) as errored,"
        " sum(unscored_runs) as unscored, sum(cancelled_runs) as cancelled, sum(running_runs) as running,"
        " sum(unknown_runs) as unknown, sum(total_cost) as cost from analytics.agg_workflow_daily"
    )
    counts = Counter(history.outcomes.values())
    assert row.pop("runs") == len(history.runs)
    assert row.pop("scored") == counts["passed"] + counts["partial"] + counts["failed"]
    assert row.pop("cost") == sum((run["cost"] or Decimal(0)) for run in history.runs)
    assert row == counts


def test_what_a_workflows_day_cost_is_not_known_where_none_of_its_runs_has_a_cost(
    built: Warehouse, history: History
) -> None:
    costs = defaultdict(list)
    for run in history.runs:
        run_at = run["started_at"] or run["ended_at"]
        costs[run["workflow_id"], run_at and run_at.date()].append(run["cost"])
    known = {day: [cost for cost in of_day if cost is not None] for day, of_day in costs.items()}
    rows = built.query(
        "select workflow_id, run_date, total_cost, runs_with_cost from analytics.agg_workflow_daily"
    )
    days = {(row["workflow_id"], row["run_date"]): (row["total_cost"], row["runs_with_cost"]) for row in rows}
    assert days == {day: (sum(of_day) if of_day else None, len(of_day)) for day, of_day in known.items()}
    assert (None, 0) in days.values()
    assert any(total == 0 for total, _ in days.values())
