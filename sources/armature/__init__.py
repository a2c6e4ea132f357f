"""Loads runs, evaluations, tool calls, traces and workflows of an Armature account."""

from typing import TYPE_CHECKING

from sources.common.lazy import exports_of

if TYPE_CHECKING:
    from sources.armature.source import CONNECTOR, armature_source

__all__ = ["CONNECTOR", "armature_source"]

__getattr__ = exports_of("sources.armature.source", *__all__)
