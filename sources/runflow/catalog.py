"""Runflow's flows, models and ComfyUI workflows: loaded when they change, kept when they vanish."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

from sources.common.address import path_of
from sources.common.errors import EndpointError, ForbiddenError, NotFoundError, RefusedError
from sources.common.records import read_record, unidentified
from sources.common.reference import ReferenceReader, sighted
from sources.runflow.paging import CutError
from sources.runflow.tables import COMFYUI_WORKFLOWS, FLOWS, MODELS

if TYPE_CHECKING:
    from datetime import datetime

    from sources.common.payload import Json
    from sources.common.platform import Rows
    from sources.common.records import Row
    from sources.common.state import SyncState
    from sources.common.tables import Table
    from sources.runflow.client import Client

REFERRED_AT_ONCE = 200
"""Flows and the like outside the lists that are read in one sync because a run refers to them."""


class Kind(NamedTuple):
    """What runs may be runs of: its table, its list, what one is called, and the run's column."""

    table: Table
    path: str
    name: str
    column: str


KINDS = (
    Kind(FLOWS, "flows", "flow", "flow_id"),
    Kind(MODELS, "models", "model", "model_id"),
    Kind(COMFYUI_WORKFLOWS, "comfyui-workflows", "comfyui_workflow", "comfyui_workflow_id"),
)


class Catalog(ReferenceReader):
    """The tables that do not belong to runs."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self._client = client
        self._referred: dict[str, set[str]] = {kind.path: set() for kind in KINDS}

    async def reference(self, selected: frozenset[str], state: SyncState, now: datetime) -> Rows:
        self._client.now = now
        self._client.recall(state.learnt)
        rows: Rows = {}
        for kind in KINDS:
            if kind.table.name in selected:
                rows.update(await self.optional(f"/{kind.path}", self._listed(kind, state, now)))
        return rows

    def refer(self, run: Row) -> None:
        for kind in KINDS:
            if run[kind.column] is not None:
                self._referred[kind.path].add(run[kind.column])

    async def referred(self, selected: frozenset[str], state: SyncState, now: datetime) -> Rows:
        rows: Rows = {}
        for kind in KINDS:
            if kind.table.name in selected:
                rows[kind.table.name] = await self._unlisted(kind, state, now)
        return rows

    async def _listed(self, kind: Kind, state: SyncState, now: datetime) -> Rows:
        rows: list[Row] = []
        try:
            async for records in self._client.pages(f"/{kind.path}", kind.table.name):
                rows += [_row(kind, record) for record in records]
        except CutError as error:
            self.missing.append(f"The list /{kind.path} is not complete: {error}.")
        return {kind.table.name: sighted(kind.table, rows, state, now)}

    async def _unlisted(self, kind: Kind, state: SyncState, now: datetime) -> list[Row]:
        """Rows of what runs refer to and the list does not show: it was deleted, or is somebody else's.

        What the platform does not show at all is not asked for again.
        """
        known: dict[str, dict[str, Any]] = state.reference.setdefault(kind.table.name, {})
        unknown = sorted(self._referred[kind.path] - known.keys())[:REFERRED_AT_ONCE]
        rows: list[Row] = []

        async def read(name: str) -> None:
            try:
                record = await self._client.one(path_of(kind.path, name), kind.name)
            except (NotFoundError, ForbiddenError, RefusedError):
                known[name] = {"first": now.isoformat()}
            except EndpointError as error:
                self.missing.append(f"A {kind.name} could not be read: {error}.")
            else:
                known[name] = {"first": now.isoformat()}
                row = {**_row(kind, record), kind.column: name}
                rows.append({**row, "first_seen_at": now, "last_seen_at": None})

        await asyncio.gather(*map(read, unknown))
        return rows


def _row(kind: Kind, record: dict[str, Json]) -> Row:
    row = read_record(kind.table, record)
    row[kind.column] = row[kind.column] or unidentified(record)
    return row
