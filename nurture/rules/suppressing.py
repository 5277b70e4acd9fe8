"""Why an address is not mailed, and what can take that back. Pure."""

from collections.abc import Collection
from typing import Literal, get_args

from nurture.rules import happenings as h
from nurture.rules.draft import Draft
from nurture.rules.enrolling import ask_who_takes
from nurture.rules.evolving import evolve

Kind = Literal["bounced", "suppressed", "manual", "competitor", "unsubscribed", "complained", "erased"]
"""Why an address is on the list, the strictest last.

`bounced`: there is no such mailbox. `manual`: an operator said so (`suppressed` in rows of earlier releases).
`competitor`: sales refused it for a reason with `then: suppress`. `unsubscribed`: it left all mail, or a topic.
`complained`: it called our mail spam. `erased`: it asked to be forgotten.
"""
KINDS: tuple[Kind, ...] = get_args(Kind)
OWN: frozenset[str] = frozenset({"unsubscribed", "complained", "erased"})
"""Said by the person, so that an operator takes it back only with insistence."""
WISHES: tuple[Kind, ...] = tuple(kind for kind in KINDS if kind != "bounced")
"""About the person, at whatever address; a dead mailbox says nothing of another one."""

Word = Literal["unsubscribed", "topic_left", "bounced", "complained", "suppressed", "erased"]
_WORDS: dict[str, Word] = {
    "bounced": "bounced", "unsubscribed": "unsubscribed", "complained": "complained", "erased": "erased",
}  # fmt: skip


def word_of(reason: str, topic: str | None = None) -> Word:
    """The word that rules know it by, and that a live enrollment ends with."""
    return "topic_left" if topic else _WORDS.get(reason, "suppressed")


def is_stricter(word: str, than: str | None) -> bool:
    """Whether a reason replaces the one for which a lead is not mailed already; None where it is mailed."""
    order: tuple[str, ...] = KINDS
    return than is None or order.index(word) > order.index(than)


def objections(reasons: Collection[str]) -> tuple[str, ...]:
    """Which of these reasons the person gave itself, the strictest last; to release it somebody has to insist."""
    return tuple(kind for kind in KINDS if kind in OWN and kind in reasons)


def may_be_mailed(draft: Draft, happening: h.MayBeMailed) -> None:
    """A suppression was taken back: the campaigns are asked again, but for a lead that waits or that sales has."""
    if happening.topic is None:
        draft.state = evolve(draft.state, suppressed=None)
    else:
        draft.state = evolve(draft.state, left_topics=draft.state.left_topics - {happening.topic})
    waiting = draft.state.ask_at is not None and draft.state.ask_at > draft.now
    if draft.state.enrollment is None and not waiting:
        ask_who_takes(draft)
