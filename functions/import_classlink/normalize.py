"""One raw OneRoster row to records: pure and total, for 1.1 and 1.2, and for what servers make of the two.

Which shape a row has is told by the row, not by the address it came from: `role` and `orgs` beside or instead of
`roles`, references nested or flat as in CSV, lists of one without brackets, booleans as text, ids as numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from roster.fields import iso_date, items, mapping, text
from roster.model import (
    JSON,
    BirthDate,
    Class,
    Enrolment,
    Person,
    Record,
    Rejected,
    Relationship,
    Remark,
    School,
    Term,
    Within,
)

GONE = frozenset({"tobedeleted", "inactive"})  # `inactive` is how 1.0 said it
PARENTAL = frozenset({"parent", "guardian", "relative"})
USUALLY_PARENTAL = frozenset({"parent", "guardian"})  # whoever is let in by mistake sees a child
ENROLLED = frozenset({"student", "teacher"})
RANKS = {"schoolyear": 1, "semester": 2, "term": 2, "gradingperiod": 3}
PLACEHOLDER = "1900"  # systems that insist on a date are given the first one they take

Row = dict[str, JSON]
Roles = dict[str, list[Row]]  # by word, each with what 1.2 says of it
Records = Callable[[str, Row], Iterator[Record]]


def row_id(row: JSON) -> str:
    return text(row.get("sourcedId")) if isinstance(row, dict) else ""


def _checked(kind: Callable[[Row], str], records: Records) -> Callable[[JSON], Iterator[Record]]:
    """Reject what is no record or has no id, pass over what is to be deleted; leave the rest to `records`."""

    def normalise(given: JSON) -> Iterator[Record]:
        row, id = mapping(given), row_id(given)
        if not id:
            yield Rejected(kind(row), "row without an id" if row else "not a record")
        elif _word(row.get("status")) not in GONE:
            yield from records(id, row)

    return normalise


# -- schools and terms


def _org(id: str, row: Row) -> Iterator[Record]:
    """Only schools are asked about; an org without a type was listed among schools."""
    if _word(row.get("type")) in ("school", ""):
        yield School(id, text(row.get("name")))


def _session(id: str, row: Row) -> Iterator[Record]:
    """The end date is the first day after the term, as OneRoster defines it."""
    start, end = iso_date(row.get("startDate")), iso_date(row.get("endDate"))
    yield Term(id, text(row.get("title")), start, end, rank=RANKS.get(_word(row.get("type")), 0))
    for parent in _refs(row, "parent", "parentSourcedId"):
        if parent != id:
            yield Within(id, parent)
    for child in _refs(row, "children", "childrenSourcedIds"):
        if child != id:
            yield Within(child, id)


# -- people


def users(parental: Collection[str]) -> Callable[[JSON], Iterator[Record]]:
    """One person per kind: a teacher who is also a parent is two contacts. `parental`: who is a parent here."""

    def records(id: str, row: Row) -> Iterator[Record]:
        roles = _roles(row)
        if not roles:
            yield Rejected("student", "user without a role", id)
        for kind in dict.fromkeys(_kind(role) for role in roles if role in parental or role not in PARENTAL):
            yield _person(kind, id, row, roles)
            yield from _email_remarks(kind, id, row)
            if parental:
                yield from _ties(kind, id, row)

    return _checked(_kind_of_user, records)


def _roles(row: Row) -> Roles:
    """1.2 has a list of roles, each with its school; 1.1 has one word; some servers have both."""
    found: Roles = {}
    for role in items(row.get("roles")):
        word = _word(mapping(role).get("role") or role)
        if word:
            found.setdefault(word, []).append(mapping(role))
    for word in filter(None, map(_word, _listed(row.get("role")))):
        found.setdefault(word, [])
    return found


def _kind(role: str) -> str:
    """Everybody who is neither student nor parent may teach: who does is said by the classes."""
    if role in PARENTAL:
        return "parent"
    return "student" if role == "student" else "teacher"


def _kind_of_user(row: Row) -> str:
    return next(map(_kind, _roles(row)), "student")


def _person(kind: str, id: str, row: Row, roles: Roles) -> Person:
    number = text(row.get("identifier"))
    return Person(
        kind=kind,
        id=id,
        first=text(row.get("preferredFirstName")) or text(row.get("givenName")),
        middle=text(row.get("middleName")),
        last=text(row.get("familyName")),
        email=text(row.get("email")),
        phone=text(row.get("phone")) or text(row.get("sms")) if kind == "parent" else "",
        sis_id=number or _state_id(row),
        number=number,
        grade=_joined(row, "grades", "grade") if kind == "student" else "",
        schools=() if kind == "parent" else _schools(kind, row, roles),
        username=text(row.get("username")),
    )


def _state_id(row: Row) -> str:
    """One of the ids that other systems know the person by: the state's, else the first."""
    known = {_word(mapping(id).get("type")): text(mapping(id).get("identifier")) for id in items(row.get("userIds"))}
    return known.get("stateid") or next(filter(None, known.values()), "")


