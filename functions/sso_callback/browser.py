"""What a browser is given here: pages that work without a script, the cookie of a sign-in under way, and the session's.

The first is withheld from no other site's POST, since an identity provider sends its answer so; it is worth nothing but
with the state that came back, once, for ten minutes. The session's is Lax. (providers/sign-on.md §9.1)
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from html import escape
from json import dumps, loads
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import parse_qsl

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.shared.cookies import Cookie, SameSite

from roster.sessions import LONGEST

PAGE = Template((Path(__file__).parent / "page.html").read_text(encoding="utf-8"))
HEADERS: dict[str, str | list[str]] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "same-origin",  # under a stricter one a form sends its Origin as null
    "X-Content-Type-Options": "nosniff",
}
ASK_CODE = (
    '<form method="post" action="/client/confirm"><p><label for="code">Code</label> <input id="code" name="code" '
    'required inputmode="numeric" autocomplete="one-time-code" maxlength="20"></p>'
    '<button type="submit">Sign in</button></form>'
)
HTML, JSON, FORM = "text/html; charset=utf-8", "application/json", "application/x-www-form-urlencoded"
LARGEST_FORM, MOST_FIELDS = 300_000, 20


def page(status: int, title: str, text: Sequence[str], more: str = "", cookies: Sequence[Cookie] = ()) -> Response[str]:
    """`text`: its paragraphs; `more`: HTML of our own making."""
    paragraphs = "\n".join(f"<p>{escape(one)}</p>" for one in text)
    body = PAGE.substitute(title=escape(title), text=paragraphs, more=more)
    return Response(status, HTML, body, dict(HEADERS), list(cookies))


def told(status: int, body: Mapping[str, Any]) -> Response[str]:
    """The same for a program: what the web client reads and sends is JSON."""
    return Response(status, JSON, dumps(body), dict(HEADERS))


def speaks_json(event: Any) -> bool:
    return JSON in str(event.headers.get("accept", ""))


def on_to(address: str, cookies: Sequence[Cookie] = ()) -> Response[str]:
    """Sends the browser there, with GET."""
    return Response(303, HTML, "", {**HEADERS, "Location": address}, list(cookies))


def link(address: str, label: str) -> str:
    return f'<p><a class="button" href="{escape(address)}">{escape(label)}</a></p>'


def table(rows: Sequence[tuple[str, str]]) -> str:
    cells = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows)
    return f"<table>{cells}</table>"


def form(event: Any, kinds: Collection[str] = (FORM,)) -> dict[str, str]:
    """The fields of a posted form, or, where that is one of the `kinds`, of a JSON object of texts; none of them twice,
    and none at all where it is neither.
    """
    kind = str(event.headers.get("content-type", "")).partition(";")[0].strip().casefold()
    try:
        text = event.decoded_body or ""
        if kind not in kinds or len(text) > LARGEST_FORM:
            return {}
        fields = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS) if kind == FORM else _object(text)
    except (ValueError, RecursionError):
        return {}
    return dict(fields) if len(dict(fields)) == len(fields) else {}


def _object(text: str) -> list[tuple[str, str]]:
    pairs = loads(text, object_pairs_hook=tuple)  # a list is one of JSON's own
    return [(name, value) for name, value in pairs if isinstance(value, str)] if isinstance(pairs, tuple) else []


class Cookies:
    """The names follow the configured address: over plain http no browser keeps a `__Host-` cookie."""

    def __init__(self, secure: bool) -> None:
        self.secure = secure
        self.under_way, self.session = ("__Host-login", "__Host-sid") if secure else ("login", "sid")

    def begun(self, secret: str, good_for: timedelta) -> Cookie:
        same_site = SameSite.NONE_MODE if self.secure else SameSite.LAX_MODE
        return Cookie(
            self.under_way,
            secret,
            path="/",
            secure=self.secure,
            http_only=True,
            max_age=int(good_for.total_seconds()),
            same_site=same_site,
        )

    def signed_in(self, secret: str) -> Cookie:
        return self._session(secret, int(LONGEST.total_seconds()))

    def gone(self) -> Cookie:
        return self._session("", 0)

    def _session(self, value: str, seconds: int) -> Cookie:
        return Cookie(
            self.session,
            value,
            path="/",
            secure=self.secure,
            http_only=True,
            max_age=seconds,
            same_site=SameSite.LAX_MODE,
        )

    @staticmethod
    def of(event: Any, name: str) -> str:
        """The value of a cookie that came with the request, or blank."""
        for cookie in event.get("cookies") or ():
            if cookie.startswith(f"{name}="):
                return str(cookie.partition("=")[2])
        return ""
