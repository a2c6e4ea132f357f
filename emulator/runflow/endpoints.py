"""Runflow's operations as data: path, parameters, bodies and answers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from emulator.common.contract import Endpoint, Parameter
from emulator.common.keys import Role
from emulator.common.schemas import OBJECT, TEXT
from emulator.runflow import schemas
from emulator.runflow.filter_language import exact_pattern
from emulator.runflow.paging import CURSOR
from emulator.runflow.render import RELATIONS
from emulator.runflow.run_query import NAMES
from emulator.runflow.schemas import Shapes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from emulator.common.contract import Call, Reply
    from emulator.common.schemas import Schema
    from emulator.runflow.api import RunflowEmulator
    from emulator.runflow.settings import RunflowSettings

RUNS, EVALUATIONS = "runs:read", "evaluations:read"
FLOWS, MODELS, COMFYUI_WORKFLOWS = "flows:read", "models:read", "comfyui-workflows:read"
BATCHES, BALANCE = "batches:read", "credit_balance:read"
SCOPES = (RUNS, EVALUATIONS, FLOWS, MODELS, COMFYUI_WORKFLOWS, BATCHES, BALANCE)

VERDICTS = ["passed", "failed", "not_evaluated"]
NAME_LIST = r"^[a-z_]+(,[a-z_]+)*$"


def _list_of(names: Iterable[str], after: str = "") -> str:
    """The pattern of a list with commas of some of `names`, each with what may stand after it."""
    one = f"({'|'.join(sorted(names))}){after}"
    return f"^{one}(,{one})*$"


def paging(settings: RunflowSettings) -> tuple[Parameter, ...]:
    limit: Schema = {"type": "integer", "minimum": 1, "maximum": settings.max_limit}
    return (
        Parameter("limit", limit, f"Rows of a page; {settings.default_limit} if left out."),
        Parameter("pq", {**TEXT, "pattern": CURSOR}, "What `next` or `previous` of a page said."),
        Parameter("from_prev", {"type": "boolean"}, "The cursor is one of `previous`."),
    )


FIELDS = Parameter("fields", {**TEXT, "pattern": NAME_LIST}, "The only fields to show, e.g. id,status_code.")
EMBED = Parameter("embed", {**TEXT, "pattern": _list_of(RELATIONS)}, "Relations to show, joined by commas.")


def filters(settings: RunflowSettings) -> tuple[Parameter, ...]:
    expression = {**TEXT, "pattern": exact_pattern(NAMES)} if settings.filters == "exact" else TEXT
    order = {**TEXT, "pattern": _list_of(NAMES, "(:(asc|desc))?")}
    return (
        Parameter("q", expression, "A filter, e.g. status_code:succeeded AND target_type:flow."),
        Parameter("sort_by", order, "Names and directions, e.g. status_code:asc,created_at:desc."),
        Parameter("evaluation_status", {**TEXT, "enum": VERDICTS}, "The current evaluation's verdict."),
        Parameter("evaluation_issue_category", TEXT, "A category of the current evaluation's issues."),
        Parameter("evaluation_issue_subcategory", TEXT, "A subcategory of the current evaluation's issues."),
    )


def endpoints(api: RunflowEmulator, settings: RunflowSettings) -> tuple[Endpoint, ...]:
    """Every operation that is served under `settings`."""
    shapes = Shapes(settings)
    made = (
        *_account(api, settings),
        *_runs(api, shapes, settings),
        *_children(api, shapes, settings),
        *_catalog(api, shapes, settings),
        *_batches(api, shapes, settings),
    )
    return tuple(_refusing(endpoint, schemas.error(settings)) for endpoint in made)


def _refusing(endpoint: Endpoint, error: Schema) -> Endpoint:
    """`endpoint` with the answers that any operation of its kind may refuse with."""
    statuses = [401, 403] if endpoint.role is not None else []
    statuses += [404] if "{" in endpoint.path else []
    statuses += [422] if endpoint.parameters or endpoint.body else []
    return replace(endpoint, answers={**endpoint.answers, **dict.fromkeys(statuses, error)})


def _reading(
    path: str,
    operation: str,
    summary: str,
    carry_out: Callable[[Call], Reply],
    schema: Schema,
    scope: str | None,
    *parameters: Parameter,
) -> Endpoint:
    return Endpoint(
        "GET", path, operation, summary, carry_out, {200: schema}, scope=scope, parameters=parameters
    )


def _account(api: RunflowEmulator, settings: RunflowSettings) -> tuple[Endpoint, ...]:
    health = _reading("/health", "getHealth", "Whether the API is up", api.health, schemas.HEALTH, None)
    document = _reading("/openapi.json", "getOpenApi", "This document", api.openapi, OBJECT, None)
    return (
        replace(health, role=None),
        *([replace(document, role=None)] if settings.serves_openapi else []),
        _reading("/auth/me", "getMe", "Who is asking, with which scopes", api.me, schemas.ME, None),
        _reading(
            "/billing/balance", "getBalance", "What is left to spend", api.balance, schemas.BALANCE, BALANCE
        ),
    )


def _runs(api: RunflowEmulator, shapes: Shapes, settings: RunflowSettings) -> tuple[Endpoint, ...]:
    return (
        _reading(
            "/runs",
            "searchRuns",
            "Runs that match the filters, page by page",
            api.list_runs,
            shapes.many(shapes.run()),
            RUNS,
            *filters(settings),
            FIELDS,
            EMBED,
            *paging(settings),
        ),
        _reading(
            "/runs/statuses",
            "listRunStatuses",
            "Every status that a run may have",
            api.list_statuses,
            schemas.STATUS_LIST,
            RUNS,
        ),
        _reading("/runs/{run_id}", "getRun", "One run", api.get_run, shapes.run(), RUNS, FIELDS, EMBED),
        Endpoint(
            "PATCH",
            "/runs/{run_id}/feedback",
            "setRunFeedback",
            "Set or clear a customer's feedback on a run",
            api.set_run_feedback,
            {200: shapes.run()},
            role=Role.EDITOR,
            body=schemas.FEEDBACK,
            scope=RUNS,
        ),
        Endpoint(
            "PATCH",
            "/evaluations/{evaluation_id}/feedback",
            "setEvaluationFeedback",
            "Set or clear a customer's feedback on an evaluation",
            api.set_evaluation_feedback,
            {200: shapes.evaluation()},
            role=Role.EDITOR,
            body=schemas.FEEDBACK,
            scope=EVALUATIONS,
        ),
    )


def _children(api: RunflowEmulator, shapes: Shapes, settings: RunflowSettings) -> tuple[Endpoint, ...]:
    pages = paging(settings)
    return (
        _reading(
            "/runs/{run_id}/node-runs",
            "searchNodeRuns",
            "The node runs of a run, in their order; `any` for those of all runs",
            api.list_node_runs,
            shapes.children(shapes.node_run()),
            RUNS,
            *pages,
        ),
        _reading(
            "/runs/{run_id}/node-runs/{id}",
            "getNodeRun",
            "One node run",
            api.get_node_run,
            shapes.node_run(),
            RUNS,
        ),
        _reading(
            "/runs/{run_id}/logs",
            "searchLogs",
            "The log of a run, in its order; `any` for those of all runs",
            api.list_logs,
            shapes.children(shapes.log_line()),
            RUNS,
            *pages,
        ),
        _reading("/runs/{run_id}/logs/{id}", "getLog", "One line", api.get_log, shapes.log_line(), RUNS),
        _reading(
            "/runs/{run_id}/evaluations",
            "searchEvaluations",
            "Every evaluation of a run, superseded ones too",
            api.list_evaluations,
            shapes.children(shapes.evaluation()),
            EVALUATIONS,
            *pages,
        ),
        _reading(
            "/evaluations/{evaluation_id}",
            "getEvaluation",
            "One evaluation",
            api.get_evaluation,
            shapes.evaluation(),
            EVALUATIONS,
        ),
    )


def _catalog(api: RunflowEmulator, shapes: Shapes, settings: RunflowSettings) -> tuple[Endpoint, ...]:
    pages = paging(settings)
    return (
        _reading("/flows", "searchFlows", "Flows", api.list_flows, shapes.many(shapes.flow()), FLOWS, *pages),
        _reading("/flows/{id}", "getFlow", "One flow", api.get_flow, shapes.flow(), FLOWS),
        _reading(
            "/flow-summaries",
            "searchFlowSummaries",
            "Flows without their nodes",
            api.list_flow_summaries,
            shapes.many(shapes.flow_summary()),
            FLOWS,
            *pages,
        ),
        _reading(
            "/models", "searchModels", "Models", api.list_models, shapes.many(shapes.model()), MODELS, *pages
        ),
        _reading("/models/{id}", "getModel", "One model", api.get_model, shapes.model(), MODELS),
        _reading(
            "/comfyui-workflows",
            "searchComfyuiWorkflows",
            "ComfyUI workflows",
            api.list_comfyui_workflows,
            shapes.many(shapes.comfyui_workflow()),
            COMFYUI_WORKFLOWS,
            *pages,
        ),
        _reading(
            "/comfyui-workflows/{id}",
            "getComfyuiWorkflow",
            "One ComfyUI workflow",
            api.get_comfyui_workflow,
            shapes.comfyui_workflow(),
            COMFYUI_WORKFLOWS,
        ),
    )


def _batches(api: RunflowEmulator, shapes: Shapes, settings: RunflowSettings) -> tuple[Endpoint, ...]:
    return (
        _reading(
            "/batches/{id}", "getBatch", "A batch with its items", api.get_batch, shapes.batch(), BATCHES
        ),
        _reading(
            "/batches/{id}/items",
            "searchBatchItems",
            "The items of a batch",
            api.list_batch_items,
            shapes.many(shapes.batch_item()),
            BATCHES,
            *paging(settings),
        ),
    )
