"""How each CloudFormation resource type comes to life here: one small function per type.

A type that is not here is an error, not a gap; a type that does nothing here says why in NO_OPS.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.http_api import Api
from local.lambda_host import Function, LambdaHost
from local.layers import LayerStore
from local.names import HERE, STACK_NAME, arn
from local.template import Template, TemplateError

Properties = dict[str, Any]


@dataclass(frozen=True)
class Created:
    ref: str
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Site:
    """Where resources are put: the embedded AWS, the Lambda host, and the front of the HTTP API."""

    client: Callable[[str], Any]
    host: LambdaHost
    layers: LayerStore
    template: Template
    publish_api: Callable[[Api], str]
    url: str = ""
    layer_folders: dict[str, Path] = field(default_factory=dict)


Handler = Callable[[Site, str, Properties], Created]
HANDLERS: dict[str, Handler] = {}

NO_OPS = {
    "AWS::IAM::Role": "nothing here enforces IAM",
    "AWS::IAM::Policy": "nothing here enforces IAM",
    "AWS::IAM::ManagedPolicy": "nothing here enforces IAM",
    "AWS::Lambda::Permission": "nothing here enforces IAM",
    "AWS::Lambda::EventInvokeConfig": "a failed asynchronous invocation is logged, not tried again",
    "AWS::S3::BucketPolicy": "nothing here enforces IAM",
    "AWS::SQS::QueuePolicy": "nothing here enforces IAM",
    "AWS::SNS::TopicPolicy": "nothing here enforces IAM",
    "AWS::Logs::LogGroup": "functions write to files (Stack.logs)",
    "AWS::Logs::MetricFilter": "there are no metrics to make",
    "AWS::CloudWatch::Alarm": "there are no metrics to watch",
    "AWS::CloudWatch::Dashboard": "there are no metrics to show",
    "AWS::ApiGatewayV2::Stage": "there is one stage, and the front serves it",
}


def create(site: Site, logical_id: str, kind: str, properties: Properties) -> Created:
    if kind in NO_OPS:
        return _named_only(kind, logical_id, properties)
    if kind not in HANDLERS:
        raise TemplateError(f"{logical_id}: {kind} is not known to local/resources.py: add a handler or a no-op")
    return HANDLERS[kind](site, logical_id, properties)


def _handles(kind: str) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        HANDLERS[kind] = handler
        return handler

    return register


def _name(logical_id: str, properties: Properties, key: str) -> str:
    return str(properties.get(key) or f"{STACK_NAME}-{logical_id}")


def _only(properties: Properties, *names: str) -> Properties:
    return {name: properties[name] for name in names if name in properties}


def _named_only(kind: str, logical_id: str, properties: Properties) -> Created:
    own_key = kind.rpartition(":")[2] + "Name"
    name = _name(logical_id, properties, own_key)
    services = {"Role": ("iam", f"role/{name}"), "LogGroup": ("logs", f"log-group:{name}:*")}
    service, resource = services.get(kind.rpartition(":")[2], ("cloudformation", name))
    full = arn(service, resource)
    if service == "iam":
        full = full.replace("us-east-1", "")
    return Created(name, {"Arn": full, "RoleId": name})


@_handles("AWS::Lambda::LayerVersion")
def _layer(site: Site, logical_id: str, properties: Properties) -> Created:
    name = properties.get("LayerName", logical_id)
    version = arn("lambda", f"layer:{name}:1")
    site.layer_folders[version] = site.layers.packages_of(site.template.source(properties["Content"]["S3Key"]))
    return Created(version, {"LayerVersionArn": version})


@_handles("AWS::Lambda::Function")
def _function(site: Site, logical_id: str, properties: Properties) -> Created:
    if properties.get("PackageType") == "Image" or "S3Key" not in properties.get("Code", {}):
        raise TemplateError(f"{logical_id}: only functions with a CodeUri folder run here")
    name = _name(logical_id, properties, "FunctionName")
    function = Function(
        name=name,
        arn=arn("lambda", f"function:{name}"),
        handler=properties["Handler"],
        folder=site.template.source(properties["Code"]["S3Key"]),
        layers=tuple(_layer_folder(site, logical_id, layer) for layer in properties.get("Layers", [])),
        environment=_environment(site, properties),
        timeout=float(properties.get("Timeout", 3)),
        memory=int(properties.get("MemorySize", 128)),
        reserved=properties.get("ReservedConcurrentExecutions"),
        runtime=properties.get("Runtime", ""),
    )
    site.host.register(function)
    return Created(name, {"Arn": function.arn})


def _environment(site: Site, properties: Properties) -> dict[str, str]:
    variables = properties.get("Environment", {}).get("Variables", {})
    return {name: str(value).replace(HERE, site.url) for name, value in variables.items()}


def _layer_folder(site: Site, logical_id: str, layer: str) -> Path:
    if layer not in site.layer_folders:
        raise TemplateError(f"{logical_id}: the layer {layer} is not made by this template")
    return site.layer_folders[layer]


@_handles("AWS::StepFunctions::StateMachine")
def _state_machine(site: Site, logical_id: str, properties: Properties) -> Created:
    name = _name(logical_id, properties, "StateMachineName")
    made = site.client("stepfunctions").create_state_machine(
        name=name,
        definition=_definition(site, logical_id, properties),
        roleArn=properties.get("RoleArn") or arn("iam", f"role/{name}").replace("us-east-1", ""),
        type=properties.get("StateMachineType", "STANDARD"),
    )
    return Created(made["stateMachineArn"], {"Arn": made["stateMachineArn"], "Name": name})


def _definition(site: Site, logical_id: str, properties: Properties) -> str:
    if location := properties.get("DefinitionS3Location"):
        text = site.template.source(location["Key"]).read_text()
    else:
        text = properties["DefinitionString"]
    for name, value in properties.get("DefinitionSubstitutions", {}).items():
        text = text.replace("${" + name + "}", str(value))
    if left := re.search(r"\$\{[A-Za-z]\w*\}", text):
        raise TemplateError(f"{logical_id}: the definition has {left[0]}, but there is no such substitution")
    return text


@_handles("AWS::ApiGatewayV2::Api")
def _http_api(site: Site, logical_id: str, properties: Properties) -> Created:
    url = site.publish_api(Api.from_openapi(logical_id, properties))
    return Created("localapi", {"ApiEndpoint": url, "ApiId": "localapi"})


@_handles("AWS::DynamoDB::Table")
def _table(site: Site, logical_id: str, properties: Properties) -> Created:
    name = _name(logical_id, properties, "TableName")
    known = _only(
        properties, "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "LocalSecondaryIndexes",
        "BillingMode", "ProvisionedThroughput",
    )  # fmt: skip
    if stream := properties.get("StreamSpecification"):
        known["StreamSpecification"] = {"StreamEnabled": True, **stream}
    made = site.client("dynamodb").create_table(TableName=name, **known)["TableDescription"]
    if ttl := properties.get("TimeToLiveSpecification"):
        site.client("dynamodb").update_time_to_live(TableName=name, TimeToLiveSpecification=ttl)
    return Created(name, {"Arn": made["TableArn"], "StreamArn": made.get("LatestStreamArn", "")})


@_handles("AWS::S3::Bucket")
def _bucket(site: Site, logical_id: str, properties: Properties) -> Created:
    """Lifecycle rules are left out: moto would keep them and never act on them."""
    if "NotificationConfiguration" in properties:
        raise TemplateError(f"{logical_id}: S3 notifications are not delivered here")
    name = str(properties.get("BucketName") or f"{STACK_NAME}-{logical_id}".lower())
    s3 = site.client("s3")
    s3.create_bucket(Bucket=name)
    if versioning := properties.get("VersioningConfiguration"):
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=versioning)
    return Created(
        name, {"Arn": f"arn:aws:s3:::{name}", "DomainName": f"{name}.s3.amazonaws.com"}
    )  # fmt: skip


@_handles("AWS::KMS::Key")
def _key(site: Site, logical_id: str, properties: Properties) -> Created:
    made = site.client("kms").create_key(Description=properties.get("Description", logical_id))["KeyMetadata"]
    return Created(made["KeyId"], {"Arn": made["Arn"], "KeyId": made["KeyId"]})


@_handles("AWS::KMS::Alias")
def _alias(site: Site, logical_id: str, properties: Properties) -> Created:
    site.client("kms").create_alias(**_only(properties, "AliasName", "TargetKeyId"))
    return Created(properties["AliasName"])


@_handles("AWS::SecretsManager::Secret")
def _secret(site: Site, logical_id: str, properties: Properties) -> Created:
    """A secret that was restored keeps its value and its ARN."""
    client, name = site.client("secretsmanager"), _name(logical_id, properties, "Name")
    try:
        return _secret_named(client.describe_secret(SecretId=name)["ARN"])
    except client.exceptions.ResourceNotFoundException:
        value = properties.get("SecretString") or _generated(client, properties.get("GenerateSecretString"))
        known = _only(properties, "Description", "KmsKeyId", "Tags")
        return _secret_named(client.create_secret(Name=name, SecretString=value, **known)["ARN"])


def _secret_named(secret_arn: str) -> Created:
    return Created(secret_arn, {"Id": secret_arn})


def _generated(client: Any, wanted: Properties | None) -> str:
    if wanted is None:
        return "{}"
    options = {k: v for k, v in wanted.items() if k not in ("SecretStringTemplate", "GenerateStringKey")}
    password: str = client.get_random_password(**options)["RandomPassword"]
    if "GenerateStringKey" not in wanted:
        return password
    template = json.loads(wanted.get("SecretStringTemplate", "{}"))
    return json.dumps({**template, wanted["GenerateStringKey"]: password})


@_handles("AWS::SQS::Queue")
def _queue(site: Site, logical_id: str, properties: Properties) -> Created:
    name = _name(logical_id, properties, "QueueName")
    attributes = {k: _sqs_text(v) for k, v in properties.items() if k not in ("QueueName", "Tags")}
    url = site.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return Created(url, {"Arn": arn("sqs", name), "QueueName": name, "QueueUrl": url})


def _sqs_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@_handles("AWS::SNS::Topic")
def _topic(site: Site, logical_id: str, properties: Properties) -> Created:
    topic = site.client("sns").create_topic(Name=_name(logical_id, properties, "TopicName"))["TopicArn"]
    return Created(topic, {"TopicArn": topic})


@_handles("AWS::SES::EmailIdentity")
def _email_identity(site: Site, logical_id: str, properties: Properties) -> Created:
    site.client("sesv2").create_email_identity(EmailIdentity=properties["EmailIdentity"])
    return Created(properties["EmailIdentity"])


@_handles("AWS::SSM::Parameter")
def _parameter(site: Site, logical_id: str, properties: Properties) -> Created:
    name = _name(logical_id, properties, "Name")
    site.client("ssm").put_parameter(Name=name, Value=properties["Value"], Type=properties["Type"], Overwrite=True)
    return Created(name, {"Value": properties["Value"], "Type": properties["Type"]})


@_handles("AWS::Scheduler::ScheduleGroup")
def _schedule_group(site: Site, logical_id: str, properties: Properties) -> Created:
    name = _name(logical_id, properties, "Name")
    made = site.client("scheduler").create_schedule_group(Name=name)
    return Created(name, {"Arn": made["ScheduleGroupArn"]})


@_handles("AWS::Scheduler::Schedule")
def _schedule(site: Site, logical_id: str, properties: Properties) -> Created:
    name = _name(logical_id, properties, "Name")
    made = site.client("scheduler").create_schedule(**{**properties, "Name": name})
    return Created(name, {"Arn": made["ScheduleArn"]})


@_handles("AWS::Events::Rule")
def _rule(site: Site, logical_id: str, properties: Properties) -> Created:
    client, name = site.client("events"), _name(logical_id, properties, "Name")
    known = _only(properties, "Description", "ScheduleExpression", "State", "EventBusName")
    if "EventPattern" in properties:
        known["EventPattern"] = json.dumps(properties["EventPattern"])
    made = client.put_rule(Name=name, **known)
    _put_targets(client, name, properties.get("Targets", []), _only(properties, "EventBusName"))
    return Created(name, {"Arn": made["RuleArn"]})


def _put_targets(client: Any, rule: str, targets: Iterable[Properties], bus: Properties) -> None:
    """RoleArn, RetryPolicy and DeadLetterConfig say how AWS delivers; here each event is delivered once."""
    kept = [_only(t, "Id", "Arn", "Input", "InputPath", "InputTransformer") for t in targets]
    if kept:
        client.put_targets(Rule=rule, Targets=kept, **bus)
