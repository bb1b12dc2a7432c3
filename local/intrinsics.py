"""CloudFormation's functions (Ref, Fn::Sub, Fn::If ...), and which resource must come before which.

A resource that does not exist or an attribute nobody knows is an error that names it, never an empty string.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Any

from local.names import ACCOUNT, PARTITION, REGION, STACK_NAME, arn
from local.template import Template, TemplateError

NO_VALUE = object()
_PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
    "AWS::Partition": PARTITION,
    "AWS::StackName": STACK_NAME,
    "AWS::StackId": arn("cloudformation", f"stack/{STACK_NAME}/0"),
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::NoValue": NO_VALUE,
}
_PLACE = re.compile(r"\$\{(!?)([^}]+)\}")


class Resolver:
    """Knows what has been created so far, and turns a template's values into plain ones."""

    def __init__(self, template: Template) -> None:
        self._template = template
        self._refs: dict[str, Any] = {**_PSEUDO, **template.parameters}
        self.attributes: dict[tuple[str, str], Any] = {}
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Condition": self.condition,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::Join": lambda v: str(v[0]).join(str(part) for part in self.resolve(v[1])),
            "Fn::Split": lambda v: self.resolve(v[1]).split(v[0]),
            "Fn::Select": lambda v: self.resolve(v[1])[int(self.resolve(v[0]))],
            "Fn::If": lambda v: self.resolve(v[1] if self.condition(v[0]) else v[2]),
            "Fn::FindInMap": self._find_in_map,
            "Fn::Equals": lambda v: str(self.resolve(v[0])) == str(self.resolve(v[1])),
            "Fn::Not": lambda v: not self.resolve(v[0]),
            "Fn::And": lambda v: all(self.resolve(part) for part in v),
            "Fn::Or": lambda v: any(self.resolve(part) for part in v),
        }

    def created(self, logical_id: str, ref: str, attributes: dict[str, Any]) -> None:
        self._refs[logical_id] = ref
        self.attributes |= {(logical_id, name): value for name, value in attributes.items()}

    def condition(self, name: str) -> bool:
        return bool(self.resolve(self._template.conditions[name]))

    def resolve(self, value: Any) -> Any:
        if isinstance(value, dict):
            return self._resolve_object(value)
        if isinstance(value, list):
            found = [self.resolve(part) for part in value]
            return [part for part in found if part is not NO_VALUE]
        return value

    def _resolve_object(self, value: dict[str, Any]) -> Any:
        name, argument = next(iter(value.items()), ("", None))
        is_policy_condition = name == "Condition" and isinstance(argument, dict)
        if len(value) == 1 and name in self._functions and not is_policy_condition:
            return self._functions[name](argument)
        for name in value:
            if str(name).startswith("Fn::"):
                raise TemplateError(f"{name} is not known to local/intrinsics.py")
        found = {name: self.resolve(part) for name, part in value.items()}
        return {name: part for name, part in found.items() if part is not NO_VALUE}

    def _ref(self, name: str) -> Any:
        if name not in self._refs:
            raise TemplateError(f"Ref to {name}, which is neither a parameter nor a created resource")
        return self._refs[name]

    def _get_att(self, value: Any) -> Any:
        logical_id, name = value.split(".", 1) if isinstance(value, str) else value
        if (logical_id, name) not in self.attributes:
            raise TemplateError(f"GetAtt {logical_id}.{name}: local/resources.py gives no such attribute")
        return self.attributes[logical_id, name]

    def _sub(self, value: Any) -> str:
        text, extra = (value, {}) if isinstance(value, str) else value
        local = {name: self.resolve(part) for name, part in extra.items()}

        def place(found: re.Match[str]) -> str:
            literal, name = found[1], found[2].strip()
            if literal:
                return "${" + name + "}"
            if name in local:
                return str(local[name])
            return str(self._get_att(name) if "." in name else self._ref(name))

        return _PLACE.sub(place, text)

    def _find_in_map(self, value: list[Any]) -> Any:
        table, first, second = (self.resolve(part) for part in value)
        return self._template.mappings[table][first][second]


def creation_order(template: Template, wanted: set[str]) -> list[str]:
    """Every resource after those it refers to."""
    graph = {
        logical_id: (set(_mentions(resource)) | set(_depends(resource))) & wanted - {logical_id}
        for logical_id, resource in template.resources.items()
        if logical_id in wanted
    }
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise TemplateError(f"circular dependency: {' -> '.join(error.args[1])}") from error


def _depends(resource: dict[str, Any]) -> list[str]:
    named = resource.get("DependsOn", [])
    return [named] if isinstance(named, str) else named


def _mentions(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for part in value:
            yield from _mentions(part)
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _named_by(name, part)
            yield from _mentions(part)


def _named_by(function: str, value: Any) -> Iterator[str]:
    if function == "Ref":
        yield value
    elif function == "Fn::GetAtt":
        yield value.split(".")[0] if isinstance(value, str) else value[0]
    elif function == "Fn::Sub":
        text = value if isinstance(value, str) else value[0]
        yield from (found[2].split(".")[0].strip() for found in _PLACE.finditer(text) if not found[1])
