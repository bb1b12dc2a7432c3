"""Lambda handler: pulls a ClassLink district or another OneRoster server, one turn per call."""

from provider import PROVIDER

from roster.runtime import importer

handler = importer(PROVIDER)
