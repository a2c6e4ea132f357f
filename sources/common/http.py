"""The one HTTP client of all platforms: patient with faults, strict about hosts, silent about keys."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import re
import ssl
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode, urlsplit

import aiohttp
import certifi
from yarl import URL

from sources.common.address import Traffic
from sources.common.errors import (
    AuthenticationError,
    EndpointError,
    ForbiddenError,
    NotFoundError,
    RefusedError,
    UnreachableError,
    UnreadableError,
)
from sources.common.payload import decode, member

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from sources.common.address import HttpSettings
    from sources.common.payload import Json

logger = logging.getLogger("runmart.http")

USER_AGENT = f"runmart/{version('runmart')}"


class _Passing(Exception):  # noqa: N818
    """An attempt failed in a way that may pass; the next one may succeed."""

    def __init__(
        self,
        error: EndpointError,
        *,
        is_waited_for: bool = False,
        is_strange: bool = False,
        is_unconnected: bool = False,
    ) -> None:
        super().__init__(str(error))
        self.error = error
        self.is_waited_for = is_waited_for
        self.is_strange = is_strange
        self.is_unconnected = is_unconnected


class Api:
    """A client for one platform, for use inside one event loop.

    `get` retries what may pass (connection errors, timeouts, cut bodies, 429, 5xx) and raises for what will
    not. One 429 slows all requests down. No redirect is followed, and the key is sent to `base_url` only.
    """

    FIRST_TRIES = 5
    """Tries with a host that never gave a proper answer, when none connects or the answers are strange."""
    STRANGE_TRIES = 16
    """Tries when the answers are no JSON, or lead elsewhere: a gateway that restarts, or another host."""

    def __init__(self, settings: HttpSettings, traffic: Traffic | None = None) -> None:
        self.settings = settings
        self.traffic = traffic or Traffic()
        self.host = urlsplit(settings.base_url).netloc
        self._base = URL(settings.base_url, encoded=True)
        self._prefix = self._base.raw_path.rstrip("/")
        self._has_answered = False
        self._resume_at = 0.0
        self._throttles_in_a_row = 0
        self._next_slot = 0.0
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        settings = self.settings
        is_encrypted = settings.base_url.startswith("https:")
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=settings.concurrency, ssl=_trust() if is_encrypted else True
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={
                "Authorization": f"Bearer {settings.api_key}",
                "User-Agent": USER_AGENT,
                "Accept": "application/json",
                **settings.headers,
            },
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=min(settings.timeout, 10.0), sock_read=settings.timeout
            ),
            # Without TLS nothing may stand between: a proxy out of the environment would see the key.
            trust_env=is_encrypted,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(self, path: str, params: Mapping[str, Any] | None = None) -> Json:
        """The decoded JSON at a path below `base_url`; None for an answer without content (204).

        Raises:
            AuthenticationError, UnreachableError: nothing more can be read in this sync.
            EndpointError: this path cannot be read; see its subclasses.
        """
        began = time.monotonic()
        excused = 0.0
        tries = strange_tries = 0
        answer: EndpointError | None = None
        while True:
            if self.settings.requests_per_second or time.monotonic() < self._resume_at:
                excused += await self._take_slot()
            self.traffic.requests += 1
            tries += 1
            left = self.settings.deadline - (time.monotonic() - began - excused)
            try:
                return await self._attempt(path, params, within=max(left, 0.0))
            except _Passing as failure:
                strange_tries += failure.is_strange
                if failure.error.status_code is not None:
                    answer = failure.error
                if failure.is_unconnected and not self._has_answered and tries >= self.FIRST_TRIES:
                    raise UnreachableError(
                        f"{self.host} cannot be reached ({failure.error}). Check the address and the network."
                    ) from None
                taken = time.monotonic() - began
                if (
                    strange_tries >= (self.STRANGE_TRIES if self._has_answered else self.FIRST_TRIES)
                    or taken - excused >= self.settings.deadline
                    or taken > self.settings.deadline + self.settings.longest_wait
                ):
                    # An answer tells more than the silence after it.
                    raise answer or failure.error from None
                self.traffic.retries += 1
                if not failure.is_waited_for:
                    await asyncio.sleep(self._backoff(tries))

    def _backoff(self, tries: int) -> float:
        """Exponential, with full jitter."""
        ceiling = min(self.settings.longest_backoff, self.settings.first_backoff * 2 ** min(tries - 1, 16))
        return random.uniform(0, ceiling)  # noqa: S311

    async def _take_slot(self) -> float:
        """Wait out the common cool-down and the request rate; returns the seconds that it took."""
        began = time.monotonic()
        while True:
            now = time.monotonic()
            if now < self._resume_at:
                await asyncio.sleep(self._resume_at - now)
                continue
            if self.settings.requests_per_second:
                slot = max(now, self._next_slot)
                self._next_slot = slot + 1 / self.settings.requests_per_second
                await asyncio.sleep(slot - now)
            if self._resume_at <= time.monotonic():
                return time.monotonic() - began

    def _throttle(self, asked: float | None, sent_at: float) -> None:
        """Slow all requests down: for as long as the API asked, or a while that grows each time.

        Requests that were under way together are refused together, which counts once.
        """
        if asked is not None:
            self._cool_down(asked)
        elif sent_at >= self._resume_at:
            self._throttles_in_a_row += 1
            self._cool_down(self._backoff(self._throttles_in_a_row + 1) + 0.05)

    def _cool_down(self, seconds: float) -> None:
        """Let no request start for a while."""
        now = time.monotonic()
        resume_at = now + seconds
        if resume_at > self._resume_at:
            self.traffic.throttled_seconds += resume_at - max(self._resume_at, now)
            self._resume_at = resume_at

    async def _attempt(self, path: str, params: Mapping[str, Any] | None, *, within: float) -> Json:
        if self._session is None:
            raise RuntimeError("the client is used outside of its `async with` block")
        sent_at = time.monotonic()
        # Ids in the path are quoted already.
        url = self._base.with_path(self._prefix + path, encoded=True)
        if params:
            url = URL(f"{url}?{urlencode(params)}", encoded=True)
        try:
            async with asyncio.timeout(within):
                async with self._session.get(url, allow_redirects=False) as response:
                    body = await self._body(response, path)
        except (aiohttp.ClientError, OSError) as error:
            unconnected = isinstance(error, (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError))
            what = self._clean(_reason(error)) or "no whole answer in time"
            told = what if unconnected else f"{path} of {self.host} broke off: {what}"
            raise _Passing(EndpointError(told), is_unconnected=unconnected) from None
        return self._judge(response, body, path, sent_at)

    async def _body(self, response: aiohttp.ClientResponse, path: str) -> bytes:
        limit = self.settings.largest_response
        parts: list[bytes] = []
        size = 0
        async for part in response.content.iter_any():
            size += len(part)
            if size > limit:
                raise UnreadableError(f"{path} of {self.host} sent more than {limit} bytes")
            parts.append(part)
        self.traffic.bytes_read += size
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _judge(self, response: aiohttp.ClientResponse, body: bytes, path: str, sent_at: float) -> Json:
        """The content of an answer, or the error that it stands for."""
        status = response.status
        if status == 204:
            return None
        if 200 <= status < 300:
            return self._content(response, body, path)
        self._has_answered = True
        said = self._said(body)
        where = f"{path} of {self.host}"
        if status == 401:
            raise AuthenticationError(
                f"{self.host} refused the key (401{said}). Check {self.settings.key_setting}: "
                "is it complete, not revoked, and of this organisation?"
            )
        if status == 403:
            raise ForbiddenError(f"the key may not read {where} (403{said})", status)
        if status in (404, 410):
            raise NotFoundError(f"{where} does not exist ({status}{said})", status)
        error = EndpointError(f"{where} answered {status}{said}", status)
        if status >= 500 or status in (408, 425, 429):
            asked = _retry_after(response)
            if asked is not None and asked > self.settings.longest_wait:
                raise UnreachableError(
                    f"{self.host} asks for a pause of {asked:.0f} s ({status}). Run the load again then."
                )
            if status == 429 or asked is not None:
                self._throttle(asked, sent_at)
            raise _Passing(error, is_waited_for=status == 429 or asked is not None)
        if 300 <= status < 400:
            target = self._clean(_host_of(response.headers.get("location", ""))) or "another path"
            error = UnreadableError(
                f"{where} leads to {target} ({status}), which is not followed: "
                "set base_url to the API's own address",
                status,
            )
            raise _Passing(error, is_strange=True)
        raise RefusedError(f"{where} refused the request ({status}{said})", status)

    def _content(self, response: aiohttp.ClientResponse, body: bytes, path: str) -> Json:
        self._throttles_in_a_row = 0
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        try:
            if kind in ("text/html", "application/xhtml+xml") or body.lstrip()[:1] == b"<":
                raise UnreadableError(
                    f"{self.host} answered {path} with a web page instead of JSON: "
                    "is base_url the API's address?",
                    response.status,
                )
            if not body.strip():
                raise UnreadableError(f"{path} of {self.host} has an empty answer", response.status)
            content = decode(body)
        except UnreadableError as error:
            error.status_code = response.status
            if "JSON:" in str(error):
                error = UnreadableError(f"{path} of {self.host} is {error}", response.status)
            raise _Passing(error, is_strange=True) from None
        self._has_answered = True
        return content

    def _said(self, body: bytes) -> str:
        """The reason that an error answer gives, short, and without secrets."""
        try:
            payload = decode(body[:65536])
        except UnreadableError:
            return ""
        words = [member(payload, "error.code", "code"), member(payload, "error.message", "message", "error")]
        text = ", ".join(str(word) for word in words if isinstance(word, (str, int)))
        return f": {self._clean(text)[:300]}" if text else ""

    def _clean(self, text: str) -> str:
        """A text without the key or its secret part."""
        key = self.settings.api_key
        for secret in (key, key.split("_", 2)[-1], key.rpartition("_")[2]):
            if len(secret) >= 6:
                text = re.sub(re.escape(secret), "***", text, flags=re.IGNORECASE)
        return " ".join(text.split())


def _reason(error: BaseException) -> str:
    """Why a connection failed, in the system's words."""
    if isinstance(error, aiohttp.ClientConnectorError) and error.errno is not None:
        # Names that cannot be resolved have numbers of their own, below zero.
        return os.strerror(error.errno) if error.errno > 0 else str(error.strerror)
    return str(error)


@cache
def _trust() -> ssl.SSLContext:
    """The certificates that are trusted: made once, since reading them takes longer than a small sync.

    Those that `SSL_CERT_FILE` or `SSL_CERT_DIR` name, else the system's and Mozilla's.
    """
    context = ssl.create_default_context()
    if not {"SSL_CERT_FILE", "SSL_CERT_DIR"}.intersection(os.environ):
        context.load_verify_locations(certifi.where())
    return context


def _host_of(location: str) -> str:
    try:
        return urlsplit(location).netloc
    except ValueError:
        return ""


def _retry_after(response: aiohttp.ClientResponse) -> float | None:
    """Seconds that a `Retry-After` header asks for; None when it says nothing usable."""
    value = response.headers.get("retry-after", "")
    try:
        seconds = float(value)
    except ValueError:
        moment = _moment(value)
        if moment is None:
            return None
        # By the host's own clock, where it tells it: ours may be another one.
        now = _moment(response.headers.get("date", "")) or datetime.now(UTC)
        seconds = (moment - now).total_seconds()
    return seconds if 0 < seconds < float("inf") else None


def _moment(http_date: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(http_date)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
