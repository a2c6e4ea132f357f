"""Personal data that rows need not hold: e-mail addresses are replaced by a hash that stays the same."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from sources.common.payload import spellings

if TYPE_CHECKING:
    from sources.common.payload import Json

_ADDRESS = re.compile(r"[^\s@<>()\[\]\",;:=]+@[^\s@<>()\[\]\",;:=]+\.[^\s@<>()\[\]\",;:=.]+")

HASHED = "email-"
"""How the hash of an address begins."""


def hashed_emails(value: Json) -> Json:
    """A value of an API with every e-mail address in it replaced by a hash of its lower-case form.

    The hash tells whether two addresses are the same. Whoever guesses an address can check the guess: it is
    a pseudonym, no more.
    """
    if isinstance(value, str):
        return _ADDRESS.sub(lambda found: _hash(found[0]), value) if "@" in value else value
    if isinstance(value, dict):
        return {key: hashed_emails(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [hashed_emails(inner) for inner in value]
    return value


def with_hashed_emails(record: dict[str, Json], *names: str) -> dict[str, Json]:
    """A record in which the fields of these names (snake_case) hold hashes instead of e-mail addresses."""
    keys = [key for name in names for key in spellings(name) if key in record]
    return {**record, **{key: hashed_emails(record[key]) for key in keys}} if keys else record


def _hash(address: str) -> str:
    return HASHED + hashlib.sha256(address.strip().lower().encode()).hexdigest()[:32]
