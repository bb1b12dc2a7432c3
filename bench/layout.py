"""The layout that a straightforward importer would choose: one item per person, class, enrolment and relationship.

The floor writes these items prepared, the peers make them from the rows they fetched. Birth dates are left out: they
arrive as rows of their own, and joining them would be more work than a floor or a loop of `save()` should be charged.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from bench.district import District

COLLECTIONS = ("orgs", "academicSessions", "classes", "users", "enrollments", "demographics")
TABLE = "bench"
BATCH = 25
Item = dict[str, str]


def items(collection: str, row: dict[str, Any]) -> Iterator[tuple[str, Item]]:
    """The kind and the attributes of each item that a row makes."""
    if collection == "users":
        yield "person", _person(row)
        if row["role"] == "student":
            yield from (("relationship", _relationship(row, agent["sourcedId"])) for agent in row["agents"])
    elif collection == "classes":
        yield "class", _class(row)
    elif collection == "enrollments":
        yield "enrolment", _enrolment(row)


def _person(row: dict[str, Any]) -> Item:
    return {
        "pk": "contact#11600001#classlink",
        "sk": f"{row['role']}#{row['sourcedId']}",
        "kind": row["role"],
        "id": row["sourcedId"],
        "first": row["givenName"],
        "last": row["familyName"],
        "email": row["email"],
        "username": row["username"],
        "number": row["identifier"],
        "school": row["orgs"][0]["sourcedId"],
        "status": row["status"],
        "modified": row["dateLastModified"],
    }


def _relationship(row: dict[str, Any], parent: str) -> Item:
    return {
        "pk": "relationship#11600001#classlink",
        "sk": f"{row['sourcedId']}#{parent}",
        "student": row["sourcedId"],
        "parent": parent,
        "relation": "parent",
        "school": row["orgs"][0]["sourcedId"],
        "status": row["status"],
        "modified": row["dateLastModified"],
    }


def _class(row: dict[str, Any]) -> Item:
    return {
        "pk": "class#11600001#conference",
        "sk": row["sourcedId"],
        "id": row["sourcedId"],
        "name": row["title"],
        "code": row["classCode"],
        "school": row["school"]["sourcedId"],
        "term": row["terms"][0]["sourcedId"],
        "course": row["course"]["sourcedId"],
        "subject": row["subjects"][0],
        "period": row["periods"][0],
        "grade": row["grades"][0],
        "status": row["status"],
        "modified": row["dateLastModified"],
    }


def _enrolment(row: dict[str, Any]) -> Item:
    return {
        "pk": "enrolment#11600001#conference",
        "sk": f"{row['class']['sourcedId']}#{row['user']['sourcedId']}",
        "id": row["sourcedId"],
        "class_id": row["class"]["sourcedId"],
        "user": row["user"]["sourcedId"],
        "role": row["role"],
        "primary": row["primary"],
        "school": row["school"]["sourcedId"],
        "status": row["status"],
        "modified": row["dateLastModified"],
    }


def batches(district: District) -> Iterator[bytes]:
    """Bodies of BatchWriteItem, each full, for the whole district."""
    encode = json.JSONEncoder(separators=(",", ":")).encode
    requests: list[dict[str, Any]] = []
    for collection, (count, row) in district.collections().items():
        for n in range(count):
            for _, item in items(collection, row(n)):
                wired = {name: {"S": value} for name, value in item.items()}
                requests.append({"PutRequest": {"Item": wired}})
                if len(requests) == BATCH:
                    yield encode({"RequestItems": {TABLE: requests}}).encode()
                    requests = []
    if requests:
        yield encode({"RequestItems": {TABLE: requests}}).encode()
