"""A district's way from its provider's console to an active import, and what may go wrong on it."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from datetime import timedelta

import pytest

from roster.admission import MOVES, Listed
from roster.errors import Forbidden, MailNotSent, MailUncertain, MoveRefused, NotSetUp, StoreRefused
from roster.letters import ACTIVE, activated, requested, stopped
from roster.model import Level
from roster.ports import Integration
from tests.fakes.onboarding import ACCOUNT, IMPORTER, OTHER_ACCOUNT, PROVIDER, SUPPORT, Desk, shares

EDNA = "edna@springfield.example"


@pytest.fixture
def desk() -> Desk:
    return Desk([shares()])


def meanwhile(port: object, method: str, then: Callable[[], object]) -> None:
    """Right after the next call of this method, before its caller goes on, something else happens."""
    real = getattr(port, method)

    def called(*given: object) -> object:
        setattr(port, method, real)
        try:
            return real(*given)
        finally:
            then()

    setattr(port, method, called)


def killed() -> None:
    raise SystemExit


# -- whom the mails go to


def test_whom_the_account_names_hears_that_its_import_is_active(desk: Desk) -> None:
    desk.accounts.named[ACCOUNT] = ["it@springfield.example"]
    desk.activated()
    assert [letter.subject for letter in desk.mail.to("it@springfield.example")] == [
        "pickAtime: the data import of Springfield Unified is active"
    ]
    assert desk.mail.to(EDNA) == []


# -- the poll finds districts


def test_a_new_district_is_written_down_and_support_is_told_once(desk: Desk) -> None:
    assert desk.poll()["new"] == ["2001"]
    assert (desk.one().state, desk.one().shared, desk.one().shared_since) == (
        "requested", True, "2026-09-01T09:00:00+00:00",
    )  # fmt: skip
    (letter,) = desk.mail.to(SUPPORT)
    assert "Springfield" in letter.subject


def test_a_repeated_poll_writes_and_mails_nothing(desk: Desk) -> None:
    desk.poll()
    written, sent = list(desk.applications.writes), list(desk.mail.sent)
    assert desk.poll() == {
        "districts": 1, "new": [], "stopped": [], "resumed": [], "suspicious": "", "unsent": [], "unrenewed": {},
    }  # fmt: skip
    assert (desk.applications.writes, desk.mail.sent) == (written, sent)


def test_a_district_listed_twice_is_one_and_the_row_that_shares_counts(desk: Desk) -> None:
    desk.districts = [shares(obstacle="not enabled", application="%2Fold"), shares(), shares()]
    assert desk.poll()["districts"] == 1
    assert (desk.one().shared, desk.one().settings["application"]) == (True, "%2Fapp2001%3D")
    assert len(desk.mail.sent) == 1


def test_of_two_rows_that_share_the_followed_one_stays(desk: Desk) -> None:
    desk.poll()
    written = list(desk.applications.writes)
    desk.districts = [shares(application="%2Fsecond"), shares()]
    desk.poll()
    desk.districts.reverse()
    desk.poll()
    assert desk.applications.writes == written


def test_two_polls_at_once_tell_support_once(desk: Desk) -> None:
    before = desk.applications.all
    desk.applications.all = lambda provider: []  # type: ignore[method-assign] # both looked before either wrote
    desk.poll()
    desk.poll()
    desk.applications.all = before  # type: ignore[method-assign]
    assert (len(desk.applications.items), len(desk.mail.to(SUPPORT))) == (1, 1)


def test_a_note_to_support_that_did_not_leave_is_sent_by_the_next_poll(desk: Desk) -> None:
    desk.mail.trouble = MailNotSent("throttled")
    assert desk.poll()["unsent"] == ["2001"]
    assert desk.poll()["unsent"] == []
    desk.poll()
    assert len(desk.mail.to(SUPPORT)) == 1


def test_a_note_to_support_that_may_have_left_is_not_repeated(desk: Desk) -> None:
    desk.mail.trouble = MailUncertain("no answer")
    assert desk.poll()["unsent"] == ["2001"]
    desk.poll()
    assert desk.mail.sent == []


def test_a_crash_before_the_note_to_support_has_left_is_said_for_good(desk: Desk) -> None:
    desk.mail.trouble = SystemExit()
    with pytest.raises(SystemExit):
        desk.poll()
    assert desk.poll()["unsent"] == []
    assert "support may not have been mailed" in desk.one().notice


def test_a_note_that_left_leaves_no_doubt(desk: Desk) -> None:
    desk.poll()
    assert (desk.one().told, desk.one().notice) == (1, "")


def test_a_district_that_does_not_share_yet_is_known_with_the_reason(desk: Desk) -> None:
    desk.districts = [shares(obstacle="the district has not enabled pickAtime")]
    desk.poll()
    assert (desk.one().shared, desk.one().obstacle) == (False, "the district has not enabled pickAtime")
    assert "has not enabled pickAtime" in desk.mail.to(SUPPORT)[0].text


# -- whether it shares is a flag beside the state


def test_a_district_that_stops_sharing_keeps_its_state_and_gets_a_date(desk: Desk) -> None:
    desk.activated()
    desk.districts = [shares("2002"), Listed("2001", "Springfield", obstacle="not enabled")]
    assert desk.poll()["stopped"] == ["2001"]
    stopped = desk.one()
    assert (stopped.state, stopped.shared, stopped.obstacle) == ("active", False, "not enabled")
    assert stopped.settings["application"] == "%2Fapp2001%3D"
    desk.poll()
    assert desk.one().shared_since == stopped.shared_since, "since when, not when it was looked at last"
    desk.districts = [shares("2002"), shares()]
    assert desk.poll()["resumed"] == ["2001"]
    assert desk.one().shared_since > stopped.shared_since


def test_a_district_that_is_no_longer_listed_stops_sharing(desk: Desk) -> None:
    desk.activated()
    desk.districts = [shares("2002")]
    assert desk.poll()["stopped"] == ["2001"]
    assert (desk.one().obstacle, desk.credentials.secrets[ACCOUNT]) == (
        "the provider no longer lists the district", {"token": "bearer-1"},
    )  # fmt: skip


@pytest.mark.parametrize("rows", [[Listed("2001", "Springfield", obstacle="not enabled")], []])
def test_support_is_told_once_that_an_active_district_stopped(desk: Desk, rows: list[Listed]) -> None:
    desk.activated()
    desk.districts = [shares("2002"), *rows]
    for _ in range(30):
        desk.poll()
    told = [letter for letter in desk.mail.to(SUPPORT) if "no longer shares" in letter.subject]
    assert len(told) == 1
    assert all(said in told[0].text for said in ("Springfield", ACCOUNT, desk.one().obstacle))
    assert "no longer shares" in desk.one().notice
    desk.districts = [shares("2002"), shares()]
    desk.poll()
    assert desk.one().notice == ""


def test_a_district_that_comes_and_goes_is_told_of_once_a_day(desk: Desk) -> None:
    desk.activated()
    away, there = [shares("2002")], [shares("2002"), shares()]
    sent = []
    for hours in (0, 0, 24):
        desk.now += timedelta(hours=hours)
        for desk.districts in (away, there):
            desk.poll()
        sent.append(sum("no longer shares" in letter.subject for letter in desk.mail.to(SUPPORT)))
    assert sent == [1, 1, 2]


def test_a_mail_of_a_stop_that_did_not_leave_is_sent_by_the_next_poll(desk: Desk) -> None:
    desk.activated()
    desk.districts = [shares("2002")]
    desk.poll()
    desk.districts = [shares("2002"), shares()]
    desk.now += timedelta(days=1)
    desk.poll()
    desk.districts = [shares("2002")]
    desk.mail.trouble = MailNotSent("throttled")
    assert [desk.poll()["unsent"] for _ in range(3)] == [["2001"], [], []]
    assert sum("no longer shares" in letter.subject for letter in desk.mail.to(SUPPORT)) == 2
    assert "may not" not in desk.one().notice


def test_a_mail_of_a_stop_that_may_have_left_is_said_and_not_repeated(desk: Desk) -> None:
    desk.activated()
    desk.districts = [Listed("2001", "Springfield", obstacle="not enabled")]
    desk.mail.trouble = MailUncertain("no answer")
    assert [desk.poll()["unsent"] for _ in range(2)] == [["2001"], []]
    assert "support may not have been mailed" in desk.one().notice
    desk.districts = [shares()]
    desk.poll()
    assert "no longer shares" not in desk.one().notice
    assert "support may not have been mailed" in desk.one().notice


def test_two_polls_at_once_tell_of_a_stop_once(desk: Desk) -> None:
    desk.activated()
    desk.districts = [Listed("2001", "Springfield", obstacle="not enabled")]
    meanwhile(desk.applications, "all", desk.poll)
    desk.poll()
    assert sum("no longer shares" in letter.subject for letter in desk.mail.to(SUPPORT)) == 1


def test_a_district_that_stops_before_it_is_active_is_no_news(desk: Desk) -> None:
    desk.poll()
    desk.move("configuring", ACCOUNT)
    desk.districts = [Listed("2001", "Springfield", obstacle="not enabled")]
    desk.poll()
    assert (len(desk.mail.to(SUPPORT)), desk.one().notice) == (1, "")


def test_an_empty_list_is_not_believed(desk: Desk) -> None:
    desk.activated()
    written = list(desk.applications.writes)
    desk.districts = []
    report = desk.poll()
    assert "not believed" in report["suspicious"]
    assert (report["stopped"], desk.applications.writes, desk.one().shared) == ([], written, True)


def test_an_empty_list_before_the_first_district_is_no_news() -> None:
    assert Desk().poll()["suspicious"] == ""


# -- support decides


@pytest.mark.parametrize("level", [level for level in Level if level != Level.SUPPORT] + ["", "support", "Root"])
def test_nobody_but_support_moves(desk: Desk, level: str) -> None:
    desk.poll()
    with pytest.raises(Forbidden) as refused:
        desk.move("configuring", ACCOUNT, level=level)
    assert "support" in refused.value.help
    assert desk.one().state == "requested"


WAYS = {
    "requested": (),
    "configuring": ("configuring",),
    "active": ("configuring", "active"),
    "rejected": ("rejected",),
}


@pytest.mark.parametrize("state", MOVES)
@pytest.mark.parametrize("to", [*MOVES, "deleted"])
def test_an_illegal_move_names_what_is_allowed(desk: Desk, state: str, to: str) -> None:
    desk.poll()
    for step in WAYS[state]:
        desk.move(step, ACCOUNT if step == "configuring" else "")
    if to == state or to in MOVES[state]:
        assert desk.move(to, ACCOUNT if to == "configuring" else "")["state"] == to
        return
    with pytest.raises(MoveRefused) as refused:
        desk.move(to)
    assert f"is {state}" in refused.value.message
    assert all(allowed in refused.value.message for allowed in MOVES[state])
    assert desk.one().state == state


def test_configuring_ties_the_district_to_an_account(desk: Desk) -> None:
    desk.poll()
    with pytest.raises(MoveRefused, match="name the account"):
        desk.move("configuring")
    with pytest.raises(MoveRefused, match="no account 999"):
        desk.move("configuring", "999")
    assert desk.move("configuring", OTHER_ACCOUNT)["account"] == OTHER_ACCOUNT
    assert desk.move("configuring", ACCOUNT)["account"] == ACCOUNT, "a slip of the pen is corrected"
    with pytest.raises(MoveRefused, match="another account"):
        desk.move("active", OTHER_ACCOUNT)
    assert desk.accounts.integrations == {}


def test_an_account_belongs_to_one_district_unless_that_was_rejected(desk: Desk) -> None:
    desk.districts.append(shares("2002", "Shelbyville"))
    desk.poll()
    desk.move("configuring", ACCOUNT)
    with pytest.raises(MoveRefused, match="2001, which is configuring"):
        desk.move("configuring", ACCOUNT, "2002")
    desk.move("rejected")
    assert desk.move("configuring", ACCOUNT, "2002")["account"] == ACCOUNT
    desk.move("active", tenant="2002")
    desk.move("configuring", OTHER_ACCOUNT)
    assert desk.accounts.integrations[ACCOUNT].state == "active", "the rejected one's old account is another's now"


def test_an_account_that_imports_from_elsewhere_is_refused(desk: Desk) -> None:
    desk.accounts.integrations[ACCOUNT] = Integration(ACCOUNT, "elsewhere")
    desk.poll()
    with pytest.raises(MoveRefused, match="imports from elsewhere"):
        desk.move("configuring", ACCOUNT)


def test_an_unknown_district_cannot_be_moved(desk: Desk) -> None:
    with pytest.raises(NotSetUp, match="no district 2001"):
        desk.move("configuring", ACCOUNT)


def test_of_two_who_decide_at_once_the_second_is_told(desk: Desk) -> None:
    desk.poll()
    desk.move("configuring", ACCOUNT)
    desk.applications.meanwhile = {"state": "rejected"}
    with pytest.raises(MoveRefused, match="somebody else"):
        desk.move("active")
    assert (desk.accounts.integrations, desk.mail.to(EDNA)) == ({}, [])


@pytest.mark.parametrize("moment", ["of", "keep"])
def test_a_correction_of_the_account_beats_an_activation_in_flight(desk: Desk, moment: str) -> None:
    """Else the wrong account would import with the district's bearer, and its administrators would be mailed."""
    desk.poll()
    desk.move("configuring", ACCOUNT)
    meanwhile(desk.credentials, moment, lambda: desk.move("configuring", OTHER_ACCOUNT))
    with pytest.raises(MoveRefused, match="somebody else"):
        desk.move("active")
    assert (desk.one().state, desk.one().account) == ("configuring", OTHER_ACCOUNT)
    assert (desk.accounts.integrations, desk.mail.to(EDNA)) == ({}, [])
    assert desk.credentials.secrets == {ACCOUNT: {}}


