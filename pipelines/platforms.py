"""The platforms that can be loaded. A new one is a folder under `sources` and a name in this list."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from dlt.extract import DltSource

    from sources.common.connector import Connector

PLATFORMS = ("armature", "b3os", "runflow", "eigenpal")
"""Their names: also those of their folders, sections of settings, and schemas in the warehouse."""


EMULATED = ("armature", "b3os", "eigenpal", "runflow")
"""Those that the emulator can pretend to be."""


def label(platform: str, account: str) -> str:
    """How an account is called: `armature`, and `armature/eu` when it has a name."""
    from sources.common.tables import DEFAULT_ACCOUNT

    return platform if account == DEFAULT_ACCOUNT else f"{platform}/{account}"


def pipeline_name(platform: str, account: str) -> str:
    """Under which name dlt keeps an account's state."""
    return "runmart_" + label(platform, account).replace("/", "__")


def connector(name: str) -> Connector:
    """What the platform's folder hands out."""
    found: Connector = importlib.import_module(f"sources.{name}").CONNECTOR
    return found


def source(name: str) -> Callable[..., DltSource]:
    """The platform's dlt source."""
    found: Callable[..., DltSource] = getattr(importlib.import_module(f"sources.{name}"), f"{name}_source")
    return found
