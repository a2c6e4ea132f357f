"""What a sync must remember until the next one, small enough to travel with every load."""

from __future__ import annotations

import base64
import hashlib
import struct
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

KNOWN_FOR = timedelta(hours=24)
"""How far behind the cursor single runs are remembered, so that a late or changed one is noticed."""

SWEEP_EVERY = timedelta(hours=6)
"""How often the last day is read to its end: a run that is listed less than 18 hours late is always found."""

KNOWN_LIMIT = 50_000
"""Most runs that are remembered one by one."""

ANY = 0
"""Fingerprint of a run that was not seen in a list: however the list shows it, it is not a change."""

_PAIR = struct.Struct("<II")

_UNDATED = "9999-12-31T23"
"""The hour of runs without a start time: they are remembered as long as there is room."""


def digest(*values: object) -> int:
    """A 32-bit hash that is the same on every machine."""
    text = "\x1f".join(map(str, values)).encode("utf-8", "replace")
    return int.from_bytes(hashlib.blake2b(text, digest_size=4).digest(), "little")


class KnownRuns:
    """The runs that were loaded of late, and how each looked: a hash of its id to a hash of its state."""

    def __init__(self, hours: dict[str, str] | None = None) -> None:
        self._hours: dict[str, dict[int, int]] = {}
        for hour, packed in (hours or {}).items():
            self._hours[hour] = dict(_PAIR.iter_unpack(base64.b64decode(packed)))

    def look(self, run_id: str, fingerprint: int) -> str:
        """`same`, `changed` or `new`."""
        key = digest(run_id)
        for runs in self._hours.values():
            if key in runs:
                return "same" if runs[key] in (fingerprint, ANY) else "changed"
        return "new"

    def add(self, run_id: str, started_at: datetime | None, fingerprint: int) -> None:
        hour = _UNDATED if started_at is None else started_at.isoformat(timespec="hours")[:13]
        self._hours.setdefault(hour, {})[digest(run_id)] = fingerprint

    def forget_before(self, moment: datetime) -> datetime:
        """Forget the hours that ended before a moment, or more when there are too many; returns since when
        every loaded run is remembered."""
        floor = moment.strftime("%Y-%m-%dT%H")
        kept = 0
        for hour in sorted(self._hours, reverse=True):
            kept += len(self._hours[hour])
            if hour == _UNDATED:
                continue
            if hour < floor:
                del self._hours[hour]
            elif kept > KNOWN_LIMIT and hour != max(self._hours):
                floor = max(floor, (_hour(hour) + timedelta(hours=1)).strftime("%Y-%m-%dT%H"))
                del self._hours[hour]
        return _hour(floor)

    def packed(self) -> dict[str, str]:
        return {
            hour: base64.b64encode(b"".join(_PAIR.pack(*pair) for pair in runs.items())).decode()
            for hour, runs in sorted(self._hours.items())
        }


def _hour(text: str) -> datetime:
    return datetime.fromisoformat(text + ":00:00+00:00")


@dataclass
class Failure:
    """An endpoint of a run that could not be read: the syncs that tried, and what the last one met."""

    attempts: int
    first_failed_at: str
    last_failed_at: str
    status_code: int | None
    message: str


@dataclass
class Followed:
    """A run that is read again on every sync, by id, until nothing is missing any more.

    Attributes:
        until: when it is given up; ISO 8601.
        wants: endpoints that are still to be read.
        is_expected: whether giving it up counts as abandoning it.
        failed: endpoints that could not be read.
        shown: hash of what was last loaded of it.
    """

    until: str
    wants: list[str]
    is_expected: bool = True
    failed: dict[str, Failure] = field(default_factory=dict)
    shown: int = 0


@dataclass
class Told:
    """A run of which the platform told that it changed: when that was, and a hash of what was loaded."""

    at: str
    shown: int


@dataclass
class SyncState:
    """What one platform's sync remembers. Its size is set by the runs that are open and by one day's runs.

    Attributes:
        reached: per endpoint, the start time up to which every run was read; ISO 8601.
        known_since: every loaded run that started later is in `known`.
        known: runs loaded of late.
        following: runs to be read again, by id.
        parts: the parts of the run list, where there is one per workflow, that were ever met: the start time
            up to which each was read, ISO 8601; null where that is as far as `reached`, empty where none was.
        told: runs of which the platform told of late that they changed, by id: it may tell so twice.
        forbidden: endpoints that the key may not read.
        abandoned: runs that were given up before they were final or fully read.
        begun_at: the platform's time at the first sync.
        complete_until: the platform's time at the last complete sync.
        swept_at: when the last day was last read to its end.
        learnt: what was learnt about the platform's paging and about its lists.
        reference: what was last loaded of workflows and the like, by table and id.
        tables: the tables that exist.
    """

    reached: dict[str, str] = field(default_factory=dict)
    known_since: str | None = None
    known: KnownRuns = field(default_factory=KnownRuns)
    following: dict[str, Followed] = field(default_factory=dict)
    parts: dict[str, str | None] = field(default_factory=dict)
    told: dict[str, Told] = field(default_factory=dict)
    forbidden: list[str] = field(default_factory=list)
    abandoned: int = 0
    begun_at: str | None = None
    complete_until: str | None = None
    swept_at: str | None = None
    learnt: dict[str, Any] = field(default_factory=dict)
    reference: dict[str, dict[str, Any]] = field(default_factory=dict)
    tables: list[str] = field(default_factory=list)

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> SyncState:
        """The state as dlt stored it, which is not changed by it; an empty dict is a first sync."""
        values = deepcopy(stored)
        values["known"] = KnownRuns(values.get("known"))
        values["following"] = {
            run_id: Followed(
                **{**entry, "failed": {name: Failure(**of) for name, of in entry["failed"].items()}}
            )
            for run_id, entry in values.get("following", {}).items()
        }
        values["told"] = {run_id: Told(**entry) for run_id, entry in values.get("told", {}).items()}
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """A copy for dlt to store: reading goes on, and must not move a cursor that is not committed yet."""
        apart = ("known", "following", "told")
        plain = {name: value for name, value in vars(self).items() if name not in apart}
        return {
            **deepcopy(plain),
            "told": {run_id: asdict(entry) for run_id, entry in self.told.items()},
            "known": self.known.packed(),
            "following": {run_id: asdict(entry) for run_id, entry in self.following.items()},
        }