def test_a_lost_activation_says_which_secret_it_could_not_empty(desk: Desk) -> None:
    desk.poll()
    desk.move("configuring", ACCOUNT)

    def corrected() -> None:
        desk.move("configuring", OTHER_ACCOUNT)
        desk.credentials.broken[ACCOUNT] = StoreRefused("bad")

    meanwhile(desk.credentials, "of", corrected)
    with pytest.raises(MoveRefused) as refused:
        desk.move("active")
    assert ACCOUNT in refused.value.help


# -- activation


def test_activation_makes_the_integration_and_its_secret(desk: Desk) -> None:
    desk.activated()
    made = desk.accounts.integrations[ACCOUNT]
    assert (made.provider, made.state) == (PROVIDER, "active")
    assert made.settings == {"base_url": "https://proxy.example", "application": "%2Fapp2001%3D"}
    assert desk.credentials.secrets == {ACCOUNT: {"token": "bearer-1"}}


def test_activation_keeps_what_an_integration_knows_already(desk: Desk) -> None:
    known = Integration(ACCOUNT, PROVIDER, {"page_size": 500}, "the ledger", state="configuring")
    desk.accounts.integrations[ACCOUNT] = known
    desk.activated()
    made = desk.accounts.integrations[ACCOUNT]
    assert (made.settings["page_size"], made.ledger, made.state) == (500, "the ledger", "active")


