"""The memory that a sync takes is set by its chunk, whatever the number of runs."""

from __future__ import annotations

import asyncio
import tracemalloc
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from standin import KEY, Account, Paging

from sources.armature import CONNECTOR
from sources.common.address import HttpSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest
    from reading import Reader
    from standin import StandIn

CHUNK = 10
BODY = "x" * 50_000
OLDEST = datetime.now(UTC) - timedelta(days=20)


class ManyRuns(Account):
    """Runs with a large tool result each, made when they are asked for: the account itself takes no memory.

    The oldest run comes when nothing else is asked for any more: a sync without bounds reads ahead of it.
    """

    def __init__(self, count: int) -> None:
        super().__init__(paging=Paging(cap=100))
        self.count = count
        self.asked = 0
        self.asked_past_the_oldest = 0

    def answer(self, path: tuple[str, ...], query: Any) -> tuple[int, Any]:  # noqa: ANN401
        match path:
            case ("runs",):
                first = (int(query.get("page", 1)) - 1) * 100
                numbers = range(self.count - 1 - first, max(-1, self.count - 1 - first - 100), -1)
                return 200, {"runs": [self._run(number) for number in numbers]}
            case ("runs", _, "tool-calls"):
                return 200, {"toolCalls": [{"name": "search", "result": BODY}]}
        return super().answer(path, query)

    async def prepare(self, path: tuple[str, ...], query: Mapping[str, str]) -> None:
        self.asked += 1
        asked, asked_at_first = 0, self.asked
        while path == ("runs", "run-0", "tool-calls") and asked != self.asked:
            asked = self.asked
            await asyncio.sleep(0.3)
            self.asked_past_the_oldest = self.asked - asked_at_first

    def _run(self, number: int) -> dict[str, Any]:
        started_at = OLDEST + timedelta(days=19) * number / self.count
        return {
            "id": f"run-{number}",
            "workflowId": "wf",
            "status": "error",
            "startedAt": started_at.isoformat(),
            "endedAt": (started_at + timedelta(minutes=1)).isoformat(),
        }


def most_memory(api: StandIn, runs: int) -> int:
    """Bytes that Python and Arrow held at once, at most, while an account of so many runs was synced."""
    api.account = ManyRuns(runs)
    read = in_arrow = 0
    session = CONNECTOR.session(api.url, KEY, chunk_runs=CHUNK).plan.session()
    tracemalloc.start()
    try:
        session.begin({}, None, frozenset({"runs", "tool_calls"}))
        while not session.is_done:
            for event in session.chunk():
                in_arrow = max(in_arrow, pa.total_allocated_bytes())
                read += event.tables["tool_calls"].num_rows if "tool_calls" in event.tables else 0
        return tracemalloc.get_traced_memory()[1] + in_arrow
    finally:
        tracemalloc.stop()
        session.close()
        assert read == runs


def test_eight_times_as_many_runs_take_no_more_memory(api: StandIn, reader: Reader) -> None:
    # What is imported at the first sync of a process is not counted.
    api.account = ManyRuns(1)
    reader.sync()
    few, many = most_memory(api, 4 * CHUNK), most_memory(api, 32 * CHUNK)
    assert many < few * 1.5, (few, many)


def test_a_slow_run_is_not_read_past_by_more_than_may_be_held(
    api: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sources.common.session.HELD_CHARACTERS", 10 * len(BODY))
    api.account = account = ManyRuns(200)
    session = CONNECTOR.session(api.url, KEY, chunk_runs=400).plan.session()
    session.begin({}, None, frozenset({"runs", "tool_calls"}))
    try:
        next(iter(session.chunk()))
    finally:
        session.close()
    # What is in flight when there is no more room comes in addition, twice at most.
    assert 10 <= account.asked_past_the_oldest <= 10 + 2 * HttpSettings("", "").concurrency