def _schools(kind: str, row: Row, roles: Roles) -> tuple[str, ...]:
    """Those of the roles of this kind; else those that are given without a role."""
    held = [role for word, several in roles.items() if _kind(word) == kind for role in several]
    found = [school for role in held for school in _refs(role, "org", "orgSourcedId")]
    return tuple(dict.fromkeys(found)) or _refs(row, "orgs", "orgSourcedIds")


def _email_remarks(kind: str, id: str, row: Row) -> Iterator[Remark]:
    email = text(row.get("email"))
    if email and "@" not in email:
        yield Remark("email_invalid", kind, id)


def _ties(kind: str, id: str, row: Row) -> Iterator[Record]:
    """Agents are said twice, by the student and by the parent, or should be."""
    for agent in _refs(row, "agents", "agentSourcedIds"):
        if kind == "student":
            yield Relationship(parent=agent, student=id, side="student")
        elif kind == "parent":
            yield Relationship(parent=id, student=agent, side="parent")


def _demographics(id: str, row: Row) -> Iterator[Record]:
    """The row has its user's id. Of all it says, only the date of birth is read."""
    given, birth_date = text(row.get("birthDate")), iso_date(row.get("birthDate"))
    if birth_date and not birth_date.startswith(PLACEHOLDER):
        yield BirthDate(id, birth_date)
    elif given:
        yield Remark("birth_date_unreadable", "student", id)


# -- classes


def _class(id: str, row: Row) -> Iterator[Record]:
    """Titles repeat and may look odd; they are the school's, and stay as they are."""
    yield Class(
        id=id,
        name=text(row.get("title")),
        school=_ref(row, "school", "schoolSourcedId"),
        terms=_refs(row, "terms", "termSourcedIds"),
        course=_ref(row, "course", "courseSourcedId"),
        subject=_joined(row, "subjects"),
        period=_joined(row, "periods", "period"),
        grade=_joined(row, "grades", "grade"),
        sis_id=text(row.get("classCode")),
    )


def _enrolment(id: str, row: Row) -> Iterator[Record]:
    role = _word(row.get("role"))
    class_id = _ref(row, "class", "classSourcedId")
    person = _ref(row, "user", "userSourcedId")
    if not class_id or not person:
        yield Rejected("enrolment", "without a class or a user", id)
    elif role in ENROLLED:
        begin, end = iso_date(row.get("beginDate")), iso_date(row.get("endDate"))
        yield Enrolment(class_id, person, role, role == "teacher" and _true(row.get("primary")), begin, end)


# -- fields as OneRoster servers fill them in


def _word(value: JSON) -> str:
    """A word of an enumeration; servers differ in its case."""
    return text(value).lower()


def _true(value: JSON) -> bool:
    return value is True or _word(value) in ("true", "1")


def _listed(value: JSON) -> list[JSON]:
    """The list; a lone object is a list of one, and text is a list between commas, as in CSV."""
    if isinstance(value, list | dict):
        return items(value)
    return list(text(value).split(","))


def _ref(row: Row, nested: str, flat: str) -> str:
    """The one id that a field refers to, blank where there is none."""
    return row_id(row.get(nested)) or next(iter(_refs(row, nested, flat)), "")


def _refs(row: Row, nested: str, flat: str) -> tuple[str, ...]:
    """Ids that a field refers to, nested or flat. Of a reference only the id can be trusted, never its address."""
    if flat not in row:
        value = row.get(nested)
        if not value:
            return ()
        if type(value) is list and all(type(one) is dict for one in value):  # as it should be, and mostly is
            return tuple(dict.fromkeys(filter(None, map(row_id, value))))
    plural = flat.endswith("s")
    values = [one for name in (nested, flat) for one in (_listed(row.get(name)) if plural else [row.get(name)])]
    ids = (row_id(value) if isinstance(value, dict) else text(value) for value in _unboxed(values))
    return tuple(dict.fromkeys(filter(None, ids)))


def _unboxed(values: list[JSON]) -> Iterator[JSON]:
    """A single reference may come in a list of one."""
    for value in values:
        yield from value if isinstance(value, list) else [value]


def _joined(row: Row, *names: str) -> str:
    """Several grades or periods as one text, sorted, because servers list them in any order."""
    values = {text(one) for name in names for one in _listed(row.get(name))}
    return ", ".join(sorted(values - {""}))


def _always(kind: str) -> Callable[[Row], str]:
    return lambda row: kind


org = _checked(_always("school"), _org)
session = _checked(_always("term"), _session)
section = _checked(_always("class"), _class)
enrolment = _checked(_always("enrolment"), _enrolment)
demographics = _checked(_always("student"), _demographics)
