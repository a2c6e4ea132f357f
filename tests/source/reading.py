"""What runmart made of an account: rows as a sync hands them over, or as a warehouse holds them."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import duckdb
import psycopg2
from standin import KEY

from pipelines.load import LoadRequest, load
from pipelines.warehouse import warehouse
from sources.armature import CONNECTOR
from sources.armature.tables import OFF_BY_DEFAULT, TABLES
from sources.common.sync import ChunkEnd

if TYPE_CHECKING:
    from standin import StandIn

    from pipelines.load import LoadOutcome

Rows = list[dict[str, Any]]

JSON_COLUMNS = {
    name: {column.name for column in table.columns if column.kind == "json"} for name, table in TABLES.items()
}


@dataclass
class Reader:
    """Syncs without a warehouse, each one with the state that the last one left."""

    api: StandIn
    state: dict[str, Any] = field(default_factory=dict)

    def sync(self, *tables: str) -> dict[str, Rows]:
        """The rows of one sync, by table; JSON is parsed."""
        session = CONNECTOR.session(self.api.url, KEY)
        session.begin(self.state, None, frozenset(tables or TABLES.keys() - OFF_BY_DEFAULT))
        rows: dict[str, Rows] = {name: [] for name in TABLES}
        try:
            while not session.is_done:
                for event in session.chunk():
                    if isinstance(event, ChunkEnd):
                        self.state = json.loads(json.dumps(event.state))
                    for name, table in event.tables.items():
                        rows[name] += [_parsed(name, row) for row in table.to_pylist()]
        finally:
            session.close()
        if session.failure is not None:
            raise session.failure
        return rows


@dataclass
class Warehouse:
    """A warehouse and the settings that load the account into it."""

    engine: str
    place: str
    settings: dict[str, str]

    def load(self, **request: Any) -> LoadOutcome:  # noqa: ANN401
        return load(LoadRequest("armature", **request), warehouse(self.engine))

    def tables(self) -> dict[str, Rows]:
        """All raw tables; JSON is parsed."""
        return {name: self[name] for name in self._names()}

    def __getitem__(self, table: str) -> Rows:
        rows = self._rows(table)
        # PostgreSQL's client has parsed JSON already.
        return [_parsed(table, row) for row in rows] if self.engine == "duckdb" else rows

    def _names(self) -> list[str]:
        found = self._query(
            "select table_name from information_schema.tables where table_schema = 'armature' order by 1"
        )
        return [row["table_name"] for row in found if not row["table_name"].startswith("_dlt")]

    def _rows(self, table: str) -> Rows:
        key = ", ".join(f'"{column}"' for column in TABLES[table].key)
        return self._query(f"select * from armature.{table} order by {key}")  # noqa: S608

    def _query(self, sql: str) -> Rows:
        if self.engine == "duckdb":
            with duckdb.connect(self.place, read_only=True) as connection:
                connection.execute("set timezone = 'UTC'")
                return connection.sql(sql).to_arrow_table().to_pylist()
        with closing(psycopg2.connect(self.place)) as connection, connection.cursor() as cursor:
            cursor.execute("set timezone = 'UTC'")
            cursor.execute(sql)
            names = [column.name for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _parsed(table: str, row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: json.loads(value) if name in JSON_COLUMNS[table] and isinstance(value, str) else value
        for name, value in row.items()
    }
