"""Syncs over real HTTP: what faults leave behind, and that it is made up for."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from emulator import serve
from emulator.armature import ArmatureEmulator, ArmatureSettings, World
from emulator.common import faults
from emulator.common.clock import Clock
from sources.armature.tables import TABLES
from sources.common.errors import AuthenticationError, RunmartError
from sources.common.reading import MOST_ATTEMPTS
from sources.common.session import SyncSettings
from tests.sync.syncing import session_of, sync
from tests.sync.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator import Server
    from emulator.common.faults import Fault
    from sources.common.session import Outcome

NOW = "2026-06-01T12:00:00Z"
RUNS = 12
EVERYTHING = frozenset(TABLES)
ENDPOINTS = (
    "GET /runs",
    "GET /runs/{id}",
    "GET /runs/{id}/evaluation",
    "GET /runs/{id}/tool-calls",
    "GET /runs/{id}/trace",
    "GET /workflows",
    "GET /workflows/{id}",
    "GET /mcp-servers",
)
PASSING = {
    "429": faults.too_many_requests(None),
    "429 with seconds": faults.too_many_requests(0.02),
    "500": faults.server_error(500),
    "502": faults.server_error(502),
    "503": faults.server_error(503),
    "504": faults.server_error(504),
    "reset": faults.reset(),
    "cut": faults.cut_body(),
    "cut at once": faults.cut_body(0),
    "web page": faults.html_page(),
    "garbage": faults.garbage(),
    "empty": faults.empty_body(),
    "redirect": faults.redirect("https://elsewhere.invalid/"),
}


@pytest.fixture
def server() -> Iterator[Server[ArmatureEmulator]]:
    """A small account whose list leaves things out, so that every endpoint is asked."""
    world = World.empty(Clock.manual(NOW))
    for number in range(RUNS):
        world.clock.advance(minutes=5)
        world.add_run(status=("pass", "fail", "partial")[number % 3], duration_s=60, calls=2)
    world.clock.advance(hours=1)
    settings = ArmatureSettings(list_rows="slim", max_page_size=5)
    with serve(ArmatureEmulator(world, settings)) as running:
        yield running


def synced(server: Server[ArmatureEmulator], tables: Tables, **options: Any) -> Outcome:  # noqa: ANN401
    settings = SyncSettings(chunk_runs=5)
    session = session_of(server, clock=server.emulator.world.clock, settings=settings, **options)
    return sync(session, tables, selected=EVERYTHING)


def contents(tables: Tables) -> dict[str, list[dict[str, Any]]]:
    """What the platform said, by table."""
    return {
        name: [{key: row[key] for key in row if key != "_extracted_at"} for row in tables.of(name)]
        for name in TABLES
        if name not in ("sync_log", "fetch_errors")
    }


@pytest.fixture
def expected(server: Server[ArmatureEmulator]) -> dict[str, list[dict[str, Any]]]:
    """The tables of a sync without faults."""
    tables = Tables(TABLES)
    assert synced(server, tables).is_complete
    assert all(rows for rows in contents(tables).values()), "the world leaves a table empty"
    server.requests.clear()
    return contents(tables)


@pytest.mark.parametrize("name", PASSING)
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_no_fault_of_any_endpoint_changes_the_tables(
    endpoint: str, name: str, server: Server[ArmatureEmulator], expected: dict[str, Any]
) -> None:
    rule = server.faults.add(PASSING[name], on=endpoint, times=3)
    tables = Tables(TABLES)
    outcome = synced(server, tables)
    assert rule.struck == 3
    assert outcome.is_complete
    assert not outcome.unread
    assert contents(tables) == expected


@pytest.mark.parametrize("seed", range(5))
def test_no_mix_of_faults_that_leaves_every_second_request_alive_changes_the_tables(
    seed: int, server: Server[ArmatureEmulator], expected: dict[str, Any]
) -> None:
    chance = random.Random(seed)  # noqa: S311
    chosen = chance.sample(sorted(PASSING), 5)
    left = 0.5
    for name in chosen:
        # Rules are tried in turn: each takes its share of what the ones before it left.
        server.faults.add(PASSING[name], probability=0.1 / (left + 0.5))
        left -= 0.1
    tables = Tables(TABLES)
    outcome = synced(server, tables)
    assert outcome.is_complete, (chosen, outcome.missing)
    assert contents(tables) == expected


@pytest.mark.parametrize(
    ("endpoint", "left_out"),
    [
        ("GET /runs/{id}/evaluation", {"evaluations", "evaluation_criteria"}),
        ("GET /runs/{id}/tool-calls", {"tool_calls"}),
        ("GET /runs/{id}/trace", {"trace_spans"}),
        ("GET /workflows*", {"workflows", "workflow_criteria"}),
        ("GET /mcp-servers", {"mcp_servers"}),
    ],
)
def test_a_forbidden_table_is_left_out_with_a_warning_and_caught_up_with_when_it_is_granted(
    endpoint: str,
    left_out: set[str],
    server: Server[ArmatureEmulator],
    expected: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    forbidden = server.faults.add(faults.refusal(403), on=endpoint)
    tables = Tables(TABLES)
    synced(server, tables)
    assert "left out" in caplog.text
    assert not any(contents(tables)[name] for name in left_out)
    assert contents(tables)["runs"] == expected["runs"]
    server.faults.remove(forbidden)
    assert synced(server, tables).is_complete
    assert contents(tables) == expected


@pytest.mark.parametrize("endpoint", ["evaluation", "tool-calls", "trace"])
def test_a_child_that_does_not_exist_is_none(
    endpoint: str, server: Server[ArmatureEmulator], expected: dict[str, Any]
) -> None:
    server.faults.add(faults.refusal(404), on=f"GET /runs/{{id}}/{endpoint}")
    tables = Tables(TABLES)
    outcome = synced(server, tables)
    assert outcome.is_complete
    assert not outcome.unread
    assert contents(tables)["runs"] == expected["runs"]


def strike_one_run(server: Server[ArmatureEmulator], fault: Fault) -> tuple[str, faults.FaultRule]:
    """Let the tool calls of one run fail for good."""
    run = server.emulator.world.runs()[0]
    assert not isinstance(run, int)
    return run.id, server.faults.add(fault, on=f"GET /runs/{run.id}/tool-calls")


def test_a_run_whose_detail_fails_is_there_all_the_same_and_is_tried_again_until_it_works(
    server: Server[ArmatureEmulator], expected: dict[str, Any]
) -> None:
    run_id, rule = strike_one_run(server, faults.server_error(500))
    tables = Tables(TABLES)
    assert synced(server, tables, deadline=0.5).unread == 1
    assert contents(tables)["runs"] == expected["runs"]
    assert contents(tables)["evaluations"] == expected["evaluations"]
    synced(server, tables, deadline=0.5)
    (error,) = tables.of("fetch_errors")
    assert (error["run_id"], error["endpoint"], error["status_code"]) == (run_id, "tool_calls", 500)
    assert (error["attempts"], error["resolved_at"]) == (2, None)
    server.faults.remove(rule)
    assert not synced(server, tables).unread
    assert contents(tables) == expected
    (error,) = tables.of("fetch_errors")
    assert error["resolved_at"] is not None


def test_what_never_works_is_given_up_after_some_syncs_and_counted(server: Server[ArmatureEmulator]) -> None:
    strike_one_run(server, faults.answer(400, b"{}"))
    tables = Tables(TABLES)
    for _ in range(MOST_ATTEMPTS):
        synced(server, tables)
    assert tables.state["abandoned"] == 1
    (error,) = tables.of("fetch_errors")
    assert error["message"].startswith("given up")
    server.requests.clear()
    assert not synced(server, tables).unread
    assert not server.requests.counts["GET /runs/{id}/tool-calls"]


def test_what_was_given_up_stays_unresolved(server: Server[ArmatureEmulator]) -> None:
    strike_one_run(server, faults.answer(400, b"{}"))
    tables = Tables(TABLES)
    for _ in range(MOST_ATTEMPTS + 2):
        synced(server, tables)
    (error,) = tables.of("fetch_errors")
    assert (error["attempts"], error["resolved_at"]) == (MOST_ATTEMPTS, None)


def test_an_endpoint_that_fails_for_all_runs_does_not_stop_the_others(
    server: Server[ArmatureEmulator], expected: dict[str, Any]
) -> None:
    rule = server.faults.add(faults.server_error(500), on="GET /runs/{id}/tool-calls")
    tables = Tables(TABLES)
    outcome = synced(server, tables, deadline=0.5)
    assert not outcome.is_complete or outcome.unread
    for name in ("runs", "evaluations", "evaluation_criteria", "trace_spans"):
        assert contents(tables)[name] == expected[name]
    server.faults.remove(rule)
    synced(server, tables)
    assert contents(tables) == expected


@pytest.mark.parametrize("status", [401, 500])
def test_what_was_read_before_everything_failed_is_committed(
    status: int, server: Server[ArmatureEmulator], expected: dict[str, Any]
) -> None:
    def everything_fails() -> None:
        fault = faults.refusal(401) if status == 401 else faults.server_error(500)
        server.faults.add(fault)

    tables = Tables(TABLES)
    session = session_of(
        server,
        clock=server.emulator.world.clock,
        settings=SyncSettings(chunk_runs=3),
        concurrency=1,
        deadline=0.5,
    )
    session.begin({}, None, EVERYTHING)
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
    synced(server, tables)
    assert contents(tables) == expected


def test_a_host_that_shows_web_pages_is_named(server: Server[ArmatureEmulator]) -> None:
    server.faults.add(faults.html_page())
    with pytest.raises(RunmartError, match=server.origin.removeprefix("http://")):
        synced(server, Tables(TABLES))
