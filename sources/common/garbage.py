"""Python's garbage collector, kept from looking through many lasting objects all the time."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def rarely_collected() -> Iterator[None]:
    """Collect garbage less often for a while: what is made meanwhile is much, and most of it stays."""
    thresholds = gc.get_threshold()
    gc.set_threshold(50_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
