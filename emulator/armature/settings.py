"""What Armature's documentation leaves open, as settings of the emulator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class ArmatureSettings:
    """How an Armature host might answer. The defaults are the most likely reading of the documentation."""

    # Lists: a bare array, or under the thing's own name ("named": runs, workflows, toolCalls), or this key.
    list_envelope: Literal["bare", "named", "runs", "rows", "items", "data", "results"] = "named"
    # One run, workflow, evaluation or trace: as it is, or under its name (`{"run": {...}}`).
    object_envelope: Literal["bare", "wrapped"] = "bare"
    key_case: Literal["camel", "snake"] = "camel"
    # A run's workflow: only `workflowId`, an object `workflow`, or flat fields for its id, name and version.
    workflow_as: Literal["id", "object", "flat"] = "object"
    # Rows of `GET /runs`: as the run's own page, or only id, status, startedAt and workflow.
    list_rows: Literal["full", "slim"] = "full"
    timestamps: Literal["iso_z", "iso_offset", "epoch_ms"] = "iso_z"
    cost_as: Literal["number", "string"] = "number"

    first_page: Literal[0, 1] = 1
    default_page_size: int = 50
    # A larger `pageSize` is cut down to this, silently.
    max_page_size: int = 100
    shows_total: bool = True
    shows_has_more: bool = True
    # Every page is the first one.
    ignores_page: bool = False
    honours_sort: bool = True
    default_order: Literal["newest_first", "oldest_first", "shuffled"] = "newest_first"

    serves_openapi: bool = True
    # `GET /workflows/{id}` of an archived workflow: 200 with `isArchived`, or 404.
    shows_archived_workflows: bool = True
    # `GET /runs/{id}/evaluation` before there is one: 404, or 200 with the body `null`.
    missing_evaluation: Literal["not_found", "null"] = "not_found"
