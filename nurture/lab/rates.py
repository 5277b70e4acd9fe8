"""How often make-believe people do things: the options of a simulation, with believable defaults.

Where the defaults come from stands in docs/simulate.md. They are there to try a campaign out, not to foretell its
success: nobody knows your leads but you.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace

from nurture.errors import UsageError
from nurture.grammar.mistakes import did_you_mean


@dataclass(frozen=True, slots=True)
class Rates:
    """Shares from 0 to 1. Those of mails and visits are averages over all leads; `interested` leads do more of them.

    Attributes:
        interested: leads that are in the market: they do `EAGER` times the average, the others so much less.
        open: mails whose pictures a person's own program loads; mail services that load them ahead are no people.
        click: mails of which a link is followed.
        page: how likely somebody on the site looks at a page that a signal names, for each such page.
        track: the same for each thing to be done that a signal names.
        hand_raise: the same for whatever raises the hand.
        again: clicks after which the lead comes back to the site by itself, one to six days later.
        answer: surveys that are answered.
        reply: mails that are answered by mail.
        unsubscribe: mails after which the lead leaves.
        complain: mails that are reported as spam.
        bounce: addresses that are gone; found out at the first mail.
        accept: handoffs that a rep accepts.
        reject: handoffs that a rep rejects instead; the rest nobody answers.
        reach: accepted leads that the rep reaches; the others are rejected later, as not to be reached.
        qualify: reached leads that are a real opportunity; the others are rejected.
        win: opportunities that are won; the others are lost.
    """

    interested: float = 0.1
    open: float = 0.1
    click: float = 0.05
    page: float = 0.25
    track: float = 0.1
    hand_raise: float = 0.02
    again: float = 0.3
    answer: float = 0.08
    reply: float = 0.003
    unsubscribe: float = 0.003
    complain: float = 0.0002
    bounce: float = 0.01
    accept: float = 0.7
    reject: float = 0.2
    reach: float = 0.6
    qualify: float = 0.5
    win: float = 0.3

    @property
    def is_silent(self) -> bool:
        """Whether nobody ever does anything."""
        return not any(getattr(self, name) for name in NAMES if name != "interested")


NAMES: tuple[str, ...] = tuple(field.name for field in fields(Rates))
NONE = Rates(**dict.fromkeys(NAMES, 0.0))


def parse_rates(said: Iterable[str], base: Rates) -> Rates:
    """Read `click=5%` and the like, over the rates that hold where nothing is said.

    Raises:
        UsageError: One has another form, another name, or is no share; or more handoffs are answered than there are.
    """
    given = _pairs(said, "--rate", NAMES)
    rates = replace(base, **given)
    if rates.accept + rates.reject > 1:
        raise UsageError("--rate: accept and reject are shares of the same handoffs; together they are more than 100%")
    return rates


def parse_reasons(said: Iterable[str], known: Iterable[str]) -> Mapping[str, float]:
    """Read `not_ready=60%`: how often sales gives a reason, in relation to the others.

    Raises:
        UsageError: One has another form, or the agreement has no such reason.
    """
    return _pairs(said, "--reason", tuple(known))


def _pairs(said: Iterable[str], option: str, known: tuple[str, ...]) -> dict[str, float]:
    pairs: dict[str, float] = {}
    for text in said:
        name, equals, share = (part.strip() for part in text.partition("="))
        if not (name and equals and share):
            raise UsageError(
                f"{option} takes NAME=SHARE, such as {known[0] if known else 'click'}=5%; {text!r} is not that"
            )
        if name not in known:
            hint = did_you_mean(name, known)
            near = f" ({hint})" if hint else ""
            raise UsageError(f"{option}: there is no {name!r}{near}; there are {', '.join(known)}")
        pairs[name] = _share(option, name, share)
    return pairs


def _share(option: str, name: str, text: str) -> float:
    percent = text.endswith("%")
    try:
        value = float(text.removesuffix("%")) / (100 if percent else 1)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise UsageError(f"{option}: {name} is a share from 0% to 100%, such as 5% or 0.05; {text!r} is not")
    return value
