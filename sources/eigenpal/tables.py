"""EigenPal's raw tables, and every name under which its servers, old and new, may send a field."""

from __future__ import annotations

from sources.common.tables import FETCH_ERRORS, SYNC_LOG, Column, Table

RUNS = Table(
    "runs",
    "One row per run of a workflow or an agent, in its latest known state.",
    ("run_id",),
    (
        Column("run_id", "text", "Id of the run.", ("id", "run_id", "execution_id")),
        Column("type", "text", "What was run: `workflow` or `agent`.", ("type", "kind", "source.type")),
        Column(
            "automation_id",
            "text",
            "Workflow or agent that was run.",
            ("source.id", "automation_id", "workflow_id", "agent_workflow_id", "agent_id", "source"),
        ),
        Column(
            "automation_name",
            "text",
            "Its name at the time of reading.",
            ("source.name", "automation_name", "workflow_name", "agent_name"),
        ),
        Column(
            "automation_slug",
            "text",
            "Its name in addresses; agents only.",
            ("source.slug", "automation_slug", "workflow_slug", "agent_slug"),
        ),
        Column(
            "automation_version",
            "text",
            "Number of the version that was run; workflows only.",
            ("source.version", "automation_version", "workflow_version", "version"),
        ),
        Column(
            "automation_version_id",
            "text",
            "Version that was run; workflows only.",
            ("source.version_id", "automation_version_id", "workflow_version_id", "version_id"),
        ),
        Column("model", "text", "Model of the agent.", ("source.model", "model")),
        Column(
            "commit_sha",
            "text",
            "Commit of the agent's definition.",
            ("source.git.commit_sha", "git.commit_sha", "commit_sha"),
        ),
        Column(
            "status", "text", "Status, as the platform words it.", ("execution.status", "status", "state")
        ),
        Column("finished", "bool", "Whether the platform says that the run has ended.", ("finished",)),
        Column("created_at", "timestamp", "When the run was asked for.", ("timing.created_at", "created_at")),
        Column("started_at", "timestamp", "Start of the run.", ("timing.started_at", "started_at")),
        Column(
            "ended_at",
            "timestamp",
            "End of the run; null while it goes on.",
            ("timing.completed_at", "completed_at", "timing.ended_at", "ended_at", "finished_at"),
        ),
        Column(
            "cancel_requested_at",
            "timestamp",
            "When somebody asked for its end.",
            ("timing.cancel_requested_at", "cancel_requested_at"),
        ),
        Column(
            "duration_ms",
            "duration",
            "Duration in milliseconds; taken from start and end when the platform does not say it.",
            ("timing.duration_ms", "duration_ms", "usage.duration_ms"),
        ),
        Column(
            "trigger_type",
            "text",
            "What started the run: `api`, `email`, `manual`, `cron`.",
            ("trigger.type", "trigger_type", "trigger"),
        ),
        Column(
            "trigger_by_id",
            "text",
            "User who started it; null for the platform itself.",
            ("trigger.by.id", "triggered_by.id", "triggered_by_id", "triggered_by"),
        ),
        Column(
            "trigger_by_name",
            "text",
            "Name of that user.",
            ("trigger.by.name", "triggered_by.name", "triggered_by_name"),
        ),
        Column(
            "trigger_by_email",
            "text",
            "Hash of that user's e-mail address; the address itself under `keep_emails`.",
            ("trigger.by.email", "triggered_by.email", "triggered_by_email"),
        ),
        Column(
            "eval_example_id",
            "text",
            "Example of the dataset that it was run with; workflows only.",
            ("eval.example_id", "example_id", "eval_example_id"),
        ),
        Column(
            "eval_example",
            "text",
            "Name of that example.",
            ("eval.example", "eval_example", "example_name", "example"),
        ),
        Column("eval_score", "double", "Weighted score of its evaluators.", ("eval.score", "eval_score")),
        Column(
            "eval_passed",
            "bool",
            "Whether its evaluators let it pass; null if there are none, or not yet.",
            ("eval.passed", "eval_passed"),
        ),
        Column("error", "text", "Why it failed.", ("error", "error.message", "error_message")),
        Column(
            "schema_valid",
            "bool",
            "Whether its output fits the schema.",
            ("execution.schema_valid", "schema_valid"),
        ),
        Column(
            "experiment_id",
            "text",
            "Experiment that it belongs to; null for production runs.",
            ("execution.batch_id", "batch_id", "experiment_id"),
        ),
        Column(
            "retry_number",
            "bigint",
            "How often it was tried before; 0 for an original.",
            ("execution.retry.number", "retry.number", "retry_number", "retry_count"),
        ),
        Column(
            "previous_run_id",
            "text",
            "Run that it tries again.",
            ("execution.retry.previous_run_id", "retry.previous_run_id", "previous_run_id"),
        ),
        Column(
            "next_run_id",
            "text",
            "Run that tries it again.",
            ("execution.retry.next_run.id", "retry.next_run.id", "next_run_id"),
        ),
        Column(
            "next_run_status",
            "text",
            "Status of that run at the time of reading.",
            ("execution.retry.next_run.status", "retry.next_run.status", "next_run_status"),
        ),
        Column(
            "parent_run_id",
            "text",
            "Run that started it.",
            ("parent_execution_id", "parent_run_id"),
        ),
        Column(
            "review_verdict",
            "text",
            "What people say of it: `correct` or `incorrect`; null without a review, also if it was deleted.",
            ("execution.review.verdict", "review.verdict", "review_verdict", "feedback_verdict"),
        ),
        Column(
            "review_status",
            "text",
            "`open`, `closed` or `wont_fix`; null without a review.",
            ("execution.review.status", "review.status", "review_status", "feedback_status"),
        ),
        Column(
            "review_has_note",
            "bool",
            "Whether the review has a note.",
            ("execution.review.has_note", "review.has_note", "review_has_note"),
        ),
        Column(
            "review_correction_count",
            "bigint",
            "Corrections of fields and files.",
            ("execution.review.correction_count", "review.correction_count", "review_correction_count"),
        ),
        Column(
            "human_review_status",
            "text",
            "Status of what a waiting run waits for.",
            ("execution.human_review.status", "human_review.status"),
        ),
        Column("input_tokens", "bigint", "Tokens read by models.", ("usage.tokens.input",)),
        Column("output_tokens", "bigint", "Tokens written by models.", ("usage.tokens.output",)),
        Column("cache_read_tokens", "bigint", "Tokens read from caches.", ("usage.tokens.cache_read",)),
        Column("cache_write_tokens", "bigint", "Tokens written to caches.", ("usage.tokens.cache_write",)),
        Column(
            "credits_charged",
            "money",
            "Credits that the run cost; null for old runs, and where the platform does not say it.",
            ("usage.credits_charged", "credits_charged"),
        ),
        Column("usage_duration_ms", "duration", "Duration that counts as usage.", ("usage.duration_ms",)),
        Column("llm_call_count", "bigint", "Calls of models; workflows only.", ("usage.llm_call_count",)),
        Column(
            "ocr_pages_processed", "bigint", "Pages read; workflows only.", ("usage.ocr_pages_processed",)
        ),
        Column("agent_turns", "bigint", "Turns; agents only.", ("usage.agent_turns",)),
        Column("sample_rank", "double", "A number from 0 to 1 that stays with the run.", ("sample_rank",)),
        Column("tags", "json", "Tags, as sent.", ("tags",)),
        Column("output", "json", "What it has put out, as sent.", ("output",)),
        Column(
            "files", "json", "Files that it has put out, as sent: their names, not their content.", ("files",)
        ),
    ),
    endpoint="runs",
    dated_by="created_at",
    watched=(
        "status",
        "finished",
        "ended_at",
        "cancel_requested_at",
        "error",
        "schema_valid",
        "eval_score",
        "eval_passed",
        "review_verdict",
        "review_status",
        "review_has_note",
        "review_correction_count",
        "human_review_status",
        "next_run_id",
        "next_run_status",
    ),
    watched_in_detail=True,
    elsewhere=("execution.steps", "steps", "execution.review", "review"),
)

