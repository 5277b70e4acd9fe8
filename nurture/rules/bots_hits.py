"""One request for what a mail links to, as the rules see it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

HIDDEN_LINK = 0
"""The link of a mail that no person can see; the visible ones count from 1."""
LEAVE = "unsubscribe"
"""The page to leave, as the `page` of a look."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One request for a link (its number in the mail), for the pixel, or for a `page` of ours, out of one delivery.

    `address_hash` stands for the network address; None: unknown. `prefetch` tells that the request said, in a header
    (`Purpose`, `Sec-Purpose`, `X-Moz`), that nobody has asked for the page yet. `in_crowd`: within a moment, the same
    address and agent looked through the mails of many leads (`rules.bots_crowds`).
    """

    id: int
    kind: Literal["click", "open", "look"]
    at: datetime
    link: int | None = None
    agent: str | None = None
    method: str = "GET"
    address_hash: str | None = None
    prefetch: bool = False
    page: str | None = None
    in_crowd: bool = False

    @property
    def target(self) -> int | str | None:
        """What was asked for: the link's number, or the page."""
        return self.link if self.kind == "click" else self.page

    @property
    def is_head(self) -> bool:
        """Whether it only asked what it would get."""
        return self.method.upper() == "HEAD"

    @property
    def is_visible_link(self) -> bool:
        """Whether it followed a link that people see."""
        return self.kind == "click" and self.link != HIDDEN_LINK


def target(hit: Hit) -> int | str | None:
    """`hit.target`."""
    return hit.target


def by_visitor(hits: Iterable[Hit]) -> list[list[Hit]]:
    """Hits of the same address and agent, in the order given; those of an unknown address are nobody's."""
    visitors: dict[tuple[str, str | None], list[Hit]] = defaultdict(list)
    for hit in hits:
        if hit.address_hash is not None:
            visitors[hit.address_hash, hit.agent].append(hit)
    return list(visitors.values())
