"""Builds an emulator from the options of a command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.common.conditions import set_conditions
from emulator.common.errors import EmulatorError
from emulator.eigenpal.api import EigenPalEmulator
from emulator.eigenpal.world import World, WorldSize

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.eigenpal.settings import EigenPalSettings


def build(
    *,
    seed: int = 7,
    runs: int = 3_600,
    automations: int = 12,
    days: int = 90,
    latency_ms: float = 0.0,
    jitter_ms: float = 0.0,
    fault_rates: Mapping[str, float] | None = None,
    api_key: str | None = None,
    settings: EigenPalSettings | None = None,
) -> EigenPalEmulator:
    """A tenant whose last `days` days end now; `emulator.serve` and `run_until_interrupted` take it.

    `fault_rates` are probabilities by name, e.g. `{"429": 0.05}`. Raises `EmulatorError` for options that
    make no sense.
    """
    if runs < 0 or automations < 0 or days < 1 or (runs > 0 and automations == 0):
        raise EmulatorError("Give numbers that are not negative, a day or more, and runs an automation.")
    size = WorldSize(runs=runs, automations=automations, days=days)
    emulator = EigenPalEmulator(World(seed, size=size), settings, api_key=api_key)
    set_conditions(emulator, latency_ms=latency_ms, jitter_ms=jitter_ms, fault_rates=fault_rates)
    return emulator
