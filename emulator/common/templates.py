"""Templates of made-up payloads: a text that starts with `$` names a list of words to draw from."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from random import Random

    from emulator.common.json_value import Json


def fill(template: Json, words: Mapping[str, Sequence[Json]], chance: Random) -> Json:
    """`template` with every `$name`, as in `{"repo": "$repository"}`, replaced by a draw from that list."""
    if isinstance(template, str):
        if not template.startswith("$"):
            return template
        known = words[template[1:]]
        return known[int(chance.random() * len(known))]
    if isinstance(template, dict):
        return {name: fill(value, words, chance) for name, value in template.items()}
    if isinstance(template, list):
        return [fill(value, words, chance) for value in template]
    return template
