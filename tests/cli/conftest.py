"""An emulated account, folders to work in, and a warehouse that is loaded and built once for all tests."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from commands import Place

from emulator import serve
from emulator.armature import ArmatureEmulator, World, WorldSize, build
from emulator.common.clock import Clock
from pipelines.emulate import exports
from tests.once import once

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from emulator import Server

RUNS, WORKFLOWS = 90, 6


@pytest.fixture(scope="session")
def account(shared: Path) -> Iterator[Server[ArmatureEmulator]]:
    """An account that behaves, and is the same in all test processes: what one has loaded, others know."""
    begun = shared / "account"
    once(shared, "begin-account", lambda: begun.write_text(str(Clock.real().now())))
    begun_at = int(begun.read_text())
    world = World(5, Clock.manual(begun_at), WorldSize(runs=RUNS, workflows=WORKFLOWS, calls_per_run=3))
    world.clock = Clock.real()
    with serve(ArmatureEmulator(world)) as server:
        yield server


@pytest.fixture
def own_account() -> Iterator[Server[ArmatureEmulator]]:
    """An account that a test may disturb."""
    with serve(build(seed=5, runs=RUNS, workflows=WORKFLOWS, calls_per_run=3)) as server:
        yield server


@pytest.fixture
def empty(tmp_path: Path, shared: Path) -> Place:
    """A folder without any settings."""
    return Place(tmp_path, shared / "pycache")


@pytest.fixture
def place(empty: Place, account: Server[ArmatureEmulator]) -> Place:
    """A folder in which the account is configured, and nothing is loaded."""
    empty.settings |= exports("armature", account)
    return empty


@pytest.fixture(scope="session")
def whole(shared: Path, account: Server[ArmatureEmulator]) -> Place:
    """A folder in which `runmart run` was done once; its output is in `run.json`. Not to be changed."""
    folder = shared / "whole"
    where = Place(folder, shared / "pycache", exports("armature", account))

    def run() -> None:
        folder.mkdir()
        done = where.run("run", "armature", "--json")
        assert done.code == 0, done.err
        (folder / "run.json").write_text(done.out)

    once(shared, "whole", run)
    return where


@pytest.fixture
def loaded(whole: Place, account: Server[ArmatureEmulator], worker_id: str) -> Place:
    """A copy of the loaded and built warehouse, to be changed at will.

    It is always in the same folder: dbt parses its project anew for a file in another place.
    """
    folder = whole.folder.parent / f"loaded-{worker_id}"
    for left in [*folder.glob("*"), *folder.glob("dlt/*")]:
        if left.is_file():
            left.unlink()
        elif left.name not in ("dlt", "runmart"):
            shutil.rmtree(left)
    folder.mkdir(exist_ok=True)
    shutil.copy(whole.folder / "runmart.duckdb", folder)
    return Place(folder, whole.pycache, exports("armature", account))
