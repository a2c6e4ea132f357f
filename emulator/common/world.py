"""What the worlds of all platforms are: a seed, a clock, a lock, and hooks for the moment after a page."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Generic, TypeVar
from uuid import UUID

from emulator.common.chance import number
from emulator.common.clock import Clock, milliseconds
from emulator.common.raw import RawRun, encoded
from emulator.common.run_index import Listed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from emulator.common.json_value import Json
    from emulator.common.run_index import RunIndex

Moment = datetime | str | int

R = TypeVar("R", bound=Listed)
# What names a page to the hooks, e.g. its number.
P = TypeVar("P")


class MovingWorld(Generic[R, P]):
    """Runs over a clock. Times given to it are datetimes, ISO texts or milliseconds.

    A platform's world gives `index` when it is made.
    """

    index: RunIndex[R]

    def __init__(self, seed: int, clock: Clock | None) -> None:
        self.seed = seed
        self.clock = clock or Clock.real()
        self.lock = threading.RLock()
        self._serial = 0
        self._page_hooks: list[Callable[[P], object]] = []

    def run(self, run_id: str) -> R | RawRun | None:
        """The run with this id, if it has been dispatched by now."""
        found = self.index.get(run_id)
        return found if found is not None and found.seen_from <= self.clock.now() else None

    def runs(self, since: Moment = 0) -> Sequence[int | R | RawRun]:
        """Every run that has been dispatched by now and has its place at `since` or later, oldest first.

        Scheduled runs are given by number: `index.run` makes a run of one.
        """
        return self.index.between(milliseconds(since), self.clock.now())

    def on_page(self, hook: Callable[[P], object]) -> Callable[[], None]:
        """Call `hook` with the page's name after each page of runs; returns what takes the hook away."""
        self._page_hooks.append(hook)
        return lambda: self._page_hooks.remove(hook)

    def page_was_read(self, page: P) -> None:
        """Tell the hooks."""
        for hook in tuple(self._page_hooks):
            hook(page)

    def insert_raw_run(
        self,
        body: Json,
        run_id: str | None,
        at: Moment | None,
        detail: Json,
        *,
        workflow_id: str | None = None,
        **parts: Json,
    ) -> RawRun:
        """Add a run with bodies of a test's own; those of `parts` that are None are left out."""
        with self.lock:
            row = encoded(body)
            run = RawRun(
                str(body["id"]) if run_id is None else run_id,
                self.clock.now() if at is None else milliseconds(at),
                row,
                row if detail is None else encoded(detail),
                {name: encoded(part) for name, part in parts.items() if part is not None},
                workflow_id,
            )
            self.index.insert(run)
            return run

    def update_run(self, run_id: str, **fields: Json) -> R:
        """Change fields of a run (those of `Run`; times in milliseconds), and return it as it is now."""
        with self.lock:
            run = self.index.get(run_id)
            if run is None or isinstance(run, RawRun):
                raise KeyError(f"There is no run {run_id} in this world, or its bodies are raw.")
            changed = replace(run, **fields)
            self.index.remove(run_id)
            self.index.insert(changed)
            return changed

    def remove_run(self, run_id: str) -> None:
        """Let a run vanish; its id is answered with 404 from now on."""
        with self.lock:
            self.index.remove(run_id)

    def fresh_id(self, kind: str) -> str:
        """A UUID that was not given before."""
        self._serial += 1
        return str(UUID(int=number(self.seed, kind, self._serial, size=16), version=4))
