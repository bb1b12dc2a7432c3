"""What infra/template.yaml promises about who may touch what, and how what is stored is kept."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch
from typing import Any

import yaml

from roster.tables import LISTED, ByEmail, ByName, ByNumber, BySisId
from tests.support import ROOT, TemplateLoader

TEMPLATE = yaml.load((ROOT / "infra" / "template.yaml").read_text(), Loader=TemplateLoader)  # noqa: S506 - a SafeLoader
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]


def _functions() -> dict[str, dict[str, Any]]:
    return {
        name: found["Properties"] for name, found in RESOURCES.items() if found["Type"] == "AWS::Serverless::Function"
    }


def _importers() -> list[dict[str, Any]]:
    found = [f for f in _functions().values() if "/import_" in f["CodeUri"]]
    assert found
    return found


def _statements(function: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for policy in function["Policies"]:
        named = RESOURCES[policy["Ref"]]["Properties"]["PolicyDocument"] if "Ref" in policy else policy
        yield from (statement for statement in named["Statement"] if statement["Effect"] == "Allow")


def _actions(statement: dict[str, Any]) -> list[str]:
    action = statement["Action"]
    return [action] if isinstance(action, str) else action


def _on(function: dict[str, Any], service: str) -> list[tuple[str, dict[str, Any]]]:
    return [(a, s) for s in _statements(function) for a in _actions(s) if a.startswith(f"{service}:")]


def test_whatever_nobody_would_notice_rings() -> None:
    alarms = [found["Properties"] for found in RESOURCES.values() if found["Type"] == "AWS::CloudWatch::Alarm"]
    assert all(one["AlarmActions"] == [{"Ref": "Alarms"}] for one in alarms)
    watched = {one["MetricName"] for one in alarms}
    assert watched == {"ApproximateNumberOfMessagesVisible", "ExecutionsTimedOut", "Failed"}
    filters = {
        found["Properties"]["LogGroupName"]["Ref"]: found["Properties"]["FilterPattern"]
        for found in RESOURCES.values()
        if found["Type"] == "AWS::Logs::MetricFilter"
    }
    for log, source, said in (
        ("AdminApiLog", "admin_api/answers.py", "unexpected"),
        ("SsoCallbackLog", "sso_callback/app.py", "a page failed"),
    ):
        assert f'?"{said}"' in filters[log]
        assert f'logger().error("{said}"' in (ROOT / "functions" / source).read_text()
    ended = RESOURCES["SyncRoster"]["Properties"]["Events"]["RunEnded"]["Properties"]
    assert ended["DeadLetterConfig"] == {"Arn": {"GetAtt": "Undelivered.Arn"}}


def test_importers_cannot_touch_a_contact() -> None:
    for function in _importers():
        allowed = _on(function, "dynamodb")
        assert [action for action, _ in allowed] == ["dynamodb:UpdateItem"]
        assert [s["Condition"] for _, s in allowed] == [
            {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["run#*"]}}
        ]


def test_importers_write_their_stage_and_read_nothing_of_it() -> None:
    for function in _importers():
        allowed = [(action, str(s["Resource"])) for action, s in _on(function, "s3")]
        assert [action for action, _ in allowed] == ["s3:PutObject", "s3:GetObject"]
        assert all(resource.endswith("/pulled/*'}") for _, resource in allowed), "no plan, no context, no ledger"


def test_only_importers_read_a_providers_secret_and_only_their_own() -> None:
    for name, function in _functions().items():
        secrets = _on(function, "secretsmanager")
        if function["CodeUri"].endswith("classlink_districts"):
            assert all("/*/classlink" in str(statement["Resource"]) for _, statement in secrets), name
            continue  # hands a district's token from ClassLink's list to its importer
        if function["CodeUri"].endswith("sso_callback"):
            wanted = {
                "GetSecretValue": ("azure", "veracross"),
                "CreateSecret": ("azure",),
                "PutSecretValue": ("azure",),
            }
            for action, statement in secrets:
                names = wanted[action.removeprefix("secretsmanager:")]
                assert _secrets(statement) == [one for name in names for one in _with_suffix(name)]
            continue  # redeems a code with the client secret
        if function["CodeUri"].endswith("admin_api"):
            for action, statement in secrets:
                if statement["Effect"] == "Allow":
                    assert action.removeprefix("secretsmanager:") in ("CreateSecret", "PutSecretValue"), "never reads"
                    imported = [one for name in ("clever", "classlink", "veracross") for one in _with_suffix(name)]
                    assert _secrets(statement) == imported
            continue  # keeps what an administrator has entered
        if "/import_" not in function["CodeUri"]:
            assert secrets == [], name
            continue
        provider = function["CodeUri"].rpartition("import_")[2]
        credential, *token = secrets
        assert credential[0] == "secretsmanager:GetSecretValue"
        assert _secrets(credential[1]) == _with_suffix(provider)
        for action, statement in token:
            assert action.removeprefix("secretsmanager:") in ("GetSecretValue", "CreateSecret", "PutSecretValue")
            assert _secrets(statement) == _with_suffix(f"{provider}/token")


def _secrets(statement: dict[str, Any]) -> list[str]:
    found = statement["Resource"]
    return [one["Sub"].rpartition("StackName}")[2] for one in (found if isinstance(found, list) else [found])]


def _with_suffix(name: str) -> list[str]:
    """A secret that is there has six more characters; one that is not there yet is asked for by its bare name."""
    return [f"/*/{name}", f"/*/{name}-??????"]


def test_a_secret_that_is_not_there_yet_may_be_asked_for() -> None:
    """Else AWS answers that access is denied, which nobody takes for a missing secret that has to be made."""
    for name, function in _functions().items():
        for action, statement in _on(function, "secretsmanager"):
            suffixed = [found for found in _secrets(statement) if found.endswith("-??????")]
            bare = {found.removesuffix("-??????") for found in suffixed}
            assert bare <= set(_secrets(statement)), (name, action)


def test_sign_on_writes_no_contact_of_an_import_no_audit_and_no_file() -> None:
    (function,) = [f for f in _functions().values() if f["CodeUri"].endswith("sso_callback")]
    writing = ("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem")
    written = {
        key
        for action, statement in _on(function, "dynamodb")
        if action in writing
        for key in statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    }
    own = {"pending#*", "assertion#*", "identity#*", "session#*", "signins#*", "attempt#*", "trace#*", "signedby#*"}
    assert written == own | {"connection#*", "account#*", "mark#*", "contact#*#pickatime#*"}
    assert _on(function, "s3") == []


def test_the_administration_reads_no_pulled_row() -> None:
    (function,) = [f for f in _functions().values() if f["CodeUri"].endswith("admin_api")]
    read = [one["Sub"] for action, s in _on(function, "s3") if action == "s3:GetObject" for one in s["Resource"]]
    assert [one for one in read if "pulled" in one] == ["${Staging.Arn}/pulled/*/provider"]


def test_the_administration_asks_five_functions_and_itself() -> None:
    """Those that have credentials: it has none, and only reads the queue of districts."""
    (function,) = [f for f in _functions().values() if f["CodeUri"].endswith("admin_api")]
    asked = [str(one) for _, s in _on(function, "lambda") for one in _listed(s["Resource"])]
    names = ("ClasslinkDistricts", "ImportClever", "ImportClasslink", "ImportVeracross", "SsoCallback")
    assert asked[:5] == [str({"GetAtt": f"{name}.Arn"}) for name in names]
    assert [one.endswith("-admin-api'}") for one in asked[5:]] == [True]
    queue = [(a, s) for a, s in _on(function, "dynamodb") if "application#*" in str(s["Condition"])]
    assert [action for action, _ in queue] == ["dynamodb:GetItem", "dynamodb:Query"]


def _listed(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [found]


CHANGES = ("UpdateItem", "DeleteItem", "BatchWriteItem", "PartiQLUpdate", "PartiQLDelete")


def _reach_the_audit(statement: dict[str, Any]) -> bool:
    """Whether a statement of the table speaks of the audit's partitions, by name or because it names none."""
    condition = statement.get("Condition")
    if not condition:
        return True
    ((_, names),) = condition.items()
    return any(fnmatch("audit#116", key) for key in names["dynamodb:LeadingKeys"])


