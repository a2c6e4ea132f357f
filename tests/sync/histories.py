"""Whatever happens on the platform, on the network and to the process: the tables end up equal to the API."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from emulator import serve
from emulator.armature import ArmatureEmulator, ArmatureSettings, World
from emulator.common import faults
from emulator.common.clock import Clock
from sources.armature.tables import TABLES
from sources.common.session import SyncSettings
from tests.sync.syncing import KilledError, session_of, sync
from tests.sync.tables import Tables

if TYPE_CHECKING:
    from sources.common.session import Outcome

START = "2026-06-01T00:00:00Z"
OPEN_FOR = timedelta(days=7)
EVALUATION_WAIT = timedelta(hours=48)
LISTED_FOR = timedelta(days=30)
STATE_LIMIT = 20_000
"""Characters of state that no history of these tests may exceed."""

ANY_HISTORY = settings(
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate,),
    print_blob=True,
)


@dataclass
class Life:
    """What is known of a run from its beginning."""

    id: str
    status: str
    started_at: datetime
    ended_at: datetime
    evaluated_at: datetime | None
    calls: int
    is_gone: bool = False


class SyncMachine(RuleBasedStateMachine):
    """A platform whose runs start, end, are evaluated and vanish, while syncs come, die and come again."""

    orders: tuple[Literal["newest_first", "oldest_first", "shuffled"], ...] = ()

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.clock = Clock.manual(START)
        self.world = World.empty(self.clock)
        self.lives: dict[str, Life] = {}
        self.tables = Tables(TABLES)
        self.settled: set[str] = set()
        self.complete_at: datetime | None = None
        self.gaps = 0

    @initialize(
        data=st.data(),
        page_cap=st.integers(2, 5),
        rows=st.sampled_from(["full", "slim"]),
        totals=st.booleans(),
        first_page=st.sampled_from([0, 1]),
        missing=st.sampled_from(["not_found", "null"]),
        chunk_runs=st.integers(1, 6),
    )
    def open_account(
        self,
        data: st.DataObject,
        page_cap: int,
        rows: Literal["full", "slim"],
        *,
        totals: bool,
        first_page: Literal[0, 1],
        missing: Literal["not_found", "null"],
        chunk_runs: int,
    ) -> None:
        shape = ArmatureSettings(
            default_order=data.draw(st.sampled_from(self.orders)),
            max_page_size=page_cap,
            list_rows=rows,
            shows_total=totals,
            shows_has_more=totals,
            first_page=first_page,
            missing_evaluation=missing,
        )
        self.serve(shape, chunk_runs)

    def serve(self, shape: ArmatureSettings, chunk_runs: int) -> None:
        self.server = self.stack.enter_context(serve(ArmatureEmulator(self.world, shape)))
        self.chunk_runs = chunk_runs

    def teardown(self) -> None:
        try:
            if hasattr(self, "server"):
                self.server.faults.clear()
                self.sync_to_the_end()
                self.the_tables_equal_the_api()
        finally:
            self.stack.close()

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.now() / 1000, UTC)

    # -- the platform ----------------------------------------------------------------------------------

    @rule(
        count=st.integers(1, 6),
        late_minutes=st.integers(0, 20),
        status=st.sampled_from(["pass", "pass", "fail", "partial", "error", "timed_out"]),
        minutes=st.sampled_from([0, 1, 5, 90, 60 * 24, 60 * 24 * 10]),
        evaluation_minutes=st.sampled_from([0, 1, 30, 60 * 20, None]),
        calls=st.integers(0, 3),
    )
    def runs_start(
        self,
        count: int,
        late_minutes: int,
        status: str,
        minutes: int,
        evaluation_minutes: int | None,
        calls: int,
    ) -> None:
        """Runs appear, up to twenty minutes after their start, some of them at the same moment."""
        for _ in range(count):
            started_at = self.now - timedelta(minutes=late_minutes)
            run = self.world.add_run(
                status=status,
                started_at=started_at,
                duration_s=minutes * 60,
                evaluation_after_s=None if evaluation_minutes is None else evaluation_minutes * 60,
                calls=calls,
            )
            self.lives[run.id] = Life(
                run.id,
                status,
                started_at,
                started_at + timedelta(minutes=minutes),
                None if run.evaluated_at is None else datetime.fromtimestamp(run.evaluated_at / 1000, UTC),
                calls,
            )

    @rule(data=st.data())
    def a_run_vanishes(self, data: st.DataObject) -> None:
        there = sorted(life.id for life in self.lives.values() if not life.is_gone)
        if there:
            run_id = data.draw(st.sampled_from(there))
            self.world.remove_run(run_id)
            self.lives[run_id].is_gone = True

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
        self.server.faults.add(fault, times=times)

    # -- syncs -----------------------------------------------------------------------------------------

    @rule()
    def a_sync_ends(self) -> None:
        self.sync_to_the_end()

    @rule(events=st.integers(0, 8), half_loaded=st.none() | st.sets(st.sampled_from(sorted(TABLES))))
    def a_sync_is_killed(self, events: int, half_loaded: set[str] | None) -> None:
        merged = None if half_loaded is None else frozenset(half_loaded)
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

        def move(_: int) -> None:
            nonlocal pages
            pages += 1
            if pages == at_page:
                self.clock.advance(minutes=minutes)
                if arriving:
                    self.runs_start(arriving, 0, "pass", 5, 1, 1)
                for life in [life for life in self.lives.values() if not life.is_gone][:leaving]:
                    self.world.remove_run(life.id)
                    life.is_gone = True

        before = {life.id for life in self.lives.values() if not life.is_gone and self.is_listed(life)}
        stop = self.world.on_page(move)
        try:
            outcome = self.sync()
        finally:
            stop()
        assert outcome.is_complete
        # A run that leaves draws others onto pages that were read already: the API may not have shown them.
        for run_id in before if not leaving else ():
            if not self.lives[run_id].is_gone:
                assert self.tables.of("runs", run_id=run_id), f"{run_id} was always shown and is missing"
        self.note_complete()

    def sync(
        self, events_until_kill: int | None = None, half_loaded: frozenset[str] | None = None
    ) -> Outcome:
        session = session_of(
            self.server,
            clock=self.clock,
            settings=SyncSettings(chunk_runs=self.chunk_runs, open_for=OPEN_FOR),
        )
        return sync(session, self.tables, events_until_kill=events_until_kill, half_loaded=half_loaded)

    def sync_to_the_end(self) -> None:
        self.server.requests.clear()
        must_report_gap = self.must_report_gap()
        outcome = self.sync()
        assert outcome.is_complete
        if must_report_gap is not None:
            assert (outcome.gap is not None) == must_report_gap
        self.final_runs_are_not_read_again()
        for life in self.lives.values():
            if not life.is_gone and self.is_listed(life):
                assert self.tables.of("runs", run_id=life.id), f"{life.id} is listed and missing"
        self.note_complete()

    def must_report_gap(self) -> bool | None:
        """Whether the next sync must report a hole; None when that cannot be told from outside."""
        return self.complete_at is not None and self.now - self.complete_at > LISTED_FOR

    def note_complete(self) -> None:
        self.complete_at = self.now
        self.settled = {
            life.id for life in self.lives.values() if self.is_settled(life) and self.is_loaded(life)
        }

    def is_loaded(self, life: Life) -> bool:
        """Whether all that a settled run has was read: it may have vanished while it was."""
        has_run = bool(self.tables.of("runs", run_id=life.id, status=life.status))
        return has_run and (life.evaluated_at is None or bool(self.tables.of("evaluations", run_id=life.id)))

    def is_settled(self, life: Life) -> bool:
        """Whether a run has ended, and has its evaluation or is of a kind that gets none."""
        if life.ended_at > self.now - timedelta(hours=3):
            return life.evaluated_at is not None and life.evaluated_at <= self.now
        return life.evaluated_at is None and life.status in ("error", "timed_out")

    def is_listed(self, life: Life) -> bool:
        return self.now - life.started_at < LISTED_FOR

    def final_runs_are_not_read_again(self) -> None:
        asked = [
            request.path
            for endpoint in ("evaluation", "tool-calls")
            for request in self.server.requests.of(f"GET /runs/{{id}}/{endpoint}")
        ]
        for path in asked:
            assert not any(run_id in path for run_id in self.settled), f"{path} was read again"

    @invariant()
    def the_state_stays_small(self) -> None:
        assert len(json.dumps(self.tables.state)) < STATE_LIMIT

    def the_tables_equal_the_api(self) -> None:
        for life in self.lives.values():
            if life.is_gone or not self.is_listed(life) or self.was_given_up(life):
                continue
            (row,) = self.tables.of("runs", run_id=life.id)
            has_ended = life.ended_at <= self.now
            assert (row["status"] == life.status) == has_ended
            assert row["started_at"] == life.started_at
            assert row["ended_at"] == (life.ended_at if has_ended else None)
            is_evaluated = life.evaluated_at is not None and life.evaluated_at <= self.now
            assert len(self.tables.of("evaluations", run_id=life.id)) == is_evaluated
            if has_ended:
                calls = self.tables.of("tool_calls", run_id=life.id)
                assert [call["call_index"] for call in calls] == list(range(life.calls))

    def was_given_up(self, life: Life) -> bool:
        """Whether a run took longer than it is followed; what came after that need not be known."""
        if life.ended_at - life.started_at > OPEN_FOR:
            return True
        return life.evaluated_at is not None and life.evaluated_at - life.ended_at > EVALUATION_WAIT
