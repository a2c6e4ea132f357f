"""Loads runs, evaluations, tool calls, traces and workflows of an Armature account."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import dlt
from dlt.common.configuration.specs import BaseConfiguration

from sources.armature.api import Armature
from sources.armature.settings import http_settings
from sources.armature.tables import OFF_BY_DEFAULT, TABLES
from sources.common.session import Session, SyncSettings
from sources.common.source import resources_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dlt.extract import DltResource

    from sources.common.session import Progress

__all__ = ["armature_session", "armature_source"]


def armature_session(
    base_url: str | None = None,
    api_key: str | None = None,
    *,
    chunk_runs: int | None = None,
    since: datetime | None = None,
    workflow: str | None = None,
    forget: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
) -> Session:
    """A sync of an Armature account, to be loaded chunk by chunk with `armature_source(session=…)`.

    See `armature_source` for the arguments.
    """
    evaluation_wait = dlt.config.get("sources.armature.evaluation_wait_hours", float) or 48.0
    settings = SyncSettings(
        chunk_runs=chunk_runs,
        since=since,
        workflow=workflow,
        lookback=timedelta(minutes=dlt.config.get("sources.armature.lookback_minutes", float) or 15.0),
        open_for=timedelta(days=dlt.config.get("sources.armature.open_run_days", float) or 7.0),
        forget=forget,
    )
    return Session(
        lambda api: Armature(api, workflow=workflow, evaluation_wait=timedelta(hours=evaluation_wait)),
        http_settings(base_url, api_key),
        settings,
        on_progress,
    )


@dlt.source(name="armature", section="armature", max_table_nesting=0, spec=BaseConfiguration)
def armature_source(
    base_url: str | None = None,
    api_key: str | None = None,
    since: datetime | None = None,
    workflow: str | None = None,
    session: Session | None = None,
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
        session: a sync that hands over one chunk per `pipeline.run`, as `runmart load` does it.

    Returns:
        One resource per table; `trace_spans` is off unless selected with `with_resources`.
    """

    def new_session() -> Session:
        return session or armature_session(base_url, api_key, since=since, workflow=workflow)

    return resources_of(TABLES, new_session, off_by_default=OFF_BY_DEFAULT, is_chunked=session is not None)
