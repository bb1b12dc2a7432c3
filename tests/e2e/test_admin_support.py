"""pickAtime's support over HTTP: the queue of districts, the webhook, API versions and fees, and what a school sees."""

from __future__ import annotations

import hmac
import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from local.sandbox.classlink import ClassLinkSandbox
from local.sandbox.classlink_tenants import Tenant
from local.stack import Stack
from roster import keys
from roster.model import Level
from roster.tables import AuditItem
from tests.e2e.admin import Admin, mails_to, put, refusal
from tests.e2e.toolkit import Evidence, School, account_numbers, moved, tiny

PROMISED = "the data import is active and ready for use"
OURS, DESK = "1", "support@pickatime.com"  # as the template's parameters say where nothing else is chosen
HOOK, KEY = "/api/hooks/classlink/app-added", "the key of the webhook, which nobody may say"


@pytest.fixture(scope="module")
def classlink(stack: Stack, evidence: Evidence) -> Iterator[ClassLinkSandbox]:
    with ClassLinkSandbox.start() as server:
        partner = json.dumps({"key": server.partner_key, "base_url": server.url, "hook": KEY})
        name = f"{stack.outputs['SecretPrefix']}/partner/classlink"
        stack.client("secretsmanager").create_secret(Name=name, SecretString=partner)
        evidence.add((server.partner_key, KEY), ())
        yield server


@pytest.fixture(scope="module")
def ada(stack: Stack) -> Admin:
    """One of pickAtime's own."""
    return Admin.of(stack, OURS, Level.SUPPORT)


@pytest.fixture
def edna(stack: Stack) -> Admin:
    """Administrator of a school of her own."""
    return Admin.of(stack, str(next(account_numbers)))


def announce(stack: Stack, tenant: Tenant, key: str = KEY, age: float = 0.0) -> requests.Response:
    """What ClassLink sends once a district has added us."""
    body = json.dumps({"tenant_id": tenant.tenant_id, "tenant_name": tenant.name}).encode()
    timestamp = str(int(time.time() - age))
    sign = hmac.new(key.encode(), timestamp.encode() + b"." + body, "sha256").hexdigest()
    return replayed(stack, {"X-PickAtime-Timestamp": timestamp, "X-PickAtime-Signature": sign}, body)


def replayed(stack: Stack, headers: dict[str, str], body: bytes) -> requests.Response:
    sent = {"Content-Type": "application/json", **headers}
    return requests.post(stack.url + HOOK, data=body, headers=sent, timeout=30)


def queue(ada: Admin) -> dict[str, dict[str, Any]]:
    answer = ada.get("/api/support/applications")
    assert answer.status_code == 200, answer.text
    return {one["name"]: one for one in answer.json()["items"]}


def audit(stack: Stack, account: str) -> list[AuditItem]:
    """What support and the school did with each other: not who was made, nor what runs came to."""
    asked = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": keys.audits(account)}}}
    found = stack.client("dynamodb").query(TableName=stack.outputs["TableName"], **asked)["Items"]
    rows = [AuditItem.from_raw_data(item) for item in found]
    return [row for row in rows if row.action not in ("administrator.make", "run.import")]


def test_who_is_of_a_school_reaches_no_route_of_support(stack: Stack, edna: Admin, ada: Admin) -> None:
    """At no level: Support counts in pickAtime's own account, where an Administrator is no support either."""
    document = requests.get(f"{stack.url}/api/openapi.json", timeout=30).json()
    routes = [(path, method) for path in document["paths"] for method in document["paths"][path] if "/support/" in path]
    assert len(routes) >= 7
    people = [edna, Admin.of(stack, edna.account, Level.SUPPORT), Admin.of(stack, OURS, Level.ADMINISTRATOR)]
    for path, method in routes:
        concrete = re.sub(r"\{\w+\}", "nothing", path.replace("{account}", edna.account))
        for person in people:
            answer = person.call(method.upper(), concrete, {})
            assert refusal(answer) == (403, "Forbidden"), (method, path)
            assert answer.json()["message"] == "only pickAtime's support does this"
        assert refusal(Admin(stack, edna.account).call(method.upper(), concrete, {})) == (401, "NotSignedIn")
        assert ada.call(method.upper(), concrete, {}).status_code != 403
    assert "support.see" in ada.get("/api/session").json()["may"]
    assert [one for one in people[1].get("/api/session").json()["may"] if "support" in one or "activation" in one] == []


