"""Runflow's raw tables, and the names under which its API sends each field.

The names are those of docs.runflow.io/api-reference; where the reference leaves enum fields out, those of its
older pages. What no column takes is in `extra`.
"""

from __future__ import annotations

from sources.common.tables import FETCH_ERRORS, SYNC_LOG, Column, Table

FIRST_SEEN_AT = Column("first_seen_at", "timestamp", "When runmart saw it first.", derived=True)
LAST_SEEN_AT = Column(
    "last_seen_at", "timestamp", "When the list showed it last; brought up to date once a day.", derived=True
)

_SUMMARY = "current_evaluation_summary"
"""As a source of what it holds, it lets a summary that is null say that there is none."""

RUNS = Table(
    "runs",
    "One row per run of a flow, a model or a ComfyUI workflow, in its latest known state.",
    ("run_id",),
    (
        Column("run_id", "text", "Id of the run.", ("id", "run_id")),
        Column(
            "target_type",
            "text",
            "What was run: a flow, a model or a ComfyUI workflow.",
            ("target_type", "target_type_code"),
        ),
        Column("flow_id", "text", "Flow that was run.", ("flow_id", "flow.id")),
        Column("model_id", "text", "Model that was run.", ("model_id", "model.id")),
        Column(
            "comfyui_workflow_id",
            "text",
            "ComfyUI workflow that was run.",
            ("comfyui_workflow_id", "comfyui_workflow.id"),
        ),
        Column("target_version", "text", "Version of what was run."),
        Column("flow_version_id", "text", "Immutable version of the flow that was run."),
        Column("status", "text", "Status, as the platform words it.", ("status_code", "status")),
        Column("source", "text", "What started the run.", ("source_code", "source")),
        Column("created_at", "timestamp", "When the run was asked for; the list is read by it."),
        Column("started_at", "timestamp", "Start of the run; null while it waits."),
        Column("ended_at", "timestamp", "End of the run; null while it goes on.", ("completed_at",)),
        Column(
            "duration_ms",
            "duration",
            "Duration in milliseconds; taken from start and end when the platform does not say it.",
        ),
        Column("cost", "money", "Cost in US dollars; null when nothing was billed or it is not known."),
        Column("cost_breakdown", "json", "What the cost is made of, as sent."),
        Column(
            "evaluation_passed",
            "bool",
            "Verdict of the current evaluation, as the list shows it; null without a verdict.",
            ("current_evaluation_summary.passed", _SUMMARY),
        ),
        Column(
            "evaluation_status",
            "text",
            "Status of the current evaluation, as the list shows it.",
            ("current_evaluation_summary.status_code", "current_evaluation_summary.status", _SUMMARY),
        ),
        Column(
            "score",
            "double",
            "Score of the current evaluation, as the list shows it.",
            ("current_evaluation_summary.score", _SUMMARY),
        ),
        Column(
            "evaluation_summary",
            "json",
            "The current evaluation in short, as the list shows it; null where there is none, or where the "
            "key may not read evaluations.",
            (_SUMMARY,),
        ),
        Column("feedback_is_positive", "bool", "A person's thumb up or down; null without one."),
        Column("feedback_reason", "text", "What that person said."),
        Column("failure_code", "text", "Why the run failed, as the platform words it."),
        Column(
            "failure_stage",
            "text",
            "Where the run failed, as the platform words it.",
            ("failure_stage", "failure_stage_code"),
        ),
        Column("failure_message", "text", "Error message of the run."),
        Column("nodes_total", "bigint", "Nodes that the run has."),
        Column("nodes_completed", "bigint", "Nodes that were completed."),
        Column("has_node_runs", "bool", "Whether there are node runs."),
        Column("has_logs", "bool", "Whether there are log lines."),
        Column("batch_id", "text", "Batch that the run belongs to."),
        Column("client_ref", "text", "The caller's own reference."),
        Column("request_id", "text", "Request that started the run."),
        Column("org_id", "text", "Organisation that the run belongs to."),
        Column("created_by", "text", "User that started the run."),
        Column("jurisdiction_code", "text", "Where the run was carried out."),
        Column("resolved_template_id", "text", "Template that the run was made from."),
        Column("source_chat_message_id", "text", "Chat message that started the run."),
        Column("callback_url", "text", "Where the caller is told of the end."),
        Column("input", "json", "What the run was given; signed links without their query."),
        Column("output", "json", "What the run made; signed links without their query."),
        Column("context", "json", "Context variables of the run."),
        Column("metadata", "json", "The caller's own data."),
        Column("links", "json", "Addresses of what belongs to the run."),
    ),
    endpoint="runs",
    dated_by="created_at",
    watched=("status", "evaluation_summary", "feedback_is_positive", "feedback_reason"),
    watched_in_detail=True,
)

