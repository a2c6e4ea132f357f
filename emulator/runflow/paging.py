"""Cursors: what they hold, how they are written, and the pages that they lead to."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from emulator.common.contract import Call
    from emulator.common.json_value import Json
    from emulator.runflow.settings import RunflowSettings

T = TypeVar("T")

# A row's place in a list: its moment, and its id for those of the same moment.
Place = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Cursor:
    """Page `number` begins after the row at `place`, or after `skip` rows; with neither, it is the first."""

    number: int = 1
    skip: int = 0
    place: Place | None = None

    def __str__(self) -> str:
        start = f"{self.number}.{self.skip}"
        return start if self.place is None else f"{start}={self.place[0]}={self.place[1]}"


# The pattern of a cursor; it holds characters that a query must encode.
CURSOR = r"^([0-9]{1,9}\.[0-9]{1,9}(=[0-9]{1,15}=.*)?)?$"


def cursor_of(call: Call) -> Cursor:
    """The cursor in a request, or that of the first page."""
    start, _, place = call.query.get("pq", "").partition("=")
    number, _, skip = start.partition(".")
    moment, _, name = place.partition("=")
    return Cursor(int(number or 1), int(skip or 0), (int(moment), name) if moment else None)


def is_backward(call: Call) -> bool:
    return call.query.get("from_prev") == "true"


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows, and the cursors beside them; `number` counts pages from 1."""

    rows: Sequence[T]
    number: int
    first: Cursor
    next: Cursor | None
    previous: Cursor | None


def page_by_skipping(rows: Callable[[int], Iterable[T]], call: Call, limit: int) -> Page[T]:
    """A page of what `rows(skip)` goes on with after `skip` rows."""
    cursor = cursor_of(call)
    skip = max(cursor.skip - limit, 0) if is_backward(call) else cursor.skip
    size = min(limit, cursor.skip) if is_backward(call) else limit
    found = list(islice(rows(skip), size + 1))
    return Page(
        found[:size],
        cursor.number,
        Cursor(),
        Cursor(cursor.number + 1, skip + size) if len(found) > size else None,
        Cursor(max(cursor.number - 1, 1), skip) if skip else None,
    )


def page_by_place(
    order: Sequence[T],
    moment: Callable[[T], int],
    name: Callable[[T], str],
    call: Call,
    limit: int,
    *,
    newest_first: bool,
) -> Page[T]:
    """A page of `order` (oldest first); rows of one moment go by their name, so that none is met twice."""
    cursor = cursor_of(call)
    backward = is_backward(call) and cursor.place is not None
    walk = _newest_first if newest_first != backward else _oldest_first
    found = list(islice(walk(order, moment, name, cursor.place), limit + 1))
    has_more = len(found) > limit
    rows = found[:limit][::-1] if backward else found[:limit]
    after = before = None
    if rows and (backward or has_more):
        after = Cursor(cursor.number + 1, place=(moment(rows[-1]), name(rows[-1])))
    if rows and (has_more if backward else cursor.place is not None):
        before = Cursor(max(cursor.number - 1, 1), place=(moment(rows[0]), name(rows[0])))
    return Page(rows, cursor.number, Cursor(), after, before)


def _oldest_first(
    order: Sequence[T], moment: Callable[[T], int], name: Callable[[T], str], after: Place | None
) -> Iterator[T]:
    at = 0 if after is None else bisect_left(order, after[0], key=moment)
    while at < len(order):
        end = at + 1
        while end < len(order) and moment(order[end]) == moment(order[at]):
            end += 1
        for row in sorted(order[at:end], key=name):
            if after is None or (moment(row), name(row)) > after:
                yield row
        at = end


def _newest_first(
    order: Sequence[T], moment: Callable[[T], int], name: Callable[[T], str], after: Place | None
) -> Iterator[T]:
    end = len(order) if after is None else bisect_right(order, after[0], key=moment)
    while end > 0:
        at = end - 1
        while at > 0 and moment(order[at - 1]) == moment(order[end - 1]):
            at -= 1
        for row in sorted(order[at:end], key=name, reverse=True):
            if after is None or (moment(row), name(row)) < after:
                yield row
        end = at


NAMES = {
    "next": ("first", "next", "previous"),
    "next_pq": ("first_pq", "next_pq", "prev_pq"),
}


def envelope(
    page: Page[T], rows: Sequence[Json], call: Call, settings: RunflowSettings, path: str, limit: int
) -> Json:
    """The body of a list."""
    body: dict[str, Json] = {settings.list_envelope: rows}
    first, after, before = NAMES[settings.cursor_names]
    cursors = {first: page.first, after: page.next, before: page.previous}
    if settings.ignores_cursor:
        cursors[after] = Cursor(2, limit)
    for name, cursor in cursors.items():
        if cursor is not None:
            body[name] = _written(cursor, call, settings, path, limit, is_before=name == before)
        elif settings.no_cursor != "absent":
            body[name] = None if settings.no_cursor == "null" else ""
    return body


def _written(
    cursor: Cursor, call: Call, settings: RunflowSettings, path: str, limit: int, *, is_before: bool
) -> str:
    if settings.cursor_as == "cursor":
        return str(cursor)
    query = urlencode({"pq": str(cursor), "limit": limit, **({"from_prev": "true"} if is_before else {})})
    if settings.cursor_as == "query":
        return query
    if settings.cursor_as == "path":
        return f"{path}?{query}"
    origin = settings.cursor_origin or f"http://{call.headers.get('Host', 'localhost')}"
    return f"{origin}{path}?{query}"
