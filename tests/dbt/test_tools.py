"""Tool reports: errors, retries, loops, recoveries and outcomes are those that plain Python counts."""

from __future__ import annotations

import random
from collections import defaultdict
from fractions import Fraction
from itertools import pairwise
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from figures import wilson
from histories import SYNCED_AT, History
from statsmodels.stats.proportion import confint_proportions_2indep
from warehouses import Warehouse, build

from tests.once import once

if TYPE_CHECKING:
    from pathlib import Path

    from warehouses import MakeWarehouse

Z = 1.959963984540054


def by_hand() -> History:
    """Tools whose figures are worked out in the tests; each in runs of its own workflow."""
    history = History()

    def run(run_id: str, workflow: str, outcome: str = "passed") -> str:
        status = {"passed": "pass", "failed": "fail", "errored": "error"}[outcome]
        return history.run(outcome, run_id=run_id, workflow_id=workflow, status=status)

    def call(run_id: str, tool: str, flag: bool | None, arguments: str | None = '{"q": 1}') -> None:
        history.call(run_id, tool_name=tool, is_error=flag, arguments=arguments)

    one = run("retries", "wf-retries")
    call(one, "retried", True)  # the next call of the run is the same tool: a retry
    call(one, "retried", True)
    call(one, "retried", False)
    call(one, "retried", True)
    call(one, "other", False)
    call(one, "retried", False)  # recovered, but another tool came between: no retry

    loops = run("loops", "wf-loops")
    for _ in range(5):
        call(loops, "looped", False)
    call(loops, "looped", False, '{"q": 2}')
    for _ in range(2):
        call(loops, "looped", False)
    call(loops, "between", False)
    call(loops, "looped", False)  # the third, but not in a row
    for _ in range(3):
        call(loops, "looped", False, '{"q": 3}')
    for _ in range(4):
        call(loops, "silent", False, None)

    unknown = run("unknown", "wf-unknown")
    call(unknown, "unsaid", None)
    call(unknown, "half-said", True)
    call(unknown, "half-said", None)
    call(unknown, "half-said", False)

    for number, outcome in enumerate(["passed", "passed", "failed"]):
        call(run(f"always-{number}", "wf-always", outcome), "always", number == 2)
    history.call("never-loaded", tool_name="orphaned", is_error=True)
    history.workflows = [
        {"workflow_id": "wf-shop", "name": "Shop", "mcp_server_id": "mcp/1"},
        {"workflow_id": "wf-bank", "name": "Bank", "mcp_server_id": "mcp"},
    ]
    # Without escaping, both would have the key …/mcp/1/pay.
    call(run("shop", "wf-shop"), "pay", False)
    call(run("bank", "wf-bank"), "1/pay", True)
    call(run("shop-again", "wf-shop"), "1/pay", False)
    unread = run("unread", "wf-shop", "failed")
    history.fetch_errors = [
        {"run_id": unread, "endpoint": "tool_calls", "attempts": 1, "last_failed_at": SYNCED_AT}
    ]
    return history


def by_chance() -> History:
    """Runs with calls at random: repeated, failed and unsaid ones."""
    history = by_hand()
    chance = random.Random(5)  # noqa: S311
    for number in range(150):
        status = chance.choice(["pass", "pass", "fail", "partial", "error"])
        run_id = history.run(
            {"pass": "passed", "fail": "failed", "error": "errored"}.get(status, status),
            run_id=f"chance-{number:03}",
            workflow_id=chance.choice(["wf-1", "wf-2", "wf-3", None]),
            status=status,
        )
        for _ in range(chance.choice([0, 1, 6, 12])):
            history.call(
                run_id,
                tool_name=chance.choice(["search", "fetch"]),
                is_error=chance.choice([True, False, False, None]),
                arguments=chance.choice(['{"q": 1}', '{"q": 2}', None]),
                result=chance.choice([None, '"' + "x" * chance.randrange(50) + '"']),
                duration_ms=chance.choice([None, chance.randrange(5_000)]),
            )
    return history


