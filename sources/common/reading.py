"""One run read whole: its record, its children, and what is still missing afterwards."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sources.common.errors import EndpointError, ForbiddenError, NotFoundError
from sources.common.listing import fingerprint
from sources.common.records import UNIDENTIFIED, fill_duration, lacking, read_record, unidentified
from sources.common.state import ANY, Failure, Followed, digest
from sources.common.sync import MOST_ATTEMPTS

if TYPE_CHECKING:
    from sources.common.listing import Task
    from sources.common.payload import Json
    from sources.common.platform import Platform
    from sources.common.records import Row
    from sources.common.state import SyncState
    from sources.common.tables import Table

logger = logging.getLogger("runmart.sync")

FAILURES_IN_A_ROW = 12
"""Failures of one endpoint in a row after which it is left out for the rest of the sync."""

SAMPLES = 3
"""Runs of each status whose detail is read to learn whether it says more than the list."""


@dataclass(frozen=True)
class RunRecord:
    """A run's own record, and the row that it makes. `started_at` is the moment by which it is listed."""

    run_id: str
    started_at: datetime | None
    record: dict[str, Json]
    row: Row


def identified(runs: Table, record: dict[str, Json]) -> RunRecord:
    """A run's record with its id; one that has none gets an id made of its content."""
    row = read_record(runs, record)
    fill_duration(row)
    row["run_id"] = row["run_id"] or unidentified(record)
    return RunRecord(row["run_id"], row[runs.dated_by], record, row)


@dataclass
class Reading:
    """What was read of a run.

    Attributes:
        rows: rows to load, by table name.
        follow: what is still missing; None when nothing is.
        shown: hash of the rows of a run that is followed, or of which the platform told that it changed.
        is_abandoned: whether something expected was given up.
        unread: endpoints that could not be read.
        size: characters of the rows' texts, a measure of the memory that they take.
        is_in_order: whether every run before it was read too.
    """

    task: Task
    started_at: datetime | None
    fingerprint: int
    rows: dict[str, list[Row]] = field(default_factory=dict)
    follow: Followed | None = None
    shown: int = 0
    is_abandoned: bool = False
    unread: int = 0
    size: int = 0
    is_in_order: bool = True

    @property
    def run_is_known(self) -> bool:
        """Whether the run's own record was read, so that it can be told from a changed one later."""
        return self.task.record is not None or self.started_at is not None


class DetailNeed:
    """Learns, by status, which columns a run's detail fills that the list leaves out."""

    def __init__(self, learnt: dict[str, Json]) -> None:
        self._samples: dict[str, int] = learnt.setdefault("detail_samples", {})
        self._gains: dict[str, list[str]] = learnt.setdefault("detail_gains", {})
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def learning(self, status: str) -> asyncio.Lock:
        """Held while a sample is read, so that the next run profits from it."""
        return self._locks[status]

    def is_learnt(self, status: str) -> bool:
        return self._samples.get(status, 0) >= SAMPLES

    def says_no_more(self, status: str) -> bool:
        """Whether the detail is known to fill no column that the list leaves out."""
        return self.is_learnt(status) and not self._gains.get(status)

    def asks_for(self, status: str, missing: frozenset[str]) -> bool:
        """Whether the detail is worth a request for a list row that leaves these columns out."""
        return bool(missing) and (
            not self.is_learnt(status) or not missing.isdisjoint(self._gains.get(status, ()))
        )

    def learn(self, status: str, gained: set[str]) -> None:
        self._samples[status] = self._samples.get(status, 0) + 1
        self._gains[status] = sorted(gained.union(self._gains.get(status, ())))


