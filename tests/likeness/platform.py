"""What tests must know of a platform to prove its promises: how its runs live, and where that shows."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from sources.common.sync import SyncSettings

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from emulator.common.clock import Clock
    from emulator.common.platform import Emulator
    from emulator.common.world import MovingWorld
    from sources.common.connector import Connector
    from tests.sync.tables import Tables


@dataclass
class Life:
    """What is known of a run from its beginning.

    Attributes:
        status: the platform's word for it once it has ended.
        started_at: the moment by which the platform lists it.
        evaluated_at: when its evaluation is there; None: never.
        children: rows that it has in the likeness's `children` in the end; None where that is not known.
        workflow: what it is a run of, where that matters.
        is_gone: whether the platform shows it no more, nor ever showed it to a sync that could know of it.
        is_archived: whether its workflow was archived.
        said_at: when somebody last said something of it, after its end.
    """

    id: str
    status: str
    started_at: datetime
    ended_at: datetime
    evaluated_at: datetime | None = None
    children: int | None = None
    workflow: str | None = None
    is_gone: bool = False
    is_archived: bool = False
    said_at: datetime | None = None


@dataclass(frozen=True)
class Plan:
    """A run to be: minutes count from its start to its end, and from there to its evaluation.

    Attributes:
        status: the platform's word; None for the one that most runs end with.
        started_at: None for now.
        evaluation_minutes: None: never evaluated. Of no meaning where nothing is evaluated.
        workflow: id of what it is a run of; None for any.
    """

    status: str | None = None
    started_at: datetime | None = None
    minutes: float = 1
    evaluation_minutes: float | None = 0.5
    children: int = 3
    workflow: str | None = None

    def of(self, workflow: str, started_at: datetime) -> Plan:
        return replace(self, workflow=workflow, started_at=started_at)


@dataclass(frozen=True)
class Child:
    """What is read of a run by a request of its own: the request, the source's endpoint, a table of it."""

    on: str
    endpoint: str
    table: str

    def of(self, run_id: str) -> str:
        """The request for one run."""
        return re.sub(r"{\w+}", run_id, self.on, count=1)


