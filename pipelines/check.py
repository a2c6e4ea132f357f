"""Tells in seconds whether a platform's address, key and role work, and which of its endpoints answer."""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pipelines.failures import sentence
from pipelines.openapi import Difference, differences
from pipelines.output import counted, say
from pipelines.platforms import connector, label
from sources.common.address import path_of
from sources.common.errors import (
    EndpointError,
    ForbiddenError,
    NotFoundError,
    UnreachableError,
    UnreadableError,
)
from sources.common.http import Api
from sources.common.payload import member, rows_in
from sources.common.settings import AccountSettings

if TYPE_CHECKING:
    from sources.common.address import HttpSettings
    from sources.common.connector import Connector
    from sources.common.payload import Json
    from sources.common.tables import Table

TIMEOUT = 5.0
DEADLINE = 8.0
"""Seconds that one answer may take here; a load is far more patient."""

MOST_LISTS = 5
"""Workflows that are asked for runs, where each has a list of its own, until one shows any."""


@dataclass(frozen=True)
class EndpointCheck:
    """How one endpoint answers: `ok`, `none` (there is nothing there, which is fine) or `failed`."""

    endpoint: str
    result: str
    detail: str = ""


@dataclass
class CheckOutcome:
    """What is known about an account after a check."""

    platform: str
    account: str
    address: str
    organization: str | None = None
    role: str | None = None
    endpoints: list[EndpointCheck] = field(default_factory=list)
    serves_openapi: bool = False
    fields: list[Difference] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """3 when an endpoint does not answer, so that a load would leave something out."""
        return 3 if any(endpoint.result == "failed" for endpoint in self.endpoints) else 0


def check_account(platform: str, account: str) -> CheckOutcome:
    """Check an account of the settings.

    Raises:
        SettingsError: a setting is missing or unusable.
        AuthenticationError: the key is refused.
        UnreachableError: the address leads nowhere, or not to the API.
    """
    known = connector(platform)
    patient = known.http(account)
    hurried = replace(
        patient,
        timeout=min(patient.timeout, TIMEOUT),
        deadline=min(patient.deadline, DEADLINE),
        longest_wait=DEADLINE,
        first_backoff=0.05,
        longest_backoff=0.3,
    )
    return asyncio.run(_check(known, account, hurried))


async def _check(known: Connector, account: str, settings: HttpSettings) -> CheckOutcome:
    outcome = CheckOutcome(known.name, account, settings.base_url)
    async with Api(settings) as api:
        visit = _Visit(api, known, AccountSettings(known.name, account).variable("base_url"))
        whose = await visit.account()
        if whose is None:
            told = "organization and role are not told"
            outcome.endpoints.append(EndpointCheck(known.probes.account, "none", told))
        else:
            outcome.organization = _told(whose, known.probes.organization)
            outcome.role = _told(whose, known.probes.role)
            outcome.endpoints.append(EndpointCheck(known.probes.account, "ok"))
        outcome.endpoints += await visit.lists()
        outcome.endpoints += await visit.runs()
        if known.probes.document is not None:
            await visit.openapi(known.probes.document, outcome)
    return outcome


def _told(answer: Json, names: tuple[str, ...]) -> str | None:
    """What an answer says under the first of the names that it has, and each record of it if it is a list."""
    if not names:
        return None
    found = [member(answer, *names)]
    if found == [None]:
        try:
            found = [member(row, *names) for row in rows_in(answer)]
        except UnreadableError:
            return None
    flat = [one for value in found for one in (value if isinstance(value, list) else [value])]
    return ", ".join(dict.fromkeys(str(one) for one in flat if one is not None)) or None


