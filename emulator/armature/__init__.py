"""Armature's API on loopback: an `ArmatureEmulator` of a `World`, to be served by `emulator.serve`."""

from emulator.armature.api import ArmatureEmulator
from emulator.armature.demo import build
from emulator.armature.settings import ArmatureSettings
from emulator.armature.world import World, WorldSize

__all__ = ["ArmatureEmulator", "ArmatureSettings", "World", "WorldSize", "build"]
