"""A load: one sync of one platform, chunk by chunk; what an earlier load left unfinished goes first."""

from __future__ import annotations

import difflib
import hashlib
import logging
import os
import shutil
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import dlt
from dlt.common.exceptions import DltException
from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.pipeline.exceptions import PipelineStepFailed

from pipelines.platforms import PLATFORMS, connector, pipeline_name, source
from pipelines.warehouse import WarehouseError
from sources.common.errors import RunmartError, SettingsError
from sources.common.sync import Progress
from sources.common.tables import DEFAULT_ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from pipelines.warehouse import Warehouse
    from sources.common.connector import Connector
    from sources.common.sync import Outcome

logger = logging.getLogger("runmart.load")

__all__ = ["LoadOutcome", "LoadRequest", "Progress", "load", "resolve"]

ALWAYS_LOADED = frozenset({"sync_log", "fetch_errors"})
"""Tables that tell what a sync did and what it lacks: they are loaded with any selection."""


@dataclass(frozen=True)
class LoadRequest:
    """What is to be loaded.

    Attributes:
        resources: tables; None for all but those that are off by default.
        chunk_runs: most runs that a crash makes be read again; half of them are committed together.
        since: read runs that started from here on again, whatever was loaded before.
        workflow: the runs of this workflow only.
        full_refresh: read all that the platform still lists, as if nothing had been loaded. Rows that it no
            longer lists stay.
        account: the account of the settings that is read; each one has its own cursor.
    """

    platform: str
    resources: tuple[str, ...] | None = None
    chunk_runs: int = 5000
    since: datetime | None = None
    workflow: str | None = None
    full_refresh: bool = False
    account: str = DEFAULT_ACCOUNT


@dataclass
class LoadOutcome:
    """What a load did.

    Attributes:
        gap: stretch that the platform can no longer list and that no sync has read.
        unread: details of runs that could not be read in this load, and are tried again by the next.
        missing: sentences about what is known to be missing.
    """

    platform: str
    account: str
    sync_id: str
    chunks: int = 0
    runs_new: int = 0
    runs_changed: int = 0
    open_runs: int = 0
    requests: int = 0
    retries: int = 0
    throttled_seconds: float = 0.0
    seconds: float = 0.0
    gap: tuple[datetime, datetime] | None = None
    unread: int = 0
    missing: list[str] = field(default_factory=list)
    is_complete: bool = False

    @property
    def exit_code(self) -> int:
        """0 when all was read, 3 when something is known to be missing."""
        return 3 if self.missing or self.unread or not self.is_complete else 0


def load(
    request: LoadRequest, warehouse: Warehouse, on_progress: Callable[[Progress], None] | None = None
) -> LoadOutcome:
    """Bring the warehouse up to date with a platform.

    Raises:
        SettingsError: the request or a setting is wrong.
        PlatformError: the platform cannot be read; what was read before is committed.
        WarehouseError: the warehouse cannot be written, or another load of this platform is under way.
    """
    platform, tables = resolve(request)
    session = platform.session(
        account=request.account,
        chunk_runs=request.chunk_runs,
        since=request.since,
        workflow=request.workflow,
        forget=request.full_refresh,
        on_progress=on_progress,
    )
    # Rows tell which load brought them.
    dlt.config["normalize.parquet_normalizer.add_dlt_load_id"] = True
    dlt.config["load.truncate_staging_dataset"] = True
    # What is in the warehouse need not lie in dlt's working directory too.
    dlt.config["load.delete_completed_jobs"] = True
    # What was read is written at once, before more of it is taken.
    dlt.config["extract.next_item_mode"] = "fifo"
    dlt.config["data_writer.buffer_max_items"] = 1
    if warehouse.kind == "duckdb" and dlt.config.get("load.workers") is None:
        # Each one holds what it writes, and a file is written by two no slower than by twenty.
        dlt.config["load.workers"] = 2
    started = time.monotonic()
    with _private_files(), warehouse.loading(request.platform), _warehouse_errors(warehouse):
        warehouse.require_writable()
        try:
            if not warehouse.exists():
                # Nothing can be known of the platform, unless a killed load left something behind.
                session.begin_early(frozenset(tables))
            with warehouse.writing():
                pipeline, base = _pipeline(request.platform, request.account, warehouse)
            while not session.is_done:
                tables_of_chunk = source(request.platform)(session=session).with_resources(*tables)
                pipeline.extract(tables_of_chunk)
                pipeline.normalize()
                with warehouse.writing():
                    loaded = pipeline.load()
                base.note(loaded.loads_ids[-1] if loaded.loads_ids else None)
        finally:
            session.close()
    if session.failure is not None:
        raise session.failure
    return _outcome(request, session.outcome, time.monotonic() - started)


def resolve(request: LoadRequest) -> tuple[Connector, list[str]]:
    """The platform and the tables that a request names.

    Raises:
        SettingsError: it names what there is not.
    """
    if request.platform not in PLATFORMS:
        raise SettingsError(_unknown("platform", request.platform, PLATFORMS))
    platform = connector(request.platform)
    if request.chunk_runs < 1:
        raise SettingsError(f"A chunk must hold one run or more, not {request.chunk_runs}.")
    if request.resources is None:
        return platform, [name for name in platform.tables if name not in platform.off_by_default]
    for name in request.resources:
        if name not in platform.tables:
            raise SettingsError(_unknown("table", name, platform.tables))
    return platform, sorted({*request.resources, *ALWAYS_LOADED})


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return f"There is no {what} {name!r}.{hint} There are: {', '.join(known)}."


