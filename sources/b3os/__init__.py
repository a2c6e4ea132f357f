"""Loads runs, node executions, workflows and compute units of a B3OS organisation."""

from typing import TYPE_CHECKING

from sources.common.lazy import exports_of

if TYPE_CHECKING:
    from sources.b3os.source import CONNECTOR, b3os_source

__all__ = ["CONNECTOR", "b3os_source"]

__getattr__ = exports_of("sources.b3os.source", *__all__)
