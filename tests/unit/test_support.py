"""What pickAtime's support does for schools, and what a school sees of its integration, over dictionaries."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from roster.audit import SUPPORT, Audit
from roster.billing import Billing
from roster.errors import AccountBusy, MailNotSent, MoveRefused, NotSetUp, NotThere, StoreBusy
from roster.integrations import Integrations
from roster.invitation import ACCEPTED, INVITED, MOST_STEPS, SET_UP, Invitation, moved
from roster.model import Level
from roster.permissions import LOWEST, Action, Administrator, allowed, may
from roster.ports import Account, Audited, Check, Event, Integration, Run
from roster.sessions import Sessions
from roster.support import Support
from tests.fakes.memory import MemoryRecords
from tests.fakes.onboarding import ACCOUNT, OTHER_ACCOUNT, PROVIDER, Desk, shares
from tests.fakes.staff import Clock, MemoryAccountBook, MemorySignIns, MemoryStaff, numbered
from tests.fakes.support import MemoryFunctions, MemoryIntegrationBook

OURS = "1"
ADA = Administrator(OURS, "ada", "ada@pickatime.example", "Ada", Level.SUPPORT, supports=True)
STAMP = "2026-11-27T12:00:00+00:00"
SHARED = {"connected": True, "checks": [], "security_values": "shared", "security_values_help": "", "schools": []}
OTHER = "another-provider"


class Office:
    """Support's console over a queue with one district, and what the school of ACCOUNT sees."""

    def __init__(self) -> None:
        self.desk = Desk([shares()])
        self.desk.poll()
        self.answer: dict[str, Any] = SHARED
        self.functions = MemoryFunctions(
            district_list_districts=self._move,
            import_district_list=lambda event: self.answer,
        )
        self.book = MemoryIntegrationBook(self.desk.accounts)
        self.accounts = MemoryAccountBook()
        self.accounts.accounts = {one: Account(one, one) for one in (ACCOUNT, OTHER_ACCOUNT)}
        self.records = MemoryRecords(None)
        self.records.integration = self.desk.accounts.integration  # type: ignore[method-assign]
        applications, accounts = self.desk.applications, self.accounts
        self.support = Support(applications, accounts, self.records, self.book, self.functions, lambda: STAMP)
        self.credentials = self.desk.credentials
        self.integrations = Integrations(
            self.records, applications, self.book, self.functions, self.credentials, lambda: STAMP
        )

    def _move(self, event: Any) -> Any:
        return self.desk.move(event["to"], event["account"], event["tenant"], event["level"])

    def integration(self, **more: Any) -> None:
        self.desk.accounts.integrations[ACCOUNT] = Integration(ACCOUNT, PROVIDER, **more)

    def move(self, to: str, account: str = "") -> Any:
        return self.support.move(ADA, PROVIDER, "2001", to, account)

    def state(self) -> tuple[str, str]:
        found = self.integrations.standing(ACCOUNT, [PROVIDER])
        return found.provider, found.state


@pytest.fixture
def office() -> Office:
    return Office()


# -- who is support


def test_a_support_level_counts_in_pickatimes_own_account_alone() -> None:
    taking = {action for action, lowest in LOWEST.items() if lowest == Level.SUPPORT}
    assert Action.CHANGE_API_VERSION in taking
    of_a_school = replace(ADA, account=ACCOUNT, supports=False)
    assert taking.isdisjoint(allowed(of_a_school))
    assert may(of_a_school, Action.DELETE_CONTACTS)
    assert taking <= set(allowed(ADA))


@pytest.mark.parametrize("level", Level)
def test_an_account_of_pickatime_gives_no_level(level: Level) -> None:
    assert may(replace(ADA, level=level), Action.CHANGE_ACTIVATION) is (level == Level.SUPPORT)


def test_the_session_says_whose_account_it_is() -> None:
    school = replace(ADA, account=ACCOUNT, supports=False)
    staff = MemoryStaff(replace(ADA, supports=False), school)
    sessions = Sessions(MemorySignIns(), staff, Clock(), numbered("session"), OURS)
    assert sessions.of(sessions.begin(ADA)).person.supports
    assert not sessions.of(sessions.begin(school)).person.supports
    nobodys = Sessions(MemorySignIns(), staff, Clock(), numbered("session"))
    assert not nobodys.of(nobodys.begin(ADA)).person.supports


