"""Input, output, files, steps, trace, events and scores of a run, made up anew each time from its id."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from emulator.common.chance import draws, number
from emulator.common.templates import fill
from emulator.eigenpal.catalog import FAILURES, WORDS, Evaluator
from emulator.eigenpal.runs import CORRECT, CREATING, FINALIZING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from emulator.common.json_value import Json
    from emulator.eigenpal.automations import Automation
    from emulator.eigenpal.catalog import Step
    from emulator.eigenpal.runs import Run

SECOND_ATTEMPT_SHARE = 0.04
TOOL_ERROR_SHARE = 0.08


@dataclass(frozen=True, slots=True)
class File:
    """Something that a run was given or has put out; `size` in bytes."""

    name: str
    role: str
    path: str
    step: str | None
    content_type: str | None
    size: int | None


@dataclass(frozen=True, slots=True)
class StepRun:
    """One step of a workflow's run; times in milliseconds since 1970, None where it has not come to that."""

    index: int
    step: Step
    status: str
    attempt: int
    started_at: int | None
    ended_at: int | None
    given: Json
    output: Json
    error: str | None


@dataclass(frozen=True, slots=True)
class Happening:
    """An entry of a trace: a phase, a step, or a turn of an agent. `extra` are further keys."""

    kind: str
    status: str | None
    started_at: int
    ended_at: int | None
    phase: str | None = None
    step: str | None = None
    message: str | None = None
    extra: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """What one evaluator says of a run."""

    id: str
    evaluator: Evaluator
    score: float | None
    passed: bool | None
    label: str | None
    details: Json
    error: str | None
    created_at: int


def given(seed: int, run: Run, automation: Automation) -> Json:
    """The arguments that a run was started with: those of its example, or made up."""
    example = next((row for row in automation.examples if row.id == run.example_id), None)
    if example is not None:
        return example.input
    return fill(dict(automation.task.input), WORDS, draws(seed, "input", run.id))


def output(seed: int, run: Run, automation: Automation) -> dict[str, Json]:
    """What a run puts out: what its example expects, with a field that differs unless it is correct."""
    made: dict[str, Json] = fill(dict(automation.task.output), WORDS, draws(seed, "output", run.id))
    example = next((row for row in automation.examples if row.id == run.example_id), None)
    if example is None:
        return made
    wrong = list(made)[0 if run.quality < CORRECT else len(made) :][:1]
    return {name: made[name] if name in wrong else value for name, value in example.expected.items()}


def files(seed: int, run: Run, automation: Automation) -> list[File]:
    """What a completed run has put out, besides its output."""
    size = number(seed, "size", run.id, size=3)
    last = automation.task.steps[-1].name if automation.task.steps else None
    found = [File("result.json", "output", "output/result.json", last, "application/json", size)]
    if automation.task.pages:
        found.append(
            File("report.pdf", "report", "output/parse/report.pdf", "parse", "application/pdf", None)
        )
    return found


def step_runs(seed: int, run: Run, automation: Automation, now: int) -> list[StepRun]:
    """The steps of a workflow's run by now, in their order; none for an agent, or before it has started."""
    steps = automation.task.steps
    if not steps or not run.has_started(now):
        return []
    chance = draws(seed, "steps", run.id)
    done: list[StepRun] = []
    value = given(seed, run, automation)
    for index, span in enumerate(_spans(run, steps)):
        made = fill(span.step.output, WORDS, chance)
        attempt = 2 if chance.random() < SECOND_ATTEMPT_SHARE else 1
        done.append(_step_run(run, index, span, now, value, made, attempt))
        value = made
    return done


@dataclass(frozen=True, slots=True)
class _Span:
    """When a step goes on, and whether it is there that the run comes to nothing."""

    step: Step
    begin: int
    end: int
    breaks: bool = False


