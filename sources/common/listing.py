"""Which runs a sync must read: the run list is paged until a pass over the window shows nothing unknown."""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import statistics
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, Protocol

from sources.common.payload import decode, encode
from sources.common.records import read_columns, unidentified
from sources.common.state import digest
from sources.common.tables import EPOCH

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from sources.common.errors import EndpointError
    from sources.common.payload import Json
    from sources.common.records import Row
    from sources.common.state import SyncState
    from sources.common.tables import Table

logger = logging.getLogger("runmart.listing")

MICROSECOND = timedelta(microseconds=1)

MOST_PASSES = 12
"""Passes over a window before a sync goes on with what it has, and says that it is not complete."""

MOST_DISORDER = timedelta(hours=1)
"""A list whose start times run against its order by more than this is taken as unordered."""

FALLS_BEFORE_STOP = 8
"""Times that the oldest start so far must be undercut before a list counts as ordered: chance looks ordered
in eight different starts once in 40,000 times."""

PAGES_BEFORE_STOP = 2
"""Pages that a pass always reads: in a small account they are all there is, and late runs show."""

EVER = timedelta(days=36_500)
"""The length of the one range of a platform that offers none."""

Reason = Literal["new", "changed", "behind", "told", "followed"]
"""Why a run is read: `behind` means that some endpoint was not read when the others were, `told` that the
platform names it among those that changed."""


@dataclass(frozen=True)
class Listed:
    """A run as the list shows it. `started_at` is the moment by which the platform lists it."""

    run_id: str
    started_at: datetime | None
    fingerprint: int
    record: dict[str, Json]


def glimpsed(runs: Table, record: dict[str, Json]) -> Listed:
    """What a list's record says of a run, as far as it decides whether to read it."""
    row = read_columns(runs.glimpse, record)
    run_id = row["run_id"] or unidentified(record)
    return Listed(run_id, row[runs.dated_by], fingerprint(runs, row), record)


def fingerprint(runs: Table, row: Row) -> int:
    """A hash of what the list shows of a run and may change."""
    return digest(*(row[name] for name in runs.watched))


@dataclass
class Page:
    """A page of a platform's run list.

    Attributes:
        is_news: whether the page has runs, of any age, of which the platform says that they changed.
        part: the part of the list that it belongs to, where there is a list per workflow. An empty part has
            an empty page.
        error: why the rest of the part cannot be read; the other parts are not affected.
        is_cut: whether it is the last page of a list that goes on, and shows no more of itself.
    """

    records: list[dict[str, Json]]
    is_news: bool = False
    part: str | None = None
    error: EndpointError | None = None
    is_cut: bool = False


@dataclass(frozen=True)
class Scope:
    """What a pass over the run list has to show.

    Attributes:
        range_name: the platform's word for the range, out of its `ranges`.
        since: runs that started before need not be shown; None for all that the platform has.
        changed_since: runs that changed since then are to be shown as news, by platforms that can tell;
            None when all runs are read anyway.
        parts: how far the parts of the list were read, see `SyncState.parts`; None when that does not matter.
    """

    range_name: str = ""
    since: datetime | None = None
    changed_since: datetime | None = None
    parts: Mapping[str, str | None] | None = None

    def since_of(self, part: str | None) -> datetime | None:
        """`since` for a part of the list: further back where the cursor passed runs that were not read."""
        return self.for_part(part, self.since)

    def for_part(self, part: str | None, since: datetime | None) -> datetime | None:
        """A moment up to which all is loaded, or the earlier one up to which that is true of a part."""
        if part is None or since is None or self.parts is None:
            return since
        read_to = self.parts.get(part, "")
        if read_to is None:
            return since
        return min(since, datetime.fromisoformat(read_to)) if read_to else None


class RunList(Protocol):
    """How a platform lists its runs."""

    @property
    def ranges(self) -> tuple[tuple[str, timedelta], ...]:
        """The time ranges that the platform offers, smallest first: its word and its length.

        One of the length `EVER` when it offers none; `pages` then ends where runs begin to be older than its
        scope, if the platform can be asked for that or if its order was seen to allow it.
        """
        ...

    def pages(self, scope: Scope, learnt: dict[str, Json]) -> AsyncIterator[Page]:
        """One pass over the list, from the platform's first page to its last; news come first.

        A list that comes in parts shows each of them down to `scope.since_of`, and ends there by itself.
        A part that is not shown, or not to its end, is read from there on by a later sync that can.

        `learnt` is kept from sync to sync, for what the platform has to learn about itself.
        """
        ...


