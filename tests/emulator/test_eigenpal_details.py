"""One run of EigenPal over HTTP: from its creation to its scores, and what lies below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from emulated import client_of
from emulated_eigenpal import listed, world

from emulator import serve
from emulator.common.keys import Role
from emulator.eigenpal import EigenPalEmulator

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.common.json_value import Json
    from emulator.eigenpal import World

    Connect = Callable[..., httpx.Client]

TERMINAL = {"completed", "failed", "cancelled", "rejected"}


def part(client: httpx.Client, run_id: str, name: str) -> Json:
    """What one path below a run says, without its envelope."""
    (body, *_) = client.get(f"/runs/{run_id}/{name}").raise_for_status().json().values()
    return body


def over_time(world: World, client: httpx.Client, run_id: str, *seconds: float) -> list[dict[str, Any]]:
    """The page of a run after each of these waits."""
    seen = []
    for wait in seconds:
        world.clock.advance(seconds=wait)
        seen.append(client.get(f"/runs/{run_id}").raise_for_status().json())
    return seen


def test_a_run_goes_from_created_to_completed(connect_eigenpal: Connect, empty_eigenpal: World) -> None:
    run = empty_eigenpal.add_run(queue_s=10, duration_s=60)
    seen = over_time(empty_eigenpal, connect_eigenpal(empty_eigenpal), run.id, 0, 5, 10, 54, 5)
    facts = [
        (shown["execution"]["status"], shown["finished"], shown["timing"]["startedAt"] is not None)
        for shown in seen
    ]
    assert facts == [
        ("created", False, False),
        ("pending", False, False),
        ("running", False, True),
        ("finalizing", False, True),
        ("completed", True, True),
    ]
    assert [shown["timing"]["durationMs"] for shown in seen] == [None] * 4 + [60_000]
    assert ["output" in shown for shown in seen] == [False] * 4 + [True]


def test_a_run_waits_for_somebody_for_days(connect_eigenpal: Connect, empty_eigenpal: World) -> None:
    day = 24 * 60 * 60
    run = empty_eigenpal.add_run(queue_s=0, duration_s=4 * day, waits_s=(60, 3 * day))
    client = connect_eigenpal(empty_eigenpal)
    seen = over_time(empty_eigenpal, client, run.id, 30, day, 2 * day, day)
    statuses = [shown["execution"]["status"] for shown in seen]
    assert statuses == ["running", "waiting", "running", "completed"]
    assert ["humanReview" in shown["execution"] for shown in seen] == [False, True, False, False]


def test_the_step_that_waits_is_the_human_review(connect_eigenpal: Connect, empty_eigenpal: World) -> None:
    run = empty_eigenpal.add_run(queue_s=0, duration_s=1_000, waits_s=(60, 900))
    client = connect_eigenpal(empty_eigenpal)
    empty_eigenpal.clock.advance(seconds=500)
    statuses = {step["stepType"]: step["status"] for step in part(client, run.id, "steps")}
    assert statuses == {
        "parse": "success",
        "llm": "success",
        "code": "success",
        "human_review": "waiting",
        "http": "pending",
    }


def test_a_run_of_the_future_is_not_seen(connect_eigenpal: Connect, empty_eigenpal: World) -> None:
    run = empty_eigenpal.add_run(created_at="2026-03-01T12:00:10Z")
    client = connect_eigenpal(empty_eigenpal)
    seen = []
    for seconds in (0, 11):
        empty_eigenpal.clock.advance(seconds=seconds)
        seen.append((client.get(f"/runs/{run.id}").status_code, len(client.get("/runs").json()["runs"])))
    assert seen == [(404, 0), (200, 1)]


def test_scores_come_after_the_end(connect_eigenpal: Connect, empty_eigenpal: World) -> None:
    automation = empty_eigenpal.add_automation()
    example = automation.examples[0]
    run = empty_eigenpal.add_run(
        queue_s=0, duration_s=60, scores_after_s=3_600, example_id=example.id, example_name=example.name
    )
    client = connect_eigenpal(empty_eigenpal)
    seen = []
    for seconds in (61, 3_000, 600):
        empty_eigenpal.clock.advance(seconds=seconds)
        scored = client.get(f"/runs/{run.id}").json()["eval"]
        seen.append((len(part(client, run.id, "scores")), scored["passed"]))
    assert seen == [(0, None), (0, None), (2, True)]


def test_the_score_of_a_run_is_the_weighted_mean_of_its_scores(connect_eigenpal: Connect) -> None:
    client = connect_eigenpal(world())
    for row in listed(client, hasExample="true"):
        scores = [score for score in part(client, row["id"], "scores") if score["score"] is not None]
        if not scores:
            continue
        weight = sum(score["weight"] for score in scores)
        mean = sum(score["score"] * score["weight"] for score in scores) / weight
        assert row["eval"]["score"] == pytest.approx(mean, abs=1e-4)
        assert row["eval"]["passed"] is all(score["score"] >= score["passThreshold"] for score in scores)


def test_steps_lie_within_their_run_one_after_another(connect_eigenpal: Connect) -> None:
    client = connect_eigenpal(world())
    for row in listed(client, type="workflow")[:80]:
        steps = part(client, row["id"], "steps")
        times = [moment for step in steps if (moment := step["startedAt"])]
        assert times == sorted(times)
        assert all(step["completedAt"] <= row["timing"]["completedAt"] for step in steps if step["startedAt"])
        assert len({step["id"] for step in steps}) == len(steps)


def test_a_run_that_came_to_nothing_has_one_failed_step(connect_eigenpal: Connect) -> None:
    client = connect_eigenpal(world(runs=1_200))
    rows = listed(client, type="workflow", status="failed,rejected")
    for row in rows:
        statuses = [step["status"] for step in part(client, row["id"], "steps")]
        broken = statuses.index("failure")
        assert set(statuses[:broken]) <= {"success"}
        assert set(statuses[broken + 1 :]) <= {"skipped"}
    assert {row["execution"]["status"] for row in rows} == {"failed", "rejected"}


def test_an_agents_run_has_no_steps_and_tools_in_its_trace(connect_eigenpal: Connect) -> None:
    client = connect_eigenpal(world())
    row = listed(client, type="agent", status="completed")[0]
    kinds = {event["type"] for event in part(client, row["id"], "trace")}
    assert part(client, row["id"], "steps") == []
    assert kinds == {"phase", "assistant", "tool_use", "tool_result"}


def test_a_trace_is_in_the_order_of_time_and_grows(connect_eigenpal: Connect, empty_eigenpal: World) -> None:
    automation = empty_eigenpal.add_automation(task="support-inbox")
    run = empty_eigenpal.add_run(automation_id=automation.id, queue_s=0, duration_s=60)
    client = connect_eigenpal(empty_eigenpal)
    lengths = []
    for _ in range(3):
        empty_eigenpal.clock.advance(seconds=25)
        events = part(client, run.id, "trace")
        starts = [event["startedAt"] for event in events]
        assert starts == sorted(starts)
        lengths.append(len(events))
    assert 0 < lengths[0] < lengths[1] < lengths[2]


def test_the_trace_of_a_failed_run_says_why(connect_eigenpal: Connect) -> None:
    client = connect_eigenpal(world(runs=1_200))
    row = listed(client, status="failed")[0]
    (failure,) = [event["failure"] for event in part(client, row["id"], "trace") if "failure" in event]
    assert failure["userMessage"] == row["error"]
    assert row["timing"]["startedAt"] < failure["occurredAt"] <= row["timing"]["completedAt"]


def test_events_tell_every_status_in_order(connect_eigenpal: Connect, empty_eigenpal: World) -> None:
    run = empty_eigenpal.add_run(queue_s=10, duration_s=600, waits_s=(60, 500))
    empty_eigenpal.clock.advance(hours=1)
    events = part(connect_eigenpal(empty_eigenpal), run.id, "events")
    statuses = ["created", "pending", "running", "waiting", "running", "finalizing", "completed"]
    assert [event["status"] for event in events] == statuses
    assert [event["timestamp"] for event in events] == sorted(event["timestamp"] for event in events)


def test_the_last_event_is_the_status_of_the_run(connect_eigenpal: Connect) -> None:
    client = connect_eigenpal(world())
    for row in listed(client)[:100]:
        assert part(client, row["id"], "events")[-1]["status"] == row["execution"]["status"]


def test_the_row_of_a_run_is_a_part_of_its_page(connect_eigenpal: Connect) -> None:
    client = connect_eigenpal(world())
    for row in listed(client)[:40]:
        page = client.get(f"/runs/{row['id']}").json()
        source = page.pop("source")
        assert row.pop("source").items() <= source.items()
        assert row.items() <= page.items()


def test_only_what_is_asked_for_is_expanded(connect_eigenpal: Connect) -> None:
    client = connect_eigenpal(world())
    run = listed(client, type="workflow", status="completed")[0]["id"]
    bare = client.get(f"/runs/{run}").json()
    assert not {"input", "usage", "debug"} & set(bare)
    for section in ("input", "usage", "debug"):
        page = client.get(f"/runs/{run}", params={"expand": section}).json()
        assert set(page) - set(bare) == {section}
    full = client.get(f"/runs/{run}?expand=execution,usage").json()
    assert full["execution"]["steps"] == part(client, run, "steps")
    assert full["usage"] == part(client, run, "usage")


def test_an_unknown_section_is_refused(connect_eigenpal: Connect) -> None:
    client = connect_eigenpal(world())
    run = listed(client)[0]["id"]
    assert client.get(f"/runs/{run}?expand=usage,secrets").status_code == 400


def test_the_full_execution_holds_the_whole_review(connect_eigenpal: Connect, empty_eigenpal: World) -> None:
    run = empty_eigenpal.add_run()
    empty_eigenpal.review(run.id, "incorrect", note="No.")
    client = connect_eigenpal(empty_eigenpal)
    execution = client.get(f"/runs/{run.id}?expand=execution").json()["execution"]
    assert execution["review"] == part(client, run.id, "reviews")


def test_a_parent_and_its_child_are_linked(connect_eigenpal: Connect, empty_eigenpal: World) -> None:
    parent = empty_eigenpal.add_run()
    child = empty_eigenpal.add_run(parent_run_id=parent.id)
    client = connect_eigenpal(empty_eigenpal)
    assert client.get(f"/runs/{child.id}").json()["parentExecutionId"] == parent.id
    execution = client.get(f"/runs/{parent.id}?expand=execution").json()["execution"]
    assert [run["id"] for run in execution["childExecutions"]] == [child.id]


def test_usage_is_null_without_telemetry(connect_eigenpal: Connect, empty_eigenpal: World) -> None:
    run = empty_eigenpal.add_run(usage=None)
    empty_eigenpal.clock.advance(hours=1)
    assert part(connect_eigenpal(empty_eigenpal), run.id, "usage") is None


def test_a_rerun_is_a_new_run_that_is_linked(connect_eigenpal: Connect, empty_eigenpal: World) -> None:
    first = empty_eigenpal.add_run(status="failed", duration_s=1)
    empty_eigenpal.clock.advance(minutes=1)
    second = empty_eigenpal.rerun(first.id, status="completed")
    client = connect_eigenpal(empty_eigenpal)
    pages = [client.get(f"/runs/{run.id}").json()["execution"]["retry"] for run in (first, second)]
    assert pages == [
        {"number": 0, "previousRunId": None, "nextRun": {"id": second.id, "status": "created"}},
        {"number": 1, "previousRunId": first.id, "nextRun": None},
    ]


def test_a_run_that_is_started_ends(connect_eigenpal: Connect) -> None:
    tenant = world()
    client = connect_eigenpal(tenant)
    tenant.pace = 30
    answer = client.post("/runs", json={"target": "workflows.contract-summary@latest"})
    assert answer.status_code == 202
    seen = over_time(tenant, client, answer.json()["id"], 0, 10, 60)
    assert [shown["execution"]["status"] for shown in seen[:2]] == ["created", "running"]
    assert seen[2]["execution"]["status"] in TERMINAL


def test_a_run_is_cancelled_in_the_queue_or_soon_after_or_not_any_more(
    connect_eigenpal: Connect, empty_eigenpal: World
) -> None:
    over = empty_eigenpal.add_run(duration_s=0, queue_s=0)
    running = empty_eigenpal.add_run(queue_s=0, duration_s=600, waits_s=(0, 500))
    queued = empty_eigenpal.add_run(queue_s=60)
    client = connect_eigenpal(empty_eigenpal)
    answers = [client.post(f"/runs/{run.id}/cancel").json() for run in (queued, running, over)]
    assert [answer["cancellation"]["state"] for answer in answers] == [
        "cancelled",
        "requested",
        "already_terminal",
    ]
    empty_eigenpal.clock.advance(seconds=5)
    pages = [client.get(f"/runs/{run.id}").json() for run in (queued, running, over)]
    assert [page["execution"]["status"] for page in pages] == ["cancelled", "cancelled", "completed"]
    assert [page["timing"]["startedAt"] is None for page in pages] == [True, False, False]
    assert pages[1]["timing"]["cancelRequestedAt"] == "2026-03-01T12:00:00.000Z"
    statuses = [step["status"] for step in part(client, running.id, "steps")]
    assert statuses[3:] == ["failure", "skipped"]


def test_what_is_not_there_is_404(connect_eigenpal: Connect) -> None:
    client = connect_eigenpal(world())
    reads = ("/runs/x", "/runs/x/trace", "/automations/x", "/automations/x/versions", "/experiments/x")
    assert {client.get(path).status_code for path in reads} == {404}
    assert client.post("/runs", json={"target": "workflows.nothing"}).status_code == 404
    assert client.get("/automations/agents.support-inbox/examples/x").status_code == 404


def test_an_error_is_the_platforms_own(connect_eigenpal: Connect) -> None:
    answers = [connect_eigenpal(world()).get("/runs/x") for _ in range(2)]
    body = answers[0].json()
    assert body["issues"] == [
        {"field": "<root>", "message": "There is no such run.", "code": "not_found", "severity": "error"}
    ]
    assert answers[0].headers["x-request-id"] == body["requestId"]


def test_every_error_has_a_request_id_of_its_own(connect_eigenpal: Connect) -> None:
    client = connect_eigenpal(world())
    assert len({client.get("/runs/x").json()["requestId"] for _ in range(3)}) == 3


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer eig_live_wrong", "Basic abc"], ids=repr
)
def test_a_request_without_a_good_key_is_refused(authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    with serve(EigenPalEmulator(world())) as server:
        answer = httpx.get(f"{server.base_url}/runs", headers=headers)
    assert (answer.status_code, answer.json()["issues"][0]["code"]) == (401, "unauthorized")


def test_a_key_looks_as_documented() -> None:
    with serve(EigenPalEmulator(world())) as server:
        assert server.api_key.startswith("eig_live_")


def test_a_viewer_may_read_and_not_write() -> None:
    with serve(EigenPalEmulator(world())) as server, client_of(server, server.key(Role.VIEWER)) as viewer:
        run = viewer.get("/runs").json()["runs"][0]["id"]
        assert viewer.get("/auth/check").json()["scope"] == ["runs:read", "automations:read"]
        answers = [
            viewer.post("/runs", json={"target": "agents.support-inbox"}),
            viewer.post(f"/runs/{run}/rerun"),
            viewer.post(f"/runs/{run}/cancel"),
            viewer.put(f"/runs/{run}/reviews", json={}),
            viewer.delete(f"/runs/{run}/reviews"),
        ]
    assert [answer.status_code for answer in answers] == [403] * 5
    assert answers[0].json()["issues"][0]["code"] == "forbidden"
