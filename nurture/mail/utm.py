"""Campaign parameters (`utm_…`) on the links of a mail, by which any site's statistics tell where a visitor came from.

What the author wrote stays as it is: a parameter that the link has is not touched, and what is added stands at the end
of its query, before the fragment.
"""

from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import quote, unquote_plus

SOURCE, MEDIUM = "nurture", "email"


def with_utm(url: str, campaign: str, step: str) -> str:
    """Give an http(s) URL with what it lacks of `utm_source`, `_medium`, `_campaign` and `_content` (the step)."""
    before, hash_, fragment = url.partition("#")
    path, mark, query = before.partition("?")
    known = {unquote_plus(part.partition("=")[0]).lower() for part in query.replace(";", "&").split("&")}
    added = "&".join(
        f"utm_{name}={quote(value, safe='')}"
        for name, value in (("source", SOURCE), ("medium", MEDIUM), ("campaign", campaign), ("content", step))
        if f"utm_{name}" not in known
    )
    joint = "&" if added and query and not query.endswith("&") else ""
    return f"{path}{mark or '?' if added else mark}{query}{joint}{added}{hash_}{fragment}"


@lru_cache(maxsize=1024)
def all_with_utm(urls: Sequence[str | None], campaign: str, step: str) -> tuple[str | None, ...]:
    """Give a template's links with the parameters, once for all mails of a step; the hidden one, number 0, as it is."""
    return tuple(with_utm(url, campaign, step) if url and number else url for number, url in enumerate(urls))
