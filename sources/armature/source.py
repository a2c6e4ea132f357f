"""Loads runs, evaluations, tool calls, traces and workflows of an Armature account."""

from __future__ import annotations

from sources.armature.api import CRITERIA_NAMES, armature
from sources.armature.tables import OFF_BY_DEFAULT, TABLES
from sources.common.connector import Connector, Described, Probes, source_of
from sources.common.payload import LIST_NAMES
from sources.common.settings import Access

CONNECTOR = Connector(
    name="armature",
    access=Access(
        title="Armature",
        prefix="/api/armature/v1",
        address_hint="the dashboard's address",
        key_hint="a key from the dashboard's settings (amt_…)",
        wrong_keys={
            "ami_": "an ingest key (ami_…), which cannot read runs: "
            "make an API key (amt_…) in the dashboard's settings."
        },
    ),
    tables=TABLES,
    off_by_default=OFF_BY_DEFAULT,
    platform=armature,
    settings={"evaluation_wait_hours": 48.0},
    probes=Probes(
        account="/org",
        organization=("organization.name", "organization.slug", "organization.id"),
        role=("actor.role",),
        lists=(("/workflows", "workflows"), ("/mcp-servers", "mcp_servers")),
        query={"range": "30d", "pageSize": 5},
        children=("", "/evaluation", "/tool-calls", "/trace"),
        document="/openapi",
        described={
            "runs": Described("/runs/{}", ("run", "data")),
            "evaluations": Described("/runs/{}/evaluation", ("evaluation", "data"), apart=CRITERIA_NAMES),
            "evaluation_criteria": Described("/runs/{}/evaluation", ("evaluation", "data"), CRITERIA_NAMES),
            "tool_calls": Described("/runs/{}/tool-calls", (), ("tool_calls", "calls", *LIST_NAMES)),
            "trace_spans": Described(
                "/runs/{}/trace", ("trace", "data"), ("spans", "rows", "items", "events")
            ),
            "workflows": Described("/workflows/{}", ("workflow", "data"), apart=CRITERIA_NAMES),
            "workflow_criteria": Described("/workflows/{}", ("workflow", "data"), ("criteria",)),
            "mcp_servers": Described("/mcp-servers", (), ("mcp_servers", "servers", *LIST_NAMES)),
        },
    ),
)

armature_source = source_of(
    CONNECTOR,
    """The run history of an Armature account.

`pipeline.run(armature_source())` reads every run that the platform showed since the last load, follows
runs that had not ended, and commits the cursor with the rows that it covers. The platform lists 30 days
at most, and never says what was deleted: nothing is ever removed from the tables.

`trace_spans` is off unless selected with `with_resources`.
""",
)
