"""JSON from an API: decoded without loss, made fit for every warehouse, and taken out of its envelope."""

from __future__ import annotations

import json
import math
import re
import sys
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson

from sources.common.errors import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_ALIKE = bytes.maketrans(b"123456789.E", b"0000000000e")
_LONG_NUMBER = b"0" * 16
_DIGITS = re.compile(rb"0+")
_TINY_NUMBER = b"0e-000"
_BEFORE_NUMBER = (b"", b":", b",", b"[", b" ", b"\t", b"\n", b"\r")
_UNUSUAL = ("\x00", "\\u", "NaN", "Infinity")
"""One of these is in JSON text whose value holds something that no warehouse takes."""
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_LONGEST_NUMBER = 1000
"""Digits beyond which no warehouse takes a number inside JSON."""

Json = Any
"""A decoded JSON value: dict, list, str, int, float, bool or None; Decimal where a float would round."""


def decode(body: bytes) -> Json:
    """Decode JSON and replace what no warehouse takes: NUL, lone surrogates and broken UTF-8 by U+FFFD, NaN
    and Infinity by null, numbers of unreasonable size by their text. All other numbers stay exact.

    Raises:
        UnreadableError: the body is not JSON, or nests too deeply to be read.
    """
    # orjson is fast and strict, but rounds integers beyond 64 bits and long fractions to floats.
    if not _may_lose_digits(body):
        try:
            value = orjson.loads(body)
            return _storable(value) if rb"\u0000" in body else value
        except (orjson.JSONDecodeError, RecursionError):
            pass
    try:
        text = body.decode(json.detect_encoding(body), "replace")
        value = json.loads(text, parse_int=_exact_int, parse_float=_exact_float, strict=False)
        return _storable(value) if any(sign in text for sign in _UNUSUAL) else value
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"not readable as JSON: {type(error).__name__}") from error


def _may_lose_digits(body: bytes) -> bool:
    """Whether there may be a number that a float cannot hold: of 16 digits or more, or next to 0.

    Every answer is searched, so that this is written for speed: a regular expression takes longer by far
    than the decoding.
    """
    # With its point taken for a digit too, a number is in one piece.
    digits = body.translate(_ALIKE)
    begin = digits.find(_LONG_NUMBER)
    while begin >= 0 and (piece := _DIGITS.match(digits, begin)):
        if digits[piece.end() : piece.end() + 1] == b"e" or not _is_exact(body[begin : piece.end()]):
            return True
        begin = digits.find(_LONG_NUMBER, piece.end())
    position = digits.find(_TINY_NUMBER)
    while position >= 0:
        # An id of hexadecimal digits may look like it, but is no number: not after its dashes either.
        before = digits[max(0, position - 20) : position + 1].rstrip(b"0").removesuffix(b"-")
        if before[-1:] in _BEFORE_NUMBER:
            return True
        position = digits.find(_TINY_NUMBER, position + 1)
    return False


def _is_exact(number: bytes) -> bool:
    """Whether digits survive as the 64-bit integer or the float that orjson makes of them."""
    if number.isdigit():
        return len(number) < 20 and int(number) < 2**63
    if len(number.translate(None, b".").strip(b"0")) <= sys.float_info.dig:
        return True
    text = number.decode()
    try:
        return Decimal(repr(float(text))) == Decimal(text)
    except (ValueError, InvalidOperation):  # dots and digits that are no number
        return False


def _exact_int(text: str) -> int | str:
    return int(text) if len(text) <= _LONGEST_NUMBER else text


def _exact_float(text: str) -> float | Decimal | str:
    try:
        exact = Decimal(text)
    except InvalidOperation:  # an exponent beyond any number
        return text
    if len(text) > _LONGEST_NUMBER or abs(exact.adjusted()) > _LONGEST_NUMBER // 2:
        return text
    nearest = float(text)
    return nearest if math.isfinite(nearest) and Decimal(repr(nearest)) == exact else exact


def encode(value: Json) -> str:
    """A decoded value as JSON text."""
    try:
        return orjson.dumps(value, default=_encoded_decimal).decode()
    except TypeError:  # integers beyond 64 bits, or nesting beyond orjson's limit
        return "".join(_encoded_parts(value))


