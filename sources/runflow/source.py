"""Loads runs, node runs, evaluations with their judges, batches and flows of a Runflow account."""

from __future__ import annotations

from sources.common.connector import Connector, Probes, source_of
from sources.common.settings import Access
from sources.runflow.api import runflow
from sources.runflow.tables import OFF_BY_DEFAULT, TABLES

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
    settings={"evaluation_wait_hours": 48.0},
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

runflow_source = source_of(
    CONNECTOR,
    """The run history of a Runflow account.

`pipeline.run(runflow_source())` reads every run that was created since the last load, follows runs that
had not ended or not been evaluated, and commits the cursor with the rows that it covers. Evaluations that
were tried again, and feedback, are found for a week by what the list shows of them. The platform never
says what was deleted: nothing is ever removed from the tables.

The workflow is the id of a flow, ComfyUI workflow or model.
`logs` is off unless selected with `with_resources`.
""",
)
