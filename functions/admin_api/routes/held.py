"""A held run, as the mail about it links to it: a page that shows what a yes or a no does, and a button that does it.

Opening it changes nothing, and who has not signed in just now, as an Administrator of that account, gets no button but
a way to sign in.
"""

from __future__ import annotations

from typing import Annotated, Literal

from answers import status_of
from api import OPEN, app, audited, route, signed_in
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path
from browser import ask_address, button, page
from gate import session_cookie

from roster.audit import run_of
from roster.deciding import PATH, Held
from roster.errors import NotSignedIn, RosterError
from roster.permissions import Action
from roster.runtime import administration
from routes.sign_in import HTML, NO_LONGER, mail_link, posted

Decision = Annotated[Literal["approve", "discard"], Path(description="what the link is for")]
TokenPath = Annotated[str, Path(description="the link's token", max_length=100)]
REFUSED = {**NO_LONGER, **{status: {"description": "The page says why not", "content": HTML} for status in (400, 409)}}
TITLES = {"approve": "Approve this import?", "discard": "Discard this import?"}
BUTTONS = {"approve": "Approve", "discard": "Discard"}
DOES = {
    "approve": "Approving reads your school's system anew and imports it, with as much change as is named here.",
    "discard": "Discarding changes nothing. The next import, tonight's included, is looked at in the same way.",
}
DONE = {
    "approve": ("Approved", "The import is under way. The Importer shows how it goes."),
    "discard": (
        "Discarded",
        "Nothing was changed. Put right what was not meant in your school's own system, or choose "
        "other schools and terms in the Importer, and import again.",
    ),
}
OLD = (
    "It was decided already, another import was started since, or the link is older than 7 days. The Importer shows "
    "what became of it."
)
SENT = "If this address may sign in, a mail with a link is on its way. It leads back here, and is good for 15 minutes."


@route("GET", "/api/held/<token>/<decision>", OPEN, tag="runs", answer=HTML, others=NO_LONGER)
def open_held(token: TokenPath, decision: Decision) -> Response[str]:
    """The page that a mail about a held run links to."""
    found = administration().deciding.opened(token)
    if not found:
        return _gone()
    may_decide = _is_for(found)
    text = [_about(found), *found.reasons, DOES[decision]]
    form = button(BUTTONS[decision]) if may_decide else ask_address(f"{PATH}{token}/{decision}/sign-in")
    return page(200, TITLES[decision], text, form)


@route(
    "POST", "/api/held/<token>/<decision>/sign-in", OPEN, tag="runs", answer=HTML, status=202, others=NO_LONGER,
    form=True,
)  # fmt: skip
def sign_in_to_decide(token: TokenPath, decision: Decision) -> Response[str]:
    """Mail a link to sign in, which leads back to this decision."""
    found = administration().deciding.opened(token)
    if not found:
        return _gone()
    mail_link(found.key.account, posted("email"), f"{PATH}{token}/{decision}")
    return page(202, "Look into your mail", [SENT])


@route(
    "POST", "/api/held/<token>/<decision>", Action.DECIDE_HELD, tag="runs", answer=HTML, others=REFUSED, form=True
)  # fmt: skip
def decide_held(token: TokenPath, decision: Decision) -> Response[str]:
    """Say yes or no to the held run."""
    deciding = administration().deciding
    found = deciding.opened(token)
    if not found:
        return _gone()
    try:
        run = deciding.decide(found, signed_in(), decision)
    except RosterError as error:
        return page(status_of(type(error)), "This is not possible now", [f"{error.message}. {error.help}"])
    decided = {"approve": "approved", "discard": "discarded"}[decision]
    audited(run_of(found.key.event, found.key.run), {}, {"decided": decided, "run": run, "from": "a link in a mail"})
    title, text = DONE[decision]
    return page(200, title, [text])


def _gone() -> Response[str]:
    return page(404, "This link does not work any more", [OLD])


def _about(found: Held) -> str:
    return f"The import into “{found.event}” at {found.school or 'your school'} waits for a decision:"


def _is_for(found: Held) -> bool:
    try:
        who = administration().sessions.of(session_cookie(app.current_event))
    except NotSignedIn:
        return False
    return administration().deciding.is_for(found, who)
