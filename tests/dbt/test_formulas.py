"""The formulas' macros, rendered without dbt and run on both engines, against exact arithmetic."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import duckdb
import jinja2
import numpy as np
import pytest
from figures import pass_at, pass_hat, wilson
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats
from statsmodels.api import OLS
from statsmodels.stats.proportion import proportion_confint, proportions_ztest
from warehouses import Postgres, macros

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def literal(number: float | None) -> str:
    """The number in SQL; a fraction in double precision, which PostgreSQL would not make of it."""
    if isinstance(number, int):
        return str(number)
    return f"cast({'null' if number is None else repr(number)} as double precision)"


class Engine:
    """Macros as one engine sees them, and the engine."""

    def __init__(self, name: str, query: Callable[[str], list[tuple[Any, ...]]]) -> None:
        self.name = name
        self.query = query
        environment = jinja2.Environment(extensions=["jinja2.ext.do"])  # noqa: S701
        environment.globals.update({"adapter": self, "return": lambda value: value})
        self.macros = environment.from_string(macros()).make_module()

    def dispatch(self, name: str, package: str) -> Any:  # noqa: ANN401
        assert package == "runmart"
        return getattr(self.macros, f"{self.name}__{name}", None) or getattr(self.macros, f"default__{name}")

    def render(self, macro: str, *arguments: str | float) -> str:
        return getattr(self.macros, macro)(*arguments)

    def values(self, expression: str, rows: Sequence[tuple[float | None, ...]], *columns: str) -> list[Any]:
        """The expression for each row of numbers, in their order."""
        listed = ", ".join(f"({i}, {', '.join(map(literal, row))})" for i, row in enumerate(rows))
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
@given(rows=many_counts)
def test_wilson_bounds_are_those_of_statsmodels(engine: Engine, rows: list[tuple[int, int]]) -> None:
    rows = [(n, c) for n, c in rows if n]
    low = engine.values(engine.render("wilson_low", "c", "n"), rows or [(1, 0)], "n", "c")
    high = engine.values(engine.render("wilson_high", "c", "n"), rows or [(1, 0)], "n", "c")
    for lower, upper, (n, c) in zip(low, high, rows, strict=False):
        bounds = proportion_confint(c, n, alpha=0.05, method="wilson")
        assert (lower, upper) == pytest.approx(bounds, rel=1e-9, abs=1e-12)


clusters = st.lists(
    st.integers(1, 30).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), min_size=1, max_size=40
)


def stderr_of(engine: Engine, clusters: list[tuple[int, int]]) -> float | None:
    """The clustered standard error of (scored, passed) per cluster, as the engine has it."""
    n, c = (sum(numbers) for numbers in zip(*clusters, strict=True))
    listed = ", ".join(f"({n_i}, {c_i}, {n}, {c})" for n_i, c_i in clusters)
    expression = engine.render("clustered_stderr", "c_i", "n_i", "c", "n")
    ((value,),) = engine.query(f"select {expression} from (values {listed}) as given (n_i, c_i, n, c)")  # noqa: S608
    return value  # type: ignore[no-any-return]


@quick
@given(clusters=clusters)
def test_the_clustered_standard_error_is_that_of_its_definition(
    engine: Engine, clusters: list[tuple[int, int]]
) -> None:
    value = stderr_of(engine, clusters)
    if len(clusters) == 1:
        assert value is None
        return
    n, c = (sum(numbers) for numbers in zip(*clusters, strict=True))
    squares = sum(((c_i - n_i * Fraction(c, n)) ** 2 for n_i, c_i in clusters), Fraction(0))
    exact = math.sqrt(squares * Fraction(len(clusters), len(clusters) - 1)) / n
    assert value == pytest.approx(exact, rel=1e-12)


def test_the_clustered_standard_error_is_that_of_statsmodels(engine: Engine) -> None:
    """A mean is a regression on a constant, with errors that are clustered."""
    given = [(5, 5), (5, 0), (4, 2), (7, 6), (1, 1), (3, 0)]
    passes = [float(j < c_i) for n_i, c_i in given for j in range(n_i)]
    groups = [i for i, (n_i, _) in enumerate(given) for _ in range(n_i)]
    fit = OLS(passes, np.ones(len(passes))).fit(cov_type="cluster", cov_kwds={"groups": np.array(groups)})
    assert stderr_of(engine, given) == pytest.approx(fit.bse[0], rel=1e-12)


@quick
@given(clusters=clusters)
def test_a_clustered_interval_is_wilsons_for_as_many_runs_as_are_independent(
    engine: Engine, clusters: list[tuple[int, int]]
) -> None:
    stderr = stderr_of(engine, clusters)
    n, c = (sum(numbers) for numbers in zip(*clusters, strict=True))
    bounds = tuple(
        engine.values(
            engine.render(f"clustered_wilson_{side}", "c", "n", "se"), [(n, c, stderr)], *"n", "c", "se"
        )[0]
        for side in ("low", "high")
    )
    if stderr is None:
        assert bounds == (None, None)
        return
    effective = n if c in (0, n) or stderr == 0 else min(n, c * (n - c) / n**2 / stderr**2)
    exact = proportion_confint(effective * c / n, effective, alpha=0.05, method="wilson")
    assert bounds == pytest.approx(exact, rel=1e-9, abs=1e-12)
    assert 0 <= bounds[0] <= c / n <= bounds[1] <= 1


def test_clusters_that_agree_leave_fewer_independent_runs(engine: Engine) -> None:
    """Four workflows of five repeats that end alike: four runs, less one as for a sample's variance."""
    stderr = stderr_of(engine, [(5, 5), (5, 5), (5, 0), (5, 0)])
    (effective,) = engine.values(engine.render("effective_n", "10", "20", "se"), [(stderr,)], "se")
    assert effective == pytest.approx(3)


