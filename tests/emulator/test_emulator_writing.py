"""Keys and roles, workflows that change, and dispatched runs from pending to evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from emulated import client_of

from emulator.common.keys import Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulated import ArmatureServer

    from emulator.armature import World

    Connect = Callable[..., httpx.Client]


@pytest.fixture
def workflow(client: httpx.Client) -> dict[str, Any]:
    """An active workflow with six models."""
    found: dict[str, Any] = next(
        row for row in client.get("/workflows").json()["workflows"] if len(row["testerModelIds"]) == 6
    )
    return found


def new_workflow(client: httpx.Client, **fields: object) -> dict[str, Any]:
    server_id = client.get("/mcp-servers").json()["rows"][0]["id"]
    return {"name": "New", "mcpServerId": server_id, "testerPrompt": "Do it.", **fields}


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer amt_wrong_key", "Basic abc"], ids=repr)
def test_a_request_without_a_good_key_is_refused(server: ArmatureServer, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = httpx.get(f"{server.base_url}/runs", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "unauthenticated"


@pytest.mark.parametrize("role", Role)
def test_every_role_may_read(server: ArmatureServer, role: Role) -> None:
    with client_of(server, server.key(role)) as client:
        assert client.get("/org").json()["actor"]["role"] == role.label
        assert client.get("/runs").status_code == 200


def test_a_key_looks_as_documented(server: ArmatureServer) -> None:
    assert [part != "" for part in server.api_key.split("_")] == [True, True, True]
    assert server.api_key.startswith("amt_")


def test_a_viewer_may_not_write(server: ArmatureServer, workflow: dict[str, Any]) -> None:
    path = f"/workflows/{workflow['id']}"
    with client_of(server, server.key(Role.VIEWER)) as viewer:
        answers = [
            viewer.post("/workflows", json={}),
            viewer.patch(path, json={}),
            viewer.delete(path),
            viewer.post(f"{path}/runs"),
        ]
    assert [answer.status_code for answer in answers] == [403] * 4
    assert {answer.json()["error"]["code"] for answer in answers} == {"forbidden_role"}


def test_an_editor_may_write(server: ArmatureServer, workflow: dict[str, Any]) -> None:
    with client_of(server, server.key(Role.EDITOR)) as editor:
        assert editor.post(f"/workflows/{workflow['id']}/runs").status_code == 202


def test_a_revoked_key_is_refused(server: ArmatureServer) -> None:
    with client_of(server) as client:
        server.emulator.keys.revoke(server.api_key)
        assert client.get("/org").status_code == 401


def test_an_unknown_path_is_404_and_an_unknown_method_405(client: httpx.Client) -> None:
    assert client.get("/nothing").status_code == 404
    answer = client.delete("/runs")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")


def test_a_path_outside_the_api_is_404(server: ArmatureServer) -> None:
    assert httpx.get(f"{server.origin}/").status_code == 404


def test_a_dispatched_run_is_pending_then_running_then_final(
    client: httpx.Client, server: ArmatureServer, workflow: dict[str, Any]
) -> None:
    answer = client.post(f"/workflows/{workflow['id']}/runs", json={"testerModelIds": ["cirrus-pro"]})
    (run,) = answer.json()["runIds"]
    seen = []
    for seconds in (0, 6, 600):
        server.emulator.clock.advance(seconds=seconds)
        shown = client.get(f"/runs/{run}").json()
        seen.append((shown["status"], shown["startedAt"] is None, shown["endedAt"] is None))
    assert seen[:2] == [("pending", True, True), ("running", False, True)]
    assert seen[2][0] in {"pass", "partial", "fail", "error"}
    assert seen[2][1:] == (False, False)


def test_an_evaluation_comes_after_the_end(connect: Connect, empty: World) -> None:
    run = empty.add_run(duration_s=60, evaluation_after_s=20)
    client = connect(empty)
    seen = []
    for seconds in (59, 2, 18, 2):
        empty.clock.advance(seconds=seconds)
        shown = client.get(f"/runs/{run.id}").json()
        status = client.get(f"/runs/{run.id}/evaluation").status_code
        seen.append((shown["status"], shown["verdict"], status))
    assert seen == [
        ("running", None, 404),
        ("pass", None, 404),
        ("pass", None, 404),
        ("pass", "pass", 200),
    ]


def test_calls_appear_while_a_run_goes_on(connect: Connect, empty: World) -> None:
    run = empty.add_run(duration_s=60, calls=6)
    client = connect(empty)
    seen = []
    for _ in range(3):
        empty.clock.advance(seconds=30)
        seen.append(len(client.get(f"/runs/{run.id}/tool-calls").json()["toolCalls"]))
    assert 0 < seen[0] < seen[1] == seen[2] == 6


def test_a_run_of_the_future_is_not_seen(connect: Connect, empty: World) -> None:
    run = empty.add_run(started_at="2026-03-01T12:00:10Z", queue_s=5)
    client = connect(empty)
    seen = []
    for seconds in (0, 6, 6):
        empty.clock.advance(seconds=seconds)
        answer = client.get(f"/runs/{run.id}")
        listed = client.get("/runs").json()["total"]
        seen.append((answer.status_code, answer.json().get("status"), listed))
    assert seen == [(404, None, 0), (200, "pending", 1), (200, "running", 1)]


def test_a_dispatched_run_says_why(client: httpx.Client, workflow: dict[str, Any]) -> None:
    baseline = client.get("/runs?range=30d").json()["runs"][0]["id"]
    body = {"reason": "smoke test", "baselineRunId": baseline, "testerTargets": [{"modelId": "basalt-70b"}]}
    (run,) = client.post(f"/workflows/{workflow['id']}/runs", json=body).json()["runIds"]
    shown = client.get(f"/runs/{run}").json()
    assert (shown["trigger"], shown["reason"], shown["baselineRunId"], shown["model"]) == (
        "manual",
        "smoke test",
        baseline,
        "basalt-70b",
    )


def test_the_same_idempotency_key_gives_the_same_runs(client: httpx.Client, workflow: dict[str, Any]) -> None:
    path, body = f"/workflows/{workflow['id']}/runs", {"idempotencyKey": "deploy-1"}
    first, second = (client.post(path, json=body).json() for _ in range(2))
    assert first["runIds"] == second["runIds"]
    assert (first["deduplicated"], second["deduplicated"]) == (False, True)


def test_a_new_run_can_be_forced(client: httpx.Client, workflow: dict[str, Any]) -> None:
    path, body = f"/workflows/{workflow['id']}/runs", {"idempotencyKey": "deploy-1", "forceNewRun": True}
    first, second = (set(client.post(path, json=body).json()["runIds"]) for _ in range(2))
    assert not first & second


def test_a_dispatch_without_a_key_is_never_deduplicated(
    client: httpx.Client, workflow: dict[str, Any]
) -> None:
    path = f"/workflows/{workflow['id']}/runs"
    first, second = (set(client.post(path).json()["runIds"]) for _ in range(2))
    assert len(first) == len(second) == 6
    assert not first & second


def test_an_archived_workflow_leaves_the_list_and_its_runs_stay(
    client: httpx.Client, workflow: dict[str, Any]
) -> None:
    params = {"range": "30d", "workflowId": workflow["id"]}
    before = client.get("/runs", params=params).json()["total"]
    assert client.delete(f"/workflows/{workflow['id']}").json() == {"ok": True}
    assert workflow["id"] not in {row["id"] for row in client.get("/workflows").json()["workflows"]}
    assert client.get("/runs", params=params).json()["total"] == before > 0
    assert client.post(f"/workflows/{workflow['id']}/runs").status_code == 404


def test_a_new_workflow_is_listed_and_dispatched_on_each_model(client: httpx.Client) -> None:
    body = new_workflow(
        client,
        testerModelIds=["claude-sonnet-4", "gpt-5"],
        criteria=[{"criterionText": "Done", "isRequired": False}],
        metadata={"teamName": "web"},
    )
    answer = client.post("/workflows", json=body)
    assert answer.status_code == 201
    assert answer.json()["initialDispatch"] == {"queued": 2, "failed": 0}
    shown = client.get(f"/workflows/{answer.json()['workflow']['id']}").json()
    assert shown["criteria"] == body["criteria"]
    assert shown["metadata"] == body["metadata"]
    assert shown["schedule"] is None
    assert client.get("/runs", params={"workflowId": shown["id"]}).json()["total"] == 2


def test_a_change_writes_a_new_version(client: httpx.Client, workflow: dict[str, Any]) -> None:
    path = f"/workflows/{workflow['id']}"
    answer = client.patch(path, json={"testerPrompt": "Do it better.", "schedule": None}).json()
    shown = client.get(path).json()
    assert answer["currentVersion"]["id"] == shown["currentVersion"]["id"] != workflow["currentVersion"]["id"]
    assert (shown["testerPrompt"], shown["schedule"]) == ("Do it better.", None)
    assert shown["name"] == workflow["name"]


def test_workflows_are_filtered_by_category(client: httpx.Client) -> None:
    every = client.get("/workflows").json()["workflows"]
    for params in ({"category": "databases,files"}, {"categorySlug": "databases"}):
        wanted = set(",".join(params.values()).split(","))
        own = [row for row in every if wanted & set(row["categories"])]
        assert client.get("/workflows", params=params).json()["workflows"] == own != []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "body.name"),
        ({"name": None}, "body.name"),
        ({"criteria": [{}]}, "body.criteria[0].criterionText"),
        ({"testerModelIds": "one"}, "body.testerModelIds"),
        ({"surprise": 1}, "body.surprise"),
    ],
)
def test_a_bad_body_is_refused_with_the_field(
    client: httpx.Client, change: dict[str, Any], field: str
) -> None:
    answer = client.post("/workflows", json=new_workflow(client, **change))
    assert answer.status_code == 400
    assert answer.json()["error"]["details"]["fieldErrors"][0]["field"] == field


def test_a_body_that_is_not_json_is_refused(client: httpx.Client) -> None:
    answer = client.post("/workflows", content=b"{", headers={"Content-Type": "application/json"})
    assert answer.json()["error"]["code"] == "validation_failed"


def test_an_unknown_mcp_server_is_404(client: httpx.Client) -> None:
    body = {"name": "x", "testerPrompt": "y", "mcpServerId": "mcp_unknown"}
    assert client.post("/workflows", json=body).status_code == 404
