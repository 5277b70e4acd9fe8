"""By which campaign a visitor came: the `utm_` parameters of a page's URL, among the page view's properties. Pure.

Some browsers' clients tell them apart in `context.campaign`, which is kept nowhere; ours leaves them in the URL. Both
become properties by the names that marketers know: `event.utm_source`.
"""

from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

_NAMES = ("source", "medium", "campaign", "term", "content", "id")
_LONGEST = 255
_MOST_PARAMETERS = 100

Json = Mapping[str, object]


def with_campaign(properties: Json, context: Json, url: str | None) -> dict[str, object]:
    """A page view's properties with the campaign's beside them; what the client calls so itself stays."""
    return {**(_of_context(context.get("campaign")) or _of_url(url)), **properties}


def _of_context(campaign: object) -> dict[str, object]:
    """Segment's `context.campaign` calls the campaign itself `name`."""
    if not isinstance(campaign, dict):
        return {}
    said = {**campaign, "campaign": campaign.get("name") or campaign.get("campaign")}
    values = {name: said.get(name) for name in _NAMES}
    return {f"utm_{name}": value[:_LONGEST] for name, value in values.items() if isinstance(value, str) and value}


def _of_url(url: str | None) -> dict[str, object]:
    if url is None or "utm_" not in url:
        return {}
    try:
        query = parse_qs(urlsplit(url).query, max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        return {}
    return {f"utm_{name}": query[f"utm_{name}"][0][:_LONGEST] for name in _NAMES if f"utm_{name}" in query}
