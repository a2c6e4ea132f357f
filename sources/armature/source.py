"""Loads runs, evaluations, tool calls, traces and workflows of an Armature account."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - dlt reads the annotations of sources
from typing import TYPE_CHECKING

import dlt
from dlt.common.configuration.specs import BaseConfiguration

from sources.armature.api import armature
from sources.armature.described import DESCRIBED
from sources.armature.tables import OFF_BY_DEFAULT, TABLES
from sources.common.apart import SessionApart  # noqa: TC001
from sources.common.connector import Connector, Probes
from sources.common.settings import Access
from sources.common.tables import DEFAULT_ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dlt.extract import DltResource

__all__ = ["CONNECTOR", "armature_source"]

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
        described=DESCRIBED,
    ),
)


@dlt.source(name="armature", section="armature", max_table_nesting=0, spec=BaseConfiguration)
def armature_source(
    base_url: str | None = None,
    api_key: str | None = None,
    since: datetime | None = None,
    workflow: str | None = None,
    account: str = DEFAULT_ACCOUNT,
    session: SessionApart | None = None,
) -> Iterable[DltResource]:
    """The run history of an Armature account.

    `pipeline.run(armature_source())` reads every run that the platform showed since the last load, follows
    runs that had not ended, and commits the cursor with the rows that it covers. The platform lists 30 days
    at most, and never says what was deleted: nothing is ever removed from the tables.

    Args:
        base_url: the dashboard's address, e.g. `https://your-org.armature.app`, with or without
            `/api/armature/v1`. By default the setting `sources.armature.base_url`.
        api_key: an API key `amt_<key-id>_<secret>` of any role. By default the secret
            `sources.armature.api_key`.
        since: read runs that started from here on again, whatever was loaded before.
        workflow: read the runs of this workflow only; the cursor stays where it is.
        account: an account that has settings of its own under `sources.armature.accounts`; each one wants a
            pipeline of its own.
        session: a sync that hands over one chunk per `pipeline.run`, as `runmart load` does it.

    Returns:
        One resource per table; `trace_spans` is off unless selected with `with_resources`.
    """
    return CONNECTOR.resources(
        base_url, api_key, account=account, since=since, workflow=workflow, session=session
    )