def test_a_district_that_does_not_share_cannot_become_active(desk: Desk) -> None:
    desk.poll()
    desk.move("configuring", ACCOUNT)
    for districts, why in (([shares(obstacle="not enabled")], "not enabled"), ([], "no longer lists")):
        desk.districts = districts
        with pytest.raises(MoveRefused, match=why):
            desk.move("active")
    assert (desk.one().state, desk.one().shared) == ("configuring", False)
    assert (desk.accounts.integrations, desk.credentials.secrets) == ({}, {})


def test_activation_reads_what_holds_now(desk: Desk) -> None:
    desk.poll()
    desk.move("configuring", ACCOUNT)
    desk.districts = [shares(bearer="bearer-2", application="%2Fnew%3D")]
    desk.move("active")
    assert desk.credentials.secrets[ACCOUNT] == {"token": "bearer-2"}
    assert desk.accounts.integrations[ACCOUNT].settings["application"] == "%2Fnew%3D"


def test_a_changed_bearer_of_an_active_district_replaces_the_secret(desk: Desk) -> None:
    desk.activated()
    desk.credentials.secrets[ACCOUNT]["client_id"] = "entered by support"
    desk.poll()
    assert desk.credentials.kept == 1
    desk.districts = [shares(bearer="bearer-2")]
    desk.poll()
    desk.poll()
    assert desk.credentials.secrets[ACCOUNT] == {"token": "bearer-2", "client_id": "entered by support"}
    assert desk.credentials.kept == 2


