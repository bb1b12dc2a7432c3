"""The Veracross provider: the contract, and what is Veracross' own, against the sandbox over real HTTP."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

import roster.http
from local.sandbox.faults import Fault
from local.sandbox.veracross import VeracrossSandbox
from local.sandbox.veracross_conduct import Conduct
from local.sandbox.veracross_school import VeracrossSchool
from roster.calendar import Calendar, enrolled
from roster.connect import check
from roster.errors import AccessMissing, ContractBroken, CredentialRejected, NotSetUp, ProviderUnavailable, RosterError
from roster.facts import Facts
from roster.http import RequestsHttp
from roster.lines import FACTS
from roster.lines import told as told_in
from roster.model import JSON, Enrolment, Selection, Term, replace, to_line
from roster.ports import Token
from roster.pull import Place
from tests.contract.provider_contract import ProviderContract, Pull, one_lane
from tests.support import function_module

veracross: Any = function_module("import_veracross", "provider")
HELP = veracross.PROVIDER.help
Told = list[tuple[str, dict[str, JSON]]]


class TestContract(ProviderContract):
    """Twenty rows a page: a page number that is ignored shows only where a list has more than one page."""

    provider = veracross.PROVIDER
    folder = "import_veracross"
    label = "Veracross"

    @classmethod
    def served(cls) -> AbstractContextManager[VeracrossSandbox]:
        return VeracrossSandbox.start(VeracrossSchool.generated(60), rate_limit=10**9)

    @classmethod
    def settings(cls, sandbox: Any) -> dict[str, JSON]:
        return settings_of(sandbox, page_size=20)

    @classmethod
    def secret(cls, sandbox: Any) -> dict[str, str]:
        return secret_of(sandbox)


def settings_of(server: VeracrossSandbox, **more: JSON) -> dict[str, JSON]:
    return {"school": server.route, "api_url": server.url, "accounts_url": server.url, **more}


def secret_of(server: VeracrossSandbox) -> dict[str, str]:
    return {"client_id": server.client_id, "client_secret": server.client_secret}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roster.http, "RETRIES", roster.http.RETRIES.new(backoff_factor=0.0001, backoff_jitter=0))


@pytest.fixture
def server() -> Iterator[VeracrossSandbox]:
    """One's own, because these tests change it."""
    with VeracrossSandbox.start(VeracrossSchool.generated(120), rate_limit=10**9) as server:
        yield server


def pull_of(server: VeracrossSandbox, **settings: JSON) -> Pull:
    return Pull(veracross.PROVIDER, settings_of(server, **settings), secret_of(server))


def told_of(server: VeracrossSandbox, **settings: JSON) -> Told:
    pull = pull_of(server, **settings)
    return pull.facts(pull.places()[-1])


def notes_of(pull: Pull, end: Place, tag: str) -> list[dict[str, JSON]]:
    return [note for told, note in pull.staged(end)["notes"] if told == tag]


def facts_of(told: Told) -> Facts:
    facts = Facts()
    lines = b"".join(to_line([tag, fact]) + b"\n" for tag, fact in told)
    facts.take(told_in(lines), [tag for tag, _ in FACTS.values()])
    return facts


def enrolments(facts: Facts) -> list[Enrolment]:
    return [enrolment for rows in facts.enrolments.values() for enrolment in rows.values()]


def canonical(told: Told) -> list[str]:
    return sorted({f"{tag} {sorted(fact.items())}" for tag, fact in told})


def fails(pull: Pull, error: type[RosterError], help: str = "") -> RosterError:
    with pytest.raises(error) as caught:
        pull.places()
    assert not help or caught.value.help == HELP[help]
    return caught.value


def statuses(server: VeracrossSandbox, part: str = "/v3/") -> list[int]:
    return [status for _, target, status in server.requests if part in target]


def odd(server: VeracrossSandbox, name: str) -> set[str]:
    assert server.school.odd[name], f"the sample has no {name}"
    return set(map(str, server.school.odd[name]))


