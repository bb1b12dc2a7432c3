"""The endpoints of Veracross' Data API that an importer may use: their fields, filters and value lists.

A list and its single records differ in their fields. `name<source`: told under another name than the record
keeps it; among codes: from a value list of another name. A filter that is not named here is answered 400.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

_PERSON = "first_name middle_name last_name preferred_name"
_MODIFIED = "on_or_before_last_modified_date on_or_after_last_modified_date"
_PORTAL = (
    "parent_portal_visibility parent_portal_assignment_display"
    " student_portal_visibility student_portal_assignment_display"
)


class Resource(NamedTuple):
    table: str
    path: str
    listed: tuple[str, ...]
    read: tuple[str, ...]
    integers: dict[str, str]  # filter: where in the record, dotted for nested
    booleans: dict[str, str]
    texts: dict[str, str]
    dates: tuple[str, ...]  # on_or_before_… and on_or_after_…, or the day itself
    list_codes: tuple[str, ...]  # the fields and filters that have a value list
    read_codes: tuple[str, ...]
    added: tuple[str, ...] = ()  # fields and filters that came after the first capture of the API

    @property
    def scope(self) -> str:
        return self.path[1:].replace("/", ".")

    def filters(self) -> Iterator[str]:
        yield from (*self.integers, *self.booleans, *self.texts, *self.dates)


def _where(words: str) -> dict[str, str]:
    pairs = (word.partition("<") for word in words.split())
    return {name: source or name for name, _, source in pairs}


def _resource(table: str, path: str, **words: str) -> Resource:
    listed = tuple(words["listed"].split())
    codes = tuple(words["list_codes"].split())
    return Resource(
        table,
        path,
        listed,
        tuple(words["read"].split()) if "read" in words else listed,
        _where(words.get("integers", "")),
        _where(words.get("booleans", "")),
        _where(words.get("texts", "")),
        tuple(words.get("dates", "").split()),
        codes,
        tuple(words["read_codes"].split()) if "read_codes" in words else codes,
        tuple(words.get("added", "").split()),
    )


STAFF = _resource(
    "staff_faculty",
    "/staff_faculty",
    listed=f"id name_prefix name_suffix {_PERSON} household_id gender faculty_type department job_title employee_code"
    " date_hired date_terminated campus roles email_1 username last_modified_date departments school_levels",
    integers="household_id faculty_type employee_code campus role<_roles school_level<school_levels",
    dates="on_or_before_date_hired on_or_after_date_hired on_or_before_date_terminated on_or_after_date_terminated",
    list_codes="name_prefix name_suffix gender faculty_type department employee_code campus role school_level",
    added="departments school_levels",
)
_PARENT = (
    "id household_id head_of_household name_prefix first_name first_nick_name preferred_name middle_name last_name"
    " name_suffix spouse gender roles email_1 username last_modified_date"
)
PARENTS = _resource(
    "parents",
    "/parents",
    listed=_PARENT,
    read=f"{_PARENT} email_2 home_phone mobile_phone business_phone address employer occupation job_title",
    integers="household_id",
    booleans="include_deceased",
    texts="role<_roles",
    list_codes="name_prefix name_suffix gender",
    read_codes="name_prefix name_suffix gender address.country occupation",
)
_STUDENT = (
    f"id {_PERSON} household_id gender email_1 grade_level school_level graduation_year homeroom homeroom_teacher"
    " advisor username entry_date exit_date birthday last_modified_date enrollment_status"
)
STUDENTS = _resource(
    "students",
    "/students",
    listed=f"{_STUDENT} campus roles house student_group",
    read=f"{_STUDENT} campus<_campus name_prefix name_suffix current_location",
    integers="household_id homeroom homeroom_teacher_id<homeroom_teacher.id advisor_id<advisor.id"
    " campus_id<campus.id role<_roles enrollment_status",
    dates=f"{_MODIFIED} on_or_before_entry_date on_or_after_entry_date on_or_before_exit_date on_or_after_exit_date",
    list_codes="gender grade_level school_level homeroom campus.id role enrollment_status student_group",
    read_codes="name_prefix name_suffix gender school_level grade_level homeroom campus enrollment_status",
)
RELATIONSHIPS = _resource(
    "relationships",
    "/relationships",
    listed=f"id person_id related_person_id {_PERSON} relationship resident custody_status legal_custody emergency"
    " pick_up parent_portal_access profile_update_permission receive_general_correspondence receive_report_cards"
    " receive_invoices receive_other medical_notification last_modified_date related_person_is_deceased",
    integers="person_id related_person_id relationship role<_roles related_person_role<_related_roles",
    booleans="resident legal_custody emergency pick_up parent_portal_access related_person_is_deceased",
    dates=_MODIFIED,
    list_codes="relationship role related_person_role",
    added="related_person_is_deceased",
)
GRADING_PERIODS = _resource(
    "grading_periods",
    "/academics/config/grading_periods",
    listed="id description abbreviation start_date end_date group major minor period_index school_year"
    " last_modified_date",
    integers="group_id<group.id school_year",
    dates=f"on_or_before_start_date on_or_after_start_date on_or_before_end_date on_or_after_end_date"
    f" last_modified_date {_MODIFIED}",
    list_codes="group.type school_year",
)
_CLASS = (
    "id class_id description status school_year begin_date end_date primary_grade_level_id school_level"
    " internal_course_id primary_teacher_id room_id virtual_meeting_url subject_id department_id internal_group_id"
    f" {_PORTAL} last_modified_date"
)
CLASSES = _resource(
    "classes",
    "/academics/classes",
    listed=f"{_CLASS} campus_id campus_description course_type course primary_teacher_name subject_description"
    " department_description term_credit_hours total_credits track_class_attendance trigger_imperfect_attendance",
    read=_CLASS,
    integers="id school_year campus_id school_level course_type internal_course_id primary_teacher_id room_id"
    f" internal_group_id {_PORTAL}",
    booleans="track_class_attendance trigger_imperfect_attendance",
    dates=_MODIFIED,
    list_codes=f"status school_year school_level course_type subject_id {_PORTAL}",
    read_codes=f"status school_year school_level subject_id {_PORTAL}",
    added="track_class_attendance trigger_imperfect_attendance",
)
ENROLLMENTS = _resource(
    "enrollments",
    "/academics/enrollments",
    listed="id internal_class_id class_description class_status primary_teacher person_id person_name grade_level_id"
    " currently_enrolled late_date_enrolled date_withdrawn level exclude_from_transcript notes last_modified_date",
    integers="internal_class_id class_status person_id school_year<_school_year course_type<_course_type"
    " subject<_subject",
    booleans="exclude_from_transcript currently_enrolled",
    dates="on_or_before_late_date_enrolled on_or_after_late_date_enrolled on_or_before_date_withdrawn"
    f" on_or_after_date_withdrawn {_MODIFIED}",
    list_codes="class_status level school_year course_type subject",
)
# Beyond the help page, if a school enables its scope: the only list that tells of co-teachers.
PERMISSIONS = _resource(
    "permissions",
    "/academics/permissions",
    listed="id school_year school_level course class person role title update_grades view_all_student_grades"
    " view_attendance update_attendance view_behavior view_grades view_progress_report view_report_card"
    " show_in_teacher_portal last_modified_date",
    read="",
    integers="school_year school_level course_id<course.id course_type<course.course_type class_id<class.id"
    " person_id<person.id course_type_not<course.course_type",
    dates=f"last_modified_date {_MODIFIED}",
    list_codes="school_year school_level course.course_type role<teacher_role course_type_not",
)
RESOURCES = (STAFF, PARENTS, STUDENTS, RELATIONSHIPS, GRADING_PERIODS, CLASSES, ENROLLMENTS)
# What the help page has a school enable for an import.
ALL = tuple(f"{r.scope}:{right}" for r in RESOURCES for right in ("list", "read"))
EVERY = (*RESOURCES, PERMISSIONS)
