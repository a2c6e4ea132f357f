"""DuckDB and PostgreSQL give the same rows, in every model."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import yaml
from warehouses import PROJECT, Warehouse

from pipelines.platforms import PLATFORMS

MODELS = {
    path.stem: {"staging": "analytics_staging", "intermediate": "analytics_intermediate"}.get(
        path.relative_to(PROJECT / "models").parts[0], "analytics"
    )
    for path in sorted((PROJECT / "models").rglob("*.sql"))
}


# The history is one of Armature's.
OTHERS = [platform for platform in PLATFORMS if platform != "armature"]


def comparable(value: object) -> object:
    """A value without what engines may differ in: text of JSON, zones."""
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(UTC)
    if isinstance(value, float) and math.isnan(value):
        return "nan"
    if isinstance(value, Decimal):
        return value.normalize()
    if isinstance(value, str) and value[:1] in ("{", "["):
        value = json.loads(value)
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True)
    return "null" if value is None else value


def is_same(value: object, other: object) -> bool:
    """Whether two values are equal; doubles that were summed in another order, but for the last digits."""
    if isinstance(value, float) and isinstance(other, float):
        return math.isclose(value, other, rel_tol=1e-11)
    return value == other


def rows_of(warehouse: Warehouse, model: str) -> list[dict[str, Any]]:
    rows = warehouse.query(f"select * from {MODELS[model]}.{model}")  # noqa: S608
    for row in rows:
        # Hashes of JSON's text, which PostgreSQL spaces in its own way, and of the engine's views.
        for name in {"arguments_key", "record_version"} & row.keys():
            row[name] = row[name] is not None
    plain = [{name: comparable(value) for name, value in row.items()} for row in rows]
    return sorted(plain, key=lambda row: [str(value) for value in row.values()])


def test_the_engines_agree_row_by_row(both: tuple[Warehouse, Warehouse]) -> None:
    for model in MODELS:
        of_duckdb, of_postgres = (rows_of(warehouse, model) for warehouse in both)
        # Models of platforms that the history has none of are empty on both.
        is_ours = not any(platform in model for platform in OTHERS)
        assert of_duckdb or not is_ours, f"{model} has no rows to compare"
        assert len(of_duckdb) == len(of_postgres), model
        for row, other in zip(of_duckdb, of_postgres, strict=True):
            assert row.keys() == other.keys(), model
            differing = {
                name: (row[name], other[name]) for name in row if not is_same(row[name], other[name])
            }
            assert not differing, model


def test_the_tables_themselves_refuse_what_must_not_be_null(both: tuple[Warehouse, Warehouse]) -> None:
    wanted = {
        (model["name"], column["name"])
        for file in sorted((PROJECT / "models").rglob("[!_]*.yml"))
        for model in yaml.safe_load(file.read_text())["models"]
        for column in model["columns"]
        if {"type": "not_null"} in column.get("constraints", [])
    }
    assert wanted
    for warehouse in both:
        kept = warehouse.query(
            "select table_name, column_name from information_schema.columns"
            " where table_schema like 'analytics%' and is_nullable = 'NO'"
        )
        assert {tuple(row.values()) for row in kept} == wanted
