"""Serves an emulated account until it is interrupted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.output import counted, say
from sources.common.errors import SettingsError

if TYPE_CHECKING:
    from emulator import Server
    from emulator.armature import ArmatureEmulator

FAULTS = ("429", "503", "reset", "cut")
"""What `--fail-rate` is shared out to."""


def emulate(
    port: int, seed: int, runs: int, workflows: int, latency_ms: float, fail_rate: float, api_key: str | None
) -> None:
    """Serve an emulated Armature account on loopback until SIGINT or SIGTERM.

    Raises:
        SettingsError: the port is in use, or the options make no sense.
    """
    import sys

    from emulator import EmulatorError, run_until_interrupted
    from emulator.armature import build

    def started(server: Server[ArmatureEmulator]) -> None:
        size = f"{counted(runs, 'run')} of {counted(workflows, 'workflow')}"
        say(f"An Armature account with {size} (seed {seed}) answers, until Ctrl-C, at")
        say(f"{server.base_url}. To load it, in another terminal:")
        say()
        say(f"  export SOURCES__ARMATURE__BASE_URL={server.origin}")
        say(f"  export SOURCES__ARMATURE__API_KEY={api_key or server.api_key}")
        say("  runmart run armature")
        sys.stdout.flush()

    rates = dict.fromkeys(FAULTS, fail_rate / len(FAULTS)) if fail_rate else {}
    try:
        account = build(
            seed=seed,
            runs=runs,
            workflows=workflows,
            latency_ms=latency_ms,
            fault_rates=rates,
            api_key=api_key,
        )
        run_until_interrupted(account, port=port, started=started)
    except EmulatorError as error:
        raise SettingsError(str(error)) from error
