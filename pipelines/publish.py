"""Publishes a DuckDB file: a copy for readers, which is replaced as a whole after each good build."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.warehouse import DuckDbWarehouse, WarehouseError
from sources.common.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.warehouse import Warehouse

MARK = "runmart_copy"
"""A schema in every copy, by which the next one knows that it may replace the file."""

PRIVATE = 0o400
"""The mode of a first copy. Nobody may write to it, for a dashboard that could would lock the others out."""


@dataclass(frozen=True)
class Publication:
    """Where the copy is, how large it is, and how long it took."""

    path: Path
    size: int
    seconds: float


def copy_of(warehouse: Warehouse) -> DuckDbWarehouse | None:
    """Where the marts are published, whether they have been or not; None where nothing needs to be.

    `runmart.read.duckdb` beside `runmart.duckdb`. A PostgreSQL server has readers while it writes.
    """
    if not isinstance(warehouse, DuckDbWarehouse):
        return None
    file = warehouse.path.resolve()
    return DuckDbWarehouse(file.with_name(f"{file.stem}.read{file.suffix}"))


def publish(warehouse: Warehouse) -> Publication | None:
    """Copy the warehouse to where readers look; see `copy_of`.

    The copy has all that the file has, and `runmart_copy.published`, which says when it was made. It is
    written beside the old one and put in its place when it is whole. Whoever reads the old one goes on
    reading it, and a crash leaves it as it is. What a crash leaves besides, the next publication removes.

    Raises:
        SettingsError: a file of somebody else has the name of the copy, or nothing can be written there.
        WarehouseError: the warehouse is in use.
    """
    import duckdb

    copy = copy_of(warehouse)
    if copy is None or not _is_wanted():
        return None
    assert isinstance(warehouse, DuckDbWarehouse)  # noqa: S101 - what copy_of has found out
    _require_own(copy)
    started = time.monotonic()
    try:
        with _workshop(copy.path) as workshop:
            made = workshop / copy.path.name
            _copy(warehouse, made)
            _allow_as_before(made, copy.path)
            # What somebody wrote to the old copy and left half done does not belong to the new one.
            copy.path.with_name(copy.path.name + ".wal").unlink(missing_ok=True)
            os.replace(made, copy.path)
    except OSError as error:
        raise SettingsError(f"{copy.describe()} cannot be written: {error.strerror}.") from error
    except duckdb.Error as error:
        said = " ".join(str(error).split())
        raise WarehouseError(f"{copy.describe()} cannot be written: {said}") from error
    return Publication(copy.path, copy.path.stat().st_size, round(time.monotonic() - started, 1))


def _is_wanted() -> bool:
    import dlt

    wanted = dlt.config.get("runmart.publish", bool)
    return wanted is None or wanted


def _require_own(copy: DuckDbWarehouse) -> None:
    if copy.exists():
        marks = f"select 1 from information_schema.schemata where schema_name = '{MARK}'"  # noqa: S608
        if not copy.query(marks):
            raise SettingsError(
                f"{copy.describe()} is no copy of runmart's, and stays as it is: move it away, "
                "or set RUNMART__PUBLISH=false."
            )


@contextmanager
def _workshop(target: Path) -> Iterator[Path]:
    """A private folder beside a file, locked as long as its process lives; those of dead ones are removed."""
    prefix = f".{target.name}."
    for left in target.parent.glob(f"{prefix}*"):
        if left.is_dir() and (descriptor := _locked(left)) is not None:
            shutil.rmtree(left, ignore_errors=True)
            os.close(descriptor)
    folder = target.parent / tempfile.mkdtemp(prefix=prefix, dir=target.parent)
    descriptor = _locked(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if descriptor is not None:
            os.close(descriptor)


def _locked(folder: Path) -> int | None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _copy(source: DuckDbWarehouse, target: Path) -> None:
    log = source.path.resolve().with_name(source.path.resolve().name + ".wal")
    if log.exists():
        # A process died before it had written its last rows into the file itself.
        with source.opened(read_only=False) as connection:
            connection.execute("checkpoint")
    # Open, so that nobody writes meanwhile. Copying tables one by one takes twenty times as long.
    with source.opened(read_only=True):
        shutil.copyfile(source.path, target)
    with DuckDbWarehouse(target).opened(read_only=False) as connection:
        connection.execute(f"create schema if not exists {MARK}")
        connection.execute(
            f"create or replace table {MARK}.published as select current_timestamp as published_at"
        )


def _allow_as_before(made: Path, before: Path) -> None:
    """Give the new copy the group and mode of the one before, so that who might read it still may."""
    if not before.exists():
        made.chmod(PRIVATE)
        return
    old = before.stat()
    with suppress(PermissionError):
        os.chown(made, -1, old.st_gid)
    has_group = made.stat().st_gid == old.st_gid
    made.chmod(old.st_mode & (0o777 if has_group else 0o707))
