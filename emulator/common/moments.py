"""How a moment, in milliseconds since 1970, is written in JSON."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.common.schemas import Schema

EAST = timezone(timedelta(hours=2))


def iso_z(moment: int) -> str:
    return datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def iso_offset(moment: int) -> str:
    return datetime.fromtimestamp(moment / 1000, EAST).isoformat(timespec="milliseconds")


def iso_seconds(moment: int) -> str:
    return datetime.fromtimestamp(moment // 1000, UTC).isoformat()[:-6] + "Z"


def iso_utc(moment: int) -> str:
    return datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec="milliseconds")


def epoch_ms(moment: int) -> int:
    return moment


def epoch_s(moment: int) -> float:
    return moment / 1000


MOMENTS: dict[str, Callable[[int], str | float]] = {
    "iso_z": iso_z,
    "iso_seconds": iso_seconds,
    "iso_utc": iso_utc,
    "iso_offset": iso_offset,
    "epoch_ms": epoch_ms,
    "epoch_s": epoch_s,
}


def moment_schema(name: str) -> Schema:
    """The schema of a moment that is written as `MOMENTS[name]` does."""
    if name == "epoch_s":
        return {"type": "number"}
    return {"type": "integer"} if name == "epoch_ms" else {"type": "string", "format": "date-time"}
