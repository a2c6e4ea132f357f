"""Where Armature's OpenAPI document describes the rows of each table, for `runmart check` to compare."""

from __future__ import annotations

from sources.armature.api import CRITERIA_NAMES
from sources.common.connector import Described
from sources.common.payload import LIST_NAMES

DESCRIBED = {
    "runs": Described("/runs/{}", ("run", "data")),
    "evaluations": Described("/runs/{}/evaluation", ("evaluation", "data"), apart=CRITERIA_NAMES),
    "evaluation_criteria": Described("/runs/{}/evaluation", ("evaluation", "data"), CRITERIA_NAMES),
    "tool_calls": Described("/runs/{}/tool-calls", (), ("tool_calls", "calls", *LIST_NAMES)),
    "trace_spans": Described("/runs/{}/trace", ("trace", "data"), ("spans", "rows", "items", "events")),
    "workflows": Described("/workflows/{}", ("workflow", "data"), apart=CRITERIA_NAMES),
    "workflow_criteria": Described("/workflows/{}", ("workflow", "data"), ("criteria",)),
    "mcp_servers": Described("/mcp-servers", (), ("mcp_servers", "servers", *LIST_NAMES)),
}
