"""What a school is told by mail of a run's end, the yes that such a mail leads to, and who did what, when.

Through the real template: the run's last step has the administration's function write the mail.
"""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from local.stack import Stack
from roster import keys
from roster.model import Level
from roster.sessions import digest
from tests.e2e.admin import Admin, mails_to, put, refusal
from tests.e2e.test_admin_importer import Office
from tests.e2e.toolkit import School, account_numbers, birth_dates, enrolled_of, tiny

DECISIONS = re.compile(r"http://[\w.:]+/api/held/[\w-]{43}/(?:approve|discard)")
SIGN_IN = re.compile(r"http://[\w.:]+/api/sign-in/[\w-]{43}")


def mailed(email: str, number: int = 1) -> list[str]:
    """What was mailed to this address, once so many mails are there."""
    until = time.monotonic() + 20
    while len(found := mails_to(email)) < number and time.monotonic() < until:
        time.sleep(0.05)
    assert len(found) == number, [vars(mail)["subject"] for mail in found]
    return [str(vars(mail)) for mail in found]


def opened(link: str, web: Any = requests) -> requests.Response:
    answer: requests.Response = web.get(link, timeout=30)
    assert answer.headers["content-type"].startswith("text/html")
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    return answer


def press(admin: Admin, link: str, path: str = "", **form: str) -> requests.Response:
    """What the page's form sends."""
    headers = {"Origin": admin.stack.url}
    return admin.web.post(link + path, data=form, headers=headers, allow_redirects=False, timeout=30)


def noted(office: Office, run: str) -> str:
    """What became of the mail about a run, once it was written down."""
    until = time.monotonic() + 20
    while not (mail := str(office.told(run)["mail"])) and time.monotonic() < until:
        time.sleep(0.05)
    return mail


@pytest.fixture(scope="module")
def office(stack: Stack, open_school: Callable[..., School]) -> Office:
    """A school whose import of fewer students is held; the first import is applied."""
    one = Office(stack, open_school(tiny(40)))
    assert one.run()["status"] == "applied"
    return one


@pytest.fixture
def held(office: Office) -> tuple[str, list[str]]:
    """A held run, and the two links of the mail about it."""
    before = len(mails_to(office.admin.email))
    gone = enrolled_of(office.school.district)[:12]
    for student in gone:
        office.school.district.leave(student)
    run = office.run()
    assert run["status"] == "held"
    text = mailed(office.admin.email, before + 1)[-1]
    assert "students would leave." in text
    assert "Conference" in text
    approve, discard = dict.fromkeys(DECISIONS.findall(text))
    assert approve.endswith("/approve")
    assert discard.endswith("/discard")
    assert not [date for date in birth_dates(office.school.district) if date in text]
    return run["run"], [approve, discard]


def test_a_held_run_is_approved_from_its_mail_by_who_signs_in(office: Office, held: tuple[str, list[str]]) -> None:
    run, (approve, discard) = held
    for link in (approve, discard):
        page = opened(link)  # as a mail scanner does
        assert page.status_code == 200
        assert "students would leave." in page.text
        assert "Mail me a link" in page.text
        assert "<button" in page.text
        assert ">Approve<" not in page.text
        assert ">Discard<" not in page.text
    assert office.told(run)["decided"] == ""
    nobody = Admin(office.admin.stack, office.admin.account)
    assert refusal(press(nobody, approve)) == (401, "NotSignedIn")

    seymour = Admin.made(office.admin.stack, office.admin.account)
    asked = press(seymour, approve, "/sign-in", email=seymour.email)
    assert (asked.status_code, asked.headers["content-type"].startswith("text/html")) == (202, True)
    stranger = press(seymour, approve, "/sign-in", email="stranger@harbor.example")
    assert (stranger.status_code, stranger.text) == (202, asked.text)
    (link,) = set(SIGN_IN.findall(mailed(seymour.email)[0]))
    done = seymour.use(link)
    assert done.status_code == 303
    assert approve.endswith(done.headers["location"])
    assert ">Approve<" in opened(approve, seymour.web).text
    assert office.told(run)["decided"] == "", "opening does nothing, signed in or not"

    answer = press(seymour, approve)
    assert answer.status_code == 200, answer.text
    assert "Approved" in answer.text
    told = office.told(run)
    assert told["decided"] == "approved"
    applied = office.ended(told["decided_by"])
    assert (applied["status"], applied["by"]) == ("applied", seymour.id)
    for link in (approve, discard):
        assert press(seymour, link).status_code == 404
        assert opened(link, seymour.web).status_code == 404

    rows = office.admin.get(f"/api/audit?about=event%20{office.event}&limit=3").json()["items"]
    assert [(row["action"], row["by"], row["about"]) for row in rows[:2]] == [
        ("run.import", seymour.id, f"event {office.event} run {applied['run']}"),
        ("import.decide", seymour.id, f"event {office.event} run {run}"),
    ]
    assert rows[0]["after"]["student.departed"] == applied["report"]["counts"]["student"]["departed"]
    assert rows[1]["after"]["run"] == applied["run"]


