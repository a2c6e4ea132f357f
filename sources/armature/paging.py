"""How Armature's run list is paged, as far as that can be known: every guess is checked against what comes.

The documentation names `page` and `pageSize`, and neither their base, default or limit
(docs.armature.tech/rest-api/runs).
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from sources.common.errors import NotFoundError, PlatformError, RefusedError
from sources.common.listing import Page
from sources.common.lists import ROUND_SIZES, ReadAhead, says_more, says_total
from sources.common.payload import encode, member, rows_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sources.common.http import Api
    from sources.common.listing import Scope
    from sources.common.payload import Json

PAGE_SIZES = (500, 100, None)
"""Asked for in this order until one is not refused; None leaves the size to the platform."""

MOST_PAGES = 100_000
"""Pages after which a list is taken as endless."""

PAGES_AHEAD = 16
"""Pages that are asked for at once, where the whole list is to be read and says how long it is."""

IDLE_PAGES = 2
"""Pages in a row without a new run that end a list: one alone may be a repeated page."""


class ArmatureRuns:
    """The list `GET /runs`, newest first or in any other order."""

    ranges = (
        ("24h", timedelta(hours=24)),
        ("7d", timedelta(days=7)),
        ("30d", timedelta(days=30)),
    )

    def __init__(self, api: Api, workflow: str | None = None) -> None:
        self._api = api
        self._filters = {} if workflow is None else {"workflowId": workflow}

    async def pages(self, scope: Scope, learnt: dict[str, Any]) -> AsyncIterator[Page]:
        """One pass over the runs of a range.

        The first page is the one that comes when none is asked for. Whether pages count from 0 or 1 is found
        out once, when there is a second one. What an answer says of the list's end is believed when its page
        does not look full: platforms are known to count with a page size other than the one they apply.
        """
        range_name = scope.range_name
        payload = await self._first_page(range_name, learnt)
        records = rows_in(payload, "runs")
        yield Page(records)
        first = previous = _ids(records)
        count = largest = len(records)
        looks_full = count in ROUND_SIZES
        number, idle = None, 0
        async with ReadAhead(partial(self._page, range_name, learnt), PAGES_AHEAD) as pages:
            while records and idle < IDLE_PAGES and (looks_full or not _is_last(payload, count, len(first))):
                if number is None:
                    number, probed = await self._base(range_name, learnt)
                    for page in probed:
                        yield page
                number += 1
                if number > MOST_PAGES:
                    raise PlatformError(
                        f"the run list of {self._api.host} does not end after {MOST_PAGES} pages."
                    )
                # How far a list has to be read that is not read to its end, its pages tell one by one.
                total = says_total(payload) if scope.since is None else None
                to_come = 0 if total is None else -((count - total) // len(records))
                payload = await pages.page(number, last=number + to_come - 1)
                records = rows_in(payload, "runs")
                yield Page(records)
                ids = _ids(records)
                idle = 0 if ids - previous - first else idle + 1
                previous = ids
                count += len(records)
                looks_full = len(records) >= largest
                largest = max(largest, len(records))

    async def _first_page(self, range_name: str, learnt: dict[str, Any]) -> Json:
        """The first page, in the largest size that is not refused."""
        for size in PAGE_SIZES[PAGE_SIZES.index(learnt.get("page_size", PAGE_SIZES[0])) :]:
            try:
                payload = await self._api.get("/runs", self._query(range_name, size))
            except RefusedError as error:
                if size is None:
                    raise PlatformError(f"{error}.") from error
            except NotFoundError as error:
                raise PlatformError(
                    f"{error}: is base_url right, and does this account still have the runs API?"
                ) from error
            else:
                learnt["page_size"] = size
                return payload
        raise AssertionError("the last size either answers or raises")

    async def _page(self, range_name: str, learnt: dict[str, Any], number: int) -> Json:
        """A page by its number; None when the platform says that there is none."""
        try:
            return await self._api.get(
                "/runs", {**self._query(range_name, learnt["page_size"]), "page": number}
            )
        except (NotFoundError, RefusedError):
            return None

    async def _base(self, range_name: str, learnt: dict[str, Any]) -> tuple[int, list[Page]]:
        """The number of the first page, and the pages that were read to find it out.

        Page 1 is the page that comes when none is asked for, or else the one after it. Runs that come or go
        in between blur that: then 0 is taken for now, which reads one page twice at worst, and the question
        stays open.
        """
        if "page_base" in learnt:
            return learnt["page_base"], []
        answers = await asyncio.gather(
            self._page(range_name, learnt, 1), self._first_page(range_name, learnt)
        )
        one, unnumbered = (Page(rows_in(answer, "runs")) for answer in answers)
        ids, first = _ids(one.records), _ids(unnumbered.records)
        if ids == first and ids:
            learnt["page_base"] = 1
        elif ids.isdisjoint(first):
            learnt["page_base"] = 0
        return learnt.get("page_base", 0), [one, unnumbered]

    def _query(self, range_name: str, size: int | None) -> dict[str, Any]:
        return {"range": range_name, **({} if size is None else {"pageSize": size}), **self._filters}


def _ids(records: list[dict[str, Json]]) -> set[str]:
    return {str(member(record, "id", "run_id") or encode(record)) for record in records}


def _is_last(payload: Json, count: int, first: int) -> bool:
    """Whether an answer says that nothing follows the rows read so far."""
    more, total = says_more(payload), says_total(payload)
    if more is not None:
        return not more
    # A total that is no more than the first page may count that page only.
    return total is not None and first < total <= count
