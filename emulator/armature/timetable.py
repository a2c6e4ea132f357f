"""The scheduled runs of a world, by number: nothing is kept, so that 300,000 runs cost no memory.

Runs are numbered in the order in which they start. A round dispatches every workflow once, on each of its
models, `repeats` times; the dispatches follow each other so that `runs` of them fill `days` days.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING
from uuid import UUID

from emulator.armature.runs import Run, play
from emulator.common.chance import draws, number
from emulator.common.clock import DAY, SECOND

if TYPE_CHECKING:
    from emulator.armature.workflows import Workflow

# Runs of one dispatch start at most this far from each other, in milliseconds.
SPACING = 20 * SECOND
ENDLESS = 10**9


class Timetable:
    """`runs` runs of `workflows` in the `days` days from `begin`, and with `arrivals` ever more after."""

    def __init__(
        self,
        seed: int,
        workflows: tuple[Workflow, ...],
        *,
        runs: int,
        begin: int,
        days: float,
        mean_calls: int,
        arrivals: bool,
    ) -> None:
        self._seed = seed
        self._workflows = workflows
        self._begin = begin
        self._step = days * DAY / max(runs, 1)
        self._mean_calls = mean_calls
        self._ends = list(accumulate(len(workflow.models) * workflow.repeats for workflow in workflows))
        can_run = bool(self._ends) and runs > 0
        self.length = 0 if not can_run else ENDLESS if arrivals else runs
        self.run = lru_cache(maxsize=20_000)(self._run)

    def workflow(self, n: int) -> Workflow:
        """The workflow of run number `n`."""
        return self._workflows[self._place(n)[0]]

    def _place(self, n: int) -> tuple[int, int]:
        """The position of run number `n`'s workflow, and the run's place in its dispatch."""
        offset = n % self._ends[-1]
        position = bisect_right(self._ends, offset)
        return position, offset - (self._ends[position - 1] if position else 0)

    def started_at(self, n: int) -> int:
        """When run number `n` starts; never before run number `n - 1`."""
        position, place = self._place(n)
        gap = 0.0 if self._workflows[position].starts_together else min(SPACING, self._step)
        return self._begin + int((n - place) * self._step + place * gap)

    def count_until(self, moment: int) -> int:
        """How many runs start at `moment` or before."""
        return bisect_right(range(self.length), moment, key=self.started_at)

    def run_id(self, n: int) -> str:
        """The id of run number `n`, a UUID; the number is hidden in it, so that no index is needed."""
        tail = number(self._seed, "run id", n, size=12)
        tail = tail & ~(0xF << 76) & ~(0x3 << 62) | (0x4 << 76) | (0x2 << 62)
        return str(UUID(int=((n ^ self._mask(tail)) << 96) | tail))

    def number_of(self, run_id: str) -> int | None:
        """The number of the run with this id, or None."""
        try:
            value = UUID(run_id).int
        except ValueError:
            return None
        n = (value >> 96) ^ self._mask(value & ((1 << 96) - 1))
        return n if n < self.length and self.run_id(n) == run_id else None

    def _mask(self, tail: int) -> int:
        return number(self._seed, "mask", tail, size=4)

    def _run(self, n: int) -> Run:
        """Run number `n`."""
        position, place = self._place(n)
        workflow = self._workflows[position]
        run = play(
            workflow,
            run_id=self.run_id(n),
            model_id=workflow.models[place // workflow.repeats],
            started_at=self.started_at(n),
            mean_calls=self._mean_calls,
            chance=draws(self._seed, "run", n),
        )
        if place % workflow.repeats and self.run(n - 1).status == "error":
            # The platform tries a run that failed for its own reasons again, under a fresh id.
            run = replace(run, attempt=self.run(n - 1).attempt + 1, trigger="retry")
        return run
