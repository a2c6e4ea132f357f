"""The errors of a source: each one is a sentence that says what happened, to what, and what to do."""

from __future__ import annotations


class RunmartError(Exception):
    """Base of every error that runmart raises on purpose; its text is fit for a user's eyes."""


class SettingsError(RunmartError):
    """A setting, option or name is missing or unusable."""


class PlatformError(RunmartError):
    """The platform's API cannot be used at all: nothing more can be read in this sync."""


class AuthenticationError(PlatformError):
    """The platform refused the key (401)."""


class UnreachableError(PlatformError):
    """The platform gave no usable answer within the deadline, or what answered is not its API."""


class EndpointError(RunmartError):
    """One resource could not be read; the sync can go on without it.

    Attributes:
        status_code: HTTP status of the last answer, or None when there was none.
    """

    def __init__(self, message: str, status_code: int | None = None) -> None:
        super().__init__(message)
        self.status_code = status_code


class NotFoundError(EndpointError):
    """The platform has no such thing (404)."""


class ForbiddenError(EndpointError):
    """The key may not read this (403)."""


class RefusedError(EndpointError):
    """The platform refused the request as such (other 4xx); asking again would not help."""


class UnreadableError(EndpointError):
    """The platform answered, but what it sent cannot be read as its API's JSON."""
