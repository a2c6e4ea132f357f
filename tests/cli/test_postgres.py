"""The commands on PostgreSQL: the same settings for dlt, dbt and queries, the same figures as on DuckDB."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING
from unittest import mock

import pandas as pd
import pyarrow.parquet as pq
import pytest

import runmart

if TYPE_CHECKING:
    from collections.abc import Callable

    from commands import Place


@pytest.fixture(scope="session")
def postgres(make_database: Callable[[str], str]) -> str:
    """The address of an empty database."""
    return make_database("cli")


def test_the_whole_way_on_postgres(place: Place, whole: Place, postgres: str) -> None:
    place.settings |= {"DESTINATION__POSTGRES__CREDENTIALS": postgres, "RUNMART__DESTINATION": "postgres"}
    done = place.run("run", "armature", "--json")
    assert done.code == 0, done.err
    assert done.json["build"]["failed_tests"] == []
    assert done.json["build"]["published"] is None

    status = place.call("status", "--json").json
    rows = status["platforms"][0]["rows"]
    assert rows["runs"] == done.json["load"]["runs_new"]
    assert "none" not in status["warehouse"]

    (row,) = place.call(
        "query",
        "select 1.50::numeric(38, 9) as money, null as nothing, '{\"a\": [1]}'::jsonb as body",
        "--json",
    ).json
    assert row == {"money": 1.5, "nothing": None, "body": {"a": [1]}}
    place.call("query", "selec 1").failed_with(2, "yntax error")
    place.call("query", "delete from armature.runs").failed_with(2, "only reads")

    target = place.folder / "runs.parquet"
    sql = "select run_id, started_at, cost, extra, sum(cost) over () as total from armature.runs"
    exported = place.call("query", sql, "--format", "parquet", "--output", str(target))
    assert exported.code == 0, exported.err
    table = pq.read_table(target)
    assert table.num_rows == rows["runs"]
    assert str(table.schema.field("started_at").type) == "timestamp[us, tz=UTC]"
    assert str(table.schema.field("cost").type) == "decimal128(38, 9)"

    for mart in ("fct_runs", "rpt_model_scorecard", "rpt_cost_daily"):
        pd.testing.assert_series_equal(types(place, mart), types(whole, mart))


def types(place: Place, mart: str) -> pd.Series[str]:
    """The types of the columns of a mart's frame."""
    with mock.patch.dict(os.environ, place.environment, clear=True), contextlib.chdir(place.folder):
        return runmart.frame(mart).dtypes.astype(str)
