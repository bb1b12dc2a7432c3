"""The districts' handler over moto's AWS and the ClassLink sandbox: items, secrets and mails as they really are."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from local.sandbox.classlink import ClassLinkSandbox
from local.sandbox.classlink_tenants import Tenant
from local.sandbox.faults import Fault, Reply
from local.sandbox.serving import Request, Sandbox
from roster import keys, runtime
from roster.admission import Application
from roster.applications import DynamoApplications
from roster.errors import CredentialRejected, MailNotSent, MailUncertain, MoveRefused, RosterError
from roster.letters import Letter
from roster.mail import SesMail
from roster.ports import Integration
from roster.tables import AccountItem, ApplicationItem, ContactItem, IntegrationItem, Item
from tests.support import function_module

REGION, TABLE, ACCOUNT = "us-east-1", "onboarding", "11600001"
SENDER, SUPPORT = "no-reply@pickatime.example", "support@pickatime.example"
EDNA = "edna@springfield.example"
LETTER = Letter("subject", "text", "<p>html</p>")
ENVIRONMENT = {
    "AWS_DEFAULT_REGION": REGION,
    "TABLE_NAME": TABLE,
    "SECRET_PREFIX": "stack",
    "MAIL_SENDER": SENDER,
    "SUPPORT_ADDRESS": SUPPORT,
    "IMPORTER_ADDRESS": "https://pickatime.example/importer",
    "POWERTOOLS_LOG_LEVEL": "INFO",
    "SANDBOXES": "local",
}


@pytest.fixture
def sandbox() -> Iterator[ClassLinkSandbox]:
    with ClassLinkSandbox.start() as sandbox:
        yield sandbox


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, sandbox: ClassLinkSandbox) -> Iterator[None]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    _forget()
    with mock_aws():
        both = ("pk", "HASH"), ("sk", "RANGE")
        boto3.client("dynamodb").create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in both],  # type: ignore[typeddict-item]
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in both],
        )
        boto3.client("sesv2").create_email_identity(EmailIdentity=SENDER)
        key = json.dumps({"key": sandbox.partner_key, "base_url": sandbox.url})
        boto3.client("secretsmanager").create_secret(Name="stack/partner/classlink", SecretString=key)
        runtime.use_table(TABLE)
        AccountItem(*keys.account(ACCOUNT), name="Springfield Unified").save()
        yield
    _forget()


def _forget() -> None:
    """A client made for one test's AWS is of no use to the next."""
    for made in (runtime._secrets, runtime._http, runtime._records, runtime.logger):
        made.cache_clear()
    for model in (Item, *Item.__subclasses__()):
        model._connection = None


def administrator(id: str, email: str | None, level: str = "Administrator", **more: str) -> None:
    key = keys.contact(ACCOUNT, "pickatime", "administrator", id)
    ContactItem(*key, kind="administrator", id=id, origin="hand", level=level, email=email, **more).save()


def call(**event: str) -> Any:
    handler = function_module("classlink_districts", "app").handler
    return json.loads(json.dumps(handler(event, None)))


def mails() -> list[Any]:
    return list(ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages)


def secret(name: str = f"stack/{ACCOUNT}/classlink") -> Mapping[str, str]:
    value: Mapping[str, str] = json.loads(
        boto3.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]
    )
    return value


def integration() -> Any:
    key = keys.integration(ACCOUNT)
    found = boto3.client("dynamodb").get_item(TableName=TABLE, Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}})
    return found.get("Item", {})


def move(tenant: Tenant, to: str, **more: str) -> Any:
    return call(step="move", tenant=str(tenant.tenant_id), to=to, level="Support", **more)


