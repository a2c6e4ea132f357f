"""How far a load or a build is: a bar on a terminal, lines otherwise, log records when logs are JSON."""

from __future__ import annotations

import logging
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipelines import logs
from pipelines.output import err, note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipelines.load import Progress

    Report = Callable[[str, int, int], None]

logger = logging.getLogger("runmart.progress")

SECONDS_BETWEEN_LINES = 10.0


@contextmanager
def reporting(*, quiet: bool = False) -> Iterator[Report]:
    """A function that shows what is being done, how much is done, and of how much (0: not known)."""
    if quiet:
        yield lambda what, done, total: None
    elif logs.are_json():
        yield _Paced(lambda what, done, total: logger.info(what, extra={"done": done, "total": total}))
    elif sys.stderr.isatty():
        with _bar() as report:
            yield report
    else:
        yield _Paced(lambda what, done, total: note(_line(what, done, total)))


@contextmanager
def load_progress(of: str = "", *, quiet: bool = False) -> Iterator[Callable[[Progress], None]]:
    """A function that shows how far a load is.

    Args:
        of: whose runs they are, where there are several loads to be told apart.
    """
    runs = f"runs of {of}" if of else "runs"
    words = {
        "listing": f"Listing {runs}",
        "reading": f"Reading {runs}",
        "loading": f"Loading {runs}",
        "done": "Loaded",
    }
    with reporting(quiet=quiet) as report:
        yield lambda progress: report(
            words.get(progress.phase, progress.phase), progress.runs_done, progress.runs_total
        )


def _line(what: str, done: int, total: int) -> str:
    return f"{what}: {done:,} of {total:,}" if total else f"{what} …"


class _Paced:
    """Passes a report on when it says something new, and then every few seconds."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._last_what = ""
        self._last_time = 0.0

    def __call__(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        is_new = not self._last_what
        if is_new or now - self._last_time >= SECONDS_BETWEEN_LINES:
            self._report(what, done, total)
            self._last_what, self._last_time = what, now


@contextmanager
def _bar() -> Iterator[Report]:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err(), transient=True) as progress:
        task = progress.add_task("Starting", total=None)
        yield lambda what, done, total: progress.update(
            task, description=what, completed=done, total=total or None
        )
