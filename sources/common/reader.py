"""Processes that read: started early, kept for the next sync, ended together."""

from __future__ import annotations

import atexit
import os

from sources.common.helper import Helper
from sources.common.lazy import without_frames

SYSTEM_POOL = ("ARROW_DEFAULT_MEMORY_POOL", "system")
"""A variable for processes that hold Arrow tables and let go of them: it gives their memory back."""


class Reader(Helper):
    """A process that reads."""

    module = "sources.common.reader"
    last_words = "The process that reads the platform {}. What was loaded stays: run the load again."

    def __init__(self) -> None:
        # One arena is enough for one thread that allocates, and holds the least that nobody uses.
        super().__init__({"MALLOC_ARENA_MAX": "1"} | dict([SYSTEM_POOL]) | os.environ)


def serve() -> None:
    """Read for the process that started this one; see `apart`."""
    # pyarrow, which comes with the rest, would import NumPy otherwise.
    without_frames()
    from sources.common import apart

    apart.serve()


_idle: list[Reader] = []
_owner = os.getpid()
"""The process that the idle readers belong to: after a fork they are the parent's."""


def get_ready() -> None:
    """Start a process that reads, so that it is there when a sync begins."""
    if not _of_this_process():
        _idle.append(Reader())


def take() -> Reader:
    """A process that has nothing to read."""
    return _idle.pop() if _of_this_process() else Reader()


def give_back(reader: Reader) -> None:
    """Keep a process whose sync is over for the next one."""
    _of_this_process().append(reader)


@atexit.register
def end_idle() -> None:
    """End the processes that have nothing to read."""
    while _of_this_process():
        _idle.pop().end()


def _of_this_process() -> list[Reader]:
    global _owner
    if _owner != os.getpid():
        _idle.clear()
        _owner = os.getpid()
    return _idle
