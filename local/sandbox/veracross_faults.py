"""Which of the shared faults make sense for Veracross, and what they mean where pages have numbers, not links."""

from __future__ import annotations

from .faults import FAULTS

_NOT_HERE = {  # of Clever's contacts, its sync and its districts' states
    "contacts_forbidden",
    "synced_midway",
    "district_paused",
    "district_pending",
    "district_error",
    "school_unshared",
}
_SAID_ANEW = {
    "same_cursor": "the page number is ignored: the first page comes again and again",
    "empty_last_page": "the last page is full, made so by rows told before, and an empty page follows",
    "token_revoked": "all tokens are revoked; a new one can be had",
    "token_withdrawn": "all tokens are revoked, and the client secret is reset",
    "scope_removed": "a scope (of the path's list; relationships unless told otherwise) is taken back",
}
VERACROSS_FAULTS: dict[str, str] = {n: what for n, what in FAULTS.items() if n not in _NOT_HERE} | _SAID_ANEW
