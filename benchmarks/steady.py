"""Measures an account of 300,000 runs from day to day: syncs with nothing new, with 100 new runs, and builds.

    python benchmarks/steady.py                      # writes benchmarks/STEADY.md
    python benchmarks/steady.py --runs 20000 --repeats 1 --results /tmp/STEADY.md

The account is prepared once and kept in benchmarks/.work for some hours: the newest runs are loaded
by `runmart load`, which leaves the state of a real sync, and the older ones are copies of them in
the raw tables, each load of theirs in `_dlt_loads`. Every repeat begins from that, with all marts
built. Nothing is open: the account has been silent for three hours.
"""

from __future__ import annotations

import argparse
import json
import shlex
import shutil
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.contenders import Task, runmart_settings
from benchmarks.measure import (
    FOLDER,
    PYTHON,
    WORK,
    BenchmarkError,
    account,
    counted,
    environment,
    measured,
    say,
)
from benchmarks.report import Machine
from pipelines.build import project_digest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.measure import Account, Usage

PLACE = WORK / "steady"
LIVE = PLACE / "account"
"""The warehouse must always lie in the same place: the state beside it is kept by its address."""

HOURS_OF_HISTORY = 18
"""Hours that the loaded runs are spread over, in one day of the emulator; each copy is older by so much."""

SILENT_FOR = 3
KEPT_HOURS = 6
NEW_RUNS = 100
RUNMART = str(Path(PYTHON).with_name("runmart"))

STEPS = {
    "nothing new": "`runmart load armature`, nothing new",
    "100 new": "`runmart load armature`, 100 new runs",
    "build": "`runmart build` after it",
    "build again": "`runmart build` once more, nothing new",
}


def main() -> int:
    options = _options()
    asked = f" STEADY={shlex.quote(shlex.join(sys.argv[1:]))}" if sys.argv[1:] else ""
    machine = Machine.here(f"make bench-steady{asked}")
    loaded = round(options.runs / (30 * 24 / HOURS_OF_HISTORY))
    prepared = _prepared(options.runs, loaded, fresh=options.fresh)
    world = _world(loaded, prepared["now"])
    done: dict[str, list[tuple[Usage, dict[str, int]]]] = defaultdict(list)
    with (
        account(*world, latencies=[options.latency]) as silent,
        account(*world, "--added", str(NEW_RUNS), latencies=[options.latency]) as moved,
    ):
        for repeat in range(options.repeats + 1):
            # The first time compiles modules and is not counted.
            steps = _one_day(silent, moved, options.latency, prepared["rows"])
            for name, cost in steps.items():
                say(
                    f"{'warm-up' if repeat == 0 else repeat:>7}  {name:12} {cost[0].wall_s:7.2f} s  {cost[1]}"
                )
                if repeat:
                    done[name].append(cost)
    machine.finish()
    _write(options.results, machine, done, prepared["rows"], options.latency)
    say(str(options.results))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=300_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--latency", type=float, default=10.0, help="milliseconds")
    parser.add_argument("--fresh", action="store_true", help="prepare the account anew")
    parser.add_argument("--results", type=Path, default=FOLDER / "STEADY.md")
    return parser.parse_args()


def _world(loaded: int, now: int) -> list[str]:
    return [
        *("--runs", str(loaded), "--days", "1"),
        *("--now", str(now), "--silent-for", str(SILENT_FOR)),
    ]


def _prepared(runs: int, loaded: int, *, fresh: bool) -> dict[str, Any]:
    """What is known of the prepared account; it is made when there is none, or none of today's project."""
    note = PLACE / "prepared.json"
    project = project_digest()
    if note.exists() and not fresh:
        known: dict[str, Any] = json.loads(note.read_text())
        is_same = known["runs"] == runs and known.get("project") == project
        if is_same and time.time() * 1000 - known["now"] < KEPT_HOURS * 3_600_000:
            return known
    shutil.rmtree(PLACE, ignore_errors=True)
    LIVE.mkdir(parents=True)
    now = int(time.time() * 1000)
    say(f"Preparing: {loaded:,} runs are loaded, the other {runs - loaded:,} copied.")
    with account(*_world(loaded, now), latencies=[0.0]) as served:
        _run(served, 0.0, "load", "armature")
        copies = str(runs // loaded - 1)
        script = [PYTHON, str(FOLDER / "age.py"), str(LIVE / "runmart.duckdb"), copies, str(HOURS_OF_HISTORY)]
        aged = subprocess.run(script, capture_output=True, text=True, env=environment(), check=False)  # noqa: S603
        if aged.returncode != 0:
            raise BenchmarkError(f"The account cannot be prepared: {aged.stderr.strip()[-2_000:]}")
        say("Building all marts.")
        _run(served, 0.0, "build")
    shutil.copytree(LIVE, PLACE / "prepared")
    made = {"runs": runs, "now": now, "project": project, "rows": json.loads(aged.stdout)}
    note.write_text(json.dumps(made))
    return made


def _one_day(
    silent: Account, moved: Account, latency: float, rows: Mapping[str, int]
) -> dict[str, tuple[Usage, dict[str, int]]]:
    """Each step once, from the prepared account on."""
    shutil.rmtree(LIVE)
    shutil.copytree(PLACE / "prepared", LIVE)
    steps = {"nothing new": _run(silent, latency, "load", "armature")}
    _require_runs(rows["runs"])
    steps["100 new"] = _run(moved, latency, "load", "armature")
    _require_runs(rows["runs"] + NEW_RUNS)
    steps["build"] = _run(moved, latency, "build")
    steps["build again"] = _run(moved, latency, "build")
    return steps


def _run(served: Account, latency: float, *words: str) -> tuple[Usage, dict[str, int]]:
    """Run a command of runmart on the account; returns its cost, and its requests by kind."""
    task = Task(served.origin(latency), served.key, LIVE)
    served.served(latency)
    usage = measured([[RUNMART, *words]], LIVE, runmart_settings(task))
    return usage, served.served(latency)["requests"]


def _require_runs(expected: int) -> None:
    found = counted(LIVE / "runmart.duckdb", {"runs": "armature.runs"})["runs"]
    if found != expected:
        raise BenchmarkError(f"After the sync there are {found:,} runs, not {expected:,}.")


def _write(
    page: Path,
    machine: Machine,
    done: Mapping[str, Sequence[tuple[Usage, dict[str, int]]]],
    rows: Mapping[str, int],
    latency: float,
) -> None:
    page.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        "# From day to day\n",
        f"An account of {rows['runs']:,} runs and {rows['tool_calls']:,} tool calls, loaded and built; "
        f"answers take {latency:g} ms. Whole processes: median, and the smallest and largest.\n",
        *machine.lines(),
        "",
        "| | times | time | CPU | peak memory | requests |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for name, title in STEPS.items():
        usages = [usage for usage, _ in done[name]]
        asked = done[name][-1][1]
        kinds = ", ".join(f"{count} {kind}" for kind, count in asked.items())
        lines.append(
            f"| {title} | {len(usages)} | {_spread([usage.wall_s for usage in usages], 1)} s "
            f"| {_spread([usage.cpu_s for usage in usages], 1)} s "
            f"| {_spread([usage.peak_mib for usage in usages], 0)} MiB "
            f"| {sum(asked.values())}{f' ({kinds})' if asked else ''} |"
        )
    page.write_text("\n".join(lines) + "\n")


def _spread(values: Sequence[float], digits: int) -> str:
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


if __name__ == "__main__":
    sys.exit(main())
