"""Regressions, CUSUM and comparisons say what scipy, statsmodels and plain Python say of the same runs."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, permutations
from math import sqrt
from statistics import mean, stdev
from typing import TYPE_CHECKING, Any

import pytest
from facts import Facts, Run, reports_of
from figures import wilson
from scipy.stats import norm
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from warehouses import MakeWarehouse, Warehouse

Z = 1.959963984540054
WEEKS = [datetime(2026, 2, day, 9, tzinfo=UTC) for day in (2, 9, 16, 23)]
"""Mondays."""

Cells = dict[object, tuple[int, int]]
"""Passed and scored runs, by what makes a pair."""


def by_hand() -> Facts:
    """Changes whose figures are worked out in the tests: each in a workflow, and an account, of its own."""
    facts = Facts()

    def versions(account: str, sides: dict[str, dict[str, tuple[int, int]]]) -> None:
        for day, (version, cells) in enumerate(sides.items()):
            for model, (passed, scored) in cells.items():
                facts.runs_of(
                    passed,
                    scored,
                    account=account,
                    version=version,
                    model=model,
                    at=WEEKS[0] + timedelta(day),
                )

    versions(
        "shared",
        {"v2": {"a": (9, 10), "b": (8, 10), "c": (3, 4)}, "v1": {"a": (5, 10), "b": (2, 4), "c": (1, 4)}},
    )
    versions("nothing-shared", {"v1": {"a": (40, 50)}, "v2": {"b": (20, 50), "c": (5, 10)}})
    versions("one-shared", {"v1": {"a": (18, 20)}, "v2": {"a": (9, 20), "b": (20, 20)}})
    versions("one-version", {"v1": {"a": (3, 4)}})
    versions("same-rates", {"v1": {"a": (1, 2), "b": (3, 4)}, "v2": {"a": (2, 4), "b": (6, 8)}})
    versions("same-step", {"v1": {"a": (9, 10), "b": (5, 10)}, "v2": {"a": (7, 10), "b": (3, 10)}})
    versions("all-then-none", {"v1": {"a": (3, 3), "b": (4, 4)}, "v2": {"a": (0, 3), "b": (0, 4)}})
    versions("all-passed", {"v1": {"a": (3, 3), "b": (4, 4)}, "v2": {"a": (5, 5), "b": (6, 6)}})
    versions(
        "unknown-models",
        {"v1": {"(unknown)": (9, 10), "a": (5, 10)}, "v2": {"(unknown)": (1, 10), "b": (5, 10)}},
    )
    facts.runs_of(3, 4, account="unscored", version="v1", at=WEEKS[0])
    facts.run("errored", times=3, account="unscored", version="v2", at=WEEKS[1])
    facts.runs_of(1, 2, account="unscored", version="v3", at=WEEKS[2])
    # Versions that take turns are ordered by their first run; a run without a time has no say in it.
    facts.run("failed", account="turns", version="z", at=WEEKS[0])
    facts.run("passed", account="turns", version="y", at=WEEKS[0] + timedelta(hours=1))
    facts.run("passed", account="turns", version="z", at=WEEKS[0] + timedelta(hours=2))
    facts.run("passed", account="turns", version="y", at=None)
    facts.run("passed", account="turns", version="timeless", at=None)
    facts.run("passed", account="turns", version=None, at=WEEKS[0])
    # Weeks: Sunday night and Monday morning, a week without runs, and the week of the sync.
    for at, passed in (
        (datetime(2026, 2, 8, 23, 59, 59, tzinfo=UTC), 5),
        (datetime(2026, 2, 9, tzinfo=UTC), 4),
        (datetime(2026, 2, 23, tzinfo=UTC), 3),
        (datetime(2026, 3, 16, tzinfo=UTC), 2),
    ):
        facts.runs_of(passed, 5, account="weeks", at=at)
        facts.run("passed", times=2, account="weeks", workflow=None, at=at)
    facts.run("passed", account="weeks", workflow="slash/ed", version="a/b", at=WEEKS[0])
    facts.run("passed", account="weeks", workflow="slash/ed", version="a/c", at=WEEKS[1])
    # Two workflows, one of which becomes worse by what the other becomes better.
    for week, passed in ((WEEKS[0], (8, 2)), (WEEKS[1], (2, 8))):
        for workflow, count in zip("uv", passed, strict=True):
            facts.runs_of(count, 10, account="cancels-out", workflow=workflow, at=week)
    # Comparisons.
    for workflow, cells in {
        "w1": {"a": (4, 4), "b": (1, 4), "c": (0, 1)},
        "w2": {"a": (3, 4), "b": (3, 4)},
        "w3": {"a": (2, 4), "b": (3, 4)},
        "w4": {"a": (4, 4), "b": (1, 2)},
        "w5": {"c": (3, 4), "d": (0, 0)},
    }.items():
        for model, (passed, scored) in cells.items():
            facts.runs_of(passed, scored, account="models", workflow=workflow, model=model, at=WEEKS[0])
    facts.runs_of(2, 2, account="models", workflow=None, model="a")
    facts.runs_of(2, 2, account="models", workflow="w1", model="(unknown)")
    facts.runs_of(0, 2, account="models", workflow="w1", model="a", at=None)
    facts.run("errored", account="models", workflow="w1", model="d", at=WEEKS[0])
    # A workflow that passes 40 of its first 50 runs, and then fails.
    cusum = {"account": "cusum", "workflow": "falls"}
    for number in range(50):
        facts.run("failed" if number % 5 == 4 else "passed", **cusum, at=WEEKS[0] + timedelta(minutes=number))
    for number, letter in enumerate("FPPPFFFPFFFFFFFF"):
        facts.run({"P": "passed", "F": "failed"}[letter], **cusum, at=WEEKS[1] + timedelta(hours=6 * number))
    facts.run("errored", **cusum, at=WEEKS[2])
    facts.run("failed", times=9, **cusum, at=None)
    facts.runs_of(0, 49, account="cusum", workflow="young", at=WEEKS[0])
    return facts


def at_random() -> Facts:
    """Weeks, versions and models as they come; every eighth run is not scored."""
    facts = Facts()
    chance = random.Random(20260319)  # noqa: S311
    ability = {f"m{number}": chance.uniform(0.2, 0.9) for number in range(9)}
    for workflow in range(12):
        ease = chance.uniform(-0.3, 0.3)
        models = chance.sample(sorted(ability), chance.randrange(1, 9))
        for week in range(5):
            for model in models:
                for _ in range(chance.randrange(0, 9)):
                    passes = chance.random() < ability[model] + ease - (
                        0.35 if workflow < 4 and week > 2 else 0
                    )
                    facts.run(
                        "errored" if chance.random() < 0.125 else "passed" if passes else "failed",
                        account="random",
                        workflow=f"w{workflow}" if chance.random() > 0.05 else None,
                        version=f"v{week // 2}" if chance.random() > 0.05 else None,
                        model=model if chance.random() > 0.05 else "(unknown)",
                        at=WEEKS[0] + timedelta(weeks=week, seconds=chance.randrange(7 * 86_400)),
                    )
    return facts


@pytest.fixture(scope="module")
def facts() -> Facts:
    facts, others = by_hand(), at_random()
    for run in others.runs:
        facts.runs.append({**run, "run_key": f"random/{run['run_key']}"})
    facts.synced_at.update(others.synced_at)
    # Worse by chance: 40 shared workflows, so that the pairs' own spread is enough to go by.
    for number in range(40):
        for model, passed in (("a", number % 5), ("b", (number * 3) % 5)):
            facts.runs_of(passed, 4, account="many", workflow=f"w{number:02}", model=model)
    return facts


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def reports(
    request: pytest.FixtureRequest, facts: Facts, shared: Path, work: Path, make_warehouse: MakeWarehouse
) -> Warehouse:
    models = ["rpt_regressions", "rpt_cusum", "rpt_comparison"]
    return reports_of(facts, "change", models, request.param, shared, work, make_warehouse)


def rows_of(reports: Warehouse, mart: str, where: str) -> list[dict[str, Any]]:
    return reports.query(f"select * from analytics.{mart} where {where}")  # noqa: S608


def row_of(reports: Warehouse, mart: str, where: str) -> dict[str, Any]:
    (row,) = rows_of(reports, mart, where)
    return row


def version_of(reports: Warehouse, account: str) -> dict[str, Any]:
    """The one change between versions that an account has."""
    return row_of(reports, "rpt_regressions", f"account = '{account}' and comparison = 'version'")


def reckoned(
    before: Cells, after: Cells, all_before: tuple[int, int], all_after: tuple[int, int]
) -> dict[str, Any] | None:
    """The test of a change by pairs, or by two proportions; passed and scored runs in each cell."""
    if not all_before[1] or not all_after[1]:
        return None
    shared = sorted(before.keys() & after.keys(), key=str)
    a, b = all_before, all_after
    if shared:
        a, b = (tuple(sum(side[key][i] for key in shared) for i in (0, 1)) for side in (before, after))
    rates = [(before[key][0] / before[key][1], after[key][0] / after[key][1]) for key in shared]
    differences = [q - p for p, q in rates]
    if len(shared) > 1:
        spread = stdev(differences) / sqrt(len(shared))
        spread = 0 if spread < 1e-12 else spread
        variances = (
            p * (1 - p) / before[key][1] + q * (1 - q) / after[key][1]
            for key, (p, q) in zip(shared, rates, strict=True)
        )
        of_runs = sqrt(sum(variances)) / len(shared)
        error = spread if len(shared) >= 30 and spread else max(spread, of_runs)
        difference = mean(differences)
        if error or not any(differences):
            z = difference / error if error else 0
            return {
                "test": "paired",
                "pairs": len(shared),
                "difference": difference,
                "standard_error": error,
                "difference_low": max(difference - Z * error, -1),
                "difference_high": min(difference + Z * error, 1),
                "p_value": 2 * norm.sf(abs(z)),
            }
    pooled = (a[0] + b[0]) / (a[1] + b[1])
    low, high = confint_proportions_2indep(b[0], b[1], a[0], a[1], method="newcomb")
    return {
        "test": "two_proportion",
        "pairs": len(shared),
        "difference": b[0] / b[1] - a[0] / a[1],
        "standard_error": sqrt(pooled * (1 - pooled) * (1 / a[1] + 1 / b[1])),
        "difference_low": low,
        "difference_high": high,
        "p_value": 1.0 if pooled in (0, 1) else proportions_ztest([b[0], a[0]], [b[1], a[1]])[1],
    }


def counted(runs: Iterable[Run]) -> tuple[int, int]:
    scored = [run for run in runs if run["is_scored"]]
    return sum(run["is_passed"] for run in scored), len(scored)


def cells_of(runs: Iterable[Run], key: Callable[[Run], object]) -> Cells:
    cells = defaultdict(list)
    for run in runs:
        if run["is_scored"] and run["model"] != "(unknown)" and run["workflow_key"]:
            cells[key(run)].append(run)
    return {key: counted(of_cell) for key, of_cell in cells.items()}


def changes(runs: list[Run]) -> dict[tuple[str, str, str | None, object], dict[str, Any]]:
    """What rpt_regressions shall say of an account's runs, by scope, comparison, workflow and later side."""
    subjects: dict[tuple[str, str, str | None], dict[object, list[Run]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for run in runs:
        week = run["run_date"] and run["run_date"] - timedelta(run["run_date"].weekday())
        workflow = run["workflow_key"]
        if workflow and run["workflow_version_id"]:
            subjects["workflow", "version", workflow][run["workflow_version_id"]].append(run)
        if workflow and week:
            subjects["workflow", "week", workflow][week].append(run)
        if week:
            subjects["all_workflows", "week", None][week].append(run)
    found = {}
    for subject, sides in subjects.items():
        placed = sorted(
            (min(run["run_at"] for run in of_side if run["run_at"]), side)
            for side, of_side in sides.items()
            if any(run["run_at"] for run in of_side)
        )
        for (_, earlier), (_, later) in pairwise(placed):
            key = (
                (lambda run: (run["workflow_key"], run["model"]))
                if subject[0] == "all_workflows"
                else (lambda run: run["model"])
            )
            before, after = sides[earlier], sides[later]
            found[*subject, later] = {
                "before": earlier,
                "before_passed_runs": counted(before)[0],
                "before_scored_runs": counted(before)[1],
                "after_passed_runs": counted(after)[0],
                "after_scored_runs": counted(after)[1],
                **(
                    reckoned(cells_of(before, key), cells_of(after, key), counted(before), counted(after))
                    or {"test": None, "p_value": None, "difference": None}
                ),
            }
    for scope, comparison in {key[:2] for key in found}:
        family = [row for key, row in found.items() if key[:2] == (scope, comparison) and row["test"]]
        if family:
            corrected = multipletests([row["p_value"] for row in family], method="fdr_bh")[1]
            for row, p_value in zip(family, corrected, strict=True):
                row.update(p_value_adjusted=p_value, tests=len(family))
    return found


def test_every_change_is_the_one_reckoned_outside_sql(reports: Warehouse, facts: Facts) -> None:
    rows = reports.query("select * from analytics.rpt_regressions")
    of_account = defaultdict(dict)
    for row in rows:
        side = row["after_version_id"] or row["after_week_start_date"]
        of_account[row["account"]][row["scope"], row["comparison"], row["workflow_key"], side] = row
    for account in {run["account"] for run in facts.runs}:
        expected = changes([run for run in facts.runs if run["account"] == account])
        assert of_account[account].keys() == expected.keys()
        for key, figures in expected.items():
            row = of_account[account][key]
            assert (row["before_version_id"] or row["before_week_start_date"]) == figures.pop("before"), key
            assert {column: row[column] for column in figures} == {
                column: pytest.approx(figure, rel=1e-9, abs=1e-12) if isinstance(figure, float) else figure
                for column, figure in figures.items()
            }, key


def test_a_change_is_measured_by_the_models_that_both_versions_share(reports: Warehouse) -> None:
    """Drops of 0.4, 0.3 and 0.5: their spread is 0.1/√3; so few runs say less than that."""
    row = version_of(reports, "shared")
    assert (row["before_version_id"], row["after_version_id"]) == ("v2", "v1")
    assert (row["test"], row["pairs"]) == ("paired", 3)
    assert row["difference"] == pytest.approx(-0.4)
    variances = 0.9 * 0.1 / 10 + 0.5 * 0.5 / 10 + 0.8 * 0.2 / 10 + 0.5 * 0.5 / 4 + 2 * 0.75 * 0.25 / 4
    assert row["standard_error"] == pytest.approx(sqrt(variances) / 3)
    assert row["standard_error"] > 0.1 / sqrt(3)


def test_versions_that_share_no_model_are_compared_as_two_proportions(reports: Warehouse) -> None:
    row = version_of(reports, "nothing-shared")
    assert (row["test"], row["pairs"]) == ("two_proportion", 0)
    assert row["difference"] == pytest.approx(25 / 60 - 40 / 50)
    assert row["p_value"] == pytest.approx(proportions_ztest([25, 40], [60, 50])[1])
    assert (row["is_regression"], row["is_improvement"]) == (True, False)


def test_one_shared_model_is_tested_without_the_others(reports: Warehouse) -> None:
    row = version_of(reports, "one-shared")
    assert (row["test"], row["pairs"], row["after_scored_runs"], row["after_tested_runs"]) == (
        "two_proportion",
        1,
        40,
        20,
    )
    assert row["difference"] == pytest.approx(9 / 20 - 18 / 20)


def test_a_workflow_with_one_version_has_no_change(reports: Warehouse) -> None:
    assert reports.query("select 1 as one from analytics.rpt_regressions where account = 'one-version'") == []


def test_equal_rates_are_no_change_whatever_the_number_of_runs(reports: Warehouse) -> None:
    row = version_of(reports, "same-rates")
    assert (row["test"], row["difference"], row["p_value"], row["p_value_adjusted"]) == ("paired", 0, 1, 1)
    assert (row["is_regression"], row["is_improvement"]) == (False, False)


def test_pairs_that_agree_are_no_proof(reports: Warehouse) -> None:
    """Two models fall by 0.2 each: no spread at all, from 20 runs on each side."""
    row = version_of(reports, "same-step")
    assert row["standard_error"] == pytest.approx(
        sqrt((0.9 * 0.1 + 2 * 0.5 * 0.5 * 0 + 0.5 * 0.5 + 2 * 0.7 * 0.3) / 10) / 2
    )
    assert row["p_value"] == pytest.approx(2 * norm.sf(0.2 / row["standard_error"]))
    assert not row["is_regression"]


def test_all_and_then_none_is_told_from_chance_by_its_runs(reports: Warehouse) -> None:
    row = version_of(reports, "all-then-none")
    assert (row["test"], row["difference"]) == ("two_proportion", -1)
    assert row["p_value"] == pytest.approx(proportions_ztest([0, 7], [7, 7])[1])
    assert row["is_regression"]


def test_nothing_but_passes_is_no_change(reports: Warehouse) -> None:
    row = version_of(reports, "all-passed")
    assert (row["test"], row["difference"], row["standard_error"], row["p_value"]) == ("paired", 0, 0, 1)


def test_runs_without_a_model_are_no_pair(reports: Warehouse) -> None:
    row = version_of(reports, "unknown-models")
    assert (row["test"], row["pairs"], row["after_tested_runs"]) == ("two_proportion", 0, 20)


def test_a_version_without_a_scored_run_is_shown_and_not_tested(reports: Warehouse) -> None:
    rows = reports.query(
        "select after_version_id, before_pass_rate, after_runs, after_pass_rate, test, difference, p_value,"
        " p_value_adjusted, is_regression, is_small_sample from analytics.rpt_regressions"
        " where account = 'unscored' and comparison = 'version' order by 1"
    )
    nothing = [None, None, None, None, False, True]
    assert [list(row.values()) for row in rows] == [
        ["v2", 0.75, 3, None, *nothing],
        ["v3", None, 2, 0.5, *nothing],
    ]


def test_versions_are_ordered_by_their_first_run(reports: Warehouse) -> None:
    row = version_of(reports, "turns")
    assert (row["before_version_id"], row["after_version_id"], row["after_runs"]) == ("z", "y", 2)
    assert row["is_latest"]
    assert row["is_complete_week"] is row["is_consecutive"] is None


def test_weeks_begin_on_monday_and_say_whether_one_is_missing_or_goes_on(reports: Warehouse) -> None:
    rows = reports.query(
        "select before_week_start_date, after_week_start_date, is_consecutive, is_complete_week, is_latest,"
        " after_scored_runs from analytics.rpt_regressions"
        " where account = 'weeks' and comparison = 'week' and workflow_id = 'w' order by 2"
    )
    assert [tuple(row.values()) for row in rows] == [
        (date(2026, 2, 2), date(2026, 2, 9), True, True, False, 5),
        (date(2026, 2, 9), date(2026, 2, 23), False, True, False, 5),
        (date(2026, 2, 23), date(2026, 3, 16), False, False, True, 5),
    ]


def test_the_weeks_of_an_account_count_runs_without_a_workflow_and_pair_those_with_one(
    reports: Warehouse,
) -> None:
    row = row_of(
        reports,
        "rpt_regressions",
        "account = 'weeks' and scope = 'all_workflows' and after_week_start_date = date '2026-02-09'",
    )
    assert (row["workflow_key"], row["before_scored_runs"], row["before_tested_runs"]) == (None, 8, 6)
    assert (row["pairs"], row["difference"]) == (2, pytest.approx((4 / 5 - 5 / 5 + 0) / 2))


def test_workflows_that_cancel_out_are_no_change_of_the_account(reports: Warehouse) -> None:
    row = row_of(reports, "rpt_regressions", "account = 'cancels-out' and scope = 'all_workflows'")
    assert (row["difference"], row["p_value"], row["pairs"]) == (0, 1, 2)
    assert row["standard_error"] == pytest.approx(0.6)


def test_a_change_of_few_runs_is_marked(reports: Warehouse) -> None:
    rows = reports.query(
        "select account, is_small_sample from analytics.rpt_regressions where comparison = 'version'"
        " and account in ('same-step', 'turns')"
    )
    assert {row["account"]: row["is_small_sample"] for row in rows} == {"same-step": False, "turns": True}


def test_correction_makes_a_p_value_no_smaller_and_keeps_the_order(reports: Warehouse) -> None:
    rows = reports.query(
        "select p_value, p_value_adjusted from analytics.rpt_regressions"
        " where account = 'random' and scope = 'workflow' and comparison = 'week'"
        " order by p_value, p_value_adjusted"
    )
    assert len(rows) > 40
    adjusted = [row["p_value_adjusted"] for row in rows]
    assert all(row["p_value_adjusted"] >= row["p_value"] for row in rows)
    assert adjusted == sorted(adjusted)


def test_every_pair_of_models_is_compared_on_the_workflows_that_they_share(
    reports: Warehouse, facts: Facts
) -> None:
    rows = {
        (row["account"], row["model_a"], row["model_b"]): row
        for row in reports.query("select * from analytics.rpt_comparison where period = 'all'")
    }
    expected = {}
    for account in {run["account"] for run in facts.runs}:
        by_model = defaultdict(list)
        for run in facts.runs:
            if run["account"] == account:
                by_model[run["model"]].append(run)
        cells = {model: cells_of(runs, lambda run: run["workflow_key"]) for model, runs in by_model.items()}
        family = []
        for a, b in permutations(cells, 2):
            shared = cells[a].keys() & cells[b].keys()
            if shared:
                of_a, of_b = (
                    tuple(sum(cells[model][key][i] for key in shared) for i in (0, 1)) for model in (a, b)
                )
                figures = reckoned(cells[b], cells[a], of_b, of_a)
                figures["shared_workflows"] = figures.pop("pairs")
                figures.update(passed_runs_a=of_a[0], scored_runs_a=of_a[1])
                family.append(figures)
                expected[account, a, b] = figures
        if family:
            corrected = multipletests([row["p_value"] for row in family], method="fdr_bh")[1]
            for row, p_value in zip(family, corrected, strict=True):
                row.update(p_value_adjusted=p_value, tests=len(family) // 2)
    assert rows.keys() == expected.keys()
    for key, figures in expected.items():
        assert {column: rows[key][column] for column in figures} == {
            column: pytest.approx(figure, rel=1e-9, abs=1e-12) if isinstance(figure, float) else figure
            for column, figure in figures.items()
        }, key


def test_wins_losses_and_ties_are_counted_by_workflow(reports: Warehouse) -> None:
    """On w1 to w4, a passes 4 of 6, 3, 2 and 4 of 4, and b 1, 3 and 3 of 4 and 1 of 2."""
    rows = {
        (row["model_a"], row["model_b"]): [
            row[name]
            for name in (
                "shared_workflows",
                "workflows_won",
                "workflows_lost",
                "workflows_tied",
                "difference",
            )
        ]
        for row in rows_of(reports, "rpt_comparison", "account = 'models' and period = 'all'")
    }
    difference = (4 / 6 - 1 / 4 + 0 - 1 / 4 + 1 / 2) / 4
    assert rows["a", "b"] == [4, 2, 1, 1, pytest.approx(difference)]
    assert rows["b", "a"] == [4, 1, 2, 1, pytest.approx(-difference)]
    assert rows.keys() == set(permutations("abc", 2))


def test_a_period_compares_what_ran_in_it(reports: Warehouse) -> None:
    rows = reports.query(
        "select account, count(*) as pairs from analytics.rpt_comparison where period = '30d'"
        " and account in ('models', 'many') group by account"
    )
    assert {row["account"]: row["pairs"] for row in rows} == {"many": 2}


def test_the_spread_of_many_workflows_is_the_measure_of_a_comparison(reports: Warehouse) -> None:
    row = row_of(reports, "rpt_comparison", "account = 'many' and model_a = 'a' and period = 'all'")
    differences = [(number % 5 - number * 3 % 5) / 4 for number in range(40)]
    assert row["shared_workflows"] == 40
    assert row["standard_error"] == pytest.approx(stdev(differences) / sqrt(40))
    assert not row["is_small_sample"]


def cusum_days(reports: Warehouse, workflow: str) -> list[dict[str, Any]]:
    rows = rows_of(reports, "rpt_cusum", f"account = 'cusum' and workflow_id = '{workflow}'")
    return sorted(rows, key=lambda row: row["run_date"])


def test_failures_pile_up_run_by_run_from_a_workflows_own_baseline(reports: Warehouse) -> None:
    """The baseline is 40 of 50; from then on a failure adds 0.7, and a pass takes 0.3 away, down to 0."""
    ends, highest, height = {}, defaultdict(float), 0.0
    for number, letter in enumerate("FPPPFFFPFFFFFFFF"):
        day = (WEEKS[1] + timedelta(hours=6 * number)).date()
        height = max(0.0, height + (0.7 if letter == "F" else -0.3))
        ends[day], highest[day] = height, max(highest[day], height)
    baseline, *watched = cusum_days(reports, "falls")
    assert (baseline["scored_runs"], baseline["watched_runs"], baseline["cusum"]) == (50, 0, None)
    assert (baseline["baseline_runs"], baseline["baseline_passes"], baseline["baseline_pass_rate"]) == (
        50,
        40,
        0.8,
    )
    assert {row["run_date"]: row["cusum"] for row in watched} == pytest.approx(ends)
    assert {row["run_date"]: row["highest_cusum"] for row in watched} == pytest.approx(highest)


def test_the_alarm_is_raised_by_the_run_that_is_one_too_many(reports: Warehouse) -> None:
    """0.7, 0.4, 0.1, 0, 0.7, 1.4, 2.1, 1.8, 2.5, 3.2, 3.9, 4.6, 5.3: the 13th run, six hours apart."""
    rows = cusum_days(reports, "falls")
    assert [row["is_alarm"] for row in rows] == [False, False, False, False, True, True]
    assert {row["first_alarm_at"] for row in rows} == {WEEKS[1] + timedelta(hours=6 * 12)}


def test_a_workflow_younger_than_its_baseline_raises_no_alarm(reports: Warehouse) -> None:
    (row,) = cusum_days(reports, "young")
    assert (row["scored_runs"], row["passed_runs"], row["is_alarm"]) == (49, 0, False)
    assert (row["baseline_runs"], row["cusum"], row["first_alarm_at"]) == (None, None, None)


def test_rates_of_changes_have_wilson_intervals(reports: Warehouse) -> None:
    row = version_of(reports, "nothing-shared")
    assert (row["before_pass_rate_low"], row["before_pass_rate_high"]) == pytest.approx(wilson(40, 50))
    assert (row["after_pass_rate_low"], row["after_pass_rate_high"]) == pytest.approx(wilson(25, 60))
