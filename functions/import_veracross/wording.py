"""What a person should click in Veracross, per code of an error or a warning.

Kept apart because both the provider and its connection speak in these words.
"""

from __future__ import annotations

from collections.abc import Mapping

_APPLICATIONS = "Identity & Access Management > Configuration > OAuth Applications"
_CLASSES = "the class's record in Veracross Axiom"

HELP: Mapping[str, str] = {
    # -- errors
    "rate_limited": "Veracross allows 300 requests in three minutes; the import waits and goes on by itself.",
    "unavailable": "Veracross does not answer. Nothing was changed; start the import again later.",
    "credential_rejected": "Veracross refuses the Client ID and Client Secret. Enter the credentials again in Global "
    f"Setup > Business > Integration Options > Veracross Integration: in Axiom, open {_APPLICATIONS}, the pickAtime "
    "application, General tab, and copy both. A secret that was reset is dead at once, and the new one may be shown "
    "only once.",
    "access_missing": f"Veracross does not grant what the import needs. In Axiom, open {_APPLICATIONS}, the pickAtime "
    "application, Scopes tab, add what is missing, save, and connect again. If the tab cannot be changed, you need the "
    "OAuth_App_Admin security role, even as a System Administrator: ask the school's Veracross administrator.",
    "contract_broken": "Veracross' answers cannot be read safely, so nothing was changed. "
    "Write to support@pickatime.com and name this run.",
    "not_set_up": "Veracross is not connected yet. Enter School Domain, Client ID, Client Secret and Integration Type "
    "in Global Setup > Business > Integration Options > Veracross Integration, then click Connect.",
    "settings": "Write to support@pickatime.com: the Veracross import of this account has a setting that is unknown.",
    "sign_on_only": "This Veracross connection is for Single Sign-On only. To import, choose Import or Import and "
    "Single Sign-On as the Integration Type, and click Connect.",
    "school_domain": "The School Domain is the part of your Veracross addresses that follows veracross.com, such as "
    "abcd in https://portals.veracross.com/abcd/. Paste that word, or the whole address of a Veracross portal page.",
    "school_unknown": "Veracross knows no school by this School Domain. Open a portal of your school: the domain is "
    "what follows veracross.com in its address, such as abcd in https://portals.veracross.com/abcd/.",
    # -- security values
    "security_values_refused": "Veracross does not show students' birthdays, so parents cannot link by themselves. "
    f"In Axiom, open {_APPLICATIONS}, Scopes tab, add students:list and students:read, and run the import again.",
    "security_values_empty": "No student has a birthday in Veracross, so parents cannot link by themselves. Fill in "
    "Birthday on the students' records in Axiom, then run the import again.",
    "security_values_partial": "Some students have no birthday in Veracross. Fill in Birthday on their records in "
    "Axiom, then run the import again.",
    "student_without_birth_date": "These students have no birthday in Veracross, so their parents cannot link by "
    "themselves. Fill in Birthday on the students' records in Axiom.",
    "birth_date_unreadable": "The birthday that Veracross gives is none that a student can have. Correct Birthday on "
    "the student's record in Axiom; until then the student's parents cannot link by themselves.",
    # -- people
    "email_invalid": "The e-mail address has no @ in Veracross. Correct Email 1 on the person's record in Axiom.",
    "person_not_shared": "A class names these people as its teacher, but they are not in Staff/Faculty: they have "
    f"left, or were never on staff. Only their names are known; change Primary Teacher on {_CLASSES}.",
    "matched_by_person": "Veracross gave these people new Person IDs; they were recognised and kept their contacts.",
    "departures_held_back": "These people and classes are missing in Veracross, but its data was not settled, so they "
    "stay for now.",
    # -- classes
    "dangling_enrolment": "Veracross lists these people in a class, but not among its students or staff. They are "
    "former or future people as a rule; if not, check their Roles in Axiom. A class here is one that Veracross does "
    "not list, or one that is Completed and has no dates.",
    "more_than_fits": "Veracross ties these people to more students or classes than a contact can hold, so some were "
    "left out. A placeholder contact that every student shares is a likely cause; remove it in Axiom.",
    "class_without_term": "The dates of these classes lie in no grading period, so they are left out. Correct their "
    "dates in Axiom, or choose (no term) in the Importer as well.",
    "class_without_teacher": "These classes have no Primary Teacher in Veracross, so nobody can book with them. Fill "
    f"it in on {_CLASSES}.",
    "no_current_term": "All chosen grading periods are over, or all that Veracross has. Choose the new ones in the "
    "Importer as soon as Veracross has them.",
    "term_vanished": "A chosen term is no longer among the grading periods in Veracross. Choose the terms again in "
    "the Importer.",
    "school_vanished": "A chosen campus is not among those of the classes in Veracross. Choose the schools again in "
    "the Importer.",
    # -- families
    "dangling_relationship": "Veracross ties these people to a student, but does not list them among its Parents or "
    "Students: often a guardian or grandparent with portal access who lacks the Parent role. Give them that role in "
    "Axiom, on the person's record, and run the import again.",
    "parents_missing": "Veracross shows no parent at all. In Axiom, check that parents have the Parent role, or turn "
    "off importing contacts for this event.",
    "relationship_one_sided": "Veracross has the relationship on one of the two records only. It was kept all the "
    "same; open Relationships on the student's record in Axiom and check it.",
    # -- the pull
    "source_moved": "Veracross' data changed during the whole import, so nobody was removed. Tonight's sync will.",
    "source_incomplete": "Veracross sent fewer records than it promised, so nobody was removed. The next sync will.",
}
