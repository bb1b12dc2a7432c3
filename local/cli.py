"""`python -m local`: run all of it here, import from a provider, look at what was imported.

`run` serves a sandbox and imports it; `import` takes any address and credential, so it also tries a real account.
Both keep their state in a data folder: the second call is the second night.
"""

from __future__ import annotations

import os
import shlex
import sys
import threading
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from local import administrators, arguments, looking
from local.account import AccountTaken, RunUnknown
from local.importing import EXITS, import_once, try_connection
from local.providers import PROVIDERS
from local.reach import Unreachable, reach
from local.stack import Stack, StackInUse, connect

SHARED = Path(os.environ.get("PICKATIME_SHARED", Path(__file__).resolve().parent.parent.parent / "shared"))


def main(argv: list[str] | None = None) -> int:
    args = _parsed(argv)
    try:
        code = int(args.command(args))
        sys.stdout.flush()  # here, where a reader who has gone away is no error
    except (AccountTaken, looking.NothingImported, RunUnknown, *administrators.REFUSALS) as error:
        return _fail(2, str(error))
    except StackInUse:
        return _fail(2, _in_use(args.data))
    except Unreachable as error:
        return _fail(1, str(error))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what Python flushes at its end
        return 0
    except KeyboardInterrupt:
        return 130
    return code


def _parsed(argv: list[str] | None) -> Namespace:
    """What is misspelt is said with the usage of the command that it was given to."""
    args, unknown = _parser().parse_known_args(argv)
    if unknown:
        args.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    return args


def _fail(code: int, why: str) -> int:
    print(f"error: {why}", file=sys.stderr)
    return code


def _in_use(data: Path) -> str:
    attached = connect(data)
    who = f"process {attached.pid}" if attached else "another process"
    return (
        f"{data} is being served already, by {who}: use that one, stop it with Ctrl-C where it runs, "
        "or take another data folder (make run DATA=folder, --data folder)"
    )


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="serve everything here, with a provider's sandbox, and import it")
    run.add_argument("--provider", default="clever", choices=sorted(PROVIDERS), help="default: %(default)s")
    run.add_argument("--once", action="store_true", help="one import, its report as JSON on the last line, and stop")
    many = arguments.whole(1, 1_000_000)
    run.add_argument("--students", type=many, default=0, help="a generated district of so many, not the published one")
    run.add_argument("--port", type=arguments.port, default=0, help="of the web address; default: any free one")
    _data(run)
    run.set_defaults(command=_run, parser=run)
    _per_provider(commands.add_parser("import", help="import from a provider, once; again is the next night"), _choices)
    _per_provider(commands.add_parser("connect", help="try a connection: what an import would get"), _connection)
    contacts = commands.add_parser("contacts", help="what was imported; birth dates show as on file or blank")
    contacts.add_argument("--kind", choices=("student", "teacher", "parent"), help="default: all")
    _whose(contacts)
    contacts.add_argument("--limit", type=arguments.whole(1), default=20, help="default: %(default)s")
    _data(contacts)
    contacts.set_defaults(command=looking.contacts, event="conference", parser=contacts)
    problems = commands.add_parser("problems", help="what a run found wrong, id by id, with what to do: CSV")
    _whose(problems)
    _event(problems)
    problems.add_argument("--run", default="", help="default: the newest")
    _data(problems)
    problems.set_defaults(command=looking.problems, parser=problems)
    idle = commands.add_parser("idle", help="whether nothing serves the data folder, so that it may be deleted")
    _data(idle)
    idle.set_defaults(command=_idle, parser=idle)
    made = administrators.add_commands(commands, _data)
    made["administrator"].set_defaults(command=_administrator, parser=made["administrator"])
    made["sign-in"].set_defaults(command=_sign_in, parser=made["sign-in"])
    return parser


def _per_provider(command: ArgumentParser, add_arguments: Callable[[ArgumentParser], None]) -> None:
    providers = command.add_subparsers(required=True, dest="provider", metavar="PROVIDER")
    for name, line in PROVIDERS.items():
        one = providers.add_parser(name, help=line.title)
        line.add_arguments(one)
        add_arguments(one)
        one.set_defaults(parser=one)


