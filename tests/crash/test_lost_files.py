"""What is lost or goes back in time, in the warehouse or in the working directory, is made up for."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

import pytest
from stores import Store
from victims import Machine, killed, settings_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from emulator import Server
    from emulator.armature import ArmatureEmulator
    from tests.likeness.platform import Likeness


@pytest.fixture
def server(account: Callable[[int], Server[ArmatureEmulator]]) -> Server[ArmatureEmulator]:
    return account(30)


@pytest.fixture
def machine(server: Server[ArmatureEmulator], tmp_path: Path) -> Machine:
    return Machine(tmp_path / "machine", settings_of(server))


@pytest.fixture
def file(machine: Machine) -> Path:
    return machine.folder / "runmart.duckdb"


def loaded(machine: Machine) -> set[str]:
    """Load; returns the ids of the runs in the warehouse."""
    assert machine.run("load", "armature") == 0, machine.said
    return {
        run_id
        for (run_id,) in Store(machine.folder / "runmart.duckdb").query("select run_id from armature.runs")
    }


def killed_while_loading(machine: Machine) -> None:
    """A load that dies with a package that is read and not yet committed."""
    process = machine.start("load", "armature")
    while machine.step != "load" and process.is_alive():
        time.sleep(0.001)
    assert killed(process)
    assert machine.step == "load"


def test_a_deleted_warehouse_is_loaded_anew(machine: Machine, file: Path) -> None:
    before = loaded(machine)
    file.unlink()
    assert loaded(machine) == before


def test_a_warehouse_restored_from_an_older_copy_is_brought_up_to_date(
    likeness: Likeness, machine: Machine, file: Path, server: Server[ArmatureEmulator], tmp_path: Path
) -> None:
    loaded(machine)
    shutil.copy(file, tmp_path / "copy")
    likeness.add_finished_runs(server.emulator.world, 20, days_ago=8, until=5)
    before = loaded(machine)
    shutil.copy(tmp_path / "copy", file)
    assert loaded(machine) == before
    assert len(before) == 50


def test_a_killed_load_is_not_finished_on_a_warehouse_that_was_restored_since(
    likeness: Likeness, machine: Machine, file: Path, server: Server[ArmatureEmulator], tmp_path: Path
) -> None:
    """Its cursor would hide what the older copy lacks."""
    loaded(machine)
    shutil.copy(file, tmp_path / "copy")
    likeness.add_finished_runs(server.emulator.world, 20, days_ago=8, until=5)
    loaded(machine)
    likeness.add_finished_runs(server.emulator.world, 10, days_ago=4, until=2)
    killed_while_loading(machine)
    file.with_name(file.name + ".wal").unlink(missing_ok=True)
    shutil.copy(tmp_path / "copy", file)
    assert len(loaded(machine)) == 60


def test_a_killed_load_is_finished_without_asking_again(
    machine: Machine, server: Server[ArmatureEmulator]
) -> None:
    killed_while_loading(machine)
    server.requests.clear()
    assert len(loaded(machine)) == 30
    assert server.requests.counts["GET /runs/{id}/tool-calls"] == 0


@pytest.mark.parametrize("pattern", ["state.json", "schemas/*.json", "load/normalized/*/new_jobs/*"])
def test_a_working_directory_with_torn_files_does_not_stop_a_load(machine: Machine, pattern: str) -> None:
    killed_while_loading(machine)
    torn = list(machine.data.glob(f"pipelines/*/*/{pattern}"))
    assert torn
    for path in torn:
        path.write_bytes(path.read_bytes()[:10])
    assert len(loaded(machine)) == 30
