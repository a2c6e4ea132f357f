"""Armature's workflows and MCP servers: read when they change, kept when they vanish."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sources.armature.tables import MCP_SERVERS, WORKFLOW_CRITERIA, WORKFLOWS
from sources.common.address import path_of
from sources.common.errors import EndpointError, ForbiddenError, NotFoundError, RefusedError
from sources.common.lists import all_rows, list_inside
from sources.common.payload import encode, member, object_in
from sources.common.records import lacking, read_record, unidentified
from sources.common.reference import REFRESH_AFTER, ReferenceReader, changed
from sources.common.state import digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sources.common.http import Api
    from sources.common.payload import Json
    from sources.common.platform import Rows
    from sources.common.records import Row
    from sources.common.state import SyncState

REFRESHED_AT_ONCE = 10
"""Details that are read again for their age alone in one sync."""

REFERRED_AT_ONCE = 200
"""Workflows outside the list that are read in one sync because a run refers to them."""

SAMPLES = 3
"""Details read to learn whether they say more than the list."""


class Workflows(ReferenceReader):
    """The tables that do not belong to runs."""

    def __init__(self, api: Api) -> None:
        super().__init__()
        self._api = api
        self._referred: set[str] = set()
        self._unread: set[str] = set()

    async def reference(self, selected: frozenset[str], state: SyncState, now: datetime) -> Rows:
        rows: Rows = {}
        lists = []
        if not selected.isdisjoint((WORKFLOWS.name, WORKFLOW_CRITERIA.name)):
            lists.append(self.optional("/workflows", self._workflows(state, now)))
        if MCP_SERVERS.name in selected:
            lists.append(self.optional("/mcp-servers", self._mcp_servers(state)))
        for some in await asyncio.gather(*lists):
            rows.update(some)
        return rows

    def refer(self, run: Row) -> None:
        if run["workflow_id"] is not None:
            self._referred.add(run["workflow_id"])

    async def referred(self, selected: frozenset[str], state: SyncState, now: datetime) -> Rows:
        if selected.isdisjoint((WORKFLOWS.name, WORKFLOW_CRITERIA.name)):
            return {}
        known = state.reference.setdefault(WORKFLOWS.name, {})
        unknown = sorted(self._referred - known.keys())[:REFERRED_AT_ONCE]
        rows: Rows = {}
        for workflow_id, detail in (await self._read(unknown)).items():
            known[workflow_id] = {"is_gone": True}
            if detail is not None:
                entry = {"first": now.isoformat(), "is_gone": True}
                known[workflow_id] = entry
                _extend(rows, _workflow_rows(detail, workflow_id, entry, seen_at=None))
        return rows

    async def _mcp_servers(self, state: SyncState) -> Rows:
        rows = []
        for record in await all_rows(self._api, "/mcp-servers", "mcp_servers", "servers"):
            row = read_record(MCP_SERVERS, record)
            row["mcp_server_id"] = row["mcp_server_id"] or unidentified(record)
            rows.append(row)
        return {MCP_SERVERS.name: changed(MCP_SERVERS, rows, state)}

    async def _workflows(self, state: SyncState, now: datetime) -> Rows:
        records = await all_rows(self._api, "/workflows", "workflows")
        known = state.reference.setdefault(WORKFLOWS.name, {})
        listed = {_workflow_id(record): record for record in records}
        details = await self._details(listed, known, state.learnt, now)
        rows: Rows = {}
        for workflow_id, record in listed.items():
            before = known.get(workflow_id, {})
            entry = {**before, "listed": digest(encode(record)), "is_gone": False}
            entry.setdefault("first", now.isoformat())
            if workflow_id in self._unread:
                del entry["listed"]
            elif workflow_id in details:
                entry["read"] = now.isoformat()
            elif "read" in before and state.learnt.get("workflow_detail"):
                known[workflow_id] = entry
                continue
            whole = {**record, **(details.get(workflow_id) or {})}
            fresh = _workflow_rows(whole, workflow_id, entry, seen_at=now)
            content = digest([{**row, "last_seen_at": None} for some in fresh.values() for row in some])
            if content != before.get("content") or _is_older(before.get("sent"), REFRESH_AFTER, now):
                entry.update(content=content, sent=now.isoformat())
                _extend(rows, fresh)
            known[workflow_id] = entry
        _extend(rows, await self._vanished(known, listed.keys(), state))
        state.reference["seen"] = {"workflows": now.isoformat()}
        return rows

    async def _details(
        self,
        listed: Mapping[str, dict[str, Json]],
        known: Mapping[str, dict[str, Any]],
        learnt: dict[str, Any],
        now: datetime,
    ) -> dict[str, dict[str, Json] | None]:
        """The details of workflows that are new, changed or long unread, if they say more than the list."""
        changed, aged = [], []
        for workflow_id, record in listed.items():
            before = known.get(workflow_id)
            if before is None or before.get("listed") != digest(encode(record)) or before.get("is_gone"):
                changed.append(workflow_id)
            elif _is_older(before.get("read"), REFRESH_AFTER, now):
                aged.append(workflow_id)
        aged.sort(key=lambda workflow_id: known[workflow_id].get("read", ""))
        wanted = changed + aged[:REFRESHED_AT_ONCE]
        sampled = learnt.get("workflow_samples", 0)
        to_learn = max(0, SAMPLES - sampled)
        samples, others = wanted[:to_learn], wanted[to_learn:]
        details = await self._read(samples)
        learnt["workflow_samples"] = sampled + len(samples)
        if any(detail is not None and _says_more(detail, listed[name]) for name, detail in details.items()):
            learnt["workflow_detail"] = True
        if learnt.get("workflow_detail"):
            details.update(await self._read(others))
        return details

    async def _vanished(
        self, known: dict[str, dict[str, Any]], listed: Iterable[str], state: SyncState
    ) -> Rows:
        """Rows of workflows that the list no longer shows: they stay, marked with when they were seen."""
        seen = state.reference.get("seen", {}).get("workflows")
        gone = sorted(known.keys() - set(listed))
        rows: Rows = {}
        vanished = await self._read([name for name in gone if not known[name].get("is_gone")])
        for workflow_id, detail in vanished.items():
            known[workflow_id].update(is_gone=True, content=None)
            if detail is not None:
                seen_at = None if seen is None else datetime.fromisoformat(seen)
                _extend(rows, _workflow_rows(detail, workflow_id, known[workflow_id], seen_at=seen_at))
        return rows

    async def _read(self, workflow_ids: list[str]) -> dict[str, dict[str, Json] | None]:
        """The details of workflows; None for those that the platform does not show.

        Those that cannot be read are left out, and noted.
        """
        details: dict[str, dict[str, Json] | None] = {}

        async def read(workflow_id: str) -> None:
            try:
                answer = await self._api.get(path_of("workflows", workflow_id))
            except (NotFoundError, ForbiddenError, RefusedError):
                details[workflow_id] = None
            except EndpointError as error:
                self._unread.add(workflow_id)
                self.missing.append(f"A workflow could not be read: {error}.")
            else:
                details[workflow_id] = object_in(answer, "workflow")

        await asyncio.gather(*map(read, workflow_ids))
        return details


def _workflow_id(record: dict[str, Json]) -> str:
    return read_record(WORKFLOWS, record)["workflow_id"] or unidentified(record)


def _workflow_rows(
    record: dict[str, Json], workflow_id: str, entry: Mapping[str, Any], *, seen_at: datetime | None
) -> Rows:
    """A workflow's row and those of its criteria, which may stand in its current version."""
    criteria, rest = list_inside(record, ("criteria", "evaluation_criteria"))
    version = member(rest, "current_version")
    if not criteria and isinstance(version, dict):
        criteria, version = list_inside(version, ("criteria", "evaluation_criteria"))
        key = "currentVersion" if "currentVersion" in rest else "current_version"
        rest = {**rest, key: version}
    row = read_record(
        WORKFLOWS,
        rest,
        workflow_id=workflow_id,
        first_seen_at=datetime.fromisoformat(entry["first"]),
        last_seen_at=seen_at,
    )
    if row["is_archived"] is None:
        has_archive_date = member(rest, "archived_at") is not None
        status = str(member(rest, "status", "state") or "").lower()
        row["is_archived"] = has_archive_date or status == "archived" or bool(entry.get("is_gone"))
    return {
        WORKFLOWS.name: [row],
        WORKFLOW_CRITERIA.name: [
            read_record(WORKFLOW_CRITERIA, criterion, workflow_id=workflow_id, criterion_index=index)
            for index, criterion in enumerate(criteria)
        ],
    }


def _says_more(detail: dict[str, Json], record: dict[str, Json]) -> bool:
    """Whether a detail fills columns, or has criteria, that the list leaves out."""
    row = read_record(WORKFLOWS, detail)
    missing = lacking(WORKFLOWS, record, read_record(WORKFLOWS, record))
    listed_criteria = _workflow_rows(record, "", {"first": "2000-01-01"}, seen_at=None)[
        WORKFLOW_CRITERIA.name
    ]
    criteria = _workflow_rows(detail, "", {"first": "2000-01-01"}, seen_at=None)[WORKFLOW_CRITERIA.name]
    return any(row[name] is not None for name in missing) or len(criteria) > len(listed_criteria)


def _is_older(moment: str | None, age: timedelta, now: datetime) -> bool:
    return moment is not None and now - datetime.fromisoformat(moment) > age


def _extend(rows: Rows, more: Rows) -> None:
    for name, some in more.items():
        rows.setdefault(name, []).extend(some)
