"""The one way to add a route: it names its action, its answer and its errors, and all else follows from that.

Who may send it, what it is told otherwise, and its part of the OpenAPI document come from this declaration. `OPEN`
says that a route is for everybody; one that names no action cannot be made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from answers import described, status_of
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from roster.errors import RosterError
from roster.permissions import Action, Administrator
from roster.runtime import administration
from roster.sessions import SignedIn

OPEN: Final = None
COOKIE: Final = "session"  # the name of the security scheme in the OpenAPI document
LARGEST_BODY = 100_000  # characters, unless a route takes more
app = APIGatewayHttpResolver()
HandlerT = TypeVar("HandlerT", bound=Callable[..., Any])


@dataclass(frozen=True)
class Declared:
    """One route. `form`: a browser's own form posts to it, so that its body is no JSON. `largest`: characters of a
    body.
    """

    method: str
    path: str
    action: Action | None
    operation: str
    body: bool
    form: bool
    largest: int = LARGEST_BODY

    def matches(self, path: str) -> bool:
        return re.fullmatch(re.sub(r"<\w+>", "[^/]+", self.path), path) is not None


ROUTES: dict[Callable[..., Any], Declared] = {}


def route(
    method: str,
    path: str,
    action: Action | None,
    *,
    tag: str,
    answer: Any,
    status: int = 200,
    raises: tuple[type[RosterError], ...] = (),
    others: dict[int, Any] | None = None,
    form: bool = False,
    largest: int = LARGEST_BODY,
) -> Callable[[HandlerT], HandlerT]:
    """Declare a route. `answer`: the model of its success; `raises`: errors of its use case, beside the usual ones."""

    def register(handler: HandlerT) -> HandlerT:
        body = "body" in handler.__annotations__
        declared = Declared(method, path, action, handler.__name__, body, form, largest)
        success: Any = {"description": "Done", **({"content": answer} if isinstance(answer, dict) else _json(answer))}
        statuses = {*_usual(declared, handler), *(status_of(error) for error in raises)}
        app.route(
            path,
            method,
            summary=(handler.__doc__ or handler.__name__).strip().partition("\n")[0],
            operation_id=_camel(handler.__name__),
            tags=[tag],
            status_code=status,
            responses={status: success, **described(statuses), **(others or {})},
            security=[{COOKIE: []}] if action else None,
            openapi_extensions={"x-action": action.value if action else "open"},
        )(handler)
        ROUTES[handler] = declared
        return handler

    return register


def person() -> Administrator:
    """Who sends this request: admitted by the gate, or this raises."""
    return signed_in().person


def accepted() -> str:
    """How the answer to this request may be compressed."""
    return str(app.current_event.headers.get("accept-encoding", ""))


def signed_in() -> SignedIn:
    found: SignedIn = app.context["signed_in"]
    return found


def audited(
    about: str, before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None, account: str = ""
) -> None:
    """A row for the audit: who sends this request did what its route's action says. Every changing route calls it.

    `account`: whose audit it is, where support has changed something for a school.
    """
    action = Action(ROUTES[app.context["_route"].func].action or "")  # an open route has none, and nobody who did it
    administration().audit.did(person(), action, about, before, after, account)


def _json(model: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"model": model}}} if model else {}


def _usual(declared: Declared, handler: Callable[..., Any]) -> set[int]:
    """What any route of this kind may answer: nobody signed in, another site, not valid, a bad body, trouble."""
    usual = {500, 503}
    if declared.action:
        usual |= {401, 403}
    if declared.method != "GET":
        usual |= {403}
    if declared.body:
        usual |= {400, 413, 415}
    if "<" in declared.path:
        usual |= {404}  # whatever the parameter holds
    if set(handler.__annotations__) - {"return"}:
        usual |= {422}
    return usual


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
