"""E-mail addresses of people in EigenPal's answers: hashed before anything else sees them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sources.common.payload import spellings
from sources.common.personal import ADDRESS, hashed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sources.common.http import Api
    from sources.common.payload import Json

_ABOUT_PEOPLE = re.compile(
    r"^(trigger|by|.*By|.*_by|e?mails?|.*E?[Ee]mails?|.*_e?mails?|users?|from|to|cc|bcc)$"
)
"""Fields that speak of people: whoever started, reviewed or closed something, or wrote a mail to an agent."""

_IS_ADDRESS = re.compile(r"^(email|.*Email|.*_email)$")

_PAYLOADS = frozenset(
    spelling
    for name in (
        "input",
        "output",
        "args",
        "metadata",
        "input_data",
        "output_data",
        "resolved_config",
        "definition_snapshot",
        "input_schema",
        "output_schema",
        "expected",
        "comparison",
        "corrected_output",
        "original_value",
        "corrected_value",
        "details",
        "overrides",
        "observability",
    )
    for spelling in spellings(name)
)
"""What runs were given and have put out: the customer's own data, which stays as it is."""


class Discreet:
    """A platform's client whose answers hold no people's addresses.

    Args:
        salt: goes before each address, so that nobody can look a known one up.
        keeps: leave addresses as they are.
    """

    def __init__(self, api: Api, *, salt: str = "", keeps: bool = False) -> None:
        self._api = api
        self._salt = salt
        self._keeps = keeps

    @property
    def host(self) -> str:
        return self._api.host

    async def get(self, path: str, params: Mapping[str, Json] | None = None) -> Json:
        """The same as `Api.get`."""
        answer = await self._api.get(path, params)
        return answer if self._keeps else without_addresses(answer, self._salt)


def without_addresses(answer: Json, salt: str = "") -> Json:
    """The answer, changed in place: each address that stands in a field about people is its hash."""
    todo: list[tuple[Json, bool]] = [(answer, False)]
    while todo:
        holder, is_about_people = todo.pop()
        if isinstance(holder, dict):
            if is_about_people:
                _hash_names(holder, salt)
            for key, value in holder.items():
                inside = is_about_people or _ABOUT_PEOPLE.match(key) is not None
                if isinstance(value, str):
                    if inside:
                        holder[key] = _hidden(key, value, salt)
                elif isinstance(value, (dict, list)) and (inside or key not in _PAYLOADS):
                    todo.append((value, inside))
        elif isinstance(holder, list):
            for place, value in enumerate(holder):
                if isinstance(value, str) and is_about_people:
                    holder[place] = _hidden("", value, salt)
                elif isinstance(value, (dict, list)):
                    todo.append((value, is_about_people))
    return answer


def _hidden(key: str, text: str, salt: str) -> str:
    found = ADDRESS.sub(lambda match: hashed(match[0], salt), text)
    # What stands where an address belongs is hashed even if it does not look like one.
    return hashed(text, salt) if found == text and text.strip() and _IS_ADDRESS.match(key) else found


def _hash_names(holder: dict[str, Json], salt: str) -> None:
    """The same for addresses that are names of fields."""
    if any("@" in key for key in holder):
        renamed = {ADDRESS.sub(lambda match: hashed(match[0], salt), key): holder[key] for key in holder}
        holder.clear()
        holder.update(renamed)
