"""Evaluations of a run: attempts that arrive late and supersede each other, and what each one found.

Evaluations begin by themselves: a job looks for ended runs about every two minutes, and takes two to four.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from emulator.common.chance import draws
from emulator.common.clock import DAY, HOUR, MINUTE, SECOND
from emulator.runflow.catalog import JUDGES, STRENGTHS, Judge

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

NEVER_SHARE = 0.02
LATE_SHARE = 0.03
JUDGE_ERROR_SHARE = 0.03
NO_VERDICT_SHARE = 0.03
RETRIED_BY_HAND_SHARE = 0.06
MOST_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class Feedback:
    """A customer's thumb, from `at` on; `is_positive` None after it was cleared."""

    is_positive: bool | None
    reason: str | None
    at: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """The whole life of one evaluation; `status` is the final one, `passed` None if it gives no verdict."""

    id: str
    number: int
    submitted_at: int
    completed_at: int
    status: str = "completed"
    passed: bool | None = None
    superseded_at: int | None = None
    parent_id: str | None = None
    feedback: Feedback | None = None

    def is_over(self, now: int) -> bool:
        return now >= self.completed_at

    def is_superseded(self, now: int) -> bool:
        return self.superseded_at is not None and self.superseded_at <= now

    def status_at(self, now: int) -> str:
        return self.status if self.is_over(now) else "processing"

    def has_completed(self, now: int) -> bool:
        return self.is_over(now) and self.status == "completed"

    def verdict_at(self, now: int) -> bool | None:
        return self.passed if self.has_completed(now) else None


def current(attempts: tuple[Attempt, ...], now: int) -> Attempt | None:
    """The newest attempt that is there and not superseded."""
    there = [one for one in attempts if one.submitted_at <= now and not one.is_superseded(now)]
    return there[-1] if there else None


def followed_by(attempts: tuple[Attempt, ...], attempt: Attempt) -> tuple[Attempt, ...]:
    """`attempts` with one more, which supersedes the others the moment it is submitted."""
    before = tuple(
        one if one.superseded_at is not None else replace(one, superseded_at=attempt.submitted_at)
        for one in attempts
    )
    return (*before, attempt)


def draw_attempts(
    ended_at: int, passing: float, chance: Random, new_id: Callable[[int], str]
) -> tuple[Attempt, ...]:
    """The evaluations of a run that ended well; `passing` is how probable a pass is."""
    luck = chance.random()
    if luck < NEVER_SHARE:
        return ()
    submitted_at = ended_at + 2 * MINUTE - ended_at % (2 * MINUTE)
    if luck < NEVER_SHARE + LATE_SHARE:
        submitted_at += chance.randint(2 * HOUR, 3 * DAY)
    attempts: tuple[Attempt, ...] = ()
    while not attempts or _is_retried(attempts[-1], chance):
        if attempts:
            by_itself = attempts[-1].status == "failed"
            wait = (10 * MINUTE, 30 * MINUTE) if by_itself else (6 * HOUR, 5 * DAY)
            submitted_at = attempts[-1].completed_at + chance.randint(*wait)
        attempts = followed_by(attempts, _attempt(attempts, submitted_at, passing, chance, new_id))
        if len(attempts) == MOST_ATTEMPTS - 1:
            break
    return attempts


def _attempt(
    before: tuple[Attempt, ...],
    submitted_at: int,
    passing: float,
    chance: Random,
    new_id: Callable[[int], str],
) -> Attempt:
    number = len(before) + 1
    errs = chance.random() < JUDGE_ERROR_SHARE
    passed = None if errs or chance.random() < NO_VERDICT_SHARE else chance.random() < passing
    return Attempt(
        id=new_id(number),
        number=number,
        submitted_at=submitted_at,
        completed_at=submitted_at + chance.randint(2 * MINUTE, 4 * MINUTE),
        status="failed" if errs else "completed",
        passed=passed,
        parent_id=before[-1].id if before else None,
    )


def _is_retried(attempt: Attempt, chance: Random) -> bool:
    """Errors of a judge are tried again by the platform, some failed verdicts by a person."""
    if attempt.status == "failed":
        return True
    return attempt.passed is False and chance.random() < RETRIED_BY_HAND_SHARE


@dataclass(frozen=True, slots=True)
class JudgeFinding:
    """What one judge said; `issues` are indexes of the judge's known issues."""

    judge: Judge
    passed: bool | None
    confidence: float
    weight: float
    issues: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """All judges of an attempt; `pass_rate` is the weight of those that passed over the weight of all."""

    judges: tuple[JudgeFinding, ...]
    pass_rate: float | None
    strengths: tuple[str, ...]


@lru_cache(maxsize=20_000)
def findings(seed: int, attempt_id: str, passed: bool | None) -> Findings:
    """What the judges of a completed attempt found, in accord with its verdict."""
    chance = draws(seed, "findings", attempt_id)
    jury = [judge for judge in JUDGES if judge.is_hard_gate or chance.random() < 0.8]
    failed = _failing(jury, passed, chance)
    unsure = chance.randrange(len(jury)) if passed is None else None
    judges = tuple(
        _finding(chance, judge, None if place == unsure else place not in failed)
        for place, judge in enumerate(jury)
    )
    rated = [one for one in judges if one.passed is not None]
    total = sum(one.weight for one in rated)
    rate = round(sum(one.weight for one in rated if one.passed) / total, 4) if passed is not None else None
    return Findings(judges, rate, tuple(chance.sample(STRENGTHS, 2 if passed else 1)))


def _failing(jury: list[Judge], passed: bool | None, chance: Random) -> set[int]:
    gates = [place for place, judge in enumerate(jury) if judge.is_hard_gate]
    others = [place for place, judge in enumerate(jury) if not judge.is_hard_gate]
    if passed is False:
        return {chance.choice(gates), *(place for place in others if chance.random() < 0.35)}
    return {chance.choice(others)} if others and passed and chance.random() < 0.3 else set()


def _finding(
    chance: Random,
    judge: Judge,
    passed: bool | None,
) -> JudgeFinding:
    count = chance.randint(1, len(judge.issues)) if passed is False else 0
    return JudgeFinding(
        judge=judge,
        passed=passed,
        confidence=round(chance.uniform(0.55, 0.99), 3),
        weight=judge.weight,
        issues=tuple(sorted(chance.sample(range(len(judge.issues)), count))),
    )


def hand_made(
    attempt_id: str,
    before: tuple[Attempt, ...],
    *,
    submitted_at: int,
    takes_s: float,
    status: str,
    passed: bool | None,
) -> Attempt:
    """An attempt that a test wants, after those `before`."""
    return Attempt(
        id=attempt_id,
        number=len(before) + 1,
        submitted_at=submitted_at,
        completed_at=submitted_at + round(takes_s * SECOND),
        status=status,
        passed=passed if status == "completed" else None,
        parent_id=before[-1].id if before else None,
    )
