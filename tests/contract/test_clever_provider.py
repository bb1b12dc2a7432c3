"""The Clever provider: the contract, and what is Clever's own, against the sandbox over real HTTP."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

import roster.http
from local.sandbox.clever import CleverSandbox
from local.sandbox.clever_data import CleverDistrict
from local.sandbox.faults import Fault
from roster.budget import MOST
from roster.errors import AccessMissing, ContractBroken, CredentialRejected, NotSetUp
from roster.model import JSON, Selection
from roster.pull import Place
from tests.contract.provider_contract import ProviderContract, Pull
from tests.support import CLEVER_DATA, function_module, needs_clever_data

clever: Any = function_module("import_clever", "provider")
HELP = clever.PROVIDER.help
Facts = list[tuple[str, dict[str, JSON]]]


class TestContract(ProviderContract):
    provider = clever.PROVIDER
    folder = "import_clever"
    label = "Clever"

    @classmethod
    def served(cls) -> AbstractContextManager[CleverSandbox]:
        return CleverSandbox.start(CleverDistrict.generated(60), rate_limit=10**9)

    @classmethod
    def settings(cls, sandbox: Any) -> dict[str, JSON]:
        return {"base_url": sandbox.url, "district": sandbox.district_id, "page_size": 25}

    @classmethod
    def secret(cls, sandbox: Any) -> dict[str, str]:
        return {"client_id": sandbox.client_id, "client_secret": sandbox.client_secret}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roster.http, "RETRIES", roster.http.RETRIES.new(backoff_factor=0.0001, backoff_jitter=0))


@pytest.fixture
def server() -> Iterator[CleverSandbox]:
    """One's own, because these tests change it."""
    with CleverSandbox.start(CleverDistrict.generated(300), rate_limit=10**9) as server:
        yield server


def pull_of(server: CleverSandbox, secret: dict[str, str] | None = None, **settings: JSON) -> Pull:
    told = {"base_url": server.url, "district": server.district_id, **settings}
    own = {"client_id": server.client_id, "client_secret": server.client_secret}
    return Pull(clever.PROVIDER, told, own if secret is None else secret)


def facts_of(server: CleverSandbox, **settings: JSON) -> Facts:
    pull = pull_of(server, **settings)
    return pull.facts(pull.places()[-1])


def kinds(facts: Facts) -> Counter[str]:
    """How many of each kind, by id: a row that is listed twice counts once."""
    ids = {(fact.get("kind") if tag == "person" else fact.get("role", tag), *_id(fact)) for tag, fact in facts}
    return Counter(str(kind) for kind, *_ in ids)


def _id(fact: dict[str, JSON]) -> list[JSON]:
    return [fact.get(name, "") for name in ("code", "id", "class_id", "person", "parent")] + [
        fact.get("student", "") if "parent" in fact else ""
    ]


def data_requests(server: CleverSandbox) -> list[str]:
    return [target for _, target, _ in server.requests if not target.startswith("/oauth")]


# -- counts, and versions


@needs_clever_data
def test_published_district() -> None:
    with CleverSandbox.start(CleverDistrict.from_folder(CLEVER_DATA)) as server:
        facts = facts_of(server)
        found = kinds([fact for fact in facts if fact[0] != "enrolment"])
        assert (found["student"], found["teacher"], found["parent"]) == (1004, 89, 1002)
        assert (found["class"], found["relationship"]) == (378, 1004)
        roles = Counter(fact["role"] for tag, fact in facts if tag == "enrolment")
        assert roles == {"student": 8954, "teacher": 452}
        primary = [fact["class_id"] for tag, fact in facts if tag == "enrolment" and fact.get("primary")]
        assert len(primary) == len(set(primary)) == 378
        students = [fact for tag, fact in facts if tag == "person" and fact["kind"] == "student"]
        assert [s["id"] for s in students if "birth_date" not in s] == ["5a25ffb1c1bc2a0036000607"]
        assert sum(tag == "remark" for tag, _ in facts) == 1  # the e-mail without @
        assert len(data_requests(server)) == 8


