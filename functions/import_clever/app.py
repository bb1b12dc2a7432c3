"""Lambda handler: pulls a Clever district, one turn per call."""

from provider import PROVIDER

from roster.runtime import importer

handler = importer(PROVIDER)
