"""What a person should click, per code of an error or a warning, in ClassLink's words (and OneRoster's where it has
none). The district's own people do most of it, in ClassLink's Roster Server console.
"""

from __future__ import annotations

from collections.abc import Mapping

APP = "in ClassLink, open Roster Server > Apps > All Applications"
DEMOGRAPHICS = (
    "In ClassLink, open Roster Server > Apps > All Applications, click the gear of pickAtime, then Shared Fields > "
    "Demographics > Enable (Rosters > Demographics) and Save; then run the import again."
)
UNENROLLED = "In ClassLink, open Roster Server > Apps > All Applications > pickAtime > Permissions"

HELP: Mapping[str, str] = {
    "rate_limited": "ClassLink asks for a pause between requests; the import goes on by itself.",
    "unavailable": "ClassLink's Roster Server does not answer. Nothing was changed; start the import again later.",
    "credential_rejected": "ClassLink no longer accepts the token. Check that pickAtime is still Enabled: "
    f"{APP}. If it is, the token was renewed: send the new one to support@pickatime.com.",
    "signature_rejected": "ClassLink's Roster Server refuses the key and secret, their signature (SHA-256 or SHA-1) or "
    f"our clock. Compare key and secret with what ClassLink shows: {APP} > pickAtime. Then write to "
    "support@pickatime.com.",
    "client_rejected": "The OneRoster server refuses the client id and secret. Have them shown anew where pickAtime "
    f"was added ({APP}), and send them to support@pickatime.com.",
    "token_refused": "The OneRoster server gives pickAtime no token. See that pickAtime is Enabled and may read "
    f"rosters and demographics where it was added ({APP}), then write to support@pickatime.com, who check the token's "
    "address and scopes.",
    "access_missing": "ClassLink does not share what the import needs. Check that pickAtime is Enabled, and share "
    f"orgs, academic sessions, classes, users and enrollments: {APP} > pickAtime > Permissions. If that is so, the "
    "application id that is set here may be another one's.",
    "contract_broken": "The answers of ClassLink's Roster Server cannot be read safely, so nothing was changed. "
    "Write to support@pickatime.com and name this run.",
    "not_set_up": f"Add pickAtime in ClassLink first: {APP} > Add App, and Enable it. ClassLink then tells "
    "support@pickatime.com, who sets up the import and writes to you.",
    "address": "Write to support@pickatime.com: the address that is set for the OneRoster server must begin with "
    "https:// and lead to the school's own server.",
    "settings": "Write to support@pickatime.com: the ClassLink import of this account has a setting that OneRoster "
    "does not know.",
    "demographics_refused": f"ClassLink does not share demographics, so there are no dates of birth. {DEMOGRAPHICS}",
    "demographics_broken_off": "ClassLink stopped sharing demographics in the middle of their list, so nothing was "
    "changed. Run the import again; if it stops again, write to support@pickatime.com and name this run.",
    "security_values_refused": "ClassLink does not share demographics, so parents cannot link by their child's date of "
    f"birth. {DEMOGRAPHICS}",
    "security_values_empty": "No student has a date of birth in what ClassLink shares, so parents cannot link by "
    f"themselves. {DEMOGRAPHICS}",
    "security_values_partial": "Some students have no date of birth in ClassLink. Complete them in the school's own "
    "system, let ClassLink's Roster Server sync, then run the import again.",
    "student_without_birth_date": "ClassLink has no date of birth for these students, so their parents cannot link by "
    "themselves. Complete them in the school's own system; ClassLink passes them on with its next sync.",
    "birth_date_unreadable": "The date of birth in ClassLink's demographics is none that a student can have; correct "
    "it in the school's own system. Until then the student's parents cannot link by themselves.",
    "email_invalid": "The e-mail address has no @ in ClassLink; correct it in the school's own system.",
    "parents_missing": f"ClassLink shows no parent or guardian at all. {UNENROLLED}, and share guardians and "
    "unenrolled users; then run the import again.",
    "dangling_relationship": "ClassLink ties these students and parents to somebody whom it does not share. "
    f"{UNENROLLED}, and share guardians and unenrolled users. Relatives are among them where your school leaves them "
    "out.",
    "relationship_one_sided": "ClassLink names these parents on one side only (agents of the student or of the "
    "parent); the tie was kept all the same.",
    "dangling_enrolment": "ClassLink lists these people or classes in an enrollment but does not share them. "
    f"{UNENROLLED}, and see that the same schools are shared for all of them.",
    "person_not_shared": "ClassLink names these people without sharing them, so only their names are known.",
    "class_without_term": "ClassLink names no term of these classes, so they are left out. Give them a term in the "
    "school's own system, or choose (no term) in the Importer as well.",
    "class_without_teacher": "No enrollment in ClassLink names a teacher of these classes; nobody can book with them.",
    "no_current_term": "All chosen terms are over, or all of ClassLink's are. After a rollover, choose the new ones "
    "in the Importer as soon as ClassLink has them.",
    "term_vanished": "A chosen term no longer exists in ClassLink, as after a rollover. Choose the terms again in the "
    "Importer; Roster Server > Academic Sessions shows them.",
    "school_vanished": "A chosen school is not among those that ClassLink shares. Choose the schools again in the "
    f"Importer, or share it: {APP} > pickAtime > Permissions.",
    "departures_held_back": "These people and classes are missing in ClassLink, but its data was not settled, so they "
    "stay for now.",
    "source_moved": "ClassLink's data or permissions changed during the whole import, so nobody was removed. Tonight's "
    "sync will.",
    "source_incomplete": "ClassLink sent fewer records than it promised, so nobody was removed. The next sync will.",
    "more_than_fits": "ClassLink ties these people to more students or classes than a contact can hold, so some were "
    "left out. A placeholder contact that every student shares is a likely cause; remove it in the school's own "
    "system.",
    "matched_by_person": "ClassLink gave these people new ids; they were recognised and kept their contacts.",
}
