"""An emulated tenant of EigenPal, and what a sync, or a load, makes of it."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from emulator import serve
from emulator.common.clock import Clock
from emulator.eigenpal import EigenPalEmulator, EigenPalSettings, World, WorldSize
from sources.common.sync import ChunkEnd
from sources.eigenpal import CONNECTOR
from sources.eigenpal.tables import OFF_BY_DEFAULT, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator import Server
    from sources.common.sync import Outcome

Rows = list[dict[str, Any]]

NOW = "2026-03-01T12:00:00Z"

DEFAULT = frozenset(TABLES) - OFF_BY_DEFAULT

JSON_COLUMNS = {
    name: {column.name for column in table.columns if column.kind == "json"} for name, table in TABLES.items()
}


@dataclass
class Tenant:
    """A tenant that stands still until a test moves its clock.

    Each sync has the state that the last one left.
    """

    server: Server[EigenPalEmulator]
    state: dict[str, Any] = field(default_factory=dict)
    outcome: Outcome | None = None

    @property
    def world(self) -> World:
        return self.server.emulator.world

    def sync(self, *tables: str, workflow: str | None = None) -> dict[str, Rows]:
        """The rows of one sync, by table; JSON is parsed."""
        session = CONNECTOR.session(self.server.base_url, self.server.api_key, workflow=workflow)
        session.clock = lambda: datetime.fromtimestamp(self.world.clock.now() / 1000, UTC)
        self.server.requests.clear()
        session.begin(self.state, None, frozenset(tables or DEFAULT))
        rows: dict[str, Rows] = {name: [] for name in TABLES}
        try:
            while not session.is_done:
                for event in session.chunk():
                    if isinstance(event, ChunkEnd):
                        self.state = json.loads(json.dumps(event.state))
                    for name, table in event.tables.items():
                        rows[name] += [_parsed(name, row) for row in table.to_pylist()]
        finally:
            session.close()
        self.outcome = session.outcome
        if session.failure is not None:
            raise session.failure
        return rows

    def asked(self, endpoint: str) -> int:
        """How often the last sync asked an endpoint, e.g. `GET /runs/{id}`."""
        return self.server.requests.counts[endpoint]


@contextmanager
def tenant(
    world: World,
    *,
    emulator: type[EigenPalEmulator] = EigenPalEmulator,
    **settings: Any,  # noqa: ANN401
) -> Iterator[Tenant]:
    """A tenant that is served until the block ends."""
    with serve(emulator(world, EigenPalSettings(**settings))) as server:
        yield Tenant(server)


def small_world(runs: int = 150) -> World:
    """Runs of the last 90 days that stand still."""
    return World(7, Clock.manual(NOW), WorldSize(runs=runs, arrivals=False))


def empty_world() -> World:
    return World.empty(Clock.manual(NOW))


def _parsed(table: str, row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: json.loads(value) if name in JSON_COLUMNS[table] and isinstance(value, str) else value
        for name, value in row.items()
        if name not in ("_extracted_at", "account")
    }
