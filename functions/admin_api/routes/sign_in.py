"""Signing in by a link: asked for with an address, opened by a person or a mail scanner, used by a button.

Asking is answered the same, and as quickly, for every address. Opening changes nothing.
"""

from __future__ import annotations

from api import OPEN, app, route
from aws_lambda_powertools.event_handler import Response
from browser import button, page, welcome
from gate import session_cookie
from shapes import AccountNumber, Asked, Email, ErrorBody, Line, Told

from roster.runtime import administration, logger

HTML = {"text/html": {"schema": {"type": "string"}}}
OLD = "This link was used already, or is older than 15 minutes. Ask for a new one where you asked for this one."
JSON = {"application/json": {"model": ErrorBody}}
NO_LONGER = {404: {"description": "The link is used or too old", "content": {**HTML, **JSON}}}


class LinkAsked(Asked):
    """`to`: the path to go on to afterwards."""

    account: AccountNumber
    email: Email
    to: Line = ""


class LinkTold(Told):
    message: str


@route("POST", "/api/sign-in", OPEN, tag="sign-in", answer=LinkTold, status=202)
def ask_for_link(body: LinkAsked) -> LinkTold:
    """Mail me a link to sign in, if you know this address."""
    place = administration().sign_in.place_of(app.current_event.request_context.http.source_ip)
    if place:
        administration().mail_link(body.account, body.email, place, body.to)
    else:
        logger().warning("too many links are asked for from one place")
    return LinkTold(message="If this address may sign in, a mail with a link is on its way. It is good for 15 minutes.")


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
