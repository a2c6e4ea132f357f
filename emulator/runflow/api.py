"""Runflow's operations, carried out on a `World` and rendered as `RunflowSettings` say."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, TypeVar

import orjson

from emulator.common.contract import Call, Reply
from emulator.common.errors import INVALID, ApiError
from emulator.common.keys import KeyRing, require_scope
from emulator.common.openapi import document
from emulator.common.platform import Emulator
from emulator.common.raw import RawRun
from emulator.runflow import endpoints
from emulator.runflow.links import Links
from emulator.runflow.paging import envelope, page_by_skipping
from emulator.runflow.render import Renderer
from emulator.runflow.run_query import page_of_runs, worded
from emulator.runflow.runs import STATUSES
from emulator.runflow.settings import RunflowSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from emulator.common.contract import Endpoint
    from emulator.common.json_value import Json
    from emulator.runflow.account import Kind, Target
    from emulator.runflow.runs import Run
    from emulator.runflow.world import World

T = TypeVar("T")

ANY = "any"
# The platform's words for what every platform refuses.
CODES = {
    "unauthenticated": "UNAUTHORIZED",
    "forbidden_role": "PERMISSION_DENIED",
    "missing_scope": "PERMISSION_DENIED",
    INVALID: "VALIDATION_ERROR",
}
NOT_TERMINAL = {"queued", "dispatching", "running"}


class RunflowEmulator(Emulator):
    """Runflow's API; `api_key` is one more owner's key."""

    name = "runflow"
    prefix = "/v1"
    invalid_status = 422

    def __init__(
        self, world: World, settings: RunflowSettings | None = None, *, api_key: str | None = None
    ) -> None:
        self.world = world
        self.settings = settings or RunflowSettings()
        self._render = Renderer(world, self.settings, Links(world.seed, self.settings))
        keys = KeyRing("rf_live", world.seed, api_key)
        super().__init__(clock=world.clock, keys=keys, lock=world.lock, seed=world.seed)

    def endpoints(self) -> tuple[Endpoint, ...]:
        return endpoints.endpoints(self, self.settings)

    def error_body(self, error: ApiError) -> bytes:
        errors = None
        if error.details is not None:
            errors = [
                {"loc": _location(problem["field"]), "msg": problem["message"]}
                for problem in error.details["fieldErrors"]
            ]
        code = CODES.get(error.code, error.code.upper())
        body = {"code": code, "message": error.message, "errors": errors}
        return orjson.dumps(body if self.settings.error_envelope == "flat" else {"error": body})

    def carry_out(self, endpoint: Endpoint, call: Call) -> Reply:
        """Refuse whoever asks in the name of another organization."""
        asked = call.headers.get("X-Organization-Id")
        if endpoint.role is not None and asked and asked != self._render.org_id:
            raise ApiError(
                403, "organization_membership_required", "The key belongs to another organization."
            )
        return super().carry_out(endpoint, call)

    # Account

    def health(self, call: Call) -> Reply:
        """`GET /health`"""
        return Reply(b'{"status":"ok"}')

    def me(self, call: Call) -> Reply:
        """`GET /auth/me`"""
        key = call.key
        body = {
            "id": self._render.user_id,
            "org_id": self._render.org_id,
            "key_id": key.id if key else "",
            "key_name": key.name if key else "",
            "role": key.role.label if key else "",
            "scopes": [scope for scope in endpoints.SCOPES if key and key.may(scope)],
        }
        return Reply(orjson.dumps(body))

    def balance(self, call: Call) -> Reply:
        """`GET /billing/balance`"""
        return Reply(b'{"balance_cents":125000,"currency":"USD"}')

    def openapi(self, call: Call) -> Reply:
        """`GET /openapi.json`"""
        return Reply(orjson.dumps(document("Runflow", self.routes.endpoints, self.prefix, self._examples())))

    def _examples(self) -> dict[str, dict[str, str]]:
        """Ids that exist, for the paths that take them."""
        runs = list(islice(self.world.every_run(newest_first=False), 200))
        run = next((run for run in runs if run.nodes_total and run.has_logs and run.attempts), None)
        batch = next((run.batch_id for run in runs if run.batch_id), None)
        found: dict[str, dict[str, str]] = {}
        if run is not None:
            node_run, line = self.world.node_runs(run)[0], self.world.logs(run)[0]
            found = {
                **{
                    f"/runs/{{run_id}}{part}": {"run_id": run.id}
                    for part in ("", "/feedback", "/evaluations")
                },
                **{f"/runs/{{run_id}}{part}": {"run_id": run.id} for part in ("/node-runs", "/logs")},
                "/runs/{run_id}/node-runs/{id}": {"run_id": run.id, "id": node_run.id},
                "/runs/{run_id}/logs/{id}": {"run_id": run.id, "id": line.id},
                "/evaluations/{evaluation_id}": {"evaluation_id": run.attempts[0].id},
                "/evaluations/{evaluation_id}/feedback": {"evaluation_id": run.attempts[0].id},
            }
        if batch is not None:
            found |= {path: {"id": batch} for path in ("/batches/{id}", "/batches/{id}/items")}
        kinds: dict[str, Kind] = {
            "/flows/{id}": "flow",
            "/models/{id}": "model",
            "/comfyui-workflows/{id}": "comfyui_workflow",
        }
        for path, kind in kinds.items():
            for target in self.world.targets_of(kind)[:1]:
                found[path] = {"id": target.id}
        return found

    # Runs

    def list_runs(self, call: Call) -> Reply:
        """`GET /runs`"""
        embed = self._embed(call)
        limit = self._limit(call)
        page = page_of_runs(self.world, self.settings, call, limit)
        now = self.clock.now()
        runs = map(self.world.index.run, page.rows)
        rows = [
            orjson.Fragment(run.row)
            if isinstance(run, RawRun)
            else _chosen(self._render.run(run, now, embed), call)
            for run in runs
        ]
        body = orjson.dumps(envelope(page, rows, call, self.settings, f"{self.prefix}/runs", limit))
        self.world.page_was_read(page.number)
        return Reply(body)

    def list_statuses(self, call: Call) -> Reply:
        """`GET /runs/statuses`"""
        rows = [
            {"code": worded(status, self.settings), "is_terminal": status not in NOT_TERMINAL}
            for status in STATUSES
        ]
        return Reply(orjson.dumps({"items": rows}))

    def get_run(self, call: Call) -> Reply:
        """`GET /runs/{run_id}`"""
        embed = self._embed(call)
        run = self._run(call)
        if isinstance(run, RawRun):
            return Reply(run.detail)
        return Reply(orjson.dumps(_chosen(self._render.run(run, self.clock.now(), embed), call)))

    def set_run_feedback(self, call: Call) -> Reply:
        """`PATCH /runs/{run_id}/feedback`"""
        run = self._run(call)
        if isinstance(run, RawRun):
            raise ApiError(409, "conflict", "This run has a body of its own.")
        run = self.world.feedback(run.id, call.body["is_positive"], call.body.get("reason"))
        return Reply(orjson.dumps(self._render.run(run, self.clock.now())))

    def _run(self, call: Call) -> Run | RawRun:
        run = self.world.run(call.parts["run_id"])
        if run is None:
            raise ApiError(404, "run_not_found", "There is no such run.")
        return run

    def _embed(self, call: Call) -> frozenset[str]:
        """The relations that are asked for; `ApiError` 403 if the key may not see one."""
        names = frozenset(call.query.get("embed", "").split(",")) - {""}
        if "current_evaluation_summary" in names and call.key is not None:
            require_scope(call.key, endpoints.EVALUATIONS)
        return names

    # What belongs to a run

    def list_node_runs(self, call: Call) -> Reply:
        """`GET /runs/{run_id}/node-runs`"""

        def of(run: Run) -> list[Json]:
            now = self.clock.now()
            return [self._render.node_run(one, run, now) for one in self.world.node_runs(run)]

        return self._children(call, "node_runs", "node-runs", of)

    def get_node_run(self, call: Call) -> Reply:
        """`GET /runs/{run_id}/node-runs/{id}`"""
        run = self._made_run(call)
        found = next((one for one in self.world.node_runs(run) if one.id == call.parts["id"]), None)
        if found is None:
            raise ApiError(404, "node_run_not_found", "There is no such node run.")
        return Reply(orjson.dumps(self._render.node_run(found, run, self.clock.now())))

    def list_logs(self, call: Call) -> Reply:
        """`GET /runs/{run_id}/logs`"""
        return self._children(
            call, "logs", "logs", lambda run: [self._render.log_line(line) for line in self.world.logs(run)]
        )

    def get_log(self, call: Call) -> Reply:
        """`GET /runs/{run_id}/logs/{id}`"""
        lines = self.world.logs(self._made_run(call))
        found = next((line for line in lines if line.id == call.parts["id"]), None)
        if found is None:
            raise ApiError(404, "log_not_found", "There is no such line.")
        return Reply(orjson.dumps(self._render.log_line(found)))

    def list_evaluations(self, call: Call) -> Reply:
        """`GET /runs/{run_id}/evaluations`"""
        run = self._run(call)
        if isinstance(run, RawRun):
            return run.answer("evaluations")
        attempts = self.world.attempts(run)
        if self.settings.evaluation_order == "newest_first":
            attempts.reverse()
        now = self.clock.now()
        rows = [self._render.evaluation(run, attempt, now) for attempt in attempts]
        return self._child_list(call, rows, "evaluations")

    def get_evaluation(self, call: Call) -> Reply:
        """`GET /evaluations/{evaluation_id}`"""
        found = self.world.evaluated(call.parts["evaluation_id"])
        if found is None:
            raise ApiError(404, "evaluation_not_found", "There is no such evaluation.")
        return Reply(orjson.dumps(self._render.evaluation(*found, self.clock.now())))

    def set_evaluation_feedback(self, call: Call) -> Reply:
        """`PATCH /evaluations/{evaluation_id}/feedback`"""
        self.get_evaluation(call)
        body = call.body
        self.world.evaluation_feedback(call.parts["evaluation_id"], body["is_positive"], body.get("reason"))
        return self.get_evaluation(call)

    def _made_run(self, call: Call) -> Run:
        run = self._run(call)
        if isinstance(run, RawRun):
            raise ApiError(404, "run_not_found", "This run has bodies of its own.")
        return run

    def _children(self, call: Call, part: str, path: str, of: Callable[[Run], list[Json]]) -> Reply:
        """What belongs to one run, or with `any` to all of them, the newest run first."""
        if call.parts["run_id"] == ANY and self.settings.serves_any_run:
            every = (row for run in self.world.every_run() for row in of(run))
            return self._page(call, lambda skip: islice(every, skip, None), f"/runs/{ANY}/{path}")
        run = self._run(call)
        if isinstance(run, RawRun):
            return run.answer(part)
        return self._child_list(call, of(run), path)

    def _child_list(self, call: Call, rows: list[Json], path: str) -> Reply:
        if self.settings.child_lists == "bare":
            return Reply(orjson.dumps(rows))
        return self._page(call, lambda skip: rows[skip:], f"/runs/{call.parts['run_id']}/{path}")

    # Flows, models, ComfyUI workflows

    def list_flows(self, call: Call) -> Reply:
        """`GET /flows`"""
        return self._targets(call, "flow", self._render.flow, "/flows")

    def list_flow_summaries(self, call: Call) -> Reply:
        """`GET /flow-summaries`"""
        return self._targets(call, "flow", self._render.flow_summary, "/flow-summaries")

    def list_models(self, call: Call) -> Reply:
        """`GET /models`"""
        return self._targets(call, "model", self._render.model, "/models")

    def list_comfyui_workflows(self, call: Call) -> Reply:
        """`GET /comfyui-workflows`"""
        return self._targets(call, "comfyui_workflow", self._render.comfyui_workflow, "/comfyui-workflows")

    def get_flow(self, call: Call) -> Reply:
        """`GET /flows/{id}`"""
        return self._target(call, "flow")

    def get_model(self, call: Call) -> Reply:
        """`GET /models/{id}`"""
        return self._target(call, "model")

    def get_comfyui_workflow(self, call: Call) -> Reply:
        """`GET /comfyui-workflows/{id}`"""
        return self._target(call, "comfyui_workflow")

    def _targets(self, call: Call, kind: Kind, render: Callable[[Target, int], Json], path: str) -> Reply:
        now = self.clock.now()
        rows = [render(target, now) for target in self.world.targets_of(kind)]
        return self._page(call, lambda skip: rows[skip:], path)

    def _target(self, call: Call, kind: Kind) -> Reply:
        """One of them; 404 once it is deleted."""
        now = self.clock.now()
        target = self.world.targets.get(call.parts["id"])
        if target is None or target.kind != kind or target.is_deleted(now):
            raise ApiError(404, f"{kind}_not_found", "There is nothing with this id.")
        return Reply(orjson.dumps(self._render.target(target, now)))

    # Batches

    def get_batch(self, call: Call) -> Reply:
        """`GET /batches/{id}`"""
        return Reply(orjson.dumps(self._batch(call)))

    def list_batch_items(self, call: Call) -> Reply:
        """`GET /batches/{id}/items`"""
        rows = self._batch(call)["items"]
        return self._page(call, lambda skip: rows[skip:], f"/batches/{call.parts['id']}/items")

    def _batch(self, call: Call) -> dict[str, Json]:
        batch_id = call.parts["id"]
        runs = self.world.batch(batch_id)
        if runs is None:
            raise ApiError(404, "batch_not_found", "There is no such batch.")
        return self._render.batch(batch_id, runs, self.clock.now())

    # Pages

    def _limit(self, call: Call) -> int:
        return int(call.query.get("limit", self.settings.default_limit))

    def _page(self, call: Call, rows: Callable[[int], Iterable[Json]], path: str) -> Reply:
        limit = self._limit(call)
        page = page_by_skipping(rows, call, limit)
        return Reply(orjson.dumps(envelope(page, page.rows, call, self.settings, self.prefix + path, limit)))


def _location(field: str) -> list[str]:
    """Where a problem is, as the platform says it."""
    path = field.split(".")
    return path if path[0] == "body" else ["query", *path]


def _chosen(body: dict[str, Json], call: Call) -> dict[str, Json]:
    """`body`, or only the fields that are asked for; names that it does not have are let pass."""
    wanted = call.query.get("fields")
    if not wanted:
        return body
    names = set(wanted.split(","))
    return {name: value for name, value in body.items() if name in names}