def test_an_active_district_that_added_us_anew_is_followed(desk: Desk) -> None:
    desk.activated()
    desk.accounts.integrations[ACCOUNT].settings["base_url"] = "set by support"
    desk.poll()
    assert desk.accounts.integrations[ACCOUNT].settings["base_url"] == "set by support"
    desk.districts = [shares(application="%2Fnew%3D")]
    desk.poll()
    assert desk.accounts.integrations[ACCOUNT].settings["application"] == "%2Fnew%3D"
    assert desk.accounts.integrations[ACCOUNT].state == "active"


BAD_SECRETS: list[Exception] = [
    StoreRefused("Secrets Manager (InvalidRequestException)"),
    ValueError("not JSON: bearer-1"),
]


@pytest.mark.parametrize("bad", BAD_SECRETS)
def test_one_accounts_bad_secret_is_named_and_stops_nobody_else(desk: Desk, bad: Exception) -> None:
    """A secret marked for deletion refuses to be read, until somebody restores it."""
    desk.activated()
    desk.credentials.broken[ACCOUNT] = bad
    desk.districts = [shares(bearer="bearer-2", application="%2Fnew%3D"), shares("2002", "Shelbyville")]
    report = desk.poll()
    assert (report["new"], list(report["unrenewed"])) == (["2002"], ["2001"])
    assert "bearer" not in json.dumps(report)
    assert "secret" in desk.one().notice
    assert desk.accounts.integrations[ACCOUNT].settings["application"] == "%2Fapp2001%3D", "never without its bearer"
    written = list(desk.applications.writes)
    desk.poll()
    assert desk.applications.writes == written
    desk.districts.pop(0)
    assert desk.poll()["stopped"] == ["2001"], "whether it shares is followed all the same"

    desk.districts.append(shares(bearer="bearer-2", application="%2Fnew%3D"))
    desk.credentials.broken.clear()
    assert desk.poll()["unrenewed"] == {}
    assert desk.credentials.secrets[ACCOUNT] == {"token": "bearer-2"}
    assert desk.accounts.integrations[ACCOUNT].settings["application"] == "%2Fnew%3D"
    assert (desk.one().notice, desk.one().settings["application"]) == ("", "%2Fnew%3D")


