"""Loads in processes of their own, which can be killed at any instant."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipelines.emulate import exports

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerProcess
    from pathlib import Path

    from emulator import Server

OF_OTHERS = ("SOURCES__", "DESTINATION__", "RUNMART", "DLT_", "PG", "RUNTIME__")

# Forked from a process that has imported everything: a start takes milliseconds instead of seconds.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    ["pipelines.cli", "pipelines.load", "pipelines.progress", "pipelines.outcomes"]
)


@dataclass
class Machine:
    """A folder to work in, the settings that hold there, and a disk that may be lost."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)

    @property
    def data(self) -> Path:
        return self.folder / "dlt"

    @property
    def said(self) -> str:
        """What the processes wrote, all together."""
        return (self.folder / "output.txt").read_text()

    def start(self, *arguments: str) -> ForkServerProcess:
        """Begin `runmart` with these arguments."""
        return self._begin(_command, list(arguments))

    def start_script(self, script: Path) -> ForkServerProcess:
        return self._begin(_script, str(script))

    def run(self, *arguments: str) -> int | None:
        """Carry out a command; returns its exit code."""
        return ended(self.start(*arguments))

    def lose_disk(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)

    @property
    def step(self) -> str:
        """The step of a load that the working directory shows to be under way."""
        if any(self.data.glob("pipelines/*/*/load/normalized/*")):
            return "load"
        if any(self.data.glob("pipelines/*/*/normalize/extracted/*")):
            return "normalize"
        return "extract"

    def _begin(self, target: object, argument: object) -> ForkServerProcess:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(OF_OTHERS)}
        environment |= {"DLT_DATA_DIR": str(self.data), "HOME": str(self.folder), **self.settings}
        process = _CONTEXT.Process(target=target, args=(argument, self.folder, environment), daemon=True)  # type: ignore[arg-type]
        process.start()
        return process


def _enter(folder: Path, environment: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    output = os.open("output.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)


def _command(arguments: list[str], folder: Path, environment: dict[str, str]) -> None:
    from pipelines.cli import main

    _enter(folder, environment)
    sys.argv = ["runmart", *arguments]
    main()


def _script(path: str, folder: Path, environment: dict[str, str]) -> None:
    import runpy

    _enter(folder, environment)
    runpy.run_path(path, run_name="__main__")


def ended(process: ForkServerProcess) -> int | None:
    """Wait for a process; returns its exit code."""
    process.join(200)
    code = process.exitcode
    process.kill()
    process.join()
    return code


def killed(process: ForkServerProcess) -> bool:
    """Send SIGKILL; returns whether the process was still at work."""
    process.kill()
    process.join()
    return process.exitcode == -9


def settings_of(server: Server[Any]) -> dict[str, str]:
    return exports(server.emulator.name, server)
