"""`load`, `build`, `run`, `demo`, `emulate`: what they print, how they end, and what they leave alone."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import time
from typing import TYPE_CHECKING

import duckdb
import pytest

from emulator.common import faults
from pipelines.demo import MARK
from pipelines.platforms import PLATFORMS

if TYPE_CHECKING:
    from commands import Place

    from emulator import Server
    from emulator.armature import ArmatureEmulator

    Account = Server[ArmatureEmulator]


def test_run_loads_builds_and_scores(whole: Place) -> None:
    done = json.loads((whole.folder / "run.json").read_text())
    assert done["exit_code"] == 0
    assert done["load"]["is_complete"] is True
    assert done["load"]["runs_new"] > 0
    assert done["build"]["models_built"] > 0
    assert done["build"]["failed_tests"] == []
    assert {row["period"] for row in done["scorecard"]} == {"all"}
    assert sum(row["runs"] for row in done["scorecard"]) == done["load"]["runs_new"]


def test_a_second_load_has_next_to_nothing_to_do(loaded: Place) -> None:
    done = loaded.run("load", "armature", "--json")
    assert done.code == 0, done.err
    assert done.json["requests"] <= 25


def test_a_load_of_chosen_tables(place: Place) -> None:
    done = place.run("load", "armature", "--resources", "runs,workflows", "--since", "7d")
    assert done.code == 0, done.err
    assert re.match(r"Loaded \d+ new runs? of armature", done.out)
    tables = place.call(
        "query", "select table_name from information_schema.tables where table_schema = 'armature'", "--json"
    ).json
    assert "tool_calls" not in {row["table_name"] for row in tables}


def test_json_logs_are_one_object_per_line(loaded: Place) -> None:
    done = loaded.run("load", "armature", "--log-format", "json")
    lines = [json.loads(line) for line in done.err.splitlines()]
    assert lines
    assert all({"time", "level", "logger", "message"} <= line.keys() for line in lines)


def test_an_error_is_a_json_line_too(empty: Place) -> None:
    done = empty.run("--log-format", "json", "load", "armature")
    (line,) = map(json.loads, done.err.splitlines())
    assert (done.code, line["level"]) == (2, "error")


def test_unread_details_end_with_3(empty: Place, own_account: Account) -> None:
    own_account.faults.add(faults.answer(400, b"{}"), on="GET /runs/{id}/tool-calls")
    empty.settings |= {
        "SOURCES__ARMATURE__BASE_URL": own_account.origin,
        "SOURCES__ARMATURE__API_KEY": own_account.api_key,
    }
    done = empty.run("load", "armature")
    assert done.code == 3, done.err
    assert "Known to be missing" in done.err


def test_build_before_the_first_load_says_so(place: Place) -> None:
    place.run("build").failed_with(1, "runmart load")
    assert not (place.folder / "runmart.duckdb").exists()


def test_a_failing_test_of_dbt_is_named_and_so_is_a_selection_without_match(loaded: Place) -> None:
    with duckdb.connect(str(loaded.folder / "runmart.duckdb")) as connection:
        connection.execute("insert into armature.runs select * from armature.runs limit 1")
    done = loaded.run("build", "--select", "stg_armature__runs")
    assert done.code == 1
    assert "Test failed: unique_stg_armature__runs_run_key" in done.err
    loaded.run("build", "--select", "no_such_model").failed_with(2, "no_such_model")


@pytest.mark.parametrize(
    "table",
    [
        "evaluations",
        "tool_calls",
        *(
            pytest.param(table, marks=pytest.mark.long)
            for table in ("runs", "evaluation_criteria", "workflows", "mcp_servers", "sync_log")
        ),
    ],
)
def test_a_row_that_is_there_twice_is_found_before_anything_is_published(loaded: Place, table: str) -> None:
    """The build does not test every view that it reads: the tables made of them show it as well."""
    with duckdb.connect(str(loaded.folder / "runmart.duckdb")) as connection:
        rows = connection.table(f"armature.{table}")
        for position in {"call_index", "criterion_index"}.intersection(rows.columns):
            rows = rows.filter(f"{position} = 0")
        rows.limit(1).insert_into(f"armature.{table}")
    done = loaded.run("build", "--json")
    assert done.code == 1
    assert done.json["failed_tests"]
    assert done.json["published"] is None


def test_a_load_that_is_interrupted_says_what_is_kept(empty: Place, own_account: Account) -> None:
    own_account.latency.fixed = 300
    empty.settings |= {
        "SOURCES__ARMATURE__BASE_URL": own_account.origin,
        "SOURCES__ARMATURE__API_KEY": own_account.api_key,
    }
    process = empty.start("load", "armature")
    while own_account.requests.total == 0:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, (out, err)
    assert "Stopped." in err
    assert "Traceback" not in err


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_emulator_tells_how_to_be_used(empty: Place, platform: str) -> None:
    process = empty.start("emulate", platform, "--port", "0", "--runs", "20", "--workflows", "4")
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(6)]
        exports = dict(re.findall(r"export (\w+)=(\S+)", "".join(lines)))
        done = empty.call("check", "--json", **exports)
        assert done.code == 0, done.err
        assert done.json["platform"] == platform
        assert {endpoint["result"] for endpoint in done.json["endpoints"]} <= {"ok", "none"}
        assert "/runs/{id}" in {endpoint["endpoint"] for endpoint in done.json["endpoints"]}
        assert done.json["organization"]
    finally:
        process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 0


def test_the_emulator_refuses_a_taken_port(empty: Place, account: Account) -> None:
    port = account.origin.rpartition(":")[2]
    empty.call("emulate", "armature", "--port", port).failed_with(2, port, "in use")


@pytest.mark.long
def test_the_demo_goes_the_whole_way_and_replaces_an_earlier_one(empty: Place) -> None:
    with duckdb.connect(str(empty.folder / "runmart_demo.duckdb")) as connection:
        connection.execute(
            f"create schema {MARK}; create schema analytics; create table analytics.old (a int)"
        )
    done = empty.run("demo", "--runs", "60")
    assert done.code == 0, done.err
    assert "pass rate" in done.out
    assert str(empty.folder / "runmart_demo.duckdb") in done.out
    assert "SOURCES__ARMATURE__API_KEY" in done.out
    assert {path.name for path in empty.folder.iterdir()} == {
        "runmart_demo.duckdb",
        "runmart_demo.read.duckdb",
    }
    with duckdb.connect(str(empty.folder / "runmart_demo.duckdb"), read_only=True) as connection:
        found = connection.execute(
            "select platform, min(cost_unit), count(*) from analytics.fct_runs group by 1 order by 1"
        ).fetchall()
        assert connection.execute("from duckdb_tables() where table_name = 'old'").fetchall() == []
    assert [(platform, unit) for platform, unit, _ in found] == [
        ("armature", "unknown"),
        ("b3os", "compute_units"),
        ("eigenpal", "credits"),
        ("runflow", "usd"),
    ]
    assert all(45 <= runs <= 75 for _, _, runs in found)
    for platform, unit, _ in found:
        assert re.search(rf"^ {platform} .* {unit} ", done.out, re.MULTILINE), platform


def test_the_demo_leaves_a_real_warehouse_alone(loaded: Place) -> None:
    loaded.run("demo", "--destination", "runmart.duckdb").failed_with(
        2, "not a file of the demo", "--destination"
    )


def test_a_bar_is_shown_on_a_terminal(loaded: Place) -> None:
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    import subprocess
    import sys

    from commands import ROOT

    process = subprocess.Popen(
        [sys.executable, "-m", "pipelines.cli", "load", "armature"],
        cwd=loaded.folder,
        env=loaded.environment | {"PYTHONPATH": str(ROOT), "TERM": "xterm"},
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    )
    os.close(theirs)
    seen = b""
    while select.select([ours], [], [], 60)[0]:
        try:
            part = os.read(ours, 65536)
        except OSError:
            break
        if not part:
            break
        seen += part
    assert process.wait(timeout=60) == 0
    assert b"\x1b[" in seen


@pytest.mark.long
def test_a_dispatched_run_is_followed_to_its_end_and_its_evaluation(
    empty: Place, own_account: Account
) -> None:
    empty.settings |= {
        "SOURCES__ARMATURE__BASE_URL": own_account.origin,
        "SOURCES__ARMATURE__API_KEY": own_account.api_key,
    }
    world = own_account.emulator.world
    world.pace.run, world.pace.evaluation = 600, 300
    workflow = next(iter(world.workflows.values()))
    (run_id,), _ = world.dispatch(workflow.id, models=workflow.models[:1])

    def rows(table: str) -> list[dict[str, object]]:
        found: list[dict[str, object]] = empty.call(
            "query",
            f"select * from {table} where run_id = '{run_id}'",  # noqa: S608
            "--json",
        ).json
        return found

    assert empty.run("load", "armature").code == 0
    assert rows("armature.runs")[0]["status"] in ("pending", "running")
    assert rows("armature.evaluations") == []
    world.clock.advance(hours=1)
    assert empty.run("run", "armature").code == 0
    (run,) = rows("analytics.fct_runs")
    assert run["status"] not in ("pending", "running")
    assert (run["evaluation_id"] is not None) == bool(run["is_scored"])
