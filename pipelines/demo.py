"""The whole way on one machine: an emulated account, loaded, built and shown, apart from the user's data."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.warehouse import DuckDbWarehouse
from sources.common.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.build import BuildOutcome
    from pipelines.load import LoadOutcome

MARK = "runmart_demo"
"""A schema in the demo's file, by which the next demo knows that it may replace the file."""


@dataclass
class DemoOutcome:
    """What a demo did, and where its data lies."""

    warehouse: DuckDbWarehouse
    load: LoadOutcome
    build: BuildOutcome
    scorecard: list[dict[str, Any]]

    @property
    def exit_code(self) -> int:
        return self.build.exit_code or self.load.exit_code


def demo(file: Path, runs: int, seed: int) -> DemoOutcome:
    """Load an emulated account into a DuckDB file over HTTP, and build the marts: the way of production.

    Raises:
        SettingsError: the file exists and is not a demo's, or cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="runmart-demo-") as state:
        # dlt reads this when it is imported, so that the demo leaves the user's own pipelines alone.
        os.environ["DLT_DATA_DIR"] = state
        return _demo(file, runs, seed)


def _demo(file: Path, runs: int, seed: int) -> DemoOutcome:
    from emulator import serve
    from emulator.armature import build as emulated_account
    from pipelines.build import build
    from pipelines.load import LoadRequest, load
    from pipelines.progress import load_progress, reporting
    from pipelines.scorecard import scorecard

    warehouse = DuckDbWarehouse(file)
    _start_anew(warehouse)
    with (
        serve(emulated_account(seed=seed, runs=runs)) as server,
        _account(server.base_url, server.api_key),
        load_progress() as progress,
    ):
        loaded = load(LoadRequest("armature"), warehouse, progress)
    with reporting() as report:
        built = build(warehouse, report=report)
    return DemoOutcome(warehouse, loaded, built, scorecard(warehouse))


@contextmanager
def _account(base_url: str, api_key: str) -> Iterator[None]:
    """Point the settings at the emulated account for a while."""
    from pipelines.build import environment

    with environment({"SOURCES__ARMATURE__BASE_URL": base_url, "SOURCES__ARMATURE__API_KEY": api_key}):
        yield


def _start_anew(warehouse: DuckDbWarehouse) -> None:
    """Make an empty, marked file; an earlier demo's is replaced, anything else is left alone."""
    import duckdb

    warehouse.require_writable()
    if warehouse.exists():
        marks = f"select 1 from information_schema.schemata where schema_name = '{MARK}'"  # noqa: S608
        if not warehouse.query(marks):
            raise SettingsError(
                f"{warehouse.describe()} is not a file of the demo: give another one with --destination."
            )
        warehouse.path.unlink()
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute(f"create schema {MARK}")
