"""Armature's raw tables, and every name under which its API may send a field.

The documentation names no response field, so each column lists what is plausible, best first
(docs.armature.tech/rest-api/runs and /rest-api/workflows give the prose).
"""

from __future__ import annotations

from sources.common.tables import FETCH_ERRORS, SYNC_LOG, Column, Table

DURATION_NAMES = (
    "duration_ms",
    "duration_millis",
    "latency_ms",
    "elapsed_ms",
    "duration_seconds",
    "duration_secs",
    "duration_sec",
    "duration_s",
    "latency_seconds",
    "elapsed_seconds",
    "duration",
    "latency",
    "elapsed",
)
"""Names of a duration, those that say their unit first."""

RUNS = Table(
    "runs",
    "One row per run of a workflow, in its latest known state.",
    ("run_id",),
    (
        Column("run_id", "text", "Id of the run.", ("run_id", "id", "run_uuid", "uuid", "key")),
        Column("workflow_id", "text", "Workflow that was run.", ("workflow_id", "workflow.id", "workflow")),
        Column(
            "workflow_name",
            "text",
            "Name of the workflow at the time of reading.",
            ("workflow_name", "workflow.name", "workflow_title"),
        ),
        Column(
            "workflow_version_id",
            "text",
            "Immutable version of the workflow that was run.",
            (
                "workflow_version_id",
                "version_id",
                "workflow_version.id",
                "workflow.version_id",
                "workflow.current_version.id",
                "workflow.current_version_id",
                "workflow_version",
                "version.id",
                "version",
            ),
        ),
        Column("status", "text", "Status, as the platform words it.", ("status", "state", "run_status")),
        Column(
            "classification",
            "text",
            "Evaluation classification, as the platform words it.",
            ("classification", "evaluation.classification", "evaluator_output.classification"),
        ),
        Column(
            "model",
            "text",
            "Model of the tester agent.",
            (
                "model",
                "model_id",
                "tester_model",
                "tester_model_id",
                "model.id",
                "tester_model.id",
                "model.model_id",
                "tester_target.model_id",
                "model_name",
                "model.name",
            ),
        ),
        Column(
            "trigger",
            "text",
            "What started the run.",
            ("trigger", "trigger_type", "trigger.type", "trigger_source", "triggered_by"),
        ),
        Column(
            "attempt",
            "bigint",
            "Number of the attempt.",
            ("attempt", "attempt_number", "attempt_index", "retry.number", "retry_count"),
        ),
        Column(
            "started_at",
            "timestamp",
            "Start of the run.",
            ("started_at", "start_time", "start", "started", "timing.started_at", "created_at", "queued_at"),
        ),
        Column(
            "ended_at",
            "timestamp",
            "End of the run; null while it goes on.",
            ("ended_at", "end_time", "finished_at", "completed_at", "end", "ended", "timing.ended_at"),
        ),
        Column(
            "duration_ms",
            "duration",
            "Duration in milliseconds; taken from start and end when the platform does not say it.",
            ("timing.duration_ms", *DURATION_NAMES),
        ),
        Column(
            "cost",
            "money",
            "Cost, in the platform's unit (not documented); null when it is not known.",
            (
                "cost",
                "cost_usd",
                "total_cost",
                "total_cost_usd",
                "cost.total",
                "cost.amount",
                "cost.value",
                "cost.usd",
                "cost.total_usd",
                "cost.amount_usd",
                "cost.total_cost",
                "usage.cost",
                "usage.cost_usd",
                "usage.total_cost",
            ),
        ),
        Column(
            "verdict",
            "text",
            "Verdict of the evaluator, as shown with the run.",
            (
                "verdict",
                "evaluation.verdict",
                "evaluator_output.verdict",
                "evaluator.verdict",
                "judge.verdict",
                "verdict.verdict",
                "verdict.status",
                "evaluation.outcome",
                "evaluation.result",
                "evaluation.status",
                "evaluator_output.outcome",
                "evaluator_output.result",
                "evaluator_output.status",
                "evaluator.result",
                "evaluator.status",
                "evaluation",
                "evaluation_verdict",
            ),
        ),
        Column(
            "score",
            "double",
            "Score of the evaluator, as shown with the run.",
            (
                "score",
                "evaluation.score",
                "evaluator_output.score",
                "evaluator.score",
                "verdict.score",
                "judge.score",
                "evaluation_score",
            ),
        ),
        Column(
            "input_tokens",
            "bigint",
            "Tokens that the tester model read.",
            (
                "input_tokens",
                "usage.input_tokens",
                "tokens.input",
                "prompt_tokens",
                "usage.prompt_tokens",
                "usage.input",
            ),
        ),
        Column(
            "output_tokens",
            "bigint",
            "Tokens that the tester model wrote.",
            (
                "output_tokens",
                "usage.output_tokens",
                "tokens.output",
                "completion_tokens",
                "usage.completion_tokens",
                "usage.output",
            ),
        ),
        Column(
            "total_tokens",
            "bigint",
            "All tokens.",
            ("total_tokens", "usage.total_tokens", "tokens.total", "usage.total", "token_count", "tokens"),
        ),
        Column(
            "error",
            "text",
            "Error message of the run.",
            ("error", "error_message", "error.message", "failure_reason", "failure_message"),
        ),
    ),
    endpoint="runs",
    watched=("status", "classification", "verdict", "score", "ended_at", "cost"),
)

