"""Warehouses for tests: a DuckDB file and a PostgreSQL database, filled by hand and built by dbt."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import duckdb
import psycopg2
import psycopg2.extras

from sources.armature.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sources.common.tables import Table

    Row = Mapping[str, Any]

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


def create_table(table: Table, schema: str = "armature", **types: str) -> str:
    """The statement that makes a raw table as dlt makes it; `types` replaces names of types."""
    columns = (f'"{c.name}" {types.get(c.kind, SQL_TYPES[c.kind])}' for c in table.columns)
    return f"create table {schema}.{table.name} ({', '.join(columns)})"


@dataclass
class DuckDB:
    path: Path
    name = "duckdb"

    @property
    def env(self) -> dict[str, str]:
        return {"RUNMART_TARGET": "duckdb", "RUNMART_DUCKDB_PATH": str(self.path)}

    def load(self, history: Mapping[str, list[Row]]) -> None:
        with duckdb.connect(str(self.path)) as connection:
            connection.execute("create schema if not exists armature")
            for name, rows in history.items():
                connection.execute(create_table(TABLES[name]))
                records = TABLES[name].to_arrow(rows)
                connection.register("records", records)
                connection.execute(f"insert into armature.{name} select * from records")  # noqa: S608

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

    def load(self, history: Mapping[str, list[Row]]) -> None:
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("create schema if not exists armature")
            for name, rows in history.items():
                cursor.execute(create_table(TABLES[name], json="jsonb"))
                records = TABLES[name].to_arrow(rows).to_pylist()
                psycopg2.extras.execute_values(
                    cursor,
                    f"insert into armature.{name} values %s",  # noqa: S608
                    [tuple(record.values()) for record in records],
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


def dbt(arguments: Iterable[str], *, work: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Runs dbt on the project, and keeps what it writes in `work`.

    The warehouse settings of whoever runs the tests are not seen.
    """
    ours = ("RUNMART_", "DESTINATION__", "PG", "DBT_")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    command, *rest = arguments
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "from dbt.cli.main import cli; cli()",
            "--no-use-colors",
            command,
            *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
            *("--target-path", str(work / "target"), "--log-path", str(work / "logs")),
            *rest,
        ],
        env={**kept, **env},
        capture_output=True,
        text=True,
        check=False,
    )


def build(warehouse: Warehouse, work: Path, *arguments: str) -> None:
    """`dbt build` on the warehouse; fails with dbt's output when a model or a test does."""
    done = dbt(["build", *arguments], work=work, env=warehouse.env)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
