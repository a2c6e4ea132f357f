"""Builds an emulator from the options of a command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.armature.api import ArmatureEmulator
from emulator.armature.world import World, WorldSize
from emulator.common.conditions import set_conditions
from emulator.common.errors import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.armature.settings import ArmatureSettings


def build(
    *,
    seed: int = 7,
    runs: int = 3_600,
    workflows: int = 48,
    calls_per_run: int = 10,
    latency_ms: float = 0.0,
    jitter_ms: float = 0.0,
    fault_rates: Mapping[str, float] | None = None,
    api_key: str | None = None,
    settings: ArmatureSettings | None = None,
) -> ArmatureEmulator:
    """An account whose last 30 days end now; `emulator.serve` and `run_until_interrupted` take it.

    `fault_rates` are probabilities by name, e.g. `{"429": 0.05}`. Raises `EmulatorError` for options that
    make no sense.
    """
    if runs < 0 or workflows < 0 or calls_per_run < 0 or (runs > 0 and workflows == 0):
        raise EmulatorError(
            "Give a number of runs, workflows and calls that is not negative, and runs a workflow."
        )
    size = WorldSize(runs=runs, workflows=workflows, calls_per_run=calls_per_run)
    emulator = ArmatureEmulator(World(seed, size=size), settings, api_key=api_key)
    set_conditions(emulator, latency_ms=latency_ms, jitter_ms=jitter_ms, fault_rates=fault_rates)
    return emulator
