"""What is in the warehouse, and what is known to be missing from it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pipelines.output import ago, counted, moment, print_table, say
from pipelines.platforms import connector, label, pipeline_name
from pipelines.warehouse import MARTS
from sources.common.tables import DEFAULT_ACCOUNT

if TYPE_CHECKING:
    from pipelines.warehouse import Reader, Warehouse
    from sources.common.connector import Connector

logger = logging.getLogger("runmart.status")

Columns = dict[tuple[str, str], set[str]]


@dataclass(frozen=True)
class Hole:
    """A stretch of time whose runs the platform could no longer list when a sync came to read it."""

    start: datetime
    end: datetime


@dataclass
class AccountStatus:
    """What was loaded of an account of a platform. Moments are None, and counts too, where nothing is known.

    Attributes:
        last_complete_sync: end of the last sync that read its whole window.
        last_sync: when the last chunk was read, of any sync.
        oldest_run: start of the oldest run that is loaded: how far back data reaches.
        newest_run: start of the newest one.
        read_until: when the last run was read that is loaded.
        open_runs: runs that are not final, or lack something, after the last sync.
        abandoned_runs: runs that were given up before they were final or fully read.
        unread_details: details that could not be read, by endpoint: tried again until they are given up.
        rows: rows by table; None for a table that does not exist yet.
    """

    platform: str
    account: str
    last_complete_sync: datetime | None = None
    last_sync: datetime | None = None
    oldest_run: datetime | None = None
    newest_run: datetime | None = None
    read_until: datetime | None = None
    holes: list[Hole] = field(default_factory=list)
    open_runs: int | None = None
    abandoned_runs: int | None = None
    unread_details: dict[str, int] = field(default_factory=dict)
    rows: dict[str, int | None] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return label(self.platform, self.account)

    @property
    def is_loaded(self) -> bool:
        return self.last_sync is not None or any(self.rows.values())

    @property
    def is_whole(self) -> bool:
        """Whether nothing is known to be missing."""
        return self.last_complete_sync is not None and not self.holes and not self.unread_details


@dataclass
class MartStatus:
    """The marts: rows by table, and per account (`armature`, `armature/eu`) when its newest run in them was
    read."""

    rows: dict[str, int] = field(default_factory=dict)
    built_until: dict[str, datetime] = field(default_factory=dict)


@dataclass
class Status:
    """What a warehouse holds.

    Attributes:
        platforms: one status per account that was loaded, and one for each platform of which none was.
    """

    warehouse: str
    checked_at: datetime
    platforms: list[AccountStatus]
    marts: MartStatus

    @property
    def exit_code(self) -> int:
        """3 when something is known to be missing from what was loaded."""
        loaded = [platform for platform in self.platforms if platform.is_loaded]
        return 0 if all(platform.is_whole for platform in loaded) else 3


def status(warehouse: Warehouse) -> Status:
    """Look at a warehouse; one that has nothing yet, or not all tables and columns, is fine."""
    from pipelines.platforms import PLATFORMS

    now = datetime.now(UTC)
    columns = warehouse.columns(*PLATFORMS, MARTS)
    if not columns:
        nothing = [AccountStatus(name, DEFAULT_ACCOUNT) for name in PLATFORMS]
        return Status(warehouse.describe(), now, nothing, MartStatus())
    with warehouse.reading() as reader:
        found = [one for name in PLATFORMS for one in _platform_status(reader, name, columns)]
        return Status(warehouse.describe(), now, found, _mart_status(reader, columns))


class _Table:
    """A table of which it is not sure that it is there, or has all its columns; rows of one account only."""

    def __init__(
        self, reader: Reader, columns: Columns, schema: str, name: str, account: str | None = None
    ) -> None:
        self._reader = reader
        self.columns = columns.get((schema, name), set())
        self.name = f"{schema}.{name}"
        self._account = account

    def has(self, *columns: str) -> bool:
        return bool(self.columns) and self.columns.issuperset(columns)

    @property
    def of_account(self) -> str:
        """The account of a row. Rows of before there were several are those of the one without a name."""
        is_there = "account" in self.columns
        return f"coalesce(nullif(account, ''), '{DEFAULT_ACCOUNT}')" if is_there else f"'{DEFAULT_ACCOUNT}'"

    def select(self, what: str, *needs: str, where: str = "", rest: str = "") -> list[dict[str, Any]]:
        """Rows of a query on the table; none when it lacks a column that the query needs."""
        if not self.has(*needs):
            return []
        conditions = [where] if where else []
        if self._account is not None:
            account = self._account.replace("'", "''")
            conditions.append(f"{self.of_account} = '{account}'")
        filters = f"where {' and '.join(conditions)}" if conditions else ""
        return self._reader.query(f"select {what} from {self.name} {filters} {rest}")  # noqa: S608

    def value(self, what: str, *needs: str, where: str = "", rest: str = "") -> Any:  # noqa: ANN401
        """The one value of a query; None when there is none."""
        rows = self.select(f"{what} as value", *needs, where=where, rest=rest)
        return rows[0]["value"] if rows else None


def _platform_status(reader: Reader, platform: str, columns: Columns) -> list[AccountStatus]:
    """The status of each account of a platform; what is not loaded costs neither a query nor an import."""
    if not any(schema == platform for schema, _table in columns):
        return [AccountStatus(platform, DEFAULT_ACCOUNT)]
    accounts: set[str] = set()
    for name in ("sync_log", "runs"):
        table = _Table(reader, columns, platform, name)
        accounts |= {row["account"] for row in table.select(f"distinct {table.of_account} as account")}
        if accounts:
            # The log is small, and has all accounts that were ever synced.
            break
    names = sorted(accounts, key=lambda name: (name != DEFAULT_ACCOUNT, name)) or [DEFAULT_ACCOUNT]
    known = connector(platform)
    return [_account_status(reader, known, name, columns) for name in names]


def _account_status(reader: Reader, known: Connector, account: str, columns: Columns) -> AccountStatus:
    platform, dated_by = known.name, known.tables["runs"].dated_by

    def table(name: str) -> _Table:
        return _Table(reader, columns, platform, name, account)

    log, runs, errors = table("sync_log"), table("runs"), table("fetch_errors")
    complete = log.value("max(finished_at)", "finished_at", "is_complete", where="is_complete")
    holes = log.select(
        "distinct gap_start, gap_end",
        "gap_start",
        "gap_end",
        where="gap_start is not null and gap_end is not null",
        rest="order by gap_start",
    )
    unread = errors.select(
        "endpoint, count(*) as unread",
        "endpoint",
        "resolved_at",
        where="resolved_at is null",
        rest="group by endpoint order by endpoint",
    )
    newest_first = "order by finished_at desc, chunk desc limit 1"
    return AccountStatus(
        platform,
        account,
        last_complete_sync=complete,
        last_sync=log.value("max(finished_at)", "finished_at"),
        oldest_run=runs.value(f"min({dated_by})", dated_by),
        newest_run=runs.value(f"max({dated_by})", dated_by),
        read_until=runs.value("max(_extracted_at)", "_extracted_at"),
        holes=[Hole(row["gap_start"], row["gap_end"]) for row in holes],
        open_runs=log.value("open_runs", "open_runs", "finished_at", "chunk", rest=newest_first),
        abandoned_runs=_abandoned(
            _Table(reader, columns, platform, "_dlt_pipeline_state"), platform, account
        ),
        unread_details={row["endpoint"]: row["unread"] for row in unread},
        rows={name: table(name).value("count(*)") for name in known.tables},
    )


def _abandoned(states: _Table, platform: str, account: str) -> int | None:
    """The count that the sync keeps in the state of the account's pipeline; None when there is none yet."""
    packed = states.value(
        "state",
        *("state", "version", "created_at", "pipeline_name"),
        where=f"pipeline_name = '{pipeline_name(platform, account)}'",
        rest="order by version desc, created_at desc limit 1",
    )
    if packed is None:
        return None
    from dlt.common.versioned_state import decompress_state

    from sources.common.source import SYNC

    try:
        sync = decompress_state(packed)["sources"][platform]["resources"][SYNC][SYNC]
    except (KeyError, TypeError, ValueError) as error:
        logger.debug("No sync state of %s in the warehouse: %r", platform, error)
        return None
    return int(sync.get("abandoned", 0))


