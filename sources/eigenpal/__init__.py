"""Loads runs, scores, steps, reviews, automations and experiments of an EigenPal tenant."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - dlt reads the annotations of sources
from typing import TYPE_CHECKING

import dlt
from dlt.common.configuration.specs import BaseConfiguration

from sources.common.connector import Connector, Probes
from sources.common.session import Session  # noqa: TC001
from sources.common.settings import Access
from sources.common.tables import DEFAULT_ACCOUNT
from sources.eigenpal.api import eigenpal
from sources.eigenpal.tables import OFF_BY_DEFAULT, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dlt.extract import DltResource

__all__ = ["CONNECTOR", "eigenpal_source"]

CONNECTOR = Connector(
    name="eigenpal",
    access=Access(
        title="EigenPal",
        prefix="/api/v1",
        prefixes={"api.eigenpal.com": "/v1"},
        takes_any_path=True,
        address="https://studio.eigenpal.com",
        key_hint="a key from Settings → API Keys (eig_live_…)",
    ),
    tables=TABLES,
    off_by_default=OFF_BY_DEFAULT,
    platform=eigenpal,
    probes=Probes(
        account="/auth/check",
        organization=("tenant_name", "tenant_slug", "tenant_id"),
        role=("scope",),
        lists=(("/automations", "automations"),),
        query={"limit": 5},
        children=("", "/scores", "/steps", "/reviews", "/trace"),
        document="/openapi",
    ),
    lookback_minutes=60,
    sweep_hours=7 * 24,
    open_run_days=30,
)


@dlt.source(name="eigenpal", section="eigenpal", max_table_nesting=0, spec=BaseConfiguration)
def eigenpal_source(
    base_url: str | None = None,
    api_key: str | None = None,
    since: datetime | None = None,
    workflow: str | None = None,
    account: str = DEFAULT_ACCOUNT,
    session: Session | None = None,
) -> Iterable[DltResource]:
    """The run history of an EigenPal tenant.

    `pipeline.run(eigenpal_source())` reads every run that was created since the last load, every run of any
    age whose review changed, follows runs that had not ended, and commits the cursor with the rows that it
    covers. Nothing is ever removed from the tables. E-mail addresses are hashed unless the setting
    `sources.eigenpal.keep_emails` is true.

    Args:
        base_url: the address of a server of your own, with the path of its API, or the API's other public
            address, `https://api.eigenpal.com/v1`. By default the setting `sources.eigenpal.base_url`, or
            else `https://studio.eigenpal.com/api/v1`.
        api_key: an API key `eig_live_…`. By default the secret `sources.eigenpal.api_key`.
        since: read runs that were created from here on again, whatever was loaded before.
        workflow: read the runs of this automation only, by its id; the cursor stays where it is.
        account: an account that has settings of its own under `sources.eigenpal.accounts`; each one wants a
            pipeline of its own.
        session: a sync that hands over one chunk per `pipeline.run`, as `runmart load` does it.

    Returns:
        One resource per table; `trace_events` is off unless selected with `with_resources`.
    """
    return CONNECTOR.resources(
        base_url, api_key, account=account, since=since, workflow=workflow, session=session
    )
