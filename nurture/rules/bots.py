"""Who followed a link or loaded a pixel: a person, or a program that looks through mails?

Mail gateways follow the links of a mail to see where they lead, mail services load pictures before anybody looks, chat
programs make previews. Each leaves traces in its own request or in all the hits of the delivery taken together, so
these are judged as a whole, a settling time after the first. A verdict needs one reason; all that apply are given.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal

TOO_SOON = timedelta(seconds=5)
"""Nobody receives, reads and clicks a mail within this of its delivery."""
BURST = timedelta(seconds=2)
"""Nobody follows two different links within this."""
SWEEP = timedelta(minutes=1)
"""Nobody follows every link of a mail within this, where there are at least `SWEEP_LINKS`."""
SWEEP_LINKS = 3
SAME_VISITOR = timedelta(minutes=1)
"""Who followed the hidden link is known again so long before and after, by address and agent together."""
HIDDEN_LINK = 0
"""The link of a mail that no person can see; the visible ones count from 1."""

_PROXIES = {
    "GoogleImageProxy": "Gmail's image proxy loads pictures",
    "YahooMailProxy": "Yahoo's image proxy loads pictures",
}
_BARE = "Mozilla/5.0"
_GATEWAYS = re.compile(
    "barracuda|ciscosecureemail|cloudmark|fireeye|fortimail|hornetsecurity|ironport|messagelabs|mimecast|proofpoint"
    "|symantec|tmes|trend ?micro|vade ?secure",
    re.IGNORECASE,
)
"""Mail gateways that say who they are and that the list of crawlers does not know."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One request for a link (its number in the mail) or for the pixel (`link` None) of one delivery.

    `address_hash` stands for the network address; None: unknown. `prefetch` tells that the request said, in a header
    (`Purpose`, `Sec-Purpose`, `X-Moz`), that nobody has asked for the page yet.
    """

    id: int
    kind: Literal["click", "open"]
    at: datetime
    link: int | None = None
    agent: str | None = None
    method: str = "GET"
    address_hash: str | None = None
    prefetch: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict, and in plain words why not human; no reasons for a human."""

    verdict: Literal["human", "automated"]
    reasons: tuple[str, ...] = ()


def judge(
    hits: Sequence[Hit],
    *,
    delivered_at: datetime | None,
    link_count: int,
    scanner_addresses: Collection[str] = frozenset(),
) -> dict[int, Judgement]:
    """Judge all hits of one delivery together. The order of the hits does not matter.

    Args:
        hits: every click and open of the delivery so far.
        delivered_at: when the mail server took the mail; None while that is not known.
        link_count: how many different tracked links the mail shows, without the hidden one.
        scanner_addresses: hashes of addresses that are known to be programs', such as one that followed the links of
            many leads' mails at once.

    Returns:
        A judgement for each hit's id.
    """
    reasons = {hit.id: list(_on_its_own(hit, delivered_at, scanner_addresses)) for hit in hits}
    clicks = sorted((hit for hit in hits if hit.kind == "click"), key=lambda hit: (hit.at, hit.id))
    _add(reasons, _in_a_burst(clicks), f"it followed different links within {BURST.seconds} seconds")
    _add(reasons, _in_a_sweep(clicks, link_count), f"it followed every link of the mail within {SWEEP.seconds} seconds")
    _add(reasons, _beside_the_hidden_link(clicks), "the same program followed the link that no person can see")
    return {id_: Judgement("automated" if why else "human", tuple(why)) for id_, why in reasons.items()}


def known_program(agent: str | None) -> str | None:
    """The name by which a program is known in this user agent; None for a browser, or for nobody we know."""
    return _known_program(agent.strip()) if agent else None