SCORES = Table(
    "scores",
    "One row per run and evaluator: what an evaluator says of a run, in the API's order.",
    ("run_id", "score_index"),
    (
        Column("run_id", "text", "The run.", derived=True),
        Column("score_index", "bigint", "Position among the run's scores, from 0.", derived=True),
        Column("score_id", "text", "Id of the score.", ("id", "score_id")),
        Column("automation_id", "text", "Workflow or agent that was run.", ("automation_id", "workflow_id")),
        Column("evaluator_name", "text", "Name of the evaluator.", ("evaluator_name", "name")),
        Column("evaluator_type", "text", "Kind of the evaluator.", ("evaluator_type", "type")),
        Column("score", "double", "What it gives, from 0 to 1 as a rule.", ("score",)),
        Column("passed", "bool", "Whether that is enough.", ("passed",)),
        Column("label", "text", "What it gives, in a word.", ("label",)),
        Column("weight", "double", "Weight in the run's score.", ("weight",)),
        Column(
            "pass_threshold", "double", "Score from which on it is enough.", ("pass_threshold", "threshold")
        ),
        Column("description", "text", "What the evaluator looks at.", ("description",)),
        Column("details", "json", "What it found, as sent.", ("details",)),
        Column("error", "text", "Why there is no score.", ("error", "error.message")),
        Column("created_at", "timestamp", "When it was given.", ("created_at",)),
    ),
    replaces_by="run_id",
    endpoint="scores",
)

