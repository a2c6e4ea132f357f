"""The scorecard of the models, as `rpt_model_scorecard` gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.output import print_table, text_of
from pipelines.platforms import label
from pipelines.warehouse import MARTS, WarehouseError

if TYPE_CHECKING:
    from pipelines.warehouse import Warehouse

TABLE = "rpt_model_scorecard"


def scorecard(warehouse: Warehouse, period: str = "all") -> list[dict[str, Any]]:
    """The rows of a period (`all`, `30d`, `7d`, `1d`), account by account, best model first."""
    if (MARTS, TABLE) not in warehouse.columns(MARTS):
        raise WarehouseError(f"There is no {MARTS}.{TABLE} yet: run `runmart build`.")
    rows = warehouse.query(f"select * from {MARTS}.{TABLE}")  # noqa: S608
    chosen = [row for row in rows if row["period"] == period]
    return sorted(
        chosen,
        key=lambda row: (
            row["platform"],
            row["account"],
            row["pass_rate"] is None,
            -(row["pass_rate"] or 0),
            row["model"] or "",
        ),
    )


def print_scorecard(rows: list[dict[str, Any]]) -> None:
    """Print the scorecard with what a reader needs to judge it: n, interval, repeats, cost, duration."""
    labels = [label(row["platform"], row["account"]) for row in rows]
    is_several = len(set(labels)) > 1
    columns = [
        "model",
        "runs",
        "scored",
        "pass rate",
        "95 % interval",
        "pass^3",
        "cost per pass",
        "unit",
        "p50",
        "p95",
    ]
    print_table(
        [*(["account"] if is_several else []), *columns],
        [
            [
                *([whose] if is_several else []),
                row["model"],
                row["runs"],
                row["scored_runs"],
                _percent(row["pass_rate"]),
                f"{_percent(row['pass_rate_low'])} to {_percent(row['pass_rate_high'])}"
                if row["scored_runs"]
                else "-",
                _percent(row.get("pass_hat_3")),
                _money(row["cost_per_pass"]),
                row["cost_unit"],
                _seconds(row["p50_duration_ms"]),
                _seconds(row["p95_duration_ms"]),
            ]
            for whose, row in zip(labels, rows, strict=True)
        ],
    )


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{float(value):.1%}"


def _money(value: object) -> str:
    return "-" if value is None else f"{float(text_of(value)):.4f}"


def _seconds(milliseconds: float | None) -> str:
    return "-" if milliseconds is None else f"{float(milliseconds) / 1000:.1f} s"
