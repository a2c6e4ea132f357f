"""What EigenPal's documentation leaves open, and what older servers did: each setting, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from emulated_eigenpal import listed, pages, world

from emulator import serve
from emulator.eigenpal import EigenPalEmulator, EigenPalSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.eigenpal import World

    Connect = Callable[..., httpx.Client]


@pytest.mark.parametrize("prefix", ["/api/v1", "/v1"])
def test_the_api_lies_below_its_prefix(prefix: str) -> None:
    with serve(EigenPalEmulator(world(), EigenPalSettings(prefix=prefix))) as server:
        assert server.base_url == server.origin + prefix
        assert httpx.get(f"{server.base_url}/runs").status_code == 401


def test_the_published_contract_knows_no_tags_and_folders(connect_eigenpal: Connect) -> None:
    tenant = world()
    client = connect_eigenpal(tenant, contract="2026-07")
    run = listed(client, type="workflow")[0]
    assert "tags" not in run
    assert "total" not in client.get(f"/runs/{run['id']}/steps").json()
    assert "folderPath" not in client.get("/automations").json()["data"][0]
    automation = tenant.automation("workflows.invoice-extraction")
    assert automation is not None
    experiment = next(iter(tenant.experiments(automation.id)))
    page = client.get(f"/automations/{automation.id}/experiments/{experiment.id}").json()
    assert "evalScore" not in page["runs"][0]


def test_the_published_contract_knows_no_pending_reviews(
    connect_eigenpal: Connect, empty_eigenpal: World
) -> None:
    run = empty_eigenpal.add_run(queue_s=0, waits_s=(0, 30))
    client = connect_eigenpal(empty_eigenpal, contract="2026-07")
    execution = client.get(f"/runs/{run.id}").json()["execution"]
    assert (execution["status"], "humanReview" in execution) == ("waiting", False)


def test_an_older_server_wraps_a_run(connect_eigenpal: Connect) -> None:
    client = connect_eigenpal(world(), object_envelope="wrapped")
    run = listed(client)[0]["id"]
    assert client.get(f"/runs/{run}").json()["run"]["id"] == run
    assert "usage" in client.get(f"/runs/{run}?include=usage").json()["run"]


def test_an_older_server_shows_flat_rows(connect_eigenpal: Connect) -> None:
    tenant = world()
    grouped = listed(connect_eigenpal(tenant))
    flat = listed(connect_eigenpal(tenant, rows="flat"))
    assert [row["status"] for row in flat] == [row["execution"]["status"] for row in grouped]
    assert [row["triggerType"] for row in flat] == [row["trigger"]["type"] for row in grouped]
    assert [row["createdAt"] for row in flat] == [row["timing"]["createdAt"] for row in grouped]
    assert [row["evalPassed"] for row in flat] == [row.get("eval", {}).get("passed") for row in grouped]
    assert {type(value) for row in flat for value in row.values()} <= {str, int, float, bool, type(None)}


def test_the_page_of_a_flat_run_has_its_sections(connect_eigenpal: Connect) -> None:
    client = connect_eigenpal(world(), rows="flat")
    run = listed(client, type="workflow", status="completed")[0]["id"]
    page = client.get(f"/runs/{run}?expand=usage,execution").json()
    assert (page["status"], len(page["steps"]) > 0, "usage" in page) == ("completed", True, True)


def test_timestamps_may_have_an_offset(connect_eigenpal: Connect) -> None:
    tenant = world()
    moments = [
        connect_eigenpal(tenant, timestamps=name).get("/runs").json()["runs"][0]["timing"]["createdAt"]
        for name in ("iso_z", "iso_offset")
    ]
    assert moments[0].endswith("Z")
    assert moments[1].endswith("+02:00")


def test_the_default_limit_is_the_servers(connect_eigenpal: Connect) -> None:
    assert len(connect_eigenpal(world(), default_limit=7).get("/runs").json()["runs"]) == 7


def test_filters_may_thin_pages_out(connect_eigenpal: Connect) -> None:
    tenant = world()
    whole = listed(connect_eigenpal(tenant), status="failed")
    thin = pages(connect_eigenpal(tenant, thinned_by="filters"), status="failed", limit=10)
    assert [row for page in thin for row in page] == whole
    assert len(thin) == 40
    assert any(not page for page in thin)


def test_pages_may_always_be_full(connect_eigenpal: Connect) -> None:
    tenant = world()
    sampled = listed(connect_eigenpal(tenant), sampleRate="0.5")
    full = pages(connect_eigenpal(tenant, thinned_by="nothing"), sampleRate="0.5", limit=10)
    assert [row for page in full for row in page] == sampled
    assert {len(page) for page in full[:-1]} == {10}


def test_a_cursor_may_be_an_offset_that_shifts(connect_eigenpal: Connect, empty_eigenpal: World) -> None:
    runs = [empty_eigenpal.add_run(created_at=f"2026-03-01T11:00:{second:02}Z") for second in range(4)]
    client = connect_eigenpal(empty_eigenpal, cursor_as="offset")
    first = client.get("/runs?limit=2").json()
    empty_eigenpal.add_run(created_at="2026-03-01T11:59:00Z")
    second = client.get("/runs", params={"limit": 2, "cursor": first["nextCursor"]}).json()
    assert [row["id"] for row in first["runs"]] == [runs[3].id, runs[2].id]
    assert [row["id"] for row in second["runs"]] == [runs[2].id, runs[1].id]


EDGES = {
    "createdAfter": "2026-03-01T11:00:00Z",
    "createdBefore": "2026-03-01T11:00:00Z",
    "completedAfter": "2026-03-01T11:01:00Z",
    "completedBefore": "2026-03-01T11:01:00Z",
    "reviewUpdatedAfter": "2026-03-01T12:00:00Z",
    "reviewUpdatedBefore": "2026-03-01T12:00:00Z",
}


@pytest.mark.parametrize("name", EDGES)
def test_bounds_let_their_own_moment_through_or_not(
    connect_eigenpal: Connect, empty_eigenpal: World, name: str
) -> None:
    run = empty_eigenpal.add_run(created_at="2026-03-01T11:00:00Z", queue_s=0, duration_s=60)
    empty_eigenpal.review(run.id)
    found = [
        len(listed(connect_eigenpal(empty_eigenpal, bounds=bounds), **{name: EDGES[name]}))
        for bounds in ("inclusive", "exclusive")
    ]
    assert found == [1, 0]


def test_a_host_may_not_serve_the_document() -> None:
    with serve(EigenPalEmulator(world(), EigenPalSettings(serves_openapi=False))) as server:
        assert httpx.get(f"{server.base_url}/openapi").status_code == 404
