"""Tool calls, trace and evaluation of a run, made up anew each time from the seed and the run's id."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import orjson

from emulator.armature.catalog import JUDGE_MODEL
from emulator.armature.vocabulary import VOCABULARY
from emulator.common.chance import draws, number
from emulator.common.templates import fill

if TYPE_CHECKING:
    from random import Random

    from emulator.armature.catalog import Source, Tool
    from emulator.armature.runs import Run
    from emulator.armature.workflows import Criterion, Workflow
    from emulator.common.json_value import Json

FAILURE_SHARE = 0.08
RETRY_SHARE = 0.7
NO_RESULT_SHARE = 0.005
REDACTION_SHARE = 0.02

RATIONALES = {
    "pass": "The transcript shows this: {text}.",
    "partial": "This holds for a part of the answer only: {text}.",
    "fail": "Nothing in the transcript supports this: {text}.",
}
POINTS = {"pass": 1.0, "partial": 0.5, "fail": 0.0}


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call of an MCP tool; `result` and `is_error` are None when the call was never answered."""

    id: str
    tool: str
    arguments: Json
    result: Json
    is_error: bool | None
    called_at: int
    duration: int


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of the tester agent's trace; `parent` is None for the root, `ended_at` while it goes on."""

    id: str
    parent: str | None
    name: str
    kind: str
    started_at: int
    ended_at: int | None
    attributes: dict[str, Json]


@dataclass(frozen=True, slots=True)
class CriterionResult:
    """What the judge found for one criterion."""

    id: str
    criterion: Criterion
    status: str
    score: float
    rationale: str
    excerpts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The judge's findings on a run."""

    id: str
    run_id: str
    verdict: str
    score: float | None
    judge_model: str
    evaluated_at: int
    criteria: tuple[CriterionResult, ...]


def tool_calls(seed: int, run: Run, source: Source) -> list[ToolCall]:
    """The calls of a run in their order: some fail, failed ones are often tried again under the same id."""
    chance = draws(seed, "calls", run.id)
    calls: list[ToolCall] = []
    looping = run.classification == "loop"
    while len(calls) < run.calls:
        if looping and calls:
            again = replace(calls[0], id=_call_id(chance))
            calls.append(again)
            continue
        call = _call(chance, chance.choice(source.tools), source, fails=chance.random() < FAILURE_SHARE)
        calls.append(call)
        if call.is_error and len(calls) < run.calls and chance.random() < RETRY_SHARE:
            calls.append(_retried(chance, call, source))
    return _timed(chance, run, calls)


def _call_id(chance: Random) -> str:
    return f"call_{chance.getrandbits(64):016x}"


def _call(chance: Random, tool: Tool, source: Source, *, fails: bool) -> ToolCall:
    arguments = fill(tool.arguments, VOCABULARY, chance)
    if arguments and chance.random() < REDACTION_SHARE:
        arguments = {**arguments, chance.choice(list(arguments)): f"[redacted:{source.redaction}]"}
    result, is_error = _result(chance, tool, source, fails=fails)
    duration = round(chance.lognormvariate(0, 0.5) * tool.mean_ms) + 1
    return ToolCall(_call_id(chance), tool.name, arguments, result, is_error, 0, duration)


def _result(chance: Random, tool: Tool, source: Source, *, fails: bool) -> tuple[Json, bool | None]:
    """An MCP result, and whether it is flagged as an error."""
    if fails:
        return {"content": [{"type": "text", "text": chance.choice(source.errors)}], "isError": True}, True
    luck = chance.random()
    if luck < NO_RESULT_SHARE:
        return None, None
    structured = fill(tool.result, VOCABULARY, chance)
    text = orjson.dumps(structured).decode()
    if luck < NO_RESULT_SHARE + REDACTION_SHARE:
        text = f"[redacted:{source.redaction}]"
        return {"content": [{"type": "text", "text": text}], "isError": False}, False
    body = {"content": [{"type": "text", "text": text}], "isError": False}
    if isinstance(structured, dict):
        body["structuredContent"] = structured
    return body, False


