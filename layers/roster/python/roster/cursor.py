"""The cursor of a list: where its next page begins, in a form that the web client hands back and does not read.

It says which list it belongs to, and is taken for nothing else. It needs no signature: which account a list is of
never comes from it, so whoever makes one up only begins elsewhere in a list that is theirs.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode

from roster.errors import NotUnderstood

LONGEST = 2_000
LONGEST_PLACE = 1_024  # bytes: no key is longer
FRESH = "Leave the cursor out to begin with the first page."


def cursor_after(list_name: str, last: str) -> str:
    """The cursor of the page behind `last`; blank stays blank, as after the last page."""
    if not last:
        return ""
    return urlsafe_b64encode(json.dumps([list_name, last]).encode()).decode().rstrip("=")


def last_before(list_name: str, cursor: str) -> str:
    """What the page behind this cursor follows on. Raises NotUnderstood for anything that is no cursor of this list."""
    if not cursor:
        return ""
    try:
        found = json.loads(urlsafe_b64decode(cursor[:LONGEST] + "=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError):
        found = None
    match found:
        # the same place has one spelling
        case [str(name), str(place)] if name == list_name and _fits(place) and cursor_after(name, place) == cursor:
            return place
        case _:
            raise NotUnderstood("this is no cursor of this list", FRESH)


def _fits(place: str) -> bool:
    """Half a surrogate pair is no text that a key could hold."""
    try:
        return len(place.encode()) <= LONGEST_PLACE
    except UnicodeEncodeError:
        return False
