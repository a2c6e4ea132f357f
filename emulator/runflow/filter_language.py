"""The filters of `q`: `status_code:succeeded AND created_at>2026-04-01`, or `status_code.eq:'failed'`."""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING, NoReturn

from emulator.common.errors import INVALID, ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from emulator.common.json_value import Json

    Values = Mapping[str, Json]
    Test = Callable[[Values], bool]

TOKEN = re.compile(
    r"\s*(?:(?P<word>(?:AND|OR|NOT)(?=[\s()]|$)|[()])"
    r"|(?P<name>[a-z_]+)(?:\.(?P<exact>eq|EQ):|(?P<sign>>=|<=|:|>|<))"
    r"(?P<value>'[^']*'|\"[^\"]*\"|[^\s()]+))"
)
OPERATORS = {
    ":": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


def exact_pattern(names: Iterable[str]) -> str:
    """The pattern of what can be read with `only_exact`."""
    one = rf"({'|'.join(sorted(names))})(:|\.eq:|\.EQ:)('[^']*'|[^\s()'\"]+)"
    return f"^({one}( AND {one})*)?$"


def parsed(text: str, names: frozenset[str], *, only_exact: bool) -> Test:
    """What `text` asks of a run's values; `ApiError` if it cannot be read.

    `only_exact`: equality of names, joined by AND, is all that is understood.
    """
    return _Reader(text, names, only_exact=only_exact).whole()


def _refuse(problem: str) -> NoReturn:
    details = {"fieldErrors": [{"field": "q", "message": problem}]}
    raise ApiError(422, INVALID, f"q {problem}.", details=details)


class _Reader:
    """Reads one filter from left to right."""

    def __init__(self, text: str, names: frozenset[str], *, only_exact: bool) -> None:
        self._names = names
        self._only_exact = only_exact
        self._tokens: list[re.Match[str]] = []
        at = 0
        while text[at:].strip():
            token = TOKEN.match(text, at)
            if token is None:
                _refuse(f"cannot be read from {text[at:].strip()[:20]!r} on")
            self._tokens.append(token)
            at = token.end()
        self._tokens.reverse()

    def whole(self) -> Test:
        test = self._any()
        if self._tokens:
            _refuse("goes on after its end")
        return test

    def _take(self, word: str) -> bool:
        if not self._tokens or self._tokens[-1]["word"] != word:
            return False
        if self._only_exact and word != "AND":
            _refuse(f"must not say {word}")
        self._tokens.pop()
        return True

    def _any(self) -> Test:
        tests = [self._all()]
        while self._take("OR"):
            tests.append(self._all())
        return lambda values: any(test(values) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self._take("AND"):
            tests.append(self._one())
        return lambda values: all(test(values) for test in tests)

    def _one(self) -> Test:
        if self._take("NOT"):
            test = self._one()
            return lambda values: not test(values)
        if self._take("("):
            test = self._any()
            if not self._take(")"):
                _refuse("has a bracket that is not closed")
            return test
        if not self._tokens or self._tokens[-1]["word"]:
            _refuse("ends where a comparison is due")
        return self._comparison(self._tokens.pop())

    def _comparison(self, token: re.Match[str]) -> Test:
        name, sign = token["name"], token["sign"] or ":"
        if name not in self._names:
            _refuse(f"names {name}, which cannot be asked for")
        if self._only_exact and sign != ":":
            _refuse(f"must not say {sign}")
        raw = token["value"]
        wanted = raw[1:-1] if raw[0] in "'\"" and len(raw) > 1 else raw
        compare = OPERATORS[sign]

        def test(values: Values) -> bool:
            value = values[name]
            if value is None:
                return False
            if isinstance(value, int | float):
                return _is_number(wanted) and bool(compare(value, float(wanted)))
            return bool(compare(value, wanted))

        return test


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text) is not None
