"""B3OS's operations, carried out on a `World` and rendered as `B3osSettings` say."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import orjson

from emulator.b3os import endpoints
from emulator.b3os.render import Renderer
from emulator.b3os.runs import Run
from emulator.b3os.settings import B3osSettings
from emulator.b3os.workflows import user_id
from emulator.common.bodies import MEBIBYTE, Bodies
from emulator.common.chance import number
from emulator.common.clock import DAY
from emulator.common.contract import Call, Endpoint, Reply
from emulator.common.errors import ApiError
from emulator.common.keys import KeyRing
from emulator.common.openapi import document
from emulator.common.platform import Emulator
from emulator.common.raw import RawRun
from emulator.common.run_index import piece, shuffled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from emulator.b3os.workflows import Workflow
    from emulator.b3os.world import Entry, World
    from emulator.common.json_value import Json

T = TypeVar("T")


class B3osEmulator(Emulator):
    """B3OS's API. A key of the role viewer has the scope `read`, the others have `read-write`.

    `kept_mib` bounds the bodies that are kept; `api_key` is one more owner's key.
    """

    name = "b3os"
    prefix = "/v1"

    def __init__(
        self,
        world: World,
        settings: B3osSettings | None = None,
        *,
        api_key: str | None = None,
        kept_mib: int = 64,
    ) -> None:
        self.world = world
        self.settings = settings or B3osSettings()
        self._render = Renderer(self.settings)
        self._bodies = Bodies(kept_mib * MEBIBYTE)
        self._answered = 0
        keys = KeyRing("b3sk", world.seed, api_key)
        super().__init__(clock=world.clock, keys=keys, lock=world.lock, seed=world.seed)

    def endpoints(self) -> tuple[Endpoint, ...]:
        return endpoints.endpoints(self, self.settings)

    def error_body(self, error: ApiError) -> bytes:
        if self.settings.envelope == "success":
            body: Json = {"success": False, "error": {"message": error.message, "code": error.code}}
        else:
            body = {"code": error.status, "message": error.message, "requestId": self._request_id()}
        return orjson.dumps(body)

    def carry_out(self, endpoint: Endpoint, call: Call) -> Reply:
        wanted = self.world.organization_id
        if self.settings.needs_org_header and endpoint.role and call.headers.get("X-Org-ID") != wanted:
            raise ApiError(400, "missing_org", "The header X-Org-ID must name the organization.")
        return super().carry_out(endpoint, call)

    # Account

    def list_organizations(self, call: Call) -> Reply:
        """`GET /organizations`"""
        created = min((known.created_at for known in self.world.workflows.values()), default=0)
        created = min(created, self.clock.now())
        row = self._render.organization(self.world.organization_id, user_id(self.seed, 0), created)
        return self._page(call, [row], lambda row: row)

    def list_usage(self, call: Call) -> Reply:
        """`GET /organizations/{orgId}/cu/runs`"""
        if call.parts["orgId"] != self.world.organization_id:
            raise ApiError(404, "not_found", "There is no such organization.")
        return self._page_of_runs(call, self.world.runs(self._since()), usage=True)

    def openapi(self, call: Call) -> Reply:
        """`GET /openapi`"""
        examples = {
            endpoint.path: {"orgId": self.world.organization_id, **self._example(endpoint.path)}
            for endpoint in self.routes.endpoints
        }
        return Reply(orjson.dumps(document("B3OS", self.routes.endpoints, self.prefix, examples)))

    def _example(self, path: str) -> dict[str, str]:
        """An id for a path: of a run that can be cancelled where one is cancelled, and so on."""
        if not path.startswith("/runs/"):
            workflow = next(iter(self.world.workflows), None)
            return {} if workflow is None else {"id": workflow}
        now = self.clock.now()
        fitting = {"/runs/{id}/cancel": ("running", "waiting"), "/runs/{id}/retry": ("failure",)}.get(path)
        for run in map(self.world.index.run, self.world.runs()):
            if fitting is None or (isinstance(run, Run) and run.status_at(now) in fitting):
                return {"id": run.id}
        return {}

    # Workflows

    def list_workflows(self, call: Call) -> Reply:
        """`GET /workflows`"""
        now = self.clock.now()
        listed = [known for known in self.world.workflows.values() if not known.is_archived(now)]
        return self._page(call, listed, self._workflow_record)

    def get_workflow(self, call: Call) -> Reply:
        """`GET /workflows/{id}`"""
        return self._object(self._workflow_record(self._workflow(call)))

    def list_workflow_runs(self, call: Call) -> Reply:
        """`GET /workflows/{id}/runs`"""
        runs = self.world.runs_of(self._workflow(call).id, self._since())
        wanted = call.query.get("status")
        if wanted is not None and self.settings.honours_status:
            runs = self._in_status(runs, wanted)
        return self._page_of_runs(call, runs)

    def start_workflow(self, call: Call) -> Reply:
        """`POST /workflows/{id}/run`"""
        workflow = self._workflow(call)
        status = workflow.status_at(self.clock.now())
        if status != "active":
            raise ApiError(409, "conflict", f"The workflow is {status}; only an active one can be run.")
        return self._object({"runId": self.world.start_run(workflow.id).id})

    def _workflow(self, call: Call) -> Workflow:
        workflow = self.world.workflows.get(call.parts["id"])
        hidden = not self.settings.shows_archived_workflows
        if workflow is None or (hidden and workflow.is_archived(self.clock.now())):
            raise ApiError(404, "not_found", "There is no such workflow.")
        return workflow

    def _workflow_record(self, workflow: Workflow) -> dict[str, Json]:
        runs = self.world.runs_of(workflow.id)
        last = self.world.index.listed_at(runs[-1]) if runs else None
        return self._render.workflow(workflow, self.world.organization_id, self.clock.now(), len(runs), last)

    # Runs

    def list_runs(self, call: Call) -> Reply:
        """`GET /runs`"""
        wanted = call.query.get("workflowId")
        since = self._since()
        return self._page_of_runs(
            call, self.world.runs_of(wanted, since) if wanted else self.world.runs(since)
        )

    def get_run(self, call: Call) -> Reply:
        """`GET /runs/{id}`"""
        run = self._run(call)
        if isinstance(run, RawRun):
            return self._object(orjson.Fragment(run.detail))
        body = self._render.run_head(run, self.world.units(run), self.world.organization_id, self.clock.now())
        if call.query.get("summary") == "true":
            return self._object(body)
        ids = call.query.get("nodeIds")
        if ids:
            wanted = {name.strip() for name in ids.split(",")}
            return self._object({**body, **self._nodes(run, wanted)})
        if not run.has_ended(self.clock.now()):
            return self._object({**body, **self._nodes(run, None)})
        kept = self._bodies.kept(
            ("run", run.id),
            self.world.index.changes,
            lambda: orjson.dumps({**body, **self._nodes(run, None)}),
        )
        return self._object(orjson.Fragment(kept))

    def cancel_run(self, call: Call) -> Reply:
        """`POST /runs/{id}/cancel`"""
        run = self._own_run(call)
        if run.has_ended(self.clock.now()):
            raise ApiError(409, "conflict", f"The run has ended as {run.status}.")
        return self._object({"runId": self.world.cancel_run(run.id).id})

    def retry_run(self, call: Call) -> Reply:
        """`POST /runs/{id}/retry`"""
        run = self._own_run(call)
        if run.status_at(self.clock.now()) != "failure":
            raise ApiError(409, "conflict", "Only a failed run can be retried.")
        return self._object({"runId": self.world.retry_run(run.id).id})

    def _run(self, call: Call) -> Run | RawRun:
        run = self.world.run(call.parts["id"])
        if run is None:
            raise ApiError(404, "not_found", "There is no such run.")
        return run

    def _own_run(self, call: Call) -> Run:
        run = self._run(call)
        if isinstance(run, RawRun):
            raise ApiError(409, "conflict", "This run has ready-made bodies and cannot be changed.")
        return run

    def _nodes(self, run: Run, wanted: set[str] | None) -> dict[str, Json]:
        return {
            "executionState": self._render.execution_state(self.world.nodes(run), wanted),
            "workflowDefinition": self._render.run_definition(self.world.blueprint(run)),
        }

    def _since(self) -> int:
        """The start of the oldest run that lists show."""
        days = self.settings.listed_days
        return 0 if days is None else self.clock.now() - round(days * DAY)

    def _in_status(self, runs: Sequence[Entry], wanted: str) -> Sequence[Entry]:
        """Those in one status; runs with raw bodies are in every one."""
        now = self.clock.now()
        drawn = ((entry, self.world.index.run(entry)) for entry in runs)
        return [entry for entry, run in drawn if isinstance(run, RawRun) or run.status_at(now) == wanted]

    def _page_of_runs(self, call: Call, runs: Sequence[Entry], *, usage: bool = False) -> Reply:
        run_of = self.world.index.run
        if self.settings.order == "shuffled":
            runs = shuffled(runs, self.seed, lambda entry: run_of(entry).id)
        now = self.clock.now()
        render = self._render.usage_row if usage else self._render.run_row

        def row(entry: Entry) -> Json:
            run = run_of(entry)
            if isinstance(run, RawRun):
                return orjson.Fragment(run.row)
            return render(run, self.world.units(run), now)

        reply = self._page(call, runs, row, newest_first=self.settings.order == "newest_first")
        self.world.page_was_read(int(call.query.get("offset", 0)))
        return reply

    # Envelopes

    def _window(self, call: Call) -> tuple[int, int]:
        """Where a page starts, and how many rows it may hold."""
        size = int(call.query.get("limit", self.settings.default_limit))
        if size > self.settings.max_limit:
            if self.settings.beyond_max_limit == "refused":
                raise ApiError(400, "bad_request", f"limit must be at most {self.settings.max_limit}.")
            size = self.settings.max_limit
        return 0 if self.settings.ignores_offset else int(call.query.get("offset", 0)), size

    def _page(
        self, call: Call, found: Sequence[T], render: Callable[[T], Json], *, newest_first: bool = False
    ) -> Reply:
        """The rows of `found`, which are held oldest first, that a request asks for."""
        start, size = self._window(call)
        rows = [render(one) for one in piece(found, start, size, newest_first=newest_first)]
        more: dict[str, Json] = {}
        if self.settings.has_more != "left_out":
            is_last = start + size >= len(found) and not self.settings.ignores_offset
            more["hasMore"] = not is_last or self.settings.has_more == "always"
        if self.settings.envelope == "success":
            return Reply(orjson.dumps({"success": True, "data": rows, **more}))
        return self._object({"items": rows, "limit": size, "offset": start, **more})

    def _object(self, body: Json) -> Reply:
        if self.settings.envelope == "success":
            return Reply(orjson.dumps({"success": True, "data": body}))
        envelope = {"code": self.settings.success_code, "message": "success"}
        return Reply(orjson.dumps({**envelope, "requestId": self._request_id(), "data": body}))

    def _request_id(self) -> str:
        self._answered += 1
        return f"req_{number(self.seed, 'request', self._answered):016x}"