def test_another_notice_outlives_a_bad_secret(desk: Desk) -> None:
    desk.accounts.admins = {}
    notice = desk.activated()["notice"]
    desk.credentials.broken[ACCOUNT] = StoreRefused("bad")
    assert desk.poll()["unrenewed"] == {"2001": "bad"}
    assert all(said in desk.one().notice for said in (notice, "cannot be read or written"))
    desk.credentials.broken.clear()
    desk.poll()
    assert desk.one().notice == notice


@pytest.mark.parametrize(
    ("port", "method"),
    [("applications", "all"), ("applications", "of"), ("credentials", "of"), ("credentials", "keep")],
)
def test_a_poll_gives_no_bearer_back_to_an_account_that_the_district_leaves(desk: Desk, port: str, method: str) -> None:
    desk.activated()
    desk.districts = [shares(bearer="bearer-2")]
    meanwhile(getattr(desk, port), method, lambda: desk.move("configuring", OTHER_ACCOUNT))
    desk.poll()
    assert (desk.one().account, desk.credentials.secrets) == (OTHER_ACCOUNT, {ACCOUNT: {}})


@pytest.mark.parametrize(("to", "account"), [("configuring", OTHER_ACCOUNT), ("rejected", "")])
def test_a_bearer_that_a_poll_keeps_while_support_moves_is_emptied(desk: Desk, to: str, account: str) -> None:
    """Support empties the secret before the move, and the poll, which still sees the district active, fills it."""
    desk.activated()
    if to == "rejected":
        desk.move("configuring")
    desk.districts = [shares(bearer="bearer-2")]
    meanwhile(desk.credentials, "keep", lambda: desk.credentials.keep(ACCOUNT, PROVIDER, {"token": "bearer-2"}))
    desk.move(to, account)
    assert desk.credentials.secrets == {ACCOUNT: {}}


