"""Personal data that rows need not hold: e-mail addresses are replaced by a hash that stays the same."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from sources.common.payload import all_spellings

if TYPE_CHECKING:
    from sources.common.payload import Json

ADDRESS = re.compile(
    r"""(?<![^\s<>()\[\]{},;:"'@|])[^\s<>()\[\]{},;:"'@|]+@[^\s<>()\[\]{},;:"'@|]*[^\s<>()\[\]{},;:"'@|.]"""
)
"""What looks like an e-mail address. It begins where a word does: long words are gone through once."""


def hashed(address: str, salt: str = "") -> str:
    """What stands for an address: the same for all its spellings, on every platform and machine.

    Whoever guesses an address can check the guess, unless there is a salt that nobody knows.
    """
    return hashlib.sha256(f"{salt}{address.strip().lower()}".encode("utf-8", "replace")).hexdigest()


def hash_addresses(value: Json, salt: str = "") -> Json:
    """A value of an API with the hash of every address that is in it."""
    if isinstance(value, str):
        return ADDRESS.sub(lambda found: hashed(found[0], salt), value) if "@" in value else value
    if isinstance(value, dict):
        return {key: hash_addresses(inner, salt) for key, inner in value.items()}
    if isinstance(value, list):
        return [hash_addresses(inner, salt) for inner in value]
    return value


def discreet(record: dict[str, Json], *names: str, salt: str = "") -> dict[str, Json]:
    """A record whose fields of these names (snake_case) hold hashes instead of addresses."""
    keys = [key for key in all_spellings(names) if key in record]
    return {**record, **{key: hash_addresses(record[key], salt) for key in keys}} if keys else record
