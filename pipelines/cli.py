"""The command line. Each command reads its options, calls the module that does the work, and prints."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.logs import LogFormat
from pipelines.platforms import PLATFORMS
from pipelines.query import Format
from sources.common.garbage import collect_rarely
from sources.common.helper import leave
from sources.common.lazy import without_frames
from sources.common.reader import SYSTEM_POOL

if TYPE_CHECKING:
    from pipelines.accounts import Account, Served
    from pipelines.load import LoadOutcome

app = typer.Typer(
    name="runmart",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # Plain help starts faster, and is easier to search and to quote.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Load the run history of AI-agent workflow platforms into a warehouse, and build its figures.",
    epilog="Exit codes: 0 done and complete, 1 failed, 2 wrong usage or settings, "
    "3 done but something is known to be missing.",
)


class Destination(StrEnum):
    """Kinds of warehouses."""

    DUCKDB = "duckdb"
    POSTGRES = "postgres"


DestinationOption = Annotated[
    Destination | None,
    typer.Option(
        "--destination", help="Kind of warehouse; its address comes from dlt's settings. [default: duckdb]"
    ),
]
NAMES = ", ".join(PLATFORMS)
Platform = Annotated[
    str | None,
    typer.Argument(help=f"{NAMES}; left out: all that have settings.", show_default=False),
]
Accounts = Annotated[
    list[str] | None,
    typer.Option(
        "--account",
        help="Only the account with this name; again, or with commas, for several. [default: all that have "
        "settings]",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Resources = Annotated[
    str | None, typer.Option("--resources", help="Only these tables, with commas between them.")
]
ChunkRuns = Annotated[
    int,
    typer.Option(
        "--chunk-runs", min=1, help="Most runs that a crash makes be read again; half are committed at once."
    ),
]
Since = Annotated[
    str | None,
    typer.Option("--since", help="Read runs again that started since a date, or an age like 7d or 12h."),
]
Workflow = Annotated[str | None, typer.Option("--workflow", help="Only runs of the workflow with this id.")]
FullRefresh = Annotated[
    bool,
    typer.Option(
        "--full-refresh",
        help="Read all that the platform still shows, as if nothing had been loaded; nothing is removed.",
    ),
]
Select = Annotated[str | None, typer.Option("--select", help="What to build, in dbt's words: fct_runs+.")]


@app.callback()
def global_options(
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Log what is done, dlt's and dbt's words included.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    log_format: Annotated[
        LogFormat, typer.Option("--log-format", help="How log lines are written.")
    ] = LogFormat.TEXT,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=lambda asked: _print_version() if asked else None,
            is_eager=True,
            help="Print the version.",
        ),
    ] = False,
) -> None:
    from pipelines import logs

    logs.configure(log_format, verbose=verbose)


def _print_version() -> None:
    from importlib.metadata import version

    print("runmart", version("runmart"))  # noqa: T201
    raise typer.Exit


@app.command(epilog="Example: runmart load armature --since 7d --resources runs,evaluations")
def load(
    platform: Platform = None,
    account: Accounts = None,
    resources: Resources = None,
    chunk_runs: ChunkRuns = 5000,
    since: Since = None,
    workflow: Workflow = None,
    full_refresh: FullRefresh = False,
    destination: DestinationOption = None,
    json: JsonOption = False,
) -> int:
    """Load what is new on a platform, or on all that have settings.

    Runs that had not ended before are read again. A load that was stopped goes on where it was. Accounts are
    loaded one after another; one that fails does not stop the others.
    """
    from pipelines.output import print_json

    options = (platform, account, resources, chunk_runs, since, workflow, full_refresh, destination)
    done = _load(*options, tells=not json)
    if json:
        print_json(done.record())
    return done.exit_code


def _load(
    platform: str | None,
    account: list[str] | None,
    resources: str | None,
    chunk_runs: int,
    since: str | None,
    workflow: str | None,
    full_refresh: bool,
    destination: str | None,
    *,
    tells: bool,
) -> Served[LoadOutcome]:
    """Load the chosen accounts, and print what each one's load did if that is to be told."""
    from pipelines.options import since_moment, table_names

    tables, moment = table_names(resources), since_moment(since)

    from sources.common.reader import end_idle, get_ready

    # It starts while this process imports what loads.
    get_ready()

    from pipelines.accounts import chosen, serve
    from pipelines.outcomes import print_load
    from pipelines.warehouse import warehouse

    target = warehouse(destination)
    accounts = chosen(platform, account or ())
    of_one = {"--resources": resources, "--workflow": workflow}
    _require_one_platform(accounts, [option for option, value in of_one.items() if value is not None])

    from pipelines.load import LoadRequest, resolve
    from pipelines.load import load as load_one
    from pipelines.progress import load_progress

    requests = {
        one: LoadRequest(one.platform, tables, chunk_runs, moment, workflow, full_refresh, one.name)
        for one in accounts
    }
    is_several = len(accounts) > 1
    if is_several:
        # What is wrong with all of them is told once.
        for request in requests.values():
            resolve(request)
        target.require_writable()

    def work(one: Account) -> LoadOutcome:
        with load_progress(one.label if is_several else "") as progress:
            outcome = load_one(requests[one], target, progress)
        if tells:
            print_load(outcome)
        return outcome

    try:
        return serve(accounts, work)
    finally:
        end_idle()


