"""Records of an API read into rows of a table: every field finds its column, or stays in `extra`."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal, InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sources.common.payload import encode, spellings
from sources.common.tables import EPOCH

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sources.common.payload import Json
    from sources.common.tables import Column, Kind, Table

Row = dict[str, Any]
"""A row, keyed by column name."""

Path = tuple[str, ...]
"""Keys from the record inwards."""

Fit = Callable[[Any, int], tuple[Any, bool]]

_BIGINT = range(-(2**63), 2**63)
_INTEGER = re.compile(r"[+-]?\d{1,19}")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_BEYOND_MICROSECONDS = re.compile(r"([.,]\d{6})(\d+)")
_ZONE_IN_WORDS = re.compile(r"\s*(?:UTC|GMT)$", re.IGNORECASE)
_EXACTLY = Context(prec=1200)
"""For arithmetic on whatever number an API sends."""
_MONEY_STEP = Decimal("1e-9")
_MONEY_LIMIT = Decimal("1e29")
_MILLISECOND = timedelta(milliseconds=1)
_IN_SECONDS = ("_seconds", "_secs", "_sec", "_s")
_UNITLESS = ("duration", "elapsed", "latency")


UNIDENTIFIED = "unidentified-"
"""How an id begins that the platform did not give."""


def read_columns(table: Table, record: dict[str, Json]) -> Row:
    """Read what an API record has for the looked-up columns of a table, and nothing else."""
    return _looked_up(_plan(table, record), record)[0]


def read_record(table: Table, record: dict[str, Json], **derived: object) -> Row:
    """Read an API record into a row of the table.

    Args:
        derived: values of the derived columns (`run_id`, positions …), by column name. A field of the
            record that says the same under the same name is not repeated in `extra`.

    Returns:
        A value for every looked-up column and for `extra`, and the derived values.
    """
    plan = _plan(table, record)
    if plan.is_flat:
        row = _taken_whole(plan, record, derived)
        if row is not None:
            return row
    row, taken = _looked_up(plan, record)
    for name, value in derived.items():
        for key in spellings(name):
            if key in record and _is_same(record[key], value):
                taken.add((key,))
    taken.update(path for path in plan.elsewhere if isinstance(_walk(record, path), (dict, list)))
    leftover = _leftover(record, taken, plan) if len(taken) < len(record) or plan.is_nested else None
    if leftover:
        row["extra"] = encode(leftover)
    row.update(derived)
    return row


def _looked_up(plan: _Plan, record: dict[str, Json]) -> tuple[Row, set[Path]]:
    """The values of the looked-up columns, and the paths whose values the columns hold exactly."""
    row = plan.blank.copy()
    taken: set[Path] = set()
    for name, plain, fit, candidates in plan.lookups:
        for path, scale in candidates:
            raw = record[path[0]] if len(path) == 1 else _walk(record, path)
            if raw is None:
                continue
            if type(raw) is plain and raw != "":
                row[name] = raw
                taken.add(path)
                break
            try:
                value, is_exact = fit(raw, _likely_scale(raw, row) if scale is None else scale)
            except (ValueError, OverflowError, InvalidOperation):
                continue
            row[name] = value
            if is_exact:
                taken.add(path)
            break
    return row, taken


def _taken_whole(plan: _Plan, record: dict[str, Json], derived: dict[str, object]) -> Row | None:
    """The row of a record with a flat plan whose columns hold all that it says; None when they do not."""
    for name, key in plan.repeated:
        if not _is_same(record[key], derived.get(name)):
            return None
    row = plan.blank.copy()
    try:
        for name, plain, fit, key, scale in plan.flat:
            raw = record[key]
            if type(raw) is plain and raw != "":
                row[name] = raw
            elif raw is not None:
                row[name], is_exact = fit(raw, scale)
                if not is_exact:
                    return None
    except (ValueError, OverflowError, InvalidOperation):
        return None
    row.update(derived)
    return row


class _Plan:
    """Where to look for each column of a table, in records that have a given set of keys.

    Attributes:
        blank: a row of nulls.
        lookups: for each column that such a record may fill: its name, the type of values that it takes as
            they are, what fits others to it, and the paths to try, each with its scale.
        candidates: the same paths, by column.
        known: paths that stand for a column, or lead to what does.
        elsewhere: paths whose values are rows of other tables.
        is_nested: whether some path leads into an object.
        is_flat: whether each key is the only one of one column, or repeats a derived one, as long as no
            value is an object that a path leads into.
        flat: of a flat plan, the same for each column, which has one key and its scale.
        repeated: of a flat plan: derived columns and the keys that should say the same.
    """

    def __init__(self, table: Table, keys: Iterable[str]) -> None:
        present = frozenset(keys)
        self.candidates: list[tuple[str, list[tuple[Path, int | None]]]] = []
        self.lookups: list[tuple[str, type | None, Fit, list[tuple[Path, int | None]]]] = []
        self.elsewhere = [path for name in table.elsewhere for path in spelled(name) if path[0] in present]
        self.known: set[Path] = set()
        self.is_nested = any(len(path) > 1 for path in self.elsewhere)
        self.blank: Row = {}
        for column in table.own_columns:
            candidates = [
                (path, _scale(column, name))
                for name in column.paths
                for path in spelled(name)
                if path[0] in present
            ]
            self.known.update(path[:length] for path, _ in candidates for length in range(1, len(path) + 1))
            if column.derived:
                continue
            self.blank[column.name] = None
            self.candidates.append((column.name, candidates))
            if candidates:
                kind = column.kind
                self.lookups.append((column.name, _PLAIN.get(kind), _FITS[kind], candidates))
                self.is_nested = self.is_nested or any(len(path) > 1 for path, _ in candidates)
        self.blank["extra"] = None
        self.flat: list[tuple[str, type | None, Fit, str, int]] = []
        self.repeated: list[tuple[str, str]] = []
        self.is_flat = self._flatten(table, present)

    def _flatten(self, table: Table, present: frozenset[str]) -> bool:
        """Fill `flat` and `repeated`; returns whether they cover every key."""
        kinds = {column.name: column.kind for column in table.own_columns}
        objects: set[str] = set()
        for name, plain, fit, candidates in self.lookups:
            (path, scale), *others = candidates
            if len(path) > 1 or scale is None or any(len(other) == 1 for other, _ in others):
                return False
            objects.update(other[0] for other, _ in others)
            self.flat.append((name, plain, fit, path[0], scale))
        # A path into an object matters where there is one, and then its own column cannot take it.
        if not objects.issubset(key for name, _, _, key, _ in self.flat if kinds[name] != "json"):
            return False
        self.repeated = [
            (column.name, key)
            for column in table.own_columns
            if column.derived
            for key in spellings(column.name)
            if key in present
        ]
        covered = [key for _, _, _, key, _ in self.flat] + [key for _, key in self.repeated]
        return len(covered) == len(present) and present.issuperset(covered) and not self.elsewhere


def _scale(column: Column, name: str) -> int | None:
    """Milliseconds in the unit of a duration of that name; None when the name says no unit."""
    if column.kind != "duration":
        return 1
    if name.endswith(_IN_SECONDS):
        return 1000
    return None if name.rpartition(".")[2] in _UNITLESS else 1


def _likely_scale(raw: Json, row: Row) -> int:
    """Milliseconds in the unit of a duration that names none: a second's when start and end say so."""
    started_at, ended_at = row.get("started_at"), row.get("ended_at")
    if started_at is None or ended_at is None:
        return 1
    elapsed, said = (ended_at - started_at) / _MILLISECOND, _as_decimal(raw)
    return 1000 if abs(float(said) * 1000 - elapsed) < min(1000, abs(float(said) - elapsed)) else 1


