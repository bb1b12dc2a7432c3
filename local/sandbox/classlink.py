"""ClassLink's OneRoster proxy on 127.0.0.1: the partner's list of districts, and each district's data behind it.

python -m local.sandbox.classlink --port 9003 [--students N] [--tenants N] [--fault NAME] [--conduct NAME[=VALUE]]
"""

from __future__ import annotations

import argparse
import sys
import threading
from typing import Any

from ..arguments import port, whole
from .classlink_tenants import ClassLinkApi, Permissions, Shared, Tenant, first_bearer
from .faults import Fault, Faults, Reply
from .oneroster import ONEROSTER_FAULTS, habit, together
from .oneroster_api import json_reply
from .oneroster_auth import CORE, OAuth1, unauthorised
from .oneroster_conduct import CONDUCTS, Conduct
from .oneroster_data import OneRosterDistrict
from .oneroster_query import DEFAULT_LIMIT, Refused, pairs
from .oneroster_rows import BASES, V11
from .serving import Request, Sandbox

MOST = 10_000
PARTNER_KEY = "partner-key-0001"
_DATA, _PROXY, _DIRECT = BASES[V11], "/proxy/v1p0/", "/direct/"


class ClassLinkSandbox(Sandbox):
    """Tenants may be added, enabled, disabled and restricted while it runs; faults strike data, not /applications."""

    def __init__(
        self,
        *districts: OneRosterDistrict,
        partner_key: str = PARTNER_KEY,
        port: int = 0,
        faults: Faults | None = None,
        conduct: Conduct | None = None,
    ) -> None:
        self.partner_key, self.tenants = partner_key, list[Tenant]()
        # "" and [] for what is not known, and a ceiling for pages: so ClassLink is before any other habit.
        self._conduct = _classlinks(conduct)
        self._asked = 0
        super().__init__(port, faults)
        for district in districts:
            self.add_tenant(district=district)

    # -- the districts that added the app

    def add_tenant(
        self,
        name: str = "",
        district: OneRosterDistrict | None = None,
        *,
        students: int = 50,
        enabled: bool = True,
        permissions: Permissions | None = None,
    ) -> Tenant:
        """A district adds the app; really it stays disabled until someone there switches it on."""
        number = len(self.tenants) + 1
        district = district or OneRosterDistrict.generated(students, seed=number)
        shared = Shared(district, permissions or Permissions())
        host = f"https://district{number}-v2.rosterserver.example"  # not here: the bearer is not for that host
        api = ClassLinkApi(
            district,
            lambda request: self.faults.due("page", request.target),
            lambda version: host + BASES[version],
            conduct=self._conduct,
            view=shared,
            most_clauses=20,
        )
        signed = OAuth1(f"key-{number}", f"secret+{number}&")
        tenant = Tenant(
            name or f"District {number}", number, district, shared, api, signed, first_bearer(number), enabled
        )
        self.tenants.append(tenant)
        return tenant

    def set_enabled(self, tenant: Tenant, enabled: bool) -> None:
        tenant.enabled = enabled

    def remove_tenant(self, tenant: Tenant) -> None:
        """Off the list, as when a district deletes the app; its number is not given again."""
        tenant.tenant_status = "Removed"

    @property
    def tenant(self) -> Tenant:
        """The first one, for tests that need no other."""
        return self.tenants[0]

    def base_url(self, tenant: Tenant | None = None) -> str:
        """Where the tenant's data is, with the id in it as /applications writes it."""
        return f"{self.url}/{(tenant or self.tenant).oneroster_application_id}{_DATA}"

    def proxy_url(self, tenant: Tenant | None = None) -> str:
        """The other address of the same, which two consumers in the wild use."""
        return f"{self.url}{_PROXY}{(tenant or self.tenant).oneroster_application_id}{_DATA}"

    @property
    def conduct(self) -> Conduct:
        return self._conduct

    @conduct.setter
    def conduct(self, conduct: Conduct) -> None:
        self._conduct = _classlinks(conduct)
        for tenant in self.tenants:
            tenant.api.conduct = self._conduct

    # -- answering

    def is_data(self, request: Request) -> bool:
        return not request.path.startswith(("/oauth", "/applications"))

    def answer(self, request: Request) -> Reply:
        if request.path == "/applications":
            return self._applications(request)
        if request.path.startswith("/applications/"):
            return self._server(request)
        if (found := self._found(request.path)) is None:
            # Said of an id that was escaped once more, too: nothing tells that from an id that never was.
            return json_reply(404, {"status": 0, "message": "Application not found"})
        tenant, tail, signed = found
        try:
            self._admit(request, tenant, signed)
        except Refused as refused:
            return tenant.api.refusal(V11, refused)
        self._asked += 1
        reply = tenant.api.answer(request, V11, tail)
        reply.headers["x-perm-rev"] = str(self._perm_rev(tenant))
        return reply

    def _found(self, path: str) -> tuple[Tenant, str, bool] | None:
        """The tenant that a path names, what follows the version, and whether it is the direct server."""
        for tenant in self._listed():
            mine = tenant.oneroster_application_id
            starts = {f"/{mine}": False, f"{_PROXY}{mine}": False, f"{_PROXY}{tenant.application_id}": False}
            starts[f"{_DIRECT}{tenant.number}"] = True
            for start, signed in starts.items():
                if path.startswith(f"{start}{_DATA}/"):
                    return tenant, path.removeprefix(start + _DATA), signed
        return None

    def _admit(self, request: Request, tenant: Tenant, signed: bool) -> None:
        if not tenant.enabled or tenant.tenant_status != "Active":
            raise unauthorised("The application is not enabled")
        if signed:
            tenant.signed.check(request, V11, CORE)
        elif not tenant.bearer or request.headers.get("authorization") != f"Bearer {tenant.bearer}":
            raise unauthorised("The bearer token is not valid")
        if "/demographics" in request.path and not tenant.permissions.demographics:
            raise Refused(403, "forbidden", "Demographics are not shared with this application")

    def _perm_rev(self, tenant: Tenant) -> int:
        return tenant.shared.revision + (self._asked // 3 if self._conduct.perm_rev_moves else 0)

    # -- the partner's list

    def _listed(self) -> list[Tenant]:
        return [t for t in self.tenants if t.tenant_status != "Removed"]

    def _is_partner(self, request: Request) -> bool:
        return request.headers.get("authorization") == f"Bearer {self.partner_key}"

    def _applications(self, request: Request) -> Reply:
        """The list has no counts: only a page without rows says that it was the last."""
        if not self._is_partner(request):
            return json_reply(401, {"status": 0, "message": "Unauthorized"})
        given = {name: value for name, value, _ in pairs(request.target.partition("?")[2])}
        limit, offset = (given.get(n, str(d)) for n, d in (("limit", DEFAULT_LIMIT), ("offset", 0)))
        if not limit.isdecimal() or not offset.isdecimal() or not 0 < int(limit) <= MOST:
            return json_reply(400, {"status": 0, "message": "Bad limit or offset"})
        rows: Any = [t.listed() for t in self._listed() for _ in range(2 if self._conduct.duplicate_tenant else 1)]
        rows = rows[int(offset) : int(offset) + int(limit)]
        if self._conduct.of("single_as_object", "applications") and len(rows) == 1:
            rows = rows[0]
        return json_reply(200, {"status": 1, "applications": rows})

    def _server(self, request: Request) -> Reply:
        """Where the district's own server is, for those that sign: /applications/{id}/server."""
        if not self._is_partner(request):
            return json_reply(401, {"status": 0, "message": "Unauthorized"})
        for t in self._listed():
            if request.path == f"/applications/{t.oneroster_application_id}/server":
                at = {"client_id": t.signed.key, "client_secret": t.signed.secret}
                server = {**at, "endpoint_url": f"{self.url}{_DIRECT}{t.number}"}
                return json_reply(200, {"status": 1, "server": server, "message": ""})
        return json_reply(404, {"status": 0, "message": "Application not found"})

    # -- faults

    def rate_headers(self, fault: Fault) -> dict[str, str]:
        return {"retry-after": str(max(1, round(fault.seconds)))}

    def change_world(self, fault: Fault) -> None:
        for tenant in self.tenants:
            if fault.name == "rows_inserted":
                tenant.district.join()
            elif fault.name == "token_revoked":
                tenant.rotate_bearer()
            elif fault.name == "token_withdrawn":
                tenant.enabled = False


def _classlinks(conduct: Conduct | None) -> Conduct:
    return Conduct(null_style="empty", refuse_over_limit=MOST) | (conduct or Conduct())


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m local.sandbox.classlink",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=port, default=0, help="default: any free one")
    parser.add_argument("--students", type=whole(1, 1_000_000), default=300, help="how many each district has")
    parser.add_argument("--tenants", type=whole(1, 1_000), default=1)
    parser.add_argument("--fault", action="append", default=[], choices=ONEROSTER_FAULTS, metavar="NAME")
    parser.add_argument(
        "--conduct", action="append", default=[], type=habit, metavar="NAME[=VALUE]", help=", ".join(CONDUCTS)
    )
    args = parser.parse_args(argv)
    habits = together(args.conduct)
    districts = [OneRosterDistrict.generated(args.students, seed) for seed in range(1, args.tenants + 1)]
    with ClassLinkSandbox.start(*districts, port=args.port, faults=Faults(*args.fault), conduct=habits) as server:
        ids = ",".join(t.oneroster_application_id for t in server.tenants)
        bearer = server.tenant.bearer  # the first one's: each has its own, and /applications tells the partner all
        print(f"url={server.url} partner_key={server.partner_key} tenants={ids} bearer={bearer}", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
