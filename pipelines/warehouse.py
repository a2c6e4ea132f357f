"""Where the data lies: a DuckDB file or a PostgreSQL database, resolved from dlt's own settings."""

from __future__ import annotations

import fcntl
import os
import re
import stat
import warnings
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pipelines.platforms import PLATFORMS
from sources.common.errors import RunmartError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb
    import pyarrow as pa
    from dlt.common.destination import Destination
    from psycopg2.extensions import connection as PostgresConnection  # noqa: N812
    from psycopg2.extensions import cursor as PostgresCursor  # noqa: N812

MARTS = "analytics"
"""Schema that dbt's marts are in; raw tables are in schemas named after their platform."""

DEFAULT_FILE = "runmart.duckdb"
BATCH_ROWS = 10_000


WHILE_LOADING = (
    "allocator_flush_threshold = '1MB'",
    "allocator_bulk_deallocation_flush_threshold = '1MB'",
    "max_vacuum_tasks = 0",
    "checkpoint_threshold = '256MB'",
)
"""Settings of DuckDB for what writes here. Memory that is freed is given back. Rows that have become sparse
are moved together by whatever writes next without these settings: dbt, in each build. What was written is put
in its place when the file is closed, after each chunk, and not before that too."""


class WarehouseError(RunmartError):
    """The warehouse cannot be used now: in use by another process, out of reach, or empty."""


class QueryError(RunmartError):
    """The warehouse does not understand a query, or refuses it."""


class Answer(ABC):
    """What a query gives, read once, batch by batch.

    Attributes:
        columns: names in the order of the query.
        json_columns: positions of the columns that hold JSON as text.
    """

    columns: tuple[str, ...]
    json_columns: frozenset[int] = frozenset()

    @abstractmethod
    def rows(self) -> Iterator[tuple[Any, ...]]:
        """The rows as Python values."""

    @abstractmethod
    def arrow(self) -> pa.RecordBatchReader:
        """The rows as Arrow record batches."""


class Reader(ABC):
    """An open, read-only connection."""

    @abstractmethod
    def ask(self, sql: str) -> Answer:
        """Run a query; its answer must be read before the next one is asked."""

    def query(self, sql: str) -> list[dict[str, Any]]:
        """All rows of a small query, by column name."""
        answer = self.ask(sql)
        return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows()]


class Warehouse(ABC):
    """One destination. Its connections here are read-only: dlt and dbt write, through their own."""

    kind: ClassVar[Literal["duckdb", "postgres"]]

    @abstractmethod
    def describe(self) -> str:
        """Where the data lies, without password."""

    @abstractmethod
    def destination(self) -> Destination[Any, Any]:
        """The same place for `dlt.pipeline(destination=…)`."""

    @abstractmethod
    def dbt_environment(self) -> dict[str, str]:
        """The variables that `dbt_models/profiles.yml` reads."""

    @abstractmethod
    def exists(self) -> bool:
        """Whether there is anything to read from; a database server counts as existing."""

    @abstractmethod
    def require_writable(self) -> None:
        """Raise `SettingsError` or `WarehouseError` when nothing can be loaded here now."""

    @abstractmethod
    def loading(self, platform: str) -> AbstractContextManager[None]:
        """The right to load a platform, which nobody else has as long as the `with` block.

        It ends with the process that holds it, however that dies.

        Raises:
            WarehouseError: another load has it.
        """

    def writing(self) -> AbstractContextManager[object]:
        """Keeps at hand what dlt needs to write, and others out, as long as the `with` block."""
        return nullcontext()

    @abstractmethod
    def reading(self) -> AbstractContextManager[Reader]:
        """A read-only connection that is open as long as the `with` block.

        Raises:
            QueryError: a query is wrong, when it is asked or while its rows are read.
            SettingsError, WarehouseError: the warehouse cannot be read.
        """

    def query(self, sql: str) -> list[dict[str, Any]]:
        """All rows of a small query, by column name, on a connection of its own; see `reading`."""
        with self.reading() as reader:
            return reader.query(sql)

    def columns(self, *schemas: str) -> dict[tuple[str, str], set[str]]:
        """The columns of each (schema, table) in the given schemas; empty when there is nothing yet."""
        if not self.exists():
            return {}
        names = ", ".join("'" + schema.replace("'", "''") + "'" for schema in schemas)
        found: dict[tuple[str, str], set[str]] = {}
        for row in self.query(
            "select table_schema, table_name, column_name from information_schema.columns "  # noqa: S608
            f"where table_schema in ({names})"
        ):
            found.setdefault((row["table_schema"], row["table_name"]), set()).add(row["column_name"])
        return found


