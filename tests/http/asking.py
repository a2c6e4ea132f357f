"""Requests by the project's own client, with pauses that tests can bear."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from sources.common.address import HttpSettings, Traffic
from sources.common.http import Api

if TYPE_CHECKING:
    from sources.common.payload import Json

KEY_ID = "1f2e3d4c5b6a"
SECRET = "s3cr3tPart_of-the-key_0123456789"  # noqa: S105 - not one that opens anything
KEY = f"amt_{KEY_ID}_{SECRET}"

PATIENT: dict[str, Any] = {"first_backoff": 0.001, "longest_backoff": 0.01, "deadline": 30.0, "timeout": 20.0}
"""Settings under which only what never passes ends in an error."""

BRIEF: dict[str, Any] = PATIENT | {"deadline": 0.3, "timeout": 0.1, "longest_wait": 0.1}
"""Settings for what is expected to end in an error."""


def settings(url: str, **changes: Json) -> HttpSettings:
    return HttpSettings(
        **{"base_url": url, "api_key": KEY, "key_setting": "THE_KEY_SETTING", **PATIENT, **changes}
    )


def get(url: str, path: str = "/thing", traffic: Traffic | None = None, **changes: Json) -> Json:
    """One answer."""

    async def ask() -> Json:
        async with Api(settings(url, **changes), traffic) as api:
            return await api.get(path)

    return asyncio.run(ask())


def get_many(url: str, count: int, traffic: Traffic | None = None, **changes: Json) -> list[Json]:
    """Several answers, asked for at once."""

    async def ask() -> list[Json]:
        async with Api(settings(url, **changes), traffic) as api:
            return await asyncio.gather(*(api.get(f"/thing/{number}") for number in range(count)))

    return asyncio.run(ask())
