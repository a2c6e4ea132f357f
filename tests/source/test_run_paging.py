"""The run list is read to its end, however it is paged and ordered."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from standin import IN_ROWS, Account, Paging, bare, enveloped

from sources.armature.paging import PAGES_AHEAD
from sources.common.errors import UnreadableError
from sources.common.lists import ReadAhead

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reading import Reader
    from standin import Envelope, StandIn

NOW = datetime.now(UTC).replace(microsecond=0)

SIZES = {
    "capped at 10": {"cap": 10},
    "capped at 20": {"cap": 20},
    "capped at 50": {"cap": 50},
    "capped at 100": {"cap": 100},
    "size ignored": {"ignores_size": True, "default": 25},
    "size refused above 50": {"cap": 50, "refuses_above": 50},
    "size refused above 100": {"cap": 100, "refuses_above": 100},
}

ENDS = {
    "no facts": {},
    "total": {"facts": lambda total, page, size, more: {"total": total, "page": page, "pageSize": size}},
    "total of the page": {"facts": lambda total, page, size, more: {"total": size}},
    "total too small": {"facts": lambda total, page, size, more: {"total": total // 2}},
    "total too large": {"facts": lambda total, page, size, more: {"total_count": total + 500}},
    "total in pagination": {"facts": lambda total, page, size, more: {"pagination": {"total": total}}},
    "hasMore": {"facts": lambda total, page, size, more: {"hasMore": more}},
    "has_more for the asked size": {
        "facts": lambda total, page, size, more: {"has_more": page * 500 < total}
    },
    "404 beyond the end": {"beyond": 404},
    "400 beyond the end": {"beyond": 400},
    "last page repeated": {"repeats_last": True},
    "page 0 is page 1": {"below": 200},
}


def runs(count: int, *, apart: timedelta = timedelta(minutes=3)) -> list[dict[str, Any]]:
    """Runs that have ended, newest first; full rows, so that nobody asks for their details."""
    return [
        {
            "id": f"run-{number:04}",
            "workflowId": "wf",
            "status": "error",
            "startedAt": (NOW - timedelta(hours=5) - apart * number).isoformat(),
            "endedAt": (NOW - timedelta(hours=4) - apart * number).isoformat(),
        }
        for number in range(count)
    ]


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(row["run_id"] for row in rows)


def account(count: int, *, envelope: Envelope = IN_ROWS, **paging: Any) -> Account:  # noqa: ANN401
    return Account(runs=runs(count), envelope=envelope, paging=Paging(**paging))


@pytest.mark.parametrize(
    ("base", "size", "end"),
    [
        *((base, "capped at 20", end) for base in (0, 1) for end in ENDS),
        *((base, size, end) for base in (0, 1) for size in SIZES for end in ("no facts", "total too small")),
        *((1, size, "has_more for the asked size") for size in SIZES),
    ],
)
def test_every_run_is_read(api: StandIn, reader: Reader, base: int, size: str, end: str) -> None:
    api.account = account(100, base=base, **{**SIZES[size], **ENDS[end]})
    assert ids(reader.sync("runs")["runs"]) == ids([{"run_id": run["id"]} for run in api.account.runs])


@pytest.mark.parametrize("count", [0, 9, 10, 11, 20])
@pytest.mark.parametrize("base", [0, 1])
@pytest.mark.parametrize("end", ["no facts", "404 beyond the end"])
def test_a_list_of_any_length_is_read(api: StandIn, reader: Reader, count: int, base: int, end: str) -> None:
    api.account = account(count, base=base, cap=10, **ENDS[end])
    assert len(reader.sync("runs")["runs"]) == count


@pytest.mark.parametrize(
    "envelope",
    [
        bare,
        enveloped("runs"),
        enveloped("rows"),
        enveloped("items"),
        enveloped("data"),
        enveloped("results"),
        enveloped("data", "items"),
        enveloped("data", "runs"),
        enveloped("runs", "rows"),
        enveloped("workflowRuns"),
    ],
)
def test_the_list_is_found_in_any_envelope(api: StandIn, reader: Reader, envelope: Envelope) -> None:
    api.account = account(30, envelope=envelope, cap=10, below=200)
    assert len(reader.sync("runs")["runs"]) == 30


@pytest.mark.parametrize("seed", range(4))
def test_runs_in_any_order_are_read(api: StandIn, reader: Reader, seed: int) -> None:
    api.account = account(120, cap=20)
    random.Random(seed).shuffle(api.account.runs)  # noqa: S311
    assert len(reader.sync("runs")["runs"]) == 120


def test_runs_oldest_first_are_read(api: StandIn, reader: Reader) -> None:
    api.account = account(120, cap=20)
    api.account.runs.reverse()
    assert len(reader.sync("runs")["runs"]) == 120


@pytest.mark.parametrize("base", [0, 1])
def test_runs_without_ids_are_read_to_the_last_page(api: StandIn, reader: Reader, base: int) -> None:
    api.account = account(120, base=base, cap=20)
    for run in api.account.runs:
        run["name"] = run.pop("id")
    assert len(reader.sync("runs")["runs"]) == 120


def test_runs_that_started_at_the_same_moment_are_read(api: StandIn, reader: Reader) -> None:
    api.account = account(0, cap=20)
    api.account.runs = runs(150, apart=timedelta(0))
    assert len(reader.sync("runs")["runs"]) == 150


@dataclass
class Gathering(Account):
    """An account that answers for no page after the first until as many were asked for as may be at once."""

    asked: list[int] = field(default_factory=list)
    all_asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def prepare(self, path: tuple[str, ...], query: Mapping[str, str]) -> None:
        page = int(query.get("page", 1))
        if path != ("runs",) or page == 1:
            return
        self.asked.append(page)
        if len(self.asked) == PAGES_AHEAD:
            self.all_asked.set()
        await asyncio.wait_for(self.all_asked.wait(), timeout=20)


def test_pages_are_asked_for_together_where_the_list_says_how_long_it_is(
    api: StandIn, reader: Reader
) -> None:
    paging = Paging(cap=10, facts=lambda total, page, size, more: {"total": total})
    pages = PAGES_AHEAD + 2
    api.account = gathering = Gathering(runs=runs(10 * pages - 5), paging=paging)
    assert len(reader.sync("runs")["runs"]) == 10 * pages - 5
    assert sorted(gathering.asked[:PAGES_AHEAD]) == list(range(2, 2 + PAGES_AHEAD))
    assert max(gathering.asked) == pages


def test_pages_that_nobody_took_are_dropped() -> None:
    begun, dropped = [], []

    async def fetch(number: int) -> int:
        begun.append(number)
        if number == 1:
            raise UnreadableError("no page")
        try:
            await asyncio.Event().wait()
        finally:
            dropped.append(number)
        return number

    async def read() -> None:
        async with ReadAhead(fetch, 3) as pages:
            await pages.page(1, last=9)

    with pytest.raises(UnreadableError):
        asyncio.run(read())
    assert begun == [1, 2, 3]
    assert dropped == [2, 3]


@pytest.mark.parametrize("base", [0, 1])
def test_a_server_that_ignores_the_page_does_not_hold_the_sync_up(
    api: StandIn, reader: Reader, base: int
) -> None:
    api.account = account(60, base=base, cap=20, ignores_page=True)
    assert len(reader.sync("runs")["runs"]) == 20
    assert sum(request.startswith("/api/armature/v1/runs?") for request in api.requests) <= 10


@pytest.mark.parametrize("base", [0, 1])
@pytest.mark.parametrize("pages_before", [0, 1, 3])
def test_a_page_that_is_shown_twice_in_a_row_hides_none_of_those_after_it(
    api: StandIn, reader: Reader, base: int, pages_before: int
) -> None:
    api.account = account(100, base=base, cap=20, shows_twice=pages_before)
    assert len(reader.sync("runs")["runs"]) == 100


@pytest.mark.parametrize("base", [0, 1])
@pytest.mark.parametrize("order", ["newest first", "oldest first", "shuffled"])
def test_runs_that_came_since_are_read_by_the_next_sync(
    api: StandIn, reader: Reader, base: int, order: str
) -> None:
    all_runs = runs(90)
    api.account = account(0, base=base, cap=20)
    api.account.runs = all_runs[30:]
    if order != "newest first":
        api.account.runs.reverse()
    reader.sync("runs")
    api.account.runs = list(all_runs)
    if order == "oldest first":
        api.account.runs.reverse()
    elif order == "shuffled":
        random.Random(1).shuffle(api.account.runs)  # noqa: S311
    assert ids(reader.sync("runs")["runs"]) == sorted(run["id"] for run in all_runs[:30])


@pytest.mark.parametrize("base", [0, 1])
@pytest.mark.parametrize("beyond", [200, 404])
@pytest.mark.parametrize("says_total", [True, False])
def test_tool_calls_that_are_paged_are_read_to_their_end(
    api: StandIn, reader: Reader, base: int, beyond: int, says_total: bool
) -> None:
    calls = [{"name": "tool", "args": {"n": number}} for number in range(73)]

    class Paged(Account):
        def answer(self, path: tuple[str, ...], query: Any) -> tuple[int, Any]:  # noqa: ANN401
            if path[-1] != "tool-calls":
                return super().answer(path, query)
            start = (int(query.get("page", base)) - base) * 20
            if start < 0 or (start >= len(calls) and beyond != 200):
                return 404, {"error": {"code": "not_found"}}
            return 200, {"rows": calls[start : start + 20], **({"total": 73} if says_total else {})}

    api.account = Paged(runs=runs(1))
    rows = reader.sync("runs", "tool_calls")["tool_calls"]
    assert [row["arguments"]["n"] for row in rows] == list(range(73))
    assert [row["call_index"] for row in rows] == list(range(73))


@pytest.mark.parametrize("count", [10, 20, 100])
def test_tool_calls_that_are_not_paged_are_read_once(api: StandIn, reader: Reader, count: int) -> None:
    api.account = Account(runs=runs(1), tool_calls={"run-0000": [{"name": "same"}] * count})
    assert len(reader.sync("runs", "tool_calls")["tool_calls"]) == count
