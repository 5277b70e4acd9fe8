"""What Segment's clients for browsers and phones ask for before they send anything: what to do, and where to send it.

The shape is that of Segment's CDN, as `CDNSettings` in `@segment/analytics-next` has it. There is one destination, us,
and no code to load from anywhere, so a client that gets its settings here speaks to nobody else.
"""

from typing import Any
from urllib.parse import urlsplit

_EVERYTHING = {"__default": {"enabled": True, "integrations": {}}}


def client_settings(write_key: str, base_url: str) -> dict[str, Any]:
    """The settings of a client that has this write key, where we are reached at `base_url`."""
    address = urlsplit(base_url)
    ours = {
        "apiKey": write_key,
        "apiHost": f"{address.netloc}{address.path.rstrip('/')}/v1",
        "protocol": address.scheme,
        "unbundledIntegrations": [],
        "addBundledMetadata": False,
        "maybeBundledConfigIds": {},
        "versionSettings": {"version": "4.4.7", "componentTypes": ["browser"]},
    }
    return {
        "integrations": {"Segment.io": ours},
        "plan": {"track": _EVERYTHING, "identify": _EVERYTHING, "group": _EVERYTHING},
        "edgeFunction": {},
        "analyticsNextEnabled": True,
        "middlewareSettings": {"routingRules": []},
        "enabledMiddleware": {},
        "metrics": {"sampleRate": 0},  # the client's own, which would go to Segment
        "legacyVideoPluginsEnabled": False,
        "remotePlugins": [],
    }
