"""Asks a OneRoster server for pages, and finds out what it can bear: sorting, how many rows, which collections.

What was found out goes back with the answer (pages.ASKED) and so into the next cursor: another turn, in another
function, need not find it out again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count
from threading import local
from time import monotonic

import address
from credentials import Throttled, credential
from pages import ASKED, Cursor, nothing
from wording import HELP

from roster.errors import AccessMissing, ContractBroken, CredentialRejected, ProviderUnavailable
from roster.model import JSON
from roster.ports import Answer, Http, Tokens

LARGEST_PAGE = 10_000
SMALLEST_PAGE = 50
MODEST_PAGES = (1000, 100, SMALLEST_PAGE)
UNWILLING = frozenset({400, 422})
OVERWHELMED = frozenset({502, 504})
REFUSED = frozenset({403, 404, 501})
OPTIONAL, NOT_SHARED = "demographics", frozenset({401, 403, 404, 410, 501})
INSTEAD = {"orgs": "schools", "academicSessions": "terms"}
QUICK, PATIENCE = 10.0, 60.0  # seconds: what fails later is slow; when to stop trying smaller pages
NO_HEADERS: Mapping[str, str] = {}

Said = tuple[Cursor, Answer]


class _NoPage(Exception):
    """A page that did not come, which may be its size's fault; `error` is the network's own."""

    def __init__(self, error: ProviderUnavailable) -> None:
        self.error = error
        super().__init__(error.message)


class _Pages(local):
    """The network, which tells a page that does not come from a token that does not, and what pages cost (`spent`).

    Each thread counts its own. Tokens come by POST, and say nothing about sizes.
    """

    def __init__(self, http: Http) -> None:
        self._http, self.post, self.spent = http, http.post, 0.0

    def get(self, url: str, headers: Mapping[str, str] = NO_HEADERS, auth: tuple[str, str] | None = None) -> Answer:
        began = monotonic()
        try:
            return self._http.get(url, headers, auth)
        except ProviderUnavailable as error:
            raise _NoPage(error) from None
        finally:
            self.spent += monotonic() - began


class Connection:
    """One account's server, for one turn."""

    def __init__(self, http: Http, settings: Mapping[str, JSON], secret: Mapping[str, str], tokens: Tokens) -> None:
        self._service = address.service(settings)
        self._pages = _Pages(http)
        self._credential = credential(self._pages, settings, secret, tokens)
        self._limit, self._sort = LARGEST_PAGE, True
        self._throttled: Answer | None = None

    def ask(self, cursor: str) -> Answer:
        asked, answer = self._patient(Cursor.parse(cursor))
        if asked.past:
            answer = nothing(asked, answer)
        self._check(asked, answer)
        return replace(answer, headers={**answer.headers, ASKED: str(asked)})

    def _patient(self, asked: Cursor) -> Said:
        """A 429 of the token address is the page's answer: the pause that it asks for is kept as any other.

        It stays the answer for this turn: whoever does not wait sends the secret to a server that asked for quiet.
        """
        if self._throttled is None:
            try:
                return self._shared(asked)
            except Throttled as patience:
                self._throttled = patience.answer
        return asked, self._throttled

    def _shared(self, asked: Cursor) -> Said:
        if asked.path == OPTIONAL and self._credential.lacks_demographics():
            return asked, Answer(403, {})
        return self._elsewhere(*self._willing(asked))

    def _check(self, asked: Cursor, answer: Answer) -> None:
        """Refused from their first row on, demographics are not shared; later, half of them would look like all."""
        where = f"{asked.path}: HTTP {answer.status} after {asked.offset} rows"
        if 300 <= answer.status < 400:  # a credential does not follow
            raise ContractBroken(f"{where}: the server has moved to another address", HELP["address"])
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
        began, fewer = self._pages.spent, asked
        for tried in count():
            answer = self._attempt(fewer)
            spent = self._pages.spent - began
            if isinstance(answer, Answer) and answer.status not in OVERWHELMED:
                self._learn(asked, fewer)
                return fewer, answer
            if fewer.limit <= SMALLEST_PAGE or (tried and spent > PATIENCE):
                break
            part = 2 if spent < QUICK else 10
            fewer = replace(fewer, limit=max(SMALLEST_PAGE, fewer.limit // part))
        if isinstance(answer, _NoPage):
            raise answer.error
        return asked, answer

    def _learn(self, asked: Cursor, instead: Cursor) -> None:
        if instead.limit < asked.limit:
            self._limit = instead.limit
        if asked.sort and not instead.sort:
            self._sort = False

    def _attempt(self, asked: Cursor) -> Answer | _NoPage:
        try:
            return self._get(asked)
        except _NoPage as missing:
            return missing

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
