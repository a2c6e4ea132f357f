"""EigenPal's scheduled runs: in every round each automation runs some times, and its dataset once.

A live run that came to nothing is mostly tried again in the next round; it is then the run of the same place
there, and linked to the first. Every experiment is a dispatch: all of its runs are created at nearly once.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from emulator.common.chance import draws, number
from emulator.common.clock import DAY
from emulator.common.numbered import number_of, uuid_of
from emulator.common.timetable import Dispatch, Timetable
from emulator.eigenpal.runs import TO_RERUN, Run, play

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.eigenpal.automations import Automation

RUN = "exec_"
BATCH = "batch_"

RERUN_SHARE = 0.6
# Runs of the first share of the history have no telemetry.
WITHOUT_TELEMETRY = 0.05


def _hidden(text: str, start: str) -> str | None:
    """The UUID in an id that begins with `start` and goes on in 32 hexadecimal digits."""
    digits = text.removeprefix(start)
    if len(digits) != 32 or digits == text:
        return None
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


class AutomationTimetable(Timetable[Run]):
    """Runs of `automations`, live ones and those of experiments."""

    def __init__(
        self,
        seed: int,
        automations: tuple[Automation, ...],
        *,
        runs: int,
        begin: int,
        days: float,
        arrivals: bool,
    ) -> None:
        groups = [
            *((automation, False) for automation in automations for _ in range(automation.weight)),
            *((automation, True) for automation in automations if automation.examples),
        ]
        draws(seed, "round").shuffle(groups)
        dispatches = [
            Dispatch(len(automation.examples), starts_together=index % 2 == 0) if is_batch else Dispatch(1)
            for index, (automation, is_batch) in enumerate(groups)
        ]
        super().__init__(seed, dispatches, runs=runs, begin=begin, days=days, arrivals=arrivals)
        self._groups = groups
        self._sizes = [dispatch.size for dispatch in dispatches]
        self._round = sum(self._sizes)
        self._telemetry_since = begin + int(days * DAY * WITHOUT_TELEMETRY)

    def run_id(self, n: int) -> str:
        return RUN + super().run_id(n).replace("-", "")

    def number_of(self, run_id: str) -> int | None:
        hidden = _hidden(run_id, RUN)
        return None if hidden is None else super().number_of(hidden)

    def automation(self, n: int) -> Automation:
        """The automation of run number `n`."""
        return self._groups[self.place(n)[0]][0]

    def review_draw(self, n: int) -> int:
        """What the reviews of run number `n` are drawn from, found without drawing the run."""
        return number(self.seed, "review", n)

    def draw(self, n: int) -> Run:
        position, place = self.place(n)
        automation, is_batch = self._groups[position]
        created_at = self.at(n)
        run = play(
            automation,
            run_id=self.run_id(n),
            created_at=created_at,
            chance=draws(self.seed, "run", n),
            example=automation.examples[place] if is_batch else None,
            batch_id=self.batch_id(n - place) if is_batch else None,
            has_telemetry=created_at >= self._telemetry_since,
            review_draw=self.review_draw(n),
        )
        previous = None if is_batch else self._tried_again_as(n)
        if previous is None:
            return run
        return replace(run, retry=previous.retry + 1, previous_run_id=previous.id)

    def _tried_again_as(self, n: int) -> Run | None:
        """The run that run number `n` tries again."""
        if n < self._round or number(self.seed, "rerun", n) / 2**64 > RERUN_SHARE:
            return None
        previous = self.run(n - self._round)
        return previous if previous.status in TO_RERUN and previous.has_ended(self.at(n)) else None

    def next_of(self, run: Run) -> Run | None:
        """The scheduled run that tries `run` again, be it still to come."""
        n = self.number_of(run.id) if run.status in TO_RERUN else None
        if n is None or run.batch_id is not None or n + self._round >= self.length:
            return None
        later = self.run(n + self._round)
        return later if later.previous_run_id == run.id else None

    # Experiments, which are numbered by their first run

    def batch_id(self, first: int) -> str:
        """The id of the experiment that begins with run number `first`."""
        return BATCH + uuid_of(self.seed, first).replace("-", "")

    def batch(self, batch_id: str) -> tuple[int, int] | None:
        """The number of an experiment's first run, and of runs in it."""
        hidden = _hidden(batch_id, BATCH)
        first = None if hidden is None else number_of(self.seed, hidden)
        if first is None or first >= self.length:
            return None
        position, place = self.place(first)
        return (first, self._sizes[position]) if self._groups[position][1] and not place else None

    def batches(self, automation_id: str, now: int) -> Iterator[tuple[int, int]]:
        """The experiments of an automation that were started by `now`, oldest first."""
        count = self.count_until(now)
        begin = 0
        for (automation, is_batch), size in zip(self._groups, self._sizes, strict=True):
            if is_batch and automation.id == automation_id:
                for first in range(begin, count, self._round):
                    yield first, min(size, count - first)
            begin += size
