"""Armature's operations, carried out on a `World` and rendered as `ArmatureSettings` say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from emulator.armature import endpoints
from emulator.armature.render import Renderer
from emulator.armature.run_query import page_of_runs
from emulator.armature.settings import ArmatureSettings
from emulator.armature.workflows import Criterion
from emulator.common.bodies import MEBIBYTE, Bodies
from emulator.common.chance import number
from emulator.common.contract import Call, Endpoint, Reply
from emulator.common.errors import ApiError
from emulator.common.keys import KeyRing
from emulator.common.openapi import document
from emulator.common.platform import Emulator
from emulator.common.raw import RawRun

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from emulator.armature.runs import Run
    from emulator.armature.workflows import Workflow
    from emulator.armature.world import World
    from emulator.common.json_value import Json

DETAILS = ("/runs/{id}", "/runs/{id}/trace", "/runs/{id}/evaluation", "/runs/{id}/tool-calls")

# Request fields that become fields of a workflow of their own; the others are kept as they came.
OWN_FIELDS = {"name": "name", "description": "description", "testerPrompt": "prompt", "schedule": "schedule"}
READ_FIELDS = {*OWN_FIELDS, "mcpServerId", "testerModelId", "testerModelIds", "criteria"}


class ArmatureEmulator(Emulator):
    """Armature's API. `kept_mib` bounds the bodies that are kept; `api_key` is one more owner's key."""

    name = "armature"
    prefix = "/api/armature/v1"

    def __init__(
        self,
        world: World,
        settings: ArmatureSettings | None = None,
        *,
        api_key: str | None = None,
        kept_mib: int = 64,
    ) -> None:
        self.world = world
        self.settings = settings or ArmatureSettings()
        self._render = Renderer(self.settings)
        self._bodies = Bodies(kept_mib * MEBIBYTE)
        keys = KeyRing("amt", world.seed, api_key)
        super().__init__(clock=world.clock, keys=keys, lock=world.lock, seed=world.seed)

    def endpoints(self) -> tuple[Endpoint, ...]:
        return endpoints.endpoints(self, self.settings)

    def error_body(self, error: ApiError) -> bytes:
        body = {"code": error.code, "message": error.message}
        return orjson.dumps({"error": body if error.details is None else {**body, "details": error.details}})

    # Account

    def organization(self, call: Call) -> Reply:
        """`GET /org`"""
        key = call.key
        actor = {
            "apiKeyId": key.id if key else "",
            "apiKeyName": key.name if key else "",
            "userProfileId": None,
            "role": key.role.label if key else "",
            "email": None,
        }
        organization = {"id": f"org_{number(self.world.seed, 'org'):016x}", "slug": "acme", "name": "Acme"}
        return Reply(orjson.dumps({"organization": organization, "actor": actor}))

    def mcp_servers(self, call: Call) -> Reply:
        """`GET /mcp-servers`"""
        return Reply(orjson.dumps({"rows": [self._render.server(server) for server in self.world.servers]}))

    def openapi(self, call: Call) -> Reply:
        """`GET /openapi`"""
        run = next((self.world.index.run(entry).id for entry in self.world.runs()), None)
        workflow = next(iter(self.world.workflows), None)
        examples = {
            endpoint.path: {"id": known}
            for endpoint in self.routes.endpoints
            if (known := run if endpoint.path in DETAILS else workflow) is not None
        }
        return Reply(orjson.dumps(document("Armature", self.routes.endpoints, self.prefix, examples)))

    # Workflows

    def list_workflows(self, call: Call) -> Reply:
        """`GET /workflows`"""
        now = self.clock.now()
        wanted = {
            slug.strip()
            for name in ("category", "categorySlug")
            for slug in call.query.get(name, "").split(",")
            if slug.strip()
        }
        rows = [
            self._render.workflow(workflow, now)
            for workflow in self.world.workflows.values()
            if not workflow.is_archived(now)
            and (not wanted or wanted.intersection(workflow.server.source.categories))
        ]
        return Reply(self._list("workflows", rows))

    def get_workflow(self, call: Call) -> Reply:
        """`GET /workflows/{id}`"""
        workflow = self._workflow(call)
        now = self.clock.now()
        if workflow.is_archived(now) and not self.settings.shows_archived_workflows:
            raise ApiError(404, "not_found", f"There is no workflow {workflow.id}.")
        return Reply(self._object("workflow", self._render.workflow(workflow, now)))

    def create_workflow(self, call: Call) -> Reply:
        """`POST /workflows`"""
        fields = self._workflow_fields(call.body)
        server_id = call.body["mcpServerId"]
        workflow = self.world.add_workflow(server_id=server_id, **fields)
        run_ids, _ = self.world.dispatch(workflow.id, reason="initial dispatch")
        body = {**self._changed(workflow), "initialDispatch": {"queued": len(run_ids), "failed": 0}}
        return Reply(orjson.dumps(body), 201)

    def update_workflow(self, call: Call) -> Reply:
        """`PATCH /workflows/{id}`"""
        old = self._active_workflow(call)
        fields = self._workflow_fields(call.body)
        fields["options"] = {**old.options, **fields["options"]}
        if "mcpServerId" in call.body:
            wanted = call.body["mcpServerId"]
            fields["server"] = next(known for known in self.world.servers if known.id == wanted)
        return Reply(orjson.dumps(self._changed(self.world.edit_workflow(old.id, **fields))))

    def archive_workflow(self, call: Call) -> Reply:
        """`DELETE /workflows/{id}`"""
        self.world.archive_workflow(self._workflow(call).id)
        return Reply(b'{"ok":true}')

    def dispatch(self, call: Call) -> Reply:
        """`POST /workflows/{id}/runs`"""
        workflow = self._active_workflow(call)
        baseline = call.body.get("baselineRunId")
        if baseline is not None and self.world.run(baseline) is None:
            raise ApiError(404, "not_found", f"There is no run {baseline} to compare with.")
        run_ids, deduplicated = self.world.dispatch(
            workflow.id,
            models=_models(call.body),
            idempotency_key=call.body.get("idempotencyKey"),
            force=call.body.get("forceNewRun", False),
            reason=call.body.get("reason"),
            baseline_run_id=baseline,
        )
        body = {"workflowId": workflow.id, "runIds": run_ids, "deduplicated": deduplicated}
        return Reply(orjson.dumps(body), 202)

    def _workflow(self, call: Call) -> Workflow:
        workflow = self.world.workflows.get(call.parts["id"])
        if workflow is None:
            raise ApiError(404, "not_found", "There is no such workflow.")
        return workflow

    def _active_workflow(self, call: Call) -> Workflow:
        workflow = self._workflow(call)
        if workflow.is_archived(self.clock.now()):
            raise ApiError(404, "not_found", f"The workflow {workflow.id} is archived.")
        return workflow

    def _workflow_fields(self, body: dict[str, Json]) -> dict[str, Json]:
        """Fields of a `Workflow` from a request to create or change one."""
        if "mcpServerId" in body and all(body["mcpServerId"] != known.id for known in self.world.servers):
            raise ApiError(404, "not_found", "There is no MCP server with this mcpServerId.")
        fields: dict[str, Json] = {own: body[sent] for sent, own in OWN_FIELDS.items() if sent in body}
        models = _models(body)
        if models is not None:
            fields["models"] = models
        if "criteria" in body:
            fields["criteria"] = tuple(
                Criterion(item["criterionText"], item.get("isRequired", True)) for item in body["criteria"]
            )
        fields["options"] = {name: value for name, value in body.items() if name not in READ_FIELDS}
        return fields

    def _changed(self, workflow: Workflow) -> dict[str, Json]:
        return {
            "workflow": {"id": workflow.id, "name": workflow.name},
            "currentVersion": {"id": workflow.versions[-1].id},
        }

    # Runs

    def list_runs(self, call: Call) -> Reply:
        """`GET /runs`"""
        page = page_of_runs(self.world, self.settings, call.query)
        now = self.clock.now()
        render = self._render.slim_run if self.settings.list_rows == "slim" else self._render.run
        rows = [
            orjson.Fragment(run.row) if isinstance(run, RawRun) else render(run, now) for run in page.runs
        ]
        beside: dict[str, Json] = {"page": page.number, "pageSize": page.size}
        if self.settings.shows_total:
            beside["total"] = page.total
        if self.settings.shows_has_more:
            beside["hasMore"] = page.has_more
        body = self._list("runs", rows, **beside)
        self.world.page_was_read(page.number)
        return Reply(body)

    def get_run(self, call: Call) -> Reply:
        """`GET /runs/{id}`"""
        run = self._run(call)
        if isinstance(run, RawRun):
            return Reply(run.detail)
        now = self.clock.now()
        return self._kept("run", run, lambda: self._object("run", self._render.run(run, now)))

    def get_trace(self, call: Call) -> Reply:
        """`GET /runs/{id}/trace`"""
        run = self._run(call)
        if isinstance(run, RawRun):
            return run.answer("trace")
        return self._kept(
            "trace", run, lambda: self._object("trace", self._render.trace(run.id, self.world.trace(run)))
        )

    def get_evaluation(self, call: Call) -> Reply:
        """`GET /runs/{id}/evaluation`"""
        run = self._run(call)
        if isinstance(run, RawRun):
            return run.answer("evaluation")
        evaluation = self.world.evaluation(run)
        if evaluation is not None:
            return self._kept(
                "evaluation", run, lambda: self._object("evaluation", self._render.evaluation(evaluation))
            )
        if self.settings.missing_evaluation == "null":
            return Reply(b"null")
        raise ApiError(404, "not_found", f"The run {run.id} has no evaluation.")

    def list_tool_calls(self, call: Call) -> Reply:
        """`GET /runs/{id}/tool-calls`"""
        run = self._run(call)
        if isinstance(run, RawRun):
            return run.answer("tool_calls")
        return self._kept(
            "tool-calls",
            run,
            lambda: self._list(
                "toolCalls", [self._render.tool_call(row) for row in self.world.tool_calls(run)]
            ),
        )

    def render_all(self) -> int:
        """Render the details of all settled runs ahead, for benchmarks, and keep them; returns the size."""
        self._bodies.limit = 2**62
        calls = (self.get_run, self.list_tool_calls, self.get_evaluation, self.get_trace)
        size = 0
        for entry in self.world.runs():
            run = self.world.index.run(entry)
            asked = Call({"id": run.id}, {}, None, None)
            for answer in calls:
                try:
                    size += len(answer(asked).body)
                except ApiError:
                    continue
        return size

    def _run(self, call: Call) -> Run | RawRun:
        run = self.world.run(call.parts["id"])
        if run is None:
            raise ApiError(404, "not_found", "There is no such run.")
        return run

    def _kept(self, kind: str, run: Run, make: Callable[[], bytes]) -> Reply:
        """The body of a run's detail; once the run is settled it is made only once."""
        if not run.is_settled(self.clock.now()):
            return Reply(make())
        return Reply(self._bodies.kept((kind, run.id), self.world.index.changes, make))

    # Envelopes

    def _list(self, name: str, rows: Sequence[Json], **beside: Json) -> bytes:
        envelope = self.settings.list_envelope
        if envelope == "bare":
            return orjson.dumps(rows)
        key = name if envelope == "named" else envelope
        return orjson.dumps(self._render.cased({key: rows, **beside}))

    def _object(self, name: str, body: Json) -> bytes:
        return orjson.dumps(body if self.settings.object_envelope == "bare" else {name: body})


def _models(body: dict[str, Json]) -> tuple[str, ...] | None:
    """The tester models that a request names: by targets, by list, or one; None if it names none."""
    if "testerTargets" in body:
        return tuple(target["modelId"] for target in body["testerTargets"])
    if "testerModelIds" in body:
        return tuple(body["testerModelIds"])
    return (body["testerModelId"],) if "testerModelId" in body else None
