"""One account: its world, its clock, and the tables that syncs fill from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.likeness.platform import Plan
from tests.sync.syncing import session_of, sync

if TYPE_CHECKING:
    from emulator import Server
    from emulator.common.clock import Clock
    from sources.common.sync import Outcome
    from tests.likeness.platform import Life, Likeness
    from tests.sync.tables import Tables


@dataclass
class Account:
    """What a test has at hand."""

    likeness: Likeness
    server: Server[Any]
    world: Any
    clock: Clock
    tables: Tables

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.now() / 1000, UTC)

    def sync(
        self,
        *,
        selected: frozenset[str] | None = None,
        events_until_kill: int | None = None,
        chunk_runs: int | None = 100,
        since: datetime | None = None,
        workflow: str | None = None,
        forget: bool = False,
    ) -> Outcome:
        """Sync once; afterwards `server.requests` holds this sync's requests."""
        self.server.requests.clear()
        session = session_of(
            self.likeness,
            self.server,
            clock=self.clock,
            settings=self.likeness.sync_settings(
                chunk_runs=chunk_runs, since=since, workflow=workflow, forget=forget
            ),
            workflow=workflow,
        )
        return sync(
            session,
            self.tables,
            selected=self.likeness.usual_tables if selected is None else selected,
            events_until_kill=events_until_kill,
        )

    def asked(self, request: str) -> int:
        """How often the last sync asked for this, e.g. `GET /runs/{id}`."""
        return self.server.requests.counts[request]

    @property
    def pages(self) -> int:
        """How many pages of runs the last sync asked for."""
        return sum(self.asked(request) for request in self.likeness.run_lists)

    @property
    def read(self) -> int:
        """Of how many runs the last sync asked what is read once of each run."""
        return self.asked(self.likeness.once.on)

    @property
    def loaded(self) -> set[str]:
        """The runs that are loaded, by id."""
        return {row["run_id"] for row in self.tables.of("runs")}

    def add_run(self, *, hours_ago: float = 0, **plan: Any) -> Life:  # noqa: ANN401
        """A run as a `Plan` says, which starts now or some time ago."""
        started_at = self.now - timedelta(hours=hours_ago)
        return self.likeness.start(self.world, Plan(started_at=started_at, **plan))

    def add_runs(self, count: int, *, minutes_apart: float = 10, **plan: Any) -> list[str]:  # noqa: ANN401
        """Runs that start one after another while time passes; ids oldest first."""
        ids = []
        for _ in range(count):
            ids.append(self.add_run(**plan).id)
            self.clock.advance(minutes=minutes_apart)
        return ids
