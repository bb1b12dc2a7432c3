"""Why is this so? One sentence on one student, teacher, parent or class of an event, and what to click.

Support is asked this every day; all that an answer needs is known here already. Rules, most telling first: what waits
for a yes, what somebody here decided, what the provider does not say, and what stands in the way of linking.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from roster.model import ClassEntry, ContactEntry
from roster.ports import ClassMark

FINE = "fine"
WAITS = "Open the run and choose Approve or Discard."
IMPORT = "Open the Importer and start an import."
EDITOR = "Open the Class Editor of the event"
CHOICE = (
    "Check the chosen schools and terms in the Importer, and {} in {}; then import again, or wait for tonight's sync."
)


@dataclass(frozen=True)
class Reason:
    """`code` is for programs; `sentence` and `click` are for people."""

    code: str
    sentence: str
    click: str = ""


@dataclass(frozen=True)
class Seen:
    """What is known of it. `entry`: of a contact, `roster`: of a class, as applied last. `problems`: what the newest
    run said of it, code → what to do. `waiting`: what a held run would make of it (created, updated, departed …), or
    blank. `hidden`: the event's classes that families do not see. `help`: the newest run's, for every warning.
    """

    kind: str
    id: str
    provider: str = ""
    imported: bool = False
    entry: ContactEntry | None = None
    roster: ClassEntry | None = None
    mark: ClassMark = field(default_factory=ClassMark)
    problems: Mapping[str, str] = field(default_factory=dict)
    waiting: str = ""
    event: str = ""
    hidden: frozenset[str] = frozenset()
    help: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        known = self.entry.person.name if self.entry else self.roster.info.name if self.roster else ""
        return known or f"{self.kind} {self.id}"

    @property
    def classes(self) -> frozenset[str]:
        listing = self.entry.listed.get(self.event) if self.entry else None
        return frozenset(listing.classes if listing else ())


Rule = Callable[[Seen], Iterator[Reason]]


def why(seen: Seen) -> Reason:
    """The first thing to say of it."""
    rules = CLASS_RULES if seen.kind == "class" else CONTACT_RULES
    return next((reason for rule in rules for reason in rule(seen)), _fine(seen))


def _never_imported(seen: Seen) -> Iterator[Reason]:
    if not seen.provider:
        yield Reason("not_connected", "This account is not connected to a school's system yet.", "Open Integrations.")
    elif not seen.imported and not seen.waiting:
        yield Reason("never_imported", "Nothing was imported into this event yet.", IMPORT)


def _waits(seen: Seen) -> Iterator[Reason]:
    if seen.waiting:
        yield Reason("held", f"The newest import waits for a yes; it would make {seen.name} {seen.waiting}.", WAITS)


def _missing_contact(seen: Seen) -> Iterator[Reason]:
    if seen.entry is None:
        yield from _left_out(seen)
        where = "that a child of theirs is shared" if seen.kind == "parent" else "that they are in a class of theirs"
        yield Reason(
            "missing",
            f"The last import found no {seen.kind} {seen.id} who belongs to a class that this event imports.",
            CHOICE.format(where, seen.provider),
        )


def _left_out(seen: Seen) -> Iterator[Reason]:
    for code, help in seen.problems.items():
        yield Reason(code, f"The last import left {seen.name} out.", help)


def _inactive(seen: Seen) -> Iterator[Reason]:
    if seen.entry and seen.entry.inactive_since:
        yield Reason(
            "inactive",
            f"{seen.name} is inactive since {seen.entry.inactive_since}: no event lists them any more.",
            CHOICE.format("whether they are still at the school", seen.provider),
        )


def _elsewhere(seen: Seen) -> Iterator[Reason]:
    if seen.entry and seen.event not in seen.entry.listed:
        count = len(seen.entry.listed)
        others = "1 other event" if count == 1 else f"{count} other events"
        yield Reason(
            "not_in_event",
            f"{seen.name} is in no class of this event, but in {others}.",
            CHOICE.format("which classes they are in", seen.provider),
        )


def _all_hidden(seen: Seen) -> Iterator[Reason]:
    if seen.classes and seen.classes <= seen.hidden:
        yield Reason(
            "hidden", f"All classes of {seen.name} are hidden in this event.", f"{EDITOR} and show one of them again."
        )


def _cannot_be_linked(seen: Seen) -> Iterator[Reason]:
    person = seen.entry.person if seen.entry else None
    if person and person.kind == "student" and not person.birth_date:
        yield Reason(
            "no_security_value",
            f"Parents cannot link to {seen.name}: the security value (date of birth) is blank.",
            next((seen.help[code] for code in BLANK if seen.help.get(code)), IMPORT),
        )
    if person and person.kind == "parent" and seen.entry and not seen.entry.related():
        yield Reason(
            "no_child",
            f"{seen.name} has no child in this account, so there is nobody to book for.",
            f"Check which students they belong to in {seen.provider}, then import again.",
        )


BLANK = ("security_values_refused", "security_values_empty", "student_without_birth_date", "security_values_partial")


def _remarked(seen: Seen) -> Iterator[Reason]:
    for code, help in seen.problems.items():
        yield Reason(code, f"{seen.name} was imported, and something is odd.", help)


def _decided(seen: Seen) -> Iterator[Reason]:
    if seen.mark.never:
        yield Reason(
            "never", f"{seen.name} is never to be imported: somebody here decided so.", f"{EDITOR} and allow it again."
        )
    if seen.mark.removed and seen.roster is None:
        yield Reason(
            "removed",
            f"{seen.name} was deleted here on {seen.mark.removed[:10]}; the next import brings it back.",
            IMPORT,
        )
    if seen.mark.hidden:
        yield Reason("hidden", f"{seen.name} is hidden in this event.", f"{EDITOR} and show it again.")


def _missing_class(seen: Seen) -> Iterator[Reason]:
    if seen.roster is None:
        yield from _left_out(seen)
        yield Reason(
            "missing",
            f"The last import found no class {seen.id} in the schools and terms that this event imports.",
            CHOICE.format("which school and term the class is in", seen.provider),
        )


def _empty_class(seen: Seen) -> Iterator[Reason]:
    if seen.roster and not seen.roster.teachers:
        yield Reason(
            "no_teacher",
            f"{seen.name} has no teacher who is shared, so nobody can book with one.",
            f"Give the class a teacher in {seen.provider}, then import again.",
        )
    if seen.roster and not seen.roster.students:
        yield Reason(
            "no_student",
            f"{seen.name} has no student who is shared, so no family sees it.",
            f"Check who is enrolled in {seen.provider}, then import again.",
        )


def _fine(seen: Seen) -> Reason:
    if seen.kind == "class":
        count = len(seen.roster.students) if seen.roster else 0
        return Reason(FINE, f"Nothing is wrong: {seen.name} is imported, with {_many(count, 'student')}.")
    if seen.kind == "parent":
        children = len(seen.entry.related()) if seen.entry else 0
        word = "child" if children == 1 else "children"
        return Reason(FINE, f"Nothing is wrong: {seen.name} is imported, with {children} {word}.")
    return Reason(FINE, f"Nothing is wrong: {seen.name} is in {_many(len(seen.classes), 'class')} of this event.")


def _many(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}{'es' if word.endswith('s') else 's'}"


CONTACT_RULES: tuple[Rule, ...] = (
    _never_imported, _waits, _missing_contact, _inactive, _elsewhere, _all_hidden, _cannot_be_linked, _remarked,
)  # fmt: skip
CLASS_RULES: tuple[Rule, ...] = (_never_imported, _waits, _decided, _missing_class, _empty_class, _remarked)
