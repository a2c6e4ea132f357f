"""Imports that wait until they are needed, or are left out: a small sync takes less time than they do."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.abc import MetaPathFinder
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def exports_of(module: str, *names: str) -> Callable[[str], object]:
    """A `__getattr__` for a package, which takes these names from one of its modules.

    The process that reads needs a platform's API, and does without dlt.
    """

    def getattribute(name: str) -> object:
        if name not in names:
            raise AttributeError(f"module {module.rpartition('.')[0]!r} has no attribute {name!r}")
        return getattr(import_module(module), name)

    return getattribute


def without_frames() -> None:
    """Let imports of pandas and NumPy fail in this process, which makes no frames or arrays of them.

    Before pyarrow converts its first list, it imports pandas to see whether the list is one of its objects.
    That takes a second: longer than the rest of a small load. NumPy is imported with pyarrow where it is.
    """
    sys.meta_path.insert(0, _WithoutFrames())


class _WithoutFrames(MetaPathFinder):
    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        if fullname in ("pandas", "numpy"):
            raise ModuleNotFoundError(f"{fullname} is left out of this process", name=fullname)