STEPS = Table(
    "steps",
    "One row per run and step of its workflow, in the API's order.",
    ("run_id", "step_index"),
    (
        Column("run_id", "text", "The run.", derived=True),
        Column("step_index", "bigint", "Position in the run, from 0.", derived=True),
        Column("step_id", "text", "Id of the step in this run.", ("id", "step_id")),
        Column("step_name", "text", "Name of the step in the workflow.", ("step_name", "name")),
        Column("step_type", "text", "Kind of the step.", ("step_type", "type")),
        Column("step_action", "text", "What it does.", ("step_action", "action")),
        Column("step_path", "text", "Where it stands in the workflow.", ("step_path", "path")),
        Column("scope_hash", "text", "Which turn of a loop it belongs to.", ("scope_hash",)),
        Column(
            "execution_order", "bigint", "The platform's own count of steps.", ("execution_order", "order")
        ),
        Column("step_attempt", "bigint", "Number of the attempt, from 1.", ("step_attempt", "attempt")),
        Column("is_latest_attempt", "bool", "Whether no later attempt is there.", ("latest_attempt",)),
        Column(
            "status",
            "text",
            "`pending`, `running`, `success`, `failure`, `waiting` or `skipped`.",
            ("status", "state"),
        ),
        Column("error", "text", "Why it failed.", ("error", "error.message")),
        Column("duration_ms", "duration", "Duration in milliseconds.", ("duration_ms",)),
        Column("started_at", "timestamp", "Start of the step.", ("started_at",)),
        Column("ended_at", "timestamp", "End of the step.", ("completed_at", "ended_at")),
        Column("input_data", "json", "What it was given, as sent.", ("input_data", "input")),
        Column("output_data", "json", "What it has put out, as sent.", ("output_data", "output")),
        Column(
            "resolved_config", "json", "Its settings in this run, as sent.", ("resolved_config", "config")
        ),
    ),
    replaces_by="run_id",
    endpoint="steps",
)

TRACE_EVENTS = Table(
    "trace_events",
    "One row per entry of a run's trace: phases, steps, turns of an agent; in the API's order.",
    ("run_id", "event_index"),
    (
        Column("run_id", "text", "The run.", derived=True),
        Column("event_index", "bigint", "Position in the trace, from 0: entries have no id.", derived=True),
        Column("type", "text", "Kind of the entry.", ("type", "kind")),
        Column("phase", "text", "Phase of the run that it speaks of.", ("phase",)),
        Column("step_name", "text", "Step that it speaks of.", ("step_name", "step")),
        Column("status", "text", "Status, as the platform words it.", ("status",)),
        Column("started_at", "timestamp", "Start.", ("started_at", "timestamp")),
        Column("ended_at", "timestamp", "End.", ("completed_at", "ended_at")),
        Column("message", "text", "What it says.", ("message",)),
    ),
    replaces_by="run_id",
    endpoint="trace",
)

