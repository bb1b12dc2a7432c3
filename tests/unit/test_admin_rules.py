"""Pure rules of the administration: who may do what, cursors, our own origin, paths, zones, addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roster.clocks import is_zone
from roster.cursor import cursor_after, last_before
from roster.errors import Forbidden, NotUnderstood
from roster.fields import is_email
from roster.keys import event, events_after, id_of
from roster.model import Level
from roster.permissions import LOWEST, Action, Administrator, allowed, may, permit, rank, reaches
from roster.site import WebSite, is_path


def person(level: str, *events: str) -> Administrator:
    return Administrator("1", "p", level=level, events=events, supports=True)


@pytest.mark.parametrize("level", Level)
def test_a_level_may_what_is_its_own_and_what_is_below(level: Level) -> None:
    for action, lowest in LOWEST.items():
        assert may(person(level), action) is (rank(level) >= rank(lowest))


def test_the_cells_that_the_requirements_name() -> None:
    for action in (Action.CHANGE_INTEGRATION, Action.DELETE_CONTACTS, Action.STOP_ALL_SYNC):
        assert LOWEST[action] == Level.ADMINISTRATOR
    for action in (
        Action.START_IMPORT,
        Action.STOP_IMPORT,
        Action.STOP_SYNC,
        Action.CHANGE_CLASSES,
        Action.SEE_REPORTS,
    ):
        assert LOWEST[action] == Level.EVENT_ADMINISTRATOR
    for action in (Action.CHANGE_API_VERSION, Action.CHANGE_ACTIVATION):
        assert LOWEST[action] == Level.SUPPORT
    assert set(LOWEST) == set(Action)


@pytest.mark.parametrize("level", ["", "Superuser", "administrator", "Administrator "])
def test_an_unknown_level_may_nothing(level: str) -> None:
    assert allowed(person(level)) == []
    assert not person(level).may_sign_in


def test_an_event_administrator_reaches_their_own_events_only() -> None:
    helper = person(Level.EVENT_ADMINISTRATOR, "fall")
    permit(helper, Action.CHANGE_CLASSES, "fall")
    with pytest.raises(Forbidden):
        permit(helper, Action.CHANGE_CLASSES, "spring")
    assert reaches(person(Level.ADMINISTRATOR), "spring")
    assert not reaches(person(Level.APPOINTMENT_MAKER), "spring")


def test_a_refusal_says_which_level_it_takes() -> None:
    with pytest.raises(Forbidden, match="Administrator; yours is Appointment Viewer"):
        permit(person(Level.APPOINTMENT_VIEWER), Action.DELETE_CONTACTS)
    with pytest.raises(Forbidden, match="support"):
        permit(person(Level.ADMINISTRATOR), Action.CHANGE_API_VERSION)


@given(st.text(min_size=1, max_size=200))
def test_a_cursor_comes_back_as_what_it_was_made_of(last: str) -> None:
    assert last_before("events", cursor_after("events", last)) == last


@given(st.text(max_size=100))
def test_whatever_is_no_cursor_is_refused_and_nothing_else_happens(text: str) -> None:
    if text:
        with pytest.raises(NotUnderstood):
            last_before("events", text)


@pytest.mark.parametrize("place", ["\ud800", "a" * 1025, "é" * 513])
def test_a_cursor_leads_to_a_place_that_a_key_can_name(place: str) -> None:
    with pytest.raises(NotUnderstood):
        last_before("events", cursor_after("events", place))
    assert last_before("events", cursor_after("events", "a" * 1024))


def test_a_cursor_is_good_for_its_own_list_only() -> None:
    cursor = cursor_after("contacts", "a")
    for wrong in (cursor, cursor_after("events", "a") + "=", cursor_after("events", "a")[:-1]):
        with pytest.raises(NotUnderstood):
            last_before("events", wrong)
    assert last_before("events", "") == cursor_after("events", "") == ""


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60))
def test_an_event_lies_behind_the_one_before_it(id: str) -> None:
    low, high = events_after("")
    assert low < event("1", id).sk < high
    assert id_of(event("1", id).sk) == id


HTTPS, HTTP = WebSite("https://pickatime.example"), WebSite("http://127.0.0.1:8080")
OURS = HTTPS.origin


@pytest.mark.parametrize(
    ("origin", "fetch_site", "ours"),
    [
        (OURS, None, True),
        (OURS, "same-origin", True),
        (None, "same-origin", True),
        (None, None, False),
        (None, "same-site", False),
        (None, "cross-site", False),
        (None, "none", False),
        (OURS, "cross-site", False),
        ("null", "same-origin", False),
        ("", "same-origin", False),
        ("https://pickatime.example.evil.example", None, False),
        ("http://pickatime.example", None, False),
        ("https://pickatime.example:444", None, False),
        ("HTTPS://PICKATIME.EXAMPLE", None, False),
    ],
)
def test_a_change_comes_from_our_own_pages(origin: str | None, fetch_site: str | None, ours: bool) -> None:
    HTTPS.check_origin("GET", origin, fetch_site)
    for method in ("POST", "PATCH", "DELETE", "PUT"):
        if ours:
            HTTPS.check_origin(method, origin, fetch_site)
        else:
            with pytest.raises(Forbidden):
                HTTPS.check_origin(method, origin, fetch_site)


def test_a_page_of_the_www_host_changes_what_is_asked_there() -> None:
    www = HTTPS.at("www.pickatime.example")
    www.check_origin("POST", "https://www.pickatime.example", None)
    for site, origin in ((www, OURS), (HTTPS.at("evil.example"), "https://evil.example"), (HTTPS, www.origin)):
        with pytest.raises(Forbidden):
            site.check_origin("POST", origin, None)


def test_the_cookie_is_bound_to_the_host_where_browsers_take_that() -> None:
    assert (HTTPS.cookie, HTTPS.secure) == ("__Host-sid", True)
    assert (HTTP.cookie, HTTP.secure) == ("sid", False)


@pytest.mark.parametrize("to", ["/", "/importer", "/api/session?x=1&y=2", "/a//b", "/a#b"])
def test_a_path_on_our_site(to: str) -> None:
    assert is_path(to)


@pytest.mark.parametrize(
    "to",
    ["", "a", "//evil", "/\\evil", "\\\\evil", "https://evil", "/a\nb", "/a\tb", "/ a", "/\x00", "/é", "/" + "a" * 500],
)
def test_a_path_that_may_lead_elsewhere(to: str) -> None:
    assert not is_path(to)


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/London", "America/Argentina/Ushuaia", "UTC"])
def test_a_zone(zone: str) -> None:
    assert is_zone(zone)


@pytest.mark.parametrize("zone", ["", "Mars/X", "../UTC", "/etc/localtime", "America", "posix/UTC", "GMT+1", "A" * 65])
def test_no_zone(zone: str) -> None:
    assert not is_zone(zone)


@pytest.mark.parametrize("text", ["a@b.example", "first.last+tag@school.k12.ny.us"])
def test_an_address(text: str) -> None:
    assert is_email(text)


@pytest.mark.parametrize(
    "text",
    ["", "a", "a@b", "a@b.c", "a b@c.example", "a@b.example\nBcc: x@y.example", "a@b@c.example", "<a@b.example>"],
)
def test_no_address(text: str) -> None:
    assert not is_email(text)
