"""An account of Armature, made up from a seed and a clock, that a test may change while it is read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from emulator.armature import details
from emulator.armature.catalog import MODELS, SOURCES
from emulator.armature.runs import QUEUE, Run, play
from emulator.armature.timetable import WorkflowTimetable
from emulator.armature.workflows import Criterion, Workflow, servers, version_id, workflows
from emulator.common.chance import draws
from emulator.common.clock import DAY, HOUR, SECOND, Clock, milliseconds
from emulator.common.raw import RawRun
from emulator.common.run_index import RunIndex
from emulator.common.temper import Version
from emulator.common.world import Moment, MovingWorld

if TYPE_CHECKING:
    from emulator.armature.catalog import Source
    from emulator.common.json_value import Json


@dataclass(frozen=True, slots=True)
class WorldSize:
    """How much there is. With `arrivals`, scheduled runs go on as the clock does; without, `runs` is all."""

    runs: int = 3_600
    workflows: int = 48
    calls_per_run: int = 10
    days: int = 30
    arrivals: bool = True


@dataclass(slots=True)
class Pace:
    """How long runs dispatched by hand take, in seconds; None: as long as any other of their kind."""

    run: float | None = None
    evaluation: float | None = 20.0


# A scheduled run by its number, or one that was added.
Entry = int | Run | RawRun


class World(MovingWorld[Run, int]):
    """Workflows, runs and their details. Times given to it are datetimes, ISO texts or milliseconds."""

    def __init__(self, seed: int = 7, clock: Clock | None = None, size: WorldSize | None = None) -> None:
        super().__init__(seed, clock)
        self.size = size or WorldSize()
        self.pace = Pace()
        # The first run starts a quarter of a day inside the window, so that it does not leave it at once.
        begin = self.clock.now() - self.size.days * DAY + 6 * HOUR
        self.servers = servers(seed)
        made = workflows(seed, self.size.workflows, self.servers, begin, self.size.days)
        self.workflows = {workflow.id: workflow for workflow in made}
        self._timetable = WorkflowTimetable(
            seed,
            made,
            runs=self.size.runs,
            begin=begin,
            days=self.size.days - 0.25,
            mean_calls=self.size.calls_per_run,
            arrivals=self.size.arrivals,
        )
        self.index = RunIndex(self._timetable, lead=QUEUE)
        self._dispatched: dict[tuple[str, str], tuple[str, ...]] = {}

    @classmethod
    def empty(cls, clock: Clock | None = None, seed: int = 7) -> World:
        """A world without any workflow or run."""
        return cls(seed, clock, WorldSize(runs=0, workflows=0, arrivals=False))

    # What is there by now

    def workflow_id(self, entry: Entry) -> str | None:
        """The workflow of an entry, found without drawing its run; None if it is raw."""
        if isinstance(entry, int):
            return self._timetable.workflow(entry).id
        return entry.workflow_id if isinstance(entry, Run) else None

    def tool_calls(self, run: Run) -> list[details.ToolCall]:
        """The calls that were answered by now."""
        calls = details.tool_calls(self.seed, run, self._source(run))
        now = self.clock.now()
        return (
            calls if run.has_ended(now) else [call for call in calls if call.called_at + call.duration <= now]
        )

    def trace(self, run: Run) -> list[details.Span]:
        """The spans of what happened by now."""
        return details.trace(self.seed, run, self.tool_calls(run), self.clock.now())

    def evaluation(self, run: Run) -> details.Evaluation | None:
        """The evaluation, once it is there."""
        workflow = self.workflows.get(run.workflow_id)
        if workflow is None or not run.is_evaluated(self.clock.now()):
            return None
        return details.evaluation(self.seed, run, workflow)

    def _source(self, run: Run) -> Source:
        workflow = self.workflows.get(run.workflow_id)
        return SOURCES[0] if workflow is None else workflow.server.source

    # Runs that a test adds, changes, removes

    def add_run(
        self,
        *,
        id: str | None = None,  # noqa: A002 - the API's own name
        workflow_id: str | None = None,
        model: str = MODELS[0].id,
        status: str = "pass",
        started_at: Moment | None = None,
        queue_s: float = 0,
        duration_s: float = 60,
        evaluation_after_s: float | None = 20,
        calls: int = 3,
        **fields: Json,
    ) -> Run:
        """Add a run that starts now or at `started_at`, ends `duration_s` later and is evaluated after that.

        Without `workflow_id` it belongs to the first workflow; one is made if there is none.
        `evaluation_after_s` None: never evaluated. `fields` are any other fields of `Run`. What a client sees
        of it depends on the clock.
        """
        with self.lock:
            workflow = self._workflow_for(workflow_id)
            start = self.clock.now() if started_at is None else milliseconds(started_at)
            end = start + round(duration_s * SECOND)
            has_verdict = status in details.POINTS
            evaluated_at = None
            if has_verdict and evaluation_after_s is not None:
                evaluated_at = end + round(evaluation_after_s * SECOND)
            values: dict[str, Json] = {
                "id": id or self.fresh_id("added"),
                "workflow_id": workflow.id,
                "workflow_name": workflow.name,
                "version_id": workflow.version_at(start).id,
                "model": model,
                "status": status,
                "classification": None,
                "queued_at": start - round(queue_s * SECOND),
                "started_at": start,
                "ended_at": end,
                "evaluated_at": evaluated_at,
                "verdict": status if has_verdict else None,
                "score": details.POINTS.get(status),
                "cost": 0.0125,
                "input_tokens": 1_000,
                "output_tokens": 100,
                "calls": calls,
            }
            run = Run(**{**values, **fields})
            self.index.insert(run)
            return run

    def put_raw_run(
        self,
        body: Json,
        *,
        id: str | None = None,  # noqa: A002 - the API's own name
        at: Moment | None = None,
        detail: Json = None,
        evaluation: Json = None,
        tool_calls: Json = None,
        trace: Json = None,
    ) -> RawRun:
        """Add a run whose list row is `body` (anything that JSON can say, or bytes), served verbatim.

        `id` is what it is asked for by (default: the body's own `id`), `at` its place in time (default: now),
        `detail` the body of `GET /runs/{id}` (default: the row). The other bodies stand alone, without the
        settings' envelope; what is None is answered with 404. The same id may be put twice: both are listed,
        the later one is found by id.
        """
        return self.insert_raw_run(
            body, id, at, detail, evaluation=evaluation, tool_calls=tool_calls, trace=trace
        )

    # Workflows

    def add_workflow(
        self,
        name: str = "Added workflow",
        *,
        id: str | None = None,  # noqa: A002 - the API's own name
        server_id: str | None = None,
        prompt: str = "Do the task.",
        description: str = "",
        models: tuple[str, ...] = (MODELS[0].id,),
        criteria: tuple[Criterion, ...] = (Criterion("The task is done", is_required=True),),
        **fields: Json,
    ) -> Workflow:
        """Add a workflow in its first version; `fields` are any other fields of `Workflow`."""
        with self.lock:
            now = self.clock.now()
            workflow_id = id or f"wf_{UUID(self.fresh_id('workflow')).hex[:16]}"
            workflow = Workflow(
                id=workflow_id,
                name=name,
                description=description,
                server=next((known for known in self.servers if known.id == server_id), self.servers[0]),
                prompt=prompt,
                models=models,
                criteria=criteria,
                schedule=fields.pop("schedule", None),
                versions=(Version(version_id(self.seed, workflow_id, 1), 1, now),),
                created_at=now,
                **fields,
            )
            self.workflows[workflow.id] = workflow
            return workflow

    def edit_workflow(self, workflow_id: str, **fields: Json) -> Workflow:
        """Change fields of a workflow (those of `Workflow`); this writes a new version."""
        with self.lock:
            old = self.workflows[workflow_id]
            position = len(old.versions) + 1
            version = Version(version_id(self.seed, workflow_id, position), position, self.clock.now())
            self.workflows[workflow_id] = replace(old, versions=(*old.versions, version), **fields)
            return self.workflows[workflow_id]

    def archive_workflow(self, workflow_id: str) -> None:
        """From now on it is not listed; its runs stay."""
        with self.lock:
            workflow = self.workflows[workflow_id]
            if not workflow.is_archived(self.clock.now()):
                self.workflows[workflow_id] = replace(workflow, archived_at=self.clock.now())

    def dispatch(
        self,
        workflow_id: str,
        *,
        models: tuple[str, ...] | None = None,
        idempotency_key: str | None = None,
        force: bool = False,
        reason: str | None = None,
        baseline_run_id: str | None = None,
    ) -> tuple[tuple[str, ...], bool]:
        """Start one run per model; returns their ids, and True if an earlier one with the key made them."""
        with self.lock:
            known = self._dispatched.get((workflow_id, idempotency_key or ""))
            if known and idempotency_key and not force:
                return known, True
            run_ids = tuple(
                self._dispatch_one(workflow_id, model, reason, baseline_run_id)
                for model in models or self.workflows[workflow_id].models
            )
            if idempotency_key:
                self._dispatched[workflow_id, idempotency_key] = run_ids
            return run_ids, False

    def _dispatch_one(self, workflow_id: str, model: str, reason: str | None, baseline: str | None) -> str:
        run_id = self.fresh_id("dispatched")
        run = play(
            self.workflows[workflow_id],
            run_id=run_id,
            model_id=model,
            started_at=self.clock.now() + QUEUE,
            mean_calls=self.size.calls_per_run,
            chance=draws(self.seed, run_id),
            trigger="manual",
            reason=reason,
            baseline_run_id=baseline,
        )
        if self.pace.run is not None:
            run = replace(run, ended_at=run.started_at + round(self.pace.run * SECOND))
        if self.pace.evaluation is not None and run.verdict is not None:
            run = replace(run, evaluated_at=run.ended_at + round(self.pace.evaluation * SECOND))
        self.index.insert(run)
        return run_id

    def _workflow_for(self, workflow_id: str | None) -> Workflow:
        if workflow_id is None:
            return next(iter(self.workflows.values()), None) or self.add_workflow()
        return self.workflows.get(workflow_id) or self.add_workflow(id=workflow_id)
