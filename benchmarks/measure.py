"""Runs a contender as whole processes and measures them: wall, CPU, peak memory.

Nothing heavy may be imported here: a child's peak memory is at least what its parent held when it began.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

FOLDER = Path(__file__).resolve().parent
WORK = FOLDER / ".work"
"""Where environments, accounts and warehouses of the benchmarks are; git ignores it."""

PYTHON = sys.executable
MOST_SECONDS = 3_600


class BenchmarkError(Exception):
    """A contender failed, or did not load what it should; the message says which and how."""


@dataclass(frozen=True)
class Usage:
    """What a command cost. With several processes, and those that they start, CPU and memory are sums."""

    wall_s: float
    cpu_s: float
    peak_mib: float


@dataclass
class Account:
    """An account that is served as ready-made bytes: its key, and its origin by latency in milliseconds."""

    key: str
    origins: Mapping[str, str]

    def origin(self, latency: float) -> str:
        return self.origins[f"{latency:g}"]

    def served(self, latency: float) -> dict[str, Any]:
        """What was asked of it at this latency since the last call."""
        with urlopen(f"{self.origin(latency)}/_served") as answer:  # noqa: S310 - our own server on loopback
            said: dict[str, Any] = json.load(answer)
            return said


@contextmanager
def account(*options: str, latencies: Sequence[float]) -> Iterator[Account]:
    """Serve an account by `ready_bytes.py` in a process of its own; it answers once this block is entered."""
    asked = [word for latency in latencies for word in ("--latency-ms", f"{latency:g}")]
    command = [PYTHON, str(FOLDER / "ready_bytes.py"), *options, *asked]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment())  # noqa: S603
    try:
        line = server.stdout.readline() if server.stdout else ""
        if not line:
            raise BenchmarkError(f"The server did not start: {' '.join(command)}")
        yield Account(**json.loads(line))
    finally:
        server.terminate()
        server.wait()


def environment(**settings: str) -> dict[str, str]:
    """The environment of a child: compiled modules are kept, as they are for users."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return inherited | settings


def measured(commands: Sequence[Sequence[str]], folder: Path, settings: Mapping[str, str]) -> Usage:
    """Run commands, each reading what the one before it writes, and measure them until the last one ends.

    Raises:
        BenchmarkError: one of them failed; their messages are in `folder/messages.txt`.
    """
    children: list[subprocess.Popen[bytes]] = []
    with (folder / "messages.txt").open("wb") as messages:
        began = time.perf_counter()
        for number, command in enumerate(commands):
            is_last = number == len(commands) - 1
            child = subprocess.Popen(  # noqa: S603
                list(command),
                cwd=folder,
                env=environment(**settings),
                stdin=children[-1].stdout if children else subprocess.DEVNULL,
                stdout=messages if is_last else subprocess.PIPE,
                stderr=messages,
            )
            if children and (pipe := children[-1].stdout):
                pipe.close()
            children.append(child)
        with _resident(children) as resident:
            ended = [os.wait4(child.pid, 0) for child in reversed(children)]
        wall = time.perf_counter() - began
    for child, command, (_, status, _) in zip(reversed(children), reversed(commands), ended, strict=True):
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            said = (folder / "messages.txt").read_text(errors="replace")[-2_000:]
            raise BenchmarkError(f"{' '.join(command)}\nexit code {child.returncode}\n{said}")
    return Usage(
        wall_s=wall,
        cpu_s=sum(usage.ru_utime + usage.ru_stime for _, _, usage in ended),
        # The system's own account is exact, and knows a command's largest process only.
        peak_mib=max(resident.peak / 2**20, sum(usage.ru_maxrss for _, _, usage in ended) / 1024),
    )


@dataclass
class _Resident:
    """Most bytes that processes and those that they started held at once."""

    peak: int = 0

    def look(self, roots: Sequence[psutil.Process]) -> None:
        held = 0
        for root in roots:
            with suppress(psutil.Error):
                for process in (root, *root.children(recursive=True)):
                    held += process.memory_info().rss
        self.peak = max(self.peak, held)


@contextmanager
def _resident(children: Sequence[subprocess.Popen[bytes]]) -> Iterator[_Resident]:
    """Look at the memory of processes twenty times a second, as long as the block lasts."""
    resident, is_over = _Resident(), threading.Event()
    roots = [psutil.Process(child.pid) for child in children]

    def look() -> None:
        while not is_over.wait(0.05):
            resident.look(roots)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield resident
    finally:
        is_over.set()
        watcher.join()


def counted(database: Path, tables: Mapping[str, str]) -> dict[str, int]:
    """Rows by name; `tables` gives the table's own name for each. Read by another process, which ends."""
    script = (
        "import duckdb, json, sys; connection = duckdb.connect(sys.argv[1], read_only=True);"
        "print(json.dumps({name: connection.execute('select count(*) from ' + table).fetchone()[0]"
        " for name, table in json.loads(sys.argv[2]).items()}))"
    )
    command = [PYTHON, "-c", script, str(database), json.dumps(dict(tables))]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)  # noqa: S603
    if done.returncode != 0:
        raise BenchmarkError(f"{database} cannot be counted: {done.stderr.strip().splitlines()[-1]}")
    rows: dict[str, int] = json.loads(done.stdout)
    return rows


@dataclass
class Measurement:
    """One contender, once, on one account."""

    contender: str
    runs: int
    latency_ms: float
    usage: Usage
    rows: dict[str, int]
    served: dict[str, Any]

    @property
    def requests(self) -> int:
        return sum(self.served["requests"].values())


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201