def test_a_link_is_for_nobody_else(office: Office, held: tuple[str, list[str]]) -> None:
    run, (approve, discard) = held
    stack, account = office.admin.stack, office.admin.account
    stranger = Admin.of(stack, str(next(account_numbers)))
    helper = Admin.of(stack, account, Level.EVENT_ADMINISTRATOR, [office.event])
    assert ">Approve<" not in opened(approve, stranger.web).text
    assert press(stranger, approve).status_code == 404
    assert ">Approve<" not in opened(approve, helper.web).text
    assert refusal(press(helper, approve)) == (403, "Forbidden")
    from_elsewhere = office.admin.web.post(approve, headers={"Origin": "https://evil.example"}, timeout=30)
    assert refusal(from_elsewhere) == (403, "Forbidden")
    made_up = re.sub(r"[\w-]{43}", "x" * 43, approve)
    assert opened(made_up).status_code == 404
    assert office.told(run)["decided"] == ""

    early = Admin.of(stack, account)
    hour = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    put(stack, keys.session(digest(early.web.cookies["sid"])), {"created": {"S": hour}})
    assert early.get("/api/session").status_code == 200
    assert ">Approve<" not in opened(approve, early.web).text, "who is at somebody's desk has no mail of theirs"
    assert press(early, approve).status_code == 404
    assert office.told(run)["decided"] == ""

    assert ">Discard<" in opened(discard, office.admin.web).text
    assert press(office.admin, discard).status_code == 200
    assert office.told(run)["decided"] == "discarded"
    assert press(office.admin, approve).status_code == 404


def test_a_failed_run_is_told_once_to_whom_the_account_names(stack: Stack, open_school: Callable[..., School]) -> None:
    office = Office(stack, open_school(tiny()))
    it = f"it{office.admin.account}@harbor.example"
    told = office.admin.patch("/api/account", {"notify": [it, it.upper()]}).json()
    assert [one.casefold() for one in told["notify"]] == [it]
    office.admin.patch("/api/account", {"notify": [it]})
    office.school.settle(secret={"token": "is not valid any more"})
    first = office.run()
    assert first["status"] == "failed"
    (text,) = mailed(it)
    assert "My Applications > pickAtime" in text or "My Applications &gt; pickAtime" in text
    assert "support@pickatime.com" in text
    assert noted(office, first["run"]) == "mailed to 1: pickAtime: the import failed"
    again = office.run()
    assert again["status"] == "failed"
    office.school.settle()
    assert office.run()["status"] == "applied"
    assert len(mails_to(it)) == 1
    assert mails_to(office.admin.email) == []
    assert office.told(again["run"])["mail"] == ""
    (row, _) = office.admin.get("/api/audit?action=account.change").json()["items"]
    assert (row["before"]["notify"], row["after"]["notify"]) == ([it.upper()], [it])


def test_the_audit_is_read_in_pages_and_as_a_file_and_changed_by_nobody(office: Office) -> None:
    admin = office.admin
    event = admin.new_event("=Fall")["id"]
    admin.patch(f"/api/events/{event}", {"name": "Autumn", "settings": {"slot_minutes": 15}})
    (changed, made) = admin.get(f"/api/audit?about=event%20{event}").json()["items"]
    assert (made["action"], made["by"], made["name"]) == ("event.create", admin.id, "Edna Krabappel")
    assert changed["before"] == {"name": "=Fall", "settings.slot_minutes": 10}
    assert changed["after"] == {"name": "Autumn", "settings.slot_minutes": 15}
    first = admin.get("/api/audit?limit=2").json()
    second = admin.get(f"/api/audit?limit=2&cursor={first['next']}").json()
    listed = [row["at"] for row in first["items"] + second["items"]]
    assert listed == sorted(listed, reverse=True)
    assert len(set(listed)) == 4

    answer = admin.get(f"/api/audit/file?by={admin.id}")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert {"event.create", "event.change", "import.start", "run.import"} <= {row["action"] for row in rows}
    assert {row["by"] for row in rows} == {admin.id}
    everything = admin.get("/api/audit/file").text
    assert not [date for date in birth_dates(office.school.district) if date in everything]
    for method in ("PUT", "PATCH", "DELETE", "POST"):
        for path in ("/api/audit", "/api/audit/file"):
            assert refusal(admin.call(method, path, {}))[0] == 405
    helper = Admin.of(admin.stack, admin.account, Level.EVENT_ADMINISTRATOR, [office.event])
    assert refusal(helper.get("/api/audit")) == (403, "Forbidden")
    stranger = Admin.of(admin.stack, str(next(account_numbers)))
    assert [row["action"] for row in stranger.get("/api/audit").json()["items"]] == ["administrator.make"]
