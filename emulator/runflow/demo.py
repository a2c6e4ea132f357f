"""Builds an emulator from the options of a command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.common.conditions import set_conditions
from emulator.common.errors import EmulatorError
from emulator.runflow.api import RunflowEmulator
from emulator.runflow.world import World, WorldSize

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.runflow.settings import RunflowSettings


def build(
    *,
    seed: int = 7,
    runs: int = 3_600,
    flows: int = 24,
    latency_ms: float = 0.0,
    jitter_ms: float = 0.0,
    fault_rates: Mapping[str, float] | None = None,
    api_key: str | None = None,
    settings: RunflowSettings | None = None,
) -> RunflowEmulator:
    """An account whose last 45 days end now; `emulator.serve` and `run_until_interrupted` take it.

    `fault_rates` are probabilities by name, e.g. `{"429": 0.05}`. Raises `EmulatorError` for options that
    make no sense.
    """
    if runs < 0 or flows < 0 or (runs > 0 and flows == 0):
        raise EmulatorError("Give a number of runs and flows that is not negative, and runs a flow.")
    size = WorldSize(runs=runs, flows=flows)
    emulator = RunflowEmulator(World(seed, size=size), settings, api_key=api_key)
    set_conditions(emulator, latency_ms=latency_ms, jitter_ms=jitter_ms, fault_rates=fault_rates)
    return emulator
