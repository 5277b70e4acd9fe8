"""Whether a form was sent from a page of ours, as far as the browser says.

A signed link is the only key to its page, so who can forge a request to it holds the key already. This is the second
lock: a page elsewhere that got hold of a link cannot have a visitor's browser press its buttons.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

_OURS = frozenset({"same-origin", "none"})


def is_from_elsewhere(headers: Mapping[str, str], base_url: str) -> bool:
    """Whether the browser says that another site sent this.

    Browsers tell in `Sec-Fetch-Site` (W3C Fetch Metadata); older ones in `Origin`, where our pages' policy of naming no
    referrer makes them say `null`. Programs say nothing.
    """
    site = headers.get("sec-fetch-site", "").strip().lower()
    if site:
        return site not in _OURS
    origin = headers.get("origin", "null").strip().lower()
    if origin == "null":
        return False
    return urlsplit(origin).netloc not in {headers.get("host", "").lower(), urlsplit(base_url).netloc.lower()}
