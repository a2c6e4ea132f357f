"""What a sync promises, each promise by itself, of every platform."""

from __future__ import annotations

import contextlib
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from emulator.common import faults
from sources.common.sync import ChunkEnd
from tests.likeness.platforms import LIKENESSES
from tests.sync.syncing import KilledError, session_of, sync
from tests.sync.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.likeness.platform import Child, Likeness
    from tests.sync.account import Account

ORDERS = [(name, order) for name, likeness in LIKENESSES.items() for order in likeness.orders]
WITH_LATE = [name for name, likeness in LIKENESSES.items() if likeness.late is not None]
WITH_OPTIONAL = [name for name, likeness in LIKENESSES.items() if likeness.optional is not None]


def those(**has: object) -> pytest.MarkDecorator:
    """For the platforms that have this, or have it so."""
    names = [
        name
        for name, likeness in LIKENESSES.items()
        if all(getattr(likeness, what) == value for what, value in has.items())
    ]
    return pytest.mark.parametrize("likeness", names, indirect=True)


def optional(likeness: Likeness) -> Child:
    assert likeness.optional is not None
    return likeness.optional


# -- complete ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("likeness", "order"), ORDERS, indirect=["likeness"])
def test_every_listed_run_is_loaded_whatever_the_order(
    account_with: Callable[..., Account], order: str
) -> None:
    account = account_with(order=order, page=7)
    ids = account.add_runs(50)
    account.sync()
    assert account.loaded == set(ids)


@pytest.mark.parametrize("page", [1, 2, 3])
def test_a_list_is_read_to_its_end_however_short_its_pages_are(
    account_with: Callable[..., Account], page: int
) -> None:
    account = account_with(page=page)
    ids = account.add_runs(6)
    outcome = account.sync()
    assert outcome.is_complete, outcome.missing
    assert account.loaded == set(ids)


def test_runs_with_the_same_start_are_all_loaded(account_with: Callable[..., Account]) -> None:
    account = account_with(page=10)
    ids = account.add_runs(60, minutes_apart=0)
    account.sync(chunk_runs=10)
    assert account.loaded == set(ids)


def test_a_run_that_slips_to_a_page_already_read_is_found_by_another_pass(
    account_with: Callable[..., Account],
) -> None:
    account = account_with(page=5)
    ids = account.add_runs(20)
    pages = []

    def let_the_newest_vanish(page: object) -> None:
        pages.append(page)
        if len(pages) == 2:
            account.world.remove_run(ids[-1])

    account.world.on_page(let_the_newest_vanish)
    account.sync()
    assert account.loaded >= set(ids[:-1])


def test_a_run_that_shows_up_late_is_loaded_by_the_next_sync(account: Account) -> None:
    account.add_runs(30)
    account.sync()
    late = account.add_run(hours_ago=account.likeness.late_by.total_seconds() / 3600)
    account.sync()
    assert late.id in account.loaded


@pytest.mark.parametrize("hours_since_sweep", [0, 5])
@pytest.mark.parametrize("hours_late", [3, 17])
def test_a_run_that_shows_up_hours_late_behind_many_others_is_loaded_within_hours(
    account_with: Callable[..., Account], hours_late: int, hours_since_sweep: int
) -> None:
    account = account_with(page=10)
    account.add_runs(140)
    account.sync()
    for _ in range(hours_since_sweep):
        account.clock.advance(hours=1)
        account.sync()
    late = account.add_run(hours_ago=hours_late)
    for _ in range(7):
        account.add_runs(6)
        account.sync()
    assert late.id in account.loaded


def test_a_list_in_order_is_not_read_to_its_end_again(account_with: Callable[..., Account]) -> None:
    account = account_with(page=10)
    account.add_runs(140)
    account.sync()
    account.sync()
    assert account.pages <= 3


