"""Node runs, logs and payloads of a run, made up anew each time from the seed and the run's id."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from emulator.common.chance import draws
from emulator.common.numbered import uuid_of

if TYPE_CHECKING:
    from emulator.common.json_value import Json
    from emulator.runflow.account import Node, Target
    from emulator.runflow.runs import Run

RETRY_SHARE = 0.06
ASSET_SHARE = 0.4
SMALLEST = Decimal("0.000001")
CUT_SHORT = {"cancelled": "cancelled", "failed": "failed", "errored": "failed"}


@dataclass(frozen=True, slots=True)
class NodeRun:
    """One node of one run; `state` is the final one."""

    id: str
    run_id: str
    node: Node
    state: str
    created_at: int
    completed_at: int
    cost: Decimal | None
    retries: int
    error: str | None

    def state_at(self, now: int) -> str:
        return self.state if now >= self.completed_at else "running"


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of a run's log."""

    id: str
    run_id: str
    level: str
    message: str
    at: int
    meta: dict[str, Json]


def node_runs(seed: int, run: Run, target: Target) -> list[NodeRun]:
    """The nodes that a run came to, in their order; the one at which it ended failed or was cancelled."""
    chance = draws(seed, "nodes", run.id)
    nodes = list(target.nodes)
    states = ["succeeded"] * len(nodes)
    if run.status in CUT_SHORT:
        nodes = nodes[: run.nodes_completed + 1]
        states = ["succeeded"] * (len(nodes) - 1) + [CUT_SHORT[run.status]] * bool(nodes)
    elif run.status == "partial_succeeded" and nodes:
        states[chance.randrange(len(nodes))] = "failed"
    bounds = _bounds(run, nodes)
    costs = _costs(run, nodes)
    return [
        NodeRun(
            id=uuid_of(seed, position, f"node run of {run.id}"),
            run_id=run.id,
            node=node,
            state=states[position],
            created_at=begin,
            completed_at=end,
            cost=costs[position],
            retries=chance.randint(1, 3) if chance.random() < RETRY_SHARE else 0,
            error=None
            if states[position] != "failed"
            else run.failure.message
            if run.failure
            else "The node gave no output",
        )
        for position, (node, (begin, end)) in enumerate(zip(nodes, pairwise(bounds), strict=True))
    ]


def _bounds(run: Run, nodes: list[Node]) -> list[int]:
    """When the nodes begin and end, one after the other, within their run."""
    weights = [node.step.seconds * node.share for node in nodes]
    bounds = [run.started_at]
    for place in range(len(nodes)):
        done = sum(weights[: place + 1]) / sum(weights)
        bounds.append(run.started_at + round((run.completed_at - run.started_at) * done))
    return bounds


def _costs(run: Run, nodes: list[Node]) -> list[Decimal | None]:
    """A run's cost by node, in proportion to their prices; together they are the run's."""
    if run.cost is None or not nodes:
        return [None] * len(nodes)
    prices = [node.step.price * Decimal(repr(node.share)) for node in nodes]
    parts = [(run.cost * price / sum(prices)).quantize(SMALLEST) for price in prices[:-1]]
    return [*parts, run.cost - sum(parts, Decimal(0))]


def logs(seed: int, run: Run, target: Target, now: int) -> list[LogLine]:
    """What was logged by now, oldest first."""
    if not run.has_logs:
        return []
    lines: list[tuple[int, str, str, dict[str, Json]]] = [
        (run.started_at, "info", f"Run of {target.name} started", {"version": run.version})
    ]
    for done in node_runs(seed, run, target):
        meta: dict[str, Json] = {"node_id": done.node.id, "node": done.node.name}
        lines.append((done.created_at, "debug", f"{done.node.name}: started", meta))
        if done.retries:
            lines.append(
                (
                    done.created_at,
                    "warning",
                    f"{done.node.name}: tried again",
                    {**meta, "retries": done.retries},
                )
            )
        level, text = ("error", done.error) if done.state == "failed" else ("info", done.state)
        lines.append((done.completed_at, level, f"{done.node.name}: {text}", meta))
    level = "info" if run.status in {"succeeded", "partial_succeeded"} else "error"
    lines.append((run.completed_at, level, f"Run {run.status}", {}))
    return [
        LogLine(uuid_of(seed, place, f"log of {run.id}"), run.id, level, message, at, meta)
        for place, (at, level, message, meta) in enumerate(lines)
        if at <= now
    ]


def sent_input(seed: int, run: Run) -> dict[str, Json]:
    """What a client sent; an `image` is an asset of the account."""
    chance = draws(seed, "input", run.id)
    size = chance.choice((768, 1024, 1536))
    sent: dict[str, Json] = {
        "prompt": run.prompt,
        "seed": chance.randrange(2**31),
        "width": size,
        "height": size,
    }
    if chance.random() < ASSET_SHARE:
        sent["image"] = f"runflow://assets/{uuid_of(seed, chance.randrange(500), 'asset')}"
    return sent


ENDINGS = {"image": "png", "video": "mp4", "audio": "wav"}


def output_files(run: Run) -> list[tuple[str, str]]:
    """Paths and types of what a run made."""
    return [(f"/runs/{run.id}/0.{ENDINGS[run.makes]}", run.makes)]
