"""What sqlfluff's jinja templater needs in place of dbt, so that models can be linted without a warehouse."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable

VARIABLES = yaml.safe_load((Path(__file__).parents[1] / "dbt_project.yml").read_text())["vars"]


def var(name: str, default: object = None) -> object:
    return VARIABLES.get(name, default)


class AnyMacro:
    """Stands for a namespace of macros: each one renders as a call of its own name."""

    def __getattr__(self, name: str) -> Callable[..., str]:
        return lambda *_: f"{name}()"

    def dispatch(self, name: str, _package: str) -> Callable[..., str]:
        return getattr(self, name)


adapter = AnyMacro()
dbt = AnyMacro()
target = SimpleNamespace(type="duckdb")
