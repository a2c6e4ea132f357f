"""The dbt project's README and DEFINITIONS: every public table has three questions, and their SQL runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from warehouses import PROJECT

if TYPE_CHECKING:
    from warehouses import Warehouse

README = (PROJECT / "README.md").read_text()
DEFINITIONS = (PROJECT / "DEFINITIONS.md").read_text()
MARTS = sorted(
    path.stem for room in ("marts", "reports") for path in (PROJECT / "models" / room).rglob("*.sql")
)
QUESTIONS = {
    part.partition("`")[0]: re.findall(r"\n\n([^\n]+)\n\n```sql\n(.+?)\n```", part, re.DOTALL)
    for part in README.split("\n### `")[1:]
}


def test_every_mart_has_three_questions_and_every_question_a_mart() -> None:
    assert {table: len(questions) for table, questions in QUESTIONS.items()} == dict.fromkeys(MARTS, 3)


@pytest.mark.parametrize("table", MARTS)
def test_questions_are_answered_by_their_table(table: str) -> None:
    assert all(re.search(rf"\banalytics\.{table}\b", sql) for _question, sql in QUESTIONS[table])


@pytest.mark.parametrize("table", MARTS)
def test_the_sql_of_the_questions_runs(built: Warehouse, table: str) -> None:
    for _question, sql in QUESTIONS[table]:
        built.query(sql)


def test_every_table_that_the_definitions_name_exists() -> None:
    named = set(re.findall(r"`((?:fct|dim|agg|rpt|int)_\w+)`", DEFINITIONS))
    models = {path.stem for path in (PROJECT / "models").rglob("*.sql")}
    assert named <= models


def test_every_report_is_defined() -> None:
    reports = {mart for mart in MARTS if mart.startswith("rpt_")}
    assert reports <= set(re.findall(r"`(rpt_\w+)`", DEFINITIONS))


def test_the_engines_that_have_a_profile_are_named() -> None:
    profiles = re.findall(r"^ {6}type: (\w+)", (PROJECT / "profiles.yml").read_text(), re.MULTILINE)
    engines = README.partition("## Engines")[2].partition("## ")[0].lower().replace("postgresql", "postgres")
    assert [name for name in profiles if name not in engines] == []
