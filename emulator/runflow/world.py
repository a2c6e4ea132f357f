"""An account of Runflow, made up from a seed and a clock, that a test may change while it is read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from emulator.common.chance import number
from emulator.common.clock import DAY, HOUR, SECOND, Clock, milliseconds
from emulator.common.raw import RawRun
from emulator.common.run_index import RunIndex
from emulator.common.temper import Version
from emulator.common.world import Moment, MovingWorld
from emulator.runflow import details
from emulator.runflow.account import PROMPTS, Kind, Target, flow_nodes, targets, version_id
from emulator.runflow.catalog import COMFYUI_WORKFLOWS, FLOWS, MODELS
from emulator.runflow.evaluations import Attempt, Feedback, current, followed_by, hand_made
from emulator.runflow.runs import Failure, Run
from emulator.runflow.timetable import TargetTimetable, time_ordered_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.common.json_value import Json

# A scheduled run by its number, or one that was added.
Entry = int | Run | RawRun


@dataclass(frozen=True, slots=True)
class WorldSize:
    """How much there is. With `arrivals`, scheduled runs go on as the clock does; without, `runs` is all."""

    runs: int = 3_600
    flows: int = 24
    days: int = 45
    arrivals: bool = True


class World(MovingWorld[Run, int]):
    """Flows, models, ComfyUI workflows, runs. Times given to it are datetimes, ISO texts or milliseconds."""

    def __init__(self, seed: int = 7, clock: Clock | None = None, size: WorldSize | None = None) -> None:
        super().__init__(seed, clock)
        self.size = size or WorldSize()
        begin = self.clock.now() - self.size.days * DAY + HOUR
        made = targets(seed, self.size.flows, begin, self.size.days)
        self.targets = {target.id: target for target in made}
        self._timetable = TargetTimetable(
            seed,
            made,
            runs=self.size.runs,
            begin=begin,
            days=self.size.days - 1 / 24,
            arrivals=self.size.arrivals,
        )
        self.index = RunIndex(self._timetable)
        self._runs_of_evaluations: dict[str, str] = {}
        self._batches: dict[str, tuple[str, ...]] = {}

    @classmethod
    def empty(cls, clock: Clock | None = None, seed: int = 7) -> World:
        """A world without any flow or run."""
        return cls(seed, clock, WorldSize(runs=0, flows=0, arrivals=False))

    # What is there by now

    def id_of(self, entry: Entry) -> str:
        """The id of an entry, found without drawing its run."""
        return self._timetable.run_id(entry) if isinstance(entry, int) else entry.id

    def every_run(self, *, newest_first: bool = True) -> Iterator[Run]:
        """Every run that has been created by now; those with raw bodies are left out."""
        entries = self.runs()
        for entry in reversed(entries) if newest_first else entries:
            run = self.index.run(entry)
            if isinstance(run, Run):
                yield run

    def node_runs(self, run: Run) -> list[details.NodeRun]:
        """The node runs that have begun by now."""
        target = self.targets.get(run.target_id)
        made = [] if target is None else details.node_runs(self.seed, run, target)
        return [one for one in made if one.created_at <= self.clock.now()]

    def logs(self, run: Run) -> list[details.LogLine]:
        """What was logged by now."""
        target = self.targets.get(run.target_id)
        return [] if target is None else details.logs(self.seed, run, target, self.clock.now())

    def attempts(self, run: Run) -> list[Attempt]:
        """The evaluations that were submitted by now, oldest first."""
        return [one for one in run.attempts if one.submitted_at <= self.clock.now()]

    def targets_of(self, kind: Kind) -> list[Target]:
        """The flows, models or ComfyUI workflows that are not deleted, newest first."""
        now = self.clock.now()
        there = [one for one in self.targets.values() if one.kind == kind and not one.is_deleted(now)]
        return sorted(there, key=lambda one: (one.created_at, one.id), reverse=True)

    def evaluated(self, evaluation_id: str) -> tuple[Run, Attempt] | None:
        """The evaluation with this id and its run, if it has been submitted by now."""
        run_id = self._runs_of_evaluations.get(evaluation_id)
        if run_id is None:
            n = self._timetable.run_of_evaluation(evaluation_id)
            if n is None:
                return None
            run_id = self._timetable.run_id(n)
        run = self.run(run_id)
        if not isinstance(run, Run):
            return None
        now = self.clock.now()
        return next(
            ((run, one) for one in run.attempts if one.id == evaluation_id and one.submitted_at <= now), None
        )

    def batch(self, batch_id: str) -> list[Run] | None:
        """The runs of a batch that are there by now, or None if there is no such batch."""
        numbers = self._timetable.batch(batch_id)
        run_ids = self._batches.get(batch_id, ())
        if numbers is not None:
            run_ids = tuple(self._timetable.run_id(n) for n in numbers)
        found = [run for run in map(self.run, run_ids) if isinstance(run, Run)]
        return found or None

    # Runs that a test adds, changes, removes

    def add_run(
        self,
        *,
        id: str | None = None,  # noqa: A002 - the API's own name
        target_id: str | None = None,
        kind: Kind = "flow",
        status: str = "succeeded",
        created_at: Moment | None = None,
        queue_s: float = 0,
        duration_s: float = 60,
        passed: bool | None = True,
        evaluation_after_s: float | None = 120,
        evaluation_takes_s: float = 180,
        cost: Decimal | str | None = "0.0412",
        **fields: Json,
    ) -> Run:
        """Add a run that is created and starts now or at `created_at`, and ends `duration_s` later.

        Without `target_id` it belongs to the first target of `kind`; one is made if there is none. A run that
        succeeds is evaluated: submitted `evaluation_after_s` after its end (None: never), completed
        `evaluation_takes_s` later, with `passed` as verdict (None: none). `fields` are any other fields of
        `Run`. What a client sees of it depends on the clock.
        """
        with self.lock:
            target = self._target_for(kind, target_id)
            created = self.clock.now() if created_at is None else milliseconds(created_at)
            started = created + round(queue_s * SECOND)
            ended = started + round(duration_s * SECOND)
            is_good = status in {"succeeded", "partial_succeeded"}
            version = target.version_at(created)
            run_id = id or self._time_ordered_id(created)
            values: dict[str, Json] = {
                "id": run_id,
                "target_type": target.kind,
                "target_id": target.id,
                "version_id": version.id,
                "version": version.number,
                "status": status,
                "created_at": created,
                "dispatched_at": (created + started) // 2,
                "started_at": started,
                "completed_at": ended,
                "cost": None if cost is None or not is_good else Decimal(cost),
                "nodes_total": len(target.nodes),
                "nodes_completed": len(target.nodes) if status == "succeeded" else 0,
                "prompt": target.prompts[0],
                "failure": Failure("NODE_EXECUTION_FAILED", "execution", "A node stopped")
                if status == "failed"
                else None,
            }
            run = Run(**{**values, **fields})
            if is_good and evaluation_after_s is not None and "attempts" not in fields:
                submitted_at = ended + round(evaluation_after_s * SECOND)
                attempt = self._attempt(run, submitted_at, evaluation_takes_s, "completed", passed)
                run = replace(run, attempts=(attempt,))
            self.index.insert(run)
            if run.batch_id is not None:
                self._batches[run.batch_id] = (*self._batches.get(run.batch_id, ()), run.id)
            return run

    def put_raw_run(
        self,
        body: Json,
        *,
        id: str | None = None,  # noqa: A002 - the API's own name
        at: Moment | None = None,
        detail: Json = None,
        node_runs: Json = None,
        logs: Json = None,
        evaluations: Json = None,
    ) -> RawRun:
        """Add a run whose list row is `body` (anything that JSON can say, or bytes), served verbatim.

        `id` is what it is asked for by (default: the body's own `id`), `at` its place in time (default: now),
        `detail` the body of `GET /runs/{id}` (default: the row). The other bodies stand alone, without the
        envelope; what is None is answered with 404. The same id may be put twice: both are listed, the later
        one is found by id.
        """
        return self.insert_raw_run(
            body, id, at, detail, node_runs=node_runs, logs=logs, evaluations=evaluations
        )

    # Evaluations and feedback

    def evaluate(
        self,
        run_id: str,
        *,
        passed: bool | None = True,
        status: str = "completed",
        after_s: float = 0,
        takes_s: float = 180,
    ) -> Attempt:
        """Submit one more evaluation of a run, `after_s` from now; it supersedes the ones before it then.

        `status` is its final one: `completed`, or `failed` if the judge errs.
        """
        with self.lock:
            run = self._own_run(run_id)
            submitted_at = self.clock.now() + round(after_s * SECOND)
            attempt = self._attempt(run, submitted_at, takes_s, status, passed)
            self.update_run(run_id, attempts=followed_by(run.attempts, attempt))
            return attempt

    def supersede(self, run_id: str) -> None:
        """Let the current evaluation of a run count no more from now on, with none in its place."""
        with self.lock:
            run = self._own_run(run_id)
            now = self.clock.now()
            attempt = current(run.attempts, now)
            if attempt is None:
                raise KeyError(f"The run {run_id} has no evaluation to supersede.")
            self._change_attempt(run, attempt.id, superseded_at=now)

    def feedback(self, run_id: str, is_positive: bool | None, reason: str | None = None) -> Run:
        """Give a run a customer's thumb from now on; None takes it away again."""
        with self.lock:
            given = Feedback(is_positive, reason, self.clock.now())
            return self.update_run(run_id, feedback=given)

    def evaluation_feedback(
        self,
        evaluation_id: str,
        is_positive: bool | None,
        reason: str | None = None,
    ) -> Attempt:
        """The same for an evaluation."""
        with self.lock:
            found = self.evaluated(evaluation_id)
            if found is None:
                raise KeyError(f"There is no evaluation {evaluation_id} in this world.")
            run, _ = found
            given = Feedback(is_positive, reason, self.clock.now())
            changed = self._change_attempt(run, evaluation_id, feedback=given)
            return next(one for one in changed.attempts if one.id == evaluation_id)

    # Targets

    def add_target(self, slug: str = "added", *, kind: Kind = "flow", **fields: Json) -> Target:
        """Add a flow (of the steps of the catalog's first), a model or a ComfyUI workflow.

        `fields` are any other fields of `Target`.
        """
        with self.lock:
            now = self.clock.now()
            target_id = fields.pop("id", None) or self.fresh_id(kind)
            single = {"model": MODELS[0], "comfyui_workflow": COMFYUI_WORKFLOWS[0]}.get(kind)
            steps = FLOWS[0].steps if single is None else ()
            values: dict[str, Json] = {
                "name": slug.replace("-", " ").capitalize(),
                "category": FLOWS[0].category if single is None else single.category,
                "nodes": flow_nodes(self.seed, target_id, steps),
                "versions": (Version(version_id(self.seed, target_id, 1), 1, now),),
                "prompts": PROMPTS,
                "created_at": now,
            }
            target = Target(id=target_id, kind=kind, slug=slug, **{**values, **fields})
            self.targets[target.id] = target
            return target

    def delete_target(self, target_id: str) -> None:
        """From now on it is not listed; its runs stay."""
        with self.lock:
            self.targets[target_id] = replace(self.targets[target_id], deleted_at=self.clock.now())

    def _target_for(self, kind: Kind, target_id: str | None) -> Target:
        if target_id is None:
            there = (one for one in self.targets.values() if one.kind == kind)
            return next(there, None) or self.add_target(kind=kind)
        return self.targets.get(target_id) or self.add_target(kind=kind, id=target_id)

    def _own_run(self, run_id: str) -> Run:
        run = self.index.get(run_id)
        if not isinstance(run, Run):
            raise KeyError(f"There is no run {run_id} in this world, or its bodies are raw.")
        return run

    def _attempt(
        self, run: Run, submitted_at: int, takes_s: float, status: str, passed: bool | None
    ) -> Attempt:
        attempt_id = self.fresh_id("evaluation")
        self._runs_of_evaluations[attempt_id] = run.id
        return hand_made(
            attempt_id,
            run.attempts,
            submitted_at=submitted_at,
            takes_s=takes_s,
            status=status,
            passed=passed,
        )

    def _change_attempt(self, run: Run, evaluation_id: str, **fields: Json) -> Run:
        attempts = tuple(replace(one, **fields) if one.id == evaluation_id else one for one in run.attempts)
        return self.update_run(run.id, attempts=attempts)

    def _time_ordered_id(self, moment: int) -> str:
        return time_ordered_id(moment, 0, number(self.seed, "added", self.fresh_id("added")))
