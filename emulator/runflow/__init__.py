"""Runflow's API on loopback: a `RunflowEmulator` of a `World`, to be served by `emulator.serve`."""

from emulator.runflow.api import RunflowEmulator
from emulator.runflow.demo import build
from emulator.runflow.settings import RunflowSettings
from emulator.runflow.world import World, WorldSize

__all__ = ["RunflowEmulator", "RunflowSettings", "World", "WorldSize", "build"]
