"""The reports on tools, judges and operations bear warehouses that hold next to nothing, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from histories import SYNCED_AT, History
from warehouses import Warehouse, build

if TYPE_CHECKING:
    from pathlib import Path

    from warehouses import MakeWarehouse

REPORTS = (
    "agg_tool_runs",
    "rpt_tool_scorecard",
    "rpt_tool_outcomes",
    "rpt_judge_health",
    "rpt_incidents",
    "rpt_slo",
    "rpt_freshness",
    "rpt_data_quality",
)

ENGINES = pytest.mark.parametrize("engine", ["duckdb", "postgres"])


def rows_of_reports(
    warehouse: Warehouse, history: dict[str, list[dict[str, object]]], work: Path
) -> dict[str, int]:
    warehouse.load(history)
    build(
        warehouse,
        work / warehouse.name,
        *("--select", *(f"+{report}" for report in REPORTS)),
        *("--exclude-resource-type", "unit_test", "--exclude-resource-type", "test"),
    )
    return {
        report: warehouse.query(f"select count(*) as n from analytics.{report}")[0]["n"]  # noqa: S608
        for report in REPORTS
    }


@ENGINES
def test_tables_without_rows_give_reports_without_rows(
    engine: str, make_warehouse: MakeWarehouse, work: Path
) -> None:
    rows = rows_of_reports(make_warehouse(engine, "without-rows"), History().tables(), work)
    assert rows == dict.fromkeys(REPORTS, 0)


@ENGINES
def test_a_run_alone_is_judged_budgeted_and_checked(
    engine: str, make_warehouse: MakeWarehouse, work: Path
) -> None:
    history = History()
    history.run("passed", started_at=SYNCED_AT)
    rows = rows_of_reports(make_warehouse(engine, "run-alone"), {"runs": history.tables()["runs"]}, work)
    assert rows == {
        **dict.fromkeys(("agg_tool_runs", "rpt_tool_scorecard", "rpt_tool_outcomes", "rpt_incidents"), 0),
        "rpt_judge_health": 4,
        "rpt_slo": 6,
        "rpt_freshness": 5,
        "rpt_data_quality": 17,
    }