def _encoded_decimal(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    raise TypeError(f"{type(value).__name__} is no JSON")


class _Mark(str):
    """JSON text that is ready, among values that are not."""

    __slots__ = ()


def _encoded_parts(value: Json) -> Iterator[str]:
    """JSON text piece by piece, at any depth of nesting."""
    todo: list[Json] = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, _Mark):
            yield item
        elif isinstance(item, dict):
            todo.append(_Mark("}"))
            for number, (key, inner) in reversed(list(enumerate(item.items()))):
                todo += [inner, _Mark(f"{',' if number else ''}{orjson.dumps(key).decode()}:")]
            yield "{"
        elif isinstance(item, list):
            todo.append(_Mark("]"))
            for number, inner in reversed(list(enumerate(item))):
                todo += [inner, _Mark("," if number else "")]
            yield "["
        elif isinstance(item, int) and not isinstance(item, bool):
            yield str(item)
        else:
            yield orjson.dumps(item, default=_encoded_decimal).decode()


def _storable(value: Json) -> Json:
    if isinstance(value, str):
        return _UNSTORABLE.sub(REPLACEMENT, value)
    if isinstance(value, dict):
        storable: dict[str, Json] = {}
        for key, item in value.items():
            name = _UNSTORABLE.sub(REPLACEMENT, key)
            while name != key and (name in storable or name in value):
                name += REPLACEMENT
            storable[name] = _storable(item)
        return storable
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


@lru_cache(maxsize=4096)
def spellings(name: str) -> tuple[str, ...]:
    """A snake_case name in the spellings in which APIs send it: as it is, and in camelCase."""
    head, *rest = name.split("_")
    camel = head + "".join(part.capitalize() for part in rest)
    return (name,) if camel == name else (camel, name)


@lru_cache(maxsize=256)
def all_spellings(names: tuple[str, ...]) -> tuple[str, ...]:
    """Some names in all their spellings, in order."""
    return tuple(spelling for name in names for spelling in spellings(name))


LIST_NAMES = ("rows", "items", "data", "results")
"""Names under which any list may hide."""


def rows_in(payload: Json, *names: str) -> list[dict[str, Json]]:
    """The records of a list answer: bare, or under one of `names` (snake_case) or of `LIST_NAMES`, or else
    under the only name that holds a list. Null and an empty object are empty lists.

    An object where a list was expected counts as its values, each with its `key`, if those are objects, or
    else as the one record. An element that is no object becomes `{"value": element}`, so that it is not lost.

    Raises:
        UnreadableError: there is no list in the payload.
    """
    if payload is None or payload == {}:
        return []
    found = _list_in(payload, all_spellings((*names, *LIST_NAMES)))
    if found is None and isinstance(payload, dict):
        lists = [value for value in payload.values() if isinstance(value, list)]
        found = lists[0] if len(lists) == 1 else None
    if found is None:
        raise UnreadableError(f"no list of {names[0] if names else 'records'} in the answer")
    return [item if isinstance(item, dict) else {"value": item} for item in found]


def _list_in(payload: Json, keys: tuple[str, ...]) -> list[Json] | None:
    if isinstance(payload, list):
        return payload
    if not isinstance(payload, dict):
        return None
    for key in keys:
        if key not in payload:
            continue
        value = payload[key]
        if value is None:
            return []
        if isinstance(value, list):
            return value
        if isinstance(value, dict):
            inner = _list_in(value, keys)
            return entries(value) if inner is None else inner
    return None


def entries(mapping: dict[str, Json]) -> list[Json]:
    """The records of an object that stands where a list was expected."""
    if all(isinstance(item, dict) for item in mapping.values()):
        return [{"key": key, **item} for key, item in mapping.items()]
    return [mapping]


def object_in(payload: Json, name: str) -> dict[str, Json] | None:
    """The record of a single-object answer: bare, or under `name` (snake_case) or `data`.

    What stands beside the wrapped record (`{"workflow": {…}, "currentVersion": {…}}`) is added to it; where
    both have a field, that of the envelope goes to `envelope`. None when the answer holds no record.
    """
    if isinstance(payload, list):
        payload = payload[0] if len(payload) == 1 else None
    if not isinstance(payload, dict):
        return None
    for key in (*spellings(name), "data"):
        if key not in payload or not (isinstance(payload[key], dict) or payload[key] is None):
            continue
        if (key == "data" or payload[key] is None) and member(payload, "id", f"{name}_id") is not None:
            continue  # a bare record that has such a field
        inner = object_in(payload[key], name) if key == "data" else payload[key]
        if inner is None:
            return None
        beside = {other: value for other, value in payload.items() if other != key}
        clashing = {other: value for other, value in beside.items() if inner.get(other, value) != value}
        return {**beside, **inner, **({"envelope": clashing} if clashing else {})}
    return payload


def member(payload: Json, *names: str) -> Json:
    """The first value other than null under one of the names (snake_case paths), else None."""
    for name in names:
        value = payload
        for part in name.split("."):
            if not isinstance(value, dict):
                value = None
                break
            value = next((value[key] for key in spellings(part) if value.get(key) is not None), None)
        if value is not None:
            return value
    return None
