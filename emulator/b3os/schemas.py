"""The schemas of B3OS's requests and responses, fitted to the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.common.moments import moment_schema
from emulator.common.schemas import COUNT, FLAG, NUMBER, OBJECT, TEXT, Schema, list_of, or_null, record

if TYPE_CHECKING:
    from emulator.b3os.settings import B3osSettings

STATUSES = ("running", "waiting", "success", "failure", "cancelled")
WORKFLOW_STATUSES = ("draft", "active", "paused", "archived")
NODE_STATUSES = ("pending", "running", "success", "failure", "skipped", "waiting")

START: Schema = {"type": "object", "properties": {"payload": OBJECT}, "additionalProperties": False}


def one_of(*words: str) -> Schema:
    return {"type": "string", "enum": list(words)}


def map_of(schema: Schema) -> Schema:
    """An object whose keys are ids."""
    return {"type": "object", "additionalProperties": schema}


class Shapes:
    """Response schemas as the settings make them."""

    def __init__(self, settings: B3osSettings) -> None:
        self._settings = settings
        self._time = moment_schema(settings.timestamps)

    # Envelopes

    @property
    def error(self) -> Schema:
        if self._settings.envelope == "success":
            return record(success=FLAG, error=record(message=TEXT, code=TEXT))
        return record(code={"type": "integer"}, message=TEXT, requestId=TEXT)

    def one(self, schema: Schema) -> Schema:
        """A single object in its envelope."""
        if self._settings.envelope == "success":
            return record(success=FLAG, data=schema)
        return record(code={"type": "integer"}, message=TEXT, requestId=TEXT, data=schema)

    def many(self, row: Schema) -> Schema:
        """A page in its envelope."""
        more = {} if self._settings.has_more == "left_out" else {"hasMore": FLAG}
        if self._settings.envelope == "success":
            return record(success=FLAG, data=list_of(row), **more)
        return self.one(record(items=list_of(row), limit=COUNT, offset=COUNT, **more))

    def _row(self, always: dict[str, Schema], **sometimes: Schema) -> Schema:
        """An object of which some fields are missing while there is nothing to say."""
        if self._settings.missing_fields == "null":
            return record(**always, **{name: or_null(schema) for name, schema in sometimes.items()})
        return {**record(**always), "properties": {**always, **sometimes}}

    # Records

    def organization(self) -> Schema:
        return record(
            id=TEXT,
            slug=TEXT,
            name=TEXT,
            description=TEXT,
            createdBy=TEXT,
            createdAt=self._time,
            updatedAt=self._time,
        )

    def _definition(self) -> Schema:
        node = self._row(
            {"type": TEXT, "payload": OBJECT, "children": list_of(TEXT)}, connector=record(type=TEXT)
        )
        return record(nodes=map_of(node))

    def workflow(self) -> Schema:
        return self._row(
            {
                "id": TEXT,
                "version": COUNT,
                "organizationId": TEXT,
                "name": TEXT,
                "description": TEXT,
                "status": one_of(*WORKFLOW_STATUSES),
                "type": TEXT,
                "definition": self._definition(),
                "cooldownMs": COUNT,
                "createdBy": TEXT,
                "createdAt": self._time,
                "updatedBy": TEXT,
                "updatedAt": self._time,
                "hasDraft": FLAG,
                "hasLiveVersion": FLAG,
            },
            maxRuns=COUNT,
            remainRuns=COUNT,
            lastTriggeredAt=self._time,
        )

    def _run_fields(self) -> tuple[dict[str, Schema], dict[str, Schema]]:
        """What a run always has, and what it has sometimes."""
        return {
            "id": TEXT,
            "workflowId": TEXT,
            "workflowVersion": COUNT,
            "status": TEXT,
            "startedAt": self._time,
            "triggerSource": TEXT,
            "isSimulation": FLAG,
            "isDustTest": FLAG,
        }, {"finishedAt": self._time, "totalCu": NUMBER, "triggeredBy": TEXT, "sourceRunId": TEXT}

    def run_row(self) -> Schema:
        """A row of a list of runs."""
        always, sometimes = self._run_fields()
        return self._row(always, **sometimes)

    def run(self) -> Schema:
        """A run on its own page; with `summary=true` nodes and definition are left out."""
        node = self._row(
            {"type": TEXT, "status": one_of(*NODE_STATUSES)},
            input=OBJECT,
            result=OBJECT,
            startedAt=self._time,
            finishedAt=self._time,
        )
        definition = record(
            blockExpansions=OBJECT,
            inputSchema=list_of(record(description=TEXT, key=TEXT, required=FLAG, type=TEXT)),
            nodes=self._definition()["properties"]["nodes"],
        )
        always, sometimes = self._run_fields()
        always.update(organizationId=TEXT, propValues=OBJECT)
        fork = record(chainId=COUNT, forkId=TEXT, rpcUrl=TEXT)
        shape = self._row(always, **sometimes, simulationMode=TEXT, simulationForks=list_of(fork))
        heavy = {"executionState": map_of(node), "workflowDefinition": definition}
        return {**shape, "properties": {**shape["properties"], **heavy}}

    def usage_row(self) -> Schema:
        """A row of the compute units by run."""
        return self._row(
            {
                "runId": TEXT,
                "workflowId": TEXT,
                "status": TEXT,
                "startedAt": self._time,
                "triggerSource": TEXT,
            },
            finishedAt=self._time,
            totalCu=NUMBER,
        )
