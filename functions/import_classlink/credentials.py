"""The three ways to be let in: ClassLink's own bearer, OAuth 2 client credentials, and OAuth 1 signatures (oauth1).

A credential asks for an address and tries again where its own kind of 401 may pass; it also knows what it was not
granted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from time import time
from typing import Protocol
from urllib.parse import quote

import address
from help_texts import HELP
from oauth1 import METHODS, OAuth1

from roster.errors import ContractBroken, CredentialRejected, NotSetUp, ProviderUnavailable
from roster.fields import items, mapping, text
from roster.model import JSON
from roster.ports import Answer, Http, Token, Tokens

SCOPE = "https://purl.imsglobal.org/spec/or/{version}/scope/{name}"
SCOPES = ("roster-core.readonly", "roster.readonly", "roster-demographics.readonly")
HOUR = 3600


class Credential(Protocol):
    """`rejected`: the help for a 401 that stays."""

    @property
    def rejected(self) -> str: ...

    def get(self, url: str) -> Answer: ...

    def lacks(self, path: str) -> bool:
        """Whether the credential is known not to open this collection."""
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

    def lacks(self, path: str) -> bool:
        return False


class OAuth2:
    """A token that lasts an hour or so, shared by all functions of the account; a refused one is renewed once."""

    rejected = "client_rejected"

    def __init__(self, http: Http, tokens: Tokens, client: ClientCredentials) -> None:
        self._http, self._tokens, self._client = http, tokens, client

    def get(self, url: str) -> Answer:
        token = self._tokens.get(self._client.mint)
        answer = self._bear(token, url)
        if answer.status == 401:
            answer = self._bear(self._tokens.get(self._client.mint, refused=token.value), url)
        return answer

    def lacks(self, path: str) -> bool:
        """A server that names roster scopes, and not that of demographics, would refuse or show nobody."""
        scopes = " ".join(self._tokens.get(self._client.mint).scopes) if path == "demographics" else ""
        return "roster" in scopes and "demographics" not in scopes

    def _bear(self, token: Token, url: str) -> Answer:
        return self._http.get(url, {"Authorization": f"Bearer {token.value}"})


class ClientCredentials:
    """Mints tokens. Servers differ in where they want the client's secret and in which scopes they know."""

    def __init__(self, http: Http, settings: Mapping[str, JSON], id: str, secret: str) -> None:
        self._http, self._id, self._secret = http, id, secret
        self._url = address.checked("token_url", settings, query=True)
        own, version = text(settings.get("scope")), address.version(settings)
        scopes = [SCOPE.format(version=version, name=name) for name in SCOPES]
        self._scopes = (own, "") if own else (" ".join(scopes), " ".join(scopes[:2]), "")

    def mint(self) -> Token:
        """A new token with the most scopes that the server grants."""
        for scope in self._scopes:
            answer = self._granted(scope)
            if answer.status in (200, 201):
                return _token(answer)
            if _error(answer) != "invalid_scope":
                break
        raise CredentialRejected("the OneRoster server refuses the client id and secret", HELP["client_rejected"])

    def _granted(self, scope: str) -> Answer:
        """Basic authentication first; in the form where that is refused for another reason than the scope."""
        form = {"grant_type": "client_credentials", **({"scope": scope} if scope else {})}
        answer = self._post(form, (quote(self._id, safe=""), quote(self._secret, safe="")))
        if answer.status in (400, 401) and _error(answer) != "invalid_scope":
            return self._post({**form, "client_id": self._id, "client_secret": self._secret}, None)
        return answer

    def _post(self, form: Mapping[str, str], auth: tuple[str, str] | None) -> Answer:
        answer = self._http.post(self._url, form, auth=auth)
        if answer.status == 429 or answer.status >= 500:
            raise ProviderUnavailable(f"the OneRoster token address: HTTP {answer.status}", HELP["unavailable"])
        return answer


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


def _error(answer: Answer) -> str:
    try:
        return text(mapping(answer.json()).get("error")).lower()
    except ProviderUnavailable:  # a refusal need not be JSON
        return ""
