"""Fixtures: a server over a small world, clients of it, and a world without anything."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from emulated import NOW, client_of, world

from emulator import serve
from emulator.armature import ArmatureEmulator, ArmatureSettings, World
from emulator.common.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx
    from emulated import ArmatureServer

    from emulator.common.json_value import Json


@pytest.fixture
def connect() -> Iterator[Callable[..., httpx.Client]]:
    """Serve a world under settings, and give a client of it: `connect(world, key_case="snake")`."""
    with contextlib.ExitStack() as stack:

        def open_client(of: World, **settings: Json) -> httpx.Client:
            emulator = ArmatureEmulator(of, ArmatureSettings(**settings))
            return stack.enter_context(client_of(stack.enter_context(serve(emulator))))

        yield open_client


@pytest.fixture
def empty() -> World:
    """A world without a run."""
    return World.empty(Clock.manual(NOW))


@pytest.fixture
def server() -> Iterator[ArmatureServer]:
    """A server over a small world, of which a test may change everything."""
    with serve(ArmatureEmulator(world())) as running:
        yield running


@pytest.fixture
def client(server: ArmatureServer) -> Iterator[httpx.Client]:
    """A client of `server`."""
    with client_of(server) as opened:
        yield opened
