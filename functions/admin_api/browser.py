"""What a browser is given besides JSON: the cookie of a session, and small pages that work without a script.

The pages' form may only be sent to ourselves, and nothing may frame them. Their referrer policy keeps the Origin
header, which a form would send as `null` under a stricter one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from string import Template

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.shared.cookies import Cookie, SameSite

from roster.runtime import administration
from roster.sessions import LONGEST

PAGE = Template((Path(__file__).parent / "page.html").read_text(encoding="utf-8"))
BUTTON = Template('<form method="post"><button type="submit">$label</button></form>')
ADDRESS = Template(
    '<p>Sign in as an Administrator of this account to decide:</p><form method="post" action="$action">'
    '<label for="email">Your e-mail address</label> <input id="email" name="email" type="email" required '
    'autocomplete="email" maxlength="254"> <button type="submit">Mail me a link</button></form>'
)
ACCOUNT = Template(
    '<form method="post"><p><label for="account">Account ID</label> <input id="account" name="account" required '
    'inputmode="numeric" pattern="[0-9]{1,20}" maxlength="20" value="$account"></p>'
    '<p><label for="email">Your e-mail address</label> <input id="email" name="email" type="email" required '
    'autocomplete="email" maxlength="254"></p><button type="submit">Mail me a link</button></form>'
)
SEARCH = Template(
    '<form role="search"><input type="hidden" name="account" value="$account"><label for="search">Search the help pages'
    '</label> <input id="search" name="search" type="search" maxlength="100" value="$search"> '
    '<button type="submit">Search</button></form>'
)
NEW_TAB = ' target="_blank" rel="noopener noreferrer"'
HEADERS: dict[str, str | list[str]] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "same-origin",
}


def page(status: int, title: str, text: Sequence[str], form: str = "") -> Response[str]:
    """`text`: its paragraphs; `form`: HTML of this module's making."""
    paragraphs = "\n".join(f"<p>{escape(one)}</p>" for one in text)
    filled = PAGE.substitute(title=escape(title), text=paragraphs, form=form)
    return Response(status, "text/html; charset=utf-8", filled, dict(HEADERS))


def button(label: str) -> str:
    """A form that posts to the page's own address."""
    return BUTTON.substitute(label=escape(label))


def ask_address(action: str) -> str:
    """A form that asks for an e-mail address."""
    return ADDRESS.substitute(action=escape(action))


def ask_account(account: str) -> str:
    """A form that asks for an account and an e-mail address."""
    return ACCOUNT.substitute(account=escape(account))


def ask_words(search: str, account: str) -> str:
    """A form that searches the page's own address."""
    return SEARCH.substitute(search=escape(search), account=escape(account))


def listed(links: Iterable[tuple[str, str]]) -> str:
    """A list of links: address and label of each."""
    return f"<ul>{''.join(f'<li>{_link(*one)}</li>' for one in links)}</ul>"


def steps(texts: Iterable[tuple[str, Sequence[tuple[str, str]]]]) -> str:
    """A numbered list: each one's text, and links (address, label) that open in a new tab."""
    lines = (escape(text) + "".join(f"<br>{_link(*one, NEW_TAB)}" for one in links) for text, links in texts)
    return f"<ol>{''.join(f'<li>{line}</li>' for line in lines)}</ol>"


def _link(address: str, label: str, more: str = "") -> str:
    return f'<a href="{escape(address)}"{more}>{escape(label)}</a>'


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
