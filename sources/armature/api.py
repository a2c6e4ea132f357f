"""Armature's API: one run and its children, read into rows."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sources.armature.paging import ArmatureRuns
from sources.armature.tables import EVALUATION_CRITERIA, EVALUATIONS, TABLES, TOOL_CALLS, TRACE_SPANS
from sources.armature.workflows import Workflows
from sources.common.address import path_of
from sources.common.errors import NotFoundError
from sources.common.lists import Habit, all_rows, list_inside
from sources.common.payload import member, object_in, rows_in
from sources.common.records import fill_duration, read_record

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from sources.common.http import Api
    from sources.common.payload import Json
    from sources.common.platform import PlatformOptions, Rows
    from sources.common.records import Row

ERROR_STATUSES = frozenset(
    {"error", "errored", "timed_out", "timeout", "evaluator_not_started", "cancelled", "canceled", "aborted"}
)
"""Ended without being judged."""

FINAL_STATUSES = ERROR_STATUSES | {
    "pass",
    "passed",
    "partial",
    "fail",
    "failed",
    "failure",
    "success",
    "succeeded",
    "completed",
    "complete",
    "done",
    "finished",
    "skipped",
}

RUNNING_STATUSES = frozenset(
    {
        "pending",
        "running",
        "queued",
        "created",
        "scheduled",
        "dispatched",
        "starting",
        "started",
        "in_progress",
        "evaluating",
        "judging",
        "waiting",
        "retrying",
    }
)

UNDECIDED = frozenset({"pending", "running", "queued", "in_progress", "evaluating", "not_started"})
"""Verdicts that stand for an evaluation that is not there yet."""

CRITERIA_NAMES = (
    "criteria",
    "criterion_results",
    "criteria_results",
    "evaluation_criteria",
    "per_criterion",
    "per_criterion_results",
    "results",
    "checks",
    "assertions",
    "grades",
    "rows",
    "items",
    "data",
)

SPAN_NAMES = ("spans", "trace", "events", "steps", "rows", "items", "data", "results")


RESULT_FLAGS = tuple(
    f"{path}.is_error"
    for column in TOOL_CALLS.own_columns
    if column.name == "result"
    for path in column.paths
)
"""Where an MCP result has its own flag."""


def armature(api: Api, options: PlatformOptions) -> Armature:
    """The API as an account's settings want it read."""
    wait = options.settings["evaluation_wait_hours"]
    return Armature(api, workflow=options.workflow, evaluation_wait=timedelta(hours=wait))


class Armature(Workflows):
    """See `sources.common.platform.Platform`.

    Args:
        workflow: read the runs of this workflow only.
        evaluation_wait: how long after a run's end its evaluation is asked for.
        error_wait: the same for runs that ended in an error, which are not judged as a rule.
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
        error_wait: timedelta = timedelta(hours=2),
    ) -> None:
        super().__init__(api)
        self._evaluation_wait = evaluation_wait
        self._error_wait = error_wait
        self.run_list = ArmatureRuns(api, workflow)
        self._call_lists = Habit()
        self._children: dict[str, Callable[[str], Coroutine[Any, Any, Rows]]] = {
            "evaluation": self._evaluation,
            "tool_calls": self._tool_calls,
            "trace": self._trace,
        }

    async def run(self, run_id: str) -> dict[str, Json]:
        record = object_in(await self._api.get(path_of("runs", run_id)), "run")
        if not record:
            raise NotFoundError(f"run {run_id} has an empty answer")
        return record

    async def children(self, endpoint: str, run_id: str, run: dict[str, Json] | None) -> Rows:
        return await self._children[endpoint](run_id)

    def waits(self, row: Row) -> Mapping[str, timedelta]:
        return {"evaluation": self._error_wait if _has_erred(row) else self._evaluation_wait}

    def is_expected(self, row: Row, endpoint: str) -> bool:
        return endpoint == "evaluation" and not _has_erred(row)

    async def _evaluation(self, run_id: str) -> Rows:
        payload = await self._api.get(path_of("runs", run_id, "evaluation"))
        record = object_in(payload, "evaluation")
        if isinstance(payload, list) and not (record and list_inside(record, CRITERIA_NAMES)[0]):
            record = {"criteria": payload}
        if not record:
            return {}
        records, rest = list_inside(record, CRITERIA_NAMES)
        row = read_record(EVALUATIONS, rest, run_id=run_id)
        criteria = [
            read_record(EVALUATION_CRITERIA, criterion, run_id=run_id, criterion_index=index)
            for index, criterion in enumerate(records)
        ]
        if _is_undecided(row, criteria):
            return {}
        return {EVALUATIONS.name: [row], EVALUATION_CRITERIA.name: criteria}

    async def _tool_calls(self, run_id: str) -> Rows:
        path = path_of("runs", run_id, "tool-calls")
        records = await all_rows(self._api, path, "tool_calls", "calls", habit=self._call_lists)
        rows = []
        for index, record in enumerate(records):
            row = read_record(TOOL_CALLS, record, run_id=run_id, call_index=index)
            if row["is_error"] is None:
                row["is_error"] = _is_failed_call(record)
            rows.append(row)
        return {TOOL_CALLS.name: rows}

    async def _trace(self, run_id: str) -> Rows:
        payload = await self._api.get(path_of("runs", run_id, "trace"))
        trace = object_in(payload, "trace") if isinstance(payload, dict) else None
        spans, rest = list_inside(trace, SPAN_NAMES) if trace else (rows_in(payload), {})
        if trace and not spans:
            spans, rest = [trace], {}
        rows = []
        for index, span in enumerate(spans):
            row = read_record(TRACE_SPANS, span, run_id=run_id, span_index=index)
            fill_duration(row)
            rows.append(row)
        if rows and rest:
            # What the trace says of itself has no table of its own: its first span keeps it.
            first = dict(spans[0])
            rows[0] = read_record(TRACE_SPANS, {**first, "trace": rest}, run_id=run_id, span_index=0)
            fill_duration(rows[0])
        return {TRACE_SPANS.name: rows}


def _has_erred(row: Row) -> bool:
    return str(row["status"] or "").strip().lower() in ERROR_STATUSES


def _is_undecided(evaluation: Row, criteria: list[Row]) -> bool:
    """Whether an evaluation only stands for one that is still to come."""
    verdict = str(evaluation["verdict"] or "").strip().lower()
    if verdict or evaluation["score"] is not None:
        return verdict in UNDECIDED
    grades = (row[name] for row in criteria for name in ("status", "passed", "score"))
    return all(grade is None or str(grade).strip().lower() in UNDECIDED for grade in grades)


def _is_failed_call(record: dict[str, Json]) -> bool | None:
    """Whether a tool call without a flag of its own failed, by the MCP result's flag, its error or status."""
    flag = member(record, *RESULT_FLAGS)
    if isinstance(flag, bool):
        return flag
    if member(record, "error"):
        return True
    success = member(record, "success", "is_success", "succeeded", "ok")
    if isinstance(success, bool):
        return not success
    word = str(member(record, "status") or "").lower()
    if word in ("error", "failed", "fail", "failure", "timeout"):
        return True
    return False if word in ("ok", "success", "succeeded", "pass", "completed") else None