# -- counts


def test_counts_are_those_of_the_school(server: VeracrossSandbox) -> None:
    rows = server.school.rows
    facts = facts_of(told_of(server))
    whole = Counter(kind for (kind, _), person in facts.persons.items() if not person.partial)
    alive = [row for row in rows("parents") if not row["_deceased"]]
    assert whole == {"student": 120, "teacher": len(rows("staff_faculty")), "parent": len(alive)}
    assert set(facts.classes) == {str(row["id"]) for row in rows("classes")} - odd(server, "cancelled class")
    cancelled = odd(server, "cancelled class")
    enrolled = {
        (str(row["internal_class_id"]), str(row["person_id"]))
        for row in rows("enrollments")
        if str(row["internal_class_id"]) not in cancelled
    }
    assert {(e.class_id, e.person) for e in enrolments(facts) if e.role == "student"} == enrolled


def test_terms_are_the_grading_periods(server: VeracrossSandbox) -> None:
    """Upper and lower school, two years and a summer: each can be told from the others."""
    pull = pull_of(server)
    terms = notes_of(pull, pull.places()[-1], "term")
    assert len(terms) == len(server.school.rows("grading_periods"))
    assert len({(term["name"], term["start"]) for term in terms}) == len(terms)
    assert "Semester 1 (Upper School Semesters)" in {term["name"] for term in terms}
    assert {tuple(map(len, (term["start"], term["end"]))) for term in terms} == {(10, 10)}


def test_which_classes_a_term_brings_and_who_is_in_them(server: VeracrossSandbox) -> None:
    """Dates decide, without a word from Veracross on periods: quarters, years, last year's, and none at all."""
    pull = pull_of(server)
    end = pull.places()[-1]
    facts = facts_of(pull.facts(end))
    calendar = Calendar(tuple(Term(**note) for note in notes_of(pull, end, "term")))
    (autumn,) = [t.id for t in calendar.terms if t.name.startswith("Semester 1 (") and t.start == "2026-08-17"]
    brought = {id for id, info in facts.classes.items() if autumn in calendar.terms_of(info)}
    for name, inside in {
        "year-long class": True,
        "semester 1 class": True,
        "class without dates": True,
        "semester 2 class": False,
        "class of last year": False,
        "summer class": False,
    }.items():
        ids = odd(server, name) - odd(server, "cancelled class")
        assert (ids <= brought) if inside else ids.isdisjoint(brought), name
    now = set(members(facts, calendar, "2026-10-05"))
    for name, there in {
        "withdrawn and re-enrolled": True,
        "late enrolment": True,
        "withdrawn from a class": False,
        "late enrolment to come": False,
    }.items():
        for id in odd(server, name):
            row = server.school.tables["enrollments"].rows[int(id)]
            pair = str(row["internal_class_id"]), str(row["person_id"])
            assert pair[0] not in facts.classes or (pair in now) is there, name


def test_classes_without_dates_are_of_their_year(server: VeracrossSandbox) -> None:
    """Neither a class of 2019 nor one that is Completed comes into this autumn."""
    old, over, kept = sorted(odd(server, "class without dates") - odd(server, "cancelled class"), key=int)[:3]
    source = server.school
    source.edit("classes", int(old), school_year=2019)
    source.edit("classes", int(over), status=source.values.code("class_status", "Completed"))
    pull = pull_of(server)
    end = pull.places()[-1]
    facts = facts_of(pull.facts(end))
    calendar = Calendar(tuple(Term(**note) for note in notes_of(pull, end, "term")))
    (autumn,) = [t.id for t in calendar.terms if t.name.startswith("Semester 1 (") and t.start == "2026-08-17"]
    there = {id for id, info in facts.classes.items() if autumn in calendar.terms_of(info)}
    assert {old, over, kept} & there == {kept}


