"""An answer that a browser saves as a file and a spreadsheet opens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from answers import Refused
from aws_lambda_powertools.event_handler import Response

from roster.tabular import Row, as_csv

CSV: dict[str, Any] = {"text/csv": {"schema": {"type": "string"}}}
LARGEST = 5_500_000  # bytes: a Lambda answers with no more than 6 MB


def spreadsheet(name: str, header: Row, rows: Iterable[Row]) -> Response[str]:
    text = as_csv(header, rows)
    if len(text.encode()) > LARGEST:
        raise Refused(413, "TooLarge", "this list is too long to be sent at once", "Write to support@pickatime.com.")
    disposition = f'attachment; filename="{name}.csv"'
    return Response(200, "text/csv; charset=utf-8", text, {"Content-Disposition": disposition})
