"""A platform's settings, account by account, as dlt resolves them from the environment and .dlt/*.toml."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import dlt

from sources.common.address import HttpSettings, api_address
from sources.common.errors import SettingsError
from sources.common.tables import DEFAULT_ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

T = TypeVar("T", str, int, float, bool)

_ACCOUNT_NAME = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")


@dataclass(frozen=True)
class Access:
    """How an account of a platform is reached, and in which words its settings are asked for.

    Attributes:
        title: the platform's name, for people.
        prefix: path below which the API is, e.g. `/v1`; added to an address that does not end with it.
        prefixes: the same for hosts that have another one.
        takes_any_path: whether an address that has a path is complete, whatever the path is.
        address: the API's public address; None where each organisation has its own.
        address_hint: what the address is, for the user who has not set it.
        key_hint: what a key looks like and where it is made.
        wrong_keys: beginnings of keys of another kind, each with why it cannot be used.
        organization_header: header that names the organisation, for the setting `organization_id`; None where
            a key belongs to one.
    """

    title: str
    prefix: str
    key_hint: str
    address: str | None = None
    address_hint: str = "the API's address"
    wrong_keys: Mapping[str, str] | None = None
    organization_header: str | None = None
    prefixes: Mapping[str, str] = field(default_factory=dict)
    takes_any_path: bool = False

    def complete(self, base_url: str, setting: str) -> str:
        """The API's address out of what a user set.

        Raises:
            SettingsError: the address is unusable; see `api_address`.
        """
        parts = urlsplit(api_address(base_url, "", setting))
        if self.takes_any_path and parts.path:
            return urlunsplit(parts)
        return api_address(base_url, self.prefixes.get(parts.hostname or "", self.prefix), setting)


class AccountSettings:
    """The settings of one account: those under its own name, or else those of its platform.

    The account `default` has the platform's own section, `[sources.<platform>]`; a named one has
    `[sources.<platform>.accounts.<name>]`. Address and key of a named account are never the platform's.
    """

    def __init__(self, platform: str, account: str = DEFAULT_ACCOUNT) -> None:
        self.platform = platform
        self.account = account
        self._shared = f"sources.{platform}"
        self._own = self._shared if account == DEFAULT_ACCOUNT else f"{self._shared}.accounts.{account}"

    def get(self, name: str, default: T) -> T:
        """A setting of the type of its default."""
        found = self.optional(name, type(default))
        return default if found is None else found

    def values(self, defaults: Mapping[str, Any], secrets: Iterable[str]) -> dict[str, Any]:
        """Settings and secrets by name; see `Connector`."""
        return {
            name: self.own(name) if default is str else self.get(name, default)
            for name, default in defaults.items()
        } | {name: self.secret(name) or AccountSettings(self.platform).secret(name) for name in secrets}

    def optional(self, name: str, kind: type[T]) -> T | None:
        """A setting; None when it is not set.

        Raises:
            SettingsError: its value is of another type.
        """
        for section in dict.fromkeys((self._own, self._shared)):
            try:
                found: T | None = dlt.config.get(f"{section}.{name}", kind)
            except ValueError as error:
                words = {int: "a whole number", float: "a number", bool: "true or false"}
                raise SettingsError(f"{self.variable(name)} must be {words.get(kind, 'a text')}.") from error
            if found is not None:
                return found
        return None

    def secret(self, name: str) -> str:
        """A secret of this account's own; empty when it is not set."""
        # Asked for without a type, a secret counts as one for dlt: its traces leave the value out.
        return str(dlt.secrets.get(f"{self._own}.{name}") or "").strip()

    def own(self, name: str) -> str | None:
        """A setting of this account's own."""
        found: str | None = dlt.config.get(f"{self._own}.{name}", str)
        return found

    def variable(self, name: str) -> str:
        """The environment variable that holds a setting."""
        return f"{self._own}.{name}".upper().replace(".", "__")

    @property
    def section(self) -> str:
        """The section of a settings file."""
        return self._own


def account_names(platform: str) -> list[str]:
    """The accounts of a platform that have settings, `default` first; `[default]` when there are none.

    Raises:
        SettingsError: an account has a name that cannot be one.
    """
    names = {*_in_files(platform), *_in_environment(platform)}
    for name in sorted(names):
        require_account_name(name)
    plain = AccountSettings(platform)
    if not names or plain.secret("api_key"):
        return [DEFAULT_ACCOUNT, *sorted(names)]
    return sorted(names)


def require_account_name(name: str) -> None:
    """Refuse a name that is no account's.

    Raises:
        SettingsError: see above.
    """
    if not _ACCOUNT_NAME.fullmatch(name) or name == DEFAULT_ACCOUNT:
        raise SettingsError(
            f"An account cannot be named {name!r}: use lower-case letters and digits, with single "
            f"underscores between them; {DEFAULT_ACCOUNT!r} is the account without a name."
        )


def _in_files(platform: str) -> set[str]:
    names: set[str] = set()
    for kind in (dlt.config, dlt.secrets):
        found: Any = kind.get(f"sources.{platform}.accounts")
        if hasattr(found, "keys"):
            names.update(found.keys())
    return names


def _in_environment(platform: str) -> set[str]:
    prefix = f"SOURCES__{platform.upper()}__ACCOUNTS__"
    return {
        name.removeprefix(prefix).partition("__")[0].lower() for name in os.environ if name.startswith(prefix)
    }


def http_settings(
    access: Access, settings: AccountSettings, base_url: str | None = None, api_key: str | None = None
) -> HttpSettings:
    """How to reach an account, from the arguments or else from the settings.

    Raises:
        SettingsError: a setting is missing or unusable; the text names it and says how to set it.
    """
    address, key = settings.variable("base_url"), settings.variable("api_key")
    base_url = base_url or settings.own("base_url") or access.address
    api_key = str(api_key or settings.secret("api_key")).strip()
    if not base_url:
        raise SettingsError(
            f"The address of the {access.title} account is not set. Set {address}, or base_url under "
            f"[{settings.section}] in .dlt/config.toml, to {access.address_hint}."
        )
    if not api_key:
        raise SettingsError(
            f"The API key is not set. Set {key}, or api_key under [{settings.section}] in .dlt/secrets.toml, "
            f"to {access.key_hint}."
        )
    for beginning, reason in (access.wrong_keys or {}).items():
        if api_key.startswith(beginning):
            raise SettingsError(f"{key} holds {reason}")
    if not api_key.isascii() or not api_key.isprintable() or " " in api_key:
        raise SettingsError(f"{key} holds characters that no key has: paste it again, without quotes.")
    return HttpSettings(
        base_url=access.complete(base_url, address),
        api_key=api_key,
        key_setting=key,
        concurrency=settings.get("concurrency", HttpSettings.concurrency),
        requests_per_second=settings.optional("requests_per_second", float),
        timeout=settings.get("timeout", HttpSettings.timeout),
        deadline=settings.get("deadline", HttpSettings.deadline),
        headers=_organization(access, settings),
    )


def _organization(access: Access, settings: AccountSettings) -> dict[str, str]:
    organization = settings.own("organization_id")
    if access.organization_header is None or not organization:
        return {}
    if not organization.isascii() or not organization.isprintable():
        raise SettingsError(f"{settings.variable('organization_id')} holds characters that no id has.")
    return {access.organization_header: organization}
