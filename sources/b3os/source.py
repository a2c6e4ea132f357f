"""Loads runs, node executions, workflows and compute units of a B3OS organisation."""

from __future__ import annotations

from sources.b3os.api import b3os
from sources.b3os.tables import OFF_BY_DEFAULT, TABLES
from sources.common.connector import Connector, Probes, source_of
from sources.common.settings import Access

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
    settings={"keep_emails": False, "organization_id": str},
    secrets=("email_salt",),
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

b3os_source = source_of(
    CONNECTOR,
    """The run history of a B3OS organisation.

`pipeline.run(b3os_source())` reads every run that the platform showed since the last load, follows runs
that had not ended (waiting ones for three months), and commits the cursor with the rows that it covers.
The platform never says what was deleted: nothing is ever removed from the tables.
""",
)
