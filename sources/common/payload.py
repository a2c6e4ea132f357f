"""JSON from an API: decoded without loss, made fit for every warehouse, and taken out of its envelope."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import orjson

from sources.common.errors import UnreadableError

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_DELICATE_NUMBER = re.compile(rb"\d{17}|[:,\[\s]-?\d+(?:\.\d+)?[eE]\+?\d{3}")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

Json = Any
"""A decoded JSON value: dict, list, str, int, float, bool or None."""


def decode(body: bytes) -> Json:
    """Decode JSON and replace what no warehouse takes: NUL and lone surrogates by U+FFFD, NaN and
    Infinity by null. Integers of any size stay exact.

    Raises:
        UnreadableError: the body is not JSON, or nests too deeply to be read.
    """
    # orjson is fast and strict, but turns integers beyond 64 bits into floats.
    if not _DELICATE_NUMBER.search(body):
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError:
            pass
        else:
            return _storable(value) if rb"\u0000" in body else value
    try:
        return _storable(json.loads(body))
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"not readable as JSON: {type(error).__name__}") from error


def encode(value: Json) -> str:
    """A decoded value as JSON text."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # integers beyond 64 bits, or nesting beyond orjson's limit
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _storable(value: Json) -> Json:
    if isinstance(value, str):
        return _UNSTORABLE.sub(REPLACEMENT, value)
    if isinstance(value, dict):
        return {_UNSTORABLE.sub(REPLACEMENT, key): _storable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def spellings(name: str) -> tuple[str, ...]:
    """A snake_case name in the spellings in which APIs send it: as it is, and in camelCase."""
    head, *rest = name.split("_")
    camel = head + "".join(part.capitalize() for part in rest)
    return (name,) if camel == name else (camel, name)


LIST_NAMES = ("rows", "items", "data", "results")
"""Names under which any list may hide."""


def rows_in(payload: Json, *names: str) -> list[dict[str, Json]]:
    """The records of a list answer: bare, or under one of `names` (snake_case) or of `LIST_NAMES`.

    An object where a list was expected counts as its values, if those are objects, or else as the one
    record. An element that is no object becomes `{"value": element}`, so that it is not lost.

    Raises:
        UnreadableError: there is no list in the payload.
    """
    found = _list_in(payload, [spelling for name in (*names, *LIST_NAMES) for spelling in spellings(name)])
    if found is None:
        raise UnreadableError(f"no list of {names[0] if names else 'records'} in the answer")
    return [item if isinstance(item, dict) else {"value": item} for item in found]


def _list_in(payload: Json, keys: list[str]) -> list[Json] | None:
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
            if inner is not None:
                return inner
            values = list(value.values())
            return values if values and all(isinstance(item, dict) for item in values) else [value]
    return None


def object_in(payload: Json, name: str) -> dict[str, Json] | None:
    """The record of a single-object answer: bare, or under `name` (snake_case) or `data`.

    What stands beside the wrapped record (`{"workflow": {…}, "currentVersion": {…}}`) is added to it where
    it has no field of that name. None when the answer holds no record.
    """
    if isinstance(payload, list):
        payload = payload[0] if len(payload) == 1 else None
    if not isinstance(payload, dict):
        return None
    for key in (*spellings(name), "data"):
        if key in payload and (isinstance(payload[key], dict) or payload[key] is None):
            if payload[key] is None:
                return None
            inner = payload[key]
            if key == "data":
                inner = object_in(inner, name) or {}
            beside = {other: value for other, value in payload.items() if other != key}
            return {**beside, **inner}
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