REVIEWS = Table(
    "reviews",
    "One row per run that people have reviewed: what was last seen of its review. A review that was deleted "
    "stays; `runs.review_status` is null then.",
    ("run_id",),
    (
        Column("run_id", "text", "The run.", derived=True),
        Column("review_id", "text", "Id of the review.", ("id", "review_id")),
        Column("verdict", "text", "`correct`, `incorrect`, or null.", ("verdict",)),
        Column("status", "text", "`open`, `closed` or `wont_fix`.", ("status",)),
        Column("note", "text", "What the reviewer wrote.", ("note", "comment")),
        Column(
            "corrected_output", "json", "What the run should have put out, as sent.", ("corrected_output",)
        ),
        Column("correction_count", "bigint", "Corrections of the review.", derived=True),
        Column("reviewed_by_id", "text", "User who reviewed last.", ("reviewed_by.id", "reviewed_by")),
        Column(
            "reviewed_by_email",
            "text",
            "Hash of that user's e-mail address; the address itself under `keep_emails`.",
            ("reviewed_by_email", "reviewed_by.email"),
        ),
        Column("reviewed_at", "timestamp", "When that was.", ("reviewed_at",)),
        Column("closed_by_id", "text", "User who closed it.", ("closed_by.id", "closed_by")),
        Column(
            "closed_by_email",
            "text",
            "Hash of that user's e-mail address; the address itself under `keep_emails`.",
            ("closed_by_email", "closed_by.email"),
        ),
        Column("closed_at", "timestamp", "When it was closed.", ("closed_at",)),
        Column("closed_note", "text", "What was written then.", ("closed_note",)),
        Column("created_at", "timestamp", "When the review was begun.", ("created_at",)),
        Column("updated_at", "timestamp", "When it last changed.", ("updated_at",)),
    ),
    endpoint="reviews",
)

REVIEW_CORRECTIONS = Table(
    "review_corrections",
    "One row per correction of a field or file by a reviewer, in the API's order. Those at or beyond "
    "`runs.review_correction_count` are no longer part of the review.",
    ("run_id", "correction_index"),
    (
        Column("run_id", "text", "The run.", derived=True),
        Column("correction_index", "bigint", "Position in the review, from 0.", derived=True),
        Column("correction_id", "text", "Id of the correction.", ("id", "correction_id")),
        Column("kind", "text", "`field` or `file`.", ("kind", "type")),
        Column("path", "text", "Field or file that was wrong.", ("path",)),
        Column("label", "text", "Its name for people.", ("label",)),
        Column("original_value", "json", "What the run said, as sent.", ("original_value",)),
        Column("corrected_value", "json", "What it should have said, as sent.", ("corrected_value",)),
        Column("note", "text", "What the reviewer wrote.", ("note", "comment")),
        Column("corrected_artifact_path", "text", "Where the right file is.", ("corrected_artifact_path",)),
        Column("created_at", "timestamp", "When it was made.", ("created_at",)),
        Column("updated_at", "timestamp", "When it last changed.", ("updated_at",)),
    ),
    replaces_by="run_id",
    endpoint="reviews",
)

AUTOMATIONS = Table(
    "automations",
    "One row per workflow or agent that was ever seen, deleted ones included.",
    ("automation_id",),
    (
        Column("automation_id", "text", "Id of the workflow or agent.", ("id", "automation_id")),
        Column("type", "text", "`workflow` or `agent`.", ("type", "kind")),
        Column("slug", "text", "Its name in addresses.", ("slug",)),
        Column("name", "text", "Its name.", ("name",)),
        Column("description", "text", "What it does.", ("description",)),
        Column("status", "text", "Status, as the platform words it.", ("status",)),
        Column("version", "text", "Number of the version that runs now; workflows only.", ("version",)),
        Column("triggers", "json", "What may start it, as sent.", ("triggers",)),
        Column(
            "implementation_available",
            "bool",
            "False when it is registered, and there is nothing to run.",
            ("implementation_available",),
        ),
        Column("folder_path", "text", "Folder that it is in.", ("folder_path",)),
        Column("input_schema", "json", "What it takes, as sent.", ("input_schema",)),
        Column("output_schema", "json", "What it puts out, as sent.", ("output_schema",)),
        Column("created_at", "timestamp", "When it was made.", ("created_at",)),
        Column("updated_at", "timestamp", "When it last changed.", ("updated_at",)),
        Column("first_seen_at", "timestamp", "When runmart saw it first.", derived=True),
        Column(
            "last_seen_at",
            "timestamp",
            "When the list of automations showed it last, to a day; null if it never did.",
            derived=True,
        ),
    ),
)

