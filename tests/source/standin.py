"""A small API of Armature's kind, written from its documentation alone: raw bodies, any shape, any paging."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from aiohttp import web

Json = Any
Envelope = Callable[[list[Json], dict[str, Json]], Json]
"""Wraps a page of rows; the second argument is what the API says of its paging."""

PREFIX = "/api/armature/v1"
KEY = "amt_test_0123456789abcdef"


def enveloped(*keys: str) -> Envelope:
    """Rows under one key, or nested under several; paging facts beside them."""

    def wrap(rows: list[Json], facts: dict[str, Json]) -> Json:
        body: Json = {**facts, keys[-1]: rows}
        for key in reversed(keys[:-1]):
            body = {key: body}
        return body

    return wrap


def bare(rows: list[Json], facts: dict[str, Json]) -> Json:
    return rows


IN_RUNS = enveloped("runs")
IN_ROWS = enveloped("rows")


@dataclass
class Paging:
    """How the run list is paged.

    Attributes:
        facts: what a page says of paging, from total, page, size, and whether more follows.
        refuses_above: page sizes above it are answered with 400.
        beyond: status for a page beyond the last.
        below: status for a page before the first; with 200, the first comes.
        shows_twice: how many pages stand before one that is shown twice, which moves the later ones on.
    """

    base: int = 1
    cap: int = 50
    default: int = 20
    refuses_above: int | None = None
    ignores_size: bool = False
    ignores_page: bool = False
    repeats_last: bool = False
    shows_twice: int | None = None
    beyond: int = 200
    below: int = 400
    facts: Callable[[int, int, int, bool], dict[str, Json]] = lambda total, page, size, more: {}


@dataclass
class Account:
    """What the API answers: JSON values, or bytes that are sent as they are."""

    runs: list[Json] = field(default_factory=list)
    details: dict[str, Json] = field(default_factory=dict)
    evaluations: dict[str, Json] = field(default_factory=dict)
    tool_calls: dict[str, Json] = field(default_factory=dict)
    traces: dict[str, Json] = field(default_factory=dict)
    workflows: list[Json] | bytes = field(default_factory=list)
    workflow_details: dict[str, Json] = field(default_factory=dict)
    mcp_servers: list[Json] | bytes = field(default_factory=list)
    envelope: Envelope = IN_RUNS
    lists: Envelope = IN_ROWS
    paging: Paging = field(default_factory=Paging)

    def answer(self, path: tuple[str, ...], query: Mapping[str, str]) -> tuple[int, Json]:
        match path:
            case ("runs",):
                return self._page(query)
            case ("runs", run_id):
                return _found(self.details.get(run_id) or _by_id(self.runs, run_id))
            case ("runs", run_id, "evaluation"):
                return _found(self.evaluations.get(run_id, MISSING))
            case ("runs", run_id, "tool-calls"):
                return _found(self.tool_calls.get(run_id, []))
            case ("runs", run_id, "trace"):
                return _found(self.traces.get(run_id, MISSING))
            case ("workflows",):
                return 200, self._whole(self.workflows)
            case ("workflows", workflow_id):
                return _found(self.workflow_details.get(workflow_id) or _by_id(self.workflows, workflow_id))
            case ("mcp-servers",):
                return 200, self._whole(self.mcp_servers)
        return 404, {"error": {"code": "not_found", "message": "no such path"}}

    async def prepare(self, path: tuple[str, ...], query: Mapping[str, str]) -> None:
        """What goes before an answer and takes time."""

    def _whole(self, rows: Json) -> Json:
        return self.lists(rows, {}) if isinstance(rows, list) else rows

    def _page(self, query: Mapping[str, str]) -> tuple[int, Json]:
        paging = self.paging
        asked = int(query.get("pageSize", paging.default))
        if paging.refuses_above is not None and asked > paging.refuses_above:
            return 400, {"error": {"code": "validation_failed", "message": "pageSize is too large"}}
        size = paging.default if paging.ignores_size else min(asked, paging.cap)
        page = paging.base if paging.ignores_page else int(query.get("page", paging.base))
        if page < paging.base and paging.below == 200:
            page = paging.base
        elif page < paging.base:
            return paging.below, {"error": {"code": "validation_failed", "message": "page is too small"}}
        if paging.shows_twice is not None and page - paging.base > paging.shows_twice:
            page -= 1
        last = paging.base + max(0, (len(self.runs) - 1) // size)
        if page > last and paging.beyond != 200:
            return paging.beyond, {"error": {"code": "not_found", "message": "no such page"}}
        if page > last and paging.repeats_last:
            page = last
        start = (page - paging.base) * size
        rows = self.runs[start : start + size]
        facts = paging.facts(len(self.runs), page, size, start + size < len(self.runs))
        return 200, self.envelope(rows, facts)


MISSING = object()


def _by_id(rows: Json, wanted: str) -> Json:
    """The row of a list that has an id; without a detail of its own, a thing is what its list shows."""
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and str(row.get("id")) == wanted:
            return row
    return None


def _found(body: Json) -> tuple[int, Json]:
    if body is None or body is MISSING:
        return (404, {"error": {"code": "not_found", "message": "not found"}})
    return 200, body


@dataclass
class StandIn:
    """A server that is running."""

    url: str
    account: Account = field(default_factory=Account)
    requests: list[str] = field(default_factory=list)

    async def respond(self, request: web.Request) -> web.Response:
        raw = request.rel_url.raw_path
        self.requests.append(request.path_qs)
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return web.json_response({"error": {"code": "unauthenticated"}}, status=401)
        if not raw.startswith(PREFIX + "/"):
            return web.Response(status=404, text="no API here")
        path = tuple(unquote(part) for part in raw.removeprefix(PREFIX + "/").split("/"))
        await self.account.prepare(path, request.query)
        status, body = self.account.answer(path, request.query)
        raw_body = body if isinstance(body, bytes) else json.dumps(body).encode()
        return web.Response(status=status, body=raw_body, content_type="application/json")


@contextmanager
def standing_in() -> Iterator[StandIn]:
    """A stand-in on loopback, in a thread of its own."""
    loop = asyncio.new_event_loop()
    standin = StandIn("")
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", standin.respond)
    runner = web.AppRunner(app, access_log=None)

    async def start() -> int:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return int(runner.addresses[0][1])

    port = loop.run_until_complete(start())
    standin.url = f"http://127.0.0.1:{port}"
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield standin
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(runner.cleanup())
        loop.close()
