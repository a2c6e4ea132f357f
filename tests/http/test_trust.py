"""The key goes to one host, encrypted, and nowhere else; nothing that a host says can do harm."""

from __future__ import annotations

import asyncio
import gzip
import logging
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest
from asking import BRIEF, KEY, SECRET, get, settings
from hypothesis import example, given
from hypothesis import settings as cases
from hypothesis import strategies as st
from wire import Received, endless, listening, response

from sources.common.address import api_address, path_of
from sources.common.errors import (
    AuthenticationError,
    EndpointError,
    RunmartError,
    SettingsError,
    UnreadableError,
)
from sources.common.http import Api

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

PREFIX = "/api/v1"


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("https://a.example", "https://a.example/api/v1"),
        ("  https://a.example/ ", "https://a.example/api/v1"),
        ("https://a.example/api/v1/", "https://a.example/api/v1"),
        ("https://a.example:8443/behind/proxy", "https://a.example:8443/behind/proxy/api/v1"),
        ("a.example", "https://a.example/api/v1"),
        ("http://localhost:8600", "http://localhost:8600/api/v1"),
        ("http://127.0.0.1:8600", "http://127.0.0.1:8600/api/v1"),
        ("http://[::1]:8600", "http://[::1]:8600/api/v1"),
    ],
)
def test_an_address_is_taken_as_users_write_it(given: str, address: str) -> None:
    assert api_address(given, PREFIX, "THE_SETTING") == address


@pytest.mark.parametrize(
    "given",
    [
        "http://a.example",
        "http://10.0.0.1",
        "http://127.0.0.1.a.example",
        "http://localhost.a.example",
        "http://a.localhost",
        "http://0.0.0.0",
        "ftp://a.example",
        "file:///etc/passwd",
        "https://",
        "https://a.example?key=hunter22",
        "https://a.example#hunter22",
        "https://user:hunter22@a.example",
        "https://hunter22@a.example",
        "https://@a.example",
        "https://user:hunter22/x@a.example",
        "http://localhost\\@a.example",
        "https://a.example:port",
        "https://[::1",
    ],
)
def test_an_address_that_would_give_something_away_is_refused(given: str) -> None:
    with pytest.raises(SettingsError, match="THE_SETTING") as caught:
        api_address(given, PREFIX, "THE_SETTING")
    assert "hunter22" not in str(caught.value)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed_to_another_host(status: int) -> None:
    with (
        listening(response()) as other,
        listening(response(status=status, Location=other.url)) as wire,
        pytest.raises(UnreadableError, match=f"leads to {other.url[7:]}"),
    ):
        get(wire.url)
    assert other.requests == []


def test_no_proxy_of_the_environment_sees_a_key_without_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(response()) as proxy, listening(response(b'{"a": 1}')) as wire:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        assert get(wire.url) == {"a": 1}
    assert proxy.requests == []


def test_the_client_says_who_it_is_and_sends_its_key_in_a_header() -> None:
    with listening(response()) as wire:
        get(wire.url)
    (request,) = wire.requests
    assert request.headers["user-agent"].startswith("runmart/")
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert SECRET not in request.target


def test_a_refused_key_ends_the_sync_and_names_the_setting_not_the_key() -> None:
    echo = f'{{"error": {{"code": "unauthenticated", "message": "unknown key {KEY}"}}}}'.encode()
    with (
        listening(response(echo, 401)) as wire,
        pytest.raises(AuthenticationError, match=f"{wire.url[7:]} .*THE_KEY_SETTING") as caught,
    ):
        get(wire.url)
    assert len(wire.requests) == 1
    assert SECRET not in str(caught.value)


def echoing(status: int) -> Callable[[Received, socket.socket], None]:
    """A host that repeats the key wherever it can."""

    def reply(request: Received, connection: socket.socket) -> None:
        body = f'{{"error": {{"code": "{SECRET}", "message": "you sent {KEY}, {SECRET}"}}}}'.encode()
        location = f"https://{SECRET}.example/{KEY}"
        response(body, status, Location=location, Set_Cookie=f"k={KEY}")(request, connection)

    return reply


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 429, 500])
def test_no_error_log_line_or_repr_shows_the_key(status: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    said = ""

    async def ask(url: str) -> None:
        nonlocal said
        async with Api(settings(url, **BRIEF)) as api:
            said += f"{api!r} {api.settings!r} {vars(api)!r}"
            await api.get("/thing")

    with listening(echoing(status)) as wire:
        try:
            asyncio.run(ask(wire.url), debug=True)
        except RunmartError as error:
            said += f"{error} {error!r} {error.__cause__!r}"
    assert SECRET not in said
    assert SECRET not in caplog.text


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_an_answer_that_is_too_large_is_not_read_to_its_end(framing: str) -> None:
    block = b"x" * 65536
    head = b"HTTP/1.1 200 OK\r\n" + (
        b"Content-Length: 99999999999\r\n\r\n"
        if framing == "length"
        else b"Transfer-Encoding: chunked\r\n\r\n"
    )
    again = block if framing == "length" else b"10000\r\n" + block + b"\r\n"
    with (
        listening(endless(head, again)) as wire,
        pytest.raises(UnreadableError, match="more than 1000000 bytes"),
    ):
        get(wire.url, largest_response=1_000_000)
    assert len(wire.requests) == 1


def test_an_answer_that_is_small_only_while_compressed_is_too_large() -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    with (
        listening(response(bomb, Content_Encoding="gzip")) as wire,
        pytest.raises(UnreadableError, match="more than 1000000 bytes"),
    ):
        get(wire.url, largest_response=1_000_000)


def sent(run_id: str) -> str:
    """The target of the request for a run's trace."""
    with listening(response()) as wire:
        get(wire.url, path_of("runs", run_id, "trace"))
    return wire.requests[0].target


@given(st.text(min_size=1, max_size=30))
@example("a/b?c#d%e[f]|g:h")
@example("%2e%2e")
@example("%")
@example("'; drop table runs; --")
@example("\N{PILE OF POO}")
@example("a b\r\nX-Evil: 1")
@example("\ud800")
@cases(max_examples=40, deadline=None)
def test_whatever_an_id_holds_the_path_stays_the_one_that_was_meant(run_id: str) -> None:
    if run_id in (".", ".."):
        return
    _, runs, segment, trace = sent(run_id).split("/")
    assert (runs, trace) == ("runs", "trace")
    assert unquote(segment) == run_id.encode("utf-8", "replace").decode()


@pytest.mark.parametrize("run_id", [".", "..", ""])
def test_an_id_that_would_lead_to_another_path_is_never_asked_for(run_id: str) -> None:
    with pytest.raises(EndpointError, match="cannot be asked for"):
        path_of("runs", run_id, "trace")
