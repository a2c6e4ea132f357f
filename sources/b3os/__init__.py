"""Loads runs, node executions, workflows and compute units of a B3OS organisation."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - dlt reads the annotations of sources
from typing import TYPE_CHECKING

import dlt
from dlt.common.configuration.specs import BaseConfiguration

from sources.b3os.api import b3os
from sources.b3os.tables import OFF_BY_DEFAULT, TABLES
from sources.common.connector import Connector, Probes
from sources.common.session import Session  # noqa: TC001
from sources.common.settings import Access
from sources.common.tables import DEFAULT_ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dlt.extract import DltResource

__all__ = ["CONNECTOR", "b3os_source"]

CONNECTOR = Connector(
    name="b3os",
    access=Access(
        title="B3OS",
        prefix="/v1",
        address="https://api.b3os.org",
        key_hint="a key with the scope read (b3sk_…)",
        organization_header="X-Org-ID",
    ),
    tables=TABLES,
    off_by_default=OFF_BY_DEFAULT,
    platform=b3os,
    probes=Probes(
        account="/organizations",
        organization=("name", "slug", "id"),
        role=(),
        lists=(("/workflows", "workflows"),),
        runs="/workflows/{id}/runs",
        query={"limit": 5},
    ),
    open_run_days=90.0,
)


@dlt.source(name="b3os", section="b3os", max_table_nesting=0, spec=BaseConfiguration)
def b3os_source(
    base_url: str | None = None,
    api_key: str | None = None,
    since: datetime | None = None,
    workflow: str | None = None,
    account: str = DEFAULT_ACCOUNT,
    session: Session | None = None,
) -> Iterable[DltResource]:
    """The run history of a B3OS organisation.

    `pipeline.run(b3os_source())` reads every run that the platform showed since the last load, follows runs
    that had not ended (waiting ones for three months), and commits the cursor with the rows that it covers.
    The platform never says what was deleted: nothing is ever removed from the tables.

    Args:
        base_url: the API's address, with or without `/v1`. By default the setting `sources.b3os.base_url`, or
            else `https://api.b3os.org`.
        api_key: a key `b3sk_…` with the scope `read`. By default the secret `sources.b3os.api_key`.
        since: read runs that started from here on again, whatever was loaded before.
        workflow: read the runs of this workflow only; the cursor stays where it is.
        account: an account that has settings of its own under `sources.b3os.accounts`; each one wants a
            pipeline of its own.
        session: a sync that hands over one chunk per `pipeline.run`, as `runmart load` does it.

    Returns:
        One resource per table.
    """
    return CONNECTOR.resources(
        base_url, api_key, account=account, since=since, workflow=workflow, session=session
    )
