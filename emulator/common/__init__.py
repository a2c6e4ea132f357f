"""What every platform's emulator shares: clock, keys, faults, request log, routing, server."""