def _spans(run: Run, steps: tuple[Step, ...]) -> list[_Span]:
    """When each step goes on; what is never reached stands at the run's end."""
    human = next((index for index, step in enumerate(steps) if step.kind == "human_review"), None)
    if run.waits is not None and human is not None:
        rejected = run.status == "rejected"
        asked = _Span(steps[human], *run.waits, breaks=rejected)
        before = _shared(steps[:human], run.started_at, run.waits[0])
        after = steps[human + 1 :]
        return [
            *before,
            asked,
            *(_never(run, after) if rejected else _shared(after, run.waits[1], run.finalizing_at)),
        ]
    if run.status not in {"failed", "cancelled"}:
        return _shared(steps, run.started_at, run.finalizing_at)
    reached = 1 + number(run.id, "reached") % len(steps)
    spans = _shared(steps[:reached], run.started_at, run.finalizing_at)
    spans[-1] = replace(spans[-1], breaks=True)
    return [*spans, *_never(run, steps[reached:])]


def _shared(steps: tuple[Step, ...], begin: int, end: int) -> list[_Span]:
    """The steps one after another from `begin` to `end`, each as long as it usually takes among them."""
    total = sum(step.mean_ms + 1 for step in steps)
    spans = []
    past = 0
    for step in steps:
        until = past + step.mean_ms + 1
        spans.append(
            _Span(step, begin + (end - begin) * past // total, begin + (end - begin) * until // total)
        )
        past = until
    return spans


def _never(run: Run, steps: tuple[Step, ...]) -> list[_Span]:
    return [_Span(step, run.ended_at, run.ended_at) for step in steps]


def _step_run(run: Run, index: int, span: _Span, now: int, value: Json, made: Json, attempt: int) -> StepRun:
    """A step as it stands at `now`; one that the end of its run cuts short has failed."""
    step = span.step
    end = min(span.end, run.ended_at)
    if span.begin >= run.ended_at:
        status = "skipped" if run.has_ended(now) else "pending"
        return StepRun(index, step, status, 1, None, None, None, None, None)
    if now < span.begin:
        return StepRun(index, step, "pending", 1, None, None, None, None, None)
    if now < end:
        status = "waiting" if run.is_waiting(now) else "running"
        return StepRun(index, step, status, 1, span.begin, None, value, None, None)
    if span.breaks or end < span.end:
        error = run.error or run.status
        return StepRun(index, step, "failure", attempt, span.begin, end, value, None, error)
    return StepRun(index, step, "success", attempt, span.begin, end, value, made, None)


def trace(seed: int, run: Run, automation: Automation, now: int) -> list[Happening]:
    """What a run went through by now: phases and steps of a workflow, turns of an agent."""
    phases = _phases(run, now)
    if automation.kind == "agent":
        turns = _turns(seed, run, automation, now)
        return sorted([*phases, *turns], key=lambda one: one.started_at)
    steps = [
        Happening(
            "step",
            {"success": "completed", "failure": "failed"}.get(row.status, row.status),
            row.started_at,
            row.ended_at,
            step=row.step.name,
            message=row.error,
        )
        for row in step_runs(seed, run, automation, now)
        if row.started_at is not None
    ]
    return sorted([*phases, *steps], key=lambda one: one.started_at)


def _phases(run: Run, now: int) -> list[Happening]:
    """Queued, executing, finalizing: those that have begun."""
    ends = ("executing", "finalizing")
    begun = [("queued", run.created_at), ("executing", run.started_at), ("finalizing", run.finalizing_at)]
    found = []
    for index, (phase, begin) in enumerate(begun):
        end = begun[index + 1][1] if index < len(ends) else run.ended_at
        if begin > min(now, run.ended_at):
            break
        end = min(end, run.ended_at)
        came_to = "running"
        failure = None
        if now >= end:
            came_to = "completed"
            if end == run.ended_at or (phase == "executing" and run.status != "completed"):
                came_to = {"rejected": "failed"}.get(run.status, run.status)
                failure = _failure(run, phase, end)
        extra = {"failure": failure} if failure else None
        found.append(
            Happening("phase", came_to, begin, end if now >= end else None, phase=phase, extra=extra)
        )
        if came_to in {"failed", "cancelled"}:
            break
    return found


def _failure(run: Run, phase: str, moment: int) -> dict[str, Json] | None:
    if run.failure is None:
        return None
    _, message, retryable = FAILURES[run.failure]
    return {
        "phase": phase,
        "code": run.failure,
        "category": "provider" if "provider" in run.failure else "execution",
        "provider": "aurora" if "provider" in run.failure else None,
        "retryable": retryable,
        "userMessage": message,
        "occurredAt": moment,
    }


def _turns(seed: int, run: Run, automation: Automation, now: int) -> list[Happening]:
    """An agent's turns: it says something, calls a tool and is answered, one after another."""
    chance = draws(seed, "turns", run.id)
    count = 2 + number(seed, "turn count", run.id, size=2) % 9
    room = max(run.finalizing_at - run.started_at, 1) / count
    found = []
    for turn in range(count):
        begin = run.started_at + int(turn * room)
        found += _turn(chance, automation, turn + 1, begin, begin + int(room * 0.6))
    return [one for one in found if one.started_at <= min(now, run.ended_at)]


def _turn(chance: Random, automation: Automation, turn: int, begin: int, answered: int) -> list[Happening]:
    tool = chance.choice(automation.task.tools)
    call = f"toolu_{chance.getrandbits(48):012x}"
    fails = chance.random() < TOOL_ERROR_SHARE
    said = fill("$sentence", WORDS, chance)
    arguments = {"query": fill("$number", WORDS, chance)}
    result = "not found" if fails else fill("$finding", WORDS, chance)
    asked = {"turn": turn, "tool": tool, "callId": call, "input": arguments}
    answer = {"turn": turn, "tool": tool, "callId": call, "output": result, "isError": fails}
    return [
        Happening("assistant", None, begin, begin, message=said, extra={"turn": turn}),
        Happening("tool_use", "running", begin, None, extra=asked),
        Happening("tool_result", "failed" if fails else "completed", answered, answered, extra=answer),
    ]


def events(run: Run, now: int) -> list[tuple[int, str]]:
    """When a run came into which status, by now, oldest first."""
    moments = [(run.created_at, "created")]
    if run.started_at <= run.ended_at:
        moments += [(run.created_at + CREATING, "pending"), (run.started_at, "running")]
    if run.waits is not None:
        moments += [(run.waits[0], "waiting"), (run.waits[1], "running")]
    if run.started_at <= run.finalizing_at <= run.ended_at and run.ended_at - run.finalizing_at >= FINALIZING:
        moments.append((run.finalizing_at, "finalizing"))
    moments.append((run.ended_at, run.status))
    return [(moment, status) for moment, status in moments if moment <= now]


def scores(seed: int, run: Run, automation: Automation) -> list[Score]:
    """One score per evaluator, around the run's quality; now and then one that could not be had."""
    if run.scored_at is None:
        return []
    chance = draws(seed, "scores", run.id)
    return [
        _score(chance, run, evaluator, index) for index, evaluator in enumerate(automation.task.evaluators)
    ]


def _score(chance: Random, run: Run, evaluator: Evaluator, index: int) -> Score:
    score_id = f"score_{number(run.id, 'score', index):016x}"
    moment = run.scored_at or run.ended_at
    if chance.random() < 0.01:
        return Score(score_id, evaluator, None, None, None, None, "The judge did not answer.", moment)
    value = float(run.quality >= CORRECT) if evaluator.kind == "code" else run.quality
    value = round(min(max(value + chance.choice((0.0, 0.0, -0.05, 0.02)), 0.0), 1.0), 3)
    label = {"llm_judge": "faithful" if value >= evaluator.threshold else "unfaithful"}.get(evaluator.kind)
    return Score(
        score_id,
        evaluator,
        value,
        value >= evaluator.threshold,
        label,
        {"compared": chance.randint(1, 12)} if evaluator.kind == "json_match" else None,
        None,
        moment,
    )


def total(found: list[Score]) -> tuple[float | None, bool | None]:
    """The weighted score of a run, and whether it passed: every evaluator that answered says so."""
    known = [(score.score, score.evaluator.weight) for score in found if score.score is not None]
    if not known:
        return None, None
    weight = sum(part for _, part in known)
    value = sum(score * part for score, part in known) / weight
    return round(value, 4), all(score.passed for score in found if score.passed is not None)
