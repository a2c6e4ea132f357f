"""Warehouses for tests: a DuckDB file and a PostgreSQL database, filled by hand and built by dbt."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import duckdb
import psycopg2
import psycopg2.extras
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner, dbtRunnerResult

from pipelines.platforms import connector
from sources.common.tables import DEFAULT_ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dbt.contracts.graph.manifest import Manifest

    from sources.common.tables import Table

    Row = Mapping[str, Any]
    MakeWarehouse = Callable[[str, str], "Warehouse"]

PROJECT = Path(__file__).resolve().parents[2] / "dbt_models"

SQL_TYPES = {
    "text": "text",
    "bigint": "bigint",
    "double": "double precision",
    "bool": "boolean",
    "timestamp": "timestamp with time zone",
    "duration": "bigint",
    "money": "decimal(38, 9)",
    "json": "json",
}


def macros() -> str:
    """The project's macros in one text that Jinja takes without dbt: materializations are a tag of dbt's."""
    files = sorted((PROJECT / "macros").rglob("*.sql"))
    return "\n".join(file.read_text() for file in files if file.parent.name != "materializations")


def create_table(table: Table, schema: str = "armature", *, if_not_exists: bool = False, **types: str) -> str:
    """The statement that makes a raw table as dlt makes it; `types` replaces names of types."""
    columns = (f'"{c.name}" {types.get(c.kind, SQL_TYPES[c.kind])}' for c in table.columns)
    unless = "if not exists " if if_not_exists else ""
    return f"create table {unless}{schema}.{table.name} ({', '.join(columns)})"


@dataclass
class DuckDB:
    path: Path
    name = "duckdb"

    @property
    def database(self) -> str:
        return self.path.stem

    @property
    def env(self) -> dict[str, str]:
        return {"RUNMART_TARGET": "duckdb", "RUNMART_DUCKDB_PATH": str(self.path)}

    def load(
        self, history: Mapping[str, list[Row]], platform: str = "armature", account: str = DEFAULT_ACCOUNT
    ) -> None:
        with duckdb.connect(str(self.path)) as connection:
            connection.execute(f"create schema if not exists {platform}")
            for name, rows in history.items():
                table = connector(platform).tables[name]
                connection.execute(create_table(table, platform, if_not_exists=True))
                connection.register("records", table.to_arrow(rows, account))
                connection.execute(f"insert into {platform}.{name} select * from records")  # noqa: S608

    def execute(self, sql: str) -> None:
        with duckdb.connect(str(self.path)) as connection:
            connection.execute(sql)

    def query(self, sql: str) -> list[dict[str, Any]]:
        with duckdb.connect(str(self.path), read_only=True) as connection:
            return connection.sql(sql).to_arrow_table().to_pylist()


@dataclass
class Postgres:
    uri: str
    name = "postgres"

    @property
    def database(self) -> str:
        return self.env["PGDATABASE"]

    @property
    def env(self) -> dict[str, str]:
        parts = urlsplit(self.uri)
        return {
            "RUNMART_TARGET": "postgres",
            "PGHOST": parts.hostname or parse_qs(parts.query)["host"][0],
            "PGPORT": str(parts.port or 5432),
            "PGUSER": parts.username or "postgres",
            "PGPASSWORD": parts.password or "",
            "PGDATABASE": parts.path.removeprefix("/"),
        }

    def connect(self) -> psycopg2.extensions.connection:
        connection = psycopg2.connect(self.uri)
        connection.autocommit = True
        return connection

    def load(
        self, history: Mapping[str, list[Row]], platform: str = "armature", account: str = DEFAULT_ACCOUNT
    ) -> None:
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(f"create schema if not exists {platform}")
            for name, rows in history.items():
                table = connector(platform).tables[name]
                cursor.execute(create_table(table, platform, if_not_exists=True, json="jsonb"))
                psycopg2.extras.execute_values(
                    cursor,
                    f"insert into {platform}.{name} values %s",  # noqa: S608
                    [tuple(record.values()) for record in table.to_arrow(rows, account).to_pylist()],
                    page_size=1000,
                )

    def execute(self, sql: str) -> None:
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(sql)

    def query(self, sql: str) -> list[dict[str, Any]]:
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            names = [column.name for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


Warehouse = DuckDB | Postgres


def dbt(
    command: str, *arguments: str, work: Path, env: Mapping[str, str], parsed: Manifest | None = None
) -> dbtRunnerResult:
    """Runs dbt on the project in this process; what it writes goes to `work`, and its errors to the console.

    The warehouse settings of whoever runs the tests are not seen. `parsed` is the project, if dbt need not
    parse it.
    """
    before = dict(os.environ)
    ours = ("RUNMART_", "DESTINATION__", "PG", "DBT_")
    try:
        for name in [name for name in os.environ if name.startswith(ours)]:
            del os.environ[name]
        os.environ.update(env)
        return dbtRunner(parsed).invoke(
            [
                *(*command.split(), "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
                *("--target-path", str(work / "target"), "--log-path", str(work / "logs")),
                *("--quiet", "--log-level-file", "none", *arguments),
            ]
        )
    finally:
        # dbt-duckdb would keep the file open, and locked, until the process ends.
        DuckDBConnectionManager.close_all_connections()
        os.environ.clear()
        os.environ.update(before)


PARSED: dict[tuple[str, ...], Manifest] = {}
"""The project as dbt parsed it in this process, by engine, database and variables."""


def parsed_for(warehouse: Warehouse, work: Path, *variables: str) -> Manifest:
    """The project for this warehouse, and `--vars` if there are any; parsed once in this process."""
    key = (warehouse.name, warehouse.database, *variables)
    if key not in PARSED:
        done = dbt("parse", "--no-write-json", *variables, work=work, env=warehouse.env)
        assert done.success, done.exception
        PARSED[key] = done.result
    return PARSED[key]


def build(warehouse: Warehouse, work: Path, *arguments: str) -> dict[str, str]:
    """`dbt build` on the warehouse; each node's status by its name. Fails when a model or a test does."""
    at = arguments.index("--vars") if "--vars" in arguments else len(arguments)
    parsed = parsed_for(warehouse, work, *arguments[at : at + 2])
    done = dbt("build", *arguments, work=work, env=warehouse.env, parsed=parsed)
    results = done.result.results if done.result else []
    failures = [f"{node.node.name}: {node.message}" for node in results if node.status in ("error", "fail")]
    assert done.success, failures or done.exception
    return {node.node.name: str(node.status) for node in results}
