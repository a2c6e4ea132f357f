"""B3OS's scheduled runs: a dispatch starts a burst of runs of a workflow; some failed ones are retried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.b3os.runs import Run, play, retried
from emulator.common.chance import draws
from emulator.common.timetable import Dispatch, Timetable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emulator.b3os.workflows import Workflow

RETRY_SHARE = 0.4


class RunTimetable(Timetable[Run]):
    """Runs of `workflows`."""

    def __init__(
        self,
        seed: int,
        workflows: tuple[Workflow, ...],
        *,
        runs: int,
        begin: int,
        days: float,
        arrivals: bool,
    ) -> None:
        dispatches = [Dispatch(workflow.burst, workflow.starts_together) for workflow in workflows]
        super().__init__(seed, dispatches, runs=runs, begin=begin, days=days, arrivals=arrivals)
        self._workflows = workflows
        self._per_round = sum(workflow.burst for workflow in workflows)
        self._positions = {workflow.id: position for position, workflow in enumerate(workflows)}

    def workflow(self, n: int) -> Workflow:
        """The workflow of run number `n`, as it was made."""
        return self._workflows[self.place(n)[0]]

    def numbers_of_workflow(self, workflow_id: str, moment: int) -> Sequence[int]:
        """The numbers of a workflow's runs that start at `moment` or before; none if it has no schedule."""
        position = self._positions.get(workflow_id)
        return () if position is None or not self.length else self.numbers_of(position, moment)

    def draw(self, n: int) -> Run:
        """Run number `n`: by its workflow's trigger, or instead the retry of the run before it."""
        run = self._play(n)
        chance = draws(self.seed, "retry", n)
        before = self._before(n)
        if before is None or chance.random() >= RETRY_SHARE:
            return run
        source = self.run(before)
        if source.status != "failure" or source.ended_at is None or source.ended_at >= run.started_at:
            return run
        return retried(source, self.workflow(n), run_id=run.id, started_at=run.started_at, chance=chance)

    def _before(self, n: int) -> int | None:
        """The number of the same workflow's run before run number `n`."""
        position, place = self.place(n)
        before = n - 1 if place else n - 1 - self._per_round + self._workflows[position].burst
        return before if before >= 0 else None

    def _play(self, n: int) -> Run:
        return play(
            self.workflow(n),
            seed=self.seed,
            run_id=f"run_{self.run_id(n)}",
            started_at=self.at(n),
            chance=draws(self.seed, "run", n),
        )

    def number_of(self, run_id: str) -> int | None:
        """The number of the run with this id, or None."""
        return super().number_of(run_id.removeprefix("run_")) if run_id.startswith("run_") else None
