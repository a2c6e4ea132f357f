"""A sync that reads in a process of its own: what one core reads, another loads.

Python runs one thread at a time. In one process, reading an API and loading what was read take turns; in two
they overlap. The process that reads is started once and serves one sync after another; it ends with the one
that started it, however that ends.
"""

from __future__ import annotations

import gc
import logging
import os
import queue
import sys
import threading
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, BinaryIO

from sources.common.garbage import collect_rarely
from sources.common.helper import HelperDiedError, answers, read, write
from sources.common.reader import Reader, get_ready, give_back, take
from sources.common.sync import ChunkEnd, Outcome, Progress, SyncSettings
from sources.common.tables import DEFAULT_ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from sources.common.address import HttpSettings
    from sources.common.errors import RunmartError
    from sources.common.http import Api
    from sources.common.platform import Platform, PlatformOptions
    from sources.common.session import Session
    from sources.common.sync import Batch

_LOGGERS = "runmart"
"""The loggers whose records are handed on to the process that asked for the sync."""


@dataclass(frozen=True)
class Plan:
    """All that a sync needs to know to begin, in a form that travels between processes."""

    platform: Callable[[Api, PlatformOptions], Platform]
    options: PlatformOptions
    http: HttpSettings
    settings: SyncSettings
    account: str = DEFAULT_ACCOUNT

    def session(self, on_progress: Callable[[Progress], None] | None = None) -> Session:
        """The sync in this process."""
        # What talks with a platform is imported where that is done.
        from sources.common.session import Session

        return Session(
            lambda api: self.platform(api, self.options),
            self.http,
            self.settings,
            on_progress,
            account=self.account,
        )


# -- the process that asks -----------------------------------------------------------------------------


class SessionApart:
    """A sync that reads in another process; see `Session`, whose manners it has."""

    def __init__(self, plan: Plan, on_progress: Callable[[Progress], None] | None = None) -> None:
        self.plan = plan
        self.clock: Callable[[], datetime] | None = None
        self.progress = Progress()
        self.outcome = Outcome()
        self.failure: RunmartError | None = None
        self.is_done = False
        self._on_progress = on_progress
        self._reader: Reader | None = None
        self._guessed: frozenset[str] | None = None
        self._is_talking = False
        get_ready()

    def begin_early(self, selected: frozenset[str]) -> None:
        """Start reading as if nothing had been loaded; `begin` starts anew if something was."""
        self._start({}, None, selected)
        self._guessed = selected

    def begin(self, state: dict[str, Any], cursor: datetime | None, selected: frozenset[str]) -> None:
        """Start reading; see `Session.begin`."""
        guessed, self._guessed = self._guessed, None
        if self._reader is not None and guessed is not None and (state or cursor or selected != guessed):
            self._reader.end()
            self._reader = None
        if self._reader is None and not self.is_done:
            self._start(state, cursor, selected)

    def _start(self, state: dict[str, Any], cursor: datetime | None, selected: frozenset[str]) -> None:
        self._reader = take()
        now = None if self.clock is None else self.clock()
        self._reader.send(_Begin(self.plan, state, cursor, selected, now, _level(), dict(os.environ)))

    def chunk(self) -> Iterator[Batch | ChunkEnd]:
        """The events of the next chunk; see `Session.chunk`."""
        if self._reader is None:
            raise RuntimeError("the session has not begun")
        self._is_talking = True
        self._reader.send(_NextChunk())
        while True:
            said = self._reader.receive()
            if isinstance(said, _Done):
                self._is_talking = False
                self.outcome, self.failure, self.is_done = said.outcome, said.failure, said.is_done
                if said.error is not None:
                    raise said.error
                return
            if isinstance(said, Progress):
                self.progress = said
                if self._on_progress is not None:
                    self._on_progress(said)
            elif isinstance(said, logging.LogRecord):
                logging.getLogger(said.name).handle(said)
            else:
                yield said

    def close(self) -> None:
        """Stop reading and close all connections."""
        reader, self._reader = self._reader, None
        if reader is None:
            return
        if self._is_talking:
            reader.end()
            return
        try:
            reader.send(_Close())
            while not isinstance(reader.receive(), _Close):
                pass
        except HelperDiedError:
            return
        give_back(reader)


