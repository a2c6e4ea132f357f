"""Loads runs, scores, steps, reviews, automations and experiments of an EigenPal tenant."""

from typing import TYPE_CHECKING

from sources.common.lazy import exports_of

if TYPE_CHECKING:
    from sources.eigenpal.source import CONNECTOR, eigenpal_source

__all__ = ["CONNECTOR", "eigenpal_source"]

__getattr__ = exports_of("sources.eigenpal.source", *__all__)
