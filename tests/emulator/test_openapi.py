"""The emulator is held to its own OpenAPI document by schemathesis, under several settings."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from emulator import serve
from emulator.armature import ArmatureEmulator, ArmatureSettings, World, WorldSize
from emulator.common.clock import Clock

if TYPE_CHECKING:
    from emulator import Server

NOW = "2026-03-01T12:00:00Z"
SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")

VARIANTS = {
    "default": ArmatureSettings(),
    "snake": ArmatureSettings(
        list_envelope="bare",
        object_envelope="wrapped",
        key_case="snake",
        workflow_as="flat",
        timestamps="epoch_ms",
        cost_as="string",
        missing_evaluation="null",
    ),
    "slim": ArmatureSettings(
        list_envelope="data",
        object_envelope="wrapped",
        workflow_as="id",
        list_rows="slim",
        timestamps="iso_offset",
        first_page=0,
        shows_total=False,
        shows_has_more=False,
    ),
}


def small_world() -> World:
    return World(7, Clock.manual(NOW), WorldSize(runs=60, workflows=6, arrivals=False))


def schemathesis(server: Server[ArmatureEmulator], folder: Path, *options: str) -> str:
    """What schemathesis prints after running every check on what `server` serves; the seed is fixed."""
    command = [
        str(SCHEMATHESIS),
        *("run", f"{server.base_url}/openapi", "--header", f"Authorization: Bearer {server.api_key}"),
        *("--checks", "all", "--seed", "1", "--no-color", "--generation-database", "none"),
        *options,
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


EVERYTHING = ("--phases", "coverage,fuzzing,stateful", "--max-examples", "5")
READING = ("--phases", "coverage", "--include-method", "GET")


@pytest.mark.parametrize(
    ("variant", "options"), [("default", EVERYTHING), ("snake", READING), ("slim", READING)]
)
def test_every_answer_is_as_the_document_says(variant: str, options: tuple[str, ...], tmp_path: Path) -> None:
    with serve(ArmatureEmulator(small_world(), VARIANTS[variant])) as server:
        report = schemathesis(server, tmp_path, *options)
    assert "No issues found" in report, report
    assert "warning" not in report.lower(), report


def test_the_document_names_every_operation() -> None:
    with serve(ArmatureEmulator(small_world())) as server:
        paths = httpx.get(f"{server.base_url}/openapi").json()["paths"]
    assert {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods} == {
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
    }


def test_a_host_may_not_serve_the_document() -> None:
    emulator = ArmatureEmulator(small_world(), ArmatureSettings(serves_openapi=False))
    with serve(emulator) as server:
        assert httpx.get(f"{server.base_url}/openapi").status_code == 404
