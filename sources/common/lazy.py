"""Names of a package that are imported when they are asked for: the process that reads does without dlt."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def exports_of(module: str, *names: str) -> Callable[[str], object]:
    """A `__getattr__` for a package, which takes these names from one of its modules."""

    def getattribute(name: str) -> object:
        if name not in names:
            raise AttributeError(f"module {module.rpartition('.')[0]!r} has no attribute {name!r}")
        return getattr(import_module(module), name)

    return getattribute
