"""A roster provider is connected over HTTP: by the school's administrator, or by pickAtime's support, and then imports.

What is typed is tried first. Whatever is wrong with it is named, and the connection in use goes on.
"""

from __future__ import annotations

from typing import Any

import pytest
import requests

from local.sandbox.clever import CleverSandbox
from local.sandbox.oneroster import OneRosterSandbox
from local.sandbox.oneroster_data import OneRosterDistrict
from local.sandbox.veracross import VeracrossSandbox
from local.stack import Stack
from roster.model import Level
from tests.e2e.admin import Admin, mails_to, refusal
from tests.e2e.sign_on import Browser
from tests.e2e.test_admin_importer import Office
from tests.e2e.toolkit import Evidence, account_numbers, tiny
from tests.e2e.veracross import VeracrossSchool, plain

OURS = "1"
PROMISED = "the data import is active and ready for use"


@pytest.fixture
def edna(stack: Stack) -> Admin:
    return Admin.of(stack, str(next(account_numbers)))


@pytest.fixture(scope="module")
def ada(stack: Stack) -> Admin:
    """One of pickAtime's own."""
    return Admin.of(stack, OURS, Level.SUPPORT)


def veracross(school: VeracrossSandbox, /, **other: Any) -> dict[str, Any]:
    return {
        "school": school.route,
        "client_id": school.client_id,
        "client_secret": school.client_secret,
        "integration_type": "Import",
        "sandbox": school.url,
        **other,
    }


def connect(admin: Admin, body: dict[str, Any]) -> dict[str, Any]:
    answer = admin.call("PUT", "/api/integration/veracross", body)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def imported(school: VeracrossSchool, **more: Any) -> dict[str, Any]:
    """An import of all terms that a test import offers, as an administrator chooses them."""
    office = Office(school.stack, school)
    preview = office.run("preview")
    offer = office.admin.get(f"{office.path}/runs/{preview['run']}/offer").json()
    return office.run("import", terms=[one["id"] for one in offer["terms"]], **more)


def test_a_school_connects_veracross_and_imports(stack: Stack, evidence: Evidence, edna: Admin) -> None:
    with VeracrossSandbox.start(plain(6, 2)) as sandbox:
        evidence.add((sandbox.client_secret,), ())
        assert edna.get("/api/integration").json()["state"] == "none"
        told = connect(edna, veracross(sandbox))
        assert (told["provider"], told["connected"], told["security_values"]) == ("veracross", True, "shared")
        shown = edna.get("/api/integration")
        assert (shown.json()["provider"], shown.json()["state"]) == ("veracross", "active")
        assert shown.json()["security_values"]["shared"] == "yes"
        (row,) = [one for one in edna.get("/api/audit").json()["items"] if one["action"] == "integration.change"]
        assert row["after"]["credential"] == "entered"
        for text in (shown.text, str(row), edna.get("/api/sign-on").text):
            assert sandbox.client_secret not in text
        counts = imported(VeracrossSchool(stack, sandbox, evidence, edna.account, edna.new_event()["id"]))["report"][
            "counts"
        ]
        students = edna.get("/api/contacts?kind=student").json()["items"]
        assert counts["student"]["created"] == len(students) > 0


def test_what_is_wrong_is_named_and_the_connection_in_use_stays(stack: Stack, evidence: Evidence, edna: Admin) -> None:
    with VeracrossSandbox.start(plain(3, 1)) as sandbox:
        evidence.add((sandbox.client_secret,), ())
        assert connect(edna, veracross(sandbox))["connected"] is True
        wrong = {
            "secret": connect(edna, veracross(sandbox, client_secret="0" * 64)),
            "domain": connect(edna, veracross(sandbox, school="nosuchschool")),
        }
        assert not any(told["connected"] for told in wrong.values())
        said = {name: told["checks"][0] for name, told in wrong.items()}
        assert said["secret"]["code"] == "CredentialRejected"
        assert "Veracross Integration" in said["secret"]["help"]
        assert "knows no school by this School Domain" in said["domain"]["help"]
        assert edna.post("/api/integration/check", {}).json()["connected"] is True, "with the secret from before"
    for other in ({"sandbox": "https://evil.example"}, {"client_secret": ""}, {"integration_type": "both"}):
        refused = edna.call("PUT", "/api/integration/veracross", veracross(sandbox, **other))
        assert refusal(refused) == (422, "NotValid")
        assert sandbox.client_secret not in refused.text


