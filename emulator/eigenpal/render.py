"""Turns what a world holds into the bodies of the API, as the settings want them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.common.chance import number
from emulator.common.moments import MOMENTS
from emulator.eigenpal import details
from emulator.eigenpal.runs import TERMINAL

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from emulator.common.json_value import Json
    from emulator.eigenpal.automations import Automation, Example, Version
    from emulator.eigenpal.details import File, Happening, Score, StepRun
    from emulator.eigenpal.reviews import Correction, Review
    from emulator.eigenpal.runs import Run, Usage
    from emulator.eigenpal.settings import EigenPalSettings
    from emulator.eigenpal.world import Experiment, World


class Renderer:
    """Bodies as plain dicts and lists, of what `world` holds now."""

    def __init__(self, world: World, settings: EigenPalSettings) -> None:
        self._world = world
        self._moment = MOMENTS[settings.timestamps]
        self._is_newest = settings.contract == "2026-11"
        self._is_flat = settings.rows == "flat"

    @property
    def _now(self) -> int:
        return self._world.clock.now()

    def _if_past(self, moment: int | None) -> Json:
        return None if moment is None or moment > self._now else self._moment(moment)

    def _maybe(self, moment: int | None) -> Json:
        return None if moment is None else self._moment(moment)

    # Runs

    def row(self, run: Run) -> dict[str, Json]:
        """A run as it stands in lists."""
        if self._is_flat:
            return self._flat(run)
        return {**self._facts(run), "source": self._source(run), "execution": self._execution(run)}

    def run(self, run: Run, expand: Container[str] = ()) -> dict[str, Json]:
        """A run's own page, with the sections that were asked for."""
        body = self._flat(run) if self._is_flat else self._page(run, expand)
        if run.status_at(self._now) == "completed":
            body["output"] = self._world.output(run)
            body["files"] = self.files(run)
        if "input" in expand:
            body["input"] = {"args": self._given(run), "metadata": {"tenant": "acme"}}
            if run.kind == "agent":
                body["input"]["files"] = [{"name": "attachment.pdf"}] if run.trigger == "email" else []
        if "usage" in expand:
            body["usage"] = self.usage(run)
        if "execution" in expand and self._is_flat:
            body["steps"] = self.steps(run)
        if "debug" in expand:
            body["debug"] = {"observability": {"phases": self.trace(run)}}
            if run.kind == "workflow":
                body["debug"]["traceId"] = f"{number(run.id, 'trace', size=16):032x}"
        return body

    def _page(self, run: Run, expand: Container[str]) -> dict[str, Json]:
        automation = self._world.automation_of(run)
        is_there = not automation.is_deleted(self._now)
        source = {
            **self._source(run),
            "implementationAvailable": is_there,
            "automationFound": is_there,
            "currentVersion": (
                str(automation.version_at(self._now).number)
                if is_there and automation.kind == "workflow"
                else None
            ),
        }
        execution = self._full_execution(run) if "execution" in expand else self._execution(run)
        return {**self._facts(run), "source": source, "execution": execution}

    def _facts(self, run: Run) -> dict[str, Json]:
        """What is the same in lists and on a run's own page."""
        ended = run.has_ended(self._now)
        body: dict[str, Json] = {
            "id": run.id,
            "type": run.kind,
            "finished": ended,
            "sampleRank": self._world.sample_rank(run.id),
            "timing": {
                "createdAt": self._moment(run.created_at),
                "startedAt": self._moment(run.started_at) if run.has_started(self._now) else None,
                "completedAt": self._moment(run.ended_at) if ended else None,
                "durationMs": self._duration(run),
                "cancelRequestedAt": self._if_past(run.cancel_requested_at),
            },
            "trigger": self._trigger(run),
            "error": run.error if ended else None,
        }
        if self._is_newest:
            body["tags"] = list(run.tags)
            if run.parent_run_id is not None:
                body["parentExecutionId"] = run.parent_run_id
        if run.example_id is not None:
            score, passed = self._total(run)
            body["eval"] = {"example": run.example_name, "score": score, "passed": passed}
            if run.kind == "workflow":
                body["eval"]["exampleId"] = run.example_id
        return body

    def _duration(self, run: Run) -> int | None:
        if not run.has_ended(self._now) or not run.has_started(self._now):
            return None
        return run.ended_at - run.started_at

    def _source(self, run: Run) -> dict[str, Json]:
        body: dict[str, Json] = {"id": run.automation_id, "name": run.name, "version": run.version}
        if run.kind == "workflow":
            return {**body, "versionId": run.version_id}
        git = {"requestedRef": "main", "resolvedRef": "main", "resolvedTag": None, "commitSha": run.commit}
        return {**body, "slug": run.slug, "model": run.model, "git": git}

    def _trigger(self, run: Run) -> dict[str, Json]:
        by = None if run.by is None else {"id": run.by.id, "name": run.by.name, "email": run.by.email}
        body: dict[str, Json] = {"type": run.trigger, "by": by}
        if run.trigger == "email" and run.kind == "agent":
            body["email"] = {
                "from": "customer@example.com",
                "to": [f"{run.slug}@example.com"],
                "subject": "Fwd: documents",
                "receivedAt": self._moment(run.created_at - 1_000),
            }
        return body

    def _total(self, run: Run) -> tuple[float | None, bool | None]:
        return details.total(self._world.scores(run))

    def _execution(self, run: Run) -> dict[str, Json]:
        body = self._execution_facts(run)
        review = self._world.review_of(run)
        body["review"] = None
        if review is not None:
            body["review"] = {
                "verdict": review.verdict,
                "status": review.status,
                "hasNote": bool(review.note),
                "correctionCount": len(review.corrections),
            }
        return body

    def _execution_facts(self, run: Run) -> dict[str, Json]:
        later = self._world.next_run(run)
        body: dict[str, Json] = {
            "status": run.status_at(self._now),
            "schemaValid": run.schema_valid if run.has_ended(self._now) else None,
            "batchId": run.batch_id,
            "retry": {
                "number": run.retry,
                "previousRunId": run.previous_run_id,
                "nextRun": None if later is None else {"id": later.id, "status": later.status_at(self._now)},
            },
        }
        if self._is_newest and run.is_waiting(self._now):
            body["humanReview"] = {
                "taskId": f"task_{number(run.id, 'task'):016x}",
                "sourceKind": "workflow_step" if run.kind == "workflow" else "agent_tool",
                "sourceLabel": "approve",
                "status": "pending",
                "requiredCount": 3,
                "confirmedCount": 1,
                "version": 1,
            }
        return body

    def _full_execution(self, run: Run) -> dict[str, Json]:
        """What `expand=execution` puts in the place of the short form."""
        body = self._execution_facts(run)
        review = self._world.review_of(run)
        body["review"] = None if review is None else self.review(review)
        automation = self._world.automation_of(run)
        example = next((row for row in automation.examples if row.id == run.example_id), None)
        if example is not None:
            body["expected"] = {"output": example.expected, "files": []}
        if run.kind == "agent":
            body["files"] = {"output": [{"name": file["name"]} for file in self.files(run)]}
            if example is not None and run.has_ended(self._now):
                body["comparison"] = {"equal": self._world.output(run) == example.expected}
            return body
        body["steps"] = self.steps(run)
        body["definitionSnapshot"] = {"steps": [step.name for step in automation.task.steps]}
        children = self._world.child_runs(run)
        if self._is_newest and children:
            body["childExecutions"] = [
                {"id": child.id, "status": child.status_at(self._now), "steps": self.steps(child)}
                for child in children
            ]
        return body

    def _flat(self, run: Run) -> dict[str, Json]:
        """A run as older servers show it."""
        score, passed = self._total(run) if run.example_id is not None else (None, None)
        review = self._world.review_of(run)
        return {
            "id": run.id,
            "type": run.kind,
            "status": run.status_at(self._now),
            "workflowId": run.automation_id,
            "workflowName": run.name,
            "agentSlug": run.slug,
            "version": run.version,
            "triggerType": run.trigger,
            "triggeredByEmail": run.by.email if run.by else None,
            "batchId": run.batch_id,
            "exampleId": run.example_id,
            "evalScore": score,
            "evalPassed": passed,
            "feedbackVerdict": None if review is None else review.verdict,
            "createdAt": self._moment(run.created_at),
            "startedAt": self._moment(run.started_at) if run.has_started(self._now) else None,
            "completedAt": self._moment(run.ended_at) if run.has_ended(self._now) else None,
            "durationMs": self._duration(run),
            "error": run.error if run.has_ended(self._now) else None,
        }

    def _given(self, run: Run) -> Json:
        return details.given(self._world.seed, run, self._world.automation_of(run))

    def accepted(self, run: Run) -> dict[str, Json]:
        """What starting a run is answered with."""
        return {"id": run.id, "type": run.kind, "finished": False, "source": self._source(run)}

    def cancelled(self, run: Run, was: str) -> dict[str, Json]:
        """What the wish to cancel a run is answered with."""
        state = "cancelled" if run.has_ended(self._now) else "requested"
        return {
            "id": run.id,
            "type": run.kind,
            "finished": run.has_ended(self._now),
            "execution": {"status": run.status_at(self._now)},
            "cancellation": {"state": "already_terminal" if was in TERMINAL else state, "wasStatus": was},
        }

    # What lies below a run

    def usage(self, run: Run) -> Json:
        """Null without telemetry, or before the run has ended."""
        if run.usage is None or not run.has_ended(self._now):
            return None
        used = run.usage
        body: dict[str, Json] = {
            "tokens": {
                "input": used.input_tokens,
                "output": used.output_tokens,
                "cacheRead": used.cache_read,
                "cacheWrite": used.cache_write,
            },
            "creditsCharged": used.credits,
            "durationMs": self._duration(run),
        }
        return {**body, **self._counts(run, used)}

    def _counts(self, run: Run, used: Usage) -> dict[str, Json]:
        if run.kind == "agent":
            return {"agentTurns": used.turns}
        return {"llmCallCount": used.llm_calls, "ocrPagesProcessed": used.pages}

    def files(self, run: Run) -> list[Json]:
        """None before the run is completed."""
        if run.status_at(self._now) != "completed":
            return []
        found = details.files(self._world.seed, run, self._world.automation_of(run))
        return [self._file(file) for file in found]

    def _file(self, file: File) -> dict[str, Json]:
        body: dict[str, Json] = {"name": file.name, "role": file.role, "path": file.path}
        if file.step is not None:
            body["stepName"] = file.step
        return {**body, "contentType": file.content_type, "size": file.size}

    def scores(self, run: Run) -> list[Json]:
        return [self.score(run, score) for score in self._world.scores(run)]

    def score(self, run: Run, score: Score) -> dict[str, Json]:
        return {
            "id": score.id,
            "runId": run.id,
            "automationId": run.automation_id,
            "evaluatorName": score.evaluator.name,
            "evaluatorType": score.evaluator.kind,
            "score": score.score,
            "passed": score.passed,
            "label": score.label,
            "weight": score.evaluator.weight,
            "passThreshold": score.evaluator.threshold,
            "description": score.evaluator.description,
            "details": score.details,
            "error": score.error,
            "createdAt": self._moment(score.created_at),
        }

    def steps(self, run: Run) -> list[Json]:
        return [self._step(run, row) for row in self._world.steps(run)]

    def _step(self, run: Run, row: StepRun) -> dict[str, Json]:
        scope = f"{number(row.step.name, row.index, size=4):08x}"
        return {
            "id": f"{run.id}:{row.step.name}:{scope}",
            "executionId": run.id,
            "stepName": row.step.name,
            "stepType": row.step.kind,
            "stepAction": row.step.action,
            "scopeStack": [],
            "scopeHash": scope,
            "executionOrder": row.index,
            "stepAttempt": row.attempt,
            "stepPath": f"steps.{row.step.name}",
            "latestAttempt": True,
            "inputData": row.given,
            "outputData": row.output,
            "resolvedConfig": {"action": row.step.action},
            "status": row.status,
            "error": row.error,
            "overrideMode": None,
            "durationMs": None if row.ended_at is None else row.ended_at - (row.started_at or 0),
            "startedAt": self._maybe(row.started_at),
            "completedAt": self._maybe(row.ended_at),
        }

    def trace(self, run: Run) -> list[Json]:
        return [self._happening(one) for one in self._world.trace(run)]

    def _happening(self, one: Happening) -> dict[str, Json]:
        """What is not known of an event is left out of it."""
        body: dict[str, Json] = {"type": one.kind, "startedAt": self._moment(one.started_at)}
        body["completedAt"] = self._if_past(one.ended_at)
        named = {"phase": one.phase, "stepName": one.step, "status": one.status, "message": one.message}
        body.update({name: value for name, value in named.items() if value is not None})
        extra = dict(one.extra or {})
        if "failure" in extra:
            failure = extra["failure"]
            extra["failure"] = {**failure, "occurredAt": self._moment(failure["occurredAt"])}
        return {**body, **extra}

    def events(self, run: Run) -> list[Json]:
        return [
            {"type": "run.status_changed", "timestamp": self._moment(moment), "status": status}
            for moment, status in details.events(run, self._now)
        ]

    def review(self, review: Review) -> dict[str, Json]:
        body: dict[str, Json] = {
            "id": review.id,
            "verdict": review.verdict,
            "status": review.status,
            "note": review.note,
            "reviewedBy": review.reviewer.id,
            "reviewedByEmail": review.reviewer.email,
            "reviewedAt": self._moment(review.reviewed_at),
            "closedBy": None if review.closer is None else review.closer.id,
            "closedByEmail": None if review.closer is None else review.closer.email,
            "closedAt": self._maybe(review.closed_at),
            "closedNote": review.closed_note,
            "createdAt": self._moment(review.created_at),
            "updatedAt": self._moment(review.updated_at),
            "corrections": [self._correction(correction) for correction in review.corrections],
        }
        if review.corrected_output is not None:
            body["correctedOutput"] = review.corrected_output
        return body

    def _correction(self, correction: Correction) -> dict[str, Json]:
        body: dict[str, Json] = {
            "id": correction.id,
            "kind": correction.kind,
            "path": correction.path,
            "label": correction.label,
            "note": correction.note,
            "createdAt": self._moment(correction.created_at),
            "updatedAt": self._moment(correction.updated_at),
        }
        if correction.kind == "file":
            return {**body, "correctedArtifactPath": correction.corrected_artifact}
        return {**body, "originalValue": correction.original, "correctedValue": correction.corrected}

    # Automations

    def automation(self, automation: Automation) -> dict[str, Json]:
        current = automation.version_at(self._now)
        body: dict[str, Json] = {
            "id": automation.id,
            "type": automation.kind,
            "slug": automation.slug,
            "name": automation.name,
            "description": automation.task.description,
            "status": "active",
            "version": str(current.number) if automation.kind == "workflow" else None,
            "triggers": {
                kind: kind in automation.task.triggers for kind in ("api", "email", "manual", "cron")
            },
            "implementationAvailable": True,
            "createdAt": self._moment(automation.created_at),
            "updatedAt": self._moment(max(current.since, automation.created_at)),
        }
        if self._is_newest:
            folder = automation.task.folder
            body["folderId"] = None if folder is None else f"fldr_{number(folder, size=4):08x}"
            body["folderPath"] = folder
        return body

    def automation_page(self, automation: Automation) -> dict[str, Json]:
        """An automation with what it takes and puts out."""
        return {
            **self.automation(automation),
            "inputSchema": _object_schema(automation.task.input),
            "outputSchema": _object_schema(automation.task.output),
        }

    def versions(self, automation: Automation) -> list[Json]:
        """The versions that are there by now, the newest first."""
        current = automation.version_at(self._now)
        return [
            self._version(automation, version, is_current=version is current)
            for version in reversed(automation.versions)
            if version.since <= self._now
        ]

    def _version(self, automation: Automation, version: Version, *, is_current: bool) -> dict[str, Json]:
        return {
            "id": version.id,
            "automationId": automation.id,
            "version": str(version.number) if automation.kind == "workflow" else None,
            "sourceRef": version.commit,
            "isCurrent": is_current,
            "createdAt": self._moment(max(version.since, automation.created_at)),
        }

    def example(self, automation: Automation, example: Example, latest_run_id: str | None) -> dict[str, Json]:
        return {
            "id": example.id,
            "name": example.name,
            "automationId": automation.id,
            "automationType": automation.kind,
            "input": example.input,
            "expected": example.expected,
            "expectedFiles": [],
            "metadata": None,
            "annotation": example.annotation,
            "rowOrder": example.row,
            "overrides": None,
            "latestRunId": latest_run_id,
            "createdAt": self._moment(example.created_at),
            "updatedAt": None,
        }

    def experiment(self, experiment: Experiment) -> dict[str, Json]:
        """A batch with its counts as they are now."""
        automation = self._world.automations[experiment.automation_id]
        now = self._now
        runs = self._world.runs_of(experiment)
        totals = [self._total(run) for run in runs]
        known = [score for score, _ in totals if score is not None]
        is_over = bool(runs) and all(run.has_ended(now) for run in runs)
        has_begun = any(run.has_started(now) for run in runs)
        current = automation.version_at(experiment.created_at)
        return {
            "id": experiment.id,
            "automationId": automation.id,
            "automationType": automation.kind,
            "status": "completed" if is_over else "running" if has_begun else "queued",
            "runCount": len(runs),
            "completedCount": sum(run.status_at(now) == "completed" for run in runs),
            "passedCount": sum(passed is True for _, passed in totals),
            "failedCount": sum(passed is False for _, passed in totals),
            "avgScore": round(sum(known) / len(known), 4) if known else None,
            "createdAt": self._moment(experiment.created_at),
            "completedAt": (self._moment(max(run.ended_at for run in runs)) if is_over else None),
            "version": str(current.number) if automation.kind == "workflow" else None,
        }

    def experiment_page(self, experiment: Experiment) -> dict[str, Json]:
        """A batch with its runs and all of their scores."""
        runs = self._world.runs_of(experiment)
        return {
            **self.experiment(experiment),
            "runs": [self._experiment_run(run) for run in runs],
            "resultsByRun": {run.id: self.scores(run) for run in runs},
        }

    def _experiment_run(self, run: Run) -> dict[str, Json]:
        body: dict[str, Json] = {
            "id": run.id,
            "status": run.status_at(self._now),
            "exampleId": run.example_id,
            "exampleName": run.example_name,
            "createdAt": self._moment(run.created_at),
            "completedAt": self._moment(run.ended_at) if run.has_ended(self._now) else None,
        }
        if self._is_newest:
            score, passed = self._total(run)
            body |= {"evalScore": score, "evalPassed": passed}
        return body


def _object_schema(template: Mapping[str, Json]) -> dict[str, Json]:
    return {"type": "object", "properties": {name: {} for name in template}}
