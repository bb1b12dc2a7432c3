"""What a browser is given besides JSON: the cookie of a session, and small pages that work without a script.

The pages' form may only be sent to ourselves, and nothing may frame them. Their referrer policy keeps the Origin
header, which a form would send as `null` under a stricter one.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from string import Template

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.shared.cookies import Cookie, SameSite

from roster.runtime import administration
from roster.sessions import LONGEST

PAGE = Template((Path(__file__).parent / "page.html").read_text(encoding="utf-8"))
BUTTON = '<form method="post"><button type="submit">Sign in</button></form>'
HEADERS: dict[str, str | list[str]] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "same-origin",
}


def page(status: int, title: str, text: str, button: bool = False) -> Response[str]:
    filled = PAGE.substitute(title=escape(title), text=escape(text), button=BUTTON if button else "")
    return Response(status, "text/html; charset=utf-8", filled, dict(HEADERS))


def gone() -> Response[str]:
    """Done, and the browser forgets its session."""
    return Response(204, None, "", cookies=[_cookie("", 0)])


def welcome(secret: str, to: str) -> Response[str]:
    """On to the path, with a new session."""
    cookies = [_cookie(secret, int(LONGEST.total_seconds()))]
    return Response(303, "text/html; charset=utf-8", "", {"Location": to}, cookies)


def _cookie(value: str, seconds: int) -> Cookie:
    site = administration().site
    return Cookie(
        site.cookie, value, path="/", secure=site.secure, http_only=True, max_age=seconds, same_site=SameSite.LAX_MODE
    )
