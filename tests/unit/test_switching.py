"""Settings of sign-on beside the live ones, with the secrets of registrations that have one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from roster.signon import SignOn
from roster.switching import Switching
from tests.fakes.signon import MemorySignOnBook
from tests.fakes.staff import Clock

ACCOUNT = "11600000"


class Asked:
    """roster.ports.Functions: the one that signs people in, which keeps a secret under a new name."""

    def __init__(self) -> None:
        self.secrets: list[str] = []

    def ask(self, function: str, event: dict[str, Any]) -> Any:
        if event["step"] == "settings":
            return dict(event["given"])
        self.secrets.append(event["secret"])
        return {"name": f"name-{len(self.secrets)}"}


def switching() -> tuple[Switching, MemorySignOnBook, Asked]:
    book, asked = MemorySignOnBook(), Asked()
    return Switching(book, asked, Clock(), lambda: "token", lambda: "id"), book, asked  # type: ignore[arg-type]


def test_a_drafts_secret_is_live_when_the_draft_is() -> None:
    desk, book, asked = switching()
    desk.save(ACCOUNT, "azure", {"client_id": "a"})
    desk.choose(ACCOUNT, "azure")
    desk.save(ACCOUNT, "azure", {"client_id": "b"}, "the secret")
    assert "secret" not in book.settings(ACCOUNT).live["azure"]
    assert book.settings(ACCOUNT).drafts["azure"]["secret"] == "name-1"
    desk.choose(ACCOUNT, "azure")
    assert book.settings(ACCOUNT).live["azure"] == {"client_id": "b", "secret": "name-1"}
    assert asked.secrets == ["the secret"]


def test_a_registration_keeps_its_secret_and_another_has_none_of_it() -> None:
    desk, book, _ = switching()
    desk.save(ACCOUNT, "azure", {"client_id": "a"}, "the secret")
    for given, secret, kept in (({"client_id": "a"}, None, True), ({"client_id": "b"}, None, False)):
        desk.save(ACCOUNT, "azure", given, secret)
        assert ("secret" in book.settings(ACCOUNT).drafts["azure"]) is kept
    desk.save(ACCOUNT, "azure", {"client_id": "b"}, "another")
    desk.save(ACCOUNT, "azure", {"client_id": "b"}, "")
    assert "secret" not in book.settings(ACCOUNT).drafts["azure"]


def test_a_trial_of_what_is_live_leaves_no_draft() -> None:
    desk, book, _ = switching()
    book.known[ACCOUNT] = SignOn(ACCOUNT, "classlink", {"classlink": {"entity_id": "e"}}, {}, {"classlink": "id"})
    assert desk.trial(ACCOUNT, "classlink") == "token"
    assert book.settings(ACCOUNT).drafts == {}
    tried = book.settings(ACCOUNT).connection("classlink", trial=True)
    assert tried
    assert tried.settings == {"entity_id": "e"}
    book.known[ACCOUNT] = replace(book.known[ACCOUNT], drafts={"classlink": {"entity_id": "new"}})
    tried = book.settings(ACCOUNT).connection("classlink", trial=True)
    assert tried
    assert tried.settings == {"entity_id": "new"}