def members(facts: Facts, calendar: Calendar, today: str) -> Iterator[tuple[str, str]]:
    """(class, student) of who is in a class on the day that counts."""
    rolls: dict[str, list[Enrolment]] = defaultdict(list)
    for enrolment in enrolments(facts):
        if enrolment.role == "student" and enrolment.class_id in facts.classes:
            rolls[enrolment.class_id].append(enrolment)
    for id, roll in rolls.items():
        day = calendar.day(facts.classes[id], roll, today)
        yield from ((id, enrolment.person) for enrolment in roll if enrolled(enrolment, day))


def test_teachers_who_left_are_known_by_name(server: VeracrossSandbox) -> None:
    facts = facts_of(told_of(server))
    ids = odd(server, "class with terminated teacher") - odd(server, "cancelled class")
    for id in ids:
        (teacher,) = [e.person for e in enrolments(facts) if (e.class_id, e.role) == (id, "teacher")]
        person = facts.persons["teacher", teacher]
        assert person.partial
        assert person.last == server.school.tables["classes"].rows[int(id)]["primary_teacher_name"]
    without = odd(server, "class without teacher") - odd(server, "cancelled class")
    assert not [e for e in enrolments(facts) if e.role == "teacher" and e.class_id in without]


def test_co_teachers_are_not_told(server: VeracrossSandbox) -> None:
    facts = facts_of(told_of(server))
    teachers = Counter(e.class_id for e in enrolments(facts) if e.role == "teacher")
    assert {teachers[id] for id in odd(server, "class with co-teachers")} <= {0, 1}


def test_one_campus_is_one_school(server: VeracrossSandbox) -> None:
    pull = pull_of(server)
    schools = {(note["id"], note["name"]) for note in notes_of(pull, pull.places()[-1], "school")}
    assert len(schools) == len({row["campus_id"] for row in server.school.rows("classes")})


def test_private_notes_are_nowhere(server: VeracrossSandbox) -> None:
    pull = pull_of(server)
    pull.places()
    assert [row for row in server.school.rows("enrollments") if row["notes"]]
    assert pull.slots.files
    assert "Private" not in repr(pull.slots.files)


def test_no_contacts_selected(server: VeracrossSandbox) -> None:
    pull = pull_of(server)
    pull.selection = Selection(contacts=False)
    end = pull.places()[-1]
    assert (end.done, len(statuses(server))) == (True, 5)
    assert not statuses(server, "/relationships") + statuses(server, "/parents")


# -- families


def tied(server: VeracrossSandbox, **settings: JSON) -> dict[tuple[str, str], bool]:
    """(student, parent) of every tie between people who are both there, and whether only one side tells of it."""
    facts = facts_of(told_of(server, **settings))
    return {
        (tie.student, tie.parent): one_sided
        for tie, one_sided in facts.ties_told()
        if ("student", tie.student) in facts.persons and ("parent", tie.parent) in facts.persons
    }


def of(server: VeracrossSandbox, name: str) -> set[tuple[str, str]]:
    rows = [server.school.tables["relationships"].rows[id] for id in server.school.odd[name]]
    assert rows, f"the sample has no {name}"
    return {(str(row["person_id"]), str(row["related_person_id"])) for row in rows}


# §5.4 over a whole school: who is tied to the student under which policy
FAMILIES = {
    "custody without portal access": {"portal_or_custody", "custody_only", "any_parent"},
    "portal access without custody": {"portal_or_custody", "portal_only", "any_parent"},
    "step-parent without custody": {"any_parent"},
    "grandparent with portal access": set[str](),  # in no list of Veracross'
}


@pytest.mark.parametrize("policy", ["portal_or_custody", "portal_only", "custody_only", "any_parent"])
def test_who_is_a_parent(server: VeracrossSandbox, policy: str) -> None:
    found = set(tied(server, policy=policy))
    for name, policies in FAMILIES.items():
        ties = of(server, name)
        assert ties <= found if policy in policies else ties.isdisjoint(found), name
    both = {(str(r["person_id"]), str(r["related_person_id"])) for r in plain_parents(server)}
    assert both <= found
    dead = odd(server, "deceased parent")
    assert not [tie for tie in found if tie[1] in dead]


