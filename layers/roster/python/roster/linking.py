"""A parent links a child: by student id or name, and the child's security value, the date of birth.

A date of birth is no secret, only a limit on guessing makes it one: so each try is counted before it is looked at, and
every cause has the same sentence after the same time. Which it was, the school's administrator is told for 30 days.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest

from roster.birthdates import typed
from roster.keys import names_from
from roster.model import Kind
from roster.ports import Attempt, Attempts, Contact, ContactBook, ContactId, SignIns, Ties
from roster.sessions import digest

UNABLE = "We are unable to find your student records with the values you have supplied."
PER_PAIR, PER_STUDENT, PER_PARENT, PER_PLACE = 5, 10, 20, 200  # the first in an hour, the others in a day
FLOOR = 0.7  # seconds that every refusal takes
KEPT = timedelta(days=30)
MOST_NAMESAKES = 20
LINKED = "linked"
# What the administrator is told, and what to click. `{}` is the student, where one was found.
CAUSES: Mapping[str, tuple[str, str]] = {
    "blank_value": (
        "the security value (date of birth) of {} is blank, so nobody can link to them.",
        "Have the provider share birth dates, then import again; or enter it at the student's contact.",
    ),
    "wrong_value": ("the date of birth that was entered is not that of {}.", "Compare it with the student's contact."),
    "no_date": ("what was entered as date of birth is no date.", "Write it as 2012-04-08 or 4/8/2012."),
    "unknown_student": ("no active student has this id or name.", "Look for the student under Contacts."),
    "several": ("several students have this name.", "Give the parent the student's id."),
    "locked": ("too many tries failed, so linking waits until tomorrow.", "Link the child at the parent's contact."),
    LINKED: ("{} was linked.", ""),
}


@dataclass(frozen=True)
class Sought:
    """What the parent entered: `number` is a student id or SIS number; else both names. `born`: as typed. `origins`:
    whose own ids of students a family may know, as Veracross' person ids.
    """

    number: str = ""
    first: str = ""
    last: str = ""
    born: str = ""
    origins: tuple[str, ...] = ()

    @property
    def who(self) -> str:
        return self.number or f"{self.first} {self.last}"


@dataclass(frozen=True)
class Linking:
    """`clock`, `sleep`: seconds of a clock that never jumps, and a way to wait."""

    contacts: ContactBook
    ties: Ties
    kept: SignIns
    attempts: Attempts
    now: Callable[[], datetime]
    clock: Callable[[], float]
    sleep: Callable[[float], None]

    def link(self, account: str, parent: Contact, sought: Sought, place: str) -> bool:
        """Whether the child is linked now. What stands in the way is told to the administrator alone."""
        began = self.clock()
        cause, student = self._tried(account, parent, sought, place)
        self.attempts.note(
            account, parent.key, Attempt(self.now().isoformat(), cause, student.key if student else None)
        )
        if cause == LINKED and student:
            self.ties.tie(account, parent.key, student.key, "")
            return True
        self.sleep(max(0.0, began + FLOOR - self.clock()))
        return False

    def why(self, account: str, parent: ContactId) -> list[tuple[str, str, str]]:
        """(when, what stood in the way, what to do), newest first, of the last 30 days."""
        found = self.attempts.of(account, parent, (self.now() - KEPT).isoformat())
        names = self.contacts.of(account, [one.student for one in found if one.student])
        told = []
        for one in found:
            sentence, click = CAUSES[one.cause]
            student = names.get(one.student) if one.student else None
            told.append((one.at, sentence.format(student.name if student else "the student"), click))
        return told

    def _tried(self, account: str, parent: Contact, sought: Sought, place: str) -> tuple[str, Contact | None]:
        """The same reads whatever is wrong; counted before anything is compared."""
        found = self._found(account, sought)
        student = found[0] if len(found) == 1 else None
        stored = self.contacts.security_value(account, student.key) if student else ""
        born = typed(sought.born)
        few = self._few(account, parent, student.id if student else sought.who.casefold(), place)
        right = compare_digest(born.encode(), stored.encode())
        if not few:
            return "locked", student
        if not found:
            return "unknown_student", None
        if student is None:
            return "several", None
        if not stored:
            return "blank_value", student
        if not born:
            return "no_date", student
        return (LINKED if right else "wrong_value"), student

    def _found(self, account: str, sought: Sought) -> Sequence[Contact]:
        kinds = [Kind.STUDENT.value]
        found: Sequence[Contact] = []
        if sought.number.strip():
            ids = [(origin, Kind.STUDENT.value, sought.number.strip()) for origin in sought.origins]
            numbered = {one.key: one for one in self.contacts.with_number(account, kinds, sought.number)}
            found = [*{**self.contacts.of(account, ids), **numbered}.values()]
        elif sought.first.strip() and sought.last.strip():
            begins = [names_from(sought.last, sought.first)]
            found, _ = self.contacts.named(account, kinds, begins, "", MOST_NAMESAKES)
            found = [one for one in found if _same(one, sought)]
        return [one for one in found if not one.inactive_since]

    def _few(self, account: str, parent: Contact, student: str, place: str) -> bool:
        """Counts one more for each of them, also where one has had its share: parallel tries cannot pass."""
        now = self.now()
        whose = f"{account} {' '.join(parent.key)}"
        hour, day = f"{now:%Y-%m-%dT%H}", f"{now:%Y-%m-%d}"
        limits = (
            (digest(f"link {whose} {student}"), hour, PER_PAIR),
            (digest(f"link {account} to {student}"), day, PER_STUDENT),
            (digest(f"link {whose}"), day, PER_PARENT),
            (digest(f"link from {place}"), day, PER_PLACE),
        )
        forget = int((now + timedelta(days=2)).timestamp())
        counted = [self.kept.counted(one, window, most, forget) for one, window, most in limits]
        return all(counted)


def _same(one: Contact, sought: Sought) -> bool:
    return names_from(one.last, one.first) == names_from(sought.last, sought.first)
