"""How an account's sign-on is set up: new settings lie beside the live ones, are tried, and go live by one call.

A provider that is not in use keeps its settings. What changes is changed on condition that nobody else changed it
meanwhile; what is live says since when, and every session from before is over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from roster.errors import AlreadyRunning, NotThere, NotUnderstood
from roster.model import JSON
from roster.ports import Functions, SignOnBook
from roster.sessions import digest
from roster.signon import NONE, Pending, SignOn, Trace

TRIAL_FOR = timedelta(minutes=10)
MOST_TRACES = 200


@dataclass(frozen=True)
class Switching:
    """`token`: 256 random bits; `new_id`: for a connection, random as well."""

    book: SignOnBook
    functions: Functions
    now: Callable[[], datetime]
    token: Callable[[], str]
    new_id: Callable[[], str]

    def of(self, account: str) -> SignOn:
        return self.book.settings(account)

    def save(
        self,
        account: str,
        provider: str,
        given: Mapping[str, JSON],
        secret: str | None = None,
        connecting: bool = False,
    ) -> SignOn:
        """Keeps a draft. Raises NotUnderstood for what cannot work; then nothing is kept.

        `secret`: of a registration that has one. It is never read back; without one the same registration keeps its
        own, and a blank one takes it away. `connecting`: the import is given the same application at this moment.
        """
        asked = {"step": "settings", "provider": provider, "given": dict(given), "of": "" if connecting else account}
        settings: dict[str, JSON] = self.functions.ask("sso-callback", asked)
        before = self.of(account)
        if secret:
            asked = {"step": "secret", "account": account, "secret": secret}
            settings["secret"] = self.functions.ask("sso-callback", asked)["name"]
        elif secret is None:
            known = before.drafts.get(provider) or before.live.get(provider) or {}
            if known.get("secret") and known.get("client_id") == settings.get("client_id"):
                settings["secret"] = known["secret"]
        ids = {**before.ids, provider: before.ids.get(provider) or self.new_id()}
        after = replace(before, drafts={**before.drafts, provider: settings}, ids=ids)
        return self._changed(before, after)

    def policy(self, account: str, trust_email: bool, just_in_time: bool) -> SignOn:
        before = self.of(account)
        return self._changed(before, replace(before, trust_email=trust_email, just_in_time=just_in_time))

    def choose(self, account: str, provider: str) -> SignOn:
        """Takes this provider's sign-ins from now on, by its draft where there is one, and no other's."""
        before = self.of(account)
        if provider == NONE:
            return self._changed(before, replace(before, provider=NONE, since=self._stamp()))
        settings = before.drafts.get(provider) or before.live.get(provider)
        if not settings:
            raise NotUnderstood("nothing was entered for this SSO Provider", "Save its settings first, and test them.")
        live = {**before.live, provider: settings}
        drafts = {name: one for name, one in before.drafts.items() if name != provider}
        return self._changed(before, replace(before, provider=provider, live=live, drafts=drafts, since=self._stamp()))

    def trial(self, account: str, provider: str) -> str:
        """The token of an address that tries the draft (or what is live) once, within ten minutes."""
        found = self.of(account)
        if not found.connection(provider, trial=True):
            raise NotThere("nothing was entered for this SSO Provider", "Save its settings first.")
        now, token = self.now(), self.token()
        expires = int((now + TRIAL_FOR).timestamp())
        mark = Pending(account, found.ids[provider], provider, "-", "-", "-", "/", now.isoformat(), expires, trial=True)
        self.book.begin(digest(f"trial {token}"), mark)
        return token

    def traces(self, account: str) -> Sequence[Trace]:
        """The newest sign-ins of the last 30 days, newest first."""
        return self.book.traces(account, int(self.now().timestamp()), MOST_TRACES)

    def _changed(self, before: SignOn, after: SignOn) -> SignOn:
        if not self.book.change(before, after):
            raise AlreadyRunning("somebody else has changed the sign-on settings", "Look at them again.")
        return self.of(after.account)

    def _stamp(self) -> str:
        return self.now().isoformat()
