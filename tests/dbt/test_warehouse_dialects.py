"""Every model, rendered for engines that are not run here, is SQL of theirs as far as a parser can tell."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import pytest
import sqlglot
from rendering import Target
from sqlglot import exp
from sqlglot.errors import ErrorLevel
from warehouses import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

ENGINES = ["snowflake", "bigquery", "databricks", "redshift", "clickhouse"]
MODELS = sorted((PROJECT / "models").rglob("*.sql"))

# A parser takes more than the engine does: what each of them refuses all the same.
REFUSED = {
    "bigquery": r"double precision|with time zone|within group|interval '| as (text|boolean|bigint)\)",
    "clickhouse": r"double precision|with time zone|within group|interval '| as (text|boolean)\)",
    "databricks": r"double precision|with time zone| as text\)",
    "redshift": r" as text\)|jsonb",
    "snowflake": r"jsonb",
}
EVERYWHERE_REFUSED = r"::|\bqualify\b|\bfilter\s*\(\s*where|\bnow\(\)|current_date|current_timestamp\b"


@cache
def target(engine: str, incremental: bool = False, loaded: bool = True) -> Target:
    return Target(engine, incremental=incremental, loaded=loaded)


def parsed(sql: str, engine: str) -> exp.Expression:
    (statement,) = sqlglot.parse(sql, dialect=engine, error_level=ErrorLevel.RAISE)
    assert statement is not None
    assert not isinstance(statement, exp.Command), "the parser did not look into it"
    return statement


def without_comments(sql: str) -> str:
    return re.sub(r"--.*|/\*.*?\*/", "", sql)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.stem)
def test_a_model_is_a_query_of_every_engine(model: Path, engine: str) -> None:
    is_incremental = "outdated_runs" in model.read_text()
    for incremental in (False, True) if is_incremental else (False,):
        sql = without_comments(target(engine, incremental).render(model.read_text()))
        assert isinstance(parsed(sql, engine), exp.Query)
        for refused in (REFUSED[engine], EVERYWHERE_REFUSED):
            found = re.search(refused, sql, re.IGNORECASE)
            assert not found, f"{engine} refuses {found.group() if found else ''!r}"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_raw_table_that_is_missing_is_a_query_too(engine: str) -> None:
    for model in MODELS:
        if "staging" in model.parts:
            parsed(without_comments(target(engine, loaded=False).render(model.read_text())), engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_outdated_rows_are_deleted_by_a_statement_of_every_engine(engine: str) -> None:
    sql = target(engine, incremental=True).render("{{ delete_outdated() }}")
    assert isinstance(parsed(sql, engine), exp.Delete)
