"""A tenant of EigenPal, made up from a seed and a clock, that a test may change while it is read."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from emulator.common.chance import draws, number
from emulator.common.clock import DAY, SECOND, Clock, milliseconds
from emulator.common.raw import RawRun
from emulator.common.run_index import RunIndex
from emulator.common.world import Moment, MovingWorld
from emulator.eigenpal import details, reviews
from emulator.eigenpal.automations import Automation, automations, example, version
from emulator.eigenpal.catalog import REVIEWERS, TASKS
from emulator.eigenpal.reviews import Change, Correction, Review
from emulator.eigenpal.runs import FINALIZING, QUEUE, Run, Usage, play
from emulator.eigenpal.timetable import BATCH, RUN, AutomationTimetable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.common.json_value import Json
    from emulator.eigenpal.catalog import User

# A scheduled run by its number, or one that was added.
Entry = int | Run | RawRun

USAGE = Usage(1_000, 100, None, None, 1.25, 2, 1, None)


@dataclass(frozen=True, slots=True)
class WorldSize:
    """How much there is. With `arrivals`, scheduled runs go on as the clock does; without, `runs` is all."""

    runs: int = 3_600
    automations: int = 12
    days: int = 90
    arrivals: bool = True


@dataclass(frozen=True, slots=True)
class Experiment:
    """A batch of runs of one dataset."""

    id: str
    automation_id: str
    created_at: int
    run_ids: tuple[str, ...]


class World(MovingWorld[Run, str | None]):
    """Automations, runs, their details and reviews.

    Times given to it are datetimes, ISO texts or milliseconds. To the hooks of `on_page` a page is the cursor
    that it was asked for with.
    """

    def __init__(self, seed: int = 7, clock: Clock | None = None, size: WorldSize | None = None) -> None:
        super().__init__(seed, clock)
        self.size = size or WorldSize()
        # How long runs that are started by hand take, in seconds; None: as long as any other of their kind.
        self.pace: float | None = None
        begin = self.clock.now() - self.size.days * DAY
        made = automations(seed, self.size.automations, begin, self.size.days)
        self.automations = {automation.id: automation for automation in made}
        self.timetable = AutomationTimetable(
            seed, made, runs=self.size.runs, begin=begin, days=self.size.days, arrivals=self.size.arrivals
        )
        self.index = RunIndex(self.timetable)
        self._reviews: dict[str, tuple[Change, ...]] = {}
        # Filled when reviews are first asked for: eight bytes for each scheduled run.
        self._said_until = array("q")
        self._next: dict[str, str] = {}
        self._children: dict[str, tuple[str, ...]] = {}
        self._experiments: dict[str, Experiment] = {}

    @classmethod
    def empty(cls, clock: Clock | None = None, seed: int = 7) -> World:
        """A world without any automation or run."""
        return cls(seed, clock, WorldSize(runs=0, automations=0, arrivals=False))

    # What is there by now

    def automation(self, name: str) -> Automation | None:
        """The automation with this id or alias, e.g. `workflows.invoice-extraction`; deleted ones too."""
        found = self.automations.get(name)
        return found or next((known for known in self.automations.values() if known.alias == name), None)

    def automation_of(self, run: Run) -> Automation:
        """The automation of a run, also when it is deleted."""
        return self.automations[run.automation_id]

    def automation_id(self, entry: Entry) -> str | None:
        """The automation of an entry, found without drawing its run; None if it is raw."""
        if isinstance(entry, int):
            return self.timetable.automation(entry).id
        return entry.automation_id if isinstance(entry, Run) else None

    def sample_rank(self, run_id: str) -> float:
        """From 0 to below 1, always the same for a run."""
        return (number(self.seed, "rank", run_id) >> 11) / 2**53

    def output(self, run: Run) -> dict[str, Json]:
        return details.output(self.seed, run, self.automation_of(run))

    def scores(self, run: Run) -> list[details.Score]:
        """The scores, once they are there."""
        if not run.is_scored(self.clock.now()):
            return []
        return details.scores(self.seed, run, self.automation_of(run))

    def steps(self, run: Run) -> list[details.StepRun]:
        """The steps as they stand now."""
        return details.step_runs(self.seed, run, self.automation_of(run), self.clock.now())

    def trace(self, run: Run) -> list[details.Happening]:
        """What happened by now."""
        return details.trace(self.seed, run, self.automation_of(run), self.clock.now())

    def next_run(self, run: Run) -> Run | None:
        """The run that tries this one again, once there is one."""
        if run.id in self._next:
            found = self.run(self._next[run.id])
            return found if isinstance(found, Run) else None
        later = self.timetable.next_of(run)
        found = None if later is None else self.run(later.id)
        return found if isinstance(found, Run) else None

    def child_runs(self, run: Run) -> list[Run]:
        """The runs that this one started, as far as they are there."""
        found = (self.run(child) for child in self._children.get(run.id, ()))
        return [child for child in found if isinstance(child, Run)]

    def review_of(self, run: Run) -> Review | None:
        """The review as it stands now."""
        now = self.clock.now()
        if run.id not in self._reviews and not reviews.may_have_begun(run, now):
            return None
        return reviews.as_of(self._history(run), now)

    def may_be_reviewed(self, entry: Entry, since: int = 0) -> bool:
        """Whether the reviews of an entry may have changed after `since`; found without drawing its run."""
        if not isinstance(entry, int):
            return True
        if self._last_said(entry) > since:
            now, created_at = self.clock.now(), self.timetable.at(entry)
            moments = reviews.changed_after(self.timetable.review_draw(entry))
            if any(since < created_at + moment <= now for moment in moments):
                return True
        return bool(self._reviews) and self.timetable.run_id(entry) in self._reviews

    def _last_said(self, n: int) -> int:
        """When the last change to the reviews of a scheduled run is due; 0 if it is never reviewed."""
        for fresh in range(len(self._said_until), n + 1):
            moments = reviews.changed_after(self.timetable.review_draw(fresh))
            self._said_until.append(self.timetable.at(fresh) + moments[-1] if moments else 0)
        return self._said_until[n]

    def _history(self, run: Run) -> tuple[Change, ...]:
        if run.id in self._reviews:
            return self._reviews[run.id]
        if run.review_draw is None:
            return ()
        return reviews.history(self.seed, run, self.output(run))

    def experiments(self, automation_id: str) -> Iterator[Experiment]:
        """The experiments of an automation by now, oldest first, those that were added last."""
        for first, size in self.timetable.batches(automation_id, self.clock.now()):
            yield self._scheduled(first, size)
        yield from (added for added in self._experiments.values() if added.automation_id == automation_id)

    def experiment(self, batch_id: str) -> Experiment | None:
        """The experiment with this id, once it is there."""
        if batch_id in self._experiments:
            return self._experiments[batch_id]
        found = self.timetable.batch(batch_id)
        if found is None or self.timetable.at(found[0]) > self.clock.now():
            return None
        return self._scheduled(*found)

    def _scheduled(self, first: int, size: int) -> Experiment:
        ids = tuple(self.timetable.run_id(first + place) for place in range(size))
        owner = self.timetable.automation(first).id
        return Experiment(self.timetable.batch_id(first), owner, self.timetable.at(first), ids)

    def runs_of(self, experiment: Experiment) -> list[Run]:
        """The runs of an experiment that are there by now."""
        found = (self.run(run_id) for run_id in experiment.run_ids)
        return [run for run in found if isinstance(run, Run)]

    # What a test adds, changes, removes; `update_run` and `remove_run` are inherited

    def add_run(
        self,
        *,
        id: str | None = None,  # noqa: A002 - the API's own name
        automation_id: str | None = None,
        status: str = "completed",
        created_at: Moment | None = None,
        queue_s: float = QUEUE / SECOND,
        duration_s: float = 60,
        waits_s: tuple[float, float] | None = None,
        scores_after_s: float | None = None,
        **fields: Json,
    ) -> Run:
        """Add a run that is created now or at `created_at`, waits `queue_s` and ends `duration_s` later.

        Without `automation_id` it belongs to the first automation; one is made if there is none. `waits_s` is
        from when to when, after its start, it waits for somebody; `scores_after_s` None: never scored.
        `fields` are any other fields of `Run`. What a client sees of it depends on the clock.
        """
        with self.lock:
            automation = self._automation_for(automation_id)
            created = self.clock.now() if created_at is None else milliseconds(created_at)
            start = created + round(queue_s * SECOND)
            end = start + round(duration_s * SECOND)
            current = automation.version_at(created)
            is_workflow = automation.kind == "workflow"
            values: dict[str, Json] = {
                "id": id or RUN + self.fresh_id("added").replace("-", ""),
                "automation_id": automation.id,
                "kind": automation.kind,
                "name": automation.name,
                "slug": None if is_workflow else automation.slug,
                "version": str(current.number) if is_workflow else None,
                "version_id": current.id if is_workflow else None,
                "model": automation.model,
                "commit": None if is_workflow else current.commit,
                "trigger": "api",
                "by": None,
                "created_at": created,
                "started_at": start,
                "finalizing_at": max(end - FINALIZING, start),
                "ended_at": end,
                "status": status,
                "waits": None if waits_s is None else tuple(start + round(s * SECOND) for s in waits_s),
                "schema_valid": True if status == "completed" else None,
                "scored_at": None if scores_after_s is None else end + round(scores_after_s * SECOND),
                "usage": USAGE,
            }
            run = Run(**{**values, **fields})
            self._link(run)
            self.index.insert(run)
            return run

    def put_raw_run(
        self,
        body: Json,
        *,
        id: str | None = None,  # noqa: A002 - the API's own name
        at: Moment | None = None,
        detail: Json = None,
        **parts: Json,
    ) -> RawRun:
        """Add a run whose list row is `body` (anything that JSON can say, or bytes), served verbatim.

        `id` is what it is asked for by (default: the body's own `id`), `at` its place in time (default: now),
        `detail` the body of `GET /runs/{id}` (default: the row), whatever it is expanded by. `parts` are the
        bodies of what lies below it: `usage`, `scores`, `steps`, `trace`, `events`, `reviews`, `artifacts`;
        what is not given is answered with 404. The same id may be put twice: both are listed, the later one
        is found by id.
        """
        return self.insert_raw_run(body, id, at, detail, **parts)

    def _link(self, run: Run) -> None:
        if run.previous_run_id is not None:
            self._next[run.previous_run_id] = run.id
        if run.parent_run_id is not None:
            self._children[run.parent_run_id] = (*self._children.get(run.parent_run_id, ()), run.id)

    def start(self, automation_id: str, **fields: Json) -> Run:
        """Start a run as a client does: how it turns out is drawn. `fields` are fields of `Run`."""
        with self.lock:
            run_id = RUN + self.fresh_id("started").replace("-", "")
            run = play(
                self.automations[automation_id],
                run_id=run_id,
                created_at=self.clock.now(),
                chance=draws(self.seed, run_id),
            )
            if self.pace is not None:
                end = run.started_at + round(self.pace * SECOND)
                run = replace(
                    run, finalizing_at=max(end - FINALIZING, run.started_at), ended_at=end, waits=None
                )
            run = replace(run, **fields)
            self._link(run)
            self.index.insert(run)
            return run

    def rerun(self, run_id: str, **fields: Json) -> Run:
        """Start a new run that tries this one again, and is linked to it."""
        with self.lock:
            old = self._known(run_id)
            again = {"example_id": old.example_id, "example_name": old.example_name, "trigger": old.trigger}
            link = {"retry": old.retry + 1, "previous_run_id": old.id}
            return self.start(old.automation_id, **{**again, **link, **fields})

    def cancel(self, run_id: str) -> Run:
        """End a run: at once in the queue, two seconds later if it has started, never if it is over."""
        with self.lock:
            run, now = self._known(run_id), self.clock.now()
            if run.has_ended(now):
                return run
            end = now + 2 * SECOND if run.has_started(now) else now
            return self.update_run(
                run_id,
                status="cancelled",
                ended_at=end,
                finalizing_at=min(run.finalizing_at, end),
                cancel_requested_at=now,
                schema_valid=None,
                error=None,
                failure=None,
                scored_at=None,
            )

    def _known(self, run_id: str) -> Run:
        run = self.run(run_id)
        if not isinstance(run, Run):
            raise KeyError(f"There is no run {run_id} in this world, or its bodies are raw.")
        return run

    # Reviews

    def review(
        self,
        run_id: str,
        verdict: str | None = "incorrect",
        *,
        status: str | None = None,
        note: str | None = None,
        reviewer: User = REVIEWERS[0],
        **fields: Json,
    ) -> Review:
        """Review a run now, or change its review; `fields` are any other fields of `Review`.

        Without `status` it is closed when the verdict is `correct`, and open otherwise.
        """
        with self.lock:
            run, now = self._known(run_id), self.clock.now()
            old = self.review_of(run)
            status = status or ("closed" if verdict == "correct" else "open")
            said: dict[str, Json] = {
                "verdict": verdict,
                "status": "open",
                "note": note if note is not None else old.note if old else "",
                "reviewer": reviewer,
                "reviewed_at": now,
                "updated_at": now,
                "closer": None,
                "closed_at": None,
                "closed_note": None,
            }
            if old is None:
                review = Review(id=f"rev_{number(self.seed, run_id, now):016x}", created_at=now, **said)
            else:
                review = replace(old, **said)
            if status != "open":
                review = reviews.close(review, now, reviewer, status)
            return self._say(run, replace(review, **fields))

    def correct(
        self,
        run_id: str,
        path: str,
        corrected: Json = None,
        *,
        original: Json = None,
        kind: str = "field",
        **fields: Json,
    ) -> Correction:
        """Add a correction to a run's review, which is written if there is none yet."""
        with self.lock:
            run, now = self._known(run_id), self.clock.now()
            review = self.review_of(run) or self.review(run_id)
            correction = Correction(
                id=f"cor_{number(run_id, path, now, len(review.corrections)):016x}",
                kind=kind,
                path=path,
                created_at=now,
                updated_at=now,
                original=original,
                corrected=corrected,
                **fields,
            )
            self._say(run, replace(review, corrections=(*review.corrections, correction), updated_at=now))
            return correction

    def close_review(self, run_id: str, status: str = "closed", note: str | None = None) -> Review:
        """Close a run's review; `KeyError` if there is none."""
        with self.lock:
            run = self._known(run_id)
            review = self.review_of(run)
            if review is None:
                raise KeyError(f"The run {run_id} has no review.")
            return self._say(run, reviews.close(review, self.clock.now(), REVIEWERS[1], status, note))

    def delete_review(self, run_id: str) -> None:
        """From now on the run has no review; nothing tells when that was."""
        with self.lock:
            run = self._known(run_id)
            self._reviews[run.id] = (*self._history(run), (self.clock.now(), None))

    def _say(self, run: Run, review: Review) -> Review:
        self._reviews[run.id] = (*self._history(run), (self.clock.now(), review))
        return review

    # Automations and experiments

    def add_automation(
        self,
        slug: str = "added",
        *,
        id: str | None = None,  # noqa: A002 - the API's own name
        task: str = TASKS[0].slug,
        **fields: Json,
    ) -> Automation:
        """Add an automation for a task of the catalog; `fields` are any other fields of `Automation`."""
        with self.lock:
            now = self.clock.now()
            does = next(known for known in TASKS if known.slug == task)
            prefix = "wf" if does.kind == "workflow" else "agw"
            automation_id = id or f"{prefix}_{self.fresh_id('automation').replace('-', '')[:16]}"
            values: dict[str, Json] = {
                "id": automation_id,
                "slug": slug,
                "name": slug.capitalize(),
                "task": does,
                "versions": (version(self.seed, automation_id, 1, now),),
                "examples": tuple(
                    example(self.seed, automation_id, does, row, now) for row in range(does.examples)
                ),
                "created_at": now,
                "model": None if does.kind == "workflow" else "aurora-3-large",
            }
            automation = Automation(**{**values, **fields})
            self.automations[automation.id] = automation
            return automation

    def release(self, automation_id: str, **fields: Json) -> Automation:
        """Write a new version of an automation; `fields` of it change too."""
        with self.lock:
            old = self.automations[automation_id]
            new = version(self.seed, old.id, len(old.versions) + 1, self.clock.now())
            self.automations[old.id] = replace(old, versions=(*old.versions, new), **fields)
            return self.automations[old.id]

    def delete_automation(self, automation_id: str) -> None:
        """From now on it is neither listed nor found; its runs stay."""
        with self.lock:
            old = self.automations[automation_id]
            self.automations[old.id] = replace(old, deleted_at=self.clock.now())

    def run_experiment(self, automation_id: str, **fields: Json) -> Experiment:
        """Add one run per example of an automation, in one batch; `fields` are those of `add_run`."""
        with self.lock:
            batch_id = BATCH + self.fresh_id("batch").replace("-", "")
            runs = tuple(
                self.add_run(
                    automation_id=automation_id,
                    batch_id=batch_id,
                    example_id=row.id,
                    example_name=row.name,
                    **{"scores_after_s": 5.0, **fields},
                )
                for row in self.automations[automation_id].examples
            )
            experiment = Experiment(batch_id, automation_id, self.clock.now(), tuple(run.id for run in runs))
            self._experiments[batch_id] = experiment
            return experiment

    def _automation_for(self, automation_id: str | None) -> Automation:
        if automation_id is None:
            return next(iter(self.automations.values()), None) or self.add_automation()
        return self.automations.get(automation_id) or self.add_automation(id=automation_id)
