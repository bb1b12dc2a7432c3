"""What an identity provider says of itself: fetched from its metadata URL, and read for three things alone.

Its entityID, where a sign-in starts, and its signing certificates. The URL is a customer's text, so it is fetched as
if it were hostile: https to the provider's own hosts, at a public address that is looked up once, without redirects,
within five seconds and a megabyte. (providers/sign-on.md §5)
"""

from __future__ import annotations

import re
import socket
import ssl
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from ipaddress import ip_address
from time import monotonic
from typing import Any
from urllib.parse import SplitResult, urlsplit

import urllib3
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from onelogin.saml2.utils import OneLogin_Saml2_Utils
from onelogin.saml2.xmlparser import fromstring

from roster.errors import NotUnderstood, ProviderUnavailable
from roster.model import JSON

HOSTS = (".classlink.com",)
SECONDS, LARGEST = 5.0, 1024 * 1024
SMALLEST_KEY = 2048
MD = "{urn:oasis:names:tc:SAML:2.0:metadata}"
CONSOLE = "Copy the IDP Metadata URL again from ClassLink: Management Console > Single Sign-On > SAML Console."
_HOST = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_ENTITY = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-\[\]-~]{1,1000}")

Resolve = Callable[[str], Sequence[str]]


def resolved(host: str) -> list[str]:
    """All addresses of a host."""
    return sorted({str(found[4][0]) for found in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)})


def fetch(url: str, resolve: Resolve = resolved, loopback: bool = False) -> bytes:
    """The document. Raises NotUnderstood where the URL is none that we ask, ProviderUnavailable where nothing comes.

    `loopback`: whether a server on this machine may be asked, as where sandboxes run.
    """
    where = _split(url)
    if loopback and where.hostname == "127.0.0.1":
        return _read(urllib3.HTTPConnectionPool("127.0.0.1", where.port or 80), where)
    host = _checked(url, where)
    try:
        addresses = resolve(host)
    except OSError:
        raise ProviderUnavailable(f"there is no host {host}", CONSOLE) from None
    if not addresses or not all(ip_address(one).is_global for one in addresses):
        raise NotUnderstood("the metadata URL leads to an address that is not public", CONSOLE)
    context = ssl.create_default_context()
    pool = urllib3.HTTPSConnectionPool(
        addresses[0], 443, ssl_context=context, server_hostname=host, assert_hostname=host
    )
    return _read(pool, where)


def _checked(url: str, where: SplitResult) -> str:
    host, port = where.hostname or "", where.port
    plain = url == url.strip() and url.isascii() and url.isprintable() and "\\" not in url and len(url) <= 1000
    if not plain or where.scheme != "https" or where.username is not None or where.password is not None:
        raise NotUnderstood("the metadata URL has to be an https address without a user", CONSOLE)
    if port not in (None, 443) or not _HOST.fullmatch(host) or not f".{host}".endswith(HOSTS):
        raise NotUnderstood("the metadata URL is not one of ClassLink's own addresses", CONSOLE)
    return host


def _split(url: str) -> SplitResult:
    try:
        where = urlsplit(url)
        known = where.port != 0  # which raises where it is no number
    except ValueError:
        known = False
    if not known:
        raise NotUnderstood("the metadata URL, or one that the metadata hold, is no address", CONSOLE)
    return where


def _read(pool: urllib3.HTTPConnectionPool, where: SplitResult) -> bytes:
    path = (where.path or "/") + (f"?{where.query}" if where.query else "")
    headers = {
        "Host": where.netloc,
        "Accept": "application/samlmetadata+xml, application/xml",
        "Accept-Encoding": "identity",
    }
    until = monotonic() + SECONDS
    try:
        with pool:
            answer = pool.urlopen(
                "GET", path, headers=headers, redirect=False, retries=False, preload_content=False,
                timeout=urllib3.Timeout(connect=3.0, read=2.0),
            )  # fmt: skip
            with closing(answer):
                if answer.status != 200:
                    raise NotUnderstood(f"the metadata URL answers {answer.status}, not with metadata", CONSOLE)
                return _body(answer, until)
    except (urllib3.exceptions.HTTPError, OSError):
        raise ProviderUnavailable("the metadata URL does not answer", CONSOLE) from None


