"""Repairs of moto 5.2.5, each small, with its reason, undone on stop.

They replace private parts of one exact version, so the version is asserted, and tests/component/local/
test_repairs.py has for each a check that fails when upstream changes and the repair is no longer needed.
"""

from __future__ import annotations

import copy
import inspect
import logging
import threading
from functools import cache
from typing import Any

import moto
import moto.backends
from moto.core import responses
from moto.core.base_backend import BackendDict
from moto.core.config import default_user_config
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table
from moto.events.models import Rule
from moto.moto_server import werkzeug_app
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.scheduler.models import EventBridgeSchedulerBackend

from local import events, repairs_states
from local.lambda_host import LambdaHost
from local.patch import on_undo, replace

MOTO = "5.2.5"
DYNAMODB_WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"})
log = logging.getLogger(__name__)


def new_moto_app() -> Any:
    """An empty moto whose Step Functions really run. Backends are module globals: forget what was there."""
    if moto.__version__ != MOTO:
        raise RuntimeError(f"moto {moto.__version__} is installed, but local/repairs.py fits {MOTO} only")
    for backends in list(BackendDict._instances):  # type: ignore[misc]
        for account in list(backends.values()):
            account.reset()
    default_user_config["stepfunctions"]["execute_state_machine"] = True
    replace(werkzeug_app, "DISABLE_GLOBAL_CORS", True)
    return DomainDispatcherApplication(create_backend_app)


def quiet_request_handler() -> type[MotoRequestHandler]:
    class Quiet(MotoRequestHandler):
        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            log.debug("%s %s", self.requestline, code)

        def log(self, type: str, message: str, *args: Any) -> None:
            log.log(logging.ERROR if type == "error" else logging.DEBUG, message, *args)

    return Quiet


def apply(endpoint: str, host: LambdaHost, time_scale: float) -> None:
    repairs_states.apply(endpoint, time_scale)
    _what_stays_is_found_once()
    _rules_reach_lambda_and_states(host)
    _transactions_copy_only_their_items()
    _queries_read_one_partition()
    _schedule_groups_exist()


def _what_stays_is_found_once() -> None:
    """For every request, upstream looks through its own folder, through the methods of a class, and through rules for
    browsers of other origins, of which there are none here: a fifth of what an import takes.
    """
    listed = frozenset(moto.backends.list_of_moto_modules())
    replace(moto.backends, "list_of_moto_modules", lambda: listed)
    replace(responses, "method_names_from_class", cache(responses.method_names_from_class))


def _rules_reach_lambda_and_states(host: LambdaHost) -> None:
    """Upstream raises NotImplementedError for a rule whose target is a function or a state machine."""

    def send_to_targets(self: Any, event: Any, transform_input: bool = True) -> None:
        if self.scheduled_expression or self.state != "ENABLED":
            return
        if not self.event_pattern.matches_event(event):
            return
        ours = [target for target in self.targets if events.is_ours(target["Arn"])]
        for target in ours:
            events.deliver(target, event, host)
        rest = copy.copy(self)
        rest.targets = [target for target in self.targets if target not in ours]
        upstream(rest, event, transform_input)

    upstream = replace(Rule, "send_to_targets", send_to_targets)


def _transactions_copy_only_their_items() -> None:
    """Upstream copies the whole table before each transaction, in case it must be rolled back: seconds per
    transaction at ten thousand items. We keep the few items it names, and make the table's copy the table."""
    in_transaction = threading.local()

    def transact_write_items(self: Any, transact_items: list[dict[str, Any]]) -> None:
        before = [_item_before(self, op) for item in transact_items for op in item.values()]
        in_transaction.on = True
        try:
            upstream(self, transact_items)
        except Exception:
            for table, key, item in before:
                _put_back(table, key, item)
            raise
        finally:
            in_transaction.on = False

    def __deepcopy__(self: Any, memo: dict[int, Any]) -> Any:
        if getattr(in_transaction, "on", False):
            return self
        twin = memo[id(self)] = copy.copy(self)
        twin.__dict__ = {name: copy.deepcopy(value, memo) for name, value in self.__dict__.items()}
        return twin

    upstream = replace(DynamoDBBackend, "transact_write_items", transact_write_items)
    Table.__deepcopy__ = __deepcopy__  # type: ignore[attr-defined]
    on_undo(lambda: delattr(Table, "__deepcopy__"))


def _queries_read_one_partition() -> None:
    """Upstream compares the key of every item of the table in each query, and trips over a write meanwhile."""
    asked = threading.local()

    parameters = inspect.signature(Table.query)

    def query(*args: Any, **kwargs: Any) -> Any:
        given = parameters.bind(*args, **kwargs).arguments
        asked.key = None if given.get("index_name") else given["hash_key"]
        try:
            return upstream(*args, **kwargs)
        finally:
            asked.key = None

    def all_items(self: Any) -> list[Any]:
        key = getattr(asked, "key", None)
        if key is None:
            return sorted(items_in(self, list(self.items.values())), key=_in_key_order)
        return items_in(self, [self.items[key]] if key in self.items else [])

    def items_in(table: Any, partitions: list[Any]) -> list[Any]:
        if not table.has_range_key:
            return partitions  # each holds one item, and is it
        return [item for partition in partitions for item in list(partition.values())]

    upstream = replace(Table, "query", query)
    replace(Table, "all_items", all_items)


def _in_key_order(item: Any) -> Any:
    return (item.hash_key, item.range_key) if item.range_key else item.hash_key


def _item_before(backend: DynamoDBBackend, op: dict[str, Any]) -> tuple[Table, Any, Any]:
    table = backend.get_table(op["TableName"])
    key = item_key(table, op.get("Key") or op["Item"])
    return table, key, copy.deepcopy(table.get_item(*key))


def item_key(table: Table, attributes: dict[str, Any]) -> tuple[Any, Any]:
    from moto.dynamodb.models.dynamo_type import DynamoType

    range_attr = table.range_key_attr
    sort = DynamoType(attributes[range_attr]) if range_attr else None
    return DynamoType(attributes[table.hash_key_attr]), sort


def _put_back(table: Table, key: tuple[Any, Any], item: Any) -> None:
    hash_key, range_key = key
    if item is None:
        table.delete_item(hash_key, range_key)
    elif range_key is None:
        table.items[hash_key] = item
    else:
        table.items[hash_key][range_key] = item


def _schedule_groups_exist() -> None:
    """Upstream answers CreateSchedule in an unknown group with 500 (KeyError); AWS says ResourceNotFound."""

    def create_schedule(self: Any, *args: Any, **kwargs: Any) -> Any:
        self.get_schedule_group(kwargs["group_name"])
        return upstream(self, *args, **kwargs)

    upstream = replace(EventBridgeSchedulerBackend, "create_schedule", create_schedule)
