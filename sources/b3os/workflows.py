"""B3OS's workflows: whose runs are to be listed, and the table of them, in which archived ones stay."""

from __future__ import annotations

from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sources.b3os.paging import enveloped, offset_pages
from sources.b3os.tables import WORKFLOWS
from sources.common.address import path_of
from sources.common.errors import EndpointError, ForbiddenError, NotFoundError, PlatformError, RefusedError
from sources.common.records import read_record, unidentified
from sources.common.reference import sighted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sources.common.http import Api
    from sources.common.payload import Json
    from sources.common.platform import Rows
    from sources.common.records import Row
    from sources.common.state import SyncState

ASKED_FOR = timedelta(days=7)
"""How long the runs of a workflow that left the list are still asked for."""

Record = dict[str, "Json"]


class WorkflowList:
    """The list of workflows, read once for the table and for the first pass over the runs."""

    def __init__(self, api: Api, prepare: Callable[[Record], Record], missing: list[str]) -> None:
        self._api = api
        self._prepare = prepare
        self._missing = missing
        self._fresh: dict[str, Record] | None = None
        self.now = datetime.now(UTC)

    async def read(self, learnt: dict[str, Any]) -> dict[str, Record]:
        """The workflows that the account lists now, by id."""
        listed: dict[str, Record] = {}
        async with aclosing(offset_pages(self._api, "/workflows", learnt)) as pages:
            async for records in pages:
                for record in map(self._prepare, records):
                    listed[read_record(WORKFLOWS, record)["workflow_id"] or unidentified(record)] = record
        self._fresh = listed
        return listed

    async def wanted(self, learnt: dict[str, Any]) -> dict[str, bool]:
        """The workflows whose runs a pass has to list, and whether the account lists them.

        Those that left the list (archived ones do) may still show their runs, and are asked for a while.
        """
        known: dict[str, str | None] = learnt.setdefault("workflows", {})
        listed = await self._listed(learnt, known)
        for name in known.keys() - listed:
            known[name] = known[name] or self.now.isoformat()
        known.update(dict.fromkeys(listed))
        return {
            name: gone_at is None
            for name, gone_at in known.items()
            if gone_at is None or self.now - datetime.fromisoformat(gone_at) < ASKED_FOR
        }

    async def _listed(self, learnt: dict[str, Any], known: dict[str, str | None]) -> set[str]:
        fresh, self._fresh = self._fresh, None
        if fresh is not None:
            return set(fresh)
        try:
            return set(await self.read(learnt))
        except EndpointError as error:
            before = {name for name, gone_at in known.items() if gone_at is None}
            self._fresh = None
            if not before:
                raise PlatformError(
                    f"Without the list of workflows no run can be found: {error}. Check base_url, the key's "
                    "scope, and organization_id if the key needs one."
                ) from error
            sentence = f"Workflows that are new are missing until a later load: {error}."
            if sentence not in self._missing:
                self._missing.append(sentence)
            return before


class WorkflowTable:
    """The table of workflows: loaded when they change, kept when they vanish from the list."""

    def __init__(self, api: Api, workflows: WorkflowList, prepare: Callable[[Record], Record]) -> None:
        self._api = api
        self._workflows = workflows
        self._prepare = prepare
        self._has_list = False

    async def rows(self, state: SyncState, now: datetime) -> Rows:
        """Rows of workflows that are new or changed, or that vanished since the last sync."""
        listed = await self._workflows.read(state.learnt)
        self._has_list = True
        known = state.reference.setdefault(WORKFLOWS.name, {})
        for name in listed.keys() & known.keys():
            known[name].pop("is_gone", None)
            known[name].pop("is_unlisted", None)
        rows = sighted(
            WORKFLOWS, (_row(record, name, is_gone=False) for name, record in listed.items()), state, now
        )
        gone = sorted(name for name in known.keys() - listed.keys() if "is_gone" not in known[name])
        rows += await self._vanished(gone, state)
        state.reference["seen"] = {WORKFLOWS.name: now.isoformat()}
        return {WORKFLOWS.name: rows}

    async def unlisted(self, names: set[str], state: SyncState, now: datetime) -> Rows:
        """Rows of workflows that have runs, and were archived before a sync ever saw them."""
        known = state.reference.setdefault(WORKFLOWS.name, {})
        unknown = sorted(names - known.keys()) if self._has_list else []
        for name in unknown:
            known[name] = {"first": now.isoformat(), "is_unlisted": True}
        return {WORKFLOWS.name: await self._vanished(unknown, state)}

    async def _vanished(self, names: Iterable[str], state: SyncState) -> list[Row]:
        """Rows of workflows that the list no longer shows: they say so, and when it showed them last."""
        seen = state.reference.get("seen", {}).get(WORKFLOWS.name)
        rows = []
        for name in names:
            entry = state.reference[WORKFLOWS.name][name]
            try:
                record = enveloped(await self._api.get(path_of("workflows", name)), "workflow")
            except (NotFoundError, ForbiddenError, RefusedError):
                record = None
            # When it comes back, it is loaded again whatever it says.
            entry.update(is_gone=True, content=None)
            if record is not None:
                row = {**_row(self._prepare(record), name, is_gone=True), "last_seen_at": None}
                row["first_seen_at"] = datetime.fromisoformat(entry["first"])
                if seen is not None and "is_unlisted" not in entry:
                    row["last_seen_at"] = datetime.fromisoformat(seen)
                rows.append(row)
        return rows


def _row(record: Record, name: str, *, is_gone: bool) -> Row:
    row = read_record(WORKFLOWS, record, workflow_id=name, is_archived=is_gone)
    row["is_archived"] = is_gone or str(row["status"] or "").strip().lower() == "archived"
    return row
