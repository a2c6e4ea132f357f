"""B3OS's API: one run with its nodes, read into rows."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from sources.b3os.paging import B3osRuns, enveloped
from sources.b3os.tables import CU_USAGE, NODE_EXECUTIONS, RUNS, TABLES, WORKFLOWS
from sources.b3os.usage import Usage
from sources.b3os.workflows import WorkflowList, WorkflowTable
from sources.common.address import path_of
from sources.common.errors import NotFoundError
from sources.common.payload import encode, member
from sources.common.personal import discreet
from sources.common.records import fill_duration, read_record
from sources.common.reference import ReferenceReader

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Mapping
    from datetime import datetime, timedelta

    from sources.common.http import Api
    from sources.common.payload import Json
    from sources.common.platform import PlatformOptions, Rows
    from sources.common.records import Row
    from sources.common.state import SyncState

FINAL_STATUSES = frozenset(
    {
        "success",
        "succeeded",
        "completed",
        "partial",
        "failure",
        "failed",
        "error",
        "errored",
        "timeout",
        "timed_out",
        "cancelled",
        "canceled",
        "skipped",
    }
)

RUNNING_STATUSES = frozenset({"pending", "queued", "scheduled", "running", "waiting", "paused"})

FAILED = frozenset({"failure", "failed", "error", "errored", "timeout", "timed_out"})
"""Statuses of a run, and of a node whose result says what went wrong."""

ERROR_TEXTS = (
    "error.message",
    "error",
    "error_message",
    "message",
    "reason",
    "data.error.message",
    "data.error",
    "body.error.message",
    "body.error",
)
"""Where a failed node's result may say what went wrong, best first."""

NODES = "executionState"

PEOPLE = ("triggered_by", "created_by", "updated_by")
"""Fields that may hold an e-mail address."""


def b3os(api: Api, options: PlatformOptions) -> B3os:
    """The API as an account's settings want it read."""
    settings = options.settings
    return B3os(
        api,
        workflow=options.workflow,
        organization=settings["organization_id"],
        keeps_emails=settings["keep_emails"],
        email_salt=settings["email_salt"],
    )


class B3os(ReferenceReader):
    """See `sources.common.platform.Platform`.

    Args:
        workflow: read the runs of this workflow only.
        organization: the only organisation whose compute units are read; None for all of the key's.
        keeps_emails: leave e-mail addresses as they are.
        email_salt: goes before each address that is hashed, so that nobody can look a known one up.
    """

    tables = TABLES
    final_statuses = FINAL_STATUSES
    running_statuses = RUNNING_STATUSES
    reads_details = True

    def __init__(
        self,
        api: Api,
        *,
        workflow: str | None = None,
        organization: str | None = None,
        keeps_emails: bool = False,
        email_salt: str = "",
    ) -> None:
        super().__init__()
        self._api = api
        self._keeps_emails = keeps_emails
        self._salt = email_salt
        self._list = workflows = WorkflowList(api, self._prepared, self.missing)
        self._workflows = WorkflowTable(api, workflows, self._prepared)
        self._usage = Usage(api, organization, self.missing)
        self._referred: set[str] = set()
        self.run_list = B3osRuns(api, RUNS, workflows, self._prepared, workflow)

    def _prepared(self, record: dict[str, Json]) -> dict[str, Json]:
        """A record as it may be loaded."""
        return record if self._keeps_emails else discreet(record, *PEOPLE, salt=self._salt)

    async def run(self, run_id: str) -> dict[str, Json]:
        record = enveloped(await self._api.get(path_of("runs", run_id)), "run")
        if not record:
            raise NotFoundError(f"run {run_id} has an empty answer")
        # So that it can be told from a row of the list, which has no nodes either.
        record = {NODES: None, **self._prepared(record)}
        if "error" not in record and _is_failed(member(record, "status")):
            errors = (row["error"] for row in _node_rows(run_id, record) if row["error"] is not None)
            record["error"] = next(errors, None)
        return record

    async def children(self, endpoint: str, run_id: str, run: dict[str, Json] | None) -> Rows:
        if run is None or NODES not in run:
            run = await self.run(run_id)
        return {NODE_EXECUTIONS.name: list(_node_rows(run_id, run))}

    def waits(self, row: Row) -> Mapping[str, timedelta]:
        return {}

    def is_expected(self, row: Row, endpoint: str) -> bool:
        return False

    async def reference(self, selected: frozenset[str], state: SyncState, now: datetime) -> Rows:
        self._list.now = now
        rows: Rows = {}
        if WORKFLOWS.name in selected:
            rows.update(await self.optional("/workflows", self._workflows.rows(state, now)))
        return rows

    async def growing(
        self, selected: frozenset[str], state: SyncState, now: datetime
    ) -> AsyncGenerator[Rows, None]:
        if CU_USAGE.name in selected:
            async with aclosing(self._usage.pages(state, now)) as pages:
                async for rows in pages:
                    yield rows

    def refer(self, run: Row) -> None:
        if run["workflow_id"] is not None:
            self._referred.add(run["workflow_id"])

    async def referred(self, selected: frozenset[str], state: SyncState, now: datetime) -> Rows:
        if WORKFLOWS.name not in selected:
            return {}
        return await self._workflows.unlisted(self._referred, state, now)


def _node_rows(run_id: str, run: dict[str, Json]) -> Iterator[Row]:
    nodes = member(run, "execution_state")
    if nodes is None:
        return
    if isinstance(nodes, list):
        nodes = {str(member(node, "id", "node_id") or place): node for place, node in enumerate(nodes)}
    elif not isinstance(nodes, dict):
        nodes = {"0": nodes}
    for index, (node_id, node) in enumerate(nodes.items()):
        record = node if isinstance(node, dict) else {"value": node}
        row = read_record(NODE_EXECUTIONS, record, run_id=run_id, node_id=node_id, node_index=index)
        row["error"] = _error_of(record) if _is_failed(row["status"]) else None
        fill_duration(row)
        yield row


def _is_failed(status: Json) -> bool:
    return str(status or "").strip().lower() in FAILED


def _error_of(node: dict[str, Json]) -> str | None:
    """What a failed node says of its failure: in its result, or in a field of its own."""
    result = member(node, "result", "output")
    said = result if isinstance(result, str) else member(result, *ERROR_TEXTS)
    if said is None:
        said = member(node, *ERROR_TEXTS)
    if said is None:
        said = result
    return said if isinstance(said, str) or said is None else encode(said)
