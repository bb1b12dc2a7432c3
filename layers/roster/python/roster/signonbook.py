"""The DynamoDB adapter of `SignOnBook`: settings, sign-ins under way, identities, and what became of sign-ins.

DynamoDB takes its time to forget what has expired, so whoever reads looks at `expires` too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pynamodb.exceptions import DoesNotExist, TransactWriteError
from pynamodb.transactions import TransactWrite

from roster import keys
from roster.model import JSON
from roster.ports import ContactId
from roster.signon import NONE, Identity, Pending, Proof, SignOn, Trace, Whose, named
from roster.signontables import (
    AssertionItem,
    ConnectionItem,
    IdentifiedItem,
    IdentityItem,
    PendingItem,
    ProofItem,
    SignOnItem,
    TraceItem,
)
from roster.trouble import TABLE, condition_failed, trouble, written

SETTINGS = ("provider", "live", "drafts", "ids", "trust_email", "just_in_time", "since", "version")


class DynamoSignOnBook:
    """See roster.ports.SignOnBook."""

    @trouble(TABLE)
    def settings(self, account: str) -> SignOn:
        try:
            item = SignOnItem.get(*keys.sign_on(account), consistent_read=True)
        except DoesNotExist:
            return SignOn(account)
        told = {name: getattr(item, name) for name in SETTINGS}
        return SignOn(account, **{**told, "since": told["since"] or "", "version": int(told["version"])})

    @trouble(TABLE)
    def change(self, before: SignOn, after: SignOn) -> bool:
        told: dict[str, JSON] = {name: getattr(after, name) for name in SETTINGS}
        told |= {name: {key: dict(one) for key, one in told[name].items()} for name in ("live", "drafts")}
        told |= {"ids": dict(after.ids), "version": before.version + 1, "since": after.since or None}
        for provider, id in after.ids.items():
            if id != before.ids.get(provider):
                ConnectionItem(*keys.connection(id), account=after.account, provider=provider).save()
        if after.provider not in (NONE, before.provider):
            listed = keys.signed_on(after.provider, after.account)
            ConnectionItem(*listed, account=after.account, provider=after.provider).save()
        same = SignOnItem.version == before.version if before.version else SignOnItem.pk.does_not_exist()
        return written(SignOnItem(*keys.sign_on(after.account), **told).save, condition=same)

    @trouble(TABLE)
    def accounts(self, provider: str) -> Sequence[str]:
        return [keys.id_of(item.sk) for item in ConnectionItem.query(keys.signed_by(provider))]

    def renew(self, before: SignOn, provider: str, settings: Mapping[str, JSON]) -> bool:
        return self.change(before, replace(before, live={**before.live, provider: settings}))

    @trouble(TABLE)
    def connection(self, id: str) -> tuple[str, str] | None:
        try:
            item = ConnectionItem.get(*keys.connection(id), consistent_read=True)
        except DoesNotExist:
            return None
        return item.account, item.provider

    @trouble(TABLE)
    def begin(self, digest: str, pending: Pending) -> None:
        told = {name: value for name, value in vars(pending).items() if value != ""}
        PendingItem(*keys.pending(digest), **told).save()

    @trouble(TABLE)
    def pending(self, digest: str) -> Pending | None:
        try:
            item = PendingItem.get(*keys.pending(digest), consistent_read=True)
        except DoesNotExist:
            return None
        told: dict[str, Any] = {name: getattr(item, name) or "" for name in Pending.__dataclass_fields__}
        return Pending(**{**told, "expires": int(item.expires), "trial": bool(item.trial)})

    @trouble(TABLE)
    def take(self, digest: str) -> bool:
        return written(PendingItem(*keys.pending(digest)).delete, condition=PendingItem.pk.exists())

    @trouble(TABLE)
    def once(self, digest: str, until: int, now: int) -> bool:
        item = AssertionItem(*keys.assertion(digest), expires=until)
        return written(item.save, condition=AssertionItem.pk.does_not_exist() | (AssertionItem.expires <= now))

    @trouble(TABLE)
    def keep_proof(self, digest: str, proof: Proof) -> None:
        ProofItem(*keys.proof(digest), **vars(proof)).save()

    @trouble(TABLE)
    def proof(self, digest: str) -> Proof | None:
        try:
            item = ProofItem.get(*keys.proof(digest), consistent_read=True)
        except DoesNotExist:
            return None
        told: dict[str, Any] = {name: getattr(item, name) for name in Proof.__dataclass_fields__}
        return Proof(**{**told, "expires": int(item.expires)})

    @trouble(TABLE)
    def take_proof(self, digest: str) -> bool:
        return written(ProofItem(*keys.proof(digest)).delete, condition=ProofItem.pk.exists())

    @trouble(TABLE)
    def identity(self, who: Whose) -> Identity | None:
        try:
            item = IdentityItem.get(*_place(who), consistent_read=True)
        except DoesNotExist:
            return None
        told = {name: getattr(item, name) or "" for name in Identity.__dataclass_fields__}
        return Identity(**told)

    @trouble(TABLE)
    def bind(self, who: Whose, before: Identity | None, after: Identity) -> bool:
        place = _place(who)
        told = {name: value for name, value in vars(after).items() if value}
        ours = IdentifiedItem.who == place.sk
        same = (
            IdentityItem.pk.does_not_exist()
            if before is None
            else (IdentityItem.origin == before.origin) & (IdentityItem.kind == before.kind)
            & (IdentityItem.id == before.id)
        )  # fmt: skip
        contact = keys.identified(who.account, *after.key, who.provider)
        try:
            with TransactWrite(connection=IdentityItem._get_connection().connection) as write:
                write.save(IdentityItem(*place, **told), condition=same)
                write.save(
                    IdentifiedItem(*contact, who=place.sk, issuer=who.issuer),
                    condition=IdentifiedItem.pk.does_not_exist() | ours,
                )
                if before and before.key != after.key:
                    gone = keys.identified(who.account, *before.key, who.provider)
                    write.delete(IdentifiedItem(*gone), condition=IdentifiedItem.pk.does_not_exist() | ours)
        except TransactWriteError as error:
            if condition_failed(error):
                return False
            raise
        return True

    @trouble(TABLE)
    def holder(self, account: str, contact: ContactId, provider: str) -> tuple[str, str]:
        try:
            item = IdentifiedItem.get(*keys.identified(account, *contact, provider), consistent_read=True)
        except DoesNotExist:
            return "", ""
        return keys.id_of(item.who), item.issuer or ""

    @trouble(TABLE)
    def unbind(self, account: str, contact: ContactId, provider: str, unless: str = "") -> bool:
        place = keys.identified(account, *contact, provider)
        try:
            item = IdentifiedItem.get(*place, consistent_read=True)
            if unless and item.issuer == unless:
                return False
            with TransactWrite(connection=IdentityItem._get_connection().connection) as write:
                write.delete(IdentifiedItem(*place), condition=IdentifiedItem.who == item.who)
                write.delete(IdentityItem(place.pk, item.who))
        except DoesNotExist:
            return False
        except TransactWriteError as error:
            if condition_failed(error):
                return False
            raise
        return True

    @trouble(TABLE)
    def trace(self, trace: Trace, expires: int) -> None:
        told = {name: value for name, value in vars(trace).items() if value != "" and name != "account"}
        TraceItem(*keys.trace(trace.account, trace.at, trace.id), expires=expires, **told).save()

    @trouble(TABLE)
    def traces(self, account: str, now: int, most: int) -> Sequence[Trace]:
        found = TraceItem.query(keys.traces(account), scan_index_forward=False, limit=most)
        return [_trace(account, item) for item in found if item.expires > now]


def _place(who: Whose) -> keys.Key:
    return keys.identity(who.account, named(who))


def _trace(account: str, item: TraceItem) -> Trace:
    told = {name: getattr(item, name) or "" for name in ("at", "id", "provider", "outcome", "detail")}
    return Trace(account, **told, trial=bool(item.trial))
