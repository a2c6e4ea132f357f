"""How results are shown, for people and for programs; results go to stdout, everything else to stderr."""

from __future__ import annotations

import os
import re
import sys
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_WIDE = 10_000
"""Columns of an output that is no terminal: nothing is cut off or wrapped there."""


def out() -> Console:
    """A console on stdout, for results."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _WIDE)


def err() -> Console:
    """A console on stderr, for everything that is not a result."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str = "") -> None:
    """Print a line of a result."""
    sys.stdout.write(printable(text) + "\n")


def note(text: str) -> None:
    """Print a line that is not a result."""
    sys.stderr.write(printable(text) + "\n")
    sys.stderr.flush()


def printable(text: str) -> str:
    """A text that cannot steer the terminal: control characters but line ends and tabs are replaced."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def print_json(value: object) -> None:
    """Print a value as indented JSON; see `json_bytes` for what becomes what."""
    sys.stdout.write(json_bytes(value, indent=True).decode() + "\n")


def json_bytes(value: object, *, indent: bool = False) -> bytes:
    """A value as JSON: moments in ISO 8601 (UTC as Z), decimals as exact numbers, dataclasses as objects."""
    import orjson

    options = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS | (orjson.OPT_INDENT_2 if indent else 0)
    return orjson.dumps(json_ready(value), default=str, option=options)


def json_ready(value: object) -> object:
    """A value in which everything that JSON has its own word for is that; decimals keep their digits."""
    import orjson

    if isinstance(value, dict):
        return {str(key): json_ready(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [json_ready(item) for item in value]
    if isinstance(value, Decimal):
        return orjson.Fragment(plain(value)) if value.is_finite() else None
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63:
        return orjson.Fragment(str(value))
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, datetime):
        return moment(value)
    return value


def plain(value: Decimal) -> str:
    """A decimal without exponent and without zeros at its end."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def moment(value: datetime) -> str:
    """A moment in ISO 8601; in UTC when it has a time zone."""
    if value.tzinfo is None:
        return value.isoformat()
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def text_of(value: object) -> str:
    """A value as plain text, for CSV and tables; null is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return plain(value) if value.is_finite() else str(value)
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, dict | list | tuple):
        return json_bytes(value).decode()
    return str(value)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None) -> None:
    """Print rows as a table; numbers stand on the right, null is a dim word."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    kept = [list(row) for row in rows]
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for position, name in enumerate(columns):
        values = [row[position] for row in kept if row[position] is not None]
        is_number = bool(values) and all(
            isinstance(value, int | float | Decimal) and not isinstance(value, bool) for value in values
        )
        table.add_column(
            Text(printable(name)),
            justify="right" if is_number else "left",
            overflow="fold",
        )
    for row in kept:
        table.add_row(*(Text("null", style="dim") if v is None else Text(printable(text_of(v))) for v in row))
    console = out()
    with console.capture() as drawn:
        console.print(table)
    # Not through the console: it ends the process when whoever reads stdout has gone.
    sys.stdout.write(drawn.get())


def ago(then: datetime, now: datetime) -> str:
    """How long ago a moment was, in the largest fitting unit."""
    seconds = (now - then).total_seconds()
    for length, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= length:
            count = int(seconds // length)
            return f"{count:,} {unit}{'s' if count != 1 else ''} ago"
    return "just now"


def counted(number: int, thing: str, things: str | None = None) -> str:
    """A number and what it counts: `1 run`, `2,000 runs`."""
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"


def end_quietly() -> NoReturn:
    """End because whoever read stdout has gone (`runmart … | head`): nothing failed."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise SystemExit(0)


def as_record(value: Any) -> dict[str, Any]:  # noqa: ANN401
    """A dataclass as an object for JSON, with its `exit_code`."""
    from dataclasses import asdict

    return {**asdict(value), "exit_code": value.exit_code}
