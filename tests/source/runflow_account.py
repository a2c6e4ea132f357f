"""An emulated account of Runflow, and the tables that syncs make of it."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from emulator import Server, serve
from emulator.common.clock import Clock
from emulator.runflow import RunflowEmulator, RunflowSettings, World
from sources.common.address import HttpSettings
from sources.common.session import Session
from sources.common.sync import SyncSettings
from sources.runflow import CONNECTOR
from sources.runflow.api import Runflow
from tests.sync.syncing import sync
from tests.sync.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sources.common.sync import Outcome

JSON_COLUMNS = {
    name: {column.name for column in table.columns if column.kind == "json"}
    for name, table in CONNECTOR.tables.items()
}


@dataclass
class RunflowAccount:
    """What a test has at hand; `key` is the key that syncs use."""

    server: Server[RunflowEmulator]
    world: World
    key: str
    tables: Tables = field(default_factory=lambda: Tables(CONNECTOR.tables))

    def sync(self, *tables: str, workflow: str | None = None) -> Outcome:
        """Sync once; afterwards `server.requests` holds this sync's requests."""
        self.server.requests.clear()
        session = Session(
            lambda api: Runflow(api, workflow=workflow),
            HttpSettings(self.server.base_url, self.key, first_backoff=0.001, longest_backoff=0.01),
            SyncSettings(workflow=workflow, sweep_back=timedelta(hours=CONNECTOR.sweep_hours)),
            clock=lambda: datetime.fromtimestamp(self.world.clock.now() / 1000, UTC),
        )
        selected = frozenset(tables or CONNECTOR.tables.keys() - CONNECTOR.off_by_default)
        return sync(session, self.tables, selected=selected | {"sync_log", "fetch_errors"})

    def rows(self, table: str, **values: object) -> list[dict[str, Any]]:
        """Rows of a table with these values, by key; JSON is parsed."""
        return [
            {
                name: json.loads(value) if name in JSON_COLUMNS[table] and value is not None else value
                for name, value in row.items()
            }
            for row in self.tables.of(table, **values)
        ]

    def row(self, table: str, **values: object) -> dict[str, Any]:
        """The only such row."""
        (row,) = self.rows(table, **values)
        return row

    def asked(self, path: str) -> int:
        """How often the last sync asked for a path."""
        return self.server.requests.counts[f"GET {path}"]

    def add_runs(self, count: int, *, minutes_apart: float = 10, **fields: Any) -> list[str]:  # noqa: ANN401
        """Runs one after another while time passes; ids oldest first."""
        ids = []
        for _ in range(count):
            ids.append(self.world.add_run(**fields).id)
            self.world.clock.advance(minutes=minutes_apart)
        return ids


@contextmanager
def runflow_account(**settings: Any) -> Iterator[RunflowAccount]:  # noqa: ANN401
    """An empty account whose API answers as these settings of the emulator say."""
    world = World.empty(Clock.manual("2026-03-01T12:00:00Z"))
    with serve(RunflowEmulator(world, RunflowSettings(**settings))) as server:
        yield RunflowAccount(server, world, server.api_key)
