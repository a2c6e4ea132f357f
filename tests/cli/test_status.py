"""`runmart status`: on a warehouse with nothing, with all, and with tables and columns missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb

if TYPE_CHECKING:
    from commands import Place


def armature(status: Any) -> Any:  # noqa: ANN401
    return next(platform for platform in status["platforms"] if platform["platform"] == "armature")


def change(place: Place, *statements: str) -> None:
    with duckdb.connect(str(place.folder / "runmart.duckdb")) as connection:
        for statement in statements:
            connection.execute(statement)


def test_a_warehouse_that_does_not_exist_has_nothing(empty: Place) -> None:
    done = empty.call("status")
    assert done.code == 0
    assert "nothing was loaded yet" in done.out
    assert armature(empty.call("status", "--json").json)["last_sync"] is None
    assert not (empty.folder / "runmart.duckdb").exists()


def test_a_filled_warehouse_tells_what_it_holds(whole: Place) -> None:
    done = whole.call("status", "--json")
    found = armature(done.json)
    assert done.code == 0
    assert found["last_complete_sync"] == found["last_sync"]
    assert found["oldest_run"] < found["newest_run"]
    assert found["holes"] == []
    assert found["unread_details"] == {}
    assert isinstance(found["open_runs"], int)
    assert isinstance(found["abandoned_runs"], int)
    assert found["rows"]["runs"] > 0
    assert found["rows"]["trace_spans"] is None or found["rows"]["trace_spans"] == 0
    marts = done.json["marts"]
    assert marts["rows"]["fct_runs"] == found["rows"]["runs"]
    assert marts["built_until"]["armature"] == found["read_until"]


def test_people_read_the_same(whole: Place) -> None:
    out = whole.call("status").out
    assert "last complete sync" in out
    assert "tool_calls" in out
    assert "which is all that is loaded" in out


def test_holes_and_unread_details_are_shown_and_end_with_3(loaded: Place) -> None:
    change(
        loaded,
        "update armature.sync_log set gap_start = timestamptz '2026-01-01 00:00+00',"
        " gap_end = timestamptz '2026-01-09 00:00+00' where chunk = 0",
        "insert into armature.fetch_errors (account, run_id, endpoint, _dlt_load_id)"
        " values ('default', 'r1', 'trace', ''), ('default', 'r2', 'trace', '')",
    )
    done = loaded.call("status", "--json")
    assert done.code == 3
    assert armature(done.json)["holes"] == [{"start": "2026-01-01T00:00:00Z", "end": "2026-01-09T00:00:00Z"}]
    assert armature(done.json)["unread_details"] == {"trace": 2}
    shown = loaded.call("status").out
    assert "2026-01-01T00:00:00Z to 2026-01-09T00:00:00Z" in shown
    assert "2 trace" in shown


def test_missing_tables_and_columns_are_no_error(loaded: Place) -> None:
    change(
        loaded,
        "drop schema analytics cascade",
        "drop table armature.fetch_errors",
        "drop table armature._dlt_pipeline_state",
        "alter table armature.sync_log drop column open_runs",
    )
    done = loaded.call("status", "--json")
    assert done.code == 0, done.err
    assert armature(done.json)["open_runs"] is None
    assert armature(done.json)["abandoned_runs"] is None
    assert done.json["marts"]["rows"] == {}
    assert "none yet" in loaded.call("status").out


def test_marts_that_are_behind_say_so(loaded: Place) -> None:
    change(loaded, "update armature.runs set _extracted_at = _extracted_at + interval 1 hour")
    assert "more is loaded: run `runmart build`" in loaded.call("status").out
