"""Whatever happens on the platform, on the network and to the process: the tables end up equal to the API."""

from __future__ import annotations

import json
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from emulator import serve
from emulator.common import faults
from emulator.common.clock import Clock
from tests.likeness.platform import Plan
from tests.sync.syncing import KilledError, session_of, sync
from tests.sync.tables import Tables

if TYPE_CHECKING:
    from sources.common.sync import Outcome
    from tests.likeness.platform import Life, Likeness

START = "2026-06-01T00:00:00Z"
STATE_LIMIT = 20_000
"""Characters of state that no history of these tests may exceed."""

WHEN_READ = frozenset({"_extracted_at", "first_seen_at", "last_seen_at"})
"""Columns that tell when something was read."""

ANY_HISTORY = settings(
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate,),
    print_blob=True,
)


class SyncMachine(RuleBasedStateMachine):
    """A platform whose runs start, end, are evaluated and vanish, while syncs come, die and come again."""

    likeness: ClassVar[Likeness]
    orders: ClassVar[tuple[str, ...]] = ()

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.clock = Clock.manual(START)
        self.world = self.likeness.empty_world(self.clock)
        self.lives: dict[str, Life] = {}
        self.tables = Tables(self.likeness.connector.tables)
        self.settled: set[str] = set()
        self.known: set[str] = set()
        self.complete_at: datetime | None = None

    @initialize(data=st.data(), page=st.integers(2, 5), chunk_runs=st.integers(1, 6))
    def open_account(self, data: st.DataObject, page: int, chunk_runs: int) -> None:
        order = data.draw(st.sampled_from(self.orders))
        self.serve(chunk_runs, order=order, page=page, **data.draw(self.likeness.shapes()))

    def serve(self, chunk_runs: int, **shape: Any) -> None:  # noqa: ANN401
        self.server = self.stack.enter_context(serve(self.likeness.emulator(self.world, **shape)))
        self.chunk_runs = chunk_runs
        self.workflows = [self.likeness.workflow(self.world, name) for name in ("one", "two", "three")]

    def teardown(self) -> None:
        try:
            if hasattr(self, "server"):
                self.server.faults.clear()
                if self.likeness.finds_within is not None:
                    self.sync_to_the_end()
                    self.clock.advance(seconds=self.likeness.finds_within.total_seconds())
                self.sync_to_the_end()
                self.the_tables_equal_the_api()
        finally:
            self.stack.close()

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.now() / 1000, UTC)

    @property
    def shown(self) -> list[Life]:
        """The runs that the platform lists."""
        return [life for life in self.lives.values() if not life.is_gone and self.is_listed(life)]

    # -- the platform ----------------------------------------------------------------------------------

    @rule(
        data=st.data(),
        count=st.integers(1, 6),
        late_minutes=st.integers(0, 20),
        minutes=st.sampled_from([0, 1, 5, 90, 60 * 24, 60 * 24 * 10]),
        evaluation_minutes=st.sampled_from([0, 1, 30, 60 * 20, None]),
        children=st.integers(0, 3),
    )
    def runs_start(
        self,
        data: st.DataObject,
        count: int,
        late_minutes: int,
        minutes: int,
        evaluation_minutes: int | None,
        children: int,
    ) -> None:
        """Runs appear, up to twenty minutes after their start, some of them at the same moment."""
        status = data.draw(st.sampled_from(self.likeness.statuses))
        self.start(
            count, Plan(status, None, minutes, evaluation_minutes, children), late_minutes=late_minutes
        )

    def start(self, count: int, plan: Plan, *, late_minutes: int = 0) -> None:
        started_at = self.now - timedelta(minutes=late_minutes)
        for number in range(count):
            workflow = self.workflows[number % len(self.workflows)]
            life = self.likeness.start(self.world, plan.of(workflow, started_at))
            self.lives[life.id] = life

    @rule(data=st.data())
    def a_run_vanishes(self, data: st.DataObject) -> None:
        there = sorted(life.id for life in self.lives.values() if not life.is_gone)
        if there:
            run_id = data.draw(st.sampled_from(there))
            self.world.remove_run(run_id)
            self.lives[run_id].is_gone = True

    @precondition(lambda self: self.likeness.says)
    @rule(data=st.data(), word=st.integers(0, 3))
    def something_is_said_of_a_run_that_has_ended(self, data: st.DataObject, word: int) -> None:
        ended = sorted(life.id for life in self.shown if life.ended_at <= self.now)
        if ended:
            life = self.lives[data.draw(st.sampled_from(ended))]
            self.likeness.say(self.world, life, word, self.now)
            self.settled.discard(life.id)

    @precondition(lambda self: self.likeness.archives and self.lives)
    @rule(data=st.data())
    def a_workflow_is_archived(self, data: st.DataObject) -> None:
        life = self.lives[data.draw(st.sampled_from(sorted(self.lives)))]
        if life.workflow in self.workflows:
            self.workflows.remove(life.workflow)
            self.workflows.append(self.likeness.workflow(self.world, f"number {len(self.world.workflows)}"))
            self.likeness.archive(self.server.emulator, life, self.lives, self.known)

    @rule(minutes=st.sampled_from([1, 10, 45, 60 * 5, 60 * 30, 60 * 24 * 6]))
    def time_passes(self, minutes: int) -> None:
        self.clock.advance(minutes=minutes)

    @rule()
    def a_month_passes(self) -> None:
        self.clock.advance(days=33)

    @rule(
        fault=st.sampled_from(
            [
                faults.server_error(),
                faults.too_many_requests(None),
                faults.reset(),
                faults.cut_body(),
                faults.html_page(),
                faults.empty_body(),
            ]
        ),
        times=st.integers(1, 4),
    )
    def the_network_is_bad(self, fault: faults.Fault, times: int) -> None:
        # One at a time: a sync ends, as it should, when a host's first five answers are all strange.
        self.server.faults.clear()
        self.server.faults.add(fault, times=times)

    # -- syncs -----------------------------------------------------------------------------------------

    @rule()
    def a_sync_ends(self) -> None:
        self.sync_to_the_end()

    @rule(data=st.data(), events=st.integers(0, 8), is_half_loaded=st.booleans())
    def a_sync_is_killed(self, data: st.DataObject, events: int, *, is_half_loaded: bool) -> None:
        names = st.sets(st.sampled_from(sorted(self.likeness.connector.tables)))
        merged = frozenset(data.draw(names)) if is_half_loaded else None
        try:
            self.sync(events_until_kill=events, half_loaded=merged)
        except KilledError:
            return
        self.note_complete()

    @rule(
        at_page=st.integers(1, 4),
        arriving=st.integers(0, 3),
        leaving=st.integers(0, 2),
        minutes=st.sampled_from([0, 0, 1, 30]),
    )
    def the_list_moves_while_it_is_read(
        self, at_page: int, arriving: int, leaving: int, minutes: int
    ) -> None:
        pages = 0

        def move(_: object) -> None:
            nonlocal pages
            pages += 1
            if pages == at_page:
                self.clock.advance(minutes=minutes)
                if arriving:
                    self.start(arriving, Plan(minutes=5, evaluation_minutes=1, children=1))
                for life in [life for life in self.lives.values() if not life.is_gone][:leaving]:
                    self.world.remove_run(life.id)
                    life.is_gone = True

        before = {life.id for life in self.shown}
        stop = self.world.on_page(move)
        try:
            outcome = self.sync()
        finally:
            stop()
        assert outcome.is_complete, outcome.missing
        # A run that leaves draws others onto pages that were read already: the API may not have shown them.
        for run_id in before if not leaving else ():
            if not self.lives[run_id].is_gone:
                assert self.tables.of("runs", run_id=run_id), f"{run_id} was always shown and is missing"
        self.note_complete()

    def sync(
        self, events_until_kill: int | None = None, half_loaded: frozenset[str] | None = None
    ) -> Outcome:
        return sync(
            self.session(),
            self.tables,
            selected=self.likeness.usual_tables,
            events_until_kill=events_until_kill,
            half_loaded=half_loaded,
        )

    def session(self) -> Any:  # noqa: ANN401
        settings = self.likeness.sync_settings(chunk_runs=self.chunk_runs)
        return session_of(self.likeness, self.server, clock=self.clock, settings=settings)

    def sync_to_the_end(self) -> None:
        self.server.requests.clear()
        must_report_gap = self.must_report_gap()
        outcome = self.sync()
        assert outcome.is_complete, outcome.missing
        if must_report_gap is not None:
            assert (outcome.gap is not None) == must_report_gap
        self.final_runs_are_not_read_again()
        for life in self.shown:
            assert self.tables.of("runs", run_id=life.id), f"{life.id} is listed and missing"
        self.note_complete()

    def must_report_gap(self) -> bool | None:
        """Whether the next sync must report a hole; None when that cannot be told from outside."""
        if self.likeness.listed_for is None:
            return False
        return self.complete_at is not None and self.now - self.complete_at > self.likeness.listed_for

    def note_complete(self) -> None:
        self.complete_at = self.now
        self.known = {row["run_id"] for row in self.tables.of("runs")}
        self.settled = {
            life.id
            for life in self.lives.values()
            # Of what was said somebody may be told twice, and a second evaluation takes its time.
            if life.said_at is None and self.likeness.is_settled(life, self.now) and self.is_loaded(life)
        }

    def is_loaded(self, life: Life) -> bool:
        """Whether all that a settled run has was read: it may have vanished while it was."""
        late = self.likeness.late
        has_run = bool(self.tables.of("runs", run_id=life.id, status=life.status))
        return has_run and (
            life.evaluated_at is None or late is None or bool(self.tables.of(late.table, run_id=life.id))
        )

    def is_listed(self, life: Life) -> bool:
        listed_for = self.likeness.listed_for
        return listed_for is None or self.now - life.started_at < listed_for

    def final_runs_are_not_read_again(self) -> None:
        children = [self.likeness.once, *([self.likeness.late] if self.likeness.late else [])]
        for request in (request for child in children for request in self.server.requests.of(child.on)):
            assert not any(run_id in request.path for run_id in self.settled), (
                f"{request.path} was read again"
            )

    @invariant()
    def the_state_stays_small(self) -> None:
        assert len(json.dumps(self.tables.state)) < STATE_LIMIT

    def the_tables_equal_the_api(self) -> None:
        certain = [life for life in self.shown if not self.likeness.was_given_up(life, self.now)]
        for life in certain:
            self.likeness.assert_loaded(self.tables, self.world, life, self.now)
        self.the_tables_equal_those_of_a_first_sync({life.id for life in certain if not life.is_archived})

    def the_tables_equal_those_of_a_first_sync(self, runs: set[str]) -> None:
        """Whatever the platform says of these runs now, in whatever column, is in the tables."""
        fresh = Tables(self.likeness.connector.tables)
        assert sync(self.session(), fresh, selected=self.likeness.usual_tables).is_complete
        for name in self.likeness.usual_tables - {"sync_log", "fetch_errors"}:
            table = self.likeness.connector.tables[name]
            if table.endpoint is not None:
                assert _said(self.tables, name, runs) == _said(fresh, name, runs), name


def _said(tables: Tables, name: str, runs: set[str]) -> list[dict[str, Any]]:
    """The rows of some runs, without when they were read."""
    return [
        {column: value for column, value in row.items() if column not in WHEN_READ}
        for row in tables.of(name)
        if row["run_id"] in runs
    ]
