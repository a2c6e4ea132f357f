"""B3OS's raw tables, and every name under which its API may send a field.

Documented are the fields of a run (docs.b3os.org/api/reference/get-v1-workflows-id-runs and
get-v1-runs-id-); those of nodes and workflows are known from the vendor's public client (b3-fun/b3os). None
is said to be always there.
"""

from __future__ import annotations

from sources.common.tables import FETCH_ERRORS, SYNC_LOG, Column, Table

STARTED_AT = Column("started_at", "timestamp", "Start of the run.", ("started_at", "start_time"))
ENDED_AT = Column(
    "ended_at",
    "timestamp",
    "End of the run; null while it goes on.",
    ("finished_at", "ended_at", "completed_at", "end_time"),
)
COST = Column(
    "cost",
    "money",
    "Compute units that the run took, which are not money; null when they are not told.",
    ("total_cu", "total_compute_units"),
)
TRIGGER_SOURCE = Column("trigger_source", "text", "What started the run.")

RUNS = Table(
    "runs",
    "One row per run of a workflow, in its latest known state.",
    ("run_id",),
    (
        Column("run_id", "text", "Id of the run.", ("id", "run_id")),
        Column("workflow_id", "text", "Workflow that was run.", ("workflow_id", "workflow.id")),
        Column("workflow_version", "bigint", "Number of the workflow's version that was run."),
        Column("status", "text", "Status, as the platform words it."),
        STARTED_AT,
        ENDED_AT,
        Column(
            "duration_ms",
            "duration",
            "Duration in milliseconds, waiting included; taken from start and end when it is not told.",
            ("duration_ms", "duration"),
        ),
        COST,
        TRIGGER_SOURCE,
        Column(
            "triggered_by",
            "text",
            "Who or what started the run, as the platform names it; an e-mail address is hashed unless the "
            "setting keep_emails says otherwise.",
        ),
        Column(
            "error",
            "text",
            "What the first failed node of a failed run says; the platform has no error of a run.",
            ("error", "error.message"),
        ),
        Column("source_run_id", "text", "The failed run that this one tries again; null for other runs."),
        Column("is_simulation", "bool", "Whether the run only simulated what it would do."),
        Column("is_dust_test", "bool", "Whether the run was a test with the smallest of amounts."),
        Column("simulation_mode", "text", "How it was simulated."),
        Column("organization_id", "text", "Organisation that the run belongs to."),
        Column("prop_values", "json", "What the workflow's properties were set to."),
        Column("simulation_forks", "json", "The forked chains of a simulation."),
        Column("workflow_definition", "json", "The definition of the workflow that was run."),
    ),
    endpoint="runs",
    watched=("status", "ended_at", "cost"),
    elsewhere=("execution_state",),
)

NODE_EXECUTIONS = Table(
    "node_executions",
    "One row per node of a run: what a step of the workflow was given, and what came of it.",
    ("run_id", "node_id"),
    (
        Column("run_id", "text", "The run.", derived=True),
        Column("node_id", "text", "Id of the node in its workflow; `root` is the trigger.", derived=True),
        Column("node_index", "bigint", "Position of the node in the answer, from 0.", derived=True),
        Column("type", "text", "The block that the node carries out.", ("type", "node_type")),
        Column("status", "text", "Status, as the platform words it."),
        Column("input", "json", "What the node was given."),
        Column("result", "json", "What the node gave.", ("result", "output")),
        Column(
            "error",
            "text",
            "What a failed node says of its failure; the platform has no other text of an error.",
            derived=True,
        ),
        Column("started_at", "timestamp", "Start of the node; null when it was not carried out."),
        Column(
            "ended_at",
            "timestamp",
            "End of the node; null while it goes on.",
            ("finished_at", "ended_at", "completed_at"),
        ),
        Column(
            "duration_ms",
            "duration",
            "Duration in milliseconds, waiting included; taken from start and end when it is not told.",
            ("duration_ms", "duration"),
        ),
    ),
    replaces_by="run_id",
    endpoint="node_executions",
)

WORKFLOWS = Table(
    "workflows",
    "One row per workflow that was ever listed, in its latest known state.",
    ("workflow_id",),
    (
        Column("workflow_id", "text", "Id of the workflow.", ("id", "workflow_id")),
        Column("version", "bigint", "Number of its current version."),
        Column("organization_id", "text", "Organisation that it belongs to."),
        Column("name", "text", "Name of the workflow.", ("name", "title")),
        Column("description", "text", "Description of the workflow."),
        Column("status", "text", "Status, as the platform words it: draft, active, paused or archived."),
        Column("type", "text", "Kind of the workflow."),
        Column("definition", "json", "Its nodes."),
        Column("max_runs", "bigint", "Most runs that it may make."),
        Column("remain_runs", "bigint", "Runs that it may still make."),
        Column("cooldown_ms", "bigint", "Least time between two runs, in milliseconds."),
        Column("last_triggered_at", "timestamp", "When it was last started."),
        Column("created_by", "text", "Who made it; an e-mail address is hashed as in `runs`."),
        Column("created_at", "timestamp", "When it was made."),
        Column("updated_by", "text", "Who changed it last; an e-mail address is hashed as in `runs`."),
        Column("updated_at", "timestamp", "When it was last changed."),
        Column("has_draft", "bool", "Whether there are changes that are not in force."),
        Column("has_live_version", "bool", "Whether a version is in force."),
        Column(
            "is_archived",
            "bool",
            "Whether it is archived: it says so itself, or the list does not show it any more.",
            derived=True,
        ),
        Column("first_seen_at", "timestamp", "When a sync first saw it.", derived=True),
        Column(
            "last_seen_at",
            "timestamp",
            "When a sync last saw it in the list; brought up to date once a day.",
            derived=True,
        ),
    ),
)

CU_USAGE = Table(
    "cu_usage",
    "One row per run in the organisation's account of compute units.",
    ("organization_id", "run_id"),
    (
        Column("organization_id", "text", "Organisation that pays.", derived=True),
        Column("run_id", "text", "The run.", ("run_id", "id")),
        Column("workflow_id", "text", "Workflow that was run.", ("workflow_id", "workflow.id")),
        Column("status", "text", "Status of the run when the account was read."),
        STARTED_AT,
        ENDED_AT,
        COST,
        TRIGGER_SOURCE,
    ),
)

TABLES = {table.name: table for table in (RUNS, NODE_EXECUTIONS, WORKFLOWS, CU_USAGE, FETCH_ERRORS, SYNC_LOG)}
"""The raw tables, by name."""

OFF_BY_DEFAULT: frozenset[str] = frozenset()
"""Tables that are loaded only when they are asked for."""