def warehouse(kind: str | None = None) -> Warehouse:
    """The warehouse of a kind, as dlt's settings describe it.

    Args:
        kind: `duckdb` or `postgres`; None for what `RUNMART__DESTINATION` says, and else DuckDB.

    Raises:
        SettingsError: the kind is unknown, or its settings are missing or unusable.
    """
    kinds = {"duckdb": _duckdb_from_settings, "postgres": _postgres_from_settings}
    with settings_errors():
        import dlt

        chosen = kind or dlt.config.get("runmart.destination", str) or "duckdb"
        if chosen not in kinds:
            named = "--destination" if kind else "The setting RUNMART__DESTINATION"
            raise SettingsError(f"{named} is {chosen!r}, but it can be: {', '.join(kinds)}.")
        return kinds[chosen]()


@contextmanager
def settings_errors() -> Iterator[None]:
    """Turn what dlt says about unreadable settings into a sentence."""
    from dlt.common.configuration.exceptions import ConfigurationException
    from dlt.common.configuration.providers.toml import TomlProviderReadException

    try:
        yield
    except TomlProviderReadException as error:
        what = " ".join(str(error).split()).partition(": ")[2]
        raise SettingsError(f".dlt/{error.file_name} cannot be read as TOML: {what}.") from error
    except ConfigurationException as error:
        raise SettingsError(f"The settings cannot be used: {str(error).splitlines()[0]}") from error


def _duckdb_from_settings() -> Warehouse:
    from dlt.common.configuration.resolve import resolve_configuration
    from dlt.common.configuration.specs.exceptions import InvalidConnectionString
    from dlt.destinations.impl.duckdb.configuration import DuckDbCredentials
    from dlt.destinations.impl.duckdb.exceptions import InvalidInMemoryDuckdbCredentials

    setting = "DESTINATION__DUCKDB__CREDENTIALS"
    try:
        credentials = resolve_configuration(DuckDbCredentials(), sections=("destination", "duckdb"))
    except InvalidInMemoryDuckdbCredentials as error:
        raise SettingsError(f"{setting} must name a file: what is in memory is gone at the end.") from error
    except InvalidConnectionString as error:
        raise SettingsError(f"{setting} must be a path, or duckdb:/// and a path.") from error
    path = credentials.database or DEFAULT_FILE
    if path.startswith(":"):
        raise SettingsError(f"{setting} is {path!r}, but must name a file.")
    return DuckDbWarehouse(Path(path), credentials)


def _postgres_from_settings() -> Warehouse:
    from dlt.common.configuration.exceptions import ConfigFieldMissingException, InvalidNativeValue
    from dlt.common.configuration.resolve import resolve_configuration
    from dlt.destinations.impl.postgres.configuration import PostgresCredentials

    setting, example = "DESTINATION__POSTGRES__CREDENTIALS", "postgresql://user:password@host:5432/database"
    try:
        credentials = resolve_configuration(PostgresCredentials(), sections=("destination", "postgres"))
    except ConfigFieldMissingException as error:
        missing = ", ".join(error.traces)
        raise SettingsError(
            f"PostgreSQL is not configured ({missing} missing): set {setting}={example}, "
            "or [destination.postgres] credentials in .dlt/secrets.toml."
        ) from error
    except InvalidNativeValue as error:
        raise SettingsError(f"{setting} is not an address like {example}.") from error
    return PostgresWarehouse(credentials)


