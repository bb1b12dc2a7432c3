"""What somebody sees who is signed in: who they are, their children, a form to link one, and the way out."""

from __future__ import annotations

from html import escape
from typing import Any

import arrival
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from browser import Cookies, form, link, on_to, page

from roster.errors import AlreadyRunning, Forbidden, NotSignedIn
from roster.linking import UNABLE, Sought
from roster.model import BY_HAND, Kind
from roster.runtime import account_name, signing
from roster.sessions import digest
from roster.site import WebSite
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
AGAIN = ("Please sign in", ["You are not signed in, or no longer. Use the sign-in link of your school."])


def register(app: APIGatewayHttpResolver) -> None:
    """The routes of whoever is signed in."""
    app.get("/client/home")(lambda: _signed_in(app, _home))
    app.post("/client/children")(lambda: _signed_in(app, lambda visit: _link(app, visit)))
    app.post("/client/confirm")(lambda: _confirm(app))
    app.post("/client/sign-out")(lambda: _sign_out(app))


def _signed_in(app: APIGatewayHttpResolver, then: Any) -> Response[str]:
    """A change is taken from our own pages alone; whoever is not signed in is told how to be."""
    event = app.current_event
    try:
        _check_origin(event)
        visit = signing().visits.of(Cookies.of(event, _cookies().session))
    except Forbidden:
        return page(
            403, "Please try again", ["This did not come from our own page. Open pickAtime and try again there."]
        )
    except NotSignedIn:
        return page(401, *AGAIN)
    answer: Response[str] = then(visit)
    return answer


def _check_origin(event: Any) -> None:
    method, headers = event.request_context.http.method, event.headers
    WebSite(signing().origin).check_origin(method, headers.get("origin"), headers.get("sec-fetch-site"))


def _home(visit: Visit, said: str = "", status: int = 200) -> Response[str]:
    contact, account = visit.contact, visit.account
    ids = (
        [(origin, Kind.STUDENT.value, id) for origin, id, *_ in contact.related] if contact.kind == Kind.PARENT else []
    )
    children = signing().contacts.of(account, ids)
    names = "".join(f"<li>{escape(one.name)}</li>" for one in children.values() if not one.inactive_since)
    more = f'<p class="told" role="status">{escape(said)}</p>' if said else ""
    if contact.kind == Kind.PARENT:
        more += (f"<h2>Your children</h2><ul>{names}</ul>" if names else "<p>No child is linked yet.</p>") + FORM
    if contact.kind == Kind.ADMINISTRATOR and contact.origin == BY_HAND:
        more += link("/admin", "Admin UI")
    text = [f"Signed in as {contact.name or contact.email} at {account_name(account) or 'your school'}."]
    return page(status, "Welcome", text, more + OUT)


def _link(app: APIGatewayHttpResolver, visit: Visit) -> Response[str]:
    """Whatever stands in the way, the sentence is one and the same."""
    if visit.contact.kind != Kind.PARENT:
        return _home(visit, "Only parents link children.", 403)
    event = app.current_event
    sent = form(event)
    number, first, last, born = (sent.get(name, "")[:LONGEST] for name in ("number", "first", "last", "born"))
    place = digest(str(event.request_context.http.source_ip))
    try:
        linked = signing().linking.link(visit.account, visit.contact, Sought(number, first, last, born), place)
    except AlreadyRunning:
        return _home(visit, "Your school's list is being changed just now. Please try again in a few minutes.", 503)
    return on_to("/client/home") if linked else _home(visit, UNABLE, 422)


def _confirm(app: APIGatewayHttpResolver) -> Response[str]:
    """The code of somebody who is not signed in yet."""
    try:
        _check_origin(app.current_event)
    except Forbidden:
        return page(403, "Please try again", ["This did not come from our own page."])
    return arrival.prove(app.current_event, form(app.current_event).get("code", "")[:LONGEST])


def _sign_out(app: APIGatewayHttpResolver) -> Response[str]:
    try:
        _check_origin(app.current_event)
    except Forbidden:
        return page(403, "Please try again", ["This did not come from our own page."])
    signing().visits.end(Cookies.of(app.current_event, _cookies().session))
    return page(200, "Signed out", ["You are signed out of pickAtime."], cookies=[_cookies().gone()])


def _cookies() -> Cookies:
    return Cookies(signing().secure)
