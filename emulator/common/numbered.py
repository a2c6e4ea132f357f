"""Ids that hide a number: what was made up by number is found by its id, and no index is kept."""

from __future__ import annotations

from uuid import UUID

from emulator.common.chance import number

TAIL = (1 << 96) - 1


def _mask(seed: int, tail: int) -> int:
    return number(seed, "mask", tail, size=4)


def uuid_of(seed: int, n: int, kind: str = "run id") -> str:
    """The UUID of number `n`, from 0 to 4,294,967,295, among the things of one kind."""
    tail = number(seed, kind, n, size=12)
    tail = tail & ~(0xF << 76) & ~(0x3 << 62) | (0x4 << 76) | (0x2 << 62)
    return str(UUID(int=((n ^ _mask(seed, tail)) << 96) | tail))


def number_of(seed: int, text: str, kind: str = "run id") -> int | None:
    """The number whose UUID is `text`, or None if `uuid_of` gave it to none."""
    try:
        value = UUID(text).int
    except ValueError:
        return None
    n = (value >> 96) ^ _mask(seed, value & TAIL)
    return n if uuid_of(seed, n, kind) == text else None
