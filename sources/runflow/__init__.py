"""Loads runs, node runs, evaluations with their judges, batches and flows of a Runflow account."""

from typing import TYPE_CHECKING

from sources.common.lazy import exports_of

if TYPE_CHECKING:
    from sources.runflow.source import CONNECTOR, runflow_source

__all__ = ["CONNECTOR", "runflow_source"]

__getattr__ = exports_of("sources.runflow.source", *__all__)
