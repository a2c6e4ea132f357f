"""B3OS's account of compute units: one list per organisation, which grows for ever."""

from __future__ import annotations

import logging
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sources.b3os.paging import ListOrder, offset_pages
from sources.b3os.tables import CU_USAGE
from sources.common.address import path_of
from sources.common.errors import EndpointError, ForbiddenError, NotFoundError
from sources.common.payload import member
from sources.common.records import read_record, unidentified
from sources.common.state import KnownRuns, digest

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from sources.common.http import Api
    from sources.common.payload import Json
    from sources.common.platform import Rows
    from sources.common.records import Row
    from sources.common.state import SyncState

logger = logging.getLogger("runmart.reference")

LOOKBACK = timedelta(hours=1)
"""How far behind the newest row the list is read again on each sync."""

LONG_LOOKBACK = timedelta(days=7)
"""How far once a day: the units of a run that goes on still grow."""

LONG_EVERY = timedelta(days=1)


class Usage:
    """The table `cu_usage`.

    Args:
        organization: the only one to be read; None for all that the key belongs to.
        missing: takes sentences about what could not be read.
    """

    def __init__(self, api: Api, organization: str | None, missing: list[str]) -> None:
        self._api = api
        self._organization = organization
        self._missing = missing

    async def pages(self, state: SyncState, now: datetime) -> AsyncGenerator[Rows, None]:
        """Rows that are new or changed, page by page."""
        try:
            for organization in await self._organizations(state.learnt):
                async with aclosing(self._of(organization, state, now)) as pages:
                    async for rows in pages:
                        yield {CU_USAGE.name: rows}
        except (ForbiddenError, NotFoundError) as error:
            logger.warning("%s is left out: %s.", CU_USAGE.name, error)
        except EndpointError as error:
            self._missing.append(f"{CU_USAGE.name} could not be read to its end: {error}.")

    async def _organizations(self, learnt: dict[str, Any]) -> list[str]:
        if self._organization is not None:
            return [self._organization]
        found: dict[str, None] = {}
        async with aclosing(offset_pages(self._api, "/organizations", learnt)) as pages:
            async for records in pages:
                names = (member(record, "id", "organization_id", "org_id") for record in records)
                found.update((str(name), None) for name in names if name is not None)
        return list(found)

    async def _of(
        self, organization: str, state: SyncState, now: datetime
    ) -> AsyncGenerator[list[Row], None]:
        """The rows of an organisation, down to where they begin to be loaded and old."""
        entry = state.reference.setdefault(CU_USAGE.name, {}).setdefault(organization, {})
        reading = _Reading(organization, entry, now)
        path = path_of("organizations", organization, "cu", "runs")
        order = ListOrder()
        try:
            async with aclosing(offset_pages(self._api, path, state.learnt)) as pages:
                async for records in pages:
                    _take_note_of_workflows(records, state.learnt, now)
                    rows = reading.rows(records)
                    yield rows
                    if order.has_passed((row["started_at"] for row in reading.page), reading.since):
                        break
            reading.is_whole = True
        finally:
            entry.update(reading.entry())


class _Reading:
    """One reading of a list: which of its rows are new, and what of it is remembered.

    What is remembered is as long as the long look-back; older rows are loaded and taken as final.
    """

    def __init__(self, organization: str, before: dict[str, Any], now: datetime) -> None:
        self._organization = organization
        self._before = before
        self._now = now
        self._known = KnownRuns(before.get("known"))
        self._newest = _moment(before.get("read_to"))
        self._is_long = before.get("long_at") is None or now - _at(before["long_at"]) >= LONG_EVERY
        self.since = self._since()
        self.page: list[Row] = []
        self.is_whole = False

    def _since(self) -> datetime | None:
        if self._newest is None:
            return None
        since = self._newest - (LONG_LOOKBACK if self._is_long else LOOKBACK)
        known_since = _moment(self._before.get("known_since"))
        return since if known_since is None else max(since, known_since)

    def rows(self, records: list[dict[str, Json]]) -> list[Row]:
        """The rows of a page that say something new."""
        handed_over = {row["run_id"] for row in self.page}
        self.page = [self._row(record) for record in records]
        fresh = []
        for row in self.page:
            run_id, started_at, content = row["run_id"], row["started_at"], digest(row)
            look = self._known.look(run_id, content)
            is_old = self.since is not None and started_at is not None and started_at < self.since
            if look == "same" or (look == "new" and is_old) or run_id in handed_over:
                continue
            if started_at is None or started_at >= self._now - 2 * LONG_LOOKBACK:
                self._known.add(run_id, started_at, content)
            fresh.append(row)
        return fresh

    def _row(self, record: dict[str, Json]) -> Row:
        row = read_record(CU_USAGE, record, organization_id=self._organization)
        row["run_id"] = row["run_id"] or unidentified(record)
        started_at = row["started_at"]
        if started_at is not None:
            self._newest = max(started_at, self._newest or started_at)
        return row

    def entry(self) -> dict[str, Any]:
        """What is to be remembered of the list."""
        entry = dict(self._before)
        if self.is_whole and self._newest is not None:
            newest = min(self._newest, self._now)
            entry["read_to"] = newest.isoformat()
            entry["known_since"] = self._known.forget_before(newest - LONG_LOOKBACK).isoformat()
            if self._is_long:
                entry["long_at"] = self._now.isoformat()
        entry["known"] = self._known.packed()
        return entry


def _take_note_of_workflows(records: list[dict[str, Json]], learnt: dict[str, Any], now: datetime) -> None:
    """Workflows that only this list names were archived before they were ever listed: they may have runs."""
    workflows: dict[str, str | None] = learnt.setdefault("workflows", {})
    for record in records:
        name = read_record(CU_USAGE, record)["workflow_id"]
        if name is not None:
            workflows.setdefault(name, now.isoformat())


def _moment(text: str | None) -> datetime | None:
    return None if text is None else _at(text)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
