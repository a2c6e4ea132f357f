"""Writes a history of runs straight into the raw tables of a DuckDB file, without any API, to measure dbt on.

python benchmarks/raw_history.py /tmp/history.duckdb --runs 300000
python benchmarks/raw_history.py /tmp/history.duckdb --runs 100 --first 300000

What a run is made of stands in raw_history.sql: tool calls (ten, or --calls), an evaluation, five criteria.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sources.armature.tables import TABLES

STATEMENTS = Path(__file__).with_suffix(".sql")

SQL_TYPES = {
    "text": "varchar",
    "bigint": "bigint",
    "double": "double",
    "bool": "boolean",
    "timestamp": "timestamp with time zone",
    "duration": "bigint",
    "money": "decimal(38, 9)",
    "json": "json",
}


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """The raw tables, empty, with the load that dlt writes into every row."""
    connection.execute("create schema if not exists armature")
    for table in TABLES.values():
        columns = ", ".join(f'"{column.name}" {SQL_TYPES[column.kind]}' for column in table.columns)
        connection.execute(
            f"create table if not exists armature.{table.name} ({columns}, _dlt_load_id varchar)"
        )


def write(path: Path, runs: int, first: int = 0, calls: int = 10) -> None:
    """Add runs to a file, made where it is missing, that has the first so many of them already."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute("set variable first = ?", [first])
        connection.execute("set variable runs = ?", [runs])
        connection.execute("set variable calls = ?", [calls])
        create(connection)
        connection.execute(STATEMENTS.read_text())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("path", type=Path)
    parser.add_argument("--runs", type=int, default=300_000)
    parser.add_argument("--first", type=int, default=0, help="runs that the file has already")
    parser.add_argument("--calls", type=int, default=10, help="tool calls of a run")
    options = parser.parse_args()
    write(options.path, options.runs, options.first, options.calls)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
