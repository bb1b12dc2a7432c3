"""The template decides; what this stack cannot do is an error that says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from local.aws import EmbeddedAws
from local.intrinsics import Resolver, creation_order
from local.resources import create
from local.stack import Stack
from local.template import Template, TemplateError, load
from tests.component.local.conftest import TEMPLATE


def _template(resources: dict[str, Any] | None = None, **more: Any) -> Template:
    return Template(resources or {}, {}, more.get("conditions", {}), more.get("mappings", {}), {"P": "yes"}, {})


def test_the_fixture_is_deployed_with_its_settings(stack: Stack) -> None:
    table = stack.client("dynamodb").describe_table(TableName=stack.outputs["Table"])["Table"]
    assert [index["IndexName"] for index in table["GlobalSecondaryIndexes"]] == ["by_email"]
    ttl = stack.client("dynamodb").describe_time_to_live(TableName=stack.outputs["Table"])
    assert ttl["TimeToLiveDescription"]["AttributeName"] == "expires"
    names = stack.client("sqs").list_queues()["QueueUrls"]
    assert len(names) == 1, "the queue behind a false condition is not made"


def test_one_stack_per_process(stack: Stack) -> None:
    with pytest.raises(RuntimeError, match="another local stack runs in this process"):
        Stack.start(data=None, template=TEMPLATE)
    assert EmbeddedAws is not None


@pytest.mark.parametrize("kind", ["AWS::Kinesis::Stream", "Custom::Thing", "AWS::Lambda::EventSourceMapping"])
def test_an_unknown_type_is_an_error_that_names_it(kind: str) -> None:
    with pytest.raises(TemplateError, match=f"Thing: {kind} is not known"):
        create(None, "Thing", kind, {})  # type: ignore[arg-type]


def test_a_parameter_the_template_does_not_know_is_an_error() -> None:
    with pytest.raises(TemplateError, match="no parameter Colour"):
        load(TEMPLATE, {"Colour": "red"})


def test_a_parameter_reaches_the_template() -> None:
    assert load(TEMPLATE, {"Greeting": "good evening"}).parameters["Greeting"] == "good evening"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "template.yaml"
    broken.write_text(TEMPLATE.read_text())
    with pytest.raises(TemplateError, match="WordsLayer: there is no"):
        load(broken, {})


def test_what_sam_refuses_is_said(tmp_path: Path) -> None:
    broken = tmp_path / "template.yaml"
    broken.write_text(
        "Transform: AWS::Serverless-2016-10-31\n"
        "Resources: {F: {Type: AWS::Serverless::Function, Properties: {Handler: a.b}}}"
    )
    with pytest.raises(TemplateError, match=r"\[F\]"):
        load(broken, {}, tmp_path)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ({"Ref": "P"}, "yes"),
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Fn::GetAtt": ["A", "Arn"]}, "arn:a"),
        ({"Fn::GetAtt": "A.Arn"}, "arn:a"),
        ({"Fn::Sub": "${A}/${A.Arn}/${!literal}"}, "a/arn:a/${literal}"),
        ({"Fn::Sub": ["${x}-${P}", {"x": {"Ref": "A"}}]}, "a-yes"),
        ({"Fn::Join": ["-", ["x", {"Ref": "A"}]]}, "x-a"),
        ({"Fn::Select": [1, {"Fn::Split": [":", "x:y"]}]}, "y"),
        ({"Fn::If": ["IsYes", "1", {"Ref": "AWS::NoValue"}]}, "1"),
        ({"k": {"Fn::If": ["IsNo", "1", {"Ref": "AWS::NoValue"}]}, "l": [1]}, {"l": [1]}),
        ({"Fn::FindInMap": ["M", {"Ref": "P"}, "size"]}, 7),
        ({"Condition": {"Bool": {"aws:SecureTransport": "true"}}},) * 2,
    ],
)
def test_functions(value: Any, plain: Any) -> None:
    conditions = {"IsYes": {"Fn::Equals": [{"Ref": "P"}, "yes"]}, "IsNo": {"Fn::Not": [{"Condition": "IsYes"}]}}
    resolver = Resolver(_template(conditions=conditions, mappings={"M": {"yes": {"size": 7}}}))
    resolver.created("A", "a", {"Arn": "arn:a"})
    assert resolver.resolve(value) == plain


@pytest.mark.parametrize(
    "value", [{"Ref": "Nobody"}, {"Fn::GetAtt": ["A", "Colour"]}, {"Fn::Sub": "${Nobody}"}, {"Fn::GetAZs": ""}]
)
def test_what_nobody_knows_is_an_error(value: Any) -> None:
    with pytest.raises(TemplateError):
        Resolver(_template()).resolve(value)


def test_resources_come_after_what_they_mention() -> None:
    resources = {
        "Last": {"Properties": {"x": {"Fn::Sub": "${Middle.Arn}"}}},
        "Middle": {"Properties": {"x": [{"Ref": "First"}]}},
        "First": {},
        "Zeroth": {"DependsOn": "Last"},
    }
    order = creation_order(_template(resources), set(resources))
    assert order == ["First", "Middle", "Last", "Zeroth"]


def test_a_circle_is_an_error() -> None:
    resources = {"A": {"x": {"Ref": "B"}}, "B": {"x": {"Ref": "A"}}}
    with pytest.raises(TemplateError, match="circular"):
        creation_order(_template(resources), {"A", "B"})
