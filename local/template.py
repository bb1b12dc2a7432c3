"""Reads infra/template.yaml and lets AWS's own SAM translator turn it into plain CloudFormation.

The translator only takes code that lies in S3, so local folders get an s3:// name before and are found by
that name after. Nothing else in the template is touched. Its answer is kept: importing it takes a second.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from local.names import HERE, new_session

_BUCKET = "local-code"
_HERE = {"SiteOrigin": HERE}  # what is another address here than on AWS
# Where a SAM resource says which local folder or file it is made of.
_SOURCES = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
    "AWS::Serverless::StateMachine": "DefinitionUri",
}


class TemplateError(Exception):
    """The template asks for something that this stack cannot run; the text says what to do."""


@dataclass(frozen=True)
class Template:
    resources: dict[str, dict[str, Any]]
    outputs: dict[str, Any]
    conditions: dict[str, Any]
    mappings: dict[str, Any]
    parameters: dict[str, str]
    sources: dict[str, Path]
    """Logical id, as in the SAM template, to the folder or file it is made of."""

    def source(self, s3_key: str) -> Path:
        return self.sources[s3_key]


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags."""


def _short_tag(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)  # noqa: S101
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_tag)
# CloudFormation's "2012-10-17" is a string, not a date.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, regex) for tag, regex in rules if tag != "tag:yaml.org,2002:timestamp"]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load(path: Path, parameters: Mapping[str, str], cache: Path = Path(".build/templates")) -> Template:
    raw = yaml.load(path.read_text(), Loader=_Loader)  # noqa: S506 - derived from SafeLoader
    values = _parameters(raw, parameters)
    sources = _give_s3_names(raw, path.resolve().parent)
    plain = _translated(raw, values, cache)
    return Template(
        plain["Resources"],
        plain.get("Outputs", {}),
        plain.get("Conditions", {}),
        plain.get("Mappings", {}),
        values,
        sources,
    )


def _parameters(raw: dict[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    declared = raw.get("Parameters", {})
    if unknown := given.keys() - declared.keys():
        raise TemplateError(f"the template declares no parameter {', '.join(sorted(unknown))}")
    values = {name: given.get(name, _HERE.get(name, spec.get("Default"))) for name, spec in declared.items()}
    if missing := [name for name, value in values.items() if value is None]:
        raise TemplateError(f"give a value for the parameter {', '.join(missing)}: it has no default")
    return {name: str(value) for name, value in values.items()}


def _give_s3_names(raw: dict[str, Any], base: Path) -> dict[str, Path]:
    sources = {}
    for logical_id, resource in raw.get("Resources", {}).items():
        prop = _SOURCES.get(resource["Type"], "")
        where = resource.get("Properties", {}).get(prop)
        if isinstance(where, str):
            sources[logical_id] = _existing(base / where, logical_id)
            resource["Properties"][prop] = f"s3://{_BUCKET}/{logical_id}"
    return sources


def _existing(path: Path, logical_id: str) -> Path:
    if not path.exists():
        raise TemplateError(f"{logical_id}: there is no {path}")
    return path.resolve()


def _translated(raw: dict[str, Any], parameters: Mapping[str, str], cache: Path) -> dict[str, Any]:
    question = json.dumps([version("aws-sam-translator"), raw, dict(parameters)], sort_keys=True)
    known = cache / f"{hashlib.sha256(question.encode()).hexdigest()[:20]}.json"
    if not known.exists():
        cache.mkdir(parents=True, exist_ok=True)
        unfinished = known.with_suffix(f".{os.getpid()}.tmp")
        unfinished.write_text(json.dumps(_translate(raw, parameters)))
        unfinished.rename(known)
    plain: dict[str, Any] = json.loads(known.read_text())
    return plain


def _translate(raw: dict[str, Any], parameters: Mapping[str, str]) -> dict[str, Any]:
    from samtranslator.model.exceptions import InvalidDocumentException  # type: ignore[import-untyped]
    from samtranslator.parser.parser import Parser  # type: ignore[import-untyped]
    from samtranslator.translator.translator import Translator  # type: ignore[import-untyped]

    translator = Translator({}, Parser(), boto_session=new_session())
    try:
        plain: dict[str, Any] = translator.translate(
            copy.deepcopy(raw), dict(parameters), get_managed_policy_map=_managed_policies
        )
    except InvalidDocumentException as error:
        raise TemplateError("; ".join(cause.message for cause in error.causes)) from error
    return plain


class _AnyPolicy(dict[str, str]):
    """IAM is not enforced here, so the ARN of an AWS managed policy only has to look like one."""

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.startswith(("AWS", "Amazon", "CloudWatch"))

    def get(self, name: str, default: Any = None) -> Any:
        return f"arn:aws:iam::aws:policy/{name}" if name in self else default

    def __getitem__(self, name: str) -> str:
        return f"arn:aws:iam::aws:policy/{name}"


def _managed_policies() -> dict[str, str]:
    return _AnyPolicy()
