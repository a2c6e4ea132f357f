"""Every emulator is held to its own OpenAPI document by schemathesis, under several settings."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from emulated import NOW

from emulator import armature, b3os, eigenpal, runflow, serve
from emulator.common.clock import Clock

if TYPE_CHECKING:
    from emulator import Server
    from emulator.common.json_value import Json
    from emulator.common.platform import Emulator

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")

EVERYTHING = ("--phases", "coverage,fuzzing,stateful", "--max-examples", "5")
READING = ("--phases", "coverage", "--include-method", "GET")


def armature_emulator(**settings: Json) -> Emulator:
    size = armature.WorldSize(runs=60, workflows=6, arrivals=False)
    world = armature.World(7, Clock.manual(NOW), size)
    return armature.ArmatureEmulator(world, armature.ArmatureSettings(**settings))


def b3os_emulator(**settings: Json) -> Emulator:
    world = b3os.World(7, Clock.manual(NOW), b3os.WorldSize(runs=60, workflows=8, arrivals=False))
    world.add_run(started_at="2026-03-01T11:00:00Z", waits_after_s=5)
    return b3os.B3osEmulator(world, b3os.B3osSettings(**settings))


def eigenpal_emulator(**settings: Json) -> Emulator:
    world = eigenpal.World(7, Clock.manual(NOW), eigenpal.WorldSize(runs=60, automations=8, arrivals=False))
    return eigenpal.EigenPalEmulator(world, eigenpal.EigenPalSettings(**settings))


def runflow_emulator(**settings: Json) -> Emulator:
    world = runflow.World(7, Clock.manual(NOW), runflow.WorldSize(runs=120, flows=4, arrivals=False))
    return runflow.RunflowEmulator(world, runflow.RunflowSettings(**settings))


PLATFORMS = {
    "armature": armature_emulator,
    "b3os": b3os_emulator,
    "eigenpal": eigenpal_emulator,
    "runflow": runflow_emulator,
}
# Where the document is.
DOCUMENTS = {**dict.fromkeys(PLATFORMS, "/openapi"), "runflow": "/openapi.json"}

# The platform, what is set on it, and what schemathesis does to it.
CASES: dict[str, tuple[str, dict[str, Json], tuple[str, ...]]] = {
    "armature": ("armature", {}, EVERYTHING),
    "armature in snake case": (
        "armature",
        {
            "list_envelope": "bare",
            "object_envelope": "wrapped",
            "key_case": "snake",
            "workflow_as": "flat",
            "timestamps": "epoch_ms",
            "cost_as": "string",
            "missing_evaluation": "null",
        },
        READING,
    ),
    "armature with slim rows": (
        "armature",
        {
            "list_envelope": "data",
            "object_envelope": "wrapped",
            "workflow_as": "id",
            "list_rows": "slim",
            "timestamps": "iso_offset",
            "first_page": 0,
            "shows_total": False,
            "shows_has_more": False,
        },
        READING,
    ),
    "b3os": ("b3os", {}, EVERYTHING),
    "b3os in the older envelope": (
        "b3os",
        {
            "envelope": "success",
            "missing_fields": "null",
            "timestamps": "epoch_s",
            "beyond_max_limit": "refused",
        },
        READING,
    ),
    "b3os without hasMore": (
        "b3os",
        {"has_more": "left_out", "timestamps": "epoch_ms", "success_code": 0, "serves_account_runs": False},
        READING,
    ),
    "eigenpal": ("eigenpal", {}, EVERYTHING),
    "eigenpal as published in July": (
        "eigenpal",
        {"contract": "2026-07", "prefix": "/v1", "timestamps": "iso_offset", "thinned_by": "filters"},
        READING,
    ),
    "eigenpal on an older server": (
        "eigenpal",
        {"object_envelope": "wrapped", "rows": "flat", "cursor_as": "offset", "bounds": "exclusive"},
        READING,
    ),
    "runflow": ("runflow", {}, EVERYTHING),
    "runflow as its concepts page has it": (
        "runflow",
        {
            "cursor_names": "next_pq",
            "cursor_as": "query",
            "no_cursor": "absent",
            "cursor_holds": "offset",
            "filters": "full",
            "timestamps": "iso_seconds",
            "cost_as": "loose",
            "cancelled_word": "cancelled",
            "error_envelope": "nested",
            "output_shape": "image_urls",
        },
        READING,
    ),
    "runflow as its newest example has it": (
        "runflow",
        {
            "list_envelope": "data",
            "cursor_as": "url",
            "no_cursor": "empty",
            "child_lists": "bare",
            "timestamps": "iso_utc",
            "cost_as": "number",
            "shows_enums": False,
            "unasked_relations": "null",
            "shows_evaluation_status": False,
            "filters": "ignored",
        },
        READING,
    ),
}

OPERATIONS = {
    "armature": {
        "DELETE /workflows/{id}",
        "GET /mcp-servers",
        "GET /openapi",
        "GET /org",
        "GET /runs",
        "GET /runs/{id}",
        "GET /runs/{id}/evaluation",
        "GET /runs/{id}/tool-calls",
        "GET /runs/{id}/trace",
        "GET /workflows",
        "GET /workflows/{id}",
        "PATCH /workflows/{id}",
        "POST /workflows",
        "POST /workflows/{id}/runs",
    },
    "b3os": {
        "GET /openapi",
        "GET /organizations",
        "GET /organizations/{orgId}/cu/runs",
        "GET /runs",
        "GET /runs/{id}",
        "GET /workflows",
        "GET /workflows/{id}",
        "GET /workflows/{id}/runs",
        "POST /runs/{id}/cancel",
        "POST /runs/{id}/retry",
        "POST /workflows/{id}/run",
    },
    "eigenpal": {
        "DELETE /runs/{id}/reviews",
        "GET /auth/check",
        "GET /automations",
        "GET /automations/{id}",
        "GET /automations/{id}/examples",
        "GET /automations/{id}/examples/{exampleId}",
        "GET /automations/{id}/experiments",
        "GET /automations/{id}/experiments/{experimentId}",
        "GET /automations/{id}/versions",
        "GET /experiments/{experimentId}",
        "GET /openapi",
        "GET /runs",
        "GET /runs/{id}",
        "GET /runs/{id}/artifacts",
        "GET /runs/{id}/events",
        "GET /runs/{id}/reviews",
        "GET /runs/{id}/scores",
        "GET /runs/{id}/steps",
        "GET /runs/{id}/trace",
        "GET /runs/{id}/usage",
        "POST /runs",
        "POST /runs/{id}/cancel",
        "POST /runs/{id}/rerun",
        "PUT /runs/{id}/reviews",
    },
    "runflow": {
        "GET /auth/me",
        "GET /batches/{id}",
        "GET /batches/{id}/items",
        "GET /billing/balance",
        "GET /comfyui-workflows",
        "GET /comfyui-workflows/{id}",
        "GET /evaluations/{evaluation_id}",
        "GET /flow-summaries",
        "GET /flows",
        "GET /flows/{id}",
        "GET /health",
        "GET /models",
        "GET /models/{id}",
        "GET /openapi.json",
        "GET /runs",
        "GET /runs/statuses",
        "GET /runs/{run_id}",
        "GET /runs/{run_id}/evaluations",
        "GET /runs/{run_id}/logs",
        "GET /runs/{run_id}/logs/{id}",
        "GET /runs/{run_id}/node-runs",
        "GET /runs/{run_id}/node-runs/{id}",
        "PATCH /evaluations/{evaluation_id}/feedback",
        "PATCH /runs/{run_id}/feedback",
    },
}


def schemathesis(server: Server[Any], document: str, folder: Path, *options: str) -> str:
    """What schemathesis prints after running every check on what `server` serves; the seed is fixed."""
    command = [
        str(SCHEMATHESIS),
        *("run", f"{server.base_url}{document}", "--header", f"Authorization: Bearer {server.api_key}"),
        *("--checks", "all", "--seed", "1", "--no-color", "--generation-database", "none"),
        *options,
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize(
    ("platform", "settings", "options"),
    [
        # A platform's other dialects differ in shape, not in operations.
        pytest.param(*case, id=name, marks=[] if name in PLATFORMS else [pytest.mark.long])
        for name, case in CASES.items()
    ],
)
def test_every_answer_is_as_the_document_says(
    platform: str, settings: dict[str, Json], options: tuple[str, ...], tmp_path: Path
) -> None:
    with serve(PLATFORMS[platform](**settings)) as server:
        report = schemathesis(server, DOCUMENTS[platform], tmp_path, *options)
    assert "No issues found" in report, report
    assert "warning" not in report.lower(), report


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_document_names_every_operation(platform: str) -> None:
    with serve(PLATFORMS[platform]()) as server:
        paths = httpx.get(f"{server.base_url}{DOCUMENTS[platform]}").json()["paths"]
    named = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    assert named == OPERATIONS[platform]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_host_may_not_serve_the_document(platform: str) -> None:
    with serve(PLATFORMS[platform](serves_openapi=False)) as server:
        assert httpx.get(f"{server.base_url}{DOCUMENTS[platform]}").status_code == 404
