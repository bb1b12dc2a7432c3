"""Asks a OneRoster server for pages, and finds out what it can bear: sorting, how many rows, which collections.

What was found out goes back with the answer (pages.ASKED) and so into the next cursor: another turn, in another
function, need not find it out again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count
from time import monotonic

import address
from credentials import credential
from pages import ASKED, Cursor, past_end
from wording import HELP

from roster.errors import AccessMissing, CredentialRejected, ProviderUnavailable
from roster.model import JSON
from roster.ports import Answer, Http, Tokens

LARGEST_PAGE = 10_000
SMALLEST_PAGE = 50
MODEST_PAGES = (1000, 100)
UNWILLING = frozenset({400, 422})
OVERWHELMED = frozenset({502, 504})
REFUSED = frozenset({403, 404, 501})
OPTIONAL, NOT_SHARED = "demographics", frozenset({401, 403, 404, 410, 501})
INSTEAD = {"orgs": "schools", "academicSessions": "terms"}
QUICK, PATIENCE = 10.0, 60.0  # seconds: what fails later was a time-out; when to stop trying smaller pages

Said = tuple[Cursor, Answer]


class Connection:
    """One account's server, for one turn."""

    def __init__(self, http: Http, settings: Mapping[str, JSON], secret: Mapping[str, str], tokens: Tokens) -> None:
        self._service = address.service(settings)
        self._credential = credential(http, settings, secret, tokens)
        self._limit, self._sort = LARGEST_PAGE, True

    def ask(self, cursor: str) -> Answer:
        asked = Cursor.parse(cursor)
        if asked.path == OPTIONAL and self._credential.lacks_demographics():
            answer = Answer(403, {})
        else:
            asked, answer = self._elsewhere(*self._willing(asked))
        answer = past_end(asked, answer)
        self._check(asked, answer)
        return replace(answer, headers={**answer.headers, ASKED: str(asked)})

    def _check(self, asked: Cursor, answer: Answer) -> None:
        """Refused from their first row on, demographics are not shared; later, half of them would look like all."""
        where = f"{asked.path}: HTTP {answer.status} after {asked.offset} rows"
        if answer.status == 401 and (asked.offset or asked.path != OPTIONAL):
            raise CredentialRejected(where, HELP[self._credential.rejected])
        if answer.status in NOT_SHARED and asked.offset and asked.path == OPTIONAL:
            raise AccessMissing(where, HELP["demographics_broken_off"])

    def _elsewhere(self, asked: Cursor, answer: Answer) -> Said:
        """Servers without one of the two large collections may have the part of it that matters."""
        if answer.status not in REFUSED or asked.path not in INSTEAD or asked.offset:
            return asked, answer
        other, said = self._willing(replace(asked, path=INSTEAD[asked.path]))
        return (asked, answer) if said.status in REFUSED else (other, said)

    def _willing(self, asked: Cursor) -> Said:
        """The answer, and what had to be asked for it: unsorted, or fewer rows, where the server refuses else."""
        asked = replace(asked, limit=min(asked.limit, self._limit), sort=asked.sort and self._sort)
        asked, answer = self._bearable(asked)
        for other in _simpler(asked) if answer.status in UNWILLING and not asked.past else ():
            other, said = self._bearable(other)
            if said.status not in UNWILLING:
                self._learn(asked, other)
                return other, said
        return asked, answer

    def _bearable(self, asked: Cursor) -> Said:
        """Fewer rows for a server that breaks down over many, which is safe, because offsets count rows."""
        began, fewer = monotonic(), asked
        for tried in count():
            answer = self._attempt(fewer)
            spent = monotonic() - began
            if isinstance(answer, Answer) and answer.status not in OVERWHELMED:
                self._learn(asked, fewer)
                return fewer, answer
            if fewer.limit <= SMALLEST_PAGE or (tried and spent > PATIENCE):
                break
            part = 2 if spent < QUICK else 10
            fewer = replace(fewer, limit=max(SMALLEST_PAGE, fewer.limit // part))
        if isinstance(answer, ProviderUnavailable):
            raise answer
        return asked, answer

    def _learn(self, asked: Cursor, instead: Cursor) -> None:
        if instead.limit < asked.limit:
            self._limit = instead.limit
        if asked.sort and not instead.sort:
            self._sort = False

    def _attempt(self, asked: Cursor) -> Answer | ProviderUnavailable:
        try:
            return self._get(asked)
        except ProviderUnavailable as error:
            return error

    def _get(self, asked: Cursor) -> Answer:
        return self._credential.get(f"{self._service}{asked.query}")


def _simpler(asked: Cursor) -> Iterator[Cursor]:
    """What a server that finds fault with a request may still grant."""
    limits = [limit for limit in MODEST_PAGES if limit < asked.limit]
    if asked.sort:
        yield replace(asked, sort=False)
    for limit in limits:
        yield replace(asked, limit=limit)
    if asked.sort and limits:
        yield replace(asked, limit=limits[-1], sort=False)