def _body(answer: Any, until: float) -> bytes:
    """As it came: nothing is unpacked, so that a small answer stays small. A drip is cut off."""
    body = bytearray()
    while chunk := answer.read1(65536, decode_content=False):
        body += chunk
        if len(body) > LARGEST:
            raise NotUnderstood("the metadata are larger than a megabyte", CONSOLE)
        if monotonic() > until:
            raise ProviderUnavailable("the metadata take longer than five seconds", CONSOLE)
    return bytes(body)


def read(document: bytes, now: datetime, loopback: bool = False) -> dict[str, JSON]:
    """entity_id, sso_url, certificates ({der, sha256, ends}). Raises NotUnderstood, which says what is wrong."""
    root = _entity(document, now)
    try:
        found = OneLogin_Saml2_IdPMetadataParser.parse(document).get("idp") or {}
    except Exception:  # the library's parser raises whatever it meets
        raise NotUnderstood("the metadata cannot be read", CONSOLE) from None
    entity, url = found.get("entityId") or "", (found.get("singleSignOnService") or {}).get("url") or ""
    if not _ENTITY.fullmatch(entity) or root.get("entityID") != entity:
        raise NotUnderstood("the metadata name no identity provider", CONSOLE)
    where = _split(url)
    here = loopback and where.hostname == "127.0.0.1"
    if not here and (where.scheme != "https" or not where.hostname or where.username is not None):
        raise NotUnderstood("the metadata name no https address to sign in at", CONSOLE)
    many = (found.get("x509certMulti") or {}).get("signing") or []
    certificates = [_certificate(one) for one in [*many, *filter(None, [found.get("x509cert")])]]
    if not certificates:
        raise NotUnderstood("the metadata hold no certificate to check a sign-in with", CONSOLE)
    return {"entity_id": entity, "sso_url": url, "certificates": certificates}


def fetched(url: str, now: datetime, loopback: bool) -> dict[str, JSON]:
    """What they say today, and when that was."""
    return {**read(fetch(url, loopback=loopback), now, loopback), "fetched": now.isoformat(timespec="seconds")}


def refreshed(settings: Mapping[str, JSON], found: Mapping[str, JSON]) -> dict[str, JSON]:
    """The settings with the certificates of today. Raises NotUnderstood where the provider is another one by now: that
    takes an administrator's word.
    """
    same_host = urlsplit(settings["sso_url"]).netloc == urlsplit(found["sso_url"]).netloc
    if settings["entity_id"] != found["entity_id"] or not same_host:
        raise NotUnderstood(
            "the metadata name another identity provider than before, so nothing was taken over",
            "If that is meant, save the IDP Metadata URL again and test it.",
        )
    return {**settings, "certificates": found["certificates"]}


def _entity(document: bytes, now: datetime) -> Any:
    if b"<!" in document.replace(b"<!--", b""):
        raise NotUnderstood("the metadata are no plain XML", CONSOLE)
    try:
        root = fromstring(document)
    except Exception:
        raise NotUnderstood("the metadata URL does not answer with SAML metadata", CONSOLE) from None
    entities = list(root.iter(f"{MD}EntityDescriptor"))
    if len(entities) != 1 or not entities[0].findall(f"{MD}IDPSSODescriptor"):
        raise NotUnderstood("the metadata have to describe one identity provider", CONSOLE)
    for one in root.iter():
        ends = one.get("validUntil") if one.tag.startswith(MD) else None
        if ends and _moment(ends) <= now.timestamp():
            raise NotUnderstood("the metadata have expired", CONSOLE)
    return entities[0]


def _moment(text: str) -> float:
    try:
        return float(OneLogin_Saml2_Utils.parse_SAML_to_time(text))
    except Exception:  # the library's, for a month 13 or a word
        raise NotUnderstood("the metadata say no proper date until which they are valid", CONSOLE) from None


def _certificate(text: str) -> dict[str, JSON]:
    try:
        der = b64decode("".join(text.split()), validate=True)
        found = x509.load_der_x509_certificate(der)
        key = found.public_key()
    except Exception:  # cryptography raises many things at garbage
        raise NotUnderstood("a certificate of the metadata cannot be read", CONSOLE) from None
    if not isinstance(key, RSAPublicKey) or key.key_size < SMALLEST_KEY:
        raise NotUnderstood(f"a certificate of the metadata has no RSA key of {SMALLEST_KEY} bits", CONSOLE)
    ends = found.not_valid_after_utc.astimezone(UTC).isoformat()
    return {"der": "".join(text.split()), "sha256": sha256(der).hexdigest(), "ends": ends}
