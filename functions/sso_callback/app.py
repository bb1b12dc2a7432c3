"""Lambda handler of `/client?ven=…`, the one address that families and staff arrive at.

It knows the account from `ven` and says, in a page that a person can read, what is next. No school has sign-on
switched on yet, and the page says so instead of asking for a password it could not check.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from roster.runtime import account_name

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

app = APIGatewayHttpResolver()
HEADERS: dict[str, str | list[str]] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
PAGE = Template((Path(__file__).parent / "page.html").read_text())


@app.get("/client")
def client() -> Response[str]:
    """The page for the account in `ven`."""
    name = account_name(app.current_event.query_string_parameters.get("ven", ""))
    if name is None:
        return _page(404, "We do not know this address", "Please use the link that your school sent you.")
    text = f"Signing in here is not switched on yet for {escape(name)}. Your school will tell you when it is."
    return _page(200, escape(name), text)


def _page(status: int, title: str, text: str) -> Response[str]:
    return Response(status, "text/html; charset=utf-8", PAGE.substitute(title=title, text=text), dict(HEADERS))


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return app.resolve(event, context)
