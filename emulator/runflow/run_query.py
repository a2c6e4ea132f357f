"""`GET /runs`: which runs match, in which order, and which of them make a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.common.moments import iso_z
from emulator.common.raw import RawRun
from emulator.common.run_index import piece, shuffled
from emulator.runflow.evaluations import current, findings
from emulator.runflow.filter_language import parsed
from emulator.runflow.paging import page_by_place, page_by_skipping

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from emulator.common.contract import Call
    from emulator.common.json_value import Json
    from emulator.runflow.paging import Page
    from emulator.runflow.runs import Run
    from emulator.runflow.settings import RunflowSettings
    from emulator.runflow.world import Entry, World

# What `q` and `sort_by` may name.
NAMES = frozenset(
    {
        "id",
        "status_code",
        "target_type",
        "source_code",
        "flow_id",
        "model_id",
        "comfyui_workflow_id",
        "flow_version_id",
        "batch_id",
        "client_ref",
        "created_at",
        "started_at",
        "completed_at",
        "duration_ms",
        "cost",
        "failure_code",
    }
)


def values(run: Run, settings: RunflowSettings, now: int) -> Mapping[str, Json]:
    """What a run's values are for `q` and `sort_by`; those of `NAMES`."""
    ended = run.has_ended(now)
    return {
        "id": run.id,
        "status_code": worded(run.status_at(now), settings),
        "target_type": run.target_type,
        "source_code": run.source,
        "flow_id": run.target_id if run.target_type == "flow" else None,
        "model_id": run.target_id if run.target_type == "model" else None,
        "comfyui_workflow_id": run.target_id if run.target_type == "comfyui_workflow" else None,
        "flow_version_id": run.version_id if run.target_type == "flow" else None,
        "batch_id": run.batch_id,
        "client_ref": run.client_ref,
        "created_at": iso_z(run.created_at),
        "started_at": iso_z(run.started_at) if run.has_started(now) else None,
        "completed_at": iso_z(run.completed_at) if ended else None,
        "duration_ms": run.completed_at - run.started_at if ended else None,
        "cost": float(run.cost) if ended and run.cost is not None else None,
        "failure_code": run.failure.code if ended and run.failure else None,
    }


def worded(status: str, settings: RunflowSettings) -> str:
    return settings.cancelled_word if status == "cancelled" else status


def page_of_runs(world: World, settings: RunflowSettings, call: Call, limit: int) -> Page[Entry]:
    """The page that a request asks for; runs with raw bodies match every filter."""
    entries = _matching(world, settings, call.query)
    if settings.ignores_cursor:
        call = call.without("pq", "from_prev")
    sort = _sort_keys(call.query.get("sort_by", "")) if settings.honours_sort else []
    if sort and sort != [("created_at", "asc")] and sort != [("created_at", "desc")]:
        rows: Sequence[Entry] = _sorted(world, settings, entries, sort)
        return page_by_skipping(lambda skip: rows[skip:], call, limit)
    if not sort and settings.default_order == "shuffled":
        rows = shuffled(entries, world.seed, world.id_of)
        return page_by_skipping(lambda skip: rows[skip:], call, limit)
    newest_first = sort[0][1] == "desc" if sort else settings.default_order == "newest_first"
    if settings.cursor_holds == "offset":
        return page_by_skipping(
            lambda skip: piece(entries, skip, limit + 1, newest_first=newest_first), call, limit
        )
    return page_by_place(entries, world.index.listed_at, world.id_of, call, limit, newest_first=newest_first)


def _matching(world: World, settings: RunflowSettings, query: Mapping[str, str]) -> Sequence[Entry]:
    """The entries that the filters let through."""
    entries = world.runs()
    now = world.clock.now()
    tests: list[Callable[[Run], bool]] = []
    if query.get("q") and settings.filters != "ignored":
        wanted = parsed(query["q"], NAMES, only_exact=settings.filters == "exact")
        tests.append(lambda run: wanted(values(run, settings, now)))
    status = query.get("evaluation_status")
    if status:
        tests.append(lambda run: evaluation_status(run, now) == status)
    category = query.get("evaluation_issue_category")
    subcategory = query.get("evaluation_issue_subcategory")
    if category or subcategory:
        tests.append(lambda run: _has_issue(world.seed, run, now, category, subcategory))
    if not tests:
        return entries

    def fits(entry: Entry) -> bool:
        run = world.index.run(entry)
        return isinstance(run, RawRun) or all(test(run) for test in tests)

    return [entry for entry in entries if fits(entry)]


def evaluation_status(run: Run, now: int) -> str:
    """`passed`, `failed`, or `not_evaluated`: also where the current evaluation gave no verdict."""
    attempt = current(run.attempts, now)
    verdict = attempt.verdict_at(now) if attempt else None
    return "not_evaluated" if verdict is None else "passed" if verdict else "failed"


def _has_issue(seed: int, run: Run, now: int, category: str | None, subcategory: str | None) -> bool:
    """Whether the current evaluation, once completed, has an issue of this category and subcategory."""
    attempt = current(run.attempts, now)
    if attempt is None or not attempt.has_completed(now):
        return False
    return any(
        category in {None, "", finding.judge.category}
        and subcategory in {None, "", finding.judge.issues[index][0]}
        for finding in findings(seed, attempt.id, attempt.passed).judges
        for index in finding.issues
    )


def _sort_keys(text: str) -> list[tuple[str, str]]:
    """`status_code:asc,created_at:desc` as pairs."""
    parts = (part.partition(":") for part in text.split(",") if part)
    return [(name, way or "asc") for name, _, way in parts]


def _sorted(
    world: World, settings: RunflowSettings, entries: Sequence[Entry], sort: list[tuple[str, str]]
) -> list[Entry]:
    now = world.clock.now()
    rows: list[tuple[Mapping[str, Json], Entry]] = []
    for entry in entries:
        run = world.index.run(entry)
        own = {"id": run.id, "created_at": iso_z(run.listed_at)}
        rows.append((own if isinstance(run, RawRun) else values(run, settings, now), entry))
    for name, way in reversed(sort):
        # What has no value comes last, whichever way the others go.
        without = [row for row in rows if row[0].get(name) is None]
        rows = [row for row in rows if row[0].get(name) is not None]
        rows.sort(key=lambda row: row[0][name], reverse=way == "desc")
        rows += without
    return [entry for _, entry in rows]
