"""The scorecard of a history, reckoned without SQL: the measure that the marts are held to."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from math import comb
from typing import TYPE_CHECKING, Any

import numpy as np
from histories import SYNCED_AT, History

if TYPE_CHECKING:
    from collections.abc import Callable

SCORED = ("passed", "partial", "failed")
BESIDE = ("partial", "failed", "errored", "unscored", "cancelled", "running", "unknown")
PERIODS = {"all": None, "30d": 30, "7d": 7, "1d": 1}
SIZES = range(1, 6)


def pass_at(n: int, c: int, k: int) -> Fraction | None:
    return None if n < k else 1 - Fraction(comb(n - c, k), comb(n, k))


def pass_hat(n: int, c: int, k: int) -> Fraction | None:
    return None if n < k else Fraction(comb(c, k), comb(n, k))


def wilson(c: int | Fraction, n: int | Fraction) -> tuple[float, float] | tuple[None, None]:
    """Wilson's interval in the textbook form, with 50 digits."""
    if n == 0:
        return None, None
    with localcontext() as context:
        context.prec = 50
        z = Decimal("1.959963984540054235524594430520551527955550")
        c, n = (Decimal(Fraction(number).numerator) / Fraction(number).denominator for number in (c, n))
        p = c / n
        centre = p + z * z / (2 * n)
        spread = z * (p * (1 - p) / n + z * z / (4 * n * n)).sqrt()
        whole = 1 + z * z / n
        return float((centre - spread) / whole), float((centre + spread) / whole)


def clustered(clusters: list[tuple[int, int]]) -> tuple[float, float] | tuple[None, None]:
    """Wilson's interval with the effective n of clusters, each given as (scored, passed)."""
    n, c = (sum(numbers) for numbers in zip(*clusters, strict=True)) if clusters else (0, 0)
    if len(clusters) < 2:
        return None, None
    p = Fraction(c, n)
    squares = sum(((c_i - n_i * p) ** 2 for n_i, c_i in clusters), Fraction(0))
    variance = squares * Fraction(len(clusters), len(clusters) - 1) / n**2
    effective = min(Fraction(n), p * (1 - p) / variance) if variance else Fraction(n)
    return wilson(p * effective, effective)


def mean(values: list[Fraction | None]) -> float | None:
    kept = [value for value in values if value is not None]
    return float(sum(kept, Fraction(0)) / len(kept)) if kept else None


def figures(history: History, runs: list[dict[str, Any]]) -> dict[str, Any]:
    outcome = history.outcomes
    scored = [run for run in runs if outcome[run["run_id"]] in SCORED]
    passed = [run for run in scored if outcome[run["run_id"]] == "passed"]
    costs = [run["cost"] for run in runs if run["cost"] is not None]
    scored_costs = [run["cost"] for run in scored if run["cost"] is not None]
    durations = [run["duration_ms"] for run in runs if run["duration_ms"] is not None]
    workflows = {}
    for workflow in {run["workflow_id"] for run in scored}:
        of_workflow = [outcome[run["run_id"]] for run in scored if run["workflow_id"] == workflow]
        workflows[workflow] = len(of_workflow), of_workflow.count("passed")
    repeats = [counts for workflow, counts in workflows.items() if workflow is not None]
    counts = Counter(outcome[run["run_id"]] for run in runs)

    def mean_of(formula: Callable[[int, int, int], Fraction | None], k: int) -> float | None:
        return mean([formula(n, c, k) for n, c in repeats])

    low, high = wilson(len(passed), len(scored))
    clustered_low, clustered_high = clustered(list(workflows.values()))
    return {
        "runs": len(runs),
        "scored_runs": len(scored),
        "passed_runs": len(passed),
        "pass_rate": len(passed) / len(scored) if scored else None,
        "pass_rate_low": low,
        "pass_rate_high": high,
        "pass_rate_clustered_low": clustered_low,
        "pass_rate_clustered_high": clustered_high,
        "is_small_sample": len(scored) < 5,
        **{f"{outcome}_runs": counts[outcome] for outcome in BESIDE},
        "workflows": len({run["workflow_id"] for run in runs} - {None}),
        **{f"workflows_with_{k}": sum(n >= k for n, _ in repeats) for k in SIZES},
        **{f"pass_at_{k}": mean_of(pass_at, k) for k in SIZES},
        **{f"pass_hat_{k}": mean_of(pass_hat, k) for k in SIZES},
        "runs_with_cost": len(costs),
        "scored_cost": sum(scored_costs) if scored_costs else None,
        "total_cost": sum(costs) if costs else None,
        "cost_unit": "unknown",
        "mean_cost": float(sum(costs) / len(costs)) if costs else None,
        "cost_per_pass": float(sum(scored_costs) / len(passed)) if scored_costs and passed else None,
        "cost_coverage": len(costs) / len(runs) if runs else None,
        "p50_duration_ms": float(np.percentile(durations, 50)) if durations else None,
        "p95_duration_ms": float(np.percentile(durations, 95)) if durations else None,
    }


def scorecard(history: History) -> dict[tuple[str, str], dict[str, Any]]:
    """Figures by model and period."""
    cards = {}
    durations = {"ends-before-start": None, "unsaid-duration": 1_001}
    runs = [
        {
            **run,
            "model": (run["model"] or "").strip() or "(unknown)",
            "duration_ms": durations.get(run["run_id"], run["duration_ms"]),
        }
        for run in history.runs
    ]
    for model in {run["model"] for run in runs}:
        for period, days in PERIODS.items():
            chosen = [
                run
                for run in runs
                if run["model"] == model
                and (
                    days is None
                    or ((at := run["started_at"] or run["ended_at"]) and at >= SYNCED_AT - timedelta(days))
                )
            ]
            cards[model, period] = figures(history, chosen)
    return cards
