"""Endpoints described as data: what is routed, what is checked, and what the OpenAPI document says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
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
    headers: Mapping[str, str] = field(default_factory=dict)

    def without(self, *names: str) -> Call:
        """The same request, with some query parameters left out."""
        return replace(self, query={name: text for name, text in self.query.items() if name not in names})


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered: a JSON body, ready as bytes."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One operation. `answers` holds a schema per status; `role` None means that no key is needed,
    `scope` is what the key must hold besides."""

    method: str
    path: str
    operation: str
    summary: str
    carry_out: Callable[[Call], Reply]
    answers: Mapping[int, Schema]
    role: Role | None = Role.VIEWER
    parameters: tuple[Parameter, ...] = ()
    body: Schema | None = None
    scope: str | None = None

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request is for: its endpoint, or the problem why there is none. `path` is `"GET /runs/9f…"`."""

    path: str
    query: tuple[tuple[str, str], ...] = ()
    endpoint: Endpoint | None = None
    parts: Mapping[str, str] = field(default_factory=dict)
    problem: ApiError | None = None


class Routes:
    """Finds the endpoint of a request by the number of its path's segments and by the fixed ones."""

    def __init__(self, endpoints: tuple[Endpoint, ...]) -> None:
        self.endpoints = endpoints
        self._by_shape: dict[tuple[str | None, ...], dict[str, tuple[Endpoint, tuple[str, ...]]]] = {}
        for endpoint in endpoints:
            names = tuple(endpoint.path.strip("/").split("/"))
            shape = tuple(None if name.startswith("{") else name for name in names)
            self._by_shape.setdefault(shape, {})[endpoint.method] = endpoint, names

    def asked(self, method: str, raw_target: str, prefix: str) -> Asked:
        """What a raw request target below `prefix` is for.

        It is split before it is decoded, so that an id may hold an encoded slash.
        """
        raw_path, _, raw_query = raw_target.partition("?")
        path = f"{method} {raw_path.removeprefix(prefix)}"
        if not raw_path.startswith(f"{prefix}/"):
            return Asked(path, problem=ApiError(404, "not_found", "There is nothing at this path."))
        query = tuple(parse_qsl(raw_query, keep_blank_values=True, errors="replace")) if raw_query else ()
        segments = tuple(
            unquote(part, errors="replace") for part in raw_path.removeprefix(prefix).strip("/").split("/")
        )
        try:
            endpoint, parts = self._find(method, segments)
        except ApiError as problem:
            return Asked(path, query, problem=problem)
        return Asked(path, query, endpoint, parts)

    def _find(self, method: str, segments: tuple[str, ...]) -> tuple[Endpoint, dict[str, str]]:
        """The endpoint and its path parameters, or `ApiError` 404 (no such path) or 405 (no such method)."""
        for shape, methods in self._by_shape.items():
            if len(shape) != len(segments) or not all(
                fixed is None or fixed == segment for fixed, segment in zip(shape, segments, strict=True)
            ):
                continue
            if method not in methods:
                headers = {"Allow": ", ".join(methods)}
                raise ApiError(405, "method_not_allowed", "This method is not allowed here.", headers=headers)
            endpoint, names = methods[method]
            named = zip(names, segments, strict=True)
            return endpoint, {name[1:-1]: segment for name, segment in named if name.startswith("{")}
        raise ApiError(404, "not_found", "There is nothing at this path.")