def test_nobody_changes_or_removes_a_row_of_the_audit() -> None:
    for name, function in _functions().items():
        denied = {
            action
            for policy in function["Policies"] if "Statement" in policy
            for statement in policy["Statement"] if statement["Effect"] == "Deny"
            if list(statement.get("Condition", {})) == ["ForAnyValue:StringLike"] and _reach_the_audit(statement)
            for action in _actions(statement)
        }  # fmt: skip
        may = {action for action, statement in _on(function, "dynamodb") if _reach_the_audit(statement)}
        assert not (may - denied) & {f"dynamodb:{change}" for change in CHANGES}, name


def test_runs_add_to_the_audit_and_read_nothing_of_it_and_hold_no_right_to_mail() -> None:
    (function,) = [f for f in _functions().values() if f["CodeUri"].endswith("sync_roster")]
    (denied,) = [s for p in function["Policies"] for s in p["Statement"] if s["Effect"] == "Deny"]
    may = {action for action, _ in _on(function, "dynamodb")} - {*_actions(denied)}
    assert may == {"dynamodb:PutItem"}
    assert _on(function, "ses") == []
    ((_, invoked),) = _on(function, "lambda")
    assert invoked["Resource"]["Sub"].endswith(":function:${AWS::StackName}-admin-api")


def test_no_function_may_do_everything() -> None:
    for name, function in _functions().items():
        for statement in _statements(function):
            assert statement["Resource"] != "*", name
            assert not [action for action in _actions(statement) if "*" in action], name


