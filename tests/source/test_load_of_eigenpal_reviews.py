"""What people say of EigenPal's runs, months later or not at all, and who they are."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest
from eigenpal_tenant import Tenant, empty_world, tenant

from emulator.common.errors import INVALID, ApiError
from emulator.eigenpal import EigenPalEmulator
from emulator.eigenpal.catalog import REVIEWERS, TASKS
from sources.common.personal import hashed
from sources.eigenpal import CONNECTOR
from sources.eigenpal.people import without_addresses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.common.contract import Call, Reply

FREE_OF_REVIEWS = ("review_verdict", "review_status", "review_has_note", "review_correction_count")


@pytest.fixture
def served() -> Iterator[Tenant]:
    """A tenant with one run of a minute ago, which is loaded."""
    world = empty_world()
    world.add_run(id="exec_1", duration_s=10, by=REVIEWERS[0])
    world.clock.advance(minutes=1)
    with tenant(world) as running:
        running.sync()
        yield running


def test_a_review_of_a_run_that_is_months_old_is_found_and_the_run_read_again(served: Tenant) -> None:
    world = served.world
    for _ in range(90):
        world.clock.advance(days=1)
        served.sync()
    world.review("exec_1", "incorrect", note="Wrong total.")
    world.correct("exec_1", "/total", 12.5, original=21.5)
    world.clock.advance(minutes=5)
    rows = served.sync()
    (run,) = rows["runs"]
    assert [run[name] for name in FREE_OF_REVIEWS] == ["incorrect", "open", True, 1]
    (review,) = rows["reviews"]
    assert (review["run_id"], review["note"], review["correction_count"]) == ("exec_1", "Wrong total.", 1)
    (correction,) = rows["review_corrections"]
    assert (correction["path"], correction["original_value"], correction["corrected_value"]) == (
        "/total",
        21.5,
        12.5,
    )


def test_what_was_told_of_once_is_not_loaded_again(served: Tenant) -> None:
    served.world.review("exec_1", "correct")
    served.world.clock.advance(minutes=1)
    assert served.sync()["reviews"]
    assert {name for name, rows in served.sync().items() if rows} == {"sync_log"}


def test_a_review_that_is_closed_is_read_again(served: Tenant) -> None:
    served.world.review("exec_1", "incorrect")
    served.world.clock.advance(days=30)
    served.sync()
    served.world.close_review("exec_1", "wont_fix", "As designed.")
    served.world.clock.advance(minutes=1)
    rows = served.sync()
    assert rows["reviews"][0]["closed_note"] == "As designed."
    assert rows["runs"][0]["review_status"] == "wont_fix"


def test_a_review_that_was_deleted_is_gone_from_its_run(served: Tenant) -> None:
    served.world.review("exec_1", "incorrect")
    served.world.clock.advance(minutes=1)
    served.sync()
    served.world.delete_review("exec_1")
    served.world.clock.advance(hours=7)
    rows = served.sync()
    assert [rows["runs"][0][name] for name in FREE_OF_REVIEWS] == [None] * 4
    assert not rows["reviews"]


def test_a_run_that_ended_under_observation_shows_a_change_of_its_review_too(served: Tenant) -> None:
    world = served.world
    world.add_run(id="exec_2", duration_s=600)
    served.sync()
    world.clock.advance(minutes=20)
    world.review("exec_2", "incorrect")
    served.sync()
    world.delete_review("exec_2")
    world.clock.advance(hours=7)
    assert [row["review_verdict"] for row in served.sync()["runs"]] == [None]


def test_without_the_filter_of_reviews_a_week_is_compared() -> None:
    class Old(EigenPalEmulator):
        def list_runs(self, call: Call) -> Reply:
            if "reviewUpdatedAfter" in call.query:
                raise ApiError(400, INVALID, "Unknown parameter.")
            return super().list_runs(call)

    world = empty_world()
    world.add_run(id="exec_1", duration_s=10)
    world.clock.advance(minutes=1)
    with tenant(world, emulator=Old) as old:
        old.sync()
        world.clock.advance(days=6)
        world.review("exec_1", "correct")
        assert [row["review_verdict"] for row in old.sync()["runs"]] == ["correct"]


def test_a_review_whose_run_shows_a_summary_only_is_asked_for() -> None:
    class Terse(EigenPalEmulator):
        def get_run(self, call: Call) -> Reply:
            if call.query:
                raise ApiError(400, INVALID, "Unknown section.")
            return super().get_run(call)

    world = empty_world()
    world.add_run(id="exec_1", duration_s=10)
    world.add_run(id="exec_2", duration_s=10)
    world.clock.advance(minutes=1)
    world.review("exec_1", "incorrect", note="No.")
    with tenant(world, emulator=Terse) as terse:
        assert [row["note"] for row in terse.sync()["reviews"]] == ["No."]
        assert terse.asked("GET /runs/{id}/reviews") == 1


def test_addresses_are_hashed_wherever_they_stand(served: Tenant) -> None:
    world = served.world
    task = next(task.slug for task in TASKS if task.kind == "agent")
    agent = world.add_automation("inbox", task=task)
    world.add_run(id="exec_mail", automation_id=agent.id, trigger="email", by=REVIEWERS[1], duration_s=5)
    world.review("exec_1", "correct", reviewer=REVIEWERS[0])
    world.clock.advance(minutes=1)
    rows = served.sync()
    assert "@" not in json.dumps([rows["runs"], rows["reviews"], rows["automations"]], default=str)
    by_id = {row["run_id"]: row for row in rows["runs"]}
    expected = hashlib.sha256(REVIEWERS[1].email.encode()).hexdigest()
    assert by_id["exec_mail"]["trigger_by_email"] == expected
    assert by_id["exec_mail"]["extra"]["trigger"]["email"]["from"] == hashed("customer@example.com")
    assert rows["reviews"][0]["reviewed_by_email"] == hashed(REVIEWERS[0].email)
    assert by_id["exec_1"]["trigger_by_name"] == REVIEWERS[0].name


def test_a_salt_goes_before_each_address(served: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCES__EIGENPAL__EMAIL_SALT", "pepper")
    served.state = {}
    (run,) = served.sync()["runs"]
    expected = hashlib.sha256(f"pepper{REVIEWERS[0].email}".encode()).hexdigest()
    assert run["trigger_by_email"] == expected


def test_a_setting_keeps_addresses(served: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCES__EIGENPAL__KEEP_EMAILS", "true")
    served.state = {}
    (run,) = served.sync()["runs"]
    assert run["trigger_by_email"] == REVIEWERS[0].email


def test_what_looks_like_an_address_is_found_in_texts_lists_and_names_of_fields() -> None:
    given = {
        "trigger": {"email": {"from": "Anna <Anna@Example.com>", "to": ["b@example.com."], "c@d.org": 1}},
        "triggeredByEmail": "not an address",
        "output": {"email": "kept@example.com"},
        "note": "kept@example.com wrote",
    }
    assert without_addresses(given) == {
        "trigger": {
            "email": {
                "from": f"Anna <{hashed('anna@example.com')}>",
                "to": [f"{hashed('b@example.com')}."],
                hashed("c@d.org"): 1,
            }
        },
        "triggeredByEmail": hashed("not an address"),
        "output": {"email": "kept@example.com"},
        "note": "kept@example.com wrote",
    }


@pytest.mark.parametrize(
    ("given", "address"),
    [
        (None, "https://studio.eigenpal.com/api/v1"),
        ("studio.eigenpal.com", "https://studio.eigenpal.com/api/v1"),
        ("https://studio.eigenpal.com/api/v1/", "https://studio.eigenpal.com/api/v1"),
        ("https://api.eigenpal.com", "https://api.eigenpal.com/v1"),
        ("https://api.eigenpal.com/v1", "https://api.eigenpal.com/v1"),
        ("https://ai.acme.example", "https://ai.acme.example/api/v1"),
        ("https://acme.example/tools/eigenpal/rest", "https://acme.example/tools/eigenpal/rest"),
    ],
)
def test_an_address_is_taken_with_its_own_path(given: str | None, address: str) -> None:
    assert CONNECTOR.http(base_url=given, api_key="eig_live_x").base_url == address


def test_a_mail_with_a_word_of_megabytes_is_gone_through_once() -> None:
    given = {"trigger": {"email": {"body": "A" * 5_000_000 + " from a@example.com"}}}
    assert without_addresses(given)["trigger"]["email"]["body"].endswith(f" from {hashed('a@example.com')}")
