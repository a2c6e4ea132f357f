"""A run from its creation to its scores, and how it turns out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulator.common.clock import DAY, HOUR, MINUTE, SECOND
from emulator.eigenpal.catalog import FAILURES, REJECTION, USERS, User

if TYPE_CHECKING:
    from random import Random

    from emulator.eigenpal.automations import Automation, Example

# From being created to being pending, and from there to being started; in milliseconds.
CREATING = 150
QUEUE = 2 * SECOND
FINALIZING = 1_200

FAILED_SHARE = 0.05
CANCELLED_SHARE = 0.012
REJECTED_SHARE = 0.08
NO_CREDITS_SHARE = 0.03
LATE_SCORES_SHARE = 0.03
NEVER_SCORED_SHARE = 0.004

TERMINAL = frozenset({"completed", "failed", "cancelled", "rejected"})
TO_RERUN = frozenset({"failed", "cancelled", "rejected"})


@dataclass(frozen=True, slots=True)
class Usage:
    """What a run consumed; what the platform did not measure is None."""

    input_tokens: int | None
    output_tokens: int | None
    cache_read: int | None
    cache_write: int | None
    credits: float | None
    llm_calls: int
    pages: int
    turns: int | None


@dataclass(frozen=True, slots=True)
class Run:
    """The whole life of a run, known from the start; what a client sees of it depends on the clock.

    Times are milliseconds since 1970. `status` is the final one. `waits` is from when to when it waits for
    somebody. `scored_at` is None if it is never scored, `usage` is None if there was no telemetry yet.
    """

    id: str
    automation_id: str
    kind: str
    name: str | None
    slug: str | None
    version: str | None
    version_id: str | None
    model: str | None
    commit: str | None
    trigger: str | None
    by: User | None
    created_at: int
    started_at: int
    finalizing_at: int
    ended_at: int
    status: str
    waits: tuple[int, int] | None = None
    schema_valid: bool | None = None
    error: str | None = None
    # The word for what went wrong, of `catalog.FAILURES`.
    failure: str | None = None
    # How good the output is, from 0 to 1; a reviewer calls it correct from `CORRECT` on.
    quality: float = 1.0
    example_id: str | None = None
    example_name: str | None = None
    batch_id: str | None = None
    scored_at: int | None = None
    retry: int = 0
    previous_run_id: str | None = None
    parent_run_id: str | None = None
    cancel_requested_at: int | None = None
    tags: tuple[str, ...] = ()
    usage: Usage | None = None
    # Where its reviews are drawn from; None: only those that a test writes.
    review_draw: int | None = None

    @property
    def listed_at(self) -> int:
        return self.created_at

    @property
    def seen_from(self) -> int:
        return self.created_at

    def has_started(self, now: int) -> bool:
        # A run that is cancelled in the queue never starts.
        return self.started_at <= min(now, self.ended_at)

    def has_ended(self, now: int) -> bool:
        return now >= self.ended_at

    def is_waiting(self, now: int) -> bool:
        return self.waits is not None and self.waits[0] <= now < self.waits[1] and not self.has_ended(now)

    def is_scored(self, now: int) -> bool:
        return self.scored_at is not None and now >= self.scored_at

    def status_at(self, now: int) -> str:
        """`created`, `pending`, `running`, `waiting`, `finalizing` or the final status."""
        if self.has_ended(now):
            return self.status
        if now < min(self.created_at + CREATING, self.started_at):
            return "created"
        if now < self.started_at:
            return "pending"
        if self.is_waiting(now):
            return "waiting"
        return "finalizing" if now >= self.finalizing_at else "running"

    def is_settled(self, now: int) -> bool:
        """Nothing of its steps, trace, usage and scores changes any more."""
        return self.has_ended(now) and (self.scored_at is None or self.is_scored(now))


# From this quality on an output counts as correct.
CORRECT = 0.75


def play(
    automation: Automation,
    *,
    run_id: str,
    created_at: int,
    chance: Random,
    example: Example | None = None,
    batch_id: str | None = None,
    has_telemetry: bool = True,
    review_draw: int | None = None,
) -> Run:
    """Draw how a run of `automation` turns out."""
    version = automation.version_at(created_at)
    status, failure = _outcome(automation, chance)
    is_workflow = automation.kind == "workflow"
    trigger = "api" if batch_id is not None else chance.choice(automation.task.triggers)
    started_at = created_at + QUEUE
    waits = _waits(automation, started_at, chance, is_batch=batch_id is not None)
    if status == "rejected" and waits is None:
        status = "completed"
    active = _active(automation, status, chance)
    # A step that fails, or a cancelled run, never comes to the human review.
    waits = waits if status in {"completed", "rejected"} else None
    pause = waits[1] - waits[0] if waits is not None else 0
    finalizing_at = started_at + active + pause
    ended_at = finalizing_at + FINALIZING
    right = chance.random() < automation.skill_of(version)
    quality = round(chance.uniform(0.8, 1.0) if right else chance.uniform(0.0, 0.7), 3)
    completed = status == "completed"
    return Run(
        id=run_id,
        automation_id=automation.id,
        kind=automation.kind,
        name=automation.name,
        slug=None if is_workflow else automation.slug,
        version=str(version.number) if is_workflow else None,
        version_id=version.id if is_workflow else None,
        model=automation.model,
        commit=None if is_workflow else version.commit,
        trigger=trigger,
        by=chance.choice(USERS) if trigger == "manual" or batch_id is not None else None,
        created_at=created_at,
        started_at=started_at,
        finalizing_at=finalizing_at,
        ended_at=ended_at,
        status=status,
        waits=waits,
        schema_valid=chance.random() > 0.02 if completed else None,
        error=_error(status, failure),
        failure=failure,
        quality=quality,
        example_id=example.id if example else None,
        example_name=example.name if example else None,
        batch_id=batch_id,
        scored_at=_scored_at(automation, ended_at, chance, completed=completed, is_eval=example is not None),
        cancel_requested_at=ended_at - 3 * SECOND if status == "cancelled" else None,
        tags=("audit",) if chance.random() < 0.1 else (),
        usage=_usage(automation, chance) if has_telemetry else None,
        review_draw=review_draw,
    )


def _outcome(automation: Automation, chance: Random) -> tuple[str, str | None]:
    """The final status, and the word for a failure."""
    luck = chance.random()
    if luck < FAILED_SHARE:
        return "failed", chance.choice(tuple(FAILURES))
    if luck < FAILED_SHARE + CANCELLED_SHARE:
        return "cancelled", None
    if luck < FAILED_SHARE + CANCELLED_SHARE + REJECTED_SHARE:
        return "rejected", None
    return "completed", None


def _error(status: str, failure: str | None) -> str | None:
    if status == "rejected":
        return REJECTION
    return FAILURES[failure][1] if failure is not None else None


def _waits(
    automation: Automation, started_at: int, chance: Random, *, is_batch: bool
) -> tuple[int, int] | None:
    """From when to when a run waits for somebody: minutes mostly, days now and then; never in experiments."""
    luck, share = chance.random(), chance.random()
    if is_batch or not any(step.kind == "human_review" for step in automation.task.steps):
        return None
    begin = started_at + 20 * SECOND
    longest = 6 * DAY if luck < 0.08 else 5 * HOUR
    return begin, begin + MINUTE + int(share**2 * longest)


def _active(automation: Automation, status: str, chance: Random) -> int:
    """How long a run works, without waiting."""
    steps = automation.task.steps
    mean = sum(step.mean_ms for step in steps) if steps else 45 * SECOND
    full = round(mean * chance.uniform(0.6, 1.8)) + SECOND
    share = 1.0 if status in {"completed", "rejected"} else chance.uniform(0.1, 0.8)
    return max(round(full * share), 25 * SECOND if status in {"completed", "rejected"} else SECOND)


def _scored_at(
    automation: Automation, ended_at: int, chance: Random, *, completed: bool, is_eval: bool
) -> int | None:
    """Runs of experiments are scored, and every second one besides; mostly at once, else hours later."""
    luck, late = chance.random(), chance.random()
    if not completed or not automation.task.evaluators or luck < NEVER_SCORED_SHARE:
        return None
    if not is_eval and luck < 0.5:
        return None
    return ended_at + (
        int((1 + late * 30) * HOUR) if luck > 1 - LATE_SCORES_SHARE else round((2 + late * 20) * SECOND)
    )


def _usage(automation: Automation, chance: Random) -> Usage:
    steps = automation.task.steps
    calls = sum(step.kind == "llm" for step in steps) if steps else chance.randint(3, 14)
    pages = chance.randint(1, 2 * automation.task.pages) if automation.task.pages else 0
    read = calls * chance.randint(700, 4_500)
    written = calls * chance.randint(60, 700)
    cost = round(read / 8_000 + written / 1_500 + pages * 0.4, 3)
    return Usage(
        input_tokens=read,
        output_tokens=written,
        cache_read=round(read * 0.4) if not steps else None,
        cache_write=round(read * 0.1) if not steps else None,
        credits=None if chance.random() < NO_CREDITS_SHARE else cost,
        llm_calls=calls,
        pages=pages,
        turns=None if steps else calls,
    )
