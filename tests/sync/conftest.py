"""An emulated account with nothing in it but what a test puts there, under a clock that the test moves."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from emulator import serve
from emulator.common.clock import Clock
from tests.likeness.platforms import LIKENESSES
from tests.sync.account import Account
from tests.sync.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.likeness.platform import Likeness


@pytest.fixture(params=LIKENESSES)
def likeness(request: pytest.FixtureRequest) -> Likeness:
    """Each platform in turn."""
    return LIKENESSES[request.param]


@pytest.fixture
def account_with(likeness: Likeness) -> Iterator[Callable[..., Account]]:
    """Opens an account whose API answers as settings of its emulator say."""
    with ExitStack() as stack:

        def open_account(**settings: object) -> Account:
            clock = Clock.manual("2026-06-01T00:00:00Z")
            world = likeness.empty_world(clock)
            server = stack.enter_context(serve(likeness.emulator(world, **settings)))  # type: ignore[arg-type]
            return Account(likeness, server, world, clock, Tables(likeness.connector.tables))

        yield open_account


@pytest.fixture
def account(account_with: Callable[..., Account]) -> Account:
    """An account that answers in the likeliest way."""
    return account_with()
