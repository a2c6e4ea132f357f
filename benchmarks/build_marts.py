"""Measures `runmart build` of a history that was never built: models, tests and the copy for readers.

    python benchmarks/build_marts.py                           # 20,000 runs with 100,000 calls
    python benchmarks/build_marts.py --runs 300000 --slowest 20

Each time is of a whole process that finds raw tables only, in a folder where dbt has parsed nothing before.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.measure import FOLDER, PYTHON, WORK, environment, measured, say

PLACE = WORK / "build"
RUNMART = str(Path(PYTHON).with_name("runmart"))


def main() -> int:
    options = _options()
    shutil.rmtree(PLACE, ignore_errors=True)
    PLACE.mkdir(parents=True)
    raw = PLACE / "raw.duckdb"
    script = [PYTHON, str(FOLDER / "raw_history.py"), str(raw), "--runs", str(options.runs)]
    subprocess.run([*script, "--calls", str(options.calls)], env=environment(), check=True)  # noqa: S603
    say(f"{options.runs:,} runs, {options.runs * options.calls:,} tool calls; {os.cpu_count()} cores.")
    walls = []
    for repeat in range(options.repeats):
        folder = PLACE / str(repeat)
        folder.mkdir()
        shutil.copyfile(raw, folder / "runmart.duckdb")
        load = os.getloadavg()[0]
        settings = {"DLT_DATA_DIR": str(folder / "dlt")} | (
            {"DBT_WRITE_JSON": "true"} if options.slowest else {}
        )
        usage = measured([[RUNMART, "build"]], folder, settings)
        walls.append(usage.wall_s)
        say(
            f"{usage.wall_s:6.1f} s, {usage.cpu_s:6.1f} s of CPU, {usage.peak_mib:,.0f} MiB; "
            f"load average before: {load:.1f}"
        )
    say(f"Median: {statistics.median(walls):.1f} s.")
    if options.slowest:
        for seconds, name in _slowest(folder)[: options.slowest]:
            say(f"{seconds:6.2f} s  {name}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=20_000)
    parser.add_argument("--calls", type=int, default=5, help="tool calls of a run")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--slowest",
        type=int,
        default=0,
        help="show so many of the slowest models and tests; dbt then writes its artifacts, which takes time",
    )
    return parser.parse_args()


def _slowest(folder: Path) -> list[tuple[float, str]]:
    """Models and tests of a build, by their time."""
    (results,) = folder.glob("dlt/runmart/dbt-*/target/run_results.json")
    nodes = json.loads(results.read_text())["results"]
    return sorted(((node["execution_time"], node["unique_id"]) for node in nodes), reverse=True)


if __name__ == "__main__":
    sys.exit(main())
