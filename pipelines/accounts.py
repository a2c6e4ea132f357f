"""Which accounts a command is for, and how it goes on when one of several cannot be served."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from pipelines import failures
from pipelines.options import known_name
from pipelines.output import as_record
from pipelines.platforms import PLATFORMS, label
from pipelines.warehouse import settings_errors
from sources.common.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

logger = logging.getLogger("runmart")

T = TypeVar("T")

GRAVEST_FIRST = (failures.USAGE_CODE, failures.FAILED_CODE, 3, 0)
"""Exit codes: which one tells of several accounts. A wrong setting waits for a person, a failure only for the
next try."""


@dataclass(frozen=True)
class Account:
    """An account of a platform."""

    platform: str
    name: str

    @property
    def label(self) -> str:
        return label(self.platform, self.name)


@dataclass(frozen=True)
class Failure:
    """An account that could not be served, and why."""

    platform: str
    account: str
    error: str
    exit_code: int


@dataclass(frozen=True)
class Served(Generic[T]):
    """What came of each account, in the order in which they were served."""

    in_order: tuple[T | Failure, ...]

    @property
    def outcomes(self) -> list[T]:
        """What came of those that could be served."""
        return [one for one in self.in_order if not isinstance(one, Failure)]

    @property
    def exit_code(self) -> int:
        return gravest(cast("Any", one).exit_code for one in self.in_order)

    def record(self) -> dict[str, Any]:
        """For programs: of one account what came of it, of several a list of that."""
        records = [as_record(one) for one in self.in_order]
        return records[0] if len(records) == 1 else {"accounts": records, "exit_code": self.exit_code}


def gravest(codes: Iterable[int]) -> int:
    """The exit code that tells of several."""
    found = set(codes)
    return next((code for code in GRAVEST_FIRST if code in found), 0)


def chosen(platform: str | None, names: Iterable[str]) -> list[Account]:
    """The accounts that a command is for: those of a platform, or of all platforms that have settings.

    Args:
        platform: None for all that have settings.
        names: of accounts, each one or several with commas between them; none for all that have settings.

    Raises:
        SettingsError: there is no such platform or account, or nothing is configured at all.
    """
    with settings_errors():
        return _chosen(platform, names)


def _chosen(platform: str | None, names: Iterable[str]) -> list[Account]:
    wanted = tuple(dict.fromkeys(part.strip() for name in names for part in name.split(",") if part.strip()))
    if platform is not None:
        known_name(platform, PLATFORMS, "platform")
        return _of_platform(platform, wanted)
    platforms = [name for name in PLATFORMS if _has_settings(name)]
    if not platforms:
        keys = ", ".join(f"SOURCES__{name.upper()}__API_KEY" for name in PLATFORMS)
        raise SettingsError(f"No platform is configured: set the API key of one ({keys}).")
    if wanted and len(platforms) > 1:
        raise SettingsError(f"--account needs the platform that it belongs to: {', '.join(platforms)}.")
    return [account for name in platforms for account in _of_platform(name, wanted)]


def _of_platform(platform: str, wanted: Sequence[str]) -> list[Account]:
    from sources.common.settings import account_names

    known = account_names(platform)
    for name in wanted:
        if name not in known:
            section = f"[sources.{platform}.accounts.{name}]"
            try:
                known_name(name, known, f"account of {platform}")
            except SettingsError as error:
                raise SettingsError(f"{error} The settings of an account stand under {section}.") from None
    return [Account(platform, name) for name in wanted or known]


def _has_settings(platform: str) -> bool:
    from sources.common.settings import AccountSettings, account_names

    plain = AccountSettings(platform)
    # Whoever has set half of it is to hear of the other half.
    return bool(plain.secret("api_key") or plain.own("base_url")) or account_names(platform) != [
        plain.account
    ]


def serve(accounts: Sequence[Account], work: Callable[[Account], T]) -> Served[T]:
    """Do something for each account, one after another.

    What goes wrong with one of several is told at once and does not stop the others; of a single one it is
    raised. Ctrl-C stops them all.
    """
    if len(accounts) == 1:
        return Served((work(accounts[0]),))
    in_order: list[T | Failure] = []
    for account in accounts:
        try:
            in_order.append(work(account))
        except Exception as error:
            if failures.was_interrupted(error):
                raise
            logger.debug("%s failed", account.label, exc_info=error)
            told = failures.explain(error, hint="Run it again for this account alone, with --debug.")
            failures.tell(f"{account.label}: {told.text}")
            in_order.append(Failure(account.platform, account.name, told.text, told.exit_code))
    return Served(tuple(in_order))
