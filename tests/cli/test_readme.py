"""The README agrees with the program: its commands, options, exit codes, tables and settings exist."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

import pytest
import typer.main
from commands import ROOT

from pipelines import failures
from pipelines.cli import GLOBAL_FLAGS, app
from pipelines.platforms import PLATFORMS, connector

if TYPE_CHECKING:
    from commands import Place

README = (ROOT / "README.md").read_text()
OWN = {name: (ROOT / "sources" / name / "README.md").read_text() for name in PLATFORMS}
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def options_of(command: str) -> set[str]:
    return {option for parameter in COMMANDS[command].params for option in parameter.opts}


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_is_in_the_readme_and_has_help_with_an_example(empty: Place, name: str) -> None:
    assert f"`runmart {name}" in README
    shown = empty.call(name, "--help")
    assert shown.code == 0
    assert f"Example: runmart {name}" in shown.out


def test_the_commands_and_options_that_are_shown_exist() -> None:
    lines = [
        line
        for text in (README, *OWN.values())
        for line in re.findall(r"runmart(?: --log-format json)? [a-z].*", text)
    ]
    for line in lines:
        command = re.search(r"runmart(?: --log-format json)? (\w+)", line)
        if command is None or command[1] not in COMMANDS:
            continue
        shown = re.split(r"[`#|>]| && ", line)[0]
        for option in re.findall(r"(?<!\S)--[a-z-]+", shown):
            assert option in options_of(command[1]) | {*GLOBAL_FLAGS, "--log-format"}, line


def test_every_option_that_is_named_belongs_to_a_command() -> None:
    known = {option for name in COMMANDS for option in options_of(name)} | {*GLOBAL_FLAGS, "--log-format"}
    assert set(re.findall(r"`(--[a-z-]+)", README)) <= known


def test_the_exit_codes_are_those_of_the_program(empty: Place) -> None:
    codes = {int(code) for code in re.findall(r"^\| (\d+) \| ", README, re.MULTILINE)}
    assert codes == {0, failures.FAILED_CODE, failures.USAGE_CODE, 3, failures.INTERRUPTED_CODE}
    assert "0 done and complete, 1 failed, 2 wrong usage or settings" in " ".join(
        empty.call("--help").out.split()
    )


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_raw_table_is_named(platform: str) -> None:
    known = connector(platform)
    (row,) = re.findall(rf"^\| `{platform}` \| (.*) \|$", README, re.MULTILINE)
    about_loads = {"sync_log", "fetch_errors"}
    assert set(re.findall(r"`(\w+)`", row)) == known.tables.keys() - about_loads
    assert set(re.findall(r"\*`(\w+)`\*", row)) == known.off_by_default
    for name in known.tables:
        assert f"`{name}`" in README
        assert f"`{name}`" in OWN[platform]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_leads_to_an_account_is_named(platform: str) -> None:
    access = connector(platform).access
    assert f"SOURCES__{platform.upper()}__API_KEY" in README
    assert access.title in README
    if access.address is None:
        assert f"SOURCES__{platform.upper()}__BASE_URL" in README


def test_the_examples_of_settings_can_be_read() -> None:
    for name in ("config.toml", "example.secrets.toml"):
        text = (ROOT / ".dlt" / name).read_text()
        assert tomllib.loads(text)
        # What is left out with `# ` is to be right once that is taken away.
        examples = re.sub(r"^# (?=\[|\w+ = )", "", text, flags=re.MULTILINE)
        sections = tomllib.loads(examples)["sources"]
        assert sections.keys() <= set(PLATFORMS)
        assert all(section.keys() <= {"api_key", "base_url", "accounts"} for section in sections.values())


def test_every_mart_that_is_named_exists() -> None:
    models = {path.stem for path in (ROOT / "dbt_models" / "models").rglob("*.sql")}
    assert set(re.findall(r"`((?:fct|dim|agg|rpt)_\w+)`", README)) <= models


def test_linked_files_exist() -> None:
    for text, folder in ((README, ROOT), *((OWN[name], ROOT / "sources" / name) for name in PLATFORMS)):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
            assert (folder / target).exists(), target


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_setting_of_a_platform_is_described(platform: str) -> None:
    for name in (*connector(platform).settings, "lookback_minutes", "open_run_days", "api_key", "base_url"):
        assert f"`{name}`" in OWN[platform], name


def test_start_is_quick() -> None:
    """Help imports neither dlt nor dbt nor DuckDB, which take seconds."""
    import subprocess
    import sys

    program = (
        "import sys, pipelines.cli as cli; cli.run_command(['--help'], shows_traceback=False); "
        "sys.exit(bool({'dlt', 'dbt', 'duckdb', 'pyarrow'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True).returncode == 0