@pytest.mark.usefixtures("aws")
def test_a_district_from_its_console_to_an_active_import(
    sandbox: ClassLinkSandbox, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG, "roster")
    administrator("edna", EDNA)
    administrator("again", EDNA.upper())
    administrator("willie", "willie@springfield.example", "Event Administrator")
    administrator("gone", "gone@springfield.example", inactive_since="2026-01-01")
    administrator("silent", None)
    tenant = sandbox.add_tenant("Springfield", students=2, enabled=False)
    assert call(**{"detail-type": "Scheduled Event"})["new"] == [str(tenant.tenant_id)]
    assert call()["new"] == []
    assert [mail.destinations["ToAddresses"] for mail in mails()] == [[SUPPORT]]

    assert move(tenant, "configuring", account=ACCOUNT)["account"] == ACCOUNT
    with pytest.raises(MoveRefused, match="has not enabled"):
        move(tenant, "active")
    sandbox.set_enabled(tenant, True)
    assert move(tenant, "active")["notice"] == ""
    made = integration()
    assert (made["provider"]["S"], made["state"]["S"]) == ("classlink", "active")
    application = tenant.oneroster_application_id
    assert json.loads(made["settings"]["S"]) == {"base_url": sandbox.url, "application": application}
    assert secret() == {"token": tenant.bearer}
    mail = mails()[-1]
    assert [address.casefold() for address in mail.destinations["ToAddresses"]] == [EDNA]
    assert (mail.source, "the data import is active and ready for use" in mail.body) == (SENDER, True)
    assert "Springfield Unified" in mail.body

    move(tenant, "active")
    assert len(mails()) == 2, "support and the administrators, once each"
    move(tenant, "configuring")
    assert integration()["state"]["S"] == "configuring"
    assert move(tenant, "active")["activation"] == 2
    assert len(mails()) == 3

    first, rotated = tenant.bearer, tenant.rotate_bearer()
    call()
    assert secret() == {"token": rotated}
    (listed,) = call(step="list")
    assert (listed["state"], listed["mailed"], listed["told"], listed["allowed"]) == ("active", 2, 1, ["configuring"])
    stored = json.dumps(boto3.client("dynamodb").scan(TableName=TABLE)["Items"])
    said = stored + json.dumps(listed) + caplog.text + "".join(capsys.readouterr())
    for bearer in (first, rotated, sandbox.partner_key):
        assert bearer not in said


@pytest.mark.usefixtures("aws")
def test_districts_come_and_go(sandbox: ClassLinkSandbox) -> None:
    first, second = sandbox.add_tenant("A", students=2), sandbox.add_tenant("B", students=2)
    assert call()["districts"] == 2
    sandbox.set_enabled(first, False)
    assert call()["stopped"] == [str(first.tenant_id)]
    sandbox.remove_tenant(first)
    sandbox.remove_tenant(second)
    assert "not believed" in call()["suspicious"]
    assert {one["name"]: one["shared"] for one in call(step="list")} == {"A": False, "B": True}


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("bad", ["marked for deletion", "no JSON", "a list"])
def test_one_accounts_bad_secret_stops_nobody_else(sandbox: ClassLinkSandbox, bad: str) -> None:
    administrator("edna", EDNA)
    first = sandbox.add_tenant("A", students=2)
    call()
    move(first, "configuring", account=ACCOUNT)
    move(first, "active")
    secrets, name = boto3.client("secretsmanager"), f"stack/{ACCOUNT}/classlink"
    if bad == "marked for deletion":
        secrets.delete_secret(SecretId=name)
    else:
        secrets.put_secret_value(SecretId=name, SecretString="[1]" if bad == "a list" else f"{first.bearer}!")
    second, rotated = sandbox.add_tenant("B", students=2), first.rotate_bearer()
    report = call()
    assert (report["new"], list(report["unrenewed"])) == ([str(second.tenant_id)], [str(first.tenant_id)])
    listed = {one["name"]: one for one in call(step="list")}
    assert "secret" in listed["A"]["notice"]
    assert first.bearer not in json.dumps([report, listed])

    if bad == "marked for deletion":
        secrets.restore_secret(SecretId=name)
    else:
        secrets.put_secret_value(SecretId=name, SecretString="{}")
    assert call()["unrenewed"] == {}
    assert (secret(), call(step="list")[0]["notice"]) == ({"token": rotated}, "")