def test_a_bearer_that_a_poll_cannot_take_back_is_reported(desk: Desk) -> None:
    desk.activated()
    desk.districts = [shares(bearer="bearer-2")]

    def moved() -> None:
        desk.move("configuring", OTHER_ACCOUNT)
        desk.credentials.broken[ACCOUNT] = StoreRefused("bad")

    meanwhile(desk.credentials, "of", moved)
    assert ACCOUNT in desk.poll()["unrenewed"]["2001"]
    assert "secret" in desk.one().notice


def test_a_district_that_is_not_active_has_no_secret(desk: Desk) -> None:
    desk.poll()
    desk.move("configuring", ACCOUNT)
    desk.poll()
    assert desk.credentials.secrets == {}


def test_reopening_stops_the_import_at_the_same_moment(desk: Desk) -> None:
    desk.activated()
    assert desk.move("configuring")["account"] == ACCOUNT
    assert desk.accounts.integrations[ACCOUNT].state == "configuring"
    desk.move("active")
    assert desk.accounts.integrations[ACCOUNT].state == "active"


def test_reopening_for_another_account_leaves_the_first_one_stopped(desk: Desk) -> None:
    desk.activated()
    desk.move("configuring", OTHER_ACCOUNT)
    desk.move("active")
    states = {account: found.state for account, found in desk.accounts.integrations.items()}
    assert states == {ACCOUNT: "configuring", OTHER_ACCOUNT: "active"}


@pytest.mark.parametrize("reopened", [True, False])
def test_another_account_leaves_no_bearer_with_the_first(desk: Desk, reopened: bool) -> None:
    desk.activated()
    if reopened:
        desk.move("configuring")
    desk.move("configuring", OTHER_ACCOUNT)
    assert desk.credentials.secrets == {ACCOUNT: {}}
    desk.move("active")
    assert desk.credentials.secrets == {ACCOUNT: {}, OTHER_ACCOUNT: {"token": "bearer-1"}}
    kept = desk.credentials.kept
    desk.move("configuring")
    desk.move("configuring", ACCOUNT)
    desk.move("active")
    assert desk.credentials.secrets == {ACCOUNT: {"token": "bearer-1"}, OTHER_ACCOUNT: {}}
    assert desk.credentials.kept == kept + 2


def test_a_rejected_district_leaves_no_bearer(desk: Desk) -> None:
    desk.activated()
    desk.move("configuring")
    assert desk.move("rejected")["notice"] == ""
    assert desk.credentials.secrets == {ACCOUNT: {}}
    assert desk.accounts.integrations[ACCOUNT].state == "configuring"


def test_a_bad_secret_does_not_stop_a_rejection_and_is_said(desk: Desk) -> None:
    desk.activated()
    desk.move("configuring")
    desk.credentials.broken[ACCOUNT] = StoreRefused("bad")
    told = desk.move("rejected")
    assert (told["state"], ACCOUNT in told["notice"], desk.one().notice) == ("rejected", True, told["notice"])


@pytest.mark.parametrize(("to", "account"), [("rejected", ""), ("configuring", OTHER_ACCOUNT)])
def test_an_import_that_was_set_up_by_hand_keeps_its_credential(desk: Desk, to: str, account: str) -> None:
    """It runs without any district: a slip of the pen must not stop it."""
    desk.accounts.integrations[ACCOUNT] = Integration(ACCOUNT, PROVIDER)
    desk.credentials.secrets[ACCOUNT] = {"client_id": "entered by support"}
    desk.poll()
    desk.move("configuring", ACCOUNT)
    desk.move(to, account)
    assert desk.credentials.secrets == {ACCOUNT: {"client_id": "entered by support"}}