@pytest.mark.parametrize(
    ("likeness", "order"),
    [(name, order) for name, order in ORDERS if order == "shuffled"],
    indirect=["likeness"],
)
def test_a_list_without_order_is_read_to_its_end_again(
    account_with: Callable[..., Account], order: str
) -> None:
    account = account_with(page=10, order=order)
    account.add_runs(140)
    account.sync()
    account.sync()
    assert account.pages >= 14


# -- converging ----------------------------------------------------------------------------------------


def test_a_run_seen_running_is_read_again_until_it_ends(account: Account) -> None:
    run = account.add_run(status=account.likeness.statuses[2], minutes=120)
    account.sync()
    (row,) = account.tables.of("runs", run_id=run.id)
    assert row["status"] != run.status
    account.clock.advance(hours=50)
    account.sync()
    account.likeness.assert_loaded(account.tables, account.world, run, account.now)


def test_an_open_run_is_read_by_id_when_the_list_no_longer_shows_it(account: Account) -> None:
    run = account.add_run(minutes=5 * 1440)
    account.sync()
    account.clock.advance(days=6)
    account.add_runs(3)
    account.sync()
    assert account.tables.of("runs", run_id=run.id)[0]["status"] == run.status


def test_a_run_that_never_ends_is_given_up_and_counted(account: Account) -> None:
    account.add_run(minutes=900 * 1440)
    account.sync()
    account.clock.advance(days=account.likeness.open_for.days + 1)
    account.sync()
    assert account.tables.state["following"] == {}
    assert account.tables.state["abandoned"] == 1


@pytest.mark.parametrize("likeness", WITH_LATE, indirect=True)
@pytest.mark.parametrize("fault", [faults.refusal(403), faults.answer(400, b"{}")], ids=["forbidden", "down"])
def test_what_a_run_waits_for_is_waited_for_on_while_it_cannot_be_read(
    account_with: Callable[..., Account], likeness: Likeness, fault: faults.Fault
) -> None:
    account = account_with(**likeness.talkative)
    late = likeness.late
    assert late is not None
    ids = account.add_runs(20, evaluation_minutes=600)
    account.sync()
    account.add_runs(20, evaluation_minutes=600)
    account.server.faults.add(fault, on=late.on)
    account.sync()
    account.server.faults.clear()
    account.clock.advance(hours=11)
    account.sync()
    assert {row["run_id"] for row in account.tables.of(late.table)} >= set(ids)


@pytest.mark.parametrize("likeness", WITH_LATE, indirect=True)
def test_a_table_selected_later_is_filled_for_runs_that_wait_for_something_else(account: Account) -> None:
    late, once = account.likeness.late, account.likeness.once
    assert late is not None
    ids = account.add_runs(5, evaluation_minutes=600)
    account.sync(selected=frozenset({"runs", late.table, "sync_log"}))
    account.sync()
    assert {row["run_id"] for row in account.tables.of(once.table)} == set(ids)


@pytest.mark.parametrize("likeness", WITH_OPTIONAL, indirect=True)
def test_runs_of_one_moment_are_all_read_in_the_end_when_an_endpoint_fails_among_them(
    account: Account,
) -> None:
    child = optional(account.likeness)
    ids = account.add_runs(60, minutes_apart=0)
    account.clock.advance(hours=3)
    for run_id in ids[10:]:
        account.server.faults.add(faults.answer(400, b"{}"), on=child.of(run_id))
    account.sync(chunk_runs=4)
    account.server.faults.clear()
    account.sync()
    assert {row["run_id"] for row in account.tables.of(child.table)} == set(ids)


@those(says=True)
def test_what_changed_while_it_could_not_be_read_is_read_when_it_can_be(account: Account) -> None:
    runs = [account.add_run() for _ in range(40)]
    account.clock.advance(hours=3)
    account.sync()
    for run in runs:
        account.likeness.say(account.world, run, 2, account.now)
    account.server.faults.add(faults.answer(400, b"{}"), on=account.likeness.news_on)
    account.sync()
    account.server.faults.clear()
    account.sync()
    for run in runs:
        account.likeness.assert_loaded(account.tables, account.world, run, account.now)


