"""Runs whose bodies a test has written itself, served byte for byte."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from emulator.common.contract import Reply
from emulator.common.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.common.json_value import Json


def encoded(body: Json) -> bytes:
    """JSON of `body`; bytes as they are. NaN, lone surrogates and big integers are written, not refused."""
    return body if isinstance(body, bytes) else json.dumps(body).encode()


@dataclass(frozen=True, slots=True)
class RawRun:
    """A run with ready-made bodies: its row in lists, its own page, and `parts` by name.

    `listed_at` (milliseconds) only decides its place in lists and in windows of time, `workflow_id` whose
    list it stands in; None: in every one.
    """

    id: str
    listed_at: int
    row: bytes
    detail: bytes
    parts: Mapping[str, bytes] = field(default_factory=dict)
    workflow_id: str | None = None

    @property
    def seen_from(self) -> int:
        return self.listed_at

    def answer(self, part: str) -> Reply:
        """The body of one of its parts; `ApiError` 404 if it has none."""
        body = self.parts.get(part)
        if body is None:
            raise ApiError(404, "not_found", "This run has none.")
        return Reply(body)