HISTORY = by_chance()
OUTCOMES = HISTORY.outcomes
WORKFLOWS = {run["run_id"]: run["workflow_id"] for run in HISTORY.runs}


def calls_by_run() -> dict[str, list[dict[str, Any]]]:
    runs: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for call in HISTORY.tool_calls:
        runs[call["run_id"]].append(call)
    return runs


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def tools(
    request: pytest.FixtureRequest, shared: Path, work: Path, make_warehouse: MakeWarehouse
) -> Warehouse:
    warehouse = make_warehouse(request.param, "tools")

    def make() -> None:
        warehouse.load(HISTORY.tables())
        build(
            warehouse,
            work / request.param,
            *("--select", "+rpt_tool_scorecard", "+rpt_tool_outcomes"),
            *("--exclude-resource-type", "unit_test", "--indirect-selection", "buildable"),
        )

    once(shared, f"tools-{request.param}", make)
    return warehouse


def score(tools: Warehouse, tool: str) -> dict[str, Any]:
    (row,) = tools.query(
        f"select * from analytics.rpt_tool_scorecard where tool_name = '{tool}'"  # noqa: S608
    )
    return row


def outcome(tools: Warehouse, tool: str, comparison: str) -> dict[str, Any]:
    (row,) = tools.query(
        "select * from analytics.rpt_tool_outcomes"  # noqa: S608
        f" where tool_name = '{tool}' and comparison = '{comparison}'"
    )
    return row


def test_a_retry_follows_its_own_error_at_once(tools: Warehouse) -> None:
    row = score(tools, "retried")
    assert (row["calls"], row["flagged_calls"], row["unflagged_calls"]) == (5, 3, 2)
    assert row["retries"] == 2


def test_an_error_is_recovered_by_the_next_call_of_the_tool(tools: Warehouse) -> None:
    row = score(tools, "retried")
    assert (row["recovered_errors"], row["followed_errors"]) == (2, 3)
    assert row["recovery_rate"] == pytest.approx(2 / 3)


def test_a_loop_is_three_identical_calls_in_a_row_and_counts_once(tools: Warehouse) -> None:
    row = score(tools, "looped")
    assert (row["loops"], row["runs_with_loops"]) == (2, 1)


def test_wasted_are_the_calls_that_a_run_had_made_before(tools: Warehouse) -> None:
    row = score(tools, "looped")
    assert (row["calls"], row["calls_with_arguments"], row["wasted_calls"]) == (12, 12, 9)
    assert row["wasted_share"] == 0.75


def test_calls_whose_arguments_are_not_known_are_no_loop(tools: Warehouse) -> None:
    row = score(tools, "silent")
    assert (row["calls"], row["loops"], row["calls_with_arguments"], row["wasted_calls"]) == (4, 0, 0, 0)
    assert row["wasted_share"] is None


def test_a_flag_that_is_not_known_is_neither_an_error_nor_a_success(tools: Warehouse) -> None:
    row = score(tools, "unsaid")
    assert (row["calls"], row["unknown_calls"], row["error_rate"]) == (1, 1, None)
    row = score(tools, "half-said")
    assert (row["flagged_calls"], row["unflagged_calls"], row["unknown_calls"]) == (1, 1, 1)
    assert (row["error_rate"], row["followed_errors"], row["recovery_rate"]) == (0.5, 0, None)


def test_calls_of_a_run_that_was_not_loaded_count_without_a_run(tools: Warehouse) -> None:
    row = score(tools, "orphaned")
    assert (row["calls"], row["flagged_calls"], row["runs"], row["share_of_runs"]) == (1, 1, 0, 0)


def test_a_tool_is_told_apart_by_its_server(tools: Warehouse) -> None:
    rows = tools.query(
        "select mcp_server_id, tool_name, flagged_calls, tool_scorecard_key"
        " from analytics.rpt_tool_scorecard where mcp_server_id is not null"
    )
    assert {(row["mcp_server_id"], row["tool_name"], row["flagged_calls"]) for row in rows} == {
        ("mcp/1", "pay", 0),
        ("mcp/1", "1/pay", 0),
        ("mcp", "1/pay", 1),
    }
    assert len({row["tool_scorecard_key"] for row in rows}) == 3


