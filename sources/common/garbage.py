"""Python's garbage collector, kept from looking through many lasting objects all the time."""

from __future__ import annotations

import gc


def collect_rarely() -> None:
    """Collect garbage less often in this process: what it makes is much, from its imports on, and lasts."""
    gc.set_threshold(50_000, 50, 100)
