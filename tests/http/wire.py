"""A server of a few lines that answers any bytes, for what no well-behaved server does."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Received:
    """A request as it came in, and when."""

    target: str
    headers: dict[str, str]
    at: float


Reply = Callable[[Received, socket.socket], None]
"""Answers one request on its connection."""


def raw(data: bytes, *, closes: bool = True) -> Reply:
    """These bytes, and perhaps the end of the connection."""

    def reply(_: Received, connection: socket.socket) -> None:
        connection.sendall(data)
        if closes:
            connection.shutdown(socket.SHUT_RDWR)

    return reply


def response(body: bytes = b"{}", status: int = 200, **headers: str) -> Reply:
    """A proper answer; `Retry_After="1"` is the header `Retry-After`."""
    lines = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return raw(f"HTTP/1.1 {status} Status\r\n{head}\r\n".encode() + body, closes=False)


def endless(first: bytes, again: bytes, pause: float = 0.0) -> Reply:
    """Bytes that never end, until the client hangs up."""

    def reply(_: Received, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection.sendall(first)
            while True:
                time.sleep(pause)
                connection.sendall(again)

    return reply


def silence(_: Received, connection: socket.socket) -> None:
    """No answer at all, until the client hangs up."""
    with contextlib.suppress(OSError):
        connection.recv(1)


@dataclass
class Wire:
    """A server that is listening. `reply` answers every request, and may be replaced at any time."""

    reply: Reply
    url: str = ""
    requests: list[Received] = field(default_factory=list)
    _open: list[socket.socket] = field(default_factory=list)

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                break
            self._open.append(connection)
            threading.Thread(target=self._converse, args=(connection,), daemon=True).start()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _converse(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError), connection.makefile("rb") as lines:
            while line := lines.readline():
                target = line.split(b" ")[1].decode("latin-1")
                headers = {}
                while (header := lines.readline().strip()) != b"":
                    name, _, value = header.decode("latin-1").partition(":")
                    headers[name.lower()] = value.strip()
                received = Received(target, headers, time.monotonic())
                self.requests.append(received)
                self.reply(received, connection)


@contextlib.contextmanager
def listening(reply: Reply, *, port: int = 0) -> Iterator[Wire]:
    """A server on loopback, as long as the block lasts."""
    listener = socket.create_server(("127.0.0.1", port))
    wire = Wire(reply, f"http://127.0.0.1:{listener.getsockname()[1]}")
    thread = threading.Thread(target=wire.serve, args=(listener,), daemon=True)
    thread.start()
    try:
        yield wire
    finally:
        # Closing alone would not wake a thread that waits in `accept`.
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
