"""Lambda handler: finds the districts that have added pickAtime in ClassLink, and moves them as support decides."""

import hook
from listing import fetch

from roster.runtime import onboarder

handler = onboarder("classlink", fetch, hook.read)
