"""Loads of any history into real warehouses, killed between their steps, on machines that are lost."""

from __future__ import annotations

import os
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from unittest import mock

import dlt
import psycopg2
import pytest
from dlt.common.versioned_state import decompress_state
from dlt.load.load import Load
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from pipelines.load import LoadRequest, load
from pipelines.warehouse import Warehouse, warehouse
from sources.common.apart import SessionApart
from sources.common.connector import Connector
from tests.likeness.platform import Plan
from tests.likeness.platforms import LIKENESSES
from tests.sync.histories import ANY_HISTORY, SyncMachine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipelines.load import LoadOutcome
    from tests.likeness.platform import Likeness

RUNS_PER_CHUNK = 6
SESSION = Connector.session
STEPS: dict[str, tuple[type, str]] = {
    "extract": (SessionApart, "chunk"),
    "normalize": (dlt.Pipeline, "normalize"),
    "load": (dlt.Pipeline, "load"),
    # All rows are merged by then, but the package is not yet on record as loaded.
    "complete": (Load, "complete_package"),
}

DEATHS = (
    ("extract", True),
    ("normalize", False),
    ("load", False),
    ("load", True),
    ("complete", False),
    ("complete", True),
)
"""Before which step a load dies, and whether its disk is lost with it."""


class GoneError(BaseException):
    """The process that loaded is gone: nobody catches this, and nobody tidies up."""


class LoadMachine(SyncMachine):
    """The same histories as in memory; what was loaded is read back from the warehouse after each load."""

    def __init__(self) -> None:
        super().__init__()
        self.data = Path(self.stack.enter_context(TemporaryDirectory()))
        self.machines = 0
        self.may_have_pending = False

    @rule(step=st.sampled_from(sorted(STEPS)), times=st.integers(0, 2), loses_disk=st.booleans())
    def a_sync_is_killed(self, step: str, times: int, loses_disk: bool) -> None:
        if not self.dies(step, times, loses_disk=loses_disk):
            self.note_complete()

    def dies(self, step: str, times: int, *, loses_disk: bool) -> bool:
        """Load; returns whether the process came to take a step once more than so many times, and died."""
        try:
            with killed_before(step, times):
                self.sync()
        except GoneError:
            self.read_tables()
            self.may_have_pending = not loses_disk
            self.machines += loses_disk
            return True
        return False

    def sync(self, **_: object) -> LoadOutcome:  # type: ignore[override]
        name = self.likeness.name
        machine = {
            f"SOURCES__{name.upper()}__BASE_URL": self.server.origin,
            f"SOURCES__{name.upper()}__API_KEY": self.server.api_key,
            "DLT_DATA_DIR": str(self.data / f"machine-{self.machines}"),
        }
        with (
            mock.patch.dict(os.environ, machine | self.destination),
            mock.patch.object(Connector, "session", self.patient_session),
        ):
            outcome = load(LoadRequest(name, chunk_runs=RUNS_PER_CHUNK * self.chunk_runs), self.warehouse())
            self.may_have_pending = False
            self.read_tables()
        return outcome

    @property
    def destination(self) -> dict[str, str]:
        """The settings of the warehouse."""
        raise NotImplementedError

    def must_report_gap(self) -> bool | None:
        # What a killed load left behind may hold the end of its sync, and counts from then on.
        return None if self.may_have_pending else super().must_report_gap()

    def warehouse(self) -> Warehouse:
        with mock.patch.dict(os.environ, self.destination):
            return warehouse()

    def patient_session(self, **options: Any) -> SessionApart:  # noqa: ANN401
        """A sync under the emulated account's clock that does not wait long between retries."""
        session = SESSION(self.likeness.connector, **options)
        session.clock = lambda: datetime.fromtimestamp(self.clock.now() / 1000, UTC)
        http = replace(session.plan.http, first_backoff=0.001, longest_backoff=0.02)
        session.plan = replace(session.plan, http=http)
        return session

    def read_tables(self) -> None:
        """Take over what the warehouse holds; no row may be there twice."""
        place = self.warehouse()
        dataset = self.likeness.name
        columns = place.columns(dataset)
        if not columns:
            return
        with place.reading() as reader:
            for name, table in self.likeness.connector.tables.items():
                rows = reader.query(f"select * from {dataset}.{name}") if (dataset, name) in columns else []  # noqa: S608
                self.tables.rows[name] = {tuple(row[key] for key in table.primary_key): row for row in rows}
                assert len(self.tables.rows[name]) == len(rows), f"{name} has a row twice"
            states = reader.query(
                f"select state from {dataset}._dlt_pipeline_state"  # noqa: S608
                " order by version desc, created_at desc limit 1"
            )
        for row in states:
            resources = decompress_state(row["state"])["sources"][dataset]["resources"]
            self.tables.state = resources["sync"]["sync"]

    def the_tables_equal_those_of_a_first_sync(self, runs: set[str]) -> None:
        """Left to the histories in memory: engines spell JSON in their own ways."""


