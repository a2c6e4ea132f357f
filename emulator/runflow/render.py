"""Turns what a world holds into the bodies of the API, as the settings want them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.common.chance import draws
from emulator.common.moments import MOMENTS
from emulator.common.numbered import uuid_of
from emulator.runflow import details
from emulator.runflow.account import STEPS
from emulator.runflow.evaluations import current, findings
from emulator.runflow.run_query import worded

if TYPE_CHECKING:
    from collections.abc import Collection
    from decimal import Decimal

    from emulator.common.json_value import Json
    from emulator.runflow.account import Target
    from emulator.runflow.details import LogLine, NodeRun
    from emulator.runflow.evaluations import Attempt, JudgeFinding
    from emulator.runflow.links import Links
    from emulator.runflow.runs import Run
    from emulator.runflow.settings import RunflowSettings
    from emulator.runflow.world import World

RELATIONS = ("comfyui_workflow", "current_evaluation_summary", "flow", "logs", "model", "node_runs")
ENUMS = ("status_code", "target_type", "source_code")
SCHEME = "runflow://assets/"


class Renderer:
    """Bodies as plain dicts and lists, in the timestamps and shapes of `settings`."""

    def __init__(self, world: World, settings: RunflowSettings, links: Links) -> None:
        self._world = world
        self._settings = settings
        self._links = links
        self._moment = MOMENTS[settings.timestamps]
        self.org_id = uuid_of(world.seed, 0, "organization")
        self.user_id = uuid_of(world.seed, 0, "user")

    def _past(self, moment: int | None, now: int) -> str | float | None:
        """A moment once it has come."""
        return None if moment is None or moment > now else self._moment(moment)

    def cost(self, cost: Decimal | None) -> str | float | None:
        if cost is None:
            return None
        if self._settings.cost_as == "number":
            return float(cost)
        text = f"{cost:f}"
        if self._settings.cost_as == "loose":
            # One of the ways that the documented pattern lets through, always the same for one amount.
            way = draws("loose", text).randrange(4)
            return (text, f"+0{text}", text.removeprefix("0"), text if "." not in text else f"{text}0")[way]
        return text

    # Runs

    def run(self, run: Run, now: int, embed: Collection[str] = ()) -> dict[str, Json]:
        """A run as it is at `now`: what has not happened yet is null."""
        ended = run.has_ended(now)
        cost = run.cost if ended else None
        unbilled: Json = (
            None if self._settings.unbilled_cost == "null" or not ended else self.cost_of_nothing()
        )
        feedback = run.feedback_at(now)
        sent = details.sent_input(self._world.seed, run)
        done = self._nodes_completed(run, now)
        body: dict[str, Json] = {
            "id": run.id,
            "status_code": worded(run.status_at(now), self._settings),
            "target_type": run.target_type,
            "source_code": run.source,
            "flow_id": run.target_id if run.target_type == "flow" else None,
            "model_id": run.target_id if run.target_type == "model" else None,
            "comfyui_workflow_id": run.target_id if run.target_type == "comfyui_workflow" else None,
            "target_version": str(run.version),
            "org_id": self.org_id,
            "input": self._input(sent, now),
            "output": self._output(run, sent, now),
            "context": {},
            "duration_ms": run.completed_at - run.started_at if ended else None,
            "cost": unbilled if cost is None else self.cost(cost),
            "cost_breakdown": None if cost is None else {"compute": self.cost(cost)},
            "nodes_total": run.nodes_total or None,
            "nodes_completed": done if run.nodes_total else None,
            "resolved_template_id": None,
            "batch_id": run.batch_id,
            "client_ref": run.client_ref,
            "jurisdiction_code": "eu",
            "flow_version_id": run.version_id if run.target_type == "flow" else None,
            "request_id": f"req_{run.id[-12:]}",
            "created_by": self.user_id,
            "created_at": self._moment(run.created_at),
            "started_at": self._past(run.started_at, now),
            "completed_at": self._past(run.completed_at, now),
            "callback_url": None,
            "metadata": {},
            "has_logs": run.has_logs and run.has_started(now),
            "has_node_runs": run.nodes_total > 0 and run.has_started(now),
            "links": {"self": f"/v1/runs/{run.id}"},
            "failure_code": run.failure.code if ended and run.failure else None,
            "failure_stage": run.failure.stage if ended and run.failure else None,
            "failure_message": run.failure.message if ended and run.failure else None,
            "feedback_is_positive": feedback.is_positive if feedback else None,
            "feedback_reason": feedback.reason if feedback else None,
            "source_chat_message_id": None,
        }
        if not self._settings.shows_enums:
            for name in ENUMS:
                del body[name]
        for name in RELATIONS:
            if name in embed:
                body[name] = self._relation(name, run, now)
            elif self._settings.unasked_relations == "null":
                body[name] = None
        return body

    def cost_of_nothing(self) -> str | float:
        return 0.0 if self._settings.cost_as == "number" else "0"

    def _nodes_completed(self, run: Run, now: int) -> int:
        if run.has_ended(now):
            return run.nodes_completed
        target = self._world.targets.get(run.target_id)
        if target is None:
            return 0
        done = details.node_runs(self._world.seed, run, target)
        return sum(one.completed_at <= now and one.state == "succeeded" for one in done)

    def _relation(self, name: str, run: Run, now: int) -> Json:
        if name == "current_evaluation_summary":
            return self.summary(run, now)
        if name == "node_runs":
            return [self.node_run(one, run, now) for one in self._world.node_runs(run)]
        if name == "logs":
            return [self.log_line(line) for line in self._world.logs(run)]
        target = self._world.targets.get(run.target_id)
        return self.target(target, now) if target is not None and target.kind == name else None

    def summary(self, run: Run, now: int) -> Json:
        """The current evaluation in short; null where there is none."""
        attempt = current(run.attempts, now)
        if attempt is None:
            return None
        return {
            "passed": attempt.verdict_at(now),
            "status_code": attempt.status_at(now),
            "score": self._pass_rate(attempt, now),
        }

    def _pass_rate(self, attempt: Attempt, now: int) -> float | None:
        if not attempt.has_completed(now):
            return None
        return findings(self._world.seed, attempt.id, attempt.passed).pass_rate

    def _input(self, sent: dict[str, Json], now: int) -> dict[str, Json]:
        if self._settings.inputs == "as_sent" or "image" not in sent:
            return sent
        asset = sent["image"].removeprefix(SCHEME)
        return {**sent, "image": self._links.to(f"/assets/{asset}.png", now)}

    def _output(self, run: Run, sent: dict[str, Json], now: int) -> Json:
        if not run.has_ended(now) or run.status not in {"succeeded", "partial_succeeded"}:
            return None
        files = [(self._links.to(path, now), kind) for path, kind in details.output_files(run)]
        if self._settings.output_shape == "image_urls":
            return {"image_urls": [url for url, _ in files]}
        return {
            "outputs": [{"url": url, "type": kind} for url, kind in files],
            "seed": sent["seed"],
            "timing": {"inference": (run.completed_at - run.started_at) / 1000},
            "nsfw_detected": False,
        }

    def node_run(self, one: NodeRun, run: Run, now: int) -> Json:
        is_over = now >= one.completed_at
        made = is_over and one.state == "succeeded"
        path = f"/node-runs/{one.id}.png"
        return {
            "id": one.id,
            "run_id": one.run_id,
            "node_id": one.node.id,
            "flow_id": run.target_id if run.target_type == "flow" else None,
            "state_code": worded(one.state_at(now), self._settings),
            "input": {"step": one.node.step.slug},
            "output": {"url": self._links.to(path, now)} if made else None,
            "input_signature": f"sig_{one.id[:8]}",
            "preview_type": "image" if made else None,
            "preview_value": self._links.to(path, now) if made else None,
            "duration_ms": one.completed_at - one.created_at if is_over else None,
            "cost": self.cost(one.cost) if is_over else None,
            "retry_count": one.retries,
            "error_message": one.error if is_over else None,
            "created_at": self._moment(one.created_at),
            "started_at": self._moment(one.created_at),
            "completed_at": self._past(one.completed_at, now),
        }

    def log_line(self, line: LogLine) -> Json:
        return {
            "id": line.id,
            "run_id": line.run_id,
            "level_code": line.level,
            "message": line.message,
            "timestamp": self._moment(line.at),
            "meta": line.meta,
            "run": None,
        }

    # Evaluations

    def evaluation(self, run: Run, attempt: Attempt, now: int) -> dict[str, Json]:
        """An evaluation as it is at `now`: judges and findings are there once it has completed."""
        has_completed = attempt.has_completed(now)
        found = findings(self._world.seed, attempt.id, attempt.passed) if has_completed else None
        feedback = attempt.feedback if attempt.feedback and attempt.feedback.at <= now else None
        judges = found.judges if found else ()
        failed = [one for one in judges if one.passed is False]
        verdict = attempt.verdict_at(now)
        action = {True: "accept", False: "regenerate", None: "review"}[verdict]
        changes = [attempt.submitted_at, attempt.completed_at, attempt.superseded_at]
        changes += [feedback.at] if feedback else []
        body: dict[str, Json] = {
            "id": attempt.id,
            "org_id": self.org_id,
            "run_id": run.id,
            "target_type_code": run.target_type,
            "model_id": run.target_id if run.target_type == "model" else None,
            "flow_id": run.target_id if run.target_type == "flow" else None,
            "comfyui_workflow_id": run.target_id if run.target_type == "comfyui_workflow" else None,
            "task_type": "generation",
            "task_description": "Make what the prompt asks for",
            "generation_prompt": run.prompt,
            "generated_image_url": self._links.to(details.output_files(run)[0][0], now),
            "input_attributes": {},
            "evaluation_instructions": None,
            "reference_images": [],
            "overall_passed": verdict,
            "weighted_pass_rate": found.pass_rate if found else None,
            "override_reason": None,
            "top_issues": [one.judge.issues[index][1] for one in failed for index in one.issues][:3],
            "top_strengths": list(found.strengths) if found else [],
            "check_summary": {
                "passed": sum(one.passed is True for one in judges),
                "failed": len(failed),
                "unsure": sum(one.passed is None for one in judges),
            }
            if found
            else None,
            "analysis_modules_executed": len(judges),
            "primary_action_code": action if found else None,
            "parent_evaluation_id": attempt.parent_id,
            "attempt_number": attempt.number,
            "superseded_at": self._past(attempt.superseded_at, now),
            "eval_duration_ms": attempt.completed_at - attempt.submitted_at if attempt.is_over(now) else None,
            "feedback_is_positive": feedback.is_positive if feedback else None,
            "feedback_reason": feedback.reason if feedback else None,
            "client_ref": run.client_ref,
            "created_at": self._moment(attempt.submitted_at),
            "updated_at": self._moment(max(at for at in changes if at is not None and at <= now)),
            "submitted_at": self._moment(attempt.submitted_at),
            "completed_at": self._past(attempt.completed_at, now),
            "callback_url": None,
            "cost": "0.01" if has_completed else None,
            "links": {"run": f"/v1/runs/{run.id}"},
            "judges": [self._judge(attempt, place, one) for place, one in enumerate(judges)],
        }
        if self._settings.shows_evaluation_status:
            body["status_code"] = attempt.status_at(now)
            body["hard_gate_failures"] = [one.judge.category for one in failed if one.judge.is_hard_gate]
        return body

    def _judge(self, attempt: Attempt, place: int, one: JudgeFinding) -> Json:
        said = {True: "Nothing speaks against it.", False: "See the issues.", None: "This cannot be told."}
        return {
            "id": uuid_of(self._world.seed, place, f"judge of {attempt.id}"),
            "evaluation_id": attempt.id,
            "name": one.judge.name,
            "description": one.judge.description,
            "category": one.judge.category,
            "passed": one.passed,
            "confidence": one.confidence,
            "weight": one.weight,
            "reasoning": f"{one.judge.description} {said[one.passed]}",
            "detected_issues": [
                {"subcategory": one.judge.issues[index][0], "detail": one.judge.issues[index][1]}
                for index in one.issues
            ],
        }

    # Flows, models, ComfyUI workflows

    def target(self, target: Target, now: int) -> dict[str, Json]:
        """A flow, model or ComfyUI workflow by its own kind."""
        return {
            "flow": self.flow,
            "model": self.model,
            "comfyui_workflow": self.comfyui_workflow,
        }[target.kind](target, now)

    def _named(self, target: Target, now: int) -> dict[str, Json]:
        return {
            "id": target.id,
            "org_id": self.org_id,
            "slug": target.slug,
            "name": target.name,
            "description": f"{target.name}, {target.category.replace('_', ' ')}.",
            "category_code": target.category,
            "status_code": "published",
            "created_by": self.user_id,
            "created_at": self._moment(target.created_at),
            "updated_at": self._moment(max(target.version_at(now).since, target.created_at)),
        }

    def flow_summary(self, target: Target, now: int) -> dict[str, Json]:
        """A flow without its nodes."""
        prices = [node.step.price for node in target.nodes]
        return {
            **self._named(target, now),
            "cover_url": None,
            "flow_type_code": "pipeline",
            "visibility_code": "private",
            "source_visibility_code": "private",
            "version": target.version_at(now).number,
            "current_version_id": target.version_at(now).id,
            "estimated_cost": self.cost(sum(prices[1:], prices[0])) if prices else None,
            "context_variables": {},
            "run_count": None,
            "avg_duration": f"{sum(node.step.seconds for node in target.nodes):.1f}",
            "cost_per_run": None,
            "featured_at": None,
        }

    def flow(self, target: Target, now: int) -> dict[str, Json]:
        return {
            **self.flow_summary(target, now),
            "nodes": [
                {"id": node.id, "flow_id": target.id, "name": node.name, "slug": node.step.slug}
                for node in target.nodes
            ],
        }

    def model(self, target: Target, now: int) -> dict[str, Json]:
        step = STEPS.get(target.slug)
        nothing = dict.fromkeys(
            (
                "icon_url",
                "cover_url",
                "family_id",
                "family_variant_code",
                "param_count",
                "architecture",
                "max_resolution",
                "paper_url",
                "github_url",
                "content",
                "pricing_note",
                "deleted_at",
                "deleted_by",
            )
        )
        return {
            **self._named(target, now),
            **nothing,
            "model_creator_id": uuid_of(self._world.seed, 0, "creator"),
            "version": str(target.version_at(now).number),
            "is_public": True,
            "is_open_source": False,
            "license_code": "proprietary",
            "lora_support": False,
            "fine_tuning": False,
            "supports_streaming": False,
            "is_official": True,
            "availability_status": "available",
            "seo": {},
            "notable_features": [],
            "inputs": [self._variable(target, "prompt", "text")],
            "outputs": [self._variable(target, "output", step.makes if step else "image")],
            "examples": [],
            "faq_entries": [],
            "pricing": [] if step is None else [self._price(target, self.cost(step.price))],
            "related_links": [],
        }

    def _variable(self, target: Target, name: str, kind: str) -> Json:
        return {
            "id": uuid_of(self._world.seed, 0, f"{name} of {target.id}"),
            "name": name,
            "display_name": name.capitalize(),
            "variable_type_code": kind,
            "sort_order": 0,
        }

    def _price(self, target: Target, price: Json) -> Json:
        return {
            "id": uuid_of(self._world.seed, 0, f"price of {target.id}"),
            "model_id": target.id,
            "pricing_model_code": "per_run",
            "price": price,
            "currency_code": "USD",
            "unit_code": "run",
        }

    def comfyui_workflow(self, target: Target, now: int) -> dict[str, Json]:
        step = STEPS.get(target.slug)
        return {
            **self._named(target, now),
            "workflow_json": {node.id: {"class_type": node.name} for node in target.nodes},
            "version": str(target.version_at(now).number),
            "is_public": False,
            "environment": {},
            "models": {},
            "custom_nodes": {},
            "graph": {},
            "resources": {},
            "deleted_at": None,
            "deleted_by": None,
            "gpu_current_tier_code": "l40s",
            "inputs": [self._variable(target, "prompt", "text")],
            "outputs": [self._variable(target, "output", step.makes if step else "image")],
            "gpu_explicit_models": [],
        }

    # Batches

    def batch(self, batch_id: str, runs: list[Run], now: int) -> dict[str, Json]:
        counts = {
            "items_succeeded": sum(run.status_at(now) in {"succeeded", "partial_succeeded"} for run in runs),
            "items_failed": sum(run.status_at(now) in {"failed", "errored"} for run in runs),
            "items_cancelled": sum(run.status_at(now) == "cancelled" for run in runs),
        }
        is_over = sum(counts.values()) == len(runs)
        status = "running"
        if is_over:
            status = "succeeded" if counts["items_succeeded"] == len(runs) else "partial_succeeded"
            status = status if counts["items_succeeded"] else "failed"
        return {
            "id": batch_id,
            "status_code": status,
            "failure_stage_code": None,
            "created_at": self._moment(min(run.created_at for run in runs)),
            "items_total": len(runs),
            **counts,
            "items": [self.batch_item(batch_id, place, run, now) for place, run in enumerate(runs)],
        }

    def batch_item(self, batch_id: str, place: int, run: Run, now: int) -> Json:
        return {
            "id": uuid_of(self._world.seed, place, f"item of {batch_id}"),
            "sequence_index": place,
            "run_id": run.id,
            "status_code": worded(run.status_at(now), self._settings),
            "client_ref": run.client_ref,
        }
