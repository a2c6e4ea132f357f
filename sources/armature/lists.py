"""Lists in Armature's answers: of unknown envelope, and perhaps paged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sources.common.payload import encode, member, rows_in, spellings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sources.common.http import Api
    from sources.common.payload import Json

ROUND_SIZES = frozenset({10, 20, 25, 30, 50, 100, 200, 250, 500, 1000})
"""Lengths of a list that look like a full page of a list that does not say that it is paged."""


async def all_rows(api: Api, path: str, *names: str) -> list[dict[str, Json]]:
    """The records of a list that is not documented to be paged.

    Further pages are read if the answer speaks of them, or if its length looks like a page's.
    """
    payload = await api.get(path)
    if payload is None:
        return []
    records = rows_in(payload, *names)
    page = 1
    while records and _may_go_on(payload, len(records), page):
        page += 1
        payload = await api.get(path, {"page": page})
        known = {encode(record) for record in records}
        further = [record for record in rows_in(payload, *names) if encode(record) not in known]
        if not further:
            break
        records += further
    return records


def list_inside(
    record: dict[str, Json], names: Iterable[str]
) -> tuple[list[dict[str, Json]], dict[str, Json]]:
    """The list that a record holds under the first of some names, and the record without it."""
    for name in names:
        for key in spellings(name):
            if isinstance(record.get(key), (list, dict)):
                rest = {other: value for other, value in record.items() if other != key}
                return rows_in({"rows": record[key]}), rest
    return [], record


def _may_go_on(payload: Json, count: int, page: int) -> bool:
    for name in ("has_more", "has_next", "has_next_page", "pagination.has_more", "meta.has_more"):
        says = member(payload, name)
        if isinstance(says, bool):
            return says
    total = member(payload, "total", "total_count", "pagination.total", "meta.total")
    if isinstance(total, int):
        return count < total
    return page > 1 or count in ROUND_SIZES
