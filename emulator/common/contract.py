"""Endpoints described as data: what is routed, what is checked, and what the OpenAPI document says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

from emulator.common.errors import ApiError
from emulator.common.json_value import Json
from emulator.common.keys import ApiKey, Role

# A JSON Schema, in the part of the language that `emulator.common.validation` knows.
Schema = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter: its schema is checked on every request, and is what the document shows."""

    name: str
    schema: Schema
    description: str


@dataclass(frozen=True, slots=True)
class Call:
    """A request as an endpoint's function sees it, decoded and checked; `key` is None if none is needed."""

    parts: Mapping[str, str]
    query: Mapping[str, str]
    body: Json
    key: ApiKey | None


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered: a JSON body, ready as bytes."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One operation. `answers` holds a schema per status; `role` None means that no key is needed."""

    method: str
    path: str
    operation: str
    summary: str
    carry_out: Callable[[Call], Reply]
    answers: Mapping[int, Schema]
    role: Role | None = Role.VIEWER
    parameters: tuple[Parameter, ...] = ()
    body: Schema | None = None

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Target:
    """A request's target, split before it is decoded, so that an id may hold an encoded slash."""

    segments: tuple[str, ...]
    query: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, raw: str, prefix: str) -> Target | None:
        """The part below `prefix` of a raw request target, or None if it lies elsewhere."""
        path, _, query = raw.partition("?")
        if not path.startswith(prefix):
            return None
        rest = path[len(prefix) :].strip("/")
        segments = tuple(unquote(part, errors="replace") for part in rest.split("/"))
        pairs = parse_qsl(query, keep_blank_values=True, errors="replace") if query else []
        return cls(segments, tuple(pairs))


class Routes:
    """Finds the endpoint of a request by the number of its path's segments and by the fixed ones."""

    def __init__(self, endpoints: tuple[Endpoint, ...]) -> None:
        self.endpoints = endpoints
        self._by_shape: dict[tuple[str | None, ...], dict[str, tuple[Endpoint, tuple[str, ...]]]] = {}
        for endpoint in endpoints:
            names = tuple(endpoint.path.strip("/").split("/"))
            shape = tuple(None if name.startswith("{") else name for name in names)
            self._by_shape.setdefault(shape, {})[endpoint.method] = endpoint, names

    def find(self, method: str, segments: tuple[str, ...]) -> tuple[Endpoint, dict[str, str]]:
        """The endpoint and its path parameters, or `ApiError` 404 (no such path) or 405 (no such method)."""
        for shape, methods in self._by_shape.items():
            if len(shape) != len(segments) or not all(
                fixed is None or fixed == segment for fixed, segment in zip(shape, segments, strict=True)
            ):
                continue
            if method not in methods:
                allowed = ", ".join(methods)
                raise ApiError(
                    405, "method_not_allowed", f"Allowed here: {allowed}.", headers={"Allow": allowed}
                )
            endpoint, names = methods[method]
            parts = {
                name[1:-1]: segment
                for name, segment in zip(names, segments, strict=True)
                if name.startswith("{")
            }
            return endpoint, parts
        raise ApiError(404, "not_found", "There is nothing at this path.")
