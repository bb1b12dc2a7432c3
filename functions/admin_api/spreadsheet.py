"""An answer that a browser saves as a file and a spreadsheet opens.

Compressed wherever the browser reads that: a Lambda answers with no more than 6 MB, which are some 30 MB of a list.
"""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from collections.abc import Iterable
from typing import Any

from answers import Refused, described
from aws_lambda_powertools.event_handler import Response

from roster.tabular import Row, as_csv

CSV: dict[str, Any] = {"text/csv": {"schema": {"type": "string"}}}
TOO_LONG = described({413})  # for the routes that answer so
LARGEST = 6_000_000  # as it is sent: a body in JSON, or in base64; the rest is for the headers


def spreadsheet(name: str, header: Row, rows: Iterable[Row], accepted: str) -> Response[str]:
    """`accepted`: the request's Accept-Encoding."""
    text = as_csv(header, rows)
    answer: Response[str] = Response(200, "text/csv; charset=utf-8", text)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    if _takes_gzip(accepted):
        answer.body, answer.base64_encoded = b64encode(gzip.compress(text.encode(), 6, mtime=0)).decode(), True
        answer.headers["Content-Encoding"] = "gzip"
    if len(json.dumps(answer.body)) > LARGEST:
        raise Refused(413, "TooLarge", "this list is too long to be sent at once", "Write to support@pickatime.com.")
    return answer


def _takes_gzip(accepted: str) -> bool:
    weights = dict(one.replace(" ", "").partition(";q=")[::2] for one in accepted.casefold().split(","))
    weight = weights.get("gzip", "0")
    return not weight or bool(weight.strip("0."))