def _state_directory(warehouse: Warehouse) -> Path:
    """Where dlt works on loads into this warehouse: another warehouse never meets this one's state."""
    from dlt.common.pipeline import get_dlt_pipelines_dir

    place = hashlib.sha256(warehouse.describe().encode()).hexdigest()[:12]
    directory = Path(get_dlt_pipelines_dir()) / f"runmart_{warehouse.kind}_{place}"
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"The state of loads cannot be kept in {directory}: {error.strerror}. "
            "Set DLT_DATA_DIR to a folder that can be written."
        ) from error
    return directory


@contextmanager
def _private_files() -> Iterator[None]:
    """Let nobody but their owner read the files that are made meanwhile."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


class _Base:
    """Remembers what the warehouse held when this machine last changed it: the newest load's id.

    What a killed load left behind goes on from there, and may be loaded onto nothing else: into a warehouse
    that was restored from an older copy, its cursor would hide the runs between.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def note(self, load_id: str | None) -> None:
        if load_id is not None:
            self._file.write_text(load_id)

    def note_present(self, pipeline: dlt.Pipeline) -> None:
        self.note(_newest(pipeline))

    def is_present(self, pipeline: dlt.Pipeline) -> bool:
        """Whether the pipeline's warehouse still holds just that."""
        return self._file.exists() and self._file.read_text() == _newest(pipeline)


def _newest(pipeline: dlt.Pipeline) -> str:
    """The id of the newest load in a pipeline's warehouse; empty when there is none."""
    with pipeline.sql_client() as client:
        loads = client.make_qualified_table_name("_dlt_loads")
        try:
            found = client.execute_sql(f"select max(load_id) from {loads}")  # noqa: S608
        except DatabaseUndefinedRelation:
            return ""
    return found[0][0] or "" if found else ""


def _pipeline(platform: str, account: str, warehouse: Warehouse) -> tuple[dlt.Pipeline, _Base]:
    """The pipeline in the state that the warehouse has; what a killed load left behind is loaded first."""
    directory = _state_directory(warehouse)
    name = pipeline_name(platform, account)
    base = _Base(directory / f"{name}.base")
    pipeline = _attached(name, platform, warehouse, directory)
    try:
        if pipeline.has_pending_data and base.is_present(pipeline):
            # `run` would first compare states, and forget everything when the warehouse has no tables yet.
            # A package that was killed while it moved to its next step cannot be normalized again.
            if not pipeline.list_normalized_load_packages():
                pipeline.normalize()
            pipeline.load()
    except (DltException, OSError) as error:
        # It cannot be finished; what it held is read again.
        logger.warning("What an earlier load left behind is dropped: %s", str(error).splitlines()[0])
    # What the warehouse says counts, not what this machine remembers: it may have been restored, or loaded
    # from elsewhere.
    pipeline = pipeline.drop()
    pipeline.sync_destination()
    base.note_present(pipeline)
    return pipeline, base


def _attached(name: str, dataset: str, warehouse: Warehouse, directory: Path) -> dlt.Pipeline:
    """The pipeline as it was left on this machine; afresh when that cannot be read."""

    def attach() -> dlt.Pipeline:
        return dlt.pipeline(
            pipeline_name=name,
            pipelines_dir=str(directory),
            destination=warehouse.destination(),
            dataset_name=dataset,
        )

    try:
        return attach()
    except (DltException, OSError, ValueError) as error:
        logger.warning("The state in %s cannot be read, and is made anew: %s", directory, error)
        shutil.rmtree(directory / name)
        return attach()


@contextmanager
def _warehouse_errors(warehouse: Warehouse) -> Iterator[None]:
    """Turn a failing step of dlt into the sentence behind it."""
    try:
        yield
    except PipelineStepFailed as error:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, RunmartError | KeyboardInterrupt):
                raise cause from None
            last, cause = cause, cause.__cause__ or cause.__context__
        reason = (str(last).strip() or type(last).__name__).splitlines()[0]
        raise WarehouseError(
            f"Loading into {warehouse.describe()} failed: {reason}. What was committed stays, and the next "
            "load goes on from there."
        ) from error


def _outcome(request: LoadRequest, outcome: Outcome, seconds: float) -> LoadOutcome:
    return LoadOutcome(
        platform=request.platform,
        account=request.account,
        sync_id=outcome.sync_id,
        chunks=outcome.chunks,
        runs_new=outcome.runs_new,
        runs_changed=outcome.runs_changed,
        open_runs=outcome.open_runs,
        requests=outcome.traffic.requests,
        retries=outcome.traffic.retries,
        throttled_seconds=outcome.traffic.throttled_seconds,
        seconds=seconds,
        gap=outcome.gap,
        unread=outcome.unread,
        missing=outcome.missing,
        is_complete=outcome.is_complete,
    )
