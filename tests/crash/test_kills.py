"""A backfill that is killed again and again ends with the tables of one that never was."""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from victims import Machine, killed, settings_of

from tests.likeness.platforms import LIKENESSES

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.context import ForkServerProcess
    from pathlib import Path

    from stores import Store

    from emulator import Server
    from tests.likeness.platform import Likeness

RUNS, CHUNK, KILLS = 2_000, 100, 21
STEPS = ("extract", "normalize", "load")


@pytest.fixture(params=LIKENESSES)
def likeness(request: pytest.FixtureRequest) -> Likeness:
    return LIKENESSES[request.param]


@pytest.mark.long
@pytest.mark.timeout(900)
def test_twenty_kills_leave_the_tables_of_an_undisturbed_load(
    likeness: Likeness,
    account: Callable[[int], Server[Any]],
    clean: Callable[[Server[Any]], Store],
    store: Store,
    tmp_path: Path,
) -> None:
    seed = random.randrange(2**32)  # noqa: S311
    chance = random.Random(seed)  # noqa: S311
    server = account(RUNS)
    expected = clean(server).contents()
    server.requests.clear()
    machine = Machine(tmp_path / "machine", settings_of(server) | store.settings)
    losses = [True, False] * KILLS
    chance.shuffle(losses)
    met: Counter[str] = Counter()
    while met.total() < KILLS or len(met) < len(STEPS):
        process = machine.start("load", likeness.name, "--chunk-runs", str(CHUNK))
        wait_for_instant(STEPS[met.total() % len(STEPS)], process, machine, server, chance)
        assert killed(process), f"the backfill ended after {met}: {machine.said}"
        met[machine.step] += 1
        if losses.pop():
            machine.lose_disk()
    assert machine.run("load", likeness.name) == 0, machine.said
    assert store.contents() == expected
    assert not store.repeated()
    asked = Counter(request.path for request in server.requests.of(likeness.once.on))
    assert len(asked) == RUNS
    assert asked.total() - RUNS <= met.total() * CHUNK


def wait_for_instant(
    step: str,
    process: ForkServerProcess,
    machine: Machine,
    server: Server[Any],
    chance: random.Random,
) -> None:
    """Return at a random instant of a step, as seen from outside; or when the process ends."""
    before = server.requests.total
    requests = chance.randrange(4, 150)
    pause = chance.random() * {"extract": 0.05, "normalize": 0.05, "load": 0.4}[step]
    while process.is_alive():
        if step == "extract" and server.requests.total - before >= requests:
            break
        if step != "extract" and machine.step == step:
            break
        time.sleep(0.001)
    time.sleep(pause)
