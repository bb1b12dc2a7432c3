"""Veracross on 127.0.0.1: accounts.veracross.com's tokens and api.veracross.com's Data API, over one school.

python -m local.sandbox.veracross --port 9002 [--students N] [--fault NAME ...] [--conduct NAME ...]
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Callable, Iterable
from datetime import date

from ..arguments import port, whole
from .faults import Fault, Faults, Reply
from .serving import Request, Sandbox
from .veracross_api import DataApi
from .veracross_auth import AuthApi, AuthRefused
from .veracross_conduct import CONDUCTS, Conduct
from .veracross_faults import VERACROSS_FAULTS
from .veracross_resources import ALL, RESOURCES
from .veracross_school import TODAY, VeracrossSchool
from .veracross_sso import SignOn
from .veracross_tokens import Application, Clock, Token


class VeracrossSandbox(Sandbox):
    """`conduct` may be replaced while the server runs."""

    def __init__(
        self,
        school: VeracrossSchool,
        *,
        route: str = "abcd",
        port: int = 0,
        faults: Faults | None = None,
        scopes: Iterable[str] = ALL,
        rate_limit: int = 300,
        rate_window: float = 180.0,
        expires_in: int = 3600,
        conduct: Conduct | None = None,
        clock: Clock = time.time,
        redirect_uris: Iterable[str] = (),
    ) -> None:
        self.school, self.route, self.conduct = school, route.lower(), conduct or Conduct()
        self.application = Application(scopes, expires_in, clock)
        self.auth = AuthApi(self.application, lambda: self.conduct)
        self.sso = SignOn(self.auth, school, lambda: f"{self.url}/{self.route}")
        self.sso.redirect_uris += redirect_uris
        self.api = DataApi(school, self.application, lambda: self.conduct, self._page_faults, rate_limit, rate_window)
        super().__init__(port, faults)

    # -- what the school's administrator does

    @property
    def client_id(self) -> str:
        return self.application.client_id

    @property
    def client_secret(self) -> str:
        return self.application.client_secret

    @property
    def tokens(self) -> list[Token]:
        """Every token that was issued, in order, revoked or not; each counts its requests."""
        return self.application.tokens

    def sign_in(self, person: int | None) -> None:
        """This person has a session at Veracross now: /oauth/authorize asks for no password."""
        self.sso.user = person

    def offer_sign_on(self, redirect_uris: Iterable[str], person: int | None = None) -> int:
        """Single sign-on, with somebody signed in already: this person, or the first parent. Who that is."""
        self.sso.redirect_uris += redirect_uris
        self.add_scope("sso")
        whom = person or self.school.tables["parents"].ids[0]
        self.sign_in(whom)
        return whom

    def reset_secret(self) -> str:
        return self.application.reset_secret()

    def revoke_tokens(self) -> None:
        self.application.revoke_tokens()

    def remove_scope(self, name: str, *, from_tokens: bool = True) -> None:
        self.application.remove_scope(name, from_tokens=from_tokens)

    def add_scope(self, name: str) -> None:
        self.application.add_scope(name)

    # -- answering: both hosts are this one, told apart by what follows the route

    def _rest(self, request: Request) -> str | None:
        """The path after the route, which may be in any case; None if it is another route."""
        start = f"/{self.route}/"
        return request.path[len(start) - 1 :] if request.path.lower().startswith(start) else None

    def is_data(self, request: Request) -> bool:
        return "/v3/" in request.path

    def answer(self, request: Request) -> Reply:
        rest = self._rest(request)
        if self.is_data(request):
            return self.api.answer(request, rest if rest is None or rest.startswith("/v3/") else None)
        if rest is None:
            return AuthRefused(404, "not_found", "The requested client is unknown.").reply
        return self.sso.answer(request, rest) or self.auth.answer(request, rest)

    def _page_faults(self, request: Request) -> list[Fault]:
        return self.faults.due("page", request.target)

    def rate_headers(self, fault: Fault) -> dict[str, str]:
        return self.api.exhausted(fault.seconds)

    # -- what changes at Veracross between two calls

    def change_world(self, fault: Fault) -> None:
        changes: dict[str, Callable[[], object]] = {
            "rows_inserted": self.school.join,
            "token_revoked": self.revoke_tokens,
            "token_withdrawn": self._withdraw,
            "scope_removed": lambda: self.remove_scope(_scope_of(fault)),
        }
        changes[fault.name]()

    def _withdraw(self) -> None:
        """The administrator locks us out: no token works, nor the secret that would get a new one."""
        self.reset_secret()
        self.revoke_tokens()


def _scope_of(fault: Fault) -> str:
    """That of the list which the fault's path is about; of relationships, unless it names one."""
    named = (r.scope for r in RESOURCES if r.path in fault.path)
    return f"{next(named, 'relationships')}:list"


def main(argv: list[str] | None = None) -> int:
    args = _arguments().parse_args(argv)
    server = VeracrossSandbox.start(
        VeracrossSchool.generated(args.students, args.seed, today=args.today),
        route=args.route,
        port=args.port,
        faults=Faults(*args.fault),
        conduct=Conduct.named(*args.conduct),
    )
    said = f"url={server.url} route={server.route} client_id={server.client_id} client_secret={server.client_secret}"
    if args.redirect_uri:
        said += f" signed_in={server.offer_sign_on(args.redirect_uri, args.signed_in)}"
    with server:
        print(said, flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return 0
    return 0


def _arguments() -> argparse.ArgumentParser:
    switches = {"faults": VERACROSS_FAULTS, "conducts": CONDUCTS}
    told = "\n".join(
        f"{title}:\n" + "\n".join(f"  {name:26} {what}" for name, what in named.items())
        for title, named in switches.items()
    )
    parser = argparse.ArgumentParser(
        prog="python -m local.sandbox.veracross",
        description=__doc__,
        epilog=told,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=port, default=0, help="default: any free one")
    parser.add_argument("--route", default="abcd")
    parser.add_argument(
        "--students", type=whole(1, 1_000_000), default=300, help="make up a school of this many students"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--today", type=date.fromisoformat, default=TODAY, help="the school's today: YYYY-MM-DD")
    parser.add_argument(
        "--redirect-uri", action="append", default=[], metavar="URL", help="of single sign-on, which it switches on"
    )
    parser.add_argument("--signed-in", type=int, metavar="ID", help="who has signed in; default: the first parent")
    parser.add_argument("--fault", action="append", default=[], choices=VERACROSS_FAULTS, metavar="NAME")
    parser.add_argument("--conduct", action="append", default=[], choices=CONDUCTS, metavar="NAME")
    return parser


if __name__ == "__main__":
    sys.exit(main())
