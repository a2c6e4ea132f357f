"""Runs `runmart` in a folder of its own, with settings of its own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from pipelines.cli import run_command

ROOT = Path(__file__).resolve().parents[2]
SECRETS_OF_OTHERS = ("SOURCES__", "DESTINATION__", "RUNMART__", "DLT_", "PG", "RUNMART_", "DBT_")


@dataclass
class Result:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401
        return json.loads(self.out)

    def failed_with(self, code: int, *words: str) -> None:
        """Check the exit code, that all words are on stderr, that it is one line, and that nothing leaked."""
        assert self.code == code, (self.code, self.out, self.err)
        assert all(word in self.err for word in words), self.err
        sentences = [line for line in self.err.splitlines() if not line.endswith("…")]
        assert len(sentences) == 1, self.err
        assert "Traceback" not in self.err
        assert self.out == ""


@dataclass
class Place:
    """A folder to work in, and the settings that hold there."""

    folder: Path
    pycache: Path
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(SECRETS_OF_OTHERS)
        }
        # Each command is a new process; without compiled modules it would spend seconds on compiling them.
        inherited.pop("PYTHONDONTWRITEBYTECODE", None)
        return {
            **inherited,
            "PYTHONPYCACHEPREFIX": str(self.pycache),
            "DLT_DATA_DIR": str(self.folder / "dlt"),
            "HOME": str(self.folder),
            **self.settings,
        }

    def call(self, *arguments: str, **settings: str) -> Result:
        """The same as `run` in this process: faster, for commands that neither load nor build."""
        out, err = io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True), io.StringIO()
        with (
            mock.patch.dict(os.environ, self.environment | settings, clear=True),
            mock.patch.object(sys, "stdout", out),
            mock.patch.object(sys, "stderr", err),
            warnings.catch_warnings(),
            contextlib.chdir(self.folder),
        ):
            code = run_command(list(arguments), shows_traceback=False)
        out.seek(0)
        return Result(code, out.read(), err.getvalue())

    def start(self, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "pipelines.cli", *arguments],
            cwd=self.folder,
            env=self.environment | {"PYTHONPATH": str(ROOT)} | settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Whoever runs the tests in the background lets them, and so their children, ignore Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def run(self, *arguments: str, **settings: str) -> Result:
        process = self.start(*arguments, **settings)
        out, err = process.communicate(timeout=200)
        return Result(process.returncode, out, err)