EVALUATIONS = Table(
    "evaluations",
    "One row per evaluated run: the judge's verdict.",
    ("run_id",),
    (
        Column("run_id", "text", "The run that was judged.", derived=True),
        Column("evaluation_id", "text", "Id of the evaluation.", ("evaluation_id", "id")),
        Column(
            "verdict",
            "text",
            "Verdict of the judge, as the platform words it.",
            (
                "verdict",
                "verdict.verdict",
                "verdict.status",
                "judge.verdict",
                "overall_verdict",
                "judge_verdict",
                "outcome",
                "result",
                "status",
            ),
        ),
        Column(
            "score",
            "double",
            "Score of the judge.",
            ("score", "overall_score", "verdict.score", "judge.score"),
        ),
        Column(
            "judge_model",
            "text",
            "Model that judged.",
            (
                "judge_model",
                "judge_model_id",
                "judge.model",
                "judge.model_id",
                "verdict.model",
                "evaluator_model",
                "model",
                "judge",
            ),
        ),
        Column(
            "evaluated_at",
            "timestamp",
            "When the verdict was given.",
            (
                "evaluated_at",
                "judged_at",
                "completed_at",
                "finished_at",
                "created_at",
                "timestamp",
                "updated_at",
            ),
        ),
    ),
    endpoint="evaluation",
)

EVALUATION_CRITERIA = Table(
    "evaluation_criteria",
    "One row per criterion of an evaluation, in the API's order.",
    ("run_id", "criterion_index"),
    (
        Column("run_id", "text", "The run that was judged.", derived=True),
        Column("criterion_index", "bigint", "Position in the evaluation, from 0.", derived=True),
        Column("criterion_id", "text", "Id of the criterion.", ("criterion_id", "id", "criterion.id", "key")),
        Column(
            "criterion_text",
            "text",
            "What was asked for.",
            (
                "criterion_text",
                "text",
                "criterion.criterion_text",
                "criterion.text",
                "criterion",
                "name",
                "description",
                "value",
            ),
        ),
        Column(
            "status",
            "text",
            "Grade of the criterion, as the platform words it (pass, partial, fail).",
            ("status", "result", "grade", "outcome", "verdict"),
        ),
        Column(
            "passed",
            "bool",
            "Whether the criterion was met, when the platform says so.",
            ("passed", "pass", "is_passed", "met", "satisfied"),
        ),
        Column(
            "is_required",
            "bool",
            "Whether the criterion gates the run.",
            ("is_required", "required", "criterion.is_required"),
        ),
        Column("score", "double", "Score of the criterion.", ("score",)),
        Column(
            "rationale",
            "text",
            "Why the judge decided so.",
            ("rationale", "reasoning", "reason", "explanation", "justification", "comment"),
        ),
        Column(
            "excerpts",
            "json",
            "What the judge relied on.",
            ("excerpts", "supporting_excerpts", "evidence", "excerpt", "quotes"),
        ),
    ),
    replaces_by="run_id",
    endpoint="evaluation",
)

TOOL_CALLS = Table(
    "tool_calls",
    "One row per MCP tool call of a run, in the API's order. Ids of calls can repeat inside a run.",
    ("run_id", "call_index"),
    (
        Column("run_id", "text", "The run that called.", derived=True),
        Column("call_index", "bigint", "Position in the run, from 0.", derived=True),
        Column("tool_call_id", "text", "Id of the call.", ("tool_call_id", "id", "call_id", "key")),
        Column(
            "tool_name",
            "text",
            "Name of the tool.",
            ("tool_name", "name", "tool.name", "tool", "function.name"),
        ),
        Column(
            "arguments",
            "json",
            "Arguments of the call, as sent (redacted by the platform).",
            (
                "arguments",
                "args",
                "input",
                "params",
                "parameters",
                "tool_input",
                "tool_arguments",
                "tool_args",
                "function.arguments",
                "request.arguments",
                "request",
            ),
        ),
        Column(
            "result",
            "json",
            "Result body, as sent (redacted by the platform).",
            (
                "result",
                "result_body",
                "output",
                "response",
                "response_body",
                "tool_output",
                "tool_result",
                "body",
                "content",
            ),
        ),
        Column(
            "is_error",
            "bool",
            "Whether the tool failed: an MCP tool failure is a successful response with this flag.",
            ("is_error", "error_flag", "failed", "has_error", "errored"),
        ),
        Column(
            "duration_ms",
            "duration",
            "Duration in milliseconds.",
            DURATION_NAMES,
        ),
        Column(
            "called_at",
            "timestamp",
            "When the tool was called.",
            ("called_at", "started_at", "start_time", "timestamp", "created_at", "at", "time"),
        ),
    ),
    replaces_by="run_id",
    endpoint="tool_calls",
)

