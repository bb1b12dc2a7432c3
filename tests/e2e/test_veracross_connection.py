"""Connecting a Veracross school, and what an import makes of a credential that the school has changed since."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from local.sandbox.faults import Fault
from local.sandbox.veracross_conduct import Conduct
from local.sandbox.veracross_resources import ALL
from local.stack import Stack
from roster import keys
from roster.budget import MOST
from tests.e2e.toolkit import Evidence, account_numbers, moved
from tests.e2e.veracross import Open, VeracrossSchool, plain, schools, stored, truth

APPLICATIONS = "Identity & Access Management > Configuration > OAuth Applications"


@pytest.fixture(scope="module")
def open_veracross(stack: Stack, evidence: Evidence) -> Iterator[Open]:
    with schools(stack, evidence) as open_one:
        yield open_one


@pytest.fixture
def school(open_veracross: Open) -> VeracrossSchool:
    return open_veracross(plain(15))


@pytest.fixture(scope="module")
def visited(open_veracross: Open) -> VeracrossSchool:
    """Nobody changes it."""
    return open_veracross(plain(15))


def connect(school: VeracrossSchool, settings: dict[str, Any] | None = None, **secret: str) -> dict[str, Any]:
    """As the Connect button does, with what was typed; what it says is evidence too."""
    school.watch()
    told = school.local.connect("veracross", school.settings() | (settings or {}), school.secret() | secret)
    school.watch()
    school.evidence.said.append(("what Connect says", str(told)))
    return told


def in_use(school: VeracrossSchool) -> tuple[Any, Any]:
    """The stored integration and its credential."""
    name = f"{school.stack.outputs['SecretPrefix']}/{school.account}/veracross"
    secrets = school.stack.client("secretsmanager")
    return school.local._get(keys.integration(school.account)), secrets.get_secret_value(SecretId=name)["SecretString"]


# -- Connect


def test_good_credentials_connect(visited: VeracrossSchool) -> None:
    before = len(visited.sandbox.tokens)
    told = connect(visited)
    assert told["connected"] is True
    resources = ["grading_periods", "classes", "enrollments", "staff_faculty", "students", "relationships", "parents"]
    assert [check["resource"] for check in told["checks"]] == resources
    assert all(check["ok"] for check in told["checks"])
    assert told["security_values"] == "shared"
    assert told["schools"] == sorted({row["campus_description"] for row in visited.source.rows("classes")})
    assert [sorted(token.scopes) for token in visited.sandbox.tokens[before:]] == [sorted(ALL)]


@pytest.mark.parametrize(
    "typed",
    [
        " abcd ",
        "ABCD",
        "abcd/",
        "https://portals.veracross.com/abcd/parent",
        "https://accounts.veracross.com/ABCD/oauth/authorize?x=1",
        "axiom.veracross.com/abcd/#/home",
    ],
)
def test_a_pasted_address_works_as_school_domain(typed: str, visited: VeracrossSchool) -> None:
    assert connect(visited, {"school": typed})["connected"] is True


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "our school",
        "https://evil.example/abcd",
        "https://portals.veracross.com.evil.example/abcd",
        "https://portals.veracross.com@evil.example/abcd",
        "../abcd",
        "abcd/../../x",
        "abcd?x=",
        "abcd#",
    ],
)
def test_what_is_no_school_domain_is_sent_nowhere(typed: str, visited: VeracrossSchool) -> None:
    before = len(visited.sandbox.requests)
    told = connect(visited, {"school": typed})
    (check,) = told["checks"]
    assert (told["connected"], check["code"]) == (False, "NotSetUp")
    assert "School Domain is the part" in check["help"]
    assert len(visited.sandbox.requests) == before


def test_a_wrong_school_domain_a_wrong_secret_and_sign_on_only_differ(visited: VeracrossSchool) -> None:
    answers = {
        "domain": connect(visited, {"school": "nosuchschool"}),
        "secret": connect(visited, client_secret="0" * 64),
        "id": connect(visited, client_id="0" * 32),
        "nothing": connect(visited, client_secret=""),
        "type": connect(visited, {"integration_type": "sso"}),
    }
    checks = {name: told["checks"][0] for name, told in answers.items()}
    assert not any(told["connected"] for told in answers.values())
    assert {name: check["code"] for name, check in checks.items()} == {
        "domain": "NotSetUp", "secret": "CredentialRejected", "id": "CredentialRejected", "nothing": "NotSetUp",
        "type": "NotSetUp",
    }  # fmt: skip
    assert "knows no school by this School Domain" in checks["domain"]["help"]
    assert APPLICATIONS in checks["secret"]["help"] == checks["id"]["help"]
    assert "Enter School Domain, Client ID" in checks["nothing"]["help"]
    assert "Single Sign-On only" in checks["type"]["help"]


@pytest.mark.parametrize("status", ["", "scope_error_401"])
@pytest.mark.parametrize(
    "missing",
    [["relationships:list"], ["students:read"], ["parents:list", "academics.config.grading_periods:list"], [*ALL]],
    ids=len,
)
def test_missing_scopes_are_named(missing: list[str], status: str, open_veracross: Open) -> None:
    school = open_veracross(plain(5, 2))
    school.sandbox.conduct = Conduct.named(*([status] if status else []))
    for scope in missing:
        school.sandbox.remove_scope(scope)
    told = connect(school)
    (check,) = told["checks"]
    assert (told["connected"], check["code"]) == (False, "AccessMissing")
    assert all(scope in check["help"] for scope in missing)
    assert not [scope for scope in ALL if scope not in missing and scope in check["help"]]
    assert "Scopes tab" in check["help"]
    assert "OAuth_App_Admin" in check["help"]
    assert len([token for token in school.sandbox.tokens if not token.revoked]) < 10
    for scope in missing:
        school.sandbox.add_scope(scope)
    assert connect(school)["connected"] is True


def test_without_birthdays_connect_says_so(open_veracross: Open) -> None:
    school = open_veracross(plain(5, 2))
    school.sandbox.conduct = Conduct.named("hidden_birthdays")
    told = connect(school)
    assert (told["connected"], told["security_values"]) == (True, "none seen")


def test_a_failed_connect_leaves_what_is_in_use_alone(school: VeracrossSchool) -> None:
    school.applied()
    before, table = in_use(school), school.table()
    for settings, secret in (({"school": "nosuchschool"}, {}), ({}, {"client_secret": "0" * 64})):
        assert connect(school, settings, **secret)["connected"] is False
        assert in_use(school) == before
    report = school.applied()
    assert (moved(report), school.table()) == ({}, table)


def test_a_failed_connect_makes_nothing_active(visited: VeracrossSchool) -> None:
    newcomer = VeracrossSchool(visited.stack, visited.sandbox, visited.evidence, str(next(account_numbers)))
    key = keys.integration(newcomer.account)
    stored_key = {"pk": {"S": key.pk}, "sk": {"S": key.sk}}
    newcomer.stack.client("dynamodb").delete_item(TableName=newcomer.local.table, Key=stored_key)
    assert connect(newcomer, client_secret="0" * 64)["connected"] is False
    assert newcomer.local._get(key) == {}
    report = newcomer.run()
    assert (report["status"], report["error"]["code"]) == ("failed", "NotSetUp")
    assert newcomer.items() == []


# -- between nights, and in the middle of one


def test_a_secret_that_was_reset_fails_the_night_until_it_is_entered_again(school: VeracrossSchool) -> None:
    school.applied()
    before = school.table()
    school.source.join()
    school.night_passes()
    school.evidence.add([school.sandbox.client_secret], ())
    school.sandbox.reset_secret()
    report = school.run()
    assert (report["status"], report["error"]["code"]) == ("failed", "CredentialRejected")
    assert APPLICATIONS in report["error"]["help"]
    assert "reset" in report["error"]["help"]
    assert (school.table(), report["writes"]) == (before, 0)
    school.settle()
    assert school.applied()["counts"]["student"]["created"] == 1
    assert stored(school) == truth(school.source)


def test_tokens_revoked_in_the_middle_are_minted_once_more(school: VeracrossSchool) -> None:
    school.sandbox.faults.add(Fault("token_revoked", nth=4))
    school.applied()
    assert stored(school) == truth(school.source)
    assert [token.revoked for token in school.sandbox.tokens] == [True, False]
    assert 1 <= [status for _, status in school.asked()].count(401) <= MOST, "once for whoever was on the way"


def test_ten_tokens_of_somebody_else_push_ours_out_and_the_import_goes_on(school: VeracrossSchool) -> None:
    school.applied()
    for _ in range(10):
        school.sandbox.application.issue(ALL)
    assert school.sandbox.tokens[0].revoked
    assert moved(school.applied()) == {}


def test_a_scope_taken_back_in_the_middle_is_named_and_nothing_is_changed(school: VeracrossSchool) -> None:
    school.applied()
    before = school.table()
    school.source.join()
    school.sandbox.faults.add(Fault("scope_removed", "*/relationships*", nth=1))
    report = school.run()
    assert (report["status"], report["error"]["code"]) == ("failed", "AccessMissing")
    assert "Missing: relationships:list." in report["error"]["help"]
    assert (school.table(), report["writes"]) == (before, 0)
    school.sandbox.faults.clear()
    school.sandbox.add_scope("relationships:list")
    assert school.applied()["counts"]["student"]["created"] == 1


def test_a_scope_enabled_since_the_token_was_made_needs_no_help(school: VeracrossSchool) -> None:
    """The token in use is older than the scope; a new one has it."""
    school.applied()
    school.sandbox.remove_scope("parents:list")
    school.sandbox.add_scope("parents:list")
    assert moved(school.applied()) == {}
    assert len(school.sandbox.tokens) == 2


def test_a_school_domain_that_nobody_has_is_not_called_a_missing_scope(school: VeracrossSchool) -> None:
    """At Veracross a missing scope is a 401; 404 is the school that is unknown."""
    school.applied()
    school.choose(school="nosuchschool")
    report = school.run()
    assert report["status"] == "failed"
    assert "School Domain" in report["error"]["help"]
    assert "Scopes tab" not in report["error"]["help"]
