"""What the tests of the emulator share: small worlds that stand still, and clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from emulator.armature import World, WorldSize
from emulator.common.clock import Clock

if TYPE_CHECKING:
    from typing import TypeAlias

    from emulator import Server
    from emulator.armature import ArmatureEmulator

    ArmatureServer: TypeAlias = Server[ArmatureEmulator]

NOW = "2026-03-01T12:00:00Z"


def world(*, seed: int = 7, runs: int = 400) -> World:
    """A small world that stands still."""
    return World(seed, Clock.manual(NOW), WorldSize(runs=runs, arrivals=False))


def client_of(server: Server[Any], key: str | None = None) -> httpx.Client:
    """A client that sends `key`, or one that may do everything."""
    headers = {"Authorization": f"Bearer {key or server.api_key}"}
    return httpx.Client(base_url=server.base_url, headers=headers, timeout=10)