def test_every_figure_of_the_scorecard_is_what_python_counts(tools: Warehouse) -> None:
    for tool in ("search", "fetch"):
        expected: dict[str, Any] = defaultdict(int)
        calls = [call for call in HISTORY.tool_calls if call["tool_name"] == tool]
        for run_calls in calls_by_run().values():
            own = [call for call in run_calls if call["tool_name"] == tool]
            expected["runs"] += bool(own)
            expected["retries"] += sum(
                before["tool_name"] == call["tool_name"] == tool and bool(before["is_error"])
                for before, call in pairwise(run_calls)
            )
            for call, following in pairwise(own):
                if call["is_error"] and following["is_error"] is not None:
                    expected["followed_errors"] += 1
                    expected["recovered_errors"] += not following["is_error"]
            arguments = [call["arguments"] for call in own if call["arguments"]]
            expected["calls_with_arguments"] += len(arguments)
            expected["wasted_calls"] += len(arguments) - len(set(arguments))
            loops = 0
            length, last = 0, None
            for call in run_calls:
                this = (call["tool_name"], call.get("arguments"))
                length = length + 1 if this == last and this[1] else 1
                loops += length == 3 and this[0] == tool
                last = this
            expected["loops"] += loops
            expected["runs_with_loops"] += loops > 0
        flags = [call["is_error"] for call in calls]
        expected["calls"] = len(calls)
        expected["flagged_calls"] = flags.count(True)
        expected["unflagged_calls"] = flags.count(False)
        expected["unknown_calls"] = flags.count(None)
        expected["account_runs"] = len(HISTORY.runs)
        expected["share_of_runs"] = expected["runs"] / len(HISTORY.runs)
        known = flags.count(True) + flags.count(False)
        expected["error_rate"] = flags.count(True) / known
        expected["error_rate_low"], expected["error_rate_high"] = wilson(flags.count(True), known)
        expected["recovery_rate"] = expected["recovered_errors"] / expected["followed_errors"]
        low, high = wilson(expected["recovered_errors"], expected["followed_errors"])
        expected["recovery_rate_low"], expected["recovery_rate_high"] = low, high
        expected["wasted_share"] = expected["wasted_calls"] / expected["calls_with_arguments"]
        durations = [call["duration_ms"] for call in calls if call["duration_ms"] is not None]
        expected["calls_with_duration"] = len(durations)
        for percent in (50, 95, 99):
            expected[f"p{percent}_duration_ms"] = np.percentile(durations, percent)
        sizes = [len(call["result"]) for call in calls if call["result"]]
        expected["calls_with_result"] = len(sizes)
        expected["p95_result_size"] = np.percentile(sizes, 95)
        expected["is_small_sample"] = False
        row = score(tools, tool)
        assert {name: row[name] for name in expected} == pytest.approx(dict(expected)), tool
        assert expected["loops"] > 0
        assert expected["retries"] > 0


def test_a_tool_that_every_run_used_has_nothing_to_compare_with(tools: Warehouse) -> None:
    row = outcome(tools, "always", "error")
    assert (row["with_scored_runs"], row["with_passed_runs"]) == (1, 0)
    assert (row["without_scored_runs"], row["without_passed_runs"]) == (2, 2)
    assert row["pass_rate_difference"] == -1
    assert row["is_small_sample"]
    row = outcome(tools, "orphaned", "use")
    assert (row["with_scored_runs"], row["with_pass_rate"], row["pass_rate_difference"]) == (0, None, None)
    row = outcome(tools, "unsaid", "error")
    assert (row["with_scored_runs"], row["without_scored_runs"]) == (0, 0)
    assert (row["pass_rate_difference_low"], row["within_workflow_difference"]) == (None, None)