def test_the_staging_bucket_is_private_encrypted_and_forgets() -> None:
    bucket = RESOURCES["Staging"]["Properties"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": {"GetAtt": "Key.Arn"}}
    rules = bucket["LifecycleConfiguration"]["Rules"]
    assert [rule["Prefix"] for rule in rules] == ["pulled/", "runs/"], "what was applied, or may have been, is kept"
    assert all(rule["Status"] == "Enabled" for rule in rules)
    assert [rule["ExpirationInDays"] for rule in rules] == [{"Ref": "PulledDays"}, {"Ref": "StagingDays"}]
    assert TEMPLATE["Parameters"]["StagingDays"]["Default"] <= 30
    assert TEMPLATE["Parameters"]["PulledDays"]["Default"] <= 3, "pulled pages hold everybody's birth dates"
    (statement,) = RESOURCES["StagingPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_table_is_encrypted_with_our_key_and_can_be_restored() -> None:
    table = RESOURCES["Table"]["Properties"]
    assert table["SSESpecification"] == {
        "SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": {"GetAtt": "Key.Arn"},
    }  # fmt: skip
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert RESOURCES["Key"]["Properties"]["EnableKeyRotation"] is True


def test_what_holds_data_outlives_the_stack() -> None:
    for name in ("Key", "Table", "Staging"):
        assert RESOURCES[name]["DeletionPolicy"] == RESOURCES[name]["UpdateReplacePolicy"] == "Retain"


def test_no_index_projects_a_security_value() -> None:
    indexes = RESOURCES["Table"]["Properties"]["GlobalSecondaryIndexes"]
    assert {index["IndexName"] for index in indexes} == {"by_name", "by_email", "by_number", "by_sis_id"}
    for index in indexes:
        assert index["Projection"] == {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(LISTED)}
        assert "security_value" not in {*LISTED, *(key["AttributeName"] for key in index["KeySchema"])}


def test_the_models_indexes_are_the_templates() -> None:
    told = {index["IndexName"]: index for index in RESOURCES["Table"]["Properties"]["GlobalSecondaryIndexes"]}
    for index in (ByName, ByEmail, ByNumber, BySisId):
        named = told[index.Meta.index_name]
        assert {key["AttributeName"] for key in named["KeySchema"]} == set(index.Meta.attributes)
        assert index.Meta.projection.non_key_attributes == list(LISTED)


def test_the_administration_asks_indexes_by_their_own_keys() -> None:
    (function,) = [f for f in _functions().values() if f["CodeUri"].endswith("admin_api")]
    (asked,) = [s for _, s in _on(function, "dynamodb") if "/index/" in str(s["Resource"])]
    assert _actions(asked) == ["dynamodb:Query"]
    assert asked["Condition"] == {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["name#*", "email#*", "number#*"]}
    }


def test_the_state_machine_logs_no_execution_data() -> None:
    assert RESOURCES["Sync"]["Properties"]["Logging"]["IncludeExecutionData"] is False
    variables = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    assert variables["POWERTOOLS_LOGGER_LOG_EVENT"] == "false"


def test_nobody_takes_over_while_a_lambda_of_the_stopped_run_may_still_write() -> None:
    sync = RESOURCES["SyncRoster"]["Properties"]
    assert sync["Environment"]["Variables"]["LINGER_SECONDS"] == {"Ref": "LingerSeconds"}
    assert TEMPLATE["Parameters"]["LingerSeconds"]["Default"] >= sync["Timeout"]


def test_a_run_that_ends_without_a_word_is_told_of() -> None:
    rule = RESOURCES["SyncRoster"]["Properties"]["Events"]["RunEnded"]
    assert rule["Type"] == "EventBridgeRule"
    assert rule["Properties"]["Pattern"]["detail"]["status"] == ["ABORTED", "TIMED_OUT", "FAILED"]
    assert len(rule["Properties"]["Pattern"]["detail"]["stateMachineArn"]) == 1


def test_no_log_is_kept_for_ever() -> None:
    """A group that Lambda makes by itself is never emptied."""
    for name, function in _functions().items():
        group = RESOURCES[function["LoggingConfig"]["LogGroup"]["Ref"]]
        assert group["Type"] == "AWS::Logs::LogGroup"
        assert group["Properties"]["LogGroupName"] == {"Sub": f"/aws/lambda/{function['FunctionName']['Sub']}"}, name
    for name, resource in RESOURCES.items():
        if resource["Type"] == "AWS::Logs::LogGroup":
            assert resource["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}, name


def test_who_switches_nights_touches_the_groups_schedules_and_hands_on_one_role() -> None:
    schedules, role = RESOURCES["NightlyPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert all(action.startswith("scheduler:") and action.endswith("Schedule") for action in _actions(schedules))
    assert schedules["Resource"]["Sub"].endswith(":schedule/${Nightly}/*")
    assert (_actions(role), role["Resource"]) == (["iam:PassRole"], {"GetAtt": "NightlyRole.Arn"})
    assert role["Condition"] == {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
    (started,) = RESOURCES["NightlyRole"]["Properties"]["Policies"]
    start, tell = started["PolicyDocument"]["Statement"]
    assert (start["Action"], start["Resource"]) == ("states:StartExecution", {"Ref": "Sync"})
    assert (tell["Action"], tell["Resource"]) == ("sqs:SendMessage", {"GetAtt": "Undelivered.Arn"})
