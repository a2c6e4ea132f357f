"""EigenPal's workflows and agents, with what belongs to them: read when it changes, kept when it vanishes."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sources.common.address import path_of
from sources.common.errors import EndpointError, ForbiddenError, NotFoundError, RefusedError
from sources.common.payload import encode, object_in
from sources.common.records import read_record, unidentified
from sources.common.reference import REFRESH_AFTER, ReferenceReader, recent
from sources.common.state import digest
from sources.common.tables import EPOCH
from sources.eigenpal.paging import all_rows
from sources.eigenpal.tables import AUTOMATION_VERSIONS, AUTOMATIONS, EXAMPLES, EXPERIMENTS, RUNS

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from sources.common.payload import Json
    from sources.common.platform import Rows
    from sources.common.records import Row
    from sources.common.state import SyncState
    from sources.common.tables import Table
    from sources.eigenpal.paging import Client

REFERRED_AT_ONCE = 200
"""Automations outside the list that are read in one sync because a run refers to them."""

EXPERIMENTS_CHANGE_FOR = timedelta(days=7)
"""How far before its newest one an automation's experiments are read again: scores may come late."""

EXPERIMENTS_KNOWN_FOR = timedelta(days=90)
"""How far before the newest one it is remembered what was loaded of an experiment."""

OF_AUTOMATIONS = frozenset({AUTOMATIONS.name, AUTOMATION_VERSIONS.name})
OF_DATASETS = frozenset({EXPERIMENTS.name, EXAMPLES.name})


