"""B3OS: what the made-up world holds, and that it is always the same."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from emulated import NOW
from emulated_b3os import data, runs_path, world

from emulator.b3os import World, WorldSize, build
from emulator.b3os.catalog import REGRESSION_NAME
from emulator.b3os.runs import Run
from emulator.common.clock import DAY, Clock
from emulator.common.errors import EmulatorError
from emulator.common.temper import REGRESSION_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    Connect = Callable[..., httpx.Client]


@pytest.fixture(scope="module")
def big() -> World:
    """A world of the default size, standing still."""
    return World(7, Clock.manual(NOW), WorldSize(arrivals=False))


@pytest.fixture(scope="module")
def runs(big: World) -> list[Run]:
    found = [big.index.run(entry) for entry in big.runs()]
    return [run for run in found if isinstance(run, Run)]


def test_the_same_seed_and_clock_give_the_same_bytes(connect_b3os: Connect) -> None:
    first, second = connect_b3os(world()), connect_b3os(world())
    run = data(first, "/runs")["items"][0]
    data(second, "/runs")
    paths = ["/workflows", "/runs", f"/workflows/{run['workflowId']}/runs", f"/runs/{run['id']}", "/openapi"]
    assert [first.get(path).content for path in paths] == [second.get(path).content for path in paths]


def test_another_seed_gives_another_world(connect_b3os: Connect) -> None:
    pages = [data(connect_b3os(world(seed=seed)), "/runs") for seed in (1, 2)]
    assert pages[0] != pages[1]


def test_the_default_world_is_large_enough(big: World, runs: list[Run]) -> None:
    assert len(runs) >= 2_000
    assert len(big.workflows) >= 20
    assert min(Counter(run.workflow_id for run in runs).values()) >= 20


def test_the_history_is_longer_than_any_window_of_another_platform(big: World, runs: list[Run]) -> None:
    ages = [(big.clock.now() - run.started_at) / DAY for run in runs]
    assert 59 < max(ages) < 60
    assert 0 <= min(ages) < 1


def test_runs_are_in_the_order_of_their_start(runs: list[Run]) -> None:
    assert [run.started_at for run in runs] == sorted(run.started_at for run in runs)


def test_some_runs_start_in_the_same_millisecond(runs: list[Run]) -> None:
    assert max(Counter(run.started_at for run in runs).values()) >= 2


def test_the_lists_of_all_workflows_hold_what_the_account_holds(big: World, runs: list[Run]) -> None:
    ids = [big.index.run(entry).id for known in big.workflows for entry in big.runs_of(known)]
    assert sorted(ids) == sorted(run.id for run in runs)


@pytest.mark.parametrize(
    ("is_odd", "share"),
    [
        (lambda run: run.status == "cancelled", 0.01),
        (lambda run: run.status == "failure", 0.05),
        (lambda run: run.is_simulation, 0.02),
        (lambda run: run.is_dust_test, 0.02),
        (lambda run: run.total_cu is None, 0.01),
        (lambda run: run.source_run_id is not None, 0.02),
        (lambda run: run.resumes_at > 0, 0.01),
        (lambda run: run.waits_from is not None, 0.1),
        (lambda run: run.waits_from is not None and run.waits_until is None, 0.001),
    ],
    ids=[
        "cancelled",
        "failed",
        "simulations",
        "dust tests",
        "no compute units",
        "retries",
        "retries that skip nodes",
        "waited",
        "forgotten",
    ],
)
def test_some_runs_are_odd(runs: list[Run], is_odd: Callable[[Run], bool], share: float) -> None:
    assert share < sum(map(is_odd, runs)) / len(runs) < 0.5


def test_some_runs_have_waited_for_weeks(big: World, runs: list[Run]) -> None:
    waits = [
        (run.waits_until or big.clock.now()) - run.waits_from for run in runs if run.waits_from is not None
    ]
    assert sum(wait > 14 * DAY for wait in waits) >= 5


def test_some_runs_wait_now(big: World, runs: list[Run]) -> None:
    assert sum(run.waits(big.clock.now()) for run in runs) >= 10


def test_a_retry_follows_a_failed_run_of_its_workflow(runs: list[Run]) -> None:
    by_id = {run.id: run for run in runs}
    retries = [run for run in runs if run.source_run_id is not None]
    for retry in retries:
        source = by_id[retry.source_run_id or ""]
        assert (source.status, source.workflow_id) == ("failure", retry.workflow_id)
        assert source.ended_at is not None
        assert source.ended_at < retry.started_at


def test_a_simulation_waits_for_nobody(runs: list[Run]) -> None:
    assert not any(run.waits_from for run in runs if run.is_simulation)


def test_one_workflow_regresses_at_a_known_version(big: World, runs: list[Run]) -> None:
    workflow = next(known for known in big.workflows.values() if known.name == REGRESSION_NAME)
    shares = []
    for after in (False, True):
        own = [run for run in runs if run.workflow_id == workflow.id]
        own = [run for run in own if (run.workflow_version >= REGRESSION_VERSION) is after]
        shares.append(sum(run.status == "failure" for run in own) / len(own))
    assert shares[0] < 0.25 < 0.5 < shares[1]


def test_workflows_are_active_paused_and_archived_and_have_versions(big: World) -> None:
    now = big.clock.now()
    assert {known.status_at(now) for known in big.workflows.values()} == {"active", "paused", "archived"}
    assert max(known.version_at(now) for known in big.workflows.values()) >= 4


def test_a_stopped_workflow_starts_no_run_any_more(big: World, runs: list[Run]) -> None:
    assert not any(big.workflows[run.workflow_id].is_stopped(run.started_at) for run in runs)


def test_a_run_of_a_stopped_workflow_is_not_found_by_its_id() -> None:
    of = world()
    last = of.index.run(of.runs()[-1])
    of.archive_workflow(getattr(last, "workflow_id", ""))
    assert of.run(last.id) == last
    moved = World(7, Clock.manual(NOW), WorldSize(runs=400))
    moved.archive_workflow(getattr(last, "workflow_id", ""))
    before = len(moved.runs_of(getattr(last, "workflow_id", "")))
    moved.clock.advance(days=30)
    assert len(moved.runs_of(getattr(last, "workflow_id", ""))) == before


def test_a_hundred_thousand_runs_start_in_milliseconds() -> None:
    begin = time.perf_counter()
    many = World(7, Clock.manual(NOW), WorldSize(runs=100_000))
    took = time.perf_counter() - begin
    assert took < 1
    assert len(many.runs()) > 90_000


def test_a_run_is_found_by_its_id_without_an_index() -> None:
    many = World(7, Clock.manual(NOW), WorldSize(runs=100_000))
    last = many.index.run(many.runs_of(next(iter(many.workflows)))[-1])
    assert many.run(last.id) == last


@pytest.mark.parametrize("run_id", ["nothing", "run_", "run_00000000-0000-4000-8000-000000000000", "é"])
def test_an_id_that_was_never_given_is_not_found(run_id: str) -> None:
    assert world().run(run_id) is None


def test_scheduled_runs_go_on_as_the_clock_does() -> None:
    moving = World(7, Clock.manual(NOW), WorldSize(runs=2_400))
    before = len(moving.runs())
    moving.clock.advance(days=3)
    assert 60 <= len(moving.runs()) - before <= 160


def test_an_empty_world_has_no_workflow(connect_b3os: Connect) -> None:
    assert data(connect_b3os(World.empty(Clock.manual(NOW))), "/workflows")["items"] == []


def test_a_built_account_answers_under_its_own_key(open_client: Callable[..., httpx.Client]) -> None:
    emulator = build(runs=50, workflows=4, api_key="b3sk_my_own")
    client = open_client(emulator)
    assert client.headers["Authorization"] == "Bearer b3sk_my_own"
    assert data(client, runs_path(emulator.world))["items"]


@pytest.mark.parametrize("options", [{"runs": -1}, {"workflows": 0}, {"fault_rates": {"999": 0.1}}])
def test_options_that_make_no_sense_are_one_sentence(options: dict[str, int]) -> None:
    with pytest.raises(EmulatorError):
        build(**options)