class Likeness(ABC):
    """A platform as the tests of all platforms see it.

    Attributes:
        orders: orders in which its emulator can list runs, the usual one first.
        statuses: words that a run of a history may end with; the first is the likeliest.
        late_by: a run that shows up so late is found by the next sync, not only by the next that sweeps.
        remembers_for: how long single runs are remembered.
        listed_for: how far back its list goes; None: for ever.
        run_lists: requests that list runs.
        of_runs_alone: requests besides those that a sync of no other table than `runs` may make.
        once: what is read once of every run that has ended, and never again.
        unread: endpoints that count as unread when that fails.
        optional: what a key may be forbidden to read of a run; None where that is all or nothing.
        late: rows that come after a run's end; None where nothing does.
        evaluation_wait: how long after a run's end its evaluation is waited for.
        says: whether something may be said of a run after its end, with `say`.
        news_on: the request that says what was said.
        hears_for: how long after a run's creation what is said of it is still heard.
        archives: whether a workflow's runs may leave the list, with `archive`.
        finds_within: by then a sync has found what was said, if not at once.
        judged: words for runs that have all that a run can have.
        endpoints: every request that a sync of all tables makes, of an emulator that is `talkative`.
        talkative: settings of the emulator under which it is asked for all of them.
        has_runs_of_one_workflow: whether a sync can be of one workflow.
    """

    connector: ClassVar[Connector]
    orders: ClassVar[tuple[str, ...]] = ("newest_first", "oldest_first", "shuffled")
    statuses: ClassVar[tuple[str, ...]]
    late_by: ClassVar[timedelta] = timedelta(hours=3)
    remembers_for: ClassVar[timedelta] = timedelta(days=1)
    listed_for: ClassVar[timedelta | None] = None
    run_lists: ClassVar[frozenset[str]]
    of_runs_alone: ClassVar[frozenset[str]] = frozenset()
    once: ClassVar[Child]
    unread: ClassVar[frozenset[str]]
    optional: ClassVar[Child | None] = None
    late: ClassVar[Child | None] = None
    evaluation_wait: ClassVar[timedelta] = timedelta(0)
    says: ClassVar[bool] = False
    news_on: ClassVar[str]
    hears_for: ClassVar[timedelta] = timedelta(0)
    archives: ClassVar[bool] = False
    finds_within: ClassVar[timedelta | None] = None
    judged: ClassVar[tuple[str, ...]]
    endpoints: ClassVar[tuple[str, ...]]
    talkative: ClassVar[dict[str, Any]] = {}
    has_runs_of_one_workflow: ClassVar[bool] = True

    @property
    def name(self) -> str:
        return self.connector.name

    @property
    def usual_tables(self) -> frozenset[str]:
        """Those that are loaded unless somebody wants others."""
        return frozenset(self.connector.tables) - self.connector.off_by_default

    @property
    def open_for(self) -> timedelta:
        return timedelta(days=self.connector.open_run_days)

    def sync_settings(self, **changes: Any) -> SyncSettings:  # noqa: ANN401
        """What the connector sets by default."""
        defaults: dict[str, Any] = {
            "lookback": timedelta(minutes=self.connector.lookback_minutes),
            "sweep_back": timedelta(hours=self.connector.sweep_hours),
            "open_for": self.open_for,
        }
        return SyncSettings(**{**defaults, **changes})

    # -- its emulator --------------------------------------------------------------------------------------

    @abstractmethod
    def empty_world(self, clock: Clock) -> MovingWorld[Any, Any]:
        """An account without anything in it."""

    @abstractmethod
    def emulator(
        self,
        world: Any,  # noqa: ANN401
        *,
        order: str = "newest_first",
        page: int | None = None,
        **settings: Any,  # noqa: ANN401
    ) -> Emulator:
        """The API of an account, with so many runs on a page at most; `settings` are the emulator's own."""

    @abstractmethod
    def shapes(self) -> SearchStrategy[dict[str, Any]]:
        """Settings of the emulator that a history may have, order and page apart."""

    # -- how its runs live ---------------------------------------------------------------------------------

    @abstractmethod
    def start(self, world: Any, plan: Plan) -> Life:  # noqa: ANN401
        """Add a run to the world."""

    @abstractmethod
    def workflow(self, world: Any, name: str) -> str:  # noqa: ANN401
        """Add something to run (a workflow, flow, automation); returns its id."""

    def furnish(self, world: Any) -> None:  # noqa: ANN401, B027 - most have nothing to add
        """See to it that a world in which some runs have been started has rows for every table."""

    def say(self, world: Any, life: Life, word: int, now: datetime) -> None:  # noqa: ANN401
        """Let somebody say something of a run that has ended; `word` tells which of several things."""
        raise NotImplementedError

    def archive(
        self,
        emulator: Any,  # noqa: ANN401
        life: Life,
        lives: dict[str, Life],
        known: set[str],
    ) -> None:
        """Take the workflow of a run out of the lists.

        Args:
            lives: all runs; those that no sync can know of any more count as gone.
            known: runs that a sync has loaded which was not cut off.
        """
        raise NotImplementedError

    def add_finished_runs(
        self,
        world: Any,  # noqa: ANN401
        count: int,
        *,
        days_ago: float,
        until: float,
    ) -> None:
        """Runs that will not change any more, evenly between two numbers of days ago."""
        begin = moment(world.clock.now()) - timedelta(days=days_ago)
        span = timedelta(days=days_ago - until)
        kinds = tuple(dict.fromkeys(self.statuses))
        for number in range(count):
            self.start(world, Plan(kinds[number % len(kinds)], begin + span * number / count, children=1))

    # -- what is true of them ------------------------------------------------------------------------------

    def is_settled(self, life: Life, now: datetime) -> bool:
        """Whether a run has ended, and nothing is awaited of it."""
        return life.ended_at <= now and (life.evaluated_at is None or life.evaluated_at <= now)

    def was_given_up(self, life: Life, now: datetime) -> bool:
        """Whether a run took longer than it is followed; what came after that need not be known."""
        if life.ended_at - life.started_at > self.open_for:
            return True
        if life.said_at is not None and now - life.started_at >= self.hears_for:
            return True
        wait = timedelta(0) if life.evaluated_at is None else life.evaluated_at - life.ended_at
        return wait > self.evaluation_wait

    @abstractmethod
    def assert_loaded(self, tables: Tables, world: Any, life: Life, now: datetime) -> None:  # noqa: ANN401
        """The rows of a run say what the API says now."""


def moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
