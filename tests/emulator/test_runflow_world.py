"""What the made-up account of Runflow holds, and that it is always the same."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from emulated import NOW
from emulated_runflow import ids, listed, serving, world

from emulator import EmulatorError, serve
from emulator.common.clock import Clock
from emulator.common.temper import REGRESSION_VERSION
from emulator.runflow import World, WorldSize, build
from emulator.runflow.catalog import REGRESSION_FLOW

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from emulator.common.platform import Emulator
    from emulator.runflow.runs import Run

    Open = Callable[[Emulator], httpx.Client]

DAY = 24 * 60 * 60 * 1000
MINUTE = 60 * 1000


@pytest.fixture(scope="module")
def big() -> World:
    """An account of the default size, standing still."""
    return World(7, Clock.manual(NOW), WorldSize(arrivals=False))


@pytest.fixture(scope="module")
def runs(big: World) -> list[Run]:
    return list(big.every_run(newest_first=False))


def test_the_same_seed_and_clock_give_the_same_bytes(open_client: Open) -> None:
    first, second = open_client(serving(world())), open_client(serving(world()))
    run = ids(listed(first))[3]
    listed(second)
    paths = ["/runs", "/flows", "/models", "/comfyui-workflows", "/openapi.json", "/runs?sort_by=cost:desc"]
    paths += [f"/runs/{run}{part}" for part in ("", "/node-runs", "/logs", "/evaluations")]
    assert [first.get(path).content for path in paths] == [second.get(path).content for path in paths]


def test_another_seed_gives_another_world(open_client: Open) -> None:
    one, other = (open_client(serving(world(seed=seed))) for seed in (1, 2))
    assert ids(listed(one)) != ids(listed(other))


def test_a_hundred_thousand_runs_are_there_before_one_is_made_up() -> None:
    many = World(7, Clock.manual(NOW), WorldSize(runs=100_000))
    assert len(many.runs()) >= 100_000
    assert many.index.timetable.run.cache_info().misses == 0


def test_a_run_is_found_by_its_id_without_an_index() -> None:
    many = World(7, Clock.manual(NOW), WorldSize(runs=100_000))
    for n in (0, 77_777, len(many.runs()) - 1):
        run = many.index.run(n)
        assert many.run(run.id) == run


def test_ids_tell_the_order_of_creation(runs: list[Run]) -> None:
    assert [run.id for run in runs] == sorted(run.id for run in runs)


def test_an_id_that_was_never_given_is_not_found(big: World) -> None:
    assert [big.run(text) for text in ("nothing", "019ca944-28a8-769f-8d0c-000000000000", "é")] == [None] * 3


def test_the_history_lies_in_the_last_days(big: World, runs: list[Run]) -> None:
    ages = [(big.clock.now() - run.created_at) / DAY for run in runs]
    assert 44 < max(ages) < 45
    assert 0 <= min(ages) < 0.5


def test_scheduled_runs_go_on_as_the_clock_does() -> None:
    moving = World(7, Clock.manual(NOW))
    before = len(moving.runs())
    moving.clock.advance(days=1)
    assert 40 <= len(moving.runs()) - before <= 120


def test_every_kind_of_target_is_run_and_repeated(runs: list[Run]) -> None:
    repeats = Counter((run.target_type, run.target_id) for run in runs)
    assert {kind for kind, _ in repeats} == {"flow", "model", "comfyui_workflow"}
    assert min(repeats.values()) >= 3


def test_one_flow_regresses_at_a_known_version(big: World, runs: list[Run]) -> None:
    flow = next(one for one in big.targets.values() if one.slug == REGRESSION_FLOW)
    shares = []
    for after in (False, True):
        own = [
            run for run in runs if run.target_id == flow.id and (run.version >= REGRESSION_VERSION) is after
        ]
        verdicts = [run.attempts[0].passed for run in own if run.attempts]
        shares.append(sum(verdict is True for verdict in verdicts) / len(verdicts))
    assert shares[0] > 0.55 > 0.35 > shares[1]


@pytest.mark.parametrize(
    "is_odd",
    [
        lambda run: run.status == "errored",
        lambda run: run.status == "cancelled",
        lambda run: run.status == "partial_succeeded" and run.nodes_completed < run.nodes_total,
        lambda run: run.status == "failed" and run.cost is None and run.failure is not None,
        lambda run: run.status == "succeeded" and not run.attempts,
        lambda run: len(run.attempts) >= 2 and run.attempts[0].status == "failed",
        lambda run: len(run.attempts) >= 2 and run.attempts[0].passed is False,
        lambda run: run.attempts and run.attempts[0].status == "completed" and run.attempts[0].passed is None,
        lambda run: run.attempts and run.attempts[0].completed_at - run.completed_at > DAY,
        lambda run: run.feedback is not None and run.feedback.is_positive is False,
        lambda run: not run.has_logs,
        lambda run: run.batch_id is not None,
    ],
    ids=[
        "errored",
        "cancelled",
        "partly succeeded",
        "failed and not billed",
        "never evaluated",
        "judge erred and was tried again",
        "failed verdict tried again",
        "no verdict",
        "evaluated days later",
        "thumb down",
        "no logs",
        "in a batch",
    ],
)
def test_some_runs_are_odd(runs: list[Run], is_odd: Callable[[Run], object]) -> None:
    assert any(map(is_odd, runs))


def test_most_evaluations_come_within_minutes(runs: list[Run]) -> None:
    waits = [run.attempts[0].completed_at - run.completed_at for run in runs if run.attempts]
    assert sum(2 * MINUTE <= wait <= 6 * MINUTE for wait in waits) > 0.9 * len(waits)


def test_attempts_follow_and_supersede_each_other(runs: list[Run]) -> None:
    retried = [run.attempts for run in runs if len(run.attempts) > 1]
    assert retried
    for attempts in retried:
        for before, after in itertools.pairwise(attempts):
            assert before.completed_at < after.submitted_at == before.superseded_at
            assert (after.parent_id, after.number) == (before.id, before.number + 1)
        assert attempts[-1].superseded_at is None


def test_some_flows_are_deleted_and_some_have_versions(big: World) -> None:
    now = big.clock.now()
    assert any(one.is_deleted(now) for one in big.targets.values())
    assert max(len(one.versions) for one in big.targets.values()) >= 4


def test_options_that_make_no_sense_are_one_sentence() -> None:
    with pytest.raises(EmulatorError, match="runs a flow"):
        build(runs=10, flows=0)


def test_a_key_of_ones_own_is_accepted() -> None:
    with serve(build(runs=10, flows=2, api_key="rf_live_my_own")) as server:
        assert server.api_key == "rf_live_my_own"
