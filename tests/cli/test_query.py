"""`runmart query`: formats that people and programs expect, on a connection that cannot write."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest
from commands import ROOT

if TYPE_CHECKING:
    from commands import Place

VALUES = (
    "select 1.500000000::decimal(38, 9) as money, timestamptz '2026-01-02 03:04:05.000006+02' as at, "
    "null as nothing, true as yes, '{\"a\": [1]}'::json as body, 2::hugeint ** 70 as big, 'x,\"y' as text"
)


def test_csv_writes_values_as_people_expect(whole: Place) -> None:
    rows = list(csv.reader(io.StringIO(whole.call("query", VALUES, "--format", "csv").out)))
    assert rows[0] == ["money", "at", "nothing", "yes", "body", "big", "text"]
    assert rows[1][:5] == ["1.5", "2026-01-02T01:04:05.000006Z", "", "true", '{"a": [1]}']
    assert rows[1][6] == 'x,"y'


def test_json_is_an_array_of_objects(whole: Place) -> None:
    (row,) = whole.call("query", VALUES, "--format", "json").json
    assert row["money"] == 1.5
    assert row["at"] == "2026-01-02T01:04:05.000006Z"
    assert row["nothing"] is None
    assert row["yes"] is True
    assert row["body"] == {"a": [1]}


def test_no_rows_are_an_empty_array(whole: Place) -> None:
    assert whole.call("query", "select 1 as a where false", "--json").json == []


def test_decimals_keep_their_digits_in_json(whole: Place) -> None:
    out = whole.call("query", "select 12345678901234567890.123456789::decimal(38, 9) as d", "--json").out
    assert "12345678901234567890.123456789" in out


def test_parquet_goes_to_a_file(whole: Place, place: Place) -> None:
    target = place.folder / "runs.parquet"
    done = whole.call("query", "select * from armature.runs", "--format", "parquet", "--output", str(target))
    assert done.code == 0, done.err
    assert pq.read_table(target).num_rows == len(
        whole.call("query", "select run_id from armature.runs", "--json").json
    )
    assert [path.name for path in place.folder.iterdir()] == ["runs.parquet"]


def test_an_output_that_cannot_be_written(whole: Place) -> None:
    whole.call("query", "select 1", "--format", "csv", "--output", "/nowhere/x.csv").failed_with(
        2, "/nowhere/x.csv"
    )


def test_the_table_shows_a_limited_number_of_rows_and_says_so(whole: Place) -> None:
    done = whole.call("query", "select i from range(500) as t(i)", "--limit", "3")
    assert [line.strip() for line in done.out.splitlines() if line.strip().isdigit()] == ["0", "1", "2"]
    assert "--limit 0" in done.err
    assert whole.call("query", "select i from range(500) as t(i)", "--limit", "0").out.count("\n") > 500


def test_a_piped_table_is_not_cut_off(whole: Place) -> None:
    assert "y" * 3000 in whole.call("query", "select repeat('y', 3000) as long").out


def test_a_table_cannot_steer_the_terminal(whole: Place) -> None:
    assert "\x1b" not in whole.call("query", "select chr(27) || '[31m' as red").out


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("selec 1", ["syntax error"]),
        ("select * from nothing_here", ["nothing_here"]),
        ("select 'a'::int", ["'a'"]),
        ("delete from armature.runs", ["only reads"]),
        ("create table x (a int)", ["only reads"]),
    ],
)
def test_a_wrong_query_ends_with_2(whole: Place, sql: str, words: list[str]) -> None:
    whole.call("query", sql).failed_with(2, *words)


def test_without_a_warehouse_it_says_what_to_do_first(place: Place) -> None:
    place.call("query", "select 1").failed_with(1, "runmart load")
    assert not (place.folder / "runmart.duckdb").exists()


def test_a_reader_that_goes_away_is_no_error(whole: Place) -> None:
    read_end, write_end = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "pipelines.cli", "query", "select * from range(1000000)", "--format", "csv"],
        cwd=whole.folder,
        env=whole.environment | {"PYTHONPATH": str(ROOT)},
        stdout=write_end,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(write_end)
    os.read(read_end, 100)
    os.close(read_end)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")


def test_json_of_a_json_column_that_is_null(whole: Place) -> None:
    assert json.loads(whole.call("query", "select null::json as j", "--json").out) == [{"j": None}]
