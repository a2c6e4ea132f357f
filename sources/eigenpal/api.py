"""EigenPal's API: one run and what lies below it, read into rows."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sources.common.address import path_of
from sources.common.errors import ForbiddenError, NotFoundError, RefusedError
from sources.common.payload import member, object_in, rows_in
from sources.common.records import fill_duration, read_record
from sources.eigenpal.automations import Automations
from sources.eigenpal.paging import EigenPalRuns
from sources.eigenpal.people import Discreet
from sources.eigenpal.tables import REVIEW_CORRECTIONS, REVIEWS, RUNS, SCORES, STEPS, TABLES, TRACE_EVENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from sources.common.http import Api
    from sources.common.payload import Json
    from sources.common.platform import PlatformOptions, Rows
    from sources.common.records import Row
    from sources.common.tables import Table
    from sources.eigenpal.paging import Client

FINAL_STATUSES = frozenset(
    {"completed", "failed", "cancelled", "canceled", "rejected", "succeeded", "success", "error", "timed_out"}
)

COMPLETED = frozenset({"completed", "succeeded", "success"})

RUNNING_STATUSES = frozenset({"created", "pending", "queued", "running", "waiting", "finalizing"})

SECTIONS: tuple[dict[str, str], ...] = ({"expand": "usage,execution"}, {"include": "usage,execution"}, {})
"""How a run's own record is asked for, until it is not refused; older servers have another word, or none."""

MOST_MISSES = 3
"""Runs without usage, one after another, after which a server is taken not to have it."""

SCORES_OF_UNFINISHED = timedelta(hours=2)
"""How long scores of runs are waited for that have not been completed: as a rule they have none."""


def eigenpal(api: Api, options: PlatformOptions) -> EigenPal:
    """The API as an account's settings want it read."""
    settings = options.settings
    return EigenPal(
        Discreet(api, salt=settings["email_salt"], keeps=settings["keep_emails"]),
        workflow=options.workflow,
        score_wait=timedelta(hours=settings["score_wait_hours"]),
    )


class EigenPal(Automations):
    """See `sources.common.platform.Platform`.

    Args:
        workflow: read the runs of this automation only.
        score_wait: how long after a run's end its scores are asked for. Outside of experiments that is done
            for the runs of automations that have been seen to score such runs.
    """

    tables = TABLES
    final_statuses = FINAL_STATUSES
    running_statuses = RUNNING_STATUSES
    reads_details = True

    def __init__(
        self, api: Client, *, workflow: str | None = None, score_wait: timedelta = timedelta(hours=48)
    ) -> None:
        super().__init__(api)
        self._score_wait = score_wait
        self.run_list = EigenPalRuns(api, workflow, self._note)
        self._section = 0
        self._usage_misses = 0
        self._children: dict[str, Callable[[str, dict[str, Json] | None], Coroutine[Any, Any, Rows]]] = {
            "scores": self._scores,
            "steps": self._steps,
            "trace": self._trace,
            "reviews": self._reviews,
        }

    async def run(self, run_id: str) -> dict[str, Json]:
        record = object_in(await self._detail(run_id), "run")
        if not record:
            raise NotFoundError(f"run {run_id} has an empty answer")
        await self._add_usage(run_id, record)
        _sum_up_review(record)
        return record

    async def children(self, endpoint: str, run_id: str, run: dict[str, Json] | None) -> Rows:
        return await self._children[endpoint](run_id, run)

    def waits(self, row: Row) -> Mapping[str, timedelta]:
        if not _is_evaluated(row):
            is_usual = _word(row) in COMPLETED and row["automation_id"] in self.scoring
            return {"scores": self._score_wait} if is_usual else {}
        is_completed = _word(row) in COMPLETED
        return {"scores": self._score_wait if is_completed else min(self._score_wait, SCORES_OF_UNFINISHED)}

    def is_expected(self, row: Row, endpoint: str) -> bool:
        return endpoint == "scores" and _is_evaluated(row) and _word(row) in COMPLETED

    def _note(self, sentence: str) -> None:
        """Say, once, what is missing."""
        if sentence not in self.missing:
            self.missing.append(sentence)

    async def _detail(self, run_id: str) -> Json:
        """A run's own record, with as much of it as the server gives."""
        path = path_of("runs", run_id)
        for number in range(self._section, len(SECTIONS)):
            try:
                answer = await self._api.get(path, SECTIONS[number])
            except RefusedError:
                if number == len(SECTIONS) - 1:
                    raise
            else:
                self._section = max(self._section, number)
                return answer
        raise AssertionError("the last section either answers or raises")

    async def _add_usage(self, run_id: str, record: dict[str, Json]) -> None:
        """Ask for the usage by itself where the record of an ended run does not speak of it."""
        if "usage" in record or self._usage_misses >= MOST_MISSES:
            return
        if read_record(RUNS, record)["ended_at"] is None:
            return
        try:
            usage = object_in(await self._api.get(path_of("runs", run_id, "usage")), "usage")
        except (NotFoundError, ForbiddenError, RefusedError):
            self._usage_misses += 1
        else:
            self._usage_misses = 0
            record["usage"] = usage

    async def _scores(self, run_id: str, run: dict[str, Json] | None) -> Rows:
        row = None if run is None else read_record(RUNS, run)
        if row is not None and _word(row) in RUNNING_STATUSES:
            return {}
        # Nothing in a run's record tells whether it has scores: those of experiments should, others may.
        records = rows_in(await self._api.get(path_of("runs", run_id, "scores")), "scores")
        if records and row is not None and not _is_evaluated(row):
            self.scoring.add(row["automation_id"])
        return {SCORES.name: _numbered(SCORES, records, run_id, "score_index")}

    async def _steps(self, run_id: str, run: dict[str, Json] | None) -> Rows:
        held = None if run is None else member(run, "execution.steps", "steps")
        if isinstance(held, (list, dict)):
            records = rows_in({"rows": held})
        elif run is not None and str(read_record(RUNS, run)["type"]).lower() == "agent":
            return {}
        else:
            records = rows_in(await self._api.get(path_of("runs", run_id, "steps")), "steps")
        rows = _numbered(STEPS, records, run_id, "step_index", "execution_id")
        for row in rows:
            fill_duration(row)
        return {STEPS.name: rows}

    async def _trace(self, run_id: str, run: dict[str, Json] | None) -> Rows:
        records = rows_in(await self._api.get(path_of("runs", run_id, "trace")), "events", "trace")
        return {TRACE_EVENTS.name: _numbered(TRACE_EVENTS, records, run_id, "event_index")}

    async def _reviews(self, run_id: str, run: dict[str, Json] | None) -> Rows:
        review = None if run is None else member(run, "execution.review", "review")
        if not _is_whole(review):
            if run is not None and review is None and _speaks_of_reviews(run):
                return {}
            review = object_in(await self._api.get(path_of("runs", run_id, "reviews")), "review")
        if not isinstance(review, dict) or not review:
            return {}
        return _review_rows(run_id, review)


