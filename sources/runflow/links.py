"""Signed links lose their query: it is signed anew on each read, and opens the file to whoever holds it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from sources.common.payload import Json

_LINK = re.compile(
    r"""
    (https?:(?:\\?/){2}  # also as it is written in JSON inside a text
    (?:\\/|[^\s"'<>\\?\#])*)
    ([?\#](?:(?!,https?:)(?:\\/|\\u0026|\)(?=[\w%&=.-])|[^\s"'<>`\\)]))*)
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""A link in a text, cut into what it names and what it asks for."""

_SIGNATURE = re.compile(
    r"""
    (?:^|[?\#&;]|\\u0026)(?:amp;)?
    (?:
        x-(?:amz|goog|oss|cos|ms|obs|tos|bce)-[\w-]+
        | (?:x-|q-)?sign(?:ature)? | sig | hmac | policy | credentials? | expires | expiry | secret | password
        | (?:[\w-]+[_-])?token | jwt | auth(?:orization)?
        | (?:api|access|secret|private)?[_-]?key | key-pair-id | \w*accesskeyid | \w*accessid
    )
    =
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""A parameter that signs a link, or says how long it is good for: of S3, CloudFront, Google, Azure …"""


def without_signatures(text: str) -> str:
    """A text whose signed links have lost their query and fragment."""
    if "?" not in text and "#" not in text:
        return text
    return _LINK.sub(_unsigned, text)


def _unsigned(link: re.Match[str]) -> str:
    name, query = link.groups()
    # A link may hand on a signed one as a parameter.
    is_signed = _SIGNATURE.search(query) or ("%" in query and _SIGNATURE.search(unquote(unquote(query))))
    return str(name if is_signed else link[0])


def unsign(payload: Json) -> Json:
    """What an answer says, its signed links without their query, at any depth; it is changed in place."""
    if isinstance(payload, str):
        return without_signatures(payload)
    todo = [payload]
    while todo:
        item = todo.pop()
        if isinstance(item, dict):
            places = list(item.items())
        elif isinstance(item, list):
            places = list(enumerate(item))
        else:
            continue
        for place, value in places:
            if isinstance(value, str):
                item[place] = without_signatures(value)
            else:
                todo.append(value)
        for key in [key for key in item if "?" in key] if isinstance(item, dict) else ():
            _rename(item, key, without_signatures(key))
    return payload


def _rename(item: dict[str, Json], key: str, name: str) -> None:
    """Give a field that is named by a signed link its name without, beside those that have it already."""
    value = item.pop(key)
    while name in item:
        name += "'"
    item[name] = value
