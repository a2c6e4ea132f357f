"""Loads runs, scores, steps, reviews, automations and experiments of an EigenPal tenant."""

from __future__ import annotations

from sources.common.connector import Connector, Probes, source_of
from sources.common.settings import Access
from sources.eigenpal.api import eigenpal
from sources.eigenpal.tables import OFF_BY_DEFAULT, TABLES

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
    settings={"keep_emails": False, "score_wait_hours": 48.0},
    secrets=("email_salt",),
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

eigenpal_source = source_of(
    CONNECTOR,
    """The run history of an EigenPal tenant.

`pipeline.run(eigenpal_source())` reads every run that was created since the last load, every run of any
age whose review changed, follows runs that had not ended, and commits the cursor with the rows that it
covers. Nothing is ever removed from the tables. E-mail addresses are hashed unless the setting
`sources.eigenpal.keep_emails` is true.

The workflow is the id of an automation. `trace_events` is off unless selected with `with_resources`.
""",
)
