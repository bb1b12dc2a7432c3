"""A browser that signs in, and an account's sign-on settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from json import dumps
from typing import Any

import requests

from local.stack import Stack
from roster import keys
from roster.signon import SignOn
from tests.e2e.admin import put


@dataclass
class Browser:
    """One browser; it follows no redirect by itself."""

    stack: Stack
    web: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str, **more: Any) -> requests.Response:
        address = path if path.startswith("http") else self.stack.url + path
        return self.web.get(address, allow_redirects=False, timeout=30, **more)

    def post(self, path: str, form: Any, origin: str = "", **headers: str) -> requests.Response:
        address = path if path.startswith("http") else self.stack.url + path
        sent = {"Origin": origin, **headers} if origin else headers
        return self.web.post(address, data=form, headers=sent, allow_redirects=False, timeout=30)

    def home(self) -> requests.Response:
        return self.get("/client/home")

    def act(self, path: str, form: Any) -> requests.Response:
        """As one of our own pages sends it."""
        return self.post(path, form, origin=self.stack.url)


def write_settings(stack: Stack, settings: SignOn) -> None:
    """Into the table, as the administration does: of a provider that nobody here can be asked about."""
    told = {name: {"S": dumps(dict(getattr(settings, name)))} for name in ("live", "drafts", "ids")}
    more = {
        "provider": {"S": settings.provider}, "since": {"S": settings.since}, "version": {"N": "1"},
        "trust_email": {"BOOL": True}, "just_in_time": {"BOOL": True},
    }  # fmt: skip
    put(stack, keys.sign_on(settings.account), {**told, **more})
    for provider, id in settings.ids.items():
        put(stack, keys.connection(id), {"account": {"S": settings.account}, "provider": {"S": provider}})
