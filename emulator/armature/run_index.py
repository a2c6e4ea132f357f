"""Which runs there are, in the order of their start: the timetable's, and those added, less those removed."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from typing import TYPE_CHECKING

from emulator.armature.raw import RawRun
from emulator.armature.runs import QUEUE, Run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emulator.armature.timetable import Timetable

# A scheduled run by its number, or one that was added.
Entry = int | Run | RawRun


class RunIndex:
    """Runs by id and by time. `changes` counts insertions and removals: caches forget when it moves."""

    def __init__(self, timetable: Timetable) -> None:
        self._timetable = timetable
        self._added: list[Run | RawRun] = []
        self._by_id: dict[str, Run | RawRun] = {}
        self._removed: set[int] = set()
        self._merged: tuple[tuple[int, int], Sequence[Entry]] = ((-1, -1), ())
        self.changes = 0

    def get(self, run_id: str) -> Run | RawRun | None:
        """The run with this id, be it past or still to come."""
        if run_id in self._by_id:
            return self._by_id[run_id]
        n = self._timetable.number_of(run_id)
        return None if n is None or n in self._removed else self._timetable.run(n)

    def run(self, entry: Entry) -> Run | RawRun:
        """The run behind an entry of `between`."""
        return self._timetable.run(entry) if isinstance(entry, int) else entry

    def workflow_id(self, entry: Entry) -> str | None:
        """The workflow of an entry, found without drawing its run; None if it is raw."""
        if isinstance(entry, int):
            return self._timetable.workflow(entry).id
        return entry.workflow_id if isinstance(entry, Run) else None

    def between(self, since: int, now: int) -> Sequence[Entry]:
        """What had been dispatched by `now` and starts at `since` or later, oldest start first."""
        order = self._ordered(now)
        low = bisect_left(order, since, key=self._started_at)
        middle = bisect_right(order, now, lo=low, key=self._started_at)
        waiting = [entry for entry in order[middle:] if self.run(entry).queued_at <= now]
        started = order[low:middle]
        return [*started, *waiting] if waiting else started

    def insert(self, run: Run | RawRun) -> None:
        """Add a run; an id that is there already is listed twice, and found by id as the new one."""
        insort(self._added, run, key=self._started_at)
        self._by_id[run.id] = run
        self.changes += 1

    def remove(self, run_id: str) -> None:
        """Let every run with this id vanish; `KeyError` if there is none."""
        n = self._timetable.number_of(run_id)
        if run_id in self._by_id:
            del self._by_id[run_id]
            self._added = [run for run in self._added if run.id != run_id]
        elif n is None or n in self._removed:
            raise KeyError(f"There is no run {run_id} in this world.")
        else:
            self._removed.add(n)
        self.changes += 1

    def _started_at(self, entry: Entry) -> int:
        return self._timetable.started_at(entry) if isinstance(entry, int) else entry.started_at

    def _ordered(self, now: int) -> Sequence[Entry]:
        """All scheduled runs that start by `now` plus the time in the queue, and all added ones."""
        count = self._timetable.count_until(now + QUEUE)
        if not self._added and not self._removed:
            return range(count)
        if self._merged[0] != (self.changes, count):
            scheduled: list[Entry] = [n for n in range(count) if n not in self._removed]
            merged = sorted([*scheduled, *self._added], key=self._started_at)
            self._merged = (self.changes, count), merged
        return self._merged[1]
