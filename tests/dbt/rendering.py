"""Models as SQL for any engine, rendered without dbt and without its adapters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import jinja2
import yaml
from warehouses import PROJECT, macros

PARENTS = {"redshift": ["postgres"], "databricks": ["spark"]}
"""Adapters whose macros another adapter takes where it has none of its own, as dbt does."""

DBT_ALONE = """
{% macro code_version(facts) %}code{% endmacro %}
"""
"""What only dbt can do: look into the warehouse while it compiles."""


@dataclass
class Named:
    """A relation or a column, as far as macros look at it."""

    name: str

    @property
    def schema(self) -> str:
        return self.name.partition(".")[0]

    def __str__(self) -> str:
        return self.name


@dataclass
class Declared:
    """A raw table, as a source's YAML declares it."""

    schema: str
    identifier: str
    database = ""

    def __str__(self) -> str:
        return f"{self.schema}.{self.identifier}"


@cache
def properties() -> dict[str, Any]:
    return yaml.safe_load((PROJECT / "dbt_project.yml").read_text())


@cache
def raw_columns() -> dict[str, dict[str, dict[str, Any]]]:
    """Columns of the raw tables, by table (source.table) and column, as the YAML declares them."""
    tables: dict[str, dict[str, dict[str, Any]]] = {}
    for path in (PROJECT / "models/staging").rglob("_*__sources.yml"):
        for source in yaml.safe_load(path.read_text())["sources"]:
            for table in source["tables"]:
                columns = {column["name"]: column for column in table["columns"]}
                tables[f"{source['name']}.{table['name']}"] = columns
    return tables


class Target:
    """dbt's context for one engine. With `loaded`, the raw tables are there; else none is."""

    execute = True

    def __init__(self, engine: str, loaded: bool = True, incremental: bool = False) -> None:
        self.engine = engine
        self.loaded = loaded
        self.incremental = incremental
        self.project_name = properties()["name"]

    def dispatch(self, name: str, package: str) -> Any:  # noqa: ANN401
        assert package == self.project_name
        for prefix in (self.engine, *PARENTS.get(self.engine, []), "default"):
            if macro := getattr(self.macros, f"{prefix}__{name}", None):
                return macro
        raise LookupError(f"{name} has no implementation for {self.engine}")

    def get_relation(self, _database: str, schema: str, identifier: str) -> Named | None:
        return Named(f"{schema}.{identifier}") if self.loaded else None

    def get_columns_in_relation(self, relation: Named) -> list[Named]:
        return [Named(name) for name in raw_columns()[relation.name]]

    def quote(self, name: str) -> str:
        return f"`{name}`" if self.engine in ("bigquery", "databricks", "clickhouse") else f'"{name}"'

    @cached_property
    def environment(self) -> jinja2.Environment:
        environment = jinja2.Environment(  # noqa: S701
            extensions=["jinja2.ext.do"], undefined=jinja2.StrictUndefined
        )
        environment.globals.update(
            {
                "adapter": self,
                "api": None,
                "config": lambda **_: "",
                "execute": True,
                "is_incremental": lambda: self.incremental,
                "project_name": self.project_name,
                "ref": lambda name: Named(f"analytics.{name}"),
                "return": lambda value: value,
                "target": {"type": self.engine},
                "this": "analytics.this_model",
                "var": lambda name, default=None: properties()["vars"].get(name, default),
            }
        )
        return environment

    @cached_property
    def macros(self) -> Any:  # noqa: ANN401
        return self.environment.from_string(macros() + DBT_ALONE).make_module(self.sources_context())

    def sources_context(self) -> dict[str, Any]:
        def source(name: str, table: str) -> Declared:
            return Declared(name, table)

        nodes = {
            f"source.{self.project_name}.{name}": {"columns": columns}
            for name, columns in raw_columns().items()
        }
        return {"source": source, "graph": {"sources": nodes}}

    def render(self, text: str) -> str:
        """A model's or a hook's text as SQL."""
        macros = {name: macro for name, macro in vars(self.macros).items() if callable(macro)}
        return self.environment.from_string(text).render(macros | self.sources_context()).strip()