def test_with_single_sign_on_veracross_can_be_chosen(stack: Stack, evidence: Evidence, edna: Admin) -> None:
    """VS-08: the two settings are kept in step; going live stays a decision of its own."""

    def offered() -> dict[str, Any]:
        found = {one["provider"]: one for one in edna.get("/api/sign-on").json()["providers"]}["veracross"]
        assert found["title"] == "Veracross"
        draft: dict[str, Any] = (found["draft"] or {"settings": {}})["settings"]
        return draft

    with VeracrossSandbox.start(plain(3, 1)) as sandbox:
        evidence.add((sandbox.client_secret,), ())
        connect(edna, veracross(sandbox))
        assert offered() == {}, "import alone"
        pasted = f"https://accounts.veracross.com/{sandbox.route}/oauth/authorize"
        both = veracross(sandbox, integration_type="Import and Single Sign-On", school=pasted)
        assert connect(edna, both)["connected"] is True
        assert offered() == {"route": sandbox.route, "client_id": sandbox.client_id, "sandbox": sandbox.url}
        other = {"route": sandbox.route, "client_id": "another"}
        assert refusal(edna.call("PUT", "/api/sign-on/veracross", other)) == (400, "NotUnderstood")
        assert edna.get("/api/sign-on").json()["provider"] == "none"
        assert edna.patch("/api/sign-on", {"provider": "veracross"}).json()["title"] == "Veracross"


def test_with_single_sign_on_a_parent_signs_in_at_once(stack: Stack, evidence: Evidence, edna: Admin) -> None:
    """From the connection over the trial to the parent's own page, by the addresses that a school uses."""
    with VeracrossSandbox.start(plain(6, 2), redirect_uris=[f"{stack.url}/client"]) as sandbox:
        evidence.add((sandbox.client_secret,), ())
        sandbox.add_scope("sso")
        both = veracross(sandbox, integration_type="Import and Single Sign-On")
        assert connect(edna, both)["connected"] is True
        imported(VeracrossSchool(stack, sandbox, evidence, edna.account, edna.new_event()["id"]))
        sandbox.sign_in(sandbox.school.tables["parents"].ids[0])

        def sign_in(start: str) -> requests.Response:
            at_veracross = browser.get(browser.get(start).headers["location"])
            return browser.get(at_veracross.headers["location"])

        browser = Browser(stack)
        tried = sign_in(edna.post("/api/sign-on/veracross/trial", None).json()["address"])
        assert (tried.status_code, "Found by the id" in tried.text) == (200, True)
        assert edna.patch("/api/sign-on", {"provider": "veracross"}).status_code == 200
        page = browser.get(f"/client?ven={edna.account}").text
        assert sign_in(page.partition('href="')[2].partition('"')[0]).headers["location"] == "/client/home"
        assert browser.home().status_code == 200


def test_sign_on_alone_does_not_end_the_import(stack: Stack, evidence: Evidence, edna: Admin) -> None:
    with VeracrossSandbox.start(plain(3, 1)) as sandbox:
        evidence.add((sandbox.client_secret,), ())
        assert connect(edna, veracross(sandbox))["connected"] is True
        alone = veracross(sandbox, integration_type="Single Sign-On", client_secret="0" * 64)
        refused = edna.call("PUT", "/api/integration/veracross", alone)
        assert refusal(refused) == (409, "MoveRefused")
        assert "Import and Single Sign-On" in refused.json()["help"]
        odd = veracross(sandbox, integration_type="Single Sign-On", school="Elm School!", replace=True)
        assert refusal(edna.call("PUT", "/api/integration/veracross", odd)) == (400, "NotUnderstood")
        assert edna.post("/api/integration/check", {}).json()["connected"] is True, "with the secret from before"


