"""What somebody sees who is signed in: who they are, their children, a form to link one, and the way out.

As pages, and as JSON for the web client, which asks with `Accept: application/json`.
"""

from __future__ import annotations

from html import escape
from typing import Any

import arrival
import browser
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from browser import Cookies, form, link, on_to, page, speaks_json, told
from providers import ORIGINS

from roster.errors import AlreadyRunning, Forbidden, NotSignedIn
from roster.linking import UNABLE, Sought
from roster.model import BY_HAND, Kind
from roster.runtime import account_name, signing
from roster.sessions import digest
from roster.visits import Visit

LONGEST = 200  # characters of a field
FORM = (
    '<form method="post" action="/client/children"><h2>Link a child</h2>'
    '<p><label for="number">Student ID, or</label> <input id="number" name="number" maxlength="64"></p>'
    '<p><label for="first">First name</label> <input id="first" name="first" maxlength="100"> '
    '<label for="last">Last name</label> <input id="last" name="last" maxlength="100"></p>'
    '<p><label for="born">Date of birth</label> '
    '<input id="born" name="born" placeholder="mm/dd/yyyy" required maxlength="20" autocomplete="off"></p>'
    '<button type="submit">Link</button></form>'
)
OUT = '<form method="post" action="/client/sign-out"><button type="submit">Sign out</button></form>'
AGAIN = "You are not signed in, or no longer. Use the sign-in link of your school."
NOT_OURS = "This did not come from our own page. Open pickAtime and try again there."
BUSY = "Your school's list is being changed just now. Please try again in a few minutes."


def register(app: APIGatewayHttpResolver) -> None:
    """The routes of whoever is signed in."""
    app.get("/client/home")(lambda: _signed_in(app, lambda visit: _home(app.current_event, visit)))
    app.post("/client/children")(lambda: _signed_in(app, lambda visit: _link(app.current_event, visit)))
    app.post("/client/confirm")(lambda: _confirm(app))
    app.post("/client/sign-out")(lambda: _sign_out(app))


def _signed_in(app: APIGatewayHttpResolver, then: Any) -> Response[str]:
    """A change is taken from our own pages alone; whoever is not signed in is told how to be."""
    event = app.current_event
    try:
        _check_origin(event)
        visit = signing().visits.of(Cookies.of(event, _cookies().session))
    except Forbidden:
        return _refused(event, 403, "Forbidden", "Please try again", NOT_OURS)
    except NotSignedIn:
        return _refused(event, 401, "NotSignedIn", "Please sign in", AGAIN)
    answer: Response[str] = then(visit)
    return answer


def _refused(event: Any, status: int, code: str, title: str, text: str) -> Response[str]:
    """For a person, or with the three parts that every error has for the web client."""
    if speaks_json(event):
        return told(status, {"code": code, "message": text, "help": ""})
    return page(status, title, [text])


def _check_origin(event: Any) -> None:
    method, headers = event.request_context.http.method, event.headers
    site = signing().site.at(str(event.request_context.domain_name))
    site.check_origin(method, headers.get("origin"), headers.get("sec-fetch-site"))


def _home(event: Any, visit: Visit, said: str = "", status: int = 200) -> Response[str]:
    contact, account = visit.contact, visit.account
    ties = contact.related if contact.kind == Kind.PARENT else ()
    found = signing().contacts.of(account, [(origin, Kind.STUDENT.value, id) for origin, id, *_ in ties])
    children = [one.name for one in found.values() if not one.inactive_since]
    name, school = contact.name or contact.email, account_name(account) or "your school"
    if speaks_json(event):
        return told(
            status, {"account": account, "school": school, "name": name, "kind": contact.kind, "children": children}
        )
    more = f'<p class="told" role="status">{escape(said)}</p>' if said else ""
    if contact.kind == Kind.PARENT:
        names = "".join(f"<li>{escape(one)}</li>" for one in children)
        more += (f"<h2>Your children</h2><ul>{names}</ul>" if names else "<p>No child is linked yet.</p>") + FORM
    if contact.kind == Kind.ADMINISTRATOR and contact.origin == BY_HAND:
        more += link("/admin", "Admin UI")
    return page(status, "Welcome", [f"Signed in as {name} at {school}."], more + OUT)


def _link(event: Any, visit: Visit) -> Response[str]:
    """Whatever stands in the way, the sentence is one and the same."""

    def refused(status: int, code: str, text: str) -> Response[str]:
        return _refused(event, status, code, "", text) if speaks_json(event) else _home(event, visit, text, status)

    if visit.contact.kind != Kind.PARENT:
        return refused(403, "Forbidden", "Only parents link children.")
    sent = form(event, (browser.FORM, browser.JSON))
    number, first, last, born = (sent.get(name, "")[:LONGEST] for name in ("number", "first", "last", "born"))
    place = digest(str(event.request_context.http.source_ip))
    sought = Sought(number, first, last, born, ORIGINS)
    try:
        linked = signing().linking.link(visit.account, visit.contact, sought, place)
    except AlreadyRunning:
        return refused(503, "AlreadyRunning", BUSY)
    if not linked:
        return refused(422, "NotLinked", UNABLE)
    return told(200, {"linked": True}) if speaks_json(event) else on_to("/client/home")


def _confirm(app: APIGatewayHttpResolver) -> Response[str]:
    """The code of somebody who is not signed in yet."""
    try:
        _check_origin(app.current_event)
    except Forbidden:
        return page(403, "Please try again", [NOT_OURS])
    return arrival.prove(app.current_event, form(app.current_event).get("code", "")[:LONGEST])


def _sign_out(app: APIGatewayHttpResolver) -> Response[str]:
    try:
        _check_origin(app.current_event)
    except Forbidden:
        return page(403, "Please try again", [NOT_OURS])
    signing().visits.end(Cookies.of(app.current_event, _cookies().session))
    return page(200, "Signed out", ["You are signed out of pickAtime."], cookies=[_cookies().gone()])


def _cookies() -> Cookies:
    return Cookies(signing().secure)