@pytest.mark.usefixtures("aws")
def test_another_account_leaves_no_bearer_with_the_first(sandbox: ClassLinkSandbox) -> None:
    AccountItem(*keys.account("11600002"), name="Shelbyville High").save()
    tenant = sandbox.add_tenant("Springfield", students=2)
    call()
    move(tenant, "configuring", account=ACCOUNT)
    move(tenant, "active")
    assert secret() == {"token": tenant.bearer}
    move(tenant, "configuring", account="11600002")
    assert secret() == {}
    move(tenant, "active")
    assert (secret(), secret("stack/11600002/classlink")) == ({}, {"token": tenant.bearer})


@pytest.mark.usefixtures("aws")
def test_a_rejected_district_leaves_no_bearer(sandbox: ClassLinkSandbox) -> None:
    tenant = sandbox.add_tenant("Springfield", students=2)
    call()
    move(tenant, "configuring", account=ACCOUNT)
    move(tenant, "active")
    move(tenant, "configuring")
    assert (move(tenant, "rejected")["notice"], secret()) == ("", {})


@pytest.mark.usefixtures("aws")
def test_support_is_mailed_once_when_an_active_district_stops_sharing(sandbox: ClassLinkSandbox) -> None:
    administrator("edna", EDNA)
    tenant = sandbox.add_tenant("Springfield", students=2)
    call()
    move(tenant, "configuring", account=ACCOUNT)
    move(tenant, "active")
    sandbox.set_enabled(tenant, False)
    sent = len(mails())
    assert [call()["stopped"] for _ in range(3)] == [[str(tenant.tenant_id)], [], []]
    (mail,) = mails()[sent:]
    assert (mail.destinations["ToAddresses"], "no longer shares" in mail.subject) == ([SUPPORT], True)
    assert "no longer shares" in call(step="list")[0]["notice"]
    sandbox.set_enabled(tenant, True)
    call()
    assert (len(mails()), call(step="list")[0]["notice"]) == (sent + 1, "")


@pytest.mark.usefixtures("aws")
def test_a_refused_partner_key_changes_nothing(sandbox: ClassLinkSandbox) -> None:
    sandbox.add_tenant("A", students=2)
    call()
    sandbox.partner_key = "another"
    with pytest.raises(CredentialRejected):
        call()
    assert [one["shared"] for one in call(step="list")] == [True]


