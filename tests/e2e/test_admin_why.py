"""An administrator asks why somebody is missing: through the web address, after a real import."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from local.stack import Stack
from roster.model import Level
from tests.e2e.admin import Admin
from tests.e2e.toolkit import School, enrolled_of, tiny


def test_one_sentence_says_why(stack: Stack, open_school: Callable[..., School]) -> None:
    school = open_school(tiny())
    admin = Admin.of(stack, school.account)
    path = f"/api/events/{school.event}"

    def why(kind: str, id: str) -> dict[str, Any]:
        answer = admin.get(f"{path}/why?{urlencode({'kind': kind, 'id': id})}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    leaver, stayer = enrolled_of(school.district)[:2]
    assert why("student", stayer)["code"] == "never_imported"
    school.applied()
    classes = admin.get(f"{path}/classes").json()["items"]
    assert why("student", stayer)["code"] == "fine"
    assert why("student", "nobody#1/2")["code"] == "missing"
    assert why("class", classes[0]["id"])["code"] == "fine"

    school.district.leave(leaver)
    school.applied()
    told = why("student", leaver)
    assert told["code"] == "inactive"
    assert "import again" in told["click"]

    admin.post(f"{path}/classes/hide", {"ids": [one["id"] for one in classes], "hidden": True})
    assert why("class", classes[0]["id"])["click"].startswith("Open the Class Editor")
    assert why("student", stayer)["code"] == "hidden"

    maker = Admin.of(stack, school.account, Level.APPOINTMENT_MAKER)
    assert maker.get(f"{path}/why?kind=student&id={stayer}").status_code == 403
