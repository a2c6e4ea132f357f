"""Each thing that Runflow's documentation leaves open can be set."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

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


@pytest.mark.parametrize("key", ["items", "data", "results"])
def test_lists_are_under_the_key_that_is_set(open_client: Open, key: str) -> None:
    client = open_client(serving(world(), list_envelope=key))
    assert {path: len(client.get(path, params={"limit": 2}).json()[key]) for path in ("/runs", "/flows")} == {
        "/runs": 2,
        "/flows": 2,
    }


def test_cursors_are_named_as_set(open_client: Open) -> None:
    of = world()
    names = [
        set(open_client(serving(of, cursor_names=setting)).get("/runs").json()) - {"items"}
        for setting in ("next", "next_pq")
    ]
    assert names == [{"first", "next", "previous"}, {"first_pq", "next_pq", "prev_pq"}]


@pytest.mark.parametrize("setting", ["cursor", "query", "path", "url"])
def test_a_cursor_is_written_as_set_and_leads_on(open_client: Open, setting: str) -> None:
    of = world()
    expected = ids(listed(open_client(serving(of)))[50:100])
    client = open_client(serving(of, cursor_as=setting))
    text = client.get("/runs").json()["next"]
    parts = urlsplit(f"?{text}" if setting == "query" else text)
    params = {"pq": text} if setting == "cursor" else {"pq": parse_qs(parts.query)["pq"][0]}
    assert ids(client.get("/runs", params=params).json()["items"]) == expected
    assert (parts.path == "/v1/runs") is (setting in {"path", "url"})
    assert bool(parts.netloc) is (setting == "url")


def test_a_url_of_the_next_page_can_be_followed(open_client: Open) -> None:
    client = open_client(serving(world(), cursor_as="url"))
    url = client.get("/runs", params={"limit": 30}).json()["next"]
    assert len(client.get(url).json()["items"]) == 30


def test_a_url_may_name_another_host(open_client: Open) -> None:
    client = open_client(serving(world(), cursor_as="url", cursor_origin="https://elsewhere.example"))
    assert client.get("/runs").json()["next"].startswith("https://elsewhere.example/v1/runs?pq=")


@pytest.mark.parametrize(("setting", "shown"), [("null", None), ("empty", ""), ("absent", "missing")])
def test_the_end_of_a_list_is_told_as_set(open_client: Open, setting: str, shown: str | None) -> None:
    client = open_client(serving(world(), no_cursor=setting))
    assert client.get("/runs", params={"limit": 500}).json().get("next", "missing") == shown


def test_pages_can_shift(open_client: Open, empty: World) -> None:
    for minute in range(4):
        empty.add_run(created_at=f"2026-03-01T11:{minute:02}:00Z")
    newest, *older = ids(listed(open_client(serving(empty))))
    take_away = empty.on_page(lambda page: empty.add_run())
    client = open_client(serving(empty, cursor_holds="offset"))
    first = client.get("/runs", params={"limit": 2}).json()
    take_away()
    second = client.get("/runs", params={"limit": 2, "pq": first["next"]}).json()
    assert ids(first["items"]) + ids(second["items"]) == [newest, older[0], older[0], older[1]]


def test_offsets_lead_back_too(open_client: Open) -> None:
    client = open_client(serving(world(), cursor_holds="offset"))
    first = client.get("/runs", params={"limit": 20}).json()
    second = client.get("/runs", params={"limit": 20, "pq": first["next"]}).json()
    back = client.get("/runs", params={"limit": 20, "pq": second["previous"], "from_prev": "true"}).json()
    assert ids(back["items"]) == ids(first["items"])


def test_a_cursor_can_be_ignored(open_client: Open) -> None:
    client = open_client(serving(world(), ignores_cursor=True))
    first = client.get("/runs").json()
    second = client.get("/runs", params={"pq": first["next"]}).json()
    assert (ids(second["items"]), second["next"]) == (ids(first["items"]), first["next"])


def test_lists_of_one_run_can_be_bare(open_client: Open, empty: World) -> None:
    run = empty.add_run(created_at=HOUR_AGO)
    client = open_client(serving(empty, child_lists="bare"))
    for part in ("node-runs", "logs", "evaluations"):
        assert isinstance(client.get(f"/runs/{run.id}/{part}").json(), list)


def test_errors_can_be_nested(open_client: Open) -> None:
    client = open_client(serving(world(), error_envelope="nested"))
    assert client.get("/runs/nothing").json()["error"]["code"] == "RUN_NOT_FOUND"


def test_the_default_and_the_largest_limit_can_be_set(open_client: Open) -> None:
    client = open_client(serving(world(), default_limit=7, max_limit=20))
    assert len(client.get("/runs").json()["items"]) == 7
    assert client.get("/runs", params={"limit": 21}).status_code == 422


def test_sort_can_be_ignored(open_client: Open) -> None:
    client = open_client(serving(world(), honours_sort=False))
    assert ids(listed(client, sort_by="created_at:asc")) == ids(listed(client))


def test_the_default_order_can_be_oldest_first(open_client: Open) -> None:
    moments = [
        row["created_at"] for row in listed(open_client(serving(world(), default_order="oldest_first")))
    ]
    assert moments == sorted(moments)


def test_a_shuffled_order_is_no_order_and_holds_every_run(open_client: Open) -> None:
    moments = [row["created_at"] for row in listed(open_client(serving(world(), default_order="shuffled")))]
    assert moments not in (sorted(moments), sorted(moments, reverse=True))
    assert len(moments) == 400


def test_a_full_filter_compares_moments(open_client: Open) -> None:
    client = open_client(serving(world(), filters="full"))
    every = listed(client)
    wanted = ids([row for row in every if row["created_at"] > "2026-02-20"])
    assert ids(listed(client, q="created_at>2026-02-20")) == wanted
    assert 0 < len(wanted) < 400


def test_a_full_filter_knows_or_not_and_brackets(open_client: Open) -> None:
    client = open_client(serving(world(), filters="full"))
    text = "NOT (status_code:succeeded OR status_code:failed) AND duration_ms>=1000"
    wanted = [
        row
        for row in listed(client)
        if row["status_code"] not in {"succeeded", "failed"} and (row["duration_ms"] or 0) >= 1000
    ]
    assert ids(listed(client, q=text)) == ids(wanted) != []


@pytest.mark.parametrize("text", ["status_code", "(status_code:failed", "AND", "no_such:1", "id:1 id:2"])
def test_a_full_filter_that_cannot_be_read_is_refused(open_client: Open, text: str) -> None:
    answer = open_client(serving(world(), filters="full")).get("/runs", params={"q": text})
    assert (answer.status_code, answer.json()["errors"][0]["loc"]) == (422, ["query", "q"])


@pytest.mark.parametrize("text", ["created_at>2026-02-20", "NOT id:1", "id:1 OR id:2"])
def test_an_exact_filter_knows_equality_only(open_client: Open, text: str) -> None:
    assert open_client(serving(world())).get("/runs", params={"q": text}).status_code == 422


def test_filters_can_be_ignored(open_client: Open) -> None:
    assert len(listed(open_client(serving(world(), filters="ignored")), q="what > is this")) == 400


def test_the_word_any_can_be_unknown(open_client: Open) -> None:
    assert open_client(serving(world(), serves_any_run=False)).get("/runs/any/logs").status_code == 404


@pytest.mark.parametrize(
    ("setting", "shown"),
    [
        ("iso_z", "2026-03-01T11:00:00.250Z"),
        ("iso_seconds", "2026-03-01T11:00:00Z"),
        ("iso_utc", "2026-03-01T11:00:00.250+00:00"),
    ],
)
def test_timestamps_are_written_as_set(open_client: Open, empty: World, setting: str, shown: str) -> None:
    empty.add_run(created_at="2026-03-01T11:00:00.250Z")
    assert listed(open_client(serving(empty, timestamps=setting)))[0]["created_at"] == shown


@pytest.mark.parametrize(("setting", "shown"), [("plain", "0.0412"), ("number", 0.0412)])
def test_cost_is_written_as_set(open_client: Open, empty: World, setting: str, shown: str | float) -> None:
    empty.add_run(created_at=HOUR_AGO)
    assert listed(open_client(serving(empty, cost_as=setting)))[0]["cost"] == shown


def test_a_loose_cost_is_one_that_the_pattern_lets_through(open_client: Open) -> None:
    of = world()
    plain = [row["cost"] for row in listed(open_client(serving(of)))]
    loose = [row["cost"] for row in listed(open_client(serving(of, cost_as="loose")))]
    assert [text and float(text) for text in plain] == [text and float(text) for text in loose]
    assert plain != loose
    assert all(re.fullmatch(r"(?!^[-+.]*$)[+-]?0*\d*\.?\d*", text) for text in loose if text)


@pytest.mark.parametrize(("setting", "shown"), [("null", None), ("zero", "0")])
def test_what_is_not_billed_costs_as_set(
    open_client: Open, empty: World, setting: str, shown: str | None
) -> None:
    empty.add_run(created_at=HOUR_AGO, status="failed")
    assert listed(open_client(serving(empty, unbilled_cost=setting)))[0]["cost"] == shown


@pytest.mark.parametrize("word", ["canceled", "cancelled"])
def test_cancelled_is_spelled_as_set(open_client: Open, empty: World, word: str) -> None:
    run = empty.add_run(created_at=HOUR_AGO, status="cancelled")
    client = open_client(serving(empty, cancelled_word=word))
    assert one(client, run.id)["status_code"] == word
    assert ids(listed(client, q=f"status_code:{word}")) == [run.id]


def test_enums_can_be_hidden(open_client: Open, empty: World) -> None:
    run = empty.add_run(created_at=HOUR_AGO)
    assert not {"status_code", "target_type", "source_code"} & set(
        one(open_client(serving(empty, shows_enums=False)), run.id)
    )


def test_relations_that_were_not_asked_for_can_be_null(open_client: Open, empty: World) -> None:
    run = empty.add_run(created_at=HOUR_AGO)
    shown = one(open_client(serving(empty, unasked_relations="null")), run.id, embed="flow")
    assert (shown["node_runs"], shown["current_evaluation_summary"]) == (None, None)
    assert shown["flow"]["id"] == run.target_id


def test_the_status_of_an_evaluation_can_be_hidden(open_client: Open, empty: World) -> None:
    run = empty.add_run(created_at=HOUR_AGO)
    path = f"/runs/{run.id}/evaluations"
    shown = [
        set(listed(open_client(serving(empty, shows_evaluation_status=setting)), path)[0])
        for setting in (True, False)
    ]
    assert shown[0] - shown[1] == {"status_code", "hard_gate_failures"}


def test_evaluations_can_come_oldest_first(open_client: Open, empty: World) -> None:
    run = empty.add_run(created_at=HOUR_AGO)
    empty.evaluate(run.id)
    client = open_client(serving(empty, evaluation_order="oldest_first"))
    assert [row["attempt_number"] for row in listed(client, f"/runs/{run.id}/evaluations")] == [1, 2]


def test_outputs_have_the_shape_that_is_set(open_client: Open, empty: World) -> None:
    run = empty.add_run(created_at=HOUR_AGO)
    output: dict[str, Any] = one(open_client(serving(empty, output_shape="image_urls")), run.id)["output"]
    assert [url.startswith("https://") for url in output["image_urls"]] == [True]


def test_links_can_be_signed_once_or_not_at_all(open_client: Open, empty: World) -> None:
    run = empty.add_run(created_at=HOUR_AGO)
    urls = {}
    for setting in ("signed_once", "unsigned"):
        client = open_client(serving(empty, links=setting))
        urls[setting] = {one(client, run.id)["output"]["outputs"][0]["url"] for _ in range(2)}
    assert [len(found) for found in urls.values()] == [1, 1]
    assert ["?" in url for found in urls.values() for url in found] == [True, False]


def test_inputs_can_be_shown_as_they_were_sent(open_client: Open) -> None:
    of = world()
    images = {
        setting: [row["input"].get("image") for row in listed(open_client(serving(of, inputs=setting)))]
        for setting in ("as_sent", "resolved")
    }
    assert {text[:10] for text in images["as_sent"] if text} == {"runflow://"}
    assert {text[:8] for text in images["resolved"] if text} == {"https://"}
