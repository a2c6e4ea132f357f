"""The time of an emulated world, in milliseconds since 1970 (UTC): real and ticking, or moved by hand."""

from __future__ import annotations

import time
from datetime import UTC, datetime

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def milliseconds(moment: datetime | str | int) -> int:
    """Milliseconds since 1970 of a datetime with time zone, an ISO 8601 text (no zone: UTC), or a number."""
    if isinstance(moment, int):
        return moment
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone: give one, e.g. tzinfo=UTC")
    return round(moment.timestamp() * SECOND)


class Clock:
    """`Clock.real()` is now plus what was advanced; `Clock.manual("2026-03-01")` stands still until moved."""

    def __init__(self, *, frozen_at: int | None = None) -> None:
        self._frozen_at = frozen_at
        self._offset = 0

    @classmethod
    def real(cls) -> Clock:
        return cls()

    @classmethod
    def manual(cls, at: datetime | str | int) -> Clock:
        return cls(frozen_at=milliseconds(at))

    def now(self) -> int:
        """Milliseconds since 1970."""
        base = int(time.time() * SECOND) if self._frozen_at is None else self._frozen_at
        return base + self._offset

    def advance(self, *, seconds: float = 0, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Move by the sum of the arguments; a real clock goes on ticking from there."""
        self._offset += round(seconds * SECOND + minutes * MINUTE + hours * HOUR + days * DAY)
