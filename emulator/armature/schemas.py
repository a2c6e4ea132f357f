"""The schemas of Armature's requests and responses, written in camel case and fitted to the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.armature.render import PAYLOADS, snake
from emulator.common.moments import moment_schema
from emulator.common.schemas import (
    ANYTHING,
    COUNT,
    FLAG,
    NAME,
    NUMBER,
    OBJECT,
    TEXT,
    TEXTS,
    Schema,
    list_of,
    or_null,
    record,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.armature.settings import ArmatureSettings

ERROR: Schema = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {"code": TEXT, "message": TEXT, "details": OBJECT},
        }
    },
}


# Requests

NAMES: Schema = {"type": "array", "items": NAME, "minItems": 1}
TARGETS: Schema = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "required": ["modelId"],
        "properties": {"modelId": NAME, "skillMode": or_null(TEXT), "skillVersionId": or_null(TEXT)},
        "additionalProperties": False,
    },
}
WORKFLOW_FIELDS: Mapping[str, Schema] = {
    "name": NAME,
    "mcpServerId": NAME,
    "testerPrompt": NAME,
    "description": TEXT,
    "defaultMcpAuthProfileId": TEXT,
    "testerModelId": NAME,
    "testerModelIds": NAMES,
    "testerTargets": TARGETS,
    "criteria": list_of(
        {
            "type": "object",
            "required": ["criterionText"],
            "properties": {"criterionText": NAME, "isRequired": FLAG},
            "additionalProperties": False,
        }
    ),
    "schedule": or_null(OBJECT),
    "limits": OBJECT,
    "retryPolicy": OBJECT,
    "toolPolicy": OBJECT,
    "metadata": OBJECT,
}
NEW_WORKFLOW: Schema = {
    "type": "object",
    "required": ["name", "mcpServerId", "testerPrompt"],
    "properties": dict(WORKFLOW_FIELDS),
    "additionalProperties": False,
}
WORKFLOW_CHANGES: Schema = {
    "type": "object",
    "properties": dict(WORKFLOW_FIELDS),
    "additionalProperties": False,
}
DISPATCH: Schema = {
    "type": "object",
    "properties": {
        "reason": TEXT,
        "baselineRunId": NAME,
        "idempotencyKey": NAME,
        "forceNewRun": FLAG,
        "testerModelIds": NAMES,
        "testerTargets": TARGETS,
    },
    "additionalProperties": False,
}

# Responses whose shape is documented, so that no setting touches them

ORGANIZATION = record(
    organization=record(id=TEXT, slug=TEXT, name=TEXT),
    actor=record(apiKeyId=TEXT, apiKeyName=TEXT, userProfileId=or_null(TEXT), role=TEXT, email=or_null(TEXT)),
)
MCP_SERVERS = record(
    rows=list_of(record(id=TEXT, name=TEXT, transport_type=TEXT, base_url=TEXT, categories=TEXTS))
)
WORKFLOW_CREATED = record(
    workflow=record(id=TEXT, name=TEXT),
    currentVersion=record(id=TEXT),
    initialDispatch=record(queued=COUNT, failed=COUNT),
)
WORKFLOW_CHANGED = record(workflow=record(id=TEXT, name=TEXT), currentVersion=record(id=TEXT))
ARCHIVED = record(ok=FLAG)
DISPATCHED = record(workflowId=TEXT, runIds=TEXTS, deduplicated=FLAG)


class Shapes:
    """Response schemas as the settings make them."""

    def __init__(self, settings: ArmatureSettings) -> None:
        self._settings = settings
        self._time: Schema = moment_schema(settings.timestamps)

    def cased(self, schema: Schema) -> Schema:
        """`schema` with its property names in the case that the settings want, payloads excepted."""
        if self._settings.key_case == "camel":
            return schema
        fitted = dict(schema)
        if "properties" in schema:
            fitted["properties"] = {
                snake(name): part if name in PAYLOADS else self.cased(part)
                for name, part in schema["properties"].items()
            }
        if "required" in schema:
            fitted["required"] = [snake(name) for name in schema["required"]]
        if "items" in schema:
            fitted["items"] = self.cased(schema["items"])
        return fitted

    def one(self, name: str, schema: Schema) -> Schema:
        """A single object in its envelope."""
        schema = self.cased(schema)
        return schema if self._settings.object_envelope == "bare" else self.cased(record(**{name: schema}))

    def many(self, name: str, row: Schema, **beside: Schema) -> Schema:
        """A list in its envelope, with what stands beside it there."""
        rows = list_of(self.cased(row))
        if self._settings.list_envelope == "bare":
            return rows
        key = name if self._settings.list_envelope == "named" else self._settings.list_envelope
        return self.cased(record(**{key: rows}, **beside))

    def page_facts(self) -> dict[str, Schema]:
        """What stands beside the rows of a page."""
        facts = {"page": COUNT, "pageSize": COUNT}
        if self._settings.shows_total:
            facts["total"] = COUNT
        if self._settings.shows_has_more:
            facts["hasMore"] = FLAG
        return facts

    def _workflow_of_run(self) -> dict[str, Schema]:
        return {
            "id": {"workflowId": TEXT},
            "object": {"workflow": record(id=TEXT, name=TEXT, versionId=TEXT)},
            "flat": {"workflowId": TEXT, "workflowName": TEXT, "workflowVersionId": TEXT},
        }[self._settings.workflow_as]

    def run_row(self) -> Schema:
        """A row of `GET /runs`."""
        if self._settings.list_rows == "full":
            return self.run()
        return record(id=TEXT, status=TEXT, startedAt=or_null(self._time), **self._workflow_of_run())

    def run(self) -> Schema:
        return record(
            id=TEXT,
            **self._workflow_of_run(),
            status=TEXT,
            classification=or_null(TEXT),
            model=TEXT,
            trigger=TEXT,
            attempt=COUNT,
            createdAt=self._time,
            startedAt=or_null(self._time),
            endedAt=or_null(self._time),
            durationMs=or_null(COUNT),
            cost=or_null(TEXT if self._settings.cost_as == "string" else NUMBER),
            verdict=or_null(TEXT),
            score=or_null(NUMBER),
            inputTokens=or_null(COUNT),
            outputTokens=or_null(COUNT),
            totalTokens=or_null(COUNT),
            error=or_null(TEXT),
            reason=or_null(TEXT),
            baselineRunId=or_null(TEXT),
        )

    def tool_call(self) -> Schema:
        return record(
            id=TEXT,
            toolName=TEXT,
            arguments=ANYTHING,
            result=ANYTHING,
            isError=or_null(FLAG),
            durationMs=COUNT,
            calledAt=self._time,
        )

    def trace(self) -> Schema:
        return record(
            runId=TEXT,
            spans=list_of(
                record(
                    spanId=TEXT,
                    parentSpanId=or_null(TEXT),
                    name=TEXT,
                    kind=TEXT,
                    startedAt=self._time,
                    endedAt=or_null(self._time),
                    durationMs=or_null(COUNT),
                    attributes=OBJECT,
                )
            ),
        )

    def evaluation(self) -> Schema:
        return record(
            id=TEXT,
            runId=TEXT,
            verdict=TEXT,
            score=or_null(NUMBER),
            judgeModel=TEXT,
            evaluatedAt=self._time,
            criteria=list_of(
                record(
                    criterionId=TEXT,
                    criterionText=TEXT,
                    status=TEXT,
                    passed=FLAG,
                    isRequired=FLAG,
                    score=NUMBER,
                    rationale=TEXT,
                    excerpts=TEXTS,
                )
            ),
        )

    def workflow(self) -> Schema:
        """A workflow; what a client sent and the platform only keeps may stand beside these fields."""
        schema = record(
            id=TEXT,
            name=TEXT,
            description=TEXT,
            mcpServerId=TEXT,
            categories=TEXTS,
            testerPrompt=TEXT,
            testerModelIds=TEXTS,
            criteria=list_of(record(criterionText=TEXT, isRequired=FLAG)),
            schedule=or_null(OBJECT),
            currentVersion=record(id=TEXT, version=COUNT, createdAt=self._time),
            isArchived=FLAG,
            createdAt=self._time,
        )
        return {**schema, "additionalProperties": True}
