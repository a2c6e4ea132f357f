"""Runflow: a list by cursor, sorted if it is asked to; evaluations that supersede each other days later."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from hypothesis import strategies as st

from emulator.runflow import RunflowEmulator, RunflowSettings, World
from emulator.runflow.evaluations import current
from emulator.runflow.runs import Run
from sources.runflow import CONNECTOR
from tests.likeness.platform import Child, Life, Likeness, Plan, moment

if TYPE_CHECKING:
    from datetime import datetime

    from emulator.common.clock import Clock
    from tests.sync.tables import Tables

EVALUATED = ("succeeded", "partial_succeeded")


class RunflowLikeness(Likeness):
    """A jury looks at what succeeded, and may look again; the list shows what it said last."""

    connector = CONNECTOR
    statuses = ("succeeded", "succeeded", "failed", "partial_succeeded", "errored", "cancelled")
    judged = EVALUATED
    run_lists = frozenset({"GET /runs"})
    of_runs_alone = frozenset({"GET /runs/{run_id}"})
    once = Child("GET /runs/{run_id}/node-runs", "node_runs", "node_runs")
    unread = frozenset({"node_runs"})
    late = Child("GET /runs/{run_id}/evaluations", "evaluations", "evaluations")
    optional = late
    evaluation_wait = timedelta(hours=48)
    remembers_for = timedelta(days=7)
    says = True
    news_on = late.on
    hears_for = timedelta(days=7)
    # By the next time that the list is read down to where one looks back.
    finds_within = timedelta(hours=6, minutes=1)
    endpoints = (
        "GET /runs",
        "GET /runs/{run_id}/node-runs",
        "GET /runs/{run_id}/evaluations",
        "GET /runs/{run_id}/logs",
        "GET /flows",
        "GET /models",
        "GET /comfyui-workflows",
        "GET /batches/{id}",
    )
    talkative: ClassVar[dict[str, Any]] = {"links": "signed_each_time"}

    def empty_world(self, clock: Clock) -> World:
        return World.empty(clock)

    def emulator(
        self,
        world: World,
        *,
        order: str = "newest_first",
        page: int | None = None,
        **settings: Any,  # noqa: ANN401
    ) -> RunflowEmulator:
        if page is not None:
            settings |= {"default_limit": min(page, 50), "max_limit": page}
        settings |= {"default_order": order, "honours_sort": order == "newest_first"}
        return RunflowEmulator(world, RunflowSettings(**settings))

    def shapes(self) -> st.SearchStrategy[dict[str, Any]]:
        return st.fixed_dictionaries(
            {
                "list_envelope": st.sampled_from(["items", "data"]),
                "cursor_names": st.sampled_from(["next", "next_pq"]),
                "cursor_as": st.sampled_from(["cursor", "query", "path", "url"]),
                "no_cursor": st.sampled_from(["null", "absent", "empty"]),
                "cursor_holds": st.sampled_from(["place", "offset"]),
                "child_lists": st.sampled_from(["paged", "bare"]),
                "timestamps": st.sampled_from(["iso_z", "iso_utc"]),
                "cost_as": st.sampled_from(["plain", "loose", "number"]),
                "unasked_relations": st.sampled_from(["absent", "null"]),
                "shows_evaluation_status": st.booleans(),
                "evaluation_order": st.sampled_from(["newest_first", "oldest_first"]),
                "links": st.sampled_from(["signed_each_time", "unsigned"]),
            }
        )

    def start(self, world: World, plan: Plan) -> Life:
        status = plan.status or "succeeded"
        wait = None if plan.evaluation_minutes is None else plan.evaluation_minutes * 60
        run = world.add_run(
            status=status,
            created_at=plan.started_at,
            duration_s=plan.minutes * 60,
            evaluation_after_s=None if wait is None else wait / 2,
            evaluation_takes_s=0 if wait is None else wait / 2,
            target_id=plan.workflow,
        )
        return Life(
            run.id,
            "canceled" if status == "cancelled" else status,
            moment(run.created_at),
            moment(run.completed_at),
            moment(run.attempts[-1].completed_at) if run.attempts else None,
            workflow=run.target_id,
        )

    def workflow(self, world: World, name: str) -> str:
        return world.add_target(name.lower()).id

    def furnish(self, world: World) -> None:
        for kind in ("model", "comfyui_workflow"):
            world.add_run(kind=kind)  # type: ignore[arg-type]
        world.add_run(batch_id="00000000-0000-4000-8000-000000000001", passed=False)

    def say(self, world: World, life: Life, word: int, now: datetime) -> None:
        run = world.run(life.id)
        assert isinstance(run, Run)
        life.said_at = now
        if word == 0 or not world.attempts(run):
            world.feedback(life.id, is_positive=False, reason=f"At {now}.")
        elif word == 1 and current(run.attempts, world.clock.now()) is not None:
            world.supersede(life.id)
        else:
            world.evaluate(life.id, passed=word == 2, takes_s=60 * (word - 1))

    def is_settled(self, life: Life, now: datetime) -> bool:
        if life.evaluated_at is not None:
            return life.evaluated_at <= now
        return life.ended_at <= now and life.status not in EVALUATED

    def assert_loaded(self, tables: Tables, world: World, life: Life, now: datetime) -> None:
        run = world.run(life.id)
        assert isinstance(run, Run)
        (row,) = tables.of("runs", run_id=life.id)
        has_ended = life.ended_at <= now
        assert (row["status"] == life.status) == has_ended
        assert row["created_at"] == life.started_at
        assert row["ended_at"] == (life.ended_at if has_ended else None)
        assert row["cost"] == (run.cost if has_ended else None)
        thumb = run.feedback_at(world.clock.now())
        assert row["feedback_reason"] == (thumb and thumb.reason)
        if has_ended:
            assert len(tables.of("node_runs", run_id=life.id)) == len(world.node_runs(run))
        attempts = world.attempts(run)
        verdicts = {one.id: one.verdict_at(world.clock.now()) for one in attempts}
        if any(one.is_over(world.clock.now()) for one in attempts):
            rows = tables.of("evaluations", run_id=life.id)
            assert {one["evaluation_id"]: one["overall_passed"] for one in rows} == verdicts
            superseded = {one.id for one in attempts if one.is_superseded(world.clock.now())}
            assert {one["evaluation_id"] for one in rows if one["superseded_at"]} == superseded
