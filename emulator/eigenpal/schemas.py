"""The schemas of EigenPal's requests and responses, after its OpenAPI document, fitted to the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

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

    from emulator.eigenpal.settings import EigenPalSettings

KIND: Schema = {"type": "string", "enum": ["workflow", "agent"]}
STATUSES = (
    *("created", "pending", "running", "waiting", "finalizing"),
    *("completed", "failed", "cancelled", "rejected"),
)
STATUS: Schema = {"type": "string", "enum": list(STATUSES)}
VERDICTS = ("correct", "incorrect")
REVIEW_STATUS: Schema = {"type": "string", "enum": ["open", "closed", "wont_fix"]}
RANK: Schema = {"type": "number", "minimum": 0, "maximum": 1}
VERDICT: Schema = {"type": "string", "nullable": True, "enum": [*VERDICTS, None]}

ISSUE = record(field=TEXT, message=TEXT, code=TEXT, severity={"type": "string", "enum": ["error", "warning"]})


def with_optional(schema: Schema, **properties: Schema) -> Schema:
    """`schema` with properties that may be absent."""
    return {**schema, "properties": {**schema["properties"], **properties}}


ERROR = with_optional(record(issues=list_of(ISSUE), requestId=TEXT), hint=TEXT, docsUrl=TEXT)

# Requests

CORRECTION_FIELDS: Mapping[str, Schema] = {
    "id": TEXT,
    "kind": {"type": "string", "enum": ["field", "file"]},
    "path": NAME,
    "label": or_null(TEXT),
    "originalValue": ANYTHING,
    "correctedValue": ANYTHING,
    "note": or_null(TEXT),
    "correctedArtifactPath": or_null(TEXT),
}
REVIEW_REQUEST: Schema = {
    "type": "object",
    "properties": {
        "verdict": VERDICT,
        "status": REVIEW_STATUS,
        "note": or_null(TEXT),
        "correctedOutput": ANYTHING,
        "corrections": list_of(
            {"type": "object", "required": ["kind", "path"], "properties": dict(CORRECTION_FIELDS)}
        ),
    },
}


def run_request(target: Schema = NAME) -> Schema:
    """The body that starts a run of the automation that `target` names."""
    return {
        "type": "object",
        "required": ["target"],
        "properties": {"target": target, "input": OBJECT, "metadata": OBJECT, "overrides": OBJECT},
    }


# Responses that no setting touches

AUTH = record(
    ok=FLAG,
    tenantId=TEXT,
    tenantSlug=TEXT,
    tenantName=or_null(TEXT),
    userId=or_null(TEXT),
    keyId=TEXT,
    email=or_null(TEXT),
    name=or_null(TEXT),
    scope=TEXTS,
    wildcardGranted=FLAG,
)
FILE = with_optional(
    record(name=TEXT, role=TEXT, path=TEXT), stepName=TEXT, contentType=or_null(TEXT), size=or_null(COUNT)
)
NAMED = list_of(record(name=TEXT))
ARTIFACTS = record(artifacts=list_of(FILE))
USAGE = with_optional(
    record(
        tokens=record(
            input=or_null(NUMBER),
            output=or_null(NUMBER),
            cacheRead=or_null(NUMBER),
            cacheWrite=or_null(NUMBER),
        ),
        creditsCharged=or_null(NUMBER),
        durationMs=or_null(NUMBER),
    ),
    llmCallCount=NUMBER,
    ocrPagesProcessed=NUMBER,
    agentTurns=or_null(NUMBER),
)
USAGE_ANSWER = record(usage=or_null(USAGE))
CANCELLED = record(
    id=TEXT,
    type=KIND,
    finished=FLAG,
    execution=record(status=STATUS),
    cancellation=record(
        state={"type": "string", "enum": ["cancelled", "requested", "already_terminal"]}, wasStatus=STATUS
    ),
)
TRIGGER = with_optional(
    record(type=or_null(TEXT), by=or_null(record(id=TEXT, name=or_null(TEXT), email=TEXT))), email=ANYTHING
)
EVAL = with_optional(
    record(example=or_null(TEXT), score=or_null(NUMBER), passed=or_null(FLAG)), exampleId=or_null(TEXT)
)
GIT = record(
    requestedRef=or_null(TEXT), resolvedRef=or_null(TEXT), resolvedTag=or_null(TEXT), commitSha=or_null(TEXT)
)
SOURCE = with_optional(
    record(id=TEXT, name=or_null(TEXT), version=or_null(TEXT)),
    versionId=or_null(TEXT),
    slug=or_null(TEXT),
    model=or_null(TEXT),
    git=or_null(GIT),
)
SOURCE_PAGE = with_optional(
    SOURCE, implementationAvailable=FLAG, automationFound=FLAG, currentVersion=or_null(TEXT)
)
ACCEPTED = with_optional(record(id=TEXT, type=KIND, finished=FLAG), source=SOURCE)
REFERENCE = record(id=TEXT, automationId=TEXT)


class Shapes:
    """Response schemas as the settings make them."""

    def __init__(self, settings: EigenPalSettings) -> None:
        self._settings = settings
        self._is_newest = settings.contract == "2026-11"
        self._moment: Schema = moment_schema(settings.timestamps)

    def paged(self, row: Schema) -> Schema:
        """A list by limit and offset, with its total."""
        return record(data=list_of(row), total=COUNT, limit=COUNT, offset=COUNT)

    # Runs

    def runs(self) -> Schema:
        row = self._flat() if self._settings.rows == "flat" else self._row()
        return record(runs=list_of(row), nextCursor=or_null(TEXT))

    def run(self) -> Schema:
        """A run's own page, with the sections that may be asked for."""
        page = self._flat() if self._settings.rows == "flat" else self._page()
        sections: dict[str, Schema] = {
            "output": or_null(OBJECT),
            "files": list_of(FILE),
            "input": with_optional(record(args=ANYTHING), files=NAMED, metadata=ANYTHING),
            "usage": or_null(USAGE),
            "debug": with_optional(record(observability=ANYTHING), traceId=or_null(TEXT)),
        }
        if self._settings.rows == "flat":
            sections["steps"] = list_of(OBJECT)
        body = with_optional(page, **sections)
        return body if self._settings.object_envelope == "bare" else record(run=body)

    def _row(self) -> Schema:
        summary = record(verdict=VERDICT, status=REVIEW_STATUS, hasNote=FLAG, correctionCount=COUNT)
        return self._facts(SOURCE, with_optional(self._execution(), review=or_null(summary)))

    def _page(self) -> Schema:
        # The short form and the two long ones have no field in common that would differ but these.
        execution = with_optional(
            self._execution(),
            review=or_null(OBJECT),
            steps=list_of(OBJECT),
            childExecutions=list_of(OBJECT),
            definitionSnapshot=ANYTHING,
            expected=with_optional(record(files=NAMED), output=ANYTHING),
            files=record(output=NAMED),
            comparison=ANYTHING,
        )
        return self._facts(SOURCE_PAGE, execution)

    def _facts(self, source: Schema, execution: Schema) -> Schema:
        timing = record(
            createdAt=self._moment,
            startedAt=or_null(self._moment),
            completedAt=or_null(self._moment),
            durationMs=or_null(NUMBER),
            cancelRequestedAt=or_null(self._moment),
        )
        body = record(
            id=TEXT,
            type=KIND,
            finished=FLAG,
            sampleRank=RANK,
            timing=timing,
            source=source,
            trigger=TRIGGER,
            execution=execution,
        )
        body = with_optional(body, eval=EVAL, error=or_null(TEXT))
        if not self._is_newest:
            return body
        required = [*body["required"], "tags"]
        return {**with_optional(body, tags=TEXTS, parentExecutionId=TEXT), "required": required}

    def _execution(self) -> Schema:
        retry = record(
            number=NUMBER, previousRunId=or_null(TEXT), nextRun=or_null(record(id=TEXT, status=TEXT))
        )
        body = record(status=STATUS, schemaValid=or_null(FLAG), batchId=or_null(TEXT), retry=retry)
        if not self._is_newest:
            return body
        task = record(
            taskId=TEXT,
            sourceKind={"type": "string", "enum": ["agent_tool", "workflow_step"]},
            sourceLabel=TEXT,
            status={"type": "string", "enum": ["pending"]},
            requiredCount=COUNT,
            confirmedCount=COUNT,
            version=COUNT,
        )
        return with_optional(body, humanReview=or_null(task))

    def _flat(self) -> Schema:
        return record(
            id=TEXT,
            type=KIND,
            status=STATUS,
            workflowId=TEXT,
            workflowName=or_null(TEXT),
            agentSlug=or_null(TEXT),
            version=or_null(TEXT),
            triggerType=or_null(TEXT),
            triggeredByEmail=or_null(TEXT),
            batchId=or_null(TEXT),
            exampleId=or_null(TEXT),
            evalScore=or_null(NUMBER),
            evalPassed=or_null(FLAG),
            feedbackVerdict=or_null(TEXT),
            createdAt=self._moment,
            startedAt=or_null(self._moment),
            completedAt=or_null(self._moment),
            durationMs=or_null(NUMBER),
            error=or_null(TEXT),
        )

    # What lies below a run

    def scores(self) -> Schema:
        return record(scores=list_of(self._score()))

    def _score(self) -> Schema:
        return record(
            id=TEXT,
            runId=TEXT,
            automationId=or_null(TEXT),
            evaluatorName=TEXT,
            evaluatorType=TEXT,
            score=or_null(NUMBER),
            passed=or_null(FLAG),
            label=or_null(TEXT),
            weight=or_null(NUMBER),
            passThreshold=or_null(NUMBER),
            description=or_null(TEXT),
            details=ANYTHING,
            error=or_null(TEXT),
            createdAt=self._moment,
        )

    def steps(self) -> Schema:
        return record(steps=list_of(OBJECT), **({"total": COUNT} if self._is_newest else {}))

    def trace(self) -> Schema:
        event: Schema = {
            "type": "object",
            "properties": {
                "type": TEXT,
                "phase": TEXT,
                "stepName": TEXT,
                "status": TEXT,
                "startedAt": or_null(self._moment),
                "completedAt": or_null(self._moment),
                "message": or_null(TEXT),
            },
        }
        return record(events=list_of(event))

    def events(self) -> Schema:
        event = with_optional(
            record(type=TEXT, timestamp=self._moment),
            status=or_null(TEXT),
            message=or_null(TEXT),
            metadata=OBJECT,
        )
        return record(events=list_of(event))

    def review(self) -> Schema:
        """The review of a run, or null."""
        correction = with_optional(
            record(
                id=TEXT,
                kind={"type": "string", "enum": ["field", "file"]},
                path=TEXT,
                label=or_null(TEXT),
                note=TEXT,
                createdAt=self._moment,
                updatedAt=self._moment,
            ),
            originalValue=ANYTHING,
            correctedValue=ANYTHING,
            correctedArtifactPath=or_null(TEXT),
        )
        review = record(
            id=TEXT,
            verdict=VERDICT,
            status=REVIEW_STATUS,
            note=TEXT,
            reviewedBy=or_null(TEXT),
            reviewedByEmail=or_null(TEXT),
            reviewedAt=self._moment,
            closedBy=or_null(TEXT),
            closedByEmail=or_null(TEXT),
            closedAt=or_null(self._moment),
            closedNote=or_null(TEXT),
            createdAt=self._moment,
            updatedAt=self._moment,
            corrections=list_of(correction),
        )
        return record(review=or_null(with_optional(review, correctedOutput=ANYTHING)))

    # Automations

    def automation(self) -> Schema:
        triggers = record(api=FLAG, email=FLAG, manual=FLAG, cron=FLAG)
        body = with_optional(
            record(id=TEXT, type=KIND, slug=TEXT, name=or_null(TEXT), createdAt=self._moment),
            description=or_null(TEXT),
            status=TEXT,
            version=or_null(TEXT),
            triggers=triggers,
            implementationAvailable=FLAG,
            updatedAt=self._moment,
        )
        if not self._is_newest:
            return body
        required = [*body["required"], "folderId", "folderPath"]
        return {
            **with_optional(body, folderId=or_null(TEXT), folderPath=or_null(TEXT)),
            "required": required,
        }

    def automation_page(self) -> Schema:
        return with_optional(self.automation(), inputSchema=or_null(OBJECT), outputSchema=or_null(OBJECT))

    def version(self) -> Schema:
        return with_optional(
            record(id=TEXT, automationId=TEXT, version=or_null(TEXT)),
            sourceRef=or_null(TEXT),
            isCurrent=FLAG,
            createdAt=self._moment,
        )

    def example(self) -> Schema:
        body = record(
            id=TEXT,
            name=TEXT,
            automationId=TEXT,
            automationType=KIND,
            input=or_null(OBJECT),
            expected=ANYTHING,
            expectedFiles=NAMED,
            metadata=or_null(OBJECT),
            annotation=or_null(TEXT),
            rowOrder=or_null(NUMBER),
            overrides=or_null(OBJECT),
            latestRunId=or_null(TEXT),
        )
        return with_optional(body, createdAt=self._moment, updatedAt=or_null(self._moment))

    def experiment(self) -> Schema:
        return record(
            id=TEXT,
            automationId=TEXT,
            automationType=KIND,
            status={"type": "string", "enum": ["queued", "running", "completed"]},
            runCount=COUNT,
            completedCount=COUNT,
            passedCount=COUNT,
            failedCount=COUNT,
            avgScore=or_null(NUMBER),
            createdAt=self._moment,
            completedAt=or_null(self._moment),
            version=or_null(TEXT),
        )

    def experiment_page(self) -> Schema:
        run = record(
            id=TEXT,
            status=TEXT,
            exampleId=or_null(TEXT),
            exampleName=or_null(TEXT),
            createdAt=self._moment,
            completedAt=or_null(self._moment),
            **({"evalScore": or_null(NUMBER), "evalPassed": or_null(FLAG)} if self._is_newest else {}),
        )
        results: Schema = {"type": "object", "additionalProperties": list_of(self._score())}
        body = self.experiment()
        return record(**body["properties"], runs=list_of(run), resultsByRun=results)
