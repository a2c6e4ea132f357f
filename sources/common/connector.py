"""What a platform's folder hands to the rest of the house: a `Connector`, from which all else is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import dlt
from dlt.common.configuration.specs import BaseConfiguration

from sources.common.apart import Plan, SessionApart
from sources.common.platform import PlatformOptions
from sources.common.settings import Access, AccountSettings, http_settings
from sources.common.source import resources_of
from sources.common.state import KNOWN_FOR
from sources.common.sync import MOST_ATTEMPTS, SyncSettings
from sources.common.tables import DEFAULT_ACCOUNT, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dlt.extract import DltResource, DltSource

    from sources.common.address import HttpSettings
    from sources.common.http import Api
    from sources.common.platform import Platform
    from sources.common.sync import Progress


@dataclass(frozen=True)
class Described:
    """Where a platform's OpenAPI document describes the rows of a table.

    Attributes:
        path: of the operation, below any prefix; `{}` stands for an id.
        wrappers: names of objects that may wrap the answer, best first.
        lists: names of the list that holds the rows, best first; none for an answer that is one record.
        inside: names of lists within its rows, outermost first, down to the one whose rows are meant.
        apart: names, in a record, of what has a table of its own.
    """

    path: str
    wrappers: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()


@dataclass(frozen=True)
class Probes:
    """What `runmart check` asks of an account, as paths below the API's address.

    Attributes:
        account: what any key may read, and says whose it is.
        organization: where its answer names the organisation, as snake_case paths, best first.
        role: where it tells what the key may do.
        lists: lists that do not belong to runs, each with the name of its records.
        runs: the list of runs; `{id}` stands for an id out of the first of `lists`.
        query: what to ask the list of runs for: few of them.
        children: what follows `/runs/{id}`; empty for the run's own record.
        document: the platform's own OpenAPI document; None where it serves none.
        described: what of it is compared with the tables, by table.
    """

    account: str
    organization: tuple[str, ...]
    role: tuple[str, ...]
    lists: tuple[tuple[str, str], ...]
    runs: str = "/runs"
    query: Mapping[str, object] = field(default_factory=dict)
    children: tuple[str, ...] = ("",)
    document: str | None = None
    described: Mapping[str, Described] = field(default_factory=dict)


@dataclass(frozen=True)
class Connector:
    """A platform that can be loaded.

    Attributes:
        name: of its folder, its section in the settings, its dlt source and its schema in the warehouse.
        tables: its raw tables, by name.
        off_by_default: tables that are loaded only when they are asked for.
        platform: makes what a sync reads, for one client.
        settings: settings that only this platform has, with their defaults; a type stands for one that an
            account may have of its own, and that has no default.
        secrets: the same for secrets, which may be left out.
        lookback_minutes, sweep_hours, open_run_days: defaults of the settings of these names; see
            `SyncSettings`.
    """

    name: str
    access: Access
    tables: Mapping[str, Table]
    off_by_default: frozenset[str]
    platform: Callable[[Api, PlatformOptions], Platform]
    probes: Probes
    settings: Mapping[str, str | float | bool | type[str]] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    lookback_minutes: float = 20.0
    sweep_hours: float = KNOWN_FOR / timedelta(hours=1)
    open_run_days: float = 7.0

    def http(
        self, account: str = DEFAULT_ACCOUNT, base_url: str | None = None, api_key: str | None = None
    ) -> HttpSettings:
        """How to reach an account; see `http_settings`."""
        return http_settings(self.access, AccountSettings(self.name, account), base_url, api_key)

    def options(self, account: str = DEFAULT_ACCOUNT, workflow: str | None = None) -> PlatformOptions:
        """What a sync of an account asks of the platform, by the account's settings."""
        settings = AccountSettings(self.name, account)
        return PlatformOptions(settings.values(self.settings, self.secrets), workflow)

    def session(
        self,
        base_url: str | None = None,
        api_key: str | None = None,
        *,
        account: str = DEFAULT_ACCOUNT,
        chunk_runs: int | None = None,
        since: datetime | None = None,
        workflow: str | None = None,
        forget: bool = False,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> SessionApart:
        """A sync of an account, to be loaded chunk by chunk.

        Raises:
            SettingsError: a setting is missing or unusable.
        """
        settings = AccountSettings(self.name, account)
        plan = Plan(
            self.platform,
            self.options(account, workflow),
            self.http(account, base_url, api_key),
            SyncSettings(
                chunk_runs=chunk_runs,
                since=since,
                workflow=workflow,
                lookback=timedelta(minutes=settings.get("lookback_minutes", self.lookback_minutes)),
                sweep_back=timedelta(hours=settings.get("sweep_hours", self.sweep_hours)),
                open_for=timedelta(days=settings.get("open_run_days", self.open_run_days)),
                most_attempts=settings.get("most_attempts", MOST_ATTEMPTS),
                forget=forget,
            ),
            account,
        )
        return SessionApart(plan, on_progress)

    def resources(
        self,
        base_url: str | None,
        api_key: str | None,
        *,
        account: str,
        since: datetime | None,
        workflow: str | None,
        session: SessionApart | None,
    ) -> list[DltResource]:
        """The tables as dlt resources, fed by the given session, chunk by chunk, or by one of their own."""

        def new_session() -> SessionApart:
            return session or self.session(base_url, api_key, account=account, since=since, workflow=workflow)

        return resources_of(
            self.tables, new_session, off_by_default=self.off_by_default, is_chunked=session is not None
        )


def source_of(connector: Connector, description: str) -> Callable[..., DltSource]:
    """A platform as a dlt source, for anybody's pipeline."""

    @dlt.source(name=connector.name, section=connector.name, max_table_nesting=0, spec=BaseConfiguration)
    def source(
        base_url: str | None = None,
        api_key: str | None = None,
        since: datetime | None = None,
        workflow: str | None = None,
        account: str = DEFAULT_ACCOUNT,
        session: SessionApart | None = None,
    ) -> list[DltResource]:
        return connector.resources(
            base_url, api_key, account=account, since=since, workflow=workflow, session=session
        )

    source.__doc__ = f"{description}{_ARGUMENTS.format(name=connector.name, title=connector.access.title)}"
    return source


_ARGUMENTS = """
Args:
    base_url: the address of the {title} account. By default the setting `sources.{name}.base_url`.
    api_key: its key. By default the secret `sources.{name}.api_key`.
    since: read runs that started from here on again, whatever was loaded before.
    workflow: read the runs of this workflow only, by its id; the cursor stays where it is.
    account: an account that has settings of its own under `sources.{name}.accounts`; each one wants a
        pipeline of its own.
    session: a sync that hands over one chunk per `pipeline.run`, as `runmart load` does it.

Returns:
    One resource per table.
"""
