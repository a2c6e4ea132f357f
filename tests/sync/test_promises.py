"""What a sync promises, each promise by itself."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from emulator.common import faults
from sources.armature.tables import OFF_BY_DEFAULT, TABLES
from sources.common.session import ChunkEnd, SyncSettings
from tests.sync.syncing import ALL, KilledError, session_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sync.account import Account

EVALUATION = "/{id}/evaluation"
TOOL_CALLS = "/{id}/tool-calls"
DETAIL = "/{id}"


# -- complete ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["newest_first", "oldest_first", "shuffled"])
def test_every_listed_run_is_loaded_whatever_the_order(
    account_with: Callable[..., Account], order: str
) -> None:
    account = account_with(default_order=order, max_page_size=7)
    ids = account.add_runs(50)
    account.sync()
    assert {row["run_id"] for row in account.tables.of("runs")} == set(ids)


def test_runs_with_the_same_start_are_all_loaded(account_with: Callable[..., Account]) -> None:
    account = account_with(max_page_size=10)
    ids = account.add_runs(60, minutes_apart=0)
    account.sync(chunk_runs=10)
    assert {row["run_id"] for row in account.tables.of("runs")} == set(ids)


def test_a_run_that_slips_to_a_page_already_read_is_found_by_another_pass(
    account_with: Callable[..., Account],
) -> None:
    account = account_with(max_page_size=5, default_order="newest_first")
    ids = account.add_runs(20)
    pages = []

    def let_the_newest_vanish(page: int) -> None:
        pages.append(page)
        if page == 2 and pages.count(2) == 1:
            account.world.remove_run(ids[-1])

    account.world.on_page(let_the_newest_vanish)
    account.sync()
    assert {row["run_id"] for row in account.tables.of("runs")} >= set(ids[:-1])


def test_a_run_that_shows_up_late_is_loaded_by_the_next_sync(account: Account) -> None:
    account.add_runs(30)
    account.sync()
    late = account.world.add_run(started_at=account.clock.now() - 3 * 3_600_000)
    account.sync()
    assert account.tables.of("runs", run_id=late.id)


@pytest.mark.parametrize("hours_since_sweep", [0, 5])
@pytest.mark.parametrize("hours_late", [3, 17])
def test_a_run_that_shows_up_hours_late_behind_many_others_is_loaded_within_hours(
    account_with: Callable[..., Account], hours_late: int, hours_since_sweep: int
) -> None:
    account = account_with(max_page_size=10)
    account.add_runs(140)
    account.sync()
    for _ in range(hours_since_sweep):
        account.clock.advance(hours=1)
        account.sync()
    late = account.world.add_run(started_at=account.clock.now() - hours_late * 3_600_000)
    for _ in range(7):
        account.add_runs(6)
        account.sync()
    assert account.tables.of("runs", run_id=late.id)


def test_a_list_in_order_is_not_read_to_its_end_again(account_with: Callable[..., Account]) -> None:
    account = account_with(max_page_size=10)
    account.add_runs(140)
    account.sync()
    account.sync()
    assert account.asked("") <= 3


def test_a_list_without_order_is_read_to_its_end_again(account_with: Callable[..., Account]) -> None:
    account = account_with(max_page_size=10, default_order="shuffled")
    account.add_runs(140)
    account.sync()
    account.sync()
    assert account.asked("") >= 14


# -- converging ----------------------------------------------------------------------------------------


def test_a_run_seen_running_is_read_again_until_it_ends(account: Account) -> None:
    run = account.world.add_run(duration_s=7200, status="fail")
    account.sync()
    assert account.tables.of("runs", run_id=run.id)[0]["status"] == "running"
    account.clock.advance(hours=50)
    account.sync()
    assert account.tables.of("runs", run_id=run.id)[0]["status"] == "fail"
    assert len(account.tables.of("tool_calls", run_id=run.id)) == run.calls


def test_an_open_run_is_read_by_id_when_the_list_no_longer_shows_it(account: Account) -> None:
    run = account.world.add_run(duration_s=5 * 86_400, status="pass")
    account.sync()
    account.clock.advance(days=6)
    account.add_runs(3)
    account.sync()
    assert account.tables.of("runs", run_id=run.id)[0]["status"] == "pass"


def test_a_late_evaluation_is_fetched_when_it_comes(account: Account) -> None:
    run = account.world.add_run(duration_s=60, evaluation_after_s=3600)
    account.clock.advance(minutes=5)
    account.sync()
    assert not account.tables.of("evaluations")
    account.clock.advance(hours=2)
    account.sync()
    assert account.tables.of("evaluations", run_id=run.id)[0]["verdict"] == "pass"


def test_the_columns_that_only_a_detail_has_survive_a_late_evaluation(
    account_with: Callable[..., Account],
) -> None:
    account = account_with(list_rows="slim")
    run = account.world.add_run(duration_s=60, evaluation_after_s=3600)
    account.clock.advance(minutes=5)
    account.sync()
    account.sync()
    assert account.tables.of("runs", run_id=run.id)[0]["model"] == run.model
    account.clock.advance(hours=2)
    account.sync()
    assert account.tables.of("runs", run_id=run.id)[0]["model"] == run.model


def test_an_evaluation_that_never_comes_is_given_up_and_counted(account: Account) -> None:
    account.world.add_run(duration_s=60, evaluation_after_s=None)
    account.clock.advance(hours=1)
    account.sync()
    assert len(account.tables.state["following"]) == 1
    account.clock.advance(hours=60)
    account.sync()
    assert account.tables.state["following"] == {}
    assert account.tables.state["abandoned"] == 1


def test_a_run_that_never_ends_is_given_up_and_counted(account: Account) -> None:
    account.world.add_run(duration_s=90 * 86_400)
    account.sync()
    account.clock.advance(days=8)
    account.sync()
    assert account.tables.state["following"] == {}
    assert account.tables.state["abandoned"] == 1


# -- idempotent and crash-safe -------------------------------------------------------------------------


def test_a_second_sync_changes_nothing_but_the_sync_log(account: Account) -> None:
    account.add_runs(40)
    account.world.add_run(duration_s=86_400)
    account.sync()
    before = {name: dict(rows) for name, rows in account.tables.rows.items()}
    account.sync()
    after = {name: dict(rows) for name, rows in account.tables.rows.items()}
    assert len(after.pop("sync_log")) == len(before.pop("sync_log")) + 1
    assert after == before


def test_the_cursor_never_passes_a_run_that_is_not_loaded(account: Account) -> None:
    ids = account.add_runs(50)
    starts = {run_id: account.world.run(run_id).queued_at for run_id in ids}  # type: ignore[union-attr]
    for kill_after in range(8):
        with contextlib.suppress(KilledError):
            account.sync(chunk_runs=8, events_until_kill=kill_after)
        loaded = {row["run_id"] for row in account.tables.of("runs")}
        cursor = account.tables.cursor
        passed = {
            run_id
            for run_id, start in starts.items()
            if cursor is not None and datetime.fromtimestamp(start / 1000, UTC) <= cursor
        }
        assert passed <= loaded


def test_what_is_committed_with_a_chunk_says_nothing_of_the_chunks_after_it(account: Account) -> None:
    account.add_runs(20)
    session = session_of(account.server, clock=account.clock, settings=SyncSettings(chunk_runs=4))
    session.begin({}, None, ALL)
    committed = []
    while not session.is_done:
        end = list(session.chunk())[-1]
        assert isinstance(end, ChunkEnd)
        committed.append((end.cursor, end.state))
    assert len(committed) == 10
    for cursor, state in committed:
        assert cursor is not None
        assert datetime.fromisoformat(state["reached"]["runs"]) == cursor


def test_a_followed_run_does_not_carry_the_cursor_past_older_runs(account: Account) -> None:
    wanted = account.world.add_workflow("Wanted").id
    others = account.add_runs(20, minutes_apart=120, workflow_id=account.world.add_workflow("Other").id)
    account.world.add_run(workflow_id=wanted, duration_s=86_400)
    account.sync(workflow=wanted)
    with pytest.raises(KilledError):
        account.sync(chunk_runs=2, events_until_kill=2)
    account.sync()
    assert {row["run_id"] for row in account.tables.of("runs")} >= set(others)


@pytest.mark.parametrize("chunk_runs", [1, 2, 3, 10, 11])
def test_chunks_of_any_size_end(account: Account, chunk_runs: int) -> None:
    account.add_runs(10)
    account.sync(chunk_runs=chunk_runs)
    assert len(account.tables.of("runs")) == 10


def test_a_crash_costs_no_more_than_one_chunk(account: Account) -> None:
    ids = account.add_runs(100)
    # While this run is waited for, a sync that knew no bound would read all that come after it.
    account.server.faults.add(faults.slow(0.5), on=f"GET /runs/{ids[55]}/evaluation", times=1)
    with pytest.raises(KilledError):
        account.sync(chunk_runs=20, events_until_kill=5)
    first = account.asked(TOOL_CALLS)
    account.sync(chunk_runs=20)
    assert first + account.asked(TOOL_CALLS) - 100 <= 20


# -- honest --------------------------------------------------------------------------------------------


def test_a_hole_is_reported_when_the_last_sync_is_longer_ago_than_the_platform_lists(
    account: Account,
) -> None:
    account.add_runs(3)
    account.sync()
    synced_at = datetime.fromtimestamp(account.clock.now() / 1000, UTC)
    account.clock.advance(days=40)
    account.add_runs(3)
    outcome = account.sync()
    assert outcome.gap is not None
    start, end = outcome.gap
    assert start == synced_at
    assert end - start == pytest.approx(timedelta(days=10), abs=timedelta(hours=1))
    assert account.tables.of("sync_log")[-1]["gap_start"] or account.tables.of("sync_log")[0]["gap_start"]


def test_a_quiet_month_between_two_syncs_is_no_hole(account: Account) -> None:
    account.add_runs(3)
    account.sync()
    account.clock.advance(days=20)
    account.sync()
    account.clock.advance(days=20)
    assert account.sync().gap is None


def test_a_run_whose_details_cannot_be_read_is_loaded_all_the_same(account: Account) -> None:
    (run_id,) = account.add_runs(1)
    account.server.faults.add(
        faults.answer(400, b'{"error": {"code": "invalid"}}'), on="GET /runs/{id}/tool-calls"
    )
    assert account.sync().unread == 1
    assert account.tables.of("runs", run_id=run_id)
    (error,) = account.tables.of("fetch_errors")
    assert (error["run_id"], error["endpoint"], error["status_code"]) == (run_id, "tool_calls", 400)
    account.server.faults.clear()
    account.sync()
    (error,) = account.tables.of("fetch_errors")
    assert error["resolved_at"] is not None
    assert account.tables.of("tool_calls", run_id=run_id)


# -- thrifty -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "asked"), [(0, "24h"), (0.9, "24h"), (2, "7d"), (6.5, "7d"), (8, "30d"), (50, "30d")]
)
def test_the_smallest_range_that_covers_the_window_is_asked_for(
    account: Account, days: float, asked: str
) -> None:
    account.add_runs(3)
    account.sync()
    account.clock.advance(days=days)
    account.sync()
    assert {request.query["range"] for request in account.server.requests.of("GET /runs")} == {asked}


def test_a_sync_with_nothing_new_lists_runs_with_two_requests_at_most(account: Account) -> None:
    account.add_runs(80)
    account.sync()
    account.sync()
    assert account.asked("") <= 2
    assert account.asked(EVALUATION) == account.asked(TOOL_CALLS) == account.asked(DETAIL) == 0


def test_a_table_that_is_not_selected_costs_no_request(account: Account) -> None:
    account.add_runs(5)
    account.sync(selected=frozenset({"runs", "sync_log"}))
    assert set(account.server.requests.counts) == {"GET /runs"}


def test_a_table_selected_later_is_filled_for_the_runs_loaded_before(account: Account) -> None:
    ids = account.add_runs(30)
    account.sync(selected=frozenset({"runs"}))
    account.sync()
    assert {row["run_id"] for row in account.tables.of("tool_calls")} == set(ids)
    assert account.tables.of("evaluations")
    account.sync()
    assert account.asked(TOOL_CALLS) == 0


def test_traces_switched_on_later_are_filled_without_reading_the_rest_again(account: Account) -> None:
    ids = account.add_runs(30)
    account.sync()
    account.sync(selected=ALL | OFF_BY_DEFAULT)
    assert {row["run_id"] for row in account.tables.of("trace_spans")} == set(ids)
    assert account.asked(TOOL_CALLS) == 0


@pytest.mark.parametrize(("rows", "details"), [("full", 0), ("slim", 1)])
def test_details_are_asked_for_only_when_the_list_lacks_something(
    account_with: Callable[..., Account], rows: str, details: int
) -> None:
    account = account_with(list_rows=rows)
    account.add_runs(40)
    account.sync()
    account.add_runs(40)
    account.clock.advance(hours=1)
    account.sync()
    assert account.asked(DETAIL) == 40 * details


# -- bounded -------------------------------------------------------------------------------------------


def test_what_a_sync_remembers_does_not_grow_with_the_days(account: Account) -> None:
    sizes = []
    for _ in range(6):
        account.add_runs(24, minutes_apart=60, calls=0)
        account.sync()
        sizes.append(len(json.dumps(account.tables.state)))
    assert sizes[-1] <= 1.1 * sizes[1], sizes


# -- scopes --------------------------------------------------------------------------------------------


def test_one_workflow_can_be_loaded_and_the_others_come_with_the_next_sync(account: Account) -> None:
    wanted = account.world.add_workflow("Wanted").id
    account.add_runs(5, workflow_id=account.world.add_workflow("Other").id)
    account.add_runs(5, workflow_id=wanted)
    account.sync(workflow=wanted)
    assert {row["workflow_id"] for row in account.tables.of("runs")} == {wanted}
    account.sync()
    assert len(account.tables.of("runs")) == 10


def test_since_reads_again_what_started_later(account: Account) -> None:
    account.add_runs(10, minutes_apart=60)
    account.sync()
    since = datetime.fromtimestamp(account.clock.now() / 1000, UTC) - timedelta(hours=3, minutes=30)
    account.sync(since=since)
    assert account.asked(TOOL_CALLS) == 3


def test_a_first_load_since_a_moment_leaves_out_what_is_older(account: Account) -> None:
    ids = account.add_runs(10, minutes_apart=60)
    since = datetime.fromtimestamp(account.clock.now() / 1000, UTC) - timedelta(hours=3, minutes=30)
    account.sync(since=since)
    assert {row["run_id"] for row in account.tables.of("runs")} == set(ids[-3:])


def test_a_full_refresh_keeps_what_the_platform_no_longer_shows(account: Account) -> None:
    ids = account.add_runs(10)
    account.sync()
    account.world.remove_run(ids[0])
    account.sync(forget=True)
    assert account.asked(TOOL_CALLS) == 9
    assert {row["run_id"] for row in account.tables.of("runs")} == set(ids)


# -- never deletes -------------------------------------------------------------------------------------


def test_an_archived_workflow_stays_and_says_when_it_was_seen_last(account: Account) -> None:
    workflow = account.world.add_workflow("Old")
    account.add_runs(1, workflow_id=workflow.id)
    account.sync()
    seen_at = datetime.fromtimestamp(account.clock.now() / 1000, UTC)
    account.world.archive_workflow(workflow.id)
    account.clock.advance(days=2)
    account.sync()
    (row,) = account.tables.of("workflows", workflow_id=workflow.id)
    assert row["is_archived"] is True
    assert row["last_seen_at"] == seen_at


def test_a_workflow_that_was_archived_before_the_first_sync_is_loaded_for_its_runs(account: Account) -> None:
    workflow = account.world.add_workflow("Older")
    account.add_runs(1, workflow_id=workflow.id)
    account.world.archive_workflow(workflow.id)
    account.sync()
    assert account.tables.of("workflows", workflow_id=workflow.id)[0]["is_archived"] is True


def test_all_tables_exist_after_the_first_sync_even_if_they_never_had_a_row(account: Account) -> None:
    account.sync()
    assert set(account.tables.state["tables"]) == ALL
    assert set(TABLES) - ALL == OFF_BY_DEFAULT


# -- permissions and failures --------------------------------------------------------------------------


def test_a_forbidden_table_is_caught_up_with_when_it_is_granted(account: Account) -> None:
    ids = account.add_runs(5)
    account.server.faults.add(faults.refusal(403), on="GET /runs/{id}/tool-calls")
    account.sync()
    assert {row["run_id"] for row in account.tables.of("runs")} == set(ids)
    assert account.asked(TOOL_CALLS) <= 5
    account.server.faults.clear()
    account.sync()
    assert {row["run_id"] for row in account.tables.of("tool_calls")} == set(ids)
    assert account.asked(EVALUATION) == 0


def test_a_table_that_stays_forbidden_costs_one_request_a_sync(account: Account) -> None:
    account.add_runs(5)
    account.server.faults.add(faults.refusal(403), on="GET /runs/{id}/tool-calls")
    account.sync()
    account.sync()
    assert account.asked(TOOL_CALLS) == 1
