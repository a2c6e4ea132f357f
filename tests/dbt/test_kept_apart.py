"""Platforms, accounts, units and purposes are kept apart: what one account does changes no figure of another.

The same history is built twice: alone, and beside what must not touch it: an account whose ids, names and
models are the same, but where everything fails, and simulations and dust tests that fail at any price.
"""

from __future__ import annotations

import pickle
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from histories import SYNCED_AT, History
from test_engines import MODELS, rows_of
from warehouses import build

from tests.once import once

if TYPE_CHECKING:
    from pathlib import Path

    from warehouses import MakeWarehouse

    Rows = dict[str, list[dict[str, Any]]]

MARTS = sorted(model for model, schema in MODELS.items() if schema == "analytics" and model != "dim_dates")
REPORTS = [mart for mart in MARTS if mart.startswith(("agg_", "rpt_"))]
OF_ALL_RUNS = ("rpt_freshness", "rpt_data_quality")
"""What asks what is there, and not how well it went."""


def runs_of_armature(status: str, cost: Decimal) -> Rows:
    """Sixty runs of two models on two workflows, with calls and criteria; they end with this status."""
    history = History()
    for number in range(60):
        run_id = history.run(
            "",
            workflow_id=f"wf-{number % 2}",
            model=["edge", "core", None][number % 3],
            status="pass" if number % 4 else status,
            started_at=SYNCED_AT - timedelta(hours=7 * number),
            cost=cost,
            evaluation={"verdict": "pass" if number % 4 else status, "judge_model": "judge"},
        )
        history.criterion("", run_id, criterion_text="is right", status=status, is_required=True)
        history.call(run_id, tool_name="search", arguments="{}", is_error=number % 5 == 0, duration_ms=number)
    history.workflows = [{"workflow_id": f"wf-{number}", "name": f"Workflow {number}"} for number in (0, 1)]
    return history.tables()


def runs_of_b3os(prefix: str, count: int, **columns: object) -> Rows:
    """Runs of the workflows that Armature has too, each of one node; every third fails."""
    runs = [
        {
            "run_id": f"{prefix}-{number}",
            "workflow_id": f"wf-{number % 2}",
            "status": "failure" if number % 3 == 0 else "success",
            "started_at": SYNCED_AT - timedelta(hours=5 * number),
            "ended_at": SYNCED_AT - timedelta(hours=5 * number) + timedelta(seconds=30),
            "cost": Decimal(2),
            "_extracted_at": SYNCED_AT - timedelta(minutes=5),
            **columns,
        }
        for number in range(count)
    ]
    nodes = [
        {
            "run_id": run["run_id"],
            "node_id": "swap",
            "node_index": 1,
            "type": "search",
            "status": run["status"],
            "duration_ms": 10,
            "_extracted_at": SYNCED_AT - timedelta(minutes=5),
        }
        for run in runs
    ]
    return {"runs": runs, "node_executions": nodes}


MODELS_ONLY = ("--exclude-resource-type", "test", "unit_test", "--vars", "{platforms: [armature, b3os]}")


