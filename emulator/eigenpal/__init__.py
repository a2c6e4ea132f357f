"""EigenPal's API on loopback: an `EigenPalEmulator` of a `World`, to be served by `emulator.serve`."""

from emulator.eigenpal.api import EigenPalEmulator
from emulator.eigenpal.demo import build
from emulator.eigenpal.settings import EigenPalSettings
from emulator.eigenpal.world import World, WorldSize

__all__ = ["EigenPalEmulator", "EigenPalSettings", "World", "WorldSize", "build"]
