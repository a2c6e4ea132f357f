"""A warehouse in memory that merges as dlt does, so that thousands of syncs can be tried in minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    import pyarrow as pa

    from sources.common.sync import Batch, ChunkEnd
    from sources.common.tables import Table


class Tables:
    """Rows by table and key, and the state and cursor that were committed with them."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        self._tables = tables
        self.rows: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {name: {} for name in tables}
        self.state: dict[str, Any] = {}
        self.cursor: datetime | None = None

    def commit(self, events: list[Batch | ChunkEnd], end: ChunkEnd) -> None:
        """Merge a chunk, with its state."""
        self.merge(events)
        self.state = end.state
        self.cursor = end.cursor

    def merge(self, events: list[Batch | ChunkEnd], only: frozenset[str] | None = None) -> None:
        """Merge rows without their state, as a load that is killed between two tables leaves them."""
        staged: dict[str, list[dict[str, Any]]] = {}
        for event in events:
            for name, table in event.tables.items():
                if only is None or name in only:
                    staged.setdefault(name, []).extend(_rows(table))
        for name, rows in staged.items():
            self._merge(name, rows)

    def _merge(self, name: str, rows: list[dict[str, Any]]) -> None:
        table = self._tables[name]
        kept = self.rows[name]
        if table.merge_key:
            replaced = {_values(row, table.merge_key) for row in rows}
            kept = {key: row for key, row in kept.items() if _values(row, table.merge_key) not in replaced}
        for row in rows:
            kept[_values(row, table.primary_key)] = row
        self.rows[name] = kept

    def of(self, name: str, **values: object) -> list[dict[str, Any]]:
        """Rows of a table with these values, by key."""
        return [
            row
            for _, row in sorted(self.rows[name].items())
            if all(row[column] == value for column, value in values.items())
        ]


def _rows(table: pa.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def _values(row: dict[str, Any], columns: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(row[column] for column in columns)
