"""Processes that read, and how one talks with them: started early, kept for the next sync, ended together.

This module imports nothing heavy, so that such a process is on its way while the one that starts it has not
imported what it needs itself.
"""

from __future__ import annotations

import atexit
import os
import pickle
import struct
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from sources.common.errors import RunmartError

if TYPE_CHECKING:
    from typing import IO

_LENGTH = struct.Struct("<Q")
_SERVE = "import sys; sys.path[:] = {path!r}; from sources.common.apart import serve; serve()"


FRUGAL = {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "1"}
"""Settings of a process that makes Arrow tables and lets go of them: it gives their memory back."""


class ReaderDiedError(RunmartError):
    """The process that reads is gone, and with it what it had not handed over."""


class Reader:
    """A process that reads, seen from the one that started it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
            [sys.executable, "-c", _SERVE.format(path=sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=FRUGAL | os.environ,
            # Ctrl-C is for the process that loads: it then ends this one.
            process_group=0,
        )

    def send(self, what: object) -> None:
        """Tell the process something.

        Raises:
            ReaderDiedError: it is gone.
        """
        try:
            write(self._process.stdin, what)
        except OSError as error:
            raise self._died() from error

    def receive(self) -> Any:  # noqa: ANN401 - whatever it says
        """What the process says next.

        Raises:
            ReaderDiedError: it is gone.
        """
        try:
            return read(self._process.stdout)
        except EOFError as error:
            raise self._died() from error

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _died(self) -> ReaderDiedError:
        self.end()
        return ReaderDiedError(
            f"The process that reads the platform ended unexpectedly (exit code {self._process.returncode}). "
            "What was loaded stays: run the load again."
        )


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


def write(pipe: IO[bytes] | None, what: object) -> None:
    """Send an object through a pipe."""
    if pipe is None:
        raise BrokenPipeError
    packed = pickle.dumps(what, protocol=5)
    pipe.write(_LENGTH.pack(len(packed)))
    pipe.write(packed)
    pipe.flush()


def read(pipe: IO[bytes] | None) -> Any:  # noqa: ANN401 - whatever was sent
    """The next object out of a pipe.

    Raises:
        EOFError: the other side has gone.
    """
    head = b"" if pipe is None else pipe.read(_LENGTH.size)
    if pipe is None or len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    packed = pipe.read(length)
    if len(packed) < length:
        raise EOFError
    return pickle.loads(packed)  # noqa: S301 - both ends are our own
