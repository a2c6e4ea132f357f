"""Runflow's run list is read to its end, whatever its cursors look like, and no further than it must be."""

from __future__ import annotations

import pytest
from runflow_account import RunflowAccount, runflow_account

from emulator.common import faults
from emulator.common.keys import Role
from sources.common.errors import EndpointError
from sources.runflow.paging import CutError, next_page

SMALL_PAGES = {"default_limit": 7, "max_limit": 7}


def loaded(account: RunflowAccount) -> set[str]:
    return {row["run_id"] for row in account.rows("runs")}


@pytest.mark.parametrize("cursor_as", ["cursor", "query", "path", "url"])
@pytest.mark.parametrize("cursor_names", ["next", "next_pq"])
def test_every_run_is_read_however_a_cursor_is_written(cursor_as: str, cursor_names: str) -> None:
    with runflow_account(cursor_as=cursor_as, cursor_names=cursor_names, **SMALL_PAGES) as account:
        ids = account.add_runs(30)
        outcome = account.sync("runs")
        assert outcome.is_complete
        assert loaded(account) == set(ids)


@pytest.mark.parametrize("no_cursor", ["null", "absent", "empty"])
@pytest.mark.parametrize("envelope", ["items", "data", "results"])
def test_the_last_page_may_say_so_in_any_way(no_cursor: str, envelope: str) -> None:
    with runflow_account(no_cursor=no_cursor, list_envelope=envelope, **SMALL_PAGES) as account:
        ids = account.add_runs(14)
        assert account.sync("runs").is_complete
        assert loaded(account) == set(ids)


def test_a_next_page_at_another_host_is_asked_for_at_our_own() -> None:
    with (
        runflow_account() as other,
        runflow_account(cursor_as="url", cursor_origin=other.server.origin, **SMALL_PAGES) as account,
    ):
        ids = account.add_runs(30)
        account.sync("runs")
        assert loaded(account) == set(ids)
        assert other.server.requests.total == 0


@pytest.mark.parametrize("order", ["newest_first", "oldest_first", "shuffled"])
def test_every_run_is_read_in_any_order(order: str) -> None:
    with runflow_account(honours_sort=False, default_order=order, **SMALL_PAGES) as account:
        ids = account.add_runs(40)
        account.sync("runs")
        ids += account.add_runs(3)
        account.sync("runs")
        assert loaded(account) == set(ids)


def test_runs_that_arrive_between_two_pages_hide_none_where_cursors_are_offsets() -> None:
    with runflow_account(cursor_holds="offset", **SMALL_PAGES) as account:
        ids = account.add_runs(30)
        hooks = [account.world.on_page(lambda _page: ids.append(account.world.add_run().id))]
        account.world.on_page(lambda page: hooks.pop()() if page == 3 and hooks else None)
        account.sync("runs")
        account.sync("runs")
        assert loaded(account) == set(ids)


def test_a_list_in_order_is_read_no_further_than_its_window() -> None:
    with runflow_account(**SMALL_PAGES) as account:
        account.add_runs(100, minutes_apart=60)
        account.sync("runs")
        account.sync("runs")
        assert account.asked("/runs") == 2


def test_a_sweep_reads_a_week_and_no_more() -> None:
    with runflow_account(**SMALL_PAGES) as account:
        account.add_runs(60, minutes_apart=24 * 60)
        account.sync("runs")
        account.world.clock.advance(hours=7)
        account.sync("runs")
        assert account.asked("/runs") <= 3


def test_a_platform_that_ignores_cursors_is_read_once_and_told_of() -> None:
    with runflow_account(ignores_cursor=True, **SMALL_PAGES) as account:
        account.add_runs(20)
        outcome = account.sync("runs")
        assert not outcome.is_complete
        assert any("cannot be read" in sentence for sentence in outcome.missing)
        assert len(loaded(account)) == 7
        assert account.asked("/runs") <= 8


def test_the_cursor_stays_where_it_was_while_the_list_is_cut() -> None:
    with runflow_account(ignores_cursor=True, **SMALL_PAGES) as account:
        account.add_runs(20)
        account.sync("runs")
        assert account.tables.cursor is None


