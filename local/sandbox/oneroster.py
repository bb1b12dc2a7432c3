"""A OneRoster provider on 127.0.0.1: 1.1 and 1.2 over one district, with each way of signing in.

python -m local.sandbox.oneroster --port 9002 [--students N] [--version v1p2] [--auth oauth2] [--conduct clamp=50]
"""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Iterable
from functools import reduce
from operator import or_

from ..arguments import port, whole
from .faults import FAULTS, Fault, Faults, Reply
from .oneroster_api import OneRosterApi
from .oneroster_auth import SCOPES, Auth, Bearer, OAuth1, OAuth2
from .oneroster_conduct import CONDUCTS, Conduct, conduct
from .oneroster_data import OneRosterDistrict
from .oneroster_query import Refused
from .oneroster_routes import found, scope_of
from .oneroster_rows import BASES, V11
from .serving import Request, Sandbox

# Named one by one: other providers' sandboxes add kinds of their own, and have some that mean nothing here.
_VALID = (
    "too_many too_many_bare too_many_retry_after error_500 error_502 error_503 slow truncated cut_json reset html_200 "
    "html_404 no_list_key bare_array empty_list half_gone same_cursor empty_last_page repeated_rows rows_inserted "
    "token_revoked token_withdrawn"
)
ONEROSTER_FAULTS = {name: FAULTS[name] for name in _VALID.split()}
AUTHS = {"bearer": Bearer, "oauth1": OAuth1, "oauth2": OAuth2}
WORDS = {"refuse_filter": "empty", "raw_booleans": "number"}  # that a switch takes besides its usual kind of value
TOKEN_PATH = "/oauth/token"


def split_version(path: str) -> tuple[str, str] | None:
    """The version that a path is under, and what follows."""
    for version, base in BASES.items():
        if path.startswith(f"{base}/"):
            return version, path.removeprefix(base)
    return None


class OneRosterSandbox(Sandbox):
    """`auth` is ("bearer", token), ("oauth1", key, secret) or ("oauth2", id, secret); what is left out is made up."""

    def __init__(
        self,
        district: OneRosterDistrict,
        *,
        version: str = V11,
        auth: tuple[str, ...] | Auth = ("bearer",),
        port: int = 0,
        faults: Faults | None = None,
        conduct: Conduct | None = None,
        scopes: tuple[str, ...] = SCOPES,
        token_life: int = 3600,
    ) -> None:
        self.district, self.version = district, version
        self.auth = made(auth, scopes, token_life) if isinstance(auth, tuple) else auth
        self.api = OneRosterApi(
            district,
            lambda request: self.faults.due("page", request.target),
            lambda version: self.base_urls[version],
            conduct=conduct,
        )
        super().__init__(port, faults)
        self.base_urls = {name: f"{self.url}{base}" for name, base in BASES.items()}

    # -- what a client is told when it is set up

    @property
    def base_url(self) -> str:
        return self.base_urls[self.version]

    @property
    def token_url(self) -> str:
        return self.url + TOKEN_PATH

    @property
    def token(self) -> str:
        """The bearer that was handed over; "" when there is none, or none any more."""
        return (self.auth.token or "") if isinstance(self.auth, Bearer) else ""

    @property
    def key(self) -> str:
        """OAuth 1's consumer key, OAuth 2's client id."""
        return self.auth.key if isinstance(self.auth, OAuth1) else getattr(self.auth, "client_id", "")

    @property
    def secret(self) -> str:
        return self.auth.secret if isinstance(self.auth, OAuth1) else getattr(self.auth, "client_secret", "")

    @property
    def conduct(self) -> Conduct:
        return self.api.conduct

    @conduct.setter
    def conduct(self, conduct: Conduct) -> None:
        self.api.conduct = conduct

    # -- answering

    def is_data(self, request: Request) -> bool:
        return not request.path.startswith("/oauth")

    def answer(self, request: Request) -> Reply:
        if request.path == TOKEN_PATH and isinstance(self.auth, OAuth2):
            return self.auth.token(request) if request.method == "POST" else Reply(405)
        if (where := split_version(request.path)) is None:
            return self.api.refusal(self.version, Refused(404, "unknownobject", "There is no such service"))
        version, tail = where
        try:
            self.auth.check(request, version, scope_of(found(tail)))
        except Refused as refused:
            challenge = {"www-authenticate": "Bearer"} if refused.status == 401 else {}
            return self.api.refusal(version, refused, challenge)
        return self.api.answer(request, version, tail)

    def rate_headers(self, fault: Fault) -> dict[str, str]:
        return {"retry-after": str(max(1, round(fault.seconds)))}

    def change_world(self, fault: Fault) -> None:
        if fault.name == "rows_inserted":
            self.district.join()
        elif fault.name in ("token_revoked", "token_withdrawn"):
            self.auth.rotate(withdraw=fault.name == "token_withdrawn")


def made(auth: tuple[str, ...], scopes: tuple[str, ...] = SCOPES, life: int = 3600) -> Auth:
    kind, *rest = auth
    if kind == "oauth2":
        return OAuth2(*rest, scopes=scopes, life=life)
    return OAuth1(*rest) if kind == "oauth1" else Bearer(*rest)


def main(argv: list[str] | None = None) -> int:
    args = _arguments().parse_args(argv)
    faults = Faults(*args.fault)
    auth = (args.auth, args.token) if args.auth == "bearer" else (args.auth,)
    district = OneRosterDistrict.generated(args.students, args.seed)
    with OneRosterSandbox.start(
        district, version=args.version, auth=auth, port=args.port, faults=faults, conduct=together(args.conduct)
    ) as server:
        print(
            f"url={server.base_url} auth={args.auth} token={server.token} key={server.key} secret={server.secret} "
            f"token_url={server.token_url if args.auth == 'oauth2' else ''}",
            flush=True,
        )
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return 0
    return 0


def habit(told: str) -> Conduct:
    """One of --conduct. What is no number where one is meant would break every answer, not the start."""
    name, _, text = told.partition("=")
    try:
        usual, given = getattr(conduct(name), name), getattr(conduct(told), name)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    sound = isinstance(usual, str) or type(given) in (type(usual), {float: int}.get(type(usual)))
    if not sound and WORDS.get(name) != text:
        kind = "true or false" if isinstance(usual, bool) else "a number"
        raise argparse.ArgumentTypeError(f"{told!r}: {name} is {kind}")
    return conduct(told)


def together(habits: Iterable[Conduct]) -> Conduct:
    return reduce(or_, habits, Conduct())


def _arguments() -> argparse.ArgumentParser:
    told = [f"  {name:20} {what}" for name, what in ONEROSTER_FAULTS.items()]
    habits = [f"  {name:20} {what}" for name, what in CONDUCTS.items()]
    parser = argparse.ArgumentParser(
        prog="python -m local.sandbox.oneroster",
        description=__doc__,
        epilog="\n".join(["faults:", *told, "", "conduct, as NAME or NAME=VALUE:", *habits]).replace("%", "%%"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=port, default=0, help="default: any free one")
    parser.add_argument(
        "--students", type=whole(1, 1_000_000), default=300, help="make up a district of this many students"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--version", default=V11, choices=BASES)
    parser.add_argument("--auth", default="bearer", choices=AUTHS)
    parser.add_argument("--token", default="")
    parser.add_argument("--fault", action="append", default=[], choices=ONEROSTER_FAULTS, metavar="NAME")
    parser.add_argument("--conduct", action="append", default=[], type=habit, metavar="NAME[=VALUE]")
    return parser


if __name__ == "__main__":
    sys.exit(main())