def _require_one_platform(accounts: list[Account], options: list[str]) -> None:
    from sources.common.errors import SettingsError

    platforms = dict.fromkeys(account.platform for account in accounts)
    if len(platforms) > 1 and options:
        raise SettingsError(f"{options[0]} needs the platform that it belongs to: {', '.join(platforms)}.")


@app.command(epilog="Example: runmart build --select fct_runs+")
def build(
    select: Select = None,
    full_refresh: Annotated[
        bool,
        typer.Option(
            "--full-refresh", help="Make the facts from all rows, not only from those that changed."
        ),
    ] = False,
    destination: DestinationOption = None,
    json: JsonOption = False,
) -> int:
    """Build the marts with dbt, and test them.

    When every test has passed, a copy of the DuckDB file is published beside it for dashboards and notebooks:
    runmart.read.duckdb. It is replaced as a whole, and never locked.
    """
    from pipelines.dbt_apart import Dbt

    # It starts while this process imports what finds out what to build.
    dbt = Dbt()

    from pipelines.build import build as build_marts
    from pipelines.outcomes import print_build
    from pipelines.output import as_record, print_json
    from pipelines.progress import reporting
    from pipelines.warehouse import warehouse

    with dbt, reporting() as report:
        target = warehouse(destination)
        outcome = build_marts(target, select, report, full_refresh=full_refresh, dbt=dbt)
    if json:
        print_json(as_record(outcome))
    else:
        print_build(outcome)
    return outcome.exit_code


@app.command(epilog="Example: runmart run armature")
def run(
    platform: Platform = None,
    account: Accounts = None,
    resources: Resources = None,
    chunk_runs: ChunkRuns = 5000,
    since: Since = None,
    workflow: Workflow = None,
    full_refresh: FullRefresh = False,
    destination: DestinationOption = None,
    json: JsonOption = False,
) -> int:
    """Load, build once, and print a scorecard of the models.

    This is what a schedule runs. Without a platform, all that have settings are loaded.
    """
    from pipelines.build import build as build_marts
    from pipelines.outcomes import print_build
    from pipelines.output import as_record, print_json
    from pipelines.progress import reporting
    from pipelines.scorecard import print_scorecard, scorecard
    from pipelines.warehouse import warehouse

    options = (platform, account, resources, chunk_runs, since, workflow, full_refresh, destination)
    loaded = _load(*options, tells=not json)
    if not loaded.outcomes:
        if json:
            print_json({"load": loaded.record(), "exit_code": loaded.exit_code})
        return loaded.exit_code
    target = warehouse(destination)
    with reporting() as report:
        built = build_marts(target, report=report)
    exit_code: int = built.exit_code or loaded.exit_code
    models = scorecard(target) if not built.failed_models else []
    if json:
        parts = {"load": loaded.record(), "build": as_record(built), "scorecard": models}
        print_json({**parts, "exit_code": exit_code})
    else:
        print_build(built)
        print_scorecard(models)
    return exit_code


@app.command(epilog="Example: runmart status --json")
def status(destination: DestinationOption = None, json: JsonOption = False) -> int:
    """Show what is loaded and what is known to be missing.

    The exit code is 3 when something that was to be loaded is known to be missing.
    """
    from pipelines.output import print_json
    from pipelines.status import print_status, status_record
    from pipelines.status import status as look
    from pipelines.warehouse import warehouse

    found = look(warehouse(destination))
    if json:
        print_json(status_record(found))
    else:
        print_status(found)
    return found.exit_code


@app.command(epilog="Example: runmart check armature")
def check(platform: Platform = None, account: Accounts = None, json: JsonOption = False) -> int:
    """Tell in seconds whether an account can be read.

    Address, key, role, and which endpoints answer; and which fields the platform describes.
    """
    from pipelines.accounts import chosen, serve
    from pipelines.check import CheckOutcome, check_account, print_check
    from pipelines.output import print_json, say

    accounts = chosen(platform, account or ())

    def work(one: Account) -> CheckOutcome:
        outcome = check_account(one.platform, one.name)
        if not json:
            if one != accounts[0]:
                say()
            print_check(outcome)
        return outcome

    done = serve(accounts, work)
    if json:
        print_json(done.record())
    return done.exit_code


