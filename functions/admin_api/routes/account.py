"""The account itself: what it is called, in which time zone its nights begin, whom its imports' mails go to."""

from __future__ import annotations

from typing import Annotated

from api import audited, person, route
from pydantic import AfterValidator, Field, StringConstraints
from shapes import Asked, Email, Name, Told

from roster.announcing import MOST_RECIPIENTS
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
    """What is left out stays. `notify`: whom its imports' mails go to; an empty list is all full Administrators."""

    name: Name | None = None
    zone: Annotated[str, StringConstraints(max_length=64), AfterValidator(_zone)] | None = None
    notify: Annotated[list[Email], Field(max_length=MOST_RECIPIENTS)] | None = None


class AccountTold(Told):
    """`notify`: whom its imports' mails go to; where nobody is named, to all full Administrators."""

    account: str
    name: str
    zone: str
    notify: list[str]


@route("GET", "/api/account", Action.SEE_ACCOUNT, tag="account", answer=AccountTold, raises=(NotThere,))
def read_account() -> AccountTold:
    """The account."""
    return _told(_mine())


@route("PATCH", "/api/account", Action.CHANGE_ACCOUNT, tag="account", answer=AccountTold, raises=(NotThere, NotSetUp))
def change_account(body: AccountAsked) -> AccountTold:
    """Rename the account, move it to another time zone, or name whom its imports' mails go to."""
    before = _mine()
    account, accounts = before.account, administration().accounts
    if body.name:
        accounts.rename(account, body.name)
    if body.notify is not None:
        accounts.notify(account, list({one.casefold(): one for one in body.notify}.values()))
    if body.zone:  # the same one, too: what failed half-way is mended
        administration().importer.nights.rezone(account, body.zone)
    after = _told(_mine())
    audited("account", _told(before).model_dump(), after.model_dump())
    return after


def _mine() -> Account:
    found = administration().accounts.account(person().account)
    if not found:
        raise NotThere(f"there is no account {person().account}")
    return found


def _told(account: Account) -> AccountTold:
    zone = account.zone or DEFAULT_ZONE
    return AccountTold(account=account.account, name=account.name, zone=zone, notify=list(account.notify))
