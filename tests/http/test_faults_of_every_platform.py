"""Syncs of every platform over real HTTP: what faults leave behind, and that it is made up for."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from faulty import PASSING, contents, synced

from emulator.common import faults
from sources.common.errors import AuthenticationError, RunmartError
from sources.common.reading import MOST_ATTEMPTS
from tests.likeness.platforms import LIKENESSES
from tests.sync.syncing import session_of
from tests.sync.tables import Tables

if TYPE_CHECKING:
    from emulator import Server
    from tests.likeness.platform import Likeness

MATRIX = [
    pytest.param(
        name,
        endpoint,
        fault,
        # One fault in four for each endpoint of the others, each fault in turn.
        marks=() if name == "armature" or (row + column) % 4 == 0 else (pytest.mark.long,),
    )
    for name, likeness in LIKENESSES.items()
    for row, endpoint in enumerate(likeness.endpoints)
    for column, fault in enumerate(PASSING)
]
every_platform = pytest.mark.parametrize("likeness", LIKENESSES, indirect=True)


@pytest.mark.parametrize(("likeness", "endpoint", "name"), MATRIX, indirect=["likeness"])
def test_no_fault_of_any_endpoint_changes_the_tables(
    endpoint: str, name: str, likeness: Likeness, server: Server[Any], expected: dict[str, Any]
) -> None:
    rule = server.faults.add(PASSING[name], on=endpoint, times=3)
    tables = Tables(likeness.connector.tables)
    outcome = synced(likeness, server, tables)
    assert rule.struck == 3, server.requests.counts
    assert outcome.is_complete
    assert not outcome.unread
    assert contents(likeness, tables) == expected


@pytest.mark.parametrize(
    ("likeness", "seed"), [(name, n) for name in LIKENESSES for n in range(5)], indirect=["likeness"]
)
def test_no_mix_of_faults_that_leaves_every_second_request_alive_changes_the_tables(
    seed: int, likeness: Likeness, server: Server[Any], expected: dict[str, Any]
) -> None:
    chance = random.Random(seed)  # noqa: S311
    chosen = chance.sample(sorted(PASSING), 5)
    left = 0.5
    for name in chosen:
        # Rules are tried in turn: each takes its share of what the ones before it left.
        server.faults.add(PASSING[name], probability=0.1 / (left + 0.5))
        left -= 0.1
    tables = Tables(likeness.connector.tables)
    outcome = synced(likeness, server, tables)
    assert outcome.is_complete, (chosen, outcome.missing)
    assert contents(likeness, tables) == expected


def strike_one_run(
    likeness: Likeness, server: Server[Any], fault: faults.Fault
) -> tuple[str, faults.FaultRule]:
    """Let what is read once of each run fail for good, for one of them."""
    run = server.emulator.world.runs()[5]
    assert not isinstance(run, int)
    return run.id, server.faults.add(fault, on=likeness.once.of(run.id))


def of_others(run_id: str, tables: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """The rows that do not belong to a run."""
    return {name: [row for row in rows if row.get("run_id") != run_id] for name, rows in tables.items()}


@every_platform
def test_a_run_whose_detail_fails_is_there_all_the_same_and_is_tried_again_until_it_works(
    likeness: Likeness, server: Server[Any], expected: dict[str, Any]
) -> None:
    run_id, rule = strike_one_run(likeness, server, faults.server_error(500))
    tables = Tables(likeness.connector.tables)
    assert synced(likeness, server, tables, deadline=0.5).unread == len(likeness.unread)
    assert {row["run_id"] for row in tables.of("runs")} == {row["run_id"] for row in expected["runs"]}
    assert of_others(run_id, contents(likeness, tables)) == of_others(run_id, expected)
    synced(likeness, server, tables, deadline=0.5)
    errors = tables.of("fetch_errors", run_id=run_id, status_code=500, attempts=2, resolved_at=None)
    assert {error["endpoint"] for error in errors} == likeness.unread
    server.faults.remove(rule)
    assert not synced(likeness, server, tables).unread
    assert contents(likeness, tables) == expected
    assert not tables.of("fetch_errors", resolved_at=None)


@every_platform
def test_what_never_works_is_given_up_after_some_syncs_and_counted(
    likeness: Likeness, server: Server[Any]
) -> None:
    run_id, _ = strike_one_run(likeness, server, faults.answer(400, b"{}"))
    tables = Tables(likeness.connector.tables)
    for _ in range(MOST_ATTEMPTS):
        synced(likeness, server, tables)
    assert tables.state["abandoned"] == 1
    messages = [error["message"] for error in tables.of("fetch_errors")]
    assert len(messages) == len(likeness.unread)
    assert all(message.startswith("given up") for message in messages)
    server.requests.clear()
    assert not synced(likeness, server, tables).unread
    assert not [request for request in server.requests.of(likeness.once.on) if run_id in request.path]


@every_platform
def test_what_was_given_up_stays_unresolved(likeness: Likeness, server: Server[Any]) -> None:
    strike_one_run(likeness, server, faults.answer(400, b"{}"))
    tables = Tables(likeness.connector.tables)
    for _ in range(MOST_ATTEMPTS + 2):
        synced(likeness, server, tables)
    errors = tables.of("fetch_errors", attempts=MOST_ATTEMPTS, resolved_at=None)
    assert len(errors) == len(likeness.unread)


@every_platform
@pytest.mark.parametrize("status", [401, 500])
def test_what_was_read_before_everything_failed_is_committed(
    status: int, likeness: Likeness, server: Server[Any], expected: dict[str, Any]
) -> None:
    def everything_fails() -> None:
        fault = faults.refusal(401) if status == 401 else faults.server_error(500)
        server.faults.add(fault)

    tables = Tables(likeness.connector.tables)
    session = session_of(
        likeness,
        server,
        clock=server.emulator.clock,
        settings=likeness.sync_settings(chunk_runs=3),
        concurrency=1,
        deadline=0.1,
    )
    session.begin({}, None, frozenset(likeness.connector.tables))
    first = list(session.chunk())
    tables.commit(first, first[-1])  # type: ignore[arg-type]
    everything_fails()
    while not session.is_done:
        events = list(session.chunk())
        if events:
            tables.commit(events, events[-1])  # type: ignore[arg-type]
    session.close()
    assert tables.of("runs")
    if status == 401:
        assert isinstance(session.failure, AuthenticationError)
        assert "api_key" in str(session.failure)
    server.faults.clear()
    synced(likeness, server, tables)
    assert contents(likeness, tables) == expected


@every_platform
def test_a_host_that_shows_web_pages_is_named(likeness: Likeness, server: Server[Any]) -> None:
    server.faults.add(faults.html_page())
    with pytest.raises(RunmartError, match=server.origin.removeprefix("http://")):
        synced(likeness, server, Tables(likeness.connector.tables))
