"""Where a OneRoster service is: the address that a district gave, completed, and checked before a credential goes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_network
from urllib.parse import urlsplit

from wording import HELP

from roster.errors import NotSetUp
from roster.fields import SEGMENT, text
from roster.http import host_number
from roster.model import JSON

SERVICE = re.compile(r"/ims/oneroster(?=/|$)", re.IGNORECASE)
BASES = {"v1p1": "/ims/oneroster/v1p1", "v1p2": "/ims/oneroster/rostering/v1p2"}
NAMED = {"v1p1": "v1p1", "v1p2": "v1p2", "rostering": "v1p2"}  # the version that a word of a path speaks of
PRINTABLE = re.compile(r"[!-~]+")
METADATA = ip_network("fd00:ec2::/32")  # where AWS answers about a machine over IPv6; over IPv4 it is link-local


def version(settings: Mapping[str, JSON]) -> str:
    """The OneRoster version: as set, else as the address says."""
    told = text(settings.get("version")) or _named(text(settings.get("base_url"))) or "v1p1"
    if told not in BASES:
        raise NotSetUp(f"no OneRoster version {told!r}; use one of {', '.join(BASES)}", HELP["settings"])
    return told


def service(settings: Mapping[str, JSON]) -> str:
    """The service's address without a slash at its end, the application's id in it.

    OneRoster knows two bases, so what is given of one in whatever case, or behind it, only tells which it is.
    """
    before, *given = SERVICE.split(checked("base_url", settings).rstrip("/"), maxsplit=1)
    base = BASES[_named(*given) or version(settings)]
    return f"{before}{_application(settings)}{base}"


def _named(address: str = "") -> str:
    """The version that the last telling word of an address names."""
    return next((NAMED[word] for word in reversed(address.lower().split("/")) if word in NAMED), "")


def _application(settings: Mapping[str, JSON]) -> str:
    """ClassLink gives the id escaped (%2FgVa0ed75Gs%3D); escaped once more, or unescaped, nobody knows it."""
    application = text(settings.get("application"))
    if application and not SEGMENT.fullmatch(application):
        raise NotSetUp("the application id is not one segment of a path, escaped", HELP["settings"])
    return f"/{application}" if application else ""


def checked(name: str, settings: Mapping[str, JSON], query: bool = False) -> str:
    """An address that can be asked: http or https, a host, no credential in it, and one may go there."""
    given = text(settings.get(name))
    try:
        parts = urlsplit(given)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        extra = parts.username is not None or parts.fragment or (parts.query and not query)
    except ValueError:
        sound, extra = False, ""
    if not sound or extra or not PRINTABLE.fullmatch(given):
        raise NotSetUp(f"the setting {name} is no address of a OneRoster server", HELP["not_set_up"])
    if not _trusted(parts.scheme, (parts.hostname or "").rstrip(".")):
        raise NotSetUp(f"the setting {name} is no https address of a OneRoster server", HELP["address"])
    return given


def _trusted(scheme: str, host: str) -> bool:
    """A credential leaves this machine encrypted, and never for what a cloud tells its machines (169.254.169.254)."""
    ip = host_number(host)
    if host == "localhost" or (ip and ip.is_loopback):
        return True
    return scheme == "https" and not (ip and (ip.is_link_local or ip in METADATA))
