"""The marts as pandas DataFrames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.options import known_name
from pipelines.publish import copy_of
from pipelines.warehouse import MARTS, WarehouseError, warehouse

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from pipelines.warehouse import Warehouse


def frame(table: str, destination: str | None = None) -> pd.DataFrame:
    """A table of the marts, whole.

    On DuckDB it is read from the copy that the last good build published, which no load or build ever locks;
    where there is none, from the warehouse itself.

    Args:
        table: name of a mart: "rpt_model_scorecard". The README of `dbt_models` lists them.
        destination: "duckdb" or "postgres"; None for what the settings say. Where the warehouse is, the
            settings say too, as they do for `runmart build`: run it in the same folder.

    Returns:
        One row per row, in no order. Counts are Int64, texts string, yes or no boolean, rates and durations
        float64, moments datetime64[us, UTC], days datetime64[s]. Money is float64, the double next to it: for
        sums that are exact to the last digit, add up in SQL.

    Raises:
        SettingsError: there is no such mart, or the settings cannot be used.
        WarehouseError: nothing is built yet, or the warehouse cannot be read now.
    """
    place = _readable(warehouse(destination))
    built = {name for _schema, name in place.columns(MARTS)}
    if not built:
        raise WarehouseError(f"There are no marts yet in {place.describe()}: run `runmart build`.")
    known_name(table, sorted(built | _marts()), "mart")
    if table not in built:
        raise WarehouseError(f"{table} is not yet in {place.describe()}: run `runmart build`.")
    with place.reading() as reader:
        return _frame(reader.ask(f'select * from {MARTS}."{table}"').arrow().read_all())  # noqa: S608


def _readable(place: Warehouse) -> Warehouse:
    copy = copy_of(place)
    return copy if copy is not None and copy.exists() else place


def _marts() -> set[str]:
    """Names of the marts that a build makes, also of those that this warehouse does not have yet."""
    from pipelines.build import PROJECT

    rooms = (PROJECT / "models" / room for room in ("marts", "reports"))
    return {path.stem for room in rooms for path in room.rglob("*.sql")}


def _frame(records: pa.Table) -> pd.DataFrame:
    import pyarrow as pa

    columns = [
        records.column(field.name).cast(pa.float64())
        if pa.types.is_decimal(field.type)
        else records.column(field.name).cast(pa.timestamp("s"))
        if pa.types.is_date(field.type)
        else records.column(field.name)
        for field in records.schema
    ]
    table = pa.table(columns, names=records.column_names)
    made: pd.DataFrame = table.to_pandas(types_mapper=_pandas_type)
    return made


def _pandas_type(kind: pa.DataType) -> Any:  # noqa: ANN401
    """The pandas type of an Arrow type, with nulls or without; None leaves it to pandas."""
    import pandas as pd
    import pyarrow as pa

    if pa.types.is_integer(kind):
        return pd.Int64Dtype()
    if pa.types.is_boolean(kind):
        return pd.BooleanDtype()
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return pd.StringDtype()
    return None