@those(says=True)
def test_what_is_said_of_a_run_weeks_after_its_end_is_loaded(account: Account) -> None:
    """As long after it as the platform promises to tell, or as is looked back."""
    run = account.add_run()
    account.add_runs(40)
    account.sync()
    account.clock.advance(hours=account.likeness.hears_for.total_seconds() / 3600 - 8)
    account.add_runs(4)
    account.sync()
    for word in range(4):
        account.likeness.say(account.world, run, word, account.now)
        account.clock.advance(minutes=30)
        account.sync()
        if account.likeness.finds_within is not None:
            account.clock.advance(seconds=account.likeness.finds_within.total_seconds())
            account.sync()
        account.likeness.assert_loaded(account.tables, account.world, run, account.now)


# -- idempotent and crash-safe -------------------------------------------------------------------------


def test_a_second_sync_changes_nothing_but_the_sync_log(account: Account) -> None:
    account.add_runs(40)
    account.add_run(minutes=1440)
    account.sync()
    before = {name: dict(rows) for name, rows in account.tables.rows.items()}
    account.sync()
    after = {name: dict(rows) for name, rows in account.tables.rows.items()}
    assert len(after.pop("sync_log")) == len(before.pop("sync_log")) + 1
    assert after == before


@those(says=True)
def test_what_was_said_is_loaded_once_however_often_it_is_told(account: Account) -> None:
    run = account.add_run()
    account.add_runs(12)
    account.sync()
    account.likeness.say(account.world, run, 0, account.now)
    account.sync()
    before = {name: dict(rows) for name, rows in account.tables.rows.items() if name != "sync_log"}
    for _ in range(2):
        account.clock.advance(minutes=5)
        account.sync()
    assert {name: rows for name, rows in account.tables.rows.items() if name != "sync_log"} == before


@those(says=True, finds_within=None)
def test_what_is_said_between_a_first_sync_that_was_killed_and_the_next_is_loaded(account: Account) -> None:
    first = account.add_run()
    account.clock.advance(days=20)
    account.add_runs(30)
    with pytest.raises(KilledError):
        account.sync(chunk_runs=4, events_until_kill=8)
    assert first.id in account.loaded
    account.likeness.say(account.world, first, 0, account.now)
    account.clock.advance(minutes=30)
    account.sync()
    account.likeness.assert_loaded(account.tables, account.world, first, account.now)


def test_accounts_that_show_the_same_ids_keep_their_rows_apart(account: Account) -> None:
    account.add_runs(3)
    account.sync()
    rows = {name: len(rows) for name, rows in account.tables.rows.items()}
    likeness, clock = account.likeness, account.clock
    other = Tables(likeness.connector.tables)
    other.rows = account.tables.rows
    sync(
        session_of(likeness, account.server, clock=clock, account="other"),
        other,
        selected=likeness.usual_tables,
    )
    assert {name: len(rows) for name, rows in other.rows.items()} == {name: 2 * n for name, n in rows.items()}


def test_the_cursor_never_passes_a_run_that_is_not_loaded(account: Account) -> None:
    starts = {}
    for _ in range(50):
        run = account.add_run()
        starts[run.id] = run.started_at
        account.clock.advance(minutes=10)
    for kill_after in range(8):
        with contextlib.suppress(KilledError):
            account.sync(chunk_runs=8, events_until_kill=kill_after)
        cursor = account.tables.cursor
        assert {run_id for run_id, start in starts.items() if cursor and start <= cursor} <= account.loaded


