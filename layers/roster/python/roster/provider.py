"""The plug-in contract: a provider is declarations plus pure functions.

A provider says where its pages are (`Resource.start`, `Resource.read`), how one raw row becomes records
(`Resource.normalise`), how to ask (`connect`), and what a person should click when something is wrong (`help`).
The pipeline knows nothing else of it, not even its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from roster.errors import AccessMissing, ContractBroken, CredentialRejected, ProviderUnavailable, RateLimited
from roster.model import JSON, Record, Selection
from roster.ports import Answer, Http, Tokens

DEFAULT_WAIT = 60.0
LONGEST_WAIT = 3600.0
REFUSALS = frozenset({403, 404, 410})


@dataclass(frozen=True)
class Page:
    """One page: its rows, the cursor after it (None at the end), how many rows the provider promises in all.

    `marker` moves when the provider's data, or what it shows us, changes; blank where it does not say.
    """

    rows: Sequence[JSON]
    next: str | None
    total: int | None = None
    marker: str = ""


@dataclass(frozen=True)
class Resource:
    """One collection to pull.

    start: cursor of the first page. read(cursor, answer) gives the page or raises ContractBroken.
    normalise(row) is pure and total: any JSON gives records, among them `Rejected`, and never raises.
    covers: the kinds that are not shown when this resource is refused.
    row_id(row): the row's id, blank where it has none; the loop guard uses it.
    optional: warning code when the provider refuses the resource; blank means the import cannot do without it.
    refusals: the HTTP statuses that refuse it.
    shifting: pages are counted off instead of following a row, so that a row which comes twice may stand for one that
    never came.
    told: names of the headers, in lower case, that `read` looks at.
    closing: asked for when all others have ended, because it tells whether they are still what they were.
    """

    name: str
    start: str
    read: Callable[[str, Answer], Page]
    normalise: Callable[[JSON], Iterable[Record]]
    row_id: Callable[[JSON], str]
    covers: tuple[str, ...] = ()
    optional: str = ""
    refusals: frozenset[int] = REFUSALS
    shifting: bool = False
    told: tuple[str, ...] = ()
    closing: bool = False


Ask = Callable[[str], Answer]


class Provider(Protocol):
    """What a function folder's provider.py declares."""

    @property
    def name(self) -> str: ...

    @property
    def help(self) -> Mapping[str, str]:
        """What to click, per code of an error or a warning, in the provider's own words."""
        ...

    @property
    def lanes(self) -> int:
        """How many requests its server may be sent at once, where answers do not say what is left of a limit."""
        ...

    def resources(self, settings: Mapping[str, JSON], selection: Selection) -> Sequence[Resource]:
        """The collections of one complete pull, in order; the order is the same for equal arguments."""
        ...

    def connect(self, http: Http, settings: Mapping[str, JSON], secret: Mapping[str, str], tokens: Tokens) -> Ask:
        """A function from cursor to answer, which adds address and credential.

        `tokens` keeps an access token that several functions share, for providers that issue them. The function is
        called by several threads, for cursors of different resources.
        """
        ...

    def remaining(self, answer: Answer) -> int | None:
        """How many requests this answer says may follow before a 429; None where it does not say."""
        ...

    def wait(self, answer: Answer, now: float) -> float | None:
        """Seconds that a 429 asks to wait, from the provider's own headers; None where it does not say."""
        ...


@dataclass(frozen=True)
class Refused:
    """The provider does not give an optional resource: absence, not emptiness."""

    code: str


@dataclass
class Checker:
    """Maps HTTP answers to pages, refusals and errors, once for all providers."""

    provider: Provider
    clock: Callable[[], float]

    def page(self, resource: Resource, cursor: str, answer: Answer) -> Page | Refused:
        """The page, or that the optional resource is refused. Everything else raises."""
        if answer.status == 200:
            return resource.read(cursor, answer)
        if resource.optional and answer.status in resource.refusals:
            return Refused(resource.optional)
        if answer.status == 429:
            raise RateLimited(self.patience(answer), self._help("rate_limited"))
        if answer.status >= 500:
            raise ProviderUnavailable(f"{resource.name}: HTTP {answer.status}", self._help("unavailable"))
        if answer.status == 401:
            message = f"the credential was refused ({resource.name}: HTTP 401)"
            raise CredentialRejected(message, self._help("credential_rejected"))
        if answer.status in resource.refusals:
            raise AccessMissing(f"{resource.name}: HTTP {answer.status}", self._help("access_missing"))
        raise ContractBroken(f"{resource.name}: HTTP {answer.status}", self._help("contract_broken"))

    def patience(self, answer: Answer) -> float:
        """Seconds until the provider's limit is a new one, as far as this answer tells."""
        asked = self.provider.wait(answer, self.clock())
        return min(LONGEST_WAIT, max(1.0, DEFAULT_WAIT if asked is None else asked))

    def _help(self, code: str) -> str:
        return self.provider.help.get(code, "")
