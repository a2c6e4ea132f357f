"""B3OS: each thing that the documentation leaves open, or says in two ways, can be set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from emulated_b3os import HOUR_AGO, all_pages, data, runs_path, world

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from emulator.b3os import World

    Connect = Callable[..., httpx.Client]


def starts(client: httpx.Client, path: str = "/runs") -> list[str]:
    return [row["startedAt"] for row in data(client, path, limit=100)["items"]]


def archived_workflow(of: World) -> str:
    return next(known.id for known in of.workflows.values() if known.is_archived(of.clock.now()))


def test_the_older_envelope_has_the_rows_in_data_and_has_more_beside(connect_b3os: Connect) -> None:
    answer = connect_b3os(world(), envelope="success").get("/runs").json()
    assert (answer["success"], len(answer["data"]), answer["hasMore"]) == (True, 20, True)


def test_the_older_envelope_has_an_object_in_data(connect_b3os: Connect) -> None:
    client = connect_b3os(world(), envelope="success")
    run = client.get("/runs").json()["data"][0]["id"]
    answer = client.get(f"/runs/{run}").json()
    assert (set(answer), answer["data"]["id"]) == ({"success", "data"}, run)


def test_the_older_envelope_has_errors_of_its_own(connect_b3os: Connect) -> None:
    answer = connect_b3os(world(), envelope="success").get("/runs/run_unknown")
    assert answer.status_code == 404
    assert (answer.json()["success"], answer.json()["error"]["code"]) == (False, "not_found")


def test_the_code_of_a_success_can_be_zero(connect_b3os: Connect) -> None:
    assert connect_b3os(world(), success_code=0).get("/runs").json()["code"] == 0


@pytest.mark.parametrize(
    ("setting", "on_first", "on_last"),
    [("told", True, False), ("left_out", None, None), ("always", True, True)],
)
def test_has_more_can_be_left_out_and_wrong(
    connect_b3os: Connect, setting: str, on_first: bool | None, on_last: bool | None
) -> None:
    client = connect_b3os(world(), has_more=setting)
    seen = [data(client, "/runs", offset=offset).get("hasMore") for offset in (0, 10_000)]
    assert seen == [on_first, on_last]


def test_what_is_not_there_yet_is_left_out_or_null(connect_b3os: Connect, empty_b3os: World) -> None:
    empty_b3os.add_run(duration_s=None, total_cu=None)
    rows = [
        data(connect_b3os(empty_b3os, missing_fields=setting), runs_path(empty_b3os))["items"][0]
        for setting in ("left_out", "null")
    ]
    assert "finishedAt" not in rows[0]
    assert {name for name, value in rows[1].items() if value is None} == set(rows[1]) - set(rows[0])
    assert {"finishedAt", "totalCu", "sourceRunId", "triggeredBy"} <= set(rows[1])


@pytest.mark.parametrize(
    ("setting", "shown"),
    [
        ("iso_z", "2026-03-01T11:00:00.250Z"),
        ("iso_offset", "2026-03-01T13:00:00.250+02:00"),
        ("epoch_ms", 1772362800250),
        ("epoch_s", 1772362800.25),
    ],
)
def test_timestamps_are_written_as_set(
    connect_b3os: Connect, empty_b3os: World, setting: str, shown: str | float
) -> None:
    empty_b3os.add_run(started_at="2026-03-01T11:00:00.250Z")
    row = data(connect_b3os(empty_b3os, timestamps=setting), runs_path(empty_b3os))["items"][0]
    assert row["startedAt"] == shown


def test_the_default_limit_can_be_set(connect_b3os: Connect) -> None:
    assert len(data(connect_b3os(world(), default_limit=7), "/runs")["items"]) == 7


def test_a_limit_beyond_the_cap_is_cut_down(connect_b3os: Connect) -> None:
    page = data(connect_b3os(world(), max_limit=30), "/runs", limit=1000)
    assert (page["limit"], len(page["items"])) == (30, 30)


def test_a_limit_beyond_the_cap_can_be_refused(connect_b3os: Connect) -> None:
    client = connect_b3os(world(), beyond_max_limit="refused")
    assert [client.get(f"/runs?limit={limit}").status_code for limit in (100, 101)] == [200, 400]


def test_offset_can_be_ignored(connect_b3os: Connect) -> None:
    client = connect_b3os(world(), ignores_offset=True)
    assert data(client, "/runs", offset=0) == data(client, "/runs", offset=40)


def test_the_newest_run_is_first(connect_b3os: Connect) -> None:
    shown = starts(connect_b3os(world()))
    assert shown == sorted(shown, reverse=True)


def test_the_oldest_run_can_be_first(connect_b3os: Connect) -> None:
    shown = starts(connect_b3os(world(), order="oldest_first"))
    assert shown == sorted(shown)


def test_a_shuffled_order_is_no_order_and_always_the_same(connect_b3os: Connect) -> None:
    client = connect_b3os(world(), order="shuffled")
    shown = starts(client)
    assert shown not in (sorted(shown), sorted(shown, reverse=True))
    assert shown == starts(client)


def test_a_shuffled_list_holds_every_run_once(connect_b3os: Connect) -> None:
    of = world()
    ids = [row["id"] for row in all_pages(connect_b3os(of, order="shuffled"), "/runs")]
    assert len(ids) == len(set(ids)) == len(of.runs())


def test_the_status_filter_can_be_ignored(connect_b3os: Connect) -> None:
    of = world()
    client = connect_b3os(of, honours_status=False)
    assert data(client, runs_path(of), status="failure") == data(client, runs_path(of))


def test_old_runs_can_leave_the_list_and_keep_their_page(connect_b3os: Connect, empty_b3os: World) -> None:
    run = empty_b3os.add_run(started_at="2026-02-20T12:00:00Z")
    client = connect_b3os(empty_b3os, listed_days=10)
    seen: list[Any] = [len(data(client, runs_path(empty_b3os))["items"])]
    empty_b3os.clock.advance(days=2)
    seen.append(len(data(client, runs_path(empty_b3os))["items"]))
    seen.append(data(client, f"/runs/{run.id}")["id"])
    assert seen == [1, 0, run.id]


def test_the_accounts_list_of_runs_need_not_exist(connect_b3os: Connect) -> None:
    client = connect_b3os(world(), serves_account_runs=False)
    assert client.get("/runs").status_code == 404


@pytest.mark.parametrize(("setting", "status"), [(True, 200), (False, 404)])
def test_an_archived_workflow_and_its_runs_can_be_hidden(
    connect_b3os: Connect, setting: bool, status: int
) -> None:
    of = world()
    client = connect_b3os(of, shows_archived_workflows=setting)
    path = f"/workflows/{archived_workflow(of)}"
    assert [client.get(path).status_code, client.get(f"{path}/runs").status_code] == [status] * 2


def test_the_organization_can_be_asked_for_in_a_header(connect_b3os: Connect) -> None:
    of = world()
    client = connect_b3os(of, needs_org_header=True)
    statuses = [
        client.get("/runs", headers=headers).status_code
        for headers in ({}, {"X-Org-ID": "org_other"}, {"X-Org-ID": of.organization_id})
    ]
    assert statuses == [400, 400, 200]


def test_the_row_of_an_hour_ago_is_the_same_under_both_envelopes(
    connect_b3os: Connect, empty_b3os: World
) -> None:
    empty_b3os.add_run(started_at=HOUR_AGO)
    path = runs_path(empty_b3os)
    rows = [
        connect_b3os(empty_b3os).get(path).json()["data"]["items"],
        connect_b3os(empty_b3os, envelope="success").get(path).json()["data"],
    ]
    assert rows[0] == rows[1]
