"""Lambda handler of sign-on: `/client`, which families and staff arrive at, and each connection's own addresses.

Whose answer came back is decided by the state that we kept, never by what an address says. Whoever is refused is told
nothing but a number, by which the school's administrator finds the reason.
"""

from __future__ import annotations

from datetime import UTC, datetime
from traceback import extract_tb
from typing import TYPE_CHECKING, Any

import arrival
import family
import steps
from arrival import UNKNOWN
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from browser import form, link, on_to, page
from providers import CLASSLINK, ENTRA, KINDS, TITLES, VERACROSS

from roster.runtime import account_name, logger, signing
from roster.sessions import digest
from roster.signon import NONE, Connection

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

app = APIGatewayHttpResolver()
ANSWERS = ("code", "id_token", "error", "SAMLResponse", "access_token")


@app.get("/client")
def client() -> Response[str]:
    """The page of an account; the start of its sign-in by Entra; and where Veracross' answers come back."""
    sent = dict(app.current_event.query_string_parameters or {})
    if "code" in sent or "error" in sent:
        return arrival.back(
            app.current_event,
            sent,
            lambda pending: (
                pending.provider == VERACROSS and pending.redirect == f"{arrival.here(app.current_event)}/client"
            ),
        )
    if any(name in sent for name in ANSWERS):
        return page(400, "Please start again", ["Use the sign-in link of your school."])
    account = sent.get("ven", "")
    name = account_name(account)
    if name is None:
        return page(404, *UNKNOWN)
    known = signing().book.settings(account)
    if sent.get("azuresso") == "on":
        if known.provider != ENTRA:
            return _not_this_way(name, account, known.provider)
        return arrival.begin(app.current_event, known.connection(ENTRA))
    if known.provider == NONE:
        text = f"Signing in here is not switched on yet for {name}. Your school will tell you when it is."
        return page(200, name, [text])
    more = link(_start_of(known.connection(known.provider)), f"Sign in with {TITLES[known.provider]}")
    return page(200, name, ["Sign in with your school account."], more)


@app.post("/client")
def client_answer() -> Response[str]:
    """Entra's answer, at the address that the account's administrator registered."""
    account = (app.current_event.query_string_parameters or {}).get("ven", "")
    return arrival.back(
        app.current_event,
        _form(),
        lambda pending: pending.provider == ENTRA and pending.account == account,
    )


@app.get("/sso/<kind>/<connection>/start")
def begin(kind: str, connection: str) -> Response[str]:
    found = _live(connection, kind)
    return arrival.begin(app.current_event, found) if found else page(404, *UNKNOWN)


@app.get("/sso/trial/<token>")
def trial(token: str) -> Response[str]:
    """Tries settings that are not live yet, once; whose address this is had it from their own settings page."""
    now, key = signing(), digest(f"trial {token}")
    mark = now.book.pending(key)
    if not mark or not mark.trial or mark.expires <= _now().timestamp() or not now.book.take(key):
        return page(404, "This test was used or is too old", ["Start another one on the settings page."])
    tried = now.book.settings(mark.account).connection(mark.provider, trial=True)
    return arrival.begin(app.current_event, tried, trial=True)


@app.get("/sso/saml/<connection>/metadata")
def metadata(connection: str) -> Response[str]:
    """What the school's identity provider has to know of us; there before anything is entered."""
    known = signing().book.connection(connection)
    if not known or known[1] != CLASSLINK:
        return page(404, *UNKNOWN)
    import saml

    headers: dict[str, str | list[str]] = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(200, "application/samlmetadata+xml", saml.metadata(connection, signing().origin), headers)


@app.post("/sso/saml/<connection>/acs")
def acs(connection: str) -> Response[str]:
    """A SAML response. Whoever comes without having started here is sent to our own start, and nothing is believed."""
    sent = _form()
    if not sent.get("RelayState") or not signing().book.pending(digest(sent["RelayState"])):
        import saml

        found = _live(connection, "saml")
        if found and saml.unsolicited(sent):
            return on_to(_start_of(found))
    return arrival.back(
        app.current_event, sent, lambda pending: pending.provider == CLASSLINK and pending.connection == connection
    )


family.register(app)


def _not_this_way(name: str, account: str, provider: str) -> Response[str]:
    text = f"Signing in with Microsoft is not switched on for {name}."
    more = link(f"/client?ven={account}", "Other ways to sign in") if provider != NONE else ""
    return page(404, name, [text], more)


def _live(connection: str, kind: str) -> Connection | None:
    """What is live under this address; None also where another provider is chosen."""
    now = signing()
    known = now.book.connection(connection)
    if not known or KINDS.get(kind) != known[1]:
        return None
    settings = now.book.settings(known[0])
    found = settings.connection(known[1]) if settings.provider == known[1] else None
    return found if found and found.id == connection else None


def _start_of(connection: Connection | None) -> str:
    kinds = {provider: kind for kind, provider in KINDS.items()}
    return f"/sso/{kinds[connection.provider]}/{connection.id}/start" if connection else "/client"


def _form() -> dict[str, str]:
    return form(app.current_event)


def _now() -> datetime:
    return datetime.now(UTC)


def _where(error: Exception) -> list[str]:
    """Files and lines, and never what was in them."""
    frames = extract_tb(error.__traceback__)[-4:]
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames]


def _unexpected(error: Exception) -> Response[str]:
    number = app.lambda_context.aws_request_id[:8]
    logger().error("a page failed", extra={"error": type(error).__name__, "number": number, "where": _where(error)})
    return page(500, "Something went wrong", [f"Please try again. If it stays, tell us this number: {number}."])


@app.not_found
def _no_such_address(error: NotFoundError) -> Response[str]:
    return page(404, *UNKNOWN)


app.exception_handler(Exception)(_unexpected)


def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    if "requestContext" not in event:
        return steps.step(event, lambda: context.get_remaining_time_in_millis() / 1000)
    answer = app.resolve(event, context)
    if signing().secure:
        answer["headers"] = {**STAY_SECURE, **answer.get("headers", {})}
    return answer


STAY_SECURE = {"Strict-Transport-Security": "max-age=63072000; includeSubDomains"}