def _level() -> int:
    return logging.getLogger(_LOGGERS).getEffectiveLevel()


# -- the process that reads ----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Begin:
    plan: Plan
    state: dict[str, Any]
    cursor: datetime | None
    selected: frozenset[str]
    now: datetime | None
    level: int
    environment: dict[str, str]


@dataclass(frozen=True)
class _NextChunk:
    """What was handed over so far is committed; go on with the next chunk."""


@dataclass(frozen=True)
class _Close:
    """The sync is over; also the answer to it."""


@dataclass(frozen=True)
class _Done:
    """A chunk is over."""

    outcome: Outcome
    failure: RunmartError | None
    is_done: bool
    error: BaseException | None = None


class _Service(logging.Handler):
    """Reads for whoever holds the other ends of the pipes."""

    def __init__(self, pipe: BinaryIO) -> None:
        super().__init__()
        self._pipe = pipe
        self._lock = threading.RLock()
        self._waiting: list[object] = []
        self._is_heard = False

    def run(self, asked: queue.SimpleQueue[Any]) -> None:
        session: Session | None = None
        while True:
            match asked.get():
                case _Begin() as begin:
                    session = self._begin(begin)
                case _NextChunk() if session is not None:
                    self._chunk(session)
                case _Close():
                    if session is not None:
                        session.close()
                    session = None
                    self._waiting.clear()
                    self._write(_Close())

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        self.tell(logging.makeLogRecord({**vars(record), "msg": message, "args": None, "exc_info": None}))

    def tell(self, what: object) -> None:
        """Hand on what is no event: at once, or when the other side listens again."""
        with self._lock:
            if self._is_heard:
                self._write(what)
            elif isinstance(what, Progress):
                self._waiting = [*(item for item in self._waiting if not isinstance(item, Progress)), what]
            else:
                self._waiting.append(what)

    def _begin(self, begin: _Begin) -> Session:
        os.environ.clear()
        os.environ.update(begin.environment)
        logging.getLogger(_LOGGERS).setLevel(begin.level)
        session = begin.plan.session(self.tell)
        now = begin.now
        if now is not None:
            session.clock = lambda: now
        session.begin(begin.state, begin.cursor, begin.selected)
        return session

    def _chunk(self, session: Session) -> None:
        self._listen(is_heard=True)
        error: BaseException | None = None
        try:
            for event in session.chunk():
                self._write(event)
        except Exception as broken:
            error = broken
        self._listen(is_heard=False)
        self._write(_Done(session.outcome, session.failure, session.is_done, error))

    def _listen(self, *, is_heard: bool) -> None:
        with self._lock:
            self._is_heard = is_heard
            if is_heard:
                for item in self._waiting:
                    self._write(item)
                self._waiting.clear()

    def _write(self, what: object) -> None:
        with self._lock:
            write(self._pipe, what)


def serve() -> None:
    """Read for the process that started this one, until it ends."""
    pipe = answers()
    collect_rarely()
    # This takes a while, which is better spent now than when something is to be read.
    import_module("sources.common.session")
    service = _Service(pipe)
    logger_of_all = logging.getLogger(_LOGGERS)
    logger_of_all.addHandler(service)
    logger_of_all.propagate = False
    asked: queue.SimpleQueue[Any] = queue.SimpleQueue()
    questions = sys.stdin.buffer

    def listen() -> None:
        try:
            while True:
                asked.put(read(questions))
        except EOFError:
            # Nobody waits for what is being read.
            os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    gc.freeze()
    try:
        service.run(asked)
    except BrokenPipeError:
        os._exit(0)
