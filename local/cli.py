"""`python -m local`: run all of it here, import from a provider, look at what was imported.

`run` serves a sandbox and imports it; `import` takes any address and credential, so it also tries a real account.
Both keep their state in a data folder: the second call is the second night.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
import threading
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.account import AccountTaken, LocalAccount, Running
from local.providers import PROVIDERS
from local.run_import import follow, offer, start
from local.show import connection_lines, contacts_table, offer_lines, progress_bar, report_lines
from local.stack import Stack, StackInUse, connect
from roster.model import Selection, Term

EXITS = {"applied": 0, "preview": 0, "held": 3, "failed": 1}
SHARED = Path(os.environ.get("PICKATIME_SHARED", Path(__file__).resolve().parent.parent.parent / "shared"))


def main(argv: list[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    try:
        return int(args.command(args))
    except (AccountTaken, StackInUse) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="serve everything here, with a provider's sandbox, and import it")
    run.add_argument("--provider", default="clever", choices=sorted(PROVIDERS), help="default: %(default)s")
    run.add_argument("--once", action="store_true", help="one import, its report as JSON on the last line, and stop")
    run.add_argument("--students", type=int, default=0, help="a generated district of so many, not the published one")
    run.add_argument("--port", type=int, default=0, help="of the web address; default: any free one")
    _data(run)
    run.set_defaults(command=_run)
    _per_provider(commands.add_parser("import", help="import from a provider, once; again is the next night"), _choices)
    _per_provider(commands.add_parser("connect", help="try a connection: what an import would get"), _connection)
    contacts = commands.add_parser("contacts", help="what was imported; birth dates show as on file or blank")
    contacts.add_argument("--kind", choices=("student", "teacher", "parent"), help="default: all")
    contacts.add_argument("--account", default=PROVIDERS["clever"].account, help="default: %(default)s")
    contacts.add_argument("--limit", type=int, default=20, help="default: %(default)s")
    _data(contacts)
    contacts.set_defaults(command=_contacts, event="conference")
    return parser


def _per_provider(command: ArgumentParser, add_arguments: Callable[[ArgumentParser], None]) -> None:
    providers = command.add_subparsers(required=True, dest="provider", metavar="PROVIDER")
    for name, line in PROVIDERS.items():
        one = providers.add_parser(name, help=line.title)
        line.add_arguments(one)
        add_arguments(one)


def _data(parser: ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=Path(".local"), help="where state is kept; default: %(default)s")


def _choices(parser: ArgumentParser) -> None:
    parser.add_argument("--terms", type=_ids, default=(), metavar="ID,ID", help="default: all")
    parser.add_argument("--schools", type=_ids, default=(), metavar="ID,ID", help="default: all")
    parser.add_argument("--no-contacts", action="store_true", help="leave parents and relationships alone")
    parser.add_argument("--preview", action="store_true", help="a test import: plan, and change nothing")
    parser.add_argument("--event", default="conference", help="default: %(default)s")
    _account(parser)
    parser.set_defaults(command=_import)


def _connection(parser: ArgumentParser) -> None:
    _account(parser)
    parser.set_defaults(command=_connect, event="conference")


def _account(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="the result as one JSON object on the last line")
    parser.add_argument("--account", help="account number (ven); default: one per provider")
    _data(parser)


def _ids(given: str) -> tuple[str, ...]:
    ids = tuple(part.strip() for part in given.split(",") if part.strip())
    if not ids:
        raise ArgumentTypeError("give at least one id, separated by commas")
    return ids


def _import(args: Namespace) -> int:
    with _running(args.data) as stack:
        return _import_into(stack, args)


def _import_into(stack: Running, args: Namespace) -> int:
    line = PROVIDERS[args.provider]
    account = LocalAccount(stack, args.account or line.account, args.event)
    account.set_up(f"{line.title} school", args.provider, line.settings(args), line.secret(args))
    terms = tuple(Term(id) for id in args.terms)
    account.select("Parent-teacher conference", Selection(args.schools, terms, not args.no_contacts))
    with progress_bar() as show:
        report = follow(account, start(account, "preview" if args.preview else "import"), show)
    chosen_from = offer_lines(offer(account, report["run"])) if report["status"] == "preview" else ()
    for said in (*report_lines(report), *chosen_from):
        print(said, file=sys.stderr if args.json else sys.stdout)
    if args.json:
        print(json.dumps(report, ensure_ascii=False, sort_keys=True), flush=True)
    return EXITS.get(report["status"], 1)


def _connect(args: Namespace) -> int:
    """The connection is kept, and used by imports, only when it gives all that an import needs."""
    line = PROVIDERS[args.provider]
    with _running(args.data) as stack:
        account = LocalAccount(stack, args.account or line.account, args.event)
        told = account.connect(args.provider, line.settings(args), line.secret(args))
        if told["connected"]:
            account.set_up(f"{line.title} school", args.provider, line.settings(args), line.secret(args))
    for said in connection_lines(told):
        print(said, file=sys.stderr if args.json else sys.stdout)
    if args.json:
        print(json.dumps(told, ensure_ascii=False, sort_keys=True), flush=True)
    return 0 if told["connected"] else 1


def _run(args: Namespace) -> int:
    line = PROVIDERS[args.provider]
    with Stack.start(data=args.data, port=args.port) as stack, line.sandbox(SHARED, args.students) as sandbox:
        given = ["import", args.provider, *line.sandbox_arguments(sandbox), "--data", str(args.data)]
        code = _import_into(stack, _parser().parse_args([*given, *(["--json"] if args.once else [])]))
        if args.once or code:
            return code
        _say_what_next(stack, line.account, shlex.join(given), shlex.join(["--data", str(args.data)]))
        with stack.scheduler.run_forever():
            threading.Event().wait()
    return 0


def _say_what_next(stack: Stack, account: str, given: str, data: str) -> None:
    print(f"""
Serving. Ctrl-C stops it; what was imported stays in the data folder.

  families arrive at   {stack.url}/client?ven={account}
  the AWS services at  {stack.endpoint}

Try next, in another terminal:
  python -m local contacts --account {account} --kind parent {data}
  python -m local {given}            # the second night: nothing to do
  python -m local {given} --preview  # what a run would do, without doing it
""")


def _contacts(args: Namespace) -> int:
    with _running(args.data) as stack:
        account = LocalAccount(stack, args.account, args.event)
        for line in contacts_table(account.contacts(account.provider()), args.kind, args.limit):
            print(line)
    return 0


@contextmanager
def _running(data: Path) -> Iterator[Any]:
    """The stack that serves this data folder already, or one of our own for as long as it takes."""
    attached = connect(data)
    if attached:
        yield attached
        return
    with Stack.start(data=data) as stack:
        yield stack
