"""Runflow's runs over HTTP: pages by cursor, filters, orders, details, what a key may see."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from emulated import client_of
from emulated_runflow import HOUR_AGO, SUMMARY, ids, listed, nothing, one, pages, serving, world

from emulator import faults, serve
from emulator.common.keys import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from emulator import Server
    from emulator.common.platform import Emulator
    from emulator.runflow import RunflowEmulator, World

    Open = Callable[[Emulator], httpx.Client]

PARTS = ("", "/node-runs", "/logs", "/evaluations")


@pytest.fixture
def server() -> Iterator[Server[RunflowEmulator]]:
    with serve(serving(world())) as running:
        yield running


@pytest.fixture
def client(server: Server[RunflowEmulator]) -> Iterator[httpx.Client]:
    with client_of(server) as opened:
        yield opened


@pytest.fixture
def empty() -> World:
    return nothing()


def test_all_pages_together_hold_every_run_once(client: httpx.Client) -> None:
    found = ids(listed(client))
    assert len(found) == len(set(found)) == 400


def test_the_last_page_has_no_next(client: httpx.Client) -> None:
    assert client.get("/runs", params={"limit": 500}).json()["next"] is None


def test_a_page_has_fifty_rows_unless_asked_otherwise(client: httpx.Client) -> None:
    assert [len(client.get("/runs", params=params).json()["items"]) for params in ({}, {"limit": 7})] == [
        50,
        7,
    ]


def test_the_newest_run_comes_first(client: httpx.Client) -> None:
    moments = [row["created_at"] for row in listed(client)]
    assert moments == sorted(moments, reverse=True)


def test_previous_leads_back_to_the_page_before(client: httpx.Client) -> None:
    first = client.get("/runs", params={"limit": 20}).json()
    second = client.get("/runs", params={"limit": 20, "pq": first["next"]}).json()
    third = client.get("/runs", params={"limit": 20, "pq": second["next"]}).json()
    back = client.get("/runs", params={"limit": 20, "pq": third["previous"], "from_prev": "true"}).json()
    again = client.get("/runs", params={"limit": 20, "pq": back["previous"], "from_prev": "true"}).json()
    assert (ids(back["items"]), ids(again["items"])) == (ids(second["items"]), ids(first["items"]))
    assert (first["previous"], again["previous"]) == (None, None)


def test_first_leads_to_the_first_page(client: httpx.Client) -> None:
    second = client.get("/runs", params={"limit": 20, "pq": client.get("/runs").json()["next"]}).json()
    first = client.get("/runs", params={"limit": 20, "pq": second["first"]}).json()
    assert ids(first["items"]) == ids(listed(client)[:20])


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=501",
        "limit=x",
        "from_prev=maybe",
        "embed=runs",
        "evaluation_status=good",
        "sort_by=colour:asc",
        "pq=abc",
        "q=x",
    ],
)
def test_nonsense_in_the_query_is_refused(client: httpx.Client, query: str) -> None:
    answer = client.get(f"/runs?{query}")
    assert answer.status_code == 422
    assert answer.json()["code"] == "VALIDATION_ERROR"
    assert answer.json()["errors"][0]["loc"] == ["query", query.partition("=")[0]]


def test_runs_of_one_millisecond_are_not_lost_between_pages(open_client: Open, empty: World) -> None:
    added = [empty.add_run(created_at=HOUR_AGO).id for _ in range(25)]
    found = pages(open_client(serving(empty)), limit=4)
    assert sorted(run_id for page in found for run_id in ids(page)) == sorted(added)
    assert [len(page) for page in found] == [4] * 6 + [1]


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_runs_are_sorted_by_their_creation(client: httpx.Client, order: str) -> None:
    moments = [row["created_at"] for row in listed(client, sort_by=f"created_at:{order}")]
    assert moments == sorted(moments, reverse=order == "desc")
    assert len(moments) == 400


def test_runs_are_sorted_by_several_names(client: httpx.Client) -> None:
    rows = listed(client, sort_by="status_code:asc,duration_ms:desc")
    keys = [(row["status_code"], -row["duration_ms"]) for row in rows if row["duration_ms"] is not None]
    assert keys == sorted(keys)
    assert len(rows) == 400


def test_a_run_arriving_between_pages_does_not_shift_them(open_client: Open, empty: World) -> None:
    for minute in range(6):
        empty.add_run(created_at=f"2026-03-01T11:{minute:02}:00Z")
    expected = ids(listed(open_client(serving(empty))))
    empty.on_page(lambda page: empty.add_run(created_at="2026-03-01T11:59:00Z"))
    assert ids(listed(open_client(serving(empty)), limit=2)) == expected


def test_a_run_that_leaves_between_pages_takes_no_other_with_it(open_client: Open, empty: World) -> None:
    added = [empty.add_run(created_at=f"2026-03-01T11:{minute:02}:00Z").id for minute in range(6)][::-1]
    take_away = empty.on_page(lambda page: empty.remove_run(added[page]) if page == 1 else None)
    assert ids(listed(open_client(serving(empty)), limit=2)) == [added[0], added[1], *added[2:]]
    take_away()
    assert added[1] not in ids(listed(open_client(serving(empty))))


def test_hooks_are_told_the_number_of_the_page(open_client: Open) -> None:
    of = world(runs=10)
    told: list[int] = []
    of.on_page(told.append)
    pages(open_client(serving(of)), limit=4)
    assert told == [1, 2, 3]


@pytest.mark.parametrize(
    ("name", "value"), [("status_code", "failed"), ("target_type", "model"), ("failure_code", "TIMEOUT")]
)
def test_runs_are_filtered_by_an_exact_value(client: httpx.Client, name: str, value: str) -> None:
    every = listed(client)
    wanted = ids([row for row in every if row[name] == value])
    assert ids(listed(client, q=f"{name}:{value}")) == wanted != []
    assert ids(listed(client, q=f"{name}.eq:'{value}'")) == wanted


def test_exact_values_are_joined_by_and(client: httpx.Client) -> None:
    rows = listed(client, q="status_code:succeeded AND target_type:flow")
    assert {(row["status_code"], row["target_type"]) for row in rows} == {("succeeded", "flow")}


def test_only_the_fields_that_are_asked_for_are_shown(client: httpx.Client) -> None:
    rows = listed(client, fields="id,status_code")
    assert {tuple(row) for row in rows} == {("id", "status_code")}


def test_the_row_and_the_page_of_a_run_are_the_same(open_client: Open) -> None:
    client = open_client(serving(world(runs=30), links="signed_once"))
    for row in listed(client):
        assert client.get(f"/runs/{row['id']}").json() == row


def test_relations_are_shown_when_they_are_asked_for(client: httpx.Client) -> None:
    row = next(row for row in listed(client) if row["target_type"] == "flow" and row["has_logs"])
    names = ("comfyui_workflow", "current_evaluation_summary", "flow", "logs", "model", "node_runs")
    assert not set(names) & set(row)
    shown = one(client, row["id"], embed=",".join(names))
    assert shown["flow"]["id"] == row["flow_id"]
    assert (shown["model"], shown["comfyui_workflow"]) == (None, None)
    assert {line["run_id"] for line in (*shown["logs"], *shown["node_runs"])} == {row["id"]}


def test_node_runs_add_up_to_their_run(client: httpx.Client) -> None:
    row = next(row for row in listed(client) if row["flow_id"] and row["status_code"] == "succeeded")
    rows = listed(client, f"/runs/{row['id']}/node-runs")
    assert len(rows) == row["nodes_total"] == row["nodes_completed"]
    assert sum(round(float(one["cost"]) * 10**6) for one in rows) == round(float(row["cost"]) * 10**6)
    assert rows[0]["started_at"] == row["started_at"]
    assert rows[-1]["completed_at"] == row["completed_at"]


def test_a_failed_run_ends_at_the_node_that_failed(client: httpx.Client) -> None:
    row = next(row for row in listed(client) if row["status_code"] == "failed" and row["nodes_total"])
    rows = listed(client, f"/runs/{row['id']}/node-runs")
    assert [one["state_code"] for one in rows] == ["succeeded"] * row["nodes_completed"] + ["failed"]
    assert rows[-1]["error_message"] == row["failure_message"]
    assert row["cost"] is None


def test_node_runs_and_logs_are_found_by_id(client: httpx.Client) -> None:
    row = next(row for row in listed(client) if row["has_logs"] and row["has_node_runs"])
    for part in ("node-runs", "logs"):
        path = f"/runs/{row['id']}/{part}"
        first = listed(client, path)[0]
        assert client.get(f"{path}/{first['id']}").json()["id"] == first["id"]
        assert client.get(f"{path}/{row['id']}").status_code == 404


@pytest.mark.parametrize("part", ["node-runs", "logs"])
def test_the_word_any_lists_those_of_all_runs(open_client: Open, part: str) -> None:
    client = open_client(serving(world(runs=40), links="unsigned"))
    every = [row for run in listed(client) for row in listed(client, f"/runs/{run['id']}/{part}")]
    assert listed(client, f"/runs/any/{part}") == every != []


def test_links_are_signed_anew_on_each_read(client: httpx.Client) -> None:
    run_id = next(row["id"] for row in listed(client) if row["status_code"] == "succeeded")
    urls = [one(client, run_id)["output"]["outputs"][0]["url"] for _ in range(2)]
    assert urls[0] != urls[1]
    assert urls[0].partition("?")[0] == urls[1].partition("?")[0]
    assert "X-Amz-Signature=" in urls[0]


def test_batches_count_their_items(client: httpx.Client) -> None:
    rows = [row for row in listed(client) if row["batch_id"]]
    batch = client.get(f"/batches/{rows[0]['batch_id']}").json()
    own = [row for row in rows if row["batch_id"] == batch["id"]]
    assert {item["run_id"] for item in batch["items"]} == set(ids(own))
    assert batch["items_total"] == len(own)
    assert [item["sequence_index"] for item in listed(client, f"/batches/{batch['id']}/items")] == list(
        range(len(own))
    )


def test_a_batch_of_added_runs_is_found(open_client: Open, empty: World) -> None:
    added = [
        empty.add_run(batch_id="b1", created_at=HOUR_AGO, status=status) for status in ("succeeded", "failed")
    ]
    batch = open_client(serving(empty)).get("/batches/b1").json()
    assert [item["run_id"] for item in batch["items"]] == [run.id for run in added]
    assert (batch["items_succeeded"], batch["items_failed"], batch["status_code"]) == (
        1,
        1,
        "partial_succeeded",
    )


@pytest.mark.parametrize(
    ("path", "field"),
    [("/flows", "flow_id"), ("/models", "model_id"), ("/comfyui-workflows", "comfyui_workflow_id")],
)
def test_what_runs_name_is_listed_and_found(client: httpx.Client, path: str, field: str) -> None:
    there = set(ids(listed(client, path, limit=5)))
    named = {row[field] for row in listed(client)} - {None}
    assert there & named
    assert {client.get(f"{path}/{target_id}").status_code for target_id in there} == {200}


def test_a_deleted_flow_is_gone_and_its_runs_stay(open_client: Open, empty: World) -> None:
    run = empty.add_run(created_at=HOUR_AGO)
    client = open_client(serving(empty))
    empty.delete_target(run.target_id)
    assert listed(client, "/flows") == []
    assert client.get(f"/flows/{run.target_id}").status_code == 404
    assert one(client, run.id)["flow_id"] == run.target_id


def test_an_id_may_hold_anything(open_client: Open, empty: World) -> None:
    empty.add_run(id="a/b?c#d%[e]|f:g=h 🦀", created_at=HOUR_AGO)
    empty.add_run(created_at=HOUR_AGO)
    client = open_client(serving(empty))
    quoted = "a%2Fb%3Fc%23d%25%5Be%5D%7Cf%3Ag%3Dh%20%F0%9F%A6%80"
    assert [client.get(f"/runs/{quoted}{part}").status_code for part in PARTS] == [200] * 4
    assert len(listed(client, limit=1)) == 2


def test_a_removed_run_is_gone(client: httpx.Client, server: Server[RunflowEmulator]) -> None:
    gone = ids(listed(client))[5]
    server.emulator.world.remove_run(gone)
    assert gone not in ids(listed(client))
    assert [client.get(f"/runs/{gone}{part}").status_code for part in PARTS] == [404] * 4
    assert client.get(f"/runs/{gone}").json()["code"] == "RUN_NOT_FOUND"


def test_a_changed_run_is_shown_changed(client: httpx.Client, server: Server[RunflowEmulator]) -> None:
    run = ids(listed(client))[5]
    server.emulator.world.update_run(run, status="exploded", client_ref="r1")
    shown = one(client, run)
    assert (shown["status_code"], shown["client_ref"]) == ("exploded", "r1")
    assert len(listed(client)) == 400


RAW = b'{"id":"r1","cost":NaN,"note":"\\ud800","big":123456789012345678901234567890}'


def test_raw_bodies_are_served_byte_for_byte(open_client: Open, empty: World) -> None:
    empty.put_raw_run(RAW, id="r1", node_runs=RAW, logs=b"[]", evaluations={"items": 1})
    client = open_client(serving(empty))
    assert RAW in client.get("/runs").content
    assert [client.get(f"/runs/r1{part}").content for part in PARTS] == [RAW, RAW, b"[]", b'{"items": 1}']


def test_an_id_may_be_listed_twice_with_two_bodies(open_client: Open, empty: World) -> None:
    empty.put_raw_run({"id": "twin", "n": 1})
    empty.put_raw_run({"id": "twin", "n": 2})
    client = open_client(serving(empty))
    assert sorted(row["n"] for row in listed(client)) == [1, 2]
    assert client.get("/runs/twin").json()["n"] == 2


# Keys


@pytest.mark.parametrize("authorization", [None, "Bearer", "Bearer rf_live_wrong_key", "Basic abc"], ids=repr)
def test_a_request_without_a_good_key_is_refused(
    server: Server[RunflowEmulator], authorization: str | None
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = httpx.get(f"{server.base_url}/runs", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHORIZED")


def test_a_key_tells_its_scopes(server: Server[RunflowEmulator]) -> None:
    key = server.emulator.keys.issue(Role.VIEWER, without=["evaluations:read"])
    with client_of(server, key.token) as client:
        scopes = client.get("/auth/me").json()["scopes"]
    assert "runs:read" in scopes
    assert "evaluations:read" not in scopes


def test_a_key_without_a_scope_is_refused_what_needs_it_alone(server: Server[RunflowEmulator]) -> None:
    key = server.emulator.keys.issue(Role.VIEWER, without=["evaluations:read"])
    with client_of(server, key.token) as client:
        run = client.get("/runs").json()["items"][0]["id"]
        refused = client.get("/runs", params=SUMMARY), client.get(f"/runs/{run}/evaluations")
        assert [(one.status_code, one.json()["code"]) for one in refused] == [(403, "PERMISSION_DENIED")] * 2
        assert [client.get(f"/runs/{run}{part}").status_code for part in PARTS[:3]] == [200] * 3


def test_another_organization_is_refused(client: httpx.Client) -> None:
    own = client.get("/auth/me").json()["org_id"]
    codes = [
        client.get("/runs", headers={"X-Organization-Id": name}).status_code for name in (own, "another")
    ]
    assert codes == [200, 403]


def test_a_viewer_may_not_give_feedback(server: Server[RunflowEmulator]) -> None:
    with client_of(server, server.key(Role.VIEWER)) as client:
        run = client.get("/runs").json()["items"][0]["id"]
        assert client.patch(f"/runs/{run}/feedback", json={"is_positive": True}).status_code == 403


def test_faults_speak_as_the_platform_does(client: httpx.Client, server: Server[RunflowEmulator]) -> None:
    server.faults.add(faults.too_many_requests(None))
    answer = client.get("/runs")
    assert answer.json() == {"code": "RATE_LIMITED", "message": "Too many requests.", "errors": None}
    assert "Retry-After" not in answer.headers


def test_statuses_are_listed(client: httpx.Client) -> None:
    rows: list[dict[str, Any]] = client.get("/runs/statuses").json()["items"]
    assert {row["code"] for row in rows if not row["is_terminal"]} == {"queued", "dispatching", "running"}
    shown = {row["status_code"] for row in listed(client)}
    assert shown <= {row["code"] for row in rows}


def test_raw_values_that_orjson_refuses_are_written(open_client: Open, empty: World) -> None:
    body = {"id": "r2", "nan": float("nan"), "lone": "\ud800", "nul": "\0", "big": 10**40}
    empty.put_raw_run(body)
    assert open_client(serving(empty)).get("/runs/r2").content == json.dumps(body).encode()
