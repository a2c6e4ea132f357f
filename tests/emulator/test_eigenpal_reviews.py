"""Reviews of EigenPal's runs: when they come, how they change, and how changed ones are found."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from emulated import NOW
from emulated_eigenpal import listed, world

from emulator.common.clock import DAY, Clock
from emulator.eigenpal import World, WorldSize
from emulator.eigenpal.runs import CORRECT, Run

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from emulator.common.json_value import Json
    from emulator.eigenpal.reviews import Review

    Connect = Callable[..., httpx.Client]


@pytest.fixture(scope="module")
def reviewed() -> list[tuple[Run, Review]]:
    """The runs of a tenant of the default size that are reviewed by now, with their reviews."""
    tenant = World(7, Clock.manual(NOW), WorldSize(arrivals=False))
    found = [tenant.index.run(entry) for entry in tenant.runs()]
    pairs = [(run, tenant.review_of(run)) for run in found if isinstance(run, Run)]
    return [(run, review) for run, review in pairs if review is not None]


def shown(client: httpx.Client, run: Run) -> Json:
    return client.get(f"/runs/{run.id}/reviews").raise_for_status().json()["review"]


def test_a_part_of_the_runs_is_reviewed_and_some_reviews_are_corrected(
    reviewed: list[tuple[Run, Review]],
) -> None:
    assert 500 < len(reviewed) < 1_000
    assert sum(bool(review.corrections) for _, review in reviewed) > 50
    kinds = {correction.kind for _, review in reviewed for correction in review.corrections}
    assert kinds == {"field", "file"}


def test_reviews_come_days_to_months_after_the_run(reviewed: list[tuple[Run, Review]]) -> None:
    delays = [(review.created_at - run.ended_at) / DAY for run, review in reviewed]
    assert min(delays) < 1
    assert 50 < max(delays) < 61


def test_nobody_reviews_a_run_before_its_end_or_a_cancelled_one(reviewed: list[tuple[Run, Review]]) -> None:
    assert all(review.created_at >= run.ended_at for run, review in reviewed)
    assert "cancelled" not in {run.status for run, _ in reviewed}


def test_a_reviewer_mostly_agrees_with_what_happened(reviewed: list[tuple[Run, Review]]) -> None:
    verdicts = Counter(
        (review.verdict, run.status == "completed" and run.quality >= CORRECT) for run, review in reviewed
    )
    assert verdicts["correct", True] > 10 * verdicts[None, True] > 0
    assert verdicts["incorrect", False] > 50
    assert not verdicts["correct", False]


def test_reviews_are_open_closed_and_given_up(reviewed: list[tuple[Run, Review]]) -> None:
    assert {review.status for _, review in reviewed} == {"open", "closed", "wont_fix"}


def test_a_review_is_changed_after_it_was_written(reviewed: list[tuple[Run, Review]]) -> None:
    changed = [review for _, review in reviewed if review.updated_at > review.created_at]
    assert len(changed) > 100
    assert max(review.updated_at - review.created_at for review in changed) > 20 * DAY


def test_a_review_of_the_schedule_vanishes_now_and_then() -> None:
    tenant = World(7, Clock.manual(NOW), WorldSize(arrivals=False))
    before = {entry for entry in tenant.runs() if tenant.review_of(tenant.index.run(entry))}
    tenant.clock.advance(days=30)
    after = {entry for entry in tenant.runs() if tenant.review_of(tenant.index.run(entry))}
    assert before - after
    assert after - before


def test_a_review_goes_its_way(connect_eigenpal: Connect, empty_eigenpal: World) -> None:
    run = empty_eigenpal.add_run(created_at="2026-01-01T00:00:00Z")
    client = connect_eigenpal(empty_eigenpal)
    seen = [shown(client, run)]
    empty_eigenpal.review(run.id, "incorrect", note="No.")
    seen.append(shown(client, run))
    empty_eigenpal.clock.advance(days=40)
    empty_eigenpal.correct(run.id, "/total", 12.5, original=13.0)
    seen.append(shown(client, run))
    empty_eigenpal.clock.advance(days=1)
    empty_eigenpal.close_review(run.id, "wont_fix", "Too old.")
    seen.append(shown(client, run))
    empty_eigenpal.delete_review(run.id)
    seen.append(shown(client, run))
    facts = [
        review and (review["verdict"], review["status"], review["updatedAt"][:10], len(review["corrections"]))
        for review in seen
    ]
    assert facts == [
        None,
        ("incorrect", "open", "2026-03-01", 0),
        ("incorrect", "open", "2026-04-10", 1),
        ("incorrect", "wont_fix", "2026-04-11", 1),
        None,
    ]
    assert seen[3]["corrections"][0]["correctedValue"] == 12.5
    assert seen[3]["createdAt"] == seen[1]["createdAt"]


def test_the_row_of_a_run_sums_its_review_up(connect_eigenpal: Connect, empty_eigenpal: World) -> None:
    run = empty_eigenpal.add_run()
    empty_eigenpal.review(run.id, "incorrect", note="No.")
    empty_eigenpal.correct(run.id, "/total", 1)
    empty_eigenpal.correct(run.id, "output/result.json", kind="file", corrected_artifact="expected/r.json")
    (row,) = connect_eigenpal(empty_eigenpal).get("/runs").json()["runs"]
    assert row["execution"]["review"] == {
        "verdict": "incorrect",
        "status": "open",
        "hasNote": True,
        "correctionCount": 2,
    }


def test_a_correct_run_is_closed_at_once(empty_eigenpal: World) -> None:
    run = empty_eigenpal.add_run()
    assert empty_eigenpal.review(run.id, "correct").status == "closed"
    assert empty_eigenpal.review(run.id, None).status == "open"


def test_what_a_test_says_stands_in_the_place_of_what_the_seed_would_say_later() -> None:
    tenant = World(7, Clock.manual(NOW), WorldSize(arrivals=False))
    later = World(7, Clock.manual(NOW), WorldSize(arrivals=False))
    later.clock.advance(days=70)
    run = next(
        run
        for entry in tenant.runs()
        if isinstance(run := tenant.index.run(entry), Run)
        and tenant.review_of(run) is None
        and later.review_of(run) is not None
    )
    mine = tenant.review(run.id, "correct")
    tenant.clock.advance(days=70)
    assert tenant.review_of(run) == mine


def test_old_runs_are_found_by_the_change_of_their_review(
    connect_eigenpal: Connect, empty_eigenpal: World
) -> None:
    old, other = (empty_eigenpal.add_run(created_at=f"2025-1{month}-01") for month in (1, 2))
    client = connect_eigenpal(empty_eigenpal)
    empty_eigenpal.review(other.id)
    empty_eigenpal.clock.advance(hours=2)
    empty_eigenpal.review(old.id)
    found = listed(client, reviewUpdatedAfter="1h")
    assert [row["id"] for row in found] == [old.id]


@pytest.mark.parametrize("since", ["2025-12-15", "2026-02-01", "2026-02-28T18:00:00Z", "0s"])
def test_the_reviews_of_the_seed_are_found_by_their_change(connect_eigenpal: Connect, since: str) -> None:
    tenant = world(runs=1_200)
    client = connect_eigenpal(tenant)
    edge = since if since != "0s" else "2026-03-01T12:00:00.000Z"
    expected = [
        row["id"]
        for row in listed(client)
        if row["execution"]["review"]
        and client.get(f"/runs/{row['id']}/reviews").json()["review"]["updatedAt"] >= edge
    ]
    assert [row["id"] for row in listed(client, reviewUpdatedAfter=since)] == expected


def test_a_review_of_the_seed_is_found_at_the_very_moment_of_its_change(connect_eigenpal: Connect) -> None:
    client = connect_eigenpal(world())
    run = listed(client, hasReview="true")[0]["id"]
    changed = client.get(f"/runs/{run}/reviews").json()["review"]["updatedAt"]
    assert run in {row["id"] for row in listed(client, reviewUpdatedAfter=changed)}


FILTERS: dict[str, Callable[[Json], bool]] = {
    "reviewStatus=open": lambda review: bool(review) and review["status"] == "open",
    "reviewStatus=closed,wont_fix": lambda review: bool(review) and review["status"] != "open",
    "reviewVerdict=incorrect": lambda review: bool(review) and review["verdict"] == "incorrect",
    "hasReview=true": bool,
    "noReview=true": lambda review: not review,
    "hasCorrections=true": lambda review: bool(review) and bool(review["corrections"]),
    "reviewNoteContains=correction": lambda review: bool(review) and "correction" in review["note"],
    "reviewCreatedAfter=2026-02-15": lambda review: bool(review) and review["createdAt"] >= "2026-02-15",
    "reviewCreatedBefore=2026-02-15": lambda review: bool(review) and review["createdAt"] < "2026-02-15",
    "reviewUpdatedBefore=2026-02-15": lambda review: bool(review) and review["updatedAt"] < "2026-02-15",
    "reviewClosedAfter=2026-02-15": lambda review: bool(review) and (review["closedAt"] or "") > "2026-02-15",
    "reviewClosedBefore=2026-02-15": lambda review: (
        bool(review) and (review["closedAt"] or "9") < "2026-02-15"
    ),
}


@pytest.mark.parametrize("query", FILTERS)
def test_runs_are_filtered_by_their_review(connect_eigenpal: Connect, query: str) -> None:
    client = connect_eigenpal(world())
    every = {row["id"]: client.get(f"/runs/{row['id']}/reviews").json()["review"] for row in listed(client)}
    expected = [run_id for run_id, review in every.items() if FILTERS[query](review)]
    name, _, value = query.partition("=")
    assert [row["id"] for row in listed(client, **{name: value})] == expected != []


def test_runs_since_the_last_closed_review(connect_eigenpal: Connect, empty_eigenpal: World) -> None:
    runs = [empty_eigenpal.add_run(created_at=f"2026-02-0{day}") for day in (1, 2, 3)]
    empty_eigenpal.review(runs[1].id, "correct")
    rows = listed(connect_eigenpal(empty_eigenpal), sinceLastClosed="true")
    assert [row["id"] for row in rows] == [runs[2].id]


def test_a_client_may_write_a_review(connect_eigenpal: Connect, empty_eigenpal: World) -> None:
    run = empty_eigenpal.add_run()
    client = connect_eigenpal(empty_eigenpal)
    body = {
        "verdict": "incorrect",
        "note": "See below.",
        "correctedOutput": {"total": 1},
        "corrections": [{"kind": "field", "path": "/total", "correctedValue": [None]}],
    }
    written = client.put(f"/runs/{run.id}/reviews", json=body).json()["review"]
    assert written == shown(client, run)
    assert (written["status"], written["correctedOutput"]) == ("open", {"total": 1})
    assert written["corrections"][0]["correctedValue"] == [None]
    kept = client.put(f"/runs/{run.id}/reviews", json={"verdict": "correct"}).json()["review"]
    assert (kept["status"], len(kept["corrections"]), kept["note"]) == ("closed", 1, "See below.")
    assert client.delete(f"/runs/{run.id}/reviews").json() == {"review": None}


@pytest.mark.parametrize(
    "body", [{"verdict": "maybe"}, {"status": "done"}, {"corrections": [{"kind": "field"}]}]
)
def test_a_bad_review_is_refused(connect_eigenpal: Connect, empty_eigenpal: World, body: Json) -> None:
    run = empty_eigenpal.add_run()
    answer = connect_eigenpal(empty_eigenpal).put(f"/runs/{run.id}/reviews", json=body)
    assert (answer.status_code, answer.json()["issues"][0]["code"]) == (400, "invalid_value")
