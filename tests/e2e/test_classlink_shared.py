"""What a district shares with pickAtime in ClassLink's console, switch by switch, and what the import makes of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.sandbox.classlink import ClassLinkSandbox
from local.sandbox.oneroster_data import OneRosterDistrict
from local.stack import Stack
from tests.e2e.oneroster import ProxiedSchool, Truth, dangling, stored, truth
from tests.e2e.toolkit import Evidence, account_numbers, created, moved


@pytest.fixture
def school(stack: Stack, evidence: Evidence) -> Iterator[ProxiedSchool]:
    with ClassLinkSandbox.start(OneRosterDistrict.generated(60)) as sandbox:
        yield ProxiedSchool(stack, sandbox, evidence, str(next(account_numbers)))


def shown(school: ProxiedSchool) -> Truth:
    return truth(school.district, shows=school.shows)


def test_everything(school: ProxiedSchool) -> None:
    report = school.applied()
    assert created(report) == truth(school.district).counts()
    assert stored(school) == truth(school.district)
    assert report["warnings"]["dangling_relationship"] == dangling(school.district, shows=school.shows) > 0


def test_who_is_in_no_class_is_not_shared(school: ProxiedSchool) -> None:
    """Nobody of the event is lost, and the second night writes nothing, however the switch stands."""
    school.sandbox.tenant.permit(unenrolled=False)
    report = school.applied()
    assert stored(school) == shown(school) == truth(school.district)
    assert "parents_missing" not in report["warnings"]
    assert report["warnings"].get("dangling_relationship", 0) == dangling(school.district, shows=school.shows)
    school.sandbox.tenant.permit(unenrolled=True)
    again = school.applied()
    assert (again["writes"], moved(again)) == (0, {})


def test_some_schools_are_shared(school: ProxiedSchool) -> None:
    """The others are added when they are shared, and are not removed without a question when they are not."""
    one, *others = school.district.schools()
    school.sandbox.tenant.permit(schools=(one,))
    assert created(school.applied()) == shown(school).counts()
    few = stored(school)
    assert few == shown(school)
    assert {item.school for item in school.classes().values()} == {one}

    school.sandbox.tenant.permit(schools=(one, *others))
    report = school.applied()
    assert stored(school) == shown(school) == truth(school.district)
    assert moved(report, "departed") == {}
    assert len(few.people) < len(stored(school).people)

    table = school.table()
    school.sandbox.tenant.permit(schools=(one,))
    report = school.run()
    assert report["status"] == "held"
    assert any("students would leave" in reason for reason in report["reasons"])
    assert school.table() == table


def test_guardians_are_shared_afterwards(school: ProxiedSchool) -> None:
    school.sandbox.tenant.permit(guardians=False)
    report = school.applied()
    assert created(report) == shown(school).counts()
    assert (created(report)["parent"], created(report)["relationship"]) == (0, 0)
    assert stored(school) == shown(school)
    assert report["warnings"]["parents_missing"] == 1
    assert report["warnings"]["dangling_relationship"] == dangling(school.district, shows=school.shows) > 60
    assert all("Permissions" in report["help"][code] for code in ("parents_missing", "dangling_relationship"))

    everything = truth(school.district)
    school.sandbox.tenant.permit(guardians=True)
    report = school.applied()
    assert stored(school) == everything
    assert report["counts"]["parent"]["created"] == everything.counts()["parent"]
    assert (report["counts"]["student"]["created"], moved(report, "departed")) == (0, {})
    assert "parents_missing" not in report["warnings"]

    school.sandbox.tenant.permit(guardians=False)
    report = school.run()
    assert (report["status"], report["warnings"]["parents_missing"]) == ("held", 1)
    assert any("parents would leave" in reason for reason in report["reasons"])
    assert stored(school) == everything
