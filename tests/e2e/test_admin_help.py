"""The help pages, for everybody: what is to be clicked at each identity provider, and the answers that people look for.

Strings of the providers' own pages are exact: a person compares them with what is on the screen.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
import requests

from local.stack import Stack
from roster.linking import UNABLE
from tests.e2e.admin import Admin, mails_to, refusal
from tests.e2e.test_admin_sign_in import LINK, wait_for
from tests.e2e.toolkit import account_numbers

ACCOUNT = "11600000"
LAUNCH = "/client?ven=11600000&azuresso=on"


def get(stack: Stack, path: str) -> requests.Response:
    return requests.get(stack.url + path, timeout=30)


def guide(stack: Stack, id: str) -> dict[str, Any]:
    answer = get(stack, f"/api/help/{id}?account={ACCOUNT}")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def all_of(told: dict[str, Any]) -> str:
    return "\n".join((told["title"], told["about"], *(step["text"] for step in told["steps"])))


WANTED = {
    "classlink-sso": [
        "Admin UI", "Global Setup / Business", "Integration Options", "Single Sign On", "SSO Provider",
        "ClassLink SAML", "IdP Metadata URL", "using their ClassLink credentials",
    ],
    "entra-sso": [
        "Microsoft Entra ID (Formerly Azure AD)", "You must be an admin", "App Registrations", "New Registration",
        "PickAtime", "Accounts in this organization directory only (Default Directory only - Single tenant)",
        "Azure AD", LAUNCH, "sidebar", "Authentication", "Settings", "Access tokens", "ID tokens", "Save", "Overview",
        "Application (client) ID", "Directory (tenant) ID", "Client ID", "Tenant ID", "Azure AD Integration section",
        "Advanced Options", "launch URL", "Enterprise Applications", "Users and Groups", "All Users (Preview)",
        "New User", "Invite user", "Contact Info, Email field", "AADSTS50105", "AADSTS700054",
    ],
    "entra-existing": [
        "SSO Provider = Azure AD", "Client ID and Tenant ID", "Check the pickAtime Account ID with the Environment",
        "Check Settings (check Access to Tokens)", "Redirect URIs", "Add URI", "new Redirect URL", LAUNCH,
        "have a user access pickAtime via the portal",
    ],
    "veracross-sso": [
        "OAuth Applications", "sso", "/client and ", "www.", "authentication or redirect error", "Integration Type",
        "If using SSO",
    ],
    "security-values": [
        "Security Values (Dates of Birth)", UNABLE, "Rosters > Demographics", "security value (student DOB)",
        "run the data import again",
    ],
    "import": ["test import", "1 AM", "Nobody is deleted", "held", "approve", "undo", "adopt"],
    "duplicates": ["Clear old data before the new import.", "Delete All Contacts", "support@pickatime.com"],
}  # fmt: skip


@pytest.mark.parametrize("id", WANTED)
def test_a_guide_says_what_to_click(stack: Stack, id: str) -> None:
    told = guide(stack, id)
    text = all_of(told)
    assert [wanted for wanted in WANTED[id] if wanted not in text] == []
    page = get(stack, told["address"])
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    shown = unescape(re.sub(r"<[^>]+>", "", page.text))
    assert [step["text"] for step in told["steps"] if step["text"] not in shown] == []
    for link in (link for step in told["steps"] for link in step["links"]):
        assert f'href="{link["address"]}" target="_blank" rel="noopener noreferrer"' in page.text


def test_the_policies_to_review_are_linked(stack: Stack) -> None:
    labels = {link["label"] for step in guide(stack, "entra-sso")["steps"] for link in step["links"]}
    assert {"Multifactor authentication", "Conditional Access"} <= labels
    labels = {link["label"] for step in guide(stack, "classlink-sso")["steps"] for link in step["links"]}
    assert {"SAML Console", "Add Applications and Determine Data Sharing Permissions"} <= labels


@pytest.mark.parametrize(
    ("search", "first"),
    [
        ("unable to find", "security-values"),
        (UNABLE, "security-values"),
        ("Dates of Birth", "security-values"),
        ("demographics", "security-values"),
        ("azure ad", "entra-sso"),
        ("AADSTS700054", "entra-sso"),
        ("saml console", "classlink-sso"),
        ("oauth applications", "veracross-sso"),
        ("duplicate", "duplicates"),
        ("nightly", "import"),
        ("held", "import"),
        ("undo", "import"),
        ("clever data sharing", "security-values"),
        ("Admin tool", "classlink-sso"),
        ("admin ui TOOL", "classlink-sso"),
    ],
)
def test_help_is_found_by_what_people_type(stack: Stack, search: str, first: str) -> None:
    found = requests.get(f"{stack.url}/api/help", params={"search": search}, timeout=30).json()["items"]
    assert found[0]["id"] == first
    page = requests.get(f"{stack.url}/help", params={"search": search}, timeout=30)
    assert f'href="/help/{first}"' in page.text


def test_nothing_is_found_by_what_no_page_holds(stack: Stack) -> None:
    nonsense = '<script>alert("x")</script>'
    assert requests.get(f"{stack.url}/api/help", params={"search": nonsense}, timeout=30).json() == {"items": []}
    page = requests.get(f"{stack.url}/help", params={"search": nonsense}, timeout=30)
    assert (page.status_code, "No page" in page.text, "<script>" in page.text) == (200, True, False)
    assert refusal(get(stack, "/api/help/nothing")) == (404, "NotThere")
    assert get(stack, "/help/nothing").status_code == 404
    assert refusal(get(stack, "/api/help?account=<b>")) == (422, "NotValid")
    assert len(get(stack, "/api/help").json()["items"]) >= 7


def test_the_settings_page_has_all_that_it_says(stack: Stack) -> None:
    """CS-03 to CS-06, CS-08, EN-01, EN-07, EN-08, EN-11, EN-12, EN-18: as the web client shows it."""
    edna = Admin.of(stack, str(next(account_numbers)))
    told = edna.get("/api/sign-on").json()
    assert told["place"] == "Global Setup / Business / Integration Options / Single Sign On"
    assert (told["choice"], told["account"], told["host"]) == ("SSO Provider", edna.account, stack.url[7:])
    providers = {one["title"]: one for one in told["providers"]}
    assert list(providers) == ["ClassLink SAML", "Azure AD", "Veracross"]
    labels = {title: [field["label"] for field in one["fields"]] for title, one in providers.items()}
    assert labels["ClassLink SAML"][0] == "IdP Metadata URL"
    assert labels["Azure AD"][:2] == ["Client ID", "Tenant ID"]
    assert labels["Veracross"] == ["School Domain", "Client ID"]
    (metadata,) = [one for one in providers["ClassLink SAML"]["fields"] if one["name"] == "metadata_url"]
    assert (metadata["required"], metadata["link"]["label"]) == (True, "SAML Console")
    assert "Microsoft Entra ID (Formerly Azure AD)" in providers["Azure AD"]["helper"]
    redirect = providers["Azure AD"]["addresses"]["Redirect URI"]
    assert redirect == f"{stack.url}/client?ven={edna.account}&azuresso=on", "before any id is entered"
    for one in providers.values():
        assert get(stack, one["guide"]).status_code == 200


def test_administrators_have_an_entrance_of_their_own(stack: Stack) -> None:
    """CS-02: not the page of the participants; it mails a link, and says the same to everybody."""
    edna = Admin.made(stack, str(next(account_numbers)))
    page = edna.get("/admin?account=" + edna.account)
    assert page.status_code == 200
    assert "Admin UI" in page.text
    assert f'value="{edna.account}"' in page.text
    assert "Admin UI" not in get(stack, f"/client?ven={edna.account}").text
    answers = []
    for email in (edna.email, "nobody@harbor.example"):
        form = {"account": edna.account, "email": email}
        headers = {"Origin": stack.url}
        answers.append(requests.post(f"{stack.url}/admin", data=form, headers=headers, timeout=30))
    assert [(one.status_code, one.text) for one in answers] == [(202, answers[0].text)] * 2
    (mail,) = wait_for(lambda: mails_to(edna.email))
    (link,) = set(LINK.findall(str(vars(mail))))
    done = edna.use(link)
    assert (done.status_code, done.headers["location"]) == (303, "/admin")
    home = edna.get("/admin")
    assert f"Administrator of account {edna.account}" in home.text
    foreign = requests.post(
        f"{stack.url}/admin", data={"account": edna.account}, headers={"Origin": "https://evil.example"}, timeout=30
    )
    assert refusal(foreign) == (403, "Forbidden")


def test_the_character_is_marked_in_which_a_registered_redirect_url_differs(stack: Stack) -> None:
    edna = Admin.of(stack, str(next(account_numbers)))
    right = f"{stack.url}/client?ven={edna.account}&azuresso=on"

    def compare(registered: str) -> dict[str, Any]:
        answer = edna.get(f"/api/sign-on/azure/redirect?registered={quote(registered, safe='')}")
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        assert told["expected"] == right
        return told

    assert compare(right) == {"same": True, "expected": right, "text": ""}
    said = compare(right.replace("/client?", "/client/?"))
    assert "/client⟦/⟧?ven=" in said["text"]
    assert "is “/” and has to be “?”" in said["text"]
    assert "“on” is missing" in compare(right[:-2])["text"]
    assert "“ ” is too much" in compare(right + " ")["text"]
    nothing = edna.get("/api/sign-on/classlink/redirect?registered=x")
    assert refusal(nothing) == (404, "NotThere")
