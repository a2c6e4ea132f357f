"""What each node of a run did by now, made up anew each time from the seed and the run's id."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from emulator.b3os.catalog import WORDS
from emulator.common.chance import draws
from emulator.common.clock import SECOND
from emulator.common.templates import fill

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emulator.b3os.catalog import Blueprint, Step
    from emulator.b3os.runs import Run
    from emulator.common.json_value import Json

ROOT = "root"
# When a step ends that never does.
NEVER = 2**62


@dataclass(frozen=True, slots=True)
class NodeExecution:
    """One node of a run as it is now; times are None for what has not happened yet."""

    id: str
    type: str
    status: str
    input: Json = None
    result: Json = None
    started_at: int | None = None
    finished_at: int | None = None


def node_id(place: int) -> str:
    """The id of the node of a step, by its place: `n1` for the first."""
    return f"n{place + 1}"


def last_place(run: Run, steps: Sequence[Step]) -> int:
    """The place of the last step that is carried out."""
    return len(steps) - 1 if run.stops_at is None else min(run.stops_at, len(steps) - 1)


def times(run: Run, steps: Sequence[Step]) -> dict[int, tuple[int, int]]:
    """Begin and end of each step that is carried out, by its place."""
    places = range(min(run.resumes_at, len(steps) - 1), last_place(run, steps) + 1)
    end = NEVER if run.ended_at is None else run.ended_at
    if run.waits_from is None or run.waits_from >= end:
        return _spread(places, steps, run.started_at, end)
    waiting = next((place for place in places if steps[place].pauses), places[-1])
    resumed = min(NEVER if run.waits_until is None else run.waits_until, end)
    before = [place for place in places if place < waiting]
    after = [place for place in places if place > waiting]
    return {
        **_spread(before, steps, run.started_at, run.waits_from),
        waiting: (run.waits_from, resumed if after else max(resumed, end)),
        **_spread(after, steps, resumed, end),
    }


def _spread(places: Sequence[int], steps: Sequence[Step], begin: int, end: int) -> dict[int, tuple[int, int]]:
    """The steps one after another between two moments, each as long as it takes on average."""
    if not places:
        return {}
    if end == NEVER:
        bounds = [*(begin + index * SECOND for index in range(len(places))), NEVER]
    else:
        weights = [steps[place].mean_ms + 1 for place in places]
        bounds = [
            begin + (end - begin) * sum(weights[:index]) // sum(weights) for index in range(len(places) + 1)
        ]
    return dict(zip(places, pairwise(bounds), strict=True))


def units_by(run: Run, steps: Sequence[Step], now: int) -> float | None:
    """The compute units that the steps done by `now` took; None if they are never told."""
    if run.total_cu is None or run.has_ended(now):
        return run.total_cu
    ends = [end for _, end in times(run, steps).values()]
    return round(run.total_cu * sum(end <= now for end in ends) / len(ends), 4)


def place_by(run: Run, steps: Sequence[Step], now: int) -> int:
    """The place of the step that a run is at."""
    spans = times(run, steps)
    return next((place for place, (_, end) in spans.items() if now < end), last_place(run, steps))


def executions(seed: int, run: Run, blueprint: Blueprint, now: int) -> list[NodeExecution]:
    """The trigger and every step, in their order, as they are at `now`."""
    chance = draws(seed, "nodes", run.id)
    trigger = NodeExecution(
        ROOT,
        blueprint.trigger,
        "success",
        fill(blueprint.trigger_payload, WORDS, chance),
        {"source": run.trigger_source},
        run.started_at,
        run.started_at,
    )
    spans = times(run, blueprint.steps)
    found = [trigger]
    for place, step in enumerate(blueprint.steps):
        sent = fill(step.payload, WORDS, chance)
        answer = fill(step.result, WORDS, chance)
        error = chance.choice(step.errors)
        begin, end = spans.get(place, (NEVER, NEVER))
        status = _status(run, step, place, spans, now)
        if now < begin:
            found.append(NodeExecution(node_id(place), step.type, status))
            continue
        if status == "failure":
            answer = {"error": error, "retryable": False}
        elif status == "success" and place == run.stops_at:
            answer = {**answer, "branch": "false"}
        is_done = status in {"success", "failure"}
        found.append(
            NodeExecution(
                node_id(place),
                step.type,
                status,
                sent,
                answer if is_done else None,
                begin,
                end if is_done else None,
            )
        )
    return found


def _status(run: Run, step: Step, place: int, spans: dict[int, tuple[int, int]], now: int) -> str:
    if place < run.resumes_at:
        return "skipped"
    if place not in spans:
        return "skipped" if run.has_ended(now) and run.status == "success" else "pending"
    begin, end = spans[place]
    if now < begin:
        return "pending"
    if now < end:
        return "waiting" if run.waits(now) else "running"
    if place == run.stops_at and run.status != "success":
        return "failure" if run.status == "failure" else "skipped"
    return "success"
