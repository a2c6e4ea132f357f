"""Nothing that a load leaves behind holds the key, and nobody but its owner may read it."""

from __future__ import annotations

import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from victims import Machine, killed, settings_of

from emulator.common import faults

if TYPE_CHECKING:
    from collections.abc import Callable

    from stores import Store

    from emulator import Server
    from emulator.armature import ArmatureEmulator


def files_with(folder: Path, secret: str) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


@pytest.fixture
def server(account: Callable[[int], Server[ArmatureEmulator]]) -> Server[ArmatureEmulator]:
    return account(20)


@pytest.fixture
def machine(server: Server[ArmatureEmulator], tmp_path: Path) -> Machine:
    return Machine(tmp_path / "machine", settings_of(server))


def killed_while_loading(machine: Machine, *options: str) -> None:
    process = machine.start(*options, "load", "armature")
    while machine.step != "load" and process.is_alive():
        time.sleep(0.001)
    assert killed(process)


def test_no_log_state_trace_or_table_holds_the_key(
    server: Server[ArmatureEmulator], machine: Machine
) -> None:
    secret = server.api_key.rpartition("_")[2]
    killed_while_loading(machine, "--verbose", "--debug")
    assert files_with(machine.folder, secret) == []
    server.faults.add(faults.answer(500, f'{{"error": {{"message": "{server.api_key}"}}}}'.encode()), times=3)
    assert machine.run("--verbose", "--debug", "load", "armature") == 0
    server.faults.add(faults.answer(401, f'{{"error": {{"message": "{server.api_key}"}}}}'.encode()))
    assert machine.run("--verbose", "--debug", "load", "armature") == 2
    assert "SOURCES__ARMATURE__API_KEY" in machine.said
    assert files_with(machine.folder, secret) == []


def test_no_table_of_postgres_holds_the_key(
    server: Server[ArmatureEmulator], store: Store, tmp_path: Path
) -> None:
    machine = Machine(tmp_path / "machine", settings_of(server) | store.settings)
    assert machine.run("load", "armature") == 0, machine.said
    secret = server.api_key.rpartition("_")[2]
    tables = store.query(
        "select table_name from information_schema.tables where table_schema like 'armature%'"
    )
    assert ("_dlt_pipeline_state",) in tables
    for (name,) in tables:
        rows = store.query(f'select * from armature."{name}"')  # noqa: S608
        assert secret not in repr(rows), name


def test_the_key_is_in_no_command_line(server: Server[ArmatureEmulator], machine: Machine) -> None:
    server.faults.add(faults.slow(600), on="GET /runs")
    process = machine.start("load", "armature")
    while not server.requests.counts["GET /runs"] and process.is_alive():
        time.sleep(0.01)
    assert server.api_key.encode() not in Path(f"/proc/{process.pid}/cmdline").read_bytes()
    assert killed(process)


def test_only_the_owner_may_read_what_is_left_behind(machine: Machine) -> None:
    killed_while_loading(machine)
    kept = [machine.data, *machine.data.rglob("*"), *machine.folder.glob("*.duckdb*")]
    assert len(kept) > 20
    assert [path for path in kept if stat.S_IMODE(path.stat().st_mode) & 0o077] == []


def test_hostile_text_is_stored_and_never_carried_out(
    server: Server[ArmatureEmulator], store: Store, tmp_path: Path
) -> None:
    hostile = "'; drop schema armature cascade; --\" \\ $$ %s {}"
    body = {"id": hostile, "status": "pass", "startedAt": "2026-11-20T00:00:00Z", hostile: hostile}
    calls = [{"toolName": hostile, "arguments": {hostile: hostile}}]
    server.emulator.world.put_raw_run(body, at=server.emulator.world.clock.now() - 10**8, tool_calls=calls)
    server.emulator.world.add_run(workflow_id=hostile, duration_s=1)
    machine = Machine(tmp_path / "machine", settings_of(server) | store.settings)
    for _ in range(2):
        assert machine.run("load", "armature") in (0, 3), machine.said
    assert len(store.query("select run_id from armature.runs")) == 22
    ((tool_name,),) = store.query(
        "select tool_name from armature.tool_calls where run_id like '%drop schema%'"
    )
    assert tool_name == hostile
