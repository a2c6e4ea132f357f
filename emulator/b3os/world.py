"""An account of B3OS, made up from a seed and a clock, that a test may change while it is read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from emulator.b3os import nodes
from emulator.b3os.catalog import BLUEPRINTS, Blueprint
from emulator.b3os.runs import Run, play, retried
from emulator.b3os.timetable import RunTimetable
from emulator.b3os.workflows import Workflow, user_id, workflows
from emulator.common.chance import draws, number
from emulator.common.clock import DAY, HOUR, SECOND, Clock, milliseconds
from emulator.common.raw import RawRun
from emulator.common.run_index import RunIndex
from emulator.common.world import Moment, MovingWorld

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emulator.common.json_value import Json

# A scheduled run by its number, or one that was added.
Entry = int | Run | RawRun


@dataclass(frozen=True, slots=True)
class WorldSize:
    """How much there is. With `arrivals`, scheduled runs go on as the clock does; without, `runs` is all."""

    runs: int = 2_400
    workflows: int = 24
    days: int = 60
    arrivals: bool = True


class World(MovingWorld[Run, int]):
    """Workflows, runs and their nodes. Times given to it are datetimes, ISO texts or milliseconds."""

    def __init__(self, seed: int = 7, clock: Clock | None = None, size: WorldSize | None = None) -> None:
        super().__init__(seed, clock)
        self.size = size or WorldSize()
        begin = self.clock.now() - self.size.days * DAY + 6 * HOUR
        made = workflows(seed, self.size.workflows, begin, self.size.days)
        self.organization_id = f"org_{number(seed, 'org'):016x}"
        self.workflows = {workflow.id: workflow for workflow in made}
        self._timetable = RunTimetable(
            seed,
            made,
            runs=self.size.runs,
            begin=begin,
            days=self.size.days - 0.25,
            arrivals=self.size.arrivals,
        )
        self.index = RunIndex(self._timetable, takes_place=self._takes_place)
        self._earlier: dict[tuple[str, int], Blueprint] = {}
        self._lists: dict[str, tuple[tuple[int, int], Sequence[Entry]]] = {}

    @classmethod
    def empty(cls, clock: Clock | None = None, seed: int = 7) -> World:
        """A world without any workflow or run."""
        return cls(seed, clock, WorldSize(runs=0, workflows=0, arrivals=False))

    # What is there by now

    def runs_of(self, workflow_id: str, since: Moment = 0) -> Sequence[Entry]:
        """The runs of one workflow that have started by now, at `since` or later, oldest start first."""
        now = self.clock.now()
        workflow = self.workflows.get(workflow_id)
        stopped_at = None if workflow is None else workflow.stopped_at
        last = now if stopped_at is None else min(now, stopped_at - 1)
        scheduled = self._timetable.numbers_of_workflow(workflow_id, last)
        runs = self._merged(workflow_id, scheduled) if self.index.changes else scheduled
        return self.index.window(runs, milliseconds(since), now)

    def _merged(self, workflow_id: str, scheduled: Sequence[int]) -> Sequence[Entry]:
        """The runs of one workflow, with those that a test added, changed and removed."""
        state = self.index.changes, len(scheduled)
        if self._lists.get(workflow_id, (None,))[0] != state:
            wanted = (workflow_id, None)
            merged = self.index.merged(scheduled, lambda run: run.workflow_id in wanted)
            self._lists[workflow_id] = state, merged
        return self._lists[workflow_id][1]

    def nodes(self, run: Run) -> list[nodes.NodeExecution]:
        """What each node of a run did by now."""
        return nodes.executions(self.seed, run, self.blueprint(run), self.clock.now())

    def units(self, run: Run) -> float | None:
        """The compute units that a run took by now."""
        return nodes.units_by(run, self.blueprint(run).steps, self.clock.now())

    def blueprint(self, run: Run) -> Blueprint:
        """What a run's workflow did in the version that was run."""
        workflow = self.workflows.get(run.workflow_id)
        current = BLUEPRINTS[0] if workflow is None else workflow.blueprint
        return self._earlier.get((run.workflow_id, run.workflow_version), current)

    def _takes_place(self, n: int) -> bool:
        workflow = self.workflows[self._timetable.workflow(n).id]
        return not workflow.is_stopped(self._timetable.at(n))

    # Runs that a test adds, changes, removes; see also `update_run` and `remove_run`

    def add_run(
        self,
        *,
        id: str | None = None,  # noqa: A002 - the API's own name
        workflow_id: str | None = None,
        status: str = "success",
        started_at: Moment | None = None,
        duration_s: float | None = 60,
        waits_after_s: float | None = None,
        waits_s: float | None = None,
        **fields: Json,
    ) -> Run:
        """Add a run that starts now or at `started_at` and ends `duration_s` later; None: it never ends.

        Without `workflow_id` it belongs to the first workflow; one is made if there is none. With
        `waits_after_s` it waits from then on for `waits_s`, which is not part of its duration; without
        `waits_s` it waits until `resume_run`. `fields` are any other fields of `Run`. What a client sees of
        it depends on the clock.
        """
        with self.lock:
            workflow = self._workflow_for(workflow_id)
            start = self.clock.now() if started_at is None else milliseconds(started_at)
            waits_from = None if waits_after_s is None else start + round(waits_after_s * SECOND)
            pause = None if waits_s is None else round(waits_s * SECOND)
            ends = duration_s is not None and (waits_from is None or pause is not None)
            values: dict[str, Json] = {
                "id": id or f"run_{self.fresh_id('added')}",
                "workflow_id": workflow.id,
                "workflow_version": workflow.version_at(start),
                "status": status,
                "started_at": start,
                "ended_at": start + round((duration_s or 0) * SECOND) + (pause or 0) if ends else None,
                "waits_from": waits_from,
                "waits_until": None if waits_from is None or pause is None else waits_from + pause,
                "total_cu": 12.5,
                "stops_at": None if status == "success" else 0,
            }
            run = Run(**{**values, **fields})
            self.index.insert(run)
            return run

    def put_raw_run(
        self,
        body: Json,
        *,
        id: str | None = None,  # noqa: A002 - the API's own name
        workflow_id: str | None = None,
        at: Moment | None = None,
        detail: Json = None,
    ) -> RawRun:
        """Add a run with bodies of one's own, served as they are inside the envelope; bytes byte for byte.

        It stands in the list of `workflow_id`, or of every workflow, at the place `at` (now). `detail` is
        `body` unless given. The same id may be put twice: both are listed, the later one is found by id.
        """
        return self.insert_raw_run(body, id, at, detail, workflow_id=workflow_id)

    def start_run(self, workflow_id: str) -> Run:
        """Start a workflow by hand, as `POST /workflows/{id}/run` does."""
        with self.lock:
            run_id = f"run_{self.fresh_id('started')}"
            drawn = play(
                self.workflows[workflow_id],
                seed=self.seed,
                run_id=run_id,
                started_at=self.clock.now(),
                chance=draws(self.seed, run_id),
            )
            run = replace(drawn, trigger_source="manual", triggered_by=user_id(self.seed, 0))
            self.index.insert(run)
            return run

    def retry_run(self, run_id: str, **fields: Json) -> Run:
        """Start a new run from where a failed one failed; `fields` are fields of `Run` to have otherwise."""
        with self.lock:
            source = self._own(run_id)
            new_id = f"run_{self.fresh_id('retried')}"
            run = retried(
                source,
                self._workflow_for(source.workflow_id),
                run_id=new_id,
                started_at=self.clock.now(),
                chance=draws(self.seed, new_id),
            )
            run = replace(run, **fields)
            self.index.insert(run)
            return run

    def cancel_run(self, run_id: str) -> Run:
        """Let a run end now, as cancelled."""
        with self.lock:
            run = self._own(run_id)
            now = self.clock.now()
            place = nodes.place_by(run, self.blueprint(run).steps, now)
            units = self.units(run)
            return self.update_run(run_id, status="cancelled", ended_at=now, stops_at=place, total_cu=units)

    def resume_run(self, run_id: str, *, ends_after_s: float = 5, **fields: Json) -> Run:
        """Let a waiting run go on now, and end `ends_after_s` later; `fields` are other fields of `Run`."""
        with self.lock:
            now = self.clock.now()
            ended_at = now + round(ends_after_s * SECOND)
            return self.update_run(run_id, **{"waits_until": now, "ended_at": ended_at, **fields})

    def _own(self, run_id: str) -> Run:
        run = self.index.get(run_id)
        if not isinstance(run, Run):
            raise KeyError(f"There is no run {run_id} in this world, or its bodies are raw.")
        return run

    # Workflows

    def add_workflow(
        self,
        name: str = "Added workflow",
        *,
        id: str | None = None,  # noqa: A002 - the API's own name
        blueprint: Blueprint = BLUEPRINTS[0],
        **fields: Json,
    ) -> Workflow:
        """Add a workflow that has no schedule; `fields` are any other fields of `Workflow`."""
        with self.lock:
            now = self.clock.now()
            values: dict[str, Json] = {
                "id": id or f"wf_{self.fresh_id('workflow')}",
                "name": name,
                "description": blueprint.description,
                "blueprint": blueprint,
                "versions": (now,),
                "created_at": now,
                "created_by": user_id(self.seed, 0),
            }
            workflow = Workflow(**{**values, **fields})
            self.workflows[workflow.id] = workflow
            return workflow

    def edit_workflow(self, workflow_id: str, **fields: Json) -> Workflow:
        """Change fields of a workflow (those of `Workflow`); this writes a new version."""
        with self.lock:
            old = self.workflows[workflow_id]
            now = self.clock.now()
            for version in range(1, old.version_at(now) + 1):
                self._earlier.setdefault((workflow_id, version), old.blueprint)
            return self._change(workflow_id, **{"versions": (*old.versions, now), **fields})

    def pause_workflow(self, workflow_id: str) -> Workflow:
        """From now on it starts no run on its own; it stays listed."""
        return self._change(workflow_id, paused_at=self.clock.now())

    def archive_workflow(self, workflow_id: str) -> Workflow:
        """From now on it is not listed, and starts no run on its own; its runs stay."""
        return self._change(workflow_id, archived_at=self.clock.now())

    def _change(self, workflow_id: str, **fields: Json) -> Workflow:
        with self.lock:
            workflow = replace(self.workflows[workflow_id], **fields)
            self.workflows[workflow_id] = workflow
            # Which scheduled runs take place may have changed, and what runs show.
            self.index.changes += 1
            return workflow

    def _workflow_for(self, workflow_id: str | None) -> Workflow:
        if workflow_id is None:
            return next(iter(self.workflows.values()), None) or self.add_workflow()
        return self.workflows.get(workflow_id) or self.add_workflow(id=workflow_id)
