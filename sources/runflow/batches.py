"""Batches: there is no list of them, so that each one is read by the id that its runs have."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING

from sources.common.address import path_of
from sources.common.errors import NotFoundError
from sources.common.records import read_record
from sources.runflow.tables import BATCHES

if TYPE_CHECKING:
    from collections.abc import Container

    from sources.common.platform import Rows
    from sources.common.records import Row
    from sources.runflow.client import Client

REMEMBERED = 10_000
"""Batches that are not asked for twice in one sync: their runs were made together."""


class Batches:
    """The batches of the runs that one sync reads; those that go on are read again by the next.

    Args:
        running: statuses, in lower case, of batches that go on.
    """

    def __init__(self, client: Client, running: Container[str]) -> None:
        self._client = client
        self._running = running
        self._read: OrderedDict[str, asyncio.Task[Row]] = OrderedDict()
        self._given: set[str] = set()

    async def rows(self, batch_id: str, *, is_alone: bool) -> Rows:
        """A batch that has ended, for the first run that asks; nothing for the others, or while it goes on.

        Args:
            is_alone: nothing else of the run is read, and perhaps only to see whether it may be: then the
                batch is given whoever asked before, and to whoever asks next.

        Raises:
            EndpointError: it could not be read.
        """
        if batch_id not in self._read:
            self._read[batch_id] = asyncio.create_task(self._row(batch_id))
            if len(self._read) > REMEMBERED:
                self._given.discard(self._read.popitem(last=False)[0])
        row = await asyncio.shield(self._read[batch_id])
        if self._goes_on(row) or (batch_id in self._given and not is_alone):
            return {}
        if not is_alone:
            self._given.add(batch_id)
        return {BATCHES.name: [row.copy()]}

    def is_open(self, batch_id: str) -> bool:
        """Whether a batch that was read goes on; of one that was not, that is to be found out."""
        task = self._read.get(batch_id)
        if task is None or not task.done() or task.cancelled():
            return True
        error = task.exception()
        return not isinstance(error, NotFoundError) and (error is not None or self._goes_on(task.result()))

    async def _row(self, batch_id: str) -> Row:
        record = await self._client.one(path_of("batches", batch_id), "batch")
        return {**read_record(BATCHES, record), "batch_id": batch_id}

    def _goes_on(self, row: Row) -> bool:
        return str(row["status"] or "").strip().lower() in self._running and row["ended_at"] is None
