"""Compares the response fields that an OpenAPI document describes with the columns that the tables have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sources.common.connector import Connector, Described
    from sources.common.tables import Table

MOST_DEPTH = 4
"""Levels of nested objects that are looked into."""


@dataclass(frozen=True)
class Difference:
    """What one side has and the other has not, for one table."""

    table: str
    unknown_to_us: tuple[str, ...]
    unknown_to_them: tuple[str, ...]


def differences(document: Any, known: Connector) -> list[Difference]:  # noqa: ANN401
    """The differences for each table whose operation the document describes with fields."""
    if not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
        return []
    schemas = _Schemas(document)
    found = []
    for name, described in known.probes.described.items():
        fields = schemas.fields(described)
        if fields:
            found.append(_difference(known.tables[name], described, fields))
    return found


def _difference(table: Table, described: Described, fields: set[str]) -> Difference:
    known_to_us = {column.name for column in table.own_columns} | {*described.apart}
    known_to_us.update(path.partition(".")[0] for column in table.own_columns for path in column.paths)
    top = {name for name in fields if "." not in name}
    looked_up = [column for column in table.own_columns if not column.derived]
    return Difference(
        table.name,
        tuple(sorted(top - known_to_us)),
        tuple(column.name for column in looked_up if fields.isdisjoint(column.paths)),
    )


class _Schemas:
    """The response schemas of an OpenAPI 3 document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._paths = {re.sub(r"\{[^}]*\}", "{}", path): item for path, item in document["paths"].items()}

    def fields(self, described: Described) -> set[str]:
        """Names (snake_case, dotted) of the fields of an operation's records; empty when it tells none."""
        schema = self._response(described.path)
        properties = self._properties(schema)
        for name in described.wrappers:
            inner = self._properties(properties.get(name, {}))
            if inner:
                beside = {key: value for key, value in properties.items() if key != name}
                properties = {**beside, **inner}
                break
        if described.lists:
            properties = self._items(schema, properties, described.lists)
        return set(self._names(properties, "", 0))

    def _response(self, path: str) -> Any:  # noqa: ANN401
        """The schema of the JSON that a GET on a path gives; the path may have any prefix."""
        for known, item in self._paths.items():
            if known.rstrip("/").endswith(path) and isinstance(item, dict):
                answer = self._resolved(item.get("get", {}).get("responses", {}).get("200", {}))
                for kind, content in answer.get("content", {}).items():
                    if "json" in kind:
                        return content.get("schema", {})
        return {}

    def _items(self, schema: Any, properties: dict[str, Any], lists: Iterable[str]) -> dict[str, Any]:  # noqa: ANN401
        whole = self._resolved(schema)
        if whole.get("type") == "array":
            return self._properties(whole.get("items", {}))
        for name in lists:
            held = self._resolved(properties.get(name, {}))
            if "items" in held:
                return self._properties(held["items"])
        return {}

    def _resolved(self, schema: Any) -> dict[str, Any]:  # noqa: ANN401
        """A schema without `$ref`; of alternatives, the one that is not null, and of parts, all."""
        for _ in range(20):
            if not isinstance(schema, dict):
                return {}
            if isinstance(reference := schema.get("$ref"), str):
                target: Any = self._document
                for part in reference.removeprefix("#/").split("/"):
                    part = part.replace("~1", "/").replace("~0", "~")
                    target = target.get(part, {}) if isinstance(target, dict) else {}
                schema = target
                continue
            options = schema.get("oneOf") or schema.get("anyOf")
            if options and "properties" not in schema:
                useful = [option for option in options if option.get("type") != "null"]
                schema = useful[0] if useful else {}
                continue
            return schema
        return {}

    def _properties(self, schema: Any) -> dict[str, Any]:  # noqa: ANN401
        """The properties of an object schema, by snake_case name."""
        resolved = self._resolved(schema)
        found: dict[str, Any] = {}
        for part in resolved.get("allOf", ()):
            found.update(self._properties(part))
        own = resolved.get("properties")
        if isinstance(own, dict):
            found.update({_snake(name): value for name, value in own.items()})
        return found

    def _names(self, properties: dict[str, Any], prefix: str, depth: int) -> Iterable[str]:
        for name, schema in properties.items():
            yield prefix + name
            if depth < MOST_DEPTH:
                yield from self._names(self._properties(schema), f"{prefix}{name}.", depth + 1)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
