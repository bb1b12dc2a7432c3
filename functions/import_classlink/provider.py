"""ClassLink and every other OneRoster server, declared: which collections, how to ask, what a person should click.

ClassLink's Roster Server speaks OneRoster 1.1, through a proxy with a bearer or directly with OAuth 1 signatures;
OneRoster 1.2 differs in its addresses, in OAuth 2, and in what a user's row looks like.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import partial

import normalize
from connection import LARGEST_PAGE, NOT_SHARED, OPTIONAL, Connection
from pages import TOLD, Cursor, read
from wording import HELP

from roster.errors import NotSetUp
from roster.fields import text
from roster.model import JSON, Selection
from roster.ports import Answer, Http, Tokens
from roster.provider import Ask, Page, Resource

USUAL_PAGE = 5000


@dataclass(frozen=True)
class ClassLink:
    """ClassLink's plug-in (see roster.provider.Provider).

    Settings: `base_url` (the server or the proxy, with or without the path of the service), `version` (v1p1, v1p2),
    `application` (ClassLink's application id as it stands in a proxy's address, already escaped), `auth` (bearer,
    oauth1, oauth2), `signature` (sha256, sha1), `token_url` and `scope` for OAuth 2, `page_size` (at most 10,000),
    `parent_roles` (which of parent, guardian, relative are parents: a list, or text between commas; the
    first two).
    Secret: `token`; or `key` and `secret`; or `client_id` and `client_secret`.
    """

    name: str = "classlink"
    help: Mapping[str, str] = field(default_factory=lambda: HELP)
    lanes: int = 2  # ClassLink bears forty requests a second; a school's own server may have one small machine

    def resources(self, settings: Mapping[str, JSON], selection: Selection) -> Sequence[Resource]:
        parental = _parent_roles(settings) if selection.contacts else frozenset[str]()
        return list(_resources(_page_size(settings), parental))

    def connect(self, http: Http, settings: Mapping[str, JSON], secret: Mapping[str, str], tokens: Tokens) -> Ask:
        return Connection(http, settings, secret, tokens).ask

    def remaining(self, answer: Answer) -> int | None:
        """Neither OneRoster nor ClassLink has a header for it."""
        return None

    def wait(self, answer: Answer, now: float) -> float | None:
        """Retry-After, as seconds or as a date."""
        after = answer.headers.get("retry-after", "").strip()
        if after.isdecimal():
            return float(after)
        try:
            until = parsedate_to_datetime(after)
        except (TypeError, ValueError, OverflowError):
            return None
        return max(0.0, (until if until.tzinfo else until.replace(tzinfo=UTC)).timestamp() - now)


PROVIDER = ClassLink()


def _resources(limit: int, parental: frozenset[str]) -> Iterator[Resource]:
    def at(path: str) -> str:
        return str(Cursor(path, limit))

    resource = partial(Resource, row_id=normalize.row_id, shifting=True, told=TOLD)

    def of(*keys: str) -> Callable[[str, Answer], Page]:
        return partial(read, keys)

    yield resource("orgs", at("orgs"), of("orgs", "schools"), normalize.org)
    yield resource("academicSessions", at("academicSessions"), of("academicSessions", "terms"), normalize.session)
    yield resource("classes", at("classes"), of("classes"), normalize.section)
    yield resource("users", at("users"), of("users"), normalize.users(parental))
    yield resource("enrollments", at("enrollments"), of("enrollments"), normalize.enrolment)
    yield resource(
        OPTIONAL,
        at(OPTIONAL),
        of(OPTIONAL),
        normalize.demographics,
        covers=("birth_date",),
        optional="demographics_refused",
        refusals=NOT_SHARED,
    )


def _parent_roles(settings: Mapping[str, JSON]) -> frozenset[str]:
    given = settings.get("parent_roles")
    words = frozenset(text(one).lower() for one in (given if isinstance(given, list) else text(given).split(",")))
    if unknown := words - normalize.PARENTAL - {""}:
        roles = ", ".join(sorted(normalize.PARENTAL))
        raise NotSetUp(f"parents cannot be told by {', '.join(sorted(unknown))}; use some of {roles}", HELP["settings"])
    return words & normalize.PARENTAL or normalize.USUALLY_PARENTAL


def _page_size(settings: Mapping[str, JSON]) -> int:
    given = text(settings.get("page_size"))
    usable = given.isdecimal() and len(given) < 10 and int(given)
    return min(LARGEST_PAGE, int(given)) if usable else USUAL_PAGE
