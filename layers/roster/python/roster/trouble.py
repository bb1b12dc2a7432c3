"""What AWS's errors mean to a run, in one place: tried again, unless AWS would refuse the same thing again.

The inner error is dropped: AWS may quote the row that it refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import DeleteError, PutError, PynamoDBException, TransactWriteError, UpdateError
from pynamodb.expressions.condition import Condition

from roster.errors import StoreBusy, StoreRefused

TABLE = "the table"
CONDITION_FAILED = "ConditionalCheckFailedException"
FOR_GOOD = (
    "ValidationException",
    "AccessDenied",
    "AccessDeniedException",
    "InvalidRequestException",  # a secret that is marked for deletion, until somebody restores it
    "ResourceNotFoundException",  # a table that is not there; where a secret may be missing, it is caught inside
)


@contextmanager
def trouble(where: str) -> Iterator[None]:
    """Around whatever asks AWS, or as a decorator. What may happen in good order is caught inside."""
    try:
        yield
    except (PynamoDBException, ClientError, BotoCoreError) as error:
        code = code_of(error)
        if code in FOR_GOOD:
            raise StoreRefused(f"{where} refuses this for good ({code})") from None
        raise StoreBusy(f"{where} has trouble ({code})") from None


def condition_failed(error: PutError | UpdateError | DeleteError | TransactWriteError) -> bool:
    """Whether a condition did not hold: the write's own, or one of its transaction's."""
    if isinstance(error, TransactWriteError):
        return any(reason and reason.code == "ConditionalCheckFailed" for reason in error.cancellation_reasons)
    return code_of(error) == CONDITION_FAILED


def written(write: Callable[..., object], *given: Any, condition: Condition) -> bool:
    """Save, update or delete an item on this condition; False, and nothing is written, where it does not hold."""
    try:
        write(*given, condition=condition)
    except (PutError, UpdateError, DeleteError) as error:
        if condition_failed(error):
            return False
        raise
    return True


def code_of(error: Exception) -> str:
    """AWS's own code, or the name of an error that kept AWS from answering.

    pynamodb's own `cause_response_code` breaks on a time-out.
    """
    cause = error.cause if isinstance(error, PynamoDBException) and error.cause else error
    return str(cause.response["Error"]["Code"]) if isinstance(cause, ClientError) else type(cause).__name__
