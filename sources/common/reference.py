"""Tables that do not belong to runs (workflows, models …): loaded when they change, kept when they vanish."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sources.common.errors import EndpointError, ForbiddenError, NotFoundError
from sources.common.state import KnownRuns, digest

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Coroutine, Iterable

    from sources.common.platform import Rows
    from sources.common.records import Row
    from sources.common.state import SyncState
    from sources.common.tables import Table

logger = logging.getLogger("runmart.reference")

REFRESH_AFTER = timedelta(hours=24)
"""Age at which `last_seen_at` is brought up to date."""


class ReferenceReader:
    """Reads what does not belong to runs. What was loaded of it is remembered in `state.reference`.

    A platform inherits it for `missing`, for lists that an account may not have, and for runs that refer to
    nothing that its lists do not show.
    """

    def __init__(self) -> None:
        self.missing: list[str] = []

    async def optional(self, what: str, reading: Coroutine[Any, Any, Rows]) -> Rows:
        """Rows of a list that the account may not have; what cannot be read is noted."""
        try:
            return await reading
        except (ForbiddenError, NotFoundError) as error:
            logger.warning("%s is left out: %s.", what, error)
        except EndpointError as error:
            self.missing.append(f"{what} could not be read: {error}.")
        return {}

    async def growing(
        self, selected: frozenset[str], state: SyncState, now: datetime
    ) -> AsyncGenerator[Rows, None]:
        """Rows of lists that are too long to be held, page by page."""
        return
        yield

    def refer(self, run: Row) -> None:
        """Take note of what a loaded run refers to, for `referred`."""

    async def referred(self, selected: frozenset[str], state: SyncState, now: datetime) -> Rows:
        """Rows for what the loaded runs refer to and `reference` did not show."""
        return {}


def changed(table: Table, rows: Iterable[Row], state: SyncState) -> list[Row]:
    """Those rows of a list that say something else than what was last loaded of them."""
    loaded = state.reference.setdefault(table.name, {})
    fresh = []
    for row in rows:
        name, content = _name(table, row), digest(row)
        if loaded.get(name) != content:
            loaded[name] = content
            fresh.append(row)
    return fresh


def sighted(table: Table, rows: Iterable[Row], state: SyncState, now: datetime) -> list[Row]:
    """The same for a list out of which rows vanish: `first_seen_at` and `last_seen_at` say when it had them.

    `last_seen_at` is brought up to date once a day: otherwise every sync would change every row.
    """
    known: dict[str, dict[str, Any]] = state.reference.setdefault(table.name, {})
    fresh = []
    for row in rows:
        name = _name(table, row)
        entry = known.setdefault(name, {"first": now.isoformat()})
        content = digest({**row, "first_seen_at": None, "last_seen_at": None})
        sent = entry.get("sent")
        if content == entry.get("content") and sent and now - datetime.fromisoformat(sent) <= REFRESH_AFTER:
            continue
        entry.update(content=content, sent=now.isoformat())
        row.update(first_seen_at=datetime.fromisoformat(entry["first"]), last_seen_at=now)
        fresh.append(row)
    return fresh


def recent(
    table: Table, rows: Iterable[Row], state: SyncState, *, dated_by: str, keep_since: datetime
) -> list[Row]:
    """The same for a list that grows for ever: what is dated before `keep_since` is not remembered."""
    known = KnownRuns(state.reference.get(table.name))
    fresh = []
    for row in rows:
        name, content = _name(table, row), digest(row)
        if known.look(name, content) != "same":
            known.add(name, row[dated_by], content)
            fresh.append(row)
    known.forget_before(keep_since)
    state.reference[table.name] = known.packed()
    return fresh


def _name(table: Table, row: Row) -> str:
    return "\x1f".join(str(row[name]) for name in table.key)
