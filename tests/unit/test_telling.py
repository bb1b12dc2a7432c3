"""Which mails a school gets about its runs: stories over dictionaries, night after night."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from roster.errors import ContractBroken, CredentialRejected, MailNotSent, MailUncertain, RosterError, Superseded
from roster.letters import Letter
from roster.ports import Answer, RunKey
from roster.telling import NOBODY, NOT_SENT, NOTHING, UNCERTAIN, Teller
from tests.fakes.onboarding import MemoryAccounts, MemoryMail
from tests.fakes.school import ACCOUNT, EVENT, District, Source
from tests.fakes.staff import MemoryAccountBook
from tests.fakes.telling import MemoryRunBook

EDNA, SEYMOUR = "edna@harbor.example", "seymour@harbor.example"
YES, NO = "https://pickatime.example/api/held/token/approve", "https://pickatime.example/api/held/token/discard"
IMPORTER = "https://pickatime.example/importer"


class Autumn:
    """A school that is synced every night, and who is mailed about it. `night` is one, and what comes of it."""

    def __init__(self, students: int = 12) -> None:
        self.district = District(Source.small(students))
        self.district.today += timedelta(hours=4)  # at 1 AM in New York
        self.mail, self.accounts = MemoryMail(), MemoryAccounts()
        self.accounts.admins[ACCOUNT] = [EDNA, SEYMOUR]
        event = self.district.records.events[EVENT]
        event.nightly, event.name = True, "Fall conferences"
        self.teller = Teller(
            self.district.records,
            MemoryRunBook(self.district.records),
            self.accounts,
            MemoryAccountBook(),
            self.mail,
            lambda key: (YES, NO),
            IMPORTER,
            lambda: self.district.today,
        )
        assert self.by_hand()["status"] == "applied"
        assert self.letters() == []

    def by_hand(self, **more: Any) -> dict[str, Any]:
        return self._told(by="edna", **more)

    def night(self) -> list[Letter]:
        self.district.later()
        self._told(night=self.district.today.isoformat(), zone="UTC", by="night")
        return self.letters()

    def nights(self, number: int) -> list[int]:
        """On which of so many nights there was a mail."""
        return [n for n in range(1, number + 1) if self.night()]

    def letters(self) -> list[Letter]:
        sent, self.mail.sent = self.mail.sent, []
        return [letter for _, letter in sent]

    def _told(self, **asked: Any) -> dict[str, Any]:
        """One run; then the teller hears of it, twice, as it may."""
        report = self.district.night(**asked)
        told, self.district.told = self.district.told, []
        for key, known in told * 2:
            self.teller.tell(key, **known)
        return report

    def fails(self, error: type[RosterError] | None) -> None:
        status = {CredentialRejected: 401, ContractBroken: 200, None: 0}[error]
        answer = Answer(status, {}, b"{}")
        self.district.source.fault = lambda resource, asked: answer if error and resource == "classes" else None

    @property
    def note(self) -> str:
        return list(self.district.records.runs.values())[-1].mail


@pytest.fixture
def autumn() -> Autumn:
    return Autumn()


def test_a_quiet_night_and_one_that_only_changed_something_say_nothing(autumn: Autumn) -> None:
    assert autumn.nights(10) == []
    autumn.district.source.join("S99", "C0")
    assert autumn.night() == []
    assert autumn.district.told == [], "and nobody was even asked"


def test_a_failure_is_told_once_with_what_to_click(autumn: Autumn) -> None:
    autumn.fails(CredentialRejected)
    (letter,) = autumn.night()
    assert letter.subject == "pickAtime: last night's sync failed"
    assert "“Fall conferences” at Harbor High" in letter.text
    assert "In the school's own system, open credential_rejected." in letter.text
    assert f"{IMPORTER}?ven={ACCOUNT}" in letter.text
    assert "support@pickatime.com" in letter.text
    assert f'<a href="{IMPORTER}?ven={ACCOUNT}">' in letter.html
    assert autumn.nights(6) == []


def test_a_failure_that_stays_is_told_once_a_week_with_its_first_day(autumn: Autumn) -> None:
    autumn.fails(CredentialRejected)
    assert autumn.nights(23) == [1, 8, 15, 22]
    autumn.district.later(6)
    (letter,) = autumn.night()
    assert letter.subject == "pickAtime: still failing since 2 October"


def test_another_cause_is_another_failure(autumn: Autumn) -> None:
    autumn.fails(CredentialRejected)
    assert autumn.nights(3) == [1]
    autumn.fails(ContractBroken)
    (letter,) = autumn.night()
    assert "failed" in letter.subject
    assert autumn.nights(3) == []


def test_the_first_success_after_failures_is_told_once(autumn: Autumn) -> None:
    autumn.fails(CredentialRejected)
    autumn.nights(4)
    autumn.fails(None)
    autumn.district.source.join("S99", "C0")
    (letter,) = autumn.night()
    assert letter.subject == "pickAtime: last night's sync works again"
    assert "it had failed since 2 October" in letter.text
    assert "Students: 1 new" in letter.text
    assert autumn.nights(3) == []
    autumn.fails(CredentialRejected)
    assert autumn.nights(2) == [1], "a new failure is new"


def test_whoever_imports_by_hand_sees_that_it_works_again(autumn: Autumn) -> None:
    autumn.fails(CredentialRejected)
    autumn.nights(1)
    autumn.fails(None)
    assert autumn.by_hand()["status"] == "applied"
    assert autumn.letters() == []
    assert autumn.nights(2) == []


def test_a_warning_that_is_new_is_told_the_next_morning_and_then_no_more(autumn: Autumn) -> None:
    autumn.district.source.join("S99", "C0")
    autumn.district.source.change("student", "S99", birth_date="")
    (letter,) = autumn.night()
    assert letter.subject == "pickAtime: last night's sync has something new to look at"
    assert "- Once: " in letter.text
    assert autumn.nights(9) == [], "not on the night either that looks at everything again"


def test_a_held_night_says_why_and_links_to_a_yes_and_a_no() -> None:
    autumn = Autumn(120)
    for n in range(40):
        autumn.district.source.leave(f"S{n}")
    (letter,) = autumn.night()
    assert letter.subject == "pickAtime: last night's sync waits for your decision"
    assert "- 40 of 120 students would leave." in letter.text
    for link in (YES, NO):
        assert f"\n{link}\n" in letter.text
        assert f'<a href="{link}">' in letter.html
    assert "sign in as an Administrator" in letter.text
    assert "7 days" in letter.text
    assert autumn.nights(2) == [1, 2], "the links of the night before lead nowhere any more"


def test_no_mail_names_a_child_or_a_birth_date() -> None:
    autumn = Autumn(120)
    for n in range(40):
        autumn.district.source.leave(f"S{n}")
    letters = autumn.night()
    autumn.fails(CredentialRejected)
    letters += autumn.night()
    for letter in letters:
        for said in ("Sam", "Student S", "2012", "@home.example"):
            assert said not in letter.text + letter.html + letter.subject


def test_a_failed_undo_is_a_failure_of_its_own(autumn: Autumn) -> None:
    autumn.fails(CredentialRejected)
    autumn.nights(3)
    failing = autumn.district.records.events[EVENT].failing
    assert failing["since"]
    for _ in range(2):
        state = autumn.district.begun("undo", undo="run-001", by="edna")
        autumn.district.failed(state, state["run"], ContractBroken("no"))
        key, known = autumn.district.told.pop()
        autumn.teller.tell(key, **known)
        (letter,) = autumn.letters()
        assert letter.subject == "pickAtime: the undo failed"
        assert "since" not in letter.text
    assert autumn.district.records.events[EVENT].failing == failing


def test_a_test_import_tells_nobody(autumn: Autumn) -> None:
    autumn.fails(CredentialRejected)
    assert autumn.by_hand(mode="preview")["status"] == "failed"
    assert autumn.letters() == []


def test_what_another_run_has_taken_over_is_nobodys_concern(autumn: Autumn) -> None:
    state = autumn.district.begun(by="edna")
    autumn.district.failed(state, state["run"], Superseded("another run"))
    assert autumn.district.told == []


def test_whom_the_account_names_is_mailed_else_its_administrators(autumn: Autumn) -> None:
    autumn.fails(CredentialRejected)
    autumn.district.later()
    autumn.by_hand()
    assert [to for to, _ in autumn.mail.sent] == [[EDNA, SEYMOUR]]
    autumn.accounts.named[ACCOUNT] = ["it@harbor.example"]
    autumn.fails(ContractBroken)
    autumn.by_hand()
    assert [to for to, _ in autumn.mail.sent[1:]] == [["it@harbor.example"]]
    assert autumn.note == "mailed to 1: pickAtime: the import failed"


@pytest.mark.parametrize(
    ("trouble", "note", "again"), [(MailNotSent("no"), NOT_SENT, [1]), (MailUncertain("?"), UNCERTAIN, [])]
)
def test_a_mail_that_cannot_be_sent_is_noted_and_fails_nothing(
    autumn: Autumn, trouble: RosterError, note: str, again: list[int]
) -> None:
    autumn.fails(CredentialRejected)
    autumn.mail.trouble = trouble
    assert autumn.night() == []
    assert autumn.note == note
    assert autumn.nights(3) == again, "the next night tries again only where it certainly did not leave"


def test_a_crash_between_claim_and_mail_sends_no_second_one_and_leaves_the_doubt(autumn: Autumn) -> None:
    autumn.fails(CredentialRejected)
    autumn.mail.trouble = SystemExit()
    with pytest.raises(SystemExit):
        autumn.night()
    assert autumn.note == UNCERTAIN
    assert autumn.teller.tell(RunKey(ACCOUNT, EVENT, "run-002"), "import", "night") == NOTHING
    assert autumn.letters() == []


def test_an_account_without_anybody_to_notify(autumn: Autumn) -> None:
    autumn.accounts.admins[ACCOUNT] = []
    autumn.fails(CredentialRejected)
    assert autumn.night() == []
    assert autumn.note == NOBODY


def test_a_run_that_is_unknown_or_goes_on_is_not_told_of(autumn: Autumn) -> None:
    state = autumn.district.begun()
    for key in ((EVENT, "no-such-run"), ("no-such-event", "run-001"), (EVENT, state["run"])):
        assert autumn.teller.tell(RunKey(ACCOUNT, *key), "import", "night") == NOTHING


def test_nights_of_an_import_that_is_not_active_any_more_are_told_of_once_too(autumn: Autumn) -> None:
    autumn.district.records.integration(ACCOUNT).state = "configuring"
    assert autumn.nights(8) == [1, 8], "they fail before they have a record of their own"
