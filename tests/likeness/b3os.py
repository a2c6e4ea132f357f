"""B3OS: a list per workflow by offsets that shift, runs that wait for weeks, workflows that are archived."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from emulator.b3os import B3osEmulator, B3osSettings, World
from emulator.b3os.runs import Run
from sources.b3os import CONNECTOR
from tests.likeness.platform import Child, Life, Likeness, Plan, moment

if TYPE_CHECKING:
    from datetime import datetime

    from emulator.common.clock import Clock
    from tests.sync.tables import Tables

AT_WORK = 30
"""Seconds that a run is at work; what it takes longer, it waits."""


class B3osLikeness(Likeness):
    """Nobody judges: how a run ends is all that is said of it. A run's own record holds its nodes."""

    connector = CONNECTOR
    statuses = ("success", "success", "failure", "cancelled")
    judged = ("success", "failure", "cancelled")
    run_lists = frozenset({"GET /workflows/{id}/runs"})
    of_runs_alone = frozenset({"GET /workflows", "GET /runs/{id}"})
    once = Child("GET /runs/{id}", "runs", "node_executions")
    unread = frozenset({"runs", "node_executions"})
    endpoints = (
        "GET /workflows",
        "GET /workflows/{id}/runs",
        "GET /runs/{id}",
        "GET /organizations",
        "GET /organizations/{orgId}/cu/runs",
    )
    # Of the account of compute units.
    remembers_for = timedelta(days=14)
    archives = True

    def empty_world(self, clock: Clock) -> World:
        return World.empty(clock)

    def emulator(
        self,
        world: World,
        *,
        order: str = "newest_first",
        page: int | None = None,
        **settings: Any,  # noqa: ANN401
    ) -> B3osEmulator:
        if page is not None:
            settings |= {"default_limit": page, "max_limit": page}
        return B3osEmulator(world, B3osSettings(order=order, **settings))  # type: ignore[arg-type]

    def shapes(self) -> st.SearchStrategy[dict[str, Any]]:
        return st.fixed_dictionaries(
            {
                "envelope": st.sampled_from(["code", "success"]),
                "has_more": st.sampled_from(["told", "left_out", "always"]),
                "missing_fields": st.sampled_from(["left_out", "null"]),
                "timestamps": st.sampled_from(["iso_z", "epoch_ms"]),
                "beyond_max_limit": st.sampled_from(["cut", "refused"]),
                "shows_archived_workflows": st.booleans(),
            }
        )

    def start(self, world: World, plan: Plan) -> Life:
        seconds = plan.minutes * 60
        waits = seconds > AT_WORK
        run = world.add_run(
            status=plan.status or "success",
            started_at=plan.started_at,
            duration_s=AT_WORK if waits else seconds,
            waits_after_s=AT_WORK / 2 if waits else None,
            waits_s=seconds - AT_WORK if waits else None,
            workflow_id=plan.workflow,
        )
        assert run.ended_at is not None
        return Life(
            run.id, run.status, moment(run.started_at), moment(run.ended_at), workflow=run.workflow_id
        )

    def workflow(self, world: World, name: str) -> str:
        return world.add_workflow(name).id

    def archive(self, emulator: B3osEmulator, life: Life, lives: dict[str, Life], known: set[str]) -> None:
        assert life.workflow is not None
        emulator.world.archive_workflow(life.workflow)
        of_it = [other for other in lives.values() if other.workflow == life.workflow]
        # Its runs are asked for as long as it shows them, by syncs that have seen it.
        are_asked_for = emulator.settings.shows_archived_workflows and any(one.id in known for one in of_it)
        for other in of_it:
            other.is_archived = True
            other.is_gone = other.is_gone or not (are_asked_for or other.id in known)

    def assert_loaded(self, tables: Tables, world: World, life: Life, now: datetime) -> None:
        run = world.run(life.id)
        assert isinstance(run, Run)
        (row,) = tables.of("runs", run_id=life.id)
        assert row["status"] == run.status_at(world.clock.now())
        assert row["started_at"] == life.started_at
        assert row["ended_at"] == (life.ended_at if life.ended_at <= now else None)
        assert row["cost"] is None or float(row["cost"]) == world.units(run)
        nodes = tables.of("node_executions", run_id=life.id)
        assert {node["node_id"]: node["status"] for node in nodes} == {
            node.id: node.status for node in world.nodes(run)
        }