@pytest.mark.usefixtures("aws")
def test_a_mail_that_the_service_refuses_gives_its_claim_back(
    sandbox: ClassLinkSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    administrator("edna", EDNA)
    tenant = sandbox.add_tenant("Springfield", students=2)
    monkeypatch.setenv("MAIL_SENDER", "not-verified@elsewhere.example")
    assert call()["unsent"] == [str(tenant.tenant_id)]
    move(tenant, "configuring", account=ACCOUNT)
    told = move(tenant, "active")
    assert (told["state"], told["mailed"], "not mailed" in told["notice"]) == ("active", 0, True)
    monkeypatch.setenv("MAIL_SENDER", SENDER)
    assert call()["unsent"] == []
    assert move(tenant, "active")["notice"] == ""
    assert len(mails()) == 2


@pytest.mark.usefixtures("aws")
def test_a_decision_made_on_an_older_state_counts_for_nothing() -> None:
    applications, before = DynamoApplications(), Application("classlink", "2001", state="configuring", account=ACCOUNT)
    assert applications.add(before)
    assert not applications.add(before)
    active = replace(before, state="active", activation=1)
    assert applications.moved(before, active, Integration(ACCOUNT, "classlink"))
    assert not applications.moved(before, replace(before, state="rejected"), None)
    assert applications.of("classlink", "2001") == active


ACCOUNTS = [(account, other) for account in ("", ACCOUNT) for other in ("", ACCOUNT, "11600002")]


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("absent", [False, True])
@pytest.mark.parametrize(("account", "believed"), ACCOUNTS)
def test_a_decision_made_on_another_account_counts_for_nothing(account: str, believed: str, absent: bool) -> None:
    applications, stored = DynamoApplications(), Application("classlink", "2001", account=account)
    applications.add(stored)
    if absent and not account:
        ApplicationItem(*keys.application("classlink", "2001")).update([ApplicationItem.account.remove()])
    after = replace(stored, state="active", account=believed, activation=1)
    same = account == believed
    made = Integration(ACCOUNT, "classlink")
    assert applications.moved(replace(stored, account=believed), after, made) is same
    assert (applications.of("classlink", "2001"), bool(integration())) == (after if same else stored, same)


@pytest.mark.usefixtures("aws")
def test_the_applications_of_one_account_are_found_among_all() -> None:
    applications = DynamoApplications()
    for tenant, account in (("2001", ACCOUNT), ("2002", "another"), ("2003", "")):
        applications.add(Application("classlink", tenant, account=account))
    assert [one.tenant for one in applications.all("classlink")] == ["2001", "2002", "2003"]
    assert [one.tenant for one in applications.all("classlink", ACCOUNT)] == ["2001"]


@pytest.mark.usefixtures("aws")
def test_a_mail_is_claimed_once_and_what_is_not_known_yet_stands_with_the_claim() -> None:
    applications, district = DynamoApplications(), Application("classlink", "2001")
    applications.add(district)
    doubtful = replace(district, notice="may not have been mailed")
    assert [applications.claim(doubtful, "mailed", 1) for _ in range(2)] == [True, False]
    assert applications.of("classlink", "2001") == replace(doubtful, mailed=1)
    applications.release(replace(district, notice="not mailed"), "mailed", 1)
    assert applications.of("classlink", "2001") == replace(district, notice="not mailed")
    assert applications.claim(doubtful, "mailed", 1)


@pytest.mark.usefixtures("aws")
def test_an_integration_is_changed_with_what_was_applied_and_never_over_another_providers() -> None:
    applications, before = DynamoApplications(), Application("classlink", "2001", state="configuring", account=ACCOUNT)
    applications.add(before)
    active = replace(before, state="active", activation=1)
    IntegrationItem(*keys.integration(ACCOUNT), provider="veracross", settings={}, ledger="kept").save()
    assert not applications.moved(before, active, Integration(ACCOUNT, "classlink"))
    assert (integration()["provider"]["S"], applications.of("classlink", "2001")) == ("veracross", before)
    IntegrationItem(*keys.integration(ACCOUNT), provider="classlink", settings={}, ledger="kept").save()
    assert applications.moved(before, active, Integration(ACCOUNT, "classlink", {"application": "a"}))
    assert (integration()["ledger"]["S"], integration()["settings"]["S"]) == ("kept", '{"application": "a"}')


class Post(Sandbox):
    """A mail service that answers everything with one status."""

    def __init__(self, *statuses: int, code: str = "") -> None:
        self.statuses, self.code = list(statuses), code
        super().__init__(0, None)

    def answer(self, request: Request) -> Reply:
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return Reply(status, b"{}", headers={"x-amzn-errortype": self.code} if self.code else {})


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    ("status", "fault", "error"),
    [
        (400, "", MailNotSent),
        (429, "", MailNotSent),
        (500, "", MailUncertain),
        (503, "", MailUncertain),
        (200, "reset", MailUncertain),
    ],
)
def test_a_mail_is_tried_once_and_doubt_is_not_refusal(
    monkeypatch: pytest.MonkeyPatch, status: int, fault: str, error: type[RosterError]
) -> None:
    with Post(status) as post:
        if fault:
            post.faults.add(Fault(fault, times=None))
        monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", post.url)
        with pytest.raises(error) as raised:
            SesMail(SENDER).send([EDNA], LETTER)
        assert len(post.requests) == 1
        assert "@" not in raised.value.message


