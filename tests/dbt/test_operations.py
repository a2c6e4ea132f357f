"""Incidents, error budgets, freshness and findings are those of hand-made histories, on both engines."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from figures import wilson
from histories import SYNCED_AT, History
from warehouses import Warehouse, build

from tests.once import once

if TYPE_CHECKING:
    from pathlib import Path

    from warehouses import MakeWarehouse

OUTCOMES = {
    "pass": "passed",
    "fail": "failed",
    "error": "errored",
    "partial": "partial",
    "cancelled": "cancelled",
    "completed": "unscored",
    "running": "running",
    "quantum": "unknown",
}

IDS = {
    "runs": "run_id",
    "evaluations": "run_id",
    "evaluation_criteria": "run_id",
    "tool_calls": "run_id",
    "fetch_errors": "run_id",
    "workflows": "workflow_id",
    "sync_log": "sync_id",
}
"""Ids that name their account, before a colon."""


def minutes_ago(minutes: float) -> datetime:
    return SYNCED_AT - timedelta(minutes=minutes)


def synced(history: History, account: str, **columns: object) -> None:
    usual = {
        "sync_id": f"{account}:1",
        "chunk": 0,
        "started_at": minutes_ago(10),
        "finished_at": SYNCED_AT,
        "is_complete": True,
    }
    history.sync_log.append({**usual, **columns})


def incidents_by_hand(history: History) -> None:
    """Workflows of the account `incidents`: status and minutes before the sync of each run."""
    for workflow, runs in {
        "lone-failure": [("fail", 60)],
        "lone-pass": [("pass", 60)],
        "recovered": [("pass", 100), ("fail", 90), ("error", 80), ("pass", 60), ("pass", 50)],
        "open": [("pass", 100), ("fail", 90), ("fail", 80), ("error", 70)],
        "never-passed": [("fail", 90), ("fail", 80)],
        "twice": [("fail", 90), ("fail", 80), ("pass", 70), ("fail", 60), ("fail", 50), ("fail", 40)],
        "up-and-down": [("fail", 90), ("pass", 80), ("fail", 70), ("pass", 60), ("fail", 50)],
        "interrupted": [
            *(("fail", 90), ("partial", 85), ("cancelled", 80), ("completed", 75), ("running", 70)),
            *(("quantum", 65), ("fail", 60), ("pass", 50)),
        ],
        "tied": [("pass", 80), ("fail", 90), ("fail", 80)],
        "tied-recovery": [("pass", 90), ("fail", 90), ("fail", 90)],
        "untimed": [("fail", None), ("fail", None), ("fail", 60)],
        "after-the-sync": [("fail", 10), ("fail", -30)],
        "left": [("fail", 90), ("fail", 70), ("pass", 50)],
        "right": [("pass", 80), ("fail", 60), ("pass", 40)],
    }.items():
        for number, (status, minutes) in enumerate(runs):
            started_at = None if minutes is None else minutes_ago(minutes)
            history.run(
                OUTCOMES[status],
                run_id=f"incidents:{workflow}:{number}",
                workflow_id=workflow,
                workflow_name=workflow.title(),
                status=status,
                started_at=started_at,
            )
    for number in range(2):
        history.run("failed", run_id=f"incidents:no-workflow:{number}", workflow_id=None, status="fail")
    synced(history, "incidents")


def incidents_by_chance(history: History) -> None:
    chance = random.Random(11)  # noqa: S311
    for number in range(600):
        status = chance.choice(["pass", "fail", "fail", "error", "partial", "running"])
        history.run(
            OUTCOMES[status],
            run_id=f"chance:{number:03}",
            workflow_id=chance.choice(["wf-1", "wf-2", "wf-3"]),
            status=status,
            started_at=minutes_ago(chance.randrange(45 * 1440)) if chance.random() < 0.9 else None,
        )
    synced(history, "chance")


def budgets_by_hand(history: History) -> None:
    """Accounts that burn their error budgets in different ways: status and minutes before the sync."""
    for account, runs in {
        "burning": [("fail", 2)] * 20,
        "burnt-out": [("fail", 45)] * 20 + [("pass", 2)],
        "few": [("error", 2)] * 9,
        "steady": [("pass", 2)] * 98 + [("partial", 2), ("error", 30)],
        "slow": [("pass", 50 * 60)] * 90 + [("fail", 5 * 60)] * 10,
        "edges": [("fail", 60), ("pass", 59.999), ("pass", -1), ("cancelled", 1), ("completed", 1)],
        "idle": [],
    }.items():
        for number, (status, minutes) in enumerate(runs):
            history.run(
                OUTCOMES[status],
                run_id=f"{account}:{number}",
                status=status,
                started_at=minutes_ago(minutes),
            )
        synced(history, account)


def findings_by_hand(history: History) -> None:
    """An account with one or two of every finding, and a sync that did not end."""

    def run(name: str, **columns: object) -> None:
        history.run("-", run_id=f"dirty:{name}", **columns)

    run("clean")
    run("no-time", started_at=None, ended_at=None)
    run("no-model", model=" ")
    run("no-workflow", workflow_id=None)
    run("quantum", status="quantum")
    run("backwards", ended_at=minutes_ago(600))
    run("shorter-than-nothing", duration_ms=-1)
    run("paid-for", cost=Decimal("-0.000000001"))
    run("free", cost=Decimal(0))
    run("tomorrow", started_at=minutes_ago(-1440))
    run("slightly-ahead", started_at=minutes_ago(-50))
    run("judged", evaluation={"verdict": "pass"})
    run("judged-again", evaluation={"verdict": "pass", "evaluation_id": "ev-dirty:judged"})
    for name in ("a", "b"):
        history.evaluations.append({"run_id": f"dirty:gone-{name}"})
    history.criterion("-", "dirty:gone-a", status="pass")
    history.criterion("-", "dirty:judged", status="pass")
    history.call("dirty:gone-a", tool_name="t")
    history.call("dirty:gone-a", tool_name="t", duration_ms=-1)
    history.call("dirty:judged", tool_name="t", duration_ms=0)
    for name, resolved_at in (("judged", None), ("clean", minutes_ago(5))):
        history.fetch_errors.append(
            {"run_id": f"dirty:{name}", "endpoint": "evaluation", "resolved_at": resolved_at}
        )
    synced(history, "dirty", gap_start=minutes_ago(90_000), gap_end=minutes_ago(80_000))
    late = {"sync_id": "dirty:2", "is_complete": False}
    synced(history, "dirty", **late, started_at=minutes_ago(4), finished_at=minutes_ago(-1))


def readings_by_hand(history: History) -> None:
    """An account whose second sync brought one run, and one that has runs and no log."""
    for number, extracted_at in enumerate([minutes_ago(120), minutes_ago(100), minutes_ago(3)]):
        history.run(
            "passed",
            run_id=f"read:{number}",
            started_at=extracted_at - timedelta(minutes=10),
            _extracted_at=extracted_at,
        )
    history.evaluations.append(
        {
            "run_id": "read:0",
            "verdict": "pass",
            "evaluated_at": minutes_ago(90),
            "_extracted_at": minutes_ago(80),
        }
    )
    history.workflows.append({"workflow_id": "read:wf", "last_seen_at": minutes_ago(4)})
    synced(history, "read", started_at=minutes_ago(130), finished_at=minutes_ago(99))
    second = {"sync_id": "read:2", "started_at": minutes_ago(5)}
    synced(history, "read", **second, chunk=0, finished_at=minutes_ago(2), is_complete=False)
    synced(history, "read", **second, chunk=1, finished_at=minutes_ago(1), is_complete=None)
    history.run("passed", run_id="unlogged:0", started_at=None, ended_at=None)


def whole() -> History:
    history = History()
    incidents_by_hand(history)
    incidents_by_chance(history)
    budgets_by_hand(history)
    findings_by_hand(history)
    readings_by_hand(history)
    return history


HISTORY = whole()


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def operations(
    request: pytest.FixtureRequest, shared: Path, work: Path, make_warehouse: MakeWarehouse
) -> Warehouse:
    warehouse = make_warehouse(request.param, "operations")

    def make() -> None:
        tables = HISTORY.tables()
        warehouse.load({name: tables[name] for name in IDS})
        for table, column in IDS.items():
            warehouse.execute(f"update armature.{table} set account = split_part({column}, ':', 1)")  # noqa: S608
        warehouse.execute("update armature.runs set run_id = 'twin' where run_id in ('steady:0', 'slow:0')")
        build(
            warehouse,
            work / request.param,
            *("--select", "+rpt_incidents", "+rpt_slo", "+rpt_freshness", "+rpt_data_quality"),
            *("--exclude-resource-type", "unit_test", "--indirect-selection", "buildable"),
        )

    once(shared, f"operations-{request.param}", make)
    return warehouse


def incidents(operations: Warehouse, workflow: str) -> list[dict[str, Any]]:
    return operations.query(
        f"select * from analytics.rpt_incidents where workflow_id = '{workflow}' order by started_at"  # noqa: S608
    )


@pytest.mark.parametrize("workflow", ["lone-failure", "lone-pass", "up-and-down", "right"])
def test_a_failure_alone_is_no_incident(operations: Warehouse, workflow: str) -> None:
    assert incidents(operations, workflow) == []


def test_failures_without_a_time_have_no_place_in_an_incident(operations: Warehouse) -> None:
    assert incidents(operations, "untimed") == []


def test_an_incident_lasts_from_the_first_failure_to_the_next_pass(operations: Warehouse) -> None:
    (row,) = incidents(operations, "recovered")
    assert (row["failures"], row["failed_runs"], row["errored_runs"]) == (2, 1, 1)
    assert row["started_at"] == minutes_ago(90)
    assert row["last_failed_at"] == minutes_ago(80)
    assert row["recovered_at"] == minutes_ago(60)
    assert (row["is_open"], row["minutes_to_recovery"], row["duration_minutes"]) == (False, 30, 30)
    assert (row["workflow_name"], row["incident_number"]) == ("Recovered", 1)


@pytest.mark.parametrize(("workflow", "minutes", "failures"), [("open", 90, 3), ("never-passed", 90, 2)])
def test_an_incident_without_a_pass_is_open_until_the_last_sync(
    operations: Warehouse, workflow: str, minutes: int, failures: int
) -> None:
    (row,) = incidents(operations, workflow)
    assert (row["is_open"], row["recovered_at"], row["minutes_to_recovery"]) == (True, None, None)
    assert (row["duration_minutes"], row["failures"]) == (minutes, failures)
    assert row["as_of"] == SYNCED_AT


def test_a_workflow_can_fail_again_after_it_recovered(operations: Warehouse) -> None:
    rows = incidents(operations, "twice")
    assert [(row["incident_number"], row["failures"], row["is_open"]) for row in rows] == [
        (1, 2, False),
        (2, 3, True),
    ]


def test_runs_that_neither_passed_nor_failed_do_not_interrupt_an_incident(operations: Warehouse) -> None:
    (row,) = incidents(operations, "interrupted")
    assert (row["failures"], row["duration_minutes"]) == (2, 40)


def test_of_runs_at_the_same_moment_failures_come_first(operations: Warehouse) -> None:
    (row,) = incidents(operations, "tied")
    assert (row["failures"], row["minutes_to_recovery"]) == (2, 10)
    (row,) = incidents(operations, "tied-recovery")
    assert (row["failures"], row["minutes_to_recovery"], row["is_open"]) == (2, 0, False)


def test_an_open_incident_is_never_shorter_than_its_failures(operations: Warehouse) -> None:
    (row,) = incidents(operations, "after-the-sync")
    assert row["duration_minutes"] == 40


def test_interleaved_workflows_do_not_end_each_others_incidents(operations: Warehouse) -> None:
    (row,) = incidents(operations, "left")
    assert (row["failures"], row["duration_minutes"]) == (2, 40)


def test_the_incidents_of_a_random_history_are_those_that_a_loop_finds(operations: Warehouse) -> None:
    expected = []
    for workflow in ("wf-1", "wf-2", "wf-3"):
        runs = [
            (run["started_at"], run["status"] == "pass")
            for run in HISTORY.runs
            if run["run_id"].startswith("chance:")
            and run["workflow_id"] == workflow
            and run["started_at"]
            and run["status"] in ("pass", "fail", "error")
        ]
        streak: list[datetime] = []
        for at, is_pass in [*sorted(runs), (None, True)]:
            if not is_pass:
                streak.append(at)
                continue
            if len(streak) > 1:
                expected.append((workflow, streak[0], streak[-1], at, len(streak)))
            streak = []
    rows = operations.query("select * from analytics.rpt_incidents where account = 'chance'")
    columns = ("workflow_id", "started_at", "last_failed_at", "recovered_at", "failures")
    found = [tuple(row[name] for name in columns) for row in rows]
    assert sorted(found, key=str) == sorted(expected, key=str)
    assert any(row["is_open"] for row in rows)


def window(operations: Warehouse, account: str, name: str) -> dict[str, Any]:
    (row,) = operations.query(
        f"select * from analytics.rpt_slo where account = '{account}' and window_name = '{name}'"  # noqa: S608
    )
    return row


def alerts(operations: Warehouse, account: str) -> dict[str, str]:
    rows = operations.query(
        f"select window_name, alert_level from analytics.rpt_slo where account = '{account}'"  # noqa: S608
    )
    return {row["window_name"]: row["alert_level"] for row in rows if row["alert_level"] != "none"}


def test_a_budget_that_burns_now_pages(operations: Warehouse) -> None:
    assert alerts(operations, "burning") == {"1h": "page", "6h": "page", "1d": "ticket", "3d": "ticket"}
    row = window(operations, "burning", "1h")
    assert (row["events"], row["bad_events"], row["sli"]) == (20, 20, 0)
    assert row["burn_rate"] == row["short_burn_rate"] == pytest.approx(20)
    assert row["budget_remaining"] == pytest.approx(-19)


def test_a_fire_that_is_out_raises_no_alert_in_its_own_window(operations: Warehouse) -> None:
    row = window(operations, "burnt-out", "1h")
    assert (row["short_events"], row["short_bad_events"], row["short_burn_rate"]) == (1, 0, 0)
    assert row["burn_rate"] == pytest.approx(20 / 21 / 0.05)
    assert row["alert_level"] == "none"


def test_a_slow_burn_is_a_ticket(operations: Warehouse) -> None:
    assert alerts(operations, "slow") == {"3d": "ticket"}


def test_few_events_raise_no_alert(operations: Warehouse) -> None:
    row = window(operations, "few", "1h")
    assert (row["burn_rate"], row["is_small_sample"]) == (pytest.approx(20), True)
    assert alerts(operations, "few") == {}


def test_the_error_budget_is_the_share_that_may_be_bad(operations: Warehouse) -> None:
    row = window(operations, "steady", "30d")
    assert (row["events"], row["good_events"], row["bad_events"]) == (100, 98, 2)
    assert (row["error_budget"], row["budget_remaining"]) == pytest.approx((5, 0.6))
    assert (row["sli_low"], row["sli_high"]) == pytest.approx(wilson(98, 100))
    assert row["slo_target"] == 0.95
    assert alerts(operations, "steady") == {}


def test_a_window_ends_with_the_last_sync_and_excludes_its_start(operations: Warehouse) -> None:
    row = window(operations, "edges", "1h")
    assert (row["events"], row["good_events"]) == (2, 2)
    assert (row["as_of"], row["starts_at"]) == (SYNCED_AT, minutes_ago(60))
    assert window(operations, "edges", "6h")["bad_events"] == 1


def test_a_window_without_events_is_a_row_without_rates(operations: Warehouse) -> None:
    row = window(operations, "idle", "1h")
    assert (row["events"], row["good_events"], row["bad_events"]) == (0, 0, 0)
    assert (row["sli"], row["burn_rate"], row["budget_remaining"], row["alert_level"]) == (
        *(None, None, None),
        "none",
    )


def test_windows_without_an_alert_have_no_short_window(operations: Warehouse) -> None:
    row = window(operations, "burning", "7d")
    assert (row["short_window_minutes"], row["short_events"], row["short_burn_rate"]) == (None, None, None)
    assert row["events"] == 20


def findings(operations: Warehouse, account: str) -> dict[str, int]:
    rows = operations.query(
        f"select check_name, findings from analytics.rpt_data_quality where account = '{account}'"  # noqa: S608
    )
    assert Counter(row["check_name"] for row in rows).most_common(1)[0][1] == 1
    return {row["check_name"]: row["findings"] for row in rows}


def test_every_finding_is_counted(operations: Warehouse) -> None:
    assert findings(operations, "dirty") == {
        "runs_without_time": 1,
        "runs_without_model": 1,
        "runs_without_workflow": 1,
        "runs_of_unknown_status": 1,
        "runs_ended_before_start": 1,
        "runs_with_negative_duration": 1,
        "runs_with_negative_cost": 1,
        "runs_in_the_future": 1,
        "run_ids_in_several_accounts": 0,
        "evaluations_without_run": 2,
        "evaluation_ids_repeated": 2,
        "criteria_without_run": 1,
        "tool_calls_without_run": 2,
        "tool_calls_with_negative_duration": 1,
        "details_unread": 1,
        "holes_in_history": 1,
        "last_sync_incomplete": 1,
    }


def test_a_check_without_findings_is_a_row_with_zero(operations: Warehouse) -> None:
    assert set(findings(operations, "burning").values()) == {0}
    assert findings(operations, "idle").keys() == findings(operations, "dirty").keys()


def test_a_run_that_two_accounts_have_is_found_in_both(operations: Warehouse) -> None:
    for account in ("steady", "slow"):
        assert findings(operations, account)["run_ids_in_several_accounts"] == 1


def test_a_finding_shows_one_of_its_records(operations: Warehouse) -> None:
    rows = operations.query(
        "select check_name, example_key from analytics.rpt_data_quality"
        " where account = 'dirty' and check_name in ('runs_with_negative_cost', 'tool_calls_without_run')"
        " order by check_name"
    )
    assert [row["example_key"] for row in rows] == [
        "armature/dirty/dirty:paid-for",
        "armature/dirty/dirty:gone-a/0",
    ]


def freshness(operations: Warehouse, account: str, subject: str) -> dict[str, Any]:
    (row,) = operations.query(
        f"select * from analytics.rpt_freshness where account = '{account}' and subject = '{subject}'"  # noqa: S608
    )
    return row


def test_freshness_says_what_the_last_sync_read(operations: Warehouse) -> None:
    row = freshness(operations, "read", "runs")
    assert (row["records"], row["records_in_last_sync"]) == (3, 1)
    assert (row["last_read_at"], row["last_event_at"]) == (minutes_ago(3), minutes_ago(13))
    assert (row["as_of"], row["event_age_minutes"]) == (minutes_ago(1), 12)


def test_freshness_tells_the_last_sync_from_the_last_complete_one(operations: Warehouse) -> None:
    row = freshness(operations, "read", "evaluations")
    assert (row["records"], row["records_in_last_sync"], row["event_age_minutes"]) == (1, 0, 89)
    assert (row["last_sync_started_at"], row["last_sync_finished_at"]) == (minutes_ago(5), minutes_ago(1))
    assert (row["is_last_sync_complete"], row["last_complete_sync_at"]) == (False, minutes_ago(99))


def test_a_kind_of_record_that_was_never_read_is_a_row(operations: Warehouse) -> None:
    row = freshness(operations, "read", "tool_calls")
    assert (row["records"], row["records_in_last_sync"], row["last_read_at"]) == (0, 0, None)
    assert freshness(operations, "read", "workflows")["records_in_last_sync"] == 1


def test_without_a_log_nothing_is_said_of_the_last_sync(operations: Warehouse) -> None:
    row = freshness(operations, "unlogged", "runs")
    assert (row["records"], row["records_in_last_sync"], row["last_event_at"]) == (1, None, None)
    assert (row["last_sync_finished_at"], row["is_last_sync_complete"]) == (None, None)
    assert row["as_of"] == minutes_ago(5)
