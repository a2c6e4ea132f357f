"""What is measured side by side: how each contender is started, and where it leaves its rows."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import WORK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HERE = Path(__file__).resolve().parent
PYTHON = sys.executable
PEERS_PYTHON = str(WORK / "venv" / "bin" / "python")
"""The peers' own environment, made by `make bench` from `requirements.txt`."""

TABLES = ("runs", "evaluations", "tool_calls")


@dataclass(frozen=True)
class Task:
    """What a contender is given: where the account answers, its key, and an empty folder of its own."""

    origin: str
    key: str
    folder: Path


@dataclass(frozen=True)
class Contender:
    """One way of loading an account into DuckDB.

    Attributes:
        title: what it is, for a reader of the results.
        commands: processes, each reading what the one before it writes.
        settings: environment variables.
        database: the DuckDB file that it makes in its folder.
        tables: its names of `TABLES`.
    """

    name: str
    title: str
    commands: Callable[[Task], list[list[str]]]
    settings: Callable[[Task], dict[str, str]]
    database: str
    tables: Mapping[str, str]


def _floor(task: Task) -> list[list[str]]:
    return [[PYTHON, str(HERE / "floor.py"), task.origin, task.key, str(task.folder)]]


def _runmart(task: Task) -> list[list[str]]:
    return [[str(Path(PYTHON).with_name("runmart")), "load", "armature"]]


def runmart_settings(task: Task) -> dict[str, str]:
    """How runmart is pointed at an account, with its warehouse and its state in the task's folder."""
    return {
        "SOURCES__ARMATURE__BASE_URL": task.origin,
        "SOURCES__ARMATURE__API_KEY": task.key,
        "DESTINATION__DUCKDB__CREDENTIALS": str(task.folder / "runmart.duckdb"),
        "DLT_DATA_DIR": str(task.folder / "dlt"),
        "RUNTIME__DLTHUB_TELEMETRY": "false",
    }


def _rest_api(task: Task, *words: str) -> list[list[str]]:
    return [[PYTHON, str(HERE / "rest_api.py"), task.origin, task.key, str(task.folder), *words]]


def _rest_api_parquet(task: Task) -> list[list[str]]:
    return _rest_api(task, "parquet")


def _rest_api_settings(task: Task) -> dict[str, str]:
    # dlt keeps 20 items in flight by default, which would leave 12 of the 32 workers idle.
    return {
        "EXTRACT__WORKERS": "32",
        "EXTRACT__MAX_PARALLEL_ITEMS": "64",
        "DLT_DATA_DIR": str(task.folder / "dlt"),
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "RUNTIME__LOG_LEVEL": "ERROR",
    }


def _singer(task: Task) -> list[list[str]]:
    config = task.folder / "config.json"
    config.write_text(json.dumps({"origin": task.origin, "key": task.key}))
    return [
        [PEERS_PYTHON, str(HERE / "singer_tap.py"), "--config", str(config)],
        [PEERS_PYTHON, str(HERE / "singer_target.py"), str(task.folder)],
    ]


def _nothing(task: Task) -> dict[str, str]:
    return {}


_PLAIN = {name: name for name in TABLES}
_IN_SCHEMA = {name: f"armature.{name}" for name in TABLES}

CONTENDERS = {
    contender.name: contender
    for contender in (
        Contender(
            "floor",
            "aiohttp with 32 connections, orjson, Parquet copied into DuckDB; nothing checked or merged",
            _floor,
            _nothing,
            "floor.duckdb",
            _PLAIN,
        ),
        Contender(
            "runmart",
            "`runmart load armature`",
            _runmart,
            runmart_settings,
            "runmart.duckdb",
            _IN_SCHEMA,
        ),
        Contender(
            "rest_api",
            "dlt's declarative `rest_api` source, `parallelized` dependents, 32 workers, payloads as JSON",
            _rest_api,
            _rest_api_settings,
            "rest_api.duckdb",
            _IN_SCHEMA,
        ),
        Contender(
            "rest_api parquet",
            "the same, loaded as Parquet instead of INSERT statements",
            _rest_api_parquet,
            _rest_api_settings,
            "rest_api.duckdb",
            _IN_SCHEMA,
        ),
        Contender(
            "singer",
            "a tap on `singer-sdk` (child streams, one run after the other) and a minimal DuckDB target",
            _singer,
            _nothing,
            "singer.duckdb",
            _PLAIN,
        ),
    )
}
