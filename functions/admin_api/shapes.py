"""What all requests and answers are made of: strict models, bounded texts, pages of a list, the one error body.

A request with an unknown field, a wrong type or a text that is too long is refused, and told which field it was.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Generic, TypeVar

from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from roster.cursor import LONGEST
from roster.fields import is_email
from roster.keys import fits

ItemT = TypeVar("ItemT")
ONE_LINE = r"^[^\x00-\x1f\x7f]*$"
SEVERAL_LINES = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
EVENT = r"^[A-Za-z0-9_-]{1,64}$"


class Asked(BaseModel):
    """The body of a request."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Told(BaseModel):
    """The body of an answer; `model_validate` also takes what the roster tells under the same names."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


class LinkTold(Told):
    """To be opened in a new tab."""

    label: str
    address: str


class ErrorBody(Told):
    """Every answer that is no success. `code` is for programs; `message` and `help` are for people."""

    code: str
    message: str
    help: str


class Page(Told, Generic[ItemT]):
    """Some of a list. `next` is the cursor of the following page; blank on the last one."""

    items: list[ItemT]
    next: str = ""


def _day(text: str) -> str:
    """Blank, or a date as in 2026-11-27."""
    if text and date.fromisoformat(text).isoformat() != text:
        raise ValueError("not a date such as 2026-11-27")
    return text


def _email(text: str) -> str:
    if not is_email(text):
        raise ValueError("not an e-mail address")
    return text


def _id(text: str) -> str:
    if not fits(text):
        raise ValueError("too long for an id")
    return text


Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=ONE_LINE)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=ONE_LINE)]
Text = Annotated[str, StringConstraints(max_length=2_000, pattern=SEVERAL_LINES)]
Day = Annotated[str, StringConstraints(max_length=10), AfterValidator(_day)]
Email = Annotated[str, StringConstraints(strip_whitespace=True, max_length=254), AfterValidator(_email)]
Sandbox = Annotated[str, StringConstraints(pattern=r"^http://127\.0\.0\.1:[0-9]{1,5}$")]
Id = Annotated[
    str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f]+$"), AfterValidator(_id)
]
AccountNumber = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,20}$")]
EventName = Annotated[str, StringConstraints(pattern=EVENT)]

EventPath = Annotated[str, Path(description="the event's id", pattern=EVENT)]
AccountPath = Annotated[str, Path(description="the account's number", pattern=r"^[0-9]{1,20}$")]
Cursor = Annotated[str, Query(description="`next` of the page before; left out: the first page", max_length=LONGEST)]
Limit = Annotated[int, Query(description="items on a page", ge=1, le=100)]
