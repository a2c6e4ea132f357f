"""Several accounts of a platform: chosen by name, each with its own cursor and key, apart in every table."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from commands import ROOT

from emulator import serve
from emulator.common import faults
from pipelines.emulate import Size, emulated, exports
from pipelines.platforms import PLATFORMS

if TYPE_CHECKING:
    from collections.abc import Callable

    from commands import Place

    from emulator import Server
    from emulator.armature import ArmatureEmulator

    Account = Server[ArmatureEmulator]

EU = "SOURCES__ARMATURE__ACCOUNTS__EU"


def eu(server: Account) -> dict[str, str]:
    return {f"{EU}__BASE_URL": server.origin, f"{EU}__API_KEY": server.api_key}


@pytest.fixture
def two(place: Place, account: Account) -> Place:
    """A folder with two accounts that have the same runs: their ids tell nothing apart."""
    place.settings |= eu(account)
    return place


@pytest.fixture(params=["duckdb", "postgres"])
def engine(request: pytest.FixtureRequest, two: Place, make_database: Callable[[str], str]) -> Place:
    """The same, on each kind of warehouse."""
    if request.param == "postgres":
        database = make_database("accounts")
        two.settings |= {"DESTINATION__POSTGRES__CREDENTIALS": database, "RUNMART__DESTINATION": "postgres"}
    return two


def rows(place: Place, sql: str) -> Any:  # noqa: ANN401
    return place.call("query", sql, "--json").json


def content(place: Place) -> dict[str, Any]:
    """How many rows each account has in each table, and how many there are by the ids alone."""
    keys = {
        "runs": "run_id",
        "evaluations": "run_id",
        "evaluation_criteria": "run_id || '/' || criterion_index",
        "tool_calls": "run_id || '/' || call_index",
        "workflows": "workflow_id",
        "mcp_servers": "mcp_server_id",
    }
    return {
        table: rows(
            place,
            f"select account, count(*) as n, count(distinct {key}) as ids from armature.{table}"  # noqa: S608
            " group by account order by account",
        )
        for table, key in keys.items()
    }


def test_accounts_with_the_same_ids_are_kept_apart(engine: Place) -> None:
    done = engine.run("load", "armature", "--json")
    assert done.code == 0, done.err
    default, other = done.json["accounts"]
    assert (default["account"], other["account"]) == ("default", "eu")
    assert default["runs_new"] == other["runs_new"] > 0

    first = content(engine)
    for table, (of_default, of_other) in first.items():
        assert of_default == {"account": "default", "n": of_other["n"], "ids": of_other["n"]}, table
    assert first["runs"][0]["n"] == default["runs_new"]

    again = engine.run("load", "armature", "--json")
    assert again.code == 0, again.err
    assert [one["runs_new"] for one in again.json["accounts"]] == [0, 0]
    assert content(engine) == first

    found = engine.call("status", "--json").json
    held = [(one["account"], one["rows"]["runs"], one["abandoned_runs"]) for one in found["platforms"][:2]]
    assert held == [("default", default["runs_new"], 0), ("eu", other["runs_new"], 0)]
    shown = engine.call("status").out
    assert "\narmature\n" in shown
    assert "\narmature/eu\n" in shown


@pytest.mark.long
def test_accounts_with_the_same_ids_are_apart_in_the_marts(engine: Place) -> None:
    done = engine.run("run", "--json")
    assert done.code == 0, done.err
    expected = [{"account": one["account"], "n": one["runs_new"]} for one in done.json["load"]["accounts"]]
    assert done.json["build"]["failed_tests"] == []
    assert (
        rows(engine, "select account, count(*) as n from analytics.fct_runs group by 1 order by 1")
        == expected
    )
    assert {row["account"] for row in done.json["scorecard"]} == {"default", "eu"}
    until = engine.call("status", "--json").json["marts"]["built_until"]
    assert until.keys() == {"armature", "armature/eu"}


def test_one_account_that_fails_does_not_stop_the_others(
    place: Place, own_account: Account, account: Account
) -> None:
    own_account.faults.add(faults.refusal(404))
    place.settings |= exports("armature", own_account) | eu(account)
    done = place.run("load", "armature", "--json")
    assert done.code == 1, done.err
    failed, loaded = done.json["accounts"]
    assert (failed["account"], failed["exit_code"]) == ("default", 1)
    assert failed["error"] in done.err
    assert f"armature: {failed['error']}" in done.err
    assert (loaded["account"], loaded["exit_code"]) == ("eu", 0)
    assert loaded["runs_new"] > 0
    assert done.json["exit_code"] == 1


def test_a_wrong_setting_of_one_account_is_told_with_its_name(two: Place) -> None:
    done = two.run("load", **{f"{EU}__API_KEY": "amt_some_secretsecret"})
    assert done.code == 2, done.err
    assert "Loaded" in done.out
    assert "armature/eu: " in done.err
    assert f"{EU}__API_KEY" in done.err
    assert "secretsecret" not in done.err + done.out
    assert "Traceback" not in done.err


def test_what_is_missing_from_one_account_ends_with_3(
    place: Place, account: Account, own_account: Account
) -> None:
    own_account.faults.add(faults.answer(400, b"{}"), on="GET /runs/{id}/tool-calls")
    place.settings |= eu(own_account)
    done = place.run("load", "--resources", "runs,tool_calls")
    assert done.code == 3, done.err
    assert "Known to be missing from armature/eu: " in done.err


@pytest.mark.parametrize("wanted", [["eu"], ["default", "eu"]])
def test_accounts_are_chosen_by_name(two: Place, wanted: list[str]) -> None:
    done = two.call("check", "armature", "--account", ",".join(wanted), "--json").json
    assert [one["account"] for one in done.get("accounts", [done])] == wanted


def test_an_account_that_is_not_there_is_told_with_those_that_are(two: Place) -> None:
    two.call("load", "armature", "--account", "ue").failed_with(2, "'ue'", "default", "eu")


def test_a_table_that_is_not_there_is_told_once(two: Place) -> None:
    two.call("load", "armature", "--resources", "run").failed_with(2, "'run'", "runs")


def test_without_a_platform_all_that_have_settings_are_loaded(place: Place) -> None:
    with serve(emulated("runflow", Size(20, 4), seed=5)) as server:
        done = place.run("load", "--json", **exports("runflow", server))
    assert done.code == 0, done.err
    assert [(one["platform"], one["account"]) for one in done.json["accounts"]] == [
        ("armature", "default"),
        ("runflow", "default"),
    ]
    held = {
        one["platform"]: one["rows"].get("runs") for one in place.call("status", "--json").json["platforms"]
    }
    assert held["armature"]
    assert held["runflow"]
    assert held["b3os"] is held["eigenpal"] is None


@pytest.mark.parametrize("option", ["--resources", "--workflow", "--account"])
def test_what_belongs_to_one_platform_is_not_asked_of_two(place: Place, option: str) -> None:
    place.settings["SOURCES__RUNFLOW__API_KEY"] = "rf_live_x"
    place.call("load", option, "runs").failed_with(2, option, "armature, runflow")


def test_a_platform_is_loaded_without_the_folders_of_the_others(place: Place) -> None:
    program = (
        "import sys; from pipelines.cli import run_command;"
        "code = run_command(['load', 'armature', '--resources', 'runs'], shows_traceback=False);"
        "print({name.split('.')[1] for name in sys.modules if name.startswith('sources.')}, code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=place.folder,
        env=place.environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.endswith("} 0\n"), done.stderr
    assert "'armature'" in done.stdout
    assert not [name for name in PLATFORMS if name != "armature" and f"'{name}'" in done.stdout]


def test_an_account_may_be_all_that_there_is(empty: Place, account: Account) -> None:
    empty.settings |= eu(account)
    done = empty.call("check", "--json")
    assert done.code == 0, done.err
    assert (done.json["platform"], done.json["account"]) == ("armature", "eu")


def test_the_checks_of_several_accounts_go_on_after_one_that_fails(two: Place) -> None:
    done = two.call("check", "armature", **{f"{EU}__API_KEY": ""})
    assert done.code == 2
    assert "Account       armature\n" in done.out
    assert f"armature/eu: The API key is not set. Set {EU}__API_KEY" in done.err


def test_names_of_accounts_in_files_count_too(empty: Place, account: Account) -> None:
    (empty.folder / ".dlt").mkdir()
    (empty.folder / ".dlt" / "secrets.toml").write_text(
        f'[sources.armature.accounts.eu_west]\nbase_url = "{account.origin}"\napi_key = "{account.api_key}"\n'
    )
    done = empty.run("check", "armature", "--json")
    assert done.json["account"] == "eu_west", done.err
