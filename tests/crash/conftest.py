"""Accounts of finished runs, and stores on both engines."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from stores import Store
from victims import Machine, settings_of

from emulator import serve
from emulator.common.clock import Clock
from tests.likeness.platforms import LIKENESSES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from emulator import Server
    from tests.likeness.platform import Likeness


@pytest.fixture
def likeness() -> Likeness:
    """The platform that is loaded."""
    return LIKENESSES["armature"]


@pytest.fixture
def account(likeness: Likeness) -> Iterator[Callable[[int], Server[Any]]]:
    """Serves an account with a number of finished runs."""
    with contextlib.ExitStack() as stack:

        def open_account(runs: int) -> Server[Any]:
            world = likeness.empty_world(Clock.real())
            likeness.workflow(world, "Finished")
            likeness.add_finished_runs(world, runs, days_ago=29, until=9)
            return stack.enter_context(serve(likeness.emulator(world, page=500)))

        yield open_account


@pytest.fixture(params=["duckdb", "postgres"])
def store(request: pytest.FixtureRequest, likeness: Likeness, tmp_path: Path) -> Store:
    """An empty warehouse, on each engine."""
    if request.param == "duckdb":
        return Store(tmp_path / "runs.duckdb", likeness.connector)
    return Store(request.getfixturevalue("own_database"), likeness.connector)


@pytest.fixture
def clean(likeness: Likeness, tmp_path: Path) -> Callable[[Server[Any]], Store]:
    """Loads an account, undisturbed, into another file."""

    def load(server: Server[Any]) -> Store:
        store = Store(tmp_path / "clean.duckdb", likeness.connector)
        machine = Machine(tmp_path / "clean", settings_of(server) | store.settings)
        assert machine.run("load", likeness.name) == 0, machine.said
        return store

    return load