def _mart_status(reader: Reader, columns: Columns) -> MartStatus:
    found = sorted(name for schema, name in columns if schema == MARTS)
    rows = {name: _Table(reader, columns, MARTS, name).value("count(*)") for name in found}
    return MartStatus(rows, _built_until(reader, columns))


def _built_until(reader: Reader, columns: Columns) -> dict[str, datetime]:
    runs = _Table(reader, columns, MARTS, "fct_runs")
    found = runs.select(
        f"platform, {runs.of_account} as account, max(extracted_at) as until",
        "platform",
        "extracted_at",
        rest="group by 1, 2",
    )
    return {label(row["platform"], row["account"]): row["until"] for row in found if row["until"] is not None}


def print_status(found: Status) -> None:
    """Print a status for people."""
    say(f"Warehouse: {found.warehouse}")
    for one in found.platforms:
        if one.is_loaded:
            say()
            say(one.label)
            _print_account(one, found.checked_at)
    never = [one.platform for one in found.platforms if not one.is_loaded]
    if never:
        say()
        say(f"Of {', '.join(never)} nothing was loaded yet: see `runmart load --help`.")
    say()
    _print_marts(found)


def _print_account(account: AccountStatus, now: datetime) -> None:
    def when(value: datetime | None) -> str:
        return "none yet" if value is None else f"{moment(value)} ({ago(value, now)})"

    say(f"  last complete sync  {when(account.last_complete_sync)}")
    if account.last_sync != account.last_complete_sync:
        say(f"  last sync           {when(account.last_sync)}, not complete")
    say(f"  data reaches back   {when(account.oldest_run)}")
    say(f"  newest run          {when(account.newest_run)}")
    say(f"  open runs           {_count(account.open_runs)}")
    say(f"  abandoned runs      {_count(account.abandoned_runs)}")
    unread = ", ".join(f"{number:,} {endpoint}" for endpoint, number in account.unread_details.items())
    say(f"  unread details      {unread or 'none'}")
    holes = [f"{moment(hole.start)} to {moment(hole.end)}" for hole in account.holes]
    say(f"  holes               {'; '.join(holes) or 'none'}")
    rows = [(name, count) for name, count in account.rows.items() if count is not None]
    print_table(("table", "rows"), rows)


def _count(value: int | None) -> str:
    return "not known" if value is None else f"{value:,}"


def _print_marts(found: Status) -> None:
    if not found.marts.rows:
        say("Marts: none yet. Run `runmart build`.")
        return
    say(f"Marts: {counted(len(found.marts.rows), 'table')} in the schema {MARTS}")
    for one in found.platforms:
        until = found.marts.built_until.get(one.label)
        if until is None:
            continue
        is_behind = one.read_until is not None and one.read_until > until
        say(
            f"  {one.label}: what was read until {moment(until)} ({ago(until, found.checked_at)}), "
            + ("but more is loaded: run `runmart build`" if is_behind else "which is all that is loaded")
        )


def status_record(found: Status) -> dict[str, Any]:
    """A status for programs."""
    from dataclasses import asdict

    return {**asdict(found), "exit_code": found.exit_code}
