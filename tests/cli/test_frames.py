"""`runmart.frame`: marts as pandas DataFrames."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pandas as pd
import pytest

import runmart
from pipelines.frames import _frame
from pipelines.warehouse import DuckDbWarehouse

if TYPE_CHECKING:
    from commands import Place


@pytest.fixture
def analyst(whole: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Somebody who works in the folder of a warehouse that is loaded, built and published."""
    for name in [name for name in whole.environment if name.startswith(("SOURCES__", "DLT_"))]:
        monkeypatch.setenv(name, whole.environment[name])
    monkeypatch.chdir(whole.folder)
    return whole


def rows(place: Place, sql: str) -> list[dict[str, object]]:
    return DuckDbWarehouse(place.folder / "runmart.duckdb").query(sql)


def test_a_frame_has_the_rows_of_the_mart(analyst: Place) -> None:
    made = runmart.frame("rpt_model_scorecard")
    (counted,) = rows(analyst, "select count(*) as n, sum(runs) as runs from analytics.rpt_model_scorecard")
    assert len(made) == counted["n"]
    assert made["runs"].sum() == counted["runs"]


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ("run_key", "string"),
        ("is_passed", "boolean"),
        ("score", "float64"),
        ("cost", "float64"),
        ("duration_ms", "Int64"),
        ("run_at", "datetime64[us, UTC]"),
        ("run_date", "datetime64[s]"),
    ],
)
def test_columns_have_types_to_reckon_with(analyst: Place, column: str, kind: str) -> None:
    assert str(runmart.frame("fct_runs")[column].dtype) == kind


def test_types_do_not_depend_on_there_being_rows(analyst: Place) -> None:
    made = runmart.frame("fct_runs")
    empty = DuckDbWarehouse(analyst.folder / "runmart.duckdb")
    with empty.reading() as reader:
        none = _frame(reader.ask("select * from analytics.fct_runs where false").arrow().read_all())
    assert len(none) == 0
    pd.testing.assert_series_equal(none.dtypes, made.dtypes)


def test_every_mart_has_a_frame(analyst: Place) -> None:
    named = "select table_name from information_schema.tables where table_schema = 'analytics'"
    for row in rows(analyst, named):
        assert list(runmart.frame(str(row["table_name"])).columns)


def test_an_unknown_name_is_told_with_the_closest_one(analyst: Place) -> None:
    with pytest.raises(runmart.RunmartError, match=r"no mart 'rpt_model_scorcard'.*mean rpt_model_scorecard"):
        runmart.frame("rpt_model_scorcard")


def test_frames_are_made_while_the_warehouse_is_locked(analyst: Place) -> None:
    with duckdb.connect(str(analyst.folder / "runmart.duckdb")):
        assert len(runmart.frame("dim_models")) > 0


def test_without_a_copy_the_warehouse_is_read(loaded: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(loaded.folder)
    assert len(runmart.frame("dim_models")) > 0


def test_a_mart_that_is_not_built_yet(loaded: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with duckdb.connect(str(loaded.folder / "runmart.duckdb")) as connection:
        connection.execute("drop table analytics.rpt_slo")
    monkeypatch.chdir(loaded.folder)
    with pytest.raises(runmart.RunmartError, match=r"rpt_slo is not yet in .* run `runmart build`"):
        runmart.frame("rpt_slo")


def test_before_the_first_build(empty: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(empty.folder)
    with pytest.raises(runmart.RunmartError, match=r"no marts yet .* run `runmart build`"):
        runmart.frame("fct_runs")
