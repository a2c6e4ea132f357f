"""Serves an emulated account as ready-made bytes: every answer is rendered before the first request.

    python benchmarks/ready_bytes.py --runs 5000 --latency-ms 0 --latency-ms 10

The emulator renders each answer once; from then on a request costs one look-up in a dict. There is one
port per latency, over the same answers. Once it listens it prints one line of JSON: the account's key,
and the origin by latency. Per port, `GET /_served` tells what was asked of it since the last such
request, and the CPU time of the server.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
import time
from collections import Counter
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode

import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from emulator.armature import ArmatureEmulator, World, WorldSize
from emulator.armature import runs as outcomes
from emulator.common.clock import HOUR, Clock
from emulator.common.keys import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

DETAILS = ("", "/evaluation", "/tool-calls", "/trace")
RANGES = ("24h", "7d", "30d")
PAGE_PARAMETERS = ("page", "pageSize", "range", "sort", "status", "workflowId", "classification", "search")


class Answers:
    """The answers of an emulated account, as the bytes that go over the wire, by request target."""

    def __init__(self, emulator: ArmatureEmulator) -> None:
        self._emulator = emulator
        self._prefix = emulator.prefix
        self.key = emulator.keys.of(Role.OWNER).token
        self._headers = {"Authorization": f"Bearer {self.key}"}
        self._ready: dict[str, bytes] = {}
        self.rendered_late = 0

    def render(self, *, traces: bool) -> None:
        """Make every answer that a load asks for, but for targets that are spelt in an unforeseen way."""
        for target in self._foreseen(traces=traces):
            self._ready[target] = self._make(target)
        self.rendered_late = 0

    def _foreseen(self, *, traces: bool) -> Iterator[str]:
        yield from (self._prefix + path for path in ("/org", "/mcp-servers", "/workflows", "/openapi"))
        world = self._emulator.world
        yield from (f"{self._prefix}/workflows/{workflow}" for workflow in world.workflows)
        size = self._emulator.settings.max_page_size
        for name in RANGES:
            for number in range(1, -(-len(world.runs()) // size) + 2):
                yield f"{self._prefix}/runs?page={number}&pageSize={size}&range={name}"
        for entry in world.runs():
            run = f"{self._prefix}/runs/{world.index.run(entry).id}"
            yield from (run + child for child in DETAILS if traces or child != "/trace")

    def get(self, target: str) -> bytes:
        """The answer to `GET target`."""
        answer = self._ready.get(target)
        if answer is None:
            plain = self._plain(target)
            answer = self._ready.get(plain) or self._make(plain)
            self._ready[target] = self._ready[plain] = answer
        return answer

    def _plain(self, target: str) -> str:
        """The target in the spelling that is rendered ahead: known parameters only, as the API reads them."""
        path, _, _ = target.partition("?")
        asked = self._emulator.asked("GET", target)
        if path != f"{self._prefix}/runs":
            return path
        query = {name: value for name, value in asked.query if name in PAGE_PARAMETERS and value}
        settings = self._emulator.settings
        query["page"] = str(int(query.get("page", settings.first_page)))
        size = int(query.get("pageSize", settings.default_page_size))
        query["pageSize"] = str(min(size, settings.max_page_size))
        query.setdefault("range", RANGES[0])
        return f"{path}?{urlencode(sorted(query.items()))}"

    def _make(self, target: str) -> bytes:
        self.rendered_late += 1
        reply = self._emulator.reply(self._emulator.asked("GET", target), self._headers, b"")
        status = HTTPStatus(reply.status)
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(reply.body)}\r\n\r\n"
        )
        return head.encode() + reply.body


class Tally:
    """What was asked of one port since it was last read out."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.connections = 0
        self.bytes = 0
        self._cpu = time.process_time()

    def read_out(self, answers: Answers) -> bytes:
        now = time.process_time()
        body = json.dumps(
            {
                "requests": dict(self.requests),
                "connections": self.connections,
                "bytes": self.bytes,
                "server_cpu_s": round(now - self._cpu, 3),
                "rendered_late": answers.rendered_late,
            }
        ).encode()
        answers.rendered_late = 0
        self.requests.clear()
        self.connections = self.bytes = 0
        self._cpu = now
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(body), body)


