"""The three ways to be let in: ClassLink's own bearer, OAuth 2 client credentials, and OAuth 1 signatures (oauth1).

A credential asks for an address and tries again where its own kind of 401 may pass; it also knows what it was not
granted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from time import time
from typing import Protocol
from urllib.parse import quote

import address
from oauth1 import METHODS, OAuth1
from wording import HELP

from roster.errors import ContractBroken, CredentialRejected, NotSetUp, ProviderUnavailable
from roster.fields import items, mapping, text
from roster.model import JSON
from roster.ports import Answer, Http, Token, Tokens

SCOPE = "https://purl.imsglobal.org/spec/or/{version}/scope/{name}.readonly"
CORE, NESTED, DEMOGRAPHICS = "roster-core", "roster", "roster-demographics"
SCOPES = ((CORE, NESTED, DEMOGRAPHICS), (CORE, DEMOGRAPHICS), (CORE,), ())  # nothing nested is asked for
REFUSALS = frozenset({400, 401, 403})
OF_A_KNOWN_CLIENT = frozenset({"invalid_scope", "unauthorized_client", "unsupported_grant_type", "access_denied"})
WORD = re.compile("[a-z_]{1,40}")
HOUR = 3600


class Throttled(Exception):
    """The token address asks for patience: `answer` is its 429, and says for how long."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__("the OneRoster token address: HTTP 429")


class Credential(Protocol):
    """`rejected`: the help for a 401 that stays. `get` raises Throttled where it needs a token and must wait for it."""

    @property
    def rejected(self) -> str: ...

    def get(self, url: str) -> Answer: ...

    def lacks_demographics(self) -> bool:
        """Whether the credential is known not to open them."""
        ...


def credential(http: Http, settings: Mapping[str, JSON], secret: Mapping[str, str], tokens: Tokens) -> Credential:
    """The credential that the settings speak of, from the secret's fields."""
    auth = text(settings.get("auth")) or "bearer"
    signature = text(settings.get("signature"))
    if auth not in ("bearer", "oauth1", "oauth2") or signature not in ("", *METHODS):
        raise NotSetUp(f"auth {auth!r} with signature {signature!r} is unknown", HELP["settings"])
    if auth == "oauth1":
        key, password = _of(secret, "key", "secret")
        return OAuth1(http, key, password, signature)
    if auth == "oauth2":
        id, password = _of(secret, "client_id", "client_secret")
        return OAuth2(http, tokens, ClientCredentials(http, settings, id, password))
    (token,) = _of(secret, "token")
    return Bearer(http, token)


def _of(secret: Mapping[str, str], *names: str) -> tuple[str, ...]:
    found = tuple(text(secret.get(name)) for name in names)
    if not all(found):
        raise NotSetUp(f"the OneRoster credential lacks {' or '.join(names)}", HELP["not_set_up"])
    return found


class Bearer:
    """A token that ClassLink shows in its console; it does not expire, but may be renewed or withdrawn there."""

    rejected = "credential_rejected"

    def __init__(self, http: Http, token: str) -> None:
        self._http, self._token = http, token

    def get(self, url: str) -> Answer:
        return self._http.get(url, {"Authorization": f"Bearer {self._token}"})

    def lacks_demographics(self) -> bool:
        return False


class OAuth2:
    """A token that lasts an hour or so, shared by all functions of the account; a refused one is renewed once.

    A kept one may be older than what the district shares by now: it is renewed once before its lack is believed. It
    serves the whole connection, however short a life it is said to have: a server that means it answers 401.
    """

    rejected = "client_rejected"

    def __init__(self, http: Http, tokens: Tokens, client: ClientCredentials) -> None:
        self._http, self._tokens, self._client = http, tokens, client
        self._token: tuple[Token, bool] | None = None  # with whether it was made by now: threads see both or neither
        self._minted = False

    def get(self, url: str) -> Answer:
        token, new = self._held()
        answer = self._bear(token, url)
        if answer.status == 401 or (answer.status == 403 and not new):
            token, _ = self._renewed(token.value)
            answer = self._bear(token, url)
        return answer

    def lacks_demographics(self) -> bool:
        """A server that names the scopes, and not that of demographics, would refuse or show nobody."""
        token, new = self._held()
        return _narrow(token) and (new or _narrow(self._renewed(token.value)[0]))

    def _held(self) -> tuple[Token, bool]:
        return self._token or self._renewed()

    def _renewed(self, refused: str = "") -> tuple[Token, bool]:
        self._token = self._tokens.get(self._mint, refused), self._minted
        return self._token

    def _mint(self) -> Token:
        self._minted = True
        return self._client.mint()

    def _bear(self, token: Token, url: str) -> Answer:
        return self._http.get(url, {"Authorization": f"Bearer {token.value}"})


