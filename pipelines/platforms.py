"""The platforms that can be loaded. A new one is a folder under `sources` and a name in this list."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from dlt.extract import DltSource

    from sources.common.connector import Connector

PLATFORMS = ("armature", "b3os", "eigenpal", "runflow")
"""Their names: also those of their folders, sections of settings, and schemas in the warehouse."""


def connector(name: str) -> Connector:
    """What the platform's folder hands out."""
    found: Connector = importlib.import_module(f"sources.{name}").CONNECTOR
    return found


def source(name: str) -> Callable[..., DltSource]:
    """The platform's dlt source."""
    found: Callable[..., DltSource] = getattr(importlib.import_module(f"sources.{name}"), f"{name}_source")
    return found
