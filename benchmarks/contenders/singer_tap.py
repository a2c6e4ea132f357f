"""A Singer tap on `singer-sdk`: runs, and as their child streams evaluations and tool calls.

    python singer_tap.py --config <file>

Child streams are the SDK's own way to fan out; it asks for one run after the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk import RESTStream, Tap
from singer_sdk import typing as th
from singer_sdk.authenticators import BearerTokenAuthenticator
from singer_sdk.pagination import BasePageNumberPaginator, SinglePagePaginator

if TYPE_CHECKING:
    from collections.abc import Iterable

    from requests import Response
    from singer_sdk.pagination import BaseAPIPaginator

PAYLOAD = th.ObjectType(additional_properties=True)


class HasMore(BasePageNumberPaginator):
    def has_more(self, response: Response) -> bool:
        return bool(response.json()["hasMore"])


class ArmatureStream(RESTStream[int]):
    @property
    def url_base(self) -> str:
        return f"{self.config['origin']}/api/armature/v1"

    @property
    def authenticator(self) -> BearerTokenAuthenticator:
        return BearerTokenAuthenticator(token=self.config["key"])


class Runs(ArmatureStream):
    name = "runs"
    path = "/runs"
    primary_keys = ("id",)
    records_jsonpath = "$.runs[*]"
    schema = th.PropertiesList(
        th.Property("id", th.StringType, required=True),
        th.Property("workflow", PAYLOAD),
        th.Property("status", th.StringType),
        th.Property("classification", th.StringType),
        th.Property("model", th.StringType),
        th.Property("trigger", th.StringType),
        th.Property("attempt", th.IntegerType),
        th.Property("createdAt", th.DateTimeType),
        th.Property("startedAt", th.DateTimeType),
        th.Property("endedAt", th.DateTimeType),
        th.Property("durationMs", th.IntegerType),
        th.Property("cost", th.NumberType),
        th.Property("verdict", th.StringType),
        th.Property("score", th.NumberType),
        th.Property("inputTokens", th.IntegerType),
        th.Property("outputTokens", th.IntegerType),
        th.Property("totalTokens", th.IntegerType),
        th.Property("error", th.StringType),
    ).to_dict()

    def get_new_paginator(self) -> BaseAPIPaginator[int]:
        return HasMore(1)

    def get_url_params(self, context: Any, next_page_token: int | None) -> dict[str, Any]:  # noqa: ANN401
        return {"range": "30d", "pageSize": 100, "page": next_page_token}

    def get_child_context(self, record: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401
        return {"run_id": record["id"]}


class OfARun(ArmatureStream):
    parent_stream_type = Runs
    state_partitioning_keys = ()

    def get_new_paginator(self) -> BaseAPIPaginator[Any]:
        return SinglePagePaginator()


class Evaluations(OfARun):
    name = "evaluations"
    path = "/runs/{run_id}/evaluation"
    primary_keys = ("id",)
    records_jsonpath = "$"
    schema = th.PropertiesList(
        th.Property("id", th.StringType, required=True),
        th.Property("runId", th.StringType),
        th.Property("verdict", th.StringType),
        th.Property("score", th.NumberType),
        th.Property("judgeModel", th.StringType),
        th.Property("evaluatedAt", th.DateTimeType),
        th.Property("criteria", th.ArrayType(PAYLOAD)),
    ).to_dict()

    def validate_response(self, response: Response) -> None:
        if response.status_code != 404:
            super().validate_response(response)

    def parse_response(self, response: Response) -> Iterable[dict[str, Any]]:
        return () if response.status_code == 404 else super().parse_response(response)


class ToolCalls(OfARun):
    name = "tool_calls"
    path = "/runs/{run_id}/tool-calls"
    primary_keys = ("run_id", "call_index")
    records_jsonpath = "$.toolCalls[*]"
    schema = th.PropertiesList(
        th.Property("run_id", th.StringType, required=True),
        th.Property("call_index", th.IntegerType, required=True),
        th.Property("id", th.StringType),
        th.Property("toolName", th.StringType),
        th.Property("arguments", PAYLOAD),
        th.Property("result", PAYLOAD),
        th.Property("isError", th.BooleanType),
        th.Property("durationMs", th.IntegerType),
        th.Property("calledAt", th.DateTimeType),
    ).to_dict()

    def parse_response(self, response: Response) -> Iterable[dict[str, Any]]:
        for index, call in enumerate(super().parse_response(response)):
            yield {**call, "call_index": index}


class ArmatureTap(Tap):
    name = "tap-armature"
    config_jsonschema = th.PropertiesList(
        th.Property("origin", th.StringType, required=True),
        th.Property("key", th.StringType, required=True),
    ).to_dict()

    def discover_streams(self) -> list[ArmatureStream]:
        return [Runs(self), Evaluations(self), ToolCalls(self)]


if __name__ == "__main__":
    ArmatureTap.cli()
