"""How B3OS's lists are paged: by offsets that shift, with an end that is told in one envelope or the other.

Documented are `limit` (20 by default, 100 at most), `offset` and `hasMore`; neither an order nor a filter by
time (docs.b3os.org/api/reference/get-v1-workflows-id-runs).
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from sources.common.address import path_of
from sources.common.errors import EndpointError, ForbiddenError, NotFoundError, RefusedError, UnreadableError
from sources.common.listing import EVER, Order, Page
from sources.common.lists import ROUND_SIZES, says_more
from sources.common.payload import encode, member, object_in, rows_in
from sources.common.reading import FAILURES_IN_A_ROW
from sources.common.records import read_record
from sources.common.state import digest

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
    from datetime import datetime

    from sources.b3os.workflows import WorkflowList
    from sources.common.http import Api
    from sources.common.listing import Scope
    from sources.common.payload import Json
    from sources.common.tables import Table

LIMITS = (100, 50, None)
"""Asked for in this order until one is not refused; None leaves it to the platform."""

OVERLAP = 10
"""Rows that a page has in common with the one before: so many may leave the list in between."""

STEPS_BACK = 3
"""Pages that are read again when more rows left than that."""

IDLE_PAGES = 2
"""Pages in a row without a new row that end a list: one alone may be due to rows that came in between."""

MOST_PAGES = 100_000
"""Pages after which a list is taken as endless."""

ENVELOPE = ("code", "message", "requestId", "success")
"""What both envelopes say beside `data`."""

ROWS_THAT_SHOW_ORDER = 20
"""Rows of a list whose order is believed. Fewer may stand in any order by chance."""

AT_ONCE = 8
"""Lists that are read side by side."""


async def offset_pages(
    api: Api, path: str, learnt: dict[str, Any]
) -> AsyncGenerator[list[dict[str, Json]], None]:
    """The rows of a list, page by page; what a page repeats of the one before is left out.

    A page is asked for whenever there may be one: `hasMore` is not believed against a full page, and where
    it is not sent, only a page shorter than one that others followed is known to be the last.

    Raises:
        EndpointError: the list cannot be read, or not to its end.
    """
    first: dict[int, int] = {}
    before: dict[int, int] = {}
    offset = idle = steps_back = 0
    for _ in range(MOST_PAGES):
        payload = await _page(api, path, offset, learnt)
        records = rows_in(payload, "runs", "workflows", "organizations")
        looks = [(_identity(record), digest(encode(record))) for record in records]
        shown = dict(looks)
        yield [record for record, look in zip(records, looks, strict=True) if before.get(look[0]) != look[1]]
        is_new = bool(shown.keys() - before.keys() - first.keys())
        if is_new and before:
            learnt["page_rows"] = max(learnt.get("page_rows", 0), len(before))
        idle = 0 if is_new else idle + 1
        is_shorter = idle > 0 and len(records) < len(before)
        if not records or is_shorter or (idle < IDLE_PAGES and _is_last(payload, len(records), learnt)):
            return
        if idle >= IDLE_PAGES:
            if shown.keys() == first.keys() and _is_full(payload, len(records), learnt):
                raise UnreadableError(
                    f"{path} of {api.host} repeats its first page at any offset: "
                    f"what follows its first {len(records)} rows cannot be read"
                )
            return
        first = first or shown
        is_torn = bool(before) and shown.keys().isdisjoint(before) and len(records) > 1
        if is_torn and offset > 0 and steps_back < STEPS_BACK:
            # Until a page shows again what the last one before the tear did.
            steps_back += 1
            offset = max(0, offset - len(records))
        else:
            steps_back = 0
            offset += len(records) - min(OVERLAP, max(len(records) // 4, len(records) > 1))
            before = shown
    raise UnreadableError(f"{path} of {api.host} does not end after {MOST_PAGES} pages")


async def _page(api: Api, path: str, offset: int, learnt: dict[str, Any]) -> Json:
    """A page from an offset on, with the largest limit that is not refused."""
    for limit in LIMITS[LIMITS.index(learnt.get("limit", LIMITS[0])) :]:
        query = {"offset": offset} if limit is None else {"limit": limit, "offset": offset}
        try:
            payload = await api.get(path, query)
        except (NotFoundError, ForbiddenError):
            raise
        except RefusedError:
            if limit is None:
                raise
        else:
            learnt["limit"] = limit
            return payload
    raise AssertionError("the last limit either answers or raises")


def _identity(record: dict[str, Json]) -> int:
    return digest(member(record, "id", "run_id", "workflow_id") or encode(record))


def _is_last(payload: Json, rows: int, learnt: dict[str, Any]) -> bool:
    """Whether an answer shows that no page follows it."""
    more = says_more(payload)
    if more is None:
        followed: int = learnt.get("page_rows", 0)
        return rows < followed
    return not more and not _is_full(payload, rows, learnt)


def _is_full(payload: Json, rows: int, learnt: dict[str, Any]) -> bool:
    """Whether a page has as many rows as it may have, as far as that is known."""
    asked: int | None = learnt.get("limit")
    applied = member(payload, "data.limit", "limit")
    if isinstance(applied, int) and not isinstance(applied, bool) and applied > 0:
        return rows >= min(applied, asked or applied)
    return rows in ROUND_SIZES or (asked is not None and rows >= asked)


def enveloped(payload: Json, name: str) -> dict[str, Json] | None:
    """The record of a single-object answer, without what the envelope says of the request."""
    if isinstance(payload, dict) and isinstance(payload.get("data"), dict):
        payload = {key: value for key, value in payload.items() if key not in ENVELOPE}
    return object_in(payload, name)


class B3osRuns:
    """The runs of all workflows, each of which has a list of its own."""

    ranges = (("", EVER),)

    def __init__(
        self,
        api: Api,
        runs: Table,
        workflows: WorkflowList,
        prepare: Callable[[dict[str, Json]], dict[str, Json]],
        workflow: str | None = None,
    ) -> None:
        self._api = api
        self._runs = runs
        self._workflows = workflows
        self._prepare = prepare
        self._workflow = workflow
        self._failures_in_a_row = 0

    async def pages(self, scope: Scope, learnt: dict[str, Any]) -> AsyncIterator[Page]:
        """One pass over the runs of every workflow, of several at once."""
        if self._workflow is not None:
            wanted = {self._workflow: True}
        else:
            wanted = await self._workflows.wanted(learnt)
        self._failures_in_a_row = 0
        lists = (
            self._of_workflow(name, scope, learnt, is_listed=is_listed) for name, is_listed in wanted.items()
        )
        at_once = min(AT_ONCE, self._api.settings.concurrency, len(wanted))
        async with aclosing(_side_by_side(lists, at_once)) as pages:
            async for page in pages:
                yield page

    async def _of_workflow(
        self, workflow_id: str, scope: Scope, learnt: dict[str, Any], *, is_listed: bool
    ) -> AsyncGenerator[Page, None]:
        """The runs of a workflow, down to where they begin to be older than the scope."""
        since = scope.since_of(workflow_id)
        order = ListOrder()
        try:
            if self._failures_in_a_row >= FAILURES_IN_A_ROW:
                raise EndpointError(f"the lists of {FAILURES_IN_A_ROW} workflows in a row could not be read")
            path = path_of("workflows", workflow_id, "runs")
            async with aclosing(offset_pages(self._api, path, learnt)) as pages:
                async for records in pages:
                    self._failures_in_a_row = 0
                    yield Page([self._prepare(record) for record in records], part=workflow_id)
                    starts = [read_record(self._runs, record)[self._runs.dated_by] for record in records]
                    if order.has_passed(starts, since):
                        break
        except (NotFoundError, ForbiddenError) as error:
            # Archived workflows may be hidden with their runs. Their part then stays where it is.
            if is_listed:
                yield Page([], part=workflow_id, error=error)
        except EndpointError as error:
            self._failures_in_a_row += 1
            yield Page([], part=workflow_id, error=error)


class ListOrder:
    """The order of a list, believed once enough of it was seen."""

    def __init__(self) -> None:
        self._order = Order()
        self._latest: deque[datetime] = deque(maxlen=ROWS_THAT_SHOW_ORDER)

    def has_passed(self, starts: Iterable[datetime | None], moment: datetime | None) -> bool:
        """Whether the next page of start times shows that all further runs started before a moment."""
        for start in starts:
            if start is not None:
                self._order.observe(start)
                self._latest.append(start)
        is_enough = len(self._latest) == ROWS_THAT_SHOW_ORDER
        return is_enough and self._order.has_passed(list(self._latest), moment)


async def _side_by_side(
    lists: Iterable[AsyncGenerator[Page, None]], at_once: int
) -> AsyncGenerator[Page, None]:
    """The pages of many lists as they come, a few lists at a time; no more pages are held than lists read."""
    pages: asyncio.Queue[Page | None] = asyncio.Queue(maxsize=max(1, at_once))
    waiting = iter(lists)

    async def read() -> None:
        for of_one in waiting:
            async with aclosing(of_one):
                async for page in of_one:
                    await pages.put(page)

    readers = [asyncio.create_task(read()) for _ in range(at_once)]

    async def wait() -> None:
        results = await asyncio.gather(*readers, return_exceptions=True)
        await pages.put(None)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    whole = asyncio.create_task(wait())
    try:
        while (page := await pages.get()) is not None:
            yield page
        await whole
    finally:
        for task in (*readers, whole):
            task.cancel()
        await asyncio.gather(*readers, whole, return_exceptions=True)