AUTOMATION_VERSIONS = Table(
    "automation_versions",
    "One row per version of a workflow or agent that was ever seen.",
    ("automation_id", "version_id"),
    (
        Column("automation_id", "text", "The workflow or agent.", derived=True),
        Column("version_id", "text", "Id of the version.", ("id", "version_id")),
        Column("version", "text", "Its number; workflows only.", ("version",)),
        Column("source_ref", "text", "Commit that it was made from.", ("source_ref",)),
        Column("is_current", "bool", "Whether it runs now.", ("is_current",)),
        Column("created_at", "timestamp", "When it was made.", ("created_at",)),
    ),
)

EXPERIMENTS = Table(
    "experiments",
    "One row per experiment: a batch of runs of one dataset.",
    ("automation_id", "experiment_id"),
    (
        Column("automation_id", "text", "Workflow or agent that was run.", derived=True),
        Column(
            "experiment_id", "text", "Id of the experiment; its runs have it too.", ("id", "experiment_id")
        ),
        Column("automation_type", "text", "`workflow` or `agent`.", ("automation_type",)),
        Column("status", "text", "`queued`, `running` or `completed`.", ("status",)),
        Column("run_count", "bigint", "Its runs.", ("run_count",)),
        Column("completed_count", "bigint", "Those that are completed.", ("completed_count",)),
        Column("passed_count", "bigint", "Those that evaluators let pass.", ("passed_count",)),
        Column("failed_count", "bigint", "Those that they do not.", ("failed_count",)),
        Column("avg_score", "double", "Mean of their scores, by the platform.", ("avg_score",)),
        Column("version", "text", "Version that was run; workflows only.", ("version",)),
        Column("created_at", "timestamp", "When it was begun.", ("created_at",)),
        Column("ended_at", "timestamp", "When its last run ended.", ("completed_at", "ended_at")),
    ),
)

EXAMPLES = Table(
    "examples",
    "One row per example of a dataset that was ever seen.",
    ("automation_id", "example_id"),
    (
        Column("automation_id", "text", "Workflow or agent whose dataset it is in.", derived=True),
        Column("example_id", "text", "Id of the example.", ("id", "example_id")),
        Column("automation_type", "text", "`workflow` or `agent`.", ("automation_type",)),
        Column("name", "text", "Its name.", ("name",)),
        Column("input", "json", "What a run is given, as sent.", ("input",)),
        Column("expected", "json", "What it should put out, as sent.", ("expected",)),
        Column("expected_files", "json", "Files that it should put out, as sent.", ("expected_files",)),
        Column("metadata", "json", "What its owner says of it, as sent.", ("metadata",)),
        Column("annotation", "text", "A note.", ("annotation",)),
        Column("row_order", "double", "Its place in the dataset.", ("row_order",)),
        Column("overrides", "json", "Settings of its runs, as sent.", ("overrides",)),
        Column("latest_run_id", "text", "Its newest run.", ("latest_run_id",)),
        Column("created_at", "timestamp", "When it was made.", ("created_at",)),
        Column("updated_at", "timestamp", "When it last changed.", ("updated_at",)),
    ),
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        RUNS,
        SCORES,
        STEPS,
        TRACE_EVENTS,
        REVIEWS,
        REVIEW_CORRECTIONS,
        AUTOMATIONS,
        AUTOMATION_VERSIONS,
        EXPERIMENTS,
        EXAMPLES,
        FETCH_ERRORS,
        SYNC_LOG,
    )
}
"""The twelve tables of the `eigenpal` schema, by name."""

OFF_BY_DEFAULT = frozenset({"trace_events"})
"""Tables that are loaded only when they are asked for."""
