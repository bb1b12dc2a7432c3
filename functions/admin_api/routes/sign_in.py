"""Signing in by a link: asked for with an address, opened by a person or a mail scanner, used by a button.

Asking is answered the same, and as quickly, for every address. Opening changes nothing.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qs

from api import OPEN, app, route
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from browser import ask_account, button, listed, page, welcome
from gate import session_cookie
from shapes import AccountNumber, Asked, Email, ErrorBody, Line, Told

from roster.errors import NotSignedIn
from roster.runtime import administration, logger

HTML = {"text/html": {"schema": {"type": "string"}}}
OLD = "This link was used already, or is older than 15 minutes. Ask for a new one where you asked for this one."
SENT = "If this address may sign in, a mail with a link is on its way. It is good for 15 minutes."
JSON = {"application/json": {"model": ErrorBody}}
NO_LONGER = {404: {"description": "The link is used or too old", "content": {**HTML, **JSON}}}

HELP = "Help: imports, Single Sign-On, and more"


class LinkAsked(Asked):
    """`to`: the path to go on to afterwards."""

    account: AccountNumber
    email: Email
    to: Line = ""


class LinkTold(Told):
    message: str


@route("GET", "/admin", OPEN, tag="sign-in", answer=HTML)
def show_admin(account: Annotated[str, Query(description="filled in", pattern=r"^[0-9]{0,20}$")] = "") -> Response[str]:
    """Where administrators begin: who is signed in, or a form that asks for a link."""
    try:
        me = administration().sessions.of(session_cookie(app.current_event)).person
    except NotSignedIn:
        text = [
            "For administrators. Parents and teachers use the sign-in link of their school.",
            "Your Account ID is the number behind ven= in your school's pickAtime address.",
        ]
        return page(200, "Admin UI", text, ask_account(account) + listed([(f"/help?account={account}", HELP)]))
    text = [f"Signed in as {me.name or me.email}, {me.level} of account {me.account}."]
    return page(200, "Admin UI", text, listed([(f"/help?account={me.account}", HELP)]))


@route("POST", "/admin", OPEN, tag="sign-in", answer=HTML, status=202, form=True)
def ask_for_link_here() -> Response[str]:
    """Mail me a link to sign in, asked for on that page."""
    sent = parse_qs(app.current_event.decoded_body or "", max_num_fields=5)
    account, email = (sent.get(name, [""])[0].strip()[:254] for name in ("account", "email"))
    mail_link(account, email)
    return page(202, "Look into your mail", [SENT])


@route("POST", "/api/sign-in", OPEN, tag="sign-in", answer=LinkTold, status=202)
def ask_for_link(body: LinkAsked) -> LinkTold:
    """Mail me a link to sign in, if you know this address."""
    mail_link(body.account, body.email, body.to)
    return LinkTold(message=SENT)


@route("GET", "/api/sign-in/<token>", OPEN, tag="sign-in", answer=HTML, others=NO_LONGER)
def open_link(token: str) -> Response[str]:
    """The page that a link opens: whom it signs in, and a button."""
    found = administration().sign_in.opened(token)
    if not found:
        return page(404, "This link does not work any more", [OLD])
    name, school = found.person.name or found.person.email, found.school or "your school"
    return page(200, f"Sign in to {school}", [f"You are signing in as {name}."], button("Sign in"))


@route("POST", "/api/sign-in/<token>", OPEN, tag="sign-in", answer=HTML, status=303, others=NO_LONGER, form=True)
def use_link(token: str) -> Response[str]:
    """Sign in, and go on."""
    done = administration().sign_in.complete(token, session_cookie(app.current_event))
    if not done:
        return page(404, "This link does not work any more", [OLD])
    secret, to = done
    return welcome(secret, to)


def posted(name: str) -> str:
    """A field of the form that a page of ours has posted, or blank."""
    return parse_qs(app.current_event.decoded_body or "", max_num_fields=5).get(name, [""])[0].strip()[:254]


def mail_link(account: str, email: str, to: str = "") -> None:
    """Mailed once this request is answered, so that nobody learns from it who is known here."""
    place = administration().sign_in.place_of(app.current_event.request_context.http.source_ip)
    if place and email:
        administration().mail_link(account, email, place, to)
    else:
        logger().warning("no link to sign in: no address, or too many from one place")
