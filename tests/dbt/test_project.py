"""Every column is described, every grain stated, and raw columns are declared as the sources pin them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import jinja2
import pytest
import yaml
from test_engines import MODELS
from warehouses import PROJECT, SQL_TYPES, Warehouse, dbt, parsed_for

from sources.armature.tables import TABLES

if TYPE_CHECKING:
    from pathlib import Path

    from warehouses import MakeWarehouse

SQL_FILES = sorted((PROJECT / "models").rglob("*.sql"))


def described(model: Path) -> dict[str, Any]:
    (node,) = yaml.safe_load(model.with_suffix(".yml").read_text())["models"]
    return node


def test_the_raw_tables_are_declared_as_the_source_pins_them() -> None:
    text = (PROJECT / "models/staging/armature/_armature__sources.yml").read_text()
    (source,) = yaml.safe_load(text)["sources"]
    declared = {
        table["name"]: [(column["name"], column["data_type"]) for column in table["columns"]]
        for table in source["tables"]
    }
    assert declared == {
        table.name: [
            # The macro raw_table adds the account to every table.
            (column.name, SQL_TYPES[column.kind])
            for column in table.columns
            if column.name != "account"
        ]
        for table in TABLES.values()
    }


@pytest.mark.parametrize("model", SQL_FILES, ids=lambda path: path.stem)
def test_a_model_states_its_grain_and_has_a_key(model: Path) -> None:
    grain = model.read_text().splitlines()[0]
    assert grain.startswith("-- One row per ")
    node = described(model)
    assert node["name"] == model.stem
    assert node["description"].startswith("One row per ")
    rules = {
        column["name"]: {
            *(next(iter(test)) if isinstance(test, dict) else test for test in column.get("data_tests", [])),
            *(constraint["type"] for constraint in column.get("constraints", [])),
        }
        for column in node["columns"]
    }
    keys = [name for name, names in rules.items() if {"unique", "not_null"} <= names]
    assert len(keys) == 1


@pytest.mark.parametrize("model", SQL_FILES, ids=lambda path: path.stem)
def test_only_tables_that_are_made_anew_have_constraints(model: Path) -> None:
    """A view has none to enforce, and a table that grows keeps those that it was made with."""
    constraints = [
        constraint for column in described(model)["columns"] for constraint in column.get("constraints", [])
    ]
    is_table = MODELS[model.stem] == "analytics" and "materialized=" not in model.read_text()
    assert is_table or not constraints


def test_every_column_is_described_in_its_order(built: Warehouse) -> None:
    columns: dict[tuple[str, str], list[str]] = {}
    for row in built.query(
        "select table_schema, table_name, column_name from information_schema.columns"
        " where table_schema like 'analytics%' order by table_schema, table_name, ordinal_position"
    ):
        columns.setdefault((row["table_schema"], row["table_name"]), []).append(row["column_name"])
    for model in SQL_FILES:
        node = described(model)
        names = [column["name"] for column in node["columns"]]
        assert names == columns[MODELS[model.stem], model.stem], model.stem
        assert all(column["description"].strip() for column in node["columns"]), model.stem


def references(models: list[Path]) -> set[tuple[str, str, str]]:
    """Columns that refer to a dimension, by the start of their names, with its name and its column's."""
    tests = [
        (column["name"], test["relationships"]["arguments"])
        for model in models
        for column in described(model)["columns"]
        for test in column.get("data_tests", [])
        if "relationships" in test
    ]
    return {(name.removesuffix("_a").removesuffix("_b"), said["to"], said["field"]) for name, said in tests}


def test_what_reports_refer_to_is_tested_in_the_facts_that_they_are_made_of() -> None:
    """`runmart build` relies on it, and leaves these tests of reports out."""
    of_reports = references([model for model in SQL_FILES if "reports" in model.parts])
    assert of_reports <= references([model for model in SQL_FILES if "marts" in model.parts])
    assert {name for name, _, _ in of_reports} == {"workflow_key", "model_key", "tool_key"}


def test_every_shared_description_is_used() -> None:
    docs = "".join(file.read_text() for file in sorted((PROJECT / "docs").glob("*.md")))
    blocks = set(re.findall(r"{% docs (\w+) %}", docs))
    yamls = "".join(model.with_suffix(".yml").read_text() for model in SQL_FILES)
    assert set(re.findall(r"doc\('(\w+)'\)", yamls)) == blocks


def test_dbt_parses_the_project_without_a_warning(tmp_path: Path) -> None:
    done = dbt(
        "parse", "--warn-error", "--no-partial-parse", "--show-all-deprecations", work=tmp_path, env={}
    )
    assert done.success, done.exception


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({}, "../runmart.duckdb"),
        ({"DESTINATION__DUCKDB__CREDENTIALS": "/data/house.duckdb"}, "/data/house.duckdb"),
        ({"DESTINATION__DUCKDB__CREDENTIALS": "duckdb:////data/house.duckdb"}, "/data/house.duckdb"),
        ({"DESTINATION__DUCKDB__CREDENTIALS": "duckdb:///data/house.duckdb"}, "../data/house.duckdb"),
        ({"DESTINATION__DUCKDB__CREDENTIALS": "house.duckdb"}, "../house.duckdb"),
        ({"DESTINATION__DUCKDB__CREDENTIALS": "C:\\data\\house.duckdb"}, "C:\\data\\house.duckdb"),
        (
            {"RUNMART_DUCKDB_PATH": "/x.duckdb", "DESTINATION__DUCKDB__CREDENTIALS": "/y.duckdb"},
            "/x.duckdb",
        ),
    ],
)
def test_the_duckdb_file_is_found_from_the_environment(settings: dict[str, str], path: str) -> None:
    """Relative paths are meant from the project's root, where `runmart load` runs; dbt runs below it."""
    profile = yaml.safe_load((PROJECT / "profiles.yml").read_text())["runmart"]["outputs"]["duckdb"]
    rendered = jinja2.Template(profile["path"]).render(env_var=settings.get, modules={"re": re})
    assert rendered == path


def test_freshness_is_that_of_the_last_load(make_warehouse: MakeWarehouse, work: Path) -> None:
    warehouse = make_warehouse("duckdb", "stale")
    warehouse.execute("create schema armature")
    warehouse.execute(
        "create table armature._dlt_loads as select 0 as status,"
        " cast('2020-01-01 00:00:00+00' as timestamp with time zone) as inserted_at"
    )
    done = dbt(
        "source freshness",
        *("--select", "source:armature"),
        work=work / "duckdb",
        env=warehouse.env,
        parsed=parsed_for(warehouse, work / "duckdb"),
    )
    assert {str(node.status) for node in done.result.results} == {"error"}
    assert {node.max_loaded_at.year for node in done.result.results} == {2020}
