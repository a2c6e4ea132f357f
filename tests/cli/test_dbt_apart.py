"""dbt builds in a process of its own, which ends with the one that started it, and whose end is told."""

from __future__ import annotations

import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import duckdb
import psutil
import pytest

if TYPE_CHECKING:
    import subprocess

    from commands import Place


def process_of_dbt(build: subprocess.Popen[str]) -> psutil.Process:
    """The process of dbt that a build has started, once it builds."""
    while build.poll() is None:
        for child in psutil.Process(build.pid).children():
            # A build has short-lived children besides, which may be gone by now.
            with suppress(psutil.NoSuchProcess):
                if any("dbt_apart" in word for word in child.cmdline()) and child.num_threads() > 2:
                    return child
        time.sleep(0.05)
    raise AssertionError(f"the build ended before: {build.communicate()}")


def test_that_dbt_ended_is_told_in_a_sentence_and_the_next_build_is_whole(loaded: Place) -> None:
    build = loaded.start("build")
    process_of_dbt(build).kill()
    out, err = build.communicate(timeout=60)
    assert build.returncode == 1, (out, err)
    assert "ended unexpectedly (exit code -9)" in err
    assert "run the build again" in err
    assert "Traceback" not in err
    assert loaded.run("build").code == 0


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_dbt_ends_with_the_build_that_started_it(loaded: Place, sent: signal.Signals, code: int) -> None:
    build = loaded.start("build")
    dbt = process_of_dbt(build)
    build.send_signal(sent)
    out, err = build.communicate(timeout=60)
    assert build.returncode == code, (out, err)
    dbt.wait(timeout=30)
    assert "Traceback" not in err


def test_a_table_in_the_place_of_a_view_is_replaced_by_it(loaded: Place) -> None:
    file = str(loaded.folder / "runmart.duckdb")
    view = "analytics_staging.stg_armature__workflows"
    with duckdb.connect(file) as connection:
        connection.execute(f"drop view {view}")
        connection.execute(f"create table {view} as select 1 as other")
    done = loaded.run("build", "--select", "stg_armature__workflows")
    assert done.code == 0, done.err
    with duckdb.connect(file, read_only=True) as connection:
        assert connection.table(view).columns[0] == "workflow_key"
        assert connection.execute(
            "select table_type from information_schema.tables where table_name = 'stg_armature__workflows'"
        ).fetchall() == [("VIEW",)]
