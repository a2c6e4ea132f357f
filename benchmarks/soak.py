"""Syncs a moving account with all faults on, for minutes: memory must stay flat and the tables true.

    python benchmarks/soak.py --minutes 10

Every fourth sync is a process of its own; the others share one, which does nothing else, like a scheduler's.
Prints the memory of that process after each sync. Exit code 1 when it grew over the second half, or when the
tables at the end are not those of a load without faults.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import duckdb
import psutil

from emulator import serve
from emulator.armature import ArmatureEmulator, World
from emulator.common import faults
from emulator.common.clock import Clock
from pipelines.load import LoadRequest, load
from pipelines.warehouse import DuckDbWarehouse
from sources.armature.tables import OFF_BY_DEFAULT, TABLES
from sources.common.errors import RunmartError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from emulator import Server

FAULTS = (
    faults.too_many_requests(0.2),
    faults.too_many_requests(None),
    faults.server_error(500),
    faults.server_error(502),
    faults.server_error(503),
    faults.reset(),
    faults.cut_body(),
    faults.html_page(),
    faults.garbage(),
    faults.empty_body(),
    faults.slow(0.3),
    faults.redirect("https://elsewhere.invalid/"),
)
SHARE = 0.01
"""Of the requests, for each fault."""

MOST_GROWTH = 0.05
"""Share by which the memory may grow over the second half: the allocator's ups and downs stay below it."""

FIRST_RUNS, RUNS_PER_SYNC = 600, 60
BETWEEN = timedelta(hours=2)
"""What a sync remembers of single runs goes back a day: it has its full size after a dozen syncs."""

OF_THE_LOAD = {"_extracted_at", "first_seen_at", "last_seen_at"}


def main() -> int:
    parser = argparse.ArgumentParser(description="Sync a moving account with all faults on.")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))  # noqa: S311
    options = parser.parse_args()
    say(f"seed {options.seed}, {options.minutes:g} minutes")
    world = World.empty(Clock.real(), seed=options.seed)
    chance = random.Random(options.seed)  # noqa: S311
    with tempfile.TemporaryDirectory() as folder, serve(ArmatureEmulator(world, kept_mib=1)) as server:
        os.environ |= {
            "SOURCES__ARMATURE__BASE_URL": server.origin,
            "SOURCES__ARMATURE__API_KEY": server.api_key,
            "DLT_DATA_DIR": folder + "/dlt",
            "RUNTIME__LOG_LEVEL": "CRITICAL",
            "RUNTIME__DLTHUB_TELEMETRY": "false",
        }
        file = Path(folder) / "soak.duckdb"
        memory = soak(server, file, chance, options.minutes * 60)
        server.faults.clear()
        world.clock.advance(days=3)
        logging.getLogger("runmart").setLevel(logging.ERROR)
        load(LoadRequest("armature"), DuckDbWarehouse(file))
        clean = Path(folder) / "clean.duckdb"
        load(LoadRequest("armature"), DuckDbWarehouse(clean))
        different = [name for name in compared() if rows(file, name) != rows(clean, name)]
        count = len(rows(clean, "runs"))
    second_half = memory[len(memory) // 2 :]
    growth = slope(second_half) * (second_half[-1][0] - second_half[0][0]) / second_half[0][1]
    say(
        f"memory: {memory[0][1]:.0f} MB after the first sync, {memory[-1][1]:.0f} MB after the last; "
        f"{growth:+.1%} over the second half"
    )
    say(
        f"tables of {count} runs: "
        + (f"{', '.join(different)} differ" if different else "equal to a clean load")
    )
    return int(growth > MOST_GROWTH or bool(different))


def soak(
    server: Server[ArmatureEmulator], file: Path, chance: random.Random, seconds: float
) -> list[tuple[float, float]]:
    """Sync until the time is over; returns (seconds, megabytes) after each sync in the lasting process."""
    world = server.emulator.world
    add_runs(world, chance, FIRST_RUNS, timedelta(days=10))
    for fault in FAULTS:
        server.faults.add(fault, probability=SHARE)
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    spawn.Process(target=sync_when_told, args=(theirs, file), daemon=True).start()
    began = time.monotonic()
    memory: list[tuple[float, float]] = []
    number = 0
    while (elapsed := time.monotonic() - began) < seconds or len(memory) < 4:
        number += 1
        add_runs(world, chance, RUNS_PER_SYNC, BETWEEN)
        if number % 4 == 0:
            how = sync_in_process(file)
        else:
            ours.send(None)
            megabytes, how = ours.recv()
            memory.append((elapsed, megabytes))
        server.requests.clear()
        world.clock.advance(hours=BETWEEN / timedelta(hours=1))
        say(f"{elapsed:6.0f} s  sync {number:3}  {memory[-1][1]:6.0f} MB  {how}")
    return memory


def sync_when_told(told: Connection, file: Path) -> None:
    """The lasting process: syncs for each message, and answers with its memory and what the sync did."""
    logging.getLogger("runmart").setLevel(logging.ERROR)
    with contextlib.suppress(EOFError):
        while True:
            told.recv()
            how = sync_here(file)
            told.send((resident(), how))


def add_runs(world: World, chance: random.Random, count: int, since: timedelta) -> None:
    """Runs of all kinds, some of them not ended or not evaluated for a while."""
    now = datetime.fromtimestamp(world.clock.now() / 1000, UTC)
    for _ in range(count):
        world.add_run(
            status=chance.choice(("pass", "pass", "fail", "partial", "error")),
            started_at=now - since * chance.random(),
            duration_s=chance.choice((5, 60, 3600)),
            evaluation_after_s=chance.choice((0, 20, 7200)),
            calls=chance.randrange(6),
        )


def sync_here(file: Path) -> str:
    try:
        outcome = load(LoadRequest("armature", chunk_runs=200), DuckDbWarehouse(file))
    except RunmartError as error:
        return f"stopped: {error}"
    asked = f"{outcome.requests} requests, {outcome.retries} retries"
    return f"{outcome.runs_new} new, {asked}, {outcome.unread} unread"


def sync_in_process(file: Path) -> str:
    command = [sys.executable, "-m", "pipelines.cli", "load", "armature", "--chunk-runs", "200"]
    environment = os.environ | {
        "DESTINATION__DUCKDB__CREDENTIALS": str(file),
        "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    return f"process, exit code {done.returncode}"


def resident() -> float:
    """Memory of this process, and of the one that reads for it, in megabytes."""
    process = psutil.Process()
    return sum(one.memory_info().rss for one in (process, *process.children())) / 2**20


def slope(points: list[tuple[float, float]]) -> float:
    """Least squares, per second."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0


def compared() -> Iterator[str]:
    """Tables that hold what the platform says now."""
    return (name for name in TABLES if name not in {*OFF_BY_DEFAULT, "sync_log", "fetch_errors"})


def rows(file: Path, name: str) -> list[tuple[Any, ...]]:
    columns = ", ".join(column.name for column in TABLES[name].columns if column.name not in OF_THE_LOAD)
    with duckdb.connect(str(file), read_only=True) as connection:
        return sorted(connection.execute(f"select {columns} from armature.{name}").fetchall(), key=repr)  # noqa: S608


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