_MOST_PLANS = 4096
"""Sets of keys that are remembered per table: an API has few, unless it is hostile."""


def _plan(table: Table, record: dict[str, Json]) -> _Plan:
    """The plan for a record's keys, out of those that were made before."""
    plans: dict[tuple[str, ...], _Plan] = table.plans
    keys = tuple(record)
    plan = plans.get(keys)
    if plan is None:
        if len(plans) >= _MOST_PLANS:
            plans.clear()
        plan = plans[keys] = _Plan(table, keys)
    return plan


@lru_cache(maxsize=4096)
def spelled(name: str) -> tuple[Path, ...]:
    """A snake_case path in all its spellings, camelCase first."""
    paths: list[Path] = [()]
    for part in name.split("."):
        paths = [(*path, spelling) for path in paths for spelling in spellings(part)]
    return tuple(paths)


def _walk(record: dict[str, Json], path: Path) -> Json:
    value: Json = record
    for part in path:
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value


def _leftover(record: dict[str, Json], taken: set[Path], plan: _Plan) -> dict[str, Json]:
    """What no column took, under its original name; fields that hold a column's null are left out."""
    inside = {path[:length] for path in taken if len(path) > 1 for length in range(1, len(path))}

    def rest_of(holder: dict[str, Json], way: Path) -> dict[str, Json]:
        rest: dict[str, Json] = {}
        for key, value in holder.items():
            path = (*way, key)
            if path in taken or (value is None and path in plan.known):
                continue
            if path in inside:
                inner = rest_of(value, path)
                if inner:
                    rest[key] = inner
            else:
                rest[key] = value
        return rest

    return rest_of(record, ())


def unidentified(record: dict[str, Json]) -> str:
    """An id for a record that has none, made of its content."""
    return f"{UNIDENTIFIED}{hashlib.sha256(encode(record).encode()).hexdigest()[:32]}"


def _is_same(said: Json, derived: object) -> bool:
    return said == derived and isinstance(said, bool) == isinstance(derived, bool)


def _as_text(raw: Json, _scale: int) -> tuple[str, bool]:
    # dlt loads an empty text into PostgreSQL as null, so that `extra` has to tell the two apart.
    if isinstance(raw, str):
        return raw, raw != ""
    if isinstance(raw, (dict, list)):
        raise ValueError("not a text")
    return encode(raw), True


