"""Turns what a world holds into the bodies of the API, as the settings want them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from emulator.common.moments import MOMENTS

if TYPE_CHECKING:
    from emulator.armature.details import Evaluation, Span, ToolCall
    from emulator.armature.runs import Run
    from emulator.armature.settings import ArmatureSettings
    from emulator.armature.workflows import McpServer, Workflow
    from emulator.common.json_value import Json

# What stands under these names is the user's own and keeps its keys.
PAYLOADS = frozenset(
    {"arguments", "result", "attributes", "metadata", "limits", "retryPolicy", "toolPolicy", "schedule"}
)


@lru_cache(maxsize=1_000)
def snake(name: str) -> str:
    """`startedAt` as `started_at`."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def snake_keys(value: Json) -> Json:
    """`value` with its keys in snake case, payloads excepted."""
    if isinstance(value, dict):
        return {snake(name): item if name in PAYLOADS else snake_keys(item) for name, item in value.items()}
    if isinstance(value, list):
        return [snake_keys(item) for item in value]
    return value


class Renderer:
    """Bodies as plain dicts and lists, in the key case, timestamps and shapes of `settings`."""

    def __init__(self, settings: ArmatureSettings) -> None:
        self._settings = settings
        self._moment = MOMENTS[settings.timestamps]

    def cased(self, body: Json) -> Json:
        """`body`, written in camel case, in the case that the settings want."""
        return body if self._settings.key_case == "camel" else snake_keys(body)

    def _workflow_of(self, run: Run) -> dict[str, Json]:
        match self._settings.workflow_as:
            case "id":
                return {"workflowId": run.workflow_id}
            case "object":
                return {
                    "workflow": {
                        "id": run.workflow_id,
                        "name": run.workflow_name,
                        "versionId": run.version_id,
                    }
                }
            case "flat":
                return {
                    "workflowId": run.workflow_id,
                    "workflowName": run.workflow_name,
                    "workflowVersionId": run.version_id,
                }

    def slim_run(self, run: Run, now: int) -> Json:
        """A row of a list that holds only the most needed."""
        return self.cased(
            {
                "id": run.id,
                "status": run.status_at(now),
                "startedAt": None if run.is_pending(now) else self._moment(run.started_at),
                **self._workflow_of(run),
            }
        )

    def run(self, run: Run, now: int) -> Json:
        """A run as it is at `now`: what has not happened yet is null."""
        ended = run.has_ended(now)
        evaluated = run.is_evaluated(now)
        cost: float | str | None = run.cost if ended else None
        if cost is not None and self._settings.cost_as == "string":
            cost = f"{cost:.6f}"
        has_tokens = ended and run.input_tokens is not None and run.output_tokens is not None
        return self.cased(
            {
                "id": run.id,
                **self._workflow_of(run),
                "status": run.status_at(now),
                "classification": run.classification if evaluated or (ended and run.error) else None,
                "model": run.model,
                "trigger": run.trigger,
                "attempt": run.attempt,
                "createdAt": self._moment(run.queued_at),
                "startedAt": None if run.is_pending(now) else self._moment(run.started_at),
                "endedAt": self._moment(run.ended_at) if ended else None,
                "durationMs": run.ended_at - run.started_at if ended else None,
                "cost": cost,
                "verdict": run.verdict if evaluated else None,
                "score": run.score if evaluated else None,
                "inputTokens": run.input_tokens if ended else None,
                "outputTokens": run.output_tokens if ended else None,
                "totalTokens": (run.input_tokens or 0) + (run.output_tokens or 0) if has_tokens else None,
                "error": run.error if ended else None,
                "reason": run.reason,
                "baselineRunId": run.baseline_run_id,
            }
        )

    def tool_call(self, call: ToolCall) -> Json:
        return self.cased(
            {
                "id": call.id,
                "toolName": call.tool,
                "arguments": call.arguments,
                "result": call.result,
                "isError": call.is_error,
                "durationMs": call.duration,
                "calledAt": self._moment(call.called_at),
            }
        )

    def trace(self, run_id: str, spans: list[Span]) -> Json:
        return self.cased(
            {
                "runId": run_id,
                "spans": [
                    {
                        "spanId": span.id,
                        "parentSpanId": span.parent,
                        "name": span.name,
                        "kind": span.kind,
                        "startedAt": self._moment(span.started_at),
                        "endedAt": None if span.ended_at is None else self._moment(span.ended_at),
                        "durationMs": None if span.ended_at is None else span.ended_at - span.started_at,
                        "attributes": span.attributes,
                    }
                    for span in spans
                ],
            }
        )

    def evaluation(self, evaluation: Evaluation) -> Json:
        return self.cased(
            {
                "id": evaluation.id,
                "runId": evaluation.run_id,
                "verdict": evaluation.verdict,
                "score": evaluation.score,
                "judgeModel": evaluation.judge_model,
                "evaluatedAt": self._moment(evaluation.evaluated_at),
                "criteria": [
                    {
                        "criterionId": result.id,
                        "criterionText": result.criterion.text,
                        "status": result.status,
                        "passed": result.status == "pass",
                        "isRequired": result.criterion.is_required,
                        "score": result.score,
                        "rationale": result.rationale,
                        "excerpts": list(result.excerpts),
                    }
                    for result in evaluation.criteria
                ],
            }
        )

    def workflow(self, workflow: Workflow, now: int) -> Json:
        current = workflow.version_at(now)
        return self.cased(
            {
                "id": workflow.id,
                "name": workflow.name,
                "description": workflow.description,
                "mcpServerId": workflow.server.id,
                "categories": list(workflow.server.source.categories),
                "testerPrompt": workflow.prompt,
                "testerModelIds": list(workflow.models),
                "criteria": [
                    {"criterionText": criterion.text, "isRequired": criterion.is_required}
                    for criterion in workflow.criteria
                ],
                "schedule": workflow.schedule,
                "currentVersion": {
                    "id": current.id,
                    "version": current.number,
                    "createdAt": self._moment(max(current.since, workflow.created_at)),
                },
                "isArchived": workflow.is_archived(now),
                "createdAt": self._moment(workflow.created_at),
                **workflow.options,
            }
        )

    def server(self, server: McpServer) -> Json:
        """Documented in snake case, whatever the settings say."""
        return {
            "id": server.id,
            "name": server.source.name,
            "transport_type": server.source.transport,
            "base_url": server.source.base_url,
            "categories": list(server.source.categories),
        }
