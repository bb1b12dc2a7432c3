"""The identity providers by name: what each is called, and in which addresses of ours."""

from __future__ import annotations

from collections.abc import Mapping

from roster.model import BY_HAND

CLASSLINK, ENTRA, VERACROSS = "classlink", "azure", "veracross"
TITLES: Mapping[str, str] = {CLASSLINK: "ClassLink SAML", ENTRA: "Azure AD", VERACROSS: "Veracross"}
KINDS: Mapping[str, str] = {"saml": CLASSLINK, "entra": ENTRA, "veracross": VERACROSS}  # by part of an address
ORIGINS = ("clever", CLASSLINK, VERACROSS, BY_HAND)  # of contacts
