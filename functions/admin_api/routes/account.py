"""The account itself: what it is called, and in which time zone its nights begin."""

from __future__ import annotations

from typing import Annotated

from api import person, route
from pydantic import AfterValidator, StringConstraints
from shapes import Asked, Name, Told

from roster.clocks import DEFAULT_ZONE, is_zone
from roster.errors import NotSetUp, NotThere
from roster.permissions import Action
from roster.ports import Account
from roster.runtime import administration


def _zone(name: str) -> str:
    if not is_zone(name):
        raise ValueError("not a time zone such as America/New_York")
    return name


class AccountAsked(Asked):
    """What is left out stays."""

    name: Name | None = None
    zone: Annotated[str, StringConstraints(max_length=64), AfterValidator(_zone)] | None = None


class AccountTold(Told):
    account: str
    name: str
    zone: str


@route("GET", "/api/account", Action.SEE_ACCOUNT, tag="account", answer=AccountTold, raises=(NotThere,))
def read_account() -> AccountTold:
    """The account."""
    return _told(_mine())


@route("PATCH", "/api/account", Action.CHANGE_ACCOUNT, tag="account", answer=AccountTold, raises=(NotThere, NotSetUp))
def change_account(body: AccountAsked) -> AccountTold:
    """Rename the account, or move it to another time zone."""
    account = _mine().account
    if body.name:
        administration().accounts.rename(account, body.name)
    if body.zone:  # the same one, too: what failed half-way is mended
        administration().importer.nights.rezone(account, body.zone)
    return _told(_mine())


def _mine() -> Account:
    found = administration().accounts.account(person().account)
    if not found:
        raise NotThere(f"there is no account {person().account}")
    return found


def _told(account: Account) -> AccountTold:
    return AccountTold(account=account.account, name=account.name, zone=account.zone or DEFAULT_ZONE)
