"""The OpenAPI 3 document of a platform, made from the endpoints that it serves."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from emulator.common.contract import Endpoint
    from emulator.common.json_value import Json

JSON_TYPE = "application/json"


def document(
    title: str,
    endpoints: Sequence[Endpoint],
    server_path: str,
    examples: Mapping[str, Mapping[str, str]],
) -> dict[str, Json]:
    """The document; `examples` holds values of path parameters by endpoint path, e.g. an id that exists."""
    paths: dict[str, dict[str, Json]] = {}
    for endpoint in endpoints:
        operations = paths.setdefault(endpoint.path, {})
        operations[endpoint.method.lower()] = _operation(endpoint, examples.get(endpoint.path, {}))
    return {
        "openapi": "3.0.3",
        "info": {"title": title, "version": "1"},
        "servers": [{"url": server_path}],
        "paths": paths,
        "components": {"securitySchemes": {"apiKey": {"type": "http", "scheme": "bearer"}}},
    }


def _operation(endpoint: Endpoint, examples: Mapping[str, str]) -> dict[str, Json]:
    operation: dict[str, Json] = {
        "operationId": endpoint.operation,
        "summary": endpoint.summary,
        "parameters": [*_path_parameters(endpoint.path, examples), *_query_parameters(endpoint)],
        "responses": {
            str(status): {
                "description": HTTPStatus(status).phrase,
                "content": {JSON_TYPE: {"schema": schema}},
            }
            for status, schema in endpoint.answers.items()
        },
        "security": [] if endpoint.role is None else [{"apiKey": []}],
    }
    if endpoint.body is not None:
        operation["requestBody"] = {
            "required": "required" in endpoint.body,
            "content": {JSON_TYPE: {"schema": endpoint.body}},
        }
    return operation


def _path_parameters(path: str, examples: Mapping[str, str]) -> list[dict[str, Json]]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "minLength": 1},
            **({"example": examples[name]} if name in examples else {}),
        }
        for name in names
    ]


def _query_parameters(endpoint: Endpoint) -> list[dict[str, Json]]:
    return [
        {
            "name": parameter.name,
            "in": "query",
            "required": False,
            "schema": parameter.schema,
            "description": parameter.description,
        }
        for parameter in endpoint.parameters
    ]
