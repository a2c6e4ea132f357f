"""Facts are made again for the runs that changed and no others, and are then what a full refresh makes."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from histories import SYNCED_AT
from test_engines import rows_of
from warehouses import Warehouse, create_table, dbt

from sources.armature.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from warehouses import MakeWarehouse

FACTS = ("fct_runs", "fct_tool_calls", "fct_criterion_results")
MARKS = {
    "fct_runs": "error_message",
    "fct_tool_calls": "tool_call_id",
    "fct_criterion_results": "criterion_id",
}
LOADED = ("runs", "evaluations", "evaluation_criteria", "tool_calls", "workflows", "workflow_criteria")


def literal(value: object) -> str:
    return "null" if value is None else str(value) if isinstance(value, int) else f"'{value}'"


@dataclass
class Account:
    """Raw tables as dlt merges into them, and the runs whose rows changed since the last build."""

    warehouse: Warehouse
    chance: random.Random
    load: int = 1_000
    changed: set[str] = field(default_factory=set)
    runs: list[str] = field(default_factory=list)

    def create(self) -> None:
        self.warehouse.execute("create schema armature")
        kinds = {"json": "jsonb"} if self.warehouse.name == "postgres" else {}
        for name in LOADED:
            self.warehouse.execute(create_table(TABLES[name], **kinds))
            self.warehouse.execute(f"alter table armature.{name} add column _dlt_load_id text")
        self.put("workflows", "workflow_id", "w", {"workflow_id": "w", "mcp_server_id": "mcp-1"})

    def put(self, table: str, key: str, value: str, *rows: dict[str, Any]) -> None:
        """Replaces all rows of a key, in one load; every load of a test reads at the same moment."""
        self.warehouse.execute(f"delete from armature.{table} where {key} = '{value}'")  # noqa: S608
        for row in rows:
            whole = {**row, "_extracted_at": SYNCED_AT, "_dlt_load_id": str(self.load)}
            names, values = ", ".join(whole), ", ".join(map(literal, whole.values()))
            self.warehouse.execute(f"insert into armature.{table} ({names}) values ({values})")  # noqa: S608

    def put_run(self, run_id: str, status: str) -> None:
        started_at = SYNCED_AT - timedelta(minutes=len(self.runs))
        row = {"run_id": run_id, "workflow_id": "w", "model": "m", "status": status, "started_at": started_at}
        self.put("runs", "run_id", run_id, row)

    def put_calls(self, run_id: str, count: int) -> None:
        calls = [{"run_id": run_id, "call_index": i, "tool_name": f"t{self.load}"} for i in range(count)]
        self.put("tool_calls", "run_id", run_id, *calls)

    def new_run(self) -> str:
        run_id = f"r{len(self.runs)}"
        self.put_run(run_id, self.chance.choice(["pass", "fail", "running"]))
        self.put_calls(run_id, self.chance.randrange(1, 5))
        self.runs.append(run_id)
        return run_id

    def late_evaluation(self) -> str:
        run_id = self.chance.choice(self.runs)
        self.put("evaluations", "run_id", run_id, {"run_id": run_id, "verdict": "fail"})
        criteria = [
            {"run_id": run_id, "criterion_index": i, "status": self.chance.choice(["pass", "fail"])}
            for i in range(self.chance.randrange(1, 4))
        ]
        self.put("evaluation_criteria", "run_id", run_id, *criteria)
        return run_id

    def end_of_a_run(self) -> str:
        run_id = self.chance.choice(self.runs)
        self.put_run(run_id, "error")
        return run_id

    def fewer_calls(self) -> str:
        run_id = self.chance.choice(self.runs)
        self.put_calls(run_id, 1)
        return run_id

    def no_calls(self) -> str:
        run_id = self.chance.choice(self.runs)
        self.put_calls(run_id, 0)
        return run_id

    def calls_of_an_unknown_run(self) -> str:
        run_id = f"orphan{self.load}"
        self.put_calls(run_id, 2)
        return run_id

    def run_that_is_gone(self) -> str:
        run_id = self.runs.pop(self.chance.randrange(len(self.runs)))
        for table in ("runs", "tool_calls", "evaluations", "evaluation_criteria"):
            self.put(table, "run_id", run_id)
        return run_id

    def step(self, change: Callable[[], str]) -> None:
        """One change, by a load that began before or after the ones before it."""
        self.load = self.chance.choice([self.load + 1, 2_000 - self.load])
        before = self.rows(*self.runs)
        run_id = change()
        if before.get(run_id) != self.rows(run_id).get(run_id):
            self.changed.add(run_id)

    def rows(self, *run_ids: str) -> dict[str, list[tuple[Any, ...]]]:
        found: dict[str, list[tuple[Any, ...]]] = {}
        tables = ("runs", "tool_calls", "evaluations", "evaluation_criteria")
        stamps = "run_id, _dlt_load_id, count(*) as part_rows"
        parts = [
            f"select '{table}' as part, {stamps} from armature.{table} group by 2, 3"  # noqa: S608
            for table in tables
        ]
        for row in self.warehouse.query(" union all ".join(parts)):
            if row["run_id"] in run_ids:
                found.setdefault(row["run_id"], []).append(tuple(map(str, row.values())))
        return {run_id: sorted(rows) for run_id, rows in found.items()}


@pytest.fixture(params=["duckdb", "postgres"])
def account(request: pytest.FixtureRequest, make_warehouse: MakeWarehouse) -> Account:
    engine = request.param
    name = f"incremental-{request.node.originalname[-40:]}"
    account = Account(make_warehouse(engine, name), random.Random(20260331))  # noqa: S311
    account.create()
    for _ in range(8):
        account.new_run()
    return account


@pytest.fixture
def make_facts(account: Account, work: Path) -> Callable[..., None]:
    def make(*arguments: str) -> None:
        selected = ("--select", *(f"+{fact}" for fact in FACTS))
        done = dbt(
            "run", *selected, *arguments, work=work / account.warehouse.name, env=account.warehouse.env
        )
        assert done.success, [(node.node.name, node.message) for node in done.result or []]

    return make


def facts(warehouse: Warehouse) -> dict[str, list[dict[str, Any]]]:
    return {fact: rows_of(warehouse, fact) for fact in FACTS}


def mark(warehouse: Warehouse) -> None:
    """Writes into every row of the facts what no load brings: it stays until the row is made again."""
    for fact, column in MARKS.items():
        warehouse.execute(f"update analytics.{fact} set {column} = 'as it was'")  # noqa: S608


def made_again(warehouse: Warehouse, fact: str) -> set[str]:
    where = f"{MARKS[fact]} is null or {MARKS[fact]} <> 'as it was'"
    return {row["run_id"] for row in warehouse.query(f"select run_id from analytics.{fact} where {where}")}  # noqa: S608


def runs_of(warehouse: Warehouse, fact: str) -> set[str]:
    return {row["run_id"] for row in warehouse.query(f"select run_id from analytics.{fact}")}  # noqa: S608


def test_what_changed_is_made_again_and_nothing_else(
    account: Account, make_facts: Callable[..., None]
) -> None:
    make_facts()
    changes = [
        account.new_run,
        account.late_evaluation,
        account.end_of_a_run,
        account.fewer_calls,
        account.no_calls,
        account.calls_of_an_unknown_run,
        account.run_that_is_gone,
    ]
    for _ in range(2):
        mark(account.warehouse)
        account.changed.clear()
        for change in account.chance.sample(changes, 4):
            account.step(change)
        make_facts()
        for fact in FACTS:
            expected = account.changed & runs_of(account.warehouse, fact)
            assert made_again(account.warehouse, fact) == expected, fact
        marked = facts(account.warehouse)
        make_facts("--full-refresh")
        for fact, rows in facts(account.warehouse).items():
            kept = [{k: v for k, v in row.items() if k != MARKS[fact]} for row in marked[fact]]
            whole = [{k: v for k, v in row.items() if k != MARKS[fact]} for row in rows]
            assert kept == whole, fact


def test_a_build_with_nothing_new_makes_nothing(account: Account, make_facts: Callable[..., None]) -> None:
    make_facts()
    mark(account.warehouse)
    make_facts()
    assert [made_again(account.warehouse, fact) for fact in FACTS] == [set()] * 3


def test_calls_follow_their_workflow_to_another_server(
    account: Account, make_facts: Callable[..., None]
) -> None:
    make_facts()
    account.put("workflows", "workflow_id", "w", {"workflow_id": "w", "mcp_server_id": "mcp-2"})
    make_facts()
    rows = account.warehouse.query("select distinct mcp_server_id from analytics.fct_tool_calls")
    assert [row["mcp_server_id"] for row in rows] == ["mcp-2"]


def test_facts_that_were_made_by_other_views_are_made_again(
    account: Account, make_facts: Callable[..., None]
) -> None:
    account.warehouse.execute("alter table armature.runs drop column classification")
    make_facts()
    account.warehouse.execute("alter table armature.runs add column classification text default 'late'")
    make_facts()
    rows = account.warehouse.query("select distinct classification from analytics.fct_runs")
    assert [row["classification"] for row in rows] == ["late"]
