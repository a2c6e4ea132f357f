"""Turns what a world holds into the records of the API, as the settings want them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.b3os.catalog import WORDS
from emulator.b3os.nodes import ROOT, node_id
from emulator.common.chance import draws, number
from emulator.common.moments import MOMENTS
from emulator.common.templates import fill

if TYPE_CHECKING:
    from collections.abc import Collection

    from emulator.b3os.catalog import Blueprint
    from emulator.b3os.nodes import NodeExecution
    from emulator.b3os.runs import Run
    from emulator.b3os.settings import B3osSettings
    from emulator.b3os.workflows import Workflow
    from emulator.common.json_value import Json

CHAIN_ID = 8453


class Renderer:
    """Records as plain dicts, with moments and missing fields as in `settings`."""

    def __init__(self, settings: B3osSettings) -> None:
        self._moment = MOMENTS[settings.timestamps]
        self._keeps_nulls = settings.missing_fields == "null"

    def _optional_moment(self, moment: int | None) -> str | float | None:
        return None if moment is None else self._moment(moment)

    def _with(self, body: dict[str, Json], **sometimes: Json) -> dict[str, Json]:
        """`body` and the fields that may be missing."""
        shown = {name: value for name, value in sometimes.items() if value is not None or self._keeps_nulls}
        return {**body, **shown}

    def organization(self, organization_id: str, created_by: str, created_at: int) -> dict[str, Json]:
        return {
            "id": organization_id,
            "slug": "acme",
            "name": "Acme",
            "description": "Automations of Acme.",
            "createdBy": created_by,
            "createdAt": self._moment(created_at),
            "updatedAt": self._moment(created_at),
        }

    def _node_definitions(self, blueprint: Blueprint) -> dict[str, Json]:
        ids = [ROOT, *(node_id(place) for place in range(len(blueprint.steps)))]
        kinds: list[tuple[str, Json, str | None]] = [(blueprint.trigger, blueprint.trigger_payload, None)]
        kinds.extend((step.type, step.payload, step.connector) for step in blueprint.steps)
        chance = draws("definition", blueprint.name)
        return {
            own: self._with(
                {"type": kind, "payload": fill(payload, WORDS, chance), "children": following},
                connector=None if connector is None else {"type": connector},
            )
            for own, (kind, payload, connector), following in zip(
                ids, kinds, [*([after] for after in ids[1:]), []], strict=True
            )
        }

    def workflow(
        self, workflow: Workflow, organization_id: str, now: int, runs: int, last_started_at: int | None
    ) -> dict[str, Json]:
        version = workflow.version_at(now)
        changed_at = max(workflow.created_at, workflow.versions[version - 1])
        left = None if workflow.max_runs is None else max(workflow.max_runs - runs, 0)
        return self._with(
            {
                "id": workflow.id,
                "version": version,
                "organizationId": organization_id,
                "name": workflow.name,
                "description": workflow.description,
                "status": workflow.status_at(now),
                "type": "standard",
                "definition": {"nodes": self._node_definitions(workflow.blueprint)},
                "cooldownMs": workflow.cooldown_ms,
                "createdBy": workflow.created_by,
                "createdAt": self._moment(workflow.created_at),
                "updatedBy": workflow.created_by,
                "updatedAt": self._moment(changed_at),
                "hasDraft": workflow.is_draft,
                "hasLiveVersion": not workflow.is_draft,
            },
            maxRuns=workflow.max_runs,
            remainRuns=left,
            lastTriggeredAt=self._optional_moment(last_started_at),
        )

    def run_row(self, run: Run, units: float | None, now: int) -> dict[str, Json]:
        """A run as it is at `now`, as lists show it."""
        return self._with(
            {
                "id": run.id,
                "workflowId": run.workflow_id,
                "workflowVersion": run.workflow_version,
                "status": run.status_at(now),
                "startedAt": self._moment(run.started_at),
                "triggerSource": run.trigger_source,
                "isSimulation": run.is_simulation,
                "isDustTest": run.is_dust_test,
            },
            finishedAt=self._optional_moment(run.ended_at if run.has_ended(now) else None),
            totalCu=units,
            triggeredBy=run.triggered_by,
            sourceRunId=run.source_run_id,
        )

    def run_head(self, run: Run, units: float | None, organization_id: str, now: int) -> dict[str, Json]:
        """A run's own page without its nodes."""
        fork = {
            "chainId": CHAIN_ID,
            "forkId": f"fork_{number('fork', run.id):016x}",
            "rpcUrl": "https://forks.example.com/rpc",
        }
        return self._with(
            {
                **self.run_row(run, units, now),
                "organizationId": organization_id,
                "propValues": {"network": "mainnet", "maxSlippage": "0.5"},
            },
            simulationMode="fork" if run.is_simulation else None,
            simulationForks=[fork] if run.is_simulation else None,
        )

    def execution_state(self, nodes: list[NodeExecution], wanted: Collection[str] | None) -> dict[str, Json]:
        """What each node did, by its id; `wanted` None: all."""
        return {
            node.id: self._with(
                {"type": node.type, "status": node.status},
                input=node.input,
                result=node.result,
                startedAt=self._optional_moment(node.started_at),
                finishedAt=self._optional_moment(node.finished_at),
            )
            for node in nodes
            if wanted is None or node.id in wanted
        }

    def run_definition(self, blueprint: Blueprint) -> dict[str, Json]:
        """The definition that a run was started with."""
        return {
            "blockExpansions": {},
            "inputSchema": [
                {"description": f"The {key} of the trigger.", "key": key, "required": True, "type": "string"}
                for key in blueprint.trigger_payload
            ],
            "nodes": self._node_definitions(blueprint),
        }

    def usage_row(self, run: Run, units: float | None, now: int) -> dict[str, Json]:
        """What a run cost in compute units."""
        return self._with(
            {
                "runId": run.id,
                "workflowId": run.workflow_id,
                "status": run.status_at(now),
                "startedAt": self._moment(run.started_at),
                "triggerSource": run.trigger_source,
            },
            finishedAt=self._optional_moment(run.ended_at if run.has_ended(now) else None),
            totalCu=units,
        )
