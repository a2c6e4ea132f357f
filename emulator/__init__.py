"""The platforms' APIs on loopback, with a world that moves: for the demo, the tests and the benchmarks.

from emulator import serve
from emulator.armature import ArmatureEmulator, World

with serve(ArmatureEmulator(World())) as server:
    print(server.base_url, server.api_key)
"""

from emulator.common import faults
from emulator.common.errors import EmulatorError
from emulator.common.server import Server, run_until_interrupted, serve

__all__ = ["EmulatorError", "Server", "faults", "run_until_interrupted", "serve"]
