"""Syncs of everything that a platform has, and the faults that they meet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.common import faults
from tests.sync.syncing import session_of, sync

if TYPE_CHECKING:
    from emulator import Server
    from sources.common.sync import Outcome
    from tests.likeness.platform import Likeness
    from tests.sync.tables import Tables

PASSING = {
    "429": faults.too_many_requests(None),
    "429 with seconds": faults.too_many_requests(0.02),
    "500": faults.server_error(500),
    "502": faults.server_error(502),
    "503": faults.server_error(503),
    "504": faults.server_error(504),
    "reset": faults.reset(),
    "cut": faults.cut_body(),
    "cut at once": faults.cut_body(0),
    "web page": faults.html_page(),
    "garbage": faults.garbage(),
    "empty": faults.empty_body(),
    "redirect": faults.redirect("https://elsewhere.invalid/"),
}


def synced(likeness: Likeness, server: Server[Any], tables: Tables, **options: Any) -> Outcome:  # noqa: ANN401
    """Sync all tables, those too that are off by default."""
    settings = likeness.sync_settings(chunk_runs=5)
    session = session_of(likeness, server, clock=server.emulator.clock, settings=settings, **options)
    return sync(session, tables, selected=frozenset(likeness.connector.tables))


def contents(likeness: Likeness, tables: Tables) -> dict[str, list[dict[str, Any]]]:
    """What the platform said, by table."""
    return {
        name: [{key: row[key] for key in row if key != "_extracted_at"} for row in tables.of(name)]
        for name in likeness.connector.tables
        if name not in ("sync_log", "fetch_errors")
    }
