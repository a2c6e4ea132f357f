"""Makes an account that was just loaded an old one: copies of its runs, each older than the one before.

    python benchmarks/age.py <duckdb file> <copies> <hours>

Copies have ids, times and loads of their own; they stand before the newest runs, as loads would
have left them. Prints the rows of each table as JSON.
"""

from __future__ import annotations

import json
import sys

import duckdb

OF_RUNS = ("runs", "evaluations", "evaluation_criteria", "tool_calls", "trace_spans")


def aged(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """The columns of a table, made older by $hours, for copy number $copy."""
    described = connection.execute(
        "select column_name, data_type from duckdb_columns()"
        " where schema_name = 'armature' and table_name = ?",
        [table],
    ).fetchall()
    older = {
        "run_id": "md5(run_id || $copy::varchar)",
        # dlt names loads by seconds since 1970: text of the same length sorts like the number.
        **dict.fromkeys(("_dlt_load_id", "load_id"), "(%s::decimal(20, 7) - $copy * $hours * 3600)::varchar"),
    }
    chosen = []
    for name, kind in described:
        expression = older.get(name)
        if expression is None and kind == "TIMESTAMP WITH TIME ZONE":
            expression = "%s - to_hours(($copy * $hours)::int)"
        chosen.append(f"{expression.replace('%s', name)} as {name}" if expression else name)
    return ", ".join(chosen)


def main() -> None:
    file, copies, hours = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    with duckdb.connect(file) as connection:
        present = {
            name
            for (name,) in connection.execute(
                "select table_name from duckdb_tables() where schema_name = 'armature'"
            ).fetchall()
        }
        tables = [name for name in (*OF_RUNS, "_dlt_loads") if name in present]
        for table in tables:
            columns = aged(connection, table)
            connection.execute(f"create temp table newest as from armature.{table}")
            connection.execute(f"delete from armature.{table}")  # noqa: S608
            for copy in range(copies, 0, -1):
                connection.execute(
                    f"insert into armature.{table} by name select {columns} from newest",  # noqa: S608
                    {"copy": copy, "hours": hours} if "$copy" in columns else None,
                )
            connection.execute(f"insert into armature.{table} by name from newest")
            connection.execute("drop table newest")
        connection.execute("checkpoint")
        counts = {
            name: connection.execute(f"select count(*) from armature.{name}").fetchall()[0][0]  # noqa: S608
            for name in tables
        }
    print(json.dumps(counts))  # noqa: T201


if __name__ == "__main__":
    main()
