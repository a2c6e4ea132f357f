"""dbt in a process of its own: it is imported there while another finds out what to build, and where."""

from __future__ import annotations

import os
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sources.common.garbage import collect_rarely
from sources.common.helper import Helper, answers, leave, read, write
from sources.common.lazy import without_frames

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from pipelines.progress import Report


@dataclass(frozen=True)
class Invocation:
    """What dbt is to do: its command line, the folder to do it in, and variables of its environment."""

    arguments: list[str]
    folder: str
    settings: dict[str, str]


@dataclass(frozen=True)
class NodeResult:
    """How a model or a test ended, in dbt's words."""

    name: str
    kind: str
    status: str
    message: str | None


@dataclass(frozen=True)
class Answer:
    """What dbt did. `results` is None when it could not even begin; `error` says why, as far as dbt does."""

    results: list[NodeResult] | None
    error: str


@dataclass(frozen=True)
class _Said:
    """A line that dbt would have printed."""

    line: str


@dataclass(frozen=True)
class _Finished:
    """So many nodes of so many are done."""

    done: int
    total: int


class Dbt(Helper):
    """A process that has imported dbt, or is about to. It does one thing."""

    module = __name__
    last_words = "The process of dbt {}. Nothing was published: run the build again."

    def invoke(self, invocation: Invocation, on_line: Callable[[str], None], report: Report | None) -> Answer:
        """Let dbt do something, and wait until it has.

        Raises:
            HelperDiedError: its process ended before that.
        """
        self.send(invocation)
        while not isinstance(said := self.receive(), Answer):
            if isinstance(said, _Said):
                on_line(said.line)
            elif report is not None:
                report("Building marts", said.done, said.total)
        self.end(is_done=True)
        return said


# -- the process of dbt --------------------------------------------------------------------------------


def serve() -> None:
    """Do what the process that started this one wants."""
    pipe = answers()
    collect_rarely()
    without_frames()
    # This takes a while, and what is to be done is not known yet.
    import dbt.adapters.duckdb
    import dbt.cli.main  # noqa: F401

    asked = sys.stdin.buffer
    try:
        invocation: Invocation = read(asked)
        threading.Thread(target=_end_with, args=(asked,), daemon=True).start()
        write(pipe, _answer(invocation, pipe))
    except (EOFError, BrokenPipeError):
        # Nobody waits for it any more.
        os._exit(0)
    leave(0)


def _end_with(asked: BinaryIO) -> None:
    """End this process when the one that started it ends."""
    asked.read()
    os._exit(0)


def _answer(invocation: Invocation, pipe: BinaryIO) -> Answer:
    from dbt.cli.main import dbtRunner

    os.environ.update(invocation.settings)
    os.chdir(invocation.folder)
    ended = dbtRunner(callbacks=[_listener(pipe)]).invoke(invocation.arguments)
    _close_connections()
    error = " ".join(str(ended.exception or "no reason given").split())
    results = getattr(ended.result, "results", None)
    if results is None:
        return Answer(None, error)
    return Answer([_result(result) for result in results], error)


def _result(result: Any) -> NodeResult:  # noqa: ANN401 - dbt's
    node = result.node
    return NodeResult(node.name, str(node.resource_type), str(result.status), result.message)


def _listener(pipe: BinaryIO) -> Callable[[Any], None]:
    """A callback for dbt's events that hands on what it says and how far it is."""
    done = total = 0
    # dbt calls it from all of its threads.
    lock = threading.Lock()

    def listen(event: Any) -> None:  # noqa: ANN401
        nonlocal done, total
        info = event.info
        with lock:
            if info.level in ("info", "warn", "error") and info.msg:
                write(pipe, _Said(info.msg))
            if info.name == "LogStartLine":
                total = event.data.total
            elif info.name == "NodeFinished":
                done += 1
                write(pipe, _Finished(done, total))

    return listen


def _close_connections() -> None:
    """Close the DuckDB file, which is copied next: dbt-duckdb keeps it open until the process ends."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    # It ships no types.
    manager: Any = DuckDBConnectionManager
    if manager._ENV is not None:
        manager._ENV.close()
    manager.close_all_connections()