def _as_json(raw: Json, _scale: int) -> tuple[str, bool]:
    return encode(raw), True


def _as_bool(raw: Json, _scale: int) -> tuple[bool, bool]:
    if isinstance(raw, bool):
        return raw, True
    word = str(raw).strip().lower()
    if word in ("true", "1", "yes"):
        return True, True
    if word in ("false", "0", "no"):
        return False, True
    raise ValueError("not a truth value")


def _as_bigint(raw: Json, _scale: int) -> tuple[int, bool]:
    return _whole(raw), True


def _whole(raw: Json) -> int:
    if isinstance(raw, str):
        raw = int(raw) if _INTEGER.fullmatch(raw.strip()) else None
    elif isinstance(raw, float):
        raw = int(raw) if raw.is_integer() else None
    if isinstance(raw, bool) or not isinstance(raw, int) or raw not in _BIGINT:
        raise ValueError("not a 64-bit integer")
    return raw


def _as_decimal(raw: Json) -> Decimal:
    if isinstance(raw, bool) or not isinstance(raw, (int, float, str, Decimal)):
        raise ValueError("not a number")
    text = str(raw).strip()
    if not _NUMBER.fullmatch(text):
        raise ValueError("not a number")
    return Decimal(text)


def _as_double(raw: Json, _scale: int) -> tuple[float, bool]:
    if type(raw) is float:
        return raw, True
    exact = _as_decimal(raw)
    nearest = float(exact)
    if not math.isfinite(nearest):
        raise ValueError("beyond a double")
    return nearest, Decimal(repr(nearest)) == exact


def _as_milliseconds(raw: Json, scale: int) -> tuple[int, bool]:
    if type(raw) is int and scale == 1:
        return _whole(raw), True
    exact = _EXACTLY.multiply(_as_decimal(raw), Decimal(scale))
    whole = exact.to_integral_value(context=_EXACTLY)
    return _whole(int(whole)), whole == exact


def _as_money(raw: Json, _scale: int) -> tuple[Decimal, bool]:
    amount = _as_decimal(raw)
    if abs(amount) >= _MONEY_LIMIT:
        raise ValueError("beyond the column's digits")
    rounded = amount.quantize(_MONEY_STEP, context=_EXACTLY)
    return rounded, rounded == amount


def _as_timestamp(raw: Json, _scale: int) -> tuple[datetime, bool]:
    """ISO 8601 text (UTC when it names no zone), or a count since 1970 in s, ms, µs or ns, by its size."""
    if isinstance(raw, str) and raw[-1:] == "Z" and len(raw) <= len("2026-01-01T00:00:00.000000Z"):
        return datetime.fromisoformat(raw), True
    if isinstance(raw, str) and not _NUMBER.fullmatch(raw.strip()):
        beyond = _BEYOND_MICROSECONDS.search(raw)
        text = _ZONE_IN_WORDS.sub("Z", _BEYOND_MICROSECONDS.sub(r"\1", raw.strip()))
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        return moment, beyond is None or not beyond[2].strip("0")
    number = _as_decimal(raw)
    size = abs(number)
    unit = 1 if size < 10**11 else 10**3 if size < 10**14 else 10**6 if size < 10**17 else 10**9
    exact = _EXACTLY.divide(_EXACTLY.multiply(number, Decimal(10**6)), Decimal(unit))
    return EPOCH + timedelta(microseconds=int(exact)), exact == int(exact)


_FITS: dict[Kind, Fit] = {
    "text": _as_text,
    "json": _as_json,
    "bool": _as_bool,
    "bigint": _as_bigint,
    "double": _as_double,
    "duration": _as_milliseconds,
    "money": _as_money,
    "timestamp": _as_timestamp,
}
"""What gives a value in a column's type, and whether the column says all of it.

Raises:
    ValueError, OverflowError, InvalidOperation: the value does not fit the column's type.
"""


_PLAIN: dict[Kind, type] = {"text": str, "bool": bool, "double": float}
"""The type of values that a kind of column takes as they are; of texts, those that are not empty."""


def fill_duration(row: Row) -> None:
    """Give a row with a start and an end the duration that the platform did not say."""
    started_at, ended_at = row["started_at"], row["ended_at"]
    if (
        row["duration_ms"] is None
        and started_at is not None
        and ended_at is not None
        and ended_at >= started_at
    ):
        row["duration_ms"] = round((ended_at - started_at) / _MILLISECOND)


def lacking(table: Table, record: dict[str, Json], row: Row) -> frozenset[str]:
    """The looked-up columns of which a record says nothing, not even null."""
    return frozenset(
        name
        for name, candidates in _plan(table, record).candidates
        if row[name] is None and not any(_is_said(record, path) for path, _ in candidates)
    )


def _is_said(record: dict[str, Json], path: Path) -> bool:
    *outer, last = path
    holder = _walk(record, tuple(outer))
    return isinstance(holder, dict) and last in holder
