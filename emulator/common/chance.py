"""Randomness that is a pure function of names: the same seed and parts give the same draws, in any order."""

from __future__ import annotations

from hashlib import blake2b
from random import Random


def number(*parts: object, size: int = 8) -> int:
    """A number of `size` bytes drawn from `parts`, e.g. `number(7, "run", 12)`."""
    text = "\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=size).digest(), "big")


def draws(*parts: object) -> Random:
    """A generator of its own for `parts`, so that what one thing draws never shifts what another draws."""
    return Random(number(*parts))  # noqa: S311 - a made-up world, no secret
