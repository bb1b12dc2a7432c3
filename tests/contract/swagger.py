"""A swagger 2.0 file as JSON Schemas, stricter than it is written: a key it does not know is an error too."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft7Validator, ValidationError

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("PICKATIME_SHARED", ROOT.parent / "shared"))
# The envelope's own keys, which the definitions of answers leave out.
ENVELOPE = {"links": {"type": "array"}, "uri": {"type": "string"}}


class Swagger:
    def __init__(self, file: Path) -> None:
        self.spec: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))

    @property
    def paths(self) -> dict[str, Any]:
        return dict(self.spec["paths"])

    @cached_property
    def definitions(self) -> dict[str, Any]:
        return {name: converted(schema, name) for name, schema in self.spec["definitions"].items()}

    def complaints(self, path: str, answer: object) -> set[str]:
        """What an answer breaks: the field and the rule, and which keys are unknown."""
        schema = converted(self.paths[path]["get"]["responses"]["200"]["schema"])
        validator = Draft7Validator({**schema, "definitions": self.definitions})
        return {complaint(error) for error in validator.iter_errors(answer)}


def converted(schema: dict[str, Any], name: str = "") -> dict[str, Any]:
    if "$ref" in schema:
        told: dict[str, Any] = {"$ref": schema["$ref"]}
    else:
        told = {k: schema[k] for k in ("type", "enum", "pattern", "required") if k in schema}
        if "items" in schema:
            told["items"] = converted(schema["items"])
        if "properties" in schema:
            own = {k: converted(v) for k, v in schema["properties"].items()}
            told["properties"] = own | (ENVELOPE if name.endswith("Response") and "links" not in own else {})
            told["additionalProperties"] = False
    return nullable(told) if schema.get("x-nullable") and "type" in told else told


def nullable(schema: dict[str, Any]) -> dict[str, Any]:
    enum = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return schema | {"type": [schema["type"], "null"]} | enum


def complaint(error: ValidationError) -> str:
    field = next((str(step) for step in reversed(error.absolute_path) if isinstance(step, str)), "")
    return f"{field}: {error.message if error.validator == 'additionalProperties' else error.validator}"
