"""What a raw table is: its columns, the names under which an API may send them, and its Arrow schema."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind = Literal["text", "bigint", "double", "bool", "timestamp", "duration", "money", "json"]
"""What a column holds. `duration` is an integer in milliseconds, `money` a decimal(38, 9) in the
platform's own unit, `timestamp` a moment in UTC at microseconds."""

ARROW_TYPES: dict[Kind, pa.DataType] = {
    "text": pa.string(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "bool": pa.bool_(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "duration": pa.int64(),
    "money": pa.decimal128(38, 9),
    "json": pa.string(),
}

DLT_TYPES: dict[Kind, dict[str, Any]] = {
    "text": {"data_type": "text"},
    "bigint": {"data_type": "bigint"},
    "double": {"data_type": "double"},
    "bool": {"data_type": "bool"},
    "timestamp": {"data_type": "timestamp", "precision": 6, "timezone": True},
    "duration": {"data_type": "bigint"},
    "money": {"data_type": "decimal", "precision": 38, "scale": 9},
    "json": {"data_type": "json"},
}


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Column:
    """A column, and where an API record may hold its value.

    `sources` are paths in snake_case, best first, with dots into nested objects ("workflow.id"); each one
    also stands for its camelCase spelling. Without any, the column's own name is looked for. A duration
    whose source ends in `_seconds`, `_sec` or `_s` is multiplied by 1,000; the unit of a plain `duration` is
    found by comparison with start and end. `derived` columns are filled by the source's own code and never
    looked up.
    """

    name: str
    kind: Kind
    description: str
    sources: tuple[str, ...] = ()
    derived: bool = False

    @property
    def paths(self) -> tuple[str, ...]:
        return () if self.derived else self.sources or (self.name,)


EXTRA = Column(
    "extra",
    "json",
    "Every field that the record had and the columns do not, and every value that did not fit its column, "
    "under its original name; null when there is none.",
    derived=True,
)
EXTRACTED_AT = Column("_extracted_at", "timestamp", "When the record was read from the API.", derived=True)
ACCOUNT = Column(
    "account",
    "text",
    "The account of the settings that the row was read from; `default` if it has no name.",
    derived=True,
)
DEFAULT_ACCOUNT = "default"


@dataclass(frozen=True)
class Table:
    """A raw table of one platform.

    Attributes:
        key: columns that make a row unique within its account; the platform cannot repeat them.
        replaces_by: column whose rows are replaced as a set when it is read again (a run's tool calls).
        endpoint: name of the API operation that a run's rows come from; None for tables that are not
            read per run.
        dated_by: of the table of runs: the column by which the platform lists them, and the cursor counts.
        watched: of the table of runs: columns whose change shows in the list, and makes a known run be read
            again.
        elsewhere: fields, named like the sources of a column, that hold rows of other tables: `extra` does
            not repeat them.
        watched_in_detail: of the table of runs: whether a run's own record says of them what the list says.
    """

    name: str
    description: str
    key: tuple[str, ...]
    own_columns: tuple[Column, ...]
    replaces_by: str | None = None
    endpoint: str | None = None
    dated_by: str = "started_at"
    watched: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    watched_in_detail: bool = False

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        return (ACCOUNT, *self.own_columns, EXTRA, EXTRACTED_AT)

    @cached_property
    def glimpse(self) -> Table:
        """Of the table of runs: what a list row is looked at for, to know whether to read the run."""
        wanted = {*self.key, self.dated_by, *self.watched}
        return replace(self, own_columns=tuple(item for item in self.own_columns if item.name in wanted))

    @property
    def primary_key(self) -> tuple[str, ...]:
        """The columns that make a row unique among those of all accounts."""
        return (ACCOUNT.name, *self.key)

    @property
    def merge_key(self) -> tuple[str, ...]:
        """The columns whose rows are replaced as a set; none when each row stands for itself."""
        return () if self.replaces_by is None else (ACCOUNT.name, self.replaces_by)

    @cached_property
    def plans(self) -> dict[tuple[str, ...], Any]:
        """How records of this table are read, by their keys; see `records`."""
        return {}

    @cached_property
    def schema(self) -> pa.Schema:
        """The pinned Arrow schema; nothing is ever inferred from data."""
        return pa.schema(
            [
                pa.field(column.name, ARROW_TYPES[column.kind], nullable=column.name not in self.primary_key)
                for column in self.columns
            ]
        )

    @cached_property
    def dlt_columns(self) -> dict[str, dict[str, Any]]:
        """Column hints for dlt, which agree with the Arrow schema."""
        return {
            column.name: {
                "name": column.name,
                "description": column.description,
                "nullable": column.name not in self.primary_key,
                **DLT_TYPES[column.kind],
            }
            for column in self.columns
        }

    def to_arrow(self, rows: Sequence[dict[str, Any]], account: str = DEFAULT_ACCOUNT) -> pa.Table:
        """Rows of an account (keyed by column name; a missing key is a null) as an Arrow table of the pinned
        schema."""
        of_account, *fields = self.schema
        moments = {field.name for field in fields if field.type == ARROW_TYPES["timestamp"]}
        others = [field for field in fields if field.name not in moments]
        arrays = {ACCOUNT.name: pa.repeat(pa.scalar(account, of_account.type), len(rows))}
        of_others = pa.array(rows, type=pa.struct(others)).flatten()
        arrays.update((field.name, array) for field, array in zip(others, of_others, strict=True))
        arrays.update((name, _moments([row.get(name) for row in rows])) for name in moments)
        return pa.Table.from_arrays([arrays[name] for name in self.schema.names], schema=self.schema)


def _moments(values: Sequence[datetime | None]) -> pa.Array:
    """Moments in UTC. Arrow takes the time since 1970 several times faster than a moment with a time zone."""
    since = [None if value is None else value - EPOCH for value in values]
    return pa.array(since, type=pa.duration("us")).view(ARROW_TYPES["timestamp"])


SYNC_LOG = Table(
    "sync_log",
    "One row per chunk of a sync: which window was read, how, and whether anything is known to be missing.",
    ("sync_id", "chunk"),
    (
        Column("sync_id", "text", "The sync; all its chunks share it."),
        Column("chunk", "bigint", "Position of the chunk in its sync, from 0."),
        Column("window_start", "timestamp", "Start of the window that the sync had to read."),
        Column("window_end", "timestamp", "Newest start time that this chunk covers."),
        Column("range", "text", "The time range that the API was asked for."),
        Column("pages", "bigint", "Pages of the run list that were read."),
        Column("runs_listed", "bigint", "Distinct runs that the list showed."),
        Column("runs_new", "bigint", "Runs of this chunk that were not known before."),
        Column("runs_changed", "bigint", "Runs of this chunk that were known and had changed."),
        Column("open_runs", "bigint", "Runs that are not final, or lack something, after this chunk."),
        Column("requests", "bigint", "HTTP requests sent for this chunk, retries included."),
        Column("retries", "bigint", "Requests that had to be sent again."),
        Column("throttled_seconds", "double", "Time spent waiting because the API asked for it, in seconds."),
        Column("gap_start", "timestamp", "Start of a stretch that the API can no longer list; null if none."),
        Column("gap_end", "timestamp", "End of that stretch."),
        Column("started_at", "timestamp", "When the sync started."),
        Column("finished_at", "timestamp", "When this chunk was read."),
        Column("is_complete", "bool", "True on the last chunk of a sync that read its whole window."),
    ),
)

FETCH_ERRORS = Table(
    "fetch_errors",
    "One row per run and endpoint that could not be read: tried again on each sync, kept when resolved.",
    ("run_id", "endpoint"),
    (
        Column("run_id", "text", "The run that the endpoint belongs to."),
        Column("endpoint", "text", "What could not be read."),
        Column("status_code", "bigint", "HTTP status of the last answer; null when there was none."),
        Column("message", "text", "What happened, in one sentence."),
        Column("attempts", "bigint", "Syncs that tried."),
        Column("first_failed_at", "timestamp", "When it failed first."),
        Column("last_failed_at", "timestamp", "When it failed last."),
        Column(
            "resolved_at",
            "timestamp",
            "When it was read after all; null while it is tried, and for good when it was given up.",
        ),
    ),
)
