"""A run from its creation to its end, and how it turns out."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from emulator.common.clock import DAY, HOUR, SECOND
from emulator.common.temper import pass_chance
from emulator.runflow.catalog import (
    FAILURES,
    PLATFORM_FAILURE,
    REASONS_FOR_THUMBS_DOWN,
    REASONS_FOR_THUMBS_UP,
    SOURCES,
)
from emulator.runflow.evaluations import Attempt, Feedback, draw_attempts

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from emulator.runflow.account import Kind, Target
    from emulator.runflow.catalog import Step

STATUSES = (
    "queued",
    "dispatching",
    "running",
    "succeeded",
    "partial_succeeded",
    "failed",
    "errored",
    "cancelled",
)

FAILED_SHARE = 0.05
ERRORED_SHARE = 0.01
CANCELLED_SHARE = 0.015
PARTIAL_SHARE = 0.03
FEEDBACK_SHARE = 0.04
NO_LOGS_SHARE = 0.1
EVALUATED_SHARE = 0.7
CENT = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Failure:
    code: str
    stage: str
    message: str


@dataclass(frozen=True, slots=True)
class Run:
    """The whole life of a run, known from the start; what a client sees of it depends on the clock.

    Times are milliseconds since 1970. `status` is the final one, `nodes_completed` what it comes to, `cost`
    None if it is not billed. `attempts` are its evaluations, oldest first.
    """

    id: str
    target_type: Kind
    target_id: str
    version_id: str
    version: int
    status: str
    created_at: int
    dispatched_at: int
    started_at: int
    completed_at: int
    cost: Decimal | None
    nodes_total: int
    nodes_completed: int
    prompt: str
    makes: str = "image"
    source: str = "api"
    has_logs: bool = True
    client_ref: str | None = None
    batch_id: str | None = None
    failure: Failure | None = None
    attempts: tuple[Attempt, ...] = ()
    feedback: Feedback | None = None

    @property
    def listed_at(self) -> int:
        return self.created_at

    @property
    def seen_from(self) -> int:
        return self.created_at

    def has_started(self, now: int) -> bool:
        return now >= self.started_at

    def has_ended(self, now: int) -> bool:
        return now >= self.completed_at

    def status_at(self, now: int) -> str:
        """`queued`, `dispatching`, `running` or the final status."""
        if now < self.dispatched_at:
            return "queued"
        if now < self.started_at:
            return "dispatching"
        return self.status if self.has_ended(now) else "running"

    def feedback_at(self, now: int) -> Feedback | None:
        return self.feedback if self.feedback is not None and self.feedback.at <= now else None


def play(
    target: Target,
    *,
    run_id: str,
    created_at: int,
    prompt: str,
    chance: Random,
    evaluation_id: Callable[[int], str],
    client_ref: str | None = None,
    batch_id: str | None = None,
) -> Run:
    """Draw how a run of `target` turns out."""
    version = target.version_at(created_at)
    steps = target.steps
    count = len(target.nodes)
    status, failure = _outcome(chance, nodes=count)
    completed = count if status == "succeeded" else chance.randint(0, max(count - 1, 0))
    if status == "partial_succeeded":
        completed = count - 1
    dispatched_at = created_at + chance.randint(50, 3 * SECOND)
    started_at = dispatched_at + chance.randint(100, 8 * SECOND)
    is_good = status in {"succeeded", "partial_succeeded"}
    share = 1.0 if is_good else chance.uniform(0.05, 0.9)
    seconds = sum(step.seconds for step in steps) * share * chance.uniform(0.7, 1.6)
    completed_at = started_at + max(round(seconds * SECOND), 200)
    cost: Decimal | None = None
    feedback: Feedback | None = None
    attempts: tuple[Attempt, ...] = ()
    if is_good:
        cost = _cost(steps, chance)
        feedback = _feedback(completed_at, chance)
        if target.kind == "comfyui_workflow" or chance.random() < EVALUATED_SHARE:
            passing = pass_chance(target.temper, version, target.strength + target.ease)
            attempts = draw_attempts(completed_at, passing, chance, evaluation_id)
    return Run(
        id=run_id,
        target_type=target.kind,
        target_id=target.id,
        version_id=version.id,
        version=version.number,
        status=status,
        created_at=created_at,
        dispatched_at=dispatched_at,
        started_at=started_at,
        completed_at=completed_at,
        cost=cost,
        nodes_total=count,
        nodes_completed=completed,
        prompt=prompt,
        makes=steps[-1].makes,
        source=chance.choice(SOURCES),
        has_logs=chance.random() >= NO_LOGS_SHARE,
        client_ref=client_ref,
        batch_id=batch_id,
        failure=failure,
        attempts=attempts,
        feedback=feedback,
    )


def _outcome(chance: Random, nodes: int) -> tuple[str, Failure | None]:
    luck = chance.random()
    if luck < ERRORED_SHARE:
        return "errored", Failure(*PLATFORM_FAILURE)
    luck -= ERRORED_SHARE
    if luck < FAILED_SHARE:
        return "failed", Failure(*chance.choice(FAILURES))
    luck -= FAILED_SHARE
    if luck < CANCELLED_SHARE:
        return "cancelled", None
    is_partial = nodes > 1 and luck < CANCELLED_SHARE + PARTIAL_SHARE
    return ("partial_succeeded" if is_partial else "succeeded"), None


def _cost(steps: tuple[Step, ...], chance: Random) -> Decimal:
    """The price of the steps; those that are charged by the second vary."""
    total = sum((step.price for step in steps), Decimal(0))
    return (
        total if chance.random() < 0.5 else (total * Decimal(repr(chance.uniform(0.8, 1.4)))).quantize(CENT)
    )


def _feedback(completed_at: int, chance: Random) -> Feedback | None:
    if chance.random() >= FEEDBACK_SHARE:
        return None
    is_positive = chance.random() < 0.6
    reasons = REASONS_FOR_THUMBS_UP if is_positive else REASONS_FOR_THUMBS_DOWN
    return Feedback(is_positive, chance.choice(reasons), completed_at + chance.randint(HOUR, 10 * DAY))
