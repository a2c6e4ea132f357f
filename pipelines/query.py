"""Runs a query on the warehouse and writes its rows as a table, CSV, JSON or Parquet."""

from __future__ import annotations

import csv
import os
import sys
from contextlib import contextmanager
from enum import StrEnum
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

from pipelines.output import counted, json_bytes, note, print_table, text_of
from sources.common.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.warehouse import Answer, Warehouse


class Format(StrEnum):
    """How the rows of a query are written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


def run_query(warehouse: Warehouse, sql: str, form: Format, output: Path | None, limit: int) -> None:
    """Run a query on a read-only connection and write what it gives.

    Args:
        output: file to write; None for stdout.
        limit: rows of the table that are shown; 0 for all. The other formats give all rows.

    Raises:
        QueryError: the query is wrong, or would change the warehouse.
        SettingsError: the output cannot be written.
    """
    if form is Format.TABLE and output is not None:
        raise SettingsError("--output needs --format csv, json or parquet.")
    if form is Format.PARQUET and output is None and sys.stdout.isatty():
        raise SettingsError("Parquet is not for a terminal: give --output FILE, or redirect stdout.")
    with warehouse.reading() as reader:
        answer = reader.ask(sql)
        if form is Format.TABLE:
            _show(answer, limit)
            return
        with _target(output) as stream:
            {Format.CSV: _write_csv, Format.JSON: _write_json, Format.PARQUET: _write_parquet}[form](
                answer, stream
            )


@contextmanager
def _target(output: Path | None) -> Iterator[IO[bytes]]:
    """Where to write bytes: stdout, or a file that appears only when it is whole."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    part = output.with_name(output.name + ".part")
    try:
        with part.open("wb") as stream:
            yield stream
        os.replace(part, output)
    except OSError as error:
        raise SettingsError(f"{output} cannot be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)


def _show(answer: Answer, limit: int) -> None:
    rows = answer.rows()
    shown = list(islice(rows, limit or None))
    more = bool(limit) and next(rows, None) is not None
    if not answer.columns:
        return
    print_table(answer.columns, shown)
    note(f"The first {counted(limit, 'row')}; --limit 0 shows all." if more else counted(len(shown), "row"))


def _write_csv(answer: Answer, stream: IO[bytes]) -> None:
    import io

    text = io.TextIOWrapper(stream, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(answer.columns)
    for row in answer.rows():
        writer.writerow([text_of(value) for value in row])
    text.detach()


def _write_json(answer: Answer, stream: IO[bytes]) -> None:
    """An array of objects, one per line."""
    stream.write(b"[")
    for number, row in enumerate(answer.rows()):
        stream.write((b"," if number else b"") + b"\n" + json_bytes(_record(answer, row)))
    stream.write(b"\n]\n")


def _record(answer: Answer, row: tuple[Any, ...]) -> dict[str, Any]:
    import orjson

    return {
        name: orjson.Fragment(value) if position in answer.json_columns and value is not None else value
        for position, (name, value) in enumerate(zip(answer.columns, row, strict=True))
    }


def _write_parquet(answer: Answer, stream: IO[bytes]) -> None:
    import pyarrow.parquet

    reader = answer.arrow()
    with pyarrow.parquet.ParquetWriter(stream, reader.schema) as writer:
        for batch in reader:
            writer.write_batch(batch)
