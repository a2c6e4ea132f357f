"""Runflow's API: one run and its children, read into rows."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sources.common.address import path_of
from sources.common.lists import list_inside
from sources.common.payload import member
from sources.common.records import fill_duration, read_record, unidentified
from sources.runflow.batches import Batches
from sources.runflow.catalog import Catalog
from sources.runflow.client import Client
from sources.runflow.paging import RunflowRuns, told
from sources.runflow.tables import (
    EVALUATION_ISSUES,
    EVALUATION_JUDGES,
    EVALUATIONS,
    LOGS,
    NODE_RUNS,
    TABLES,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from sources.common.http import Api
    from sources.common.payload import Json
    from sources.common.platform import PlatformOptions, Rows
    from sources.common.records import Row

    Reading = Callable[[str, dict[str, Json] | None], Coroutine[Any, Any, Rows]]

FAILED_STATUSES = frozenset(
    {
        "failed",
        "failure",
        "errored",
        "error",
        "canceled",
        "cancelled",
        "aborted",
        "timed_out",
        "timeout",
        "expired",
        "rejected",
        "skipped",
    }
)
"""Ended without a result: there is nothing to evaluate, and nothing is billed."""

FINAL_STATUSES = FAILED_STATUSES | {
    "succeeded",
    "success",
    "partial_succeeded",
    "partially_succeeded",
    "completed",
    "complete",
    "done",
    "finished",
}

RUNNING_STATUSES = frozenset(
    {
        "queued",
        "dispatching",
        "dispatched",
        "running",
        "pending",
        "created",
        "submitted",
        "scheduled",
        "starting",
        "started",
        "in_progress",
        "processing",
        "evaluating",
        "retrying",
        "waiting",
        "paused",
        "canceling",
        "cancelling",
    }
)
"""The same words serve runs, batches and evaluations."""


def runflow(api: Api, options: PlatformOptions) -> Runflow:
    """The API as an account's settings want it read."""
    wait = options.settings["evaluation_wait_hours"]
    return Runflow(api, workflow=options.workflow, evaluation_wait=timedelta(hours=wait))


class Runflow(Catalog):
    """See `sources.common.platform.Platform`.

    Args:
        workflow: read the runs of this flow (or ComfyUI workflow, or model) only.
        evaluation_wait: how long after a run's end its evaluation is asked for.
    """

    tables = TABLES
    final_statuses = FINAL_STATUSES
    running_statuses = RUNNING_STATUSES
    reads_details = False

    def __init__(
        self,
        api: Api,
        *,
        workflow: str | None = None,
        evaluation_wait: timedelta = timedelta(hours=48),
    ) -> None:
        super().__init__(Client(api))
        self._evaluation_wait = evaluation_wait
        self.run_list = RunflowRuns(self._client, self.missing, workflow)
        self._batches = Batches(self._client, RUNNING_STATUSES)
        self._children: dict[str, Reading] = {
            "node_runs": self._node_runs,
            "logs": self._logs,
            "evaluations": self._evaluations,
            "batches": self._batch,
        }

    async def run(self, run_id: str) -> dict[str, Json]:
        return told(await self._client.one(path_of("runs", run_id), "run", with_evaluation=True))

    async def children(self, endpoint: str, run_id: str, run: dict[str, Json] | None) -> Rows:
        return await self._children[endpoint](run_id, run)

    def waits(self, row: Row) -> Mapping[str, timedelta]:
        waits: dict[str, timedelta] = {}
        if not _has_failed(row):
            waits["evaluations"] = self._evaluation_wait
        batch_id = row["batch_id"]
        if batch_id is not None and (row["ended_at"] is None or self._batches.is_open(batch_id)):
            waits["batches"] = self._evaluation_wait
        return waits

    def is_expected(self, row: Row, endpoint: str) -> bool:
        # Every run of a ComfyUI workflow is evaluated by itself; others when somebody wants it.
        return endpoint == "evaluations" and row["comfyui_workflow_id"] is not None

    async def _node_runs(self, run_id: str, run: dict[str, Json] | None) -> Rows:
        if run is not None and member(run, "has_node_runs") is False:
            return {}
        rows = []
        records = await self._client.rows(path_of("runs", run_id, "node-runs"), NODE_RUNS.name)
        for index, record in enumerate(records):
            row = read_record(NODE_RUNS, record, run_id=run_id, node_run_index=index)
            row["node_run_id"] = row["node_run_id"] or unidentified(record)
            fill_duration(row)
            rows.append(row)
        return {NODE_RUNS.name: rows}

    async def _logs(self, run_id: str, run: dict[str, Json] | None) -> Rows:
        if run is not None and member(run, "has_logs") is False:
            return {}
        rows = []
        for index, record in enumerate(await self._client.rows(path_of("runs", run_id, "logs"), LOGS.name)):
            if record.get("run", ...) is None:
                del record["run"]  # a relation that nobody asked for
            row = read_record(LOGS, record, run_id=run_id, log_index=index)
            row["log_id"] = row["log_id"] or unidentified(record)
            rows.append(row)
        return {LOGS.name: rows}

    async def _evaluations(self, run_id: str, _run: dict[str, Json] | None) -> Rows:
        """All evaluations of a run; none while its only ones are under way."""
        evaluations: list[Row] = []
        judges: list[Row] = []
        issues: list[Row] = []
        for record in await self._client.rows(path_of("runs", run_id, "evaluations"), EVALUATIONS.name):
            found, rest = list_inside(record, ("judges",))
            row = read_record(EVALUATIONS, rest, run_id=run_id)
            row["evaluation_id"] = row["evaluation_id"] or unidentified(rest)
            evaluations.append(row)
            for index, judge in enumerate(found):
                place = {"run_id": run_id, "evaluation_id": row["evaluation_id"], "judge_index": index}
                detected, judge_alone = list_inside(judge, ("detected_issues",))
                judges.append(read_record(EVALUATION_JUDGES, judge_alone, **place))
                category = judges[-1]["category"]
                issues += [
                    read_record(EVALUATION_ISSUES, issue, **place, issue_index=number, category=category)
                    for number, issue in enumerate(detected)
                ]
        if all(map(_is_under_way, evaluations)):
            return {}
        return {EVALUATIONS.name: evaluations, EVALUATION_JUDGES.name: judges, EVALUATION_ISSUES.name: issues}

    async def _batch(self, run_id: str, run: dict[str, Json] | None) -> Rows:
        batch_id = member(run if run is not None else await self.run(run_id), "batch_id")
        if batch_id is None and run is None:
            # Nothing but a question whether batches may be read: there is none with a run's id.
            batch_id = run_id
        return {} if batch_id is None else await self._batches.rows(str(batch_id), is_alone=run is None)


def _has_failed(row: Row) -> bool:
    """Whether a run has ended without a result; platforms that hide the status tell why it failed."""
    status = str(row["status"] or "").strip().lower()
    return status in FAILED_STATUSES if status else row["failure_code"] is not None


def _is_under_way(evaluation: Row) -> bool:
    if evaluation["overall_passed"] is not None or evaluation["superseded_at"] is not None:
        return False
    status = str(evaluation["status"] or "").strip().lower()
    return status in RUNNING_STATUSES if status else evaluation["completed_at"] is None