def test_a_page_that_its_window_ends_in_needs_no_working_cursor() -> None:
    with runflow_account(default_limit=12, max_limit=12) as account:
        account.add_runs(20, minutes_apart=60)
        account.sync("runs")
        (new,) = account.add_runs(1)
        account.world.on_page(
            lambda _page: account.server.faults.add(faults.answer(422, b"{}"), on="GET /runs", times=2)
        )
        outcome = account.sync("runs")
        assert outcome.is_complete
        assert new in loaded(account)


@pytest.mark.parametrize("max_limit", [500, 100, 20])
def test_the_largest_page_that_is_not_refused_is_asked_for(max_limit: int) -> None:
    with runflow_account(max_limit=max_limit, default_limit=20) as account:
        account.add_runs(15)
        account.sync("runs", "node_runs")
        sizes = [request.query.get("limit") for request in account.server.requests.of("GET /runs")]
        assert sizes[0] == "500"
        assert len(loaded(account)) == 15
        account.sync("runs")
        sizes = [request.query.get("limit") for request in account.server.requests.of("GET /runs")]
        assert sizes == [{500: "500", 100: "100", 20: None}[max_limit]]


def test_a_key_without_the_scope_for_evaluations_reads_all_the_rest() -> None:
    with runflow_account() as account:
        account.key = account.server.emulator.keys.issue(Role.VIEWER, without=["evaluations:read"]).token
        (run_id,) = account.add_runs(1, minutes_apart=60)
        outcome = account.sync()
        assert account.row("runs", run_id=run_id)["status"] == "succeeded"
        assert account.rows("node_runs")
        assert not account.rows("evaluations")
        assert any(sentence.startswith("evaluations was left out") for sentence in outcome.missing)


def test_a_scope_that_was_refused_is_asked_for_again_after_hours() -> None:
    with runflow_account() as account:
        account.key = account.server.emulator.keys.issue(Role.VIEWER, without=["evaluations:read"]).token
        account.add_runs(1, minutes_apart=60)
        account.sync()
        account.sync("runs")
        assert [("embed" in request.query) for request in account.server.requests.of("GET /runs")] == [False]
        account.key = account.server.api_key
        account.world.clock.advance(hours=7)
        account.sync()
        assert account.row("runs")["evaluation_passed"] is True
        assert account.row("evaluations")["overall_passed"] is True


def test_only_the_runs_of_one_flow_are_loaded_and_the_cursor_stays() -> None:
    with runflow_account(filters="ignored") as account:
        mine = account.world.add_target("mine").id
        other = account.world.add_target("other").id
        account.add_runs(3, target_id=other)
        (run_id,) = account.add_runs(1, target_id=mine)
        account.sync("runs", workflow=mine)
        assert loaded(account) == {run_id}
        assert account.tables.cursor is None


@pytest.mark.parametrize(
    ("said", "parameters"),
    [
        ({"next": "eyJpZCI6MX0="}, {"pq": "eyJpZCI6MX0="}),
        ({"next_pq": "abc"}, {"pq": "abc"}),
        ({"nextPq": "abc"}, {"pq": "abc"}),
        ({"next": None, "next_pq": "abc"}, {"pq": "abc"}),
        ({"next": "", "next_pq": "abc"}, {"pq": "abc"}),
        ({"pagination": {"next": "abc"}}, {"pq": "abc"}),
        ({"next": "pq=a%3Db%2Bc&limit=5"}, {"pq": "a=b+c"}),
        ({"next": "?limit=5&pq=abc"}, {"pq": "abc"}),
        ({"next": "/v1/runs?limit=5&pq=abc#top"}, {"pq": "abc"}),
        ({"next": "https://elsewhere.example.com/v1/runs?pq=abc"}, {"pq": "abc"}),
        ({"next": "https://elsewhere.example.com/v1/runs?cursor=abc"}, {"cursor": "abc"}),
        ({"next": 42}, {"pq": "42"}),
        ({"next": None}, {}),
        ({"next": ""}, {}),
        ({"next": "?pq="}, {}),
        ([], {}),
    ],
)
def test_a_cursor_is_found_wherever_it_stands(said: object, parameters: dict[str, str]) -> None:
    assert next_page(said) == parameters


def test_a_next_page_without_a_cursor_is_an_error_and_not_an_end() -> None:
    with pytest.raises(CutError, match="without a cursor"):
        next_page({"next": "https://elsewhere.example.com/v1/runs"})
    assert issubclass(CutError, EndpointError)
