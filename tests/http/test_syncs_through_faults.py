"""What Armature may forbid, or not have: the tables that are left out, and those that are not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from faulty import contents, synced

from emulator.common import faults
from tests.sync.tables import Tables

if TYPE_CHECKING:
    from emulator import Server
    from tests.likeness.platform import Likeness


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
    likeness: Likeness,
    server: Server[Any],
    expected: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    forbidden = server.faults.add(faults.refusal(403), on=endpoint)
    tables = Tables(likeness.connector.tables)
    synced(likeness, server, tables)
    assert "left out" in caplog.text
    assert not any(contents(likeness, tables)[name] for name in left_out)
    assert contents(likeness, tables)["runs"] == expected["runs"]
    server.faults.remove(forbidden)
    assert synced(likeness, server, tables).is_complete
    assert contents(likeness, tables) == expected


@pytest.mark.parametrize("endpoint", ["evaluation", "tool-calls", "trace"])
def test_a_child_that_does_not_exist_is_none(
    endpoint: str, likeness: Likeness, server: Server[Any], expected: dict[str, Any]
) -> None:
    server.faults.add(faults.refusal(404), on=f"GET /runs/{{id}}/{endpoint}")
    tables = Tables(likeness.connector.tables)
    outcome = synced(likeness, server, tables)
    assert outcome.is_complete
    assert not outcome.unread
    assert contents(likeness, tables)["runs"] == expected["runs"]


def test_an_endpoint_that_fails_for_all_runs_does_not_stop_the_others(
    likeness: Likeness, server: Server[Any], expected: dict[str, Any]
) -> None:
    rule = server.faults.add(faults.server_error(500), on="GET /runs/{id}/tool-calls")
    tables = Tables(likeness.connector.tables)
    outcome = synced(likeness, server, tables, deadline=0.5)
    assert not outcome.is_complete or outcome.unread
    for name in ("runs", "evaluations", "evaluation_criteria", "trace_spans"):
        assert contents(likeness, tables)[name] == expected[name]
    server.faults.remove(rule)
    synced(likeness, server, tables)
    assert contents(likeness, tables) == expected