def test_what_is_committed_with_a_chunk_says_nothing_of_the_chunks_after_it(account: Account) -> None:
    account.add_runs(20)
    likeness = account.likeness
    settings = likeness.sync_settings(chunk_runs=4)
    session = session_of(likeness, account.server, clock=account.clock, settings=settings)
    session.begin({}, None, likeness.usual_tables)
    committed = []
    while not session.is_done:
        end = list(session.chunk())[-1]
        assert isinstance(end, ChunkEnd)
        committed.append((end.cursor, end.state))
    assert len(committed) == 10
    for cursor, state in committed:
        assert cursor is not None
        assert datetime.fromisoformat(state["reached"]["runs"]) == cursor


def test_a_sync_that_is_killed_leaves_the_state_it_began_from_as_it_was(account: Account) -> None:
    account.add_runs(5)
    account.sync()
    account.clock.advance(hours=30)
    ids = account.add_runs(5)
    before = json.dumps(account.tables.state)
    with pytest.raises(KilledError):
        account.sync(chunk_runs=2, events_until_kill=0)
    assert json.dumps(account.tables.state) == before
    account.sync()
    assert account.loaded >= set(ids)


@those(has_runs_of_one_workflow=True)
def test_a_followed_run_does_not_carry_the_cursor_past_older_runs(account: Account) -> None:
    wanted, other = (account.likeness.workflow(account.world, name) for name in ("wanted", "other"))
    others = account.add_runs(20, minutes_apart=120, workflow=other)
    account.add_run(workflow=wanted, minutes=1440)
    account.sync(workflow=wanted)
    with pytest.raises(KilledError):
        account.sync(chunk_runs=2, events_until_kill=2)
    account.sync()
    assert account.loaded >= set(others)


@pytest.mark.parametrize("chunk_runs", [1, 2, 3, 10, 11])
def test_chunks_of_any_size_end(account: Account, chunk_runs: int) -> None:
    account.add_runs(10)
    account.sync(chunk_runs=chunk_runs)
    assert len(account.tables.of("runs")) == 10


def test_a_crash_costs_no_more_than_one_chunk(account: Account) -> None:
    ids = account.add_runs(100)
    # While this run is waited for, a sync that knew no bound would read all that come after it.
    account.server.faults.add(faults.slow(0.5), on=account.likeness.once.of(ids[55]), times=1)
    with pytest.raises(KilledError):
        account.sync(chunk_runs=20, events_until_kill=5)
    first = account.read
    account.sync(chunk_runs=20)
    assert first + account.read - 100 <= 20


# -- honest --------------------------------------------------------------------------------------------


@those(listed_for=None)
def test_a_list_without_end_has_no_holes(account: Account) -> None:
    account.add_runs(3)
    account.sync()
    account.clock.advance(days=100)
    ids = account.add_runs(3)
    account.clock.advance(days=100)
    assert account.sync().gap is None
    assert account.loaded >= set(ids)


def test_a_run_whose_details_cannot_be_read_is_loaded_all_the_same(account: Account) -> None:
    once, unread = account.likeness.once, account.likeness.unread
    (run_id,) = account.add_runs(1)
    account.server.faults.add(faults.answer(400, b'{"error": {"code": "invalid"}}'), on=once.on)
    assert account.sync().unread == len(unread)
    assert run_id in account.loaded
    errors = account.tables.of("fetch_errors", run_id=run_id, status_code=400)
    assert {error["endpoint"] for error in errors} == unread
    account.server.faults.clear()
    assert account.sync().unread == 0
    errors = account.tables.of("fetch_errors")
    assert len(errors) == len(unread)
    assert all(error["resolved_at"] is not None for error in errors)
    assert account.tables.of(once.table, run_id=run_id)


# -- thrifty -------------------------------------------------------------------------------------------


def test_a_sync_with_nothing_new_lists_runs_with_two_requests_at_most(account: Account) -> None:
    account.add_runs(80)
    account.sync()
    account.sync()
    assert account.pages <= 2
    asked = {request for request in account.server.requests.counts if "/runs/{" in request}
    assert not asked


def test_a_table_that_is_not_selected_costs_no_request(account: Account) -> None:
    account.add_runs(5)
    account.sync(selected=frozenset({"runs", "sync_log"}))
    likeness = account.likeness
    assert set(account.server.requests.counts) <= likeness.run_lists | likeness.of_runs_alone


