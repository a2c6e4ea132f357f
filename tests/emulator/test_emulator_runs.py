"""`GET /runs` and the details of a run, over HTTP."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx
    from emulated import ArmatureServer

    from emulator.armature import World

    Connect = Callable[..., httpx.Client]

PARTS = ("", "/trace", "/evaluation", "/tool-calls")


def listed(client: httpx.Client, **params: str | int) -> list[dict[str, Any]]:
    """All rows of all pages."""
    rows: list[dict[str, Any]] = []
    for page in range(1, 100):
        found = client.get("/runs", params={"range": "30d", "pageSize": 100, "page": page, **params}).json()
        rows.extend(found["runs"])
        if not found["hasMore"]:
            break
    return rows


def test_all_pages_together_hold_every_run_once(client: httpx.Client) -> None:
    ids = [row["id"] for row in listed(client)]
    assert len(ids) == len(set(ids)) == 400


def test_a_page_beyond_the_last_is_empty(client: httpx.Client) -> None:
    answer = client.get("/runs", params={"range": "30d", "page": 10**6}).json()
    assert (answer["runs"], answer["hasMore"], answer["total"]) == ([], False, 400)


def test_the_range_is_a_day_unless_asked_otherwise(client: httpx.Client) -> None:
    assert client.get("/runs").json()["total"] == client.get("/runs?range=24h").json()["total"] < 20
    assert client.get("/runs?range=7d").json()["total"] < client.get("/runs?range=30d").json()["total"]


@pytest.mark.parametrize("query", ["range=90d", "page=x", "pageSize=0", "pageSize=", "page=1&page=2"])
def test_nonsense_in_the_query_is_refused(client: httpx.Client, query: str) -> None:
    answer = client.get(f"/runs?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "validation_failed"


def test_runs_are_filtered_by_workflow(client: httpx.Client) -> None:
    every = listed(client)
    wanted = every[0]["workflow"]["id"]
    own = [row for row in every if row["workflow"]["id"] == wanted]
    assert listed(client, workflowId=wanted) == own


@pytest.mark.parametrize("name", ["status", "classification"])
def test_runs_are_filtered_by_a_field(client: httpx.Client, name: str) -> None:
    every = listed(client)
    for value in {row[name] for row in every if row[name]}:
        assert listed(client, **{name: value}) == [row for row in every if row[name] == value]


def test_runs_are_found_by_text(client: httpx.Client) -> None:
    rows = listed(client, search="CIRRUS-pro")
    assert {row["model"] for row in rows} == {"cirrus-pro"}


def test_the_row_and_the_page_of_a_run_are_the_same(client: httpx.Client) -> None:
    for row in listed(client)[:20]:
        assert client.get(f"/runs/{row['id']}").json() == row


def test_an_id_may_hold_anything(connect: Connect, empty: World) -> None:
    run_id = "a/b?c#d%[e]|f:g 🦀"
    empty.add_run(id=run_id, started_at="2026-03-01T11:00:00Z")
    quoted = "a%2Fb%3Fc%23d%25%5Be%5D%7Cf%3Ag%20%F0%9F%A6%80"
    client = connect(empty)
    assert [client.get(f"/runs/{quoted}{part}").status_code for part in PARTS] == [200] * 4


def test_an_added_run_is_listed_at_its_place_in_time(client: httpx.Client, server: ArmatureServer) -> None:
    world = server.emulator.world
    added = world.add_run(started_at="2026-02-20T00:00:00Z")
    rows = listed(client)
    assert added.id in {row["id"] for row in rows}
    assert rows == sorted(rows, key=lambda row: row["startedAt"], reverse=True)


def test_a_removed_run_is_gone(client: httpx.Client, server: ArmatureServer) -> None:
    gone = listed(client)[5]["id"]
    server.emulator.world.remove_run(gone)
    assert gone not in {row["id"] for row in listed(client)}
    assert [client.get(f"/runs/{gone}{part}").status_code for part in PARTS] == [404] * 4


def test_a_changed_run_is_shown_changed(client: httpx.Client, server: ArmatureServer) -> None:
    run = listed(client)[5]["id"]
    client.get(f"/runs/{run}")
    server.emulator.world.update_run(run, status="timed_out", cost=None)
    shown = client.get(f"/runs/{run}").json()
    assert (shown["status"], shown["cost"]) == ("timed_out", None)
    assert len(listed(client)) == 400


def test_runs_may_arrive_and_leave_while_pages_are_read(connect: Connect, empty: World) -> None:
    runs = [empty.add_run(started_at=f"2026-03-01T11:00:{second:02}Z") for second in range(6)]

    def shift(page: int) -> None:
        if page == 1:
            empty.add_run(started_at="2026-03-01T11:59:00Z")

    empty.on_page(shift)
    client = connect(empty, max_page_size=2)
    pages = [client.get("/runs", params={"page": page}).json()["runs"] for page in (1, 2)]
    assert [row["id"] for row in pages[0]] == [runs[5].id, runs[4].id]
    assert [row["id"] for row in pages[1]] == [runs[4].id, runs[3].id]


def test_a_page_hook_can_be_taken_away(connect: Connect, empty: World) -> None:
    pages: list[int] = []
    take_away = empty.on_page(pages.append)
    client = connect(empty)
    client.get("/runs")
    take_away()
    client.get("/runs?page=2")
    assert pages == [1]


RAW = b'{"id":"r1","cost":NaN,"note":"\\ud800","big":123456789012345678901234567890}'


def test_raw_bodies_are_served_byte_for_byte(connect: Connect, empty: World) -> None:
    empty.put_raw_run(RAW, id="r1", evaluation=RAW, tool_calls=[{"deep": 1}], trace=b"[]")
    client = connect(empty)
    assert RAW in client.get("/runs").content
    assert [client.get(f"/runs/r1{part}").content for part in PARTS] == [RAW, b"[]", RAW, b'[{"deep": 1}]']


def test_raw_values_that_orjson_refuses_are_written(connect: Connect, empty: World) -> None:
    deep: list[Any] = []
    for _ in range(200):
        deep = [deep]
    body = {"id": "r2", "nan": float("nan"), "lone": "\ud800", "nul": "\0", "big": 10**40, "deep": deep}
    empty.put_raw_run(body)
    assert connect(empty).get("/runs/r2").content == json.dumps(body).encode()


def test_an_id_may_be_listed_twice_with_two_bodies(connect: Connect, empty: World) -> None:
    empty.put_raw_run({"id": "twin", "n": 1})
    empty.put_raw_run({"id": "twin", "n": 2})
    client = connect(empty)
    assert [row["n"] for row in client.get("/runs").json()["runs"]] == [2, 1]
    assert client.get("/runs/twin").json()["n"] == 2


def test_a_result_of_20_megabytes_is_served(connect: Connect, empty: World) -> None:
    empty.put_raw_run({"id": "fat"}, tool_calls=[{"result": "x" * 20_000_000}])
    assert len(connect(empty).get("/runs/fat/tool-calls").content) > 20_000_000


def test_an_empty_world_has_no_runs_and_no_workflows(connect: Connect, empty: World) -> None:
    client = connect(empty)
    assert client.get("/runs", params={"range": "30d"}).json()["runs"] == []
    assert client.get("/workflows").json()["workflows"] == []


def test_a_run_may_have_thousands_of_calls(connect: Connect, empty: World) -> None:
    run = empty.add_run(calls=5_000, started_at="2026-03-01T11:00:00Z")
    assert len(connect(empty).get(f"/runs/{run.id}/tool-calls").json()["toolCalls"]) == 5_000


def test_bodies_rendered_ahead_are_the_same_bytes(client: httpx.Client, server: ArmatureServer) -> None:
    run = listed(client)[3]["id"]
    before = [client.get(f"/runs/{run}{part}").content for part in PARTS]
    assert server.emulator.render_all() > 400 * 1000
    assert [client.get(f"/runs/{run}{part}").content for part in PARTS] == before
