"""What the tests of Runflow's emulator share: small accounts that stand still, lists read to their end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulated import NOW

from emulator.common.clock import Clock
from emulator.runflow import RunflowEmulator, RunflowSettings, World, WorldSize

if TYPE_CHECKING:
    import httpx

    from emulator.common.json_value import Json

HOUR_AGO = "2026-03-01T11:00:00Z"
SUMMARY = {"embed": "current_evaluation_summary"}


def world(*, seed: int = 7, runs: int = 400) -> World:
    """A small account that stands still."""
    return World(seed, Clock.manual(NOW), WorldSize(runs=runs, arrivals=False))


def nothing() -> World:
    """An account without a run."""
    return World.empty(Clock.manual(NOW))


def serving(of: World, **settings: Json) -> RunflowEmulator:
    return RunflowEmulator(of, RunflowSettings(**settings))


def pages(client: httpx.Client, path: str = "/runs", **params: str | int) -> list[list[dict[str, Any]]]:
    """The rows of every page, by the cursors."""
    found: list[list[dict[str, Any]]] = []
    while True:
        answer = client.get(path, params={"limit": 100, **params}).raise_for_status().json()
        found.append(answer["items"])
        if answer["next"] is None:
            return found
        params["pq"] = answer["next"]


def listed(client: httpx.Client, path: str = "/runs", **params: str | int) -> list[dict[str, Any]]:
    """The rows of all pages."""
    return [row for page in pages(client, path, **params) for row in page]


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["id"] for row in rows]


def one(client: httpx.Client, run_id: str, **params: str) -> dict[str, Any]:
    """One run, with the summary of its evaluation unless something else is asked for."""
    found: dict[str, Any] = client.get(f"/runs/{run_id}", params=params or SUMMARY).raise_for_status().json()
    return found
