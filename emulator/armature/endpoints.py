"""Armature's operations as data: path, parameters, bodies and answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.armature import schemas
from emulator.armature.schemas import Shapes
from emulator.common.contract import Endpoint, Parameter
from emulator.common.keys import Role
from emulator.common.schemas import OBJECT, TEXT, or_null

if TYPE_CHECKING:
    from emulator.armature.api import ArmatureEmulator
    from emulator.armature.settings import ArmatureSettings
    from emulator.common.schemas import Schema

RANGES = ("24h", "7d", "30d")

WORKFLOW_FILTERS = (
    Parameter("category", TEXT, "One or more category slugs, separated by commas."),
    Parameter("categorySlug", TEXT, "A single category slug."),
)


def run_filters(first_page: int) -> tuple[Parameter, ...]:
    return (
        Parameter("range", {"type": "string", "enum": list(RANGES)}, "How far back; 24h if left out."),
        Parameter("workflowId", TEXT, "Runs of one workflow."),
        Parameter("status", TEXT, "Runs in one status, e.g. pass or running."),
        Parameter("classification", TEXT, "Runs with one classification."),
        Parameter("search", TEXT, "Text in a run's id, workflow, model or reason."),
        Parameter("page", {"type": "integer", "minimum": first_page}, f"The first page is {first_page}."),
        Parameter("pageSize", {"type": "integer", "minimum": 1}, "Cut down to the server's cap."),
        Parameter("sort", TEXT, "startedAt, endedAt, durationMs or cost; a minus turns the order round."),
    )


def refusals(*statuses: int) -> dict[int, Schema]:
    return dict.fromkeys(statuses, schemas.ERROR)


def endpoints(api: ArmatureEmulator, settings: ArmatureSettings) -> tuple[Endpoint, ...]:
    """Every operation that is served under `settings`."""
    return (*_account(api, settings), *_workflows(api, Shapes(settings)), *_runs(api, settings))


def _account(api: ArmatureEmulator, settings: ArmatureSettings) -> tuple[Endpoint, ...]:
    organization = Endpoint(
        "GET",
        "/org",
        "getOrganization",
        "The organization, and who is asking",
        api.organization,
        {200: schemas.ORGANIZATION, **refusals(401)},
    )
    servers = Endpoint(
        "GET",
        "/mcp-servers",
        "listMcpServers",
        "The MCP servers under test",
        api.mcp_servers,
        {200: schemas.MCP_SERVERS, **refusals(401)},
    )
    document = Endpoint(
        "GET", "/openapi", "getOpenApi", "This document", api.openapi, {200: OBJECT}, role=None
    )
    return (organization, servers, *([document] if settings.serves_openapi else []))


def _workflows(api: ArmatureEmulator, shapes: Shapes) -> tuple[Endpoint, ...]:
    return (
        Endpoint(
            "GET",
            "/workflows",
            "listWorkflows",
            "Active workflows",
            api.list_workflows,
            {200: shapes.many("workflows", shapes.workflow()), **refusals(400, 401)},
            parameters=WORKFLOW_FILTERS,
        ),
        Endpoint(
            "GET",
            "/workflows/{id}",
            "getWorkflow",
            "One workflow",
            api.get_workflow,
            {200: shapes.one("workflow", shapes.workflow()), **refusals(401, 404)},
        ),
        Endpoint(
            "POST",
            "/workflows",
            "createWorkflow",
            "Create a workflow and dispatch it once on each of its models",
            api.create_workflow,
            {201: schemas.WORKFLOW_CREATED, **refusals(400, 401, 403, 404)},
            role=Role.EDITOR,
            body=schemas.NEW_WORKFLOW,
        ),
        Endpoint(
            "PATCH",
            "/workflows/{id}",
            "updateWorkflow",
            "Change a workflow; this writes a new version",
            api.update_workflow,
            {200: schemas.WORKFLOW_CHANGED, **refusals(400, 401, 403, 404)},
            role=Role.EDITOR,
            body=schemas.WORKFLOW_CHANGES,
        ),
        Endpoint(
            "DELETE",
            "/workflows/{id}",
            "archiveWorkflow",
            "Archive a workflow; its runs stay",
            api.archive_workflow,
            {200: schemas.ARCHIVED, **refusals(401, 403, 404)},
            role=Role.EDITOR,
        ),
        Endpoint(
            "POST",
            "/workflows/{id}/runs",
            "dispatchWorkflow",
            "Dispatch runs of a workflow outside its schedule",
            api.dispatch,
            {202: schemas.DISPATCHED, **refusals(400, 401, 403, 404)},
            role=Role.EDITOR,
            body=schemas.DISPATCH,
        ),
    )


def _runs(api: ArmatureEmulator, settings: ArmatureSettings) -> tuple[Endpoint, ...]:
    shapes = Shapes(settings)
    evaluation = shapes.one("evaluation", shapes.evaluation())
    if settings.missing_evaluation == "null":
        evaluation = or_null(evaluation)
    return (
        Endpoint(
            "GET",
            "/runs",
            "listRuns",
            "Runs that match the filters, page by page",
            api.list_runs,
            {200: shapes.many("runs", shapes.run_row(), **shapes.page_facts()), **refusals(400, 401)},
            parameters=run_filters(settings.first_page),
        ),
        Endpoint(
            "GET",
            "/runs/{id}",
            "getRun",
            "One run",
            api.get_run,
            {200: shapes.one("run", shapes.run()), **refusals(401, 404)},
        ),
        Endpoint(
            "GET",
            "/runs/{id}/trace",
            "getRunTrace",
            "The spans of a run",
            api.get_trace,
            {200: shapes.one("trace", shapes.trace()), **refusals(401, 404)},
        ),
        Endpoint(
            "GET",
            "/runs/{id}/evaluation",
            "getRunEvaluation",
            "What the judge found; 404 until it has",
            api.get_evaluation,
            {200: evaluation, **refusals(401, 404)},
        ),
        Endpoint(
            "GET",
            "/runs/{id}/tool-calls",
            "listRunToolCalls",
            "The MCP tool calls of a run, in their order",
            api.list_tool_calls,
            {200: shapes.many("toolCalls", shapes.tool_call()), **refusals(401, 404)},
        ),
    )
