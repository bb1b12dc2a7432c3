"""What a request that fails is told: one body, {code, message, help}, and which error of the roster is which status.

Nothing of an unexpected error leaves this place: its reference is told, and the log has under it where it happened.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from traceback import extract_tb
from typing import Any

from aws_lambda_powertools.event_handler import Response
from shapes import ErrorBody

from roster import errors
from roster.errors import RosterError
from roster.runtime import logger

# The nearest class counts: what is not listed has the status of the class above it.
STATUSES: dict[type[RosterError], int] = {
    errors.NotUnderstood: 400,
    errors.NotSignedIn: 401,
    errors.Forbidden: 403,
    errors.NotThere: 404,
    errors.FilesMissing: 404,
    errors.NotSetUp: 409,
    errors.AlreadyRunning: 409,
    errors.AccountBusy: 409,
    errors.Superseded: 409,
    errors.MoveRefused: 409,
    errors.UndoRefused: 409,
    errors.ClearRefused: 409,
    errors.CancelRefused: 409,
    errors.CredentialRejected: 409,
    errors.AccessMissing: 409,
    errors.ContractBroken: 502,
    errors.ProviderUnavailable: 502,
    errors.TransientError: 503,
    RosterError: 500,
}
MEANING = {
    400: "The request cannot be meant so",
    401: "Nobody is signed in",
    403: "The access level does not allow it, it is another's event, or another site sent it",
    404: "There is no such thing in this account",
    409: "Something has to be done or to end first",
    413: "The body, or the answer to it, is too large",
    415: "The body is no JSON",
    422: "A field is missing, unknown or out of bounds",
    500: "Unexpected; `help` has the reference to quote",
    502: "The provider does not answer as it should",
    503: "Try again later",
}
LONGEST_FIELD = 60
INNER = re.compile(r"[\[\]()]|^(str|int|bool|none|constrained-str)$")
SAID = {
    "missing": "it is missing",
    "extra_forbidden": "there is no such field here",
    "model_attributes_type": "it has to be an object of fields",
    "dict_type": "it has to be an object of fields",
}
HELP = {
    "missing": "Add this field, and send it again.",
    "extra_forbidden": "Leave it out or correct its name: /api/openapi.json lists the fields of each address.",
}


class Refused(Exception):
    """A request that is refused before any use case is asked."""

    def __init__(self, status: int, code: str, message: str, help: str, headers: dict[str, str] | None = None) -> None:
        self.status, self.body = status, ErrorBody(code=code, message=message, help=help)
        self.headers: dict[str, str | list[str]] = dict(headers or {})
        super().__init__(message)


def status_of(error: type[RosterError]) -> int:
    return next(STATUSES[one] for one in error.__mro__ if one in STATUSES)


def error_answer(status: int, body: ErrorBody, headers: dict[str, str | list[str]] | None = None) -> Response[Any]:
    return Response(status, "application/json", body.model_dump(), headers)


def of_roster(error: RosterError) -> Response[Any]:
    status, code = status_of(type(error)), type(error).__name__
    logger().info("refused", extra={"status": status, "error": code})
    return error_answer(status, ErrorBody(code=code, message=error.message, help=error.help))


def of_refused(error: Refused) -> Response[Any]:
    return error_answer(error.status, error.body, error.headers)


def of_fields(found: Sequence[Any]) -> Response[Any]:
    """The first fault of a request: which field, and what is wrong with it; never what it held."""
    first = found[0]
    where = ".".join(_steps(first["loc"]))[:LONGEST_FIELD] or "the body"
    said = SAID.get(str(first.get("type")), str(first.get("msg", "not valid")).removeprefix("Value error, "))
    help = HELP.get(str(first.get("type")), "Correct this field, and send it again.")
    return error_answer(422, ErrorBody(code="NotValid", message=f"{where}: {said}", help=help))


def _steps(place: Sequence[str | int]) -> Iterator[str]:
    """The way to a field, without pydantic's own words for the types of which one would have to fit."""
    return (str(one) for one in place if one != "body" and not INNER.search(str(one)))


def of_unexpected(error: Exception, reference: str) -> Response[Any]:
    """Where it happened, without its text: that may quote what somebody sent."""
    where = [f"{frame.name}:{frame.lineno}" for frame in extract_tb(error.__traceback__)][-8:]
    logger().error("unexpected", extra={"error": type(error).__name__, "where": where, "reference": reference})
    help = f"Try again. If it stays, write to support@pickatime.com and quote {reference}."
    return error_answer(500, ErrorBody(code="Unexpected", message="something went wrong here", help=help))


def described(statuses: Iterable[int]) -> dict[int, Any]:
    """The error answers of a route for the OpenAPI document."""
    return {
        status: {"description": MEANING[status], "content": {"application/json": {"model": ErrorBody}}}
        for status in sorted(set(statuses))
    }
