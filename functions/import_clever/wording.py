"""What a person should click in Clever, per error and warning of an import.

In Clever's own words, because that is where they have to find it.
"""

from __future__ import annotations

from collections.abc import Mapping

HELP: Mapping[str, str] = {
    "rate_limited": "Clever allows 1,200 requests a minute; the import goes on by itself.",
    "unavailable": "Clever does not answer. Nothing was changed; start the import again later.",
    "credential_rejected": "Clever no longer accepts the connection. In Clever, open My Applications > pickAtime "
    "and check that the district still shares its data, then write to support@pickatime.com.",
    "access_missing": "Clever does not share what the import needs. In Clever, open Applications > pickAtime > "
    "Data sharing and share schools, sections, students and teachers.",
    "contract_broken": "Clever's answers cannot be read safely, so nothing was changed. "
    "Write to support@pickatime.com and name this run.",
    "not_set_up": "Accept pickAtime's invitation in Clever first; then support@pickatime.com sets up the import.",
    "settings": "Write to support@pickatime.com: the Clever import of this account has a setting that Clever does "
    "not know.",
    "contacts_not_shared": "Parents were not imported: in Clever, open Applications > pickAtime > Data sharing and "
    "share student contacts. Parents imported before stay as they are.",
    "source_moved": "The district loaded new data into Clever during the whole import, so nobody was removed. "
    "Tonight's sync will.",
    "parents_missing": "Clever shows no parent at all. In Clever, open Applications > pickAtime > Data sharing and "
    "share student contacts.",
    "source_incomplete": "Clever sent fewer records than it promised, so nobody was removed. The next sync will.",
    "district_pending": "Clever holds back changes of this district until they are approved there, so nobody was "
    "removed. In Clever, open Sync > Requires review.",
    "district_error": "The district's own sync with Clever fails, so nobody was removed. In Clever, open Sync and "
    "see the error.",
    "email_invalid": "The e-mail address has no @ in Clever; correct it in the school's own system.",
    "birth_date_unreadable": "The date of birth in Clever is none that a student can have; correct it in the school's "
    "own system. Until then the student's parents cannot link by themselves.",
    "emergency_contact_left_out": "Clever calls this contact an emergency contact, not a parent.",
    "student_without_birth_date": "Clever has no date of birth for these students, so their parents cannot link by "
    "themselves. In Clever, open Data Browser > Students and complete them in the school's own system.",
    "security_values_refused": "Clever does not share dates of birth. In Clever, open Applications > pickAtime > "
    "Data sharing and share students' dates of birth, then run the import again.",
    "security_values_empty": "No student has a date of birth in Clever, so parents cannot link by themselves. In "
    "Clever, open Applications > pickAtime > Data sharing and share them, then run the import again.",
    "security_values_partial": "Some students have no date of birth in Clever. Complete them in the school's own "
    "system, then run the import again.",
    "relationship_one_sided": "Clever names these parents on one side only; the tie was kept all the same.",
    "person_not_shared": "Clever names these people without sharing them, so only their names are known.",
    "dangling_enrolment": "Clever lists these people in a class but does not share them. In Clever, open "
    "Applications > pickAtime > Data sharing.",
    "dangling_relationship": "Clever ties these parents to students that it does not share.",
    "class_without_term": "Data Browser > Sections in Clever shows these classes without a term, so they are left out. "
    "Give them a term in the school's own system, or choose (no term) in the Importer as well.",
    "class_without_teacher": "Data Browser > Sections in Clever shows these classes without a teacher; nobody can "
    "book with them.",
    "no_current_term": "All chosen terms are over, or all of Clever's are. Choose the new ones in the Importer as soon "
    "as Data Browser > Terms in Clever has them.",
    "term_vanished": "A chosen term no longer exists in Clever. Choose the terms again in the Importer; in Clever, "
    "Data Browser > Terms shows them.",
    "school_vanished": "A chosen school is not among those that Clever shares. Choose the schools again in the "
    "Importer; in Clever, Data Browser > Schools shows them.",
    "departures_held_back": "These people and classes are missing in Clever, but its data was not settled, so "
    "they stay for now.",
    "more_than_fits": "Clever ties these people to more students or classes than a contact can hold, so some were left "
    "out. A placeholder contact that every student shares is a likely cause; remove it in the school's own system.",
    "matched_by_person": "Clever gave these people new ids; they were recognised and kept their contacts.",
}
