"""Errors of the emulator itself, and errors that it answers with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.common.json_value import Json


# The code of an `ApiError` whose query or body is not as the schemas say.
INVALID = "validation_failed"


class EmulatorError(Exception):
    """The emulator cannot start or go on; the message is one sentence for the person at the terminal."""


class ApiError(Exception):
    """A request is refused: answered with `status` and the platform's own error body.

    `code` is the platform's machine-readable word, `details` goes into the body as it is.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: Json = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.headers = dict(headers or {})
