"""What a warehouse holds, in a form that is the same for DuckDB and PostgreSQL."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import psycopg2

from sources.armature import CONNECTOR as ARMATURE

if TYPE_CHECKING:
    from sources.common.connector import Connector
    from sources.common.tables import Table

    Contents = dict[str, list[tuple[Any, ...]]]

OF_THE_LOAD = frozenset({"_extracted_at", "first_seen_at", "last_seen_at"})
"""Columns that tell when something was read."""


@dataclass(frozen=True)
class Store:
    """A warehouse: a DuckDB file, or the address of a PostgreSQL database, for a platform."""

    address: Path | str
    platform: Connector = ARMATURE

    @property
    def settings(self) -> dict[str, str]:
        if isinstance(self.address, Path):
            return {"DESTINATION__DUCKDB__CREDENTIALS": str(self.address)}
        return {"RUNMART__DESTINATION": "postgres", "DESTINATION__POSTGRES__CREDENTIALS": self.address}

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        if isinstance(self.address, Path):
            with duckdb.connect(str(self.address), read_only=True) as file:
                return file.execute(sql).fetchall()
        with closing(psycopg2.connect(self.address)) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    def contents(self) -> Contents:
        """Every row of the tables that hold what the platform said."""
        return {
            name: self._rows(table)
            for name, table in self.platform.tables.items()
            if name not in self.platform.off_by_default and name != "sync_log"
        }

    def repeated(self) -> dict[str, list[tuple[Any, ...]]]:
        """Keys that a table has more than once, by table."""
        found = {}
        for name, table in self.platform.tables.items():
            keys = ", ".join(table.primary_key)
            place = f"{self.platform.name}.{name}"
            if name not in self.platform.off_by_default:
                found[name] = self.query(f"select {keys} from {place} group by {keys} having count(*) > 1")  # noqa: S608
        return {name: keys for name, keys in found.items() if keys}

    def _rows(self, table: Table) -> list[tuple[Any, ...]]:
        columns = [column for column in table.columns if column.name not in OF_THE_LOAD]
        names = ", ".join(column.name for column in columns)
        rows = self.query(f"select {names} from {self.platform.name}.{table.name}")  # noqa: S608
        kinds = [column.kind for column in columns]
        return sorted(
            (tuple(_plain(value, kind) for value, kind in zip(row, kinds, strict=True)) for row in rows),
            key=repr,
        )


def _plain(value: Any, kind: str) -> Any:  # noqa: ANN401
    if value is None:
        return None
    if kind == "json":
        return json.dumps(json.loads(value) if isinstance(value, str) else value, sort_keys=True)
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return value
