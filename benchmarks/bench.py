"""Measures first loads side by side, on the same account, in one run: time, CPU and peak memory.

    python benchmarks/bench.py                                    # the plan below: about twenty minutes
    python benchmarks/bench.py --sizes 5000 --latencies 10 --repeats 5 --only floor,runmart,rest_api
    python benchmarks/bench.py --sizes 1000,5000,20000 --latencies 0,10,100 --repeats 3        # hours

Contenders take turns, so that noise is shared. Writes RESULTS.md and growth.svg (`--results`). Exit code 1
when a contender failed or did not load the same rows as the others.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.contenders import CONTENDERS, PEERS_PYTHON, Contender, Task
from benchmarks.measure import (
    FOLDER,
    WORK,
    Account,
    BenchmarkError,
    Measurement,
    account,
    counted,
    measured,
    say,
)
from benchmarks.report import Machine, write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Cell:
    """An account and a latency, and how often each contender loads it."""

    runs: int
    latency_ms: float
    repeats: Mapping[str, int]


PLAN = (
    Cell(1_000, 0, {"floor": 1, "runmart": 1, "rest_api": 1, "rest_api parquet": 1, "singer": 1}),
    Cell(1_000, 10, {"floor": 2, "runmart": 2, "rest_api": 1, "rest_api parquet": 1, "singer": 1}),
    Cell(1_000, 100, {"floor": 1, "runmart": 1, "rest_api": 1}),
    Cell(2_000, 10, {"floor": 3, "runmart": 3}),
    Cell(5_000, 0, {"floor": 1, "runmart": 1, "rest_api": 1}),
    # The row that figures are promised for.
    Cell(5_000, 10, {"floor": 5, "runmart": 5, "rest_api": 3, "rest_api parquet": 1}),
    Cell(5_000, 100, {"floor": 1, "runmart": 1, "rest_api": 1}),
    Cell(20_000, 0, {"floor": 1, "runmart": 1}),
    Cell(20_000, 10, {"floor": 2, "runmart": 2, "rest_api": 1}),
    Cell(20_000, 100, {"floor": 1, "runmart": 1}),
)


def main() -> int:
    options = _options()
    cells = _cells(options)
    began = time.monotonic()
    asked = f" BENCH={shlex.quote(shlex.join(sys.argv[1:]))}" if sys.argv[1:] else ""
    machine = Machine.here(f"make bench{asked}")
    measurements: list[Measurement] = []
    failures = _warm_up(sorted({name for cell in cells for name in cell.repeats}))
    names = {name for cell in cells for name in cell.repeats} - failures.keys()
    for size in sorted({cell.runs for cell in cells}):
        of_size = [cell for cell in cells if cell.runs == size]
        with account("--runs", str(size), latencies=[cell.latency_ms for cell in of_size]) as served:
            for cell in of_size:
                measurements += _measure(cell, served, names, failures)
    machine.finish()
    write(options.results, machine, measurements, failures)
    say(f"{options.results} after {(time.monotonic() - began) / 60:.0f} minutes")
    return int(bool(failures))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=_integers, help="runs per account, with commas between them")
    parser.add_argument("--latencies", type=_numbers, help="milliseconds, with commas between them")
    parser.add_argument("--repeats", type=int, help="loads by each contender")
    parser.add_argument("--only", type=_names, help=f"contenders: {', '.join(CONTENDERS)}")
    parser.add_argument("--results", type=Path, default=FOLDER / "RESULTS.md")
    return parser.parse_args()


def _integers(text: str) -> list[int]:
    return [int(word) for word in text.split(",")]


def _numbers(text: str) -> list[float]:
    return [float(word) for word in text.split(",")]


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    if unknown := set(names) - CONTENDERS.keys():
        raise argparse.ArgumentTypeError(f"no such contender: {', '.join(unknown)}")
    return names


def _cells(options: argparse.Namespace) -> Sequence[Cell]:
    """The plan, or the matrix that the options ask for."""
    cells: Sequence[Cell] = PLAN
    if options.sizes or options.latencies or options.repeats:
        cells = tuple(
            Cell(size, latency, dict.fromkeys(CONTENDERS, options.repeats or 1))
            for size in options.sizes or [5_000]
            for latency in options.latencies or [10.0]
        )
    only = options.only or CONTENDERS
    return [
        Cell(cell.runs, cell.latency_ms, {name: n for name, n in cell.repeats.items() if name in only})
        for cell in cells
    ]


def _warm_up(names: Sequence[str]) -> dict[str, str]:
    """Let each contender load a tiny account, so that its modules are compiled; returns those that cannot."""
    failures: dict[str, str] = {}
    with account("--runs", "50", latencies=[0.0]) as served:
        for name in names:
            if name == "singer" and not Path(PEERS_PYTHON).exists():
                failures[name] = "its environment is missing; `make bench` makes it"
                continue
            try:
                _load(CONTENDERS[name], served, 50, 0.0)
            except BenchmarkError as error:
                failures[name] = str(error)
    for name, why in failures.items():
        say(f"{name} is left out: {why}")
    return failures


def _measure(cell: Cell, served: Account, names: set[str], failures: dict[str, str]) -> list[Measurement]:
    """All loads of a cell, the contenders by turns."""
    done: list[Measurement] = []
    for turn in range(max(cell.repeats.values(), default=0)):
        for name in (name for name, repeats in cell.repeats.items() if turn < repeats and name in names):
            try:
                measurement = _load(CONTENDERS[name], served, cell.runs, cell.latency_ms)
                _require_same_rows([*done, measurement])
            except BenchmarkError as error:
                failures[f"{name}, {cell.runs} runs, {cell.latency_ms:g} ms"] = str(error)
                say(f"{name} failed: {error}")
                continue
            done.append(measurement)
            usage = measurement.usage
            say(
                f"{cell.runs:6,} runs  {cell.latency_ms:3g} ms  {name:16}  {usage.wall_s:7.2f} s"
                f"  CPU {usage.cpu_s:7.2f} s  {usage.peak_mib:6.0f} MiB  {measurement.requests:6,} requests"
                f"  (load {os.getloadavg()[0]:.1f})"
            )
    return done


def _load(contender: Contender, served: Account, runs: int, latency: float) -> Measurement:
    """Load the account once, from nothing."""
    folder = WORK / "loads" / contender.name.replace(" ", "-")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    task = Task(served.origin(latency), served.key, folder)
    served.served(latency)
    usage = measured(contender.commands(task), folder, contender.settings(task))
    asked = served.served(latency)
    rows = counted(folder / contender.database, contender.tables)
    return Measurement(contender.name, runs, latency, usage, rows, asked)


def _require_same_rows(measurements: Sequence[Measurement]) -> None:
    first, last = measurements[0], measurements[-1]
    if last.rows != first.rows:
        raise BenchmarkError(f"{last.contender} loaded {last.rows}, {first.contender} {first.rows}")


if __name__ == "__main__":
    sys.exit(main())
