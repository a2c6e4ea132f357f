"""Two loads of one account at once: the second says so and stops; the dead hold no lock."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from victims import Machine, killed, settings_of

from emulator.common import faults

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stores import Store

    from emulator import Server
    from emulator.armature import ArmatureEmulator


def test_a_second_load_stops_and_a_killed_one_holds_no_lock(
    account: Callable[[int], Server[ArmatureEmulator]], store: Store, tmp_path: Path
) -> None:
    server = account(20)
    here, elsewhere = (
        Machine(tmp_path / name, settings_of(server) | store.settings) for name in ("here", "elsewhere")
    )
    hold = server.faults.add(faults.slow(600), on="GET /runs/{id}/*")
    first = here.start("load", "armature")
    while not server.requests.counts["GET /runs/{id}/evaluation"] and first.is_alive():
        time.sleep(0.01)
    assert elsewhere.run("load", "armature") == 1
    assert "Another load" in elsewhere.said
    assert "is under way" in elsewhere.said
    assert killed(first), "the first load was not disturbed"
    server.faults.remove(hold)
    assert elsewhere.run("load", "armature") == 0, elsewhere.said
    assert len(store.query("select run_id from armature.runs")) == 20


def test_a_load_that_has_ended_leaves_no_file_beside_the_warehouse(
    account: Callable[[int], Server[ArmatureEmulator]], tmp_path: Path
) -> None:
    server = account(5)
    machine = Machine(tmp_path / "machine", settings_of(server))
    assert machine.run("load", "armature") == 0, machine.said
    assert {path.name for path in machine.folder.iterdir()} == {"dlt", "output.txt", "runmart.duckdb"}
