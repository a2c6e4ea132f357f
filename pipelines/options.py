"""Options of the command line, read into what the code works with; what is wrong is told in a sentence."""

from __future__ import annotations

import difflib
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pipelines.platforms import PLATFORMS
from sources.common.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable


def known_name(name: str, known: Iterable[str], thing: str) -> str:
    """The name itself, when it is known.

    Raises:
        SettingsError: it is not; names the closest and lists all.
    """
    names = list(known)
    if name in names:
        return name
    close = difflib.get_close_matches(name.lower().replace("-", "_"), names, n=1, cutoff=0.5)
    hint = f" Did you mean {close[0]}?" if close else ""
    raise SettingsError(f"There is no {thing} {name!r}.{hint} Known: {', '.join(names)}.")


def platform_names(text: str) -> tuple[str, ...]:
    """The platforms in a comma-separated list.

    Raises:
        SettingsError: there is none, or one that is not known.
    """
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not names:
        raise SettingsError("--platforms names no platform.")
    return tuple(known_name(name, PLATFORMS, "platform") for name in names)


def table_names(text: str | None) -> tuple[str, ...] | None:
    """The names in a comma-separated list of tables; None for no list."""
    if text is None:
        return None
    names = tuple(part.strip() for part in text.split(",") if part.strip())
    if not names:
        raise SettingsError("--resources names no table.")
    return names


def since_moment(text: str | None, now: datetime | None = None) -> datetime | None:
    """The moment that `--since` stands for: a date, a moment in ISO 8601, or an age like 7d, 12h.

    What has no time zone is UTC.
    """
    if text is None:
        return None
    now = now or datetime.now(UTC)
    if age := re.fullmatch(r"(\d{1,5})\s*([dh])", text.strip()):
        return now - timedelta(**{"d": {"days": int(age[1])}, "h": {"hours": int(age[1])}}[age[2]])
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise SettingsError(
            f"--since {text!r} is no date (2026-01-31), time (2026-01-31T12:00Z) or age (7d, 12h)."
        ) from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment > now:
        raise SettingsError(f"--since {text} lies in the future.")
    return moment
