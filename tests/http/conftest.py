"""A small account of a platform, and the tables of a sync of it that met no fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from faulty import contents, synced

from emulator import serve
from emulator.common.clock import Clock
from tests.likeness.platform import Plan
from tests.likeness.platforms import LIKENESSES
from tests.sync.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator import Server
    from tests.likeness.platform import Likeness

NOW = "2026-06-01T12:00:00Z"
RUNS = 12


@pytest.fixture
def likeness(request: pytest.FixtureRequest) -> Likeness:
    """The platform that is synced."""
    return LIKENESSES[getattr(request, "param", "armature")]


@pytest.fixture
def server(likeness: Likeness) -> Iterator[Server[Any]]:
    """An account that answers so that every endpoint is asked, with rows for every table."""
    world = likeness.empty_world(Clock.manual(NOW))
    for number in range(RUNS):
        world.clock.advance(minutes=5)
        likeness.start(world, Plan(likeness.judged[number % len(likeness.judged)], children=2))
    likeness.furnish(world)
    world.clock.advance(hours=1)
    with serve(likeness.emulator(world, page=5, **likeness.talkative)) as running:
        yield running


@pytest.fixture
def expected(likeness: Likeness, server: Server[Any]) -> dict[str, list[dict[str, Any]]]:
    """The tables of a sync without faults."""
    tables = Tables(likeness.connector.tables)
    assert synced(likeness, server, tables).is_complete
    empty = {name for name, rows in contents(likeness, tables).items() if not rows}
    assert not empty, "the world leaves tables empty"
    server.requests.clear()
    return contents(likeness, tables)
