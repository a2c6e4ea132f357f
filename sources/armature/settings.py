"""Armature's settings, as dlt resolves them from the environment and from .dlt/*.toml."""

from __future__ import annotations

import dlt

from sources.common.errors import SettingsError
from sources.common.http import HttpSettings, api_address

PREFIX = "/api/armature/v1"
SECTION = "sources.armature"


def http_settings(base_url: str | None = None, api_key: str | None = None) -> HttpSettings:
    """How to reach the account, from the arguments or else from the settings.

    Raises:
        SettingsError: a setting is missing or unusable; the text names it and says how to set it.
    """
    base_url = base_url or dlt.config.get(f"{SECTION}.base_url", str)
    # Asked for without a type, a secret counts as one for dlt: its traces leave the value out.
    api_key = str(api_key or dlt.secrets.get(f"{SECTION}.api_key") or "").strip()
    if not base_url:
        raise SettingsError(
            "The address of the Armature account is not set. Set SOURCES__ARMATURE__BASE_URL, or base_url "
            "under [sources.armature] in .dlt/config.toml, to the dashboard's address."
        )
    if not api_key:
        raise SettingsError(
            "The API key is not set. Set SOURCES__ARMATURE__API_KEY, or api_key under [sources.armature] in "
            ".dlt/secrets.toml, to a key from the dashboard's settings (amt_…)."
        )
    if api_key.startswith("ami_"):
        raise SettingsError(
            "SOURCES__ARMATURE__API_KEY holds an ingest key (ami_…), which cannot read runs: "
            "make an API key (amt_…) in the dashboard's settings."
        )
    if not api_key.isascii() or not api_key.isprintable() or " " in api_key:
        raise SettingsError(
            "SOURCES__ARMATURE__API_KEY holds characters that no key has: paste it again, without quotes."
        )
    return HttpSettings(
        base_url=api_address(base_url, PREFIX, "SOURCES__ARMATURE__BASE_URL"),
        api_key=api_key,
        key_setting="SOURCES__ARMATURE__API_KEY",
        concurrency=dlt.config.get(f"{SECTION}.concurrency", int) or HttpSettings.concurrency,
        requests_per_second=dlt.config.get(f"{SECTION}.requests_per_second", float),
        timeout=dlt.config.get(f"{SECTION}.timeout", float) or HttpSettings.timeout,
        deadline=dlt.config.get(f"{SECTION}.deadline", float) or HttpSettings.deadline,
    )
