"""`GET /runs`: which runs match, and which of them make a page, newest first."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from emulator.common.chance import number
from emulator.common.clock import DAY, HOUR, MINUTE, SECOND, milliseconds
from emulator.common.raw import RawRun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from emulator.eigenpal.reviews import Review
    from emulator.eigenpal.runs import Run
    from emulator.eigenpal.settings import EigenPalSettings
    from emulator.eigenpal.world import Entry, World

# A moment in a query: as ISO 8601, `now`, or how long ago, e.g. `7d` or `now-90m`.
MOMENT = (
    r"^(?:now|(?:now-)?[0-9]{1,4}[smhdw]|(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"(?:[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?"
    r"(?:Z|[+-](?:0[0-9]|1[0-4]):?[0-5][0-9])?)?)$"
)
# The last row that was shown, by its moment and a part of a hash of its id; or a number of rows.
CURSOR = r"^(?:[0-9]{13}\.[0-9a-f]{16}|[0-9]{1,9})$"
RATE = r"^(?:0|1|0?\.[0-9]{1,18}|1\.0{1,18})$"

UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
AGO = re.compile(r"(?:now-)?([0-9]+)([smhdw])")

SYSTEM = "__system__"


@dataclass(frozen=True, slots=True)
class Page:
    """A page of runs, and the cursor of the next one."""

    runs: list[Run | RawRun]
    next_cursor: str | None


def moment(text: str, now: int) -> int:
    """What a text that fits `MOMENT` stands for; a day that its month lacks falls into the next month."""
    text = text.strip()
    if text == "now":
        return now
    ago = AGO.fullmatch(text)
    if ago is not None:
        return now - int(ago[1]) * UNITS[ago[2]]
    # Also a 31st of February comes in, as it does from clients that count days themselves.
    day = int(text[8:10])
    shown = datetime.fromisoformat(f"{text[:8]}01{text[10:]}") + timedelta(days=day - 1)
    return milliseconds(shown if shown.tzinfo else shown.replace(tzinfo=UTC))


def page_of_runs(world: World, settings: EigenPalSettings, query: Mapping[str, str]) -> Page:
    """The page that a query asks for; runs with raw bodies match every filter but those of creation."""
    now = world.clock.now()
    limit = min(int(query.get("limit", settings.default_limit)), settings.max_limit)
    entries = _created(world, settings, query, now)
    position = _position(world, entries, query)
    filters = Filters(world, settings, query, now)
    chosen: list[Entry] = []
    last: int | None = None
    left = False
    for place in range(len(entries) - 1 - position, -1, -1):
        if not filters.cut_by(entries[place]):
            continue
        if len(chosen) == limit:
            left = True
            break
        chosen.append(entries[place])
        last = place
    rows = [world.index.run(entry) for entry in chosen if filters.let_through(entry)]
    if not left or last is None:
        return Page(rows, None)
    return Page(rows, _cursor(world, settings, entries, last))


def _created(world: World, settings: EigenPalSettings, query: Mapping[str, str], now: int) -> Sequence[Entry]:
    """The entries that were created between the moments asked for, oldest first."""
    entries: Sequence[Entry] = world.runs()
    place = world.index.listed_at
    # What is after a moment lies right of it, unless the moment itself is let through.
    after, before = (
        (bisect_left, bisect_right) if settings.bounds == "inclusive" else (bisect_right, bisect_left)
    )
    low, high = 0, len(entries)
    for name in ("createdAfter", "from"):
        if name in query:
            low = max(low, after(entries, moment(query[name], now), key=place))
    for name in ("createdBefore", "to"):
        if name in query:
            high = min(high, before(entries, moment(query[name], now), key=place))
    return entries[low : max(low, high)]


def _tie(world: World, entry: Entry) -> str:
    return f"{number(world.index.run(entry).id):016x}"


def _cursor(world: World, settings: EigenPalSettings, entries: Sequence[Entry], last: int) -> str:
    if settings.cursor_as == "offset":
        return str(len(entries) - last)
    return f"{world.index.listed_at(entries[last]):013}.{_tie(world, entries[last])}"


def _position(world: World, entries: Sequence[Entry], query: Mapping[str, str]) -> int:
    """How many entries, counted from the newest, lie before the page; a cursor wins over `offset`."""
    cursor = query.get("cursor")
    if cursor is None:
        return min(int(query.get("offset", 0)), len(entries))
    at, _, tie = cursor.partition(".")
    if not tie:
        return min(int(at), len(entries))
    high = bisect_right(entries, int(at), key=world.index.listed_at)
    low = bisect_left(entries, int(at), key=world.index.listed_at)
    for place in range(high - 1, low - 1, -1):
        if _tie(world, entries[place]) == tie:
            return len(entries) - place
    # The row has gone: what was created with it is shown again rather than left out.
    return len(entries) - high


def _words(text: str) -> set[str]:
    return {word.strip() for word in text.split(",") if word.strip()}


def _one_of(value: Callable[[Run], str | None], wanted: set[str]) -> Callable[[Run], bool]:
    return lambda run: value(run) in wanted


def _ended_within(fits: Callable[[int | None], bool], now: int) -> Callable[[Run], bool]:
    return lambda run: run.has_ended(now) and fits(run.ended_at)


def _within(
    at: Callable[[Review], int | None], fits: Callable[[int | None], bool]
) -> Callable[[Review | None], bool]:
    return lambda review: review is not None and fits(at(review))


def _is_true(text: str | None) -> bool:
    return text is not None and text.lower() in {"true", "1"}


class Filters:
    """The filters of a query; those of `settings.thinned_by` work only after the page was cut."""

    def __init__(self, world: World, settings: EigenPalSettings, query: Mapping[str, str], now: int) -> None:
        self._world = world
        self._query = query
        self._now = now
        self._is_inclusive = settings.bounds == "inclusive"
        self._thins_by_fields = settings.thinned_by == "filters"
        self._thins_by_rank = settings.thinned_by != "nothing"
        self._of_runs = list(self._run_filters())
        self._of_reviews = list(self._review_filters())
        self._rate = float(query["sampleRate"]) if "sampleRate" in query else None
        self._needs_review = any(
            name.startswith("review") or (name in {"hasReview", "hasCorrections"} and _is_true(text))
            for name, text in query.items()
        )
        # A moment earlier, so that it is right whether or not bounds are let through.
        self._said_since = (
            moment(query["reviewUpdatedAfter"], now) - 1 if "reviewUpdatedAfter" in query else 0
        )

    def cut_by(self, entry: Entry) -> bool:
        """Whether an entry counts when the page is cut."""
        if self._needs_review and not self._world.may_be_reviewed(entry, self._said_since):
            return False
        if not self._thins_by_rank and not self._fits_rank(entry):
            return False
        if not self._thins_by_fields and not self._fits(entry, self._of_runs):
            return False
        return self._fits_review(entry)

    def let_through(self, entry: Entry) -> bool:
        """Whether an entry of the cut page is shown."""
        return (not self._thins_by_rank or self._fits_rank(entry)) and (
            not self._thins_by_fields or self._fits(entry, self._of_runs)
        )

    def _fits_rank(self, entry: Entry) -> bool:
        if self._rate is None:
            return True
        return self._world.sample_rank(self._world.index.run(entry).id) < self._rate

    def _fits(self, entry: Entry, filters: Sequence[Callable[[Run], bool]]) -> bool:
        if not filters:
            return True
        run = self._world.index.run(entry)
        return isinstance(run, RawRun) or all(fits(run) for fits in filters)

    def _fits_review(self, entry: Entry) -> bool:
        if not self._of_reviews:
            return True
        run = self._world.index.run(entry)
        if isinstance(run, RawRun):
            return True
        review = self._world.review_of(run)
        return all(fits(review) for fits in self._of_reviews)

    def _run_filters(self) -> Iterator[Callable[[Run], bool]]:
        """What is asked of a run."""
        now = self._now
        values: Mapping[str, Callable[[Run], str | None]] = {
            "type": lambda run: run.kind,
            "status": lambda run: run.status_at(now),
            "trigger": lambda run: run.trigger,
            "triggeredBy": lambda run: run.by.id if run.by else SYSTEM,
            "sourceRef": lambda run: run.version or run.commit,
            "batchId": lambda run: run.batch_id,
            "exampleId": lambda run: run.example_id,
            "ids": lambda run: run.id,
        }
        for name, value in values.items():
            if self._query.get(name):
                yield _one_of(value, _words(self._query[name]))
        query = self._query
        if query.get("source"):
            known = (self._world.automation(name) for name in _words(query["source"]))
            sources = {automation.id for automation in known if automation is not None}
            yield lambda run: run.automation_id in sources
        if query.get("tag"):
            yield lambda run: bool(_words(query["tag"]).intersection(run.tags))
        if query.get("exampleIdContains"):
            yield lambda run: query["exampleIdContains"] in (run.example_id or "")
        if "hasExample" in query:
            yield lambda run: (run.example_id is not None) is _is_true(query["hasExample"])
        if query.get("experiments", "").lower() in {"false", "0"}:
            yield lambda run: run.batch_id is None
        for name in ("completedAfter", "completedBefore"):
            if name in query:
                yield _ended_within(self._bound(name), now)
        if _is_true(query.get("sinceLastClosed")):
            since = self._last_closed()
            yield lambda run: run.created_at > since

    def _review_filters(self) -> Iterator[Callable[[Review | None], bool]]:
        """What is asked of a run's review."""
        query = self._query
        if query.get("reviewStatus"):
            yield lambda review: review is not None and review.status in _words(query["reviewStatus"])
        if query.get("reviewVerdict"):
            yield lambda review: review is not None and review.verdict in _words(query["reviewVerdict"])
        if _is_true(query.get("hasReview")):
            yield lambda review: review is not None
        if _is_true(query.get("noReview")):
            yield lambda review: review is None
        if _is_true(query.get("hasCorrections")):
            yield lambda review: review is not None and bool(review.corrections)
        if query.get("reviewNoteContains"):
            yield lambda review: review is not None and query["reviewNoteContains"] in review.note
        moments: Mapping[str, Callable[[Review], int | None]] = {
            "reviewCreated": lambda review: review.created_at,
            "reviewUpdated": lambda review: review.updated_at,
            "reviewClosed": lambda review: review.closed_at,
        }
        for start, at in moments.items():
            for name in (f"{start}After", f"{start}Before"):
                if name in query:
                    yield _within(at, self._bound(name))

    def _bound(self, name: str) -> Callable[[int | None], bool]:
        """Whether a moment is after, or before, the one in the query."""
        edge = moment(self._query[name], self._now)
        if name.endswith("After"):
            least = edge if self._is_inclusive else edge + 1
            return lambda at: at is not None and at >= least
        most = edge if self._is_inclusive else edge - 1
        return lambda at: at is not None and at <= most

    def _last_closed(self) -> int:
        """When the newest run was created whose review is closed; 0 if there is none."""
        for entry in reversed(self._world.runs()):
            if self._world.may_be_reviewed(entry):
                run = self._world.index.run(entry)
                review = None if isinstance(run, RawRun) else self._world.review_of(run)
                if review is not None and review.closed_at is not None:
                    return run.listed_at
        return 0
