"""An async generator run in a thread of its own, so that reading goes on while what was read is loaded."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sys
import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if sys.platform == "win32":
    from asyncio import new_event_loop
else:
    from uvloop import new_event_loop

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

T = TypeVar("T")


class _End:
    """What the thread puts last: the generator is done, or broke."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


class BackgroundIterator(Generic[T]):
    """Iterates over an async generator that runs ahead, by at most `ahead` items, in its own event loop.

    Use as an iterator, and call `close` when done; an error of the generator is raised to whoever iterates.
    """

    def __init__(self, items: AsyncGenerator[T, None], ahead: int) -> None:
        self._items = items
        self._queue: queue.SimpleQueue[T | _End] = queue.SimpleQueue()
        self._loop = new_event_loop()
        self._room = asyncio.Semaphore(ahead)
        self._task: asyncio.Task[None] | None = None
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="runmart-sync", daemon=True)
        self._thread.start()

    def __iter__(self) -> BackgroundIterator[T]:
        return self

    def __next__(self) -> T:
        if self._is_over:
            raise StopIteration
        item = self._queue.get()
        if isinstance(item, _End):
            self._is_over = True
            self._thread.join()
            if item.error is not None:
                raise item.error
            raise StopIteration
        self.call(self._room.release)
        return item

    def close(self) -> None:
        """Stop the generator and wait until it has cleaned up."""
        if not self._is_over:
            self._is_over = True
            self.call(self._cancel)
            self._thread.join()

    def call(self, callback: Callable[[], None]) -> None:
        """Call something in the loop; a generator that is done has closed it, and needs not hear it."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(callback)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            try:
                runner.run(self._pump())
            except BaseException as error:  # handed over to whoever iterates
                self._queue.put(_End(error))
            else:
                self._queue.put(_End(None))

    async def _pump(self) -> None:
        self._task = asyncio.current_task()
        try:
            async for item in self._items:
                await self._room.acquire()
                self._queue.put(item)
        finally:
            await self._items.aclose()
