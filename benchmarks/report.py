"""Writes what was measured: a page with tables and ratios, and the growth with runs as a plot."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.contenders import CONTENDERS, PEERS_PYTHON
from benchmarks.measure import FOLDER, environment, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from benchmarks.measure import Measurement, Usage

PACKAGES = ("runmart", "dlt", "duckdb", "pyarrow", "aiohttp", "httpx", "orjson")
PEERS_PACKAGES = ("singer-sdk", "duckdb", "orjson")

INTRODUCTION = """\
# First loads, side by side

What it takes to load an account into DuckDB for the first time: its runs, and of each run the evaluation
and the tool calls. Every figure is of whole processes, from the start of the command to its end, imports
included: the median of all loads, and the smallest and the largest. The account is the emulator's, served
on loopback as ready-made bytes by a process of its own; all contenders read the same bytes, took turns,
and were seen to load the same number of rows. "/ floor" is the median time divided by the floor's, "/
rest_api" by that of `rest_api`.
"""


@dataclass
class Machine:
    """Where, when and how it was measured."""

    command: str
    began: datetime
    load_before: float
    load_after: float = 0.0
    packages: dict[str, str] = field(default_factory=dict)
    peers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def here(cls, command: str) -> Machine:
        return cls(command, datetime.now(UTC), os.getloadavg()[0])

    def finish(self) -> None:
        self.load_after = os.getloadavg()[0]
        self.packages = {name: version(name) for name in PACKAGES}
        self.peers = _peers_versions()

    def lines(self) -> Iterable[str]:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
        yield f"- Command: `{self.command}`, {self.began:%Y-%m-%d %H:%M} UTC"
        yield f"- Machine: {os.cpu_count()} cores, {memory:.0f} GiB; the server of the account runs on it too"
        yield f"- {platform.system()}, Python {platform.python_version()}; {_listed(self.packages)}"
        if self.peers:
            yield f"- The peers' environment: {_listed(self.peers)}"
        yield f"- Load average before {self.load_before:.1f}, at the end {self.load_after:.1f}"


def _listed(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in versions.items())


def _peers_versions() -> dict[str, str]:
    script = (
        "import importlib.metadata, json, sys;"
        "print(json.dumps({name: importlib.metadata.version(name) for name in sys.argv[1:]}))"
    )
    if not Path(PEERS_PYTHON).exists():
        return {}
    command = [PEERS_PYTHON, "-c", script, *PEERS_PACKAGES]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=True)  # noqa: S603
    versions: dict[str, str] = json.loads(done.stdout)
    return versions


Cells = dict[tuple[int, float], dict[str, list["Measurement"]]]


def write(
    page: Path, machine: Machine, measurements: Sequence[Measurement], failures: Mapping[str, str]
) -> None:
    """The page, and beside it the plot if there is anything to plot."""
    page.parent.mkdir(parents=True, exist_ok=True)
    cells: Cells = defaultdict(lambda: defaultdict(list))
    for measurement in measurements:
        cells[measurement.runs, measurement.latency_ms][measurement.contender].append(measurement)
    plot = _plot(page.with_name("growth.svg"), cells)
    parts = [INTRODUCTION, "\n".join(machine.lines()) + "\n"]
    parts.append("\n".join(f"- **{each.name}**: {each.title}" for each in CONTENDERS.values()) + "\n")
    if plot is not None:
        parts.append(f"![time and memory against runs]({plot.name})\n")
    parts += [_table(runs, latency, by_name) for (runs, latency), by_name in sorted(cells.items())]
    parts += [_of_the_server(cells)]
    if failures:
        parts.append("## Not measured\n")
        parts.append("\n".join(f"- {what}: {why.splitlines()[-1]}" for what, why in failures.items()) + "\n")
    page.write_text("\n".join(parts))


def _table(runs: int, latency: float, by_name: Mapping[str, list[Measurement]]) -> str:
    rows = next(iter(by_name.values()))[0].rows
    lines = [
        f"## {runs:,} runs, {rows['tool_calls']:,} tool calls, {latency:g} ms\n",
        "| | loads | time | / floor | / rest_api | CPU | peak memory | requests |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, done in by_name.items():
        times, cpu, memory = (_sorted(done, of) for of in (_wall, _cpu, _peak))
        lines.append(
            f"| {name} | {len(done)} | {_spread(times, '.1f')} s | {_ratio(times, by_name, 'floor')} "
            f"| {_ratio(times, by_name, 'rest_api')} | {_spread(cpu, '.1f')} s "
            f"| {_spread(memory, '.0f')} MiB "
            f"| {statistics.median(each.requests for each in done):,.0f} |"
        )
    return "\n".join(lines) + "\n"


def _wall(usage: Usage) -> float:
    return usage.wall_s


def _cpu(usage: Usage) -> float:
    return usage.cpu_s


def _peak(usage: Usage) -> float:
    return usage.peak_mib


def _sorted(done: Sequence[Measurement], of: Callable[[Usage], float]) -> list[float]:
    return sorted(of(each.usage) for each in done)


def _spread(values: Sequence[float], form: str) -> str:
    """Median, and the smallest and largest if there are several."""
    middle = f"{statistics.median(values):{form}}"
    return middle if len(values) == 1 else f"{middle} ({values[0]:{form}} to {values[-1]:{form}})"


def _ratio(times: Sequence[float], by_name: Mapping[str, list[Measurement]], of: str) -> str:
    if of not in by_name:
        return ""
    return f"{statistics.median(times) / statistics.median(_sorted(by_name[of], _wall)):.2f}"


def _of_the_server(cells: Cells) -> str:
    """How far the server was from being what was measured."""
    floors = [each for by_name in cells.values() for each in by_name.get("floor", []) if each.runs >= 1_000]
    if not floors:
        return ""
    fastest = max(floors, key=lambda each: each.requests / each.usage.wall_s)
    rate = sum(each.requests for each in floors) / sum(each.served["server_cpu_s"] for each in floors)
    return (
        "## The server\n\n"
        f"It can answer {rate:,.0f} requests per second of its CPU time. The fastest floor got "
        f"{fastest.requests / fastest.usage.wall_s:,.0f} per second over its whole process "
        f"({fastest.runs:,} runs, {fastest.latency_ms:g} ms).\n"
    )


def _plot(file: Path, cells: Cells) -> Path | None:
    """Draw the medians of the latency with most sizes, by the peers' environment, which has matplotlib."""
    sizes: dict[float, set[int]] = defaultdict(set)
    for runs, latency in cells:
        sizes[latency].add(runs)
    latency = max(sizes, key=lambda each: (len(sizes[each]), each == 10), default=0.0)
    if len(sizes[latency]) < 2 or not Path(PEERS_PYTHON).exists():
        return None
    lines: dict[str, list[tuple[int, float, float]]] = defaultdict(list)
    for (runs, of), by_name in sorted(cells.items()):
        for name, loads in by_name.items():
            if of == latency:
                time, peak = (statistics.median(_sorted(loads, each)) for each in (_wall, _peak))
                lines[name].append((runs, time, peak))
    command = [PEERS_PYTHON, str(FOLDER / "plot.py"), str(file)]
    drawing = json.dumps({"title": f"First load, {latency:g} ms per answer", "lines": lines})
    done = subprocess.run(  # noqa: S603
        command, input=drawing, text=True, capture_output=True, env=environment(), check=False
    )
    if done.returncode != 0:
        say(f"There is no plot: {done.stderr.strip().splitlines()[-1]}")
        return None
    return file
