"""What there is to say of each roster provider: its name, its own words for terms, whether nights are usual, what
pickAtime's support does for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from links import CLASSLINK_APPLICATIONS, CLEVER_DASHBOARD, VERACROSS_COMMUNITY

from roster.model import BY_HAND


@dataclass(frozen=True)
class Source:
    """`usual`: whether "Sync nightly" is ticked before anybody has chosen. `review`: where to look before importing.

    `applies`: districts apply in the provider's console. `invites`: support sends an invitation from there. `versions`
    of its API that support may choose, the usual one first. `security`: where birth dates are switched on.
    """

    title: str
    terms: str
    review: str
    review_address: str
    usual: bool = True
    applies: bool = False
    invites: bool = False
    versions: tuple[str, ...] = ()
    security: str = ""


SOURCES: Mapping[str, Source] = {
    "clever": Source(
        "Clever",
        "Clever's terms may differ from those of your student information system. Look at the classes of each term "
        "before you import.",
        "In Clever, open the Data Browser: Terms, and Sections.",
        CLEVER_DASHBOARD.address,
        invites=True,
        versions=("v3.0", "v2.1", "v2.0"),
    ),
    "classlink": Source(
        "ClassLink",
        "ClassLink's terms are its academic sessions: school years, semesters and grading periods, which lie within "
        "each other. A semester brings the classes of its grading periods too.",
        "In ClassLink, open Roster Server: Academic Sessions, and Classes.",
        CLASSLINK_APPLICATIONS.address,
        applies=True,
        security="In ClassLink, open Rosters > Demographics, and switch the security value (student DOB) on for "
        "pickAtime before the first import: parents link to their children with it.",
    ),
    "veracross": Source(
        "Veracross",
        "Veracross' terms are its grading periods. Look at the classes of each before you import.",
        "In Veracross, open Axiom: Academics, Grading Periods, and Classes.",
        VERACROSS_COMMUNITY.address,
        usual=False,
    ),
}
APPLYING = tuple(name for name, source in SOURCES.items() if source.applies)
UNKNOWN = Source("", "", "", "", usual=False)
STEPS = (
    "Create a new event, using a past event as a template.",
    "Optional: export reports from past events on the Reports page.",
    "Delete all past events except the new one.",
    "Delete All Contacts, under Global Setup / Contacts / Advanced Options, with the "
    "Level to delete: Admin Level - Event Administrator.",
    "Run the new integration import.",
)
NOTE = (
    "NOTE: Preventing duplicate contacts. This account has contacts that were not imported by this integration. Their "
    "teacherID, studentID and parentID differ from those that it brings, so the same people would be there twice. "
    "Clear old data before the new import. If you need help, write to support@pickatime.com."
)


def origin_title(origin: str) -> str:
    """What people call the place that a contact came from."""
    return {BY_HAND: "manual"}.get(origin) or SOURCES.get(origin, UNKNOWN).title or origin
