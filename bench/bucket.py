"""An S3 bucket in memory, as far as botocore asks one: put, ranged get, list in pages, delete many."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from urllib.parse import parse_qs, unquote
from xml.etree import ElementTree
from xml.sax.saxutils import escape

Reply = tuple[int, dict[str, str], bytes]  # status, headers, body
LISTED_AT_ONCE = 1000


class Bucket:
    """Objects by name; `counts` says what was asked."""

    def __init__(self, counts: Counter[str]) -> None:
        self._counts = counts
        self._objects: dict[str, bytes] = {}
        self._names: list[str] = []  # sorted

    def forget(self) -> None:
        self._objects.clear()
        self._names.clear()

    def answer(self, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> Reply:
        name = unquote(path).split("/", 2)[2] if path.count("/") > 1 else ""
        asked = parse_qs(query, keep_blank_values=True)
        if method == "PUT":
            return self._put(name, unchunked(headers, body))
        if method == "POST" and "delete" in asked:
            return self._delete(body)
        if "list-type" in asked:
            return self._list(asked)
        return self._get(name, headers.get("range", ""))

    def _put(self, name: str, body: bytes) -> Reply:
        self._counts["s3_put"] += 1
        self._counts["s3_put_bytes"] += len(body)
        if name not in self._objects:
            self._names.insert(bisect_left(self._names, name), name)
        self._objects[name] = body
        return 200, {"etag": '"x"'}, b""

    def _get(self, name: str, span: str) -> Reply:
        self._counts["s3_get"] += 1
        if name not in self._objects:
            return 404, {}, b"<Error><Code>NoSuchKey</Code></Error>"
        body = self._objects[name]
        if not span:
            self._counts["s3_get_bytes"] += len(body)
            return 200, {}, body
        first, _, last = span.removeprefix("bytes=").partition("-")
        start = int(first) if first else max(0, len(body) - int(last))
        stop = min(len(body), int(last) + 1) if first and last else len(body)
        self._counts["s3_get_bytes"] += stop - start
        return 206, {"content-range": f"bytes {start}-{stop - 1}/{len(body)}"}, body[start:stop]

    def _list(self, asked: dict[str, list[str]]) -> Reply:
        self._counts["s3_list"] += 1
        prefix = asked.get("prefix", [""])[0]
        after = asked.get("continuation-token", [""])[0]
        found: list[str] = []
        token = ""
        for name in self._names[bisect_left(self._names, max(prefix, after)) :]:
            if not name.startswith(prefix):
                break
            if len(found) == LISTED_AT_ONCE:
                token = name
                break
            found.append(f"<Contents><Key>{escape(name)}</Key><Size>{len(self._objects[name])}</Size></Contents>")
        more = f"<NextContinuationToken>{escape(token)}</NextContinuationToken>" if token else ""
        cut = f"<IsTruncated>{'true' if token else 'false'}</IsTruncated>"
        text = f"<ListBucketResult>{cut}{more}{''.join(found)}</ListBucketResult>"
        return 200, {"content-type": "application/xml"}, text.encode()

    def _delete(self, body: bytes) -> Reply:
        self._counts["s3_delete"] += 1
        told = ElementTree.fromstring(body)  # noqa: S314 - our own botocore wrote it
        gone = {key.text for key in told.iter() if key.tag.endswith("Key")} & self._objects.keys()
        self._counts["s3_deleted"] += len(gone)
        for name in gone:
            del self._objects[name]
        self._names = [name for name in self._names if name in self._objects]
        return 200, {"content-type": "application/xml"}, b"<DeleteResult></DeleteResult>"


def unchunked(headers: dict[str, str], body: bytes) -> bytes:
    """botocore sends bodies in signed chunks when it adds a checksum behind them."""
    if "aws-chunked" not in headers.get("content-encoding", ""):
        return body
    whole = bytearray()
    at = 0
    while True:
        end = body.index(b"\r\n", at)
        size = int(body[at:end].split(b";")[0], 16)
        if not size:
            return bytes(whole)
        whole += body[end + 2 : end + 2 + size]
        at = end + 4 + size
