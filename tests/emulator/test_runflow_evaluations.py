"""Runs that move with the clock: from queued to ended, evaluated late, superseded, with feedback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from emulated_runflow import HOUR_AGO, ids, listed, nothing, one, serving, world

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from emulator.common.platform import Emulator
    from emulator.runflow import World

    Open = Callable[[Emulator], httpx.Client]


@pytest.fixture
def empty() -> World:
    return nothing()


def summary(client: httpx.Client, run_id: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = one(client, run_id)["current_evaluation_summary"]
    return found


def evaluations(client: httpx.Client, run_id: str) -> list[dict[str, Any]]:
    return listed(client, f"/runs/{run_id}/evaluations")


def test_a_run_moves_from_queued_to_its_end(open_client: Open, empty: World) -> None:
    run = empty.add_run(queue_s=10, duration_s=60)
    client = open_client(serving(empty))
    seen = []
    for seconds in (0, 6, 6, 60):
        empty.clock.advance(seconds=seconds)
        shown = one(client, run.id)
        seen.append((shown["status_code"], shown["started_at"] is None, shown["completed_at"] is None))
    assert seen == [
        ("queued", True, True),
        ("dispatching", True, True),
        ("running", False, True),
        ("succeeded", False, False),
    ]


def test_what_has_not_happened_yet_is_null(open_client: Open, empty: World) -> None:
    run = empty.add_run(duration_s=60)
    client = open_client(serving(empty))
    running = one(client, run.id)
    assert [running[name] for name in ("output", "cost", "duration_ms", "current_evaluation_summary")] == [
        None
    ] * 4
    empty.clock.advance(minutes=2)
    ended = one(client, run.id)
    assert (ended["cost"], ended["duration_ms"]) == ("0.0412", 60_000)
    assert ended["output"]["outputs"]


def test_node_runs_and_logs_grow_while_a_run_goes_on(open_client: Open, empty: World) -> None:
    run = empty.add_run(duration_s=60)
    client = open_client(serving(empty))
    counts = []
    for _ in range(4):
        counts.append([len(listed(client, f"/runs/{run.id}/{part}")) for part in ("node-runs", "logs")])
        empty.clock.advance(seconds=20)
    assert counts == sorted(counts)
    assert counts[0] != counts[-1]


def test_an_evaluation_comes_minutes_after_the_end(open_client: Open, empty: World) -> None:
    run = empty.add_run(duration_s=60, evaluation_after_s=120, evaluation_takes_s=180, passed=False)
    client = open_client(serving(empty))
    seen = []
    for seconds in (61, 120, 180):
        empty.clock.advance(seconds=seconds)
        found = summary(client, run.id)
        seen.append(found and (found["status_code"], found["passed"]))
    assert seen == [None, ("processing", None), ("completed", False)]


def test_a_new_evaluation_supersedes_the_one_before(open_client: Open, empty: World) -> None:
    run = empty.add_run(created_at=HOUR_AGO, passed=False)
    client = open_client(serving(empty))
    first = evaluations(client, run.id)[0]
    empty.clock.advance(days=3)
    empty.evaluate(run.id, passed=True, takes_s=180)
    during = summary(client, run.id)
    empty.clock.advance(minutes=4)
    newest, oldest = evaluations(client, run.id)
    assert during == {"passed": None, "status_code": "processing", "score": None}
    assert (newest["attempt_number"], newest["parent_evaluation_id"]) == (2, first["id"])
    assert (newest["superseded_at"], oldest["superseded_at"]) == (None, newest["submitted_at"])
    assert (oldest["overall_passed"], newest["overall_passed"]) == (False, True)
    assert oldest["updated_at"] == oldest["superseded_at"]


def test_an_evaluation_may_be_superseded_with_none_in_its_place(open_client: Open, empty: World) -> None:
    run = empty.add_run(created_at=HOUR_AGO)
    client = open_client(serving(empty))
    empty.supersede(run.id)
    assert summary(client, run.id) is None
    assert [row["overall_passed"] for row in evaluations(client, run.id)] == [True]


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ({"passed": True}, "passed"),
        ({"passed": False}, "failed"),
        ({"passed": None}, "not_evaluated"),
        ({"evaluation_after_s": None}, "not_evaluated"),
        ({"evaluation_after_s": 7200}, "not_evaluated"),
        ({"status": "failed"}, "not_evaluated"),
    ],
)
def test_a_verdict_has_three_values(
    open_client: Open, empty: World, what: dict[str, Any], expected: str
) -> None:
    run = empty.add_run(created_at=HOUR_AGO, **what)
    client = open_client(serving(empty))
    found = {
        verdict: ids(listed(client, evaluation_status=verdict))
        for verdict in ("passed", "failed", "not_evaluated")
    }
    assert found == {**{key: [] for key in found}, expected: [run.id]}


def test_an_evaluation_whose_judge_erred_gives_no_verdict(open_client: Open, empty: World) -> None:
    run = empty.add_run(created_at=HOUR_AGO, evaluation_after_s=None)
    empty.evaluate(run.id, status="failed", passed=True, takes_s=1)
    empty.clock.advance(seconds=2)
    client = open_client(serving(empty))
    assert summary(client, run.id) == {"passed": None, "status_code": "failed", "score": None}
    assert evaluations(client, run.id)[0]["judges"] == []


def test_issues_are_looked_for_in_the_current_evaluation_only(open_client: Open, empty: World) -> None:
    run = empty.add_run(created_at=HOUR_AGO, passed=False)
    client = open_client(serving(empty))
    judge = next(one for one in evaluations(client, run.id)[0]["judges"] if one["passed"] is False)
    params = {
        "evaluation_issue_category": judge["category"],
        "evaluation_issue_subcategory": judge["detected_issues"][0]["subcategory"],
    }
    other = {**params, "evaluation_issue_category": "brand" if judge["category"] != "brand" else "anatomy"}
    assert (ids(listed(client, **params)), listed(client, **other)) == ([run.id], [])
    empty.evaluate(run.id, passed=True, takes_s=0)
    assert listed(client, **params) == []


def test_an_evaluation_that_is_to_come_supersedes_nothing_yet(open_client: Open, empty: World) -> None:
    run = empty.add_run(created_at=HOUR_AGO, passed=False)
    empty.evaluate(run.id, passed=True, after_s=3600, takes_s=0)
    client = open_client(serving(empty))
    seen = [[row["overall_passed"] for row in evaluations(client, run.id)]]
    seen.append([row["superseded_at"] for row in evaluations(client, run.id)])
    empty.clock.advance(hours=1)
    seen.append([row["overall_passed"] for row in evaluations(client, run.id)])
    assert seen == [[False], [None], [True, False]]
    assert ids(listed(client, evaluation_status="passed")) == [run.id]


def test_a_verdict_stands_until_the_next_evaluation_is_submitted(open_client: Open, empty: World) -> None:
    run = empty.add_run(created_at=HOUR_AGO, passed=False)
    empty.evaluate(run.id, passed=True, after_s=3600)
    client = open_client(serving(empty))
    assert ids(listed(client, evaluation_status="failed")) == [run.id]


def test_an_evaluation_under_way_has_no_issues(open_client: Open, empty: World) -> None:
    run = empty.add_run(created_at=HOUR_AGO, passed=False, evaluation_takes_s=7200)
    client = open_client(serving(empty))
    categories = ("prompt_adherence", "anatomy", "text_rendering", "artifacts", "brand")
    found = [ids(listed(client, evaluation_issue_category=category)) for category in categories]
    empty.clock.advance(hours=2)
    later = [ids(listed(client, evaluation_issue_category=category)) for category in categories]
    assert found == [[]] * 5
    assert [run.id] in later


def test_judges_are_in_accord_with_the_verdict(open_client: Open) -> None:
    client = open_client(serving(world(runs=150)))
    seen = set()
    for run in listed(client):
        for found in evaluations(client, run["id"]):
            gates = found["hard_gate_failures"]
            weight = sum(judge["weight"] for judge in found["judges"] if judge["passed"] is not None)
            passed = sum(judge["weight"] for judge in found["judges"] if judge["passed"])
            if found["overall_passed"] is not None:
                assert bool(gates) is not found["overall_passed"]
                assert found["weighted_pass_rate"] == pytest.approx(passed / weight, abs=0.0001)
            assert all(
                bool(judge["detected_issues"]) is (judge["passed"] is False) for judge in found["judges"]
            )
            seen.add(found["overall_passed"])
    assert seen == {True, False, None}


def test_an_evaluation_is_found_by_its_id(open_client: Open) -> None:
    client = open_client(serving(world(runs=100), links="unsigned"))
    rows = [row for run in listed(client) for row in evaluations(client, run["id"])]
    assert [client.get(f"/evaluations/{row['id']}").json() for row in rows] == rows != []


def test_feedback_is_set_and_cleared(open_client: Open, empty: World) -> None:
    run = empty.add_run(created_at=HOUR_AGO)
    client = open_client(serving(empty))
    seen = []
    for body in ({"is_positive": False, "reason": "Too dark"}, {"is_positive": None}):
        assert client.patch(f"/runs/{run.id}/feedback", json=body).status_code == 200
        shown = one(client, run.id)
        seen.append((shown["feedback_is_positive"], shown["feedback_reason"]))
    assert seen == [(False, "Too dark"), (None, None)]


def test_feedback_on_an_evaluation_moves_its_updated_at(open_client: Open, empty: World) -> None:
    run = empty.add_run(created_at=HOUR_AGO)
    client = open_client(serving(empty))
    before = evaluations(client, run.id)[0]
    empty.evaluation_feedback(before["id"], True, "Agreed")
    after = evaluations(client, run.id)[0]
    assert (after["feedback_is_positive"], after["feedback_reason"]) == (True, "Agreed")
    assert before["updated_at"] < after["updated_at"] == "2026-03-01T12:00:00.000Z"


@pytest.mark.parametrize("body", [{}, {"is_positive": "yes"}, {"is_positive": True, "reason": "x" * 2001}])
def test_feedback_that_is_none_is_refused(open_client: Open, empty: World, body: dict[str, Any]) -> None:
    run = empty.add_run(created_at=HOUR_AGO)
    answer = open_client(serving(empty)).patch(f"/runs/{run.id}/feedback", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["loc"][0]) == (422, "body")


def test_a_scheduled_run_can_be_evaluated_once_more(open_client: Open) -> None:
    of = world(runs=50)
    client = open_client(serving(of))
    run = next(row for row in listed(client) if evaluations(client, row["id"]))
    before = len(evaluations(client, run["id"]))
    attempt = of.evaluate(run["id"], passed=None, takes_s=0)
    newest = evaluations(client, run["id"])[0]
    assert (newest["id"], newest["attempt_number"]) == (attempt.id, before + 1)
    assert len(listed(client)) == 50
