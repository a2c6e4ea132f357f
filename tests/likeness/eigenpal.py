"""EigenPal: a list by cursor and time, scores of experiments, reviews that come or change months later."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from emulator.eigenpal import EigenPalEmulator, EigenPalSettings, World
from emulator.eigenpal.runs import Run
from sources.eigenpal import CONNECTOR
from tests.likeness.platform import Child, Life, Likeness, Plan, moment

if TYPE_CHECKING:
    from datetime import datetime

    from emulator.common.clock import Clock
    from tests.sync.tables import Tables


class EigenPalLikeness(Likeness):
    """Experiments are scored soon after they end; people review what they like, when they like."""

    connector = CONNECTOR
    orders = ("newest_first",)
    statuses = ("completed", "completed", "failed", "rejected", "cancelled")
    judged = ("completed",)
    run_lists = frozenset({"GET /runs"})
    of_runs_alone = frozenset({"GET /runs/{id}"})
    once = Child("GET /runs/{id}", "runs", "steps")
    unread = frozenset({"runs"})
    late = Child("GET /runs/{id}/scores", "scores", "scores")
    optional = late
    evaluation_wait = timedelta(hours=48)
    # The platform is asked for what was created within the look-back.
    late_by = timedelta(minutes=55)
    remembers_for = timedelta(days=7)
    says = True
    news_on = once.on
    hears_for = timedelta(days=365)
    endpoints = (
        "GET /runs",
        "GET /runs/{id}",
        "GET /runs/{id}/scores",
        "GET /runs/{id}/trace",
        "GET /automations",
        "GET /automations/{id}",
        "GET /automations/{id}/versions",
        "GET /automations/{id}/examples",
        "GET /automations/{id}/experiments",
    )

    def empty_world(self, clock: Clock) -> World:
        return World.empty(clock)

    def emulator(
        self,
        world: World,
        *,
        order: str = "newest_first",
        page: int | None = None,
        **settings: Any,  # noqa: ANN401
    ) -> EigenPalEmulator:
        assert order in self.orders
        if page is not None:
            settings |= {"default_limit": min(page, 50), "max_limit": page}
        return EigenPalEmulator(world, EigenPalSettings(**settings))

    def shapes(self) -> st.SearchStrategy[dict[str, Any]]:
        return st.fixed_dictionaries(
            {
                "contract": st.sampled_from(["2026-07", "2026-11"]),
                "object_envelope": st.sampled_from(["bare", "wrapped"]),
                "rows": st.sampled_from(["grouped", "flat"]),
                "timestamps": st.sampled_from(["iso_z", "iso_offset"]),
                "thinned_by": st.sampled_from(["sample_rate", "filters"]),
                "cursor_as": st.sampled_from(["row", "offset"]),
                "bounds": st.sampled_from(["inclusive", "exclusive"]),
            }
        )

    def start(self, world: World, plan: Plan) -> Life:
        automation_id = plan.workflow or next(iter(world.automations), None) or world.add_automation().id
        status = plan.status or "completed"
        experiment: dict[str, Any] = {}
        if plan.evaluation_minutes is not None and status == "completed":
            example = world.automations[automation_id].examples[0]
            experiment = {
                "batch_id": "batch_" + example.id[-8:],
                "example_id": example.id,
                "example_name": example.name,
                "scores_after_s": plan.evaluation_minutes * 60,
            }
        run = world.add_run(
            status=status,
            created_at=plan.started_at,
            queue_s=0,
            duration_s=plan.minutes * 60,
            automation_id=automation_id,
            **experiment,
        )
        return Life(
            run.id,
            run.status,
            moment(run.created_at),
            moment(run.ended_at),
            None if run.scored_at is None else moment(run.scored_at),
            workflow=automation_id,
        )

    def workflow(self, world: World, name: str) -> str:
        return world.add_automation(name.lower()).id

    def furnish(self, world: World) -> None:
        first = next(iter(world.automations))
        world.run_experiment(first)
        for entry in list(world.runs())[:2]:
            run = world.index.run(entry)
            world.correct(run.id, "/total", "12")

    def say(self, world: World, life: Life, word: int, now: datetime) -> None:
        run = world.run(life.id)
        assert isinstance(run, Run)
        life.said_at = now
        if word == 1:
            world.correct(life.id, "/total", "12", original="21")
        elif word == 3 and world.review_of(run) is not None:
            world.close_review(life.id, note=f"At {now}.")
        else:
            world.review(life.id, "correct" if word == 2 else "incorrect", note=f"At {now}.")

    def assert_loaded(self, tables: Tables, world: World, life: Life, now: datetime) -> None:
        run = world.run(life.id)
        assert isinstance(run, Run)
        (row,) = tables.of("runs", run_id=life.id)
        has_ended = life.ended_at <= now
        assert row["status"] == run.status_at(world.clock.now())
        assert row["created_at"] == life.started_at
        assert row["ended_at"] == (life.ended_at if has_ended else None)
        if has_ended:
            assert len(tables.of("steps", run_id=life.id)) == len(world.steps(run))
        assert len(tables.of("scores", run_id=life.id)) == len(world.scores(run))
        review = world.review_of(run)
        said = tables.of("reviews", run_id=life.id)
        assert [(one["verdict"], one["status"], one["updated_at"]) for one in said] == (
            [] if review is None else [(review.verdict, review.status, moment(review.updated_at))]
        )
        corrected = tables.of("review_corrections", run_id=life.id)
        assert len(corrected) == (0 if review is None else len(review.corrections))
