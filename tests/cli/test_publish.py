"""The copy for readers: replaced as a whole after a good build, and never locked."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest
from commands import ROOT

from pipelines.publish import publish
from pipelines.warehouse import DuckDbWarehouse
from sources.common.errors import SettingsError

if TYPE_CHECKING:
    from commands import Place

DIES_BEFORE_THE_END = """
import os, sys
from pathlib import Path
from pipelines import publish
from pipelines.warehouse import DuckDbWarehouse
publish.os.replace = lambda *paths: os._exit(9)
publish.publish(DuckDbWarehouse(Path(sys.argv[1])))
"""

LEAVES_A_LOG = """
import duckdb, os, sys
connection = duckdb.connect(sys.argv[1])
connection.execute("insert into numbers values (2)")
os._exit(9)
"""


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDbWarehouse:
    """A file with a table of one row: the number 1."""
    with duckdb.connect(str(tmp_path / "runmart.duckdb")) as connection:
        connection.execute("create table numbers as select 1 as number")
    return DuckDbWarehouse(tmp_path / "runmart.duckdb")


@pytest.fixture
def copy(warehouse: DuckDbWarehouse) -> Path:
    return warehouse.path.with_name("runmart.read.duckdb")


def numbers(file: Path) -> list[int]:
    """What another process reads in a file: this one may have an older one open under the same name."""
    program = "import duckdb, json, sys; connection = duckdb.connect(sys.argv[1], read_only=True); "
    program += "print(json.dumps([n for n, in connection.sql('from numbers order by 1').fetchall()]))"
    return json.loads(subprocess.check_output([sys.executable, "-c", program, str(file)]))


def add(warehouse: DuckDbWarehouse, number: int) -> None:
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute("insert into numbers values (?)", [number])


def run(program: str, warehouse: DuckDbWarehouse) -> int:
    command = [sys.executable, "-c", program, str(warehouse.path)]
    return subprocess.run(command, cwd=ROOT, capture_output=True).returncode


def test_a_good_build_publishes_what_it_built(whole: Place) -> None:
    told = json.loads((whole.folder / "run.json").read_text())["build"]["published"]
    assert told["path"] == str(whole.folder / "runmart.read.duckdb")
    assert told["size"] == Path(told["path"]).stat().st_size
    sql = "select count(*) as runs, max(run_key) as last from analytics.fct_runs"
    copied = whole.call("query", sql, "--json", DESTINATION__DUCKDB__CREDENTIALS=told["path"]).json
    assert copied == whole.call("query", sql, "--json").json
    assert copied[0]["runs"] > 0


def test_the_copy_is_read_while_the_warehouse_is_written(warehouse: DuckDbWarehouse, copy: Path) -> None:
    publish(warehouse)
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute("insert into numbers values (2)")
        assert numbers(copy) == [1]


def test_a_new_copy_stands_where_the_old_one_stood(warehouse: DuckDbWarehouse, copy: Path) -> None:
    publish(warehouse)
    add(warehouse, 2)
    publish(warehouse)
    assert numbers(copy) == [1, 2]
    assert {path.name for path in copy.parent.iterdir()} == {"runmart.duckdb", "runmart.read.duckdb"}


def test_who_reads_the_old_copy_goes_on_reading_it(warehouse: DuckDbWarehouse, copy: Path) -> None:
    publish(warehouse)
    with duckdb.connect(str(copy), read_only=True) as reader:
        add(warehouse, 2)
        publish(warehouse)
        assert reader.sql("from numbers").fetchall() == [(1,)]


def test_a_crash_leaves_the_old_copy_and_the_next_publication_tidies_up(
    warehouse: DuckDbWarehouse, copy: Path
) -> None:
    publish(warehouse)
    add(warehouse, 2)
    assert run(DIES_BEFORE_THE_END, warehouse) == 9
    assert numbers(copy) == [1]
    assert len(list(copy.parent.iterdir())) == 3
    publish(warehouse)
    assert numbers(copy) == [1, 2]
    assert len(list(copy.parent.iterdir())) == 2


def test_a_publication_that_fails_leaves_nothing(
    warehouse: DuckDbWarehouse, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_paths: object) -> None:
        raise OSError(28, "No space left on device")

    publish(warehouse)
    with monkeypatch.context() as patched:
        patched.setattr("shutil.copyfile", refuse)
        with pytest.raises(SettingsError, match="No space left"):
            publish(warehouse)
    assert numbers(copy) == [1]
    assert len(list(copy.parent.iterdir())) == 2


def test_rows_that_are_in_the_log_only_are_copied(warehouse: DuckDbWarehouse, copy: Path) -> None:
    assert run(LEAVES_A_LOG, warehouse) == 9
    assert warehouse.path.with_name("runmart.duckdb.wal").exists()
    publish(warehouse)
    assert numbers(copy) == [1, 2]


def test_a_log_that_somebody_left_beside_the_old_copy_is_not_taken_for_the_new_ones(
    warehouse: DuckDbWarehouse, copy: Path
) -> None:
    publish(warehouse)
    copy.with_name("runmart.read.duckdb.wal").write_bytes(b"rows of another time")
    publish(warehouse)
    assert numbers(copy) == [1]


def test_the_first_copy_is_private_and_not_to_be_written(warehouse: DuckDbWarehouse, copy: Path) -> None:
    publish(warehouse)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o400


def test_who_was_allowed_to_read_the_copy_still_is(warehouse: DuckDbWarehouse, copy: Path) -> None:
    publish(warehouse)
    copy.chmod(0o440)
    publish(warehouse)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o440


def test_a_file_of_somebody_else_stays_as_it_is(warehouse: DuckDbWarehouse, copy: Path) -> None:
    with duckdb.connect(str(copy)) as connection:
        connection.execute("create table numbers as select 7 as number")
    with pytest.raises(SettingsError, match="no copy of runmart's"):
        publish(warehouse)
    assert numbers(copy) == [7]


def test_nothing_is_published_where_it_is_not_wanted(
    warehouse: DuckDbWarehouse, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNMART__PUBLISH", "false")
    assert publish(warehouse) is None
    assert not copy.exists()


def test_a_build_that_cannot_publish_says_so_and_ends_with_1(loaded: Place) -> None:
    (loaded.folder / "runmart.read.duckdb").write_text("a diary")
    done = loaded.run("build", "--select", "dim_models")
    assert done.code == 1
    assert "Built 1 model" in done.out
    assert "Not published" in done.err
    assert (loaded.folder / "runmart.read.duckdb").read_text() == "a diary"


def test_a_build_with_a_failing_test_leaves_the_copy_of_the_last_good_one(loaded: Place) -> None:
    with duckdb.connect(str(loaded.folder / "runmart.duckdb")) as connection:
        connection.execute("insert into armature.runs select * from armature.runs limit 1")
    done = loaded.run("build", "--select", "stg_armature__runs", "--json")
    assert done.json["failed_tests"]
    assert done.json["published"] is None
    assert not os.path.lexists(loaded.folder / "runmart.read.duckdb")