def test_a_correction_makes_no_secret(desk: Desk) -> None:
    desk.poll()
    desk.move("configuring", ACCOUNT)
    desk.move("configuring", OTHER_ACCOUNT)
    assert desk.credentials.secrets == {}


def test_a_refused_move_takes_no_secret(desk: Desk) -> None:
    desk.activated()
    with pytest.raises(MoveRefused):
        desk.move("configuring", "999")
    assert desk.credentials.secrets == {ACCOUNT: {"token": "bearer-1"}}


def test_the_first_accounts_secret_may_be_another_districts_by_now(desk: Desk) -> None:
    desk.activated()
    desk.move("configuring")
    desk.move("rejected")
    desk.districts.append(shares("2002", "Shelbyville", "bearer-2002"))
    desk.poll()
    desk.move("configuring", ACCOUNT, "2002")
    desk.move("active", tenant="2002")
    desk.move("configuring", OTHER_ACCOUNT)
    assert desk.credentials.secrets[ACCOUNT] == {"token": "bearer-2002"}


@pytest.mark.parametrize("bad", BAD_SECRETS)
def test_a_bad_secret_of_the_first_account_is_said_and_holds_nobody(desk: Desk, bad: Exception) -> None:
    desk.activated()
    desk.credentials.broken[ACCOUNT] = bad
    told = desk.move("configuring", OTHER_ACCOUNT)
    assert (told["account"], ACCOUNT in told["notice"], desk.one().notice) == (OTHER_ACCOUNT, True, told["notice"])
    assert desk.move("active")["state"] == "active"


# -- the mail


def test_administrators_get_one_mail_with_the_phrase_and_the_link(desk: Desk) -> None:
    told = desk.activated()
    ((to, letter),) = [sent for sent in desk.mail.sent if EDNA in sent[0]]
    assert list(to) == [EDNA, "seymour@springfield.example"]
    for body in (letter.text, letter.html):
        assert "the data import is active and ready for use" in body
        assert "Springfield Unified" in body
        assert f"{IMPORTER}?ven={ACCOUNT}" in body
    assert (told["mailed"], told["notice"]) == (1, "")


def test_activating_again_mails_nobody_and_a_new_activation_does(desk: Desk) -> None:
    desk.activated()
    assert desk.move("active")["state"] == "active"
    assert len(desk.mail.to(EDNA)) == 1
    desk.move("configuring")
    assert desk.move("active")["activation"] == 2
    assert len(desk.mail.to(EDNA)) == 2


def test_a_mail_that_did_not_leave_is_tried_when_support_activates_again(desk: Desk) -> None:
    desk.poll()
    desk.move("configuring", ACCOUNT)
    desk.mail.trouble = MailNotSent("refused")
    told = desk.move("active")
    assert (told["state"], told["mailed"]) == ("active", 0)
    assert "not mailed" in desk.one().notice
    told = desk.move("active")
    assert (told["mailed"], told["notice"], desk.one().notice) == (1, "", "")
    desk.move("active")
    assert len(desk.mail.to(EDNA)) == 1


def test_a_mail_that_may_have_left_is_not_sent_again(desk: Desk) -> None:
    desk.poll()
    desk.move("configuring", ACCOUNT)
    desk.mail.trouble = MailUncertain("no answer")
    assert "may not have been mailed" in desk.move("active")["notice"]
    desk.move("active")
    assert desk.mail.to(EDNA) == []
    assert "may not have been mailed" in desk.one().notice


def test_a_crash_before_the_mail_has_left_is_said_for_good(desk: Desk) -> None:
    desk.poll()
    desk.move("configuring", ACCOUNT)
    desk.mail.trouble = SystemExit()
    with pytest.raises(SystemExit):
        desk.move("active")
    assert "may not have been mailed" in desk.one().notice
    assert "may not have been mailed" in desk.move("active")["notice"]
    assert desk.mail.to(EDNA) == []


