"""The workflows of a made-up account: what they do, in which versions, how long, how they behave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from emulator.b3os.catalog import BLUEPRINTS, REGRESSION_NAME, Blueprint
from emulator.common.chance import draws, number
from emulator.common.clock import DAY
from emulator.common.temper import REGRESSION_VERSION, Temper, moments_of_change

STEADY_FAILURES = 0.08
# How many versions a workflow has, by its index.
VERSIONS = (1, 1, 2, 1, 5, 1)


@dataclass(frozen=True, slots=True)
class Workflow:
    """One workflow; times in milliseconds since 1970. `versions` holds when each one came into force."""

    id: str
    name: str
    description: str
    blueprint: Blueprint
    versions: tuple[int, ...]
    created_at: int
    created_by: str
    temper: Temper = Temper.STEADY
    # Runs that one dispatch starts, one after another or all in the same millisecond.
    burst: int = 1
    starts_together: bool = False
    max_runs: int | None = None
    cooldown_ms: int = 0
    is_draft: bool = False
    paused_at: int | None = None
    archived_at: int | None = None

    def version_at(self, moment: int) -> int:
        """The number of the version in force at `moment`; 1 before the first."""
        return max(1, sum(since <= moment for since in self.versions))

    def is_archived(self, moment: int) -> bool:
        return self.archived_at is not None and self.archived_at <= moment

    @property
    def stopped_at(self) -> int | None:
        """From when on it starts no run on its own; None: it goes on."""
        return min((at for at in (self.paused_at, self.archived_at) if at is not None), default=None)

    def is_stopped(self, moment: int) -> bool:
        return self.stopped_at is not None and self.stopped_at <= moment

    def status_at(self, moment: int) -> Literal["draft", "active", "paused", "archived"]:
        if self.is_archived(moment):
            return "archived"
        if self.is_draft:
            return "draft"
        return "paused" if self.is_stopped(moment) else "active"

    def failure_chance(self, moment: int) -> float:
        """How probable it is that a run that starts at `moment` fails."""
        if self.temper is Temper.REGRESSING:
            return 0.7 if self.version_at(moment) >= REGRESSION_VERSION else STEADY_FAILURES
        return {Temper.FLAKY: 0.4, Temper.BROKEN: 0.95}.get(self.temper, STEADY_FAILURES)


def workflows(seed: int, count: int, begin: int, days: int) -> tuple[Workflow, ...]:
    """`count` workflows over all blueprints; `begin` is when the history of `days` days starts."""
    return tuple(_workflow(seed, index, begin, days) for index in range(count))


def user_id(seed: int, index: int) -> str:
    """The id of one of the account's people."""
    return f"user_{number(seed, 'user', index, size=6):012x}"


def _workflow(seed: int, index: int, begin: int, days: int) -> Workflow:
    chance = draws(seed, "workflow", index)
    copy, kind = divmod(index, len(BLUEPRINTS))
    blueprint = BLUEPRINTS[kind]
    temper = _temper(blueprint, index)
    return Workflow(
        id=f"wf_{number(seed, 'workflow id', index):016x}",
        name=blueprint.name + (f" ({copy + 1})" if copy else ""),
        description=blueprint.description,
        blueprint=blueprint,
        versions=tuple(moments_of_change(temper, VERSIONS[index % len(VERSIONS)], chance, begin, days)),
        created_at=begin - chance.randrange(1, 200) * DAY,
        created_by=user_id(seed, chance.randrange(4)),
        temper=temper,
        burst=chance.choice((1, 1, 2, 3, 4)),
        starts_together=index % 9 == 4,
        max_runs=100_000 if index % 6 == 2 else None,
        cooldown_ms=60_000 if index % 4 == 1 else 0,
        paused_at=begin + round(days * DAY * 0.8) if index % 12 == 10 else None,
        archived_at=begin + round(days * DAY * 0.6) if index % 16 == 11 else None,
    )


def _temper(blueprint: Blueprint, index: int) -> Temper:
    if blueprint.name == REGRESSION_NAME:
        return Temper.REGRESSING if index < len(BLUEPRINTS) else Temper.STEADY
    return {5: Temper.FLAKY, 14: Temper.BROKEN, 18: Temper.FLAKY}.get(index % 20, Temper.STEADY)
