"""What is measured side by side: how each contender is started, and where it leaves its rows."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HERE = Path(__file__).resolve().parent
PYTHON = Path(sys.executable)
TABLES = ("runs", "evaluations", "tool_calls")

Commands = list[list[str]]


@dataclass(frozen=True)
class Contender:
    """One way of loading an account into DuckDB.

    Attributes:
        commands: processes, each reading what the one before it writes, for an origin, a key and a folder.
        settings: environment variables, for the same.
        database: the DuckDB file that it makes in the folder.
        tables: its own names of `TABLES`.
        is_ready: whether its environment is there.
    """

    name: str
    title: str
    commands: Callable[[str, str, Path], Commands]
    settings: Callable[[str, str, Path], dict[str, str]]
    database: str
    tables: Mapping[str, str]
    is_ready: Callable[[], bool] = lambda: True


def _no_settings(origin: str, key: str, folder: Path) -> dict[str, str]:
    return {}


def _runmart_settings(origin: str, key: str, folder: Path) -> dict[str, str]:
    return {
        "SOURCES__ARMATURE__BASE_URL": origin,
        "SOURCES__ARMATURE__API_KEY": key,
        "DESTINATION__DUCKDB__CREDENTIALS": str(folder / "runmart.duckdb"),
        "DLT_DATA_DIR": str(folder / "dlt"),
        "RUNTIME__DLTHUB_TELEMETRY": "false",
    }


def _runmart_command() -> str:
    beside = PYTHON.with_name("runmart")
    return str(beside) if beside.exists() else shutil.which("runmart") or "runmart"


FLOOR = Contender(
    name="floor",
    title="floor: aiohttp, 32 connections, Parquet copied into DuckDB",
    commands=lambda origin, key, folder: [[str(PYTHON), str(HERE / "floor.py"), origin, key, str(folder)]],
    settings=_no_settings,
    database="floor.duckdb",
    tables={name: name for name in TABLES},
)

RUNMART = Contender(
    name="runmart",
    title="`runmart load armature`",
    commands=lambda origin, key, folder: [[_runmart_command(), "load", "armature"]],
    settings=_runmart_settings,
    database="runmart.duckdb",
    tables={name: f"armature.{name}" for name in TABLES},
)

CONTENDERS = {contender.name: contender for contender in (FLOOR, RUNMART)}
