"""Requests to Runflow: how much may be asked for, and whether the current evaluation, is found out."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sources.common.errors import ForbiddenError, NotFoundError, RefusedError
from sources.common.payload import object_in
from sources.runflow.links import unsign
from sources.runflow.paging import Query, pages_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sources.common.http import Api
    from sources.common.payload import Json

logger = logging.getLogger("runmart.runflow")

PAGE_SIZES = (500, 100, None)
"""Asked for in this order until one is not refused; None leaves the size to the platform."""

EVALUATION = {"embed": "current_evaluation_summary"}
"""Asks for a run's current evaluation, which needs the scope `evaluations:read`."""

REFUSED_FOR = timedelta(hours=6)
"""How long runs are read without their evaluation before it is asked for again."""


class Client:
    """Reads lists and single objects; signed links have lost their query in all that it gives.

    `now` is the platform's time.
    """

    def __init__(self, api: Api) -> None:
        self._api = api
        self._size: int | None = PAGE_SIZES[0]
        self._refused_at: datetime | None = None
        self.now = datetime.now(UTC)

    def recall(self, learnt: dict[str, Any]) -> None:
        """Go on with what an earlier sync found out."""
        self._size = learnt.get("page_size", self._size)
        refused_at = learnt.get("evaluation_refused_at")
        self._refused_at = None if refused_at is None else datetime.fromisoformat(refused_at)

    def remember(self, learnt: dict[str, Any]) -> None:
        """Let later syncs know what was found out."""
        learnt["page_size"] = self._size
        learnt["evaluation_refused_at"] = None if self._refused_at is None else self._refused_at.isoformat()

    async def one(self, path: str, name: str, *, with_evaluation: bool = False) -> dict[str, Json]:
        """A single object.

        Raises:
            EndpointError: it cannot be read.
        """
        answer = await self._get(path, {}, with_evaluation=with_evaluation)
        record = object_in(answer, name)
        if not record:
            raise NotFoundError(f"{path} has an empty answer")
        found: dict[str, Json] = unsign(record)
        return found

    async def listed(
        self, path: str, query: Query, following: Query, *, with_evaluation: bool = False
    ) -> Json:
        """A page of a list, as it comes, in the largest size that is not refused."""
        if following:
            asked = {**query, **_sized(self._size), **following}
            return await self._get(path, asked, with_evaluation=with_evaluation)
        for size in PAGE_SIZES[PAGE_SIZES.index(self._size) :]:
            try:
                answer = await self._get(path, {**query, **_sized(size)}, with_evaluation=with_evaluation)
            except RefusedError:
                if size is None:
                    raise
            else:
                self._size = size
                return answer
        raise AssertionError("the last size either answers or raises")

    def pages(self, path: str, *names: str) -> AsyncIterator[list[dict[str, Json]]]:
        """The records of a list, page by page; see `pages_of`."""
        return pages_of(lambda following: self.listed(path, {}, following), *names)

    async def rows(self, path: str, *names: str) -> list[dict[str, Json]]:
        """All records of a list.

        Raises:
            EndpointError: it cannot be read to its end.
        """
        return [record async for page in self.pages(path, *names) for record in page]

    async def _get(self, path: str, query: Query, *, with_evaluation: bool) -> Json:
        """An answer with the current evaluation, if the key may read it."""
        if not with_evaluation or (
            self._refused_at is not None and self.now - self._refused_at < REFUSED_FOR
        ):
            return await self._api.get(path, query)
        try:
            answer = await self._api.get(path, {**query, **EVALUATION})
        except (ForbiddenError, RefusedError) as error:
            # When that was not the reason, this is refused as well.
            answer = await self._api.get(path, query)
            logger.warning("Runs are read without their current evaluation: %s.", error)
            self._refused_at = self.now
        else:
            self._refused_at = None
        return answer


def _sized(size: int | None) -> Query:
    return {} if size is None else {"limit": str(size)}
