"""The same history, told by APIs that differ in everything that Armature's documentation leaves open."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dlt
import pytest
from standin import Account, Paging, bare, enveloped

from sources.armature import armature_source

if TYPE_CHECKING:
    from collections.abc import Callable

    from reading import Reader, Warehouse
    from standin import Envelope, StandIn

Record = dict[str, Any]

START = (datetime.now(UTC) - timedelta(days=3)).replace(microsecond=250000)
ARGUMENTS = {
    "query": 'is:issue "naïve" 😀',
    "nested": {"camelCase": [1, 2.5, None, True, {"a_b": []}]},
    "n": 2**53,
}
RESULTS: tuple[Any, ...] = (
    {"content": [{"type": "text", "text": "3 issues"}], "isError": False},
    {"content": [{"type": "text", "text": "boom"}], "isError": True},
    "plain text, cut [redacted:jwt]",
    ["a", {"b": 1}],
)
GRADES = (("pass", True), ("fail", False))


@dataclass(frozen=True)
class Dialect:
    """How an API tells what it knows; the defaults are those of the seeds' request bodies."""

    envelope: Envelope = enveloped("runs")  # noqa: RUF009 - a function, not shared state
    lists: Envelope = enveloped("rows")  # noqa: RUF009
    wrap: bool = False
    case: str = "camel"
    workflow: str = "id"
    time: str = "Z"
    duration: str = "duration_ms"
    cost: str = "number"
    verdict: str = "flat"
    criteria: str = "criteria"
    grade: str = "both"
    tool: tuple[str, str, str] = ("tool_name", "arguments", "result")
    unjudged: str = "404"
    slim: bool = False
    page_base: int = 1
    suffix: str = ""

    def key(self, name: str) -> str:
        if self.case == "snake":
            return name
        return re.sub(r"_(\w)", lambda match: match[1].upper(), name)

    def keys(self, record: Record) -> Record:
        return {self.key(name): value for name, value in record.items()}

    def moment(self, value: datetime) -> Any:  # noqa: ANN401
        seconds = value.timestamp()
        return {
            "Z": value.isoformat().replace("+00:00", "Z"),
            "offset": (value + timedelta(hours=5, minutes=30)).isoformat().replace("+00:00", "+05:30"),
            "no zone": value.replace(tzinfo=None).isoformat(),
            "space and UTC": f"{value:%Y-%m-%d %H:%M:%S.%f} UTC",
            "seconds": seconds,
            "milliseconds": round(seconds * 1000),
            "text of milliseconds": str(round(seconds * 1000)),
        }[self.time]

    def lasting(self, milliseconds: int) -> Record:
        is_seconds = "second" in self.duration or self.duration.endswith("_s") or self.duration == "duration"
        return {self.duration: milliseconds / 1000 if is_seconds else milliseconds}

    def single(self, record: Record, name: str) -> Record:
        return {name: record} if self.wrap else record


def run_facts(number: int) -> Record:
    """Run 0 to 3 as the table `runs` shall hold it."""
    start = START + timedelta(minutes=number)
    return {
        "run_id": f"run-{number}",
        "workflow_id": "wf-1",
        "workflow_name": "Search",
        "status": ("pass", "fail", "partial", "error")[number],
        "model": "claude-sonnet-4",
        "started_at": start,
        "ended_at": start + timedelta(milliseconds=61_500 + number),
        "duration_ms": 61_500 + number,
        "cost": Decimal("0.012345678") * (number + 1),
        "verdict": ("pass", "fail", "partial", None)[number],
    }


