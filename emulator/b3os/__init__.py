"""B3OS's API on loopback: a `B3osEmulator` of a `World`, to be served by `emulator.serve`."""

from emulator.b3os.api import B3osEmulator
from emulator.b3os.demo import build
from emulator.b3os.settings import B3osSettings
from emulator.b3os.world import World, WorldSize

__all__ = ["B3osEmulator", "B3osSettings", "World", "WorldSize", "build"]
