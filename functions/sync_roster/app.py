"""Lambda handler: the steps of a run that read or change the roster, as infra/sync.asl.json calls them."""

from roster.runtime import syncer

handler = syncer()
