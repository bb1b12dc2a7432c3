"""Lambda handler: pulls a Veracross school, one turn per call."""

from provider import PROVIDER

from roster.runtime import importer

handler = importer(PROVIDER)
