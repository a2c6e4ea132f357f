"""A benchmark of 39 models, 127 workflows and 4 repeats comes out of the marts as its table says.

The benchmark is made up, its figures are exact: fractions, reckoned from what was made, not from the marts.
"""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from figures import clustered, pass_at, pass_hat, wilson
from histories import SYNCED_AT, History
from warehouses import build

from tests.once import once

if TYPE_CHECKING:
    from pathlib import Path

    from warehouses import MakeWarehouse, Warehouse

MODELS, WORKFLOWS, REPEATS = 39, 127, 4
ONCE, FREE, UNPRICED, HOPELESS, PERFECT, BROKEN = (
    f"model-{number:02}" for number in (38, 37, 36, 35, 34, 33)
)
"""Models that ran once only, cost nothing, have no cost, never pass, always pass, and never end."""

OUTCOMES = {
    "pass": "passed",
    "partial": "partial",
    "fail": "failed",
    "error": "errored",
    "running": "running",
}


@dataclass(frozen=True)
class Run:
    """What the benchmark knows of one of its runs."""

    model: str
    workflow: int
    status: str
    cost: Decimal | None


def benchmark() -> list[Run]:
    chance = random.Random(127)  # noqa: S311
    runs = []
    for number in range(MODELS):
        model = f"model-{number:02}"
        skill = number / MODELS
        for workflow in range(WORKFLOWS):
            ease = workflow / WORKFLOWS
            for _ in range(1 if model == ONCE else REPEATS):
                drawn = "pass" if chance.random() < (skill + ease) / 2 else chance.choice(["fail", "partial"])
                if chance.random() < 0.04:
                    drawn = chance.choice(["error", "running"])
                fixed = {HOPELESS: "fail", PERFECT: "pass", BROKEN: chance.choice(["error", "running"])}
                status = fixed.get(model, drawn)
                cost = Decimal(chance.randrange(1, 10**9)) / 10**9 if chance.random() < 0.9 else None
                cost = {FREE: Decimal(0), UNPRICED: None}.get(model, cost)
                runs.append(Run(model, workflow, status, cost))
    return runs


def as_raw_tables(runs: list[Run]) -> History:
    history = History()
    for place, run in enumerate(runs):
        started_at = SYNCED_AT - timedelta(seconds=10 * place)
        history.run(
            OUTCOMES[run.status],
            model=run.model,
            workflow_id=f"wf-{run.workflow:03}",
            workflow_name=f"Workflow {run.workflow}",
            workflow_version_id="v1",
            status=run.status,
            started_at=started_at,
            ended_at=None if run.status == "running" else started_at + timedelta(seconds=9),
            duration_ms=None if run.status == "running" else 9_000,
            cost=run.cost,
            # One run in seven says that something went wrong; it decides nothing.
            error="the tool timed out once" if place % 7 == 0 else None,
        )
    return history


def published(runs: list[Run]) -> dict[str, Any]:
    """The line of the benchmark's table that these runs of one model make: exact fractions, and intervals."""
    scored = [run for run in runs if run.status in ("pass", "partial", "fail")]
    counts: dict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for run in scored:
        n, c = counts[run.workflow]
        counts[run.workflow] = n + 1, c + (run.status == "pass")
    n, c = len(scored), sum(c for _, c in counts.values())
    costs = [run.cost for run in runs if run.cost is not None]
    scored_costs = [run.cost for run in scored if run.cost is not None]
    line: dict[str, Any] = {
        "runs": len(runs),
        "scored_runs": n,
        "passed_runs": c,
        "workflows": len({run.workflow for run in runs}),
        "pass_rate": Fraction(c, n) if n else None,
        "cost_coverage": Fraction(len(costs), len(runs)),
        "total_cost": sum(costs) if costs else None,
        "mean_cost": Fraction(sum(costs)) / len(costs) if costs else None,
        "cost_per_pass": Fraction(sum(scored_costs)) / c if scored_costs and c else None,
    }
    line["pass_rate_low"], line["pass_rate_high"] = wilson(c, n)
    line["pass_rate_clustered_low"], line["pass_rate_clustered_high"] = clustered(list(counts.values()))
    for k in range(1, 6):
        for name, formula in (("at", pass_at), ("hat", pass_hat)):
            values = [value for n, c in counts.values() if (value := formula(n, c, k)) is not None]
            line[f"pass_{name}_{k}"] = sum(values, Fraction(0)) / len(values) if values else None
    return line


def near(figure: Fraction | float | Decimal | None) -> object:
    """The figure to twelve digits; whole numbers and sums of money to the last one."""
    return pytest.approx(float(figure), abs=1e-12, rel=0) if isinstance(figure, Fraction | float) else figure


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def loaded(
    request: pytest.FixtureRequest, shared: Path, work: Path, make_warehouse: MakeWarehouse
) -> Warehouse:
    """The benchmark, loaded as raw tables and built."""
    warehouse = make_warehouse(request.param, "published")

    def make() -> None:
        warehouse.load(as_raw_tables(benchmark()).tables())
        reports = ("+rpt_model_scorecard", "+rpt_workflow_scorecard", "+rpt_repeatability")
        build(warehouse, work / request.param, "--select", *reports, "--indirect-selection", "cautious")

    once(shared, f"published-{request.param}", make)
    return warehouse


