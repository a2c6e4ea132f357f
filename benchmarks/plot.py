"""Draws time and peak memory against runs: reads JSON from its input, writes the SVG file that it is told."""

from __future__ import annotations

import json
import sys

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter, LogLocator


def main() -> None:
    drawing = json.load(sys.stdin)
    mpl.use("svg")
    # Without it, every drawing has other ids.
    mpl.rcParams["svg.hashsalt"] = "runmart"
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    figure.suptitle(drawing["title"])
    for name, points in drawing["lines"].items():
        runs, seconds, mebibytes = zip(*points, strict=True)
        left.plot(runs, seconds, marker="o", label=name)
        right.plot(runs, mebibytes, marker="o", label=name)
    for axes, title in ((left, "seconds"), (right, "peak memory, MiB")):
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xticks(sorted({point[0] for points in drawing["lines"].values() for point in points}))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda runs, _: f"{runs:,.0f}"))
        axes.xaxis.minorticks_off()
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
        axes.yaxis.minorticks_off()
        axes.set_xlabel("runs")
        axes.set_title(title)
        axes.grid(visible=True, alpha=0.3)
    left.legend()
    figure.savefig(sys.argv[1], metadata={"Date": None})


if __name__ == "__main__":
    main()
