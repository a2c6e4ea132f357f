"""Links to files: presigned for three days, and signed anew each time that they are read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from emulator.common.chance import number

if TYPE_CHECKING:
    from emulator.runflow.settings import RunflowSettings

STORE = "https://runflow-assets.s3.eu-central-1.example.com"
THREE_DAYS = 3 * 24 * 60 * 60


class Links:
    """Gives links as `settings` want them; what it signs is no secret, and opens nothing."""

    def __init__(self, seed: int, settings: RunflowSettings) -> None:
        self._seed = seed
        self._settings = settings
        self._given = 0

    def to(self, path: str, now: int) -> str:
        """A link to the file at `path`."""
        if self._settings.links == "unsigned":
            return STORE + path
        serial = 0
        if self._settings.links == "signed_each_time":
            self._given += 1
            serial = self._given
        signed_at = now if serial else 0
        date = f"{datetime.fromtimestamp(signed_at / 1000, UTC):%Y%m%dT%H%M%SZ}"
        signature = f"{number(self._seed, 'signature', path, serial, size=32):064x}"
        return (
            f"{STORE}{path}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date={date}"
            f"&X-Amz-Expires={THREE_DAYS}&X-Amz-Signature={signature}"
        )
