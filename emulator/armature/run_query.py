"""`GET /runs`: which runs match, in which order, and which of them make a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulator.common.clock import DAY
from emulator.common.raw import RawRun
from emulator.common.run_index import piece, shuffled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from emulator.armature.runs import Run
    from emulator.armature.settings import ArmatureSettings
    from emulator.armature.world import Entry, World

RANGE_DAYS = {"24h": 1, "7d": 7, "30d": 30}

# What `sort` may name besides `startedAt`, which is the order that the runs are held in.
SORT_KEYS: Mapping[str, Callable[[Run], float]] = {
    "endedAt": lambda run: run.ended_at,
    "durationMs": lambda run: run.ended_at - run.started_at,
    "cost": lambda run: run.cost or 0.0,
}


@dataclass(frozen=True, slots=True)
class Page:
    """A page of runs: `number` as the client counts, `size` as the server cut it, `total` over all pages."""

    runs: list[Run | RawRun]
    number: int
    size: int
    total: int
    has_more: bool


def page_of_runs(world: World, settings: ArmatureSettings, query: Mapping[str, str]) -> Page:
    """The page that a query asks for; runs with raw bodies match every filter but `range`."""
    since = world.clock.now() - RANGE_DAYS[query.get("range", "24h")] * DAY
    size = min(int(query.get("pageSize", settings.default_page_size)), settings.max_page_size)
    asked = int(query.get("page", settings.first_page))
    position = 0 if settings.ignores_page else asked - settings.first_page
    entries = _matching(world, world.runs(since), query)
    chosen = _in_order(world, settings, entries, query.get("sort"), position * size, size)
    return Page(
        runs=[world.index.run(entry) for entry in chosen],
        number=asked,
        size=size,
        total=len(entries),
        has_more=settings.ignores_page or (position + 1) * size < len(entries),
    )


def _matching(world: World, entries: Sequence[Entry], query: Mapping[str, str]) -> Sequence[Entry]:
    """The entries that the filters let through."""
    wanted = query.get("workflowId")
    if wanted:
        entries = [entry for entry in entries if world.workflow_id(entry) in {wanted, None}]
    filters = {name: query[name] for name in ("status", "classification", "search") if query.get(name)}
    if not filters:
        return entries
    now = world.clock.now()
    return [entry for entry in entries if _fits(world.index.run(entry), filters, now)]


def _fits(run: Run | RawRun, filters: Mapping[str, str], now: int) -> bool:
    if isinstance(run, RawRun):
        return True
    if "status" in filters and run.status_at(now) != filters["status"]:
        return False
    if "classification" in filters:
        shown = run.classification if run.is_evaluated(now) or run.error else None
        if shown != filters["classification"]:
            return False
    searched = (run.id, run.workflow_name, run.model, run.reason or "")
    return filters.get("search", "").lower() in "\n".join(searched).lower()


def _in_order(
    world: World,
    settings: ArmatureSettings,
    entries: Sequence[Entry],
    sort: str | None,
    start: int,
    size: int,
) -> Sequence[Entry]:
    """The entries of one page; `entries` are sorted by their start, oldest first."""
    key = (sort or "").lstrip("-")
    if settings.honours_sort and key == "startedAt":
        return piece(entries, start, size, newest_first=sort != key)
    if settings.honours_sort and key in SORT_KEYS:
        by_key = sorted(entries, key=lambda entry: _sort_value(world.index.run(entry), key))
        return piece(by_key, start, size, newest_first=sort != key)
    if settings.default_order == "shuffled":
        entries = shuffled(entries, world.seed, lambda entry: world.index.run(entry).id)
    return piece(entries, start, size, newest_first=settings.default_order == "newest_first")


def _sort_value(run: Run | RawRun, key: str) -> float:
    return float(run.listed_at) if isinstance(run, RawRun) else SORT_KEYS[key](run)
