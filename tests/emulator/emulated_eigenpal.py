"""What the tests of EigenPal's emulator share: small tenants that stand still, lists read to their end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulated import NOW

from emulator.common.clock import Clock
from emulator.eigenpal import World, WorldSize

if TYPE_CHECKING:
    import httpx

    from emulator.common.json_value import Json


def world(*, seed: int = 7, runs: int = 400) -> World:
    """A small tenant that stands still."""
    return World(seed, Clock.manual(NOW), WorldSize(runs=runs, arrivals=False))


def pages(client: httpx.Client, **params: str | int) -> list[list[Json]]:
    """The rows of every page, by cursor."""
    found: list[list[Json]] = []
    while True:
        answer = client.get("/runs", params={"limit": 100, **params}).raise_for_status().json()
        found.append(answer["runs"])
        if answer["nextCursor"] is None:
            return found
        params["cursor"] = answer["nextCursor"]


def listed(client: httpx.Client, **params: str | int) -> list[Json]:
    """The rows of all pages."""
    return [row for page in pages(client, **params) for row in page]
