"""What another of our functions refuses is refused here in the same words; what it did not mean to say is kept back."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from roster.errors import (
    MoveRefused,
    ProviderUnavailable,
    RateLimited,
    RosterError,
    StoreBusy,
    TransientError,
    raised_elsewhere,
)
from roster.functions import LambdaFunctions


def tree(error: type[RosterError]) -> Iterator[type[RosterError]]:
    yield error
    for one in error.__subclasses__():
        yield from tree(one)


class Lambda:
    """Answers as Lambda does: `error` ends the function."""

    def __init__(self, told: Any = None, error: Exception | None = None) -> None:
        self.told, self.error = told, error
        self.asked: list[dict[str, Any]] = []

    def invoke(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        if not self.error:
            return {"Payload": io.BytesIO(json.dumps(self.told).encode())}
        told = {"errorType": type(self.error).__name__, "errorMessage": str(self.error)}
        return {"FunctionError": "Unhandled", "Payload": io.BytesIO(json.dumps(told).encode())}


def functions(answers: Lambda, monkeypatch: pytest.MonkeyPatch) -> LambdaFunctions:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    made = LambdaFunctions("stack")
    made._client = answers
    return made


def test_what_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Lambda({"state": "active"})
    assert functions(answers, monkeypatch).ask("districts", {"step": "move"}) == {"state": "active"}
    assert answers.asked == [{"FunctionName": "stack-districts", "Payload": b'{"step": "move"}'}]


def test_a_refusal_comes_back_as_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MoveRefused) as refused:
        functions(Lambda(error=MoveRefused("not so", "Do this.")), monkeypatch).ask("districts", {})
    assert (refused.value.message, refused.value.help) == ("not so", "Do this.")


@pytest.mark.parametrize("error", [KeyError("a row"), TimeoutError("2012-04-08")])
def test_what_nobody_meant_to_say_is_not_repeated(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreBusy) as busy:
        functions(Lambda(error=error), monkeypatch).ask("districts", {})
    assert str(error) not in str(busy.value)


@pytest.mark.parametrize("kind", [one for one in tree(RosterError) if one is not RateLimited])
def test_every_error_of_the_tree_comes_back(kind: type[RosterError]) -> None:
    found = raised_elsewhere(kind.__name__, str(kind("message", "help")))
    assert (type(found), found and found.message, found and found.help) == (kind, "message", "help")


def test_a_provider_that_asks_for_patience_is_not_available() -> None:
    found = raised_elsewhere("RateLimited", str(RateLimited(60)))
    assert isinstance(found, ProviderUnavailable)
    assert isinstance(found, TransientError)
    assert "60 seconds" in found.message
