"""Who is signed in, and signing out: here, or everywhere."""

from __future__ import annotations

from api import app, audited, person, route, signed_in
from aws_lambda_powertools.event_handler import Response
from browser import gone
from gate import session_cookie
from shapes import Told

from roster.clocks import DEFAULT_ZONE
from roster.permissions import Action, allowed
from roster.runtime import administration


class Me(Told):
    """The person. `events`: those of an Event Administrator; whoever is above has all of the account's."""

    id: str
    name: str
    email: str
    level: str
    events: list[str]


class School(Told):
    account: str
    name: str
    zone: str


class SessionTold(Told):
    """`may`: the actions that the level allows; `expires`: ISO time after which it ends without another request."""

    person: Me
    account: School
    may: list[str]
    expires: str


@route("GET", "/api/session", Action.SEE_SESSION, tag="session", answer=SessionTold)
def read_session() -> SessionTold:
    """Who is signed in, and what they may do."""
    me = person()
    account = administration().accounts.account(me.account)
    return SessionTold(
        person=Me(id=me.id, name=me.name, email=me.email, level=me.level, events=list(me.events)),
        account=School(
            account=me.account,
            name=account.name if account else "",
            zone=(account.zone if account else "") or DEFAULT_ZONE,
        ),
        may=allowed(me),
        expires=signed_in().expires,
    )


@route("DELETE", "/api/session", Action.END_SESSION, tag="session", answer=None, status=204)
def end_session() -> Response[str]:
    """Sign out here."""
    administration().sessions.end(session_cookie(app.current_event))
    return gone()


@route("DELETE", "/api/sessions", Action.END_SESSION, tag="session", answer=None, status=204)
def end_all_sessions() -> Response[str]:
    """Sign out everywhere."""
    administration().sessions.end_all(person())
    audited(f"administrator {person().id}", {}, {"sessions": "all ended"})
    return gone()
