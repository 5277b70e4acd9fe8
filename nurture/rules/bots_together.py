"""What the hits of one mail, taken together, tell of who made them: haste, sweeps, and who did one did the other."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from nurture.rules.bots_hits import HIDDEN_LINK, LEAVE, Hit, by_visitor, target
from nurture.rules.bots_windows import beside, crowded

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
ECHO = timedelta(seconds=10)
"""A page that a browser nobody has seen tells of within this after a program's click was loaded by that program."""
SEEN_BEFORE = timedelta(minutes=1)
"""A browser that told of anything this long before is somebody's who was there already."""
REACH = PIECE_OF_WORK + SLOW_SWEEP
"""Hits further apart than this say nothing of each other."""


def is_too_soon(hit: Hit, delivered_at: datetime | None) -> bool:
    """Whether it came before its mail could have been read."""
    return delivered_at is not None and hit.at - delivered_at <= TOO_SOON


def in_a_burst(followed: Sequence[Hit]) -> Iterator[Hit]:
    """Hits within `BURST` of one on a different link, whoever made it; all these are in order of time."""
    return crowded(followed, BURST, target, 2)


def in_haste(followed: Sequence[Hit], delivered_at: datetime | None) -> Iterator[Hit]:
    """Hits of visitors that followed different links right after delivery."""
    if delivered_at is None:
        return
    for mine in by_visitor(hit for hit in followed if abs(hit.at - delivered_at) <= HASTE):
        yield from crowded(mine, 2 * HASTE, target, 2)


def swept(followed: Sequence[Hit], suspects: Collection[int], link_count: int) -> Iterator[Hit]:
    """Clicks on every visible link within `SWEEP`, by one visitor, or by several about whom nothing else is known.

    A scanner that comes from many addresses has no other mark. Where one is at work, what a person follows beside it
    must not complete its sweep: so `suspects` have no part in that.
    """
    if link_count < SWEEP_LINKS:
        return
    visible = [hit for hit in followed if hit.is_visible_link]
    found = {hit.id for mine in by_visitor(visible) for hit in crowded(mine, SWEEP, target, link_count)}
    others = [hit for hit in visible if hit.id not in found and hit.id not in suspects]
    found.update(hit.id for hit in crowded(others, SWEEP, target, link_count))
    yield from (hit for hit in visible if hit.id in found)


def sweeping(followed: Sequence[Hit], link_count: int) -> Iterator[Hit]:
    """What one visitor followed on its way through every visible link and another that people leave alone.

    `followed` is without what was followed in haste: behind the same address, somebody may read what a scanner has
    looked at.
    """
    marks = (HIDDEN_LINK, LEAVE) if link_count >= SWEEP_LINKS else (HIDDEN_LINK,)
    enough = max(link_count + 1, SWEEP_LINKS)
    for mine in by_visitor(hit for hit in followed if hit.kind == "click" or hit.page == LEAVE):
        if any(hit.target in marks for hit in mine):
            yield from crowded(mine, SLOW_SWEEP, target, enough)


def same_program(ordered: Sequence[Hit], fast: Collection[int]) -> Iterable[Hit]:
    """Hits that are part of a piece of work in which the same visitor gave itself away, as by being `fast`."""

    def likely(hit: Hit) -> bool:
        return hit.id in fast or hit.in_crowd or _is_certain(hit)

    ways: tuple[tuple[Callable[[Hit], bool], timedelta], ...] = ((_is_certain, PAUSE), (likely, SHORT_PAUSE))
    found: dict[int, Hit] = {}
    for mine in by_visitor(ordered):
        for tells, pause in ways:
            found.update((hit.id, hit) for hit in beside(mine, tells, pause, PIECE_OF_WORK) if not likely(hit))
    return found.values()


def _is_certain(hit: Hit) -> bool:
    return hit.is_head or (hit.kind == "click" and hit.link == HIDDEN_LINK)
