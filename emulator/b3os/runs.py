"""A run from its start to its end, with the time that it waits, and how it turns out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from emulator.b3os.workflows import user_id
from emulator.common.clock import DAY, HOUR, MINUTE, SECOND

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from emulator.b3os.catalog import Step
    from emulator.b3os.workflows import Workflow

Status = Literal["running", "waiting", "success", "failure", "cancelled"]

CANCELLED_SHARE = 0.02
SIMULATION_SHARE = 0.05
DUST_SHARE = 0.04
NO_UNITS_SHARE = 0.03
EARLY_STOP_SHARE = 0.5
# Of the runs that wait for a human: those that nobody ever answers, and those answered within minutes.
FORGOTTEN_SHARE = 0.04
PROMPT_SHARE = 0.5
LONGEST_WAIT = 24 * DAY


@dataclass(frozen=True, slots=True)
class Run:
    """The whole life of a run, known from the start; what a client sees of it depends on the clock.

    Times are milliseconds since 1970. `status` is the final one; `ended_at` None: it never ends,
    `waits_until` None: it waits for ever. `stops_at` is the place of the step that fails, is cancelled, or
    decides that what follows is skipped; None: all are carried out. Steps before the place `resumes_at` are
    skipped, because the source run had done them. `total_cu` None: never told.
    """

    id: str
    workflow_id: str
    workflow_version: int
    status: str
    started_at: int
    ended_at: int | None
    waits_from: int | None = None
    waits_until: int | None = None
    total_cu: float | None = 1.0
    trigger_source: str = "manual"
    triggered_by: str | None = None
    source_run_id: str | None = None
    is_simulation: bool = False
    is_dust_test: bool = False
    stops_at: int | None = None
    resumes_at: int = 0

    @property
    def listed_at(self) -> int:
        return self.started_at

    @property
    def seen_from(self) -> int:
        return self.started_at

    def has_ended(self, now: int) -> bool:
        return self.ended_at is not None and now >= self.ended_at

    def waits(self, now: int) -> bool:
        return (
            self.waits_from is not None
            and self.waits_from <= now
            and (self.waits_until is None or now < self.waits_until)
            and not self.has_ended(now)
        )

    def status_at(self, now: int) -> str:
        """`running`, `waiting` or the final status."""
        if self.has_ended(now):
            return self.status
        return "waiting" if self.waits(now) else "running"


def play(workflow: Workflow, *, seed: int, run_id: str, started_at: int, chance: Random) -> Run:
    """Draw how a run of `workflow` on its own trigger turns out."""
    steps = workflow.blueprint.steps
    status = _final_status(workflow, started_at, chance)
    stops_at = _stopping_place(steps, status, chance)
    trigger = workflow.blueprint.trigger
    return timed(
        Run(
            id=run_id,
            workflow_id=workflow.id,
            workflow_version=workflow.version_at(started_at),
            status=status,
            started_at=started_at,
            ended_at=None,
            total_cu=None if chance.random() < NO_UNITS_SHARE else 0.0,
            trigger_source=trigger,
            triggered_by=user_id(seed, chance.randrange(4)) if trigger == "manual" else None,
            is_simulation=workflow.blueprint.is_on_chain and chance.random() < SIMULATION_SHARE * 2,
            is_dust_test=workflow.blueprint.is_on_chain and chance.random() < DUST_SHARE * 2,
            stops_at=stops_at,
        ),
        steps,
        chance,
    )


def retried(source: Run, workflow: Workflow, *, run_id: str, started_at: int, chance: Random) -> Run:
    """Draw how the retry of a failed run turns out; steps that the source had done are skipped."""
    steps = workflow.blueprint.steps
    resumes_at = min(source.stops_at or 0, len(steps) - 1)
    fails = chance.random() < max(workflow.failure_chance(started_at), 0.3)
    return timed(
        replace(
            source,
            id=run_id,
            workflow_version=workflow.version_at(started_at),
            status="failure" if fails else "success",
            started_at=started_at,
            ended_at=None,
            waits_from=None,
            waits_until=None,
            total_cu=0.0,
            trigger_source="retry",
            source_run_id=source.id,
            stops_at=chance.randrange(resumes_at, len(steps)) if fails else None,
            resumes_at=resumes_at,
        ),
        steps,
        chance,
    )


def timed(run: Run, steps: Sequence[Step], chance: Random) -> Run:
    """`run` with times and compute units drawn for the steps that it carries out."""
    last = len(steps) - 1 if run.stops_at is None else run.stops_at
    clock = run.started_at + chance.randint(20, 200)
    waits_from = waits_until = None
    for step in steps[run.resumes_at : last + 1]:
        if step.pauses is None or run.is_simulation:
            clock += max(1, round(chance.lognormvariate(0, 0.5) * step.mean_ms))
            continue
        waits_from = clock
        pause = _pause(step, chance)
        if pause is None:
            return replace(run, waits_from=clock, total_cu=_units(run, steps, last, chance))
        clock = waits_until = clock + pause
        clock += chance.randint(5, 60)
    return replace(
        run,
        ended_at=clock,
        waits_from=waits_from,
        waits_until=waits_until,
        total_cu=_units(run, steps, last, chance),
    )


def _units(run: Run, steps: Sequence[Step], last: int, chance: Random) -> float | None:
    if run.total_cu is None:
        return None
    return round(sum(step.units for step in steps[run.resumes_at : last + 1]) * chance.uniform(0.8, 1.4), 4)


def _final_status(workflow: Workflow, started_at: int, chance: Random) -> Status:
    luck = chance.random()
    if luck < CANCELLED_SHARE:
        return "cancelled"
    return "failure" if chance.random() < workflow.failure_chance(started_at) else "success"


def _stopping_place(steps: Sequence[Step], status: Status, chance: Random) -> int | None:
    """Where a run fails, is cancelled, or decides that the rest is not needed; None if it goes to its end."""
    if status != "success":
        return chance.randrange(len(steps))
    place = next((place for place, step in enumerate(steps) if step.may_stop), None)
    return place if place is not None and chance.random() < EARLY_STOP_SHARE else None


def _pause(step: Step, chance: Random) -> int | None:
    """How long a step waits, in milliseconds; None: for ever."""
    if step.pauses == "timer":
        return 6 * HOUR
    luck = chance.random()
    if luck < FORGOTTEN_SHARE:
        return None
    if luck < FORGOTTEN_SHARE + PROMPT_SHARE:
        return chance.randint(30 * SECOND, 40 * MINUTE)
    return min(LONGEST_WAIT, round(chance.lognormvariate(0, 1.6) * DAY))
