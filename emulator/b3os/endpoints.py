"""B3OS's operations as data: path, parameters, bodies and answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.b3os.schemas import START, STATUSES, Shapes, one_of
from emulator.common.contract import Endpoint, Parameter
from emulator.common.keys import Role
from emulator.common.schemas import FLAG, OBJECT, TEXT, Schema, record

if TYPE_CHECKING:
    from emulator.b3os.api import B3osEmulator
    from emulator.b3os.settings import B3osSettings

PAGING = (
    Parameter("limit", {"type": "integer", "minimum": 1}, "How many; the server has a cap."),
    Parameter("offset", {"type": "integer", "minimum": 0}, "How many to leave out first."),
)
BY_STATUS = Parameter("status", one_of(*STATUSES), "Runs in one status.")
BY_WORKFLOW = Parameter("workflowId", TEXT, "Runs of one workflow.")
SUMMARY = Parameter("summary", FLAG, "Without nodes and definition.")
NODES = Parameter("nodeIds", TEXT, "Only these nodes, separated by commas.")


class Operations:
    """Makes endpoints, with the refusals that all of them share."""

    def __init__(self, shapes: Shapes) -> None:
        self._error = shapes.error

    def answers(self, schema: Schema, *refusals: int, status: int = 200) -> dict[int, Schema]:
        return {status: schema, **dict.fromkeys((401, *refusals), self._error)}


def endpoints(api: B3osEmulator, settings: B3osSettings) -> tuple[Endpoint, ...]:
    """Every operation that is served under `settings`."""
    shapes = Shapes(settings)
    operations = Operations(shapes)
    return (
        *_account(api, settings, shapes, operations),
        *_workflows(api, shapes, operations),
        *_runs(api, settings, shapes, operations),
    )


def _account(
    api: B3osEmulator, settings: B3osSettings, shapes: Shapes, operations: Operations
) -> tuple[Endpoint, ...]:
    organizations = Endpoint(
        "GET",
        "/organizations",
        "listOrganizations",
        "The organizations that the key belongs to",
        api.list_organizations,
        operations.answers(shapes.many(shapes.organization()), 400),
        parameters=PAGING,
    )
    usage = Endpoint(
        "GET",
        "/organizations/{orgId}/cu/runs",
        "listComputeUnitsByRun",
        "The compute units that each run took",
        api.list_usage,
        operations.answers(shapes.many(shapes.usage_row()), 400, 404),
        parameters=PAGING,
    )
    document = Endpoint(
        "GET", "/openapi", "getOpenApi", "This document", api.openapi, {200: OBJECT}, role=None
    )
    return (organizations, usage, *([document] if settings.serves_openapi else []))


def _workflows(api: B3osEmulator, shapes: Shapes, operations: Operations) -> tuple[Endpoint, ...]:
    return (
        Endpoint(
            "GET",
            "/workflows",
            "listWorkflows",
            "Workflows that are not archived",
            api.list_workflows,
            operations.answers(shapes.many(shapes.workflow()), 400),
            parameters=PAGING,
        ),
        Endpoint(
            "GET",
            "/workflows/{id}",
            "getWorkflow",
            "One workflow",
            api.get_workflow,
            operations.answers(shapes.one(shapes.workflow()), 404),
        ),
        Endpoint(
            "GET",
            "/workflows/{id}/runs",
            "listWorkflowRuns",
            "The runs of a workflow, page by page",
            api.list_workflow_runs,
            operations.answers(shapes.many(shapes.run_row()), 400, 404),
            parameters=(*PAGING, BY_STATUS),
        ),
        Endpoint(
            "POST",
            "/workflows/{id}/run",
            "startWorkflow",
            "Start a workflow that is active",
            api.start_workflow,
            operations.answers(shapes.one(record(runId=TEXT)), 400, 403, 404, 409),
            role=Role.EDITOR,
            body=START,
        ),
    )


def _runs(
    api: B3osEmulator, settings: B3osSettings, shapes: Shapes, operations: Operations
) -> tuple[Endpoint, ...]:
    every = Endpoint(
        "GET",
        "/runs",
        "listRuns",
        "The runs of the organization, page by page",
        api.list_runs,
        operations.answers(shapes.many(shapes.run_row()), 400),
        parameters=(*PAGING, BY_WORKFLOW),
    )
    return (
        *([every] if settings.serves_account_runs else []),
        Endpoint(
            "GET",
            "/runs/{id}",
            "getRun",
            "One run with its nodes",
            api.get_run,
            operations.answers(shapes.one(shapes.run()), 400, 404),
            parameters=(SUMMARY, NODES),
        ),
        Endpoint(
            "POST",
            "/runs/{id}/cancel",
            "cancelRun",
            "Cancel a run that is running or waiting",
            api.cancel_run,
            operations.answers(shapes.one(record(runId=TEXT)), 403, 404, 409),
            role=Role.EDITOR,
        ),
        Endpoint(
            "POST",
            "/runs/{id}/retry",
            "retryRun",
            "Start a new run from where a failed one failed",
            api.retry_run,
            operations.answers(shapes.one(record(runId=TEXT)), 403, 404, 409),
            role=Role.EDITOR,
        ),
    )