def test_generated_district(server: CleverSandbox) -> None:
    district = server.district
    facts = facts_of(server)
    persons = Counter(fact["kind"] for tag, fact in facts if tag == "person")
    assert persons == {
        "student": 300,
        "teacher": len(district.user_ids("teacher")),
        "parent": len(district.user_ids("contact")),
    }
    sections = list(district.tables["sections"].facts.values())
    roles = Counter(fact["role"] for tag, fact in facts if tag == "enrolment")
    assert roles["student"] == sum(len(set(section.students)) for section in sections)
    assert sum(tag == "class" for tag, _ in facts) == len(sections)
    remarks = Counter(fact["code"] for tag, fact in facts if tag == "remark")
    assert set(remarks) == {"email_invalid", "emergency_contact_left_out"}


VERSIONS = ["v3.1", "v2.1", "v2.0"]


@pytest.mark.parametrize("version", VERSIONS)
def test_versions_tell_the_same_facts(server: CleverSandbox, version: str) -> None:
    assert (len(compare_versions(server, version)) >= 10) == version.startswith("v2")


@needs_clever_data
@pytest.mark.parametrize("version", VERSIONS)
def test_versions_tell_the_same_facts_of_the_published_district(version: str) -> None:
    with CleverSandbox.start(CleverDistrict.from_folder(CLEVER_DATA)) as server:
        compare_versions(server, version)


def compare_versions(server: CleverSandbox, version: str) -> dict[str, str]:
    """Equal but for teachers' ids, which v3 knows from v2; v2.0 has fewer grades. Gives the ids that differ."""
    newer, older = facts_of(server), facts_of(server, api_version=version)
    legacy = {
        fact["id"]: fact["other_ids"][0]
        for tag, fact in newer
        if tag == "person" and fact["kind"] == "teacher" and "other_ids" in fact
    }
    if version.startswith("v2"):
        newer = [(tag, as_older(fact, legacy, version)) for tag, fact in newer]
    assert canonical(older) == canonical(newer)
    return legacy if version.startswith("v2") else {}


def as_older(fact: dict[str, JSON], legacy: dict[str, str], version: str) -> dict[str, JSON]:
    told = dict(fact)
    if fact.get("kind") == "teacher":
        told["id"] = legacy.get(fact["id"], fact["id"])
        told.pop("other_ids", None)
    if fact.get("role") == "teacher":
        told["person"] = legacy.get(fact["person"], fact["person"])
    known = {"PreKindergarten", "Kindergarten", "PostGraduate", "Other", *map(str, range(1, 13))}
    if version == "v2.0" and fact.get("grade") and fact["grade"] not in known:
        told["grade"] = "Other"
    return told


def canonical(facts: Facts) -> list[str]:
    return sorted(f"{tag} {sorted(fact.items())}" for tag, fact in facts)


# -- what is asked


def test_the_largest_page_and_never_more(server: CleverSandbox) -> None:
    for size in (None, 20_000):
        server.requests.clear()
        pull_of(server, page_size=size).places()
        limits = [parse_qs(urlsplit(target).query).get("limit") for target in data_requests(server)]
        assert limits == [None, *[["10000"]] * 6, None]
        assert {status for *_, status in server.requests} == {200}


