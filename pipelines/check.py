"""Tells in seconds whether a platform's address, key and role work, and which of its endpoints answer."""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pipelines.openapi import Difference, differences
from pipelines.output import counted, say
from sources.common.errors import (
    EndpointError,
    ForbiddenError,
    NotFoundError,
    UnreachableError,
    UnreadableError,
)
from sources.common.http import Api, path_of
from sources.common.payload import member, rows_in

if TYPE_CHECKING:
    from sources.common.http import HttpSettings
    from sources.common.payload import Json

TIMEOUT = 5.0
DEADLINE = 8.0
"""Seconds that one answer may take here; a load is far more patient."""


@dataclass(frozen=True)
class EndpointCheck:
    """How one endpoint answers: `ok`, `none` (there is nothing there, which is fine) or `failed`."""

    endpoint: str
    result: str
    detail: str = ""


@dataclass
class CheckOutcome:
    """What is known about an account after a check."""

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


def check_armature() -> CheckOutcome:
    """Check the Armature account of the settings.

    Raises:
        SettingsError: a setting is missing or unusable.
        AuthenticationError: the key is refused.
        UnreachableError: the address leads nowhere, or not to the API.
    """
    from sources.armature import CONNECTOR

    patient = CONNECTOR.http()
    settings = replace(
        patient,
        timeout=min(patient.timeout, TIMEOUT),
        deadline=min(patient.deadline, DEADLINE),
        longest_wait=DEADLINE,
        first_backoff=0.05,
        longest_backoff=0.3,
    )
    return asyncio.run(_check(settings))


async def _check(settings: HttpSettings) -> CheckOutcome:
    outcome = CheckOutcome(settings.base_url)
    async with Api(settings) as api:
        account = await _account(api)
        if account is None:
            outcome.endpoints.append(EndpointCheck("/org", "none", "organization and role are not told"))
        else:
            outcome.organization = member(
                account, "organization.name", "organization.slug", "organization.id"
            )
            outcome.role = member(account, "actor.role")
            outcome.endpoints.append(EndpointCheck("/org", "ok"))
        outcome.endpoints.append(await _list(api, "/workflows", "workflows"))
        outcome.endpoints.append(await _list(api, "/mcp-servers", "mcp_servers"))
        outcome.endpoints += await _runs(api)
        await _openapi(api, outcome)
    return outcome


async def _account(api: Api) -> Json:
    """The answer of `GET /org`, which any key may read; None when only the rest of the API is there.

    An error says why the account cannot be reached at all.
    """
    setting = "SOURCES__ARMATURE__BASE_URL"
    try:
        try:
            return await api.get("/org")
        except NotFoundError:
            await api.get("/runs", {"pageSize": 1})
            return None
    except UnreachableError as error:
        raise UnreachableError(await asyncio.to_thread(_why_unreachable, api, str(error))) from error
    except NotFoundError as error:
        raise UnreachableError(
            f"{api.host} answers, but has no Armature API at {urlsplit(api.settings.base_url).path} (404). "
            f"Check {setting}."
        ) from error
    except ForbiddenError as error:
        raise UnreachableError(
            f"The key may not even read /org: {error}. Check the role of the key."
        ) from error
    except UnreadableError as error:
        raise UnreachableError(f"{_sentence(error)} Check {setting}.") from error
    except EndpointError as error:
        raise UnreachableError(f"{_sentence(error)} Try again later, or check {setting}.") from error


def _sentence(error: Exception) -> str:
    text = str(error)
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?")) else ".")


def _why_unreachable(api: Api, otherwise: str) -> str:
    """Find out at which step the way to a host ends: its name, its port, or TLS."""
    parts = urlsplit(api.settings.base_url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    setting = "SOURCES__ARMATURE__BASE_URL"
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


async def _list(api: Api, path: str, name: str) -> EndpointCheck:
    try:
        rows = rows_in(await api.get(path), name)
    except EndpointError as error:
        return EndpointCheck(path, "failed", str(error))
    return EndpointCheck(path, "ok", counted(len(rows), "row"))


async def _runs(api: Api) -> list[EndpointCheck]:
    """The run list, and what belongs to one run."""
    path = "/runs"
    children = ("", "/evaluation", "/tool-calls", "/trace")
    try:
        runs = rows_in(await api.get(path, {"range": "30d", "pageSize": 5}), "runs")
    except EndpointError as error:
        return [EndpointCheck(path, "failed", str(error))]
    ids = [
        str(found) for run in runs if (found := member(run, "run_id", "id", "run_uuid", "uuid")) is not None
    ]
    checks = [EndpointCheck(path, "ok", "no run in 30 days" if not runs else "")]
    if not ids:
        return checks
    return checks + [await _child(api, ids[-1], child) for child in children]


async def _child(api: Api, run_id: str, child: str) -> EndpointCheck:
    name = "/runs/{id}" + child
    try:
        await api.get(path_of("runs", run_id) + child)
    except NotFoundError:
        # A run that was listed must be there; what belongs to it need not.
        return EndpointCheck(name, "none" if child else "failed", f"run {run_id} has none")
    except EndpointError as error:
        return EndpointCheck(name, "failed", str(error))
    return EndpointCheck(name, "ok")


async def _openapi(api: Api, outcome: CheckOutcome) -> None:
    """Compare the platform's own description of its answers with the tables, when it serves one."""
    try:
        document: Any = await api.get("/openapi")
    except EndpointError as error:
        outcome.endpoints.append(EndpointCheck("/openapi", "none", str(error)))
        return
    outcome.serves_openapi = True
    outcome.endpoints.append(EndpointCheck("/openapi", "ok"))
    outcome.fields = differences(document)


def print_check(outcome: CheckOutcome) -> None:
    """Print a check for people."""
    say(f"Address       {outcome.address}")
    say(f"Organization  {outcome.organization or 'not told'}")
    say(f"Role          {outcome.role or 'not told'}")
    say()
    for endpoint in outcome.endpoints:
        say(f"  {endpoint.result:<6}  {endpoint.endpoint:<24} {endpoint.detail}".rstrip())
    if not outcome.serves_openapi:
        say("\nThe platform does not serve its OpenAPI document: field names were not compared.")
        return
    say("\nFields that the platform describes and the tables do not know (they are kept in `extra`):")
    _print_fields([(found.table, found.unknown_to_us) for found in outcome.fields])
    say("Columns for which it describes no field (they stay null, unless it sends more than it says):")
    _print_fields([(found.table, found.unknown_to_them) for found in outcome.fields])


def _print_fields(rows: list[tuple[str, tuple[str, ...]]]) -> None:
    said = [f"  {table}: {', '.join(names)}" for table, names in rows if names]
    say("\n".join(said) if said else "  none")
