"""What an account runs: flows, models and ComfyUI workflows, their versions and how they behave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from emulator.common.chance import draws
from emulator.common.clock import DAY
from emulator.common.numbered import uuid_of
from emulator.common.temper import Temper, Version, in_force, moments_of_change
from emulator.runflow.catalog import (
    COMFYUI_NODES,
    COMFYUI_WORKFLOWS,
    FLOWS,
    MODELS,
    REGRESSION_FLOW,
    Step,
)

if TYPE_CHECKING:
    from random import Random

Kind = Literal["flow", "model", "comfyui_workflow"]

STEPS = {step.slug: step for step in (*MODELS, *COMFYUI_WORKFLOWS)}
PROMPTS = tuple(prompt for flow in FLOWS for prompt in flow.prompts)


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a target that has a run of its own within each run."""

    id: str
    name: str
    step: Step
    # The share of the step's time and price that falls to this node.
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Target:
    """A flow, a model or a ComfyUI workflow; times in milliseconds since 1970."""

    id: str
    kind: Kind
    slug: str
    name: str
    category: str
    nodes: tuple[Node, ...]
    versions: tuple[Version, ...]
    prompts: tuple[str, ...]
    created_at: int
    deleted_at: int | None = None
    temper: Temper = Temper.STEADY
    # Added to the strength of its steps: below 0 is hard, above 0 is easy.
    ease: float = 0.0
    # Runs of one dispatch, all with the same prompt.
    repeats: int = 3
    # A dispatch is one batch, whose runs are created in the same millisecond.
    is_batch: bool = False

    def version_at(self, moment: int) -> Version:
        """The version in force at `moment`; the first one before that."""
        return in_force(self.versions, moment)

    @property
    def steps(self) -> tuple[Step, ...]:
        """What a run of it carries out, in this order."""
        return tuple(node.step for node in self.nodes) if self.kind == "flow" else (STEPS[self.slug],)

    @property
    def strength(self) -> float:
        """That of its weakest step."""
        return min(step.strength for step in self.steps)

    def is_deleted(self, moment: int) -> bool:
        return self.deleted_at is not None and self.deleted_at <= moment


def targets(seed: int, flows: int, begin: int, days: float) -> tuple[Target, ...]:
    """`flows` flows, and if there are any, every model and ComfyUI workflow of the catalog."""
    made = [_flow(seed, index, begin, days) for index in range(flows)]
    if flows:
        singles: dict[Kind, tuple[Step, ...]] = {"model": MODELS, "comfyui_workflow": COMFYUI_WORKFLOWS}
        made += [
            _single(seed, kind, index, step, begin)
            for kind, steps in singles.items()
            for index, step in enumerate(steps)
        ]
    return tuple(made)


def _flow(seed: int, index: int, begin: int, days: float) -> Target:
    chance = draws(seed, "flow", index)
    task = FLOWS[index % len(FLOWS)]
    copy = index // len(FLOWS)
    flow_id = uuid_of(seed, index, "flow")
    temper = Temper.STEADY
    if task.slug == REGRESSION_FLOW and not copy:
        temper = Temper.REGRESSING
    elif index % 12 in {5, 10}:
        temper = Temper.FLAKY if index % 12 == 5 else Temper.BROKEN
    return Target(
        id=flow_id,
        kind="flow",
        slug=task.slug + (f"-{copy + 1}" if copy else ""),
        name=task.name + (f" {copy + 1}" if copy else ""),
        category=task.category,
        nodes=flow_nodes(seed, flow_id, task.steps),
        versions=_versions(seed, flow_id, index, temper, chance, begin, days),
        prompts=task.prompts,
        created_at=begin - chance.randrange(1, 200) * DAY,
        deleted_at=begin + int(days * DAY * 0.6) if index % 16 == 11 else None,
        temper=temper,
        ease=chance.uniform(-0.3, 0.25),
        repeats=chance.choice((3, 4, 5)),
        is_batch=index % 5 == 2,
    )


def _single(seed: int, kind: Kind, index: int, step: Step, begin: int) -> Target:
    """A target that is one step: a model has no node runs, a ComfyUI workflow has those of its graph."""
    chance = draws(seed, kind, index)
    target_id = uuid_of(seed, index, kind)
    graph = COMFYUI_NODES if kind == "comfyui_workflow" else ()
    return Target(
        id=target_id,
        kind=kind,
        slug=step.slug,
        name=step.name,
        category=step.category,
        nodes=tuple(
            Node(node_id(seed, target_id, position), name, step, 1 / len(graph))
            for position, name in enumerate(graph)
        ),
        versions=(Version(version_id(seed, target_id, 1), 1, 0),),
        prompts=PROMPTS,
        created_at=begin - chance.randrange(200, 500) * DAY,
        repeats=3,
    )


def flow_nodes(seed: int, flow_id: str, slugs: tuple[str, ...]) -> tuple[Node, ...]:
    return tuple(
        Node(node_id(seed, flow_id, position), STEPS[slug].name, STEPS[slug])
        for position, slug in enumerate(slugs)
    )


def node_id(seed: int, target_id: str, position: int) -> str:
    return uuid_of(seed, position, f"node of {target_id}")


def version_id(seed: int, target_id: str, position: int) -> str:
    """The id of a target's version by its number, counted from 1."""
    return uuid_of(seed, position, f"version of {target_id}")


def _versions(
    seed: int, flow_id: str, index: int, temper: Temper, chance: Random, begin: int, days: float
) -> tuple[Version, ...]:
    count = (1, 1, 2, 1, 4)[index % 5]
    moments = moments_of_change(temper, count, chance, begin, days)
    return tuple(
        Version(version_id(seed, flow_id, position), position, since)
        for position, since in enumerate(moments, start=1)
    )