def plain_parents(server: VeracrossSandbox) -> list[dict[str, Any]]:
    """Student's rows that grant everything, divorced parents' in another household among them."""
    living = {row["id"] for row in server.school.rows("parents") if not row["_deceased"]}
    rows = [
        r for r in server.school.rows("relationships") if r["_side"] == "child" and r["related_person_id"] in living
    ]
    return [r for r in rows if r["legal_custody"] and r["parent_portal_access"]]


def test_a_tie_told_twice_is_one_tie_with_the_parents_label(server: VeracrossSandbox) -> None:
    facts = facts_of(told_of(server))
    pairs = [(tie.parent, tie.student) for tie, _ in facts.ties_told()]
    assert len(pairs) == len(set(pairs))
    relations = {tie.relation for tie, _ in facts.ties_told()}
    assert {"Mother", "Father"} <= relations
    assert relations.isdisjoint({"Son", "Daughter", "Brother", "Sister", "Wife"})
    assert "" not in relations
    assert not any("&amp;" in relation for relation in relations)
    assert not any(tied(server).values())


def test_guardians_without_the_parent_role_are_orphans_to_report(server: VeracrossSandbox) -> None:
    facts = facts_of(told_of(server))
    lost = {
        (tie.student, tie.parent)
        for tie, _ in facts.ties_told()
        if ("student", tie.student) in facts.persons and ("parent", tie.parent) not in facts.persons
    }
    assert lost == of(server, "grandparent with portal access")


def test_siblings_are_no_noise(server: VeracrossSandbox) -> None:
    """No policy reports a sibling as a parent who is not shared."""
    for policy in ("portal_or_custody", "any_parent"):
        facts = facts_of(told_of(server, policy=policy))
        students = {id for kind, id in facts.persons if kind == "student"}
        assert not [tie for tie, _ in facts.ties_told() if {tie.parent, tie.student} <= students]


def test_a_teacher_who_is_a_parent_is_two_contacts_with_one_id(server: VeracrossSandbox) -> None:
    facts = facts_of(told_of(server))
    for id in odd(server, "teacher who is a parent"):
        assert not facts.persons["teacher", id].partial
        assert facts.persons["parent", id].id == id


def test_only_the_parents_side_is_told(server: VeracrossSandbox) -> None:
    """Its flags are not the student's: without a grant nobody is tied, and with any_parent it is said to be odd."""
    server.conduct = Conduct.named("parent_side_only")
    assert tied(server) == {}
    assert set(tied(server, policy="any_parent").values()) == {True}


def test_only_the_students_side_is_told(server: VeracrossSandbox) -> None:
    honest = set(tied(server))
    server.conduct = Conduct.named("no_reciprocal_rows")
    assert set(tied(server)) == honest


# -- what is asked


def test_one_token_for_a_whole_import_and_only_what_is_allowed(server: VeracrossSandbox) -> None:
    pull = pull_of(server, page_size=20)
    places = pull.places(seconds=0)  # every turn is a function of its own
    assert len(server.tokens) == 1
    assert set(statuses(server)) == {200}
    assert server.tokens[0].requests == len(statuses(server)) == places[-1].requests


def test_the_largest_page_and_never_more(server: VeracrossSandbox) -> None:
    for size in (None, 5000):
        assert canonical(told_of(server, page_size=size)) == canonical(told_of(server))
    assert set(statuses(server)) == {200}


@pytest.mark.parametrize(
    "conduct",
    ["string_codes", "string_ids", "null_nested", "page_size_clamped", "single_value_filters"],
)
def test_shapes_tell_the_same(server: VeracrossSandbox, conduct: str) -> None:
    honest = canonical(told_of(server, advisory=True))
    server.conduct = Conduct.named(conduct)
    assert canonical(told_of(server, advisory=True)) == honest