class Exchange(asyncio.Protocol):
    """One connection: GET requests without bodies, one after the other."""

    def __init__(self, answers: Answers, tally: Tally, latency: float) -> None:
        self._answers = answers
        self._tally = tally
        self._latency = latency
        self._unread = b""
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._tally.connections += 1

    def data_received(self, data: bytes) -> None:
        unread = self._unread + data
        while (end := unread.find(b"\r\n\r\n")) >= 0:
            self._answer(unread[:end])
            unread = unread[end + 4 :]
        self._unread = unread

    def _answer(self, head: bytes) -> None:
        method, target, _ = head[: head.index(b"\r\n")].split(b" ", 2)
        if method != b"GET":
            self._transport.write(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n")
            return
        if target == b"/_served":
            self._transport.write(self._tally.read_out(self._answers))
            self._transport.close()
            return
        answer = self._answers.get(target.decode())
        self._tally.requests[kind(target)] += 1
        self._tally.bytes += len(answer)
        if self._latency:
            self._loop.call_later(self._latency, self._send, answer)
        else:
            self._transport.write(answer)

    def _send(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)


def kind(target: bytes) -> str:
    """`list`, `run`, `evaluation`, `tool-calls`, `trace`, or the first part of the path."""
    parts = target.partition(b"?")[0].split(b"/")[4:]
    if parts[:1] != [b"runs"]:
        return parts[0].decode() if parts else ""
    return {1: "list", 2: "run"}.get(len(parts)) or parts[-1].decode()


async def serve(answers: Answers, latencies: list[float]) -> None:
    loop = asyncio.get_running_loop()
    origins = {}
    for latency in latencies:
        tally = Tally()

        def exchange(tally: Tally = tally, latency: float = latency) -> Exchange:
            return Exchange(answers, tally, latency / 1000)

        server = await loop.create_server(exchange, "127.0.0.1", 0, backlog=1024)
        origins[f"{latency:g}"] = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    print(json.dumps({"key": answers.key, "origins": origins}), flush=True)  # noqa: T201
    await stop.wait()


def _world(options: argparse.Namespace) -> World:
    """The account; its clock stands still, so that whoever reads it reads the same to the byte."""
    clock = Clock.manual(options.now or int(time.time() * 1000))
    clock.advance(hours=-options.silent_for)
    if options.silent_for:
        outcomes.LATE_EVALUATION_SHARE = outcomes.NEVER_EVALUATED_SHARE = 0.0
    size = WorldSize(runs=options.runs, calls_per_run=options.calls, days=options.days, arrivals=False)
    world = World(options.seed, clock, size)
    clock.advance(hours=options.silent_for)
    workflows = list(world.workflows)
    for number in range(options.added):
        world.add_run(
            workflow_id=workflows[number % len(workflows)],
            status=("pass", "pass", "fail", "partial")[number % 4],
            started_at=clock.now() - HOUR + number * HOUR // (2 * options.added),
            calls=options.calls,
        )
    return world


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5_000)
    parser.add_argument(
        "--calls", type=int, default=9, help="tool calls per run; runs that loop make it one more on average"
    )
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--latency-ms", type=float, action="append", help="may be given more than once")
    parser.add_argument("--traces", action="store_true", help="render traces ahead too")
    parser.add_argument("--days", type=int, default=30, help="days until now that the runs are spread over")
    parser.add_argument(
        "--now", type=int, help="the account's time, in milliseconds; the real one if left out"
    )
    parser.add_argument("--silent-for", type=int, default=0, help="hours since the last run, all is settled")
    parser.add_argument("--added", type=int, default=0, help="settled runs that started in the last hour")
    options = parser.parse_args()
    emulator = ArmatureEmulator(_world(options), kept_mib=1)
    answers = Answers(emulator)
    answers.render(traces=options.traces)
    uvloop.run(serve(answers, options.latency_ms or [0.0, 10.0]))


if __name__ == "__main__":
    main()