@app.command(epilog='Example: runmart query "select * from analytics.rpt_model_scorecard" --format csv')
def query(
    sql: Annotated[
        str,
        typer.Argument(help="A query; raw tables are in the schemas of their platforms, marts in analytics."),
    ],
    form: Annotated[Format, typer.Option("--format", help="How to write the rows.")] = Format.TABLE,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; others cannot read it.")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=0, help="Rows of the table that are shown; 0 for all.")
    ] = 100,
    destination: DestinationOption = None,
    json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> int:
    """Run a query on the warehouse and print the rows.

    The connection is read-only.
    """
    from pipelines.query import run_query
    from pipelines.warehouse import warehouse

    run_query(warehouse(destination), sql, Format.JSON if json else form, output, limit)
    return 0


@app.command(epilog="Example: runmart emulate armature --port 8600 --runs 500 --fail-rate 0.05")
def emulate(
    platform: Annotated[str, typer.Argument(help=f"Platform to emulate: {NAMES}.")],
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port on loopback; 0 for a free one.")
    ] = 8600,
    seed: Annotated[int, typer.Option("--seed", help="The same seed makes the same account.")] = 7,
    runs: Annotated[
        int | None, typer.Option("--runs", min=0, help="Runs of the last weeks. [default: some thousands]")
    ] = None,
    workflows: Annotated[
        int | None,
        typer.Option(
            "--workflows", min=0, help="Workflows, or what the platform has instead. [default: some dozens]"
        ),
    ] = None,
    latency_ms: Annotated[
        float, typer.Option("--latency-ms", min=0, help="What every answer takes at least.")
    ] = 0.0,
    fail_rate: Annotated[
        float,
        typer.Option(
            "--fail-rate", min=0, max=1, help="Share of requests that fail: 429, 503, reset, cut off."
        ),
    ] = 0.0,
    api_key: Annotated[
        str | None, typer.Option("--api-key", help="A key of your own that the account accepts.")
    ] = None,
) -> int:
    """Serve a made-up account over HTTP on loopback.

    Its runs go on as time does, until Ctrl-C. A port that is in use gives exit code 2.
    """
    from pipelines.emulate import Size
    from pipelines.emulate import emulate as serve
    from pipelines.options import known_name

    known_name(platform, PLATFORMS, "platform")
    serve(platform, port, Size(runs, workflows), seed, latency_ms, fail_rate, api_key)
    return 0


@app.command(epilog="Example: runmart demo --runs 100 --platforms armature,runflow")
def demo(
    destination: Annotated[
        Path, typer.Option("--destination", help="DuckDB file to write; one of an earlier demo is replaced.")
    ] = Path("runmart_demo.duckdb"),
    platforms: Annotated[
        str, typer.Option("--platforms", help="Platforms to show, with commas between them.")
    ] = ",".join(PLATFORMS),
    runs: Annotated[
        int | None,
        typer.Option("--runs", min=1, help="Runs of each made-up account. [default: what loads in a minute]"),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="The same seed makes the same accounts.")] = 7,
) -> int:
    """Show the whole way with a made-up account of each platform.

    They are served over HTTP, loaded and built, and a scorecard of their models is printed.
    """
    from pipelines.demo import demo as show
    from pipelines.options import platform_names
    from pipelines.outcomes import print_demo, print_load

    outcome = show(destination, platform_names(platforms), runs, seed, print_load)
    print_demo(outcome)
    return outcome.exit_code


GLOBAL_FLAGS = ("--verbose", "--debug")


def _global_options_first(arguments: list[str]) -> list[str]:
    """Move global options to the front, so that they may stand anywhere."""
    first: list[str] = []
    rest: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        if argument == "--":
            return [*first, *rest, argument, *waiting]
        if argument in GLOBAL_FLAGS or argument.startswith("--log-format="):
            first.append(argument)
        elif argument == "--log-format":
            first += [argument, *([value] if (value := next(waiting, None)) is not None else [])]
        else:
            rest.append(argument)
    return [*first, *rest]


def main() -> None:
    """Run the command line and end the process with its exit code."""
    collect_rarely()
    without_frames()
    os.environ.setdefault(*SYSTEM_POOL)
    # What is loaded may be confidential: whatever this process creates is its owner's alone.
    os.umask(0o077)
    arguments = _global_options_first(sys.argv[1:])
    leave(run_command(arguments, shows_traceback="--debug" in arguments))


def run_command(arguments: list[str], *, shows_traceback: bool) -> int:
    """Run a command; whatever goes wrong becomes a sentence and an exit code."""
    from pipelines import failures

    try:
        # Not `app(…)`: that turns a closed stdout and Ctrl-C into exit codes before they can be told apart.
        command = typer.main.get_command(app)
        with command.make_context("runmart", arguments or ["--help"]) as context:
            code = command.invoke(context)
        sys.stdout.flush()
    except typer.Exit as done:
        return done.exit_code
    except (Exception, KeyboardInterrupt) as error:
        return failures.report(error, shows_traceback=shows_traceback)
    return int(code or 0)


if __name__ == "__main__":
    main()
