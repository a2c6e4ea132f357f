"""Accounts of finished runs, and stores on both engines."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from stores import Store
from victims import Machine, settings_of

from emulator import serve
from emulator.armature import ArmatureEmulator, ArmatureSettings, World
from emulator.common.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from emulator import Server


def add_finished_runs(world: World, count: int, *, days_ago: float = 29.0, until: float = 9.0) -> None:
    """Runs that will not change any more, evenly between two numbers of days ago."""
    begin = datetime.now(UTC) - timedelta(days=days_ago)
    span = timedelta(days=days_ago - until)
    for number in range(count):
        status = ("pass", "fail", "partial", "error")[number % 4]
        world.add_run(status=status, started_at=begin + span * number / count, duration_s=60, calls=1)


@pytest.fixture
def account() -> Iterator[Callable[[int], Server[ArmatureEmulator]]]:
    """Serves an account with a number of finished runs."""
    with contextlib.ExitStack() as stack:

        def open_account(runs: int) -> Server[ArmatureEmulator]:
            world = World.empty(Clock.real())
            # dlt loads an empty text into PostgreSQL as a null (COPY with FORCE_NULL): there is none here.
            world.add_workflow(description="What the runs are of.")
            add_finished_runs(world, runs)
            return stack.enter_context(serve(ArmatureEmulator(world, ArmatureSettings(max_page_size=500))))

        yield open_account


@pytest.fixture(params=["duckdb", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """An empty warehouse, on each engine."""
    if request.param == "duckdb":
        return Store(tmp_path / "runs.duckdb")
    address = urlsplit(request.getfixturevalue("make_database")(f"crash-{tmp_path.name}"))
    # dlt wants a host and a password even where a socket needs none.
    return Store(address._replace(netloc="postgres:none@localhost").geturl())


@pytest.fixture
def clean(tmp_path: Path) -> Callable[[Server[ArmatureEmulator]], Store]:
    """Loads an account, undisturbed, into another file."""

    def load(server: Server[ArmatureEmulator]) -> Store:
        store = Store(tmp_path / "clean.duckdb")
        machine = Machine(tmp_path / "clean", settings_of(server) | store.settings)
        assert machine.run("load", "armature") == 0, machine.said
        return store

    return load
