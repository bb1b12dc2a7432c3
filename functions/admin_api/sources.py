"""What the Importer says of each roster provider: its name, its own words for terms, whether nights are usual."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from roster.model import BY_HAND


@dataclass(frozen=True)
class Source:
    """`usual`: whether "Sync nightly" is ticked before anybody has chosen. `review`: where to look before importing."""

    title: str
    terms: str
    review: str
    review_address: str
    usual: bool = True


SOURCES: Mapping[str, Source] = {
    "clever": Source(
        "Clever",
        "Clever's terms may differ from those of your student information system. Look at the classes of each term "
        "before you import.",
        "In Clever, open the Data Browser: Terms, and Sections.",
        "https://schools.clever.com/",
    ),
    "classlink": Source(
        "ClassLink",
        "ClassLink's terms are its academic sessions: school years, semesters and grading periods, which lie within "
        "each other. A semester brings the classes of its grading periods too.",
        "In ClassLink, open Roster Server: Academic Sessions, and Classes.",
        "https://help.classlink.com/s/article/Applications-Adding-Applications-Modifying-Permissions",
    ),
    "veracross": Source(
        "Veracross",
        "Veracross' terms are its grading periods. Look at the classes of each before you import.",
        "In Veracross, open Axiom: Academics, Grading Periods, and Classes.",
        "https://community.veracross.com/",
        usual=False,
    ),
}
UNKNOWN = Source("", "", "", "", usual=False)


def origin_title(origin: str) -> str:
    """What people call the place that a contact came from."""
    return {BY_HAND: "manual"}.get(origin) or SOURCES.get(origin, UNKNOWN).title or origin
