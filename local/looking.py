"""The commands that look at what was imported, and the stack that each command works with."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from local.account import LocalAccount
from local.problems import write_problems
from local.providers import PROVIDERS
from local.show import contacts_table
from local.stack import Stack, connect


class NothingImported(RuntimeError):
    """There is no contact to look at."""


def contacts(args: Namespace) -> int:
    with _looked_at(args) as account:
        found = account.contacts(account.provider())
        first = next(found, None)
        if first is None:
            raise NothingImported(f"account {args.account}: nothing was imported yet{_other_accounts(args.account)}")
        for line in contacts_table(chain([first], found), args.kind, args.limit):
            print(line)
    return 0


def problems(args: Namespace) -> int:
    with _looked_at(args) as account:
        write_problems(account, account.known_run(args.run), sys.stdout)
    return 0


def _other_accounts(account: str) -> str:
    others = [f"{line.account} is {name}'s" for name, line in PROVIDERS.items() if line.account != account]
    return f" (--account names another: {', '.join(others)})"


@contextmanager
def _looked_at(args: Namespace) -> Iterator[LocalAccount]:
    if not (args.data / "state.sqlite").exists():
        raise NothingImported(f"nothing was imported into {args.data.absolute()} yet (--data names another folder)")
    with running(args.data) as stack:
        yield LocalAccount(stack, args.account, args.event)


@contextmanager
def running(data: Path) -> Iterator[Any]:
    """The stack that serves this data folder already, or one of our own for as long as it takes."""
    attached = connect(data)
    if attached:
        yield attached
        return
    with Stack.start(data=data) as stack:
        yield stack