@pytest.mark.usefixtures("aws")
def test_a_mail_that_came_with_too_many_others_waits_and_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """At 1 AM, when a provider is down and hundreds of schools are told so."""
    for statuses, sent in ([429, 429, 200], True), ([429], False):
        waits: list[float] = []
        with Post(*statuses, code="TooManyRequestsException") as post:
            monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", post.url)
            mail = SesMail(SENDER, waits.append)
            if sent:
                mail.send([EDNA], LETTER)
            else:
                with pytest.raises(MailNotSent):
                    mail.send([EDNA], LETTER)
        assert len(post.requests) == len(waits) + 1 == (3 if sent else 5)
        assert sum(waits) < 18, "the function has 28 seconds"


@pytest.mark.usefixtures("aws")
def test_a_mail_service_that_is_not_there_got_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with Post(200) as post:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", post.url)
        SesMail(SENDER).send([EDNA], LETTER)
    with pytest.raises(MailNotSent):
        SesMail(SENDER).send([EDNA], LETTER)


@pytest.mark.usefixtures("aws")
def test_a_refused_mail_names_no_address() -> None:
    with pytest.raises(MailNotSent) as refused:
        SesMail("not-verified@elsewhere.example").send([EDNA], LETTER)
    assert "@" not in refused.value.message


# -- the webhook


def announce(tenant: Any, key: str = "the-hook-key") -> tuple[int, dict[str, Any]]:
    """As ClassLink's event comes through API Gateway; its key is kept beside the partner's."""
    hook = function_module("classlink_districts", "hook")
    body, timestamp = json.dumps({"tenant_id": tenant, "tenant_name": "Springfield"}), str(int(time.time()))
    signed = hook.signature(key, timestamp, body.encode())
    headers = {"x-pickatime-timestamp": timestamp, "x-pickatime-signature": signed}
    answer = call(**{"requestContext": {"http": {}}, "headers": headers, "body": body, "step": "move"})
    return answer["statusCode"], json.loads(answer["body"])


def give_the_key(sandbox: ClassLinkSandbox) -> None:
    told = json.dumps({"key": sandbox.partner_key, "base_url": sandbox.url, "hook": "the-hook-key"})
    boto3.client("secretsmanager").put_secret_value(SecretId="stack/partner/classlink", SecretString=told)


@pytest.mark.usefixtures("aws")
def test_an_announced_district_is_queued_and_told_of_once(
    sandbox: ClassLinkSandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    tenant = sandbox.add_tenant("Springfield", students=2)
    assert announce(tenant.tenant_id) == (401, {"code": "NotSignedIn", "message": "the signature is not right"})
    give_the_key(sandbox)
    assert announce(tenant.tenant_id, key="another")[0] == 401
    assert call(step="list") == []
    assert announce(tenant.tenant_id) == announce(tenant.tenant_id) == (202, {"accepted": True})
    assert announce("") == (400, {"code": "NotUnderstood", "message": "tenant_id: it names no district"})
    (found,) = call(step="list")
    assert (found["tenant"], found["state"], found["shared"]) == (str(tenant.tenant_id), "requested", True)
    assert call()["new"] == []
    assert [mail.destinations["ToAddresses"] for mail in mails()] == [[SUPPORT]]
    assert "the-hook-key" not in capsys.readouterr().out


@pytest.mark.usefixtures("aws")
def test_what_could_not_be_done_is_to_be_sent_again(sandbox: ClassLinkSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    give_the_key(sandbox)
    tenant = sandbox.add_tenant("Springfield", students=2)
    with monkeypatch.context() as broken:
        broken.setenv("MAIL_SENDER", "not-verified@elsewhere.example")
        assert announce(tenant.tenant_id)[0] == 503
    assert announce(tenant.tenant_id)[0] == 202
    assert len(mails()) == 1
