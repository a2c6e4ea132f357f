"""A run from its dispatch to its evaluation, and how it turns out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulator.armature.catalog import MODELS, Model
from emulator.common.clock import DAY, HOUR, SECOND
from emulator.common.temper import pass_chance

if TYPE_CHECKING:
    from random import Random

    from emulator.armature.workflows import Workflow

# How long a run waits between being dispatched and being started, in milliseconds.
QUEUE = 5 * SECOND

ERROR_SHARE = 0.025
NO_COST_SHARE = 0.04
NEVER_EVALUATED_SHARE = 0.002
LATE_EVALUATION_SHARE = 0.02

PASS_CLASSES = ("success",)
FAIL_CLASSES = ("wrong_answer", "tool_misuse", "tool_failure", "gave_up", "loop")
ERROR_CLASSES = {
    "transport": "MCP transport closed before the handshake was complete",
    "timeout": "The run took longer than its limit of 900 seconds",
    "provider": "The model provider answered 529 (overloaded)",
}

MODELS_BY_ID = {model.id: model for model in MODELS}
UNKNOWN_MODEL = Model("", 0.6, 1.0, 5.0, 1.0)


@dataclass(frozen=True, slots=True)
class Run:
    """The whole life of a run, known from the start; what a client sees of it depends on the clock.

    Times are milliseconds since 1970. `status` is the final one. `evaluated_at` is None if no evaluation ever
    comes. `calls` is how many tool calls to make up.
    """

    id: str
    workflow_id: str
    workflow_name: str
    version_id: str
    model: str
    status: str
    classification: str | None
    queued_at: int
    started_at: int
    ended_at: int
    evaluated_at: int | None
    verdict: str | None
    score: float | None
    cost: float | None
    input_tokens: int | None
    output_tokens: int | None
    calls: int
    trigger: str = "schedule"
    attempt: int = 1
    error: str | None = None
    reason: str | None = None
    baseline_run_id: str | None = None

    @property
    def listed_at(self) -> int:
        return self.started_at

    @property
    def seen_from(self) -> int:
        return self.queued_at

    def is_pending(self, now: int) -> bool:
        return now < self.started_at

    def has_ended(self, now: int) -> bool:
        return now >= self.ended_at

    def is_evaluated(self, now: int) -> bool:
        return self.evaluated_at is not None and now >= self.evaluated_at

    def status_at(self, now: int) -> str:
        """`pending`, `running` or the final status."""
        if self.is_pending(now):
            return "pending"
        return self.status if self.has_ended(now) else "running"

    def is_settled(self, now: int) -> bool:
        """Nothing about it changes any more."""
        return self.has_ended(now) and (self.evaluated_at is None or self.is_evaluated(now))


def play(
    workflow: Workflow,
    *,
    run_id: str,
    model_id: str,
    started_at: int,
    mean_calls: int,
    chance: Random,
    trigger: str = "schedule",
    reason: str | None = None,
    baseline_run_id: str | None = None,
) -> Run:
    """Draw how a run of `workflow` on a model turns out."""
    model = MODELS_BY_ID.get(model_id, UNKNOWN_MODEL)
    version = workflow.version_at(started_at - QUEUE)
    status, classification, error, score = _outcome(
        pass_chance(workflow.temper, version, model.strength + workflow.ease), chance
    )
    calls = _call_count(mean_calls, classification, chance)
    ended_at = started_at + _duration(status, classification, calls, model, chance)
    output_tokens = round(calls * chance.uniform(90, 260) + 180)
    input_tokens = round(2_400 + calls * chance.uniform(700, 2_600))
    cost = (input_tokens * model.input_price + output_tokens * model.output_price) / 1_000_000
    verdict = None if error else status
    evaluated_at = None if error else _evaluated_at(ended_at, chance)
    return Run(
        id=run_id,
        workflow_id=workflow.id,
        workflow_name=workflow.name,
        version_id=version.id,
        model=model_id,
        status=status,
        classification=classification,
        queued_at=started_at - QUEUE,
        started_at=started_at,
        ended_at=ended_at,
        evaluated_at=evaluated_at,
        verdict=verdict,
        score=score,
        cost=None if chance.random() < NO_COST_SHARE else round(cost, 6),
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        calls=calls,
        trigger=trigger,
        error=error,
        reason=reason,
        baseline_run_id=baseline_run_id,
    )


def _outcome(passing: float, chance: Random) -> tuple[str, str, str | None, float | None]:
    """Status, classification, error, score."""
    if chance.random() < ERROR_SHARE:
        classification = chance.choice(tuple(ERROR_CLASSES))
        return "error", classification, ERROR_CLASSES[classification], None
    if chance.random() < passing:
        return "pass", chance.choice(PASS_CLASSES), None, round(chance.uniform(0.86, 1.0), 3)
    classification = chance.choice(FAIL_CLASSES)
    if chance.random() < 0.35:
        return "partial", classification, None, round(chance.uniform(0.4, 0.8), 3)
    return "fail", classification, None, round(chance.uniform(0.0, 0.4), 3)


def _call_count(mean: int, classification: str, chance: Random) -> int:
    if mean == 0:
        return 0
    if classification in ERROR_CLASSES:
        return chance.randint(0, max(1, mean // 2))
    count = max(1, round(chance.gauss(mean, mean / 4)))
    return count + chance.randint(mean, 3 * mean) if classification == "loop" else count


def _duration(status: str, classification: str, calls: int, model: Model, chance: Random) -> int:
    if classification == "timeout":
        return 900 * SECOND + chance.randrange(2_000)
    if status == "error":
        return chance.randint(300, 20 * SECOND)
    return round((6 + calls * chance.uniform(1.5, 4.0)) * model.pace * SECOND)


def _evaluated_at(ended_at: int, chance: Random) -> int | None:
    luck = chance.random()
    if luck < NEVER_EVALUATED_SHARE:
        return None
    if luck < NEVER_EVALUATED_SHARE + LATE_EVALUATION_SHARE:
        return ended_at + chance.randint(2 * HOUR, 2 * DAY)
    return ended_at + chance.randint(8 * SECOND, 40 * SECOND)