def test_runs_with_an_error_are_set_against_runs_that_are_known_to_have_none(tools: Warehouse) -> None:
    row = outcome(tools, "half-said", "error")
    assert (row["with_scored_runs"], row["without_scored_runs"]) == (1, 0)


def test_a_run_whose_calls_were_not_read_is_on_neither_side(tools: Warehouse) -> None:
    scored = [run for run, outcome in OUTCOMES.items() if outcome in ("passed", "partial", "failed")]
    row = outcome(tools, "pay", "use")
    assert row["with_scored_runs"] + row["without_scored_runs"] == len(scored) - 1


def test_every_outcome_is_marked_as_an_association(tools: Warehouse) -> None:
    rows = tools.query("select distinct relation from analytics.rpt_tool_outcomes")
    assert rows == [{"relation": "association"}]


def sides(tool: str, comparison: str) -> list[tuple[str | None, bool, bool]]:
    """Workflow, side and pass of each scored run that is on a side."""
    rows = []
    by_run = calls_by_run()
    for run_id, run_outcome in OUTCOMES.items():
        if run_outcome not in ("passed", "partial", "failed") or run_id == "unread":
            continue
        flags = [call["is_error"] for call in by_run[run_id] if call["tool_name"] == tool]
        side: bool | None = bool(flags)
        if comparison == "error":
            side = True if True in flags else False if flags and None not in flags else None
        if side is not None:
            rows.append((WORKFLOWS[run_id], side, run_outcome == "passed"))
    return rows


@pytest.mark.parametrize("tool", ["search", "fetch", "always"])
@pytest.mark.parametrize("comparison", ["use", "error"])
def test_pass_rates_with_and_without_are_what_python_counts(
    tools: Warehouse, tool: str, comparison: str
) -> None:
    rows = sides(tool, comparison)
    n1, n2 = (sum(side is wanted for _, side, _ in rows) for wanted in (True, False))
    c1, c2 = (sum(side is wanted and passed for _, side, passed in rows) for wanted in (True, False))
    row = outcome(tools, tool, comparison)
    assert (row["with_scored_runs"], row["with_passed_runs"]) == (n1, c1)
    assert (row["without_scored_runs"], row["without_passed_runs"]) == (n2, c2)
    assert row["pass_rate_difference"] == pytest.approx(c1 / n1 - c2 / n2)
    interval = confint_proportions_2indep(c1, n1, c2, n2, method="newcomb", compare="diff")
    assert (row["pass_rate_difference_low"], row["pass_rate_difference_high"]) == pytest.approx(interval)


@pytest.mark.parametrize("tool", ["search", "fetch"])
@pytest.mark.parametrize("comparison", ["use", "error"])
def test_the_difference_within_workflows_is_that_of_mantel_and_haenszel(
    tools: Warehouse, tool: str, comparison: str
) -> None:
    over = weights = of_p = of_q = Fraction(0)
    workflows = 0
    for workflow in ("wf-1", "wf-2", "wf-3"):
        rows = [(side, passed) for of, side, passed in sides(tool, comparison) if of == workflow]
        n1, n2 = (sum(side is wanted for side, _ in rows) for wanted in (True, False))
        a, b = (sum(side is wanted and passed for side, passed in rows) for wanted in (True, False))
        assert n1, n2
        workflows += 1
        whole = n1 + n2
        weights += Fraction(n1 * n2, whole)
        over += Fraction(a * n2 - b * n1, whole)
        of_p += (Fraction(n1 * n1 * b - n2 * n2 * a) + Fraction(n1 * n2 * (n2 - n1), 2)) / whole**2
        of_q += Fraction(a * (n2 - b) + b * (n1 - a), 2 * whole)
    difference = over / weights
    spread = Z * sqrt(difference * of_p + of_q) / float(weights)
    row = outcome(tools, tool, comparison)
    assert row["shared_workflows"] == workflows
    assert row["within_workflow_difference"] == pytest.approx(float(difference))
    assert row["within_workflow_difference_low"] == pytest.approx(float(difference) - spread)
    assert row["within_workflow_difference_high"] == pytest.approx(float(difference) + spread)
