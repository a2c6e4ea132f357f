"""EigenPal's runs, whatever server they come from: every dialect, every way of paging, both passes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from eigenpal_tenant import Tenant, empty_world, small_world, tenant

from emulator.common.contract import Call, Reply
from emulator.common.errors import INVALID, ApiError
from emulator.eigenpal import EigenPalEmulator

if TYPE_CHECKING:
    from collections.abc import Iterator

DIALECTS: dict[str, dict[str, Any]] = {
    "as documented in July": {"contract": "2026-07"},
    "wrapped": {"object_envelope": "wrapped"},
    "flat rows": {"rows": "flat", "object_envelope": "wrapped"},
    "offsets as cursors": {"cursor_as": "offset"},
    "exclusive bounds": {"bounds": "exclusive"},
    "timestamps with a zone": {"timestamps": "iso_offset"},
    "the API's own host": {"prefix": "/v1"},
    "pages thinned by filters": {"thinned_by": "filters"},
}


@pytest.fixture
def at_rest() -> Iterator[Tenant]:
    with tenant(empty_world()) as served:
        yield served


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_every_server_gives_the_same_runs_steps_scores_and_reviews(dialect: dict[str, Any]) -> None:
    world = small_world()
    with tenant(world, **dialect) as served:
        rows = served.sync()
        again = served.sync()
    runs = {world.index.run(entry).id: world.index.run(entry) for entry in world.runs()}
    now = world.clock.now()
    assert {row["run_id"]: (row["status"], row["automation_id"]) for row in rows["runs"]} == {
        run.id: (run.status_at(now), run.automation_id) for run in runs.values()
    }
    assert {
        row["run_id"]: float(row["credits_charged"]) for row in rows["runs"] if row["credits_charged"]
    } == {
        run.id: pytest.approx(run.usage.credits) for run in runs.values() if run.usage and run.usage.credits
    }
    assert len(rows["steps"]) == sum(len(world.steps(run)) for run in runs.values())
    assert {row["score_id"] for row in rows["scores"]} == {
        score.id for run in runs.values() for score in world.scores(run)
    }
    reviews = {run.id: review for run in runs.values() if (review := world.review_of(run))}
    assert {row["run_id"]: row["verdict"] for row in rows["reviews"]} == {
        run_id: review.verdict for run_id, review in reviews.items()
    }
    assert len(rows["review_corrections"]) == sum(len(review.corrections) for review in reviews.values())
    assert {name for name, some in again.items() if some} <= {"sync_log"}


def test_short_and_empty_pages_do_not_end_the_list(at_rest: Tenant) -> None:
    class Thinning(EigenPalEmulator):
        """Shows every second page only, as servers do that filter what they have cut."""

        def list_runs(self, call: Call) -> Reply:
            answer = orjson.loads(super().list_runs(call).body)
            kept = answer["runs"] if "cursor" in call.query else []
            return Reply(orjson.dumps({**answer, "runs": kept}))

    world = empty_world()
    for _ in range(250):
        world.add_run(created_at=world.clock.now() - 60_000)
    with tenant(world, emulator=Thinning) as served:
        assert len(served.sync()["runs"]) == 150


@pytest.mark.parametrize("refused", ["createdAfter", "limit", "reviewUpdatedAfter", "cursor"])
def test_a_server_that_refuses_what_it_does_not_know_is_read_whole(refused: str) -> None:
    class Strict(EigenPalEmulator):
        def list_runs(self, call: Call) -> Reply:
            if refused in call.query:
                raise ApiError(400, INVALID, f"Unknown parameter {refused}.")
            return super().list_runs(call)

    world = empty_world()
    for minutes in range(1, 121):
        world.add_run(created_at=world.clock.now() - minutes * 60_000, duration_s=30)
    with tenant(world, emulator=Strict) as served:
        assert len(served.sync()["runs"]) == 120
        world.clock.advance(hours=2)
        world.add_run(id="exec_new", duration_s=1)
        world.clock.advance(minutes=1)
        assert [row["run_id"] for row in served.sync()["runs"]] == ["exec_new"]
        served.sync()
        asked = served.server.requests.of("GET /runs")
    assert refused == "cursor" or not [request for request in asked if request.status == 400]


@pytest.mark.parametrize("ignored", ["createdAfter", "reviewUpdatedAfter"])
def test_a_filter_that_is_ignored_neither_hides_runs_nor_makes_all_of_them_be_read_again(
    ignored: str,
) -> None:
    class Ignoring(EigenPalEmulator):
        def list_runs(self, call: Call) -> Reply:
            return super().list_runs(call.without(ignored))

    world = empty_world()
    for hours in range(1, 251):
        world.add_run(created_at=world.clock.now() - hours * 3_600_000, duration_s=30)
    with tenant(world, emulator=Ignoring) as served:
        served.sync()
        world.clock.advance(minutes=10)
        world.add_run(id="exec_new", duration_s=1)
        world.review("exec_new", "correct")
        world.clock.advance(minutes=1)
        assert [row["run_id"] for row in served.sync()["runs"]] == ["exec_new"]
        assert served.asked("GET /runs/{id}") == 1
        assert served.asked("GET /runs") <= 7


def test_a_list_that_ignores_its_cursor_is_read_by_offset() -> None:
    class Stuck(EigenPalEmulator):
        def list_runs(self, call: Call) -> Reply:
            return super().list_runs(call.without("cursor"))

    world = empty_world()
    for minutes in range(250):
        world.add_run(created_at=world.clock.now() - minutes * 60_000)
    with tenant(world, emulator=Stuck) as served:
        assert len(served.sync()["runs"]) == 250


def test_a_list_that_cannot_be_read_to_its_end_is_said_not_to_be() -> None:
    class Stuck(EigenPalEmulator):
        def list_runs(self, call: Call) -> Reply:
            return super().list_runs(call.without("cursor", "offset"))

    world = empty_world()
    for minutes in range(250):
        world.add_run(created_at=world.clock.now() - minutes * 60_000)
    with tenant(world, emulator=Stuck) as served:
        assert len(served.sync()["runs"]) == 100
        assert served.outcome is not None
        assert not served.outcome.is_complete
        assert ["again and again" in sentence for sentence in served.outcome.missing] == [True]


def test_runs_of_one_automation_are_asked_for_and_checked() -> None:
    class Ignoring(EigenPalEmulator):
        def list_runs(self, call: Call) -> Reply:
            return super().list_runs(call.without("source"))

    for emulator in (EigenPalEmulator, Ignoring):
        world = small_world(60)
        wanted = world.index.run(world.runs()[0]).automation_id
        with tenant(world, emulator=emulator, thinned_by="filters") as served:
            runs = served.sync(workflow=wanted)["runs"]
            asked = served.server.requests.of("GET /runs")
        assert {row["automation_id"] for row in runs} == {wanted}
        assert {request.query["source"] for request in asked} == {wanted}
        assert len(runs) == sum(world.automation_id(entry) == wanted for entry in world.runs())


def test_a_run_that_waits_for_somebody_for_weeks_is_read_until_it_ends(at_rest: Tenant) -> None:
    world = at_rest.world
    run = world.add_run(waits_s=(10, 20 * 86_400), duration_s=20 * 86_400 + 60)
    world.clock.advance(hours=1)
    (row,) = at_rest.sync()["runs"]
    assert (row["status"], row["finished"], row["human_review_status"]) == ("waiting", False, "pending")
    world.clock.advance(days=21)
    (row,) = at_rest.sync()["runs"]
    assert (row["run_id"], row["status"], row["finished"]) == (run.id, "completed", True)


def test_a_run_and_the_one_that_tries_it_again_know_each_other(at_rest: Tenant) -> None:
    world = at_rest.world
    first = world.add_run(status="failed", duration_s=10)
    world.clock.advance(minutes=5)
    at_rest.sync()
    second = world.rerun(first.id)
    world.clock.advance(days=1)
    rows = {row["run_id"]: row for row in at_rest.sync()["runs"]}
    assert rows[first.id]["next_run_id"] == second.id
    assert (rows[second.id]["previous_run_id"], rows[second.id]["retry_number"]) == (first.id, 1)


def test_what_changes_with_the_automation_alone_makes_no_run_look_changed(at_rest: Tenant) -> None:
    world = at_rest.world
    run = world.add_run(duration_s=10)
    world.clock.advance(minutes=5)
    at_rest.sync()
    world.release(run.automation_id)
    world.clock.advance(hours=7)
    assert not at_rest.sync()["runs"]
    assert at_rest.asked("GET /runs/{id}") == 0


def test_tokens_and_credits_are_asked_for_by_themselves_where_a_run_does_not_tell() -> None:
    class Terse(EigenPalEmulator):
        def get_run(self, call: Call) -> Reply:
            if call.query:
                raise ApiError(400, INVALID, "Unknown section.")
            return super().get_run(call)

    world = empty_world()
    world.add_run(duration_s=10)
    world.clock.advance(minutes=5)
    with tenant(world, emulator=Terse) as served:
        rows = served.sync()
    (run,) = rows["runs"]
    assert (run["input_tokens"], run["output_tokens"], float(run["credits_charged"])) == (1000, 100, 1.25)
    assert len(rows["steps"]) == len(world.steps(world.index.run(world.runs()[0])))


def test_of_what_lies_below_a_run_only_its_scores_are_asked_for_and_only_once(at_rest: Tenant) -> None:
    at_rest.world.add_run(duration_s=10)
    at_rest.world.add_run(duration_s=86_400)
    at_rest.world.clock.advance(minutes=5)
    assert len(at_rest.sync()["steps"]) > 0
    below = {name: count for name, count in at_rest.server.requests.counts.items() if "/runs/{id}/" in name}
    assert below == {"GET /runs/{id}/scores": 1}
    at_rest.sync()
    assert at_rest.asked("GET /runs/{id}/scores") == 0


def test_scores_that_come_hours_after_the_end_are_waited_for(at_rest: Tenant) -> None:
    world = at_rest.world
    automation = world.add_automation()
    world.run_experiment(automation.id, scores_after_s=6 * 3600.0)
    world.clock.advance(hours=1)
    rows = at_rest.sync()
    assert rows["runs"]
    assert not rows["scores"]
    world.clock.advance(hours=6)
    rows = at_rest.sync()
    assert {row["run_id"] for row in rows["scores"]} == {row["run_id"] for row in rows["runs"]}
    assert all(row["eval_score"] is not None for row in rows["runs"])


def test_late_scores_of_production_runs_are_waited_for_where_such_runs_are_scored(at_rest: Tenant) -> None:
    world = at_rest.world
    world.add_run(id="exec_scored", duration_s=10, scores_after_s=1)
    world.clock.advance(minutes=5)
    at_rest.sync()
    world.add_run(id="exec_late", duration_s=10, scores_after_s=5 * 3600.0)
    world.clock.advance(hours=1)
    assert not at_rest.sync()["scores"]
    world.clock.advance(hours=5)
    assert {row["run_id"] for row in at_rest.sync()["scores"]} == {"exec_late"}


def test_a_trace_is_read_only_when_it_is_asked_for(at_rest: Tenant) -> None:
    at_rest.world.add_run(id="exec_1", duration_s=10)
    at_rest.world.clock.advance(minutes=5)
    assert not at_rest.sync()["trace_events"]
    at_rest.state = {}
    events = at_rest.sync("runs", "trace_events")["trace_events"]
    assert [event["event_index"] for event in events] == list(range(len(events)))
    assert {event["type"] for event in events} == {"phase", "step"}


def test_an_experiment_is_read_again_until_it_is_over(at_rest: Tenant) -> None:
    world = at_rest.world
    automation = world.add_automation()
    world.run_experiment(automation.id, duration_s=3600)
    world.clock.advance(minutes=1)
    (experiment,) = at_rest.sync()["experiments"]
    assert experiment["status"] == "running"
    world.clock.advance(hours=2)
    (experiment,) = at_rest.sync()["experiments"]
    assert (experiment["status"], experiment["completed_count"]) == ("completed", experiment["run_count"])
    assert not at_rest.sync()["experiments"]
    assert at_rest.asked("GET /automations/{id}/experiments") == 0


def test_an_automation_is_kept_when_it_is_deleted_and_read_when_it_changes(at_rest: Tenant) -> None:
    world = at_rest.world
    automation = world.add_automation()
    rows = at_rest.sync()
    (row,) = rows["automations"]
    assert row["input_schema"]["type"] == "object"
    assert len(rows["examples"]) == len(automation.examples)
    assert len(rows["automation_versions"]) == 1
    world.release(automation.id)
    world.clock.advance(minutes=1)
    rows = at_rest.sync()
    assert (rows["automations"][0]["version"], len(rows["automation_versions"])) == ("2", 2)
    world.delete_automation(automation.id)
    rows = at_rest.sync()
    assert not rows["automations"]
    assert at_rest.outcome is not None
    assert not at_rest.outcome.missing


def test_long_lists_of_an_automation_are_paged_by_offset() -> None:
    world = empty_world()
    for number in range(230):
        world.add_automation(f"added-{number}")
    with tenant(world) as served:
        assert len(served.sync("automations")["automations"]) == 230


def test_a_late_run_far_behind_the_cursor_shows_when_a_week_is_read_again(at_rest: Tenant) -> None:
    world = at_rest.world
    world.add_run(duration_s=10)
    world.clock.advance(minutes=5)
    at_rest.sync()
    world.add_run(
        id="exec_late", created_at=world.clock.now() - timedelta(days=5) // timedelta(milliseconds=1)
    )
    world.clock.advance(hours=7)
    assert [row["run_id"] for row in at_rest.sync()["runs"]] == ["exec_late"]
