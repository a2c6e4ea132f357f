"""Costs by day, scorecards of cost and the price-quality frontier are those that plain Python reckons."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from facts import SYNCED_AT, Facts, Run, reports_of
from figures import wilson

if TYPE_CHECKING:
    from pathlib import Path

    from warehouses import MakeWarehouse, Warehouse

PERIODS = {"all": None, "30d": 30, "7d": 7, "1d": 1}
WASTED = ("failed", "errored", "cancelled")


def day(number: int, month: int = 3) -> datetime:
    return datetime(2026, month, number, 9, tzinfo=UTC)


def by_hand() -> Facts:
    """What the tests name: each in an account of its own."""
    facts = Facts()
    days = {"account": "days", "model": "m"}
    facts.run("passed", **days, at=day(27, 2), cost=Decimal("2.5"))
    facts.run("failed", **days, at=day(27, 2), cost=Decimal("1.5"))
    facts.run("passed", **days, at=day(1), cost=None)
    facts.run("passed", **days, at=day(3), cost=Decimal(0))
    facts.run("passed", **days, at=day(3), cost=Decimal("0.3"))
    facts.run("errored", **days, at=day(3), cost=Decimal("0.6"))
    facts.run("cancelled", **days, at=day(3), cost=None)
    facts.run("partial", **days, at=day(5), cost=Decimal("0.9"))
    facts.run("passed", **days, at=None, cost=Decimal(7))
    facts.run("passed", account="days", model="never-priced", at=day(16), cost=None)
    facts.run("errored", account="days", model="never-priced", at=day(17), cost=None)

    # One model billed in two units, one of which it began later with.
    facts.run("passed", account="units", at=day(15), cost=Decimal(1), cost_unit="usd")
    facts.run("failed", account="units", at=day(17), cost=Decimal(100), cost_unit="credits")
    facts.run("passed", account="units", at=day(17), cost=Decimal(300), cost_unit="credits", workflow=None)

    frontier: dict[str, tuple[int, int, list[str]]] = {
        "cheap": (2, 10, ["0.1"]),
        "good": (6, 10, ["0.1", "0.2", "0.6"]),
        "twin": (3, 5, ["0.3"]),
        "best": (9, 10, ["0.9"]),
        "dearer": (6, 10, ["0.31"]),
        "worse": (5, 10, ["0.3"]),
        "poor": (1, 10, ["0.5"]),
        "unpriced": (10, 10, []),
    }
    for model, (passed, scored, costs) in frontier.items():
        priced = [Decimal(cost) for cost in costs]
        for number in range(scored):
            facts.run(
                "passed" if number < passed else "failed",
                account="frontier",
                model=model,
                cost=priced[number] if number < len(priced) else None,
            )
    facts.run("errored", account="frontier", model="unscored", cost=Decimal("0.01"))
    facts.run("passed", account="frontier", model="free", cost=Decimal(0), cost_unit="credits")
    facts.run("passed", account="frontier", model="(unknown)", cost=Decimal(0))
    facts.run("failed", account="frontier", model="zero", cost=Decimal(0))
    return facts


def at_random() -> Facts:
    facts = Facts()
    chance = random.Random(20260320)  # noqa: S311
    outcomes = ["passed", "partial", "failed", "errored", "unscored", "cancelled", "running", "unknown"]
    for _ in range(600):
        facts.run(
            chance.choice(outcomes),
            account=chance.choice(["random", "other"]),
            workflow=chance.choice(["w1", "w2", None]),
            model=chance.choice(["m1", "m2", "m3", "(unknown)"]),
            at=chance.choice([None, SYNCED_AT - timedelta(seconds=chance.randrange(70 * 86_400))]),
            cost=chance.choice([None, Decimal(0), Decimal(chance.randrange(10**6)) / 10**6]),
            cost_unit=chance.choice(["usd", "credits"]),
            tokens=chance.choice([None, chance.randrange(10_000)]),
        )
    facts.synced_at["p", "other"] = SYNCED_AT - timedelta(days=20)
    return facts


@pytest.fixture(scope="module")
def facts() -> Facts:
    facts, others = by_hand(), at_random()
    facts.runs += [{**run, "run_key": f"random/{run['run_key']}"} for run in others.runs]
    facts.synced_at.update(others.synced_at)
    return facts


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def reports(
    request: pytest.FixtureRequest, facts: Facts, shared: Path, work: Path, make_warehouse: MakeWarehouse
) -> Warehouse:
    models = ["int_days", "rpt_cost_daily", "rpt_cost_scorecard", "rpt_price_quality"]
    return reports_of(facts, "cost", models, request.param, shared, work, make_warehouse)


def known_sum(costs: list[Decimal | int | None]) -> Decimal | int | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known) if known else None


def ratio(over: Decimal | int | None, under: Decimal | int | None) -> object:
    return None if over is None or not under else pytest.approx(float(Fraction(over) / Fraction(under)))


def sums(runs: list[Run]) -> dict[str, Any]:
    scored = [run for run in runs if run["is_scored"]]
    wasted = [run for run in runs if run["outcome"] in WASTED]
    return {
        "runs": len(runs),
        "scored_runs": len(scored),
        "passed_runs": sum(run["is_passed"] for run in scored),
        "runs_with_cost": sum(run["cost"] is not None for run in runs),
        "scored_cost": known_sum([run["cost"] for run in scored]),
        "wasted_runs": len(wasted),
        "wasted_cost": known_sum([run["cost"] for run in wasted]) if wasted else 0,
    }


def daily(runs: list[Run], last: date) -> dict[date, dict[str, Any]]:
    """What rpt_cost_daily shall say of the dated runs of one model in one unit."""
    by_day = defaultdict(list)
    for run in runs:
        by_day[run["run_date"]].append(run)
    rows, today = {}, min(by_day)
    while today <= last:
        of_day = by_day[today]
        month = [
            run
            for run in runs
            if run["run_date"].replace(day=1) == today.replace(day=1) and run["run_date"] <= today
        ]
        figures = sums(of_day)
        spent = known_sum([run["cost"] for run in month]) if month else 0
        next_month = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
        in_month = (next_month - today.replace(day=1)).days
        rows[today] = {
            **figures,
            "total_cost": known_sum([run["cost"] for run in of_day]) if of_day else 0,
            "cost_coverage": ratio(figures["runs_with_cost"], figures["runs"]),
            "cost_per_pass": ratio(figures["scored_cost"], figures["passed_runs"]),
            "is_over": today < last,
            "month_start_date": today.replace(day=1),
            "month_to_date_runs": len(month),
            "month_to_date_runs_with_cost": sum(run["cost"] is not None for run in month),
            "month_to_date_cost": spent,
            "days_elapsed": today.day,
            "days_in_month": in_month,
            "daily_run_rate": ratio(spent, today.day),
            "projected_month_cost": ratio(None if spent is None else spent * in_month, today.day),
        }
        today += timedelta(days=1)
    return rows


def test_every_day_of_every_model_and_unit_is_the_one_reckoned_outside_sql(
    reports: Warehouse, facts: Facts
) -> None:
    series = defaultdict(list)
    for run in facts.runs:
        if run["run_date"]:
            series[run["account"], run["model"], run["cost_unit"]].append(run)
    expected = {
        (*key, today): figures
        for key, runs in series.items()
        for today, figures in daily(runs, facts.synced_at["p", key[0]].date()).items()
    }
    rows = {
        (row["account"], row["model"], row["cost_unit"], row["run_date"]): row
        for row in reports.query("select * from analytics.rpt_cost_daily")
    }
    assert rows.keys() == expected.keys()
    for key, figures in expected.items():
        assert {column: rows[key][column] for column in figures} == figures, key


def day_of(reports: Warehouse, model: str, on: date) -> dict[str, Any]:
    (row,) = reports.query(
        f"select * from analytics.rpt_cost_daily where account = 'days' and model = '{model}'"  # noqa: S608
        f" and run_date = date '{on}'"
    )
    return row


def test_a_day_without_runs_cost_nothing(reports: Warehouse) -> None:
    row = day_of(reports, "m", date(2026, 2, 28))
    assert (row["runs"], row["total_cost"], row["wasted_cost"]) == (0, 0, 0)
    assert (row["cost_coverage"], row["cost_per_pass"]) == (None, None)
    assert row["month_to_date_cost"] == 4


def test_a_day_whose_costs_nobody_says_is_not_known(reports: Warehouse) -> None:
    row = day_of(reports, "m", date(2026, 3, 1))
    assert (row["runs"], row["total_cost"], row["cost_coverage"]) == (1, None, 0)
    assert (row["month_to_date_cost"], row["projected_month_cost"]) == (None, None)


def test_what_failed_was_cancelled_or_broke_down_is_wasted(reports: Warehouse) -> None:
    row = day_of(reports, "m", date(2026, 3, 3))
    assert (row["wasted_runs"], row["wasted_cost"], row["total_cost"]) == (2, Decimal("0.6"), Decimal("0.9"))
    assert row["cost_per_pass"] == pytest.approx(0.3 / 2)


def test_a_partial_run_is_no_waste(reports: Warehouse) -> None:
    row = day_of(reports, "m", date(2026, 3, 5))
    assert (row["wasted_runs"], row["wasted_cost"], row["scored_cost"]) == (0, 0, Decimal("0.9"))


def test_the_month_begins_anew_and_is_projected_by_the_days_gone(reports: Warehouse) -> None:
    row = day_of(reports, "m", date(2026, 3, 5))
    assert (row["month_to_date_cost"], row["days_elapsed"], row["days_in_month"]) == (Decimal("1.8"), 5, 31)
    assert row["projected_month_cost"] == pytest.approx(1.8 / 5 * 31)


def test_days_go_on_to_the_last_sync_whose_day_is_not_over(reports: Warehouse) -> None:
    rows = reports.query(
        "select run_date, is_over from analytics.rpt_cost_daily"
        " where account = 'days' and model = 'never-priced' order by run_date"
    )
    assert [tuple(row.values()) for row in rows] == [
        (date(2026, 3, 16), True),
        (date(2026, 3, 17), True),
        (date(2026, 3, 18), True),
        (date(2026, 3, 19), False),
    ]


def test_waste_of_a_model_without_prices_is_not_known(reports: Warehouse) -> None:
    assert day_of(reports, "never-priced", date(2026, 3, 17))["wasted_cost"] is None


def test_units_stand_apart_and_begin_with_their_first_run(reports: Warehouse) -> None:
    rows = reports.query(
        "select cost_unit, count(*) as days, sum(total_cost) as cost, max(month_to_date_cost) as month"
        " from analytics.rpt_cost_daily where account = 'units' group by cost_unit order by cost_unit"
    )
    assert [tuple(row.values()) for row in rows] == [("credits", 3, 400, 400), ("usd", 5, 1, 1)]


def test_every_row_of_the_scorecard_is_the_one_reckoned_outside_sql(reports: Warehouse, facts: Facts) -> None:
    groups: dict[tuple[object, ...], list[Run]] = defaultdict(list)
    for run in facts.runs:
        for period, days in PERIODS.items():
            synced_at = facts.synced_at["p", run["account"]]
            if days is None or (run["run_at"] and run["run_at"] >= synced_at - timedelta(days)):
                for breakdown, of in (
                    ("all_runs", None),
                    ("model", run["model"]),
                    ("workflow", run["workflow_id"]),
                ):
                    groups[run["account"], period, run["cost_unit"], breakdown, of].append(run)
    rows = {
        (
            row["account"],
            row["period"],
            row["cost_unit"],
            row["breakdown"],
            row["model"] or row["workflow_id"],
        ): row
        for row in reports.query("select * from analytics.rpt_cost_scorecard")
    }
    assert rows.keys() == groups.keys()
    for key, runs in groups.items():
        figures = sums(runs)
        total = known_sum([run["cost"] for run in runs])
        of_account = known_sum([run["cost"] for run in groups[*key[:3], "all_runs", None]])
        tokens = known_sum([run["total_tokens"] for run in runs])
        with_tokens = sum(run["total_tokens"] is not None for run in runs)
        scored_tokens = known_sum([run["total_tokens"] for run in runs if run["is_scored"]])
        low, high = wilson(figures["passed_runs"], figures["scored_runs"])
        expected = {
            **figures,
            "pass_rate": ratio(figures["passed_runs"], figures["scored_runs"]),
            "pass_rate_low": pytest.approx(low),
            "pass_rate_high": pytest.approx(high),
            "is_small_sample": figures["scored_runs"] < 5,
            "total_cost": total,
            "cost_coverage": ratio(figures["runs_with_cost"], figures["runs"]),
            "cost_share": ratio(total, of_account),
            "mean_cost": ratio(total, figures["runs_with_cost"]),
            "cost_per_pass": ratio(figures["scored_cost"], figures["passed_runs"]),
            "wasted_share": ratio(figures["wasted_cost"], total),
            "runs_with_tokens": with_tokens,
            "total_tokens": tokens,
            "tokens_per_run": ratio(tokens, with_tokens),
            "scored_tokens": scored_tokens,
            "tokens_per_pass": ratio(scored_tokens, figures["passed_runs"]),
        }
        assert {column: rows[key][column] for column in expected} == expected, key


def test_breakdowns_add_up_to_all_runs(reports: Warehouse) -> None:
    rows = reports.query(
        "select breakdown, sum(runs) as runs, sum(total_cost) as cost, sum(wasted_cost) as wasted"
        " from analytics.rpt_cost_scorecard where account = 'random' and period = 'all' and cost_unit = 'usd'"
        " group by breakdown"
    )
    assert len({(row["runs"], row["cost"], row["wasted"]) for row in rows}) == 1
    assert {row["breakdown"] for row in rows} == {"all_runs", "model", "workflow"}


def frontier(reports: Warehouse, columns: str, unit: str = "usd") -> dict[str, Any]:
    rows = reports.query(
        f"select model, {columns} from analytics.rpt_price_quality"  # noqa: S608
        f" where account = 'frontier' and period = 'all' and cost_unit = '{unit}'"
    )
    return {
        row.pop("model"): next(iter(row.values())) if len(row) == 1 else tuple(row.values()) for row in rows
    }


def test_the_frontier_holds_what_nothing_beats_in_price_and_quality_and_what_ties(reports: Warehouse) -> None:
    """Prices: zero 0, cheap 0.1, good 0.9/3, twin 0.3, best 0.9; twice 0.6 passes at the same 0.3."""
    flags = frontier(reports, "is_on_frontier")
    assert {model for model, flag in flags.items() if flag} == {"zero", "cheap", "good", "twin", "best"}


def test_a_model_is_dominated_by_the_best_of_those_that_beat_it(reports: Warehouse) -> None:
    assert {model: by for model, by in frontier(reports, "dominated_by").items() if by} == {
        "dearer": "good",
        "worse": "good",
        "poor": "good",
    }


def test_a_model_without_a_price_or_a_score_is_on_no_frontier(reports: Warehouse) -> None:
    columns = "is_on_frontier, dominated_by, mean_cost, pass_rate"
    rows = frontier(reports, columns)
    assert rows["unpriced"] == (False, None, None, 1)
    assert rows["unscored"] == (False, None, 0.01, None)


def test_units_have_frontiers_of_their_own(reports: Warehouse) -> None:
    assert frontier(reports, "is_on_frontier, frontier_rank", "credits") == {"free": (True, 1)}


def test_a_point_more_costs_what_the_next_step_of_the_frontier_costs(reports: Warehouse) -> None:
    """From 0 to 0.2 for 0.1, to 0.6 for 0.2 more, to 0.9 for 0.6 more; twins stand on the same step."""
    rows = frontier(reports, "frontier_rank, marginal_cost_per_point")
    step = {2: 0.1 / 20, 3: 0.2 / 40, 4: 0.6 / 30}
    assert {model: place for model, place in rows.items() if place[0]} == {
        "zero": (1, None),
        "cheap": (2, pytest.approx(step[2])),
        "good": (3, pytest.approx(step[3])),
        "twin": (3, pytest.approx(step[3])),
        "best": (4, pytest.approx(step[4])),
    }


def test_the_frontier_is_the_one_found_by_comparing_every_two(reports: Warehouse, facts: Facts) -> None:
    groups: dict[tuple[str, str, str], list[Run]] = defaultdict(list)
    for run in facts.runs:
        if run["model"] != "(unknown)":
            groups[run["account"], run["cost_unit"], run["model"]].append(run)
    points = {}
    for key, runs in groups.items():
        costs = [run["cost"] for run in runs if run["cost"] is not None]
        scored = [run["is_passed"] for run in runs if run["is_scored"]]
        points[key] = (
            (Fraction(sum(costs)) / len(costs), -Fraction(sum(scored), len(scored)))
            if costs and scored
            else None
        )
    rows = {
        (row["account"], row["cost_unit"], row["model"]): row["is_on_frontier"]
        for row in reports.query("select * from analytics.rpt_price_quality where period = 'all'")
    }

    def beats(key: tuple[str, str, str], other: tuple[str, str, str]) -> bool:
        a, b = points[key], points[other]
        return key[:2] == other[:2] and None not in (a, b) and a != b and a[0] <= b[0] and a[1] <= b[1]

    assert rows == {
        key: point is not None and not any(beats(other, key) for other in points)
        for key, point in points.items()
    }