def _on_its_own(hit: Hit, delivered_at: datetime | None, scanner_addresses: Collection[str]) -> Iterator[str]:
    """What gives a hit away without looking at the others."""
    if hit.method.upper() == "HEAD":
        yield "it only asked whether the page is there (HEAD)"
    if hit.prefetch:
        yield "the page was loaded ahead, before anybody asked for it (prefetch)"
    if hit.kind == "click" and hit.link == HIDDEN_LINK:
        yield "it followed the link that no person can see"
    if hit.address_hash is not None and hit.address_hash in scanner_addresses:
        yield "its address is known to be a program's"
    yield from _by_agent(hit)
    if delivered_at is not None:
        if hit.at < delivered_at:
            yield "it came before the mail was delivered"
        elif hit.at - delivered_at <= TOO_SOON:
            yield f"it came within {TOO_SOON.seconds} seconds of delivery"


def _by_agent(hit: Hit) -> Iterator[str]:
    agent = (hit.agent or "").strip()
    if not agent:
        yield "it did not say which browser it is"
    elif agent == _BARE:
        yield "a bare Mozilla/5.0 is no browser" if hit.kind == "click" else "a mail service loads pictures ahead"
    else:
        program = _known_program(agent)
        if program is not None:
            yield _PROXIES.get(program, f"a known program: {program}")


def _add(reasons: dict[int, list[str]], hits: Iterable[Hit], reason: str) -> None:
    for hit in hits:
        reasons[hit.id].append(reason)


def _in_a_burst(clicks: Sequence[Hit]) -> Iterator[Hit]:
    """Clicks within `BURST` of one on a different link. Of the clicks before each, only the latest such one matters."""
    near: set[int] = set()
    for one_way in (clicks, clicks[::-1]):
        last = other = None
        for hit in one_way:
            if last is not None and last.link != hit.link:
                other = last
            if other is not None and other.link != hit.link and abs(hit.at - other.at) <= BURST:
                near.add(hit.id)
            last = hit
    return (hit for hit in clicks if hit.id in near)


def _in_a_sweep(clicks: Sequence[Hit], link_count: int) -> Iterator[Hit]:
    """Clicks among those on every visible link of the mail within `SWEEP`."""
    visible = [hit for hit in clicks if hit.link != HIDDEN_LINK]
    if link_count < SWEEP_LINKS:
        return
    links: Counter[int | None] = Counter()
    end = told = 0
    for start, first in enumerate(visible):
        while end < len(visible) and visible[end].at - first.at <= SWEEP:
            links[visible[end].link] += 1
            end += 1
        if len(links) >= link_count:
            yield from visible[max(start, told) : end]
            told = end
        links[first.link] -= 1
        if not links[first.link]:
            del links[first.link]


def _beside_the_hidden_link(clicks: Sequence[Hit]) -> Iterator[Hit]:
    """Clicks on visible links by who followed the hidden one within `SAME_VISITOR`."""
    trapped: dict[tuple[str | None, str | None], list[datetime]] = {}
    for hit in clicks:
        if hit.link == HIDDEN_LINK and hit.address_hash is not None:
            trapped.setdefault((hit.address_hash, hit.agent), []).append(hit.at)
    for hit in clicks:
        times = trapped.get((hit.address_hash, hit.agent), ())
        near = bisect_left(times, hit.at - SAME_VISITOR)
        if hit.link != HIDDEN_LINK and near < len(times) and times[near] <= hit.at + SAME_VISITOR:
            yield hit


@lru_cache(maxsize=4096)
def _known_program(agent: str) -> str | None:
    for search in (_GATEWAYS.search, _crawlers()):
        found = search(agent)
        if found:
            return found.group()
    return None


@lru_cache(maxsize=1)
def _crawlers() -> Callable[[str], re.Match[str] | None]:
    """The whole list of the crawler-user-agents project as one expression; made when first needed, it takes a while."""
    from crawleruseragents import CRAWLER_USER_AGENTS_DATA  # type: ignore[import-untyped]

    return re.compile("|".join(f"(?:{known['pattern']})" for known in CRAWLER_USER_AGENTS_DATA)).search