@dataclass(frozen=True)
class DuckDbWarehouse(Warehouse):
    """A DuckDB file. `credentials` are what dlt resolved, or None for dlt's defaults."""

    kind: ClassVar[Literal["duckdb"]] = "duckdb"
    file: Path
    credentials: Any = None

    @property
    def path(self) -> Path:
        return self.file.expanduser().absolute()

    def describe(self) -> str:
        return str(self.path)

    def destination(self) -> Destination[Any, Any]:
        import dlt

        if self.credentials is None:
            return dlt.destinations.duckdb(str(self.path))
        credentials = self.credentials.copy()
        credentials.database = str(self.path)
        credentials.on_resolved()  # makes the copy's own connection pool
        return dlt.destinations.duckdb(credentials)

    def dbt_environment(self) -> dict[str, str]:
        return {"RUNMART_TARGET": "duckdb", "RUNMART_DUCKDB_PATH": str(self.path)}

    def exists(self) -> bool:
        return self.path.exists()

    def _require_folder(self) -> None:
        folder = self.path.parent
        if not folder.is_dir():
            raise SettingsError(f"The folder {folder} does not exist: create it, or choose another file.")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise SettingsError(f"Nothing can be written to the folder {folder}: choose another file.")

    def _require_name(self) -> None:
        """Refuse a file whose name DuckDB takes for a schema: `armature.runs` would have two meanings."""
        schema = self.path.stem.lower()
        if schema in (*PLATFORMS, MARTS):
            raise SettingsError(
                f"The file {self.path.name} is named like the schema {schema}, and DuckDB cannot tell the "
                "two apart: choose another file, e.g. runmart.duckdb."
            )

    def require_writable(self) -> None:
        self._require_folder()
        self._require_name()
        if self.path.exists():
            # A superuser may write to any file, but a file without any write permission is meant to stay.
            has_write_bit = bool(self.path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
            if not has_write_bit or not os.access(self.path, os.W_OK):
                raise SettingsError(
                    f"{self.path} is read-only: make it writable (chmod u+w), or choose another file."
                )
            self._connect(read_only=False).close()

    @contextmanager
    def loading(self, platform: str) -> Iterator[None]:
        # One file takes one writer, whatever the platform. The lock lies beside the file, where every process
        # that can write there meets it.
        self._require_folder()
        target = self.path.resolve()
        lock = target.with_name(f".{target.name}.lock")
        descriptor = _locked(lock)
        if descriptor is None:
            raise WarehouseError(
                f"Another load into {self.path} is under way, so {platform} cannot be loaded now. "
                "Run it when that has ended."
            )
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)
            os.close(descriptor)

    @contextmanager
    def opened(self, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        """The file, open as long as the `with` block; no other process writes to it meanwhile.

        Raises:
            SettingsError, WarehouseError: it cannot be opened.
        """
        connection = self._connect(read_only=read_only)
        try:
            if not read_only:
                cores: int = connection.execute("select current_setting('threads')").fetchall()[0][0]
                # One is left to the process that reads.
                for setting in (*WHILE_LOADING, f"threads = {max(1, cores - 1)}"):
                    connection.execute(f"set global {setting}")
            yield connection
        finally:
            connection.close()

    def writing(self) -> AbstractContextManager[object]:
        # dlt opens and closes the file for each step, and DuckDB checkpoints it whenever it is closed.
        return self.opened(read_only=False)

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        import duckdb

        if not self.exists():
            raise WarehouseError(
                f"Nothing has been loaded yet: {self.path} does not exist. Run `runmart load` first."
            )
        connection = self._connect(read_only=True)
        try:
            connection.execute("set TimeZone = 'UTC'")
            yield _DuckDbReader(connection)
        except duckdb.Error as error:
            raise QueryError(_duckdb_sentence(error)) from error
        finally:
            connection.close()

    def _connect(self, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        import duckdb

        try:
            return duckdb.connect(str(self.path), read_only=read_only)
        except duckdb.Error as error:
            text = " ".join(str(error).split())
            if holder := re.search(r"lock is held in (.+?) \(PID (\d+)\)", text):
                raise WarehouseError(
                    f"{self.path} is in use by another process ({Path(holder[1]).name}, PID {holder[2]}): "
                    "wait until it ends, or close it."
                ) from error
            if "lock" in text:
                raise WarehouseError(f"{self.path} is in use by another process: {text}") from error
            if "not a valid DuckDB database" in text or "Is a directory" in text:
                raise SettingsError(f"{self.path} is not a DuckDB file: choose another one.") from error
            if "Permission denied" in text:
                raise SettingsError(f"{self.path} may not be opened: permission denied.") from error
            raise WarehouseError(f"{self.path} cannot be opened: {text}") from error


def _locked(path: Path) -> int | None:
    """A descriptor of a file that is locked by it; None when another process has the lock."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever had the lock may have removed the file since it was opened here.
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            return None
        except FileNotFoundError:
            pass
        os.close(descriptor)


class _DuckDbReader(Reader):
    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def ask(self, sql: str) -> Answer:
        return _DuckDbAnswer(self._connection.execute(sql))


class _DuckDbAnswer(Answer):
    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        described = connection.description or []
        self.columns = tuple(str(column[0]) for column in described)
        self.json_columns = frozenset(n for n, column in enumerate(described) if str(column[1]) == "JSON")

    def rows(self) -> Iterator[tuple[Any, ...]]:
        while batch := self._connection.fetchmany(BATCH_ROWS):
            yield from batch

    def arrow(self) -> pa.RecordBatchReader:
        with warnings.catch_warnings():
            # That a relation could do with fewer copies: it would run the query once more.
            warnings.simplefilter("ignore", UserWarning)
            # `to_arrow_reader` came with DuckDB 1.4.
            return self._connection.to_arrow_reader(BATCH_ROWS)


def _duckdb_sentence(error: Exception) -> str:
    """What DuckDB says about a query, without the drawing of where."""
    said, _, where = str(error).partition("\n\nLINE ")
    said = " ".join(said.split())
    if "attached in read-only mode" in said:
        return "The query would change the warehouse, but `query` only reads."
    line = where.partition(":")[0]
    return f"{said}" + (f" (line {line})" if line.isdigit() and line != "1" else "")


@dataclass(frozen=True)
class PostgresWarehouse(Warehouse):
    """A PostgreSQL database, with the credentials that dlt resolved."""

    kind: ClassVar[Literal["postgres"]] = "postgres"
    credentials: Any

    def describe(self) -> str:
        of = self.credentials
        return f"postgresql://{of.username}@{self._host}:{of.port}/{of.database}"

    @property
    def _host(self) -> str:
        """The host; a socket's directory stands behind the question mark of the address."""
        return str((self.credentials.query or {}).get("host", self.credentials.host))

    def destination(self) -> Destination[Any, Any]:
        import dlt

        return dlt.destinations.postgres(self.credentials)

    def dbt_environment(self) -> dict[str, str]:
        of = self.credentials
        variables = {
            "RUNMART_TARGET": "postgres",
            "PGHOST": self._host,
            "PGPORT": str(of.port),
            "PGUSER": str(of.username),
            "PGPASSWORD": str(of.password or ""),
            "PGDATABASE": str(of.database),
        }
        # libpq has a variable for most parameters of a connection string (sslmode: PGSSLMODE).
        for name, value in (of.query or {}).items():
            if name in ("sslmode", "sslrootcert", "sslcert", "sslkey", "options", "channel_binding"):
                variables["PG" + name.upper().replace("_", "")] = str(value)
        return variables

    def exists(self) -> bool:
        return True

    def require_writable(self) -> None:
        may_create = "select has_database_privilege(current_database(), 'CREATE') as may_create"
        if not self.query(may_create)[0]["may_create"]:
            raise SettingsError(
                f"The user {self.credentials.username} may not create schemas in {self.describe()}: "
                "grant CREATE on the database."
            )

    @contextmanager
    def loading(self, platform: str) -> Iterator[None]:
        # The lock is the server's, and so holds for loads from any machine.
        connection = self._connect()
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                lock = f"runmart load {platform}"
                cursor.execute("select pg_try_advisory_lock(hashtextextended(%s, 0))", (lock,))
                (is_ours,) = cursor.fetchone() or (False,)
            if not is_ours:
                raise WarehouseError(
                    f"Another load of {platform} into {self.describe()} is under way. "
                    "Run it when that has ended."
                )
            yield
        finally:
            connection.close()

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        import psycopg2

        connection = self._connect()
        try:
            connection.set_session(readonly=True)
            with connection.cursor() as cursor:
                cursor.execute("set time zone 'UTC'")
                yield _PostgresReader(cursor)
        except psycopg2.Error as error:
            raise QueryError(_postgres_sentence(error)) from error
        finally:
            connection.close()

    def _connect(self) -> PostgresConnection:
        import psycopg2

        of = self.credentials
        try:
            return psycopg2.connect(of.to_native_representation())
        except psycopg2.OperationalError as error:
            text = " ".join(str(error).split())
            where = f"{self._host}:{of.port}"
            setting = "Check DESTINATION__POSTGRES__CREDENTIALS."
            if "authentication failed" in text or "no password supplied" in text:
                raise SettingsError(
                    f"PostgreSQL at {where} refused user {of.username} or the password. {setting}"
                ) from error
            if "does not exist" in text:
                said = text.rpartition("FATAL: ")[2].strip()
                raise SettingsError(f"PostgreSQL at {where} says: {said}. {setting}") from error
            if "could not translate host name" in text:
                raise WarehouseError(f"The host {of.host} of PostgreSQL is not known. {setting}") from error
            reason = text.rpartition("failed: ")[2].partition(" Is the server")[0]
            raise WarehouseError(f"PostgreSQL at {where} cannot be reached: {reason}") from error


class _PostgresReader(Reader):
    def __init__(self, cursor: PostgresCursor) -> None:
        self._cursor = cursor

    def ask(self, sql: str) -> Answer:
        self._cursor.execute(sql)
        return _PostgresAnswer(self._cursor)


class _PostgresAnswer(Answer):
    def __init__(self, cursor: PostgresCursor) -> None:
        self._cursor = cursor
        self._described = cursor.description or ()
        self.columns = tuple(column.name for column in self._described)

    def rows(self) -> Iterator[tuple[Any, ...]]:
        if not self._described:
            return
        while batch := self._cursor.fetchmany(BATCH_ROWS):
            yield from batch

    def arrow(self) -> pa.RecordBatchReader:
        import pyarrow as pa

        schema = pa.schema([pa.field(column.name, _arrow_type(column)) for column in self._described])
        return pa.RecordBatchReader.from_batches(schema, self._batches(schema))

    def _batches(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        while batch := self._cursor.fetchmany(BATCH_ROWS):
            columns = zip(*batch, strict=True)
            yield pa.record_batch(
                [
                    pa.array([_arrow_value(value, field.type) for value in column], type=field.type)
                    for column, field in zip(columns, schema, strict=True)
                ],
                schema=schema,
            )


def _arrow_type(column: Any) -> pa.DataType:  # noqa: ANN401
    """The Arrow type of a PostgreSQL column, by the type's fixed object id; text for all others."""
    import pyarrow as pa

    types = {
        16: pa.bool_(),
        20: pa.int64(),
        21: pa.int16(),
        23: pa.int32(),
        700: pa.float32(),
        701: pa.float64(),
        1082: pa.date32(),
        1114: pa.timestamp("us"),
        1184: pa.timestamp("us", tz="UTC"),
    }
    if column.type_code == 1700:
        # What is computed (sum, avg) has no declared precision, and up to 20 digits or so behind the point.
        declared = column.precision is not None and 0 < column.precision <= 38
        return pa.decimal128(column.precision, column.scale) if declared else pa.float64()
    return types.get(column.type_code, pa.string())


def _arrow_value(value: object, kind: pa.DataType) -> object:
    import pyarrow as pa

    if value is None or not (pa.types.is_string(kind) or pa.types.is_float64(kind)):
        return value
    if pa.types.is_float64(kind):
        return float(str(value))
    if isinstance(value, dict | list):
        import json

        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _postgres_sentence(error: Any) -> str:  # noqa: ANN401
    """What PostgreSQL says about a query, on one line."""
    if error.pgcode == "25006":
        return "The query would change the warehouse, but `query` only reads."
    said = error.diag.message_primary or str(error)
    hint = f" {error.diag.message_hint}" if error.diag.message_hint else ""
    return " ".join(f"{said}.{hint}".split())
