"""What could not be read and is no longer tried is still counted as missing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from standin import Account

from pipelines.cli import run_command

if TYPE_CHECKING:
    from reading import Warehouse
    from standin import StandIn


class Refusing(Account):
    """Refuses the tool calls of every run."""

    def answer(self, path: tuple[str, ...], query: Any) -> tuple[int, Any]:  # noqa: ANN401
        if path[-1] == "tool-calls":
            return 400, {"error": {"code": "validation_failed"}}
        return super().answer(path, query)


@pytest.fixture
def given_up(api: StandIn, any_warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    """A warehouse with a run whose tool calls are not tried again."""
    monkeypatch.setenv("SOURCES__ARMATURE__MOST_ATTEMPTS", "1")
    run = {"id": "run-1", "workflowId": "wf", "status": "pass", "startedAt": "2026-06-01T00:00:00Z"}
    api.account = Refusing(runs=[run], evaluations={"run-1": {"verdict": "pass"}})
    assert any_warehouse.load().unread == 1
    return any_warehouse


def test_a_load_after_it_was_given_up_neither_asks_for_it_nor_calls_it_resolved(
    api: StandIn, given_up: Warehouse
) -> None:
    api.requests.clear()
    given_up.load()
    assert not [request for request in api.requests if "tool-calls" in request]
    (error,) = given_up["fetch_errors"]
    assert (error["attempts"], error["resolved_at"]) == (1, None)


def test_status_counts_what_was_given_up_as_unread_and_its_run_as_abandoned(
    given_up: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run_command(["status", "--json"], shows_traceback=False) == 3
    platforms = json.loads(capsys.readouterr().out)["platforms"]
    (armature,) = [found for found in platforms if found["platform"] == "armature"]
    assert armature["unread_details"] == {"tool_calls": 1}
    assert armature["abandoned_runs"] == 1
