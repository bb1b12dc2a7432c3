"""Administrators on the local stack: the first one of an account, and a link that signs one in without a mail.

The first is made as on AWS, by invoking the administration's function directly. The link goes straight to the table.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from secrets import token_urlsafe
from typing import Any

from local import arguments
from local.account import LocalAccount, Running
from roster import keys
from roster.errors import HELP_MARK
from roster.fields import is_email
from roster.model import BY_HAND, Kind
from roster.permissions import LEVELS, Administrator, rank
from roster.ports import SignInLink
from roster.sessions import digest
from roster.signin import AFTER_SIGN_IN, GOOD_FOR, PATH
from roster.tables import SignInItem

DEMO = "admin@example.com"


class Refused(RuntimeError):
    """The product's function says no, and what to do instead."""


class NobodyToSignIn(RuntimeError):
    """The account has no administrator, or none with that address."""


REFUSALS = (Refused, NobodyToSignIn)


def make(stack: Running, account: str, email: str, name: str, **more: Any) -> dict[str, Any]:
    """Make, or change, who has this address. `school` makes the account where there is none."""
    event = {"step": "administrator", "account": account, "email": email, "name": name, **more}
    answer = stack.client("lambda").invoke(
        FunctionName=f"{stack.outputs['SecretPrefix']}-admin-api", Payload=json.dumps(event).encode()
    )
    told: dict[str, Any] = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        raise Refused(str(told.get("errorMessage", "")).replace(HELP_MARK, ". "))
    return told


def link(stack: Any, account: str, email: str = "", to: str = AFTER_SIGN_IN) -> str:
    """A fresh link for that administrator, or for the one with the highest level."""
    people = [one for one in _administrators(stack, account) if not email or one.email.casefold() == email.casefold()]
    if not people:
        raise NobodyToSignIn(
            f"account {account} has no such administrator: python -m local administrator --account {account} "
            '--email ADDRESS --name "NAME" makes one (with --school "ITS SCHOOL" where the account is new)'
        )
    person, token = max(people, key=lambda one: (rank(one.level), one.id)), token_urlsafe(32)
    now = datetime.now(UTC)
    kept = SignInLink(account, person.id, to, now.isoformat(), int((now + GOOD_FOR).timestamp()))
    item = SignInItem(*keys.sign_in(digest(token)), **vars(kept)).to_dynamodb_dict()
    stack.client("dynamodb").put_item(TableName=stack.outputs["TableName"], Item=item)
    return f"{stack.url}{PATH}{token}"


def _administrators(stack: Running, account: str) -> Iterator[Administrator]:
    for item in LocalAccount(stack, account, "").contacts(BY_HAND):
        if item.kind == Kind.ADMINISTRATOR and not item.inactive_since:
            yield Administrator(account, item.id, item.email or "", item.first or "", item.level)


def add_commands(commands: Any, common: Callable[[ArgumentParser], None]) -> dict[str, ArgumentParser]:
    """`administrator` and `sign-in`; `common` adds what all commands have."""
    maker = commands.add_parser("administrator", help="make the first administrator of an account, or change one")
    maker.add_argument("--account", type=arguments.account, required=True, help="account number (ven)")
    maker.add_argument("--email", type=_email, required=True)
    maker.add_argument("--name", required=True, help="as in mails and lists")
    maker.add_argument("--level", choices=[str(level) for level in LEVELS[1:]], default="Administrator")
    events = "of an Event Administrator: the events that are theirs, by id"
    maker.add_argument("--events", type=arguments.ids, default=(), metavar="ID,ID", help=events)
    maker.add_argument("--school", default="", help="what its school is called, to make an account that is new")
    signer = commands.add_parser("sign-in", help="a link that signs an administrator in, good for 15 minutes")
    signer.add_argument("--account", type=arguments.account, required=True, help="account number (ven)")
    signer.add_argument("--email", default="", help="default: the administrator with the highest level")
    for one in (maker, signer):
        common(one)
    return {"administrator": maker, "sign-in": signer}


def say_made(stack: Running, args: Namespace) -> int:
    made = make(
        stack, args.account, args.email, args.name, level=args.level, school=args.school, events=list(args.events)
    )
    print(f"{args.email} is {made['level']} of account {made['account']}.")
    return 0


def say_link(stack: Any, args: Namespace) -> int:
    print(link(stack, args.account, args.email))
    print("It works once, within 15 minutes, while this stack is served.", file=sys.stderr)
    return 0


def _email(given: str) -> str:
    if not is_email(given):
        raise arguments.ArgumentTypeError(f"{given!r} is no e-mail address")
    return given
