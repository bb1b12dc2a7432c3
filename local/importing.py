"""One import or one try of a connection, as the command line asks for it: what is stored for it, run, said, undone."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Iterable, Mapping
from typing import Any

from local.account import LocalAccount, Running
from local.providers import PROVIDERS
from local.run_import import STOPPED, follow, offer, start, stop
from local.show import connection_lines, offer_lines, progress_bar, report_lines
from roster.model import Selection, Term

EXITS = {"applied": 0, "preview": 0, "held": 3, "failed": 1, "stopped": 130}


def import_once(stack: Running, args: Namespace) -> int:
    account = _account_of(stack, args)
    known = account.has_chosen()
    report = _report(account, args)
    chosen_from = offer_lines(offer(account, report["run"])) if report["status"] == "preview" else ()
    new = () if known or report["status"] != "applied" else (f"  It is the first of event {account.event}.",)
    _say([*report_lines(report), *new, *chosen_from], report, args)
    return EXITS.get(report["status"], 1)


def try_connection(stack: Running, args: Namespace) -> int:
    """The connection is kept, and used by imports, only when it gives all that an import needs."""
    line, account = PROVIDERS[args.provider], _account_of(stack, args)
    told = account.connect(args.provider, line.settings(args), line.secret(args))
    if told["connected"]:
        _set_up(account, args)
    _say(connection_lines(told), told, args)
    return 0 if told["connected"] else 1


def _account_of(stack: Running, args: Namespace) -> LocalAccount:
    return LocalAccount(stack, args.account or PROVIDERS[args.provider].account, args.event)


def _report(account: LocalAccount, args: Namespace) -> dict[str, Any]:
    """One run's report. Unless it may have written, what was stored before it is stored after it."""
    before = account.chosen(args.provider)
    _set_up(account, args)
    try:
        if not (args.keep and account.has_chosen()):
            selection = Selection(args.schools, tuple(Term(id) for id in args.terms), not args.no_contacts)
            account.select("Parent-teacher conference", selection)
        run = start(account, "preview" if args.preview else "import")
    except BaseException:
        account.put_back(before)
        raise
    report = _followed(account, run)
    # nobody knows what a run has written whose writes are None: the next one goes on with what that one had
    ended = report["status"], report["writes"]
    if report["status"] in ("preview", "stopped") or ended in (("failed", 0), ("cancelled", 0)):
        account.put_back(before)
    return report


def _set_up(account: LocalAccount, args: Namespace) -> None:
    line = PROVIDERS[args.provider]
    account.set_up(f"{line.title} school", args.provider, line.settings(args), line.secret(args))


def _followed(account: LocalAccount, run: str) -> dict[str, Any]:
    with progress_bar() as show:
        try:
            return follow(account, run, show)
        except KeyboardInterrupt:
            if stop(account, run):
                return {**STOPPED, "run": run}
            print("It is being written already: wait for its end. Ctrl-C again does not wait.", file=sys.stderr)
            return follow(account, run, show)


def _say(lines: Iterable[str], told: Mapping[str, Any], args: Namespace) -> None:
    """To a person, or to a program: then standard output has the JSON alone. At once, whoever reads."""
    for line in lines:
        print(line, file=sys.stderr if args.json else sys.stdout, flush=True)
    if args.json:
        print(json.dumps(told, ensure_ascii=False, sort_keys=True), flush=True)
