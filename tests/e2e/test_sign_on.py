"""People sign in through their school's identity provider, over HTTP, with real signatures; parents link children.

The numbers are those of the refusals in providers/sign-on.md §11.
"""

from __future__ import annotations

import re
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from json import dumps, loads
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit
from zlib import decompress

import pytest
import requests
import xmlsec

from local.sandbox.faults import Reply
from local.sandbox.serving import Request, Sandbox
from local.sandbox.veracross import VeracrossSandbox
from local.stack import Stack
from roster import keys
from roster.sessions import digest
from roster.signon import SignOn
from tests.e2e.admin import Admin, mails_to, put, refusal
from tests.e2e.sign_on import Browser, write_settings
from tests.e2e.test_admin_importer import Office
from tests.e2e.test_admin_sign_in import wait_for
from tests.e2e.toolkit import Evidence, School, tiny
from tests.e2e.veracross import VeracrossSchool, plain
from tests.fakes.entra import CLIENT, TENANT, Entra
from tests.fakes.saml_idp import ENTITY, Idp, Says, key

UNABLE = "We are unable to find your student records with the values you have supplied."
CODE = re.compile(r"\b[0-9]{4} [0-9]{4}\b")
NUMBER = re.compile(r"this number: ([0-9a-f]{8})")


class Metadata(Sandbox):
    """A metadata URL of ClassLink's, on loopback."""

    def __init__(self) -> None:
        super().__init__(0, None)
        self.certificates, self.entity, self.broken = [key("idp").der], ENTITY, b""

    def answer(self, request: Request) -> Reply:
        many = "".join(
            f'<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>'
            f"<ds:X509Certificate>{one}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
            for one in self.certificates
        )
        text = (
            f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{self.entity}">'
            f'<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{many}'
            '<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" '
            f'Location="{self.url}/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>'
        )
        return Reply(200, self.broken or text.encode(), kind="application/samlmetadata+xml")


