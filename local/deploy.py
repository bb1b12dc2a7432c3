"""Makes of a template what CloudFormation would make of it: resources in order of dependency, then outputs.

Not moto's CloudFormation, which skips six of the types used here without a word and drops layers.
"""

from __future__ import annotations

from typing import Any

from local.intrinsics import NO_VALUE, Resolver, creation_order
from local.resources import Site, create


def deploy(site: Site) -> dict[str, str]:
    """Creates everything, and returns the resolved outputs."""
    resolver = Resolver(site.template)
    resources = site.template.resources
    wanted = {name for name, resource in resources.items() if _is_wanted(resource, resolver)}
    for logical_id in creation_order(site.template, wanted):
        resource = resources[logical_id]
        properties = resolver.resolve(resource.get("Properties", {}))
        made = create(site, logical_id, resource["Type"], properties)
        resolver.created(logical_id, made.ref, made.attributes)
    return _outputs(site.template.outputs, resolver, _api_url(resolver))


def _is_wanted(resource: dict[str, Any], resolver: Resolver) -> bool:
    return "Condition" not in resource or resolver.condition(resource["Condition"])


def _outputs(declared: dict[str, Any], resolver: Resolver, url: str) -> dict[str, str]:
    found = {
        name: resolver.resolve(output["Value"]) for name, output in declared.items() if _is_wanted(output, resolver)
    }
    public = "https://localapi.execute-api.us-east-1.amazonaws.com"
    return {name: str(v).replace(public, url) for name, v in found.items() if v is not NO_VALUE}


def _api_url(resolver: Resolver) -> str:
    return next((str(v) for (_, name), v in resolver.attributes.items() if name == "ApiEndpoint"), "")
