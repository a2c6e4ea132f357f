"""Data that nobody would send on purpose: every row is kept, no load stops, and the next one works."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from standin import Account

if TYPE_CHECKING:
    from reading import Reader, Warehouse
    from standin import StandIn

NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
RECENT = NOW.isoformat()
ENDED = {"status": "error", "startedAt": RECENT, "endedAt": RECENT}

IDS = [
    "plain",
    "a/b",
    "what?",
    "#hash",
    "100%",
    "%2F",
    "[brackets]",
    "pipe|pipe",
    "co:lon",
    "with space",
    "emoji 😀",
    "quote'\"`",
    "back\\slash",
    "a/../b",
    "semi;colon&and=plus+",
    "x" * 300,
]


def deep(levels: int) -> Any:  # noqa: ANN401
    value: Any = "bottom"
    for level in range(levels):
        value = [value] if level % 2 else {"in": value}
    return value


NUMBERS = b"""{"big": 123456789012345678901234567890, "negative": -99999999999999999999,
 "exact": 0.12345678901234567890123, "nan": NaN, "infinite": [Infinity, -Infinity], "beyond": 1e999,
 "zero": -0.0}"""

STRANGE_RUNS: dict[str, dict[str, Any] | bytes] = {
    "nul": b'{"id": "nul", "status": "pa\\u0000ss", "error": "\\u0000", "k\\u0000": 1, "startedAt": "%s"}'
    % RECENT.encode(),
    "surrogate": b'{"id": "surrogate", "status": "\\ud800", "error": "\\udfff", "x": {"\\ud83d": "\\ude00"}}',
    "broken utf-8": b'{"id": "broken utf-8", "status": "pass", "error": "caf\xe9 \xed\xa0\x80"}',
    "numbers": b'{"id": "numbers", "status": "fail", "attempt": 99999999999999999999, "score": 1e999,'
    b' "cost": 123456789012345678901234567890123456789, "other": ' + NUMBERS + b"}",
    "number as text": {
        "id": "number as text",
        **ENDED,
        "durationMs": "1500",
        "cost": " 0.25 ",
        "attempt": "2",
    },
    "text for numbers": {
        "id": "text for numbers",
        **ENDED,
        "durationMs": "long",
        "cost": "free",
        "score": "A+",
    },
    "objects": {
        "id": "objects",
        "status": {"code": "pass"},
        "model": [{"id": "m"}],
        "startedAt": {"seconds": 5},
        "workflow": [],
        "cost": {},
        "error": {"message": {"text": "boom"}},
        "trigger": [1, 2],
    },
    "nulls": dict.fromkeys(
        ("status", "workflow", "model", "startedAt", "endedAt", "durationMs", "cost", "evaluation", "error")
    )
    | {"id": "nulls"},
    "unknown status": {"id": "unknown status", "status": "frobnicated", "startedAt": RECENT},
    "no timestamp": {"id": "no timestamp", "status": "pass"},
    "ends early": {
        "id": "ends early",
        "status": "pass",
        "startedAt": RECENT,
        "endedAt": (NOW - timedelta(days=1)).isoformat(),
    },
    "beyond time": {**ENDED, "id": "beyond time", "startedAt": "+99999-01-01T00:00:00Z"},
    "no date": {**ENDED, "id": "no date", "startedAt": "yesterday", "endedAt": ""},
    "case": {
        "id": "case",
        "ID": "other",
        "status": "pass",
        "Status": "fail",
        "STATUS": 1,
        "startedAt": RECENT,
    },
    "deep": {"id": "deep", "status": "pass", "startedAt": RECENT, "tree": deep(200)},
    "booleans": {"id": "booleans", "status": True, "model": False, "workflowId": True, "startedAt": True},
    "4711": {"id": 4711, **ENDED},
    **{run_id: {"id": run_id, "workflowId": run_id, **ENDED} for run_id in IDS},
}

CALLS: list[Any] = [
    {"name": "t" * 300, "args": deep(200), "result": deep(201)},
    {"name": {"tool": "object"}, "args": "not an object", "result": False, "isError": "maybe"},
    {"name": 7, "args": [], "result": 0, "durationMs": -5},
    {"id": "same", "name": "a", "Args": 1, "args": {"A": 1, "a": 2}},
    {"id": "same", "name": "b", "args": None, "result": ""},
    "no object",
    None,
    ["a", "list"],
    {},
]


def sent(account: Account, runs: dict[str, Any]) -> None:
    """Give the account runs, some of them as raw bytes."""
    bodies = [body if isinstance(body, bytes) else json.dumps(body).encode() for body in runs.values()]

    class Raw(Account):
        def answer(self, path: tuple[str, ...], query: Any) -> tuple[int, Any]:  # noqa: ANN401
            if path == ("runs",):
                here = bodies if query.get("page", "1") == "1" else []
                return 200, b'{"runs": [' + b", ".join(here) + b"]}"
            return super().answer(path, query)

    account.__class__ = Raw
    account.details = dict(zip(runs, bodies, strict=True))


def strange_account() -> Account:
    account = Account(
        evaluations={
            "plain": {"verdict": {"odd": 1}, "score": "high", "criteria": {"c1": {"passed": "perhaps"}}},
            "a/b": {"evaluation": {"verdict": "pass", "criteria": ["text", None, 5, {"text": {"x": 1}}]}},
            "what?": [{"criterionText": "one", "passed": True}, {"criterionText": "two", "passed": 0}],
            "#hash": b'{"verdict": "pass", "score": NaN, "criteria": [{"score": 1e999, "text": "\\ud800"}]}',
        },
        tool_calls={
            "plain": CALLS,
            "a/b": b'{"rows": [{"name": "\\u0000", "args": ' + NUMBERS + b', "result": "\\ud800 \\u0000"}]}',
            "what?": {"data": {"one": {"name": "x"}, "two": {"name": "y"}}},
            "#hash": b"null",
            "100%": {},
            "[brackets]": {"rows": None},
        },
        workflows=[
            {"id": "wf/?#%[ ]|:😀", "name": "\x00", "criteria": ["plain text", {"text": "t"}]},
            {"name": "has no id"},
            {"id": 12, "name": 13, "criteria": {"a": {"criterionText": "x"}}, "schedule": "daily"},
            None,
            "wf-as-text",
        ],
        mcp_servers=[{"name": "has no id"}, {"id": "m", "categories": "one"}, None],
    )
    sent(account, STRANGE_RUNS)
    return account


def test_every_strange_row_is_kept_and_the_next_load_works(api: StandIn, any_warehouse: Warehouse) -> None:
    api.account = strange_account()
    any_warehouse.load()
    tables = any_warehouse.tables()

    runs = {row["run_id"]: row for row in tables["runs"]}
    assert runs.keys() == STRANGE_RUNS.keys()
    assert runs["nul"]["status"] == "pa\N{REPLACEMENT CHARACTER}ss"
    assert runs["surrogate"]["extra"] == {"x": {"\N{REPLACEMENT CHARACTER}": "\N{REPLACEMENT CHARACTER}"}}
    assert runs["broken utf-8"]["error"].startswith("caf\N{REPLACEMENT CHARACTER} ")
    assert runs["numbers"]["attempt"] is None
    assert runs["numbers"]["extra"]["attempt"] == 99999999999999999999
    assert runs["numbers"]["extra"]["cost"] == 123456789012345678901234567890123456789
    assert runs["numbers"]["extra"]["score"] == "1e999"
    assert runs["numbers"]["extra"]["other"]["big"] == 123456789012345678901234567890
    assert runs["numbers"]["extra"]["other"]["nan"] is None
    assert (runs["number as text"]["duration_ms"], runs["number as text"]["attempt"]) == (1500, 2)
    assert runs["text for numbers"]["extra"] == {"durationMs": "long", "cost": "free", "score": "A+"}
    assert runs["objects"]["extra"] == {k: v for k, v in STRANGE_RUNS["objects"].items() if k != "id"}  # type: ignore[union-attr]
    assert runs["nulls"]["extra"] is None
    assert runs["ends early"]["duration_ms"] is None
    assert runs["beyond time"]["extra"] == {"startedAt": "+99999-01-01T00:00:00Z"}
    assert runs["case"]["extra"] == {"ID": "other", "Status": "fail", "STATUS": 1}
    assert runs["deep"]["extra"] == {"tree": deep(200)}
    assert (runs["booleans"]["status"], runs["booleans"]["extra"]) == ("true", {"startedAt": True})

    calls = [row for row in tables["tool_calls"] if row["run_id"] == "plain"]
    assert [row["call_index"] for row in calls] == list(range(len(CALLS)))
    assert (calls[0]["tool_name"], calls[0]["arguments"]) == ("t" * 300, deep(200))
    assert calls[1]["extra"] == {"name": {"tool": "object"}, "isError": "maybe"}
    assert (calls[1]["arguments"], calls[1]["result"]) == ("not an object", False)
    assert (calls[3]["arguments"], calls[3]["extra"]) == ({"A": 1, "a": 2}, {"Args": 1})
    assert [calls[number]["extra"] for number in (5, 6, 7)] == [
        {"value": "no object"},
        {"value": None},
        {"value": ["a", "list"]},
    ]
    assert [row["tool_call_id"] for row in tables["tool_calls"] if row["run_id"] == "what?"] == ["one", "two"]

    criteria = [row for row in tables["evaluation_criteria"] if row["run_id"] == "a/b"]
    assert [row["criterion_text"] for row in criteria] == ["text", None, "5", None]
    assert len([row for row in tables["evaluation_criteria"] if row["run_id"] == "what?"]) == 2
    assert len(tables["workflows"]) >= 5
    assert len(tables["mcp_servers"]) == 3

    api.account.tool_calls["later"] = [{"name": "later"}]
    sent(api.account, {**STRANGE_RUNS, "later": {"id": "later", **ENDED}})
    any_warehouse.load()
    again = any_warehouse.tables()
    assert {row["run_id"] for row in again["runs"]} == {*STRANGE_RUNS, "later"}
    assert [row for row in again["tool_calls"] if row["run_id"] != "later"] == tables["tool_calls"]


def test_a_result_of_20_mb_and_5000_calls_in_one_run_are_loaded(
    api: StandIn, any_warehouse: Warehouse
) -> None:
    huge = {"content": [{"type": "text", "text": "x" * (20 * 2**20)}]}
    api.account = Account(
        runs=[{"id": "huge", **ENDED}, {"id": "many", **ENDED}],
        tool_calls={
            "huge": [{"name": "dump", "result": huge}],
            "many": [{"name": "step", "args": {"n": number}} for number in range(5000)],
        },
    )
    any_warehouse.load()
    calls = any_warehouse["tool_calls"]
    assert calls[0]["result"] == huge
    assert [row["arguments"] for row in calls[1:]] == [{"n": number} for number in range(5000)]


def test_an_id_with_two_bodies_is_one_row(api: StandIn, duckdb_warehouse: Warehouse) -> None:
    api.account = Account(runs=[{"id": "twin", **ENDED, "model": "a"}, {"id": "twin", **ENDED, "model": "b"}])
    duckdb_warehouse.load()
    assert [row["run_id"] for row in duckdb_warehouse["runs"]] == ["twin"]


def test_runs_without_an_id_are_rows_of_their_own(api: StandIn, duckdb_warehouse: Warehouse) -> None:
    api.account = Account(runs=[{**ENDED, "model": "a"}, {**ENDED, "model": "b"}, {"id": None, **ENDED}])
    duckdb_warehouse.load()
    assert [row["model"] for row in duckdb_warehouse["runs"]].count("a") == 1
    assert len(duckdb_warehouse["runs"]) == 3


@pytest.mark.parametrize(
    "moment",
    ["0001-01-01T00:00:00Z", "1969-01-01T00:00:00Z", "9999-06-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"],
)
@pytest.mark.parametrize("status", ["error", "running", "pass"])
def test_a_run_of_another_age_does_not_hide_later_runs(
    api: StandIn, reader: Reader, moment: str, status: str
) -> None:
    usual = [{"id": f"run-{number}", **ENDED} for number in range(3)]
    strange = {"id": "strange", "status": status, "startedAt": moment, "endedAt": moment}
    api.account = Account(runs=[*usual, strange])
    assert len(reader.sync()["runs"]) == 4
    later = (NOW + timedelta(minutes=30)).isoformat()
    api.account.runs.insert(0, {"id": "later", "status": "error", "startedAt": later, "endedAt": later})
    assert "later" in {row["run_id"] for row in reader.sync()["runs"]}


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "1969-01-01T00:00:00Z", None])
def test_an_account_without_a_run_of_this_age_is_read_again(
    api: StandIn, reader: Reader, moment: str | None
) -> None:
    api.account = Account(runs=[{"id": "only", "status": "error", "startedAt": moment, "endedAt": moment}])
    assert len(reader.sync()["runs"]) == 1
    api.account.runs.insert(0, {"id": "later", **ENDED})
    assert "later" in {row["run_id"] for row in reader.sync()["runs"]}


def test_ids_that_no_address_can_hold_are_rows_and_lead_nowhere_else(
    api: StandIn, duckdb_warehouse: Warehouse
) -> None:
    api.account = Account(
        runs=[{"id": run_id, "workflowId": run_id, **ENDED} for run_id in ("..", ".", "x/..")]
    )
    duckdb_warehouse.load()
    assert {row["run_id"] for row in duckdb_warehouse["runs"]} == {"..", ".", "x/.."}
    assert {request.split("?")[0].removeprefix("/api/armature/v1") for request in api.requests} == {
        "/workflows",
        "/mcp-servers",
        "/runs",
        "/runs/x%2F..",
        "/runs/x%2F../evaluation",
        "/runs/x%2F../tool-calls",
        "/workflows/x%2F..",
    }
