"""rpt_judge_health finds verdicts that are missing, late, undecided or contradicted, and drifting judges."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import datetime, timedelta
from fractions import Fraction
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from figures import PERIODS, wilson
from histories import SYNCED_AT, History
from warehouses import Warehouse, build

from tests.once import once

if TYPE_CHECKING:
    from pathlib import Path

    from warehouses import MakeWarehouse

Z = 1.959963984540054
LONG_AGO = SYNCED_AT - timedelta(days=100)


def by_hand() -> History:
    """Judges whose figures are worked out in the tests, one for each question."""
    history = History()

    def judged(judge: str | None, verdict: str | None, **columns: object) -> str:
        started_at = columns.pop("started_at", LONG_AGO)
        evaluation = {"verdict": verdict, "judge_model": judge, **columns.pop("evaluation", {})}
        status = columns.pop("status", "completed")
        return history.run("-", status=status, started_at=started_at, evaluation=evaluation, **columns)

    def after_the_end(**delay: float) -> dict[str, datetime]:
        return {"evaluated_at": LONG_AGO + timedelta(minutes=1) + timedelta(**delay)}

    for delay in ({"minutes": -0.5}, {"minutes": 30}, {"minutes": 60}, {"minutes": 60, "milliseconds": 1}):
        judged("timed", "pass", evaluation=after_the_end(**delay))
    judged("timed", "pass")
    judged("timed", "pass", ended_at=None, evaluation=after_the_end(days=1))

    for verdict in ("inconclusive", "error", None, "PASS", "partial", "fail"):
        judged("undecided", verdict)
    judged("against-status", "fail", status="pass")
    judged("of-errors", "pass", status="error")
    judged("of-errors", "pass", status="running")
    judged("of-errors", "pass", status="quantum")
    judged("of-errors", "pass", status="cancelled")

    for verdict, *grades in (
        ("pass", ("pass", True), ("pass", True), ("fail", False)),
        ("partial", ("pass", True), ("partial", True)),
        ("fail", ("fail", True), ("skipped", True)),
        ("pass", ("pass", True), ("fail", True)),
        ("fail", ("pass", True), ("fail", None)),
        ("pass", ("pass", True), ("skipped", True)),
        ("pass", ("fail", None)),
        ("inconclusive", ("pass", True)),
    ):
        run_id = judged("compared", verdict)
        for grade, is_required in grades:
            history.criterion("-", run_id, status=grade, is_required=is_required)

    for judge, verdicts in (("mild", "pass pass pass fail"), ("harsh", "pass fail fail")):
        for verdict in verdicts.split():
            judged(judge, verdict, workflow_id="wf-shared")
        judged(judge, "pass", workflow_id=f"wf-{judge}")
    judged(None, "fail", workflow_id="wf-shared")
    for judge in ("agreed", "agreed-too"):
        judged(judge, "pass", workflow_id="wf-agreed")
    return history


def by_chance() -> History:
    """Runs, verdicts and judges at random, over 60 days."""
    history = by_hand()
    chance = random.Random(7)  # noqa: S311
    for number in range(300):
        started_at = SYNCED_AT - timedelta(minutes=chance.randrange(60 * 1440) if number % 3 else number)
        ended_at = started_at + timedelta(minutes=5)
        evaluation = {
            "verdict": chance.choice(["pass", "pass", "fail", "partial", "inconclusive", None]),
            "judge_model": chance.choice(["judge-1", "judge-2", "judge-2", None]),
            "evaluated_at": chance.choice([None, ended_at + timedelta(seconds=chance.randrange(-60, 7200))]),
        }
        run_id = history.run(
            "-",
            status=chance.choice(["completed", "completed", "pass", "fail", "error"]),
            verdict=chance.choice([None, None, "pass", "inconclusive"]),
            workflow_id=chance.choice(["wf-1", "wf-2", "wf-3", None]),
            started_at=started_at,
            ended_at=ended_at,
            evaluation=chance.choice([evaluation, evaluation, None]),
        )
        for _ in range(chance.choice([0, 2])):
            grade = chance.choice(["pass", "pass", "pass", "fail", "skipped"])
            history.criterion("-", run_id, status=grade, is_required=chance.choice([True, True, False, None]))
    return history


HISTORY = by_chance()


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def judge(
    request: pytest.FixtureRequest, shared: Path, work: Path, make_warehouse: MakeWarehouse
) -> Warehouse:
    warehouse = make_warehouse(request.param, "judge")

    def make() -> None:
        warehouse.load(HISTORY.tables())
        build(
            warehouse,
            work / request.param,
            *("--select", "+rpt_judge_health"),
            *("--exclude-resource-type", "unit_test", "--indirect-selection", "buildable"),
        )

    once(shared, f"judge-{request.param}", make)
    return warehouse


def health(judge: Warehouse, model: str, period: str = "all") -> dict[str, Any]:
    (row,) = judge.query(
        f"select * from analytics.rpt_judge_health where judge_model = '{model}' and period = '{period}'"  # noqa: S608
    )
    return row


def test_a_verdict_is_late_more_than_an_hour_after_the_end(judge: Warehouse) -> None:
    row = health(judge, "timed")
    assert (row["verdicts"], row["timed_verdicts"], row["late_verdicts"]) == (6, 4, 1)
    assert row["late_rate"] == 0.25


def test_a_verdict_from_before_the_end_has_no_delay(judge: Warehouse) -> None:
    row = health(judge, "timed")
    minutes = [0, 30, 60, 60 + 1 / 60_000]
    assert row["p50_delay_ms"] == pytest.approx(np.percentile(minutes, 50) * 60_000)
    assert row["p95_delay_ms"] == pytest.approx(np.percentile(minutes, 95) * 60_000)


def test_words_that_decide_nothing_are_undecided(judge: Warehouse) -> None:
    row = health(judge, "undecided")
    assert (row["verdicts"], row["undecided_verdicts"], row["decided_verdicts"]) == (6, 3, 3)
    assert (row["passed_verdicts"], row["undecided_rate"]) == (1, 0.5)


def test_the_verdict_is_the_judges_also_where_the_status_says_otherwise(judge: Warehouse) -> None:
    row = health(judge, "against-status")
    assert (row["decided_verdicts"], row["passed_verdicts"]) == (1, 0)


def test_runs_that_did_not_end_well_or_badly_are_not_the_judges(judge: Warehouse) -> None:
    assert judge.query("select * from analytics.rpt_judge_health where judge_model = 'of-errors'") == []


def test_a_verdict_agrees_when_it_passes_just_if_all_required_criteria_pass(judge: Warehouse) -> None:
    row = health(judge, "compared")
    assert (row["verdicts"], row["compared_verdicts"], row["agreeing_verdicts"]) == (8, 5, 3)
    assert (row["passed_against_criteria"], row["failed_against_criteria"]) == (1, 1)
    assert row["agreement_rate"] == 0.6
    assert (row["agreement_rate_low"], row["agreement_rate_high"]) == pytest.approx(wilson(3, 5))


def test_drift_is_taken_on_workflows_that_others_judged_too(judge: Warehouse) -> None:
    row = health(judge, "mild")
    assert (row["decided_verdicts"], row["passed_verdicts"]) == (5, 4)
    assert (row["shared_workflows"], row["shared_verdicts"], row["shared_passed_verdicts"]) == (1, 4, 3)
    assert (row["other_verdicts"], row["other_passed_verdicts"]) == (3, 1)
    assert row["drift"] == pytest.approx(3 / 4 - 1 / 3)
    assert health(judge, "harsh")["drift"] == pytest.approx(1 / 3 - 3 / 4)


def test_judges_without_a_name_do_not_drift(judge: Warehouse) -> None:
    row = health(judge, "(unknown)")
    assert (row["shared_workflows"], row["drift"], row["drift_low"]) == (0, None, None)


def test_without_any_spread_a_drift_has_no_interval(judge: Warehouse) -> None:
    row = health(judge, "agreed")
    assert (row["drift"], row["drift_low"], row["drift_high"]) == (0, None, None)


def test_a_judge_has_a_row_also_for_a_period_without_verdicts(judge: Warehouse) -> None:
    row = health(judge, "mild", "30d")
    assert (row["ended_runs"], row["verdicts"], row["pass_rate"], row["p50_delay_ms"]) == (0, 0, None, None)
    assert row["is_small_sample"]


DECIDED = {"pass": True, "PASS": True, "partial": False, "fail": False}


def reckoned() -> list[dict[str, Any]]:
    """What is to be known of each run that a judge was to judge, without SQL."""
    evaluations = {row["run_id"]: row for row in HISTORY.evaluations}
    criteria: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in HISTORY.evaluation_criteria:
        criteria[row["run_id"]].append(row)
    synced_at = SYNCED_AT - timedelta(minutes=5)
    runs = []
    for run in HISTORY.runs:
        if run["status"] not in ("completed", "pass", "fail"):
            continue
        evaluation = evaluations.get(run["run_id"])
        said = evaluation["verdict"] if evaluation else run.get("verdict")
        said_by_run = run.get("verdict") if evaluation and said is None else said
        scored = run["status"] != "completed" or said_by_run in DECIDED
        if evaluation:
            state = "decided" if said in DECIDED else "undecided"
        elif said:
            state = "decided" if scored else "undecided"
        elif scored:
            state = "status_only"
        else:
            state = "awaited" if run["ended_at"] > synced_at - timedelta(hours=1) else "missing"
        passed = DECIDED.get(said) if evaluation else run["status"] == "pass"
        if not evaluation and run["status"] == "completed":
            passed = DECIDED.get(said)
        evaluated_at = evaluation.get("evaluated_at") if evaluation else None
        delay = None
        if evaluated_at and run["ended_at"]:
            delay = max(0.0, (evaluated_at - run["ended_at"]).total_seconds() * 1000)
        grades = [row["status"] for row in criteria[run["run_id"]] if row["is_required"]]
        by_criteria = None
        if "fail" in grades or "partial" in grades:
            by_criteria = False
        elif grades and set(grades) == {"pass"}:
            by_criteria = True
        runs.append(
            {
                "judge": (evaluation or {}).get("judge_model") or "(unknown)",
                "workflow": run["workflow_id"],
                "at": run["started_at"],
                "state": state,
                "passed": passed,
                "delay": delay,
                "criteria": by_criteria if state == "decided" else None,
            }
        )
    return runs


@pytest.mark.parametrize("period", list(PERIODS))
@pytest.mark.parametrize("model", ["judge-1", "judge-2", "(unknown)"])
def test_every_figure_is_what_python_counts(judge: Warehouse, model: str, period: str) -> None:
    days = PERIODS[period]
    starts_at = SYNCED_AT - timedelta(minutes=5, days=days) if days else None
    runs = [run for run in reckoned() if starts_at is None or run["at"] >= starts_at]
    own = [run for run in runs if run["judge"] == model]
    states = [run["state"] for run in own]
    decided = [run for run in own if run["state"] == "decided"]
    verdicts = [run for run in own if run["state"] in ("decided", "undecided")]
    delays = [run["delay"] for run in verdicts if run["delay"] is not None]
    compared = [run for run in own if run["criteria"] is not None]
    agreeing = sum(run["criteria"] == run["passed"] for run in compared)
    passed = sum(run["passed"] for run in decided)
    row = health(judge, model, period)
    assert row["ended_runs"] == len(own)
    assert row["verdicts"] == len(verdicts)
    assert row["undecided_verdicts"] == states.count("undecided")
    assert row["status_only_runs"] == states.count("status_only")
    assert row["awaited_verdicts"] == states.count("awaited")
    assert row["missing_verdicts"] == states.count("missing")
    assert row["timed_verdicts"] == len(delays)
    assert row["late_verdicts"] == sum(delay > 3_600_000 for delay in delays)
    if delays:
        assert row["p95_delay_ms"] == pytest.approx(np.percentile(delays, 95))
    assert (row["compared_verdicts"], row["agreeing_verdicts"]) == (len(compared), agreeing)
    assert (row["decided_verdicts"], row["passed_verdicts"]) == (len(decided), passed)
    assert row["pass_rate_low"] == pytest.approx(wilson(passed, len(decided))[0])
    if model == "(unknown)":
        assert states.count("missing")
        assert states.count("status_only")
        return
    over = weights = of_p = of_q = Fraction(0)
    for workflow in ("wf-1", "wf-2", "wf-3"):
        shared = [run for run in runs if run["workflow"] == workflow and run["state"] == "decided"]
        mine = [run["passed"] for run in shared if run["judge"] == model]
        others = [run["passed"] for run in shared if run["judge"] not in (model, "(unknown)")]
        n1, n2, a, b = len(mine), len(others), sum(mine), sum(others)
        if not (n1 and n2):
            continue
        whole = n1 + n2
        weights += Fraction(n1 * n2, whole)
        over += Fraction(a * n2 - b * n1, whole)
        of_p += (Fraction(n1 * n1 * b - n2 * n2 * a) + Fraction(n1 * n2 * (n2 - n1), 2)) / whole**2
        of_q += Fraction(a * (n2 - b) + b * (n1 - a), 2 * whole)
    if not weights:
        assert row["drift"] is None
        return
    drift = over / weights
    stderr = sqrt(drift * of_p + of_q) / float(weights)
    assert row["drift"] == pytest.approx(float(drift))
    if stderr:
        assert row["drift_low"] == pytest.approx(max(-1, float(drift) - Z * stderr))
        assert row["drift_high"] == pytest.approx(min(1, float(drift) + Z * stderr))
