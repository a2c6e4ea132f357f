"""What may pass is tried again, for a bounded time; what will not pass is not."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import time
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest
from asking import BRIEF, get, get_many, settings
from wire import Received, endless, listening, raw, response, silence

from sources.common.address import Traffic
from sources.common.errors import (
    EndpointError,
    ForbiddenError,
    NotFoundError,
    RefusedError,
    UnreachableError,
    UnreadableError,
)
from sources.common.http import Api

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wire import Reply

PASSING: dict[str, Reply] = {
    "reset": raw(b""),
    "cut_head": raw(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "cut_body": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"),
    "cut_chunk": raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{"),
    "408": response(status=408),
    "425": response(status=425),
    "429": response(status=429),
    "500": response(status=500),
    "502": response(b"<html>", status=502, Content_Type="text/html"),
    "503": response(status=503),
    "504": response(status=504),
    "520": response(status=520),
    "web_page": response(b"<!doctype html>", Content_Type="text/html"),
    "no_json": response(b'{"a": "'),
    "empty": response(b""),
    "redirect": response(status=302, Location="/elsewhere"),
    "redirect_nowhere": response(status=302, Location="http://[::1"),
    "no_http": raw(b"\x00\xff\x16\x03\r\n\r\n"),
    "no_status": raw(b"HTTP/1.1 abc OK\r\n\r\n"),
    "no_length": raw(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}"),
    "no_chunk": raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n"),
    "no_gzip": response(b"not gzip", Content_Encoding="gzip"),
    "long_header": raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n{}"),
}
"""Answers that do not say what was asked for, and that the next try may not meet."""


def in_turn(replies: Sequence[Reply]) -> Reply:
    """Each reply once, and the last one from then on."""
    waiting = list(replies)

    def reply(request: Received, connection: socket.socket) -> None:
        (waiting.pop(0) if len(waiting) > 1 else waiting[0])(request, connection)

    return reply


@pytest.mark.parametrize("name", PASSING)
def test_what_may_pass_is_tried_again(name: str) -> None:
    with listening(in_turn([PASSING[name], PASSING[name], response(b'{"a": 1}')])) as wire:
        assert get(wire.url) == {"a": 1}
    assert len(wire.requests) == 3


@pytest.mark.parametrize("name", PASSING)
def test_what_never_passes_is_an_error_of_that_path_alone(name: str) -> None:
    with listening(PASSING[name]) as wire, pytest.raises(EndpointError, match=r"/thing") as caught:
        get(wire.url, **BRIEF)
    assert wire.url.removeprefix("http://") in str(caught.value)


def test_an_answer_that_does_not_come_is_asked_for_again() -> None:
    with listening(in_turn([silence, response(b'{"a": 1}')])) as wire:
        assert get(wire.url, timeout=0.2) == {"a": 1}


def test_a_host_that_never_answers_is_given_up() -> None:
    with listening(silence) as wire, pytest.raises(EndpointError, match="broke off"):
        get(wire.url, **BRIEF)


def test_an_answer_that_never_ends_is_given_up_however_busy_it_is() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with (
        listening(endless(head, b"1\r\n \r\n", pause=0.01)) as wire,
        pytest.raises(EndpointError, match="no whole answer in time"),
    ):
        get(wire.url, **BRIEF | {"timeout": 10.0})


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, RefusedError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (410, NotFoundError),
        (422, RefusedError),
    ],
)
def test_what_is_refused_is_not_asked_for_again(status: int, error: type[EndpointError]) -> None:
    body = b'{"error": {"code": "why_not", "message": "because"}}'
    with listening(response(body, status)) as wire, pytest.raises(error, match="why_not, because") as caught:
        get(wire.url)
    assert len(wire.requests) == 1
    assert caught.value.status_code == status


def test_a_host_where_nobody_listens_is_told_after_a_few_tries() -> None:
    traffic = Traffic()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(UnreachableError, match=f"127.0.0.1:{port} cannot be reached"):
        get(f"http://127.0.0.1:{port}", traffic=traffic)
    assert traffic.requests == Api.FIRST_TRIES


def test_a_name_that_does_not_exist_is_told_after_a_few_tries() -> None:
    with pytest.raises(UnreachableError, match="cannot be reached"):
        get("https://no-such-host.invalid")


def test_a_host_that_answered_before_may_be_away_for_longer() -> None:
    async def away_and_back() -> None:
        first = contextlib.ExitStack()
        url = first.enter_context(listening(response())).url
        async with Api(settings(url)) as api:
            await api.get("/first")
            first.close()
            again = asyncio.create_task(api.get("/second"))
            while api.traffic.retries <= Api.FIRST_TRIES:  # noqa: ASYNC110 - the client has no event for it
                await asyncio.sleep(0.001)
            with listening(response(b'{"a": 1}'), port=int(url.rpartition(":")[2])):
                assert await again == {"a": 1}

    asyncio.run(away_and_back())


def test_a_web_page_from_a_host_that_never_spoke_json_is_told_after_a_few_tries() -> None:
    with (
        listening(PASSING["web_page"]) as wire,
        pytest.raises(UnreadableError, match=f"{wire.url[7:]} .* web page .* base_url"),
    ):
        get(wire.url)
    assert len(wire.requests) == Api.FIRST_TRIES


def test_a_host_that_spoke_json_may_show_web_pages_for_longer() -> None:
    async def ask(url: str) -> None:
        async with Api(settings(url)) as api:
            await api.get("/first")
            await api.get("/second")

    pages = [PASSING["web_page"]] * (Api.STRANGE_TRIES - 1)
    with listening(in_turn([response(), *pages, response()])) as wire:
        asyncio.run(ask(wire.url))


def test_pauses_are_drawn_between_zero_and_a_ceiling_that_doubles(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[tuple[float, float]] = []

    def at_once(low: float, high: float) -> float:
        drawn.append((low, high))
        return 0.0

    monkeypatch.setattr(random, "uniform", at_once)
    with listening(in_turn([PASSING["500"]] * 7 + [response()])) as wire:
        get(wire.url, first_backoff=1.0, longest_backoff=10.0)
    assert drawn == [(0, 1.0), (0, 2.0), (0, 4.0), (0, 8.0), (0, 10.0), (0, 10.0), (0, 10.0)]


@pytest.mark.parametrize("status", [429, 503, 500])
def test_retry_after_wins_over_the_pause_of_our_own(status: int) -> None:
    traffic = Traffic()
    with listening(in_turn([response(status=status, Retry_After="0.2"), response()])) as wire:
        get(wire.url, traffic=traffic, first_backoff=1000.0, longest_backoff=1000.0)
    asked, again = wire.requests
    assert traffic.throttled_seconds == pytest.approx(0.2)
    assert again.at - asked.at >= 0.2


def test_retry_after_may_be_a_date_on_the_clock_of_the_host() -> None:
    from datetime import UTC, datetime

    now = datetime(2021, 1, 1, 12, 0, 0, tzinfo=UTC)
    refused = response(
        status=429,
        Date=format_datetime(now, usegmt=True),
        Retry_After=format_datetime(now.replace(second=1), usegmt=True),
    )
    traffic = Traffic()
    with listening(in_turn([refused, response()])) as wire:
        get(wire.url, traffic=traffic, first_backoff=1000.0, longest_backoff=1000.0)
    assert traffic.throttled_seconds == pytest.approx(1.0)


@pytest.mark.parametrize("value", ["", "soon", "0", "-5", "nan", "inf", "Fri, 01 Jan 2021 00:00:00 GMT"])
def test_a_retry_after_that_says_nothing_leaves_the_pause_to_us(value: str) -> None:
    with listening(in_turn([response(status=429, Retry_After=value), response(b'{"a": 1}')])) as wire:
        assert get(wire.url) == {"a": 1}


def test_a_pause_that_is_too_long_ends_the_sync_and_says_how_long() -> None:
    with (
        listening(response(status=429, Retry_After="7200")) as wire,
        pytest.raises(UnreachableError, match="a pause of 7200 s"),
    ):
        get(wire.url)
    assert len(wire.requests) == 1


def test_waiting_that_the_host_asks_for_does_not_use_up_the_deadline() -> None:
    refused = response(status=429, Retry_After="0.1")
    with listening(in_turn([refused] * 5 + [response(b'{"a": 1}')])) as wire:
        assert get(wire.url, deadline=0.4) == {"a": 1}


@pytest.mark.parametrize("rate", [None, 1000.0])
def test_one_429_lets_no_request_start_during_its_pause(rate: float | None) -> None:
    """Seven requests are held until the eighth one was told to wait; those that follow them must wait too."""
    workers, pause = 8, 0.3
    told_at: list[float] = []

    async def ask(url: str) -> None:
        async with Api(settings(url, concurrency=workers, requests_per_second=rate)) as api:

            def reply(request: Received, connection: socket.socket) -> None:
                position = int(request.target.rpartition("/")[2])
                if position == 0 and not told_at:
                    while len(wire.requests) < workers:
                        time.sleep(0.001)
                    told_at.append(time.monotonic())
                    response(status=429, Retry_After=str(pause))(request, connection)
                    return
                while not api.traffic.throttled_seconds:
                    time.sleep(0.001)
                response()(request, connection)

            wire.reply = reply
            await asyncio.gather(*(twice(api, number) for number in range(workers)))

    async def twice(api: Api, number: int) -> None:
        await api.get(f"/thing/{number}")
        await api.get(f"/thing/{number}")

    with listening(silence) as wire:
        asyncio.run(ask(wire.url))
    later = wire.requests[workers:]
    assert len(later) == workers + 1
    assert min(request.at for request in later) >= told_at[0] + pause


def test_refusals_that_come_together_count_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise one busy moment of the host would look like thirty-two in a row."""
    ceilings: list[float] = []

    def short(_: float, high: float) -> float:
        ceilings.append(high)
        return 0.0

    monkeypatch.setattr(random, "uniform", short)
    gate = [response(status=429)] * 8

    def reply(request: Received, connection: socket.socket) -> None:
        while len(wire.requests) < 8:
            time.sleep(0.001)
        (gate.pop() if gate else response())(request, connection)

    with listening(reply) as wire:
        get_many(wire.url, 8, concurrency=8, first_backoff=0.5, longest_backoff=100.0)
    assert ceilings == [1.0]


def test_no_more_requests_start_per_second_than_are_allowed() -> None:
    with listening(response()) as wire:
        get_many(wire.url, 11, requests_per_second=50.0)
    arrived = sorted(request.at for request in wire.requests)
    assert arrived[-1] - arrived[0] >= 10 / 50 - 0.02


def test_no_more_requests_are_in_flight_than_are_allowed() -> None:
    in_flight, most = [0], [0]

    def reply(request: Received, connection: socket.socket) -> None:
        in_flight[0] += 1
        most[0] = max(most[0], in_flight[0])
        time.sleep(0.005)
        in_flight[0] -= 1
        response()(request, connection)

    with listening(reply) as wire:
        get_many(wire.url, 30, concurrency=3)
    assert most[0] <= 3
