"""A table that the user did not load costs nothing and breaks nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from histories import History
from warehouses import build

if TYPE_CHECKING:
    from pathlib import Path

    from warehouses import MakeWarehouse

ENGINES = pytest.mark.parametrize("engine", ["duckdb", "postgres"])


@ENGINES
def test_runs_alone_give_a_scorecard(engine: str, make_warehouse: MakeWarehouse, work: Path) -> None:
    history = History()
    history.run("passed", model="solo", evaluation={"verdict": "fail"})
    history.run("unscored", model="solo", status="completed", workflow_id=None)
    warehouse = make_warehouse(engine, "runs-alone")
    warehouse.load({"runs": history.tables()["runs"]})
    warehouse.execute("alter table armature.runs drop column classification")  # as of an older version

    build(warehouse, work / engine, "--exclude-resource-type", "unit_test")

    (row,) = warehouse.query("select * from analytics.rpt_model_scorecard where period = 'all'")
    assert (row["runs"], row["scored_runs"], row["passed_runs"], row["workflows"]) == (2, 1, 1, 1)
    runs = warehouse.query("select tool_calls, criteria, classification from analytics.fct_runs")
    assert [tuple(run.values()) for run in runs] == [(None, None, None)] * 2
    (workflow,) = warehouse.query("select workflow_name, is_described from analytics.dim_workflows")
    assert tuple(workflow.values()) == ("Workflow A", False)


@ENGINES
def test_an_empty_warehouse_gives_empty_marts(engine: str, make_warehouse: MakeWarehouse, work: Path) -> None:
    warehouse = make_warehouse(engine, "empty")

    build(warehouse, work / engine, "--exclude-resource-type", "unit_test", "--exclude-resource-type", "test")

    for mart in ("fct_runs", "fct_tool_calls", "dim_workflows", "agg_workflow_daily", "rpt_model_scorecard"):
        assert warehouse.query(f"select * from analytics.{mart}") == []  # noqa: S608
