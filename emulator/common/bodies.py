"""Rendered bodies that are kept: what a settled run answers never changes again."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


MEBIBYTE = 1024 * 1024


class Bodies:
    """A cache of bytes by key, the least recently used dropped first once `limit` bytes are held."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._held: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._size = 0
        self._changes = 0

    def kept(self, key: tuple[str, str], changes: int, make: Callable[[], bytes]) -> bytes:
        """The body kept under `key`, made first if there is none."""
        body = self.get(key, changes)
        if body is None:
            body = make()
            self.put(key, body)
        return body

    def get(self, key: tuple[str, str], changes: int) -> bytes | None:
        """The body kept under `key`; everything is forgotten when the world has counted another change."""
        if changes != self._changes:
            self._held.clear()
            self._size = 0
            self._changes = changes
        body = self._held.get(key)
        if body is not None:
            self._held.move_to_end(key)
        return body

    def put(self, key: tuple[str, str], body: bytes) -> None:
        if key in self._held:
            return
        self._held[key] = body
        self._size += len(body)
        while self._size > self.limit:
            self._size -= len(self._held.popitem(last=False)[1])