def test_imports_end_where_that_is_said(stack: Stack, evidence: Evidence, edna: Admin) -> None:
    with VeracrossSandbox.start(plain(3, 1)) as sandbox:
        evidence.add((sandbox.client_secret,), ())
        connect(edna, veracross(sandbox))
        imported(VeracrossSchool(stack, sandbox, evidence, edna.account, edna.new_event()["id"]), nightly=True)
        assert len(edna.get("/api/nightly").json()["items"]) == 1
        assert connect(edna, veracross(sandbox, integration_type="Single Sign-On", replace=True))["connected"] is True
        assert edna.get("/api/nightly").json()["items"] == []
        assert edna.get("/api/integration").json()["state"] == "configuring"
        connect(edna, veracross(sandbox, integration_type="Import and Single Sign-On"))
        assert edna.get("/api/integration").json()["state"] == "active"


def test_sign_on_alone_leaves_the_import_from_elsewhere(
    stack: Stack, evidence: Evidence, ada: Admin, edna: Admin
) -> None:
    with CleverSandbox.start(tiny(4)) as clever, VeracrossSandbox.start(plain(3, 1)) as sandbox:
        evidence.watch(clever)
        evidence.add((sandbox.client_secret,), ())
        path = f"/api/support/accounts/{edna.account}/integration/clever"
        assert ada.call("PUT", path, {"token": clever.token, "sandbox": clever.url}).json()["connected"] is True
        told = connect(edna, veracross(sandbox, integration_type="Single Sign-On"))
        assert told["connected"] is True
        assert edna.get("/api/integration").json()["provider"] == "clever"
        assert edna.post("/api/integration/check", {}).json()["connected"] is True


def test_another_provider_takes_the_place_only_where_that_is_said(
    stack: Stack, evidence: Evidence, ada: Admin, edna: Admin
) -> None:
    with CleverSandbox.start(tiny(4)) as clever, VeracrossSandbox.start(plain(3, 1)) as sandbox:
        evidence.watch(clever)
        evidence.add((sandbox.client_secret,), ())
        path = f"/api/support/accounts/{edna.account}/integration/clever"
        ada.call("PUT", path, {"token": clever.token, "sandbox": clever.url})
        refused = edna.call("PUT", "/api/integration/veracross", veracross(sandbox))
        assert refusal(refused) == (409, "MoveRefused")
        assert "adopt" in refused.json()["help"]
        assert edna.get("/api/integration").json()["provider"] == "clever"
        assert connect(edna, veracross(sandbox, replace=True))["connected"] is True
        assert edna.get("/api/integration").json()["provider"] == "veracross"


def test_support_enters_a_classlink_credential_and_the_school_is_mailed_once(
    stack: Stack, evidence: Evidence, ada: Admin, edna: Admin
) -> None:
    with OneRosterSandbox.start(OneRosterDistrict.generated(8)) as sandbox:
        evidence.add((sandbox.token,), ())
        path = f"/api/support/accounts/{edna.account}/integration/classlink"
        body = {"base_url": sandbox.url, "version": sandbox.version, "token": sandbox.token}
        assert refusal(edna.call("PUT", path, body)) == (403, "Forbidden"), "not the school itself"
        wrong = ada.call("PUT", path, {**body, "token": "another"}).json()
        assert (wrong["connected"], wrong["checks"][0]["code"]) == (False, "CredentialRejected")
        assert edna.get("/api/integration").json()["state"] == "none"
        for mail in ("mailed to 1", ""):
            answer = ada.call("PUT", path, body)
            assert answer.json()["connected"] is True, answer.text
            assert answer.json()["mail"].startswith(mail)
            assert sandbox.token not in answer.text
        assert edna.get("/api/integration").json()["state"] == "active"
        (mail,) = [one for one in mails_to(edna.email) if PROMISED in str(vars(one))]
        assert "Importer" in str(vars(mail))
        rows = [one for one in edna.get("/api/audit").json()["items"] if one["action"] == "activation.change"]
        assert {row["name"] for row in rows} == {"pickAtime support"}
        assert refusal(ada.call("PUT", path.replace(edna.account, "99999999"), body)) == (404, "NotThere")
