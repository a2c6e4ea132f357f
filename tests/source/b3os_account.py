"""A B3OS organisation on loopback, and what syncs make of it: rows by table and key."""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from emulator import serve
from emulator.b3os import B3osEmulator, B3osSettings, World, WorldSize
from emulator.b3os.runs import Run
from emulator.common.clock import Clock
from sources.b3os.api import B3os
from sources.b3os.tables import TABLES
from sources.common.address import HttpSettings
from sources.common.session import Session
from sources.common.sync import ChunkEnd, SyncSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator import Server
    from sources.common.sync import Outcome

NOW = "2026-03-01T12:00:00Z"
DAY = 24 * 3600
OPEN_FOR = timedelta(days=90)

Row = dict[str, Any]


class KilledError(Exception):
    """The process that synced is gone."""


@dataclass
class B3osAccount:
    """An organisation and the tables that its syncs fill.

    Attributes:
        tables: rows by table, by key without the account; the last one that was read wins.
        fresh: how many rows the last sync handed over, by table.
        patience: seconds after which a request that keeps failing is given up.
    """

    server: Server[B3osEmulator]
    world: World
    state: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, dict[Any, Row]] = field(default_factory=lambda: defaultdict(dict))
    fresh: dict[str, int] = field(default_factory=dict)
    patience: float = 30.0

    def sync(
        self,
        *selected: str,
        workflow: str | None = None,
        chunk_runs: int | None = None,
        kill_after_chunks: int | None = None,
        headers: dict[str, str] | None = None,
        **platform: Any,  # noqa: ANN401
    ) -> Outcome:
        """Sync once. Afterwards `server.requests` holds its requests."""
        self.server.requests.clear()
        http = HttpSettings(
            self.server.base_url,
            self.server.api_key,
            concurrency=8,
            first_backoff=0.001,
            longest_backoff=0.01,
            deadline=self.patience,
            headers=headers or {},
        )
        session = Session(
            lambda api: B3os(api, workflow=workflow, **platform),
            http,
            SyncSettings(chunk_runs=chunk_runs, workflow=workflow, open_for=OPEN_FOR),
            clock=lambda: datetime.fromtimestamp(self.world.clock.now() / 1000, UTC),
        )
        session.begin(self.state, None, frozenset(selected or TABLES))
        self.fresh = dict.fromkeys(TABLES, 0)
        chunks = 0
        try:
            while not session.is_done:
                if chunks == kill_after_chunks:
                    raise KilledError
                self._commit(session)
                chunks += 1
        finally:
            session.close()
        if session.failure is not None:
            raise session.failure
        return session.outcome

    def _commit(self, session: Session) -> None:
        for event in session.chunk():
            for name, table in event.tables.items():
                rows = table.to_pylist()
                self.fresh[name] += len(rows)
                for row in rows:
                    self.tables[name][tuple(row[column] for column in TABLES[name].key)] = row
            if isinstance(event, ChunkEnd):
                self.state = json.loads(json.dumps(event.state))

    @property
    def runs(self) -> dict[str, Row]:
        """The loaded runs, by id."""
        return {row["run_id"]: row for row in self.tables["runs"].values()}

    def nodes(self, run_id: str) -> dict[str, Row]:
        """The loaded nodes of a run, by id."""
        return {
            row["node_id"]: row for row in self.tables["node_executions"].values() if row["run_id"] == run_id
        }

    def there(self) -> dict[str, Run]:
        """The runs of the world that have started, by id."""
        runs = (self.world.index.run(entry) for entry in self.world.runs())
        return {run.id: run for run in runs if isinstance(run, Run)}

    def status(self, run: Run) -> str:
        return run.status_at(self.world.clock.now())

    def new_runs(self, workflow_id: str, *ids: str) -> list[str]:
        """Runs that start now, a second apart, and succeed within 60 seconds."""
        start = self.world.clock.now()
        for place, run_id in enumerate(ids):
            self.world.add_run(id=run_id, workflow_id=workflow_id, started_at=start + 1000 * place)
        return list(ids)


@contextmanager
def account(settings: B3osSettings | None = None, world: World | None = None) -> Iterator[B3osAccount]:
    """An organisation without workflows, unless a world is given."""
    world = world or World.empty(Clock.manual(NOW))
    with serve(B3osEmulator(world, settings)) as server:
        yield B3osAccount(server, world)


def small_world(runs: int = 80, workflows: int = 6) -> World:
    """A world whose clock stands until it is moved."""
    return World(7, Clock.manual(NOW), WorldSize(runs=runs, workflows=workflows))