def _narrow(token: Token) -> bool:
    scopes = " ".join(token.scopes)
    return CORE in scopes and "demographics" not in scopes


class ClientCredentials:
    """Mints tokens. Servers differ in where they want the client's secret and in which scopes they know."""

    def __init__(self, http: Http, settings: Mapping[str, JSON], id: str, secret: str) -> None:
        self._http, self._id, self._secret = http, id, secret
        self._url = address.checked("token_url", settings, query=True)
        own, version = text(settings.get("scope")), address.version(settings)
        asked = (" ".join(SCOPE.format(version=version, name=name) for name in names) for names in SCOPES)
        self._scopes = (own, "") if own else tuple(asked)

    def mint(self) -> Token:
        """A new token with the most scopes that the server grants.

        The secret goes by Basic authentication or in the form. What servers answer to the wrong place for it, or to a
        scope that they do not know, differs: only invalid_client is a no to the place, for whatever scope.
        """
        places, said = [self._basic, self._plain_basic, self._in_form], list[tuple[int, str]]()
        if self._quoted == (self._id, self._secret):
            places.remove(self._plain_basic)
        for scope in self._scopes:
            for place in tuple(places):
                answer = place({"grant_type": "client_credentials"} | ({"scope": scope} if scope else {}))
                if answer.status in (200, 201):
                    return _token(answer)
                said.append((answer.status, self._error(answer)))
                if answer.status not in REFUSALS:
                    raise _refused(said)
                if said[-1][1] == "invalid_client":
                    places.remove(place)
                elif said[-1][1] == "invalid_scope":
                    break
        raise _refused(said)

    def _basic(self, form: Mapping[str, str]) -> Answer:
        return self._post(form, self._quoted)

    def _plain_basic(self, form: Mapping[str, str]) -> Answer:
        """For servers that compare what they get, unquoted; generated secrets often end in =."""
        return self._post(form, (self._id, self._secret))

    @property
    def _quoted(self) -> tuple[str, str]:
        return quote(self._id, safe=""), quote(self._secret, safe="")

    def _in_form(self, form: Mapping[str, str]) -> Answer:
        return self._post({**form, "client_id": self._id, "client_secret": self._secret}, None)

    def _post(self, form: Mapping[str, str], auth: tuple[str, str] | None) -> Answer:
        answer = self._http.post(self._url, form, auth=auth)
        if answer.status == 429:
            raise Throttled(answer)
        if answer.status >= 500:
            raise ProviderUnavailable(f"the OneRoster token address: HTTP {answer.status}", HELP["unavailable"])
        return answer

    def _error(self, answer: Answer) -> str:
        """The server's own word for a refusal, unless it repeats the secret."""
        try:
            error = text(mapping(answer.json()).get("error")).lower()
        except ProviderUnavailable:  # a refusal need not be JSON
            return ""
        return error if WORD.fullmatch(error) and self._secret.lower() not in error else ""


def _token(answer: Answer) -> Token:
    told = mapping(answer.json())
    value, lasts = text(told.get("access_token")), text(told.get("expires_in"))
    if not value:
        raise ContractBroken("the OneRoster token address gives no token", HELP["contract_broken"])
    seconds = int(lasts) if lasts.isdecimal() and len(lasts) < 10 else HOUR
    return Token(value, time() + seconds, tuple(_scopes(told.get("scope"))))


def _scopes(value: JSON) -> Iterator[str]:
    for scope in items(value) if isinstance(value, list) else [value]:
        yield from text(scope).replace(",", " ").split()


def _refused(said: list[tuple[int, str]]) -> CredentialRejected:
    """Names each different thing that the server said."""
    known = said[-1][0] not in REFUSALS or any(error in OF_A_KNOWN_CLIENT for _, error in said)
    told = ", ".join(dict.fromkeys(f"HTTP {status} {error}".strip() for status, error in said))
    help = HELP["token_refused" if known else "client_rejected"]
    return CredentialRejected(f"the OneRoster server gives no token: {told}", help)
