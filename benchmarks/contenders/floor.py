"""The floor: what no loader goes below. The same requests bare, bytes parsed, Parquet copied into DuckDB.

    python floor.py <origin> <key> <folder>

aiohttp with 32 connections reads the run list page by page, and meanwhile the evaluation and the tool calls
of each run. Nothing is retried, checked, merged or remembered.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import aiohttp
import duckdb
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

CONNECTIONS = 32
ROWS_PER_GROUP = 10_000
TEXT, NUMBER, COUNT, FLAG = pa.string(), pa.float64(), pa.int64(), pa.bool_()

SCHEMAS = {
    "runs": {
        "id": TEXT,
        "workflow": TEXT,
        "status": TEXT,
        "classification": TEXT,
        "model": TEXT,
        "trigger": TEXT,
        "attempt": COUNT,
        "createdAt": TEXT,
        "startedAt": TEXT,
        "endedAt": TEXT,
        "durationMs": COUNT,
        "cost": NUMBER,
        "verdict": TEXT,
        "score": NUMBER,
        "inputTokens": COUNT,
        "outputTokens": COUNT,
        "totalTokens": COUNT,
        "error": TEXT,
    },
    "evaluations": {
        "id": TEXT,
        "runId": TEXT,
        "verdict": TEXT,
        "score": NUMBER,
        "judgeModel": TEXT,
        "evaluatedAt": TEXT,
        "criteria": TEXT,
    },
    "tool_calls": {
        "runId": TEXT,
        "callIndex": COUNT,
        "id": TEXT,
        "toolName": TEXT,
        "arguments": TEXT,
        "result": TEXT,
        "isError": FLAG,
        "durationMs": COUNT,
        "calledAt": TEXT,
    },
}
JSON = {"workflow", "criteria", "arguments", "result"}


class WithoutPandas:
    """Hides pandas: pyarrow would import it only to see whether our lists are of its types."""

    def find_spec(self, name: str, *_: object) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)


class Table:
    """Rows that go to a Parquet file, group by group."""

    def __init__(self, folder: Path, name: str) -> None:
        self.file = folder / f"{name}.parquet"
        self._schema = pa.schema(SCHEMAS[name])
        self._names = tuple(SCHEMAS[name])
        self._columns: dict[str, list[Any]] = {name: [] for name in self._names}
        self._writer = pq.ParquetWriter(self.file, self._schema)

    def add(self, record: dict[str, Any]) -> None:
        for name, column in self._columns.items():
            value = record.get(name)
            if name in JSON and value is not None:
                value = orjson.dumps(value).decode()
            column.append(value)
        if len(column) >= ROWS_PER_GROUP:
            self._flush()

    def _flush(self) -> None:
        self._writer.write_table(pa.table(self._columns, schema=self._schema))
        for column in self._columns.values():
            column.clear()

    def close(self) -> None:
        self._flush()
        self._writer.close()


async def fetch(origin: str, key: str, tables: dict[str, Table]) -> None:
    base = f"{origin}/api/armature/v1"
    waiting: asyncio.Queue[str | None] = asyncio.Queue()
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with aiohttp.ClientSession(
        connector=connector, headers={"Authorization": f"Bearer {key}"}
    ) as session:

        async def get(path: str) -> Any:  # noqa: ANN401 - whatever JSON says
            async with session.get(base + path) as answer:
                body = await answer.read()
                if answer.status == 404:
                    return None
                answer.raise_for_status()
                return orjson.loads(body)

        async def pages() -> None:
            number, more = 1, True
            while more:
                page = await get(f"/runs?page={number}&pageSize=100&range=30d")
                for run in page["runs"]:
                    tables["runs"].add(run)
                    waiting.put_nowait(run["id"])
                number, more = number + 1, page["hasMore"]
            for _ in range(CONNECTIONS):
                waiting.put_nowait(None)

        async def details() -> None:
            while (run_id := await waiting.get()) is not None:
                evaluation = await get(f"/runs/{run_id}/evaluation")
                if evaluation is not None:
                    tables["evaluations"].add(evaluation)
                calls = await get(f"/runs/{run_id}/tool-calls")
                for index, call in enumerate(calls["toolCalls"]):
                    tables["tool_calls"].add({**call, "runId": run_id, "callIndex": index})

        await asyncio.gather(pages(), *(details() for _ in range(CONNECTIONS)))


def main() -> None:
    sys.meta_path.insert(0, WithoutPandas())
    origin, key, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    tables = {name: Table(folder, name) for name in SCHEMAS}
    asyncio.run(fetch(origin, key, tables))
    with duckdb.connect(str(folder / "floor.duckdb")) as connection:
        for name, table in tables.items():
            table.close()
            columns = ", ".join(
                f'"{column}"::timestamptz as "{column}"'
                if column.endswith("At")
                else f'"{column}"::json as "{column}"'
                if column in JSON
                else f'"{column}"'
                for column in SCHEMAS[name]
            )
            connection.execute(f"create table {name} as select {columns} from read_parquet('{table.file}')")  # noqa: S608


if __name__ == "__main__":
    main()