NODE_RUNS = Table(
    "node_runs",
    "One row per node that a run came to.",
    ("run_id", "node_run_id"),
    (
        Column("run_id", "text", "The run.", derived=True),
        Column("node_run_id", "text", "Id of the node run.", ("id", "node_run_id")),
        Column("node_run_index", "bigint", "Position in the API's order, from 0.", derived=True),
        Column("node_id", "text", "Node of the flow."),
        Column("flow_id", "text", "Flow that the node belongs to."),
        Column("status", "text", "State, as the platform words it.", ("state_code", "status_code", "status")),
        Column("created_at", "timestamp", "When the node run was made."),
        Column("started_at", "timestamp", "Start of the node run."),
        Column("ended_at", "timestamp", "End of the node run; null while it goes on.", ("completed_at",)),
        Column(
            "duration_ms",
            "duration",
            "Duration in milliseconds; taken from start and end when the platform does not say it.",
        ),
        Column("cost", "money", "Cost in US dollars; null when it is not known."),
        Column("retry_count", "bigint", "How often the node was tried again."),
        Column("error_message", "text", "Error message of the node."),
        Column("input", "json", "What the node was given; signed links without their query."),
        Column("output", "json", "What the node made; signed links without their query."),
        Column("input_signature", "text", "The platform's hash of the input."),
        Column("preview_type", "text", "Kind of the preview."),
        Column("preview_value", "text", "The preview; a signed link without its query."),
    ),
    replaces_by="run_id",
    endpoint="node_runs",
)

LOGS = Table(
    "logs",
    "One row per line of a run's log. Loaded only when asked for.",
    ("run_id", "log_id"),
    (
        Column("run_id", "text", "The run.", derived=True),
        Column("log_id", "text", "Id of the line.", ("id", "log_id")),
        Column("log_index", "bigint", "Position in the API's order, from 0.", derived=True),
        Column("level", "text", "Level, as the platform words it.", ("level_code", "level")),
        Column("message", "text", "The line; signed links without their query."),
        Column("logged_at", "timestamp", "When it was written.", ("timestamp", "logged_at")),
        Column("meta", "json", "What was logged with it."),
    ),
    replaces_by="run_id",
    endpoint="logs",
)

EVALUATIONS = Table(
    "evaluations",
    "One row per evaluation of a run: every attempt, superseded ones too.",
    ("run_id", "evaluation_id"),
    (
        Column("run_id", "text", "The run that was judged.", derived=True),
        Column("evaluation_id", "text", "Id of the evaluation.", ("id", "evaluation_id")),
        Column("attempt_number", "bigint", "Number of the attempt, from 1."),
        Column("parent_evaluation_id", "text", "Evaluation that this one tries again."),
        Column("status", "text", "Status, as the platform words it.", ("status_code", "status")),
        Column("overall_passed", "bool", "The verdict; null where none was given."),
        Column("weighted_pass_rate", "double", "Weight of the judges that passed it, over that of all."),
        Column("created_at", "timestamp", "When the evaluation was made."),
        Column("submitted_at", "timestamp", "When it was handed to the judges."),
        Column("completed_at", "timestamp", "When the judges were done; null while they are at it."),
        Column("updated_at", "timestamp", "When it was last changed."),
        Column(
            "superseded_at",
            "timestamp",
            "From when on another one counts in its place; null for the current one.",
        ),
        Column(
            "duration_ms",
            "duration",
            "How long the judges took, in milliseconds.",
            ("eval_duration_ms", "duration_ms"),
        ),
        Column("cost", "money", "Cost of the evaluation in US dollars."),
        Column(
            "target_type",
            "text",
            "What was run: a flow, a model or a ComfyUI workflow.",
            ("target_type_code", "target_type"),
        ),
        Column("flow_id", "text", "Flow that was run."),
        Column("model_id", "text", "Model that was run."),
        Column("comfyui_workflow_id", "text", "ComfyUI workflow that was run."),
        Column("task_type", "text", "Kind of the task."),
        Column("task_description", "text", "The task, in words."),
        Column("generation_prompt", "text", "Prompt of the run."),
        Column("generated_image_url", "text", "What was judged; a signed link without its query."),
        Column("evaluation_instructions", "text", "What the judges were told."),
        Column("input_attributes", "json", "What the judges were told of the input."),
        Column("reference_images", "json", "Images that the judges compared with."),
        Column("override_reason", "text", "Why the verdict is not that of the judges."),
        Column("primary_action", "text", "What is advised.", ("primary_action_code", "primary_action")),
        Column("top_issues", "json", "The worst issues, as sent."),
        Column("top_strengths", "json", "The best strengths, as sent."),
        Column("check_summary", "json", "The judges' results in short, as sent."),
        Column("hard_gate_failures", "json", "Judges that fail the whole alone, as sent."),
        Column("analysis_modules_executed", "json", "Judges that were at work, as sent."),
        Column("feedback_is_positive", "bool", "A person's thumb up or down on the evaluation."),
        Column("feedback_reason", "text", "What that person said."),
        Column("org_id", "text", "Organisation that the evaluation belongs to."),
        Column("client_ref", "text", "The caller's own reference."),
        Column("callback_url", "text", "Where the caller is told of the end."),
        Column("links", "json", "Addresses of what belongs to the evaluation."),
    ),
    endpoint="evaluations",
)

