"""A dlt script by hand keeps what `runmart load` promises, chunks aside."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from stores import Store
from victims import Machine, ended, killed, settings_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from emulator import Server
    from emulator.armature import ArmatureEmulator

SCRIPT = """
import dlt
from sources.armature import armature_source

file = dlt.destinations.duckdb("runs.duckdb")
pipeline = dlt.pipeline("history", destination=file, dataset_name="armature")
pipeline.run(armature_source())
"""


def test_a_script_by_hand_that_was_killed_goes_on_when_it_is_run_again(
    account: Callable[[int], Server[ArmatureEmulator]],
    clean: Callable[[Server[ArmatureEmulator]], Store],
    tmp_path: Path,
) -> None:
    server = account(60)
    expected = clean(server).contents()
    machine = Machine(tmp_path / "machine", settings_of(server))
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    for requests in (10, 50, 100):
        server.requests.clear()
        process = machine.start_script(script)
        while server.requests.total < requests and process.is_alive():
            time.sleep(0.001)
        assert killed(process)
    # dlt finishes what a killed run left behind and stops at that; the next run reads on.
    for _ in range(2):
        assert ended(machine.start_script(script)) == 0, machine.said
    assert Store(machine.folder / "runs.duckdb").contents() == expected