def test_a_district_asks_is_set_up_and_its_school_is_told_once(
    stack: Stack, classlink: ClassLinkSandbox, evidence: Evidence, ada: Admin, edna: Admin
) -> None:
    tenant = classlink.add_tenant("Springfield Schools", students=30)
    evidence.add((tenant.bearer,), ())
    told = edna.get("/api/integration").json()
    assert (told["state"], told["fee"], told["annual"]) == ("none", "$230 annually per school attached", 0)

    before = len(mails_to(DESK))
    assert announce(stack, tenant).status_code == 202
    found = queue(ada)["Springfield Schools"]
    assert (found["state"], found["shared"], found["allowed"]) == ("requested", True, ["configuring", "rejected"])
    assert announce(stack, tenant).status_code == 202
    assert len(mails_to(DESK)) == before + 1, "the same again is no second mail"
    assert [one for one in queue(ada).values() if one["tenant"] == found["tenant"]] == [found]

    move = f"/api/support/applications/classlink/{found['tenant']}/move"
    too_soon = ada.post(move, {"to": "active", "account": edna.account})
    assert refusal(too_soon) == (409, "MoveRefused")
    assert "configuring or rejected" in too_soon.json()["message"]
    assert ada.post(move, {"to": "configuring", "account": edna.account}).json()["state"] == "configuring"

    told = edna.get("/api/integration").json()
    assert (told["provider"], told["state"]) == ("classlink", "configuring")
    assert "waiting for pickAtime" in told["text"]
    assert "Rosters > Demographics" in told["security_values"]["help"], "before the first import"
    importer = edna.get("/api/importer").json()
    assert (importer["heading"], importer["ready"]) == ("ClassLink", False)
    assert "waiting for pickAtime" in importer["help"]
    event = edna.new_event()["id"]
    run = {"mode": "import", "terms": ["any"]}
    assert refusal(edna.post(f"/api/events/{event}/runs", run)) == (409, "NotSetUp")
    assert refusal(edna.post("/api/integration/check", {})) == (409, "NotSetUp")

    for _ in range(3):
        assert ada.post(move, {"to": "active"}).json()["state"] == "active"
    (mail,) = mails_to(edna.email)
    assert PROMISED in str(vars(mail))

    told = edna.get("/api/integration").json()
    assert (told["state"], told["security_values"]["shared"]) == ("active", "unknown")
    assert PROMISED in told["text"].casefold()
    label = "Add Applications and Determine Data Sharing Permissions"
    (link,) = [one for one in told["links"] if one["label"] == label]
    address = "https://help.classlink.com/s/article/Applications-Adding-Applications-Modifying-Permissions"
    assert (link["address"], told["support"]) == (address, DESK)
    checked = edna.post("/api/integration/check", {})
    assert checked.status_code == 200, checked.text
    assert (checked.json()["connected"], checked.json()["security_values"]) == (True, "shared")
    told = edna.get("/api/integration")
    assert (told.json()["security_values"]["shared"], told.json()["security_values"]["help"]) == ("yes", "")
    assert tenant.bearer not in told.text + checked.text

    rows = [row for row in audit(stack, edna.account) if row.name == "pickAtime support"]
    assert [(row.action, row.name, row.after["state"]) for row in rows] == [
        ("activation.change", "pickAtime support", state) for state in ("configuring", "active")
    ], "each decision once, in the school's own audit"


def test_a_webhook_is_believed_for_its_signature_alone(
    stack: Stack, classlink: ClassLinkSandbox, evidence: Evidence, ada: Admin
) -> None:
    tenant = classlink.add_tenant("Shelbyville Schools", students=30)
    evidence.add((tenant.bearer,), ())
    for answer in (announce(stack, tenant, key="guessed"), announce(stack, tenant, age=301)):
        assert (answer.status_code, answer.json()["code"]) == (401, "NotSignedIn")
    unsigned = replayed(stack, {}, b"{}")
    assert (unsigned.status_code, unsigned.json()["code"]) == (401, "NotSignedIn")
    assert "Shelbyville Schools" not in queue(ada)
    accepted = announce(stack, tenant, age=290)
    assert (accepted.status_code, accepted.json()) == (202, {"accepted": True})
    before, sent = queue(ada), len(mails_to(DESK))
    request = accepted.request
    again = replayed(stack, dict(request.headers), request.body)  # type: ignore[arg-type] # bytes
    assert (again.status_code, again.json()) == (202, {"accepted": True})
    assert (queue(ada), len(mails_to(DESK))) == (before, sent)


