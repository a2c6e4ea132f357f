"""The scheduled runs of a world, by number: nothing is kept, so that 300,000 runs cost no memory.

Runs are numbered in the order in which they start. A round dispatches every group (a workflow, say) once; the
dispatches follow each other so that `runs` of them fill `days` days.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Generic, TypeVar, overload

from emulator.common.clock import DAY, SECOND
from emulator.common.numbered import number_of, uuid_of

R = TypeVar("R")

# Runs of one dispatch start at most this far from each other, in milliseconds.
SPACING = 20 * SECOND
ENDLESS = 10**9


@dataclass(frozen=True, slots=True)
class Dispatch:
    """How many runs a group starts at once, and whether all of them in the same millisecond."""

    size: int
    starts_together: bool = False


class GroupNumbers(Sequence[int]):
    """The numbers of one group's runs: `size` of every `per_round`, from number `first` on."""

    def __init__(self, first: int, size: int, per_round: int, length: int) -> None:
        self._first = first
        self._size = size
        self._per_round = per_round
        self._length = length

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, at: int) -> int: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[int]: ...

    def __getitem__(self, at: int | slice) -> int | Sequence[int]:
        chosen = range(self._length)[at]
        return self._number(chosen) if isinstance(chosen, int) else [self._number(k) for k in chosen]

    def _number(self, k: int) -> int:
        turn, place = divmod(k, self._size)
        return turn * self._per_round + self._first + place


class Timetable(ABC, Generic[R]):
    """`runs` runs in the `days` days from `begin`, and with `arrivals` ever more after."""

    def __init__(
        self,
        seed: int,
        dispatches: Sequence[Dispatch],
        *,
        runs: int,
        begin: int,
        days: float,
        arrivals: bool,
    ) -> None:
        self.seed = seed
        self._dispatches = dispatches
        self._begin = begin
        self._step = days * DAY / max(runs, 1)
        self._ends = list(accumulate(dispatch.size for dispatch in dispatches))
        can_run = bool(self._ends) and runs > 0
        self.length = 0 if not can_run else ENDLESS if arrivals else runs
        self.run = lru_cache(maxsize=20_000)(self.draw)

    @abstractmethod
    def draw(self, n: int) -> R:
        """Make up run number `n`; `run` is the same, remembered for a while."""

    def place(self, n: int) -> tuple[int, int]:
        """The position of run number `n`'s group, and the run's place in its dispatch."""
        offset = n % self._ends[-1]
        position = bisect_right(self._ends, offset)
        return position, offset - (self._ends[position - 1] if position else 0)

    def at(self, n: int) -> int:
        """When run number `n` starts; never before run number `n - 1`."""
        position, place = self.place(n)
        gap = 0.0 if self._dispatches[position].starts_together else min(SPACING, self._step)
        return self._begin + int((n - place) * self._step + place * gap)

    def count_until(self, moment: int) -> int:
        """How many runs start at `moment` or before."""
        return bisect_right(range(self.length), moment, key=self.at)

    def numbers_of(self, position: int, moment: int) -> Sequence[int]:
        """The numbers of one group's runs that start at `moment` or before, in their order."""
        rounds, rest = divmod(self.count_until(moment), self._ends[-1])
        size = self._dispatches[position].size
        first = self._ends[position] - size
        return GroupNumbers(first, size, self._ends[-1], rounds * size + min(max(rest - first, 0), size))

    def run_id(self, n: int) -> str:
        """The id of run number `n`."""
        return uuid_of(self.seed, n)

    def number_of(self, run_id: str) -> int | None:
        """The number of the run with this id, or None."""
        n = number_of(self.seed, run_id)
        return n if n is not None and n < self.length else None
