"""One sync of one platform: decides what to read, and hands it over chunk by chunk, oldest first."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sources.common.address import Traffic
from sources.common.background import BackgroundIterator
from sources.common.errors import EndpointError, ForbiddenError, RunmartError
from sources.common.http import Api
from sources.common.listing import EVER, Backlog, Lister, Scope, Window
from sources.common.reading import RunReader
from sources.common.state import KNOWN_FOR, SWEEP_EVERY, SyncState, Told
from sources.common.sync import Batch, ChunkEnd, Outcome, Progress, SyncSettings
from sources.common.tables import DEFAULT_ACCOUNT, EPOCH, SYNC_LOG

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator, Mapping

    import pyarrow as pa

    from sources.common.address import HttpSettings
    from sources.common.listing import Task
    from sources.common.platform import Platform, Rows
    from sources.common.reading import Reading
    from sources.common.records import Row
    from sources.common.tables import Table

logger = logging.getLogger("runmart.sync")

ROWS_PER_BATCH = 5_000
CHARACTERS_PER_BATCH = 8 * 2**20
"""A table goes to Arrow when it has so many rows, and all do when so many characters came in."""

HELD_CHARACTERS = 64 * 2**20
"""What runs that were read ahead of their turn may hold before no further one is asked for."""

LONGEST_CHUNK = 60.0
"""Seconds after which a chunk ends though it is not full: what a slow platform says is committed too."""

AHEAD = 16
"""Runs begun before their turn, per request that may be in flight: slow ones then hold nobody up."""


class Session:
    """A sync that is under way. Begin it once, then take its events, chunk by chunk.

    Reading goes on in a thread of its own while a chunk is being loaded. When the platform fails for good,
    what was read until then ends in a last, partial chunk; `failure` holds the reason.
    """

    def __init__(
        self,
        platform: Callable[[Api], Platform],
        http: HttpSettings,
        settings: SyncSettings,
        on_progress: Callable[[Progress], None] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        account: str = DEFAULT_ACCOUNT,
    ) -> None:
        self.make_platform = platform
        self.account = account
        self.clock = clock
        self.http = http
        self.settings = settings
        self._on_progress = on_progress
        self._events: BackgroundIterator[Batch | ChunkEnd] | None = None
        self._sync: _Sync | None = None
        self.progress = Progress()
        self.outcome = Outcome()
        self.failure: RunmartError | None = None
        self.is_done = False

    def begin(self, state: dict[str, Any], cursor: datetime | None, selected: frozenset[str]) -> None:
        """Start reading, from the state and the cursor of the last sync; later calls change nothing.

        Args:
            selected: names of the tables that are wanted.
        """
        if self._events is None:
            if self.settings.forget:
                state, cursor = {}, None
            remembered = SyncState.from_dict(state)
            if cursor is not None and not remembered.reached and self.settings.since is None:
                self.settings = replace(self.settings, since=cursor)
            self._sync = _Sync(self, remembered, selected)
            self._events = BackgroundIterator(self._sync.events(), ahead=4)

    def chunk(self) -> Iterator[Batch | ChunkEnd]:
        """The events of the next chunk, up to and including its end. Those before it count as committed."""
        if self._events is None or self._sync is None:
            raise RuntimeError("the session has not begun")
        self._events.call(self._sync.commit)
        for event in self._events:
            yield event
            if isinstance(event, ChunkEnd):
                self.is_done = event.is_last
                return
        self.is_done = True

    def close(self) -> None:
        """Stop reading and close all connections."""
        if self._events is not None:
            self._events.close()

    def tell(self, **changes: Any) -> None:  # noqa: ANN401
        """Let whoever watches know how far the sync is."""
        self.progress = replace(self.progress, requests=self.outcome.traffic.requests, **changes)
        if self._on_progress is not None:
            self._on_progress(self.progress)


class _Sync:
    """The work of a session, in its own thread and event loop."""

    def __init__(self, session: Session, state: SyncState, selected: frozenset[str]) -> None:
        self._session = session
        self._settings = session.settings
        self._outcome = session.outcome
        self._state = state
        self._selected = selected
        self._logged = Traffic()
        self._chunk = _ChunkCount()
        self._begun = self._handed_over = self._committed = 0
        self._passed: datetime | None = None
        self._parts: set[str] = set()
        self._unread_parts: dict[str, EndpointError] = {}
        self._may_begin = asyncio.Event()

    def commit(self) -> None:
        """What was handed over so far is committed, and makes room for more."""
        self._committed = self._handed_over
        self._may_begin.set()

    def _is_chunk_full(self, runs: int, since: float) -> bool:
        if self._settings.chunk_runs is None:
            return False
        return runs >= max(1, self._settings.chunk_runs // 2) or time.monotonic() - since > LONGEST_CHUNK

    @property
    def _has_room(self) -> bool:
        limit = self._settings.chunk_runs
        return limit is None or self._begun - self._committed < limit

    async def events(self) -> AsyncGenerator[Batch | ChunkEnd, None]:
        backlog = Backlog()
        try:
            async with Api(self._session.http, self._outcome.traffic) as api:
                async for event in self._read(self._session.make_platform(api), backlog):
                    yield event
        finally:
            backlog.close()

    async def _read(self, platform: Platform, backlog: Backlog) -> AsyncGenerator[Batch | ChunkEnd, None]:
        self._platform = platform
        self._endpoints = frozenset(
            table.endpoint
            for name, table in platform.tables.items()
            if table.endpoint is not None and name in self._selected
        )
        self._reader: RunReader | None = None
        buffer = _Buffer(platform.tables, self._selected, self._session.account)
        window = Window(None, "")
        now = self._session.clock()
        try:
            buffer.add(await platform.reference(self._selected, self._state, now))
            async for rows in platform.growing(self._selected, self._state, now):
                buffer.add(rows)
                if buffer.is_full:
                    yield buffer.batch()
            if self._endpoints:
                window, now = await self._list(backlog, now)
                async for event in self._read_runs(backlog, window, now, buffer):
                    yield event
            buffer.add(await platform.referred(self._selected, self._state, now))
        except RunmartError as error:
            self._session.failure = error
            if buffer.is_empty and not self._outcome.chunks:
                return
        self._outcome.missing.extend(platform.missing)
        yield self._end_chunk(window, buffer, now, is_last=True)

    # -- which runs ------------------------------------------------------------------------------------

    async def _list(self, backlog: Backlog, ours: datetime) -> tuple[Window, datetime]:
        """Read the run list into the backlog; returns the window that was read, and the platform's time."""
        floor = self._floor()
        swept_at = self._state.swept_at
        is_sweep = swept_at is None or ours - datetime.fromisoformat(swept_at) > SWEEP_EVERY
        lister = Lister(self._platform.tables["runs"], self._platform.run_list, self._state, backlog)
        now = ours
        while True:
            name, length = self._range(floor, now, is_sweep=is_sweep)
            window = Window(floor, name)
            scope = self._scope(name, length, floor, now, is_sweep=is_sweep)
            self._session.tell(phase="listing")
            await lister.read(window, scope, behind=self._behind_since(), is_sweep=is_sweep)
            now = window.platform_time(ours, length)
            if await self._are_granted(lister.example):
                floor = self._floor()
            elif self._range(floor, now, is_sweep=is_sweep)[1] <= length:
                break
        if window.newest is not None:
            # A run that claims to start in the future must not carry the cursor past those that will.
            window.newest = min(window.newest, now)
        window.gap = self._gap(window, now)
        if self._state.begun_at is None:
            self._state.begun_at = now.isoformat()
        if is_sweep and window.is_complete and self._settings.workflow is None:
            self._state.swept_at = ours.isoformat()
        if not window.is_complete and not window.is_cut:
            self._outcome.missing.append("The run list kept changing while it was read: runs may be missing.")
        self._note_parts(lister, floor)
        for run_id in self._state.following:
            backlog.follow(run_id)
        return window, now

    def _note_parts(self, lister: Lister, floor: datetime | None) -> None:
        """Remember of which parts of the list the cursor, when it moves on, will say too much."""
        self._parts = lister.parts - lister.unread.keys()
        self._unread_parts = lister.unread
        self._outcome.missing.extend(_told_of(lister.unread))
        if self._settings.workflow is not None:
            return
        read_to = self._state.parts
        for part in self._parts:
            read_to.setdefault(part, "" if self._state.reached else None)
        for part in read_to.keys() - self._parts:
            if read_to[part] is None:
                read_to[part] = _text(floor)
        for part in lister.unread.keys() - read_to.keys():
            read_to[part] = "" if self._state.reached else _text(floor)

    async def _are_granted(self, run_id: str | None) -> bool:
        """Whether an endpoint that was forbidden may be read now, tried with one run."""
        granted = set()
        for endpoint in self._endpoints.intersection(self._state.forbidden):
            if run_id is None:
                break
            try:
                await self._platform.children(endpoint, run_id, None)
            except ForbiddenError:
                continue
            except EndpointError as error:
                logger.debug("%s was not forbidden this time: %s", endpoint, error)
            granted.add(endpoint)
        self._state.forbidden = sorted(set(self._state.forbidden) - granted)
        return bool(granted)

    def _range(self, floor: datetime | None, now: datetime, *, is_sweep: bool) -> tuple[str, timedelta]:
        """The smallest range that the platform offers and that covers the window, or what is to be swept."""
        ranges = self._platform.run_list.ranges
        if floor is None:
            return ranges[-1]
        least = self._settings.sweep_back if is_sweep else timedelta(0)
        return next((item for item in ranges if now - floor < item[1] >= least), ranges[-1])

    def _scope(
        self, range_name: str, length: timedelta, floor: datetime | None, now: datetime, *, is_sweep: bool
    ) -> Scope:
        since = floor
        if floor is not None and is_sweep:
            # A platform's range says for itself how far back it goes.
            back = self._settings.sweep_back if length == EVER else length
            since = min(floor, now - back)
        # Before there is a cursor, nothing can have been left behind it.
        parts = dict(self._state.parts) if self._state.reached else None
        unchanged_until = self._state.complete_until or self._state.begun_at
        if unchanged_until is None:
            return Scope(range_name, since, parts=parts)
        changed_since = datetime.fromisoformat(unchanged_until) - self._settings.lookback
        return Scope(range_name, since, changed_since, parts)

    @property
    def _readable(self) -> frozenset[str]:
        """The endpoints that are wanted and were not forbidden last time."""
        return self._endpoints.difference(self._state.forbidden)

    def _floor(self) -> datetime | None:
        """From which start time on the list must be read; None for all that the platform shows."""
        reached = [self._state.reached.get(endpoint) for endpoint in self._readable]
        since = self._settings.since
        if None in reached or not reached:
            return since
        floor = datetime.fromisoformat(min(filter(None, reached))) - self._settings.lookback
        return min(floor, since or floor)

    def _behind(self) -> frozenset[str]:
        """Endpoints that were not read for all the runs that were loaded."""
        if not self._state.reached:
            return frozenset()
        if self._settings.since is not None:
            return self._endpoints
        furthest = max(self._state.reached.values())
        return frozenset(name for name in self._readable if self._state.reached.get(name, "") < furthest)

    def _behind_since(self) -> datetime | None:
        """The start time from which on some endpoint is behind; None when none is."""
        behind = self._behind()
        if not behind:
            return None
        if self._settings.since is not None:
            return self._settings.since
        reached = min(self._state.reached.get(endpoint, "") for endpoint in behind)
        return datetime.fromisoformat(reached) if reached else datetime.min.replace(tzinfo=UTC)

    def _gap(self, window: Window, now: datetime) -> tuple[datetime, datetime] | None:
        longest = self._platform.run_list.ranges[-1][1]
        horizon = now - longest
        if self._state.complete_until is None or self._settings.workflow is not None:
            return None
        complete_until = datetime.fromisoformat(self._state.complete_until)
        if complete_until >= horizon or (window.oldest is not None and window.oldest <= complete_until):
            return None
        self._outcome.gap = (complete_until, horizon)
        self._outcome.missing.append(
            f"Runs from {complete_until:%Y-%m-%d %H:%M} to {horizon:%Y-%m-%d %H:%M} UTC are missing: "
            f"the platform lists {longest.days} days, and the last complete sync is longer ago."
        )
        return self._outcome.gap

    # -- reading them ----------------------------------------------------------------------------------

    async def _read_runs(
        self, backlog: Backlog, window: Window, now: datetime, buffer: _Buffer
    ) -> AsyncGenerator[Batch | ChunkEnd, None]:
        total = len(backlog)
        done = 0
        began = time.monotonic()
        self._session.tell(phase="reading", runs_total=total)
        self._reader = RunReader(
            self._platform,
            self._state,
            endpoints=self._endpoints,
            behind=self._behind(),
            now=now,
            open_for=self._settings.open_for,
            most_attempts=self._settings.most_attempts,
        )
        readings = self._in_order(backlog, self._reader)
        try:
            async for reading in readings:
                done += 1
                buffer.add(reading.rows, reading.size)
                self._take_note(reading, window)
                if buffer.is_full:
                    self._session.tell(runs_done=done)
                    yield buffer.batch()
                if done < total and self._is_chunk_full(done - self._handed_over, since=began):
                    self._handed_over = done
                    began = time.monotonic()
                    self._session.tell(runs_done=done)
                    yield self._end_chunk(window, buffer, now, is_last=False)
        finally:
            await readings.aclose()
        self._session.tell(runs_done=done)
        for endpoint, error in self._reader.left_out.items():
            self._outcome.missing.append(f"{endpoint} was left out: {error}.")
        if window.is_complete and window.newest is not None:
            self._reach(window.newest)
        if window.is_complete and self._settings.workflow is None and not self._reader_left_out:
            self._state.parts.update(dict.fromkeys(self._parts))

    async def _in_order(self, backlog: Backlog, reader: RunReader) -> AsyncGenerator[Reading, None]:
        """Read all runs of the backlog, many at a time, and give them out oldest first."""
        concurrency = self._session.http.concurrency
        free = asyncio.Semaphore(concurrency)
        held = _Held()

        async def read(task: Task, turn: int) -> Reading:
            # In the order of their turns, so that the next one is never kept waiting by those after it.
            async with free:
                await held.room(turn)
                return await reader.read(task)

        tasks = backlog.oldest_first()
        total = len(backlog)
        begun: deque[asyncio.Task[Reading]] = deque()
        try:
            while begun or self._begun < total:
                self._may_begin.clear()
                while self._begun < total and len(begun) < AHEAD * concurrency and self._has_room:
                    begun.append(asyncio.create_task(read(next(tasks), self._begun)))
                    begun[-1].add_done_callback(held.take)
                    self._begun += 1
                if begun:
                    reading = await begun.popleft()
                    held.give(reading)
                    yield reading
                else:
                    await self._may_begin.wait()
        except RunmartError:
            # What was read by then is kept; the cursor stays before the run that could not be read.
            for ahead in begun:
                if ahead.done() and ahead.exception() is None:
                    yield replace(ahead.result(), is_in_order=False)
            raise
        finally:
            for unfinished in begun:
                unfinished.cancel()
            await asyncio.gather(*begun, return_exceptions=True)

    def _take_note(self, reading: Reading, window: Window) -> None:
        """Bring the state up to date with a run that was read."""
        task = reading.task
        if task.reason == "new":
            self._chunk.new += 1
        elif reading.rows.get("runs"):
            self._chunk.changed += 1
        self._outcome.unread += reading.unread
        self._state.abandoned += reading.is_abandoned
        if reading.follow is not None:
            self._state.following[task.run_id] = reading.follow
        else:
            self._state.following.pop(task.run_id, None)
        if reading.run_is_known:
            self._state.known.add(task.run_id, reading.started_at, reading.fingerprint)
        if task.is_told:
            self._state.told[task.run_id] = Told(self._session.clock().isoformat(), reading.shown)
        for row in reading.rows.get("runs", ()):
            self._platform.refer(row)
        # Followed runs are read first, whatever their age: they say nothing about what was reached.
        is_in_order = reading.is_in_order and task.reason != "followed" and task.started_at is not None
        if is_in_order and window.is_complete and window.newest is not None:
            self._passed = min(task.started_at or window.newest, window.newest)

    def _reach(self, moment: datetime) -> None:
        """Every run that started up to a moment was read, from all endpoints that could be."""
        if self._settings.workflow is not None:
            return
        moment = max(moment, EPOCH)
        left_out = self._reader.left_out if self._reader else {}
        for endpoint in self._readable.difference(left_out):
            reached = self._state.reached.get(endpoint)
            self._state.reached[endpoint] = max(reached or "", _text(moment))
        if self._reader_left_out:
            return
        # Runs that the cursor had passed come before all others: a crash does not lose what was read of them.
        for part in self._parts:
            read_to = self._state.parts[part]
            if read_to is not None:
                self._state.parts[part] = max(read_to, _text(moment))

    # -- handing over ----------------------------------------------------------------------------------

    def _end_chunk(self, window: Window, buffer: _Buffer, now: datetime, *, is_last: bool) -> ChunkEnd:
        if self._passed is not None:
            self._reach(self._passed)
        is_complete = is_last and self._session.failure is None and not self._reader_left_out
        is_complete = is_complete and (window.is_complete or not self._endpoints) and not self._unread_parts
        if is_complete and self._endpoints and self._settings.workflow is None:
            self._state.complete_until = now.isoformat()
        if is_last:
            self._note_forbidden()
        self._prune()
        outcome = self._outcome
        outcome.is_complete = is_complete
        outcome.open_runs = len(self._state.following)
        outcome.runs_new += self._chunk.new
        outcome.runs_changed += self._chunk.changed
        buffer.add({SYNC_LOG.name: [self._log_row(window, is_complete=is_complete)]})
        self._state.tables = buffer.make_tables(self._state.tables)
        outcome.chunks += 1
        self._chunk = _ChunkCount()
        self._logged = replace(outcome.traffic)
        reached = self._state.reached.get("runs")
        return ChunkEnd(
            buffer.to_arrow(),
            self._state.to_dict(),
            None if reached is None else datetime.fromisoformat(reached),
            is_last,
        )

    @property
    def _reader_left_out(self) -> dict[str, EndpointError]:
        """Endpoints that were left out though they had been readable."""
        left_out = self._reader.left_out if self._reader else {}
        return {name: error for name, error in left_out.items() if name not in self._state.forbidden}

    def _note_forbidden(self) -> None:
        if self._reader is None:
            return
        forbidden = {
            name for name, error in self._reader.left_out.items() if isinstance(error, ForbiddenError)
        }
        self._state.forbidden = sorted(forbidden.union(self._state.forbidden))

    def _prune(self) -> None:
        """Keep what is remembered small."""
        reached = self._state.reached.get("runs") or max(self._state.reached.values(), default=None)
        if reached is not None:
            moment = datetime.fromisoformat(reached) - max(KNOWN_FOR, self._settings.sweep_back)
            self._state.known_since = self._state.known.forget_before(moment).isoformat()
        if self._state.complete_until is not None:
            # What was told before the last complete sync is not told again, but for the overlap.
            until = datetime.fromisoformat(self._state.complete_until) - 2 * self._settings.lookback
            self._state.told = {
                run_id: told
                for run_id, told in self._state.told.items()
                if datetime.fromisoformat(told.at) > until
            }

    def _log_row(self, window: Window, *, is_complete: bool) -> Row:
        traffic, logged = self._outcome.traffic, self._logged
        reached = self._state.reached.get("runs")
        return {
            "sync_id": self._outcome.sync_id,
            "chunk": self._outcome.chunks,
            "window_start": window.floor or window.oldest,
            "window_end": None if reached is None else datetime.fromisoformat(reached),
            "range": window.range_name or None,
            "pages": window.pages,
            "runs_listed": window.runs_listed,
            "runs_new": self._chunk.new,
            "runs_changed": self._chunk.changed,
            "open_runs": len(self._state.following),
            "requests": traffic.requests - logged.requests,
            "retries": traffic.retries - logged.retries,
            "throttled_seconds": traffic.throttled_seconds - logged.throttled_seconds,
            "gap_start": window.gap[0] if window.gap else None,
            "gap_end": window.gap[1] if window.gap else None,
            "started_at": self._outcome.started_at,
            "finished_at": datetime.now(UTC),
            "is_complete": is_complete,
        }


