"""Checks requests against the same schemas that the OpenAPI document shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from emulator.common.errors import INVALID, ApiError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from emulator.common.contract import Parameter, Schema
    from emulator.common.json_value import Json

INTEGER = re.compile(r"-?[0-9]{1,18}")
BOOLEANS = {"true": True, "false": False}

TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "object": dict,
    "array": list,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
}


def _is_of_type(value: Json, name: str) -> bool:
    return isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


def problems(value: Json, schema: Schema, where: str = "body") -> Iterator[tuple[str, str]]:
    """Where `value` breaks `schema`, and how: pairs of a field's path and a sentence."""
    if value is None:
        if not schema.get("nullable"):
            yield where, "must not be null"
        return
    kind = schema.get("type")
    if kind is not None and not _is_of_type(value, kind):
        yield where, f"must be of type {kind}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield where, f"must be one of {', '.join(map(str, schema['enum']))}"
    if isinstance(value, str) and len(value) < schema.get("minLength", 0):
        yield where, "must not be empty"
    if isinstance(value, str) and len(value) > schema.get("maxLength", len(value)):
        yield where, f"must not be longer than {schema['maxLength']} characters"
    if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        yield where, "is not written as it must be"
    if isinstance(value, int) and value > schema.get("maximum", value):
        yield where, f"must be at most {schema['maximum']}"
    if isinstance(value, int) and value < schema.get("minimum", value):
        yield where, f"must be at least {schema['minimum']}"
    if isinstance(value, dict):
        yield from _problems_in_object(value, schema, where)
    if isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            yield where, "must not be empty"
        for index, item in enumerate(value):
            yield from problems(item, schema.get("items", {"nullable": True}), f"{where}[{index}]")


def _problems_in_object(value: dict[str, Json], schema: Schema, where: str) -> Iterator[tuple[str, str]]:
    properties = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{where}.{name}", "is required"
    for name, item in value.items():
        if name in properties:
            yield from problems(item, properties[name], f"{where}.{name}")
        elif schema.get("additionalProperties") is False:
            yield f"{where}.{name}", "is not a known field"


def refuse(found: Sequence[tuple[str, str]]) -> None:
    """Raise `ApiError` 400 if anything was found."""
    if found:
        fields = [{"field": where, "message": how} for where, how in found]
        first, how = found[0]
        raise ApiError(400, INVALID, f"{first} {how}.", details={"fieldErrors": fields})


def checked_query(pairs: Sequence[tuple[str, str]], parameters: Sequence[Parameter]) -> dict[str, str]:
    """The query as a mapping, or `ApiError` 400; parameters that are not known are let pass, as texts."""
    query = dict(pairs)
    found: list[tuple[str, str]] = []
    for parameter in parameters:
        if parameter.name not in query:
            continue
        if sum(name == parameter.name for name, _ in pairs) > 1:
            found.append((parameter.name, "is given more than once"))
        text = query[parameter.name]
        value: Json = text
        if parameter.schema.get("type") == "integer" and INTEGER.fullmatch(text):
            value = int(text)
        if parameter.schema.get("type") == "boolean" and text in BOOLEANS:
            value = BOOLEANS[text]
        found.extend(problems(value, parameter.schema, parameter.name))
    refuse(found)
    return query
