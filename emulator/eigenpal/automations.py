"""The automations of a made-up tenant: what they do, in which versions, with which dataset, how well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulator.common.chance import draws, number
from emulator.common.clock import DAY
from emulator.common.templates import fill
from emulator.eigenpal.catalog import MODELS, REGRESSION_TASK, REGRESSION_VERSION, TASKS, WORDS, Task

if TYPE_CHECKING:
    from random import Random

    from emulator.common.json_value import Json


@dataclass(frozen=True, slots=True)
class Version:
    """An immutable state of an automation, in force from `since` (milliseconds)."""

    id: str
    number: int
    since: int
    commit: str


@dataclass(frozen=True, slots=True)
class Example:
    """A row of an automation's dataset."""

    id: str
    name: str
    input: Json
    expected: Json
    row: int
    annotation: str | None
    created_at: int


@dataclass(frozen=True, slots=True)
class Automation:
    """A workflow or an agent with all of its versions; times in milliseconds since 1970."""

    id: str
    slug: str
    name: str
    task: Task
    versions: tuple[Version, ...]
    examples: tuple[Example, ...]
    created_at: int
    # Of an agent: the model that it runs on.
    model: str | None = None
    # How probable it is that a completed run is right.
    skill: float = 0.85
    worsens: bool = False
    # Runs of its own in every round of the timetable.
    weight: int = 4
    # From then on it is neither listed nor found; its runs stay.
    deleted_at: int | None = None

    @property
    def kind(self) -> str:
        return self.task.kind

    @property
    def alias(self) -> str:
        """How it can be named besides its id, e.g. `workflows.invoice-extraction`."""
        return f"{self.kind}s.{self.slug}"

    def version_at(self, moment: int) -> Version:
        """The version in force at `moment`; the first one before that."""
        return next(
            (version for version in reversed(self.versions) if version.since <= moment), self.versions[0]
        )

    def skill_of(self, version: Version) -> float:
        """How probable it is that a completed run of `version` is right."""
        return 0.3 * self.skill if self.worsens and version.number >= REGRESSION_VERSION else self.skill

    def is_deleted(self, moment: int) -> bool:
        return self.deleted_at is not None and self.deleted_at <= moment


def version(seed: int, automation_id: str, position: int, since: int) -> Version:
    return Version(
        f"wv_{number(seed, 'version', automation_id, position):016x}",
        position,
        since,
        f"{number(seed, 'commit', automation_id, position, size=20):040x}",
    )


def automations(seed: int, count: int, begin: int, days: int) -> tuple[Automation, ...]:
    """`count` automations over all tasks; `begin` is when the history of `days` days starts."""
    return tuple(_automation(seed, index, begin, days) for index in range(count))


def _automation(seed: int, index: int, begin: int, days: int) -> Automation:
    chance = draws(seed, "automation", index)
    task = TASKS[index % len(TASKS)]
    copy = index // len(TASKS)
    automation_id = (
        f"{'wf' if task.kind == 'workflow' else 'agw'}_{number(seed, 'automation id', index):016x}"
    )
    created_at = begin - chance.randrange(5, 200) * DAY
    worsens = task.slug == REGRESSION_TASK and not copy
    return Automation(
        id=automation_id,
        slug=task.slug + (f"-{copy + 1}" if copy else ""),
        name=task.name + (f" (variant {copy + 1})" if copy else ""),
        task=task,
        versions=_versions(seed, automation_id, index, chance, begin, days, worsens=worsens),
        examples=tuple(example(seed, automation_id, task, row, created_at) for row in range(task.examples)),
        created_at=created_at,
        model=None if task.kind == "workflow" else MODELS[index % len(MODELS)],
        skill=chance.uniform(0.6, 0.97),
        worsens=worsens,
        weight=chance.choice((2, 4, 7, 12)),
        deleted_at=begin + int(days * DAY * 0.6) if index % 8 == 6 else None,
    )


def _versions(
    seed: int, automation_id: str, index: int, chance: Random, begin: int, days: int, *, worsens: bool
) -> tuple[Version, ...]:
    if worsens:
        # It gets worse in the middle of the history, with runs before and after.
        moments = [begin + round(days * DAY * share) for share in (0.2, 0.5)]
    else:
        count = (0, 1, 0, 3)[index % 4]
        moments = sorted(begin + round(chance.uniform(0.05, 0.9) * days * DAY) for _ in range(count))
    return tuple(
        version(seed, automation_id, position, since) for position, since in enumerate([0, *moments], start=1)
    )


def example(seed: int, automation_id: str, task: Task, row: int, created_at: int) -> Example:
    """Row number `row` of the dataset."""
    chance = draws(seed, "example", automation_id, row)
    return Example(
        id=f"ex_{number(seed, 'example id', automation_id, row):016x}",
        name=f"{task.slug} {row + 1:02}",
        input=fill(dict(task.input), WORDS, chance),
        expected=fill(dict(task.output), WORDS, chance),
        row=row,
        annotation="Kept for the customer's audit." if row == 0 else None,
        created_at=created_at + row * DAY // 4,
    )