def _text(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat(timespec="microseconds")


TOLD_PARTS = 5
"""Parts of the run list that could not be read and are named one by one."""


def _told_of(unread: Mapping[str, EndpointError]) -> Iterator[str]:
    """Sentences about the parts of the run list that could not be read."""
    for part, error in list(unread.items())[:TOLD_PARTS]:
        yield f"Runs of {part} are missing until a later load can read them: {error}."
    if len(unread) > TOLD_PARTS:
        yield f"So are those of {len(unread) - TOLD_PARTS} others."


@dataclass
class _ChunkCount:
    new: int = 0
    changed: int = 0


class _Held:
    """Counts what readings that wait for their turn hold, and keeps others waiting while that is too much."""

    def __init__(self) -> None:
        self._characters = 0
        self._turn = 0
        self._moved = asyncio.Event()

    async def room(self, turn: int) -> None:
        """Wait until there is room for a run, or it is the next one that is awaited."""
        while self._characters > HELD_CHARACTERS and turn > self._turn:
            self._moved.clear()
            await self._moved.wait()

    def take(self, task: asyncio.Task[Reading]) -> None:
        """Count what was read, when it was."""
        if not task.cancelled() and task.exception() is None:
            self._characters += task.result().size

    def give(self, reading: Reading) -> None:
        """The reading whose turn it was is handed on."""
        self._characters -= reading.size
        self._turn += 1
        self._moved.set()


class _Buffer:
    """Rows on their way to Arrow; those of tables that nobody selected are dropped."""

    def __init__(self, tables: Mapping[str, Table], selected: frozenset[str], account: str) -> None:
        self._tables = tables
        self._account = account
        self._selected = selected
        self._rows: Rows = {}
        self._characters = 0

    def add(self, rows: Rows, characters: int = 0) -> None:
        """Take rows, whose texts have so many characters in all."""
        self._characters += characters
        read_at = datetime.now(UTC)
        for name, some in rows.items():
            if name not in self._selected:
                continue
            for row in some:
                row["_extracted_at"] = read_at
            self._rows.setdefault(name, []).extend(some)

    @property
    def is_empty(self) -> bool:
        return not any(self._rows.values())

    @property
    def is_full(self) -> bool:
        return self._characters >= CHARACTERS_PER_BATCH or bool(self._long)

    @property
    def _long(self) -> list[str]:
        """Tables that fill a batch: whoever loads them pays for each batch of a table, however short."""
        return [name for name, rows in self._rows.items() if len(rows) >= ROWS_PER_BATCH]

    def make_tables(self, made: list[str]) -> list[str]:
        """See to it that every selected table exists, even if it never had a row; returns all that do."""
        for name in sorted(self._selected.intersection(self._tables).difference(made)):
            self._rows.setdefault(name, [])
        return sorted(self._selected.intersection(self._tables).union(made))

    def batch(self) -> Batch:
        """What fills a batch: tables with many rows, or everything when its texts are long."""
        if self._characters >= CHARACTERS_PER_BATCH:
            return Batch(self.to_arrow())
        return Batch({name: self._made(name, self._rows.pop(name)) for name in self._long})

    def to_arrow(self) -> dict[str, pa.Table]:
        """What was added, as Arrow tables; the buffer is empty afterwards."""
        rows, self._rows = self._rows, {}
        self._characters = 0
        return {name: self._made(name, some) for name, some in rows.items()}

    def _made(self, name: str, rows: list[Row]) -> pa.Table:
        return self._tables[name].to_arrow(rows, self._account)
