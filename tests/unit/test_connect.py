"""Trying a connection: every resource is asked once, and what is missing is named."""

from __future__ import annotations

from typing import Any

import pytest

from roster.connect import check
from roster.errors import CredentialRejected
from roster.model import BirthDate
from roster.ports import Answer
from tests.fakes.school import HELP, FakeProvider, NoHttp, Source


def tried(source: Source, provider: Any = None) -> dict[str, Any]:
    return check(provider or FakeProvider(source), NoHttp(), {}, {}, lambda: 0.0)


def resources(told: dict[str, Any], *, ok: bool) -> list[str]:
    return [found["resource"] for found in told["checks"] if found["ok"] is ok]


def test_a_good_connection() -> None:
    told = tried(Source.small())
    assert (told["connected"], told["security_values"]) == (True, "shared")
    assert resources(told, ok=True) == [*"state terms classes teachers students parents".split(), "state again"]


def test_birth_dates_that_are_not_shared_are_said_and_no_hindrance() -> None:
    source = Source.small()
    for n in range(12):
        source.change("student", f"S{n}", birth_date="")
    told = tried(source) | {"checks": []}
    said = told.pop("security_values_help")
    assert told == {"connected": True, "checks": [], "security_values": "none seen", "schools": []}
    assert said == HELP["security_values_empty"]
    source.notices = [BirthDate("S1", "2012-04-08")]
    source.page_size = 20
    assert tried(source)["security_values"] == "shared"


def test_an_optional_resource_that_is_refused() -> None:
    source = Source.small()
    source.shows_parents = False
    told = tried(source)
    (refused,) = [found for found in told["checks"] if found["code"]]
    assert (told["connected"], refused["resource"], refused["code"]) == (True, "parents", "not_shared")
    assert refused["help"]


@pytest.mark.parametrize(
    ("status", "code"),
    [(403, "AccessMissing"), (500, "ProviderUnavailable"), (429, "RateLimited"), (400, "ContractBroken")],
)
def test_each_resource_that_is_missing_is_named(status: int, code: str) -> None:
    source = Source.small()
    source.fault = lambda resource, asked: Answer(status, {}) if resource in ("teachers", "students") else None
    told = tried(source)
    assert (told["connected"], resources(told, ok=False)) == (False, ["teachers", "students"])
    failed = [found for found in told["checks"] if not found["ok"]]
    assert {found["code"] for found in failed} == {code}
    assert all(found["help"] and found["message"] for found in failed)


def test_a_dead_credential_is_told_once() -> None:
    source = Source.small()
    source.fault = lambda resource, asked: Answer(401, {})
    told = tried(source)
    assert [(found["resource"], found["code"]) for found in told["checks"]] == [("state", "CredentialRejected")]


def test_a_credential_that_does_not_even_sign_in() -> None:
    class Closed(FakeProvider):
        def connect(self, *_: Any) -> Any:
            raise CredentialRejected("the client secret is wrong", "Enter it again.")

    told = tried(Source.small(), Closed(Source.small()))
    (found,) = told["checks"]
    assert (told["connected"], found["resource"], found["help"]) == (False, "sign in", "Enter it again.")
