"""Reading goes on while what was read is loaded, but not without end."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from sources.common.background import BackgroundIterator

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

AHEAD = 4


def test_no_more_is_made_ahead_of_its_taking_than_was_allowed() -> None:
    made: list[int] = []

    async def numbers() -> AsyncGenerator[int, None]:
        for number in range(100):
            made.append(number)
            yield number

    iterator = BackgroundIterator(numbers(), AHEAD)
    try:
        assert next(iterator) == 0
        has_paused = threading.Event()
        iterator.call(has_paused.set)
        has_paused.wait()
        # One was taken, some lie ready, and one more waits for its place.
        assert len(made) <= 1 + AHEAD + 1
        assert list(iterator) == list(range(1, 100))
    finally:
        iterator.close()