def test_a_school_reads_pickatime_support_in_its_audit() -> None:
    rows: list[Audited] = []
    audit = Audit(type("Book", (), {"add": lambda self, row: rows.append(row)})(), Clock(), numbered("row"))
    audit.did(ADA, Action.CHANGE_API_VERSION, "integration", account=ACCOUNT)
    audit.did(ADA, Action.CHANGE_ACTIVATION, "application")
    assert [(row.account, row.name, row.by) for row in rows] == [(ACCOUNT, SUPPORT, "ada"), (OURS, "Ada", "ada")]


# -- districts


def test_from_the_queue_to_an_active_import(office: Office) -> None:
    assert [(one.tenant, one.state) for one in office.support.queue([PROVIDER])] == [("2001", "requested")]
    assert office.state() == ("", "none"), "nobody has said yet whose district it is"
    before, after = office.move("configuring", ACCOUNT)
    assert (before.state, after.state, after.account) == ("requested", "configuring", ACCOUNT)
    assert office.state() == (PROVIDER, "configuring")
    office.move("active")
    assert office.state() == (PROVIDER, "active")
    office.move("configuring")
    office.move("rejected")
    assert office.state() == (PROVIDER, "rejected")
    assert office.functions.asked[0] == (
        f"{PROVIDER}-districts",
        {"step": "move", "tenant": "2001", "to": "configuring", "account": ACCOUNT, "level": "Support"},
    )


def test_a_move_that_is_refused_changes_nothing(office: Office) -> None:
    with pytest.raises(MoveRefused, match="configuring or rejected"):
        office.move("active")
    with pytest.raises(NotThere):
        office.support.move(ADA, PROVIDER, "9", "configuring", ACCOUNT)
    assert office.support.queue([PROVIDER])[0].state == "requested"


def test_an_import_by_hand_is_active_whatever_its_district_is(office: Office) -> None:
    office.move("configuring", ACCOUNT)
    office.integration()
    assert office.state() == (PROVIDER, "active")


def test_a_rejected_district_does_not_hide_the_one_that_is_set_up(office: Office) -> None:
    office.move("configuring", ACCOUNT)
    office.move("rejected")
    office.desk.districts.append(shares("2002"))
    office.desk.poll()
    office.support.move(ADA, PROVIDER, "2002", "configuring", ACCOUNT)
    assert office.state() == (PROVIDER, "configuring")


# -- a district is announced


def test_an_announced_district_is_in_the_queue_at_once(office: Office) -> None:
    office.desk.districts.append(shares("2002", "Shelbyville"))
    sent = len(office.desk.mail.sent)
    assert office.desk.onboarding.announced("2002", "whatever it calls itself")
    assert (office.desk.one("2002").name, office.desk.one("2002").shared) == ("Shelbyville", True)
    written = list(office.desk.applications.writes)
    assert office.desk.onboarding.announced("2002", "Shelbyville")
    assert office.desk.applications.writes == written
    office.desk.poll()
    assert len(office.desk.mail.sent) == sent + 1


def test_a_mail_about_it_that_did_not_leave_is_sent_when_it_is_announced_again(office: Office) -> None:
    office.desk.mail.trouble = MailNotSent("throttled")
    assert not office.desk.onboarding.announced("2002", "Shelbyville")
    assert office.desk.onboarding.announced("2002", "Shelbyville")
    assert len(office.desk.mail.sent) == 2


def test_one_that_is_not_listed_yet_is_there_all_the_same(office: Office) -> None:
    assert office.desk.onboarding.announced("2002", "Shelbyville")
    assert (office.desk.one("2002").name, office.desk.one("2002").shared) == ("Shelbyville", False)
    assert "does not list it yet" in office.desk.one("2002").obstacle
    office.desk.districts.append(shares("2002", "Shelbyville"))
    office.desk.poll()
    assert (office.desk.one("2002").shared, len(office.desk.mail.sent)) == (True, 2)


# -- invitations


def test_an_invitation_goes_step_by_step(office: Office) -> None:
    office.integration()
    for to in (INVITED, INVITED, ACCEPTED, SET_UP):
        office.support.invite(ADA, ACCOUNT, PROVIDER, to)
    steps = office.integrations.standing(ACCOUNT).invitation.steps
    assert [(step.state, step.at, step.by) for step in steps] == [
        (to, STAMP, "ada") for to in (INVITED, INVITED, ACCEPTED, SET_UP)
    ]


