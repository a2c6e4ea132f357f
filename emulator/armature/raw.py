"""Runs whose bodies a test has written itself, served byte for byte."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emulator.common.json_value import Json


def encoded(body: Json) -> bytes:
    """JSON of `body`; bytes as they are. NaN, lone surrogates and big integers are written, not refused."""
    return body if isinstance(body, bytes) else json.dumps(body).encode()


@dataclass(frozen=True, slots=True)
class RawRun:
    """A run with ready-made bodies; a body that is None is answered with 404.

    `started_at` (milliseconds) only decides its place in lists and in `range`.
    """

    id: str
    started_at: int
    row: bytes
    detail: bytes
    evaluation: bytes | None = None
    tool_calls: bytes | None = None
    trace: bytes | None = None

    @property
    def queued_at(self) -> int:
        return self.started_at