def run_record(dialect: Dialect, number: int) -> Record:
    facts = run_facts(number)
    record: Record = {
        "id": facts["run_id"],
        "status": facts["status"],
        "model": facts["model"],
        "started_at": dialect.moment(facts["started_at"]),
        "ended_at": dialect.moment(facts["ended_at"]),
        **dialect.lasting(facts["duration_ms"]),
    }
    record |= {
        "id": {"workflow_id": "wf-1", "workflow_name": "Search"},
        "object": {"workflow": {"id": "wf-1", "name": "Search"}},
        "flat": {"workflow": "wf-1", "workflow_name": "Search"},
    }[dialect.workflow]
    cost = facts["cost"]
    record["cost"] = {
        "number": float(cost),
        "text": str(cost),
        "total": {"total": float(cost)},
        "amount": {"amount": str(cost), "currency": "USD"},
    }[dialect.cost]
    if facts["verdict"]:
        record |= {"flat": {"verdict": facts["verdict"]}}.get(
            dialect.verdict, {dialect.verdict: {"verdict": facts["verdict"]}}
        )
    return dialect.keys(record)


def evaluation(dialect: Dialect, number: int) -> Record:
    verdict = run_facts(number)["verdict"]
    criteria = []
    for index, (status, passed) in enumerate(GRADES):
        criterion: Record = {
            "criterion_text": f"criterion {index}",
            "is_required": index == 0,
            "rationale": f"because {index}",
            "excerpts": [{"quote": f"excerpt {index}"}],
        }
        if dialect.grade in ("passed", "both"):
            criterion["passed"] = passed
        if dialect.grade != "passed":
            criterion["status" if dialect.grade == "both" else dialect.grade] = status
        criteria.append(dialect.keys(criterion))
    return dialect.single(
        dialect.keys({"verdict": verdict, "judge_model": "gpt-5", dialect.criteria: criteria}), "evaluation"
    )


def tool_calls(dialect: Dialect) -> Any:  # noqa: ANN401
    tool, arguments, result = dialect.tool
    calls = [
        dialect.keys(
            {
                "id": "call-same",
                tool: f"tool-{index}",
                arguments: ARGUMENTS,
                result: body,
                **dialect.lasting(100 + index * 1000),
            }
        )
        for index, body in enumerate(RESULTS)
    ]
    return dialect.lists(calls, {})


def told(dialect: Dialect) -> Account:
    """The history in a dialect. Run 3 ended in an error and is not judged."""
    records = [run_record(dialect, number) for number in reversed(range(4))]
    slim = {"id", "status", "startedAt", "started_at"}
    workflow = dialect.keys(
        {
            "id": "wf-1",
            "name": "Search",
            "mcp_server_id": "mcp-1",
            "tester_prompt": "Search for it.",
            "tester_model_ids": ["claude-sonnet-4", "gpt-5"],
            "schedule": {"cron": "0 * * * *", "time_zone": "UTC"},
            "criteria": [
                dialect.keys({"criterion_text": "criterion 0", "is_required": True}),
                dialect.keys({"criterion_text": "criterion 1", "is_required": False}),
            ],
        }
    )
    version = {dialect.key("current_version"): {"id": "wfv-1"}}
    unjudged = {"null": b"null", "{}": {}, "placeholder": {"status": "pending", "criteria": []}}
    return Account(
        runs=[
            {k: v for k, v in record.items() if k in slim} if dialect.slim else record for record in records
        ],
        details={record["id"]: dialect.single(record, "run") for record in records},
        evaluations={f"run-{number}": evaluation(dialect, number) for number in range(3)}
        | ({"run-3": unjudged[dialect.unjudged]} if dialect.unjudged in unjudged else {}),
        tool_calls={"run-0": tool_calls(dialect)},
        workflows=[{"id": "wf-1", "name": "Search"} if dialect.slim else {**workflow, **version}],
        workflow_details={
            "wf-1": {"workflow": workflow, **version} if dialect.wrap else {**workflow, **version}
        },
        mcp_servers=[
            {"id": "mcp-1", "name": "GitHub", "transport_type": "streamable_http", "categories": ["dev"]}
        ],
        envelope=dialect.envelope,
        lists=dialect.lists,
        paging=Paging(base=dialect.page_base, cap=20),
    )


def picked(rows: list[Record], *columns: str) -> list[Record]:
    return [{column: row[column] for column in columns} for row in rows]


