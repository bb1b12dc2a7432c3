"""Sign-on's items as DynamoDB holds them: settings, sign-ins under way, identities, ties and tries."""

from __future__ import annotations

from dataclasses import replace

import pytest

from roster import keys
from roster.contactbook import DynamoContactBook
from roster.errors import AlreadyRunning
from roster.handbook import DynamoHandBook
from roster.model import ContactEntry, Person
from roster.ports import Attempt, Change, ContactCard, ContactMark, RunKey
from roster.records import DynamoRecords
from roster.signon import Identity, Pending, Proof, SignOn, Trace, VerifiedAssertion, named
from roster.signonbook import DynamoSignOnBook
from roster.store import DynamoRoster
from roster.ties import DynamoAttempts, DynamoTies

ACCOUNT = "116"
BOOK, TIES = DynamoSignOnBook(), DynamoTies()
MARY, ANN, BEN = ("clever", "parent", "m"), ("clever", "student", "a"), ("clever", "student", "b")


def said(subject: str, provider: str = "azure") -> VerifiedAssertion:
    return VerifiedAssertion(ACCOUNT, "c", provider, "issuer", subject, "once", 0)


def test_settings_are_changed_by_one_of_two(table: str) -> None:
    first = BOOK.settings(ACCOUNT)
    assert first == SignOn(ACCOUNT)
    after = replace(first, drafts={"azure": {"client_id": "c"}}, ids={"azure": "the-id"})
    assert BOOK.change(first, after)
    assert not BOOK.change(first, after), "somebody else was faster"
    found = BOOK.settings(ACCOUNT)
    assert (found.drafts, found.version, found.provider) == ({"azure": {"client_id": "c"}}, 1, "none")
    assert BOOK.connection("the-id") == (ACCOUNT, "azure")
    assert BOOK.connection("another") is None
    assert BOOK.accounts("azure") == []
    assert BOOK.change(found, replace(found, provider="azure", live=found.drafts))
    assert BOOK.accounts("azure") == [ACCOUNT]


def test_a_sign_in_under_way_is_taken_once(table: str) -> None:
    pending = Pending(ACCOUNT, "c", "veracross", "cookie", "", "https://us.example", "/", "2026", 99, trial=True)
    BOOK.begin("digest", pending)
    assert BOOK.pending("digest") == pending
    assert [BOOK.take("digest") for _ in range(3)] == [True, False, False]
    assert BOOK.pending("digest") is None
    assert [BOOK.once("answer", 99, now) for now in (1, 1, 98, 99)] == [True, False, False, True]


def test_a_contact_has_one_identity_and_an_identity_one_contact(table: str) -> None:
    one, two = Identity(*MARY, email="m@x.example"), Identity("clever", "parent", "n")
    assert BOOK.bind(said("p1"), None, one)
    assert BOOK.identity(said("p1")) == one
    assert not BOOK.bind(said("p2"), None, one), "it is somebody else's"
    assert BOOK.bind(said("p2", "classlink"), None, one), "at another provider it is free"
    assert not BOOK.bind(said("p1"), two, two), "it was not that before"
    assert BOOK.bind(said("p1"), one, two)
    assert BOOK.bind(said("p2"), None, one), "and free again"
    assert BOOK.unbind(ACCOUNT, MARY, "azure")
    assert not BOOK.unbind(ACCOUNT, MARY, "azure")
    assert BOOK.identity(said("p2")) is None


def test_what_became_of_sign_ins_is_told_newest_first_until_it_is_forgotten(table: str) -> None:
    for n in range(3):
        BOOK.trace(Trace(ACCOUNT, f"2026-11-0{n}", f"id{n}", "azure", "link"), expires=100 + n)
    assert [one.id for one in BOOK.traces(ACCOUNT, 100, 10)] == ["id2", "id1"]


