"""Runflow's evaluations: late, tried again, superseded, without a verdict, and none of them is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from runflow_account import RunflowAccount, runflow_account

from sources.common.address import HttpSettings
from sources.common.http import Api
from sources.runflow import CONNECTOR

MANY = 1_100
"""Runs that fill more pages than a sync of a list in order reads."""


def verdicts(account: RunflowAccount, run_id: str) -> list[bool | None]:
    rows = account.rows("evaluations", run_id=run_id)
    return [row["overall_passed"] for row in sorted(rows, key=lambda row: row["attempt_number"])]


@pytest.mark.parametrize("passed", [True, False, None])
@pytest.mark.parametrize("shows_status", [True, False])
def test_a_verdict_has_three_values(passed: bool | None, shows_status: bool) -> None:
    with runflow_account(shows_evaluation_status=shows_status) as account:
        (run_id,) = account.add_runs(1, passed=passed, minutes_apart=60)
        assert account.sync().open_runs == 0
        assert account.row("evaluations", run_id=run_id)["overall_passed"] is passed
        assert account.row("runs", run_id=run_id)["evaluation_passed"] is passed


def test_an_evaluation_that_comes_late_is_waited_for() -> None:
    with runflow_account() as account:
        (run_id,) = account.add_runs(1, evaluation_after_s=40 * 3600)
        assert account.sync().open_runs == 1
        account.world.clock.advance(hours=41)
        assert account.sync().open_runs == 0
        assert verdicts(account, run_id) == [True]
        assert account.row("runs", run_id=run_id)["score"] is not None


def test_an_evaluation_under_way_is_waited_for() -> None:
    with runflow_account() as account:
        (run_id,) = account.add_runs(1, minutes_apart=4)
        assert account.sync().open_runs == 1
        assert account.rows("evaluations") == []
        account.world.clock.advance(minutes=5)
        account.sync()
        assert verdicts(account, run_id) == [True]


def test_after_the_wait_only_comfyui_workflows_count_as_abandoned() -> None:
    for kind, abandoned in (("flow", 0), ("comfyui_workflow", 1)):
        with runflow_account() as account:
            account.add_runs(1, kind=kind, evaluation_after_s=None)
            account.sync()
            account.world.clock.advance(hours=49)
            assert account.sync().open_runs == 0
            assert account.tables.state["abandoned"] == abandoned


@pytest.mark.parametrize("status", ["failed", "errored", "cancelled"])
@pytest.mark.parametrize("word", ["canceled", "cancelled"])
def test_no_evaluation_of_a_run_without_a_result_is_waited_for(status: str, word: str) -> None:
    with runflow_account(cancelled_word=word) as account:
        account.add_runs(1, status=status)
        assert account.sync().open_runs == 0
        assert account.row("runs")["status"] == (word if status == "cancelled" else status)


@pytest.mark.parametrize("order", ["newest_first", "oldest_first"])
@pytest.mark.parametrize("lists", ["paged", "bare"])
def test_every_attempt_is_kept_and_what_counted_when_is_told(order: str, lists: str) -> None:
    with runflow_account(evaluation_order=order, child_lists=lists) as account:
        (run_id,) = account.add_runs(1, passed=False, minutes_apart=60)
        account.sync()
        account.world.clock.advance(days=3)
        account.world.evaluate(run_id, passed=True)
        superseded_at = datetime.fromtimestamp(account.world.clock.now() / 1000, UTC)
        account.world.clock.advance(hours=1)
        account.sync()
        first, second = sorted(account.rows("evaluations"), key=lambda row: row["attempt_number"])
        assert (first["overall_passed"], first["superseded_at"]) == (False, superseded_at)
        assert (second["overall_passed"], second["superseded_at"]) == (True, None)
        assert second["parent_evaluation_id"] == first["evaluation_id"]
        assert account.row("runs")["evaluation_passed"] is True


def test_a_verdict_that_is_superseded_days_later_is_found_behind_many_other_runs() -> None:
    with runflow_account() as account:
        (run_id,) = account.add_runs(1, passed=False, minutes_apart=60)
        account.sync("runs", "evaluations")
        account.add_runs(MANY, minutes_apart=1, status="failed")
        account.sync("runs", "evaluations")
        account.world.clock.advance(days=4)
        account.world.evaluate(run_id, passed=True)
        account.world.clock.advance(hours=1)
        account.sync("runs", "evaluations")
        assert verdicts(account, run_id) == [False, True]


def test_a_run_that_was_read_by_id_alone_is_known_to_change() -> None:
    with runflow_account() as account:
        (run_id,) = account.add_runs(1, duration_s=3600, passed=False, minutes_apart=1)
        account.sync("runs", "evaluations")
        account.add_runs(MANY, minutes_apart=1, status="failed")
        account.sync("runs", "evaluations")
        assert verdicts(account, run_id) == [False]
        account.world.clock.advance(days=2)
        account.world.evaluate(run_id, passed=True)
        account.world.clock.advance(hours=1)
        account.sync("runs", "evaluations")
        assert verdicts(account, run_id) == [False, True]


def test_an_evaluation_that_is_superseded_by_none_leaves_no_verdict() -> None:
    with runflow_account() as account:
        (run_id,) = account.add_runs(1, minutes_apart=60)
        account.sync()
        account.world.supersede(run_id)
        account.sync()
        assert account.row("evaluations")["superseded_at"] is not None
        assert account.row("runs")["evaluation_passed"] is None


def test_a_judge_that_erred_is_kept_beside_the_next_attempt() -> None:
    with runflow_account() as account:
        (run_id,) = account.add_runs(1, evaluation_after_s=None)
        account.world.evaluate(run_id, status="failed")
        account.world.clock.advance(hours=1)
        account.sync()
        account.world.evaluate(run_id, passed=False)
        account.world.clock.advance(hours=1)
        account.sync()
        assert verdicts(account, run_id) == [None, False]


def test_judges_and_the_issues_that_they_found_belong_to_their_evaluation() -> None:
    with runflow_account() as account:
        account.add_runs(1, passed=False, minutes_apart=60)
        account.sync()
        evaluation = account.row("evaluations")
        judges = account.rows("evaluation_judges", evaluation_id=evaluation["evaluation_id"])
        assert [judge["judge_index"] for judge in judges] == list(range(len(judges)))
        assert False in [judge["passed"] for judge in judges]
        assert all(judge["weight"] and judge["confidence"] and judge["reasoning"] for judge in judges)
        issues = account.rows("evaluation_issues")
        assert {issue["detail"] for issue in issues} >= set(evaluation["top_issues"])
        failed = {judge["judge_index"] for judge in judges if judge["passed"] is False}
        assert {issue["judge_index"] for issue in issues} == failed


def test_feedback_that_is_given_or_taken_back_days_later_is_found() -> None:
    with runflow_account() as account:
        (run_id,) = account.add_runs(1, minutes_apart=60)
        account.sync()
        for thumb in (False, None):
            account.world.clock.advance(days=2)
            account.world.feedback(run_id, thumb, "Too dark")
            account.sync()
            assert account.row("runs")["feedback_is_positive"] is thumb


def test_nothing_new_costs_four_requests() -> None:
    with runflow_account() as account:
        account.add_runs(20, minutes_apart=60)
        account.sync()
        account.sync()
        assert account.server.requests.total == 4


def test_the_wait_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCES__RUNFLOW__EVALUATION_WAIT_HOURS", "3")
    platform = CONNECTOR.platform(Api(HttpSettings("http://localhost/v1", "key")), CONNECTOR.options())
    row = {"status": "succeeded", "failure_code": None, "batch_id": None}
    assert platform.waits(row) == {"evaluations": timedelta(hours=3)}
