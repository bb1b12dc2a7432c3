"""What the settings of sign-on are called on the page that asks for them, and where each is found at the provider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from links import CLASSLINK_SAML_CONSOLE, ENTRA, VERACROSS_COMMUNITY, Link

CHOICE = "SSO Provider"


@dataclass(frozen=True)
class Field:
    """`name`: of the setting. `secret`: it is entered and never shown."""

    name: str
    label: str
    help: str
    required: bool = True
    secret: bool = False
    link: Link | None = None


@dataclass(frozen=True)
class Form:
    """`helper`: the text below the choice. `guide`: its help page."""

    helper: str
    guide: str
    fields: tuple[Field, ...]


FORMS: Mapping[str, Form] = {
    "classlink": Form(
        "Your users log in with their ClassLink credentials.",
        "classlink-sso",
        (
            Field(
                "metadata_url",
                "IdP Metadata URL",
                "In the ClassLink Management Console: Single Sign-On, SAML Console, IDP Metadata URL. Its entity id, "
                "login URL and certificates are read from it.",
                link=CLASSLINK_SAML_CONSOLE,
            ),
            Field("attributes", "Attribute names", "Where your district calls its attributes otherwise.", False),
            Field("allow_sha1", "Allow SHA-1", "Only where ClassLink cannot sign otherwise; SHA-1 is broken.", False),
        ),
    ),
    "azure": Form(
        "Microsoft Entra ID (Formerly Azure AD). One tenant signs in; nobody else's users do.",
        "entra-sso",
        (
            Field("client_id", "Client ID", "In Entra, Overview: Application (client) ID.", link=ENTRA),
            Field("tenant_id", "Tenant ID", "In Entra, Overview: Directory (tenant) ID.", link=ENTRA),
            Field(
                "client_secret",
                "Client secret",
                "Only for a registration without Access tokens and ID tokens. Blank takes it away.",
                False,
                True,
            ),
            Field("cloud", "Cloud", "global, unless your tenant is of Microsoft's us (government) or china.", False),
        ),
    ),
    "veracross": Form(
        "Families and staff sign in with their Veracross account.",
        "veracross-sso",
        (
            Field("route", "School Domain", "The word that follows veracross.com in your addresses, such as abcd."),
            Field(
                "client_id",
                "Client ID",
                "In Axiom: Identity & Access Management > Configuration > OAuth Applications, tab General. Its Client "
                "Secret is entered with the Veracross Integration.",
                link=VERACROSS_COMMUNITY,
            ),
        ),
    ),
}
