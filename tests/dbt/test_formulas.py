"""The formulas' macros, rendered without dbt and run on both engines, against exact arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import jinja2
import numpy as np
import pytest
from figures import pass_at, pass_hat, wilson
from hypothesis import given, settings
from hypothesis import strategies as st
from warehouses import PROJECT, Postgres

if TYPE_CHECKING:
    from collections.abc import Callable


class Engine:
    """Macros as one engine sees them, and the engine."""

    def __init__(self, name: str, query: Callable[[str], list[tuple[Any, ...]]]) -> None:
        self.name = name
        self.query = query
        files = sorted((PROJECT / "macros").rglob("*.sql"))
        source = "\n".join(file.read_text() for file in files)
        environment = jinja2.Environment(extensions=["jinja2.ext.do"])  # noqa: S701
        environment.globals.update({"adapter": self, "return": lambda value: value})
        self.macros = environment.from_string(source).make_module()

    def dispatch(self, name: str, package: str) -> Any:  # noqa: ANN401
        assert package == "runmart"
        return getattr(self.macros, f"{self.name}__{name}", None) or getattr(self.macros, f"default__{name}")

    def render(self, macro: str, *arguments: str | float) -> str:
        return getattr(self.macros, macro)(*arguments)

    def values(self, expression: str, rows: list[tuple[int, ...]], *columns: str) -> list[Any]:
        """The expression for each row of integers, in their order."""
        listed = ", ".join(f"({i}, {', '.join(map(str, row))})" for i, row in enumerate(rows))
        sql = f"select {expression} from (values {listed}) as given (i, {', '.join(columns)}) order by i"  # noqa: S608
        return [value for (value,) in self.query(sql)]


@pytest.fixture(scope="session", params=["duckdb", "postgres"])
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "duckdb":
        connection = duckdb.connect()
        return Engine("duckdb", lambda sql: connection.sql(sql).fetchall())
    cursor = Postgres(request.getfixturevalue("postgres_uri")).connect().cursor()

    def query(sql: str) -> list[tuple[Any, ...]]:
        cursor.execute(sql)
        return cursor.fetchall()

    return Engine("postgres", query)


counts = st.integers(0, 10**6).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))
few = st.integers(0, 12).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))
many_counts = st.lists(counts | few, min_size=1, max_size=50)
quick = settings(max_examples=30, deadline=None)


@quick
@given(rows=many_counts, k=st.integers(1, 8))
def test_pass_at_k_and_pass_hat_k_are_the_ratios_of_binomials(
    engine: Engine, rows: list[tuple[int, int]], k: int
) -> None:
    for macro, formula in (("pass_at_k", pass_at), ("pass_hat_k", pass_hat)):
        values = engine.values(engine.render(macro, "n", "c", k), rows, "n", "c")
        for value, (n, c) in zip(values, rows, strict=True):
            exact = formula(n, c, k)
            assert value == (None if exact is None else pytest.approx(float(exact), rel=1e-12, abs=1e-12))
            assert value is None or 0 <= value <= 1


@quick
@given(rows=many_counts)
def test_wilson_bounds_are_the_textbook_ones_and_hold_the_rate(
    engine: Engine, rows: list[tuple[int, int]]
) -> None:
    low = engine.values(engine.render("wilson_low", "c", "n"), rows, "n", "c")
    high = engine.values(engine.render("wilson_high", "c", "n"), rows, "n", "c")
    for lower, upper, (n, c) in zip(low, high, rows, strict=True):
        exact_low, exact_high = wilson(c, n)
        if exact_low is None or exact_high is None:
            assert lower is upper is None
            continue
        assert (lower, upper) == pytest.approx((exact_low, exact_high), rel=1e-9, abs=1e-12)
        assert 0 <= lower <= c / n <= upper <= 1


@quick
@given(
    values=st.lists(st.integers(-(10**9), 10**12), min_size=1, max_size=60),
    fraction=st.sampled_from([0.5, 0.95]),
)
def test_percentile_is_linear_between_neighbours(engine: Engine, values: list[int], fraction: float) -> None:
    rows = ", ".join(f"({value}), (null)" for value in values)
    expression = engine.render("percentile", "x", fraction)
    ((value,),) = engine.query(f"select {expression} from (values {rows}) as given (x)")  # noqa: S608
    assert value == pytest.approx(np.percentile(values, fraction * 100), rel=1e-12)


def test_nothing_is_divided_by_nothing(engine: Engine) -> None:
    assert engine.values(engine.render("safe_divide", "a", "b"), [(1, 0), (0, 4), (1, 4)], "a", "b") == [
        None,
        0,
        0.25,
    ]


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Asia/Tokyo"])
def test_days_and_periods_do_not_depend_on_the_sessions_zone(engine: Engine, zone: str) -> None:
    engine.query(f"set timezone = '{zone}'; select 1")
    moment = "cast('2026-03-09 23:30:00+00' as timestamp with time zone)"
    day = engine.render("utc_date", moment)
    # Clocks in Los Angeles went forward on 8 March 2026.
    before = engine.render("days_before", moment, 7)
    exact = f"{before} = cast('2026-03-02 23:30:00+00' as timestamp with time zone)"
    assert engine.query(f"select cast({day} as text), {exact}") == [("2026-03-09", True)]


def test_milliseconds_are_whole_and_cut_off(engine: Engine) -> None:
    start, stop = (
        f"cast('2026-03-01 00:00:{s}+00' as timestamp with time zone)" for s in ("00", "01.001999")
    )
    assert engine.query(f"select {engine.render('milliseconds_between', start, stop)}") == [(1_001,)]
