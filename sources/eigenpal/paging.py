"""How EigenPal's lists are paged: runs by cursor, newest first, all others by limit and offset.

`GET /runs` is documented, and its servers differ in what they know of it: a filter that is refused is left
out from then on, one that is ignored does no harm, and whatever the order, it is observed before it is
relied on.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import TYPE_CHECKING, Any, Protocol

from sources.common.errors import EndpointError, NotFoundError, PlatformError, RefusedError
from sources.common.listing import EVER, PAGES_BEFORE_STOP, Order, Page
from sources.common.lists import says_more, says_total
from sources.common.payload import encode, member, rows_in
from sources.common.records import read_record
from sources.common.state import digest
from sources.eigenpal.tables import RUNS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping

    from sources.common.listing import Scope
    from sources.common.payload import Json

LIMIT = 100
"""Rows per page: the most that is documented."""

MOST_PAGES = 100_000
"""Pages after which a list is taken as endless."""

IDLE_PAGES = 2
"""Pages in a row that show nothing new, after which a list does not move on."""

OVERLAP = timedelta(seconds=1)
"""Nobody says whether a bound lets its own moment through."""

FAR_FUTURE = datetime(2099, 1, 1, tzinfo=UTC)

ASKED_AGAIN_AFTER = timedelta(days=7)
"""How long it is believed that a server does not know the filter of reviews: it may have been renewed."""


class CutError(EndpointError):
    """A list goes on, and shows no more of itself."""


class Client(Protocol):
    """What answers requests."""

    @property
    def host(self) -> str: ...

    async def get(self, path: str, params: Mapping[str, Json] | None = None) -> Json: ...


class EigenPalRuns:
    """The list `GET /runs`.

    Args:
        workflow: the automation whose runs are wanted: the platform is asked for them, its answer checked.
        note: takes a sentence about what is missing.
    """

    ranges = (("", EVER),)

    def __init__(self, api: Client, workflow: str | None, note: Callable[[str], None]) -> None:
        self._api = api
        self._workflow = workflow
        self._note = note

    async def pages(self, scope: Scope, learnt: dict[str, Any]) -> AsyncIterator[Page]:
        """The runs whose reviews changed, of any age, then all that were created in the scope."""
        try:
            if scope.changed_since is not None:
                async for page in self._news(scope.changed_since, learnt):
                    yield page
            async for page in self._created(scope.since, learnt):
                yield page
        except CutError as error:
            self._note(f"The list of runs is not complete: {error}.")
            yield Page([], is_cut=True)

    async def _created(self, since: datetime | None, learnt: dict[str, Any]) -> AsyncIterator[Page]:
        """Pages of runs, down to those that were created before a moment."""
        filters = {} if since is None else {"createdAfter": _text(since)}
        order = Order()
        count = 0
        async for records in self._list(filters, learnt):
            count += 1
            yield Page(self._wanted(records))
            if since is None:
                continue
            starts = [
                start for record in records if (start := read_record(RUNS, record)[RUNS.dated_by]) is not None
            ]
            for start in starts:
                order.observe(start)
            if count >= PAGES_BEFORE_STOP and order.has_passed(starts, since):
                return

    async def _news(self, since: datetime, learnt: dict[str, Any]) -> AsyncIterator[Page]:
        """Pages of runs whose review changed, as far as the server can tell."""
        unknown_since = learnt.get("review_filter_unknown_since")
        if unknown_since and since - datetime.fromisoformat(unknown_since) < ASKED_AGAIN_AFTER:
            return
        try:
            async for records in self._list({"reviewUpdatedAfter": _text(since)}, learnt, may_refuse=True):
                if records and not await self._knows_reviews(learnt):
                    break
                yield Page(self._wanted(records), is_news=True)
            else:
                learnt.pop("review_filter_unknown_since", None)
                return
        except RefusedError:
            pass
        learnt["review_filter_unknown_since"] = since.isoformat()
        learnt.pop("review_filter_works", None)

    async def _knows_reviews(self, learnt: dict[str, Any]) -> bool:
        """Whether the server looks at the filter of reviews: one that ignores it shows all runs as news.

        It is asked, once, for reviews that are still to be written.
        """
        if not learnt.get("review_filter_works"):
            try:
                payload = await self._api.get("/runs", {"reviewUpdatedAfter": _text(FAR_FUTURE), "limit": 1})
            except RefusedError:
                return True  # It looks.
            learnt["review_filter_works"] = not rows_in(payload, "runs")
        return bool(learnt["review_filter_works"])

    def _wanted(self, records: list[dict[str, Json]]) -> list[dict[str, Json]]:
        if self._workflow is None:
            return records
        return [record for record in records if read_record(RUNS, record)["automation_id"] == self._workflow]

    async def _list(
        self, filters: dict[str, Json], learnt: dict[str, Any], *, may_refuse: bool = False
    ) -> AsyncIterator[list[dict[str, Json]]]:
        """The pages of a list, until it has no next cursor. Pages may be short, or even empty, before that.

        Args:
            may_refuse: let the refusal of the first page through.
        """
        query = {"limit": LIMIT, **filters}
        if self._workflow is not None:
            query["source"] = self._workflow
        payload, query = await self._first(query, learnt, may_refuse=may_refuse)
        seen: set[int] = set()
        first: set[int] | None = None
        previous: set[int] = set()
        count = idle = 0
        for _ in range(MOST_PAGES):
            records = rows_in(payload, "runs")
            yield records
            ids = _ids(records)
            idle = idle + 1 if first is not None and ids and ids <= previous | first else 0
            count += 0 if idle else len(records)
            first = ids if first is None else first
            previous = ids or previous
            cursor = member(payload, "next_cursor", "pagination.next_cursor", "page_info.next_cursor")
            if not cursor and not _goes_on_without_cursor(payload, count, records, idle):
                return
            is_new = bool(cursor) and digest(cursor) not in seen and idle < IDLE_PAGES
            if not is_new and not records:
                return
            if not is_new and idle >= IDLE_PAGES:
                raise CutError(f"{self._api.host} shows the same runs again and again after {count} of them")
            seen.add(digest(cursor))
            payload = await self._page(query, cursor if is_new else None, count)
        raise CutError(f"it does not end after {MOST_PAGES} pages of {self._api.host}")

    async def _page(self, query: dict[str, Json], cursor: Json, offset: int) -> Json:
        """The page of a cursor; by offset where there is none, or where it is not taken any more."""
        if cursor is not None:
            try:
                return await self._api.get("/runs", {**query, "cursor": cursor})
            except (RefusedError, NotFoundError):
                pass
        try:
            return await self._api.get("/runs", {**query, "offset": offset})
        except (RefusedError, NotFoundError) as error:
            raise CutError(str(error)) from error

    async def _first(
        self, query: dict[str, Json], learnt: dict[str, Any], *, may_refuse: bool
    ) -> tuple[Json, dict[str, Json]]:
        """The first page, and the query that is not refused: that with the fewest filters left out."""
        refused = set(learnt.get("refused_filters", ()))
        query = {name: value for name, value in query.items() if name not in refused}
        refusal: RefusedError | None = None
        for left_out in _subsets([name for name in query if name != "reviewUpdatedAfter"]):
            asked = {name: value for name, value in query.items() if name not in left_out}
            try:
                payload = await self._api.get("/runs", asked)
            except RefusedError as error:
                refusal = refusal or error
                if may_refuse:
                    raise
            except NotFoundError as error:
                raise PlatformError(
                    f"{error}: is base_url right, with the path of the API (/api/v1 or /v1)?"
                ) from error
            else:
                learnt["refused_filters"] = sorted(refused.union(left_out))
                return payload, asked
        raise PlatformError(f"{refusal}.") from refusal


def _subsets(names: list[str]) -> Iterator[tuple[str, ...]]:
    """All choices of what is left out, the smallest first."""
    for size in range(len(names) + 1):
        yield from combinations(names, size)


def _text(moment: datetime) -> str:
    """A moment in a query, a little earlier than it is."""
    return (moment - OVERLAP).astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _ids(records: list[dict[str, Json]]) -> set[int]:
    return {digest(member(record, "id", "run_id") or encode(record)) for record in records}


def _goes_on_without_cursor(payload: Json, count: int, records: list[dict[str, Json]], idle: int) -> bool:
    """Whether a list that names no next cursor may have further pages, to be had by offset.

    One that says "null" has none. One that does not speak of cursors goes on as long as it is told to, or its
    pages look full.
    """
    if not records or idle or (isinstance(payload, dict) and {"nextCursor", "next_cursor"} & payload.keys()):
        return False
    more, total = says_more(payload), says_total(payload)
    if more is not None:
        return more
    return count < total if total is not None else len(records) >= LIMIT


async def all_rows(api: Client, path: str, params: Mapping[str, Json] | None = None) -> list[dict[str, Json]]:
    """The records of a list of the form `{data, total, limit, offset}`, each once."""
    query: dict[str, Json] = {"limit": LIMIT, **(params or {})}
    try:
        payload = await api.get(path, query)
    except RefusedError:
        query = {}
        payload = await api.get(path)
    found: dict[int, dict[str, Json]] = {}
    offset = 0
    for _ in range(MOST_PAGES):
        records = rows_in(payload, "data")
        fresh = {digest(encode(record)): record for record in records}
        is_idle = fresh.keys() <= found.keys()
        found.update(fresh)
        offset += len(records)
        total = says_total(payload)
        if is_idle or (total is not None and offset >= total):
            break
        if total is None and says_more(payload) is not True and len(records) < LIMIT:
            break
        try:
            payload = await api.get(path, {**query, "offset": offset})
        except RefusedError:
            break
    return list(found.values())