def check(tables: dict[str, list[Record]], dialect: Dialect) -> None:
    """Every table says what the history is."""
    runs = sorted(tables["runs"], key=lambda row: row["run_id"])
    assert picked(runs, *run_facts(0)) == [run_facts(number) for number in range(4)]
    left = {"cost": {"currency": "USD"}} if dialect.cost == "amount" else None
    assert [row["extra"] for row in runs] == [left] * 4

    evaluations = sorted(tables["evaluations"], key=lambda row: row["run_id"])
    assert picked(evaluations, "run_id", "verdict", "judge_model", "extra") == [
        {
            "run_id": f"run-{number}",
            "verdict": run_facts(number)["verdict"],
            "judge_model": "gpt-5",
            "extra": None,
        }
        for number in range(3)
    ]
    criteria = sorted(tables["evaluation_criteria"], key=lambda row: (row["run_id"], row["criterion_index"]))
    assert [{k: v for k, v in row.items() if not k.startswith("_")} for row in criteria] == [
        {
            "account": "default",
            "run_id": f"run-{number}",
            "criterion_index": index,
            "criterion_id": None,
            "criterion_text": f"criterion {index}",
            "status": None if dialect.grade == "passed" else status,
            "passed": passed if dialect.grade in ("passed", "both") else None,
            "is_required": index == 0,
            "score": None,
            "rationale": f"because {index}",
            "excerpts": [{"quote": f"excerpt {index}"}],
            "extra": None,
        }
        for number in range(3)
        for index, (status, passed) in enumerate(GRADES)
    ]
    calls = sorted(tables["tool_calls"], key=lambda row: row["call_index"])
    durations = [row["duration_ms"] for row in calls]
    # Nothing tells the unit of a tool call's plain `duration`.
    assert durations == [100, 1100, 2100, 3100] or dialect.duration == "duration"
    assert [
        {k: v for k, v in row.items() if not k.startswith("_") and k not in ("duration_ms", "extra")}
        for row in calls
    ] == [
        {
            "account": "default",
            "run_id": "run-0",
            "call_index": index,
            "tool_call_id": "call-same",
            "tool_name": f"tool-{index}",
            "arguments": ARGUMENTS,
            "result": result,
            "is_error": result["isError"] if isinstance(result, dict) else None,
            "called_at": None,
        }
        for index, result in enumerate(RESULTS)
    ]
    [workflow] = tables["workflows"]
    expected = {
        "workflow_id": "wf-1",
        "name": "Search",
        "mcp_server_id": "mcp-1",
        "tester_prompt": "Search for it.",
        "tester_models": ["claude-sonnet-4", "gpt-5"],
        "schedule": {"cron": "0 * * * *", "time_zone": "UTC"},
        "current_version_id": "wfv-1",
        "is_archived": False,
        "extra": None,
    }
    assert picked([workflow], *expected) == [expected]
    assert sorted(
        (row["criterion_index"], row["criterion_text"], row["is_required"])
        for row in tables["workflow_criteria"]
    ) == [(0, "criterion 0", True), (1, "criterion 1", False)]
    [server] = tables["mcp_servers"]
    assert picked([server], "mcp_server_id", "name", "transport_type", "categories", "extra") == [
        {
            "mcp_server_id": "mcp-1",
            "name": "GitHub",
            "transport_type": "streamable_http",
            "categories": ["dev"],
            "extra": None,
        }
    ]


SINGLE_TURNS: dict[str, list[Any]] = {
    "case": ["snake"],
    "wrap": [True],
    "slim": [True],
    "lists": [bare, enveloped("items"), enveloped("data"), enveloped("data", "items"), enveloped("results")],
    "workflow": ["object", "flat"],
    "time": ["offset", "no zone", "space and UTC", "seconds", "milliseconds", "text of milliseconds"],
    "duration": ["duration_seconds", "duration_s", "duration", "latency_ms"],
    "cost": ["text", "total", "amount"],
    "verdict": ["evaluation", "evaluator", "evaluator_output"],
    "criteria": ["criteria_results", "criterion_results", "per_criterion", "results", "evaluation_criteria"],
    "grade": ["passed", "status", "result"],
    "tool": [("name", "args", "output"), ("tool", "input", "result_body")],
    "unjudged": ["null", "{}", "placeholder"],
}

