"""B3OS: lists of runs, workflows and compute units, and a run's own page, over HTTP."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest
from emulated import client_of
from emulated_b3os import HOUR_AGO, all_pages, data, runs_path, world

from emulator import faults, serve
from emulator.b3os import B3osEmulator
from emulator.b3os.catalog import BLUEPRINTS
from emulator.common.keys import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from emulator.b3os import World
    from emulator.b3os.catalog import Blueprint

    Connect = Callable[..., httpx.Client]

ODD_ID = "a/b?c#d%[e]|f:g 🦀"
ODD_ID_QUOTED = "a%2Fb%3Fc%23d%25%5Be%5D%7Cf%3Ag%20%F0%9F%A6%80"


@pytest.fixture(scope="module")
def shared() -> World:
    """A world that no test changes."""
    return world()


@pytest.fixture(scope="module")
def client(shared: World) -> Iterator[httpx.Client]:
    with serve(B3osEmulator(shared)) as server, client_of(server) as opened:
        yield opened


def test_all_workflows_together_hold_every_run_once(client: httpx.Client, shared: World) -> None:
    ids = [row["id"] for known in shared.workflows for row in all_pages(client, f"/workflows/{known}/runs")]
    assert len(ids) == len(set(ids)) == len(shared.runs()) > 300


def test_the_account_lists_every_run_once(client: httpx.Client, shared: World) -> None:
    ids = [row["id"] for row in all_pages(client, "/runs")]
    assert len(ids) == len(set(ids)) == len(shared.runs())


def test_a_page_is_in_the_documented_envelope(client: httpx.Client, shared: World) -> None:
    answer = client.get(runs_path(shared)).json()
    assert (answer["code"], answer["message"], answer["requestId"] != "") == (200, "success", True)
    assert set(answer["data"]) == {"items", "limit", "offset", "hasMore"}


def test_twenty_rows_make_a_page_unless_asked_otherwise(client: httpx.Client) -> None:
    page = data(client, "/runs")
    assert (len(page["items"]), page["limit"], page["offset"]) == (20, 20, 0)


def test_an_offset_leaves_rows_out(client: httpx.Client) -> None:
    assert data(client, "/runs", offset=7)["items"] == data(client, "/runs", limit=100)["items"][7:27]


def test_a_page_beyond_the_last_is_empty(client: httpx.Client, shared: World) -> None:
    page = data(client, runs_path(shared), offset=10**6)
    assert (page["items"], page["hasMore"]) == ([], False)


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "offset=-1", "status=partial", "limit=1&limit=2"])
def test_nonsense_in_the_query_is_refused(client: httpx.Client, shared: World, query: str) -> None:
    answer = client.get(f"{runs_path(shared)}?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, 400)


def test_runs_are_filtered_by_status(client: httpx.Client, shared: World) -> None:
    every = all_pages(client, runs_path(shared))
    for status in {row["status"] for row in every}:
        own = [row for row in every if row["status"] == status]
        assert all_pages(client, runs_path(shared), status=status) == own


def test_the_accounts_runs_are_filtered_by_workflow(client: httpx.Client, shared: World) -> None:
    wanted = next(iter(shared.workflows))
    assert all_pages(client, "/runs", workflowId=wanted) == all_pages(client, runs_path(shared))


def test_the_accounts_runs_are_not_filtered_by_status(client: httpx.Client) -> None:
    assert data(client, "/runs", status="failure") == data(client, "/runs")


def test_an_unknown_workflow_is_404(client: httpx.Client) -> None:
    answer = client.get("/workflows/wf_unknown/runs")
    assert (answer.status_code, answer.json()["code"]) == (404, 404)


def test_a_runs_page_begins_with_its_row(client: httpx.Client) -> None:
    for row in data(client, "/runs")["items"]:
        page = data(client, f"/runs/{row['id']}")
        assert {name: page[name] for name in row} == row


def test_a_summary_has_no_nodes(client: httpx.Client) -> None:
    run = data(client, "/runs")["items"][0]["id"]
    page = data(client, f"/runs/{run}", summary="true")
    assert page["id"] == run
    assert not {"executionState", "workflowDefinition"} & set(page)


def test_nodes_can_be_asked_for_by_id(client: httpx.Client) -> None:
    run = data(client, "/runs")["items"][0]["id"]
    page = data(client, f"/runs/{run}", nodeIds="root,n2,none")
    assert list(page["executionState"]) == ["root", "n2"]


def test_only_the_failed_node_of_a_failed_run_has_failed(client: httpx.Client) -> None:
    failed = [row for row in all_pages(client, "/runs") if row["status"] == "failure"]
    for row in failed[:40]:
        state = data(client, f"/runs/{row['id']}")["executionState"]
        assert [node["status"] for node in state.values()].count("failure") == 1
        assert "error" not in row


def test_the_error_of_a_run_lies_in_the_result_of_its_failed_node(client: httpx.Client) -> None:
    failed = next(row for row in all_pages(client, "/runs") if row["status"] == "failure")
    state = data(client, f"/runs/{failed['id']}")["executionState"]
    (node,) = (node for node in state.values() if node["status"] == "failure")
    assert node["result"]["error"]


def test_nodes_lie_within_their_run(client: httpx.Client) -> None:
    for row in data(client, "/runs", limit=100)["items"]:
        state = data(client, f"/runs/{row['id']}")["executionState"]
        begun = [node["startedAt"] for node in state.values() if "startedAt" in node]
        done = [node["finishedAt"] for node in state.values() if "finishedAt" in node]
        assert min(begun) == row["startedAt"]
        assert max(done) <= row.get("finishedAt", "9")


def test_compute_units_are_listed_by_run(client: httpx.Client, shared: World) -> None:
    usage = all_pages(client, f"/organizations/{shared.organization_id}/cu/runs")
    runs = all_pages(client, "/runs")
    assert [(row["runId"], row.get("totalCu")) for row in usage] == [
        (row["id"], row.get("totalCu")) for row in runs
    ]


def test_another_organization_is_404(client: httpx.Client) -> None:
    assert client.get("/organizations/org_other/cu/runs").status_code == 404


def test_the_keys_organization_is_listed(client: httpx.Client, shared: World) -> None:
    assert [row["id"] for row in data(client, "/organizations")["items"]] == [shared.organization_id]


def test_archived_workflows_are_not_listed(client: httpx.Client, shared: World) -> None:
    listed = {row["id"] for row in all_pages(client, "/workflows")}
    now = shared.clock.now()
    assert listed == {known.id for known in shared.workflows.values() if not known.is_archived(now)}
    assert len(listed) < len(shared.workflows)


def test_a_workflow_knows_when_it_last_ran(client: httpx.Client, shared: World) -> None:
    row = data(client, runs_path(shared))["items"][0]
    assert data(client, f"/workflows/{row['workflowId']}")["lastTriggeredAt"] == row["startedAt"]


def test_an_id_may_hold_anything(connect_b3os: Connect, empty_b3os: World) -> None:
    empty_b3os.add_run(id=ODD_ID, started_at=HOUR_AGO)
    assert data(connect_b3os(empty_b3os), f"/runs/{ODD_ID_QUOTED}")["id"] == ODD_ID


def test_the_offsets_that_were_asked_for_are_logged() -> None:
    with serve(B3osEmulator(world(runs=50))) as server, client_of(server) as opened:
        for query in ("", "?offset=20", "?offset=40"):
            opened.get(f"/runs{query}")
    assert server.requests.pages("GET /runs", "offset") == [None, "20", "40"]


@pytest.mark.parametrize("authorization", [None, "Bearer", "Bearer b3sk_wrong_key", "Basic abc"], ids=repr)
def test_a_request_without_a_good_key_is_refused(authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    with serve(B3osEmulator(world(runs=5))) as server:
        assert server.api_key.startswith("b3sk_")
        answer = httpx.get(f"{server.base_url}/runs", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, 401)


def test_a_key_that_may_only_read_cannot_write() -> None:
    with serve(B3osEmulator(world(runs=50))) as server, client_of(server, server.key(Role.VIEWER)) as reader:
        run = data(reader, "/runs")["items"][0]
        paths = (
            f"/workflows/{run['workflowId']}/run",
            f"/runs/{run['id']}/retry",
            f"/runs/{run['id']}/cancel",
        )
        assert [reader.post(path).status_code for path in paths] == [403] * 3


def test_faults_answer_in_the_platforms_own_envelope(open_client: Callable[..., httpx.Client]) -> None:
    emulator = B3osEmulator(world(runs=5))
    emulator.faults.add(faults.too_many_requests(7))
    answer = open_client(emulator).get("/runs")
    assert (answer.status_code, answer.headers["Retry-After"], answer.json()["code"]) == (429, "7", 429)


def test_raw_bodies_are_served_as_they_are(connect_b3os: Connect, empty_b3os: World) -> None:
    empty_b3os.put_raw_run(b'{"id":"raw","totalCu":NaN,"x":"\\ud800"}', id="raw", detail={"id": "raw"})
    client = connect_b3os(empty_b3os)
    assert b'{"id":"raw","totalCu":NaN,"x":"\\ud800"}' in client.get(runs_path(empty_b3os)).content
    assert data(client, "/runs/raw") == {"id": "raw"}


def test_a_raw_run_stands_in_the_list_of_its_workflow_only(connect_b3os: Connect, empty_b3os: World) -> None:
    other = empty_b3os.add_workflow("Other")
    empty_b3os.put_raw_run({"id": "raw"}, workflow_id=other.id)
    client = connect_b3os(empty_b3os)
    assert data(client, runs_path(empty_b3os))["items"] == []
    assert data(client, f"/workflows/{other.id}/runs")["items"] == [{"id": "raw"}]


def test_the_same_id_may_be_listed_twice_with_two_bodies(connect_b3os: Connect, empty_b3os: World) -> None:
    for units in (1, 2):
        empty_b3os.put_raw_run({"id": "twin", "totalCu": units}, at=HOUR_AGO)
    client = connect_b3os(empty_b3os)
    assert sorted(row["totalCu"] for row in data(client, runs_path(empty_b3os))["items"]) == [1, 2]
    assert data(client, "/runs/twin")["totalCu"] == 2


def test_a_body_may_weigh_megabytes(connect_b3os: Connect, empty_b3os: World) -> None:
    state = {"n1": {"type": "http-request", "status": "success", "result": {"text": "x" * 20_000_000}}}
    empty_b3os.put_raw_run({"id": "big"}, detail={"id": "big", "executionState": state})
    answer = connect_b3os(empty_b3os).get("/runs/big")
    assert len(json.loads(answer.content)["data"]["executionState"]["n1"]["result"]["text"]) == 20_000_000


@pytest.mark.parametrize("blueprint", BLUEPRINTS, ids=lambda blueprint: blueprint.name)
def test_every_node_of_a_workflow_is_defined_and_carried_out(
    connect_b3os: Connect, empty_b3os: World, blueprint: Blueprint
) -> None:
    workflow = empty_b3os.add_workflow(blueprint=blueprint)
    run = empty_b3os.add_run(workflow_id=workflow.id, started_at=HOUR_AGO)
    page = data(connect_b3os(empty_b3os), f"/runs/{run.id}")
    assert list(page["executionState"]) == list(page["workflowDefinition"]["nodes"])
    assert {node["status"] for node in page["executionState"].values()} == {"success"}
