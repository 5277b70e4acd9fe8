"""Who followed a link or loaded a pixel: a person, or a program that looks through mails?

Mail gateways follow the links of a mail to see where they lead, mail services load pictures before anybody looks, chat
programs make previews. Each leaves traces in its own request or in all the hits of the delivery taken together, so
these are judged as a whole, a settling time after the first. A verdict needs one reason; all that apply are given.

Every limit leans towards people, since a person taken for a program is a sale lost. Where it comes from is said in
docs/bots.md.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from nurture.rules.bots_agents import known_program, program_reason
from nurture.rules.bots_windows import beside, crowded

__all__ = ["Hit", "Judgement", "judge", "judge_event", "known_program"]

TOO_SOON = timedelta(seconds=5)
"""Nobody receives, reads and clicks a mail within this of its delivery."""
HASTE = timedelta(seconds=15)
"""Nobody follows two different links of a mail within this of its delivery."""
BURST = timedelta(seconds=2)
"""Nobody follows two different links within this."""
SWEEP = timedelta(minutes=1)
"""Nobody follows every link of a mail within this, where there are at least `SWEEP_LINKS`."""
SWEEP_LINKS = 3
SLOW_SWEEP = timedelta(minutes=10)
"""Nobody follows every link of a mail within this and opens the page to leave, or the hidden link, too."""
PIECE_OF_WORK = timedelta(minutes=10)
"""How far away from what gave it away the same visitor is still taken for the same program at work."""
PAUSE = timedelta(seconds=60)
"""The longest pause of a program that gave itself away for certain: by the hidden link, or by a HEAD."""
SHORT_PAUSE = timedelta(seconds=10)
"""The longest pause of one that gave itself away by its haste: a person may sit behind the same address."""
HIDDEN_LINK = 0
"""The link of a mail that no person can see; the visible ones count from 1."""
LEAVE = "unsubscribe"
"""The page to leave, as the `page` of a look."""
REACH = PIECE_OF_WORK + SLOW_SWEEP
"""Hits further apart than this say nothing of each other."""


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


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict, and in plain words why not human; no reasons for a human."""

    verdict: Literal["human", "automated"]
    reasons: tuple[str, ...] = ()


HUMAN = Judgement("human")


def judge(hits: Sequence[Hit], *, delivered_at: datetime | None, link_count: int) -> dict[int, Judgement]:
    """Judge all hits of one delivery together. The order of the hits does not matter.

    Args:
        hits: every click, open and look of the delivery so far. Of fewer, a hit is judged well if all that are within
            `REACH` of it are there.
        delivered_at: when the mail server took the mail; None while that is not known.
        link_count: how many different tracked links the mail shows, without the hidden one.

    Returns:
        A judgement for each hit's id.
    """
    reasons = {hit.id: list(_on_its_own(hit, delivered_at)) for hit in hits}
    ordered = sorted(hits, key=lambda hit: (hit.at, hit.id))
    followed = [hit for hit in ordered if hit.kind != "open"]
    hasty = {hit.id for hit in followed if delivered_at is not None and hit.at - delivered_at <= TOO_SOON}
    for reason, found in _in_haste(followed, delivered_at, link_count):
        for hit in found:
            reasons[hit.id].append(reason)
            hasty.add(hit.id)
    for hit in _sweeping([hit for hit in followed if hit.id not in hasty], link_count):
        reasons[hit.id].append("it followed every link of the mail, and one that people leave alone, within 10 minutes")
    for hit in _same_program(ordered, hasty):
        reasons[hit.id].append("the same program gave itself away beside it")
    return {id_: Judgement("automated", tuple(why)) if why else HUMAN for id_, why in reasons.items()}


def judge_event(agent: str | None) -> Judgement:
    """Judge an event of the site or the product by its agent; without one (None) it came from a server's own client.

    A browser that says it has no name ("") is a program.
    """
    if agent is None:
        return HUMAN
    reason = program_reason(agent)
    return HUMAN if reason is None else Judgement("automated", (reason,))


def _on_its_own(hit: Hit, delivered_at: datetime | None) -> Iterator[str]:
    """What gives a hit away without looking at the others."""
    if hit.method.upper() == "HEAD":
        yield "it only asked whether the page is there (HEAD)"
    if hit.prefetch:
        yield "the page was loaded ahead, before anybody asked for it (prefetch)"
    if hit.kind == "click" and hit.link == HIDDEN_LINK:
        yield "it followed the link that no person can see"
    if hit.in_crowd:
        yield "the same address looked through the mails of many leads within a moment"
    said = program_reason(hit.agent, opens_mail=hit.kind == "open")
    if said is not None:
        yield said
    if delivered_at is not None:
        if hit.at < delivered_at:
            yield "it came before the mail was delivered"
        elif hit.at - delivered_at <= TOO_SOON:
            yield f"it came within {TOO_SOON.seconds} seconds of delivery"


def _in_haste(
    followed: Sequence[Hit], delivered_at: datetime | None, link_count: int
) -> Iterator[tuple[str, Iterable[Hit]]]:
    """What was followed faster than people do, and how."""
    yield f"it followed different links within {BURST.seconds} seconds", crowded(followed, BURST, _target, 2)
    if delivered_at is not None:
        early = [hit for hit in followed if abs(hit.at - delivered_at) <= HASTE]
        found = [hit for mine in _by_visitor(early) for hit in crowded(mine, 2 * HASTE, _target, 2)]
        yield f"it followed different links within {HASTE.seconds} seconds of delivery", found
    if link_count >= SWEEP_LINKS:
        visible = [hit for hit in followed if hit.kind == "click" and hit.link != HIDDEN_LINK]
        swept = crowded(visible, SWEEP, _target, link_count)
        yield f"it followed every link of the mail within {SWEEP.seconds} seconds", swept


def _sweeping(followed: Sequence[Hit], link_count: int) -> Iterator[Hit]:
    """What one visitor followed on its way through every visible link and another that people leave alone.

    What was followed in haste is left out: behind the same address, somebody may read what a scanner has looked at.
    """
    if link_count < SWEEP_LINKS:
        return
    for mine in _by_visitor(hit for hit in followed if hit.kind == "click" or hit.page == LEAVE):
        if any(hit.target in (HIDDEN_LINK, LEAVE) for hit in mine):
            yield from crowded(mine, SLOW_SWEEP, _target, link_count + 1)


def _same_program(ordered: Sequence[Hit], hasty: set[int]) -> Iterable[Hit]:
    """Hits that are part of a piece of work in which the same visitor gave itself away."""

    def certain(hit: Hit) -> bool:
        return hit.method.upper() == "HEAD" or (hit.kind == "click" and hit.link == HIDDEN_LINK)

    def likely(hit: Hit) -> bool:
        return hit.id in hasty or hit.in_crowd or certain(hit)

    found: dict[int, Hit] = {}
    for mine in _by_visitor(ordered):
        for tells, pause in ((certain, PAUSE), (likely, SHORT_PAUSE)):
            found.update((hit.id, hit) for hit in beside(mine, tells, pause, PIECE_OF_WORK) if not likely(hit))
    return found.values()


def _by_visitor(hits: Iterable[Hit]) -> list[list[Hit]]:
    """Hits of the same address and agent, in the order given; those of an unknown address are nobody's."""
    visitors: dict[tuple[str, str | None], list[Hit]] = defaultdict(list)
    for hit in hits:
        if hit.address_hash is not None:
            visitors[hit.address_hash, hit.agent].append(hit)
    return list(visitors.values())


def _target(hit: Hit) -> int | str | None:
    return hit.target