def test_three_schools_are_690_dollars(stack: Stack, ada: Admin, edna: Admin) -> None:
    told = edna.call("PUT", "/api/account/schools", {"schools": ["Elm", "Oak", "Pine Hill", "ELM"]}).json()
    assert (told["annual"], len(told["schools"]), told["currency"]) == (690, 3, "USD")
    assert edna.get("/api/account/statement").json() == told == edna.get("/api/account/schools").json()
    seen = edna.get("/api/integration").json()
    assert (seen["schools"], seen["annual"], seen["state"]) == (3, 690, "none"), "before anything is connected"
    theirs = f"/api/support/accounts/{edna.account}"
    assert ada.get(f"{theirs}/schools").json() == told
    told = ada.call("PUT", f"{theirs}/schools", {"schools": ["Elm", "Oak"]}).json()
    assert (told["annual"], told["next_annual"]) == (690, 460)
    (leaving,) = [one for one in told["schools"] if one["until"]]
    assert (leaving["name"], leaving["until"]) == ("Pine Hill", told["renews"])
    assert refusal(ada.get("/api/support/accounts/404/schools")) == (404, "NotThere")
    teacher = Admin.of(stack, edna.account, Level.EVENT_ADMINISTRATOR)
    assert refusal(teacher.get("/api/account/statement")) == (403, "Forbidden")
    rows = [(row.action, row.name, set(row.after)) for row in audit(stack, edna.account)]
    assert rows == [
        ("school.attach", "Edna Krabappel", {"Elm", "Oak", "Pine Hill"}),
        ("fee.change", "pickAtime support", {"Pine Hill"}),
    ]


def test_an_invitation_and_another_version(stack: Stack, open_school: Callable[..., School], ada: Admin) -> None:
    """Nobody is there twice after the switch, and the school sees what it is on."""
    school = open_school(tiny())
    school.applied()
    people = set(school.contacts())
    edna = Admin.of(stack, school.account)
    theirs = f"/api/support/accounts/{school.account}"
    assert refusal(ada.post(f"{theirs}/invitation", {"to": "set up"})) == (409, "MoveRefused")
    for to in ("invited", "accepted", "set up"):
        assert ada.post(f"{theirs}/invitation", {"to": to}).json()["invitation"][-1]["state"] == to
    told = edna.get("/api/integration").json()
    assert [step["state"] for step in told["invitation"]] == ["invited", "accepted", "set up"]
    assert (told["provider"], told["state"], told["api_version"]) == ("clever", "active", "v3.0")
    assert told["security_values"]["shared"] == "yes", "as the run has told"

    switch = f"{theirs}/api-version"
    assert refusal(edna.call("PUT", switch, {"version": "v2.0"})) == (403, "Forbidden")
    assert refusal(ada.call("PUT", switch, {"version": "v1.1"}))[0] == 422
    for _ in range(2):
        assert ada.call("PUT", switch, {"version": "v2.0"}).json()["api_version"] == "v2.0"
    assert edna.get("/api/integration").json()["api_version"] == "v2.0"
    asked = len(school.sandbox.requests)
    report = school.applied()
    assert any("/v2.0/students" in target for _, target, _ in school.sandbox.requests[asked:])
    assert moved(report, "created", "departed", "returned", "rejected") == {}
    assert set(school.contacts()) == people
    rows = [(row.about, row.name, row.before, row.after) for row in audit(stack, school.account)]
    assert rows[-1] == (
        "integration clever", "pickAtime support", {"api_version": "v3.0"}, {"api_version": "v2.0"},
    )  # fmt: skip
    assert len(rows) == 4, "what changes nothing is no row"
    assert refusal(ada.call("PUT", "/api/support/accounts/1/api-version", {"version": "v2.0"})) == (409, "NotSetUp")


def test_a_district_that_is_rejected_is_told_so(stack: Stack, edna: Admin) -> None:
    values = {"provider": "classlink", "tenant": "77", "state": "rejected", "account": edna.account}
    put(stack, keys.application("classlink", "77"), {name: {"S": value} for name, value in values.items()})
    told = edna.get("/api/integration").json()
    assert (told["provider"], told["state"]) == ("classlink", "rejected")
    assert DESK in told["text"]
    assert DESK in edna.get("/api/importer").json()["help"]
