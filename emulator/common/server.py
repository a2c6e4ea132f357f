"""Serves an emulated platform over HTTP on loopback: in a thread for tests, or in the foreground."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import signal
import socket
import struct
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from aiohttp import web

from emulator.common.chance import draws
from emulator.common.errors import ApiError, EmulatorError
from emulator.common.keys import Role
from emulator.common.requests import Request, RequestLog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    from emulator.common.contract import Asked, Reply
    from emulator.common.faults import Fault, FaultBook
    from emulator.common.platform import Emulator, Latency

ELSEWHERE = "elsewhere"
JSON_TYPE = "application/json"


E = TypeVar("E", bound="Emulator")


@dataclass(slots=True)
class Server(Generic[E]):
    """A platform that listens. `base_url` is what a client is given, `origin` is without the path."""

    emulator: E
    requests: RequestLog = field(default_factory=RequestLog)
    origin: str = ""

    @property
    def base_url(self) -> str:
        return self.origin + self.emulator.prefix

    @property
    def api_key(self) -> str:
        """A key that may do everything."""
        return self.key(Role.OWNER)

    @property
    def faults(self) -> FaultBook:
        return self.emulator.faults

    @property
    def latency(self) -> Latency:
        return self.emulator.latency

    def key(self, role: Role) -> str:
        """The standing key of `role`."""
        return self.emulator.keys.of(role).token


class Exchange:
    """Answers requests: log, latency, faults, then the platform's own reply."""

    def __init__(self, server: Server[E]) -> None:
        self._emulator = server.emulator
        self._log = server.requests
        self._jitter: Random = draws(server.emulator.seed, "jitter")

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        asked = self._emulator.asked(request.method, request.raw_path)
        endpoint = asked.endpoint.name if asked.endpoint else ELSEWHERE
        entry = Request(endpoint, asked.path, dict(asked.query), request.headers)
        self._log.begin(entry)
        try:
            return await self._answer(request, asked, entry)
        finally:
            self._log.end(entry)

    async def _answer(self, request: web.BaseRequest, asked: Asked, entry: Request) -> web.StreamResponse:
        raw_body = await request.read() if request.can_read_body else b""
        fault = self._emulator.faults.strike(entry.endpoint, entry.path)
        entry.fault = fault.name if fault else None
        await self._wait(fault)
        if fault is not None and fault.effect == "reset":
            return _reset(request)
        if fault is not None and fault.effect == "reply":
            entry.status = fault.status
            headers = {"Content-Type": fault.content_type, **fault.headers}
            body = fault.body
            if fault.code:
                body = self._emulator.error_body(ApiError(fault.status, fault.code, fault.message))
            return web.Response(body=body, status=fault.status, headers=headers)
        reply = self._emulator.reply(asked, request.headers, raw_body)
        entry.status = reply.status
        if fault is not None and fault.effect == "cut":
            return await _cut(request, reply, fault.keep)
        return web.Response(
            body=reply.body, status=reply.status, headers=reply.headers, content_type=JSON_TYPE
        )

    async def _wait(self, fault: Fault | None) -> None:
        latency = self._emulator.latency
        seconds = latency.fixed / 1000 + (fault.seconds if fault else 0.0)
        if latency.jitter:
            seconds += latency.jitter / 1000 * self._jitter.random()
        if seconds > 0:
            await asyncio.sleep(seconds)


def _reset(request: web.BaseRequest) -> web.StreamResponse:
    if request.transport is not None:
        connection = request.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()
    return web.Response()


async def _cut(request: web.BaseRequest, reply: Reply, keep: float) -> web.StreamResponse:
    response = web.StreamResponse(status=reply.status, headers=reply.headers)
    response.content_type = JSON_TYPE
    response.content_length = len(reply.body) + 1
    await response.prepare(request)
    await response.write(reply.body[: int(len(reply.body) * keep)])
    if request.transport is not None:
        request.transport.close()
    return response


async def _listen(server: Server[E], host: str, port: int) -> web.ServerRunner:
    runner = web.ServerRunner(web.Server(Exchange(server), access_log=None), shutdown_timeout=0.2)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except (OSError, OverflowError) as error:
        await runner.cleanup()
        in_use = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        reason = "is in use" if in_use else f"cannot be listened on ({error})"
        raise EmulatorError(
            f"The port {port} on {host} {reason}; choose another one, or 0 for a free one."
        ) from error
    server.origin = f"http://{host}:{runner.addresses[0][1]}"
    return runner


@contextlib.contextmanager
def serve(emulator: E, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[Server[E]]:
    """Serve `emulator` from a thread of its own until the block ends; port 0 takes a free one.

    Raises `EmulatorError` when the port cannot be had.
    """
    server = Server(emulator)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name=f"{emulator.name} emulator", daemon=True)
    thread.start()
    try:
        runner = asyncio.run_coroutine_threadsafe(_listen(server, host, port), loop).result()
        try:
            yield server
        finally:
            asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def run_until_interrupted(
    emulator: E,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    started: Callable[[Server[E]], None] = lambda server: None,
) -> None:
    """Serve in the foreground until SIGINT or SIGTERM; `started` is called once it listens.

    Raises `EmulatorError` when the port cannot be had.
    """

    async def main() -> None:
        server = Server(emulator)
        runner = await _listen(server, host, port)
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        started(server)
        await stop.wait()
        await runner.cleanup()

    asyncio.run(main())
