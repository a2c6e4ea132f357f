"""An emulated account, folders to work in, and a warehouse that is loaded and built once for all tests."""

from __future__ import annotations

import fcntl
import shutil
from typing import TYPE_CHECKING

import pytest
from commands import Place

from emulator import serve
from emulator.armature import build

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from emulator import Server
    from emulator.armature import ArmatureEmulator

RUNS, WORKFLOWS = 90, 6


@pytest.fixture(scope="session")
def account() -> Iterator[Server[ArmatureEmulator]]:
    """An account that behaves."""
    with serve(build(seed=5, runs=RUNS, workflows=WORKFLOWS, calls_per_run=3)) as server:
        yield server


@pytest.fixture
def own_account() -> Iterator[Server[ArmatureEmulator]]:
    """An account that a test may disturb."""
    with serve(build(seed=5, runs=RUNS, workflows=WORKFLOWS, calls_per_run=3)) as server:
        yield server


def settings_of(server: Server[ArmatureEmulator]) -> dict[str, str]:
    return {"SOURCES__ARMATURE__BASE_URL": server.origin, "SOURCES__ARMATURE__API_KEY": server.api_key}


@pytest.fixture
def empty(tmp_path: Path, shared: Path) -> Place:
    """A folder without any settings."""
    return Place(tmp_path, shared / "pycache")


@pytest.fixture
def place(empty: Place, account: Server[ArmatureEmulator]) -> Place:
    """A folder in which the account is configured, and nothing is loaded."""
    empty.settings |= settings_of(account)
    return empty


@pytest.fixture(scope="session")
def whole(shared: Path, account: Server[ArmatureEmulator]) -> Place:
    """A folder in which `runmart run` was done once; its output is in `run.json`. Not to be changed."""
    folder = shared / "whole"
    where = Place(folder, shared / "pycache", settings_of(account))
    with (shared / "whole.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            folder.mkdir()
            done = where.run("run", "armature", "--json")
            assert done.code == 0, done.err
            (folder / "run.json").write_text(done.out)
    assert (folder / "run.json").exists(), "the load failed in another test process"
    return where


@pytest.fixture
def loaded(place: Place, whole: Place) -> Place:
    """A copy of the loaded and built warehouse, to be changed at will."""
    shutil.copy(whole.folder / "runmart.duckdb", place.folder)
    return place
