"""Where a condition stands decides what is known there, and so what it may name."""

from dataclasses import dataclass

from nurture.grammar.tree import Function

FUNCTIONS: tuple[Function, ...] = ("visited", "did", "received", "clicked", "answered")
IN_CAMPAIGNS: tuple[Function, ...] = ("received", "clicked")
"""Functions that ask about a step, and so mean nothing outside a campaign."""


@dataclass(frozen=True, slots=True)
class Place:
    """One kind of place.

    Attributes:
        name: in a marketer's words, for messages.
        scopes: what names may begin with.
        functions: which questions about the past may be asked.
        unknown: names that are not known yet where this is decided.
    """

    name: str
    scopes: tuple[str, ...]
    functions: tuple[Function, ...] = ()
    unknown: frozenset[str] = frozenset()


ANYWHERE = Place("a condition", ("lead", "company", "campaign", "step"), FUNCTIONS)
FIT = Place("a line of `fit`", ("lead", "company"), unknown=frozenset({"lead.grade", "lead.score"}))
"""Fit is a function of the profile alone, and the grade is what follows from it."""
SIGNAL = Place("a signal's `if`", ("event", "company"))
"""Whether an event counts follows from the event alone, so that it can be counted again: a profile changes."""
ASSIGN = Place("a line of `assign`", ("lead", "company"), ("visited", "did", "answered"))
CAMPAIGN = Place("a campaign", ("lead", "company", "campaign"), FUNCTIONS)
STEP = Place("a step", ("lead", "company", "campaign", "step"), FUNCTIONS)
