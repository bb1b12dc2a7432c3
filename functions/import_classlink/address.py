"""Where a OneRoster service is: the address that a district gave, completed, and checked before a credential goes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from help_texts import HELP

from roster.errors import NotSetUp
from roster.fields import text
from roster.model import JSON

SERVICE = "/ims/oneroster"
BASES = {"v1p1": f"{SERVICE}/v1p1", "v1p2": f"{SERVICE}/rostering/v1p2"}
PRINTABLE = re.compile(r"[!-~]+")
SEGMENT = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+")


def version(settings: Mapping[str, JSON]) -> str:
    """The OneRoster version: as set, else as the address says."""
    told = text(settings.get("version")) or ("v1p2" if "v1p2" in text(settings.get("base_url")) else "v1p1")
    if told not in BASES:
        raise NotSetUp(f"no OneRoster version {told!r}; use one of {', '.join(BASES)}", HELP["settings"])
    return told


def service(settings: Mapping[str, JSON]) -> str:
    """The service's address without a slash at its end, the application's id in it."""
    base = checked("base_url", settings).rstrip("/")
    before, found, after = base.partition(SERVICE)
    if not found:
        after = BASES[version(settings)].removeprefix(SERVICE)
    return f"{before}{_application(settings)}{SERVICE}{after}"


def _application(settings: Mapping[str, JSON]) -> str:
    """ClassLink gives the id escaped (%2FgVa0ed75Gs%3D); escaped once more, or unescaped, nobody knows it."""
    application = text(settings.get("application"))
    if application and not SEGMENT.fullmatch(application):
        raise NotSetUp("the application id is not one segment of a path, escaped", HELP["settings"])
    return f"/{application}" if application else ""


def checked(name: str, settings: Mapping[str, JSON], query: bool = False) -> str:
    """An address that can be asked: http or https, a host, no credential in it."""
    given = text(settings.get(name))
    try:
        parts = urlsplit(given)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        extra = parts.username is not None or parts.fragment or (parts.query and not query)
    except ValueError:
        sound, extra = False, ""
    if not sound or extra or not PRINTABLE.fullmatch(given):
        raise NotSetUp(f"the setting {name} is no address of a OneRoster server", HELP["not_set_up"])
    return given
