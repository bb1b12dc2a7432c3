"""What people set by hand: whose level may become what, and what counts of a contact that an import brought.

Pure rules. A contact's level and edits lie beside it, where no import writes; they win over what its provider says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from roster.errors import Forbidden, NotUnderstood
from roster.model import BY_HAND, JSON, Kind, Level
from roster.permissions import Administrator, rank
from roster.ports import ContactCard, ContactMark

EDITABLE = ("first", "last", "email", "phone", "events")
OTHERS_HELP = "Ask another administrator of your account to do it."


def first_level(kind: str) -> str:
    """The level of a contact that is made by hand, unless somebody says another."""
    seen = kind in (Kind.TEACHER, Kind.ADMINISTRATOR)
    return (Level.APPOINTMENT_VIEWER if seen else Level.CUSTOMER).value


def effective(card: ContactCard, mark: ContactMark) -> ContactCard:
    """The contact as it counts."""
    edits = {name: value for name, value in mark.edits.items() if name in EDITABLE}
    if "events" in edits:
        edits["events"] = tuple(edits["events"])
    return replace(card, level=mark.level or card.level, **edits)


def edited(mark: ContactMark, given: Mapping[str, JSON]) -> ContactMark:
    """The mark with what was given; None takes back what was set."""
    edits = {**mark.edits, **{name: value for name, value in given.items() if name in EDITABLE}}
    level = given.get("level", mark.level) or ""
    return ContactMark(level, {name: value for name, value in edits.items() if value is not None})


def check_level(person: Administrator, card: ContactCard, level: str, administrators: Iterable[str]) -> None:
    """Whether the person may give that level to the contact; blank takes all of it. `administrators`: ids of those who
    administer the account.
    """
    if Level.SUPPORT in (card.level, level) and card.level != level:
        raise Forbidden("only pickAtime gives or takes the level Support")
    if rank(level) >= rank(card.level) or not _administers(card):
        return
    if card.id == person.id:
        raise Forbidden("nobody lowers or removes themselves", OTHERS_HELP)
    if card.level == Level.ADMINISTRATOR and not set(administrators) - {card.id}:
        raise Forbidden("this is the account's last administrator", "Make somebody else Administrator first.")


def check_reach(person: Administrator, card: ContactCard) -> None:
    """Whoever has a higher level than one's own is not changed at all."""
    if rank(card.level) > rank(person.level):
        raise Forbidden(f"a contact with the level {card.level} is changed by nobody below it")


def check_name(card: ContactCard) -> None:
    if not card.first and not card.last:
        raise NotUnderstood("a contact needs a name", "Give a first or a last name.")


def _administers(card: ContactCard) -> bool:
    return (card.origin, card.kind) == (BY_HAND, Kind.ADMINISTRATOR)
