"""A district adds pickAtime in ClassLink: found by the hourly poll, set up by support, told once, then imported."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from local import names, run_import
from local.account import LocalAccount
from local.sandbox.classlink import ClassLinkSandbox
from local.stack import Stack
from roster import keys
from roster.model import Selection
from roster.tables import AccountItem, ContactItem
from tests.e2e.toolkit import Evidence, account_numbers

PROMISED = "the data import is active and ready for use"
EDNA = "edna@springfield.example"


@pytest.fixture(scope="module")
def sandbox(stack: Stack, evidence: Evidence) -> Iterator[ClassLinkSandbox]:
    """The partner's key is in place, and no district has added the application yet."""
    with ClassLinkSandbox.start() as server:
        partner = json.dumps({"key": server.partner_key, "base_url": server.url})
        stack.client("secretsmanager").create_secret(
            Name=f"{stack.outputs['SecretPrefix']}/partner/classlink", SecretString=partner
        )
        evidence.add((server.partner_key,), ())
        yield server


class Support:
    """The function, as the clock and pickAtime's support call it."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack

    def call(self, **event: Any) -> Any:
        answer = self.stack.client("lambda").invoke(
            FunctionName=f"{self.stack.outputs['SecretPrefix']}-classlink-districts", Payload=json.dumps(event).encode()
        )
        return json.loads(answer["Payload"].read())

    def move(self, tenant: str, to: str, account: str = "", level: str = "Support") -> Any:
        return self.call(step="move", tenant=tenant, to=to, account=account, level=level)

    def listed(self) -> dict[str, Any]:
        return {found["name"]: found for found in self.call(step="list")}


def mails() -> list[Any]:
    return list(ses_backends[DEFAULT_ACCOUNT_ID][names.REGION].sent_messages)


def test_from_the_districts_click_to_its_first_import(
    stack: Stack, sandbox: ClassLinkSandbox, evidence: Evidence
) -> None:
    account = LocalAccount(stack, str(next(account_numbers)), "conference")
    administrator = ContactItem(
        *keys.contact(account.account, "pickatime", "administrator", "edna"),
        kind="administrator", id="edna", origin="pickatime", level="Administrator", email=EDNA,
    )  # fmt: skip
    for item in (AccountItem(*keys.account(account.account), name="Springfield"), administrator):
        stack.client("dynamodb").put_item(TableName=account.table, Item=item.serialize())
    support = Support(stack)
    support.call()
    assert support.listed() == {}

    tenant = sandbox.add_tenant("Springfield Schools", students=40)
    evidence.add((tenant.bearer,), ())
    before = len(mails())
    for _ in range(3):
        support.call()  # hour after hour
    found = support.listed()["Springfield Schools"]
    assert (found["state"], found["shared"]) == ("requested", True)
    assert len(mails()) == before + 1, "support is told once"

    number = found["tenant"]
    refused = support.move(number, "active", account.account)
    assert "configuring" in str(refused)
    assert "Forbidden" in str(support.move(number, "configuring", account.account, level="Administrator"))
    assert support.listed()["Springfield Schools"]["state"] == "requested"

    assert support.move(number, "configuring", account.account)["state"] == "configuring"
    account.select("Conference", Selection())
    waiting = run_import.follow(account, run_import.start(account, "import"), lambda progress: None)
    assert (waiting["status"], waiting["error"]["code"]) == ("failed", "NotSetUp")

    before = len(mails())
    for _ in range(3):
        support.move(number, "active")
    (mail,) = [one for one in mails()[before:] if PROMISED in str(vars(one))]
    assert EDNA in str(mail.destinations)
    assert account.account in str(vars(mail))

    report = run_import.follow(account, run_import.start(account, "import"), lambda progress: None)
    assert report["status"] == "applied", report
    assert report["counts"]["student"]["created"] > 30


def test_the_hourly_poll_is_scheduled_by_the_template() -> None:
    text = (Path("infra") / "template.yaml").read_text()
    assert "ScheduleExpression: rate(1 hour)" in text
