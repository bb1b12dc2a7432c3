"""Every address outside pickAtime that the administration names, in one table. Clients open them in new tabs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SUPPORT = "support@pickatime.com"


@dataclass(frozen=True)
class Link:
    label: str
    address: str


CLASSLINK_APPLICATIONS = Link(
    "Add Applications and Determine Data Sharing Permissions",
    "https://help.classlink.com/s/article/Applications-Adding-Applications-Modifying-Permissions",
)
CLEVER_DASHBOARD = Link("Clever: Data Browser", "https://schools.clever.com/")
VERACROSS_COMMUNITY = Link("Veracross Community", "https://community.veracross.com/")
CLASSLINK_SAML_CONSOLE = Link(
    "SAML Console", "https://classlink.zendesk.com/hc/en-us/articles/360007554874-SAML-Console"
)
ENTRA = Link("Microsoft Entra admin center", "https://entra.microsoft.com/")
ENTRA_MULTIFACTOR = Link(
    "Multifactor authentication",
    "https://learn.microsoft.com/entra/identity/authentication/concept-mfa-howitworks",
)
ENTRA_CONDITIONAL_ACCESS = Link(
    "Conditional Access", "https://learn.microsoft.com/entra/identity/conditional-access/overview"
)

LINKS: Mapping[str, tuple[Link, ...]] = {
    "clever": (CLEVER_DASHBOARD,),
    "classlink": (CLASSLINK_APPLICATIONS,),
    "veracross": (VERACROSS_COMMUNITY,),
}
WRITE_TO_US = Link("pickAtime Support", f"mailto:{SUPPORT}")


def links_of(provider: str) -> list[Link]:
    """Those of the provider, or of all before one is chosen; pickAtime's support is always among them."""
    chosen = LINKS.get(provider, ()) if provider else (link for links in LINKS.values() for link in links)
    return [*chosen, WRITE_TO_US]
