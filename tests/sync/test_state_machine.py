"""Syncs of any history into memory, by the thousand."""

from __future__ import annotations

import os

from hypothesis import settings

from tests.sync.histories import ANY_HISTORY, SyncMachine

EXAMPLES = int(os.environ.get("RUNMART_TEST_HISTORIES", "60"))
"""Histories per machine; CI tries many times more than `make test`."""


class NewestFirst(SyncMachine):
    """A list in the order that the platform is known for."""

    orders = ("newest_first",)


class AnyOrder(SyncMachine):
    """A list in an order that no early stop may rely on."""

    orders = ("oldest_first", "shuffled")


NewestFirst.TestCase.settings = AnyOrder.TestCase.settings = settings(ANY_HISTORY, max_examples=EXAMPLES)
TestNewestFirst = NewestFirst.TestCase
TestAnyOrder = AnyOrder.TestCase
