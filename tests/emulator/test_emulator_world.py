"""What the made-up world holds, and that it is always the same."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from emulated import NOW, world

from emulator.armature import World, WorldSize
from emulator.armature.catalog import REGRESSION_TASK
from emulator.armature.runs import Run
from emulator.common.clock import Clock
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


def test_the_same_seed_and_clock_give_the_same_bytes(connect: Connect) -> None:
    paths = ["/workflows", "/mcp-servers", "/runs?range=30d", "/openapi"]
    first, second = connect(world()), connect(world())
    run = first.get("/runs", params={"range": "30d"}).json()["runs"][0]["id"]
    paths += [f"/runs/{run}{part}" for part in ("", "/trace", "/evaluation", "/tool-calls")]
    assert [first.get(path).content for path in paths] == [second.get(path).content for path in paths]


def test_another_seed_gives_another_world(connect: Connect) -> None:
    assert connect(world(seed=1)).get("/runs").content != connect(world(seed=2)).get("/runs").content


def test_the_default_world_is_large_enough(big: World, runs: list[Run]) -> None:
    assert len(runs) >= 3_000
    assert sum(run.calls for run in runs) >= 30_000
    assert len(big.workflows) >= 40
    assert len({run.model for run in runs}) >= 6


def test_every_workflow_and_model_is_repeated(runs: list[Run]) -> None:
    repeats = Counter((run.workflow_id, run.model) for run in runs)
    assert min(repeats.values()) >= 3


def test_the_history_lies_in_the_last_thirty_days(big: World, runs: list[Run]) -> None:
    day = 24 * 60 * 60 * 1000
    ages = [(big.clock.now() - run.started_at) / day for run in runs]
    assert 29 < max(ages) < 30
    assert 0 <= min(ages) < 0.5


def test_runs_are_numbered_in_the_order_of_their_start(runs: list[Run]) -> None:
    assert [run.started_at for run in runs] == sorted(run.started_at for run in runs)


def test_some_runs_start_in_the_same_millisecond(runs: list[Run]) -> None:
    assert max(Counter(run.started_at for run in runs).values()) >= 12


def test_a_stronger_model_passes_more_often(runs: list[Run]) -> None:
    scored = Counter(run.model for run in runs if run.verdict)
    passed = Counter(run.model for run in runs if run.status == "pass")
    assert passed["delta-reasoner"] / scored["delta-reasoner"] > passed["basalt-70b"] / scored["basalt-70b"]


def test_one_workflow_regresses_at_a_known_version(big: World, runs: list[Run]) -> None:
    name = f"GitHub: {REGRESSION_TASK}"
    workflow = next(known for known in big.workflows.values() if known.name == name)
    since = workflow.versions[REGRESSION_VERSION - 1].id
    shares = []
    for after in (False, True):
        own = [r for r in runs if r.workflow_id == workflow.id and (r.version_id == since) is after]
        shares.append(sum(run.status == "pass" for run in own) / len(own))
    assert shares[0] > 0.6 > 0.3 > shares[1]


@pytest.mark.parametrize(
    "is_odd",
    [
        lambda run: run.status == "error" and run.verdict is None and run.evaluated_at is None,
        lambda run: run.cost is None,
        lambda run: run.verdict is not None and run.evaluated_at is None,
        lambda run: run.evaluated_at is not None and run.evaluated_at - run.ended_at > 60 * 60 * 1000,
        lambda run: run.classification == "loop" and run.calls > 15,
        lambda run: run.attempt == 2 and run.trigger == "retry",
    ],
    ids=["errors without evaluation", "no cost", "never evaluated", "evaluated late", "loops", "retries"],
)
def test_some_runs_are_odd(runs: list[Run], is_odd: Callable[[Run], bool]) -> None:
    assert any(map(is_odd, runs))


def test_tool_calls_fail_are_repeated_and_are_redacted(big: World, runs: list[Run]) -> None:
    calls = [big.tool_calls(run) for run in runs[:400]]
    flags = Counter(call.is_error for row in calls for call in row)
    assert flags[True] > 0.03 * flags[False]
    assert flags[None] > 0
    assert any(len({call.id for call in row}) < len(row) for row in calls)
    assert any("[redacted:" in repr(call.arguments) for row in calls for call in row)


def test_a_loop_calls_the_same_tool_with_the_same_arguments(big: World, runs: list[Run]) -> None:
    loop = next(run for run in runs if run.classification == "loop")
    calls = big.tool_calls(loop)
    assert len({(call.tool, repr(call.arguments)) for call in calls}) == 1


def test_calls_lie_within_their_run(big: World, runs: list[Run]) -> None:
    for run in runs[:200]:
        for call in big.tool_calls(run):
            assert run.started_at <= call.called_at
            assert call.called_at + call.duration <= run.ended_at


def test_required_criteria_decide_the_verdict(big: World, runs: list[Run]) -> None:
    for run in runs[:600]:
        evaluation = big.evaluation(run)
        if evaluation is None:
            continue
        required = {result.status for result in evaluation.criteria if result.criterion.is_required}
        expected = "fail" if "fail" in required else "partial" if "partial" in required else "pass"
        assert (run.status, evaluation.verdict) == (expected, expected)


def test_some_workflows_are_archived_and_some_have_versions(big: World) -> None:
    now = big.clock.now()
    assert any(workflow.is_archived(now) for workflow in big.workflows.values())
    assert max(len(workflow.versions) for workflow in big.workflows.values()) >= 4


def test_a_run_is_found_by_its_id_without_an_index() -> None:
    many = World(7, Clock.manual(NOW), WorldSize(runs=300_000))
    last = many.index.run(many.runs()[-1])
    assert many.run(last.id) == last


def test_an_id_that_was_never_given_is_not_found(connect: Connect) -> None:
    client = connect(world())
    for run_id in ("nothing", "00000000-0000-4000-8000-000000000000", "%2F%3F%23", "é"):
        assert client.get(f"/runs/{run_id}").status_code == 404


def test_scheduled_runs_go_on_as_the_clock_does() -> None:
    moving = World(7, Clock.manual(NOW), WorldSize(runs=3_600))
    before = len(moving.runs())
    moving.clock.advance(days=1)
    assert 60 <= len(moving.runs()) - before <= 180


def test_a_world_without_arrivals_stays_as_it_is() -> None:
    still = world()
    before = len(still.runs())
    still.clock.advance(days=1)
    assert len(still.runs()) == before == 400


def test_a_run_leaves_the_window_when_it_is_too_old(connect: Connect, empty: World) -> None:
    client = connect(empty)
    empty.add_run()
    seen: list[Any] = [client.get("/runs").json()["total"]]
    empty.clock.advance(hours=24, seconds=1)
    seen.append(client.get("/runs").json()["total"])
    seen.append(client.get("/runs", params={"range": "7d"}).json()["total"])
    assert seen == [1, 0, 1]
