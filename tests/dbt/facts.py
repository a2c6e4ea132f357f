"""Hand-made runs, put straight where reports read them, with several platforms, accounts and cost units."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from warehouses import Warehouse, build

from tests.once import once

if TYPE_CHECKING:
    from pathlib import Path

    from warehouses import MakeWarehouse

SYNCED_AT = datetime(2026, 3, 19, 12, tzinfo=UTC)
"""The last sync, a Thursday; unless a platform has its own."""

RUN_COLUMNS = {
    "run_key": "text",
    "platform": "text",
    "account": "text",
    "workflow_key": "text",
    "workflow_id": "text",
    "workflow_version_id": "text",
    "model_key": "text",
    "model": "text",
    "outcome": "text",
    "is_scored": "boolean",
    "is_passed": "boolean",
    "is_counted": "boolean",
    "run_at": "timestamp with time zone",
    "run_date": "date",
    "cost": "decimal(38, 9)",
    "cost_unit": "text",
    "total_tokens": "bigint",
}

Run = dict[str, Any]


@dataclass
class Facts:
    runs: list[Run] = field(default_factory=list)
    synced_at: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def run(self, outcome: str = "passed", *, times: int = 1, **columns: object) -> None:
        """Adds runs with this outcome; what is not said of them is plausible."""
        said = {
            "platform": "p",
            "account": "default",
            "workflow": "w",
            "version": None,
            "model": "m",
            **columns,
        }
        prefix = f"{said['platform']}/{said['account']}/"
        self.synced_at.setdefault((said["platform"], said["account"]), SYNCED_AT)
        at = said.get("at", datetime(2026, 3, 10, 9, tzinfo=UTC))
        for _ in range(times):
            self.runs.append(
                {
                    "run_key": f"{prefix}{len(self.runs):06}",
                    "platform": said["platform"],
                    "account": said["account"],
                    "workflow_key": said["workflow"] and prefix + said["workflow"],
                    "workflow_id": said["workflow"],
                    "workflow_version_id": said["version"],
                    "model_key": prefix + said["model"],
                    "model": said["model"],
                    "outcome": outcome,
                    "is_scored": outcome in ("passed", "partial", "failed"),
                    "is_passed": outcome == "passed" if outcome in ("passed", "partial", "failed") else None,
                    "is_counted": True,
                    "run_at": at,
                    "run_date": at and at.date(),
                    "cost": said.get("cost"),
                    "cost_unit": said.get("cost_unit", "usd"),
                    "total_tokens": said.get("tokens"),
                }
            )

    def runs_of(self, passed: int, scored: int, **columns: object) -> None:
        """Adds scored runs, the first of which passed and the others failed."""
        self.run("passed", times=passed, **columns)
        self.run("failed", times=scored - passed, **columns)

    def write(self, warehouse: Warehouse) -> None:
        warehouse.execute("create schema analytics")
        warehouse.execute("create schema analytics_intermediate")
        columns = ", ".join(f"{name} {kind}" for name, kind in RUN_COLUMNS.items())
        warehouse.execute(f"create table analytics.fct_runs ({columns})")
        rows = ",\n".join(f"({', '.join(literal(run[name]) for name in RUN_COLUMNS)})" for run in self.runs)
        warehouse.execute(f"insert into analytics.fct_runs values {rows}")  # noqa: S608
        warehouse.execute(
            "create table analytics.dim_models as"
            " select distinct platform, account, model_key, model from analytics.fct_runs"
        )
        warehouse.execute(
            "create table analytics.dim_workflows as select distinct"
            " platform, account, workflow_key, workflow_id, 'Name of ' || workflow_id as workflow_name"
            " from analytics.fct_runs where workflow_key is not null"
        )
        synced = " union all ".join(
            f"select {literal(platform)} as platform, {literal(account)} as account,"
            f" {literal(moment)} as last_synced_at"
            for (platform, account), moment in self.synced_at.items()
        )
        warehouse.execute(
            "create table analytics_intermediate.int_platforms as"  # noqa: S608
            " select synced.platform, synced.account, last_synced_at, min(run_date) as first_run_date"
            f" from ({synced}) as synced left join analytics.fct_runs as runs"
            " on synced.platform = runs.platform and synced.account = runs.account"
            " group by synced.platform, synced.account, last_synced_at"
        )


def literal(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool() | int() | Decimal():
            return str(value)
        case datetime():
            return f"cast('{value.isoformat()}' as timestamp with time zone)"
        case date():
            return f"cast('{value.isoformat()}' as date)"
        case _:
            return f"'{value}'"


def reports_of(
    facts: Facts, name: str, models: list[str], engine: str, shared: Path, work: Path, make: MakeWarehouse
) -> Warehouse:
    """A warehouse in which dbt built these models, and tested them, from the facts."""
    warehouse = make(engine, name)

    def write_and_build() -> None:
        facts.write(warehouse)
        build(warehouse, work / engine, "--select", *models, "--exclude-resource-type", "unit_test")

    once(shared, f"{name}-{engine}", write_and_build)
    return warehouse
