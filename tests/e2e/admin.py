"""Somebody at the administration's web address: signs in as a browser does, and calls its routes.

`Admin.of(stack, account, level)` makes the administrator and signs in; `call` sends what our own pages would send.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import requests
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from local import administrators, names
from local.stack import Stack
from roster import keys
from roster.model import BY_HAND, Level
from roster.tables import EventItem

SCHOOL = "Harbor High School"
_numbers = itertools.count(1)


@dataclass
class Admin:
    """One browser."""

    stack: Stack
    account: str
    email: str = ""
    id: str = ""
    web: requests.Session = field(default_factory=requests.Session)

    @classmethod
    def of(
        cls, stack: Stack, account: str, level: str = Level.ADMINISTRATOR, events: Iterable[str] = (), **more: Any
    ) -> Admin:
        """A new administrator of the account, signed in; the account is made where there is none."""
        one = cls.made(stack, account, level, events, **more)
        answer = one.use(one.link())
        assert answer.status_code == 303, answer.text
        return one

    @classmethod
    def made(
        cls, stack: Stack, account: str, level: str = Level.ADMINISTRATOR, events: Iterable[str] = (), email: str = ""
    ) -> Admin:
        """A new administrator who has not signed in."""
        email = email or f"person{next(_numbers)}@harbor.example"
        made = administrators.make(stack, account, email, "Edna Krabappel", level=str(level), school=SCHOOL)
        one = cls(stack, account, email, made["id"])
        one.set(events={"L": [{"S": event} for event in events]})
        return one

    def set(self, **values: dict[str, Any]) -> None:
        """Change the contact, as another administrator would."""
        key = keys.contact(self.account, BY_HAND, "administrator", self.id)
        put(self.stack, key, values)

    def remove(self) -> None:
        key = keys.contact(self.account, BY_HAND, "administrator", self.id)
        drop(self.stack, key)

    def link(self, to: str = "") -> str:
        more = {"to": to} if to else {}
        return administrators.link(self.stack, self.account, self.email, **more)

    def use(self, link: str) -> requests.Response:
        """Press the button of the page that the link opens."""
        return self.web.post(link, headers={"Origin": self.stack.url}, allow_redirects=False, timeout=30)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        sent = {"Origin": self.stack.url, **headers}
        return self.web.request(
            method, self.stack.url + path, json=body, headers=sent, allow_redirects=False, timeout=30
        )

    def get(self, path: str) -> requests.Response:
        return self.call("GET", path)

    def post(self, path: str, body: Any) -> requests.Response:
        return self.call("POST", path, body)

    def patch(self, path: str, body: Any) -> requests.Response:
        return self.call("PATCH", path, body)

    def delete(self, path: str) -> requests.Response:
        return self.call("DELETE", path)

    def new_event(self, name: str = "Fall conferences", **more: Any) -> dict[str, Any]:
        answer = self.post("/api/events", {"name": name, **more})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made


def refusal(answer: requests.Response) -> tuple[int, str]:
    """Status and code of an error; its body has the three parts that every error has."""
    body = answer.json()
    assert body.keys() == {"code", "message", "help"}, body
    assert answer.headers["cache-control"] == "no-store"
    return answer.status_code, body["code"]


def put(stack: Stack, key: keys.Key, values: dict[str, Any]) -> None:
    """Set these attributes of an item, and no other."""
    stack.client("dynamodb").update_item(
        TableName=stack.outputs["TableName"],
        Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}},
        UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
        ExpressionAttributeNames={f"#{name}": name for name in values},
        ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
    )


def drop(stack: Stack, key: keys.Key) -> None:
    where = {"pk": {"S": key.pk}, "sk": {"S": key.sk}}
    stack.client("dynamodb").delete_item(TableName=stack.outputs["TableName"], Key=where)


def stored_event(stack: Stack, account: str, event: str) -> EventItem | None:
    key = keys.event(account, event)
    where = {"pk": {"S": key.pk}, "sk": {"S": key.sk}}
    found = stack.client("dynamodb").get_item(TableName=stack.outputs["TableName"], Key=where, ConsistentRead=True)
    return EventItem.from_raw_data(found["Item"]) if "Item" in found else None


def mails_to(email: str) -> list[Any]:
    sent = ses_backends[DEFAULT_ACCOUNT_ID][names.REGION].sent_messages
    return [mail for mail in sent if email in str(mail.destinations)]
