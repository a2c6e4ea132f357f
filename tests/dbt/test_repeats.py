"""rpt_repeatability says whether a workflow does again what it did before, on both engines."""

from __future__ import annotations

from itertools import pairwise
from math import comb
from typing import TYPE_CHECKING, Any

import pytest
from quality import SEQUENCES, build_reports, sequences
from warehouses import build

if TYPE_CHECKING:
    from pathlib import Path

    from warehouses import MakeWarehouse

Rows = dict[tuple[str | None, str | None], dict[str, Any]]


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def rows(request: pytest.FixtureRequest, shared: Path, work: Path, make_warehouse: MakeWarehouse) -> Rows:
    """The report's rows, by workflow and version."""
    warehouse = build_reports(request.param, shared, work, make_warehouse)
    rows = warehouse.query("select * from analytics.rpt_repeatability")
    return {(row["workflow_id"], row["workflow_version_id"]): row for row in rows}


@pytest.mark.parametrize(
    ("workflow", "status"),
    {
        "always": "healthy",
        "never": "broken",
        "passed-once": "healthy",
        "failed-once": "broken",
        "mixed": "flaky",
        "partly": "flaky",
        "healed": "healthy",
        "nearly-healed": "flaky",
        "broke": "broken",
        "nearly-broke": "flaky",
        "errors-between": "flaky",
        "only-errors": "unknown",
    }.items(),
)
def test_broken_comes_before_flaky_and_five_straight_passes_heal(
    rows: Rows, workflow: str, status: str
) -> None:
    assert rows[workflow, "v1"]["status"] == status


@pytest.mark.parametrize("workflow", SEQUENCES)
def test_repeats_are_counted_as_the_sequence_says(rows: Rows, workflow: str) -> None:
    row = rows[workflow, "v1"]
    scored = SEQUENCES[workflow].replace("e", "")
    passes = [letter == "p" for letter in scored]
    n, c = len(passes), sum(passes)
    flips = sum(a != b for a, b in pairwise(passes))
    assert (row["runs"], row["scored_runs"], row["passed_runs"]) == (len(SEQUENCES[workflow]), n, c)
    assert (row["flips"], row["flip_chances"]) == (flips, max(n - 1, 0))
    assert row["flip_rate"] == (pytest.approx(flips / (n - 1)) if n > 1 else None)
    assert row["flakiness"] == (pytest.approx(4 * c * (n - c) / n**2) if n else None)
    assert row["straight_passes"] == n - 1 - max((i for i, p in enumerate(passes) if not p), default=-1)
    assert row["straight_failures"] == n - 1 - max((i for i, p in enumerate(passes) if p), default=-1)
    assert row["is_small_sample"] is (n < 5)
    for k in range(1, 6):
        at = 1 - comb(n - c, k) / comb(n, k) if n >= k else None
        hat = comb(c, k) / comb(n, k) if n >= k else None
        assert (row[f"pass_at_{k}"], row[f"pass_hat_{k}"]) == (at, hat) or (
            row[f"pass_at_{k}"],
            row[f"pass_hat_{k}"],
        ) == pytest.approx((at, hat), rel=1e-12)


def test_runs_without_a_time_are_counted_but_have_no_order(
    rows: Rows,
) -> None:
    row = rows["timeless", None]
    assert (row["model"], row["scored_runs"], row["passed_runs"], row["status"]) == (
        "(unknown)",
        2,
        1,
        "flaky",
    )
    assert (row["flips"], row["flip_chances"], row["flip_rate"]) == (0, 0, None)
    assert (row["straight_passes"], row["straight_failures"]) == (0, 0)


def test_runs_without_a_workflow_have_a_row_of_their_own(
    rows: Rows,
) -> None:
    row = rows[None, None]
    assert row["repeatability_key"] == "armature/default/(unknown)/(unknown)/edge"
    assert (row["workflow_key"], row["scored_runs"], row["passed_runs"]) == (None, 2, 1)


def test_versions_of_a_workflow_are_told_apart(rows: Rows) -> None:
    assert [rows["two-versions", f"v-{status}"]["status"] for status in ("pass", "fail")] == [
        "healthy",
        "broken",
    ]


def test_a_workflow_that_was_never_scored_is_unknown(rows: Rows) -> None:
    row = rows["running", None]
    assert (row["runs"], row["scored_runs"], row["pass_rate"], row["status"]) == (1, 0, None, "unknown")


def test_other_sizes_of_repeats_make_other_columns(make_warehouse: MakeWarehouse, work: Path) -> None:
    warehouse = make_warehouse("duckdb", "repeat-sizes")
    warehouse.load(sequences().tables())
    sizes = "{repeat_sizes: [1, 8], status_streak: 4}"
    chosen = ("--select", "+rpt_repeatability", "--indirect-selection", "cautious")
    build(warehouse, work / "sizes", *chosen, "--vars", sizes)
    (row,) = warehouse.query(
        "select * from analytics.rpt_repeatability where workflow_id = 'healed' and model = 'edge'"
    )
    assert (row["pass_at_8"], row["pass_hat_8"]) == (1, 0)
    assert "pass_at_2" not in row
    (row,) = warehouse.query(
        "select status from analytics.rpt_repeatability where workflow_id = 'nearly-healed'"
    )
    assert row["status"] == "healthy"
