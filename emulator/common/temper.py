"""How the workflows of a made-up account behave, and how that changes with their versions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from emulator.common.clock import DAY

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

# The version from which on a regressing workflow fails.
REGRESSION_VERSION = 3


class Temper(Enum):
    """How a workflow behaves, whatever carries it out."""

    STEADY = "steady"
    FLAKY = "flaky"
    BROKEN = "broken"
    REGRESSING = "regressing"


@dataclass(frozen=True, slots=True)
class Version:
    """An immutable state of a workflow, in force from `since` (milliseconds)."""

    id: str
    number: int
    since: int


def in_force(versions: Sequence[Version], moment: int) -> Version:
    """The version in force at `moment`; the first one before that."""
    return next((version for version in reversed(versions) if version.since <= moment), versions[0])


def moments_of_change(temper: Temper, count: int, chance: Random, begin: int, days: float) -> list[int]:
    """When each of `count` versions came into force in a history of `days` days; the first always was.

    A regressing workflow has as many as it takes to regress.
    """
    if temper is Temper.REGRESSING:
        # The regression lies in the middle of the history, with runs before and after it.
        return [0, *(begin + round(days * DAY * share) for share in (0.2, 0.5))]
    return [0, *sorted(begin + round(chance.uniform(0.05, 0.9) * days * DAY) for _ in range(count - 1))]


def pass_chance(temper: Temper, version: Version, ability: float) -> float:
    """How probable a pass is; `ability` is even with the task at 0.55."""
    if temper is Temper.BROKEN:
        return 0.03
    if temper is Temper.FLAKY:
        return 0.5
    chance = 1 / (1 + math.exp(-7 * (ability - 0.55)))
    if temper is Temper.REGRESSING:
        return 0.2 * chance if version.number >= REGRESSION_VERSION else 0.5 + 0.5 * chance
    return chance
