"""Runflow's scheduled runs: a dispatch runs a target `repeats` times with one prompt, some as a batch."""

from __future__ import annotations

from bisect import bisect_left
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from emulator.common.chance import draws, number
from emulator.common.numbered import number_of, uuid_of
from emulator.common.timetable import Dispatch, Timetable
from emulator.runflow.evaluations import MOST_ATTEMPTS
from emulator.runflow.runs import Run, play

if TYPE_CHECKING:
    from emulator.runflow.account import Target


def time_ordered_id(moment: int, counter: int, tail: int) -> str:
    """A UUID of version 7: sorted by moment, and within a millisecond by the counter (up to 4,095)."""
    low = tail & ((1 << 62) - 1)
    return str(UUID(int=moment << 80 | 0x7 << 76 | (counter & 0xFFF) << 64 | 0x2 << 62 | low))


class TargetTimetable(Timetable[Run]):
    """Runs of `targets`, by turns."""

    def __init__(
        self,
        seed: int,
        targets: tuple[Target, ...],
        *,
        runs: int,
        begin: int,
        days: float,
        arrivals: bool,
    ) -> None:
        dispatches = [Dispatch(target.repeats, target.is_batch) for target in targets]
        super().__init__(seed, dispatches, runs=runs, begin=begin, days=days, arrivals=arrivals)
        self._targets = targets

    def run_id(self, n: int) -> str:
        """The id of run number `n`, which tells when it was created."""
        return time_ordered_id(self.at(n), n, number(self.seed, "run id", n))

    def number_of(self, run_id: str) -> int | None:
        """The number of the run with this id, or None: looked for where its id says that it was created."""
        try:
            moment = UUID(run_id).int >> 80
        except ValueError:
            return None
        first = bisect_left(range(self.length), moment, key=self.at)
        there = range(first, self.count_until(moment))
        return next((n for n in there if self.run_id(n) == run_id), None)

    def run_of_evaluation(self, evaluation_id: str) -> int | None:
        """The number of the run that an evaluation belongs to, or None."""
        found = number_of(self.seed, evaluation_id, "evaluation")
        return found // MOST_ATTEMPTS if found is not None and found // MOST_ATTEMPTS < self.length else None

    def batch(self, batch_id: str) -> range | None:
        """The numbers of a batch's runs, or None if there is no such batch."""
        first = number_of(self.seed, batch_id, "batch")
        if first is None or first >= self.length:
            return None
        position, place = self.place(first)
        target = self._targets[position]
        return (
            range(first, min(first + target.repeats, self.length)) if target.is_batch and not place else None
        )

    def draw(self, n: int) -> Run:
        """Run number `n`."""
        position, place = self.place(n)
        target = self._targets[position]
        first = n - place
        dispatch = number(self.seed, "dispatch", first)
        return play(
            target,
            run_id=self.run_id(n),
            created_at=self.at(n),
            prompt=target.prompts[dispatch % len(target.prompts)],
            chance=draws(self.seed, "run", n),
            evaluation_id=partial(self._evaluation_id, n),
            client_ref=f"order-{dispatch % 10**8}" if dispatch % 5 < 2 else None,
            batch_id=uuid_of(self.seed, first, "batch") if target.is_batch else None,
        )

    def _evaluation_id(self, n: int, attempt: int) -> str:
        return uuid_of(self.seed, n * MOST_ATTEMPTS + attempt, "evaluation")