def test_a_crash_before_the_mail_was_claimed_is_said_and_mended(desk: Desk) -> None:
    desk.poll()
    desk.move("configuring", ACCOUNT)
    meanwhile(desk.applications, "moved", killed)
    with pytest.raises(SystemExit):
        desk.move("active")
    assert "were not mailed" in desk.one().notice
    assert desk.move("active")["notice"] == ""
    assert len(desk.mail.to(EDNA)) == 1


def test_an_account_without_administrators_is_told_to_support_and_mended(desk: Desk) -> None:
    desk.accounts.admins = {}
    told = desk.activated()
    assert told["state"] == "active"
    assert "no administrator" in told["notice"]
    assert "no administrator" in desk.onboarding.applications()[0]["notice"]
    desk.accounts.admins = {ACCOUNT: [EDNA]}
    assert desk.move("active")["notice"] == ""
    assert len(desk.mail.to(EDNA)) == 1


def test_what_support_sees_says_what_is_possible_and_holds_no_bearer(desk: Desk) -> None:
    told = [desk.poll(), desk.move("configuring", ACCOUNT), desk.move("active"), *desk.onboarding.applications()]
    assert told[-1]["allowed"] == ["configuring"]
    everything = json.dumps(told) + repr(desk.applications.items) + repr(desk.districts) + repr(desk.mail.sent)
    assert "bearer-1" not in everything


def test_a_name_from_outside_adds_neither_header_nor_markup() -> None:
    name = 'Evil\r\nBcc: all@example.com <a href="x">' + "x" * 500
    letters = activated(name, "116", IMPORTER), requested("provider", "7", name, ""), stopped("p", "7", name, "1", name)
    for letter in letters:
        assert "\n" not in letter.subject
        assert "\r" not in letter.subject
        assert len(letter.subject) < 200
        assert '<a href="x">' not in letter.html


LINKS = (
    "http://evil.example/login https://evil.example ftp://evil.example //evil.example/x www.evil.example"
    " evil.example evil.example/login mailto:a@evil.example a@evil.example tel:5551234 (http://evil.example)"
    " http:\u200b//evil.example evil\u3002example evil\uff0eexample http\uff1a\uff0f\uff0fevil.example"
    " evil.\u202eexample ht\u00adtp://evil.example file:\\\\evil.example javascript:x"
).split(" ")


@pytest.mark.parametrize("link", LINKS)
def test_a_name_from_outside_is_no_link(link: str) -> None:
    """Mail programs make links of what looks like one: an address with a scheme, or a name with a dot."""
    for name in (link, f"Springfield {link} Unified"):
        told = requested("provider", "7", name, "")
        for text in (told.subject, told.text, told.html):
            said = unicodedata.normalize("NFKC", text).replace("\u3002", ".")
            assert not re.search(r"//|\\\\|www\.\w|\w:\w|@\w+\.\w|evil\.e", said.replace("<!doctype html>", "")), said


@pytest.mark.parametrize(
    "name", ["St. Mary's", "P.S. 118", "K-8/Senior High", "No. 5: East", "Śródmieście 美咲 דוד", "A & B"]
)
def test_a_schools_own_name_stays(name: str) -> None:
    assert activated(name, "116", IMPORTER).subject == f"pickAtime: the data import of {name} is active"


@pytest.mark.parametrize(
    "mark", "\x00 \x07 \x1b \x7f \x9b \u200e \u202a \u202e \u2066 \u2069 \ufeff \ud800 \ue000".split(" ")
)
def test_a_name_turns_no_text_around(mark: str) -> None:
    assert requested("provider", "7", f"a{mark}b", "").subject == "New district at provider: ab"


def test_a_name_of_which_nothing_is_left() -> None:
    assert requested("provider", "7", "http://evil.example/login", "").subject == "New district at provider: tenant 7"
    assert "of your school is active" in activated("\u202e", "116", IMPORTER).subject


def test_the_phrase() -> None:
    assert ACTIVE == "the data import is active and ready for use"
