"""Armature: a list of at most 30 days, evaluations that come late, runs that never change once they have."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from hypothesis import strategies as st

from emulator.armature import ArmatureEmulator, ArmatureSettings, World
from sources.armature import CONNECTOR
from tests.likeness.platform import Child, Life, Likeness, Plan, moment

if TYPE_CHECKING:
    from emulator.common.clock import Clock
    from tests.sync.tables import Tables


class ArmatureLikeness(Likeness):
    """A judge looks at what has ended; what erred is not judged."""

    connector = CONNECTOR
    statuses = ("pass", "pass", "fail", "partial", "error", "timed_out")
    listed_for = timedelta(days=30)
    run_lists = frozenset({"GET /runs"})
    once = Child("GET /runs/{id}/tool-calls", "tool_calls", "tool_calls")
    optional = once
    late = Child("GET /runs/{id}/evaluation", "evaluation", "evaluations")
    judged = ("pass", "fail", "partial")
    endpoints = (
        "GET /runs",
        "GET /runs/{id}",
        "GET /runs/{id}/evaluation",
        "GET /runs/{id}/tool-calls",
        "GET /runs/{id}/trace",
        "GET /workflows",
        "GET /workflows/{id}",
        "GET /mcp-servers",
    )
    talkative: ClassVar[dict[str, Any]] = {"list_rows": "slim"}
    evaluation_wait = timedelta(hours=48)

    def empty_world(self, clock: Clock) -> World:
        return World.empty(clock)

    def emulator(
        self,
        world: World,
        *,
        order: str = "newest_first",
        page: int | None = None,
        **settings: Any,  # noqa: ANN401
    ) -> ArmatureEmulator:
        if page is not None:
            settings["max_page_size"] = page
        return ArmatureEmulator(world, ArmatureSettings(default_order=order, **settings))  # type: ignore[arg-type]

    def shapes(self) -> st.SearchStrategy[dict[str, Any]]:
        shapes = st.fixed_dictionaries(
            {
                "list_rows": st.sampled_from(["full", "slim"]),
                "shows_total": st.booleans(),
                "first_page": st.sampled_from([0, 1]),
                "missing_evaluation": st.sampled_from(["not_found", "null"]),
            }
        )
        return shapes.map(lambda shape: shape | {"shows_has_more": shape["shows_total"]})

    def start(self, world: World, plan: Plan) -> Life:
        wait = plan.evaluation_minutes
        run = world.add_run(
            status=plan.status or "pass",
            started_at=plan.started_at,
            duration_s=plan.minutes * 60,
            evaluation_after_s=None if wait is None else wait * 60,
            calls=plan.children,
            workflow_id=plan.workflow,
        )
        return Life(
            run.id,
            run.status,
            moment(run.started_at),
            moment(run.ended_at),
            None if run.evaluated_at is None else moment(run.evaluated_at),
            run.calls,
        )

    def workflow(self, world: World, name: str) -> str:
        # dlt loads an empty text into PostgreSQL as a null (COPY with FORCE_NULL): there is none here.
        return world.add_workflow(name, description="What the runs are of.").id

    def is_settled(self, life: Life, now: datetime) -> bool:
        if life.evaluated_at is not None:
            return life.evaluated_at <= now
        return life.ended_at <= now - timedelta(hours=3) and life.status in ("error", "timed_out")

    def assert_loaded(self, tables: Tables, world: World, life: Life, now: datetime) -> None:
        (row,) = tables.of("runs", run_id=life.id)
        has_ended = life.ended_at <= now
        assert (row["status"] == life.status) == has_ended
        assert row["started_at"] == life.started_at
        assert row["ended_at"] == (life.ended_at if has_ended else None)
        is_evaluated = life.evaluated_at is not None and life.evaluated_at <= now
        assert len(tables.of("evaluations", run_id=life.id)) == is_evaluated
        if has_ended:
            calls = tables.of("tool_calls", run_id=life.id)
            assert [call["call_index"] for call in calls] == list(range(life.children or 0))
