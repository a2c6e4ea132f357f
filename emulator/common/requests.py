"""What was asked of a server: counters for ever, the last requests one by one."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# Requests that are kept one by one, of each endpoint.
KEPT = 10_000


@dataclass(slots=True)
class Request:
    """One request; `status` is 0 until it is answered, and stays 0 when its connection was reset."""

    endpoint: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    status: int = 0
    fault: str | None = None


def _latest() -> deque[Request]:
    return deque(maxlen=KEPT)


@dataclass(slots=True)
class RequestLog:
    """Counters by endpoint (`"GET /runs/{id}"`), the most ever in flight, and the last requests of each."""

    counts: Counter[str] = field(default_factory=Counter)
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    in_flight: int = 0
    max_in_flight: int = 0
    _recent: defaultdict[str, deque[Request]] = field(default_factory=lambda: defaultdict(_latest))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def total(self) -> int:
        return self.counts.total()

    def of(self, endpoint: str) -> list[Request]:
        """The last 10,000 requests of one endpoint, oldest first."""
        with self._lock:
            return list(self._recent[endpoint])

    def pages(self, endpoint: str = "GET /runs", parameter: str = "page") -> list[str | None]:
        """What `parameter` was asked for, in order, e.g. `page` or `offset`; None where it was not sent."""
        return [request.query.get(parameter) for request in self.of(endpoint)]

    def clear(self) -> None:
        """Forget everything but what is in flight now."""
        with self._lock:
            self.counts.clear()
            self.statuses.clear()
            self.faults.clear()
            self._recent.clear()
            self.max_in_flight = self.in_flight

    def begin(self, request: Request) -> None:
        """A request has come in."""
        with self._lock:
            self.counts[request.endpoint] += 1
            self._recent[request.endpoint].append(request)
            self.in_flight += 1
            self.max_in_flight = max(self.max_in_flight, self.in_flight)

    def end(self, request: Request) -> None:
        """It was answered, or its connection was reset."""
        with self._lock:
            self.in_flight -= 1
            self.statuses[request.endpoint, request.status] += 1
            if request.fault is not None:
                self.faults[request.fault] += 1