TRACE_SPANS = Table(
    "trace_spans",
    "One row per span of a run's trace, in the API's order. Loaded only when asked for.",
    ("run_id", "span_index"),
    (
        Column("run_id", "text", "The run that was traced.", derived=True),
        Column("span_index", "bigint", "Position in the trace, from 0.", derived=True),
        Column("span_id", "text", "Id of the span.", ("span_id", "id", "key")),
        Column(
            "parent_span_id", "text", "Id of the enclosing span.", ("parent_span_id", "parent_id", "parent")
        ),
        Column("name", "text", "Name of the span.", ("name", "span_name", "operation_name", "title")),
        Column("kind", "text", "Kind of the span.", ("kind", "span_kind", "type", "span_type")),
        Column(
            "started_at",
            "timestamp",
            "Start of the span.",
            ("started_at", "start_time", "start", "timestamp", "start_time_unix_nano"),
        ),
        Column(
            "ended_at",
            "timestamp",
            "End of the span.",
            ("ended_at", "end_time", "finished_at", "completed_at", "end", "end_time_unix_nano"),
        ),
        Column(
            "duration_ms",
            "duration",
            "Duration in milliseconds; taken from start and end when the platform does not say it.",
            DURATION_NAMES,
        ),
        Column(
            "attributes",
            "json",
            "Attributes of the span, as sent.",
            ("attributes", "attrs", "metadata", "data"),
        ),
    ),
    replaces_by="run_id",
    endpoint="trace",
)

WORKFLOWS = Table(
    "workflows",
    "One row per workflow that was ever seen, archived ones included.",
    ("workflow_id",),
    (
        Column("workflow_id", "text", "Id of the workflow.", ("workflow_id", "id", "uuid", "key")),
        Column("name", "text", "Name of the workflow.", ("name", "title", "workflow_name")),
        Column("description", "text", "Short description.", ("description",)),
        Column(
            "mcp_server_id",
            "text",
            "MCP server that the workflow tests.",
            ("mcp_server_id", "mcp_server.id", "mcp_source_id", "mcp_server"),
        ),
        Column(
            "tester_prompt",
            "text",
            "Prompt that the tester agent runs.",
            ("tester_prompt", "current_version.tester_prompt", "prompt"),
        ),
        Column(
            "tester_models",
            "json",
            "Tester models that the workflow fans out across, as sent.",
            (
                "tester_models",
                "tester_model_ids",
                "tester_targets",
                "current_version.tester_model_ids",
                "current_version.tester_targets",
                "tester_model_id",
                "models",
            ),
        ),
        Column(
            "schedule",
            "json",
            "Schedule, as sent; null for manual-only.",
            ("schedule", "current_version.schedule"),
        ),
        Column(
            "current_version_id",
            "text",
            "Version that runs now.",
            ("current_version_id", "current_version.id", "version_id", "version.id", "current_version"),
        ),
        Column(
            "is_archived",
            "bool",
            "Whether the workflow is known to be archived.",
            ("is_archived", "archived"),
        ),
        Column("first_seen_at", "timestamp", "When runmart saw it first.", derived=True),
        Column(
            "last_seen_at",
            "timestamp",
            "When the list of workflows showed it last; brought up to date once a day, and when it vanishes.",
            derived=True,
        ),
    ),
)

WORKFLOW_CRITERIA = Table(
    "workflow_criteria",
    "One row per evaluation criterion of a workflow's current version, in the API's order.",
    ("workflow_id", "criterion_index"),
    (
        Column("workflow_id", "text", "The workflow.", derived=True),
        Column("criterion_index", "bigint", "Position in the workflow, from 0.", derived=True),
        Column(
            "criterion_text",
            "text",
            "What is asked for.",
            ("criterion_text", "text", "criterion", "name", "description", "value"),
        ),
        Column("is_required", "bool", "Whether the criterion gates a run.", ("is_required", "required")),
    ),
    replaces_by="workflow_id",
)

MCP_SERVERS = Table(
    "mcp_servers",
    "One row per MCP server that was ever seen.",
    ("mcp_server_id",),
    (
        Column("mcp_server_id", "text", "Id of the MCP server.", ("mcp_server_id", "id", "uuid", "key")),
        Column("name", "text", "Name of the server.", ("name", "title")),
        Column("transport_type", "text", "How the server is reached.", ("transport_type", "transport")),
        Column("base_url", "text", "Address of the server.", ("base_url", "url", "endpoint")),
        Column(
            "categories", "json", "Category slugs, as sent.", ("categories", "category_slugs", "category")
        ),
    ),
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        RUNS,
        EVALUATIONS,
        EVALUATION_CRITERIA,
        TOOL_CALLS,
        TRACE_SPANS,
        WORKFLOWS,
        WORKFLOW_CRITERIA,
        MCP_SERVERS,
        FETCH_ERRORS,
        SYNC_LOG,
    )
}
"""The ten tables of the `armature` schema, by name."""

OFF_BY_DEFAULT = frozenset({"trace_spans"})
"""Tables that are loaded only when they are asked for."""
