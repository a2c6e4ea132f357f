"""What Runflow says of runs, nodes, batches and flows, in any of its dialects, as rows."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from runflow_account import runflow_account

from emulator.common import faults
from emulator.common.keys import Role
from sources.common.errors import RunmartError


@pytest.mark.parametrize("cost_as", ["plain", "loose", "number"])
@pytest.mark.parametrize("cost", ["0.0412", "12", "0.5", "1234.567891"])
def test_costs_are_exact_however_they_are_written(cost_as: str, cost: str) -> None:
    with runflow_account(cost_as=cost_as) as account:
        account.add_runs(1, cost=cost, minutes_apart=60)
        account.sync("runs", "node_runs")
        assert account.row("runs")["cost"] == Decimal(cost)
        assert sum(node["cost"] for node in account.rows("node_runs")) > 0


@pytest.mark.parametrize(("unbilled", "cost"), [("null", None), ("zero", 0)])
def test_a_failed_run_costs_what_the_platform_says(unbilled: str, cost: int | None) -> None:
    with runflow_account(unbilled_cost=unbilled) as account:
        account.add_runs(1, status="failed")
        account.sync("runs")
        assert account.row("runs")["cost"] == cost


@pytest.mark.parametrize("timestamps", ["iso_z", "iso_seconds", "iso_utc"])
def test_moments_are_read_in_any_notation(timestamps: str) -> None:
    with runflow_account(timestamps=timestamps) as account:
        account.add_runs(1, queue_s=2, duration_s=60)
        account.sync("runs")
        run = account.row("runs")
        assert run["created_at"] == datetime(2026, 3, 1, 12, tzinfo=UTC)
        assert run["started_at"] == datetime(2026, 3, 1, 12, 0, 2, tzinfo=UTC)
        assert run["duration_ms"] == 60_000


@pytest.mark.parametrize("status", ["succeeded", "failed", "cancelled"])
def test_a_run_whose_status_is_hidden_is_followed_until_it_ends(status: str) -> None:
    with runflow_account(shows_enums=False) as account:
        account.add_runs(1, status=status, duration_s=3600)
        assert account.sync("runs").open_runs == 1
        account.world.clock.advance(hours=1)
        assert account.sync("runs").open_runs == 0
        assert account.row("runs")["status"] is None
        assert account.row("runs")["ended_at"] is not None


@pytest.mark.parametrize("unasked", ["absent", "null"])
def test_relations_that_nobody_asked_for_leave_no_trace(unasked: str) -> None:
    with runflow_account(unasked_relations=unasked) as account:
        account.add_runs(1)
        account.sync("runs", "node_runs", "logs")
        assert account.row("runs")["extra"] is None
        assert {row["extra"] for row in account.tables.of("logs")} == {None}


def test_nodes_are_kept_in_their_order_with_retries_and_errors() -> None:
    with runflow_account() as account:
        (run_id,) = account.add_runs(1, status="failed", minutes_apart=60)
        account.sync("node_runs")
        nodes = sorted(account.rows("node_runs", run_id=run_id), key=lambda node: node["node_run_index"])
        assert [node["node_run_index"] for node in nodes] == list(range(len(nodes)))
        assert nodes[-1]["status"] == "failed"
        assert nodes[-1]["error_message"] == "A node stopped"
        assert all(node["retry_count"] is not None for node in nodes)


def test_nodes_of_a_run_that_goes_on_are_read_again_at_its_end() -> None:
    with runflow_account() as account:
        account.add_runs(1, duration_s=3600)
        account.sync("runs", "node_runs")
        assert "running" in {node["status"] for node in account.rows("node_runs")}
        account.world.clock.advance(hours=2)
        account.sync("runs", "node_runs")
        assert {node["status"] for node in account.rows("node_runs")} == {"succeeded"}


def test_logs_are_read_only_when_they_are_asked_for() -> None:
    with runflow_account() as account:
        account.add_runs(1)
        account.sync()
        assert account.asked("/runs/{run_id}/logs") == 0
        account.sync("logs")
        lines = account.rows("logs")
        assert lines
        assert all(line["level"] and line["message"] and line["logged_at"] for line in lines)


def test_what_a_run_says_not_to_have_is_not_asked_for() -> None:
    with runflow_account() as account:
        account.add_runs(1, has_logs=False, nodes_total=0)
        account.sync("runs", "node_runs", "logs")
        assert account.asked("/runs/{run_id}/logs") == account.asked("/runs/{run_id}/node-runs") == 0


def test_a_batch_is_read_once_however_many_runs_it_has() -> None:
    with runflow_account() as account:
        account.add_runs(6, minutes_apart=0, batch_id="batch")
        account.world.clock.advance(hours=1)
        account.sync()
        assert account.asked("/batches/{id}") == 1
        batch = account.row("batches")
        assert (batch["status"], batch["items_total"], batch["items_succeeded"]) == ("succeeded", 6, 6)


def test_a_batch_that_goes_on_is_read_again_until_it_ends() -> None:
    with runflow_account() as account:
        account.add_runs(1, minutes_apart=10, batch_id="batch")
        account.add_runs(1, minutes_apart=10, batch_id="batch", duration_s=3 * 3600)
        account.sync("runs", "batches")
        assert account.rows("batches") == []
        account.world.clock.advance(hours=4)
        assert account.sync("runs", "batches").open_runs == 0
        assert account.row("batches")["items_succeeded"] == 2


@pytest.mark.parametrize(
    ("scope", "path", "table"),
    [
        ("flows:read", "/flows", "flows"),
        ("models:read", "/models", "models"),
        ("comfyui-workflows:read", "/comfyui-workflows", "comfyui_workflows"),
        ("batches:read", "/batches/{id}", "batches"),
    ],
)
def test_a_missing_scope_costs_its_own_table_only(scope: str, path: str, table: str) -> None:
    with runflow_account() as account:
        account.key = account.server.emulator.keys.issue(Role.VIEWER, without=[scope]).token
        account.add_runs(2, minutes_apart=60, batch_id="batch")
        account.sync()
        assert account.asked(path)
        assert account.rows(table) == []
        assert len(account.rows("runs")) == len(account.rows("evaluations")) == 2
        account.key = account.server.api_key
        account.sync()
        if table in ("flows", "batches"):
            assert account.rows(table)


def test_a_key_that_may_not_read_runs_ends_the_sync_with_a_sentence() -> None:
    with runflow_account() as account:
        account.key = account.server.emulator.keys.issue(Role.VIEWER, without=["runs:read"]).token
        with pytest.raises(RunmartError, match="the key may not read /runs"):
            account.sync()


def test_a_deleted_flow_that_was_seen_stays_and_an_unknown_one_is_asked_for_once() -> None:
    with runflow_account() as account:
        seen, unseen = account.world.add_target("seen").id, account.world.add_target("unseen").id
        account.world.delete_target(unseen)
        account.add_runs(1, target_id=seen)
        account.add_runs(1, target_id=unseen)
        account.sync()
        account.world.delete_target(seen)
        account.sync()
        assert [row["flow_id"] for row in account.rows("flows")] == [seen]
        assert account.asked("/flows/{id}") == 0


def test_loading_twice_changes_nothing_but_the_log() -> None:
    with runflow_account() as account:
        account.add_runs(5, minutes_apart=60, batch_id="batch")
        account.sync()
        before = {name: account.rows(name) for name in account.tables.rows if name != "sync_log"}
        account.sync()
        assert {name: account.rows(name) for name in before} == before


def test_a_child_that_fails_is_noted_and_read_by_the_next_sync() -> None:
    with runflow_account() as account:
        (run_id,) = account.add_runs(1, minutes_apart=60)
        account.server.faults.add(faults.answer(418, b"{}"), on="GET /runs/{run_id}/node-runs", times=3)
        assert account.sync().unread == 1
        assert account.row("fetch_errors")["endpoint"] == "node_runs"
        account.sync()
        assert account.rows("node_runs", run_id=run_id)
        assert account.row("fetch_errors")["resolved_at"] is not None


def raw(**fields: Any) -> dict[str, Any]:  # noqa: ANN401
    minutes = {"created_at": 0, "started_at": 0, "completed_at": 1}
    return {
        "id": "raw",
        **{name: f"2026-03-01T11:0{minute}:00Z" for name, minute in minutes.items()},
        **fields,
    }


def test_what_no_column_takes_is_kept() -> None:
    with runflow_account() as account:
        account.world.put_raw_run(
            raw(status_code="succeeded", cost="a lot", novel={"a": [1]}, duration_ms="soon"),
            evaluations=[{"id": "e", "overall_passed": "perhaps", "judges": [{"name": "j", "novel": 1}]}],
            node_runs=[{"id": "n", "retry_count": "twice"}],
        )
        account.world.clock.advance(minutes=1)
        account.sync()
        run = account.row("runs")
        assert run["extra"] == {"cost": "a lot", "novel": {"a": [1]}, "duration_ms": "soon"}
        assert run["duration_ms"] == 60_000
        assert account.row("node_runs")["extra"] == {"retry_count": "twice"}


def test_a_run_without_an_id_is_kept_under_one_made_of_its_content() -> None:
    with runflow_account() as account:
        account.world.put_raw_run({**raw(), "id": None}, id="hidden")
        account.world.clock.advance(minutes=1)
        account.sync("runs")
        account.sync("runs")
        assert account.row("runs")["run_id"].startswith("unidentified-")
