"""Syncs of any history into memory, by the thousand."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.likeness.platforms import LIKENESSES
from tests.sync.histories import ANY_HISTORY, SyncMachine

if TYPE_CHECKING:
    from tests.likeness.platform import Likeness

EXAMPLES = int(os.environ.get("RUNMART_TEST_HISTORIES", "25"))
"""Histories per machine; `make test-long` tries many times more."""


def machine(likeness: Likeness, orders: tuple[str, ...]) -> type[SyncMachine]:
    return type("Machine", (SyncMachine,), {"likeness": likeness, "orders": orders})


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("name", "orders"),
    [
        (name, orders)
        for name, likeness in LIKENESSES.items()
        # The order that the platform is known for; and orders that no early stop may rely on.
        for orders in (likeness.orders[:1], likeness.orders[1:])
        if orders
    ],
)
def test_whatever_happens_the_tables_in_memory_equal_the_api(name: str, orders: tuple[str, ...]) -> None:
    run_state_machine_as_test(
        machine(LIKENESSES[name], orders), settings=settings(ANY_HISTORY, max_examples=EXAMPLES)
    )
