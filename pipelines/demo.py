"""The whole way on one machine: emulated accounts, loaded, built and shown, apart from the user's data."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pipelines.emulate import Size, emulated, exports
from pipelines.warehouse import DuckDbWarehouse
from sources.common.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from pipelines.build import BuildOutcome
    from pipelines.load import LoadOutcome

MARK = "runmart_demo"
"""A schema in the demo's file, by which the next demo knows that it may replace the file."""


SIZES = {
    "armature": Size(1800, 36),
    "b3os": Size(1000, 16),
    "eigenpal": Size(1200, 10),
    "runflow": Size(1400, 20),
}
"""Accounts that load in a minute together, on two cores; workflows are few, so that each has its repeats."""


@dataclass
class DemoOutcome:
    """What a demo did, and where its data lies."""

    warehouse: DuckDbWarehouse
    loads: list[LoadOutcome]
    build: BuildOutcome
    scorecard: list[dict[str, Any]]

    @property
    def exit_code(self) -> int:
        return self.build.exit_code or max(load.exit_code for load in self.loads)


def demo(
    file: Path, platforms: Sequence[str], runs: int | None, seed: int, tell: Callable[[LoadOutcome], None]
) -> DemoOutcome:
    """Load emulated accounts into a DuckDB file over HTTP, and build the marts: the way of production.

    Args:
        runs: of each account; None for those of `SIZES`.
        tell: is told of each load.

    Raises:
        SettingsError: the file exists and is not a demo's, or cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="runmart-demo-") as state:
        # dlt reads this when it is imported, so that the demo leaves the user's own pipelines alone.
        os.environ["DLT_DATA_DIR"] = state
        return _demo(file, platforms, runs, seed, tell)


def _demo(
    file: Path, platforms: Sequence[str], runs: int | None, seed: int, tell: Callable[[LoadOutcome], None]
) -> DemoOutcome:
    from pipelines.build import build
    from pipelines.progress import reporting
    from pipelines.scorecard import scorecard

    warehouse = DuckDbWarehouse(file)
    _start_anew(warehouse)
    loads = []
    for platform in platforms:
        size = SIZES[platform]
        loads.append(_load(platform, replace(size, runs=runs or size.runs), seed, warehouse))
        tell(loads[-1])
    with reporting() as report:
        built = build(warehouse, report=report)
    return DemoOutcome(warehouse, loads, built, scorecard(warehouse))


def _load(platform: str, size: Size, seed: int, warehouse: DuckDbWarehouse) -> LoadOutcome:
    """Serve an emulated account and load it."""
    from emulator import serve
    from pipelines.load import LoadRequest, load
    from pipelines.progress import load_progress

    with (
        serve(emulated(platform, size, seed=seed)) as server,
        _environment(exports(platform, server)),
        load_progress(platform) as progress,
    ):
        return load(LoadRequest(platform), warehouse, progress)


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


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Set environment variables for a while."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
