"""How Armature's run list is paged, as far as that can be known: every guess is checked against what comes.

The documentation names `page` and `pageSize`, and neither their base, default or limit
(docs.armature.tech/rest-api/runs).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sources.common.errors import NotFoundError, PlatformError, RefusedError
from sources.common.listing import Page
from sources.common.payload import encode, member, rows_in
from sources.common.state import digest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sources.common.http import Api
    from sources.common.payload import Json

PAGE_SIZES = (500, 100, None)
"""Asked for in this order until one is not refused; None leaves the size to the platform."""

MOST_PAGES = 100_000
"""Pages after which a list is taken as endless."""

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

    async def pages(self, range_name: str, learnt: dict[str, Any]) -> AsyncIterator[Page]:
        """One pass over the runs of a range. Whether pages count from 0 or 1 is found out once."""
        number = learnt.get("page_base", 1)
        payload = await self._page(range_name, number, learnt)
        records = rows_in(payload, "runs")
        yield Page(records)
        first = previous = _ids(records)
        if "page_base" not in learnt:
            before = await self._page_zero(range_name, learnt)
            zero = _ids(before)
            if len(zero & first) * 2 < len(zero):
                learnt["page_base"] = 0
                yield Page(before)
                first |= zero
            elif first:
                learnt["page_base"] = 1
        total = member(payload, "total", "total_count", "pagination.total", "meta.total", "page_info.total")
        is_total = isinstance(total, int) and total > len(records)
        count, idle = len(records), 0
        while records and not _is_last(payload) and idle < IDLE_PAGES and not (is_total and count >= total):
            number += 1
            if number > MOST_PAGES:
                raise PlatformError(
                    f"the run list of {self._api.host} does not end after {MOST_PAGES} pages."
                )
            payload = await self._page(range_name, number, learnt)
            records = rows_in(payload, "runs")
            yield Page(records)
            ids = _ids(records)
            idle = 0 if ids - previous - first else idle + 1
            previous = ids
            count += len(records)

    async def _page(self, range_name: str, number: int, learnt: dict[str, Any]) -> Json:
        params = {"range": range_name, "page": number, **self._filters}
        sizes = PAGE_SIZES[PAGE_SIZES.index(learnt.get("page_size", PAGE_SIZES[0])) :]
        for size in sizes:
            try:
                asked = params if size is None else {**params, "pageSize": size}
                payload = await self._api.get("/runs", asked)
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

    async def _page_zero(self, range_name: str, learnt: dict[str, Any]) -> list[dict[str, Json]]:
        params = {"range": range_name, "page": 0, **self._filters}
        size = learnt["page_size"]
        if size is not None:
            params["pageSize"] = size
        try:
            return rows_in(await self._api.get("/runs", params), "runs")
        except (RefusedError, NotFoundError):
            return []


def _ids(records: list[dict[str, Json]]) -> set[int]:
    return {digest(member(record, "id", "run_id") or encode(record)) for record in records}


def _is_last(payload: Json) -> bool:
    """Whether an answer says that nothing follows."""
    for holder in (payload, member(payload, "pagination", "meta", "page_info")):
        if isinstance(holder, dict):
            for key in ("hasMore", "has_more", "hasNext", "has_next", "hasNextPage", "has_next_page"):
                if holder.get(key) is False:
                    return True
    return False
