"""What a load, a build or a demo did, told to people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.output import counted, note, say
from pipelines.platforms import label
from pipelines.scorecard import print_scorecard

if TYPE_CHECKING:
    from pipelines.build import BuildOutcome
    from pipelines.demo import DemoOutcome
    from pipelines.load import LoadOutcome


def print_load(outcome: LoadOutcome) -> None:
    """Print what a load read; what is known to be missing goes to stderr."""
    whose = label(outcome.platform, outcome.account)
    changed = f" and {counted(outcome.runs_changed, 'changed one')}" if outcome.runs_changed else ""
    waited = (
        f", {outcome.throttled_seconds:.0f} s of them waiting as asked"
        if outcome.throttled_seconds >= 1
        else ""
    )
    say(
        f"Loaded {counted(outcome.runs_new, 'new run')}{changed} of {whose} "
        f"in {outcome.seconds:.1f} s with {counted(outcome.requests, 'request')}{waited}."
    )
    if outcome.open_runs:
        say(f"{counted(outcome.open_runs, 'run')} had not ended or lacked an evaluation: read again later.")
    for sentence in outcome.missing:
        note(f"Known to be missing from {whose}: {sentence}")


def print_build(outcome: BuildOutcome) -> None:
    """Print what a build did; what failed goes to stderr, with its name."""
    say(
        f"Built {counted(outcome.models_built, 'model')} in {outcome.seconds:.1f} s; "
        f"{counted(outcome.tests_passed, 'test')} passed, {len(outcome.failed_tests):,} failed, "
        f"{len(outcome.warnings):,} warned."
    )
    for kind, problems in (
        ("Model failed", outcome.failed_models),
        ("Test failed", outcome.failed_tests),
        ("Warning", outcome.warnings),
    ):
        for problem in problems:
            note(f"{kind}: {problem.name}: {problem.message}")
    if outcome.skipped:
        note(f"{counted(outcome.skipped, 'model or test', 'models and tests')} left out after that.")
    if copy := outcome.published:
        say(f"Published for readers: {copy.path} ({copy.size / 1e6:,.0f} MB, in {copy.seconds:.1f} s).")
    if outcome.unpublished:
        note(f"Not published, readers have the copy of an earlier build: {outcome.unpublished}")


def print_demo(outcome: DemoOutcome) -> None:
    """Print what a demo built, where its data lies, and what comes next; its loads are told already."""
    print_build(outcome.build)
    say()
    print_scorecard(outcome.scorecard)
    path = outcome.warehouse.describe()
    say(f"The data lies in {path}: raw tables in a schema per platform, marts in analytics.")
    say()
    say("Look into it:")
    say(f'  export DESTINATION__DUCKDB__CREDENTIALS="{path}"')
    say("  runmart status")
    say('  runmart query "select * from analytics.agg_workflow_daily"')
    say()
    say("Load your own account, into runmart.duckdb:")
    say("  unset DESTINATION__DUCKDB__CREDENTIALS")
    say("  export SOURCES__ARMATURE__BASE_URL=https://your-org.armature.app")
    say("  export SOURCES__ARMATURE__API_KEY=amt_…")
    say("  runmart check armature && runmart run armature")
