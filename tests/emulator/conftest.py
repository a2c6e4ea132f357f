"""Fixtures: a server over a small world, clients of it, and a world without anything."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from emulated import NOW, client_of, world

from emulator import b3os, eigenpal, serve
from emulator.armature import ArmatureEmulator, ArmatureSettings, World
from emulator.common.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx
    from emulated import ArmatureServer

    from emulator.common.json_value import Json
    from emulator.common.platform import Emulator


@pytest.fixture
def open_client() -> Iterator[Callable[[Emulator], httpx.Client]]:
    """Serve an emulator of any platform, and give a client of it that may do everything."""
    with contextlib.ExitStack() as stack:
        yield lambda emulator: stack.enter_context(client_of(stack.enter_context(serve(emulator))))


@pytest.fixture
def connect(open_client: Callable[[Emulator], httpx.Client]) -> Callable[..., httpx.Client]:
    """Serve a world of Armature under settings, and give a client: `connect(world, key_case="snake")`."""

    def connected(of: World, **settings: Json) -> httpx.Client:
        return open_client(ArmatureEmulator(of, ArmatureSettings(**settings)))

    return connected


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


@pytest.fixture
def connect_b3os(open_client: Callable[[Emulator], httpx.Client]) -> Callable[..., httpx.Client]:
    """Serve a world of B3OS under settings, and give a client: `connect_b3os(world, order="shuffled")`."""

    def connected(of: b3os.World, **settings: Json) -> httpx.Client:
        return open_client(b3os.B3osEmulator(of, b3os.B3osSettings(**settings)))

    return connected


@pytest.fixture
def empty_b3os() -> b3os.World:
    """A world of B3OS with one workflow and without a run."""
    world = b3os.World.empty(Clock.manual(NOW))
    world.add_workflow()
    return world


@pytest.fixture
def connect_eigenpal(open_client: Callable[[Emulator], httpx.Client]) -> Callable[..., httpx.Client]:
    """Serve a tenant of EigenPal under settings: `connect_eigenpal(world, rows="flat")`."""

    def connected(of: eigenpal.World, **settings: Json) -> httpx.Client:
        return open_client(eigenpal.EigenPalEmulator(of, eigenpal.EigenPalSettings(**settings)))

    return connected


@pytest.fixture
def empty_eigenpal() -> eigenpal.World:
    """A tenant of EigenPal without an automation or a run."""
    return eigenpal.World.empty(Clock.manual(NOW))