@pytest.mark.parametrize(("state", "to"), [("", ACCEPTED), ("", SET_UP), (INVITED, SET_UP), (ACCEPTED, ACCEPTED)])
def test_no_step_is_left_out(state: str, to: str) -> None:
    before = Invitation()
    for one in {"": (), INVITED: (INVITED,), ACCEPTED: (INVITED, ACCEPTED)}[state]:
        before = moved(before, one, STAMP, "ada")
    with pytest.raises(MoveRefused, match="can become"):
        moved(before, to, STAMP, "ada")


def test_an_invitation_keeps_its_last_steps() -> None:
    invitation = Invitation()
    for _ in range(MOST_STEPS + 3):
        invitation = moved(invitation, INVITED, STAMP, "ada")
    assert len(invitation.steps) == MOST_STEPS
    assert Invitation.from_json(invitation.to_json()) == invitation


def test_set_up_is_what_is_connected(office: Office) -> None:
    office.support.invite(ADA, ACCOUNT, PROVIDER, INVITED)
    office.support.invite(ADA, ACCOUNT, PROVIDER, ACCEPTED)
    with pytest.raises(MoveRefused, match="not connected"):
        office.support.invite(ADA, ACCOUNT, PROVIDER, SET_UP)
    office.integration()
    with pytest.raises(MoveRefused, match=f"imports from {PROVIDER}"):
        office.support.invite(ADA, ACCOUNT, OTHER, INVITED)
    with pytest.raises(NotThere):
        office.support.invite(ADA, "404", PROVIDER, INVITED)


# -- API versions


def test_a_version_is_switched_and_all_else_stays(office: Office) -> None:
    office.integration(settings={"district": "d", "api_version": "2"}, ledger="folder")
    assert office.support.switch_version(ACCOUNT, PROVIDER, "3") == "2"
    now = office.desk.accounts.integrations[ACCOUNT]
    assert (now.settings, now.ledger) == ({"district": "d", "api_version": "3"}, "folder")
    office.book.faster = True
    assert office.support.switch_version(ACCOUNT, PROVIDER, "3") == "3", "which writes nothing"
    with pytest.raises(AccountBusy):
        office.support.switch_version(ACCOUNT, PROVIDER, "2")


def test_only_its_own_provider_has_versions(office: Office) -> None:
    with pytest.raises(NotSetUp):
        office.support.switch_version(ACCOUNT, PROVIDER, "3")
    office.integration()
    with pytest.raises(NotSetUp):
        office.support.switch_version(ACCOUNT, OTHER, "3")
    with pytest.raises(NotThere):
        office.support.switch_version("404", PROVIDER, "3")


# -- whether birth dates are shared


def seen(office: Office) -> str:
    return office.integrations.standing(ACCOUNT).security.shared


def test_a_check_is_remembered(office: Office) -> None:
    with pytest.raises(NotSetUp):
        office.integrations.check(ACCOUNT)
    office.integration(settings={"application": "a"})
    assert seen(office) == "unknown"
    assert office.integrations.check(ACCOUNT) == SHARED
    assert office.functions.asked == [
        (f"import-{PROVIDER}", {"step": "check", "account": ACCOUNT, "settings": {"application": "a"}})
    ]
    assert seen(office) == "yes"
    office.answer = {**SHARED, "security_values": "none seen", "security_values_help": "Click there."}
    office.integrations.check(ACCOUNT)
    assert office.integrations.standing(ACCOUNT).security == Check(STAMP, "no", "Click there.")
    office.answer = {**SHARED, "connected": False}
    office.integrations.check(ACCOUNT)
    assert seen(office) == "no", "who could not look, has seen nothing"


def test_nothing_is_checked_before_it_is_active(office: Office) -> None:
    office.integration(state="configuring")
    with pytest.raises(NotSetUp):
        office.integrations.check(ACCOUNT)
    assert office.functions.asked == []


# -- connecting


