"""The known pitfalls of OneRoster and ClassLink, each with the tests that show it is kept clear of, or why none does.

The numbers are those of section 10 of the fact sheet; the table is checked to name tests that exist.
"""

from __future__ import annotations

import ast

import pytest

from tests.support import ROOT

NORMALIZE, PAGES = "tests/unit/test_classlink_normalize.py", "tests/unit/test_classlink_pages.py"
CONNECTION, CREDENTIALS = "tests/unit/test_classlink_connection.py", "tests/unit/test_classlink_credentials.py"
PROVIDER, CONTRACT = "tests/contract/test_classlink_provider.py", "tests/contract/provider_contract.py"
PEOPLE, SIDES = "tests/unit/test_sync_people.py", "tests/unit/test_sync_two_sided.py"
GUARD, CALENDAR = "tests/unit/test_sync_guard.py", "tests/unit/test_calendar.py"
FAULTS, SHARED = "tests/e2e/test_classlink_faults.py", "tests/e2e/test_classlink_shared.py"
HABITS = "test_habits_that_make_no_difference"

# number: (what lurks, tests by file, and what they leave out, or the reason why there is none)
PITFALLS: dict[int, tuple[str, dict[str, str], str]] = {
    1: (
        "dates of birth are not shared, blank or partial",
        {
            PROVIDER: "test_birth_dates",
            NORMALIZE: "test_no_birth_date_is_no_remark test_unreadable_birth_dates_are_remarked",
            PEOPLE: "test_a_blank_birth_date_never_overwrites_a_stored_one",
            SIDES: "test_birth_dates_that_are_shown_later_fill_the_blanks_and_blanks_keep_them",
        },
        "",
    ),
    2: (
        "demographics are refused while the rest works",
        {
            PROVIDER: "test_birth_dates test_demographics_are_not_granted test_permissions",
            CREDENTIALS: "test_demographics_without_their_scope_are_refused_without_a_request"
            " test_a_kept_token_that_is_older_than_the_grant_of_demographics",
            CONNECTION: "test_demographics_refused_with_401_are_an_answer"
            " test_demographics_that_stop_in_the_middle_were_not_refused",
        },
        "",
    ),
    3: (
        "guardians are absent, told from one side, or dangle",
        {
            PROVIDER: "test_agents test_permissions",
            SHARED: "test_guardians_are_shared_afterwards test_who_is_in_no_class_is_not_shared",
            SIDES: "test_a_tie_told_from_one_side_counts_and_is_said test_ties_that_dangle"
            " test_no_parent_at_all_is_said_but_not_where_they_are_not_wanted",
        },
        "",
    ),
    4: (
        "three parental roles, and people with several roles",
        {
            NORMALIZE: "test_roles_of_both_versions test_a_teacher_who_is_a_parent_is_both"
            " test_parental_roles_that_are_not_chosen_are_nobody",
            PROVIDER: "test_versions_tell_the_same_facts_but_of_teachers_who_are_parents test_parent_roles",
        },
        "",
    ),
    5: (
        "tobedeleted and inactive, or rows that just vanish",
        {
            NORMALIZE: "test_rows_to_be_deleted_are_as_if_they_were_not_there test_every_other_status_is_active",
            PROVIDER: "test_rows_to_be_deleted",
            GUARD: "test_ten_percent_may_leave_and_one_more_may_not",
        },
        "",
    ),
    6: (
        "filters are ignored, refused or misread",
        {PROVIDER: f"test_nothing_is_filtered_there {HABITS}"},
        "No filter is ever sent, so the sandbox's ignore_filter and refuse_filter change nothing in an import.",
    ),
    7: (
        "an id twice; one human under two ids",
        {
            PROVIDER: "test_rows_that_come_twice_count_once_and_are_not_trusted",
            PEOPLE: "test_rows_seen_twice_count_once test_of_a_row_seen_twice_the_last_version_counts"
            " test_one_identifier_under_two_ids_is_two_contacts",
        },
        "The same identifier under two ids is never merged: it is no key, and two people may share one.",
    ),
    8: (
        "null, blank, missing, [] and values of another type",
        {NORMALIZE: "test_blank_fields_of_a_user test_bare_class test_primary_in_every_spelling", PROVIDER: HABITS},
        "",
    ),
    9: (
        "totals that are wrong or missing",
        {
            PAGES: "test_where_a_collection_ends test_totals_that_are_believed"
            " test_a_server_that_lies_loses_nobody_silently test_a_server_that_refuses_to_look_past_the_last_row"
            " test_a_refusal_in_the_middle_cuts_nothing_off_silently",
            PROVIDER: f"test_the_total_counts_rows_that_never_come {HABITS}",
        },
        "",
    ),
    10: (
        "the limit is cut silently",
        {
            PAGES: "test_whatever_the_pages_every_row_is_read_once test_a_short_page_of_a_round_number_may_be_cut"
            " test_the_next_page_begins_after_the_rows_received",
            PROVIDER: HABITS,
        },
        "",
    ),
    11: (
        "the offset is ignored",
        {PROVIDER: "test_a_server_without_offsets", PAGES: "test_a_server_that_lies_loses_nobody_silently"},
        "",
    ),
    12: (
        "the order is another on every page",
        {
            PAGES: "test_cursors_are_what_is_sent",
            PROVIDER: f"test_pages_of_a_server_that_neither_sorts_nor_keeps_an_order {HABITS}",
            FAULTS: "test_a_server_that_neither_sorts_nor_keeps_an_order",
        },
        "A sort is always asked for, so the sandbox's unstable_order changes nothing without refuse_sort.",
    ),
    13: (
        "data or permissions change mid-pull",
        {
            PROVIDER: "test_data_that_changes_while_it_is_read_is_read_once_more"
            " test_permissions_that_change_mid_pull test_permissions_that_change_once",
            PAGES: "test_marker",
        },
        "",
    ),
    14: (
        "lists of one as an object, or as text between commas",
        {NORMALIZE: "test_lists_of_one_in_every_spelling test_class", PAGES: "test_a_list_of_one_without_its_brackets"},
        "",
    ),
    15: (
        "references are flat",
        {
            NORMALIZE: "test_class test_enrolment test_student_in_both_versions_and_flat test_term_within_its_year"
            " test_a_single_reference_keeps_its_comma",
            PROVIDER: HABITS,
        },
        "",
    ),
    16: ("1.1 and 1.2 in one row", {NORMALIZE: "test_student_in_both_versions_and_flat", PROVIDER: HABITS}, ""),
    17: (
        "classes are on semesters, years, quarters, several or none",
        {
            NORMALIZE: "test_sessions_of_every_type_are_terms test_term_within_its_year test_class test_bare_class",
            PROVIDER: "test_the_whole_district test_servers_without_the_large_collections",
            CALENDAR: "test_a_term_brings_what_lies_within_it_and_what_it_lies_within",
        },
        "",
    ),
    18: ("the end date is the day after", {CALENDAR: "test_who_is_enrolled", NORMALIZE: "test_enrolment"}, ""),
    19: (
        "the envelope is named after the path",
        {PAGES: "test_lists_under_the_word_of_the_path", PROVIDER: HABITS},
        "",
    ),
    20: ("href leads elsewhere", {PROVIDER: f"test_references_are_never_followed {HABITS}"}, ""),
    21: (
        "ids that must, or must not, be escaped",
        {
            CONNECTION: "test_the_application_id_is_sent_verbatim test_an_application_id_that_is_no_escaped_segment",
            NORMALIZE: "test_ids_are_text_and_stay_as_they_are",
            PROVIDER: "test_an_application_id_that_is_escaped_once_more test_the_other_address_of_the_proxy",
        },
        "",
    ),
    22: ("ids that look like numbers", {NORMALIZE: "test_ids_are_text_and_stay_as_they_are", PROVIDER: HABITS}, ""),
    23: (
        "case: of words it does not matter, of ids it does",
        {NORMALIZE: "test_roles_of_both_versions test_ids_are_text_and_stay_as_they_are", PROVIDER: HABITS},
        "",
    ),
    24: (
        "a success that is an error, or empty",
        {
            PAGES: "test_an_answer_without_the_list_is_never_an_empty_list test_an_answer_that_is_cut_off_or_html",
            PROVIDER: "test_an_error_with_status_200",
            GUARD: "test_everything_gone_at_once",
        },
        "",
    ),
    25: (
        "a 401 has several causes",
        {
            CREDENTIALS: "test_three_causes_of_a_401_have_three_texts test_a_refused_token_is_renewed_once"
            " test_every_attempt_has_a_nonce_of_its_own",
            CONNECTION: "test_a_refused_bearer_is_said_so_and_not_tried_again",
            PROVIDER: "test_a_bearer_that_is_renewed_or_withdrawn test_a_clock_that_is_wrong",
        },
        "",
    ),
    26: (
        "a 429 without JSON",
        {PROVIDER: "test_a_429_in_html", CONNECTION: "test_wait", CONTRACT: "test_patience"},
        "",
    ),
    27: (
        "dates and times in every spelling",
        {NORMALIZE: "test_birth_dates test_term_within_its_year", PROVIDER: HABITS},
        "",
    ),
    28: (
        "passwords and dates of birth in logs",
        {CONTRACT: "test_nothing_told_is_secret", NORMALIZE: "test_student_in_both_versions_and_flat"},
        "",
    ),
    29: (
        "contacts entered by hand before, under other ids",
        {},
        "Nothing compares manual contacts with the new ids yet: that belongs to the work on contacts.",
    ),
    30: (
        "all sessions are over, as in summer",
        {
            SIDES: "test_terms_that_are_over_are_said",
            CALENDAR: "test_who_is_enrolled",
            NORMALIZE: "test_sessions_of_every_type_are_terms",
        },
        "",
    ),
}


def named_in(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_every_pitfall_is_in_the_table() -> None:
    assert list(PITFALLS) == list(range(1, 31))


@pytest.mark.parametrize("number", PITFALLS)
def test_the_tests_exist(number: int) -> None:
    _, tests, reason = PITFALLS[number]
    assert tests or reason
    for path, names in tests.items():
        assert set(names.split()) <= named_in(path), path