class RunReader:
    """Reads runs for one sync.

    Args:
        endpoints: what is to be read of a run (`runs` is its record).
        behind: endpoints that runs loaded earlier still lack.
        now: the platform's time.
        open_for: how long after its start a run is followed until it ends.
        most_attempts: syncs that try to read an endpoint of a run before it is given up.
    """

    def __init__(
        self,
        platform: Platform,
        state: SyncState,
        *,
        endpoints: frozenset[str],
        behind: frozenset[str],
        now: datetime,
        open_for: timedelta,
        most_attempts: int = MOST_ATTEMPTS,
    ) -> None:
        self._platform = platform
        self._runs = platform.tables["runs"]
        self._state = state
        self._endpoints = endpoints
        self._behind = behind
        self._now = now
        self._open_for = open_for
        self._most_attempts = most_attempts
        self._detail = DetailNeed(state.learnt)
        self._failures_in_a_row: defaultdict[str, int] = defaultdict(int)
        self.left_out: dict[str, EndpointError] = {}
        """Endpoints that cannot be read in this sync: forbidden, or failing all the time."""

    async def read(self, task: Task) -> Reading:
        followed = self._state.following.get(task.run_id)
        reading = Reading(task, task.started_at, task.fingerprint if task.record is not None else ANY)
        asked = self._wants(task, followed)
        wants = asked - self.left_out.keys()
        failures: dict[str, EndpointError] = {}
        listed = None if task.record is None else identified(self._runs, task.record)
        run = await self._run(task, listed, failures, is_whole="runs" in wants)
        is_final = self._is_final(run, wants)
        empty: set[str] = set()
        read: set[str] = set()
        for endpoint in sorted(wants - {"runs"}):
            if run is None and "runs" in failures:
                break
            if not is_final and run is not None and endpoint in self._platform.waits(run.row):
                empty.add(endpoint)
                continue
            rows = await self._children(endpoint, task.run_id, run, failures)
            if rows is None:
                empty.add(endpoint)
            else:
                read.add(endpoint)
                reading.rows.update(rows)
        if "runs" not in wants and "runs" in self._endpoints and task.reason == "followed" and reading.rows:
            # What was awaited came: the run's own record will have changed with it, and the list's is older.
            run = await self._newest(task, listed, failures)
            wants |= {"runs"}
            listed = None
        if run is not None:
            reading.started_at = run.started_at
            if "runs" in wants:
                reading.rows["runs"] = [run.row]
            if listed is None or _word(run.row) != _word(listed.row):
                # The list will show it otherwise than it did, unless a run's own record tells how.
                reading.fingerprint = (
                    fingerprint(self._runs, run.row) if self._runs.watched_in_detail else ANY
                )
        skipped = asked.intersection(self.left_out).difference(read, failures)
        if failures or skipped or empty or followed is not None or task.is_told or not is_final:
            self._decide(
                reading, run, followed, is_final=is_final, empty=empty, skipped=skipped, failures=failures
            )
        # Else all is read of a run that had not been read before, as of most runs.
        reading.size = _characters(reading.rows)
        return reading

    def _wants(self, task: Task, followed: Followed | None) -> frozenset[str]:
        """What is to be read of a run, also if it is left out of this sync."""
        if task.reason == "behind":
            return self._behind
        if followed is not None and (
            task.record is None or self._state.known.look(task.run_id, task.fingerprint) != "changed"
        ):
            return self._endpoints.intersection(followed.wants) | self._behind
        return self._endpoints

    async def _run(
        self, task: Task, listed: RunRecord | None, failures: dict[str, EndpointError], *, is_whole: bool
    ) -> RunRecord | None:
        """The run's record from the list, completed by its detail where it has to be whole and is not."""
        if listed is None:
            return await self._by_id(task.run_id, failures) if is_whole else None
        if not is_whole or task.run_id.startswith(UNIDENTIFIED):
            return listed
        status = _word(listed.row)
        if not self._platform.reads_details and self._detail.says_no_more(status):
            return listed
        missing = lacking(self._runs, listed.record, listed.row)
        if self._platform.reads_details:
            return await self._completed(listed, missing, failures)
        if not self._detail.asks_for(status, missing):
            return listed
        if self._detail.is_learnt(status):
            return await self._completed(listed, missing, failures)
        async with self._detail.learning(status):
            if not self._detail.asks_for(status, missing):
                return listed
            return await self._completed(listed, missing, failures)

    async def _newest(
        self, task: Task, listed: RunRecord | None, failures: dict[str, EndpointError]
    ) -> RunRecord | None:
        """The run's record as it is now; what the list showed when it is gone."""
        if listed is None:
            return await self._by_id(task.run_id, failures)
        return await self._completed(listed, lacking(self._runs, listed.record, listed.row), failures)

    async def _completed(
        self, listed: RunRecord, missing: frozenset[str], failures: dict[str, EndpointError]
    ) -> RunRecord:
        try:
            record = await self._platform.run(listed.run_id)
        except NotFoundError:
            self._detail.learn(_word(listed.row), set())
            return listed
        except EndpointError as error:
            failures["runs"] = error
            return listed
        said = {name: value for name, value in record.items() if value is not None}
        whole = identified(self._runs, {**record, **listed.record, **said})
        whole.row["run_id"] = listed.run_id
        self._detail.learn(_word(listed.row), {name for name in missing if whole.row[name] is not None})
        return whole

    async def _by_id(self, run_id: str, failures: dict[str, EndpointError]) -> RunRecord | None:
        try:
            record = await self._platform.run(run_id)
        except EndpointError as error:
            failures["runs"] = error
            return None
        run = identified(self._runs, record)
        run.row["run_id"] = run_id
        return run

    async def _children(
        self, endpoint: str, run_id: str, run: RunRecord | None, failures: dict[str, EndpointError]
    ) -> dict[str, list[Row]] | None:
        """The rows of an endpoint; None when there are none, or when they cannot be read."""
        if endpoint in self.left_out:
            return None
        try:
            rows = await self._platform.children(endpoint, run_id, None if run is None else run.record)
        except NotFoundError:
            self._failures_in_a_row[endpoint] = 0
            return None
        except ForbiddenError as error:
            self._leave_out(endpoint, error)
            return None
        except EndpointError as error:
            failures[endpoint] = error
            self._failures_in_a_row[endpoint] += 1
            if self._failures_in_a_row[endpoint] >= FAILURES_IN_A_ROW:
                self._leave_out(endpoint, error)
            return None
        self._failures_in_a_row[endpoint] = 0
        return rows if any(rows.values()) else None

    def _leave_out(self, endpoint: str, error: EndpointError) -> None:
        if endpoint not in self.left_out:
            self.left_out[endpoint] = error
            logger.warning("%s is left out of this sync: %s.", endpoint, error)

    def _is_final(self, run: RunRecord | None, wants: frozenset[str]) -> bool:
        if run is None:
            # Only a run that has ended is followed for something else than its own record.
            return "runs" not in wants
        status = _word(run.row)
        if status in self._platform.final_statuses:
            return True
        return status not in self._platform.running_statuses and run.row["ended_at"] is not None

    def _decide(
        self,
        reading: Reading,
        run: RunRecord | None,
        followed: Followed | None,
        *,
        is_final: bool,
        empty: set[str],
        skipped: frozenset[str],
        failures: dict[str, EndpointError],
    ) -> None:
        """Decide what is to be followed, and note what failed or came after all."""
        before = followed.failed if followed else {}
        failed = {name: self._failure(before.get(name), error) for name, error in failures.items()}
        given_up = {name for name, failure in failed.items() if failure.attempts >= self._most_attempts}
        reading.unread = len(failed)
        reading.rows["fetch_errors"] = [
            _error_row(reading.task.run_id, name, failure, is_given_up=name in given_up)
            for name, failure in failed.items()
        ] + [
            _error_row(reading.task.run_id, name, failure, resolved_at=datetime.now(UTC))
            for name, failure in before.items()
            if name not in failed and name not in skipped
        ]
        follow = self._missing(run, followed, is_final=is_final, empty=empty - failed.keys())
        retried = failed.keys() - given_up
        postponed = {name for name in skipped if not self._comes_later(name, reading.started_at)}
        # What is forbidden may be so for ever; what fails is tried as long as it fails.
        forbidden = {name for name in postponed if isinstance(self.left_out[name], ForbiddenError)}
        lasts = bool(retried or postponed - forbidden)
        if retried or postponed:
            until = (self._now + self._open_for).isoformat()
            follow = follow or Followed(until if followed is None or lasts else followed.until, [])
            follow.wants = sorted({*follow.wants, *retried, *postponed})
            follow.failed = {name: failed[name] for name in retried}
            follow.failed |= {name: before[name] for name in postponed if name in before}
        reading.is_abandoned = bool(given_up)
        if follow is not None and not lasts and datetime.fromisoformat(follow.until) < self._now:
            reading.is_abandoned = reading.is_abandoned or follow.is_expected
            follow = None
        loaded = {name: rows for name, rows in reading.rows.items() if name != "fetch_errors"}
        told = self._state.told.get(reading.task.run_id)
        if follow is not None or reading.task.is_told:
            reading.shown = digest(loaded)
            if reading.shown in [before.shown for before in (followed, told) if before is not None]:
                reading.rows = {"fetch_errors": reading.rows["fetch_errors"]}
        if follow is not None:
            follow.shown = reading.shown
        reading.follow = follow

    def _comes_later(self, endpoint: str, started_at: datetime | None) -> bool:
        """Whether a later sync reads an endpoint that is left out now, for all runs from a moment on."""
        reached = self._state.reached.get(endpoint)
        if reached is None or started_at is None:
            return reached is None
        return started_at > datetime.fromisoformat(reached)

    def _missing(
        self, run: RunRecord | None, followed: Followed | None, *, is_final: bool, empty: set[str]
    ) -> Followed | None:
        """What a run still lacks, failures aside."""
        if not is_final:
            started_at = run.started_at if run is not None else None
            if followed is not None:
                return Followed(followed.until, sorted(self._endpoints), followed.is_expected)
            until = min(started_at or self._now, self._now) + self._open_for
            return Followed(until.isoformat(), sorted(self._endpoints))
        if run is None:
            awaited = [] if followed is None else sorted(empty.intersection(followed.wants))
            if followed is None or not awaited:
                return None
            return Followed(followed.until, awaited, followed.is_expected)
        waits = self._platform.waits(run.row)
        awaited = sorted(name for name in empty if name in waits and name not in self.left_out)
        if not awaited:
            return None
        expected = any(self._platform.is_expected(run.row, name) for name in awaited)
        if followed is not None and "runs" not in followed.wants:
            return Followed(followed.until, awaited, expected)
        ended_at = run.row["ended_at"] or run.started_at or self._now
        until = min(ended_at, self._now) + max(waits[name] for name in awaited)
        return Followed(until.isoformat(), awaited, expected)

    def _failure(self, before: Failure | None, error: EndpointError) -> Failure:
        now = datetime.now(UTC).isoformat()
        return Failure(
            attempts=before.attempts + 1 if before else 1,
            first_failed_at=before.first_failed_at if before else now,
            last_failed_at=now,
            status_code=error.status_code,
            message=str(error)[:500],
        )


def _characters(rows: dict[str, list[Row]]) -> int:
    """How long the texts in rows are in all."""
    return sum(
        [len(value) for some in rows.values() for row in some for value in row.values() if type(value) is str]
    )


def _word(row: Row) -> str:
    """A run's status in lower case; empty when it has none."""
    return str(row["status"] or "").strip().lower()


def _error_row(
    run_id: str,
    endpoint: str,
    failure: Failure,
    *,
    resolved_at: datetime | None = None,
    is_given_up: bool = False,
) -> Row:
    message = (
        f"given up after {failure.attempts} syncs: {failure.message}" if is_given_up else failure.message
    )
    return {
        "run_id": run_id,
        "endpoint": endpoint,
        "status_code": failure.status_code,
        "message": message,
        "attempts": failure.attempts,
        "first_failed_at": datetime.fromisoformat(failure.first_failed_at),
        "last_failed_at": datetime.fromisoformat(failure.last_failed_at),
        "resolved_at": resolved_at,
    }