def test_an_older_veracross_says_nothing_of_the_dead(server: VeracrossSandbox) -> None:
    """They are not among the parents, so they are tied to nobody all the same."""
    honest = tied(server)
    server.conduct = Conduct.named("older_api")
    assert tied(server) == honest


def test_without_birthdays_nobody_has_one(server: VeracrossSandbox) -> None:
    server.conduct = Conduct.named("hidden_birthdays")
    assert not [fact for _, fact in told_of(server) if "birth_date" in fact]


def test_advisories_that_are_not_among_the_classes(server: VeracrossSandbox) -> None:
    server.conduct = Conduct.named("advisory_elsewhere")
    assert not [fact for tag, fact in told_of(server) if tag == "class" and fact["id"].startswith(("advisor", "home"))]
    facts = facts_of(told_of(server, advisory=True))
    made = {id for id in facts.classes if ":" in id}
    assert {id.partition(":")[0] for id in made} == {"advisor", "homeroom"}
    members = Counter((e.class_id, e.role) for e in enrolments(facts) if e.class_id in made)
    assert {members[id, "teacher"] for id in made} == {1}
    assert min(members[id, "student"] for id in made) >= 1
    assert facts.classes[min(made)] == replace(facts.classes[min(made)], dated=True, start="", end="")


def test_other_school_years_on_request(server: VeracrossSandbox) -> None:
    """A Veracross that gives this year's classes unless told otherwise can be told otherwise."""
    everything = classes_of(told_of(server))
    years = sorted({row["school_year"] for row in server.school.rows("classes")})
    assert min(years) < 0
    assert classes_of(told_of(server, school_years=years)) == everything
    server.conduct = Conduct.named("current_year_only")
    assert classes_of(told_of(server)) < everything
    assert classes_of(told_of(server, school_years=years)) == everything
    assert set(statuses(server)) == {200}


def classes_of(told: Told) -> set[str]:
    return {fact["id"] for tag, fact in told if tag == "class"}


# -- pages


def test_a_row_that_moves_between_pages_is_told_once(server: VeracrossSandbox) -> None:
    honest = canonical(told_of(server))
    server.conduct = Conduct.named("row_moved_between_pages")
    assert canonical(told_of(server, page_size=20)) == honest


def test_a_page_that_is_repeated_is_an_error(server: VeracrossSandbox) -> None:
    server.conduct = Conduct.named("full_page_repeated")
    fails(pull_of(server, page_size=20), ContractBroken)


@pytest.mark.parametrize("size", [22, 23, 24])
def test_lists_that_fill_their_last_page(server: VeracrossSandbox, size: int) -> None:
    """23 grading periods: one page, one and an empty one, two."""
    assert len(server.school.rows("grading_periods")) == 23
    end = pull_of(server, page_size=size).places()[-1]
    assert end.lanes[0].page == (2 if size <= 23 else 1)


# -- tokens and scopes


def test_tokens_that_expire_and_are_revoked_mid_pull(server: VeracrossSandbox) -> None:
    honest = canonical(told_of(server))
    server.conduct = Conduct.named("short_tokens")
    one_by_one = Pull(one_lane(veracross.PROVIDER), settings_of(server, page_size=20), secret_of(server))
    assert canonical(one_by_one.facts(one_by_one.places()[-1])) == honest
    server.conduct = Conduct()
    server.faults.add(Fault("token_revoked", nth=4))
    before = len(server.tokens)
    assert canonical(told_of(server)) == honest
    assert len(server.tokens) == before + 2


def test_a_secret_that_is_reset_mid_pull(server: VeracrossSandbox) -> None:
    server.faults.add(Fault("token_withdrawn", nth=4))
    error = fails(pull_of(server), CredentialRejected, "credential_rejected")
    assert statuses(server, "/oauth/token") == [200, 401]
    assert server.client_secret not in repr(vars(error))