@dataclass(frozen=True)
class Task:
    """A run to be read, and why. `is_told` when the platform names it among those that changed."""

    run_id: str
    started_at: datetime | None
    record: dict[str, Json] | None
    fingerprint: int
    reason: Reason
    is_told: bool = False


class Backlog:
    """The runs that are to be read, kept on disk, oldest first."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("")
        self._db.execute(
            "create table task"
            " (run_id text primary key, start integer, record text, fingerprint integer, reason text,"
            " told integer)"
        )

    def __len__(self) -> int:
        count: int = self._db.execute("select count(*) from task").fetchone()[0]
        return count

    def seen(self, run_id: str) -> int | None:
        """The fingerprint under which a run is in the backlog; None when it is not."""
        found = self._db.execute("select fingerprint from task where run_id = ?", (run_id,)).fetchone()
        return None if found is None else found[0]

    def put(self, task: Task) -> None:
        start = None if task.started_at is None else (task.started_at - EPOCH) // MICROSECOND
        record = None if task.record is None else encode(task.record)
        self._db.execute(
            "insert or replace into task values (?, ?, ?, ?, ?, ?)",
            (task.run_id, start, record, task.fingerprint, task.reason, task.is_told),
        )

    def update(self, run: Listed) -> None:
        """Replace what the list showed of a run that is already in the backlog."""
        self._db.execute(
            "update task set record = ?, fingerprint = ? where run_id = ?",
            (encode(run.record), run.fingerprint, run.run_id),
        )

    def follow(self, run_id: str) -> None:
        """Put a run that is followed into the backlog, unless the list showed it."""
        self._db.execute("insert or ignore into task values (?, null, null, 0, 'followed', 0)", (run_id,))

    def oldest_first(self) -> Iterator[Task]:
        """All tasks: runs that are followed, then by start time, then those without one."""
        rows = self._db.execute(
            "select run_id, start, record, fingerprint, reason, told from task"
            " order by reason <> 'followed', start is null, start, run_id"
        )
        for run_id, start, record, fingerprint, reason, told in rows:
            yield Task(
                run_id,
                None if start is None else EPOCH + start * MICROSECOND,
                None if record is None else decode(record.encode()),
                fingerprint,
                reason,
                bool(told),
            )

    def close(self) -> None:
        self._db.close()


@dataclass
class Window:
    """The stretch of time that a sync reads.

    Attributes:
        floor: start times before it need not be listed; None for all that the platform shows.
        newest: newest start time that the first pass showed: what comes later is the next sync's.
        oldest: oldest start time that the first pass showed.
        typical: median start time of its first page.
        is_cut: whether the last pass ended before the list did: what follows could not be read.
        gap: stretch that the platform can no longer list, and that no sync has read.
    """

    floor: datetime | None
    range_name: str
    newest: datetime | None = None
    oldest: datetime | None = None
    typical: datetime | None = None
    pages: int = 0
    runs_listed: int = 0
    is_complete: bool = False
    is_cut: bool = False
    gap: tuple[datetime, datetime] | None = None

    def show(self, starts: list[datetime]) -> None:
        """Take note of a page of the first pass."""
        if not starts:
            return
        if self.typical is None:
            self.typical = statistics.median_low(starts)
        self.newest = max([*starts, self.newest or starts[0]])
        self.oldest = min([*starts, self.oldest or starts[0]])

    def platform_time(self, ours: datetime, range_length: timedelta) -> datetime:
        """The platform's time: ours, unless what it lists shows that its clock is another one.

        Most runs in the future, or runs older than the asked range, cannot be under a common clock; then
        the newest run stands for its time.
        """
        if self.typical is None or self.newest is None or self.oldest is None:
            return ours
        is_ahead = self.typical > ours + MOST_DISORDER
        is_behind = self.oldest < ours - range_length - timedelta(days=1)
        return max(self.newest, EPOCH) if is_ahead or is_behind else ours


class Order:
    """The order of a list as observed so far, by start time."""

    def __init__(self) -> None:
        self._lowest: datetime | None = None
        self._falls = 0
        self.disorder = timedelta(0)

    def observe(self, started_at: datetime) -> None:
        if self._lowest is None:
            self._lowest = started_at
            return
        self.disorder = max(self.disorder, started_at - self._lowest)
        self._falls += started_at < self._lowest
        self._lowest = min(self._lowest, started_at)

    @property
    def is_newest_first(self) -> bool:
        """Whether start times were seen to fall, with no more than `MOST_DISORDER` against it."""
        return self._falls >= FALLS_BEFORE_STOP and self.disorder <= MOST_DISORDER

    def has_passed(self, starts: list[datetime], moment: datetime | None) -> bool:
        """Whether a page whose runs started then shows that all further runs started before a moment."""
        if moment is None or not starts or not self.is_newest_first:
            return False
        return max(starts) < moment - self.disorder


class Lister:
    """Reads the run list of one sync into a backlog."""

    def __init__(self, runs: Table, run_list: RunList, state: SyncState, backlog: Backlog) -> None:
        self._runs = runs
        self._list = run_list
        self._state = state
        self._backlog = backlog
        self.example: str | None = None
        """The id of a run that the list shows."""
        self.parts: set[str] = set()
        """The parts of the list that were shown."""
        self.unread: dict[str, EndpointError] = {}
        """Those that could not be read to their end, and why."""
        self._shown: set[bytes] = set()
        """Hashes of the pages that were looked through, where passes go over the whole scope."""

    async def read(self, window: Window, scope: Scope, *, behind: datetime | None, is_sweep: bool) -> None:
        """Pass over the window until a pass finds no id that was not known.

        Args:
            behind: runs that started from here on are read even when they are known, for an endpoint
                that was not read when they were loaded.
            is_sweep: read the whole scope, whatever the order.
        """
        self._shown.clear()
        for number in range(MOST_PASSES):
            is_first = number == 0
            found = await self._one_pass(window, scope, is_first=is_first, behind=behind, is_sweep=is_sweep)
            if not found:
                window.is_complete = not window.is_cut
                break
        else:
            logger.warning("The run list kept changing for %d passes; the sync is not complete.", MOST_PASSES)

    async def _one_pass(
        self, window: Window, scope: Scope, *, is_first: bool, behind: datetime | None, is_sweep: bool
    ) -> int:
        """One pass; returns how many runs of the window it found that were not known."""
        order = Order()
        found = 0
        pages = 0
        rows = 0
        window.is_cut = False
        async for page in self._list.pages(scope, self._state.learnt):
            window.pages += 1
            self._note_part(page)
            window.is_cut = window.is_cut or page.is_cut
            if is_sweep and not page.is_news and self._is_shown_again(page):
                continue
            listed = [glimpsed(self._runs, record) for record in page.records]
            if page.is_news:
                found += sum(self._take(run, page, scope, window, behind) for run in listed)
                continue
            pages += 1
            rows += len(listed)
            window.runs_listed = max(window.runs_listed, rows)
            starts = [run.started_at for run in listed if run.started_at is not None]
            for start in starts:
                order.observe(start)
            if is_first:
                window.show(starts)
            for run in listed:
                self.example = run.run_id
                found += self._take(run, page, scope, window, behind)
            if (
                page.part is None
                and not is_sweep
                and pages >= PAGES_BEFORE_STOP
                and order.has_passed(starts, window.floor)
            ):
                break
        return found

    def _is_shown_again(self, page: Page) -> bool:
        """Whether a page was looked through with just this content: most pages of a second pass were."""
        content = hashlib.sha256(encode([page.part, page.records]).encode()).digest()
        is_known = content in self._shown
        self._shown.add(content)
        return is_known

    def _note_part(self, page: Page) -> None:
        if page.part is not None:
            self.parts.add(page.part)
            if page.error is not None:
                self.unread[page.part] = page.error

    def _take(self, run: Listed, page: Page, scope: Scope, window: Window, behind: datetime | None) -> bool:
        """Put a run into the backlog if it is to be read; returns whether it was new to this sync."""
        waiting = self._backlog.seen(run.run_id)
        if waiting is not None:
            if waiting != run.fingerprint:
                self._backlog.update(run)
            return False
        known_since = self._state.known_since
        since = datetime.fromisoformat(known_since) if known_since else window.floor
        reason = self._reason(run, scope.for_part(page.part, since), behind)
        if page.is_news and reason in (None, "changed"):
            # The list shows the change as well; that it was told is remembered, as it is told twice.
            reason = "told"
        if reason is None:
            return False
        self._backlog.put(Task(run.run_id, run.started_at, run.record, run.fingerprint, reason, page.is_news))
        is_later = window.newest is not None and run.started_at is not None and run.started_at > window.newest
        return reason in ("new", "behind", "told") and not is_later

    def _reason(self, run: Listed, since: datetime | None, behind: datetime | None) -> Reason | None:
        """Why a listed run is to be read; None when it is loaded and final.

        Args:
            since: runs that started before are loaded, though they are not remembered one by one.
        """
        if run.run_id in self._state.following:
            return "followed"
        look = self._state.known.look(run.run_id, run.fingerprint)
        if look == "changed":
            return "changed"
        start = run.started_at
        if look == "new" and (since is None or start is None or start >= since):
            return "new"
        if behind is not None and (start is None or start >= behind):
            return "behind"
        return None
