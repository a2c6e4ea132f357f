"""Processes of our own that do one thing for the one that started them, and how one talks with them.

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
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self

from sources.common.errors import RunmartError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import IO, BinaryIO

_LENGTH = struct.Struct("<Q")
_SERVE = "import sys; sys.path[:] = {path!r}; from {module} import serve; serve()"


class HelperDiedError(RunmartError):
    """A process of our own is gone, and with it what it had not handed over."""


class Helper:
    """A process that calls `serve` of a module, seen from the one that started it."""

    module: ClassVar[str]
    last_words: ClassVar[str]
    """What is said when it ends unexpectedly: what it did, and what to do now."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
            [sys.executable, "-c", _SERVE.format(path=sys.path, module=self.module)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            # Ctrl-C is for the process that started this one: it then ends it.
            process_group=0,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def send(self, what: object) -> None:
        """Tell the process something.

        Raises:
            HelperDiedError: it is gone.
        """
        try:
            write(self._process.stdin, what)
        except OSError as error:
            raise self._died() from error

    def receive(self) -> Any:  # noqa: ANN401 - whatever it says
        """What the process says next.

        Raises:
            HelperDiedError: it is gone.
        """
        try:
            return read(self._process.stdout)
        except EOFError as error:
            raise self._died() from error

    def end(self, *, is_done: bool = False) -> None:
        """End the process, whatever it is doing; wait for one that is done and ends by itself."""
        if not is_done:
            self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                # What it did not take is still in the pipe, and goes nowhere.
                with suppress(OSError):
                    pipe.close()

    def _died(self) -> HelperDiedError:
        self.end()
        ended = f"ended unexpectedly (exit code {self._process.returncode})"
        return HelperDiedError(self.last_words.format(ended))


def answers() -> BinaryIO:
    """In a helper: where it writes what it says. Whatever is printed there goes to stderr from now on."""
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return pipe


def leave(code: int) -> NoReturn:
    """End this process as Python does, but for taking all modules apart.

    That takes longer than many a command.
    """
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(code)


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