@pytest.mark.parametrize("conduct", ["", "scope_error_401"])
@pytest.mark.parametrize(
    "removed", [["parents:list"], ["students:read", "relationships:list", "academics.classes:list"]]
)
def test_scopes_that_are_not_enabled_are_named(server: VeracrossSandbox, conduct: str, removed: list[str]) -> None:
    """Finding out revokes nobody's token."""
    theirs = server.application.issue(("students:list",))
    server.conduct = Conduct.named(*filter(None, [conduct]))
    for scope in removed:
        server.remove_scope(scope)
    error = fails(pull_of(server), AccessMissing)
    assert sorted(error.help.partition("Missing: ")[2].rstrip(".").split(", ")) == sorted(removed)
    assert not theirs.revoked
    assert not statuses(server)


def test_a_scope_that_is_taken_back_mid_pull(server: VeracrossSandbox) -> None:
    server.faults.add(Fault("scope_removed", nth=1))  # the one page that comes alone, so before the relationships
    error = fails(pull_of(server), AccessMissing)
    assert error.help.endswith("Missing: relationships:list.")


def test_a_scope_that_was_granted_since_the_token_was_made(server: VeracrossSandbox) -> None:
    pull = pull_of(server)
    old = server.application.issue(("students:list", "students:read"))
    pull.tokens.kept = Token(old.value, 9e9, old.scopes)
    assert pull.places()[-1].done
    assert statuses(server).count(401) == 1


def test_only_read_scopes_cannot_list(server: VeracrossSandbox) -> None:
    for scope in list(server.application.scopes):
        if scope.endswith(":list"):
            server.remove_scope(scope)
    error = fails(pull_of(server), AccessMissing)
    assert error.help.count(":list") == 7
    assert ":read" not in error.help


def test_wrong_school_wrong_secret_nothing_typed(server: VeracrossSandbox) -> None:
    fails(pull_of(server, school="other"), NotSetUp, "school_unknown")
    fails(pull_of(server, school="https://evil.example/abcd"), NotSetUp, "school_domain")
    pull = pull_of(server)
    pull.secret = secret_of(server) | {"client_secret": "wrong-client-secret"}
    error = fails(pull, CredentialRejected, "credential_rejected")
    assert "wrong-client-secret" not in repr(vars(error))
    assert statuses(server) == []


def test_trouble_at_the_token_endpoint_is_no_wrong_credential(server: VeracrossSandbox) -> None:
    for fault in ("error_500", "error_502", "error_503", "too_many", "html_200", "reset"):
        server.faults.add(Fault(fault, path="*/oauth/token*", times=None))
        fails(pull_of(server), ProviderUnavailable, "unavailable")
        server.faults.clear()


def test_connect(server: VeracrossSandbox) -> None:
    """Row VI-17: what is missing is named once, where the administrator clicks Connect."""

    def tried(**secret: str) -> dict[str, Any]:
        return check(veracross.PROVIDER, RequestsHttp(loopback=True), settings_of(server), secret_of(server) | secret)

    good = tried()
    assert (good["connected"], good["security_values"], len(good["checks"])) == (True, "shared", 7)
    assert good["schools"]
    server.remove_scope("parents:read")
    for told, help in ((tried(), "Missing: parents:read."), (tried(client_secret="x"), HELP["credential_rejected"])):
        (found,) = told["checks"]
        assert (told["connected"], found["ok"], found["help"].endswith(help)) == (False, False, True)


# -- patience


def test_the_window_of_three_minutes(server: VeracrossSandbox) -> None:
    """A small window is waited out by its own end, before it is overrun, and the pull goes on where it was."""
    server.conduct = Conduct.named("lower_rate_limit")
    pull = pull_of(server)
    first = pull.turn()
    assert (first.all_read, len(first.lanes), first.done, first.requests) == (True, 5, False, 5)
    assert set(statuses(server)) == {200}
    assert 1 <= first.wait <= 4
    server.conduct = Conduct()
    end = pull.turn(first)
    assert end.done
    assert canonical(pull.facts(end)) == canonical(told_of(server))
