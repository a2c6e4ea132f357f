"""Faults that the server answers with instead of, or on top of, the true answer."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Literal

from emulator.common.chance import draws

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

JSON = "application/json"
HTML = "text/html; charset=utf-8"
LOGIN_PAGE = b"<!doctype html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>"


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to go wrong.

    `effect` "reply": the request is not carried out; `status`, `headers`, `body` are answered; with a `code`,
    the body is the platform's own for such an error. "reset": it is
    not carried out, and the connection is reset. "cut": it is carried out, the whole length is promised, and
    the connection ends after `keep` of the body. "delay": it is carried out and answered after `seconds`.
    """

    name: str
    effect: Literal["reply", "reset", "cut", "delay"] = "reply"
    status: int = 200
    body: bytes = b""
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    keep: float = 0.5
    code: str = ""
    message: str = ""


def too_many_requests(retry_after: float | str | None = 1) -> Fault:
    """429 with `Retry-After` as given (seconds, or text such as an HTTP date), or without one (`None`)."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Fault("429", status=429, code="rate_limited", message="Too many requests.", headers=headers)


def http_date(seconds_from_now: float) -> str:
    """The HTTP date (whole seconds) that lies `seconds_from_now` ahead, for `too_many_requests`."""
    moment = datetime.now(UTC) + timedelta(seconds=seconds_from_now)
    return format_datetime(moment, usegmt=True)


def server_error(status: int = 503) -> Fault:
    """500, 502, 503 or 504; 502 and 504 come as a gateway's HTML, the others as JSON."""
    if status in {502, 504}:
        return Fault(str(status), status=status, body=b"<html>Bad gateway</html>", content_type=HTML)
    return Fault(str(status), status=status, code="internal", message="Something went wrong.")


def refusal(status: int) -> Fault:
    """401, 403 or 404 with the body that an API gives."""
    code = {401: "unauthenticated", 403: "forbidden_role", 404: "not_found"}[status]
    return Fault(str(status), status=status, code=code, message="Refused by a fault.")


def reset() -> Fault:
    """The connection is reset before a byte is answered."""
    return Fault("reset", effect="reset")


def cut_body(keep: float = 0.5) -> Fault:
    """The true answer ends after the share `keep` of its body, short of its Content-Length."""
    return Fault("cut", effect="cut", keep=keep)


def html_page() -> Fault:
    """A sign-in page with status 200, as a proxy answers."""
    return Fault("html", body=LOGIN_PAGE, content_type=HTML)


def slow(seconds: float) -> Fault:
    """The true answer, `seconds` later."""
    return Fault("slow", effect="delay", seconds=seconds)


def redirect(location: str, status: int = 307) -> Fault:
    """A redirect to `location`, e.g. another host."""
    return Fault("redirect", status=status, headers={"Location": location})


def garbage() -> Fault:
    """Status 200 and JSON that breaks off in the middle, with the length that was promised."""
    return Fault("garbage", body=b'{"runs":[{"id":"')


def empty_body() -> Fault:
    """Status 200, JSON by its content type, and no byte of body."""
    return Fault("empty")


def answer(status: int, body: bytes, content_type: str = JSON, **headers: str) -> Fault:
    """Json answer at all, byte for byte; `Retry_After="3"` becomes the header `Retry-After`."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault("answer", status=status, body=body, content_type=content_type, headers=names)


# What a command line can name, as in `--fault 429=0.05`.
BY_NAME: Mapping[str, Callable[[], Fault]] = {
    "429": too_many_requests,
    "500": lambda: server_error(500),
    "502": lambda: server_error(502),
    "503": server_error,
    "401": lambda: refusal(401),
    "403": lambda: refusal(403),
    "404": lambda: refusal(404),
    "reset": reset,
    "cut": cut_body,
    "html": html_page,
    "garbage": garbage,
    "empty": empty_body,
    "slow": lambda: slow(2.0),
}


def _matcher(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("*"))))


@dataclass(slots=True)
class FaultRule:
    """A fault, where it strikes, how often, and how many strikes are left (`None`: no end)."""

    fault: Fault
    on: re.Pattern[str]
    probability: float
    left: int | None
    struck: int = 0

    def meets(self, *names: str) -> bool:
        return self.left != 0 and any(self.on.fullmatch(name) for name in names)


class FaultBook:
    """The faults in force. Rules are tried in the order of their adding; the first that strikes wins."""

    def __init__(self, seed: int = 0) -> None:
        self._chance = draws(seed, "faults")
        self._rules: list[FaultRule] = []
        self._lock = threading.Lock()

    def add(
        self, fault: Fault, *, on: str = "*", probability: float = 1.0, times: int | None = None
    ) -> FaultRule:
        """Put a fault in force.

        `on` is a pattern with `*` over the endpoint (`"GET /runs/{id}/trace"`) or the path asked for
        (`"GET /runs/9f…/trace"`). `times=3` strikes the next three matching requests, and is then spent.
        """
        rule = FaultRule(fault, _matcher(on), probability, times)
        with self._lock:
            self._rules.append(rule)
        return rule

    def add_rates(self, rates: Mapping[str, float], *, on: str = "*") -> None:
        """Put faults in force by name and probability, e.g. `{"429": 0.05, "reset": 0.01}`."""
        for name, probability in rates.items():
            if name not in BY_NAME:
                raise ValueError(f"There is no fault {name!r}; the faults are: {', '.join(BY_NAME)}.")
            self.add(BY_NAME[name](), on=on, probability=probability)

    def remove(self, rule: FaultRule) -> None:
        """Take one rule out of force."""
        with self._lock:
            self._rules = [kept for kept in self._rules if kept is not rule]

    def clear(self) -> None:
        """Take every rule out of force."""
        with self._lock:
            self._rules.clear()

    def strike(self, *names: str) -> Fault | None:
        """The fault that strikes a request known by `names`, if one does."""
        if not self._rules:
            return None
        with self._lock:
            for rule in self._rules:
                if rule.meets(*names) and self._chance.random() < rule.probability:
                    rule.left = None if rule.left is None else rule.left - 1
                    rule.struck += 1
                    return rule.fault
        return None