@dataclass
class SamlSchool:
    """An account whose people sign in by ClassLink; `idp` answers whatever it was asked."""

    office: Office
    metadata: Metadata
    idp: Idp = field(default_factory=Idp)

    @property
    def admin(self) -> Admin:
        return self.office.admin

    @property
    def account(self) -> str:
        return self.admin.account

    def set_up(self) -> SamlSchool:
        saved = self.admin.call("PUT", "/api/sign-on/classlink", {"metadata_url": f"{self.metadata.url}/metadata"})
        assert saved.status_code == 200, saved.text
        chosen = self.admin.patch("/api/sign-on", {"provider": "classlink"})
        assert chosen.status_code == 200, chosen.text
        self.addresses = {one["provider"]: one["addresses"] for one in chosen.json()["providers"]}["classlink"]
        return self

    def begin(self, browser: Browser, to: str = "") -> tuple[str, str]:
        """(RelayState, the request's id)."""
        answer = browser.get(self.addresses["Login URL"] + (f"?to={to}" if to else ""))
        assert answer.status_code == 303, answer.text
        return ids_of(answer)

    def says(self, request: str | None, **more: Any) -> Says:
        told = {"acs": self.addresses["Assertion Consumer Service URL"], "audience": self.addresses["SP Metadata URL"]}
        unique = f"_{datetime.now(UTC).timestamp()}-{id(object())}".replace(".", "")
        return Says(**{**told, "request": request, "assertion_id": unique, **more})

    def answer(self, browser: Browser, state: str, says: Says, **edit: Any) -> requests.Response:
        form = {"SAMLResponse": self.idp.respond(says, **edit), "RelayState": state}
        return browser.post(self.addresses["Assertion Consumer Service URL"], form, origin="https://idp.example")

    def sign_in(self, browser: Browser, **said: Any) -> requests.Response:
        state, request = self.begin(browser)
        return self.answer(browser, state, self.says(request, **said))

    def log(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.admin.get("/api/sign-on/log").json()["items"]
        return found


@pytest.fixture(scope="module")
def metadata() -> Iterator[Metadata]:
    with Metadata() as server:
        yield server


@pytest.fixture(scope="module")
def school(stack: Stack, open_school: Callable[..., School], metadata: Metadata) -> SamlSchool:
    office = Office(stack, open_school(tiny()))
    assert office.run()["status"] == "applied"
    return SamlSchool(office, metadata).set_up()


def parents(school: SamlSchool) -> list[Any]:
    """Imported, each with an address of their own and a child."""
    found = [one for (kind, _), one in sorted(school.office.school.contacts().items()) if kind == "parent"]
    emails = [one.email for one in found]
    return [one for one in found if one.email and emails.count(one.email) == 1 and one.related]


def students(school: SamlSchool) -> dict[str, Any]:
    return {id: one for (kind, id), one in school.office.school.contacts().items() if kind == "student"}


def said_of(one: Any) -> dict[str, Any]:
    return {"name_id": f"user-{one.id}", "attributes": {"Email": (one.email.upper(),)}}


def refused(answer: requests.Response) -> str:
    """The number that whoever was refused is told; nothing else, and no cookie."""
    assert 400 <= answer.status_code < 500, answer.text
    assert "set-cookie" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    return NUMBER.search(answer.text)[1]  # type: ignore[index]


def reason(school: SamlSchool, answer: requests.Response) -> str:
    number = refused(answer)
    return next(one["outcome"] for one in school.log() if one["number"] == number)


def test_a_parent_signs_in_sees_their_child_and_signs_out(stack: Stack, school: SamlSchool) -> None:
    parent = parents(school)[0]
    browser = Browser(stack)
    assert browser.home().status_code == 401
    answer = school.sign_in(browser, **said_of(parent))
    assert (answer.status_code, answer.headers["location"]) == (303, "/client/home")
    home = browser.home()
    assert home.status_code == 200
    child = students(school)[parent.related[0][0]]
    assert f"{child.first} {child.last}".strip().split()[0] in home.text
    assert school.log()[0]["outcome"] == "e-mail"
    assert browser.act("/client/sign-out", {}).status_code == 200
    assert browser.home().status_code == 401
    assert school.sign_in(browser, **{**said_of(parent), "attributes": {}}).status_code == 303
    assert school.log()[0]["outcome"] == "link", "known without an address from now on"


def test_one_person_is_one_contact_and_two_are_two(stack: Stack, school: SamlSchool) -> None:
    """077: whoever has the address of somebody who is linked is not that one."""
    parent = parents(school)[1]
    assert school.sign_in(Browser(stack), **said_of(parent)).status_code == 303
    other = school.sign_in(Browser(stack), **{**said_of(parent), "name_id": "another person"})
    assert reason(school, other) == "taken"


def test_042_whoever_did_not_start_here_is_sent_to_our_start(stack: Stack, school: SamlSchool) -> None:
    browser = Browser(stack)
    answer = school.answer(browser, "", school.says(None, outer=None))
    assert answer.status_code == 303
    assert answer.headers["location"].endswith("/start")
    assert browser.home().status_code == 401


def test_043_the_same_response_many_times_at_once_makes_one_session(stack: Stack, school: SamlSchool) -> None:
    browser = Browser(stack)
    state, request = school.begin(browser)
    form = {
        "SAMLResponse": school.idp.respond(school.says(request, **said_of(parents(school)[2]))),
        "RelayState": state,
    }
    cookies = dict(browser.web.cookies)

    def send(n: int) -> int:
        acs = school.addresses["Assertion Consumer Service URL"]
        return requests.post(acs, data=form, cookies=cookies, allow_redirects=False, timeout=60).status_code

    with ThreadPoolExecutor(12) as threads:
        statuses = list(threads.map(send, range(50)))
    assert sorted(statuses) == [303] + [403] * 49


def test_044_the_same_assertion_under_a_new_sign_in_is_a_replay(stack: Stack, school: SamlSchool) -> None:
    """Also by whoever could have it answer the new request."""
    said = said_of(parents(school)[0])
    one, other = Browser(stack), Browser(stack)
    state, request = school.begin(one)
    says = school.says(request, **said)
    assert school.answer(one, state, says).status_code == 303
    state, request = school.begin(other)
    again = school.says(request, **{**said, "assertion_id": says.assertion_id})
    assert reason(school, school.answer(other, state, again)) == "replay"


def test_046_the_answer_came_to_another_browser(stack: Stack, school: SamlSchool) -> None:
    victim, attacker = Browser(stack), Browser(stack)
    state, request = school.begin(attacker)
    says = school.says(request, **said_of(parents(school)[0]))
    assert reason(school, school.answer(victim, state, says)) == "other_browser"
    assert victim.home().status_code == 401
    refused(school.answer(attacker, state, says))


def test_two_tabs_of_one_browser_sign_in(stack: Stack, school: SamlSchool) -> None:
    """The one that began first ends, too."""
    browser = Browser(stack)
    begun = [school.begin(browser) for _ in range(2)]
    for state, request in begun:
        answer = school.answer(browser, state, school.says(request, **said_of(parents(school)[0])))
        assert answer.status_code == 303


def test_who_begins_on_www_is_sent_to_the_host_that_the_answer_comes_to(stack: Stack, school: SamlSchool) -> None:
    browser, start = Browser(stack), school.addresses["Login URL"]
    answer = browser.get(f"{start}?to=/client/home", headers={"Host": f"www.{stack.url.partition('://')[2]}"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{start}?to=/client/home")
    assert "set-cookie" not in answer.headers


def test_047_a_sign_in_that_took_too_long(stack: Stack, school: SamlSchool) -> None:
    browser = Browser(stack)
    state, request = school.begin(browser)
    put(stack, keys.pending(digest(state)), {"expires": {"N": "1"}})
    answer = school.answer(browser, state, school.says(request, **said_of(parents(school)[0])))
    assert reason(school, answer) == "state_expired"


def test_a_forged_answer_is_refused_and_ends_the_sign_in(stack: Stack, school: SamlSchool) -> None:
    browser = Browser(stack)
    state, request = school.begin(browser)
    forged = Idp(with_key=key("evil")).respond(school.says(request, **said_of(parents(school)[0])))
    acs = school.addresses["Assertion Consumer Service URL"]
    assert reason(school, browser.post(acs, {"SAMLResponse": forged, "RelayState": state})) == "signature"
    good = school.says(request, **said_of(parents(school)[0]))
    refused(school.answer(browser, state, good))
    assert browser.home().status_code == 401


@pytest.mark.parametrize("form", ["", "SAMLResponse=a&SAMLResponse=b", "SAMLResponse=", "{}"])
def test_022_nonsense_is_refused_and_breaks_nothing(stack: Stack, school: SamlSchool, form: str) -> None:
    acs = school.addresses["Assertion Consumer Service URL"]
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = requests.post(acs, data=form, headers=headers, allow_redirects=False, timeout=30)
    assert 400 <= answer.status_code < 500
    assert requests.get(acs, timeout=30).status_code in (404, 405)


@pytest.mark.parametrize(
    "to", ["https://evil", "//evil", "/\\evil", "/%09/evil", "javascript:x", "/x%0d%0aSet-Cookie:a=b"]
)
def test_083_where_a_sign_in_may_lead(stack: Stack, school: SamlSchool, to: str) -> None:
    browser = Browser(stack)
    state, request = school.begin(browser, to)
    answer = school.answer(browser, state, school.says(request, **said_of(parents(school)[0])))
    assert answer.headers["location"] in ("/client/home", "/%09/evil", "/x%0d%0aSet-Cookie:a=b")
    assert "evil" not in (urlsplit(answer.headers["location"]).netloc or "")


def test_084_a_session_from_before_is_not_taken_over(stack: Stack, school: SamlSchool) -> None:
    browser = Browser(stack)
    browser.web.cookies.set("sid", "fixed-by-somebody", domain="127.0.0.1", path="/")
    assert browser.home().status_code == 401
    assert school.sign_in(browser, **said_of(parents(school)[0])).status_code == 303
    assert "fixed-by-somebody" not in [one.value for one in browser.web.cookies if one.name == "sid"]
    first = browser.web.cookies["sid"]
    school.sign_in(browser, **said_of(parents(school)[0]))
    old = Browser(stack)
    old.web.cookies.set("sid", first, domain="127.0.0.1", path="/")
    assert old.home().status_code == 401, "the one from before is over"


def test_086_a_parents_session_opens_nothing_of_the_administration(stack: Stack, school: SamlSchool) -> None:
    browser = Browser(stack)
    school.sign_in(browser, **said_of(parents(school)[0]))
    for path in ("/api/session", "/api/contacts", "/api/sign-on"):
        assert refusal(browser.get(path)) == (401, "NotSignedIn")


def test_089_another_sites_post_changes_nothing(stack: Stack, school: SamlSchool) -> None:
    browser = Browser(stack)
    school.sign_in(browser, **said_of(parents(school)[0]))
    for path in ("/client/children", "/client/sign-out"):
        assert (
            browser.post(path, {"number": "1", "born": "2012-04-08"}, origin="https://evil.example").status_code == 403
        )
    assert browser.home().status_code == 200


def test_090_no_attribute_raises_a_level(stack: Stack, school: SamlSchool) -> None:
    parent = parents(school)[0]
    said = said_of(parent)
    said["attributes"] = {**said["attributes"], "Role": ("Administrator",)}
    assert school.sign_in(Browser(stack), **said).status_code == 303
    told = school.admin.get(f"/api/contacts/clever/parent/{keys.in_address(parent.id)}").json()
    assert told["level"] == "Customer"


def code_for(email: str) -> str:
    """Of the newest mail with a code."""

    def codes() -> list[str]:
        return [found[0] for one in mails_to(email) if (found := CODE.search(str(vars(one))))]

    return str(wait_for(codes)[-1])


def test_074_an_administrator_proves_the_address_once_and_works_then(stack: Stack, school: SamlSchool) -> None:
    """By a code that is mailed to the address that the school has; from then on by the identity provider alone."""
    principal = Admin.made(stack, school.account)
    mine = {"name_id": "principal", "attributes": {"Email": (principal.email,)}}
    browser, other = Browser(stack), Browser(stack)
    asked = school.sign_in(browser, **mine)
    assert (asked.status_code, "One more step" in asked.text) == (200, True)
    assert browser.home().status_code == 401
    code = code_for(principal.email)
    assert "code was used, is too old" in other.act("/client/confirm", {"code": code}).text, "in another browser"
    wrong = browser.act("/client/confirm", {"code": "0000 0000"})
    assert (wrong.status_code, "That was not the code" in wrong.text) == (403, True)
    foreign = browser.post("/client/confirm", {"code": code}, origin="https://evil.example")
    assert foreign.status_code == 403
    done = browser.act("/client/confirm", {"code": code})
    assert (done.status_code, done.headers["location"]) == (303, "/client/home")
    assert 'href="/admin"' in browser.home().text
    assert browser.get("/api/session").json()["person"]["email"] == principal.email
    assert "Administrator of account" in browser.get("/admin").text
    again = Browser(stack)
    assert school.sign_in(again, **mine).status_code == 303, "and is not asked again"
    assert again.get("/api/session").status_code == 200
    outcomes = [(one["outcome"], one["well"]) for one in school.log()][:3]
    assert outcomes == [("link", True), ("code", True), ("code_mailed", True)]
    school.admin.patch("/api/sign-on", {"provider": "none"})
    assert refusal(again.get("/api/session")) == (401, "NotSignedIn"), "switched off"
    school.admin.patch("/api/sign-on", {"provider": "classlink"})


def test_whoever_was_taken_for_the_wrong_person_is_signed_out_when_the_link_is_taken_back(
    stack: Stack, school: SamlSchool
) -> None:
    parent, wrong = parents(school)[4], Browser(stack)
    said = {**said_of(parent), "name_id": "somebody else"}
    assert school.sign_in(wrong, **said).status_code == 303
    assert wrong.home().status_code == 200
    assert school.admin.delete(f"/api/contacts/clever/parent/{parent.id}/sign-in").status_code == 200
    assert wrong.home().status_code == 401
    assert school.sign_in(Browser(stack), **said_of(parent)).status_code == 303


def test_075_shared_addresses_are_not_guessed(stack: Stack, school: SamlSchool) -> None:
    nobody = {"name_id": "x", "attributes": {"Email": ("nobody@nowhere.example",)}}
    assert reason(school, school.sign_in(Browser(stack), **nobody)) == "nobody"


# -- linking


def unlinked(stack: Stack, school: SamlSchool, number: int) -> tuple[Browser, Any, Any]:
    """A parent who is signed in, and a student who is not theirs."""
    parent = parents(school)[number]
    browser = Browser(stack)
    assert school.sign_in(browser, **said_of(parent)).status_code == 303
    theirs = {tie[0] for tie in parent.related}
    dated = [one for one in students(school).values() if one.security_value and one.id not in theirs]
    return browser, parent, dated[number]


def american(iso: str) -> str:
    year, month, day = iso.split("-")
    return f"{int(month)}/{int(day)}/{year}"


def test_a_parent_links_a_child_by_number_and_birth_date(stack: Stack, school: SamlSchool) -> None:
    browser, parent, student = unlinked(stack, school, 3)
    form = {"number": student.number or student.sis_id, "born": american(student.security_value)}
    assert browser.act("/client/children", form).status_code == 303
    assert student.last in browser.home().text
    told = school.admin.get(f"/api/contacts/clever/parent/{keys.in_address(parent.id)}").json()
    assert student.id in [one["id"] for one in told["related"]]
    assert school.office.run()["status"] in ("applied", "unchanged")
    assert student.last in browser.home().text, "an import takes nobody's link away"


def test_cl_20_the_web_client_links_a_child_in_json(stack: Stack, school: SamlSchool) -> None:
    browser, parent, student = unlinked(stack, school, 5)
    json = {"Accept": "application/json"}
    path = f"{stack.url}/client/children"

    def link(body: Any, origin: str = stack.url) -> requests.Response:
        return browser.web.post(path, json=body, headers={**json, "Origin": origin}, timeout=30)

    who = browser.get("/client/home", headers=json).json()
    assert (who["account"], who["kind"]) == (school.account, "parent")
    assert parent.last in who["name"]
    number = student.number or student.sis_id
    assert refusal(link({"number": number, "born": "2001-01-01"})) == (422, "NotLinked")
    assert link({"number": number, "born": "2001-01-01"}).json()["message"] == UNABLE
    for odd in ([], "x", {"number": {"a": 1}, "born": 7}, {"number": number, "born": None}):
        assert link(odd).json()["message"] == UNABLE
    assert refusal(link({}, "https://evil.example")) == (403, "Forbidden")
    done = link({"number": number, "born": american(student.security_value)})
    assert (done.status_code, done.json()) == (200, {"linked": True})
    assert any(student.last in child for child in browser.get("/client/home", headers=json).json()["children"])
    assert refusal(Browser(stack).get("/client/home", headers=json)) == (401, "NotSignedIn")


def test_094_every_cause_has_the_same_sentence_and_the_administrator_is_told_which(
    stack: Stack, school: SamlSchool
) -> None:
    browser, parent, student = unlinked(stack, school, 4)
    number = student.number or student.sis_id
    blank = next(one for one in students(school).values() if not one.security_value)
    tries = [
        {"number": number, "born": "2001-01-01"},
        {"number": "no-such-number", "born": "2001-01-01"},
        {"number": blank.number or blank.sis_id, "born": ""},
        {"number": blank.number or blank.sis_id, "born": "2001-01-01"},
        {"number": number, "born": "2015-02-30"},
        {"first": "No", "last": "Body", "born": "2001-01-01"},
    ]
    pages = []
    for form in tries:
        answer = browser.act("/client/children", form)
        assert answer.status_code == 422
        assert UNABLE in answer.text
        pages.append(answer.text)
    assert len(set(pages)) == 1
    told = school.admin.get(f"/api/contacts/clever/parent/{keys.in_address(parent.id)}/linking").json()["items"]
    assert [one["sentence"].split(" ", 3)[0] for one in told]
    assert any("is blank, so nobody can link" in one["sentence"] for one in told)
    assert any("no active student" in one["sentence"] for one in told)
    assert all(one["click"] for one in told)


def test_092_five_wrong_dates_lock_the_pair_also_for_the_right_one(stack: Stack, school: SamlSchool) -> None:
    browser, _, student = unlinked(stack, school, 5)
    number = student.number or student.sis_id

    def guess(n: int) -> int:
        web = requests.Session()
        web.cookies.update(browser.web.cookies)
        return Browser(stack, web).act("/client/children", {"number": number, "born": "2001-01-01"}).status_code

    with ThreadPoolExecutor(12) as threads:
        statuses = list(threads.map(guess, range(12)))
    assert statuses == [422] * 12
    right = browser.act("/client/children", {"number": number, "born": student.security_value})
    assert right.status_code == 422
    assert UNABLE in right.text


# -- Microsoft Entra ID


@pytest.fixture(scope="module")
def tenant() -> Iterator[Entra]:
    with Entra() as server:
        yield server


@dataclass
class EntraSchool:
    admin: Admin
    tenant: Entra

    def address(self) -> str:
        return f"/client?ven={self.admin.account}&azuresso=on"

    def begin(self, browser: Browser) -> dict[str, str]:
        answer = browser.get(self.address())
        assert answer.status_code == 303, answer.text
        return dict(parse_qsl(urlsplit(answer.headers["location"]).query))

    def sign_in(self, browser: Browser, **claims: Any) -> requests.Response:
        asked = self.begin(browser)
        form = {"id_token": self.tenant.token(asked["nonce"], **claims), "state": asked["state"]}
        return browser.post(asked["redirect_uri"], form, origin="https://login.microsoftonline.com")

    def outcome(self) -> str:
        return str(self.admin.get("/api/sign-on/log").json()["items"][0]["outcome"])


@pytest.fixture(scope="module")
def entra(stack: Stack, tenant: Entra) -> EntraSchool:
    """Its settings are put into the table: Microsoft itself cannot be asked here whether the tenant exists."""
    admin = Admin.of(stack, "31600000")
    settings = {"client_id": CLIENT, "tenant_id": TENANT, "base_url": tenant.url}
    item = SignOn("31600000", "azure", {"azure": settings}, {}, {"azure": "e" * 24}, since="2026-01-01T00:00:00+00:00")
    write_settings(stack, item)
    return EntraSchool(admin, tenant)


def test_a_participant_comes_from_the_portal_without_an_account(stack: Stack, entra: EntraSchool) -> None:
    """EN-02, EN-09, EN-13: one address starts it and ends it."""
    browser = Browser(stack)
    asked = entra.begin(browser)
    assert asked["redirect_uri"] == f"{stack.url}/client?ven=31600000&azuresso=on"
    assert (asked["response_type"], asked["response_mode"]) == ("id_token", "form_post")
    answer = entra.sign_in(browser)
    assert (answer.status_code, answer.headers["location"]) == (303, "/client/home")
    assert "Jan Novak" in browser.home().text
    assert entra.outcome() == "new"
    assert entra.sign_in(browser, email=None).status_code == 303
    assert entra.outcome() == "link"
    listed = entra.admin.get("/api/contacts?kind=parent").json()["items"]
    assert [(one["level"], one["email"]) for one in listed] == [("Customer", "jan@school.example")]


def test_the_button_of_the_accounts_page_uses_the_address_that_the_school_registered(
    stack: Stack, entra: EntraSchool
) -> None:
    browser = Browser(stack)
    page = browser.get(f"/client?ven={entra.admin.account}").text
    begun = browser.get(page.partition('href="')[2].partition('"')[0])
    assert begun.headers["location"].startswith(entra.tenant.url)
    asked = dict(parse_qsl(urlsplit(begun.headers["location"]).query))
    assert asked["redirect_uri"] == f"{stack.url}/client?ven=31600000&azuresso=on"


def test_en16_without_an_address_nothing_is_created_and_the_field_is_named(stack: Stack, entra: EntraSchool) -> None:
    answer = entra.sign_in(Browser(stack), oid="12345678-8888-7777-6666-555555555555", email=None)
    assert answer.status_code == 403
    assert "Contact Info, Email" in answer.text
    assert entra.outcome() == "no_email"


def test_065_another_account_in_the_address(stack: Stack, entra: EntraSchool) -> None:
    browser = Browser(stack)
    asked = entra.begin(browser)
    form = {"id_token": entra.tenant.token(asked["nonce"]), "state": asked["state"]}
    answer = browser.post("/client?ven=99999999&azuresso=on", form)
    refused(answer)
    assert entra.outcome() == "wrong_account"


def test_064_and_066_states_and_tokens_that_nobody_asked_for(stack: Stack, entra: EntraSchool) -> None:
    browser = Browser(stack)
    token = entra.tenant.token("x")
    for form in ({"id_token": token}, {"id_token": token, "state": "unknown"}, {"state": ""}):
        refused(browser.post(entra.address(), form))
    assert browser.get(f"{entra.address()}&id_token={token}").status_code == 400
    assert token not in (stack.logs / "local-sso-callback.log").read_text()


def test_068_an_error_of_microsofts_shows_no_text_of_theirs(stack: Stack, entra: EntraSchool) -> None:
    browser = Browser(stack)
    asked = entra.begin(browser)
    told = {
        "error": "access_denied",
        "error_description": "AADSTS50105: <script>alert(1)</script>",
        "state": asked["state"],
    }
    answer = browser.post(entra.address(), told)
    assert "script" not in answer.text
    assert "has not given your account access" in answer.text
    assert entra.outcome() == "not_assigned"


def test_co05_an_inactive_providers_address_refuses_and_sessions_end(stack: Stack, entra: EntraSchool) -> None:
    browser = Browser(stack)
    assert entra.sign_in(browser).status_code == 303
    assert entra.admin.patch("/api/sign-on", {"provider": "none"}).status_code == 200
    assert browser.home().status_code == 401
    assert browser.get(entra.address()).status_code == 404
    back = entra.admin.patch("/api/sign-on", {"provider": "azure"})
    assert back.json()["provider"] == "azure", "what was entered is still there"
    assert entra.sign_in(browser).status_code == 303


def test_co32_an_unknown_account_has_a_friendly_page(stack: Stack) -> None:
    answer = Browser(stack).get("/client?ven=404")
    assert answer.status_code == 404
    assert "Please use the link that your school sent you." in answer.text


# -- settings: tried before they are live, and certificates that change


def ids_of(answer: requests.Response) -> tuple[str, str]:
    """(RelayState, the request's id) of a redirect to the identity provider."""
    asked = parse_qs(urlsplit(answer.headers["location"]).query)
    request = decompress(b64decode(asked["SAMLRequest"][0]), -15).decode()
    return asked["RelayState"][0], re.search(r'ID="([^"]+)"', request)[1]  # type: ignore[index]


def test_new_settings_are_tried_before_they_are_live(stack: Stack, school: SamlSchool) -> None:
    parent, browser = parents(school)[0], Browser(stack)
    saved = school.admin.call(
        "PUT", "/api/sign-on/classlink",
        {"metadata_url": f"{school.metadata.url}/metadata", "attributes": {"email": "mail"}},
    )  # fmt: skip
    assert saved.status_code == 200
    address = school.admin.post("/api/sign-on/classlink/trial", None).json()["address"]
    state, request = ids_of(browser.get(address))
    said = {"name_id": "somebody new", "attributes": {"mail": (parent.email,)}}
    shown = school.answer(browser, state, school.says(request, **said))
    assert shown.status_code == 200
    assert "Nobody was signed in" in shown.text
    assert parent.email in shown.text
    assert browser.home().status_code == 401
    assert browser.get(address).status_code == 404, "once"
    newest = school.log()[0]
    assert (newest["trial"], newest["well"]) == (True, True)
    assert parent.email not in str(newest)
    address = school.admin.post("/api/sign-on/classlink/trial", None).json()["address"]
    state, request = ids_of(browser.get(address))
    said = {"name_id": "an administrator", "attributes": {"mail": (school.admin.email,)}}
    shown = school.answer(browser, state, school.says(request, **said))
    assert "A code goes to the address that the school has" in shown.text, "and none was mailed for a test"
    assert mails_to(school.admin.email) == []
    live = school.admin.get("/api/sign-on").json()["providers"][0]["live"]["settings"]
    assert "attributes" not in live, "what is live goes on as before"


def test_007_sha1_is_counted_where_it_is_allowed(stack: Stack, school: SamlSchool) -> None:
    old, said = Idp(method=xmlsec.Transform.RSA_SHA1), said_of(parents(school)[0])
    usual, school.idp = school.idp, old
    address = f"{school.metadata.url}/metadata"
    try:
        assert reason(school, school.sign_in(Browser(stack), **said)) == "sha1"
        school.admin.call("PUT", "/api/sign-on/classlink", {"metadata_url": address, "allow_sha1": True})
        school.admin.patch("/api/sign-on", {"provider": "classlink"})
        assert school.sign_in(Browser(stack), **said).status_code == 303
        assert school.log()[0]["detail"] == "signed with SHA-1"
        lines = (stack.logs / "local-sso-callback.log").read_text().splitlines()
        metrics = [loads(line) for line in lines if "_aws" in line]
        assert [(one["signed with SHA-1"], one["account"]) for one in metrics] == [([1.0], school.account)]
    finally:
        school.idp = usual
        school.set_up()


def test_053_certificates_are_read_again_every_day(stack: Stack, school: SamlSchool) -> None:
    def refresh() -> Any:
        return asked_itself(stack, {"step": "refresh", "accounts": [school.account]})

    said = said_of(parents(school)[0])
    new = Idp(with_key=key("next year"))
    try:
        school.metadata.certificates.append(key("next year").der)
        assert refresh()["refreshed"] == 1
        assert refresh()["refreshed"] == 0
        assert mails_to(school.admin.email) == []
        assert school.sign_in(Browser(stack), **said).status_code == 303
        school.idp = new
        assert school.sign_in(Browser(stack), **said).status_code == 303
        school.metadata.entity = "https://another.example"
        assert refresh()["failed"] == 1
        school.metadata.entity, school.metadata.broken = ENTITY, b"<html>"
        assert refresh()["failed"] == 1
        assert school.sign_in(Browser(stack), **said).status_code == 303, "the last good copy"
        school.metadata.broken = b""
        school.metadata.certificates.remove(key("idp").der)
        assert refresh()["refreshed"] == 1
        school.idp = Idp()
        assert reason(school, school.sign_in(Browser(stack), **said)) == "signature"
        school.metadata.certificates[:] = [key("ending", days=30).der]
        assert refresh()["refreshed"] == 1
        until = time.monotonic() + 20
        while not mails_to(school.admin.email) and time.monotonic() < until:
            time.sleep(0.05)
        (mail,) = mails_to(school.admin.email)
        assert "ends in 30 days" in mail.subject
    finally:
        school.idp, school.metadata.entity, school.metadata.broken = Idp(), ENTITY, b""
        school.metadata.certificates[:] = [key("idp").der]
        refresh()


def asked_itself(stack: Stack, event: dict[str, Any]) -> Any:
    answer = stack.client("lambda").invoke(FunctionName="local-sso-callback", Payload=dumps(event).encode())
    return loads(answer["Payload"].read())


def test_053_every_night_each_school_is_looked_at_whatever_is_the_matter_with_another(
    stack: Stack, school: SamlSchool
) -> None:
    for n in range(3):  # before it in the list
        account = f"1000000{n}"
        odd = {"metadata_url": "https://[x"} if n else {}
        write_settings(stack, SignOn(account, "classlink", {"classlink": odd}, {}, {}, since="2026"))
        put(stack, keys.signed_on("classlink", account), {"account": {"S": account}, "provider": {"S": "classlink"}})
    school.metadata.certificates.append(key("next summer").der)
    try:
        assert asked_itself(stack, {"version": "0", "source": "aws.scheduler"})["accounts"] >= 4

        def known() -> list[str]:
            found = school.admin.get("/api/sign-on").json()["providers"][0]["live"]["certificates"]
            return [one["sha256"] for one in found]

        new = sha256(b64decode(key("next summer").der)).hexdigest()
        wait_for(lambda: new in known())
    finally:
        school.metadata.certificates[:] = [key("idp").der]
        asked_itself(stack, {"step": "refresh", "accounts": [school.account]})


def test_054_a_bad_signature_has_the_certificates_read_again_once_in_ten_minutes(
    stack: Stack, open_school: Callable[..., School], metadata: Metadata
) -> None:
    """A provider that changes its key by day locks nobody out; a storm of forged answers asks it nothing more."""
    school = SamlSchool(Office(stack, open_school(tiny())), metadata)
    assert school.office.run()["status"] == "applied"
    school.set_up()
    said, waiting = said_of(parents(school)[0]), Browser(stack)
    assert school.sign_in(Browser(stack), **said).status_code == 303
    state, request = school.begin(waiting)
    school.idp = Idp(with_key=key("changed by day"))
    try:
        metadata.certificates[:] = [key("changed by day").der]
        before = len(metadata.requests)
        assert school.sign_in(Browser(stack), **said).status_code == 303
        assert len(metadata.requests) == before + 1
        assert school.answer(waiting, state, school.says(request, **said)).status_code == 303, "who was on the way"
        school.idp = Idp(with_key=key("evil"))
        for _ in range(5):
            assert reason(school, school.sign_in(Browser(stack), **said)) == "signature"
        assert len(metadata.requests) == before + 1
    finally:
        metadata.certificates[:] = [key("idp").der]


def test_088_what_a_header_calls_us_changes_nothing(stack: Stack, school: SamlSchool) -> None:
    browser = Browser(stack)
    state, request = school.begin(browser)
    spoofed = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "Forwarded": "host=evil.example"}
    form = {
        "SAMLResponse": school.idp.respond(school.says(request, **said_of(parents(school)[0]))),
        "RelayState": state,
    }
    answer = browser.post(school.addresses["Assertion Consumer Service URL"], form, **spoofed)
    assert (answer.status_code, answer.headers["location"]) == (303, "/client/home")
    meant = Browser(stack)
    state, request = school.begin(meant)
    elsewhere = school.says(request, destination="https://evil.example/acs", **said_of(parents(school)[0]))
    form = {"SAMLResponse": school.idp.respond(elsewhere), "RelayState": state}
    refused(meant.post(school.addresses["Assertion Consumer Service URL"], form, **spoofed))


def test_096_the_logs_hold_no_answer_no_name_and_no_address(stack: Stack, school: SamlSchool) -> None:
    """Birth dates and secrets are looked for in all logs when each module ends."""
    parent, browser = parents(school)[0], Browser(stack)
    state, request = school.begin(browser)
    answer = school.idp.respond(school.says(request, **said_of(parent)))
    browser.post(school.addresses["Assertion Consumer Service URL"], {"SAMLResponse": answer, "RelayState": state})
    browser.act("/client/children", {"number": "7", "born": "2001-02-03"})
    said = (stack.logs / "local-sso-callback.log").read_text()
    assert "somebody signed in" in said
    for secret in (answer[:80], state, parent.email, parent.email.upper(), f"user-{parent.id}", "2001-02-03"):
        assert secret not in said


def test_057_settings_are_the_accounts_own_and_hold_no_secret(stack: Stack, school: SamlSchool) -> None:
    other = Admin.of(stack, "31700000")
    told = other.get("/api/sign-on").json()
    assert (told["provider"], told["account"]) == ("none", "31700000")
    assert all(one["live"] is None for one in told["providers"])
    addresses = {one["provider"]: one["addresses"] for one in told["providers"]}
    assert addresses["azure"]["Redirect URI"] == f"{stack.url}/client?ven=31700000&azuresso=on"
    assert addresses["veracross"]["Redirect URL"] == f"{stack.url}/client"
    viewer = Admin.of(stack, "31700000", "Appointment Viewer")
    assert refusal(viewer.get("/api/sign-on"))[0] == 403
    assert refusal(viewer.patch("/api/sign-on", {"provider": "none"}))[0] == 403
    refused_settings = {"client_id": "common", "tenant_id": TENANT}
    assert refusal(other.call("PUT", "/api/sign-on/azure", refused_settings)) == (400, "NotUnderstood")
    bad = other.call("PUT", "/api/sign-on/veracross", {"route": "https://evil.example", "client_id": "x"})
    assert refusal(bad) == (400, "NotUnderstood")
    assert "School Domain" in bad.json()["message"]


# -- Veracross


@pytest.fixture(scope="module")
def veracross() -> Iterator[VeracrossSandbox]:
    with VeracrossSandbox.start(plain(20)) as server:
        server.add_scope("sso")
        yield server


def test_vs_an_imported_parent_signs_in_by_veracross(
    stack: Stack, evidence: Evidence, veracross: VeracrossSandbox
) -> None:
    """VS-01, VS-03, VS-06, VS-07: the account travels in the state, and the person id is the roster's."""
    school = VeracrossSchool(stack, veracross, evidence, "31800000")
    school.applied()
    id = veracross.school.tables["parents"].ids[0]
    veracross.sign_in(id)
    veracross.sso.redirect_uris.append(f"{stack.url}/client")
    settings = {"route": veracross.route, "client_id": veracross.client_id, "base_url": veracross.url}
    ids = {"veracross": "v" * 24}
    write_settings(
        stack, SignOn("31800000", "veracross", {"veracross": settings}, {}, ids, since="2026-01-01T00:00:00+00:00")
    )
    browser = Browser(stack)
    start = browser.get("/client?ven=31800000")
    assert "Sign in with Veracross" in start.text
    begun = browser.get(f"/sso/veracross/{'v' * 24}/start")
    assert begun.status_code == 303
    at_veracross = browser.get(begun.headers["location"])
    assert at_veracross.status_code == 302
    back = browser.get(at_veracross.headers["location"])
    assert back.status_code == 303, (back.text, Admin.of(stack, "31800000").get("/api/sign-on/log").text)
    assert back.headers["location"] == "/client/home"
    assert browser.home().status_code == 200
    assert browser.get(at_veracross.headers["location"]).status_code == 403, "once"


def test_vs_04_who_begins_on_www_ends_there(stack: Stack, evidence: Evidence, veracross: VeracrossSandbox) -> None:
    """The cookie of a sign-in under way stays on its host, so the answer has to come to that one; forms as well."""
    www = stack.url.replace("://", "://www.")
    host = {"Host": www.partition("://")[2]}
    VeracrossSchool(stack, veracross, evidence, "31800002").applied()
    veracross.sign_in(veracross.school.tables["parents"].ids[1])
    veracross.sso.redirect_uris += [f"{stack.url}/client", f"{www}/client"]
    settings = {"route": veracross.route, "client_id": veracross.client_id, "base_url": veracross.url}
    signon = SignOn("31800002", "veracross", {"veracross": settings}, {}, {"veracross": "w" * 24}, since="2026-01-01")
    write_settings(stack, signon)
    browser = Browser(stack)
    begun = browser.get(f"/sso/veracross/{'w' * 24}/start", headers=host)
    back = browser.get(begun.headers["location"]).headers["location"]
    assert back.startswith(f"{www}/client?code=")
    done = browser.get(back.replace(www, stack.url), headers=host)
    assert (done.status_code, done.headers["location"]) == (303, "/client/home")
    assert browser.get("/client/home", headers=host).status_code == 200
    form = {"number": "1", "born": "2012-04-08"}
    assert browser.post("/client/children", form, origin=www, **host).status_code == 422, "from the page of this host"
    assert browser.post("/client/children", form, origin=stack.url, **host).status_code == 403

    admin = Admin.of(stack, "31800002")
    choice = {"trust_email": True}
    assert admin.call("PATCH", "/api/sign-on", choice, Origin=www, **host).status_code == 200
    assert refusal(admin.call("PATCH", "/api/sign-on", choice, Origin=stack.url, **host))[0] == 403

    apex = Browser(stack)
    begun = apex.get(f"/sso/veracross/{'w' * 24}/start")
    assert apex.get(begun.headers["location"]).headers["location"].startswith(f"{stack.url}/client?code=")


def test_vs_05_the_log_names_the_redirect_url_that_is_missing(stack: Stack, veracross: VeracrossSandbox) -> None:
    """The administrator reads which one; the parent reads plain words."""
    admin = Admin.of(stack, "31800003")
    settings = {"route": veracross.route, "client_id": veracross.client_id, "base_url": veracross.url}
    write_settings(
        stack, SignOn(admin.account, "veracross", {"veracross": settings}, {}, {"veracross": "x" * 24}, since="2026")
    )
    browser = Browser(stack)
    begun = browser.get(f"/sso/veracross/{'x' * 24}/start").headers["location"]
    state = dict(parse_qsl(urlsplit(begun).query))["state"]
    answer = browser.get(f"/client?error=redirect_uri_mismatch&state={state}")
    number = refused(answer)
    assert "redirect" not in answer.text.casefold()
    (trace,) = [one for one in admin.get("/api/sign-on/log").json()["items"] if one["number"] == number]
    assert (trace["outcome"], trace["detail"]) == ("redirect_mismatch", f"{stack.url}/client")
    assert "marks the first character that differs" in trace["text"]


def test_081_a_browser_without_the_cookie_starts_again(
    stack: Stack, evidence: Evidence, veracross: VeracrossSandbox
) -> None:
    """As on www. when it began on the other host: no half session."""
    begun = Browser(stack).get(f"/sso/veracross/{'v' * 24}/start")
    at_veracross = Browser(stack).get(begun.headers["location"])
    other = Browser(stack)
    answer = other.get(at_veracross.headers["location"])
    refused(answer)
    assert "start again" in answer.text
    assert other.home().status_code == 401
