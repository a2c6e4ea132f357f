"""What a sync of Armature promises besides: its ranges, its evaluations, its details, its workflows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from emulator.common import faults
from sources.armature.tables import OFF_BY_DEFAULT
from tests.likeness.platforms import LIKENESSES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.likeness.platform import Likeness
    from tests.sync.account import Account

LIKENESS = LIKENESSES["armature"]
ALL = LIKENESS.usual_tables
EVALUATION = "GET /runs/{id}/evaluation"
TOOL_CALLS = "GET /runs/{id}/tool-calls"
DETAIL = "GET /runs/{id}"


@pytest.fixture
def likeness() -> Likeness:
    return LIKENESS


# -- converging ----------------------------------------------------------------------------------------


def test_a_late_evaluation_is_fetched_when_it_comes(account: Account) -> None:
    run = account.add_run(evaluation_minutes=60)
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
    run = account.add_run(evaluation_minutes=60)
    account.clock.advance(minutes=5)
    account.sync()
    account.sync()
    assert account.tables.of("runs", run_id=run.id)[0]["model"] == account.world.run(run.id).model
    account.clock.advance(hours=2)
    account.sync()
    assert account.tables.of("runs", run_id=run.id)[0]["model"] == account.world.run(run.id).model


def test_an_evaluation_that_comes_while_the_list_is_read_is_loaded_with_the_run_as_it_is_then(
    account: Account,
) -> None:
    run = account.add_run(evaluation_minutes=60)
    account.clock.advance(minutes=5)
    account.sync()
    stop = account.world.on_page(lambda _: account.clock.advance(hours=2))
    account.sync()
    stop()
    assert account.tables.of("evaluations", run_id=run.id)[0]["verdict"] == "pass"
    assert account.tables.of("runs", run_id=run.id)[0]["verdict"] == "pass"
    account.sync()
    assert not account.server.requests.of(EVALUATION)


def test_an_evaluation_that_never_comes_is_given_up_and_counted(account: Account) -> None:
    account.add_run(evaluation_minutes=None)
    account.clock.advance(hours=1)
    account.sync()
    assert len(account.tables.state["following"]) == 1
    account.clock.advance(hours=60)
    account.sync()
    assert account.tables.state["following"] == {}
    assert account.tables.state["abandoned"] == 1


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


# -- never deletes -------------------------------------------------------------------------------------


def test_an_archived_workflow_stays_and_says_when_it_was_seen_last(account: Account) -> None:
    workflow = account.world.add_workflow("Old")
    account.add_runs(1, workflow=workflow.id)
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
    account.add_runs(1, workflow=workflow.id)
    account.world.archive_workflow(workflow.id)
    account.sync()
    assert account.tables.of("workflows", workflow_id=workflow.id)[0]["is_archived"] is True


# -- permissions and failures --------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [0, 25], ids=["soon", "in a sweep"])
def test_a_forbidden_table_is_caught_up_with_when_it_is_granted(account: Account, hours: int) -> None:
    ids = account.add_runs(5)
    account.server.faults.add(faults.refusal(403), on="GET /runs/{id}/tool-calls")
    account.sync()
    assert {row["run_id"] for row in account.tables.of("runs")} == set(ids)
    assert account.asked(TOOL_CALLS) <= 5
    account.server.faults.clear()
    account.clock.advance(hours=hours)
    account.sync()
    assert {row["run_id"] for row in account.tables.of("tool_calls")} == set(ids)
    assert account.asked(EVALUATION) == 0


def test_a_table_that_stays_forbidden_costs_one_request_a_sync(account: Account) -> None:
    account.add_runs(5)
    account.server.faults.add(faults.refusal(403), on="GET /runs/{id}/tool-calls")
    account.sync()
    account.sync()
    assert account.asked(TOOL_CALLS) == 1
