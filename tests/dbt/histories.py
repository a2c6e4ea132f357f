"""Run histories whose outcomes are known, as raw Armature tables."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

SYNCED_AT = datetime(2026, 3, 31, 12, tzinfo=UTC)
"""When the histories were read last: the end of every period."""


@dataclass
class History:
    """Raw tables, with the outcome that each run and each criterion has in truth."""

    runs: list[dict[str, Any]] = field(default_factory=list)
    outcomes: dict[str, str] = field(default_factory=dict)
    evaluations: list[dict[str, Any]] = field(default_factory=list)
    evaluation_criteria: list[dict[str, Any]] = field(default_factory=list)
    criterion_outcomes: dict[tuple[str, int], str] = field(default_factory=dict)
    tool_calls: list[dict[str, Any]] = field(default_factory=list)
    trace_spans: list[dict[str, Any]] = field(default_factory=list)
    workflows: list[dict[str, Any]] = field(default_factory=list)
    workflow_criteria: list[dict[str, Any]] = field(default_factory=list)
    mcp_servers: list[dict[str, Any]] = field(default_factory=list)
    fetch_errors: list[dict[str, Any]] = field(default_factory=list)
    sync_log: list[dict[str, Any]] = field(default_factory=list)

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        return {
            name: [{"_extracted_at": SYNCED_AT - timedelta(minutes=5), **row} for row in rows]
            for name, rows in vars(self).items()
            if not name.endswith("outcomes")
        }

    def run(self, outcome: str, **columns: object) -> str:
        """Adds a run that has this outcome; what is not said of it is plausible."""
        run_id = columns.pop("run_id", f"run-{len(self.runs):05}")
        evaluation = columns.pop("evaluation", None)
        started_at = columns.get("started_at", SYNCED_AT - timedelta(hours=3))
        usual = {
            "workflow_id": "wf-a",
            "workflow_name": "Workflow A",
            "model": "edge",
            "status": "pass",
            "started_at": started_at,
            "ended_at": started_at + timedelta(minutes=1) if started_at else None,
            "duration_ms": 60_000,
            "cost": Decimal("0.25"),
        }
        self.runs.append({"run_id": run_id, **usual, **columns})
        self.outcomes[run_id] = outcome
        if evaluation:
            self.evaluations.append({"run_id": run_id, "evaluation_id": f"ev-{run_id}", **evaluation})
        return run_id

    def criterion(self, outcome: str, run_id: str, **columns: object) -> None:
        index = sum(row["run_id"] == run_id for row in self.evaluation_criteria)
        self.evaluation_criteria.append({"run_id": run_id, "criterion_index": index, **columns})
        self.criterion_outcomes[run_id, index] = outcome

    def call(self, run_id: str, **columns: object) -> None:
        index = sum(row["run_id"] == run_id for row in self.tool_calls)
        self.tool_calls.append({"run_id": run_id, "call_index": index, "tool_call_id": "call_1", **columns})


STATUSES = {
    "pass": "passed",
    "partial": "partial",
    "fail": "failed",
    "error": "errored",
    "running": "running",
}


def benchmark() -> History:
    """39 models on 4 workflows, 4 repeats each, over 40 days, as a public benchmark would be.

    model-36 has no cost anywhere, model-37 never passes and costs nothing, model-38 ran once per workflow.
    """
    history = History()
    chance = random.Random(20260331)  # noqa: S311
    weights = [0.45, 0.1, 0.3, 0.1, 0.05]
    for number in range(39):
        for workflow in range(4):
            for _ in range(1 if number == 38 else 4):
                status = "fail" if number == 37 else chance.choices(list(STATUSES), weights)[0]
                started_at = SYNCED_AT - timedelta(seconds=chance.randrange(40 * 86_400))
                has_cost = number != 36 and chance.random() > 0.2
                cost = Decimal(0) if number == 37 else Decimal(chance.randrange(10_000_000)) / 10**7
                run_id = history.run(
                    STATUSES[status],
                    model=f"model-{number:02}",
                    workflow_id=f"wf-{workflow}",
                    workflow_name=f"Workflow {workflow}",
                    status=status,
                    started_at=started_at,
                    ended_at=None if status == "running" else started_at + timedelta(seconds=90),
                    duration_ms=None if status == "running" else chance.randrange(1_000, 900_000),
                    cost=cost if has_cost else None,
                )
                for _ in range(chance.randrange(4)):
                    history.call(
                        run_id,
                        tool_name=chance.choice(["search", "fetch", "write"]),
                        arguments='{"q": "x"}',
                        result="[]",
                        is_error=chance.choice([True, False, False, None]),
                        duration_ms=chance.randrange(2_000),
                        called_at=started_at,
                    )
    return history


def edges() -> History:
    """What can be odd about a run, a criterion or a call: one of each."""
    history = History()
    status_wins = {"evaluation": {"verdict": "fail"}}
    history.run("passed", run_id="passes-with-an-error", error="the tool timed out once")
    history.run("passed", run_id="status-against-verdict", **status_wins)
    history.run("failed", run_id="run-verdict-is-not-asked", status="FAIL", verdict="pass")
    history.run("partial", run_id="partial", status="Partial")
    for word in ("passed", "success", "succeeded"):
        history.run("passed", run_id=f"word-{word}", status=word)
    for word in ("failed", "failure"):
        history.run("failed", run_id=f"word-{word}", status=word)
    for word in ("error", "errored", "timed_out", "timeout", "evaluator_not_started", "Timed Out"):
        history.run("errored", run_id=f"word-{word}", status=word)
    for word in ("cancelled", "canceled"):
        history.run("cancelled", run_id=f"word-{word}", status=word)
    for word in ("pending", "running", "queued", "in-progress"):
        history.run("running", run_id=f"word-{word}", status=word, ended_at=None, duration_ms=None, cost=None)
    history.run("running", run_id="verdict-too-early", status="running", verdict="pass", ended_at=None)
    history.run("passed", run_id="neutral-evaluation", status="completed", evaluation={"verdict": "Pass"})
    history.run("failed", run_id="neutral-run-verdict", status="finished", verdict="failure")
    history.run(
        "partial",
        run_id="neutral-evaluation-first",
        status="done",
        verdict="pass",
        evaluation={"verdict": "partial", "score": 0.5, "judge_model": "judge-1"},
    )
    history.run("unscored", run_id="neutral-without-verdict", status="completed")
    history.run(
        "unscored", run_id="neutral-undecided", status="completed", evaluation={"verdict": "inconclusive"}
    )
    history.run("unscored", run_id="neutral-judge-broke", status="completed", evaluation={"verdict": "error"})
    history.run("unknown", run_id="unheard-of", status="quantum", verdict="pass")
    history.run("unknown", run_id="no-status", status=None)
    history.run("unknown", run_id="blank-status", status=" ")
    history.run("failed", run_id="no-status-but-verdict", status=None, verdict="fail")
    history.run("passed", run_id="no-times", started_at=None, ended_at=None, duration_ms=None)
    history.run("failed", run_id="no-start", status="fail", started_at=None, ended_at=SYNCED_AT)
    history.run(
        "passed",
        run_id="ends-before-start",
        ended_at=SYNCED_AT - timedelta(hours=4),
        duration_ms=-3_600_000,
    )
    history.run(
        "passed",
        run_id="unsaid-duration",
        ended_at=SYNCED_AT - timedelta(hours=3) + timedelta(seconds=1, microseconds=1_999),
        duration_ms=None,
    )
    history.run("passed", run_id="after-the-sync", started_at=SYNCED_AT + timedelta(seconds=5))
    history.run("passed", run_id="no-model", model=None)
    history.run("failed", run_id="blank-model", model="  ", status="fail")
    history.run("passed", run_id="no-workflow", workflow_id=None, workflow_name=None)
    history.run("passed", run_id="archived-workflow", workflow_id="wf-gone", workflow_name="Gone")
    history.run("passed", run_id="free", cost=Decimal(0))
    history.run("passed", run_id="no-cost", cost=None)

    judged = history.run("passed", run_id="judged", evaluation={"verdict": "pass"})
    history.criterion("passed", judged, criterion_text="a", status="pass", is_required=True)
    history.criterion("partial", judged, criterion_text="b", status="partial")
    history.criterion("failed", judged, criterion_text="c", status="fail")
    history.criterion("passed", judged, criterion_text="d", passed=True)
    history.criterion("failed", judged, criterion_text="e", passed=False)
    history.criterion("partial", judged, criterion_text="f", passed=False, status="partial")
    history.criterion("passed", judged, criterion_text="g", passed=True, status="fail")
    history.criterion("unscored", judged, criterion_text="h", status="skipped", excerpts='["x"]')
    history.criterion("unscored", judged, criterion_text="i")
    history.criterion("passed", "never-loaded", criterion_text="orphan", status="pass")

    history.call(judged, tool_name="search", is_error=False, duration_ms=10, arguments='{"b": 1, "a": [2]}')
    history.call(judged, tool_name="search", is_error=True, duration_ms=20, result='{"isError": true}')
    history.call(judged, tool_name="fetch", is_error=None, duration_ms=-5)
    history.call(judged, tool_name=None, is_error=True)
    history.call("never-loaded", tool_name="orphaned", is_error=False)

    history.mcp_servers = [{"mcp_server_id": "mcp-1", "name": "Shop", "categories": '["retail"]'}]
    history.workflows = [
        {
            "workflow_id": "wf-a",
            "name": "Workflow A, renamed",
            "mcp_server_id": "mcp-1",
            "is_archived": False,
        },
        {"workflow_id": "wf-idle", "name": "Never run", "mcp_server_id": "mcp-2", "schedule": "null"},
    ]
    history.workflow_criteria = [
        {"workflow_id": "wf-a", "criterion_index": 0, "criterion_text": "a", "is_required": True},
        {"workflow_id": "wf-a", "criterion_index": 1, "criterion_text": "b", "is_required": None},
    ]
    history.trace_spans = [{"run_id": judged, "span_index": 0, "span_id": "s", "attributes": "{}"}]
    history.fetch_errors = [
        {"run_id": "no-model", "endpoint": "evaluation", "status_code": 500, "attempts": 2}
    ]
    history.sync_log = [{"sync_id": "s-1", "chunk": 0, "range": "30d", "finished_at": SYNCED_AT}]
    return history


def known() -> History:
    """One model whose figures are worked out by hand in the tests."""
    history = History()
    for workflow, statuses in {
        "wf-x": ["pass", "pass", "fail", "fail"],
        "wf-y": ["pass", "partial", "error"],
        "wf-z": ["pass"],
    }.items():
        for position, status in enumerate(statuses):
            history.run(
                STATUSES[status],
                run_id=f"{workflow}-{position}",
                model="known",
                workflow_id=workflow,
                status=status,
                started_at=SYNCED_AT - timedelta(days=10 * position),
                duration_ms=1_000 * (1 + position),
                cost=Decimal("0.5") if position < 2 else None,
            )
    return history


def merged(*histories: History) -> History:
    whole = History()
    for number, history in enumerate(histories):
        for name, rows in vars(history).items():
            if isinstance(rows, dict):
                getattr(whole, name).update(rows)
            else:
                getattr(whole, name).extend(rows)
        assert len(whole.outcomes) == len(whole.runs), f"history {number} repeats a run id"
    return whole