def _data(parser: ArgumentParser) -> None:
    where = "where state is kept, seen from the current directory; default: %(default)s"
    parser.add_argument("--data", type=arguments.folder, default=Path(".local"), help=where)


def _event(parser: ArgumentParser) -> None:
    parser.add_argument("--event", type=arguments.event, default="conference", help="default: %(default)s")


def _whose(parser: ArgumentParser) -> None:
    """An account to look at: the one that each provider gets unless another is named."""
    known = ", ".join(f"{line.account} {name}" for name, line in PROVIDERS.items())
    default = PROVIDERS["clever"].account
    parser.add_argument("--account", type=arguments.account, default=default, help=f"{known}; default: %(default)s")


def _choices(parser: ArgumentParser) -> None:
    parser.add_argument("--terms", type=arguments.ids, default=(), metavar="ID,ID", help="default: all")
    parser.add_argument("--schools", type=arguments.ids, default=(), metavar="ID,ID", help="default: all")
    parser.add_argument("--no-contacts", action="store_true", help="leave parents and relationships alone")
    parser.add_argument("--preview", action="store_true", help="a test import: plan, and change nothing")
    _event(parser)
    _account(parser)
    parser.set_defaults(command=_import, keep=False)


def _connection(parser: ArgumentParser) -> None:
    _account(parser)
    parser.set_defaults(command=_connect, event="conference")


def _account(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="the result as one JSON object on the last line")
    parser.add_argument("--account", type=arguments.account, help="account number (ven); default: one per provider")
    _data(parser)


def _import(args: Namespace) -> int:
    reach(PROVIDERS[args.provider].addresses(args))
    with looking.running(args.data) as stack:
        return import_once(stack, args)


def _connect(args: Namespace) -> int:
    reach(PROVIDERS[args.provider].addresses(args))
    with looking.running(args.data) as stack:
        return try_connection(stack, args)


def _run(args: Namespace) -> int:
    line = PROVIDERS[args.provider]
    with (
        Stack.start(data=args.data, port=args.port) as stack,
        line.sandbox(SHARED, args.students, stack.url) as sandbox,
    ):
        given = ["import", args.provider, *line.sandbox_arguments(sandbox), "--data", str(args.data)]
        again = _parser().parse_args([*given, *(["--json"] if args.once else [])])
        again.keep = True
        code = import_once(stack, again)
        if args.once or code not in (0, EXITS["held"]):
            return code
        with suppress(KeyboardInterrupt), stack.scheduler.run_forever():  # a good end: make calls any other an error
            administrators.make(stack, line.account, administrators.DEMO, "Demo Administrator")
            _say_what_next(stack, line.account, shlex.join(given), shlex.join(["--data", str(args.data)]))
            threading.Event().wait()
    return 0


def _say_what_next(stack: Stack, account: str, given: str, data: str) -> None:
    print(
        f"""
Serving. Ctrl-C stops it; what was imported stays in the data folder.

  administrators at    {administrators.link(stack, account)}
                       once, within 15 minutes; python -m local sign-in --account {account} {data} gives a new link
  families arrive at   {stack.url}/client?ven={account}
  the AWS services at  {stack.endpoint}

Try next, in another terminal:
  python -m local contacts --account {account} --kind parent {data}
  python -m local {given}            # the second night: nothing to do
  python -m local {given} --preview  # what a run would do, without doing it
""",
        flush=True,
    )


def _administrator(args: Namespace) -> int:
    with looking.running(args.data) as stack:
        return administrators.say_made(stack, args)


def _sign_in(args: Namespace) -> int:
    """Only of a stack that goes on serving: a link to one that ends with this command leads nowhere."""
    attached = connect(args.data)
    if not attached:
        raise administrators.NobodyToSignIn(f"{args.data} is not being served: make run, in another terminal")
    return administrators.say_link(attached, args)


def _idle(args: Namespace) -> int:
    if connect(args.data):
        raise StackInUse
    return 0
