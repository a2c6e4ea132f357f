"""EigenPal's `GET /runs` over HTTP: pages, cursors, filters, and what a test changes meanwhile."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from emulated_eigenpal import listed, pages, world

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from emulator.common.json_value import Json
    from emulator.eigenpal import World

    Connect = Callable[..., httpx.Client]

PARTS = ("usage", "scores", "steps", "trace", "events", "reviews", "artifacts")


@pytest.fixture
def tenant() -> World:
    return world()


@pytest.fixture
def client(connect_eigenpal: Connect, tenant: World) -> httpx.Client:
    return connect_eigenpal(tenant)


def ids(rows: list[Json]) -> list[str]:
    return [row["id"] for row in rows]


def test_all_pages_together_hold_every_run_once(client: httpx.Client) -> None:
    found = ids(listed(client, limit=7))
    assert len(found) == len(set(found)) == 400


def test_runs_come_newest_first_whatever_is_asked(client: httpx.Client) -> None:
    rows = listed(client)
    moments = [row["timing"]["createdAt"] for row in rows]
    assert moments == sorted(moments, reverse=True)
    assert listed(client, sort="durationMs", order="asc") == rows


def test_the_last_page_has_no_cursor(client: httpx.Client) -> None:
    assert [len(page) for page in pages(client, limit=100)] == [100] * 4


def test_a_page_holds_fifty_unless_asked_otherwise(client: httpx.Client) -> None:
    assert len(client.get("/runs").json()["runs"]) == 50


def test_an_offset_skips_rows(client: httpx.Client) -> None:
    every = ids(listed(client))
    assert ids(client.get("/runs?offset=10&limit=5").json()["runs"]) == every[10:15]
    assert client.get("/runs?offset=99999").json() == {"runs": [], "nextCursor": None}


@pytest.mark.parametrize(
    "query",
    [
        *("limit=0", "limit=101", "limit=x", "offset=-1", "cursor=nonsense", "sampleRate=2"),
        *("createdAfter=yesterday", "createdAfter=2026-13-01", "limit=1&limit=2"),
    ],
)
def test_nonsense_in_the_query_is_refused(client: httpx.Client, query: str) -> None:
    answer = client.get(f"/runs?{query}")
    (issue,) = answer.json()["issues"]
    assert (answer.status_code, issue["code"], issue["field"]) == (400, "invalid_value", query.split("=")[0])


def test_the_rows_that_follow_a_cursor_do_not_shift(connect_eigenpal: Connect, empty_eigenpal: World) -> None:
    runs = [empty_eigenpal.add_run(created_at=f"2026-03-01T11:00:{second:02}Z") for second in range(6)]
    empty_eigenpal.on_page(lambda cursor: empty_eigenpal.add_run(created_at="2026-03-01T11:59:00Z"))
    client = connect_eigenpal(empty_eigenpal)
    assert ids(listed(client, limit=2)) == [run.id for run in reversed(runs)]


def test_an_offset_shifts_when_runs_arrive(connect_eigenpal: Connect, empty_eigenpal: World) -> None:
    runs = [empty_eigenpal.add_run(created_at=f"2026-03-01T11:00:{second:02}Z") for second in range(4)]
    empty_eigenpal.on_page(lambda cursor: empty_eigenpal.add_run(created_at="2026-03-01T11:59:00Z"))
    client = connect_eigenpal(empty_eigenpal)
    found = [ids(client.get("/runs", params={"limit": 2, "offset": at}).json()["runs"]) for at in (0, 2)]
    assert found == [[runs[3].id, runs[2].id], [runs[2].id, runs[1].id]]


def test_a_cursor_outlives_its_row(connect_eigenpal: Connect, empty_eigenpal: World) -> None:
    runs = [empty_eigenpal.add_run(created_at=f"2026-03-01T11:00:{second:02}Z") for second in range(4)]
    client = connect_eigenpal(empty_eigenpal)
    cursor = client.get("/runs?limit=2").json()["nextCursor"]
    empty_eigenpal.remove_run(runs[2].id)
    assert ids(listed(client, cursor=cursor)) == [runs[1].id, runs[0].id]


def test_runs_of_one_millisecond_are_told_apart_by_the_cursor(
    connect_eigenpal: Connect, empty_eigenpal: World
) -> None:
    runs = {empty_eigenpal.add_run(created_at="2026-03-01T11:00:00Z").id for _ in range(7)}
    found = ids(listed(connect_eigenpal(empty_eigenpal), limit=2))
    assert (len(found), set(found)) == (7, runs)


def test_a_cursor_whose_row_is_gone_loses_none_of_its_millisecond(
    connect_eigenpal: Connect, empty_eigenpal: World
) -> None:
    runs = {empty_eigenpal.add_run(created_at="2026-03-01T11:00:00Z").id for _ in range(3)}
    client = connect_eigenpal(empty_eigenpal)
    page = client.get("/runs?limit=1").json()
    gone = page["runs"][0]["id"]
    empty_eigenpal.remove_run(gone)
    assert set(ids(listed(client, cursor=page["nextCursor"]))) == runs - {gone}


def test_a_cursor_of_the_oldest_row_ends_the_list(client: httpx.Client) -> None:
    assert client.get("/runs?limit=100&offset=300").json()["nextCursor"] is None


def test_a_sampled_page_is_short_and_not_the_last(client: httpx.Client) -> None:
    found = pages(client, limit=20, sampleRate="0.1")
    assert len(found) == 20
    assert any(not page for page in found)
    assert {row["sampleRank"] < 0.1 for page in found for row in page} == {True}
    assert 20 < sum(map(len, found)) < 70


def test_a_sample_holds_the_samples_below_it(client: httpx.Client) -> None:
    small, large = (set(ids(listed(client, sampleRate=rate))) for rate in ("0.2", "0.5"))
    assert small < large


FIELDS: dict[str, Callable[[Json], Json]] = {
    "type": lambda row: row["type"],
    "status": lambda row: row["execution"]["status"],
    "trigger": lambda row: row["trigger"]["type"],
    "triggeredBy": lambda row: row["trigger"]["by"]["id"] if row["trigger"]["by"] else "__system__",
    "source": lambda row: row["source"]["id"],
    "batchId": lambda row: row["execution"]["batchId"],
    "ids": lambda row: row["id"],
    "tag": lambda row: next(iter(row["tags"]), None),
    "sourceRef": lambda row: row["source"]["version"],
}


@pytest.mark.parametrize("name", FIELDS)
def test_runs_are_filtered_by_a_field(client: httpx.Client, name: str) -> None:
    every = listed(client)
    values = sorted({value for row in every if (value := FIELDS[name](row)) is not None})
    for wanted in ({values[0]}, set(values[:2])):
        own = [row for row in every if FIELDS[name](row) in wanted]
        assert listed(client, **{name: ",".join(wanted)}) == own != []


def test_runs_of_experiments_can_be_left_out(client: httpx.Client) -> None:
    every = listed(client)
    own = [row for row in every if row["execution"]["batchId"] is None]
    assert listed(client, experiments="false") == own
    assert 0 < len(own) < len(every)


def test_runs_of_an_example_are_found(client: httpx.Client) -> None:
    every = [row for row in listed(client) if row.get("eval", {}).get("exampleId")]
    example = every[0]["eval"]["exampleId"]
    own = [row for row in every if row["eval"]["exampleId"] == example]
    assert listed(client, exampleId=example) == listed(client, exampleIdContains=example[5:]) == own
    assert set(ids(every)) < set(ids(listed(client, hasExample="true")))


def test_a_source_can_be_named_by_its_alias(client: httpx.Client) -> None:
    rows = listed(client, source="agents.support-inbox")
    assert {row["source"]["slug"] for row in rows} == {"support-inbox"}


@pytest.mark.parametrize(("after", "before"), [("createdAfter", "createdBefore"), ("from", "to")])
def test_a_window_holds_both_of_its_ends(client: httpx.Client, after: str, before: str) -> None:
    every = listed(client)
    chosen = every[20:30]
    window = {after: chosen[-1]["timing"]["createdAt"], before: chosen[0]["timing"]["createdAt"]}
    assert set(ids(chosen)) <= set(ids(listed(client, **window)))
    assert len(listed(client, **window)) < 30


def test_a_window_may_be_relative(client: httpx.Client) -> None:
    day, week = (listed(client, createdAfter=ago) for ago in ("24h", "now-1w"))
    assert {row["timing"]["createdAt"] >= "2026-02-28T12:00" for row in day} == {True}
    assert 0 < len(day) < len(week) < 400


def test_runs_are_found_by_their_end(client: httpx.Client) -> None:
    rows = listed(client, completedAfter="2026-02-01", completedBefore="2026-02-10")
    moments = [row["timing"]["completedAt"] for row in rows]
    assert moments
    assert all("2026-02-01" <= moment <= "2026-02-10" for moment in moments)


def test_an_id_may_hold_anything(connect_eigenpal: Connect, empty_eigenpal: World) -> None:
    empty_eigenpal.add_run(id="a/b?c#d%[e]|f:g 🦀")
    client = connect_eigenpal(empty_eigenpal)
    quoted = "a%2Fb%3Fc%23d%25%5Be%5D%7Cf%3Ag%20%F0%9F%A6%80"
    assert {client.get(f"/runs/{quoted}/{part}").status_code for part in PARTS} == {200}


def test_a_removed_run_is_gone(client: httpx.Client, tenant: World) -> None:
    gone = listed(client)[5]["id"]
    tenant.remove_run(gone)
    assert gone not in ids(listed(client))
    assert {client.get(f"/runs/{gone}/{part}").status_code for part in PARTS} == {404}


def test_a_changed_run_is_shown_changed(client: httpx.Client, tenant: World) -> None:
    run = listed(client)[5]["id"]
    tenant.update_run(run, status="failed", error="Changed.")
    shown = client.get(f"/runs/{run}").json()
    assert (shown["execution"]["status"], shown["error"]) == ("failed", "Changed.")
    assert len(listed(client)) == 400


def test_a_status_that_nobody_knows_is_shown(connect_eigenpal: Connect, empty_eigenpal: World) -> None:
    run = empty_eigenpal.add_run(status="parked", duration_s=0, queue_s=0)
    shown = connect_eigenpal(empty_eigenpal).get(f"/runs/{run.id}").json()
    assert (shown["execution"]["status"], shown["finished"]) == ("parked", True)


RAW = b'{"id":"r1","cost":NaN,"note":"\\ud800","big":123456789012345678901234567890}'


def test_raw_bodies_are_served_byte_for_byte(connect_eigenpal: Connect, empty_eigenpal: World) -> None:
    empty_eigenpal.put_raw_run(RAW, id="r1", scores=RAW, trace=b"[]", reviews={"review": {"odd": 1}})
    client = connect_eigenpal(empty_eigenpal)
    assert RAW in client.get("/runs").content
    answers = [client.get(f"/runs/r1{part}") for part in ("", "/scores", "/trace", "/reviews", "/steps")]
    assert [answer.content for answer in answers[:4]] == [RAW, RAW, b"[]", b'{"review": {"odd": 1}}']
    assert answers[4].status_code == 404


def test_raw_values_that_orjson_refuses_are_written(connect_eigenpal: Connect, empty_eigenpal: World) -> None:
    body = {"id": "r2", "nan": float("nan"), "lone": "\ud800", "nul": "\0", "big": 10**40}
    empty_eigenpal.put_raw_run(body)
    assert connect_eigenpal(empty_eigenpal).get("/runs/r2").content == json.dumps(body).encode()


def test_an_id_may_be_listed_twice_with_two_bodies(connect_eigenpal: Connect, empty_eigenpal: World) -> None:
    empty_eigenpal.put_raw_run({"id": "twin", "n": 1})
    empty_eigenpal.put_raw_run({"id": "twin", "n": 2})
    client = connect_eigenpal(empty_eigenpal)
    assert [row["n"] for row in client.get("/runs").json()["runs"]] == [2, 1]
    assert client.get("/runs/twin").json()["n"] == 2


def test_the_hooks_of_a_page_are_told_its_cursor(client: httpx.Client, tenant: World) -> None:
    cursors: list[str | None] = []
    take_away = tenant.on_page(cursors.append)
    after = client.get("/runs").json()["nextCursor"]
    client.get("/runs", params={"cursor": after})
    take_away()
    client.get("/runs")
    assert cursors == [None, after]
