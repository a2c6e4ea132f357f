"""Where a platform is and how it is to be talked with; what a client then sent and waited for.

Nothing that talks is imported here: the process that loads needs no more than this.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit, urlunsplit

from sources.common.errors import NotFoundError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping


_ELSEWHERE = frozenset({"", ".", ".."})
"""Segments that lead to another path."""


@dataclass(frozen=True)
class HttpSettings:
    """How to talk to a platform.

    Attributes:
        base_url: where the API is, prefix included, as `api_address` returns it.
        key_setting: name of the setting that holds the key, for error messages.
        concurrency: requests in flight at once.
        requests_per_second: upper limit of the request rate; None for no limit.
        timeout: seconds that the connection, or one read from it, may take.
        deadline: seconds after which a request that brought no whole answer is given up; waiting that the
            API or `requests_per_second` asks for does not count.
        longest_wait: longest `Retry-After`, in seconds, that is obeyed; beyond it the sync ends.
        largest_response: bytes beyond which an answer is refused.
        first_backoff: seconds that the pause before the second try may take; each further one may take twice
            as long, up to `longest_backoff`.
        headers: further headers (an organisation id).
    """

    base_url: str
    api_key: str = field(repr=False)
    key_setting: str = "api_key"
    concurrency: int = 32
    requests_per_second: float | None = None
    timeout: float = 60.0
    deadline: float = 300.0
    longest_wait: float = 900.0
    largest_response: int = 256 * 2**20
    first_backoff: float = 0.25
    longest_backoff: float = 15.0
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass
class Traffic:
    """What a client sent and waited for."""

    requests: int = 0
    retries: int = 0
    throttled_seconds: float = 0.0
    bytes_read: int = 0


def api_address(base_url: str, prefix: str, setting: str) -> str:
    """The API's address out of what a user set: with or without its path prefix and a trailing slash.

    Raises:
        SettingsError: the address is unusable, holds credentials, or would send the key unencrypted.
    """
    text = base_url.strip()
    try:
        parts = urlsplit(text if "//" in text else f"https://{text}")
    except ValueError:
        parts = urlsplit("")
    try:
        host, _port = parts.hostname, parts.port
    except ValueError:
        # Python's reason would repeat parts of the address, a password among them.
        host = None
    if "@" in parts.netloc:
        raise SettingsError(f"{setting} must not hold a user name or password: the key has its own setting.")
    if not host or parts.scheme not in ("http", "https"):
        raise SettingsError(f"{setting} must be an address like https://your-org.example.com.")
    if parts.query or parts.fragment:
        raise SettingsError(f"{setting} must end with its path: leave out what follows '?' or '#'.")
    if parts.scheme == "http" and not _is_loopback(host):
        raise SettingsError(f"{setting} must begin with https: the key would travel unencrypted to {host}.")
    path = parts.path.rstrip("/")
    if not path.endswith(prefix):
        path += prefix
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def path_of(*segments: str) -> str:
    """A path whose segments are ids that may hold any character.

    Raises:
        NotFoundError: a segment would lead to another path, however it is written.
    """
    if not _ELSEWHERE.isdisjoint(segments):
        raise NotFoundError(f"{segments[0]} {segments[1:]!r} cannot be asked for by a path")
    return "/" + "/".join(map(_quoted, segments))


@lru_cache(maxsize=1024)
def _quoted(segment: str) -> str:
    return quote(segment, safe="", errors="replace")