def _numbered(
    table: Table, records: list[dict[str, Json]], run_id: str, index: str, *repeated: str
) -> list[Row]:
    """Rows of a run, by position; fields of `repeated` say the run's id again."""
    return [
        read_record(table, record, run_id=run_id, **dict.fromkeys(repeated, run_id), **{index: number})
        for number, record in enumerate(records)
    ]


def _review_rows(run_id: str, review: dict[str, Json]) -> Rows:
    corrections = rows_in({"rows": review.get("corrections")})
    summed = ("corrections", "hasNote", "correctionCount")
    rest = {name: value for name, value in review.items() if name not in summed}
    return {
        REVIEWS.name: [read_record(REVIEWS, rest, run_id=run_id, correction_count=len(corrections))],
        REVIEW_CORRECTIONS.name: _numbered(REVIEW_CORRECTIONS, corrections, run_id, "correction_index"),
    }


def _sum_up_review(record: dict[str, Json]) -> None:
    """Say of a whole review what the list says of it: the run's row has the same columns either way."""
    execution = record.get("execution")
    review = execution.get("review") if isinstance(execution, dict) else None
    if isinstance(review, dict) and _is_whole(review):
        corrections = review.get("corrections")
        review.setdefault("hasNote", bool(review.get("note")))
        review.setdefault("correctionCount", len(corrections) if isinstance(corrections, (list, dict)) else 0)


def _is_whole(review: Json) -> bool:
    """Whether a review is more than its summary."""
    return isinstance(review, dict) and isinstance(review.get("corrections"), (list, dict))


def _is_evaluated(row: Row) -> bool:
    """Whether a run was made to be scored."""
    return any(
        row[name] is not None
        for name in ("experiment_id", "eval_example_id", "eval_example", "eval_score", "eval_passed")
    )


def _speaks_of_reviews(record: dict[str, Json]) -> bool:
    """Whether a record would say that its run has a review."""
    execution = record.get("execution")
    return "review" in record or (isinstance(execution, dict) and "review" in execution)


def _word(row: Row) -> str:
    return str(row["status"] or "").strip().lower()