def test_a_table_selected_later_is_filled_for_the_runs_loaded_before(account: Account) -> None:
    once = account.likeness.once
    ids = account.add_runs(30)
    account.sync(selected=frozenset({"runs"}))
    account.sync()
    assert {row["run_id"] for row in account.tables.of(once.table)} == set(ids)
    account.sync()
    assert account.read == 0


# -- bounded -------------------------------------------------------------------------------------------


def test_what_a_sync_remembers_does_not_grow_with_the_days(account: Account) -> None:
    sizes = []
    for _ in range(6):
        account.add_runs(24, minutes_apart=60 * account.likeness.remembers_for.days, children=0)
        account.sync()
        sizes.append(len(json.dumps(account.tables.state)))
    assert sizes[-1] <= 1.1 * sizes[1], sizes


# -- scopes --------------------------------------------------------------------------------------------


@those(has_runs_of_one_workflow=True)
def test_one_workflow_can_be_loaded_and_the_others_come_with_the_next_sync(account: Account) -> None:
    wanted, other = (account.likeness.workflow(account.world, name) for name in ("wanted", "other"))
    account.add_runs(5, workflow=other)
    ids = account.add_runs(5, workflow=wanted)
    account.sync(workflow=wanted)
    assert account.loaded == set(ids)
    account.sync()
    assert len(account.loaded) == 10


def test_since_reads_again_what_started_later(account: Account) -> None:
    account.add_runs(10, minutes_apart=60)
    account.sync()
    account.sync(since=account.now - timedelta(hours=3, minutes=30))
    assert account.read == 3


def test_a_first_load_since_a_moment_leaves_out_what_is_older(account: Account) -> None:
    ids = account.add_runs(10, minutes_apart=60)
    account.sync(since=account.now - timedelta(hours=3, minutes=30))
    assert account.loaded == set(ids[-3:])


def test_a_full_refresh_keeps_what_the_platform_no_longer_shows(account: Account) -> None:
    ids = account.add_runs(10)
    account.sync()
    account.world.remove_run(ids[0])
    account.sync(forget=True)
    assert account.read == 9
    assert account.loaded == set(ids)


# -- never deletes -------------------------------------------------------------------------------------


def test_all_tables_exist_after_the_first_sync_even_if_they_never_had_a_row(account: Account) -> None:
    account.sync()
    assert set(account.tables.state["tables"]) == account.likeness.usual_tables


def test_all_tables_exist_after_the_first_chunk(account: Account) -> None:
    account.add_runs(10)
    with pytest.raises(KilledError):
        account.sync(chunk_runs=2, events_until_kill=3)
    assert len(account.tables.of("sync_log")) < 10
    assert set(account.tables.state["tables"]) == account.likeness.usual_tables


# -- permissions and failures --------------------------------------------------------------------------


@pytest.mark.parametrize("likeness", WITH_OPTIONAL, indirect=True)
def test_a_forbidden_table_is_caught_up_with_when_it_is_granted(account: Account) -> None:
    child = optional(account.likeness)
    ids = account.add_runs(5)
    account.clock.advance(hours=3)
    account.server.faults.add(faults.refusal(403), on=child.on)
    account.sync()
    assert account.loaded == set(ids)
    assert account.asked(child.on) <= 5
    account.server.faults.clear()
    account.sync()
    assert {row["run_id"] for row in account.tables.of(child.table)} == set(ids)


@pytest.mark.parametrize("likeness", WITH_OPTIONAL, indirect=True)
def test_a_table_that_stays_forbidden_costs_one_request_a_sync(account: Account) -> None:
    child = optional(account.likeness)
    account.add_runs(5)
    account.server.faults.add(faults.refusal(403), on=child.on)
    account.sync()
    account.sync()
    assert account.asked(child.on) == 1
