"""The DynamoDB adapter of `SignIns`: links, sessions and counts, each with the time after which DynamoDB forgets it.

DynamoDB takes its time to forget, so whoever reads looks at `expires` too. A secret is never stored, only its digest.
"""

from __future__ import annotations

from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.update import Action

from roster import keys
from roster.ports import Session, SignInLink
from roster.tables import SessionItem, SignInCountItem, SignInItem
from roster.trouble import TABLE, trouble, written


class DynamoSignIns:
    """Links and sessions (see roster.ports.SignIns)."""

    @trouble(TABLE)
    def keep_link(self, digest: str, link: SignInLink) -> None:
        SignInItem(*keys.sign_in(digest), **vars(link)).save()

    @trouble(TABLE)
    def link(self, digest: str) -> SignInLink | None:
        try:
            item = SignInItem.get(*keys.sign_in(digest), consistent_read=True)
        except DoesNotExist:
            return None
        return SignInLink(item.account, item.contact, item.to, item.made, int(item.expires))

    @trouble(TABLE)
    def use_link(self, digest: str) -> bool:
        return written(SignInItem(*keys.sign_in(digest)).delete, condition=SignInItem.pk.exists())

    @trouble(TABLE)
    def counted(self, whose: str, window: str, most: int, expires: int) -> bool:
        few = SignInCountItem.sent.does_not_exist() | (SignInCountItem.sent < most)
        one_more: list[Action] = [SignInCountItem.sent.add(1), SignInCountItem.expires.set(expires)]
        return written(SignInCountItem(*keys.sign_in_count(whose, window)).update, one_more, condition=few)

    @trouble(TABLE)
    def keep_session(self, digest: str, session: Session) -> None:
        SessionItem(
            *keys.session(digest), **{name: value for name, value in vars(session).items() if value != ""}
        ).save()

    @trouble(TABLE)
    def session(self, digest: str) -> Session | None:
        try:
            item = SessionItem.get(*keys.session(digest), consistent_read=True)
        except DoesNotExist:
            return None
        by = item.origin or "", item.kind or "", item.connection or "", item.who or ""
        return Session(item.account, item.contact, item.created, int(item.seen), int(item.expires), *by)

    @trouble(TABLE)
    def seen(self, digest: str, session: Session) -> None:
        later: list[Action] = [SessionItem.seen.set(session.seen), SessionItem.expires.set(session.expires)]
        # where it was ended meanwhile, it stays ended
        written(SessionItem(*keys.session(digest)).update, later, condition=SessionItem.pk.exists())

    @trouble(TABLE)
    def drop_session(self, digest: str) -> None:
        SessionItem(*keys.session(digest)).delete()
