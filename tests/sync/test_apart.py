"""A sync reads in a process of its own, which is silent about the key, and ends when nobody waits for it."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import psutil
import pytest

from emulator.common import faults
from sources.armature import CONNECTOR
from sources.common.errors import AuthenticationError
from sources.common.helper import HelperDiedError
from sources.common.reader import end_idle
from sources.common.sync import ChunkEnd
from tests.likeness.platforms import LIKENESSES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sources.common.apart import SessionApart
    from tests.likeness.platform import Likeness
    from tests.sync.account import Account

ALL = frozenset(CONNECTOR.tables) - CONNECTOR.off_by_default

LOAD_FOR_EVER = """
import sys
from sources.armature import CONNECTOR
session = CONNECTOR.session(sys.argv[1], sys.argv[2])
session.begin({}, None, frozenset({"runs", "tool_calls"}))
print("begun", flush=True)
for _ in session.chunk():
    pass
"""


@pytest.fixture
def likeness() -> Likeness:
    return LIKENESSES["armature"]


@pytest.fixture
def new_session(account: Account) -> Iterator[Callable[[], SessionApart]]:
    """Makes a sync of the account."""
    sessions: list[SessionApart] = []
    end_idle()

    def new() -> SessionApart:
        sessions.append(CONNECTOR.session(account.server.origin, account.server.api_key))
        return sessions[-1]

    yield new
    for session in sessions:
        session.close()


@pytest.fixture
def begun(new_session: Callable[[], SessionApart]) -> Callable[[], SessionApart]:
    """Begins a sync of everything that the account has."""

    def begin() -> SessionApart:
        session = new_session()
        session.begin({}, None, ALL)
        return session

    return begin


def readers() -> list[psutil.Process]:
    """The processes that read for this one."""
    return [child for child in psutil.Process().children() if "sources.common.reader" in child.cmdline()[-1]]


def runs_read(session: SessionApart) -> int:
    return sum(event.tables["runs"].num_rows for event in session.chunk() if "runs" in event.tables)


def test_a_sync_reads_in_a_process_of_its_own_and_the_next_one_in_the_same(
    account: Account, begun: Callable[[], SessionApart]
) -> None:
    account.add_runs(3)
    found = set()
    for _ in range(2):
        session = begun()
        (reader,) = readers()
        found.add(reader.pid)
        assert runs_read(session) == 3
        assert session.is_done
        session.close()
    assert len(found) == 1


def test_the_process_that_loads_imports_nothing_that_talks_with_a_platform() -> None:
    script = (
        "import sys, pipelines.load; from pipelines.platforms import PLATFORMS, connector;"
        "[connector(name).tables for name in PLATFORMS];"
        "print(sorted({'aiohttp', 'uvloop', 'sources.common.session'}.intersection(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_neither_key_nor_address_stands_in_the_process_list(
    account: Account, begun: Callable[[], SessionApart]
) -> None:
    session = begun()
    (reader,) = readers()
    assert account.server.api_key not in " ".join(reader.cmdline())
    assert account.server.origin not in " ".join(reader.cmdline())
    session.close()


def test_a_reader_that_dies_is_told_in_a_sentence_and_the_next_sync_has_another(
    account: Account, begun: Callable[[], SessionApart]
) -> None:
    account.add_runs(3)
    session = begun()
    (reader,) = readers()
    reader.kill()
    with pytest.raises(HelperDiedError, match="ended unexpectedly"):
        list(session.chunk())
    session.close()
    assert runs_read(begun()) == 3


def test_a_sync_that_is_closed_while_it_reads_leaves_no_process(
    account: Account, begun: Callable[[], SessionApart]
) -> None:
    account.add_runs(3)
    session = begun()
    next(iter(session.chunk()))
    (reader,) = readers()
    session.close()
    assert not reader.is_running()


def test_what_the_reader_warns_of_is_logged_where_the_sync_was_asked_for(
    account: Account, begun: Callable[[], SessionApart], caplog: pytest.LogCaptureFixture
) -> None:
    account.add_runs(1, status="pass")
    account.server.faults.add(faults.refusal(403), on="GET /mcp-servers")
    with caplog.at_level(logging.WARNING, logger="runmart"):
        list(begun().chunk())
    assert "/mcp-servers is left out" in caplog.text


def test_a_refused_key_is_the_failure_of_the_sync(account: Account) -> None:
    session = CONNECTOR.session(account.server.origin, "amt_key_wrong")
    session.begin({}, None, ALL)
    assert list(session.chunk()) == []
    assert isinstance(session.failure, AuthenticationError)
    assert "SOURCES__ARMATURE__API_KEY" in str(session.failure)
    session.close()


def test_a_reader_ends_with_the_process_that_started_it_however_that_ends(account: Account) -> None:
    account.add_runs(3)
    account.server.latency.fixed = 60_000
    arguments = [sys.executable, "-c", LOAD_FOR_EVER, account.server.origin, account.server.api_key]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        (reader,) = psutil.Process(process.pid).children()
        process.send_signal(signal.SIGKILL)
    reader.wait(timeout=20)


def test_a_sync_that_begins_early_is_the_one_that_goes_on(
    account: Account, new_session: Callable[[], SessionApart]
) -> None:
    account.add_runs(3)
    session = new_session()
    session.begin_early(ALL)
    (reader,) = readers()
    session.begin({}, None, ALL)
    assert readers() == [reader]
    assert runs_read(session) == 3
    assert account.asked("GET /workflows") == 1


def test_a_sync_that_began_early_starts_anew_when_something_had_been_loaded(
    account: Account, begun: Callable[[], SessionApart], new_session: Callable[[], SessionApart]
) -> None:
    account.add_runs(3)
    (*_, end) = begun().chunk()
    assert isinstance(end, ChunkEnd)
    session = new_session()
    session.begin_early(ALL)
    session.begin(end.state, end.cursor, ALL)
    assert runs_read(session) == 0
