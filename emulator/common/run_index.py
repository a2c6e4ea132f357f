"""Which runs there are, in the order of their start: scheduled and added ones, less those removed."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from emulator.common.chance import number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from emulator.common.raw import RawRun
    from emulator.common.timetable import Timetable


class Listed(Protocol):
    """A run as a platform's dataclass: `listed_at` is its place in time, `seen_from` when it first shows."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def id(self) -> str: ...

    @property
    def listed_at(self) -> int: ...

    @property
    def seen_from(self) -> int: ...


R = TypeVar("R", bound=Listed)
T = TypeVar("T")


class RunIndex(Generic[R]):
    """Runs by id and by time. `changes` counts insertions and removals: caches forget when it moves.

    An entry is a scheduled run by its number, or a run that was added. `lead` is how long before its place in
    time a run may be seen already, in milliseconds. `takes_place` tells of a scheduled run whether it is one
    after all: a workflow may have been stopped.
    """

    def __init__(
        self,
        timetable: Timetable[R],
        *,
        lead: int = 0,
        takes_place: Callable[[int], bool] | None = None,
    ) -> None:
        self.timetable = timetable
        self._lead = lead
        self._takes_place = takes_place
        self._added: list[R | RawRun] = []
        self._by_id: dict[str, R | RawRun] = {}
        self._removed: set[int] = set()
        self._merged: tuple[tuple[int, int], Sequence[int | R | RawRun]] = ((-1, -1), ())
        self.changes = 0

    def get(self, run_id: str) -> R | RawRun | None:
        """The run with this id, be it past or still to come."""
        if run_id in self._by_id:
            return self._by_id[run_id]
        n = self.timetable.number_of(run_id)
        return None if n is None or not self._is_there(n) else self.timetable.run(n)

    def run(self, entry: int | R | RawRun) -> R | RawRun:
        """The run behind an entry of `between`."""
        return self.timetable.run(entry) if isinstance(entry, int) else entry

    def between(self, since: int, now: int) -> Sequence[int | R | RawRun]:
        """What is seen by `now` and has its place at `since` or later, oldest first."""
        return self.window(self._ordered(now), since, now)

    def window(self, order: Sequence[int | R | RawRun], since: int, now: int) -> Sequence[int | R | RawRun]:
        """What `between` gives, of entries that are in order already."""
        low = bisect_left(order, since, key=self.listed_at)
        middle = bisect_right(order, now, lo=low, key=self.listed_at)
        waiting = [entry for entry in order[middle:] if self.run(entry).seen_from <= now]
        started = order[low:middle]
        return [*started, *waiting] if waiting else started

    def insert(self, run: R | RawRun) -> None:
        """Add a run; an id that is there already is listed twice, and found by id as the new one."""
        insort(self._added, run, key=self.listed_at)
        self._by_id[run.id] = run
        self.changes += 1

    def remove(self, run_id: str) -> None:
        """Let every run with this id vanish; `KeyError` if there is none."""
        n = self.timetable.number_of(run_id)
        if run_id in self._by_id:
            del self._by_id[run_id]
            self._added = [run for run in self._added if run.id != run_id]
        elif n is None or not self._is_there(n):
            raise KeyError(f"There is no run {run_id} in this world.")
        else:
            self._removed.add(n)
        self.changes += 1

    def merged(
        self, scheduled: Sequence[int], wanted: Callable[[R | RawRun], bool]
    ) -> Sequence[int | R | RawRun]:
        """Those of the scheduled runs that are there, and the added ones that are wanted, oldest first."""
        if self.changes == 0 and self._takes_place is None:
            return scheduled
        there: list[int | R | RawRun] = [n for n in scheduled if self._is_there(n)]
        return sorted([*there, *filter(wanted, self._added)], key=self.listed_at)

    def _is_there(self, n: int) -> bool:
        return n not in self._removed and (self._takes_place is None or self._takes_place(n))

    def listed_at(self, entry: int | R | RawRun) -> int:
        """The place in time of an entry, found without drawing its run."""
        return self.timetable.at(entry) if isinstance(entry, int) else entry.listed_at

    def _ordered(self, now: int) -> Sequence[int | R | RawRun]:
        """All scheduled runs that may be seen by now, and all added ones."""
        count = self.timetable.count_until(now + self._lead)
        if not self._added and not self._removed and self._takes_place is None:
            return range(count)
        if self._merged[0] != (self.changes, count):
            self._merged = (self.changes, count), self.merged(range(count), lambda run: True)
        return self._merged[1]


def piece(rows: Sequence[T], start: int, size: int, *, newest_first: bool) -> Sequence[T]:
    """`size` of `rows`, which are sorted oldest first, from position `start` on."""
    if not newest_first:
        return rows[start : start + size]
    end = max(len(rows) - start, 0)
    return rows[max(end - size, 0) : end][::-1]


def shuffled(rows: Sequence[T], seed: int, id_of: Callable[[T], str]) -> list[T]:
    """`rows` in an order that is none, and always the same."""
    return sorted(rows, key=lambda row: number(seed, "shuffle", id_of(row)))
