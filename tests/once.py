"""What is made once for all processes of a test session."""

from __future__ import annotations

import fcntl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def once(shared: Path, name: str, make: Callable[[], None]) -> None:
    """Calls `make` in the first process that comes; the others wait, and fail when it failed."""
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        begun, done = shared / f"{name}.begun", shared / f"{name}.done"
        if not begun.exists():
            begun.touch()
            make()
            done.touch()
        assert done.exists(), f"{name} failed in another test process"