@dataclass
class Built:
    """All marts of the history alone, and beside what must not touch it."""

    alone: Rows
    beside: Rows

    def of(self, mart: str, platform: str, account: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        alone, beside = (
            [
                {name: value for name, value in row.items() if name != "record_version"}
                for row in rows[mart]
                if (row["platform"], row["account"]) == (platform, account)
            ]
            for rows in (self.alone, self.beside)
        )
        return alone, beside


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def kept_apart(
    request: pytest.FixtureRequest, shared: Path, make_warehouse: MakeWarehouse, work: Path
) -> Built:
    engine: str = request.param
    file = shared / f"kept-apart-{engine}.pickle"
    once(shared, file.stem, lambda: file.write_bytes(pickle.dumps(built(engine, make_warehouse, work))))
    kept: Built = pickle.loads(file.read_bytes())  # noqa: S301 - another process of these tests wrote it
    return kept


def built(engine: str, make_warehouse: MakeWarehouse, work: Path) -> Built:
    warehouse = make_warehouse(engine, "kept-apart")

    def marts() -> Rows:
        build(warehouse, work / engine, *MODELS_ONLY)
        return {mart: rows_of(warehouse, mart) for mart in MARTS}

    warehouse.load(runs_of_armature("fail", Decimal("0.25")), account="ours")
    warehouse.load(runs_of_b3os("run", 40), "b3os")
    alone = marts()
    warehouse.load(runs_of_armature("error", Decimal(1000)), account="twin")
    absurd = {"status": "failure", "cost": Decimal(10**9)}
    warehouse.load(runs_of_b3os("simulated", 30, is_simulation=True, **absurd), "b3os")
    warehouse.load(runs_of_b3os("dust", 30, is_dust_test=True, **absurd), "b3os")
    return Built(alone, marts())


@pytest.mark.parametrize("mart", [mart for mart in MARTS if mart != "rpt_data_quality"])
def test_another_account_with_the_same_ids_changes_nothing(kept_apart: Built, mart: str) -> None:
    alone, beside = kept_apart.of(mart, "armature", "ours")
    assert alone == beside


@pytest.mark.parametrize("report", [report for report in REPORTS if report not in OF_ALL_RUNS])
def test_simulations_and_dust_tests_change_no_figure(kept_apart: Built, report: str) -> None:
    alone, beside = kept_apart.of(report, "b3os", "default")
    assert alone == beside


def test_simulations_and_dust_tests_are_kept_and_marked(kept_apart: Built) -> None:
    _, runs = kept_apart.of("fct_runs", "b3os", "default")
    marks = Counter((run["purpose"], run["is_counted"]) for run in runs)
    assert marks == {("production", True): 40, ("simulation", False): 30, ("dust_test", False): 30}


def test_freshness_and_data_quality_see_all_runs(kept_apart: Built) -> None:
    _, freshness = kept_apart.of("rpt_freshness", "b3os", "default")
    assert {row["records"] for row in freshness if row["subject"] == "runs"} == {100}
    _, checks = kept_apart.of("rpt_data_quality", "b3os", "default")
    assert {row["findings"] for row in checks if row["check_name"] == "runs_without_model"} == {100}


def test_the_same_ids_in_two_accounts_are_found(kept_apart: Built) -> None:
    _, checks = kept_apart.of("rpt_data_quality", "armature", "ours")
    found = {row["findings"] for row in checks if row["check_name"] == "run_ids_in_several_accounts"}
    assert found == {60}


@pytest.mark.parametrize("report", REPORTS)
def test_a_cost_stands_beside_its_one_unit(kept_apart: Built, report: str) -> None:
    units = {"armature": {"unknown"}, "b3os": {"compute_units"}}
    for row in kept_apart.beside[report]:
        if any("cost" in name for name in row):
            assert row["cost_unit"] in units[row["platform"]]


def test_models_and_workflows_of_the_same_name_on_two_platforms_are_two(kept_apart: Built) -> None:
    models = [row for row in kept_apart.beside["dim_models"] if row["model"] == "(unknown)"]
    assert {(row["platform"], row["account"]) for row in models} == {
        ("armature", "ours"),
        ("armature", "twin"),
        ("b3os", "default"),
    }
    workflows = [row for row in kept_apart.beside["dim_workflows"] if row["workflow_id"] == "wf-0"]
    assert len({row["workflow_key"] for row in workflows}) == len(workflows) == 3


RETRIES = {
    # workflow: runs as (id, status, retry of), then what rpt_retries says
    "rescued": [("a1", "failure", None), ("a2", "failure", "a1"), ("a3", "success", "a2")],
    "first": [("b1", "success", None), ("b2", "success", None), ("b3", "failure", "b2")],
    "lost": [("c1", "failure", None), ("c2", "timeout", "c1"), ("c3", "failure", "c1")],
    "open": [("d1", "failure", None), ("d2", "waiting", "d1"), ("d3", "cancelled", None)],
    "orphan": [("e1", "success", "never-loaded"), ("e2", "success", "e1"), ("e3", "success", "e3")],
    "simulated": [("f1", "failure", None), ("f2", "success", "f1")],
}


def test_retries_are_told_by_what_they_bring(make_warehouse: MakeWarehouse, work: Path) -> None:
    runs = [
        {
            "run_id": run_id,
            "workflow_id": workflow,
            "status": status,
            "source_run_id": source,
            "is_simulation": run_id == "f2",
            "_extracted_at": SYNCED_AT,
        }
        for workflow, attempts in RETRIES.items()
        for run_id, status, source in attempts
    ]
    # The second account has the same ids, and tries nothing again.
    alike = [{"run_id": "a1", "workflow_id": "rescued", "status": "success"}]
    warehouse = make_warehouse("duckdb", "retries")
    warehouse.load({"runs": runs}, "b3os")
    warehouse.load({"runs": alike}, "b3os", "twin")
    build(warehouse, work / "duckdb", *MODELS_ONLY, "--select", "+rpt_retries")

    rows = {
        (row["account"], row["workflow_id"]): row
        for row in warehouse.query("select * from analytics.rpt_retries")
    }
    counts = ("begun_tasks", "attempts", "retried_tasks", "tasks_without_beginning", "open_tasks")
    counted = {key: tuple(row[name] for name in counts) for key, row in rows.items()}
    assert counted == {
        ("default", "rescued"): (1, 3, 1, 0, 0),
        ("default", "first"): (2, 3, 1, 0, 0),
        ("default", "lost"): (1, 3, 1, 0, 0),
        ("default", "open"): (2, 3, 1, 0, 1),
        ("default", "orphan"): (1, 1, 0, 1, 0),
        ("default", "simulated"): (1, 1, 0, 0, 0),
        ("twin", "rescued"): (1, 1, 0, 0, 0),
    }
    rates = ("decided_tasks", "first_pass_rate", "eventual_pass_rate", "rescue_rate")
    rated = {key: tuple(row[name] for name in rates) for key, row in rows.items()}
    assert rated == {
        ("default", "rescued"): (1, 0.0, 1.0, 1.0),
        ("default", "first"): (2, 1.0, 1.0, None),
        ("default", "lost"): (1, 0.0, 0.0, 0.0),
        ("default", "open"): (0, None, None, None),
        ("default", "orphan"): (1, 1.0, 1.0, None),
        ("default", "simulated"): (1, 0.0, 0.0, None),
        ("twin", "rescued"): (1, None, None, None),
    }


def test_a_run_is_marked_when_a_later_load_brings_its_retry(
    make_warehouse: MakeWarehouse, work: Path
) -> None:
    warehouse = make_warehouse("duckdb", "late-retry")
    chosen = (*MODELS_ONLY, "--select", "+fct_runs")
    warehouse.load({"runs": [{"run_id": "first", "status": "failure"}]}, "b3os")
    build(warehouse, work / "duckdb", *chosen)
    warehouse.load({"runs": [{"run_id": "again", "status": "success", "source_run_id": "first"}]}, "b3os")
    build(warehouse, work / "duckdb", *chosen)

    runs = warehouse.query("select run_id, is_retried, retry_of_run_id from analytics.fct_runs order by 1")
    assert [tuple(run.values()) for run in runs] == [("again", False, "first"), ("first", True, None)]
