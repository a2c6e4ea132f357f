"""Measures first loads side by side, on the same account, in one run.

python benchmarks/bench.py --sizes 5000 --latencies 10 --repeats 5 --only floor,runmart
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.contenders import CONTENDERS, Contender
from benchmarks.measure import WORK, Account, Measurement, account, counted, measured


def one(contender: Contender, of: Account, runs: int, latency: float) -> Measurement:
    """Load the account once, from nothing."""
    folder = WORK / "loads" / contender.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    origin = of.origin(latency)
    of.served(latency)
    usage = measured(
        contender.commands(origin, of.key, folder), folder, contender.settings(origin, of.key, folder)
    )
    served = of.served(latency)
    rows = counted(folder / contender.database, contender.tables)
    return Measurement(contender.name, runs, latency, usage, rows, served)


def say(done: Measurement) -> None:
    usage = done.usage
    cost = f"{usage.wall_s:7.2f} s  CPU {usage.cpu_s:7.2f} s  peak {usage.peak_mib:6.0f} MiB"
    print(
        f"{done.contender:10} {done.runs:6} runs {done.latency_ms:4g} ms  {cost}  {done.rows}  {done.served}",
        flush=True,
    )  # noqa: T201, E501


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", default="5000", help="runs per account, with commas between them")
    parser.add_argument("--latencies", default="10", help="milliseconds, with commas between them")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--only", default=",".join(CONTENDERS), help="contenders, with commas between them")
    options = parser.parse_args()
    latencies = [float(text) for text in options.latencies.split(",")]
    for size in map(int, options.sizes.split(",")):
        with account("--runs", str(size), latencies=latencies) as of:
            for latency in latencies:
                for _ in range(options.repeats):
                    for name in options.only.split(","):
                        say(one(CONTENDERS[name], of, size, latency))
    return 0


if __name__ == "__main__":
    sys.exit(main())
