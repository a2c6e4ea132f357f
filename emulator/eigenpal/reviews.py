"""What people say of a run, weeks or months after it: reviews with corrections, changed, closed, deleted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from emulator.common.chance import draws
from emulator.common.clock import DAY, HOUR
from emulator.common.templates import fill
from emulator.eigenpal.catalog import REVIEWERS, WORDS, User
from emulator.eigenpal.runs import CORRECT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from emulator.common.json_value import Json
    from emulator.eigenpal.runs import Run

REVIEWED_SHARE = 0.22
# The first review comes between these two after the creation of its run.
SOONEST = 2 * HOUR
LATEST = 60 * DAY

NOTES = (
    "",
    "Checked against the document.",
    "Total is wrong, see the correction.",
    "Größtenteils richtig 👍",
)


@dataclass(frozen=True, slots=True)
class Correction:
    """One value or file that was wrong; `path` is a JSON pointer, or an artifact's path."""

    id: str
    kind: str
    path: str
    created_at: int
    updated_at: int
    label: str | None = None
    note: str = ""
    original: Json = None
    corrected: Json = None
    corrected_artifact: str | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """A review as it stands at a moment; times in milliseconds since 1970."""

    id: str
    verdict: str | None
    status: str
    note: str
    reviewer: User
    created_at: int
    reviewed_at: int
    updated_at: int
    corrections: tuple[Correction, ...] = ()
    corrected_output: Json = None
    closer: User | None = None
    closed_at: int | None = None
    closed_note: str | None = None


# A moment, and the review as it stands from then on; None: deleted.
Change = tuple[int, Review | None]


def changed_after(draw: int) -> tuple[int, ...]:
    """How long after its run's creation a review is written, changed, closed and deleted: 0 to 4 moments.

    Drawn from one number and nothing else, so that a hundred thousand runs can be gone through.
    """
    if (draw & 0xFFFF) / 0x10000 >= REVIEWED_SHARE:
        return ()
    share = (draw >> 16 & 0xFFFF) / 0x10000
    first = int(SOONEST * (LATEST / SOONEST) ** share)
    moments = [first]
    luck = draw >> 32 & 0xFF
    if luck < 80:
        moments.append(first + HOUR + (draw >> 40 & 0xFF) * DAY // 12)
    if luck < 180:
        moments.append(moments[-1] + HOUR + (draw >> 48 & 0xFF) * DAY // 16)
    if luck % 50 == 7:
        moments.append(moments[-1] + 9 * DAY)
    return tuple(moments)


def may_have_begun(run: Run, now: int) -> bool:
    """Whether a run can have a review by now; cheaper than its whole history."""
    moments = changed_after(run.review_draw) if run.review_draw is not None else ()
    return bool(moments) and run.created_at + moments[0] <= now


def history(seed: int, run: Run, output: Mapping[str, Json]) -> tuple[Change, ...]:
    """All that is ever said of a run that made `output`, oldest first."""
    if run.review_draw is None:
        return ()
    moments = [run.created_at + after for after in changed_after(run.review_draw)]
    # Who is still waiting cannot be reviewed: then nobody ever does.
    if not moments or moments[0] < run.ended_at or run.status == "cancelled":
        return ()
    chance = draws(seed, "review content", run.id)
    luck = run.review_draw >> 32 & 0xFF
    review = _first(seed, run, moments[0], output, chance)
    changes: list[Change] = [(moments.pop(0), review)]
    if luck < 80:
        review = _changed(review, run, moments[0], output, chance)
        changes.append((moments.pop(0), review))
    if luck < 180:
        if review.status == "open":
            review = close(
                review, moments[0], chance.choice(REVIEWERS), chance.choice(("closed", "wont_fix"))
            )
            changes.append((moments[0], review))
        moments.pop(0)
    changes.extend((moment, None) for moment in moments)
    return tuple(changes)


def _first(seed: int, run: Run, moment: int, output: Mapping[str, Json], chance: Random) -> Review:
    right = run.status == "completed" and run.quality >= CORRECT
    # People err too, and some only leave a remark.
    verdict = ("correct" if right else "incorrect") if chance.random() < 0.96 else None
    reviewer = chance.choice(REVIEWERS)
    review = Review(
        id=f"rev_{draws(seed, 'review id', run.id).getrandbits(64):016x}",
        verdict=verdict,
        status="closed" if verdict == "correct" else "open",
        note=chance.choice(NOTES),
        reviewer=reviewer,
        created_at=moment,
        reviewed_at=moment,
        updated_at=moment,
        closer=reviewer if verdict == "correct" else None,
        closed_at=moment if verdict == "correct" else None,
    )
    if verdict == "incorrect" and run.status == "completed":
        return replace(review, corrections=_corrections(run, moment, output, chance, chance.randint(0, 3)))
    return review


def _changed(review: Review, run: Run, moment: int, output: Mapping[str, Json], chance: Random) -> Review:
    """The same review, looked at again: a new note, and one more correction where something was wrong."""
    more: tuple[Correction, ...] = ()
    if review.verdict == "incorrect" and run.status == "completed":
        more = _corrections(run, moment, output, chance, len(review.corrections) + 1)[
            len(review.corrections) :
        ]
    return replace(
        review,
        note="Looked at again.",
        reviewer=chance.choice(REVIEWERS),
        reviewed_at=moment,
        updated_at=moment,
        corrections=(*review.corrections, *more),
    )


def _corrections(
    run: Run, moment: int, output: Mapping[str, Json], chance: Random, count: int
) -> tuple[Correction, ...]:
    """The first `count` fields of the output corrected, and a file when that is more than there are."""
    again = fill(dict(output), WORDS, chance)
    fields = (
        _correction(run, index, name, output[name], again[name], moment, chance)
        for index, name in enumerate(list(output)[:count])
    )
    return (*fields, _file_correction(run, moment)) if count > len(output) else tuple(fields)


def _correction(
    run: Run, index: int, name: str, original: Json, corrected: Json, moment: int, chance: Random
) -> Correction:
    return Correction(
        id=f"cor_{draws(run.id, 'correction', index).getrandbits(64):016x}",
        kind="field",
        path=f"/{name}",
        label=name.replace("_", " ").capitalize() if chance.random() < 0.5 else None,
        note=chance.choice(NOTES),
        original=original,
        corrected=corrected,
        created_at=moment,
        updated_at=moment,
    )


def _file_correction(run: Run, moment: int) -> Correction:
    return Correction(
        id=f"cor_{draws(run.id, 'correction', 'file').getrandbits(64):016x}",
        kind="file",
        path="output/result.json",
        corrected_artifact="expected/result.json",
        created_at=moment,
        updated_at=moment,
    )


def close(
    review: Review, moment: int, closer: User, status: str = "closed", note: str | None = None
) -> Review:
    """The review, closed."""
    return replace(
        review, status=status, closer=closer, closed_at=moment, closed_note=note, updated_at=moment
    )


def as_of(changes: tuple[Change, ...], now: int) -> Review | None:
    """The review as it stands at `now`: what a test said last stands, whatever the seed would say later."""
    return next((review for moment, review in reversed(changes) if moment <= now), None)