EVALUATION_JUDGES = Table(
    "evaluation_judges",
    "One row per judge of an evaluation, in the API's order.",
    ("run_id", "evaluation_id", "judge_index"),
    (
        Column("run_id", "text", "The run that was judged.", derived=True),
        Column("evaluation_id", "text", "The evaluation.", derived=True),
        Column("judge_index", "bigint", "Position in the evaluation, from 0.", derived=True),
        Column("judge_id", "text", "Id of the judge's result.", ("id", "judge_id")),
        Column("name", "text", "Name of the judge.", ("name", "value")),
        Column("description", "text", "What the judge looks at."),
        Column("category", "text", "Category, as the platform words it."),
        Column("passed", "bool", "The judge's verdict; null where none was given."),
        Column("confidence", "double", "How sure the judge is."),
        Column("weight", "double", "How much the judge counts."),
        Column("reasoning", "text", "Why."),
    ),
    replaces_by="evaluation_id",
    endpoint="evaluations",
)

EVALUATION_ISSUES = Table(
    "evaluation_issues",
    "One row per issue that a judge detected, in the API's order.",
    ("run_id", "evaluation_id", "judge_index", "issue_index"),
    (
        Column("run_id", "text", "The run that was judged.", derived=True),
        Column("evaluation_id", "text", "The evaluation.", derived=True),
        Column("judge_index", "bigint", "Position of the judge in the evaluation, from 0.", derived=True),
        Column("issue_index", "bigint", "Position of the issue with the judge, from 0.", derived=True),
        Column("category", "text", "Category of the judge that found it.", derived=True),
        Column("subcategory", "text", "Subcategory, as the platform words it."),
        Column("detail", "text", "What is wrong.", ("detail", "value")),
    ),
    replaces_by="evaluation_id",
    endpoint="evaluations",
)

BATCHES = Table(
    "batches",
    "One row per batch that a loaded run belongs to.",
    ("batch_id",),
    (
        Column("batch_id", "text", "Id of the batch.", ("id", "batch_id")),
        Column("status", "text", "Status, as the platform words it.", ("status_code", "status")),
        Column(
            "failure_stage",
            "text",
            "Where the batch failed, as the platform words it.",
            ("failure_stage_code", "failure_stage"),
        ),
        Column("created_at", "timestamp", "When the batch was made."),
        Column("ended_at", "timestamp", "End of the batch.", ("completed_at",)),
        Column("items_total", "bigint", "Items of the batch.", ("items_total", "counts.items_total")),
        Column(
            "items_succeeded",
            "bigint",
            "Items that went well.",
            ("items_succeeded", "counts.items_succeeded"),
        ),
        Column("items_failed", "bigint", "Items that failed.", ("items_failed", "counts.items_failed")),
        Column(
            "items_cancelled",
            "bigint",
            "Items that were cancelled.",
            ("items_cancelled", "items_canceled", "counts.items_cancelled", "counts.items_canceled"),
        ),
        Column("items", "json", "The items and their runs, as sent."),
    ),
    endpoint="batches",
)

