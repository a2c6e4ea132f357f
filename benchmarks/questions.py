"""Times ten questions that analysts ask, on marts of a million runs, each from a fresh connection.

python benchmarks/raw_history.py /tmp/million.duckdb --runs 1000000
DESTINATION__DUCKDB__CREDENTIALS=/tmp/million.duckdb runmart build
python benchmarks/questions.py /tmp/million.duckdb

Prints a table in Markdown. The questions are questions.sql; each is asked until its rows are fetched.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

import duckdb

QUESTIONS = Path(__file__).with_suffix(".sql")


def questions(text: str) -> dict[str, str]:
    """SQL by question: what stands on a line after `-- ?`."""
    parts = (part.partition("\n") for part in text.split("-- ? ")[1:])
    return {title.strip(): sql.strip().rstrip(";") for title, _, sql in parts}


def ask(path: Path, sql: str) -> tuple[float, int]:
    """Seconds from opening the file to the last row, and the number of rows."""
    started = time.perf_counter()
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        rows = connection.execute(sql).fetchall()
    return time.perf_counter() - started, len(rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("path", type=Path)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    with duckdb.connect(str(options.path), read_only=True) as connection:
        counted = connection.execute("select count(*) from analytics.fct_runs").fetchone() or (0,)
    lines = [
        f"{counted[0]:,} runs, {os.cpu_count()} cores, DuckDB {duckdb.__version__}; {options.repeats} each",
        "",
        "| question | rows | median, s | slowest, s |",
        "|---|---:|---:|---:|",
    ]
    for title, sql in questions(QUESTIONS.read_text()).items():
        answers = [ask(options.path, sql) for _ in range(options.repeats)]
        seconds = [answer[0] for answer in answers]
        lines.append(f"| {title} | {answers[0][1]} | {statistics.median(seconds):.2f} | {max(seconds):.2f} |")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
