"""Every route of the served document, asked by every level: own and another's event, own and another account, nobody.

The expectation is roster.permissions and nothing else. A route that names no action fails here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from local.stack import Stack
from roster.model import Level
from roster.permissions import LOWEST, SIGN_IN, Action, rank
from tests.e2e.admin import Admin, refusal
from tests.e2e.toolkit import account_numbers

SECRET_NAME = "Spring of the other school"
SIGNERS = [level for level in Level if rank(level) >= rank(SIGN_IN)]
OPEN_ROUTES = {
    "askForLink", "openLink", "useLink", "readDocument", "openHeld", "signInToDecide", "readBooking", "searchHelp",
    "readGuide", "showHelp", "showGuide", "showAdmin", "askForLinkHere",
}  # fmt: skip


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    name: str
    action: str
    body: bool
    asks: bool = False  # a field of its own in the address, which is looked at before its event is

    @property
    def of_an_event(self) -> bool:
        return "{event}" in self.path

    def ask(self, admin: Admin, event: str = "nothing") -> requests.Response:
        path = self.path.replace("{event}", event).replace("{report}", "people")
        path = re.sub(r"\{\w+\}", "nothing", path)
        return admin.call(self.method, path, {} if self.body else None)


def operations(document: dict[str, Any]) -> Iterator[Operation]:
    for path, methods in document["paths"].items():
        for method, one in methods.items():
            asks = any(given["in"] == "query" and given.get("required") for given in one.get("parameters", ()))
            body = "requestBody" in one
            yield Operation(method.upper(), path, one["operationId"], one.get("x-action", ""), body, asks)


@pytest.fixture(scope="module")
def routes(stack: Stack) -> list[Operation]:
    found = list(operations(requests.get(f"{stack.url}/api/openapi.json", timeout=30).json()))
    assert len(found) >= 15
    return found


@pytest.fixture(scope="module")
def account() -> str:
    return str(next(account_numbers))


@pytest.fixture(scope="module")
def owner(stack: Stack, account: str) -> Admin:
    return Admin.of(stack, account)


def admitted(answer: requests.Response) -> bool:
    return answer.status_code not in (401, 403)


def test_every_route_names_its_action(routes: list[Operation]) -> None:
    known = {action.value for action in Action}
    assert [one for one in routes if one.action != "open" and one.action not in known] == []
    assert {one.name for one in routes if one.action == "open"} == OPEN_ROUTES


def test_every_action_has_a_lowest_level() -> None:
    assert set(LOWEST) == set(Action)


def test_who_is_not_signed_in_reaches_nothing(stack: Stack, routes: list[Operation], owner: Admin) -> None:
    event = owner.new_event()["id"]
    for one in routes:
        answer = one.ask(Admin(stack, owner.account), event)
        if one.action == "open":
            assert admitted(answer), one
        else:
            assert refusal(answer) == (401, "NotSignedIn"), one


@pytest.mark.parametrize("level", SIGNERS)
def test_each_level_reaches_what_the_matrix_says(
    stack: Stack, routes: list[Operation], owner: Admin, level: Level
) -> None:
    mine, others = owner.new_event()["id"], owner.new_event(SECRET_NAME)["id"]
    person = Admin.of(stack, owner.account, level, [mine])
    for one in sorted(routes, key=lambda one: one.method == "DELETE"):
        if one.action == "open":
            continue
        if one.action == Action.END_SESSION:
            person.use(person.link())
        lowest = LOWEST[Action(one.action)]
        # what takes Support takes pickAtime's own account as well
        high_enough = rank(level) >= rank(lowest) and lowest != Level.SUPPORT
        assert admitted(one.ask(person, mine)) is high_enough, (one, level)
        if not one.of_an_event:
            continue
        answer = one.ask(person, others)
        assert admitted(answer) is (high_enough and level != Level.EVENT_ADMINISTRATOR), (one, level)
        if not admitted(answer):
            assert refusal(answer) == (403, "Forbidden")
            assert SECRET_NAME not in answer.text
            unknown = one.ask(person, "nothing")
            assert (unknown.status_code, unknown.text) == (answer.status_code, answer.text), "no way to guess events"


@pytest.mark.parametrize("level", SIGNERS)
def test_another_account_is_out_of_reach_at_every_level(
    stack: Stack, routes: list[Operation], owner: Admin, level: Level
) -> None:
    theirs = owner.new_event(SECRET_NAME)["id"]
    stranger = Admin.of(stack, str(next(account_numbers)), level)
    for one in routes:
        if not one.of_an_event or one.action == "open":
            continue
        answer = one.ask(stranger, theirs)
        expected = 404 if rank(level) >= rank(Level.ADMINISTRATOR) else 403
        told = refusal(answer)[0]
        assert told == expected or ((one.body or one.asks) and told == 422 and expected == 404), (one, level)
        assert SECRET_NAME not in answer.text
    told = stranger.get("/api/events")
    assert SECRET_NAME not in told.text
    if admitted(told):
        assert told.json()["items"] == []
        copied = stranger.post("/api/events", {"name": "Copy", "template": theirs})
        assert copied.status_code in (403, 404)
        several = stranger.post("/api/events/delete", {"events": [theirs], "confirm": "1"})
        assert several.status_code in (403, 404)
    assert owner.get(f"/api/events/{theirs}").json()["deleting"] is False


def test_an_unknown_level_is_below_all(stack: Stack, owner: Admin) -> None:
    person = Admin.of(stack, owner.account)
    person.set(level={"S": "Superuser"})
    assert refusal(person.get("/api/session")) == (401, "NotSignedIn")
