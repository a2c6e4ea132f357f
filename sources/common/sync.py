"""What a sync is told, hands over and reports.

Nothing that reads is imported here: it is also what the process that loads knows of a sync.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sources.common.address import Traffic
from sources.common.state import KNOWN_FOR

if TYPE_CHECKING:
    import pyarrow as pa

MOST_ATTEMPTS = 10
"""Syncs that try to read an endpoint of a run before it is given up."""


@dataclass(frozen=True)
class SyncSettings:
    """What a sync reads.

    Attributes:
        chunk_runs: most runs that are read and not committed at any time: what a crash can cost. A chunk
            has half of them, so that one is read while the other is loaded. None for a single chunk.
        since: start times from here on are read again, whatever was loaded before.
        workflow: only this workflow's runs; such a sync leaves the cursor where it is.
        lookback: how far behind the cursor the list is read again.
        sweep_back: how far behind the present it is read to its end, four times a day.
        open_for: how long after its start a run is followed until it ends.
        most_attempts: syncs that try to read a detail of a run before it is given up.
        forget: begin as if nothing had been loaded.
    """

    chunk_runs: int | None = None
    since: datetime | None = None
    workflow: str | None = None
    lookback: timedelta = timedelta(minutes=20)
    sweep_back: timedelta = KNOWN_FOR
    open_for: timedelta = timedelta(days=7)
    most_attempts: int = MOST_ATTEMPTS
    forget: bool = False


@dataclass(frozen=True)
class Batch:
    """Rows to load."""

    tables: dict[str, pa.Table]


@dataclass(frozen=True)
class ChunkEnd:
    """The end of a chunk: what is to be committed with its rows."""

    tables: dict[str, pa.Table]
    state: dict[str, Any]
    cursor: datetime | None
    is_last: bool


@dataclass
class Progress:
    """How far a sync is, for whoever watches it."""

    phase: str = "listing"
    runs_done: int = 0
    runs_total: int = 0
    requests: int = 0
    chunk: int = 0


@dataclass
class Outcome:
    """What a sync did.

    Attributes:
        unread: details of runs that could not be read.
        missing: sentences about what is known to be missing.
        gap: stretch that the platform can no longer list and that no sync has read.
    """

    sync_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    chunks: int = 0
    runs_new: int = 0
    runs_changed: int = 0
    open_runs: int = 0
    unread: int = 0
    missing: list[str] = field(default_factory=list)
    gap: tuple[datetime, datetime] | None = None
    is_complete: bool = False
    traffic: Traffic = field(default_factory=Traffic)
