"""DuckDB files that cannot be used: each is told from the others, before the platform is asked."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import duckdb
import pytest

from pipelines.warehouse import DuckDbWarehouse

if TYPE_CHECKING:
    from pathlib import Path

    from commands import Place

FILE, COPY = "runmart.duckdb", "runmart.read.duckdb"


def test_a_read_only_file_is_not_loaded_into(loaded: Place) -> None:
    (loaded.folder / FILE).chmod(0o444)
    loaded.call("load", "armature").failed_with(2, str(loaded.folder / FILE), "read-only", "chmod")


def test_a_read_only_file_can_be_read(loaded: Place) -> None:
    (loaded.folder / FILE).chmod(0o444)
    assert loaded.call("query", "select count(*) as n from armature.runs", "--format", "csv").code == 0


def test_a_folder_that_does_not_exist(place: Place) -> None:
    settings = {"DESTINATION__DUCKDB__CREDENTIALS": "nowhere/x.duckdb"}
    place.call("load", "armature", **settings).failed_with(2, str(place.folder / "nowhere"), "does not exist")


@pytest.mark.parametrize("name", ["armature.duckdb", "Runflow.db", "analytics.duckdb"])
def test_a_file_that_is_named_like_a_schema(place: Place, name: str) -> None:
    settings = {"DESTINATION__DUCKDB__CREDENTIALS": name}
    place.call("load", "armature", **settings).failed_with(2, name, "named like the schema", "runmart.duckdb")


@pytest.mark.parametrize("command", [["load", "armature"], ["status"], ["query", "select 1"], ["build"]])
def test_a_file_that_is_no_duckdb_file(place: Place, command: list[str]) -> None:
    (place.folder / FILE).write_text("no database at all " * 1000)
    place.call(*command).failed_with(2, str(place.folder / FILE), "not a DuckDB file")


def test_a_file_that_another_process_holds(loaded: Place) -> None:
    with duckdb.connect(str(loaded.folder / FILE)):
        loaded.run("load", "armature").failed_with(1, str(loaded.folder / FILE), "another process", "PID")


def test_in_memory_is_refused(place: Place) -> None:
    place.call("status", DESTINATION__DUCKDB__CREDENTIALS=":memory:").failed_with(
        2, "DESTINATION__DUCKDB__CREDENTIALS", "file"
    )


def test_rows_that_loads_leave_sparse_are_moved_together_by_who_writes_next(tmp_path: Path) -> None:
    file = tmp_path / FILE
    rows = "select value, value % 10 as part from range(300_000) as numbers(value)"

    def groups() -> int:
        """Into how many pieces DuckDB has cut the table."""
        with duckdb.connect(str(file), read_only=True) as connection:
            (count,) = connection.sql(
                "select count(distinct row_group_id) from pragma_storage_info('runs')"
            ).fetchall()
        return int(count[0])

    with DuckDbWarehouse(file).writing(), duckdb.connect(str(file)) as connection:
        connection.execute(f"create table runs as {rows}")
    at_first = groups()
    for part in range(6):
        with DuckDbWarehouse(file).writing(), duckdb.connect(str(file)) as connection:
            connection.execute(f"delete from runs where part = {part}")  # noqa: S608
            connection.execute(f"insert into runs select * from ({rows}) where part = {part}")  # noqa: S608
    assert groups() > at_first
    with duckdb.connect(str(file)) as connection:
        connection.execute("create table marts as select 1 as one")
    assert groups() == at_first


def test_loads_leave_a_core_to_the_process_that_reads(tmp_path: Path) -> None:
    file = tmp_path / FILE
    threads = "select current_setting('threads')"
    with duckdb.connect() as connection:
        ((usual,),) = connection.sql(threads).fetchall()
    with DuckDbWarehouse(file).writing(), duckdb.connect(str(file)) as connection:
        assert connection.sql(threads).fetchall() == [(max(1, usual - 1),)]


def test_files_are_private(whole: Place) -> None:
    for path in [whole.folder / FILE, whole.folder / COPY, *(whole.folder / "dlt").rglob("*")]:
        assert not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO), path


def test_nothing_is_left_in_the_working_folder_but_the_warehouse_and_its_copy(whole: Place) -> None:
    # `dlt` is DLT_DATA_DIR here, `run.json` the test's own.
    assert {path.name for path in whole.folder.iterdir()} == {FILE, COPY, "dlt", "run.json"}