WHOLE = {
    "snake, nested, slim": Dialect(
        envelope=enveloped("data", "items"),
        lists=enveloped("data", "items"),
        case="snake",
        wrap=True,
        slim=True,
        workflow="object",
        time="milliseconds",
        duration="duration_seconds",
        cost="amount",
        verdict="evaluation",
        criteria="criteria_results",
        grade="status",
        tool=("name", "args", "output"),
        unjudged="placeholder",
        page_base=0,
        suffix="/api/armature/v1/",
    ),
    "bare, flat, epoch": Dialect(
        envelope=bare,
        lists=bare,
        workflow="flat",
        time="seconds",
        duration="duration",
        cost="text",
        verdict="evaluator",
        criteria="results",
        grade="result",
        tool=("tool", "input", "result_body"),
        unjudged="null",
        suffix="/",
    ),
    "as the seeds ask": Dialect(envelope=enveloped("rows"), grade="passed", suffix="/api/armature/v1"),
}


@pytest.mark.parametrize(
    ("option", "value"),
    [(option, value) for option, values in SINGLE_TURNS.items() for value in values],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_a_turn_of_speech_changes_no_row(
    api: StandIn, reader: Reader, option: str, value: str | Callable[..., Any]
) -> None:
    dialect = replace(Dialect(), **{option: value})
    api.account = told(dialect)
    check(reader.sync(), dialect)


@pytest.mark.parametrize("name", WHOLE)
def test_an_api_written_by_somebody_else_is_loaded_exactly(
    api: StandIn, duckdb_warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    dialect = WHOLE[name]
    monkeypatch.setenv("SOURCES__ARMATURE__BASE_URL", api.url + dialect.suffix)
    api.account = told(dialect)
    assert duckdb_warehouse.load().exit_code == 0
    check(duckdb_warehouse.tables(), dialect)


def test_the_command_line_loads_it(api: StandIn, duckdb_warehouse: Warehouse) -> None:
    dialect = Dialect()
    api.account = told(dialect)
    command = [str(Path(sys.executable).with_name("runmart")), "load", "armature"]
    done = subprocess.run(
        command, env={**os.environ, **duckdb_warehouse.settings}, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr.decode().count("Traceback")) == (0, 0)
    check(duckdb_warehouse.tables(), dialect)


def test_a_dlt_script_loads_it(api: StandIn, duckdb_warehouse: Warehouse, tmp_path: Path) -> None:
    dialect = WHOLE["snake, nested, slim"]
    api.account = told(dialect)
    pipeline = dlt.pipeline(
        "anybody",
        pipelines_dir=str(tmp_path / "pipelines"),
        destination=dlt.destinations.duckdb(duckdb_warehouse.place),
        dataset_name="armature",
    )
    for _ in range(2):
        pipeline.run(armature_source())
    check(duckdb_warehouse.tables(), dialect)


def test_a_workflow_that_is_refused_holds_nothing_else_up(api: StandIn, reader: Reader) -> None:
    class Odd(Account):
        def answer(self, path: tuple[str, ...], query: Any) -> tuple[int, Any]:  # noqa: ANN401
            if path == ("workflows", "refused"):
                return 400, {"error": "not a workflow id"}
            return super().answer(path, query)

    ended = {"status": "error", "startedAt": START.isoformat(), "endedAt": START.isoformat()}
    api.account = Odd(
        runs=[{"id": name, "workflowId": name, **ended} for name in ("refused", "fine")],
        workflows=[{"id": "refused"}, {"id": "other"}],
        workflow_details={"fine": {"id": "fine", "name": "Fine"}},
    )
    tables = reader.sync()
    assert len(tables["runs"]) == 2
    assert {row["workflow_id"] for row in tables["workflows"]} == {"refused", "other", "fine"}
