"""Clever on 127.0.0.1: api.clever.com's Data API and clever.com's token listing, over one district.

python -m local.sandbox.clever --port 9001 [--students N | --data FOLDER] [--fault NAME ...]
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import secrets
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..arguments import port, whole
from .clever_api import CleverApi, no_such_path
from .clever_data import CleverDistrict
from .clever_pages import Page, with_faults
from .faults import FAULTS, Fault, Faults, Reply
from .serving import Request, Sandbox

SCOPES = (
    "read:district_admins",
    "read:districts",
    "read:resources",
    "read:school_admins",
    "read:schools",
    "read:sections",
    "read:student_contacts",
    "read:students",
    "read:teachers",
    "read:user_id",
)


class RateWindow:
    """So many requests in a fixed window that ends on a full second; not an average."""

    def __init__(self, limit: int, seconds: float) -> None:
        self.limit, self.seconds = limit, seconds
        self._lock, self._end, self._used = threading.Lock(), 0.0, 0

    def count(self) -> tuple[bool, dict[str, str]]:
        """Whether one more request is allowed, and the headers that say what is left."""
        with self._lock:
            now = time.time()
            if now >= self._end:
                self._end, self._used = int(now) + self.seconds, 0
            self._used += 1
            return self._used <= self.limit, self._headers(max(0, self.limit - self._used), self._end)

    def exhausted(self, seconds: float) -> dict[str, str]:
        return self._headers(0, time.time() + seconds)

    def _headers(self, remaining: int, end: float) -> dict[str, str]:
        return {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(remaining),
            "x-ratelimit-reset": str(int(-(-end // 1))),
            "x-ratelimit-bucket": "bearer",
        }


class CleverSandbox(Sandbox):
    def __init__(
        self,
        district: CleverDistrict,
        *,
        port: int = 0,
        faults: Faults | None = None,
        contacts: bool = True,
        token: str = "",
        v2_contacts: str = "gone",
        rate_limit: int = 1200,
        rate_window: float = 60.0,
    ) -> None:
        self.district, self.contacts = district, contacts
        self.token: str | None = token or secrets.token_hex(20)
        self.client_id, self.client_secret = secrets.token_hex(10), secrets.token_hex(20)
        self.rate = RateWindow(rate_limit, rate_window)
        self.api = CleverApi(district, contacts=contacts, v2_contacts=v2_contacts, spoil=self._spoil)
        self.api.warm()
        super().__init__(port, faults)

    @property
    def district_id(self) -> str:
        return self.district.id

    # -- answering

    def is_data(self, request: Request) -> bool:
        return not request.path.startswith("/oauth/")

    def answer(self, request: Request) -> Reply:
        if request.path == "/oauth/tokens" and request.method == "GET":
            return self._tokens(request)
        if not self.is_data(request):
            return no_such_path(request.path, request.method)
        if not self.token or request.headers.get("authorization") != f"Bearer {self.token}":
            return Reply(401, b'{"message":"Unauthorized"}')
        allowed, headers = self.rate.count()
        if not allowed:
            return Reply(429, headers=headers)
        reply = self._data(request)
        reply.headers |= headers
        return reply

    def _data(self, request: Request) -> Reply:
        if request.method != "GET":
            return Reply(501, b'{"message":"Unsupported method"}')
        return self.api.answer(request)

    def _spoil(self, request: Request, page: Page) -> Page:
        return with_faults(page, self.faults.due("page", request.target))

    def rate_headers(self, fault: Fault) -> dict[str, str]:
        return self.rate.exhausted(fault.seconds)

    # -- the token listing

    def _tokens(self, request: Request) -> Reply:
        expected = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {expected}":
            refused = {"error": "invalid_client", "error_description": "Client authentication failed"}
            return Reply(401, json.dumps(refused).encode())
        wanted = dict(request.query).get("district")
        granted = [g for g in self.grants() if wanted in (None, g["owner"]["id"])]
        links = [{"rel": "self", "uri": request.target}]
        return Reply(200, json.dumps({"data": granted, "links": links}).encode())

    def grants(self) -> list[dict[str, Any]]:
        """The tokens that districts granted to the app: one, or none once it is withdrawn."""
        if not self.token:
            return []
        scopes = [s for s in SCOPES if self.contacts or s != "read:student_contacts"]
        grant_id = hashlib.md5(self.token.encode(), usedforsecurity=False).hexdigest()[:24]
        return [
            {
                "id": grant_id,
                "created": "2026-08-03T06:00:00.000Z",
                "access_token": self.token,
                "owner": {"type": "district", "id": self.district_id},
                "scopes": scopes,
            }
        ]

    def rotate_token(self) -> str:
        self.token = secrets.token_hex(20)
        return self.token

    def withdraw_token(self) -> None:
        self.token = None

    # -- what changes at Clever between two calls

    def change_world(self, fault: Fault) -> None:
        district = self.district
        changes: dict[str, Callable[[], object]] = {
            "rows_inserted": district.join,
            "token_revoked": self.rotate_token,
            "token_withdrawn": self.withdraw_token,
            "synced_midway": district.sync_again,
            "district_paused": lambda: district.set_state("paused"),
            "district_pending": lambda: district.set_state("pending"),
            "district_error": lambda: district.set_state("error", "The SIS did not answer"),
            "school_unshared": lambda: district.unshare_school(min(district.tables["schools"].rows)),
        }
        changes[fault.name]()


def main(argv: list[str] | None = None) -> int:
    args = _arguments().parse_args(argv)
    district = (
        CleverDistrict.from_folder(args.data) if args.data else CleverDistrict.generated(args.students, args.seed)
    )
    with CleverSandbox.start(district, port=args.port, faults=Faults(*args.fault), token=args.token) as server:
        print(
            f"url={server.url} token={server.token} client_id={server.client_id} "
            f"client_secret={server.client_secret} district_id={server.district_id}",
            flush=True,
        )
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return 0
    return 0


def _recorded(given: str) -> Path:
    if not (folder := Path(given)).joinpath("districts.json").is_file():
        raise argparse.ArgumentTypeError(f"{given!r}: there is no districts.json")
    return folder


def _arguments() -> argparse.ArgumentParser:
    faults = "\n".join(f"  {name:20} {what}" for name, what in FAULTS.items())
    parser = argparse.ArgumentParser(
        prog="python -m local.sandbox.clever",
        description=__doc__,
        epilog=f"faults:\n{faults}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=port, default=0, help="default: any free one")
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--students", type=whole(1, 1_000_000), default=300, help="make up a district of this many students"
    )
    source.add_argument("--data", type=_recorded, help="a folder of recorded users, sections and districts")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--token", default="")
    parser.add_argument("--fault", action="append", default=[], choices=FAULTS, metavar="NAME")
    return parser


if __name__ == "__main__":
    sys.exit(main())
