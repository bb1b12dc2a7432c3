"""Signing in by a link, and staying signed in: stories over dictionaries and a clock that a test moves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from roster.administrators import Administrators
from roster.audit import Audit
from roster.errors import MailNotSent, MailUncertain, NotSetUp, NotSignedIn, NotThere, NotUnderstood
from roster.model import Level
from roster.permissions import Administrator
from roster.ports import Conference
from roster.sessions import Sessions, digest
from roster.signin import MOST_FROM_ONE_PLACE, MOST_PER_ACCOUNT, MOST_PER_ADDRESS, MOST_PER_PLACE, SignIn
from tests.fakes.staff import (
    ACCOUNT,
    ORIGIN,
    Clock,
    Mailbox,
    MemoryAccountBook,
    MemoryAuditBook,
    MemoryEventBook,
    MemorySignIns,
    MemoryStaff,
    numbered,
)

HERE, THERE = "digest of an IP", "digest of another IP"
EDNA = Administrator(ACCOUNT, "edna", "edna@harbor.example", "Edna K", Level.ADMINISTRATOR)


class World:
    def __init__(self, *people: Administrator) -> None:
        self.clock, self.kept, self.mail = Clock(), MemorySignIns(), Mailbox()
        self.staff, self.accounts = MemoryStaff(*(people or (EDNA,))), MemoryAccountBook()
        self.sessions = Sessions(self.kept, self.staff, self.clock, numbered("session"))
        self.sign_in = SignIn(
            self.staff, self.accounts, self.kept, self.sessions, self.mail, ORIGIN, self.clock, numbered("token")
        )

    def token(self, to: str = "") -> str:
        return self.sign_in.link(EDNA, to).removeprefix(f"{ORIGIN}/api/sign-in/")

    def signed_in(self) -> str:
        done = self.sign_in.complete(self.token())
        assert done
        return done[0]


def test_a_link_is_mailed_to_the_address_on_file() -> None:
    world = World()
    assert world.sign_in.mail_link(ACCOUNT, "EDNA@harbor.example", HERE) == "sent"
    ((to, letter),) = world.mail.sent
    assert to == EDNA.email, "never to the address as it was typed"
    assert f"{ORIGIN}/api/sign-in/token1" in letter.text
    assert "Harbor High" in letter.text
    assert list(world.kept.links) == [digest("token1")], "the token itself is not kept"


@pytest.mark.parametrize(("account", "email"), [(ACCOUNT, "x@y.example"), ("1", EDNA.email), (ACCOUNT, "")])
def test_who_is_unknown_gets_no_mail_and_leaves_no_trace(account: str, email: str) -> None:
    world = World()
    assert world.sign_in.mail_link(account, email, HERE) == "unknown"
    assert not world.mail.sent
    assert not world.kept.links
    assert not world.kept.counts


def test_a_customer_signs_in_elsewhere() -> None:
    world = World(replace(EDNA, level=Level.CUSTOMER))
    assert world.sign_in.mail_link(ACCOUNT, EDNA.email, HERE) == "unknown"


def test_so_many_links_an_hour_for_an_address_and_for_an_account() -> None:
    people = [replace(EDNA, id=str(n), email=f"{n}@harbor.example") for n in range(MOST_PER_ACCOUNT)]
    world = World(*people)
    told = [world.sign_in.mail_link(ACCOUNT, people[0].email, str(n)) for n in range(MOST_PER_ADDRESS + 2)]
    assert told == ["sent"] * MOST_PER_ADDRESS + ["too many"] * 2
    told = [world.sign_in.mail_link(ACCOUNT, one.email, HERE) for one in people[1:]]
    assert told.count("sent") == MOST_PER_ACCOUNT - MOST_PER_ADDRESS
    world.clock.wait(hours=1)
    assert world.sign_in.mail_link(ACCOUNT, people[0].email, HERE) == "sent"


def test_a_stranger_who_knows_an_address_does_not_keep_its_owner_out() -> None:
    world = World()
    told = [world.sign_in.mail_link(ACCOUNT, EDNA.email, THERE) for _ in range(100)]
    assert told.count("sent") == MOST_FROM_ONE_PLACE
    assert world.sign_in.mail_link(ACCOUNT, EDNA.email, HERE) == "sent"


def test_one_place_asks_so_often_an_hour_whatever_the_addresses() -> None:
    world = World()
    told = [world.sign_in.place_of("192.0.2.1") for _ in range(MOST_PER_PLACE + 2)]
    assert [bool(one) for one in told] == [True] * MOST_PER_PLACE + [False] * 2
    assert world.sign_in.place_of("192.0.2.2")
    assert "192.0.2.1" not in str((told, world.kept.counts))
    world.clock.wait(hours=1)
    assert world.sign_in.place_of("192.0.2.1") == told[0]


@pytest.mark.parametrize("trouble", [MailNotSent("refused"), MailUncertain("no answer")])
def test_a_mail_that_does_not_leave_is_told_to_the_log(trouble: MailNotSent | MailUncertain) -> None:
    world = World()
    world.mail.trouble = trouble
    assert world.sign_in.mail_link(ACCOUNT, EDNA.email, HERE) == trouble.message


def test_a_link_signs_in_once_and_within_a_quarter_of_an_hour() -> None:
    world = World()
    token = world.token("/importer")
    assert world.sign_in.opened(token)
    assert world.sign_in.opened(token), "opening it changes nothing"
    assert world.sign_in.complete(token) == ("session1", "/importer")
    assert world.sign_in.complete(token) is None
    late = world.token()
    world.clock.wait(minutes=15)
    assert world.sign_in.opened(late) is None
    assert world.sign_in.complete(late) is None


def test_of_two_that_press_the_button_at_once_one_is_signed_in() -> None:
    world = World()
    token = world.token()
    used = world.kept.use_link

    def slow(digest: str) -> bool:
        used(digest)
        return used(digest)

    world.kept.use_link = slow  # type: ignore[method-assign]
    assert world.sign_in.complete(token) is None
    assert not world.kept.sessions


def test_a_link_of_somebody_who_was_lowered_meanwhile() -> None:
    world = World()
    token = world.token()
    world.staff.keep(replace(EDNA, level=Level.CUSTOMER))
    assert world.sign_in.complete(token) is None


def test_a_link_dies_with_the_sessions() -> None:
    world = World()
    token = world.token()
    world.clock.wait(seconds=1)
    world.sessions.end_all(EDNA)
    assert world.sign_in.opened(token) is None
    assert world.sign_in.complete(token) is None
    world.clock.wait(seconds=1)
    assert world.sign_in.complete(world.token())


@pytest.mark.parametrize("to", ["//evil.example", "/\\evil", "https://evil.example", "/a\r\nSet-Cookie: x"])
def test_a_link_stays_on_our_site(to: str) -> None:
    world = World()
    done = world.sign_in.complete(world.token(to))
    assert done
    assert done[1] == "/admin"


def test_a_session_ends_half_an_hour_after_the_last_request() -> None:
    world = World()
    secret = world.signed_in()
    for _ in range(4):
        world.clock.wait(minutes=29)
        assert world.sessions.of(secret).person == EDNA
    world.clock.wait(minutes=30)
    with pytest.raises(NotSignedIn):
        world.sessions.of(secret)


def test_a_session_ends_after_eight_hours_in_any_case() -> None:
    world = World()
    secret = world.signed_in()
    for _ in range(23):
        world.clock.wait(minutes=20)
        world.sessions.of(secret)
    world.clock.wait(minutes=20)
    with pytest.raises(NotSignedIn):
        world.sessions.of(secret)


def test_a_busy_session_is_written_once_a_minute() -> None:
    world = World()
    secret = world.signed_in()
    for _ in range(120):
        world.clock.wait(seconds=1)
        world.sessions.of(secret)
    assert world.kept.written == 2


def test_signing_out_here_and_everywhere() -> None:
    world = World()
    here, there = world.signed_in(), world.signed_in()
    world.sessions.end(here)
    with pytest.raises(NotSignedIn):
        world.sessions.of(here)
    person = world.sessions.of(there).person
    world.clock.wait(seconds=1)
    world.sessions.end_all(person)
    with pytest.raises(NotSignedIn):
        world.sessions.of(there)
    world.clock.wait(seconds=1)
    assert world.sessions.of(world.signed_in()).person.id == EDNA.id


@pytest.mark.parametrize("level", [Level.CUSTOMER, "", "Superuser"])
def test_the_contact_counts_at_each_request(level: str) -> None:
    world = World()
    secret = world.signed_in()
    world.staff.keep(replace(EDNA, level=level))
    with pytest.raises(NotSignedIn):
        world.sessions.of(secret)
    world.staff.people.clear()
    with pytest.raises(NotSignedIn):
        world.sessions.of(secret)


@pytest.mark.parametrize("secret", ["", "session", digest("session1")])
def test_a_made_up_secret_is_nobody(secret: str) -> None:
    world = World()
    world.signed_in()
    with pytest.raises(NotSignedIn):
        world.sessions.of(secret)


def test_the_first_administrator() -> None:
    world = World(replace(EDNA, account="other"))
    rows = MemoryAuditBook()
    audit = Audit(rows, world.clock, numbered("row"))
    events = MemoryEventBook(Conference(ACCOUNT, "fall", "Fall"))
    administrators = Administrators(world.staff, world.accounts, events, audit, numbered("id"))
    made = administrators.make(ACCOUNT, "a@b.example", "Ann B")
    assert (made.id, made.level) == ("id1", Level.ADMINISTRATOR)
    again = administrators.make(ACCOUNT, "A@B.example", "", level=Level.SUPPORT)
    assert (again.id, again.name, again.level) == ("id1", "Ann B", Level.SUPPORT)
    made_row, raised = rows.rows[:2]
    assert (made_row.by, made_row.action, made_row.about) == ("pickAtime", "administrator.make", "administrator id1")
    assert (raised.before["level"], raised.after["level"]) == (Level.ADMINISTRATOR, Level.SUPPORT)
    hers = administrators.make(ACCOUNT, "e@b.example", "Eve", level=Level.EVENT_ADMINISTRATOR, events=["fall"])
    assert hers.events == ("fall",)
    with pytest.raises(NotThere, match="confrence"):
        administrators.make(ACCOUNT, "e@b.example", "Eve", level=Level.EVENT_ADMINISTRATOR, events=["confrence"])
    with pytest.raises(NotSetUp):
        administrators.make("77", "a@b.example", "Ann")
    administrators.make("77", "a@b.example", "Ann", school="Elm School")
    assert world.accounts.accounts["77"].name == "Elm School"
    for account, email, level in (
        ("x", "a@b.example", "Support"),
        ("7", "a", "Support"),
        ("7", "a@b.example", "Customer"),
    ):
        with pytest.raises(NotUnderstood):
            administrators.make(account, email, "Ann", level=level)