def _retried(chance: Random, failed: ToolCall, source: Source) -> ToolCall:
    tool = next(tool for tool in source.tools if tool.name == failed.tool)
    again = _call(chance, tool, source, fails=chance.random() < 0.3)
    return replace(again, id=failed.id, arguments=failed.arguments)


def _timed(chance: Random, run: Run, calls: list[ToolCall]) -> list[ToolCall]:
    """The calls spread over the run's time, none longer than the room it has."""
    if not calls:
        return calls
    room = max((run.ended_at - run.started_at) / len(calls), 1.0)
    longest = int(room * 0.75)
    return [
        ToolCall(
            call.id,
            call.tool,
            call.arguments,
            call.result,
            call.is_error,
            run.started_at + int(index * room + chance.random() * room * 0.2),
            max(1, min(call.duration, longest)),
        )
        for index, call in enumerate(calls)
    ]


def trace(seed: int, run: Run, calls: list[ToolCall], now: int) -> list[Span]:
    """The spans of a run: one for the whole, and per tool call one of the model and one of the tool."""
    chance = draws(seed, "trace", run.id)
    root = f"{chance.getrandbits(64):016x}"
    end = run.ended_at if run.has_ended(now) else None
    spans = [Span(root, None, "tester run", "agent", run.started_at, end, {"workflow.id": run.workflow_id})]
    thinking_since = run.started_at
    for index, call in enumerate(calls):
        usage = {"input_tokens": chance.randint(400, 9_000), "output_tokens": chance.randint(20, 400)}
        spans.append(
            Span(
                f"{chance.getrandbits(64):016x}",
                root,
                f"turn {index + 1}",
                "llm",
                thinking_since,
                call.called_at,
                {"gen_ai.request.model": run.model, "gen_ai.usage": usage},
            )
        )
        thinking_since = call.called_at + call.duration
        spans.append(
            Span(
                f"{chance.getrandbits(64):016x}",
                spans[-1].id,
                f"tools/call {call.tool}",
                "tool",
                call.called_at,
                thinking_since,
                {"mcp.tool.name": call.tool, "mcp.call.id": call.id, "mcp.is_error": call.is_error},
            )
        )
    return spans


def evaluation(seed: int, run: Run, workflow: Workflow) -> Evaluation | None:
    """What the judge says once it has spoken, in accord with the run's verdict; None if it never does."""
    if run.evaluated_at is None or run.verdict is None:
        return None
    chance = draws(seed, "evaluation", run.id)
    statuses = _criterion_statuses(chance, run.verdict, workflow.criteria)
    return Evaluation(
        id=f"eval_{number(seed, 'evaluation id', run.id):016x}",
        run_id=run.id,
        verdict=run.verdict,
        score=run.score,
        judge_model=JUDGE_MODEL,
        evaluated_at=run.evaluated_at,
        criteria=tuple(
            _criterion_result(chance, workflow, index, status) for index, status in enumerate(statuses)
        ),
    )


def _criterion_statuses(chance: Random, verdict: str, criteria: tuple[Criterion, ...]) -> list[str]:
    """All required ones pass in a passed run; in any other one at least one is the reason."""
    required = [index for index, criterion in enumerate(criteria) if criterion.is_required]
    culprit = chance.choice(required or [0]) if criteria and verdict != "pass" else None
    statuses = []
    for index, criterion in enumerate(criteria):
        if index == culprit:
            statuses.append("partial" if verdict == "partial" else "fail")
        elif criterion.is_required and verdict != "fail":
            statuses.append("pass")
        else:
            statuses.append(chance.choices(("pass", "partial", "fail"), (70, 15, 15))[0])
    return statuses


def _criterion_result(chance: Random, workflow: Workflow, index: int, status: str) -> CriterionResult:
    criterion = workflow.criteria[index]
    excerpts = tuple(
        fill(chance.choice(("$sentence", "$message", "$issue_title")), VOCABULARY, chance)
        for _ in range(chance.choice((0, 1, 1, 2)))
    )
    return CriterionResult(
        id=f"crit_{number(workflow.id, index, criterion.text, size=6):012x}",
        criterion=criterion,
        status=status,
        score=POINTS[status],
        rationale=RATIONALES[status].format(text=criterion.text),
        excerpts=excerpts,
    )
