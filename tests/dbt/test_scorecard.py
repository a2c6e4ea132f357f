"""rpt_model_scorecard says what was reckoned by hand, and what figures.py reckons, on both engines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from figures import scorecard
from histories import SYNCED_AT

if TYPE_CHECKING:
    from histories import History
    from warehouses import Warehouse


def test_every_figure_of_every_model_and_period_is_the_one_reckoned_outside_sql(
    built: Warehouse, history: History
) -> None:
    rows = {
        (row.pop("model"), row.pop("period")): row
        for row in built.query("select * from analytics.rpt_model_scorecard")
    }
    expected = scorecard(history)
    assert rows.keys() == expected.keys()
    for key, figures in expected.items():
        row = rows[key]
        assert (row.pop("platform"), row.pop("account")) == ("armature", "default")
        assert row.pop("scorecard_key") == "armature/default/" + "/".join(key)
        assert row.pop("model_key") == f"armature/default/{key[0]}"
        assert row.pop("period_ends_at") == SYNCED_AT
        assert row == {
            column: pytest.approx(figure, rel=1e-12, abs=1e-15) if isinstance(figure, float) else figure
            for column, figure in figures.items()
        }, key


def test_figures_worked_out_by_hand(built: Warehouse) -> None:
    """Passes of n scored runs: x 2 of 4, y 1 of 2 (the error does not count), z 1 of 1."""
    (row,) = built.query(
        "select * from analytics.rpt_model_scorecard where model = 'known' and period = 'all'"
    )
    assert (row["runs"], row["scored_runs"], row["passed_runs"], row["workflows"]) == (8, 7, 4, 3)
    assert row["pass_rate"] == pytest.approx(4 / 7)
    assert (row["pass_rate_low"], row["pass_rate_high"]) == pytest.approx((0.250_458, 0.841_780), abs=1e-6)
    assert row["pass_at_1"] == row["pass_hat_1"] == pytest.approx((1 / 2 + 1 / 2 + 1) / 3)
    assert row["pass_at_2"] == pytest.approx((5 / 6 + 1) / 2)
    assert row["pass_hat_2"] == pytest.approx((1 / 6 + 0) / 2)
    assert (row["pass_at_4"], row["pass_hat_4"]) == (1, 0)
    assert (row["pass_at_5"], row["pass_hat_5"]) == (None, None)
    assert float(row["total_cost"]) == 2.5
    assert row["mean_cost"] == 0.5
    assert row["cost_per_pass"] == 2.5 / 4
    assert row["cost_coverage"] == 5 / 8
    assert (row["p50_duration_ms"], row["p95_duration_ms"]) == pytest.approx((2_000, 3_650))


def test_a_model_that_ran_once_has_no_figure_for_repeats(built: Warehouse) -> None:
    (row,) = built.query(
        "select * from analytics.rpt_model_scorecard where model = 'model-38' and period = 'all'"
    )
    assert row["pass_at_1"] is not None
    assert [row[f"pass_{kind}_{k}"] for kind in ("at", "hat") for k in (2, 3, 4, 5)] == [None] * 8


def test_no_cost_is_null_and_a_cost_of_zero_is_zero(built: Warehouse) -> None:
    rows = built.query(
        "select model, total_cost, mean_cost, cost_per_pass, cost_coverage from analytics.rpt_model_scorecard"
        " where model in ('model-36', 'model-37') and period = 'all' order by model"
    )
    without, free = (list(row.values())[1:] for row in rows)
    assert without == [None, None, None, 0]
    assert free[:3] == [0, 0, None]
    assert 0 < free[3] < 1
