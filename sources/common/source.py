"""A platform's tables as dlt resources, all fed by one sync."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, cast

import dlt
from dlt.common.typing import TDataItem  # noqa: TC002 - dlt reads the annotations of resources
from dlt.extract.incremental import Incremental  # noqa: TC002

from sources.common.sync import ChunkEnd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from dlt.common.schema.typing import TTableSchemaColumns
    from dlt.extract import DltResource

    from sources.common.apart import SessionApart
    from sources.common.tables import Table

SYNC = "sync"
"""The hidden resource that reads the platform; it holds the cursor and the state."""


def resources_of(
    tables: Mapping[str, Table],
    new_session: Callable[[], SessionApart],
    *,
    off_by_default: frozenset[str],
    is_chunked: bool,
) -> list[DltResource]:
    """One resource per table, and the hidden one that feeds them.

    Args:
        new_session: gives the sync to take part in.
        is_chunked: hand over one chunk of the session per extraction; otherwise all of it.
    """

    @dlt.resource(name=SYNC, selected=False)
    def sync(
        cursor: Incremental[Any] = dlt.sources.incremental(  # noqa: B008 - dlt's way to declare a cursor
            "cursor", primary_key=(), on_cursor_value_missing="include"
        ),
    ) -> Iterator[TDataItem]:
        state = dlt.current.resource_state()
        selected = frozenset(dlt.current.source().resources.selected)
        session = new_session()
        reached = cursor.start_value
        session.begin(state.get(SYNC, {}), reached, selected)
        try:
            while not session.is_done:
                for event in session.chunk():
                    if isinstance(event, ChunkEnd):
                        state[SYNC] = event.state
                        if event.cursor is not None and (reached is None or event.cursor > reached):
                            reached = event.cursor
                    yield {"cursor": reached, "tables": event.tables}
                if is_chunked:
                    return
        finally:
            if session.is_done or not is_chunked:
                session.close()
        if session.failure is not None:
            raise session.failure

    return [
        sync,
        *(_table_resource(table, sync, is_on=name not in off_by_default) for name, table in tables.items()),
    ]


def _table_resource(table: Table, sync: DltResource, *, is_on: bool) -> DltResource:
    def rows(item: TDataItem) -> Iterator[TDataItem]:
        if table.name in item["tables"]:
            yield item["tables"][table.name]

    rows.__doc__ = table.description
    transform = dlt.transformer(
        data_from=sync,
        name=table.name,
        table_name=table.name,
        columns=cast("TTableSchemaColumns", table.dlt_columns),
        primary_key=table.primary_key,
        merge_key=table.merge_key,
        write_disposition="merge",
        selected=is_on,
    )
    return cast("DltResource", transform(rows))


class _WithoutJsonHint(logging.Filter):
    """Drops dlt's warning, once per batch, that JSON travels as text: it does, and the hint says so."""

    def filter(self, record: logging.LogRecord) -> bool:
        return "several column hints were different" not in record.getMessage()


logging.getLogger("dlt").addFilter(_WithoutJsonHint())