class _Visit:
    """The requests of one check.

    Attributes:
        setting: where the address is set, for those whose address is wrong.
    """

    def __init__(self, api: Api, known: Connector, setting: str) -> None:
        self._api = api
        self._known = known
        self._probes = known.probes
        self._setting = setting
        self._ids: list[str] = []

    async def account(self) -> Json:
        """What the account says of itself to any key; None when only the rest of the API is there.

        An error says why the account cannot be reached at all.
        """
        api, path = self._api, self._probes.account
        try:
            try:
                return await api.get(path)
            except NotFoundError:
                await self._something_else()
                return None
        except UnreachableError as error:
            why = await asyncio.to_thread(_why_unreachable, api, self._setting, str(error))
            raise UnreachableError(why) from error
        except NotFoundError as error:
            raise UnreachableError(
                f"{api.host} answers, but has no {self._known.access.title} API at "
                f"{urlsplit(api.settings.base_url).path} (404). Check {self._setting}."
            ) from error
        except ForbiddenError as error:
            raise UnreachableError(
                f"The key may not even read {path}: {error}. Check the role of the key."
            ) from error
        except UnreadableError as error:
            raise UnreachableError(f"{sentence(str(error))} Check {self._setting}.") from error
        except EndpointError as error:
            raise UnreachableError(
                f"{sentence(str(error))} Try again later, or check {self._setting}."
            ) from error

    async def _something_else(self) -> None:
        """Ask for what every account has: the list of runs, or else the first other list."""
        if "{id}" in self._probes.runs:
            await self._api.get(self._probes.lists[0][0])
        else:
            await self._api.get(self._probes.runs, self._probes.query)

    async def lists(self) -> list[EndpointCheck]:
        """The lists that do not belong to runs; the ids of the first are kept."""
        checks = []
        for number, (path, name) in enumerate(self._probes.lists):
            try:
                rows = rows_in(await self._api.get(path), name)
            except EndpointError as error:
                checks.append(EndpointCheck(path, "failed", str(error)))
                continue
            checks.append(EndpointCheck(path, "ok", counted(len(rows), "row")))
            if number == 0:
                self._ids = _ids_of(self._known.tables.get(name), rows)
        return checks

    async def runs(self) -> list[EndpointCheck]:
        """The run list, and what belongs to one run."""
        path = self._probes.runs
        paths = [path]
        if "{id}" in path:
            # The first may never have run.
            paths = [path.replace("{id}", path_of(one).removeprefix("/")) for one in self._ids[:MOST_LISTS]]
        if not paths:
            return [EndpointCheck(path, "none", f"{self._probes.lists[0][0]} shows nothing that has runs")]
        ids: list[str] = []
        try:
            for one in paths:
                rows = rows_in(await self._api.get(one, self._probes.query), "runs")
                ids = _ids_of(self._known.tables["runs"], rows)
                if ids:
                    break
        except EndpointError as error:
            return [EndpointCheck(path, "failed", str(error))]
        checks = [EndpointCheck(path, "ok", "" if ids else "no run is shown")]
        if not ids:
            return checks
        return checks + [await self._child(ids[-1], child) for child in self._probes.children]

    async def _child(self, run_id: str, child: str) -> EndpointCheck:
        name = "/runs/{id}" + child
        try:
            await self._api.get(path_of("runs", run_id) + child)
        except NotFoundError:
            # A run that was listed must be there; what belongs to it need not.
            return EndpointCheck(name, "none" if child else "failed", f"run {run_id} has none")
        except EndpointError as error:
            return EndpointCheck(name, "failed", str(error))
        return EndpointCheck(name, "ok")

    async def openapi(self, path: str, outcome: CheckOutcome) -> None:
        """Compare the platform's own description of its answers with the tables, when it serves one."""
        try:
            document: Any = await self._api.get(path)
        except EndpointError as error:
            outcome.endpoints.append(EndpointCheck(path, "none", str(error)))
            return
        outcome.serves_openapi = True
        outcome.endpoints.append(EndpointCheck(path, "ok"))
        outcome.fields = differences(document, self._known)


def _ids_of(table: Table | None, rows: list[dict[str, Json]]) -> list[str]:
    """The ids of listed records, under whichever name the records of the table have them."""
    names: tuple[str, ...] = ("id",)
    if table is not None:
        names = next(column.paths for column in table.own_columns if column.name == table.key[0]) or names
    found = [member(row, *names) for row in rows]
    return [str(one) for one in found if isinstance(one, str | int)]


def _why_unreachable(api: Api, setting: str, otherwise: str) -> str:
    """Find out at which step the way to a host ends: its name, its port, or TLS."""
    parts = urlsplit(api.settings.base_url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        connection = socket.create_connection((host, port), timeout=TIMEOUT)
    except socket.gaierror:
        return f"The host {host} is not known (DNS). Check {setting} and the network."
    except TimeoutError:
        return (
            f"{host} does not answer on port {port} within {TIMEOUT:.0f} s. Check {setting} and the network."
        )
    except OSError as error:
        return f"{host} cannot be reached on port {port} ({error.strerror}). Check {setting} and the network."
    with connection:
        if parts.scheme != "https":
            return otherwise
        try:
            ssl.create_default_context().wrap_socket(connection, server_hostname=host).close()
        except ssl.SSLCertVerificationError as error:
            return f"The certificate of {host} cannot be trusted ({error.verify_message})."
        except (ssl.SSLError, OSError) as error:
            reason = getattr(error, "reason", None) or error
            return f"{host} does not speak TLS on port {port} ({reason}). Check {setting}."
    return otherwise


def print_check(outcome: CheckOutcome) -> None:
    """Print a check for people."""
    say(f"Account       {label(outcome.platform, outcome.account)}")
    say(f"Address       {outcome.address}")
    say(f"Organization  {outcome.organization or 'not told'}")
    say(f"Role          {outcome.role or 'not told'}")
    say()
    for endpoint in outcome.endpoints:
        say(f"  {endpoint.result:<6}  {endpoint.endpoint:<24} {endpoint.detail}".rstrip())
    say()
    if not outcome.fields:
        said = "describes none of the tables" if outcome.serves_openapi else "is not known or not served"
        say(f"An OpenAPI document of the platform {said}: field names were not compared.")
        return
    say("Fields that the platform describes and the tables do not know (they are kept in `extra`):")
    _print_fields([(found.table, found.unknown_to_us) for found in outcome.fields])
    say("Columns for which it describes no field (they stay null, unless it sends more than it says):")
    _print_fields([(found.table, found.unknown_to_them) for found in outcome.fields])


def _print_fields(rows: list[tuple[str, tuple[str, ...]]]) -> None:
    said = [f"  {table}: {', '.join(names)}" for table, names in rows if names]
    say("\n".join(said) if said else "  none")