FLOWS = Table(
    "flows",
    "One row per flow that was ever seen, deleted ones included.",
    ("flow_id",),
    (
        Column("flow_id", "text", "Id of the flow.", ("id", "flow_id")),
        Column("slug", "text", "Short name."),
        Column("name", "text", "Name of the flow."),
        Column("description", "text", "Short description."),
        Column("flow_type", "text", "Kind of the flow.", ("flow_type_code", "flow_type")),
        Column("category", "text", "Category of the flow.", ("category_code", "category")),
        Column("status", "text", "Status, as the platform words it.", ("status_code", "status")),
        Column("visibility", "text", "Who may see it.", ("visibility_code", "visibility")),
        Column("version", "bigint", "Number of the version that runs now."),
        Column("current_version_id", "text", "Version that runs now."),
        Column("estimated_cost", "money", "What a run is expected to cost, in US dollars."),
        Column("cost_per_run", "money", "What a run costs, in US dollars."),
        Column("run_count", "bigint", "Runs that the platform counted."),
        Column("avg_duration", "text", "Average duration, as sent: its unit is not documented."),
        Column("nodes", "json", "Nodes of the flow, as sent."),
        Column("org_id", "text", "Organisation that the flow belongs to."),
        Column("created_by", "text", "User that made it."),
        Column("created_at", "timestamp", "When it was made."),
        Column("updated_at", "timestamp", "When it was last changed."),
        FIRST_SEEN_AT,
        LAST_SEEN_AT,
    ),
)

MODELS = Table(
    "models",
    "One row per model that was ever seen, deleted ones included.",
    ("model_id",),
    (
        Column("model_id", "text", "Id of the model.", ("id", "model_id")),
        Column("slug", "text", "Short name."),
        Column("name", "text", "Name of the model."),
        Column("description", "text", "Short description."),
        Column("version", "text", "Version, as sent."),
        Column("category", "text", "Category of the model.", ("category_code", "category")),
        Column("status", "text", "Status, as the platform words it.", ("status_code", "status")),
        Column("availability_status", "text", "Whether it can be run, as the platform words it."),
        Column("family_id", "text", "Family of the model."),
        Column("model_creator_id", "text", "Who made the model."),
        Column("license", "text", "Licence of the model.", ("license_code", "license")),
        Column("is_public", "bool", "Whether everybody may see it."),
        Column("is_official", "bool", "Whether the platform vouches for it."),
        Column("is_open_source", "bool", "Whether its weights are open."),
        Column("inputs", "json", "Inputs of the model, as sent."),
        Column("outputs", "json", "Outputs of the model, as sent."),
        Column("pricing", "json", "Prices, as sent."),
        Column("org_id", "text", "Organisation that the model belongs to."),
        Column("created_by", "text", "User that made it."),
        Column("created_at", "timestamp", "When it was made."),
        Column("updated_at", "timestamp", "When it was last changed."),
        Column("deleted_at", "timestamp", "When it was deleted."),
        FIRST_SEEN_AT,
        LAST_SEEN_AT,
    ),
)

COMFYUI_WORKFLOWS = Table(
    "comfyui_workflows",
    "One row per ComfyUI workflow that was ever seen, deleted ones included.",
    ("comfyui_workflow_id",),
    (
        Column("comfyui_workflow_id", "text", "Id of the workflow.", ("id", "comfyui_workflow_id")),
        Column("slug", "text", "Short name."),
        Column("name", "text", "Name of the workflow."),
        Column("description", "text", "Short description."),
        Column("version", "text", "Version, as sent."),
        Column("category", "text", "Category of the workflow.", ("category_code", "category")),
        Column("status", "text", "Status, as the platform words it.", ("status_code", "status")),
        Column("is_public", "bool", "Whether everybody may see it."),
        Column("gpu_tier", "text", "Size of the GPU that it runs on.", ("gpu_current_tier_code", "gpu_tier")),
        Column("workflow_json", "json", "The workflow itself, as sent."),
        Column("inputs", "json", "Inputs of the workflow, as sent."),
        Column("outputs", "json", "Outputs of the workflow, as sent."),
        Column("org_id", "text", "Organisation that the workflow belongs to."),
        Column("created_by", "text", "User that made it."),
        Column("created_at", "timestamp", "When it was made."),
        Column("updated_at", "timestamp", "When it was last changed."),
        Column("deleted_at", "timestamp", "When it was deleted."),
        FIRST_SEEN_AT,
        LAST_SEEN_AT,
    ),
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        RUNS,
        NODE_RUNS,
        LOGS,
        EVALUATIONS,
        EVALUATION_JUDGES,
        EVALUATION_ISSUES,
        BATCHES,
        FLOWS,
        MODELS,
        COMFYUI_WORKFLOWS,
        FETCH_ERRORS,
        SYNC_LOG,
    )
}
"""The twelve tables of the `runflow` schema, by name."""

OFF_BY_DEFAULT = frozenset({"logs"})
"""Tables that are loaded only when they are asked for."""
