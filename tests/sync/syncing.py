"""Syncs driven by hand: chunk by chunk, killed where a test wants it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sources.common.address import HttpSettings
from sources.common.session import Session
from sources.common.sync import ChunkEnd
from sources.common.tables import DEFAULT_ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator import Server
    from emulator.common.clock import Clock
    from sources.common.sync import Batch, Outcome, SyncSettings
    from tests.likeness.platform import Likeness
    from tests.sync.tables import Tables


class KilledError(Exception):
    """The process that synced is gone."""


def session_of(
    likeness: Likeness,
    server: Server[Any],
    *,
    clock: Clock | None = None,
    settings: SyncSettings | None = None,
    concurrency: int = 8,
    deadline: float = 60.0,
    workflow: str | None = None,
    account: str = DEFAULT_ACCOUNT,
) -> Session:
    """A sync of the emulated account that does not wait long between retries."""
    http = HttpSettings(
        server.base_url,
        server.api_key,
        concurrency=concurrency,
        first_backoff=0.001,
        longest_backoff=0.02,
        deadline=deadline,
    )
    options = likeness.connector.options(workflow=workflow)
    return Session(
        lambda api: likeness.connector.platform(api, options),
        http,
        settings or likeness.sync_settings(),
        clock=_moment(clock),
        account=account,
    )


def _moment(clock: Clock | None) -> Callable[[], datetime]:
    if clock is None:
        return lambda: datetime.now(UTC)
    return lambda: datetime.fromtimestamp(clock.now() / 1000, UTC)


def sync(
    session: Session,
    tables: Tables,
    *,
    selected: frozenset[str],
    events_until_kill: int | None = None,
    half_loaded: frozenset[str] | None = None,
) -> Outcome:
    """Carry out a sync and commit each chunk.

    Args:
        events_until_kill: the process dies after this many events: what was not committed is gone.
        half_loaded: tables of the chunk that is cut off which were merged all the same, without its state.

    Raises:
        KilledError: the process died.
        RunmartError: the platform failed for good.
    """
    count = 0
    session.begin(tables.state, tables.cursor, selected)
    try:
        while not session.is_done:
            events: list[Batch | ChunkEnd] = []
            for event in session.chunk():
                events.append(event)
                if count == events_until_kill:
                    if half_loaded is not None:
                        tables.merge(events, half_loaded)
                    raise KilledError
                count += 1
                if isinstance(event, ChunkEnd):
                    tables.commit(events, event)
    finally:
        session.close()
    if session.failure is not None:
        raise session.failure
    return session.outcome