def test_the_token_does_not_leave(server: CleverSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    with CleverSandbox.start(server.district, token=server.token or "") as elsewhere:

        def leaving(request: Any, cursor: str, value: str) -> str:
            return f"{elsewhere.url}{request.target}&{cursor}={value}"

        monkeypatch.setattr("local.sandbox.clever_pages._link", leaving)
        with pytest.raises(ContractBroken) as caught:
            pull_of(server, page_size=40).places()
        assert elsewhere.requests == []
        assert caught.value.help == HELP["contract_broken"]


def test_a_dropped_filter_is_put_back(server: CleverSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = facts_of(server, page_size=40)

    def forgetful(request: Any, cursor: str, value: str) -> str:
        return f"{request.path}?{cursor}={value}"

    monkeypatch.setattr("local.sandbox.clever_pages._link", forgetful)
    server.requests.clear()
    assert canonical(facts_of(server, page_size=40)) == canonical(honest)
    followed = [target for target in data_requests(server) if "starting_after" in target]
    assert followed
    assert all("limit=40" in target for target in followed)


# -- tokens


def test_rotated_token_is_read_again_mid_pull(server: CleverSandbox) -> None:
    honest = facts_of(server)
    old = server.token
    server.faults.add(Fault("token_revoked", nth=4))
    server.requests.clear()
    assert canonical(facts_of(server)) == canonical(honest)
    assert server.token != old
    assert 1 <= [status for *_, status in server.requests].count(401) <= MOST, "once for whoever was on the way"
    assert sum("/oauth/tokens" in target for _, target, _ in server.requests) == 2


def test_revoked_token(server: CleverSandbox) -> None:
    server.faults.add(Fault("token_withdrawn", nth=4))
    with pytest.raises(CredentialRejected) as caught:
        pull_of(server).places()
    assert caught.value.help == HELP["credential_rejected"]


def test_unknown_district_wrong_secret_nothing_set_up(server: CleverSandbox) -> None:
    wrong = {"client_id": server.client_id, "client_secret": "wrong-client-secret"}
    for pull, error, help in (
        (pull_of(server, district="0" * 24), CredentialRejected, "credential_rejected"),
        (pull_of(server, wrong), CredentialRejected, "not_set_up"),
        (pull_of(server, {}), NotSetUp, "not_set_up"),
    ):
        with pytest.raises(error) as caught:
            pull.turn()
        assert caught.value.help == HELP[help]
        assert "wrong-client-secret" not in repr(caught.value)
    assert data_requests(server) == []


def test_without_the_scope_of_sections(server: CleverSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.sandbox.clever.SCOPES", ("read:students",))
    with pytest.raises(AccessMissing) as caught:
        pull_of(server).turn()
    assert caught.value.help == HELP["access_missing"]


def test_contacts_that_are_not_shared_are_absent_not_empty() -> None:
    with CleverSandbox.start(CleverDistrict.generated(60), contacts=False) as server:
        end = pull_of(server).places()[-1]
        assert end.warnings == {"contacts_not_shared": 1}
        assert end.absent == ["parent", "relationship"]
        assert not [target for target in data_requests(server) if "contact" in target]


def test_contacts_forbidden_or_gone(server: CleverSandbox) -> None:
    for fault in ("contacts_forbidden", "html_404"):
        server.faults.add(Fault(fault, path="*role=contact*", times=None))
        end = pull_of(server).places()[-1]
        assert (end.warnings, end.absent) == ({"contacts_not_shared": 1}, ["parent", "relationship"])
        server.faults.clear()


def test_html_404_of_what_is_needed(server: CleverSandbox) -> None:
    server.faults.add(Fault("html_404", path="*role=student*", times=None))
    with pytest.raises(AccessMissing, match="students: HTTP 404") as caught:
        pull_of(server).places()
    assert caught.value.help == HELP["access_missing"]


def test_contacts_come_from_v3_though_v2_lost_them() -> None:
    with CleverSandbox.start(CleverDistrict.generated(60), v2_contacts="missing") as server:
        pull = pull_of(server, api_version="v2.0")
        end = pull.places()[-1]
        assert (end.warnings, end.absent) == ({}, [])
        assert kinds(pull.facts(end))["parent"] > 50


# -- patience


@pytest.mark.parametrize(
    ("fault", "least", "most"),
    [("too_many", 29, 33), ("too_many_bare", 60, 60), ("too_many_retry_after", 30, 30)],
)
def test_429_on_the_first_page_and_later(server: CleverSandbox, fault: str, least: int, most: int) -> None:
    for nth in (1, 5):
        server.faults.add(Fault(fault, nth=nth, seconds=30))
        after = pull_of(server).turn()
        assert least <= after.wait <= most
        assert sum(lane.page for lane in after.lanes) == after.requests - 1 >= nth - 1, "all but one were kept"
        assert (sum(lane.waits for lane in after.lanes), after.done) == (1, False)
        server.faults.clear()


def test_the_window_of_a_minute() -> None:
    """A district that takes more requests than Clever allows in its window: its rest is waited, and no 429 seen."""
    with CleverSandbox.start(CleverDistrict.generated(60), rate_limit=10, rate_window=60.0) as server:
        pull = pull_of(server, page_size=25)
        first = pull.turn()
        assert 58 <= first.wait <= 62
        assert (first.requests, first.done) == (10, False)
        assert {status for *_, status in server.requests} == {200}


# -- the district's own state


@pytest.mark.parametrize("state", ["pending", "error", "paused"])
def test_state_of_the_district(server: CleverSandbox, state: str) -> None:
    server.district.set_state(state, "the SIS did not answer")
    pull = pull_of(server)
    end = pull.places()[-1]
    told = [note for name in pull.slots.names("pulled/") if "/notes/" in name for note in pull.slots.read_json(name)]
    states = [note for tag, note in told if tag == "state"]
    assert end.done
    assert len(states) == 2  # before and after
    for said in states:
        assert said["departures_trusted"] == (state == "paused")
        assert said["warning"] == ("" if state == "paused" else f"district_{state}")
        assert "SIS" not in str(said)


def test_a_sync_that_ends_mid_pull_means_pull_once_more(server: CleverSandbox) -> None:
    server.faults.add(Fault("synced_midway", nth=6))
    pull = pull_of(server)
    end = pull.places()[-1]
    assert (end.round, end.done, end.warnings, end.requests) == (1, True, {}, 16)
    assert canonical(pull.facts(end)) == canonical(facts_of(server))


def test_a_district_that_never_rests(server: CleverSandbox) -> None:
    server.faults.add(Fault("synced_midway", times=None))
    end = pull_of(server).places()[-1]
    assert (end.round, end.done, end.warnings) == (2, True, {"source_moved": 1})


def test_a_student_who_joins_mid_pull_is_not_lost(server: CleverSandbox) -> None:
    server.faults.add(Fault("rows_inserted", nth=7))
    pull = pull_of(server, page_size=60)
    assert kinds(pull.facts(pull.places()[-1]))["student"] >= 301


# -- rows at Clever's edges


def test_terms_may_be_absent(server: CleverSandbox) -> None:
    for term in list(server.district.tables["terms"].rows):
        server.district.tables["terms"].pop(term)
    server.district.revision += 1
    end = pull_of(server).places()[-1]
    assert (end.done, end.pulled.get("term", 0), end.pulled["class"]) == (True, 0, 94)


def test_repeated_term_names_stay_apart(server: CleverSandbox) -> None:
    pull = pull_of(server)
    pull.places()
    told = [note for name in pull.slots.names("pulled/") if "/notes/" in name for note in pull.slots.read_json(name)]
    terms = [note for tag, note in told if tag == "term"]
    assert [term["name"] for term in terms].count("Semester 1") == 2
    assert len({(term["name"], term["start"], term["end"]) for term in terms}) == len(terms) == 5
    assert [term["start"] for term in terms if term["name"] == "Independent study"] == [""]


def test_teacher_who_is_also_staff_is_one_person(server: CleverSandbox) -> None:
    users = server.district.tables["users"]
    both = {id for id, facts in users.facts.items() if {"teacher", "staff"} <= set(facts.role_names)}
    assert both
    persons = [(fact["kind"], fact["id"]) for tag, fact in facts_of(server) if tag == "person"]
    assert len(persons) == len(set(persons))
    assert {id for kind, id in persons if id in both} == both
    assert {kind for kind, id in persons if id in both} == {"teacher"}


def test_sections_without_term_teacher_or_students(server: CleverSandbox) -> None:
    bare = server.district.add_section(students=[], teachers=[], teacher=None, term_id=None)
    facts = facts_of(server)
    (told,) = [fact for tag, fact in facts if tag == "class" and fact["id"] == bare]
    assert "terms" not in told
    assert not [fact for tag, fact in facts if tag == "enrolment" and fact["class_id"] == bare]


def test_member_who_is_not_shared_keeps_the_enrolment(server: CleverSandbox) -> None:
    gone = next(iter(server.district.user_ids("student")))
    server.district.vanish(gone)
    facts = facts_of(server)
    assert not [fact for tag, fact in facts if tag == "person" and fact["id"] == gone]
    assert [fact for tag, fact in facts if tag == "enrolment" and fact["person"] == gone]


def test_no_contacts_selected(server: CleverSandbox) -> None:
    pull = pull_of(server)
    pull.selection = Selection(contacts=False)
    end = pull.turn(Place())
    assert (end.done, end.warnings, len(data_requests(server))) == (True, {}, 7)
