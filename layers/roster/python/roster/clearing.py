"""Which contacts a clear deletes: those up to a level, but nobody who administers, and nobody who was named.

Judged by the item that the table holds and by the level and address that somebody set by hand, which win.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from roster.errors import ClearRefused
from roster.model import BY_HAND, JSON, RANKS, Level
from roster.ports import Change, ContactId, Event, Stored

MARK = "level of "  # what the id of a hand-set level begins with
LEVELS_HELP = "Choose one of the levels that are offered."
NEVER_CLEARED = (Level.ADMINISTRATOR.value, Level.SUPPORT.value)


@dataclass(frozen=True)
class Clearing:
    """What an administrator asked to be deleted: everybody up to `level`, without those to `keep`."""

    level: str
    contacts: frozenset[ContactId] = frozenset()
    emails: frozenset[str] = frozenset()

    @classmethod
    def from_json(cls, value: Mapping[str, JSON]) -> Clearing:
        if value.get("level") not in RANKS:
            raise ClearRefused(f"there is no level “{value.get('level')}”", LEVELS_HELP)
        keep = value.get("keep") or {}
        contacts = frozenset((str(origin), str(kind), str(id)) for origin, kind, id in keep.get("contacts") or ())
        return cls(value["level"], contacts, frozenset(email.casefold() for email in keep.get("emails") or ()))

    def deletes(self, contact: Change, marks: Mapping[ContactId, Change]) -> bool:
        """By the level and the e-mail address that count. An unknown level is left alone."""
        found, level = contact.entry, effective(contact, marks)
        if not isinstance(found, Stored) or level in NEVER_CLEARED or RANKS.get(level, len(RANKS)) > RANKS[self.level]:
            return False
        named = (found.origin, contact.kind, contact.id) in self.contacts
        return not named and _email(contact, marks).casefold() not in self.emails

    def told(self, figures: Mapping[str, int]) -> dict[str, JSON]:
        """For the report: how many contacts of each level go, and how many stay."""
        levels = {level: figures.get(f"clear.{level}", 0) for level in RANKS if self._may_go(level)}
        return {"levels": levels, "kept": figures.get("clear.kept", 0)}

    def _may_go(self, level: str) -> bool:
        return level not in NEVER_CLEARED and RANKS[level] <= RANKS[self.level]


def effective(contact: Change, levels: Mapping[ContactId, Change]) -> str:
    """The level that counts: the one set by hand, or else the item's own."""
    found = contact.entry
    if not isinstance(found, Stored):
        return ""
    mark = _mark(contact, levels)
    return (mark.level if mark else "") or found.level


def _email(contact: Change, marks: Mapping[ContactId, Change]) -> str:
    found, mark = contact.entry, _mark(contact, marks)
    return (mark.email if mark else "") or (found.email if isinstance(found, Stored) else "")


def _mark(contact: Change, marks: Mapping[ContactId, Change]) -> Stored | None:
    """What was set of it by hand."""
    origin = contact.entry.origin if isinstance(contact.entry, Stored) else ""
    mark = marks.get((f"{MARK}{origin}", contact.kind, contact.id))
    return mark.entry if mark and isinstance(mark.entry, Stored) else None


def by_id(changes: Iterable[Change]) -> dict[ContactId, Change]:
    """Stored items by the contact that they are about; its hand-set level apart from the contact itself."""
    return {
        (f"{MARK * one.entry.mark}{one.entry.origin}", one.kind, one.id): one
        for one in changes
        if isinstance(one.entry, Stored)
    }


def refuse_others(events: Iterable[Event], event: str) -> None:
    """Other events than this one that hold classes, or may hold some of a run that died, are in the way."""
    others = [one.name or one.event for one in events if one.event != event and (one.snapshot or one.applying)]
    if others:
        named = ", ".join(f"“{name}”" for name in others)
        raise ClearRefused(f"other events of this account still have classes: {named}")


def origins_of(known: tuple[str, ...], *more: str) -> list[str]:
    """Whose contacts to look at: all that ever came, and those kept by hand."""
    return sorted({*known, *filter(None, more), BY_HAND})