def test_children_are_linked_from_both_sides_beside_what_was_set_by_hand(table: str) -> None:
    people = [Person(kind, id, id) for _, kind, id in (MARY, ANN, BEN)]
    DynamoRoster().apply(ACCOUNT, "e", "clever", [Change(one.kind, one.id, ContactEntry(one)) for one in people])
    card = DynamoHandBook().of(ACCOUNT, MARY)
    assert card
    assert DynamoHandBook().set_mark(ACCOUNT, card, ContactMark(), ContactMark("Appointment Maker"))
    for child in (ANN, BEN, ANN):
        TIES.tie(ACCOUNT, MARY, child, "")
    found = DynamoContactBook().of(ACCOUNT, [MARY, ANN])
    assert [tie[1] for tie in found[MARY].related] == ["a", "b"]
    assert (found[MARY].level, [tie[1] for tie in found[ANN].related]) == ("Appointment Maker", ["m"])
    TIES.untie(ACCOUNT, MARY, ANN)
    found = DynamoContactBook().of(ACCOUNT, [MARY, ANN])
    assert ([tie[1] for tie in found[MARY].related], found[ANN].related) == (["b"], ())


def test_nobody_is_linked_while_a_run_rewrites_the_contacts(table: str) -> None:
    DynamoRecords().hold_account(RunKey(ACCOUNT, "e", "run-a"), "arn run-a", lambda owner: True, rewrites=True)
    with pytest.raises(AlreadyRunning):
        TIES.tie(ACCOUNT, MARY, ANN, "")


def test_tries_are_told_newest_first(table: str) -> None:
    attempts = DynamoAttempts()
    for n, student in enumerate((None, ANN)):
        attempts.note(ACCOUNT, MARY, Attempt(f"2026-11-2{n}T00:00:00+00:00", "locked", student))
    assert [one.student for one in attempts.of(ACCOUNT, MARY, "2026-11-01")] == [ANN, None]
    assert [one.student for one in attempts.of(ACCOUNT, MARY, "2026-11-21")] == [ANN]
    assert keys.attempts(ACCOUNT, *MARY) != keys.attempts(ACCOUNT, *ANN)


def test_a_proof_is_taken_once(table: str) -> None:
    proof = Proof(ACCOUNT, "c", "azure", "issuer", "jan", *MARY, code="digest", seal="seal", to="/x", expires=7)
    BOOK.keep_proof("secret", proof)
    assert BOOK.proof("secret") == proof
    assert BOOK.bind(proof, None, Identity(*MARY))
    assert BOOK.identity(said("jan")) == Identity(*MARY), "the same person as of the answer"
    assert [BOOK.take_proof("secret"), BOOK.take_proof("secret")] == [True, False]
    assert BOOK.proof("secret") is None


def test_whose_a_contact_is_and_of_which_issuer(table: str) -> None:
    assert BOOK.holder(ACCOUNT, MARY, "azure") == ("", "")
    assert BOOK.bind(said("p1"), None, Identity(*MARY))
    assert BOOK.holder(ACCOUNT, MARY, "azure") == (named(said("p1")), "issuer")
    assert BOOK.holder(ACCOUNT, MARY, "classlink") == ("", "")
    assert not BOOK.unbind(ACCOUNT, MARY, "azure", unless="issuer")
    assert BOOK.unbind(ACCOUNT, MARY, "azure", unless="another issuer")
    assert BOOK.holder(ACCOUNT, MARY, "azure") == ("", "")


def test_whom_a_sign_in_made_leaves_and_is_back(table: str) -> None:
    hands, card = DynamoHandBook(), ContactCard("pickatime", "parent", "sso-1", "Customer", email="m@x.example")
    hands.add(ACCOUNT, [card])
    for gone in ("2026-11-01", ""):
        assert hands.change(ACCOUNT, replace(card, inactive_since=gone), ["inactive_since"])
        assert DynamoContactBook().of(ACCOUNT, [card.key])[card.key].inactive_since == gone
