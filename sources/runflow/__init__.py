"""Loads runs, node runs, evaluations with their judges, batches and flows of a Runflow account."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - dlt reads the annotations of sources
from typing import TYPE_CHECKING

import dlt
from dlt.common.configuration.specs import BaseConfiguration

from sources.common.connector import Connector, Probes
from sources.common.session import Session  # noqa: TC001
from sources.common.settings import Access
from sources.common.tables import DEFAULT_ACCOUNT
from sources.runflow.api import runflow
from sources.runflow.tables import OFF_BY_DEFAULT, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dlt.extract import DltResource

__all__ = ["CONNECTOR", "runflow_source"]

CONNECTOR = Connector(
    name="runflow",
    access=Access(
        title="Runflow",
        prefix="/v1",
        address="https://api.runflow.io",
        address_hint="the API's address, if it is not https://api.runflow.io",
        key_hint="an API key (rf_live_…) that may read runs, evaluations, flows, models and batches",
        organization_header="X-Organization-Id",
    ),
    tables=TABLES,
    off_by_default=OFF_BY_DEFAULT,
    platform=runflow,
    probes=Probes(
        account="/auth/me",
        organization=("organization.name", "org.name", "org_name", "organization.id", "org_id"),
        role=("role", "key.role"),
        lists=(
            ("/flows", "flows"),
            ("/models", "models"),
            ("/comfyui-workflows", "comfyui_workflows"),
        ),
        query={"limit": 5, "sort_by": "created_at:desc"},
        children=("", "/node-runs", "/evaluations"),
        document="/openapi.json",
    ),
    # Evaluations are tried again, and people give their thumb, days after a run's end.
    sweep_hours=7 * 24.0,
)


@dlt.source(name="runflow", section="runflow", max_table_nesting=0, spec=BaseConfiguration)
def runflow_source(
    base_url: str | None = None,
    api_key: str | None = None,
    since: datetime | None = None,
    workflow: str | None = None,
    account: str = DEFAULT_ACCOUNT,
    session: Session | None = None,
) -> Iterable[DltResource]:
    """The run history of a Runflow account.

    `pipeline.run(runflow_source())` reads every run that was created since the last load, follows runs that
    had not ended or not been evaluated, and commits the cursor with the rows that it covers. Evaluations that
    were tried again, and feedback, are found for a week by what the list shows of them. The platform never
    says what was deleted: nothing is ever removed from the tables.

    Args:
        base_url: the API's address, with or without `/v1`. By default the setting
            `sources.runflow.base_url`, or else `https://api.runflow.io`.
        api_key: an API key `rf_live_…`. By default the secret `sources.runflow.api_key`.
        since: read runs that were created from here on again, whatever was loaded before.
        workflow: read the runs of this flow, ComfyUI workflow or model only, by its id; the cursor stays
            where it is.
        account: an account that has settings of its own under `sources.runflow.accounts`; each one wants a
            pipeline of its own.
        session: a sync that hands over one chunk per `pipeline.run`, as `runmart load` does it.

    Returns:
        One resource per table; `logs` is off unless selected with `with_resources`.
    """
    return CONNECTOR.resources(
        base_url, api_key, account=account, since=since, workflow=workflow, session=session
    )
