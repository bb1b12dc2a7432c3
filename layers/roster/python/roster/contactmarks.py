"""The mark of a contact whom somebody has become: what was set by hand goes on, and is found where it stands now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.json import decode

from roster import keys
from roster.ports import Change, Moved
from roster.tables import ContactMarkItem, wired

FOUND_BY = ("name_part", "name_order", "email_key")  # where its edits say so


def mark_item(account: str, change: Change, moved: Moved) -> dict[str, Any]:
    """What was set by hand of whoever became this contact, in the contact's mark."""
    key = keys.contact_mark(account, moved.origin, change.kind, change.id)
    level, ties = wired(ContactMarkItem, {"level": moved.level}), wired(ContactMarkItem, {"related": moved.ties})
    kept = {**level, **(moved.old or {}), **(moved.own or {})}
    for name in ("related", *(FOUND_BY if moved.old else ())):
        kept.pop(name, None)
    found_by = _found_by_edits(account, change, moved, kept) if moved.old else {}  # else it is found as before
    return {**kept, **ties, **found_by, "pk": {"S": key.pk}, "sk": {"S": key.sk}}


def _found_by_edits(account: str, change: Change, moved: Moved, kept: Mapping[str, Any]) -> dict[str, Any]:
    """A name or an address that was edited is found where its new contact stands."""
    edits = decode(kept["edits"]["S"]) if "edits" in kept else {}
    last, first, email = (
        edits.get("last", moved.last), edits.get("first", moved.first), edits.get("email") or "",
    )  # fmt: skip
    found = keys.indexed(account, moved.origin, change.kind, change.id, last or "", first or "", email, ("", ""))
    named = bool({"last", "first"} & edits.keys())
    return wired(ContactMarkItem, {name: found[name] for name in FOUND_BY if named or name == "email_key"})
