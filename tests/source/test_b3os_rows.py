"""What B3OS says of runs, nodes, workflows and compute units stands in the tables as it was meant."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from b3os_account import account

from emulator.b3os import B3osSettings
from emulator.common import faults
from sources.b3os import CONNECTOR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from b3os_account import B3osAccount


@pytest.fixture
def b3os() -> Iterator[B3osAccount]:
    with account() as empty:
        yield empty


def test_a_run_has_its_columns_and_nothing_is_left_over(b3os: B3osAccount) -> None:
    run = b3os.world.add_run(trigger_source="cron", total_cu=12.5, duration_s=60)
    b3os.world.clock.advance(hours=1)
    b3os.sync()
    row = b3os.runs[run.id]
    assert row["status"] == "success"
    assert row["duration_ms"] == 60_000
    assert row["cost"] == Decimal("12.5")
    assert row["trigger_source"] == "cron"
    assert row["organization_id"] == b3os.world.organization_id
    assert '"nodes"' in row["workflow_definition"]
    assert (row["source_run_id"], row["error"], row["extra"]) == (None, None, None)
    assert all(node["extra"] is None for node in b3os.nodes(run.id).values())


def test_a_run_whose_units_are_never_told_has_no_cost(b3os: B3osAccount) -> None:
    run = b3os.world.add_run(total_cu=None)
    b3os.world.clock.advance(hours=1)
    b3os.sync()
    assert b3os.runs[run.id]["cost"] is None


def test_simulations_and_dust_tests_are_kept_and_marked(b3os: B3osAccount) -> None:
    simulated = b3os.world.add_run(is_simulation=True)
    dust = b3os.world.add_run(is_dust_test=True)
    b3os.sync()
    assert [b3os.runs[run.id]["is_simulation"] for run in (simulated, dust)] == [True, False]
    assert [b3os.runs[run.id]["is_dust_test"] for run in (simulated, dust)] == [False, True]
    assert b3os.runs[simulated.id]["simulation_mode"] == "fork"
    assert "fork_" in b3os.runs[simulated.id]["simulation_forks"]


def test_a_retry_is_a_run_of_its_own_that_names_the_failed_one(b3os: B3osAccount) -> None:
    failed = b3os.world.add_run(status="failure", stops_at=1)
    b3os.world.clock.advance(hours=1)
    again = b3os.world.retry_run(failed.id, status="success")
    b3os.world.clock.advance(hours=1)
    b3os.sync()
    assert b3os.runs[failed.id]["status"] == "failure"
    assert b3os.runs[again.id]["source_run_id"] == failed.id


def test_a_failed_run_says_what_its_failed_node_says(b3os: B3osAccount) -> None:
    run = b3os.world.add_run(status="failure", stops_at=1)
    b3os.world.clock.advance(hours=1)
    b3os.sync()
    nodes = b3os.nodes(run.id)
    assert [name for name, node in nodes.items() if node["status"] == "failure"] == ["n2"]
    assert nodes["n2"]["error"] in nodes["n2"]["result"]
    assert [name for name, node in nodes.items() if node["error"] is not None] == ["n2"]
    assert b3os.runs[run.id]["error"] == nodes["n2"]["error"]


def test_nodes_are_in_the_order_of_the_answer_and_the_trigger_is_root(b3os: B3osAccount) -> None:
    run = b3os.world.add_run()
    b3os.world.clock.advance(hours=1)
    b3os.sync()
    nodes = sorted(b3os.nodes(run.id).values(), key=lambda node: node["node_index"])
    assert [node["node_id"] for node in nodes[:3]] == ["root", "n1", "n2"]
    assert all(node["duration_ms"] is not None for node in nodes)


@pytest.mark.parametrize(
    ("result", "error"),
    [
        ({"error": "No price."}, "No price."),
        ({"error": {"message": "No price.", "code": 4}}, "No price."),
        ({"error": {"code": 4}}, '{"code":4}'),
        ({"message": "No price."}, "No price."),
        ("No price.", "No price."),
        ({"code": 4}, '{"code":4}'),
        (None, None),
    ],
)
def test_the_error_of_a_node_is_read_in_any_shape(
    b3os: B3osAccount, result: object, error: str | None
) -> None:
    record = {"id": "run_1", "status": "failure", "startedAt": "2026-03-01T11:00:00Z"}
    nodes = {"n1": {"type": "get-token-price", "status": "failure", "result": result}}
    b3os.world.put_raw_run(
        record,
        id="run_1",
        workflow_id=b3os.world.add_workflow().id,
        detail={**record, "executionState": nodes},
    )
    b3os.sync()
    assert b3os.nodes("run_1")["n1"]["error"] == error


@pytest.mark.parametrize(
    ("state", "ids"),
    [
        ({"n1": {"type": "if", "status": "success"}, "n2": "?"}, ["n1", "n2"]),
        ([{"id": "n1", "type": "if"}, {"type": "if"}], ["n1", "1"]),
        ("lost", ["0"]),
        ({}, []),
        (None, []),
    ],
)
def test_nodes_of_any_shape_are_kept(b3os: B3osAccount, state: object, ids: list[str]) -> None:
    record = {"id": "run_1", "status": "success", "startedAt": "2026-03-01T11:00:00Z"}
    b3os.world.put_raw_run(
        record,
        id="run_1",
        workflow_id=b3os.world.add_workflow().id,
        detail={**record, "executionState": state},
    )
    outcome = b3os.sync()
    assert (sorted(b3os.nodes("run_1")), outcome.unread) == (sorted(ids), 0)


def test_nodes_of_a_run_whose_record_failed_come_with_a_later_sync(b3os: B3osAccount) -> None:
    run = b3os.world.add_run()
    b3os.world.clock.advance(hours=1)
    b3os.patience = 1.0
    rule = b3os.server.faults.add(faults.server_error(500), on=f"GET /runs/{run.id}")
    assert b3os.sync().unread == 2
    assert b3os.runs[run.id]["status"] == "success"
    b3os.server.faults.remove(rule)
    b3os.patience = 30.0
    assert b3os.sync().unread == 0
    assert len(b3os.nodes(run.id)) > 1
    assert all(row["resolved_at"] is not None for row in b3os.tables["fetch_errors"].values())


def test_a_run_that_waits_for_weeks_is_followed_by_its_id_until_it_ends(b3os: B3osAccount) -> None:
    run = b3os.world.add_run(waits_after_s=10)
    for _ in range(4):
        b3os.world.clock.advance(days=20)
        b3os.sync()
        assert b3os.runs[run.id]["status"] == "waiting"
    b3os.world.resume_run(run.id)
    b3os.world.clock.advance(hours=1)
    b3os.sync()
    assert b3os.runs[run.id]["status"] == "success"
    assert {node["status"] for node in b3os.nodes(run.id).values()} <= {"success", "skipped"}


def test_a_run_that_waits_longer_than_open_run_days_is_given_up(b3os: B3osAccount) -> None:
    b3os.world.add_run(waits_after_s=10)
    b3os.sync()
    b3os.world.clock.advance(days=91)
    assert b3os.sync().open_runs == 0
    assert b3os.state["abandoned"] == 1
    assert CONNECTOR.open_run_days == 90


def test_units_that_are_settled_after_the_end_are_loaded(b3os: B3osAccount) -> None:
    run = b3os.world.add_run(duration_s=4 * 3600)
    b3os.world.clock.advance(hours=3)
    b3os.world.add_run()
    b3os.sync()
    b3os.world.clock.advance(hours=2)
    b3os.sync()
    b3os.world.update_run(run.id, total_cu=99)
    b3os.world.clock.advance(hours=7)
    b3os.sync()
    assert b3os.runs[run.id]["cost"] == 99


def test_an_address_is_hashed_unless_a_setting_keeps_it(b3os: B3osAccount) -> None:
    run = b3os.world.add_run(triggered_by="Ann@Example.com")
    other = b3os.world.add_run(triggered_by="user_1")
    b3os.sync()
    hashed = b3os.runs[run.id]["triggered_by"]
    assert "@" not in hashed
    assert b3os.runs[other.id]["triggered_by"] == "user_1"
    with account(world=b3os.world) as again:
        again.sync(email_salt="pepper")
        assert again.runs[run.id]["triggered_by"] not in (hashed, "Ann@Example.com")
    with account(world=b3os.world) as again:
        again.sync(keeps_emails=True)
        assert again.runs[run.id]["triggered_by"] == "Ann@Example.com"


def test_compute_units_are_loaded_once_and_again_when_they_change(b3os: B3osAccount) -> None:
    ended = b3os.world.add_run(total_cu=7)
    b3os.world.clock.advance(minutes=30)
    going = b3os.world.add_run(duration_s=3600)
    b3os.sync()
    organization = b3os.world.organization_id
    assert b3os.tables["cu_usage"][(organization, ended.id)]["cost"] == 7
    b3os.world.clock.advance(hours=2)
    b3os.sync()
    assert b3os.fresh["cu_usage"] == 1
    assert b3os.tables["cu_usage"][(organization, going.id)]["status"] == "success"
    b3os.sync()
    assert b3os.fresh["cu_usage"] == 0


def test_compute_units_are_read_no_further_back_than_is_needed(b3os: B3osAccount) -> None:
    for hour in range(450):
        b3os.world.add_run(started_at=b3os.world.clock.now() - hour * 3_600_000 - 120_000)
    b3os.sync()
    assert b3os.fresh["cu_usage"] == 450
    b3os.sync()
    assert b3os.server.requests.counts["GET /organizations/{orgId}/cu/runs"] == 1
    assert len(str(b3os.state["reference"]["cu_usage"])) < 20_000
    b3os.world.clock.advance(days=2)
    b3os.sync()
    assert b3os.fresh["cu_usage"] == 0


@pytest.mark.parametrize("refusal", [faults.refusal(403), faults.refusal(404)])
@pytest.mark.parametrize("path", ["GET /organizations", "GET /organizations/{orgId}/cu/runs"])
def test_a_key_that_may_not_read_compute_units_misses_that_table_only(
    b3os: B3osAccount, refusal: faults.Fault, path: str
) -> None:
    run = b3os.world.add_run()
    b3os.server.faults.add(refusal, on=path)
    outcome = b3os.sync()
    assert outcome.is_complete
    assert (outcome.missing, b3os.runs.keys(), b3os.fresh["cu_usage"]) == ([], {run.id}, 0)


def test_tables_that_are_not_selected_cost_no_request(b3os: B3osAccount) -> None:
    b3os.world.add_run()
    b3os.sync("workflows")
    assert b3os.server.requests.counts == {"GET /workflows": 1}
    b3os.sync("cu_usage")
    assert b3os.server.requests.counts == {"GET /organizations": 1, "GET /organizations/{orgId}/cu/runs": 1}


def test_the_organization_is_named_where_a_setting_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with account(B3osSettings(needs_org_header=True)) as of:
        run = of.world.add_run()
        monkeypatch.setenv("SOURCES__B3OS__BASE_URL", of.server.base_url)
        monkeypatch.setenv("SOURCES__B3OS__API_KEY", of.server.api_key)
        monkeypatch.setenv("SOURCES__B3OS__ORGANIZATION_ID", of.world.organization_id)
        headers = dict(CONNECTOR.http().headers)
        assert headers == {"X-Org-ID": of.world.organization_id}
        assert of.sync(headers=headers).is_complete
        assert of.runs.keys() == {run.id}


def test_a_workflow_has_the_moments_at_which_it_was_first_and_last_listed(b3os: B3osAccount) -> None:
    workflow = b3os.world.add_workflow("Buy", max_runs=10).id
    b3os.sync()
    first = b3os.tables["workflows"][(workflow,)]
    assert (first["name"], first["status"], first["max_runs"]) == ("Buy", "active", 10)
    assert first["is_archived"] is False
    b3os.world.clock.advance(days=2)
    b3os.sync()
    second = b3os.tables["workflows"][(workflow,)]
    assert second["first_seen_at"] == first["first_seen_at"] < second["last_seen_at"]
    b3os.world.archive_workflow(workflow)
    b3os.world.clock.advance(days=2)
    b3os.sync()
    third = b3os.tables["workflows"][(workflow,)]
    assert (third["is_archived"], third["last_seen_at"]) == (True, second["last_seen_at"])
