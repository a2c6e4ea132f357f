"""The conditions that an emulator answers under: latency and faults, from the options of a command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.common.errors import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.common.platform import Emulator


def set_conditions(
    emulator: Emulator,
    *,
    latency_ms: float = 0.0,
    jitter_ms: float = 0.0,
    fault_rates: Mapping[str, float] | None = None,
) -> None:
    """Set latency, and faults by name and probability, e.g. `{"429": 0.05}`.

    Raises `EmulatorError` when there is no such fault.
    """
    emulator.latency.fixed = latency_ms
    emulator.latency.jitter = jitter_ms
    try:
        emulator.faults.add_rates(fault_rates or {})
    except ValueError as error:
        raise EmulatorError(str(error)) from error
