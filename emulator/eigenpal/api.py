"""EigenPal's operations, carried out on a `World` and rendered as `EigenPalSettings` say."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

import orjson

from emulator.common.bodies import MEBIBYTE, Bodies
from emulator.common.chance import number
from emulator.common.contract import Call, Endpoint, Reply
from emulator.common.errors import INVALID, ApiError
from emulator.common.keys import KeyRing, Role
from emulator.common.openapi import document
from emulator.common.platform import Emulator
from emulator.common.raw import RawRun
from emulator.eigenpal import endpoints
from emulator.eigenpal.render import Renderer
from emulator.eigenpal.reviews import Correction
from emulator.eigenpal.run_query import moment, page_of_runs
from emulator.eigenpal.schemas import run_request
from emulator.eigenpal.settings import EigenPalSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from emulator.common.contract import Asked
    from emulator.common.json_value import Json
    from emulator.eigenpal.automations import Automation
    from emulator.eigenpal.runs import Run
    from emulator.eigenpal.world import Experiment, World


# The platform's own words, as far as they are known, for the codes of the emulator.
CODES = {INVALID: "invalid_value", "unauthenticated": "unauthorized", "forbidden_role": "forbidden"}


class EigenPalEmulator(Emulator):
    """EigenPal's API. `kept_mib` bounds the bodies that are kept; `api_key` is one more owner's key."""

    name = "eigenpal"

    def __init__(
        self,
        world: World,
        settings: EigenPalSettings | None = None,
        *,
        api_key: str | None = None,
        kept_mib: int = 64,
    ) -> None:
        self.world = world
        self.settings = settings or EigenPalSettings()
        self.prefix = self.settings.prefix
        self._render = Renderer(world, self.settings)
        self._bodies = Bodies(kept_mib * MEBIBYTE)
        self._serial = count()
        keys = KeyRing("eig_live", world.seed, api_key)
        super().__init__(clock=world.clock, keys=keys, lock=world.lock, seed=world.seed)

    def endpoints(self) -> tuple[Endpoint, ...]:
        return endpoints.endpoints(self, self.settings)

    def error_body(self, error: ApiError) -> bytes:
        code = CODES.get(error.code, error.code)
        fields: list[dict[str, str]] = (error.details or {}).get("fieldErrors", [])
        issues = [
            {"field": field["field"], "message": field["message"], "code": code, "severity": "error"}
            for field in fields or [{"field": "<root>", "message": error.message}]
        ]
        request_id = f"req_{number(self.seed, 'request', next(self._serial)):016x}"
        return orjson.dumps({"issues": issues, "requestId": request_id})

    def reply(self, asked: Asked, headers: Mapping[str, str], raw_body: bytes) -> Reply:
        """As on every platform; an error's `requestId` is in the header `x-request-id` too."""
        reply = super().reply(asked, headers, raw_body)
        if reply.status < 400:
            return reply
        request_id = orjson.loads(reply.body)["requestId"]
        return replace(reply, headers={**reply.headers, "x-request-id": request_id})

    # Account

    def check(self, call: Call) -> Reply:
        """`GET /auth/check`"""
        key = call.key
        role = key.role if key else Role.VIEWER
        scope = ["runs:read", "automations:read"]
        if role >= Role.EDITOR:
            scope += ["runs:write", "reviews:write"]
        body = {
            "ok": True,
            "tenantId": f"tenant_{number(self.seed, 'tenant'):016x}",
            "tenantSlug": "acme",
            "tenantName": "Acme",
            "userId": None,
            "keyId": key.id if key else "",
            "email": None,
            "name": key.name if key else None,
            "scope": scope,
            "wildcardGranted": role is Role.OWNER,
        }
        return Reply(orjson.dumps(body))

    def openapi(self, call: Call) -> Reply:
        """`GET /openapi`, which only the emulator serves; it names the automations that can be started."""
        targets = {"type": "string", "enum": [automation.alias for automation in self._listed()]}
        described = [
            replace(endpoint, body=run_request(targets)) if endpoint.name == "POST /runs" else endpoint
            for endpoint in self.routes.endpoints
        ]
        return Reply(orjson.dumps(document("EigenPal", described, self.prefix, self._examples())))

    def _examples(self) -> dict[str, dict[str, str]]:
        """Values of path parameters by endpoint path, as far as the world has any."""
        ids: dict[str, str] = {}
        listed = self.world.runs()
        if listed:
            ids["/runs"] = self.world.index.run(listed[0]).id
        automations = self._listed()
        owner = next((known for known in automations if known.examples), next(iter(automations), None))
        if owner is not None:
            ids["/automations"] = owner.id
            ids["exampleId"] = next((example.id for example in owner.examples), "none")
            ids["experimentId"] = next((found.id for found in self.world.experiments(owner.id)), "none")
        return {endpoint.path: _of_path(endpoint.path, ids) for endpoint in self.routes.endpoints}

    # Runs

    def list_runs(self, call: Call) -> Reply:
        """`GET /runs`"""
        page = page_of_runs(self.world, self.settings, call.query)
        rows = [
            orjson.Fragment(run.row) if isinstance(run, RawRun) else self._render.row(run)
            for run in page.runs
        ]
        body = orjson.dumps({"runs": rows, "nextCursor": page.next_cursor})
        self.world.page_was_read(call.query.get("cursor"))
        return Reply(body)

    def get_run(self, call: Call) -> Reply:
        """`GET /runs/{id}`"""
        run = self._run(call)
        if isinstance(run, RawRun):
            return Reply(run.detail)
        sections = call.query.get("expand") or call.query.get("include") or ""
        body = self._render.run(run, set(sections.split(",")))
        return Reply(orjson.dumps(body if self.settings.object_envelope == "bare" else {"run": body}))

    def get_usage(self, call: Call) -> Reply:
        """`GET /runs/{id}/usage`"""
        return self._part(call, "usage", lambda run: {"usage": self._render.usage(run)})

    def list_scores(self, call: Call) -> Reply:
        """`GET /runs/{id}/scores`"""
        return self._part(call, "scores", lambda run: {"scores": self._render.scores(run)})

    def list_steps(self, call: Call) -> Reply:
        """`GET /runs/{id}/steps`"""

        def render(run: Run) -> Json:
            steps = self._render.steps(run)
            newest = self.settings.contract == "2026-11"
            return {"steps": steps, "total": len(steps)} if newest else {"steps": steps}

        return self._part(call, "steps", render)

    def get_trace(self, call: Call) -> Reply:
        """`GET /runs/{id}/trace`"""
        return self._part(call, "trace", lambda run: {"events": self._render.trace(run)})

    def list_events(self, call: Call) -> Reply:
        """`GET /runs/{id}/events`"""
        return self._part(call, "events", lambda run: {"events": self._render.events(run)})

    def list_artifacts(self, call: Call) -> Reply:
        """`GET /runs/{id}/artifacts`"""
        return self._part(call, "artifacts", lambda run: {"artifacts": self._render.files(run)})

    def get_review(self, call: Call) -> Reply:
        """`GET /runs/{id}/reviews`"""
        run = self._run(call)
        if isinstance(run, RawRun):
            return run.answer("reviews")
        return self._review(run)

    def _review(self, run: Run) -> Reply:
        review = self.world.review_of(run)
        body = None if review is None else self._render.review(review)
        return Reply(orjson.dumps({"review": body}))

    def _part(self, call: Call, name: str, render: Callable[[Run], Json]) -> Reply:
        """What lies below a run; once the run is settled it is made only once."""
        run = self._run(call)
        if isinstance(run, RawRun):
            return run.answer(name)
        if not run.is_settled(self.clock.now()):
            return Reply(orjson.dumps(render(run)))
        key = (name, run.id)
        return Reply(self._bodies.kept(key, self.world.index.changes, lambda: orjson.dumps(render(run))))

    def _run(self, call: Call) -> Run | RawRun:
        run = self.world.run(call.parts["id"])
        if run is None:
            raise ApiError(404, "not_found", "There is no such run.")
        return run

    def _own_run(self, call: Call) -> Run:
        """A run that can be changed."""
        run = self._run(call)
        if isinstance(run, RawRun):
            raise ApiError(404, "not_found", "This run is served as it was put, and cannot be changed.")
        return run

    # What a client changes

    def start(self, call: Call) -> Reply:
        """`POST /runs`"""
        target = call.body["target"].partition("@")[0]
        automation = self._automation(target)
        run = self.world.start(automation.id)
        return Reply(orjson.dumps(self._render.accepted(run)), 202)

    def rerun(self, call: Call) -> Reply:
        """`POST /runs/{id}/rerun`"""
        run = self._own_run(call)
        return Reply(orjson.dumps(self._render.accepted(self.world.rerun(run.id))), 202)

    def cancel(self, call: Call) -> Reply:
        """`POST /runs/{id}/cancel`"""
        run = self._own_run(call)
        was = run.status_at(self.clock.now())
        return Reply(orjson.dumps(self._render.cancelled(self.world.cancel(run.id), was)))

    def put_review(self, call: Call) -> Reply:
        """`PUT /runs/{id}/reviews`"""
        run = self._own_run(call)
        fields: dict[str, Json] = {}
        if "corrections" in call.body:
            now = self.clock.now()
            fields["corrections"] = tuple(
                self._correction(run, index, sent, now) for index, sent in enumerate(call.body["corrections"])
            )
        if "correctedOutput" in call.body:
            fields["corrected_output"] = call.body["correctedOutput"]
        self.world.review(
            run.id,
            call.body.get("verdict"),
            status=call.body.get("status"),
            note=call.body.get("note"),
            **fields,
        )
        return self._review(run)

    def _correction(self, run: Run, index: int, sent: dict[str, Json], now: int) -> Correction:
        return Correction(
            id=sent.get("id") or f"cor_{number(run.id, index, now):016x}",
            kind=sent["kind"],
            path=sent["path"],
            label=sent.get("label"),
            note=sent.get("note") or "",
            original=sent.get("originalValue"),
            corrected=sent.get("correctedValue"),
            corrected_artifact=sent.get("correctedArtifactPath"),
            created_at=now,
            updated_at=now,
        )

    def delete_review(self, call: Call) -> Reply:
        """`DELETE /runs/{id}/reviews`"""
        run = self._own_run(call)
        self.world.delete_review(run.id)
        return self._review(run)

    # Automations

    def list_automations(self, call: Call) -> Reply:
        """`GET /automations`"""
        searched = call.query.get("search", "").lower()
        kind = call.query.get("type")
        rows = [
            self._render.automation(automation)
            for automation in self._listed()
            if kind in {None, automation.kind}
            and searched in f"{automation.slug}\n{automation.name}\n{automation.task.description}".lower()
        ]
        return self._paged(call, rows)

    def get_automation(self, call: Call) -> Reply:
        """`GET /automations/{id}`"""
        return Reply(orjson.dumps(self._render.automation_page(self._automation(call.parts["id"]))))

    def list_versions(self, call: Call) -> Reply:
        """`GET /automations/{id}/versions`, which has no pages."""
        rows = self._render.versions(self._automation(call.parts["id"]))
        body = {"data": rows, "total": len(rows), "limit": max(len(rows), 1), "offset": 0}
        return Reply(orjson.dumps(body))

    def list_examples(self, call: Call) -> Reply:
        """`GET /automations/{id}/examples`"""
        automation = self._automation(call.parts["id"])
        latest = self._latest_runs(automation)
        rows = [
            self._render.example(automation, example, latest.get(example.id))
            for example in automation.examples
        ]
        return self._paged(call, rows)

    def get_example(self, call: Call) -> Reply:
        """`GET /automations/{id}/examples/{exampleId}`"""
        automation = self._automation(call.parts["id"])
        wanted = call.parts["exampleId"]
        example = next((known for known in automation.examples if known.id == wanted), None)
        if example is None:
            raise ApiError(404, "not_found", "There is no such example.")
        latest = self._latest_runs(automation).get(example.id)
        return Reply(orjson.dumps(self._render.example(automation, example, latest)))

    def _latest_runs(self, automation: Automation) -> dict[str, str]:
        """The newest run of each example by its id; it is in one of the newest experiments."""
        latest: dict[str, str] = {}
        for experiment in reversed(list(self.world.experiments(automation.id))):
            for run in self.world.runs_of(experiment):
                latest.setdefault(run.example_id or "", run.id)
            if len(latest) >= len(automation.examples):
                break
        return latest

    def list_experiments(self, call: Call) -> Reply:
        """`GET /automations/{id}/experiments`"""
        automation = self._automation(call.parts["id"])
        now = self.clock.now()
        since, until = (
            moment(call.query[name], now) if name in call.query else edge
            for name, edge in (("fromDate", 0), ("toDate", now))
        )
        found = [
            experiment
            for experiment in self.world.experiments(automation.id)
            if since <= experiment.created_at <= until
        ]
        found.sort(key=lambda experiment: experiment.created_at, reverse=True)
        return self._paged(call, found, self._render.experiment)

    def get_experiment(self, call: Call) -> Reply:
        """`GET /automations/{id}/experiments/{experimentId}`"""
        automation = self._automation(call.parts["id"])
        experiment = self._experiment(call)
        if experiment.automation_id != automation.id:
            raise ApiError(404, "not_found", "There is no such experiment of this automation.")
        return Reply(orjson.dumps(self._render.experiment_page(experiment)))

    def resolve_experiment(self, call: Call) -> Reply:
        """`GET /experiments/{experimentId}`"""
        experiment = self._experiment(call)
        return Reply(orjson.dumps({"id": experiment.id, "automationId": experiment.automation_id}))

    def _experiment(self, call: Call) -> Experiment:
        experiment = self.world.experiment(call.parts["experimentId"])
        if experiment is None:
            raise ApiError(404, "not_found", "There is no such experiment.")
        return experiment

    def _listed(self) -> list[Automation]:
        now = self.clock.now()
        return [known for known in self.world.automations.values() if not known.is_deleted(now)]

    def _automation(self, name: str) -> Automation:
        automation = self.world.automation(name)
        if automation is None or automation.is_deleted(self.clock.now()):
            raise ApiError(404, "not_found", "There is no such automation.")
        return automation

    def _paged(
        self, call: Call, rows: Sequence[Json], render: Callable[[Json], Json] = lambda row: row
    ) -> Reply:
        """A list by limit and offset; only the rows of the page are rendered."""
        limit = int(call.query.get("limit", self.settings.default_limit))
        offset = int(call.query.get("offset", 0))
        data = [render(row) for row in rows[offset : offset + limit]]
        return Reply(orjson.dumps({"data": data, "total": len(rows), "limit": limit, "offset": offset}))


def _of_path(path: str, ids: Mapping[str, str]) -> dict[str, str]:
    """Those of `ids` that are parameters of `path`; `id` is that of its first segment."""
    found = {name: ids[name] for name in ("exampleId", "experimentId") if name in ids}
    start = f"/{path.split('/')[1]}"
    return {**found, "id": ids[start]} if start in ids else found
