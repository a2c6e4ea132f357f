"""Armature's scheduled runs: a dispatch runs a workflow on each of its models, `repeats` times."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from emulator.armature.runs import Run, play
from emulator.common.chance import draws
from emulator.common.timetable import Dispatch, Timetable

if TYPE_CHECKING:
    from emulator.armature.workflows import Workflow


class WorkflowTimetable(Timetable[Run]):
    """Runs of `workflows`, with about `mean_calls` tool calls each."""

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
        dispatches = [
            Dispatch(len(workflow.models) * workflow.repeats, workflow.starts_together)
            for workflow in workflows
        ]
        super().__init__(seed, dispatches, runs=runs, begin=begin, days=days, arrivals=arrivals)
        self._workflows = workflows
        self._mean_calls = mean_calls

    def workflow(self, n: int) -> Workflow:
        """The workflow of run number `n`."""
        return self._workflows[self.place(n)[0]]

    def draw(self, n: int) -> Run:
        """Run number `n`."""
        position, place = self.place(n)
        workflow = self._workflows[position]
        run = play(
            workflow,
            run_id=self.run_id(n),
            model_id=workflow.models[place // workflow.repeats],
            started_at=self.at(n),
            mean_calls=self._mean_calls,
            chance=draws(self.seed, "run", n),
        )
        if place % workflow.repeats and self.run(n - 1).status == "error":
            # The platform tries a run that failed for its own reasons again, under a fresh id.
            run = replace(run, attempt=self.run(n - 1).attempt + 1, trigger="retry")
        return run
