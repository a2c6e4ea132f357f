"""Each thing that the documentation leaves open can be set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from emulated import world

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from emulator.armature import World

    Connect = Callable[..., httpx.Client]

ALL = {"range": "30d"}


def first_run(client: httpx.Client, key: str = "runs") -> dict[str, Any]:
    row: dict[str, Any] = client.get("/runs", params=ALL).json()[key][0]
    return row


def starts(client: httpx.Client, **params: str | int) -> list[str]:
    rows = client.get("/runs", params={**ALL, "pageSize": 100, **params}).json()["runs"]
    return [row["startedAt"] for row in rows]


@pytest.mark.parametrize("key", ["runs", "rows", "items", "data", "results"])
def test_lists_are_under_the_key_that_is_set(connect: Connect, key: str) -> None:
    client = connect(world(), list_envelope=key)
    run = client.get("/runs", params=ALL).json()[key][0]["id"]
    assert client.get("/workflows").json()[key]
    assert isinstance(client.get(f"/runs/{run}/tool-calls").json()[key], list)


def test_lists_are_named_after_what_they_hold(connect: Connect) -> None:
    client = connect(world(), key_case="snake")
    run = first_run(client)["id"]
    assert list(client.get(f"/runs/{run}/tool-calls").json()) == ["tool_calls"]
    assert list(client.get("/workflows").json()) == ["workflows"]


def test_a_bare_list_is_an_array(connect: Connect) -> None:
    client = connect(world(), list_envelope="bare")
    assert len(client.get("/runs", params=ALL).json()) == 50
    assert isinstance(client.get("/workflows").json(), list)


def test_objects_can_be_wrapped(connect: Connect) -> None:
    client = connect(world(), object_envelope="wrapped")
    row = first_run(client)
    assert list(client.get(f"/runs/{row['id']}").json()) == ["run"]
    assert list(client.get(f"/runs/{row['id']}/trace").json()) == ["trace"]
    assert list(client.get(f"/workflows/{row['workflow']['id']}").json()) == ["workflow"]


def test_keys_can_be_snake_case(connect: Connect) -> None:
    client = connect(world(), key_case="snake")
    page = client.get("/runs", params=ALL).json()
    assert {"page_size", "has_more"} <= set(page)
    assert {"started_at", "duration_ms", "total_tokens"} <= set(page["runs"][0])


def test_payloads_keep_their_keys_in_snake_case(connect: Connect) -> None:
    of = world()
    camel, snake = connect(of), connect(of, key_case="snake")
    path = f"/runs/{first_run(camel)['id']}/tool-calls"
    camels, snakes = camel.get(path).json()["toolCalls"], snake.get(path).json()["tool_calls"]
    assert [row["result"] for row in camels] == [row["result"] for row in snakes]


@pytest.mark.parametrize(
    ("setting", "fields"),
    [
        ("id", {"workflowId"}),
        ("object", {"workflow"}),
        ("flat", {"workflowId", "workflowName", "workflowVersionId"}),
    ],
)
def test_a_runs_workflow_is_shown_as_set(connect: Connect, setting: str, fields: set[str]) -> None:
    row = first_run(connect(world(), workflow_as=setting))
    assert {name for name in row if name.startswith("workflow")} == fields


def test_rows_can_be_slim(connect: Connect) -> None:
    client = connect(world(), list_rows="slim")
    row = first_run(client)
    assert set(row) == {"id", "status", "startedAt", "workflow"}
    assert "cost" in client.get(f"/runs/{row['id']}").json()


@pytest.mark.parametrize(
    ("setting", "shown"),
    [
        ("iso_z", "2026-03-01T11:00:00.250Z"),
        ("iso_offset", "2026-03-01T13:00:00.250+02:00"),
        ("epoch_ms", 1772362800250),
    ],
)
def test_timestamps_are_written_as_set(
    connect: Connect, empty: World, setting: str, shown: str | int
) -> None:
    empty.add_run(started_at="2026-03-01T11:00:00.250Z")
    assert first_run(connect(empty, timestamps=setting))["startedAt"] == shown


@pytest.mark.parametrize(("setting", "shown"), [("number", 0.0125), ("string", "0.012500")])
def test_cost_is_written_as_set(connect: Connect, empty: World, setting: str, shown: float | str) -> None:
    empty.add_run(started_at="2026-03-01T11:00:00Z")
    assert first_run(connect(empty, cost_as=setting))["cost"] == shown


def test_pages_can_count_from_zero(connect: Connect) -> None:
    of = world()
    from_one, from_zero = connect(of), connect(of, first_page=0)
    assert starts(from_one, page=2) == starts(from_zero, page=1)
    assert starts(from_zero, page=0) == starts(from_zero)
    assert from_one.get("/runs", params={"page": 0}).status_code == 400


def test_a_page_size_beyond_the_cap_is_cut_down(connect: Connect) -> None:
    client = connect(world(), max_page_size=20)
    assert client.get("/runs", params={**ALL, "pageSize": 1000}).json()["pageSize"] == 20


def test_the_default_page_size_can_be_set(connect: Connect) -> None:
    assert len(connect(world(), default_page_size=7).get("/runs", params=ALL).json()["runs"]) == 7


@pytest.mark.parametrize(("setting", "field"), [("shows_total", "total"), ("shows_has_more", "hasMore")])
def test_totals_and_has_more_can_be_hidden(connect: Connect, setting: str, field: str) -> None:
    of = world()
    assert field in connect(of).get("/runs").json()
    assert field not in connect(of, **{setting: False}).get("/runs").json()


def test_page_can_be_ignored(connect: Connect) -> None:
    client = connect(world(), ignores_page=True)
    assert starts(client, page=1) == starts(client, page=3)


def test_sort_is_honoured(connect: Connect) -> None:
    client = connect(world())
    oldest, newest = starts(client, sort="startedAt"), starts(client, sort="-startedAt")
    assert oldest == sorted(oldest)
    assert newest == sorted(newest, reverse=True)


def test_runs_can_be_sorted_by_cost(connect: Connect) -> None:
    rows = connect(world()).get("/runs", params={**ALL, "sort": "-cost"}).json()["runs"]
    costs = [row["cost"] for row in rows]
    assert costs == sorted(costs, reverse=True)


def test_sort_can_be_ignored(connect: Connect) -> None:
    client = connect(world(), honours_sort=False)
    assert starts(client, sort="startedAt") == starts(client)


def test_the_default_order_is_newest_first(connect: Connect) -> None:
    shown = starts(connect(world()))
    assert shown == sorted(shown, reverse=True)


def test_the_default_order_can_be_oldest_first(connect: Connect) -> None:
    shown = starts(connect(world(), default_order="oldest_first"))
    assert shown == sorted(shown)


def test_a_shuffled_order_is_no_order_and_always_the_same(connect: Connect) -> None:
    client = connect(world(), default_order="shuffled")
    shown = starts(client)
    assert shown not in (sorted(shown), sorted(shown, reverse=True))
    assert shown == starts(client)


def test_an_archived_workflow_can_be_hidden(connect: Connect) -> None:
    of = world()
    archived = next(known.id for known in of.workflows.values() if known.is_archived(of.clock.now()))
    assert connect(of).get(f"/workflows/{archived}").json()["isArchived"] is True
    assert connect(of, shows_archived_workflows=False).get(f"/workflows/{archived}").status_code == 404


def test_a_missing_evaluation_is_404_or_null(connect: Connect, empty: World) -> None:
    run = empty.add_run(evaluation_after_s=None, started_at="2026-03-01T11:00:00Z")
    path = f"/runs/{run.id}/evaluation"
    assert connect(empty).get(path).status_code == 404
    assert connect(empty, missing_evaluation="null").get(path).content == b"null"
