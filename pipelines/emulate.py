"""Serves an emulated account until it is interrupted, and makes those of the demo."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.output import counted, say
from sources.common.errors import SettingsError

if TYPE_CHECKING:
    from emulator import Server

FAULTS = ("429", "503", "reset", "cut")
"""What `--fail-rate` is shared out to."""

WORKFLOWS = {"armature": "workflows", "b3os": "workflows", "eigenpal": "automations", "runflow": "flows"}
"""What each platform calls its workflows."""


@dataclass(frozen=True)
class Size:
    """How many runs and workflows an emulated account has; None for what is usual on the platform."""

    runs: int | None = None
    workflows: int | None = None


def emulated(platform: str, size: Size, **options: Any) -> Any:  # noqa: ANN401
    """An emulated account, with the options that the platform's emulator has.

    Raises:
        EmulatorError: the options make no sense.
    """
    asked = {"runs": size.runs, WORKFLOWS[platform]: size.workflows}
    numbers = {name: number for name, number in asked.items() if number is not None}
    return importlib.import_module(f"emulator.{platform}").build(**numbers, **options)


def exports(platform: str, server: Server[Any]) -> dict[str, str]:
    """The settings that lead to an emulated account, as environment variables."""
    prefix = f"SOURCES__{platform.upper()}"
    return {f"{prefix}__BASE_URL": server.base_url, f"{prefix}__API_KEY": server.api_key}


def emulate(
    platform: str,
    port: int,
    size: Size,
    seed: int,
    latency_ms: float,
    fail_rate: float,
    api_key: str | None,
) -> None:
    """Serve an emulated account on loopback until SIGINT or SIGTERM.

    Raises:
        SettingsError: the port is in use, or the options make no sense.
    """
    import sys

    from emulator import EmulatorError, run_until_interrupted

    def started(server: Server[Any]) -> None:
        world = server.emulator.world
        made = f"{counted(world.size.runs, 'run')} of {_of_workflows(platform, world.size)}"
        say(f"An account of {platform} with {made} (seed {seed}) answers, until Ctrl-C, at")
        say(f"{server.base_url}. To load it, in another terminal:")
        say()
        for name, value in exports(platform, server).items():
            say(f"  export {name}={value}")
        say(f"  runmart run {platform}")
        sys.stdout.flush()

    rates = dict.fromkeys(FAULTS, fail_rate / len(FAULTS)) if fail_rate else {}
    try:
        account = emulated(
            platform, size, seed=seed, latency_ms=latency_ms, fault_rates=rates, api_key=api_key
        )
        run_until_interrupted(account, port=port, started=started)
    except EmulatorError as error:
        raise SettingsError(str(error)) from error


def _of_workflows(platform: str, size: Any) -> str:  # noqa: ANN401
    name = WORKFLOWS[platform]
    return counted(getattr(size, name), name.removesuffix("s"), name)
