"""Who followed a link or loaded a pixel: a person, or a program that looks through mails?

Mail gateways follow the links of a mail to see where they lead, mail services load pictures before anybody looks, chat
programs make previews. Each leaves traces in its own request or in all the hits of the delivery taken together, so
these are judged as a whole, a settling time after the first. A verdict needs one reason; all that apply are given.

Every limit leans towards people, since a person taken for a program is a sale lost. Where it comes from is said in
docs/bots.md.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Literal

from nurture.rules.bots_agents import known_program, program_reason
from nurture.rules.bots_hits import HIDDEN_LINK, LEAVE, Hit
from nurture.rules.bots_together import (
    BURST,
    HASTE,
    REACH,
    SWEEP,
    TOO_SOON,
    in_a_burst,
    in_haste,
    is_too_soon,
    same_program,
    sweeping,
    swept,
)

__all__ = ["HIDDEN_LINK", "LEAVE", "REACH", "Hit", "Judgement", "judge", "judge_event", "known_program"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict, and in plain words why not human; no reasons for a human."""

    verdict: Literal["human", "automated"]
    reasons: tuple[str, ...] = ()


HUMAN = Judgement("human")
ECHOED = Judgement("automated", ("it was told by a page that a program had just opened from a mail",))
"""What a scanner's own browser tells of the page behind a link, where it runs the scripts on it."""


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
    fast = {hit.id for hit in followed if is_too_soon(hit, delivered_at)}
    fast |= _add(reasons, in_a_burst(followed), f"it followed different links within {BURST.seconds} seconds")
    early = f"it followed different links within {HASTE.seconds} seconds of delivery"
    fast |= _add(reasons, in_haste(followed, delivered_at), early)
    suspects = {id_ for id_, why in reasons.items() if why}
    all_links = f"it followed every link of the mail within {SWEEP.seconds} seconds"
    fast |= _add(reasons, swept(followed, suspects, link_count), all_links)
    unhurried = [hit for hit in followed if hit.id not in fast]
    all_and_more = "it followed every link of the mail, and one that people leave alone, within 10 minutes"
    _add(reasons, sweeping(unhurried, link_count), all_and_more)
    _add(reasons, same_program(ordered, fast), "the same program gave itself away beside it")
    return {id_: Judgement("automated", tuple(why)) if why else HUMAN for id_, why in reasons.items()}


@lru_cache(maxsize=16_384)
def judge_event(agent: str | None) -> Judgement:
    """Judge an event of the site or the product by its agent; without one (None) it came from a server's own client.

    A browser that says it has no name ("") is a program.
    """
    if agent is None:
        return HUMAN
    reason = program_reason(agent, "page")
    return HUMAN if reason is None else Judgement("automated", (reason,))


def _on_its_own(hit: Hit, delivered_at: datetime | None) -> Iterator[str]:
    """What gives a hit away without looking at the others."""
    if hit.is_head:
        yield "it only asked whether the page is there (HEAD)"
    if hit.prefetch:
        yield "the page was loaded ahead, before anybody asked for it (prefetch)"
    if hit.kind == "click" and hit.link == HIDDEN_LINK:
        yield "it followed the link that no person can see"
    if hit.in_crowd:
        yield "the same address looked through the mails of many leads within a moment"
    said = program_reason(hit.agent, "picture" if hit.kind == "open" else "link")
    if said is not None:
        yield said
    if delivered_at is not None:
        if hit.at < delivered_at:
            yield "it came before the mail was delivered"
        elif is_too_soon(hit, delivered_at):
            yield f"it came within {TOO_SOON.seconds} seconds of delivery"


def _add(reasons: dict[int, list[str]], hits: Iterable[Hit], reason: str) -> set[int]:
    """Note a reason with each of these hits; gives their ids."""
    found = set()
    for hit in hits:
        reasons[hit.id].append(reason)
        found.add(hit.id)
    return found
