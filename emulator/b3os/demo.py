"""Builds an emulator from the options of a command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.b3os.api import B3osEmulator
from emulator.b3os.world import World, WorldSize
from emulator.common.conditions import set_conditions
from emulator.common.errors import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.b3os.settings import B3osSettings


def build(
    *,
    seed: int = 7,
    runs: int = 2_400,
    workflows: int = 24,
    latency_ms: float = 0.0,
    jitter_ms: float = 0.0,
    fault_rates: Mapping[str, float] | None = None,
    api_key: str | None = None,
    settings: B3osSettings | None = None,
) -> B3osEmulator:
    """An account whose last 60 days end now; `emulator.serve` and `run_until_interrupted` take it.

    `fault_rates` are probabilities by name, e.g. `{"429": 0.05}`. Raises `EmulatorError` for options that
    make no sense.
    """
    if runs < 0 or workflows < 0 or (runs > 0 and workflows == 0):
        raise EmulatorError("Give a number of runs and workflows that is not negative, and runs a workflow.")
    size = WorldSize(runs=runs, workflows=workflows)
    emulator = B3osEmulator(World(seed, size=size), settings, api_key=api_key)
    set_conditions(emulator, latency_ms=latency_ms, jitter_ms=jitter_ms, fault_rates=fault_rates)
    return emulator