class Automations(ReferenceReader):
    """The tables that do not belong to runs."""

    def __init__(self, api: Client) -> None:
        super().__init__()
        self._api = api
        self._listed: list[str] = []
        self._referred: set[str] = set()
        self._experimenting: set[str] = set()
        self.scoring: set[str] = set()
        """Automations whose runs were seen to be scored outside of experiments, in this sync or before."""

    async def reference(self, selected: frozenset[str], state: SyncState, now: datetime) -> Rows:
        self.scoring.update(state.reference.get("scoring", {}))
        if selected.isdisjoint(OF_AUTOMATIONS | OF_DATASETS):
            return {}
        return await self.optional("/automations", self._automations(selected, state, now))

    def refer(self, run: Row) -> None:
        if run["automation_id"] is not None:
            self._referred.add(run["automation_id"])
            if run["experiment_id"] is not None:
                self._experimenting.add(run["automation_id"])

    async def referred(self, selected: frozenset[str], state: SyncState, now: datetime) -> Rows:
        state.reference["scoring"] = dict.fromkeys(sorted(self.scoring), True)
        rows: Rows = {}
        if AUTOMATIONS.name in selected:
            rows[AUTOMATIONS.name] = await self._unlisted(state, now)
        if EXPERIMENTS.name in selected:
            rows[EXPERIMENTS.name] = await self._experiments(selected, state, now)
        if EXAMPLES.name in selected:
            rows[EXAMPLES.name] = await self._examples(selected, state, now)
        return rows

    # -- workflows and agents --------------------------------------------------------------------------

    async def _automations(self, selected: frozenset[str], state: SyncState, now: datetime) -> Rows:
        records = {_id(record): record for record in await all_rows(self._api, "/automations")}
        self._listed = list(records)
        wanted = sorted(selected & OF_AUTOMATIONS)
        known = state.reference.setdefault(AUTOMATIONS.name, {})
        rows: Rows = {name: [] for name in wanted}

        async def read(automation_id: str, record: dict[str, Json]) -> None:
            entry = known.setdefault(automation_id, {})
            listed = digest(encode(record), wanted)
            if entry.get("listed") == listed and not _is_due(entry.get("read"), now):
                return
            entry.setdefault("first", now.isoformat())
            fresh = await self._automation(automation_id, record, wanted, entry, now)
            if fresh is not None:
                entry.update(listed=listed, read=now.isoformat())
                for name, some in fresh.items():
                    rows[name] += some

        if wanted:
            await asyncio.gather(*(read(*item) for item in records.items()))
        return rows

    async def _automation(
        self,
        automation_id: str,
        record: dict[str, Json],
        wanted: list[str],
        entry: dict[str, Any],
        now: datetime,
    ) -> Rows | None:
        """The rows of an automation that is listed; None when they could not be read."""
        rows: Rows = {}
        if AUTOMATIONS.name in wanted:
            found = await self._noted("an automation", self._page_of(automation_id))
            if found is None:
                return None
            row = read_record(AUTOMATIONS, {**record, **(found or {})})
            row.update(
                automation_id=automation_id,
                first_seen_at=datetime.fromisoformat(entry["first"]),
                last_seen_at=now,
            )
            rows[AUTOMATIONS.name] = [row]
        if AUTOMATION_VERSIONS.name in wanted:
            versions = await self._noted("versions", self._list_of(automation_id, "versions"))
            if versions is None:
                return None
            rows[AUTOMATION_VERSIONS.name] = _owned(
                AUTOMATION_VERSIONS, versions, automation_id, "version_id"
            )
        return rows

    async def _unlisted(self, state: SyncState, now: datetime) -> list[Row]:
        """Automations that runs refer to and the list does not show, as far as they can be had."""
        known = state.reference.setdefault(AUTOMATIONS.name, {})
        unknown = sorted(self._referred - known.keys())[:REFERRED_AT_ONCE]
        rows = []
        for automation_id in unknown:
            found = await self._noted("an automation", self._page_of(automation_id))
            if found is None:
                continue
            known[automation_id] = {"first": now.isoformat()}
            if found:
                row = read_record(AUTOMATIONS, found)
                row.update(automation_id=automation_id, first_seen_at=now, last_seen_at=None)
                rows.append(row)
        return rows

    async def _page_of(self, automation_id: str) -> dict[str, Json]:
        return object_in(await self._api.get(path_of("automations", automation_id)), "automation") or {}

    # -- datasets --------------------------------------------------------------------------------------

    async def _experiments(self, selected: frozenset[str], state: SyncState, now: datetime) -> list[Row]:
        """Experiments of the automations that had any of late, or have one that is not over."""
        known = state.reference.setdefault("experiments_of", {})
        found: list[Row] = []

        async def read(automation_id: str) -> None:
            entry = known.setdefault(automation_id, {})
            if not entry.get("open") and not self._is_due(automation_id, entry, selected, now):
                return
            since = _since(entry)
            params = {} if since is None else {"fromDate": since.isoformat().replace("+00:00", "Z")}
            records = await self._noted("experiments", self._list_of(automation_id, "experiments", params))
            if records is None:
                return
            rows = _owned(EXPERIMENTS, records, automation_id, "experiment_id")
            found.extend(
                row for row in rows if since is None or not row["created_at"] or _dated(row) >= since
            )
            entry.update(read=now.isoformat(), **_ages(rows, entry))

        await asyncio.gather(*map(read, self._listed))
        newest = max(map(_dated, found), default=EPOCH)
        keep_since = max(newest - EXPERIMENTS_KNOWN_FOR, EPOCH) if newest > EPOCH else EPOCH
        return recent(EXPERIMENTS, found, state, dated_by="created_at", keep_since=keep_since)

    async def _examples(self, selected: frozenset[str], state: SyncState, now: datetime) -> list[Row]:
        known = state.reference.setdefault("examples_of", {})
        found: list[Row] = []

        async def read(automation_id: str) -> None:
            entry = known.setdefault(automation_id, {})
            if not self._is_due(automation_id, entry, selected, now):
                return
            records = await self._noted("examples", self._list_of(automation_id, "examples"))
            if records is not None:
                entry["read"] = now.isoformat()
                found.extend(_owned(EXAMPLES, records, automation_id, "example_id"))

        await asyncio.gather(*map(read, self._listed))
        return recent(EXAMPLES, found, state, dated_by="created_at", keep_since=EPOCH)

    def _is_due(
        self, automation_id: str, entry: dict[str, Any], selected: frozenset[str], now: datetime
    ) -> bool:
        """Whether what belongs to an automation is read: it had experiments, or it is a day ago, or the
        runs that would tell are not read."""
        is_told = RUNS.name in selected
        return automation_id in self._experimenting or not is_told or _is_due(entry.get("read"), now)

    async def _list_of(
        self, automation_id: str, what: str, params: dict[str, Json] | None = None
    ) -> list[dict[str, Json]]:
        path = path_of("automations", automation_id, what)
        try:
            return await all_rows(self._api, path, params)
        except RefusedError:
            if not params:
                raise
            return await all_rows(self._api, path)

    async def _noted(self, what: str, reading: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401
        """What was read; nothing where the platform has none, None where it could not be read."""
        try:
            return await reading
        except (ForbiddenError, NotFoundError, RefusedError):
            return []
        except EndpointError as error:
            self.missing.append(f"{what[:1].upper()}{what[1:]} could not be read: {error}.")
            return None


def _id(record: dict[str, Json]) -> str:
    return read_record(AUTOMATIONS, record)["automation_id"] or unidentified(record)


def _owned(table: Table, records: list[dict[str, Json]], automation_id: str, key: str) -> list[Row]:
    """Rows of what belongs to an automation."""
    rows = []
    for record in records:
        row = read_record(table, record, automation_id=automation_id)
        row[key] = row[key] or unidentified(record)
        rows.append(row)
    return rows


def _dated(row: Row) -> datetime:
    moment: datetime | None = row["created_at"]
    return moment or EPOCH


def _since(entry: dict[str, Any]) -> datetime | None:
    """From when on an automation's experiments are read again, by the platform's own time."""
    if not entry.get("newest"):
        return None
    oldest = min(entry["newest"], entry.get("open") or entry["newest"])
    return max(datetime.fromisoformat(oldest) - EXPERIMENTS_CHANGE_FOR, EPOCH)


def _ages(rows: list[Row], entry: dict[str, Any]) -> dict[str, str | None]:
    """When the newest experiment was begun, and the oldest of those that are not over."""
    begun = [row["created_at"] for row in rows if row["created_at"] is not None]
    newest = max([moment.isoformat() for moment in begun] + [entry.get("newest") or ""])
    still_open = [_dated(row).isoformat() for row in rows if str(row["status"]).lower() != "completed"]
    return {"newest": newest or None, "open": min(still_open, default=None)}


def _is_due(read_at: str | None, now: datetime) -> bool:
    return read_at is None or now - datetime.fromisoformat(read_at) > REFRESH_AFTER
