"""Every mistake in settings and options: one sentence on stderr, an exit code, no traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from commands import Place


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["emulate"], ["Missing argument", "emulate --help"]),
        (["load", "armature", "--account", "eu"], ["'eu'", "default", "[sources.armature.accounts.eu]"]),
        (["demo", "--platforms", "armatur"], ["'armatur'", "armature"]),
        (["demo", "--platforms", ","], ["--platforms"]),
        (["lode"], ["No such command", "load"]),
        (["load", "armature", "--nonsense"], ["--nonsense"]),
        (["load", "armatur"], ["'armatur'", "armature"]),
        (["load", "armature", "--resources", "runs,tool_call"], ["'tool_call'", "tool_calls", "mcp_servers"]),
        (["load", "armature", "--resources", ","], ["--resources"]),
        (["load", "armature", "--since", "yesterday"], ["--since", "2026-01-31", "7d"]),
        (["load", "armature", "--since", "2999-01-01"], ["future"]),
        (["load", "armature", "--chunk-runs", "0"], ["--chunk-runs"]),
        (["load", "armature", "--destination", "oracle"], ["oracle", "duckdb", "postgres"]),
        (["check", "armatur"], ["'armatur'", "armature"]),
        (["emulate", "armatur"], ["'armatur'", "armature"]),
        (["query", "select 1", "--output", "x.csv"], ["--format"]),
    ],
)
def test_wrong_usage_ends_with_2(place: Place, arguments: list[str], words: list[str]) -> None:
    place.call(*arguments).failed_with(2, *words)


@pytest.mark.parametrize("command", ["load", "run", "check"])
def test_without_any_settings_and_without_a_platform_the_keys_are_named(empty: Place, command: str) -> None:
    empty.call(command).failed_with(2, "No platform is configured", "SOURCES__ARMATURE__API_KEY")


def test_a_missing_address_names_the_setting(empty: Place) -> None:
    empty.call("load", "armature").failed_with(2, "SOURCES__ARMATURE__BASE_URL")


def test_a_missing_key_names_the_setting(place: Place) -> None:
    place.call("load", "armature", SOURCES__ARMATURE__API_KEY="").failed_with(2, "SOURCES__ARMATURE__API_KEY")


def test_an_ingest_key_is_told_from_an_api_key(place: Place) -> None:
    place.call("check", "armature", SOURCES__ARMATURE__API_KEY="ami_us_1_2").failed_with(
        2, "ingest key", "amt_"
    )


def test_an_address_without_tls_is_refused(place: Place) -> None:
    place.call("check", "armature", SOURCES__ARMATURE__BASE_URL="http://example.com").failed_with(2, "https")


@pytest.mark.parametrize("command", ["load", "check", "run"])
def test_a_wrong_key_is_named_by_its_setting_and_not_shown(place: Place, command: str) -> None:
    result = place.call(command, "armature", SOURCES__ARMATURE__API_KEY="amt_some_secretsecret")
    result.failed_with(2, "refused the key", "SOURCES__ARMATURE__API_KEY")
    assert "secretsecret" not in result.err


def test_an_unknown_kind_of_warehouse_in_the_settings(empty: Place) -> None:
    empty.call("status", RUNMART__DESTINATION="oracle").failed_with(2, "RUNMART__DESTINATION", "postgres")


def test_settings_that_are_no_toml(empty: Place) -> None:
    (empty.folder / ".dlt").mkdir()
    (empty.folder / ".dlt" / "secrets.toml").write_text("[sources.armature\napi_key = 'amt_1_secretsecret'")
    result = empty.run("status")
    result.failed_with(2, "secrets.toml", "TOML")
    assert "secretsecret" not in result.err


def test_settings_come_from_dlts_files_too(empty: Place) -> None:
    (empty.folder / ".dlt").mkdir()
    (empty.folder / ".dlt" / "secrets.toml").write_text(
        '[destination.duckdb]\ncredentials = "of_toml.duckdb"'
    )
    assert empty.run("status", "--json").json["warehouse"] == str(empty.folder / "of_toml.duckdb")


@pytest.mark.parametrize(
    ("credentials", "code", "words"),
    [
        ("nonsense", 2, ["DESTINATION__POSTGRES__CREDENTIALS", "postgresql://"]),
        ("", 2, ["DESTINATION__POSTGRES__CREDENTIALS", "postgresql://"]),
        ("postgresql://u:secretsecret@127.0.0.1:1/d", 1, ["127.0.0.1:1", "refused"]),
        ("postgresql://u:secretsecret@no-such-host.invalid/d", 1, ["no-such-host.invalid"]),
    ],
)
def test_postgres_that_is_not_there(empty: Place, credentials: str, code: int, words: list[str]) -> None:
    settings = {"DESTINATION__POSTGRES__CREDENTIALS": credentials} if credentials else {}
    result = empty.call("status", "--destination", "postgres", **settings)
    result.failed_with(code, *words)
    assert "secretsecret" not in result.err
