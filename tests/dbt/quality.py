"""A hand-made history for the reports on quality and repeats, and a warehouse with them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from histories import SYNCED_AT, History
from warehouses import Warehouse, build

from tests.once import once

if TYPE_CHECKING:
    from pathlib import Path

    from warehouses import MakeWarehouse

REPORTS = (
    "rpt_workflow_scorecard",
    "rpt_criterion_scorecard",
    "rpt_pass_rate_daily",
    "rpt_repeatability",
    "dim_dates",
)

# One letter a run, oldest first: (p)ass, p(a)rtial, (f)ail, (e)rror.
SEQUENCES = {
    "always": "pppp",
    "never": "ffff",
    "passed-once": "p",
    "failed-once": "f",
    "mixed": "pfpf",
    "partly": "pap",
    "healed": "fpfppppp",
    "nearly-healed": "fpfpppp",
    "broke": "pppfffff",
    "nearly-broke": "pppffff",
    "errors-between": "ppefepee",
    "only-errors": "eee",
}
WORDS = {
    "p": ("passed", "pass"),
    "a": ("partial", "partial"),
    "f": ("failed", "fail"),
    "e": ("errored", "error"),
}


def sequences() -> History:
    """Workflows whose runs end as SEQUENCES says, and runs that lack a time, a workflow or a model."""
    history = History()
    for workflow, letters in SEQUENCES.items():
        # The newest is listed first, so that only the time tells the order.
        for place, letter in reversed(list(enumerate(letters))):
            outcome, status = WORDS[letter]
            history.run(
                outcome,
                workflow_id=workflow,
                workflow_version_id="v1",
                status=status,
                started_at=SYNCED_AT - timedelta(hours=len(letters) - place),
            )
    for outcome, status in (WORDS["p"], WORDS["f"]):
        history.run(
            outcome, workflow_id="timeless", model=None, status=status, started_at=None, ended_at=None
        )
        history.run(outcome, workflow_id=None, workflow_name=None, status=status)
        history.run(outcome, workflow_id="two-versions", workflow_version_id=f"v-{status}", status=status)
    history.run("running", workflow_id="running", status="running", ended_at=None)
    return history


def add_versions(history: History) -> None:
    """Workflow `versioned`: its first version passes 1 of 4, its second, the current one, 2 of 3."""
    history.workflows.append(
        {"workflow_id": "versioned", "name": "Two versions", "current_version_id": "v2", "is_archived": False}
    )
    days = iter(range(20, 0, -1))
    for version, statuses in {
        "v1": ["pass", "fail", "fail", "partial", "error"],
        "v2": ["pass", "pass", "fail", "running", "cancelled", "completed", "quantum"],
    }.items():
        for place, status in enumerate(statuses):
            outcomes = {"pass": "passed", "fail": "failed", "error": "errored"}
            outcome = {**outcomes, "completed": "unscored", "quantum": "unknown"}.get(status, status)
            history.run(
                outcome,
                workflow_id="versioned",
                workflow_version_id=version,
                model="versions",
                status=status,
                started_at=SYNCED_AT - timedelta(days=next(days)),
                duration_ms=1_000 * (place + 1),
                # A run that costs nothing, one without a cost, and others.
                cost=[Decimal(0), None, Decimal("0.5"), Decimal("1.5"), Decimal(4), None, None][place],
            )


CRITERIA = {
    # Per run: its status, and how criteria a, b (both gate), c (optional) and d (not known to gate) ended.
    "passes": ("pass", {"a": "pass", "b": "pass", "c": "fail", "d": "pass"}),
    "a-alone": ("fail", {"a": "fail", "b": "pass", "c": "pass", "d": "pass"}),
    "a-beside-the-optional": ("fail", {"a": "fail", "b": "pass", "c": "fail", "d": "pass"}),
    "a-and-b": ("fail", {"a": "fail", "b": "partial", "c": "pass", "d": "pass"}),
    "b-in-part": ("partial", {"a": "pass", "b": "partial", "c": "pass", "d": "skipped"}),
    "d-alone": ("partial", {"a": "pass", "b": "pass", "c": "pass", "d": "fail"}),
    "error": ("error", {"a": "fail", "b": "pass"}),
}
REQUIRED = {"a": True, "b": True, "c": False, "d": None}


def add_criteria(history: History) -> None:
    """Workflow `criteria`: runs judged by the criteria of CRITERIA."""
    outcomes = {"pass": "passed", "fail": "failed", "error": "errored", "partial": "partial"}
    for place, (run_id, (status, grades)) in enumerate(CRITERIA.items()):
        history.run(
            outcomes[status],
            run_id=run_id,
            workflow_id="criteria",
            model="criteria",
            status=status,
            started_at=SYNCED_AT - timedelta(hours=len(CRITERIA) - place),
        )
        for name, grade in grades.items():
            # The wording of b changes with the last run; a has no id and is told by its text.
            wording = f"{name}, reworded" if name == "b" and run_id == "error" else f"Criterion {name}"
            history.criterion(
                outcomes.get(grade, "unscored"),
                run_id,
                criterion_id=None if name == "a" else f"id-{name}",
                criterion_text=wording,
                status=grade,
                is_required=REQUIRED[name],
            )
    for name, grade in (("always", "pass"), ("never", "fail")):
        for _ in range(5):
            run_id = history.run("passed", workflow_id="constant", model="criteria")
            history.criterion(outcomes[grade], run_id, criterion_text=name, status=grade)
    history.criterion("passed", "never-loaded", criterion_text="orphan", status="pass")


def add_days(history: History) -> None:
    """Model `daily`: runs on the day of the sync, 1, 3, 8 and 30 days before it, and without a time."""
    for days, statuses in {
        0: ["pass"],
        1: ["pass", "fail", "error"],
        3: ["partial"],
        8: ["pass", "pass"],
        30: ["fail", "pass", "pass"],
        None: ["pass"],
    }.items():
        for status in statuses:
            outcome = {"pass": "passed", "fail": "failed", "error": "errored"}.get(status, status)
            started_at = None if days is None else SYNCED_AT - timedelta(days=days, hours=2)
            history.run(
                outcome,
                workflow_id="daily",
                model="daily",
                status=status,
                started_at=started_at,
                ended_at=started_at,
            )
    tomorrow = SYNCED_AT + timedelta(days=1)
    history.run("passed", workflow_id="daily", model="daily", started_at=tomorrow, ended_at=tomorrow)


def history() -> History:
    history = sequences()
    add_versions(history)
    add_criteria(history)
    add_days(history)
    return history


def build_reports(engine: str, shared: Path, work: Path, make_warehouse: MakeWarehouse) -> Warehouse:
    """The history, loaded and built once per engine for all tests."""
    warehouse = make_warehouse(engine, "quality")

    def make() -> None:
        warehouse.load(history().tables())
        ancestors = [f"+{report}" for report in REPORTS]
        # Of tests, those whose models are all built.
        build(warehouse, work / engine, "--select", *ancestors, "--indirect-selection", "cautious")

    once(shared, f"quality-{engine}", make)
    return warehouse
