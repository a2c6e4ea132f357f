"""The workflows of a made-up account: what they test, on which models, in which versions, how they behave."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from emulator.armature.catalog import MODELS, REGRESSION_TASK, SOURCES, Source, Task
from emulator.common.chance import draws, number
from emulator.common.clock import DAY
from emulator.common.temper import Temper, Version, in_force, moments_of_change

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from emulator.common.json_value import Json


@dataclass(frozen=True, slots=True)
class Criterion:
    """What the judge looks at."""

    text: str
    is_required: bool


@dataclass(frozen=True, slots=True)
class McpServer:
    """An MCP server that the account has registered."""

    id: str
    source: Source


@dataclass(frozen=True, slots=True)
class Workflow:
    """One workflow with all of its versions; times in milliseconds since 1970."""

    id: str
    name: str
    description: str
    server: McpServer
    prompt: str
    models: tuple[str, ...]
    criteria: tuple[Criterion, ...]
    schedule: Mapping[str, Json] | None
    versions: tuple[Version, ...]
    created_at: int
    archived_at: int | None = None
    temper: Temper = Temper.STEADY
    # Added to a model's strength: below 0 is hard, above 0 is easy.
    ease: float = 0.0
    # Runs of each model whenever the workflow is dispatched on its schedule.
    repeats: int = 3
    # Every run of one dispatch starts in the same millisecond.
    starts_together: bool = False
    # What a client sent and the emulator only keeps: limits, retryPolicy, toolPolicy, metadata …
    options: Mapping[str, Json] = field(default_factory=dict)

    def version_at(self, moment: int) -> Version:
        """The version in force at `moment`; the first one before that."""
        return in_force(self.versions, moment)

    def is_archived(self, moment: int) -> bool:
        return self.archived_at is not None and self.archived_at <= moment


def servers(seed: int) -> tuple[McpServer, ...]:
    """One MCP server per source of the catalog."""
    return tuple(McpServer(f"mcp_{number(seed, 'mcp', source.slug):016x}", source) for source in SOURCES)


def criteria_of(task: Task) -> tuple[Criterion, ...]:
    return tuple(Criterion(text.removeprefix("~"), not text.startswith("~")) for text in task.criteria)


def workflows(
    seed: int, count: int, known: tuple[McpServer, ...], begin: int, days: int
) -> tuple[Workflow, ...]:
    """`count` workflows over all servers; `begin` is when the history of `days` days starts."""
    tasks = [(server, task) for server in known for task in server.source.tasks]
    return tuple(_workflow(seed, index, *tasks[index % len(tasks)], begin, days) for index in range(count))


def _workflow(seed: int, index: int, server: McpServer, task: Task, begin: int, days: int) -> Workflow:
    chance = draws(seed, "workflow", index)
    workflow_id = f"wf_{number(seed, 'workflow id', index):016x}"
    copy = index // sum(len(source.tasks) for source in SOURCES)
    temper = _temper(task, index)
    return Workflow(
        id=workflow_id,
        name=f"{server.source.name}: {task.name}" + (f" (variant {copy + 1})" if copy else ""),
        description=f"{task.name} on {server.source.name}.",
        server=server,
        prompt=task.prompt,
        models=_models(index),
        criteria=criteria_of(task),
        schedule={
            "cron": f"{chance.randrange(60)} {chance.randrange(24)} * * *",
            "timezone": "UTC",
            "enabled": True,
        },
        versions=_versions(seed, workflow_id, temper, index, chance, begin, days),
        created_at=begin - chance.randrange(1, 200) * DAY,
        archived_at=begin + int(days * DAY * 0.6) if index % 16 == 11 else None,
        temper=temper,
        ease=chance.uniform(-0.35, 0.3),
        repeats=chance.choice((3, 3, 4, 5)),
        starts_together=index % 9 == 4,
    )


def _temper(task: Task, index: int) -> Temper:
    if task.name == REGRESSION_TASK:
        return Temper.REGRESSING
    return {5: Temper.FLAKY, 9: Temper.BROKEN, 14: Temper.FLAKY}.get(index % 20, Temper.STEADY)


def _models(index: int) -> tuple[str, ...]:
    """All models for most workflows; every fifth leaves some out."""
    names = tuple(model.id for model in MODELS)
    return names if index % 5 else names[index % 3 :][:4]


def _versions(
    seed: int, workflow_id: str, temper: Temper, index: int, chance: Random, begin: int, days: int
) -> tuple[Version, ...]:
    count = (1, 1, 1, 2, 1, 4)[index % 6]
    moments = moments_of_change(temper, count, chance, begin, days)
    return tuple(
        Version(version_id(seed, workflow_id, position), position, since)
        for position, since in enumerate(moments, start=1)
    )


def version_id(seed: int, workflow_id: str, position: int) -> str:
    """The id of a workflow's version by its number, counted from 1."""
    return f"wfv_{number(seed, workflow_id, position):016x}"