def test_what_does_not_connect_is_not_kept(office: Office) -> None:
    office.integration(settings={"district": "a"})
    office.answer = {**SHARED, "connected": False}
    told = office.integrations.connect(ACCOUNT, PROVIDER, {"district": "b"}, {"token": "t"})
    assert told["connected"] is False
    assert office.desk.accounts.integrations[ACCOUNT].settings == {"district": "a"}
    with pytest.raises(NotSetUp):
        office.credentials.of(ACCOUNT, PROVIDER)


def test_settings_that_were_not_asked_for_stay_when_it_is_connected_anew(office: Office) -> None:
    office.integration(settings={"district": "a", "api_version": "2", "base_url": "b"}, ledger="folder")
    office.integrations.connect(ACCOUNT, PROVIDER, {"district": "c", "base_url": None}, {"token": "t"})
    assert office.desk.accounts.integrations[ACCOUNT].settings == {"district": "c", "api_version": "2"}
    assert office.credentials.of(ACCOUNT, PROVIDER) == {"token": "t"}
    assert office.functions.asked[-1][1]["secret"] == {"token": "t"}, "not the one in use"


def test_of_two_who_connect_at_once_the_slower_is_told_and_her_credential_is_not_kept(office: Office) -> None:
    office.book.faster = True
    with pytest.raises(AccountBusy):
        office.integrations.connect(ACCOUNT, PROVIDER, {}, {"token": "t"})
    with pytest.raises(NotSetUp):
        office.credentials.of(ACCOUNT, PROVIDER)


def test_a_connection_whose_credential_cannot_be_kept_is_taken_back(office: Office) -> None:
    def full(*told: object) -> None:
        raise StoreBusy("Secrets Manager has trouble")

    keep, office.credentials.keep = office.credentials.keep, full  # type: ignore[method-assign]
    with pytest.raises(StoreBusy):
        office.integrations.connect(ACCOUNT, PROVIDER, {"base_url": "https://one"}, {"token": "t"})
    known = office.integrations.of(ACCOUNT)
    assert known
    assert known.state == "configuring", "so no night fails for the want of one"
    office.credentials.keep = keep  # type: ignore[method-assign]
    office.integrations.connect(ACCOUNT, PROVIDER, {"base_url": "https://one"}, {"token": "t"})
    office.credentials.keep = full  # type: ignore[method-assign]
    with pytest.raises(StoreBusy):
        office.integrations.connect(ACCOUNT, PROVIDER, {"base_url": "https://two"}, {"token": "u"})
    known = office.integrations.of(ACCOUNT)
    assert known
    assert (known.state, known.settings) == ("active", {"base_url": "https://one"})


@pytest.mark.parametrize(
    ("state", "students", "shared"),
    [("full", 3, "yes"), ("partial", 3, "yes"), ("empty", 3, "no"), ("refused", 3, "no"), ("full", 0, "unknown")],
)
def test_the_newest_of_check_and_run_counts(office: Office, state: str, students: int, shared: str) -> None:
    office.integration(changed="r2")
    office.records.events = {name: Event(ACCOUNT, name, changed=run) for name, run in (("a", "r1"), ("b", "r2"))}
    told = {"security_values": {"state": state, "students": students, "missing": 0, "help": "Click."}}
    office.records.runs["r2"] = Run("applied", report=told, started="2026-11-27T11:00:00+00:00")
    assert seen(office) == shared
    office.integrations.check(ACCOUNT)
    assert seen(office) == "yes"


# -- fees


def test_two_who_attach_at_once_are_told_so(office: Office) -> None:
    billing = Billing(office.book, office.accounts, Clock())
    billing.attach(ACCOUNT, ["Elm", "Oak", "Pine"])
    assert billing.statement(ACCOUNT).annual == 690
    assert billing.statement(OTHER_ACCOUNT).annual == 0
    office.book.faster = True
    with pytest.raises(AccountBusy):
        billing.attach(ACCOUNT, ["Elm"])
    with pytest.raises(NotThere):
        billing.statement("404")


def test_a_school_is_attached_on_its_own_clocks(office: Office) -> None:
    clock = Clock()
    clock.wait(hours=10)  # 22:00 UTC
    office.accounts.accounts[ACCOUNT] = Account(ACCOUNT, "A", "Pacific/Auckland")
    _, after = Billing(office.book, office.accounts, clock).attach(ACCOUNT, ["Elm"])
    assert after.began == "2026-11-28"