@pytest.fixture(scope="module")
def cards(loaded: Warehouse) -> dict[str, dict[str, Any]]:
    rows = loaded.query("select * from analytics.rpt_model_scorecard where period = 'all'")
    return {row["model"]: row for row in rows}


def test_the_scorecard_is_the_published_table_to_twelve_digits(cards: dict[str, dict[str, Any]]) -> None:
    runs = defaultdict(list)
    for run in benchmark():
        runs[run.model].append(run)
    assert cards.keys() == runs.keys()
    for model, of_model in runs.items():
        expected = published(of_model)
        assert {name: cards[model][name] for name in expected} == {
            name: near(figure) for name, figure in expected.items()
        }, model


def test_the_repeats_of_every_workflow_are_exact(loaded: Warehouse) -> None:
    counts: dict[tuple[str, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for run in benchmark():
        key = run.model, f"wf-{run.workflow:03}"
        n, c = counts[key]
        counts[key] = n + (run.status in ("pass", "partial", "fail")), c + (run.status == "pass")
    rows = loaded.query("select * from analytics.rpt_repeatability")
    assert len(rows) == len(counts) == MODELS * WORKFLOWS
    for row in rows:
        n, c = counts[row["model"], row["workflow_id"]]
        assert (row["scored_runs"], row["passed_runs"]) == (n, c)
        for k in range(1, 6):
            assert row[f"pass_at_{k}"] == near(pass_at(n, c, k))
            assert row[f"pass_hat_{k}"] == near(pass_hat(n, c, k))


def test_the_line_of_every_workflow_and_model_is_exact(loaded: Warehouse) -> None:
    runs = defaultdict(list)
    for run in benchmark():
        runs[run.model, f"wf-{run.workflow:03}"].append(run)
    rows = loaded.query("select * from analytics.rpt_workflow_scorecard")
    assert len(rows) == len(runs)
    for row in rows:
        line = published(runs[row["model"], row["workflow_id"]])
        expected = {name: near(figure) for name, figure in line.items() if name in row}
        assert {"pass_rate", "pass_rate_high", "total_cost", "mean_cost", "cost_per_pass"} < expected.keys()
        assert {name: row[name] for name in expected} == expected, (row["model"], row["workflow_id"])


def test_a_models_figure_for_repeats_is_the_mean_over_its_workflows(loaded: Warehouse) -> None:
    rows = loaded.query(
        "select cards.model, cards.pass_hat_4 as of_model, avg(repeats.pass_hat_4) as of_workflows"
        " from analytics.rpt_model_scorecard as cards"
        " inner join analytics.rpt_repeatability as repeats on cards.model_key = repeats.model_key"
        " where cards.period = 'all' group by cards.model, cards.pass_hat_4"
    )
    assert len(rows) == MODELS
    for row in rows:
        assert row["of_model"] == (
            None if row["of_workflows"] is None else pytest.approx(row["of_workflows"], abs=1e-12)
        )


def test_a_model_that_ran_once_has_no_figure_for_four_repeats(cards: dict[str, dict[str, Any]]) -> None:
    card = cards[ONCE]
    assert card["runs"] == WORKFLOWS
    assert (card["pass_at_4"], card["pass_hat_4"], card["workflows_with_4"]) == (None, None, 0)
    assert card["pass_at_1"] == pytest.approx(card["pass_rate"], abs=1e-12)


def test_costs_of_nothing_are_not_costs_that_are_not_known(cards: dict[str, dict[str, Any]]) -> None:
    assert (cards[FREE]["total_cost"], cards[FREE]["cost_per_pass"], cards[FREE]["cost_coverage"]) == (
        0,
        0,
        1,
    )
    unpriced = cards[UNPRICED]
    assert [unpriced[name] for name in ("total_cost", "mean_cost", "cost_per_pass")] == [None] * 3
    assert unpriced["cost_coverage"] == 0


def test_models_at_the_ends_have_intervals_that_stay_inside(cards: dict[str, dict[str, Any]]) -> None:
    hopeless, perfect = cards[HOPELESS], cards[PERFECT]
    assert (hopeless["pass_rate"], hopeless["pass_rate_low"], hopeless["pass_rate_clustered_low"]) == (
        0,
        0,
        0,
    )
    assert (perfect["pass_rate"], perfect["pass_rate_high"], perfect["pass_rate_clustered_high"]) == (1, 1, 1)
    assert hopeless["cost_per_pass"] is None


def test_a_model_that_never_got_to_the_end_has_counts_and_no_rates(cards: dict[str, dict[str, Any]]) -> None:
    card = cards[BROKEN]
    assert (card["scored_runs"], card["pass_rate"], card["pass_rate_low"], card["pass_at_1"]) == (
        0,
        *[None] * 3,
    )
    assert card["errored_runs"] + card["running_runs"] == card["runs"] == WORKFLOWS * REPEATS
    assert card["is_small_sample"] is True