def test_no_cluster_makes_more_runs_than_there_are(engine: Engine) -> None:
    stderr = stderr_of(engine, [(2, 1), (2, 1), (2, 1)])
    assert stderr == 0
    assert engine.values(engine.render("effective_n", "3", "6", "se"), [(stderr,)], "se") == [6]


@quick
@given(zs=st.lists(st.floats(-37.4, 37.4), min_size=1, max_size=40))
def test_the_normal_tail_has_twelve_digits_everywhere(engine: Engine, zs: list[float]) -> None:
    zs += [0.0, 1.959963984540054, 3.999999, 4.0, 4.000001, 37.4, -37.4]
    values = engine.values(engine.render("normal_tail", "z"), [(z,) for z in zs], "z")
    for value, z in zip(values, zs, strict=True):
        assert value == pytest.approx(special.erfc(abs(z) / math.sqrt(2)), rel=2e-12, abs=0)
        assert value == pytest.approx(2 * stats.norm.sf(abs(z)), rel=2e-12, abs=0)


def test_a_tail_that_no_double_holds_is_empty(engine: Engine) -> None:
    values = engine.values(engine.render("normal_tail", "z"), [(38.0,), (-1e9,), (None,)], "z")
    assert values == [0, 0, None]


pairs_of_counts = st.lists(st.tuples(counts | few, counts | few), min_size=1, max_size=40)


@quick
@given(pairs=pairs_of_counts)
def test_two_pass_rates_are_compared_as_statsmodels_does(
    engine: Engine, pairs: list[tuple[tuple[int, int], tuple[int, int]]]
) -> None:
    rows = [(n1, c1, n2, c2) for (n1, c1), (n2, c2) in pairs]
    z_sql = engine.render("two_proportion_z", "c1", "n1", "c2", "n2")
    zs = engine.values(z_sql, rows, "n1", "c1", "n2", "c2")
    for z, (n1, c1, n2, c2) in zip(zs, rows, strict=True):
        if not n1 or not n2:
            assert z is None
        elif c1 + c2 in (0, n1 + n2):
            assert z == 0
        else:
            exact, p_value = proportions_ztest([c1, c2], [n1, n2])
            assert z == pytest.approx(exact, rel=1e-9, abs=1e-9)
            (p,) = engine.values(engine.render("normal_tail", "z"), [(float(z),)], "z")
            assert p == pytest.approx(p_value, rel=1e-7, abs=1e-300)


@quick
@given(differences=st.lists(st.none() | st.integers(-8, 8).map(lambda n: n / 8), min_size=1, max_size=40))
def test_pairs_are_compared_by_their_differences(engine: Engine, differences: list[float | None]) -> None:
    listed = ", ".join(f"({literal(difference)})" for difference in differences)
    stderr_sql, z_sql = engine.render("paired_stderr", "d"), engine.render("paired_z", "d")
    ((stderr, z),) = engine.query(f"select {stderr_sql}, {z_sql} from (values {listed}) as given (d)")  # noqa: S608
    kept = [d for d in differences if d is not None]
    if len(kept) < 2:
        assert stderr is z is None
        return
    assert stderr == pytest.approx(stats.sem(kept), rel=1e-12, abs=1e-15)
    if len(set(kept)) > 1:
        assert z == pytest.approx(np.mean(kept) / stats.sem(kept), rel=1e-9, abs=1e-9)
    else:
        assert z == (0 if kept[0] == 0 else None)


@quick
@given(rows=many_counts)
def test_flakiness_is_one_when_half_of_the_runs_passed(engine: Engine, rows: list[tuple[int, int]]) -> None:
    values = engine.values(engine.render("flakiness", "c", "n"), rows, "n", "c")
    for value, (n, c) in zip(values, rows, strict=True):
        exact = float(4 * Fraction(c, n) * (1 - Fraction(c, n))) if n else None
        assert value == (None if exact is None else pytest.approx(exact, rel=1e-12))


@quick
@given(
    values=st.lists(st.integers(-(10**9), 10**12), min_size=1, max_size=60),
    fraction=st.sampled_from([0.5, 0.9, 0.95, 0.99]),
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
