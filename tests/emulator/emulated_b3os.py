"""What the tests of B3OS's emulator share: small worlds that stand still, and reading pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulated import NOW

from emulator.b3os import World, WorldSize
from emulator.common.clock import Clock

if TYPE_CHECKING:
    import httpx

    from emulator.common.json_value import Json

HOUR_AGO = "2026-03-01T11:00:00Z"


def world(*, seed: int = 7, runs: int = 400) -> World:
    """A small world that stands still."""
    return World(seed, Clock.manual(NOW), WorldSize(runs=runs, arrivals=False))


def data(client: httpx.Client, path: str, **params: str | int) -> Json:
    """What the envelope of an answer holds."""
    return client.get(path, params=params).raise_for_status().json()["data"]


def all_pages(client: httpx.Client, path: str, **params: str | int) -> list[dict[str, Any]]:
    """The rows of all pages."""
    rows: list[dict[str, Any]] = []
    for _ in range(100):
        page = data(client, path, offset=len(rows), limit=100, **params)
        rows.extend(page["items"])
        if not page["hasMore"]:
            break
    return rows


def runs_path(world: World) -> str:
    """The list of runs of the world's first workflow."""
    return f"/workflows/{next(iter(world.workflows))}/runs"
