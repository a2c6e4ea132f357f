"""What EigenPal's made-up tenant holds, and that it is always the same."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from emulated import NOW
from emulated_eigenpal import listed, world

from emulator import EmulatorError, serve
from emulator.common.clock import DAY, HOUR, Clock
from emulator.eigenpal import EigenPalEmulator, World, WorldSize, build
from emulator.eigenpal.catalog import REGRESSION_TASK, REGRESSION_VERSION
from emulator.eigenpal.runs import CORRECT, Run

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    Connect = Callable[..., httpx.Client]


@pytest.fixture(scope="module")
def big() -> World:
    """A tenant of the default size, standing still."""
    return World(7, Clock.manual(NOW), WorldSize(arrivals=False))


@pytest.fixture(scope="module")
def runs(big: World) -> list[Run]:
    found = [big.index.run(entry) for entry in big.runs()]
    return [run for run in found if isinstance(run, Run)]


def test_the_same_seed_and_clock_give_the_same_bytes(connect_eigenpal: Connect) -> None:
    first, second = connect_eigenpal(world()), connect_eigenpal(world())
    run = first.get("/runs").json()["runs"][0]["id"]
    automation = first.get("/automations").json()["data"][0]["id"]
    paths = ["/runs", "/automations", "/openapi", "/auth/check", f"/automations/{automation}/experiments"]
    sections = "?expand=input,usage,execution,debug"
    paths += [f"/runs/{run}{part}" for part in (sections, "/trace", "/scores", "/reviews", "/events")]
    assert [first.get(path).content for path in paths] == [second.get(path).content for path in paths]


def test_another_seed_gives_another_tenant(connect_eigenpal: Connect) -> None:
    answers = [connect_eigenpal(world(seed=seed)).get("/runs").content for seed in (1, 2)]
    assert answers[0] != answers[1]


def test_the_history_lies_in_the_last_ninety_days(big: World, runs: list[Run]) -> None:
    ages = [(big.clock.now() - run.created_at) / DAY for run in runs]
    assert 89 < max(ages) <= 90
    assert 0 <= min(ages) < 0.5


def test_runs_are_numbered_in_the_order_of_their_creation(runs: list[Run]) -> None:
    assert [run.created_at for run in runs] == sorted(run.created_at for run in runs)


def test_a_hundred_thousand_runs_start_in_milliseconds() -> None:
    begin = time.perf_counter()
    many = World(7, Clock.manual(NOW), WorldSize(runs=100_000))
    last = many.index.run(many.runs()[-1])
    assert time.perf_counter() - begin < 0.5
    assert many.run(last.id) == last


@pytest.mark.parametrize(
    "is_there",
    [
        lambda run: run.status == "failed" and run.failure is not None,
        lambda run: run.status == "cancelled" and run.cancel_requested_at is not None,
        lambda run: run.status == "rejected" and run.waits is not None,
        lambda run: run.waits is not None and run.waits[1] - run.waits[0] > DAY,
        lambda run: run.retry == 2,
        lambda run: run.usage is None,
        lambda run: run.usage is not None and run.usage.credits is None,
        lambda run: run.scored_at is not None and run.scored_at - run.ended_at > HOUR,
        lambda run: run.example_id is not None and run.status == "completed" and run.scored_at is None,
        lambda run: run.schema_valid is False,
        lambda run: run.trigger == "email" and run.kind == "agent",
        lambda run: run.by is not None and run.by.name is None,
        lambda run: bool(run.tags),
    ],
    ids=[
        *("failed", "cancelled", "rejected", "waits for days", "tried a third time", "no telemetry"),
        *("no credits", "scored late", "never scored", "breaks its schema", "started by mail"),
        *("by somebody without a name", "tagged"),
    ],
)
def test_some_runs_are_odd(runs: list[Run], is_there: Callable[[Run], bool]) -> None:
    assert any(map(is_there, runs))


def test_only_the_oldest_runs_lack_telemetry(runs: list[Run]) -> None:
    first = next(index for index, run in enumerate(runs) if run.usage is not None)
    assert 0.03 < first / len(runs) < 0.08
    assert all(run.usage is not None for run in runs[first:])


def test_a_rerun_is_linked_both_ways(big: World, runs: list[Run]) -> None:
    again = [run for run in runs if run.previous_run_id is not None]
    assert len(again) > 50
    for run in again:
        before = big.run(run.previous_run_id or "")
        assert isinstance(before, Run)
        assert before.ended_at < run.created_at
        assert (before.automation_id, before.retry + 1) == (run.automation_id, run.retry)
        assert big.next_run(before) == run


def test_the_next_run_is_not_known_before_it_is_created(big: World, runs: list[Run]) -> None:
    again = next(run for run in runs if run.previous_run_id is not None)
    earlier = World(7, Clock.manual(NOW), WorldSize(arrivals=False))
    earlier.clock.advance(seconds=(again.created_at - earlier.clock.now()) / 1000 - 1)
    before = earlier.run(again.previous_run_id or "")
    assert isinstance(before, Run)
    assert earlier.next_run(before) is None
    earlier.clock.advance(seconds=2)
    assert earlier.next_run(before) == again


def test_one_workflow_gets_worse_at_a_known_version(big: World, runs: list[Run]) -> None:
    workflow = big.automation(f"workflows.{REGRESSION_TASK}")
    assert workflow is not None
    shares = []
    for is_late in (False, True):
        own = [
            run.quality >= CORRECT
            for run in runs
            if run.automation_id == workflow.id
            and (int(run.version or 0) >= REGRESSION_VERSION) is is_late
            and run.status == "completed"
        ]
        shares.append(sum(own) / len(own))
    assert shares[0] > 0.5 > 0.45 > shares[1]


def test_an_experiment_runs_every_example_once(big: World) -> None:
    for automation in big.automations.values():
        for experiment in list(big.experiments(automation.id))[:3]:
            examples = [run.example_id for run in big.runs_of(experiment)]
            assert examples == [example.id for example in automation.examples]
            assert {run.batch_id for run in big.runs_of(experiment)} == {experiment.id}


def test_every_run_of_an_experiment_is_in_it(big: World, runs: list[Run]) -> None:
    for run in [run for run in runs if run.batch_id is not None][::20]:
        experiment = big.experiment(run.batch_id or "")
        assert experiment is not None
        assert run.id in experiment.run_ids


def test_the_counts_of_an_experiment_are_those_of_its_runs(connect_eigenpal: Connect) -> None:
    client = connect_eigenpal(world())
    automation = client.get("/automations?search=invoice").json()["data"][0]["id"]
    for listed_one in client.get(f"/automations/{automation}/experiments").json()["data"]:
        page = client.get(f"/automations/{automation}/experiments/{listed_one['id']}").json()
        passed = [run["evalPassed"] for run in page["runs"]]
        assert (page["passedCount"], page["failedCount"]) == (passed.count(True), passed.count(False))
        assert page["completedCount"] == sum(run["status"] == "completed" for run in page["runs"])
        assert page["runCount"] == len(page["resultsByRun"])
        assert listed_one.items() <= page.items()


def test_an_experiment_goes_from_queued_to_completed(
    connect_eigenpal: Connect, empty_eigenpal: World
) -> None:
    automation = empty_eigenpal.add_automation(task="contract-summary")
    experiment = empty_eigenpal.run_experiment(automation.id, duration_s=30, scores_after_s=20)
    client = connect_eigenpal(empty_eigenpal)
    seen = []
    for seconds in (0, 10, 30, 30):
        empty_eigenpal.clock.advance(seconds=seconds)
        shown = client.get(f"/automations/{automation.id}/experiments/{experiment.id}").json()
        seen.append((shown["status"], shown["completedCount"], shown["passedCount"]))
    assert seen == [("queued", 0, 0), ("running", 0, 0), ("completed", 4, 0), ("completed", 4, 4)]


def test_an_experiment_is_found_without_its_automation(connect_eigenpal: Connect) -> None:
    tenant = world()
    experiment = next(e for a in tenant.automations for e in tenant.experiments(a))
    client = connect_eigenpal(tenant)
    assert client.get(f"/experiments/{experiment.id}").json() == {
        "id": experiment.id,
        "automationId": experiment.automation_id,
    }
    other = next(known for known in tenant.automations if known != experiment.automation_id)
    assert client.get(f"/automations/{other}/experiments/{experiment.id}").status_code == 404


def test_the_experiments_of_all_automations_are_those_that_runs_name(big: World, runs: list[Run]) -> None:
    found = [experiment.id for automation in big.automations for experiment in big.experiments(automation)]
    assert len(found) == len(set(found))
    assert set(found) == {run.batch_id for run in runs if run.batch_id is not None}


@pytest.mark.parametrize("is_batch", [True, False])
def test_only_the_first_run_of_an_experiment_gives_it_its_id(
    big: World, runs: list[Run], is_batch: bool
) -> None:
    for run in runs[:200]:
        named = run.id.replace("exec_", "batch_")
        if (run.batch_id is not None) is is_batch and run.batch_id != named:
            assert big.experiment(named) is None


def test_experiments_are_found_by_their_day(connect_eigenpal: Connect) -> None:
    client = connect_eigenpal(world())
    path = "/automations/agents.support-inbox/experiments"
    every = [row["createdAt"] for row in client.get(path).json()["data"]]
    late = client.get(path, params={"fromDate": every[1]}).json()["data"]
    assert [row["createdAt"] for row in late] == every[:2]


def test_automations_are_listed_by_limit_and_offset(connect_eigenpal: Connect) -> None:
    client = connect_eigenpal(world())
    every = client.get("/automations").json()
    part = client.get("/automations?limit=3&offset=2").json()
    assert part == {"data": every["data"][2:5], "total": len(every["data"]), "limit": 3, "offset": 2}


def test_a_deleted_automation_is_gone_and_its_runs_stay(connect_eigenpal: Connect) -> None:
    tenant = world()
    client = connect_eigenpal(tenant)
    automation = client.get("/automations?type=workflow").json()["data"][0]["id"]
    before = listed(client, source=automation)
    tenant.delete_automation(automation)
    assert automation not in {row["id"] for row in client.get("/automations").json()["data"]}
    assert client.get(f"/automations/{automation}").status_code == 404
    assert listed(client, source=automation) == before != []
    source = client.get(f"/runs/{before[0]['id']}").json()["source"]
    assert (source["automationFound"], source["currentVersion"]) == (False, None)


def test_a_release_changes_what_old_runs_say_of_the_current_version(
    connect_eigenpal: Connect, empty_eigenpal: World
) -> None:
    run = empty_eigenpal.add_run()
    client = connect_eigenpal(empty_eigenpal)
    empty_eigenpal.clock.advance(hours=1)
    empty_eigenpal.release(run.automation_id)
    source = client.get(f"/runs/{run.id}").json()["source"]
    versions = client.get(f"/automations/{run.automation_id}/versions").json()["data"]
    assert (source["version"], source["currentVersion"]) == ("1", "2")
    assert [(row["version"], row["isCurrent"]) for row in versions] == [("2", True), ("1", False)]


def test_the_dataset_names_the_newest_run_of_each_example(connect_eigenpal: Connect) -> None:
    tenant = world()
    client = connect_eigenpal(tenant)
    for example in client.get("/automations/workflows.invoice-extraction/examples").json()["data"]:
        (newest, *_) = listed(client, exampleId=example["id"])
        assert example["latestRunId"] == newest["id"]
        path = f"/automations/workflows.invoice-extraction/examples/{example['id']}"
        assert client.get(path).json() == example


def test_scheduled_runs_go_on_as_the_clock_does() -> None:
    moving = World(7, Clock.manual(NOW))
    before = len(moving.runs())
    moving.clock.advance(days=10)
    assert 390 <= len(moving.runs()) - before <= 410


def test_a_tenant_without_arrivals_stays_as_it_is() -> None:
    still = world()
    still.clock.advance(days=1)
    assert len(still.runs()) == 400


def test_an_empty_tenant_has_nothing(connect_eigenpal: Connect, empty_eigenpal: World) -> None:
    client = connect_eigenpal(empty_eigenpal)
    assert client.get("/runs").json() == {"runs": [], "nextCursor": None}
    assert client.get("/automations").json()["total"] == 0


def test_people_and_mails_are_of_example_com(connect_eigenpal: Connect) -> None:
    found = Counter(
        row["trigger"]["by"]["email"].partition("@")[2]
        for row in listed(connect_eigenpal(world()))
        if row["trigger"]["by"]
    )
    assert set(found) == {"example.com"}


@pytest.mark.parametrize(
    "options", [{"runs": -1}, {"automations": 0}, {"days": 0}, {"fault_rates": {"x": 1.0}}]
)
def test_options_that_make_no_sense_are_told_in_a_sentence(options: dict[str, int]) -> None:
    with pytest.raises(EmulatorError, match=r"\.$"):
        build(**options)


def test_a_key_of_ones_own_is_accepted() -> None:
    with serve(build(runs=10, api_key="eig_live_my_own")) as server:
        assert isinstance(server.emulator, EigenPalEmulator)
        assert server.api_key == "eig_live_my_own"
