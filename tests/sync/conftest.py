"""An emulated account with nothing in it but what a test puts there, under a clock that the test moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from emulator import serve
from emulator.armature import ArmatureEmulator, ArmatureSettings, World
from emulator.common.clock import Clock
from sources.armature.tables import TABLES
from tests.sync.account import Account
from tests.sync.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def account_with() -> Iterator[Callable[..., Account]]:
    """Opens an account whose API answers as `ArmatureSettings` say."""
    open_servers = []

    def open_account(**settings: object) -> Account:
        clock = Clock.manual("2026-06-01T00:00:00Z")
        world = World.empty(clock)
        server = serve(ArmatureEmulator(world, ArmatureSettings(**settings)))  # type: ignore[arg-type]
        open_servers.append(server)
        return Account(server.__enter__(), world, clock, Tables(TABLES))

    yield open_account
    for server in open_servers:
        server.__exit__(None, None, None)


@pytest.fixture
def account(account_with: Callable[..., Account]) -> Account:
    """An account that answers in the likeliest way."""
    return account_with()
