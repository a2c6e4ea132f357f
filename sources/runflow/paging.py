"""How Runflow's lists are paged: by cursors, which may stand in their answers in more than one way.

The API reference has `next` beside `items`, the concepts page `next_pq`, and neither says whether a cursor
stands there bare, in a query string or in a URL (docs.runflow.io/concepts/requests).
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote_plus, urlsplit

from sources.common.errors import EndpointError, NotFoundError, PlatformError, RefusedError
from sources.common.listing import EVER, PAGES_BEFORE_STOP, Order, Page
from sources.common.lists import PAGING_HOLDERS
from sources.common.payload import encode, member, rows_in
from sources.common.records import read_record
from sources.common.state import digest
from sources.common.tables import Table
from sources.runflow.links import unsign
from sources.runflow.tables import RUNS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from datetime import datetime

    from sources.common.listing import Scope
    from sources.common.payload import Json
    from sources.runflow.client import Client

logger = logging.getLogger("runmart.runflow")

Query = dict[str, str]
"""Parameters of a request; those that lead to a list's next page, or none."""

MOST_PAGES = 100_000
"""Pages after which a list is taken as endless."""

IDLE_PAGES = 3
"""Pages in a row without a new record after which a list is taken as endless: one may be shown twice."""

EMPTY_PAGES = 2
"""Empty pages in a row that end a list, whatever it says of a next one."""

_PLACES_OF_NEXT = tuple(
    f"{holder}{name}"
    for name in ("next", "next_pq")
    for holder in ("", *(f"{outer}." for outer in (*PAGING_HOLDERS, "data", "links")))
)
_CURSOR = re.compile(r"(?:^|[?&])pq=([^&#]*)")

_DATED = Table(
    "dated runs",
    "What of a run the order of the list is told by.",
    (),
    tuple(column for column in RUNS.own_columns if column.name == RUNS.dated_by),
)


class CutError(EndpointError):
    """A list goes on, but what follows cannot be read."""


def next_page(payload: Json) -> Query:
    """The parameters that lead to the next page; none on the last one.

    Of a URL only its cursor is taken, never the host that it names.

    Raises:
        CutError: there is a next page, and no telling how to ask for it.
    """
    said = next((value for place in _PLACES_OF_NEXT if (value := member(payload, place))), None)
    if said is None or isinstance(said, bool):
        return {}
    text = str(said)
    cursor = _CURSOR.search(text)
    if cursor is not None:
        return {"pq": unquote_plus(cursor[1])} if cursor[1] else {}
    if "://" not in text and text[0] not in "/?":
        return {"pq": text}
    try:
        query = dict(parse_qsl(urlsplit(text).query))
    except ValueError:
        query = {}
    if not query:
        raise CutError("the list names a next page without a cursor: what follows cannot be read")
    return query


async def pages_of(
    ask: Callable[[Query], Awaitable[Json]], *names: str
) -> AsyncIterator[list[dict[str, Json]]]:
    """The records of a list, page by page; `ask` gets a page.

    Raises:
        CutError: after the last page that could be read, when the list goes on.
        EndpointError: a page could not be read.
    """
    asked: Query = {}
    seen: set[int] = set()
    first: set[int] = set()
    previous: set[int] = set()
    idle = empty = 0
    for _ in range(MOST_PAGES):
        try:
            payload = await ask(asked)
        except (RefusedError, NotFoundError) as error:
            if not asked:
                raise
            raise CutError(f"a cursor of the list is not taken back: {error}", error.status_code) from error
        records = unsign(rows_in(payload, *names))
        yield records
        following = next_page(payload)
        ids = {digest(member(record, "id") or encode(record)) for record in records}
        is_fresh = bool(ids - previous - first)
        first, previous = first or ids, ids
        empty = 0 if records else empty + 1
        idle = 0 if is_fresh else idle + 1
        if not following or empty >= EMPTY_PAGES:
            return
        place = digest(sorted(following.items()))
        if following == asked and is_fresh:
            return  # the last page says how it was asked for
        if place in seen or idle >= IDLE_PAGES:
            raise CutError("the list names the same next page again and again: what follows cannot be read")
        seen.add(place)
        asked = following
    raise CutError(f"the list does not end after {MOST_PAGES} pages")


class RunflowRuns:
    """The list `GET /runs`: it is sorted when the platform is asked, and has no filter by time to rely on."""

    ranges = (("", EVER),)

    def __init__(self, client: Client, missing: list[str], workflow: str | None = None) -> None:
        self._client = client
        self._missing = missing
        self._workflow = workflow
        self._is_sorted = True

    async def pages(self, scope: Scope, learnt: dict[str, Any]) -> AsyncIterator[Page]:
        """One pass over the list; where runs are in order, it ends with those older than the scope."""
        self._is_sorted = learnt.get("is_sorted", True)
        self._client.recall(learnt)
        order = Order()
        count = 0
        is_covered = False
        try:
            async for records in pages_of(self._ask, "runs"):
                self._client.remember(learnt)
                learnt["is_sorted"] = self._is_sorted
                count += 1
                starts = [moment for record in records if (moment := _created_at(record)) is not None]
                for moment in starts:
                    order.observe(moment)
                yield Page([told(record) for record in records if self._is_wanted(record)])
                # What follows is no younger than the oldest run so far, but for the disorder that was seen.
                is_covered = is_covered or order.has_passed([min(starts)] if starts else [], scope.since)
                if count >= PAGES_BEFORE_STOP and order.has_passed(starts, scope.since):
                    return
        except CutError as error:
            if not is_covered:
                self._note(f"The list of runs is not complete: {error}.")
                yield Page([], is_cut=True)
        except RefusedError as error:
            raise PlatformError(f"{error}.") from error
        except NotFoundError as error:
            raise PlatformError(f"{error}: is base_url right?") from error

    async def _ask(self, following: Query) -> Json:
        query = {"sort_by": "created_at:desc"} if self._is_sorted else {}
        try:
            return await self._client.listed("/runs", query, following, with_evaluation=True)
        except RefusedError:
            if following or not self._is_sorted:
                raise
        answer = await self._client.listed("/runs", {}, following, with_evaluation=True)
        self._is_sorted = False
        return answer

    def _is_wanted(self, record: dict[str, Json]) -> bool:
        """Whether a run belongs to the workflow that is asked for.

        What the platform's own filter `q` understands is not documented, so that it is not relied on.
        """
        if self._workflow is None:
            return True
        row = read_record(RUNS, record)
        return self._workflow in (row["flow_id"], row["comfyui_workflow_id"], row["model_id"])

    def _note(self, sentence: str) -> None:
        if sentence not in self._missing:
            logger.warning("%s", sentence)
            self._missing.append(sentence)


RELATIONS = frozenset({"comfyui_workflow", "flow", "logs", "model", "node_runs"})
"""What a run's record may hold besides itself; runmart asks for none of it."""


def told(record: dict[str, Json]) -> dict[str, Json]:
    """A run's record without the nulls that stand for relations that nobody asked for."""
    return {name: value for name, value in record.items() if value is not None or name not in RELATIONS}


def _created_at(record: dict[str, Json]) -> datetime | None:
    moment: datetime | None = read_record(_DATED, {"created_at": member(record, "created_at")})["created_at"]
    return moment
