"""The known pitfalls of Veracross' API, each with the tests that show it is kept clear of, or why there is none.

The numbers are those of section 9 of the fact sheet; the table is checked to name tests that exist.
"""

from __future__ import annotations

import ast

import pytest

from tests.support import ROOT

NORMALIZE, CONNECTION = "tests/unit/test_veracross_normalize.py", "tests/unit/test_veracross_connection.py"
PROVIDER, SCHOOL = "tests/contract/test_veracross_provider.py", "tests/e2e/test_veracross.py"

# number: (what lurks, tests by file, or the reason why there is none)
PITFALLS: dict[int, tuple[str, dict[str, str], str]] = {
    1: (
        "a missing scope is 401, and one sinks the whole token request",
        {
            CONNECTION: "test_exactly_the_missing_scopes_are_named"
            " test_the_status_of_a_missing_scope_is_not_documented",
            PROVIDER: "test_scopes_that_are_not_enabled_are_named"
            " test_a_scope_that_is_taken_back_mid_pull test_connect",
        },
        "",
    ),
    2: ("list and read are two scopes", {PROVIDER: "test_only_read_scopes_cannot_list"}, ""),
    3: (
        "100 rows to a page, 1,000 at most, asked for in headers",
        {
            CONNECTION: "test_what_a_page_is_asked_with test_page_size test_a_page_of_the_default_size_is_no_end",
            PROVIDER: "test_the_largest_page_and_never_more test_lists_that_fill_their_last_page",
        },
        "",
    ),
    4: (
        "429: the window's end is a time, in whatever unit",
        {CONNECTION: "test_wait", PROVIDER: "test_the_window_of_three_minutes"},
        "",
    ),
    5: (
        "an eleventh token revokes the first",
        {
            CONNECTION: "test_whatever_is_missing_few_tokens_are_made test_a_token_that_is_refused_is_renewed_once",
            PROVIDER: "test_one_token_for_a_whole_import_and_only_what_is_allowed"
            " test_tokens_that_expire_and_are_revoked_mid_pull",
        },
        "",
    ),
    6: (
        "relationships are told from both sides, and of siblings and spouses too",
        {
            NORMALIZE: "test_a_row_is_read_in_both_directions"
            " test_the_label_of_a_row_describes_the_related_person_only",
            PROVIDER: "test_a_tie_told_twice_is_one_tie_with_the_parents_label test_siblings_are_no_noise",
        },
        "",
    ),
    7: (
        "codes are each school's own",
        {
            NORMALIZE: "test_a_grade_is_a_label_never_a_number test_the_number_of_a_status_says_nothing"
            " test_a_relationship_is_never_a_number",
            CONNECTION: "test_labels_are_put_beside_codes test_codes_without_their_meaning_are_no_page",
            PROVIDER: "test_shapes_tell_the_same",
        },
        "",
    ),
    8: (
        "custody, portal access, residence and household differ",
        {
            NORMALIZE: "test_policies test_any_parent_is_whoever_is_called_one test_any_parent_is_nobody_else",
            PROVIDER: "test_who_is_a_parent",
        },
        "",
    ),
    9: (
        "guardians without the Parent role are in no list",
        {
            PROVIDER: "test_guardians_without_the_parent_role_are_orphans_to_report",
            CONNECTION: "test_help_leads_to_the_place_in_axiom",
        },
        "",
    ),
    10: (
        "staff are not teachers: who is on a class is",
        {
            NORMALIZE: "test_class",
            PROVIDER: "test_teachers_who_left_are_known_by_name",
            SCHOOL: "test_a_school_becomes_what_its_own_tables_say",
        },
        "",
    ),
    11: (
        "co-teachers are not shown",
        {PROVIDER: "test_co_teachers_are_not_told", CONNECTION: "test_help_leads_to_the_place_in_axiom"},
        "",
    ),
    12: (
        "grading periods repeat their names, and days are typed as times",
        {
            NORMALIZE: "test_a_grading_period_is_named_with_its_group test_a_date_time_is_a_date_and_is_not_shifted",
            PROVIDER: "test_terms_are_the_grading_periods test_which_classes_a_term_brings_and_who_is_in_them",
        },
        "",
    ),
    13: (
        "school years: a filter, and not always positive",
        {
            NORMALIZE: "test_a_class_without_dates_is_of_its_school_year",
            CONNECTION: "test_school_years_are_asked_for_one_by_one",
            PROVIDER: "test_other_school_years_on_request test_classes_without_dates_are_of_their_year",
        },
        "",
    ),
    14: (
        "students who left, withdrew or are to come",
        {
            NORMALIZE: "test_students_who_left_or_are_to_come_are_told_and_enrolments_decide"
            " test_left_and_came_back_is_two_enrolments test_currently_enrolled_counts_where_nothing_else_does",
            PROVIDER: "test_which_classes_a_term_brings_and_who_is_in_them",
        },
        "",
    ),
    15: (
        "homerooms and advisories may not be among the classes",
        {
            NORMALIZE: "test_advisors_have_a_class_of_their_students test_homeroom_teachers_too",
            PROVIDER: "test_advisories_that_are_not_among_the_classes",
        },
        "",
    ),
    16: (
        "a secret that is reset is dead at once",
        {
            CONNECTION: "test_token_requests_that_fail test_help_leads_to_the_place_in_axiom",
            PROVIDER: "test_a_secret_that_is_reset_mid_pull",
        },
        "",
    ),
    17: ("redirect addresses match as a whole", {}, "of signing in (functions/sso_callback), not of an import"),
    18: (
        "what `sub` means; e-mails that are shared or null",
        {NORMALIZE: "test_e_mail_without_at_sign_is_kept_and_remarked"},
        "`sub` is of signing in (functions/sso_callback); an import keeps e-mails as they are and never joins by them",
    ),
    19: (
        "unknown parameters are answered 400",
        {
            CONNECTION: "test_what_a_page_is_asked_with test_resources_in_order",
            NORMALIZE: "test_the_field_that_came_in_august_2026_may_be_absent",
            PROVIDER: "test_an_older_veracross_says_nothing_of_the_dead",
        },
        "",
    ),
    20: (
        "one person id in two roles",
        {
            NORMALIZE: "test_one_person_id_in_two_roles_is_two_contacts",
            PROVIDER: "test_a_teacher_who_is_a_parent_is_two_contacts_with_one_id",
        },
        "",
    ),
    21: (
        "odd encodings are answered 406",
        {
            CONNECTION: "test_what_a_page_is_asked_with",
            PROVIDER: "test_one_token_for_a_whole_import_and_only_what_is_allowed",
        },
        "",
    ),
}


def test_all_are_there() -> None:
    assert list(PITFALLS) == list(range(1, 22))


@pytest.mark.parametrize("number", PITFALLS)
def test_each_has_a_test_or_a_reason(number: int) -> None:
    _, named, reason = PITFALLS[number]
    assert named or reason
    for file, tests in named.items():
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        there = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert set(tests.split()) <= there, f"{file} lacks {set(tests.split()) - there}"
