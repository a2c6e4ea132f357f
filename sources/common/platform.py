"""What a platform's folder must provide, and nothing more: where its runs are listed and how one is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from datetime import datetime, timedelta

    from sources.common.listing import RunList
    from sources.common.payload import Json
    from sources.common.records import Row
    from sources.common.state import SyncState
    from sources.common.tables import Table

    Rows = dict[str, list[Row]]


@dataclass(frozen=True)
class PlatformOptions:
    """What a sync asks of a platform.

    Attributes:
        settings: the settings that only this platform has, by name; those of the connector.
        workflow: the runs of this workflow only.
    """

    settings: Mapping[str, Any] = field(repr=False)
    workflow: str | None = None


class Platform(Protocol):
    """A platform's API, as a sync uses it.

    Attributes:
        tables: the raw tables, by name; one of them is `runs`.
        run_list: how runs are listed.
        final_statuses: statuses, in lower case, of runs that have ended.
        running_statuses: statuses, in lower case, of runs that have not.
        reads_details: whether every run's own record is read, because the list never shows all of it. Else
            that is found out, by status, with the first runs.
        missing: sentences about what could not be read, besides runs and their children.
    """

    @property
    def tables(self) -> Mapping[str, Table]: ...

    @property
    def run_list(self) -> RunList: ...

    @property
    def final_statuses(self) -> frozenset[str]: ...

    @property
    def running_statuses(self) -> frozenset[str]: ...

    @property
    def reads_details(self) -> bool: ...

    @property
    def missing(self) -> list[str]: ...

    async def run(self, run_id: str) -> dict[str, Json]:
        """A run's record, by id."""
        ...

    async def children(self, endpoint: str, run_id: str, run: dict[str, Json] | None) -> Rows:
        """The rows that an endpoint has for a run, by table name.

        Args:
            run: the run's own record, where it was read: it may hold the rows, or say that there are none.

        Raises:
            EndpointError: it could not be read; `NotFoundError` when the run has none.
        """
        ...

    def waits(self, row: Row) -> Mapping[str, timedelta]:
        """For an ended run: how long after its end an endpoint that has nothing yet is asked again."""
        ...

    def is_expected(self, row: Row, endpoint: str) -> bool:
        """Whether an ended run that never gets this counts as abandoned."""
        ...

    async def reference(self, selected: frozenset[str], state: SyncState, now: datetime) -> Rows:
        """Rows of the selected tables that do not belong to a run (workflows …), as far as they changed.

        What it needs for comparing is kept in `state.reference`.
        """
        ...

    def growing(self, selected: frozenset[str], state: SyncState, now: datetime) -> AsyncIterator[Rows]:
        """The same for lists that grow for ever and are too long to be held: page by page."""
        ...

    def refer(self, run: Row) -> None:
        """Take note of what a loaded run refers to, for `referred`."""
        ...

    async def referred(self, selected: frozenset[str], state: SyncState, now: datetime) -> Rows:
        """Rows for what the loaded runs refer to and `reference` did not show (archived workflows)."""
        ...
