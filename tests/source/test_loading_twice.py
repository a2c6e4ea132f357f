"""A second load of an account that did not change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from standin import IN_ROWS, Account, Paging, bare

if TYPE_CHECKING:
    from reading import Warehouse
    from standin import StandIn

LATEST = datetime.now(UTC) - timedelta(hours=3)


def account(*, slim: bool) -> Account:
    """100 workflows and 60 judged runs of the last two days."""
    workflows = [
        {
            "id": f"wf-{number}",
            "name": f"Workflow {number}",
            "mcpServerId": "mcp-1",
            "testerPrompt": "Do it.",
            "criteria": [{"criterionText": "Done", "isRequired": True}],
            "schedule": {"every": "1h"},
            "currentVersion": {"id": f"wfv-{number}"},
        }
        for number in range(100)
    ]
    runs = [
        {
            "id": f"run-{number}",
            "workflowId": f"wf-{number % 100}",
            "status": "pass" if number % 3 else "error",
            "startedAt": (LATEST - timedelta(minutes=48 * number)).isoformat(),
            "endedAt": (LATEST - timedelta(minutes=48 * number - 2)).isoformat(),
        }
        for number in range(60)
    ]

    def shorter(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{"id": record["id"]} for record in records] if slim else records

    return Account(
        runs=shorter(runs),
        details={run["id"]: run for run in runs},
        evaluations={
            run["id"]: {"verdict": "pass", "criteria": [{"text": "Done", "passed": True}]} for run in runs
        },
        tool_calls={run["id"]: {"rows": [{"name": "search"}]} for run in runs},
        workflows=shorter(workflows),
        workflow_details={workflow["id"]: {"workflow": workflow} for workflow in workflows},
        mcp_servers=[{"id": "mcp-1", "name": "GitHub"}],
        lists=bare if slim else IN_ROWS,
        paging=Paging(cap=50),
    )


@pytest.mark.parametrize("slim", [False, True], ids=["full lists", "slim lists"])
def test_it_changes_nothing_but_the_sync_log_and_costs_few_requests(
    api: StandIn, duckdb_warehouse: Warehouse, slim: bool
) -> None:
    api.account = account(slim=slim)
    duckdb_warehouse.load()
    first = duckdb_warehouse.tables()
    assert {name: len(rows) for name, rows in first.items() if name != "sync_log"} == {
        "runs": 60,
        "evaluations": 60,
        "evaluation_criteria": 60,
        "tool_calls": 60,
        "workflows": 100,
        "workflow_criteria": 100,
        "mcp_servers": 1,
        "fetch_errors": 0,
    }
    api.requests.clear()
    duckdb_warehouse.load()
    second = duckdb_warehouse.tables()
    assert len(api.requests) <= 25
    assert len(second.pop("sync_log")) == len(first.pop("sync_log")) + 1
    assert second == first
