"""B3OS's lists are read to their end, whatever its answers look like and whichever of them fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from b3os_account import DAY, KilledError, account, small_world

from emulator.b3os import B3osSettings
from emulator.common import faults
from sources.common.errors import PlatformError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from b3os_account import B3osAccount

DIALECTS: dict[str, dict[str, Any]] = {
    "the reference's envelope": {},
    "code 0": {"success_code": 0},
    "the older envelope": {"envelope": "success"},
    "the older envelope without hasMore": {"envelope": "success", "has_more": "left_out"},
    "hasMore left out": {"has_more": "left_out"},
    "hasMore always true": {"has_more": "always"},
    "nulls": {"missing_fields": "null"},
    "offsets from UTC": {"timestamps": "iso_offset"},
    "milliseconds since 1970": {"timestamps": "epoch_ms"},
    "oldest first": {"order": "oldest_first"},
    "in no order": {"order": "shuffled"},
    "limits cut to 7, unsaid": {"max_limit": 7, "envelope": "success", "has_more": "left_out"},
    "limits above 30 refused": {"max_limit": 30, "beyond_max_limit": "refused"},
    "limits above 60 refused": {"max_limit": 60, "beyond_max_limit": "refused"},
    "offsets ignored": {"ignores_offset": True},
    "undocumented lists missing": {"serves_account_runs": False, "serves_openapi": False},
}


@pytest.fixture
def b3os() -> Iterator[B3osAccount]:
    with account() as empty:
        yield empty


def assert_equal_to_the_platform(of: B3osAccount) -> None:
    there = of.there()
    assert of.runs.keys() == there.keys()
    assert {name: row["status"] for name, row in of.runs.items()} == {
        name: of.status(run) for name, run in there.items()
    }


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS.keys())
def test_every_run_is_loaded_and_a_second_sync_changes_nothing(dialect: dict[str, Any]) -> None:
    with account(B3osSettings(**dialect), small_world()) as of:
        assert of.sync("runs", "workflows").is_complete
        assert_equal_to_the_platform(of)
        assert {row["started_at"].timestamp() * 1000 for row in of.runs.values()} == {
            run.started_at for run in of.there().values()
        }
        of.sync("runs", "workflows")
        assert (of.fresh["runs"], of.fresh["workflows"]) == (0, 0)
        of.world.clock.advance(days=2)
        of.sync("runs", "workflows")
        assert_equal_to_the_platform(of)


def test_seconds_since_1970_are_read_too() -> None:
    with account(B3osSettings(timestamps="epoch_s"), small_world()) as of:
        of.sync()
        assert_equal_to_the_platform(of)


def test_a_long_list_is_not_paged_through_again_when_its_order_shows_that_the_rest_is_loaded(
    b3os: B3osAccount,
) -> None:
    workflow = b3os.world.add_workflow().id
    for number in range(450):
        b3os.world.add_run(
            workflow_id=workflow, started_at=b3os.world.clock.now() - (number + 1) * DAY * 1000
        )
    b3os.sync("runs")
    b3os.sync("runs")
    assert b3os.server.requests.counts["GET /workflows/{id}/runs"] == 1


def test_rows_that_leave_while_a_list_is_read_cost_no_other_run(b3os: B3osAccount) -> None:
    workflow = b3os.world.add_workflow().id
    newest = b3os.world.clock.now()
    ids = [
        b3os.world.add_run(workflow_id=workflow, started_at=newest - number * 60_000).id
        for number in range(350)
    ]
    leaving = iter(ids[:120])

    def leave(offset: int) -> None:
        for run_id in [next(leaving, None) for _ in range(40)]:
            if run_id is not None:
                b3os.world.remove_run(run_id)

    b3os.world.on_page(leave)
    b3os.sync("runs")
    assert b3os.runs.keys() >= set(ids[120:])


def test_runs_that_arrive_while_a_list_is_read_are_loaded(b3os: B3osAccount) -> None:
    workflow = b3os.world.add_workflow().id
    b3os.new_runs(workflow, *(f"run_{number}" for number in range(150)))
    b3os.world.clock.advance(hours=1)
    stop = b3os.world.on_page(lambda offset: b3os.new_runs(workflow, f"late_{len(b3os.there())}") and stop())
    b3os.sync("runs")
    assert_equal_to_the_platform(b3os)


def test_a_full_page_at_every_offset_ends_the_list_and_is_told() -> None:
    with account(B3osSettings(ignores_offset=True)) as of:
        of.new_runs(of.world.add_workflow().id, *(f"run_{number}" for number in range(101)))
        of.world.clock.advance(hours=1)
        outcome = of.sync("runs")
        assert len(of.runs) == 100
        assert not outcome.is_complete
        assert "repeats its first page at any offset" in outcome.missing[0]


def test_a_workflow_whose_list_fails_costs_its_own_runs_only_and_is_told(b3os: B3osAccount) -> None:
    good, bad = (b3os.world.add_workflow(id=name).id for name in ("wf_good", "wf_bad"))
    b3os.new_runs(good, "run_good")
    b3os.new_runs(bad, "run_bad")
    b3os.patience = 1.0
    b3os.server.faults.add(faults.server_error(500), on=f"GET /workflows/{bad}/runs")
    outcome = b3os.sync()
    assert b3os.runs.keys() == {"run_good"}
    assert not outcome.is_complete
    assert len(outcome.missing) == 1
    assert outcome.missing[0].startswith("Runs of wf_bad are missing until a later load can read them: ")


@pytest.mark.parametrize("refusal", [faults.refusal(403), faults.refusal(404), faults.server_error(500)])
def test_runs_of_a_list_that_failed_are_loaded_by_the_next_sync_that_can_read_it(
    b3os: B3osAccount, refusal: faults.Fault
) -> None:
    good, bad = (b3os.world.add_workflow(id=name).id for name in ("wf_good", "wf_bad"))
    b3os.new_runs(bad, "run_first")
    b3os.world.clock.advance(hours=1)
    b3os.sync()
    b3os.patience = 1.0
    rule = b3os.server.faults.add(refusal, on=f"GET /workflows/{bad}/runs")
    for day in range(2):
        b3os.new_runs(good, f"good_{day}")
        b3os.new_runs(bad, f"bad_{day}")
        b3os.world.clock.advance(days=1)
        assert not b3os.sync().is_complete
    b3os.server.faults.remove(rule)
    b3os.patience = 30.0
    assert b3os.sync().is_complete
    assert_equal_to_the_platform(b3os)
    b3os.sync()
    assert b3os.fresh["runs"] == 0


def test_a_kill_amid_runs_behind_the_cursor_loses_none_and_reads_few_again(b3os: B3osAccount) -> None:
    good, bad = (b3os.world.add_workflow(id=name).id for name in ("wf_good", "wf_bad"))
    b3os.patience = 1.0
    rule = b3os.server.faults.add(faults.server_error(500), on=f"GET /workflows/{bad}/runs")
    for day in range(30):
        b3os.new_runs(bad, f"bad_{day}")
        b3os.world.clock.advance(days=1)
    b3os.new_runs(good, "run_good")
    b3os.world.clock.advance(days=3)
    b3os.sync()
    b3os.server.faults.remove(rule)
    b3os.patience = 30.0
    with pytest.raises(KilledError):
        b3os.sync(chunk_runs=10, kill_after_chunks=2)
    before = len(b3os.runs)
    assert 1 < before < 31
    b3os.sync(chunk_runs=10)
    assert_equal_to_the_platform(b3os)
    assert b3os.server.requests.counts["GET /runs/{id}"] <= 31 - before + 10


def test_a_workflow_that_is_shown_for_the_first_time_is_loaded_with_its_whole_history(
    b3os: B3osAccount,
) -> None:
    seen = b3os.world.add_workflow(id="wf_seen").id
    b3os.new_runs(seen, "run_seen")
    b3os.world.clock.advance(days=10)
    b3os.sync()
    shared = b3os.world.add_workflow(id="wf_shared").id
    long_ago = b3os.world.clock.now() - 9 * DAY * 1000
    b3os.world.add_run(id="run_shared", workflow_id=shared, started_at=long_ago)
    b3os.sync()
    assert b3os.runs.keys() == {"run_seen", "run_shared"}


def test_runs_of_an_archived_workflow_are_still_read(b3os: B3osAccount) -> None:
    workflow = b3os.world.add_workflow().id
    b3os.sync()
    b3os.new_runs(workflow, "run_last")
    b3os.world.clock.advance(hours=1)
    b3os.world.archive_workflow(workflow)
    assert b3os.sync().is_complete
    assert b3os.runs.keys() == {"run_last"}
    assert b3os.tables["workflows"][(workflow,)]["is_archived"]


def test_an_archived_workflow_that_hides_its_runs_stops_nothing_and_is_read_on_when_it_comes_back() -> None:
    with account(B3osSettings(shows_archived_workflows=False)) as of:
        workflow = of.world.add_workflow().id
        of.new_runs(workflow, "run_first")
        of.world.clock.advance(hours=1)
        of.sync("runs", "workflows")
        of.new_runs(workflow, "run_hidden")
        of.world.clock.advance(hours=1)
        of.world.archive_workflow(workflow)
        for _ in range(12):
            assert of.sync("runs", "workflows").is_complete
            of.world.clock.advance(days=1)
        assert of.runs.keys() == {"run_first"}
        assert of.server.requests.counts["GET /workflows/{id}/runs"] == 0
        of.world.edit_workflow(workflow, archived_at=None)
        of.sync("runs", "workflows")
        assert of.runs.keys() == {"run_first", "run_hidden"}
        assert not of.tables["workflows"][(workflow,)]["is_archived"]


def test_a_workflow_archived_before_the_first_sync_is_found_by_its_compute_units(b3os: B3osAccount) -> None:
    workflow = b3os.world.add_workflow().id
    b3os.new_runs(workflow, "run_old")
    b3os.world.clock.advance(hours=1)
    b3os.world.archive_workflow(workflow)
    b3os.sync()
    assert b3os.runs.keys() == {"run_old"}
    assert b3os.tables["workflows"][(workflow,)]["is_archived"]


def test_one_workflow_alone_is_read_without_the_list_of_workflows(b3os: B3osAccount) -> None:
    for name in ("wf_1", "wf_2"):
        b3os.new_runs(b3os.world.add_workflow(id=name).id, f"run_of_{name}")
    b3os.sync("runs", workflow="wf_1")
    assert b3os.runs.keys() == {"run_of_wf_1"}
    assert b3os.server.requests.counts == {"GET /workflows/{id}/runs": 2, "GET /runs/{id}": 1}
    b3os.sync("runs")
    assert b3os.runs.keys() == {"run_of_wf_1", "run_of_wf_2"}


def test_without_the_list_of_workflows_nothing_can_be_read_and_that_is_said(b3os: B3osAccount) -> None:
    b3os.server.faults.add(faults.refusal(403), on="GET /workflows")
    with pytest.raises(PlatformError, match="Without the list of workflows no run can be found"):
        b3os.sync()


def test_a_list_of_workflows_that_fails_later_costs_new_workflows_only(b3os: B3osAccount) -> None:
    workflow = b3os.world.add_workflow().id
    b3os.sync("runs")
    b3os.new_runs(workflow, "run_1")
    b3os.world.clock.advance(hours=1)
    b3os.patience = 1.0
    b3os.server.faults.add(faults.server_error(500), on="GET /workflows")
    outcome = b3os.sync("runs")
    assert b3os.runs.keys() == {"run_1"}
    assert len(outcome.missing) == 1


def test_several_workflows_are_read_at_once_within_the_limits_of_the_client() -> None:
    with account(world=small_world(runs=48, workflows=12)) as of:
        of.server.latency.fixed = 10
        of.sync("runs")
        assert 1 < of.server.requests.max_in_flight <= 8
