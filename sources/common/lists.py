"""Lists in answers whose envelope is not documented, and which may be paged."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, Self

from sources.common.errors import NotFoundError, RefusedError
from sources.common.payload import all_spellings, encode, rows_in, spellings

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from sources.common.http import Api
    from sources.common.payload import Json

ROUND_SIZES = frozenset({10, 15, 20, 25, 30, 40, 50, 60, 75, 100, 150, 200, 250, 300, 500, 1000})
"""Lengths of a list that look like a full page."""

PAGING_HOLDERS = ("pagination", "paging", *spellings("page_info"), "meta")
"""Objects in which an answer may speak of its paging."""

_MORE = all_spellings(("has_more", "has_next", "has_next_page"))
_TOTAL = all_spellings(("total", "total_count", "total_items", "total_rows"))


REPEATS_BELIEVED = 3
"""Lists that knew no second page before it is believed that none of their kind does."""


@dataclass
class Habit:
    """What lists of one kind have shown of their paging.

    Attributes:
        longest: rows of the longest first page. One that has fewer is not full.
        repeats: lists that gave their first page again when they were asked for the second.
    """

    longest: int = 0
    repeats: int = 0

    def is_full(self, length: int) -> bool:
        """Whether a first page of this length may be followed by another."""
        self.longest = max(self.longest, length)
        return length in ROUND_SIZES and length == self.longest and self.repeats < REPEATS_BELIEVED


async def all_rows(api: Api, path: str, *names: str, habit: Habit | None = None) -> list[dict[str, Json]]:
    """The records of a list that is not documented to be paged.

    Further pages are read if the answer speaks of them, or if its length looks like a page's.

    Args:
        habit: what other lists of the kind have shown; brought up to date.
    """
    habit = habit or Habit()
    payload = await api.get(path)
    first = rows_in(payload, *names)
    if not first or not _may_go_on(payload, len(first), habit):
        return first
    known = {encode(record) for record in first}

    async def page(number: int) -> list[dict[str, Json]] | None:
        """The rows of a page; none when it does not exist, None when it only repeats what is known."""
        try:
            rows = rows_in(await api.get(path, {"page": number}), *names)
        except (NotFoundError, RefusedError):
            return []
        contents = {encode(record) for record in rows}
        if rows and contents <= known:
            return None
        known.update(contents)
        return rows

    later: list[dict[str, Json]] = []
    for number in count(2):
        rows = await page(number)
        if not rows:
            break
        later += rows
    if rows is None and not later:
        habit.repeats += 1
        return first  # a list that knows no pages
    # Where pages count from 0, page 1 is the second one.
    return first + (await page(1) or []) + later


class ReadAhead:
    """Numbered pages, asked for before it is their turn.

    Use as an async context manager: what nobody took is dropped at its end.

    Args:
        fetch: gives the page of a number.
        most: pages that are asked for at once.
    """

    def __init__(self, fetch: Callable[[int], Coroutine[Any, Any, Json]], most: int) -> None:
        self._fetch = fetch
        self._most = most
        self._begun: dict[int, asyncio.Task[Json]] = {}

    async def page(self, number: int, last: int) -> Json:
        """A page, while those after it are on their way, as far as they come before or are the last one."""
        for ahead in range(number, 1 + max(number, min(last, number + self._most - 1))):
            if ahead not in self._begun:
                self._begun[ahead] = asyncio.create_task(self._fetch(ahead))
        return await self._begun.pop(number)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._begun.values():
            task.cancel()
        await asyncio.gather(*self._begun.values(), return_exceptions=True)


def list_inside(
    record: dict[str, Json], names: tuple[str, ...]
) -> tuple[list[dict[str, Json]], dict[str, Json]]:
    """The list that a record holds under the first of some names, and the record without it.

    An object under such a name counts as a list when there is no real one.
    """
    for kind in (list, dict):
        for key in all_spellings(names):
            if isinstance(record.get(key), kind):
                rest = {other: value for other, value in record.items() if other != key}
                return rows_in({"rows": record[key]}), rest
    return [], record


def says_more(payload: Json) -> bool | None:
    """Whether an answer says that more follows; None when it does not say."""
    says = _said(payload, _MORE)
    return says if isinstance(says, bool) else None


def says_total(payload: Json) -> int | None:
    """How many rows a list has in all, by its own account."""
    total = _said(payload, _TOTAL)
    return total if isinstance(total, int) else None


def _said(payload: Json, keys: tuple[str, ...]) -> Json:
    """What an answer says of its paging: at its top, or in an object for that, also inside `data`."""
    for outer in (payload, payload.get("data")) if isinstance(payload, dict) else ():
        if not isinstance(outer, dict):
            continue
        for holder in (outer, *(outer[name] for name in PAGING_HOLDERS if name in outer)):
            for key in keys if isinstance(holder, dict) else ():
                if holder.get(key) is not None:
                    return holder[key]
    return None


def _may_go_on(payload: Json, length: int, habit: Habit) -> bool:
    if isinstance(payload, dict):
        more, total = says_more(payload), says_total(payload)
        if more is not None:
            return more
        if total is not None:
            return length < total
    return habit.is_full(length)
