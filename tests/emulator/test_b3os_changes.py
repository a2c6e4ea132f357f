"""B3OS: what changes while the clock moves, while pages are read, and when somebody writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from emulated_b3os import HOUR_AGO, data, runs_path, world

from emulator.b3os.catalog import APPROVAL, BALANCES, BLUEPRINTS, SLACK, Blueprint

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from emulator.b3os import World

    Connect = Callable[..., httpx.Client]

APPROVED = Blueprint("Ask first", "Asks, then tells.", "webhook", (BALANCES, APPROVAL, SLACK))


@pytest.fixture
def asking(empty_b3os: World) -> str:
    """The id of a workflow that waits for an approval."""
    return empty_b3os.add_workflow("Ask first", blueprint=APPROVED).id


def shown(client: httpx.Client, run_id: str) -> tuple[str, list[str]]:
    """The status of a run, and of its nodes."""
    page = data(client, f"/runs/{run_id}")
    return page["status"], [node["status"] for node in page["executionState"].values()]


def test_a_run_is_running_then_final(connect_b3os: Connect, empty_b3os: World) -> None:
    run = empty_b3os.add_run(duration_s=60)
    client = connect_b3os(empty_b3os)
    seen = []
    for seconds in (59, 2):
        empty_b3os.clock.advance(seconds=seconds)
        page = data(client, f"/runs/{run.id}")
        seen.append((page["status"], "finishedAt" in page))
    assert seen == [("running", False), ("success", True)]


def test_a_run_waits_for_weeks_and_goes_on(connect_b3os: Connect, empty_b3os: World, asking: str) -> None:
    weeks = 21 * 24 * 60 * 60
    run = empty_b3os.add_run(workflow_id=asking, duration_s=20, waits_after_s=10, waits_s=weeks)
    client = connect_b3os(empty_b3os)
    seen = []
    for passed in ({"seconds": 5}, {"days": 20}, {"days": 1}, {"seconds": 20}):
        empty_b3os.clock.advance(**passed)
        seen.append(shown(client, run.id))
    assert seen == [
        ("running", ["success", "running", "pending", "pending"]),
        ("waiting", ["success", "success", "waiting", "pending"]),
        ("waiting", ["success", "success", "waiting", "pending"]),
        ("success", ["success", "success", "success", "success"]),
    ]


def test_a_forgotten_run_waits_for_ever(connect_b3os: Connect, empty_b3os: World, asking: str) -> None:
    run = empty_b3os.add_run(workflow_id=asking, waits_after_s=10)
    empty_b3os.clock.advance(days=400)
    assert data(connect_b3os(empty_b3os), f"/runs/{run.id}")["status"] == "waiting"


def test_a_waiting_run_goes_on_when_it_is_resumed(
    connect_b3os: Connect, empty_b3os: World, asking: str
) -> None:
    run = empty_b3os.add_run(workflow_id=asking, waits_after_s=10)
    client = connect_b3os(empty_b3os)
    empty_b3os.clock.advance(days=9)
    empty_b3os.resume_run(run.id, ends_after_s=5)
    seen = [data(client, f"/runs/{run.id}")["status"]]
    empty_b3os.clock.advance(seconds=5)
    seen.append(data(client, f"/runs/{run.id}")["status"])
    assert seen == ["running", "success"]


def test_compute_units_grow_until_the_end(connect_b3os: Connect, empty_b3os: World, asking: str) -> None:
    run = empty_b3os.add_run(workflow_id=asking, duration_s=20, waits_after_s=10, waits_s=3600, total_cu=9.0)
    client = connect_b3os(empty_b3os)
    seen = []
    for seconds in (0, 60, 3600):
        empty_b3os.clock.advance(seconds=seconds)
        seen.append(data(client, f"/runs/{run.id}")["totalCu"])
    assert seen == [0.0, 3.0, 9.0]


def test_a_run_of_the_future_is_not_seen(connect_b3os: Connect, empty_b3os: World) -> None:
    run = empty_b3os.add_run(started_at="2026-03-01T12:00:10Z")
    client = connect_b3os(empty_b3os)
    seen = []
    for seconds in (0, 11):
        empty_b3os.clock.advance(seconds=seconds)
        rows = data(client, runs_path(empty_b3os))["items"]
        seen.append((client.get(f"/runs/{run.id}").status_code, len(rows)))
    assert seen == [(404, 0), (200, 1)]


def test_a_run_that_arrives_between_two_pages_repeats_a_row(connect_b3os: Connect, empty_b3os: World) -> None:
    for minute in range(30):
        empty_b3os.add_run(started_at=f"2026-03-01T11:{minute:02}:00Z")
    empty_b3os.on_page(lambda offset: empty_b3os.add_run() if offset == 0 else None)
    client = connect_b3os(empty_b3os)
    pages = [data(client, runs_path(empty_b3os), offset=offset, limit=10)["items"] for offset in (0, 10)]
    assert pages[1][0]["id"] == pages[0][-1]["id"]


def test_a_run_that_leaves_between_two_pages_hides_a_row(connect_b3os: Connect, empty_b3os: World) -> None:
    ids = [empty_b3os.add_run(started_at=f"2026-03-01T11:{minute:02}:00Z").id for minute in range(30)]
    take_away = empty_b3os.on_page(lambda offset: empty_b3os.remove_run(ids[-1]))
    client = connect_b3os(empty_b3os)
    first = data(client, runs_path(empty_b3os), limit=10)["items"]
    take_away()
    second = data(client, runs_path(empty_b3os), offset=10, limit=10)["items"]
    assert {row["id"] for row in [*first, *second]} == {*ids[9:], ids[-1]} - {ids[-11]}


def test_a_removed_run_is_404_and_not_listed(connect_b3os: Connect) -> None:
    of = world()
    client = connect_b3os(of)
    path = runs_path(of)
    run = data(client, path)["items"][0]["id"]
    of.remove_run(run)
    assert client.get(f"/runs/{run}").status_code == 404
    assert run not in {row["id"] for row in data(client, path)["items"]}


def test_a_changed_run_is_shown_as_it_is_now(connect_b3os: Connect) -> None:
    of = world()
    client = connect_b3os(of)
    run = data(client, runs_path(of))["items"][0]["id"]
    client.get(f"/runs/{run}")
    of.update_run(run, total_cu=77.5)
    assert data(client, f"/runs/{run}")["totalCu"] == 77.5
    assert data(client, runs_path(of))["items"][0]["totalCu"] == 77.5


def test_a_retry_is_a_new_run_that_names_its_source(connect_b3os: Connect, empty_b3os: World) -> None:
    failed = empty_b3os.add_run(status="failure", stops_at=1, started_at=HOUR_AGO)
    client = connect_b3os(empty_b3os)
    run_id = client.post(f"/runs/{failed.id}/retry").json()["data"]["runId"]
    assert data(client, f"/runs/{run_id}")["sourceRunId"] == failed.id
    assert data(client, f"/runs/{failed.id}")["status"] == "failure"


def test_a_retry_skips_what_its_source_had_done(connect_b3os: Connect, empty_b3os: World) -> None:
    failed = empty_b3os.add_run(status="failure", stops_at=1, started_at=HOUR_AGO)
    retry = empty_b3os.retry_run(failed.id, status="success", stops_at=None)
    client = connect_b3os(empty_b3os)
    empty_b3os.clock.advance(minutes=10)
    assert shown(client, failed.id) == ("failure", ["success", "success", "failure", "pending"])
    assert shown(client, retry.id) == ("success", ["success", "skipped", "success", "success"])


def test_a_retry_that_fails_too_skips_the_same(connect_b3os: Connect, empty_b3os: World) -> None:
    failed = empty_b3os.add_run(status="failure", stops_at=1, started_at=HOUR_AGO)
    retry = empty_b3os.retry_run(failed.id, status="failure", stops_at=1)
    empty_b3os.clock.advance(minutes=10)
    nodes = ["success", "skipped", "failure", "pending"]
    assert shown(connect_b3os(empty_b3os), retry.id) == ("failure", nodes)


@pytest.mark.parametrize("status", ["success", "cancelled"])
def test_only_failed_runs_are_retried(connect_b3os: Connect, empty_b3os: World, status: str) -> None:
    run = empty_b3os.add_run(status=status, started_at=HOUR_AGO)
    assert connect_b3os(empty_b3os).post(f"/runs/{run.id}/retry").status_code == 409


def test_a_waiting_run_can_be_cancelled_once(connect_b3os: Connect, empty_b3os: World, asking: str) -> None:
    run = empty_b3os.add_run(workflow_id=asking, waits_after_s=10)
    empty_b3os.clock.advance(hours=1)
    client = connect_b3os(empty_b3os)
    assert [client.post(f"/runs/{run.id}/cancel").status_code for _ in range(2)] == [200, 409]
    assert shown(client, run.id) == ("cancelled", ["success", "success", "skipped", "pending"])
    assert data(client, f"/runs/{run.id}")["finishedAt"] == "2026-03-01T13:00:00.000Z"


def test_a_started_run_is_listed_first_and_ends(connect_b3os: Connect, empty_b3os: World) -> None:
    path = runs_path(empty_b3os)
    client = connect_b3os(empty_b3os)
    run_id = client.post(path.removesuffix("s"), json={"payload": {"x": 1}}).json()["data"]["runId"]
    row = data(client, path)["items"][0]
    assert (row["id"], row["status"], row["triggerSource"]) == (run_id, "running", "manual")
    empty_b3os.clock.advance(hours=1)
    assert data(client, path)["items"][0]["status"] in {"success", "failure", "cancelled"}


def test_a_paused_workflow_starts_no_run_and_stays_listed(connect_b3os: Connect, empty_b3os: World) -> None:
    workflow = next(iter(empty_b3os.workflows))
    empty_b3os.pause_workflow(workflow)
    client = connect_b3os(empty_b3os)
    assert client.post(f"/workflows/{workflow}/run").status_code == 409
    assert data(client, "/workflows")["items"][0]["status"] == "paused"


def test_an_archived_workflow_leaves_the_list_and_its_runs_stay(connect_b3os: Connect) -> None:
    of = world()
    client = connect_b3os(of)
    before: Any = data(client, runs_path(of))["items"]
    workflow = before[0]["workflowId"]
    of.archive_workflow(workflow)
    assert workflow not in {row["id"] for row in data(client, "/workflows", limit=100)["items"]}
    assert data(client, runs_path(of))["items"] == before


def test_an_edited_workflow_has_a_new_version_and_old_runs_keep_theirs(
    connect_b3os: Connect, empty_b3os: World
) -> None:
    workflow = next(iter(empty_b3os.workflows))
    empty_b3os.add_run(started_at=HOUR_AGO)
    empty_b3os.clock.advance(minutes=1)
    empty_b3os.edit_workflow(workflow, blueprint=BLUEPRINTS[1])
    empty_b3os.add_run()
    client = connect_b3os(empty_b3os)
    assert data(client, f"/workflows/{workflow}")["version"] == 2
    rows = data(client, runs_path(empty_b3os))["items"]
    assert [row["workflowVersion"] for row in rows] == [2, 1]


def test_an_old_run_keeps_the_nodes_of_its_version(connect_b3os: Connect, empty_b3os: World) -> None:
    workflow = next(iter(empty_b3os.workflows))
    run = empty_b3os.add_run(started_at=HOUR_AGO)
    client = connect_b3os(empty_b3os)
    before = data(client, f"/runs/{run.id}")
    empty_b3os.edit_workflow(workflow, blueprint=BLUEPRINTS[1])
    assert data(client, f"/runs/{run.id}") == before


def test_a_workflow_that_was_stopped_earlier_than_thought_takes_its_later_runs_away() -> None:
    of = world()
    busiest = max(of.workflows, key=lambda known: len(of.runs_of(known)))
    before = len(of.runs())
    of.edit_workflow(busiest, archived_at=0)
    assert len(of.runs_of(busiest)) == 0
    assert len(of.runs()) == sum(len(of.runs_of(known)) for known in of.workflows) < before
