"""One account: its world, its clock, and the tables that syncs fill from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sources.common.session import SyncSettings
from tests.sync.syncing import ALL, session_of, sync

if TYPE_CHECKING:
    from datetime import datetime

    from emulator import Server
    from emulator.armature import ArmatureEmulator, World
    from emulator.common.clock import Clock
    from sources.common.session import Outcome
    from tests.sync.tables import Tables


@dataclass
class Account:
    """What a test has at hand."""

    server: Server[ArmatureEmulator]
    world: World
    clock: Clock
    tables: Tables

    def sync(
        self,
        *,
        selected: frozenset[str] = ALL,
        events_until_kill: int | None = None,
        chunk_runs: int | None = 100,
        since: datetime | None = None,
        workflow: str | None = None,
        forget: bool = False,
    ) -> Outcome:
        """Sync once; afterwards `server.requests` holds this sync's requests."""
        self.server.requests.clear()
        session = session_of(
            self.server,
            clock=self.clock,
            settings=SyncSettings(chunk_runs=chunk_runs, since=since, workflow=workflow, forget=forget),
            workflow=workflow,
        )
        return sync(session, self.tables, selected=selected, events_until_kill=events_until_kill)

    def asked(self, endpoint: str) -> int:
        """How often the last sync asked `GET /runs` followed by this."""
        return self.server.requests.counts[f"GET /runs{endpoint}"]

    def add_runs(self, count: int, *, minutes_apart: float = 10, **fields: object) -> list[str]:
        """Runs that start one after another while time passes; ids oldest first."""
        ids = []
        for _ in range(count):
            ids.append(self.world.add_run(**fields).id)  # type: ignore[arg-type]
            self.clock.advance(minutes=minutes_apart)
        return ids