@contextmanager
def killed_before(step: str, times: int) -> Iterator[None]:
    """Within, a process dies instead of taking a step, once it has taken it so many times."""
    owner, name = STEPS[step]
    original: Callable[..., object] = getattr(owner, name)
    taken = 0

    def die_or_go_on(*arguments: object, **options: object) -> object:
        nonlocal taken
        if taken == times:
            raise GoneError
        taken += 1
        return original(*arguments, **options)

    with mock.patch.object(owner, name, die_or_go_on):
        yield


@pytest.fixture(
    params=[
        pytest.param(name, marks=() if name == "armature" else (pytest.mark.long,)) for name in LIKENESSES
    ]
)
def likeness(request: pytest.FixtureRequest) -> Likeness:
    return LIKENESSES[request.param]


@pytest.fixture(params=["duckdb", "postgres"])
def machine(request: pytest.FixtureRequest, likeness: Likeness, tmp_path: Path) -> type[LoadMachine]:
    """Histories of each platform on each engine, each of them in an empty warehouse."""
    known: dict[str, Any] = {"likeness": likeness, "orders": likeness.orders}
    if request.param == "duckdb":
        return type("Machine", (OnDuckDb,), known)
    known["address"] = request.getfixturevalue("own_database")
    return type("Machine", (OnPostgres,), known)


class OnDuckDb(LoadMachine):
    """A file per history."""

    @property
    def destination(self) -> dict[str, str]:
        file = self.data / "runs.duckdb"
        return {"RUNMART__DESTINATION": "duckdb", "DESTINATION__DUCKDB__CREDENTIALS": str(file)}


class OnPostgres(LoadMachine):
    """One database, emptied before each history."""

    address: str

    def __init__(self) -> None:
        super().__init__()
        with closing(psycopg2.connect(self.address)) as connection, connection, connection.cursor() as cursor:
            for schema in (self.likeness.name, f"{self.likeness.name}_staging"):
                cursor.execute(f"drop schema if exists {schema} cascade")

    @property
    def destination(self) -> dict[str, str]:
        return {"RUNMART__DESTINATION": "postgres", "DESTINATION__POSTGRES__CREDENTIALS": self.address}


def test_runs_that_change_under_loads_that_die_at_every_step_end_up_as_the_api_shows_them(
    machine: type[LoadMachine],
) -> None:
    history = machine()
    history.serve(chunk_runs=2, page=5)
    succeeds, fails = history.likeness.statuses[0], history.likeness.statuses[2]
    for step, loses_disk in DEATHS:
        history.start(4, Plan(succeeds, minutes=90, evaluation_minutes=30, children=2), late_minutes=5)
        history.start(4, Plan(fails, minutes=0, evaluation_minutes=1, children=1))
        assert history.dies(step, times=1, loses_disk=loses_disk)
        history.time_passes(45)
    history.sync_to_the_end()
    history.time_passes(60 * 5)
    history.teardown()


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_whatever_happens_the_tables_equal_the_api(machine: type[LoadMachine]) -> None:
    # What the platforms do differently is tried in memory, by the thousand.
    examples = 40 if machine.likeness.name == "armature" else 10
    run_state_machine_as_test(
        machine, settings=settings(ANY_HISTORY, max_examples=examples, stateful_step_count=6)
    )
