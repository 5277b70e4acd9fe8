"""Which of two matchers of a signal rules: the former one, until the new one has been counted for everybody.

A changed `when` asks for other events of the past too, and until these have been read again it has counted nothing. It
would be as if no lead had ever done anything. So the former one decides meanwhile, and both are counted.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256

from nurture.agreement import Agreement
from nurture.campaign import Campaign
from nurture.grammar.matchers import Matcher
from nurture.rules.book import Rulebook


@dataclass(frozen=True, slots=True)
class Agreed:
    """What one signal asks for, by fingerprint; `former` is what rules until that has been counted."""

    fingerprint: str
    former: str | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """What is counted, and how far.

    Attributes:
        signals: those of the adopted agreement, by name.
        matchers: everything these ask for or did, by fingerprint.
        counting: fingerprints of those that have not been counted for everybody yet.
    """

    signals: Mapping[str, Agreed] = field(default_factory=dict)
    matchers: Mapping[str, Matcher] = field(default_factory=dict)
    counting: frozenset[str] = frozenset()

    def is_ready(self, fingerprint: str) -> bool:
        """Whether everybody has been counted by this matcher."""
        return fingerprint in self.matchers and fingerprint not in self.counting


def ruling(agreement: Agreement, campaigns: Mapping[str, Campaign], counted: Counted) -> Rulebook:
    """The rulebook that decides while this is counted.

    Also for a process whose files are not the adopted ones: those of a release that is on its way in or out. It goes by
    its own matchers as far as they are counted, and keeps up the counts of all others.
    """
    signals = dict(agreement.signals)
    for name, signal in agreement.signals.items():
        former = _former(counted, name, signal.when.fingerprint)
        if former is not None and signal.points:
            signals[name] = signal.model_copy(update={"when": counted.matchers[former]})
    own = {signal.when.fingerprint: signal.when for signal in agreement.signals.values()}
    rules = {signal.when.fingerprint for signal in signals.values()}
    beside = tuple(one for fingerprint, one in sorted({**own, **counted.matchers}.items()) if fingerprint not in rules)
    if signals == agreement.signals:
        return Rulebook(agreement, campaigns, beside)
    return Rulebook(agreement.model_copy(update={"signals": signals}), campaigns, beside)


def adopted(agreement: Agreement, counted: Counted, *, nothing_to_count: bool = False) -> Counted:
    """What is counted once this agreement is adopted.

    A signal that asks for something new keeps what ruled so far as its former matcher. One whose name is new has none,
    and rules at once. `nothing_to_count`: there are no events yet, so everything is counted already.
    """
    signals: dict[str, Agreed] = {}
    own: dict[str, Matcher] = {}
    for name, signal in agreement.signals.items():
        fingerprint = signal.when.fingerprint
        own[fingerprint] = signal.when
        signals[name] = Agreed(fingerprint, _former(counted, name, fingerprint))
    unknown = frozenset() if nothing_to_count else own.keys() - counted.matchers.keys()
    return _needed(Counted(signals, {**counted.matchers, **own}, counted.counting | unknown))


def finished(counted: Counted, fingerprints: Collection[str]) -> Counted:
    """What is counted once everybody has been counted by these matchers: the new ones rule."""
    left = counted.counting - frozenset(fingerprints)
    signals = {
        name: one if one.fingerprint in left else replace(one, former=None) for name, one in counted.signals.items()
    }
    return _needed(Counted(signals, counted.matchers, left))


def fit_basis(agreement: Agreement) -> str:
    """A hash of all that a grade follows from, besides the lead."""
    company = agreement.company
    lines = [[line.when.canonical, line.points, line.grade] for line in agreement.fit]
    return _hash([lines, agreement.grades.model_dump(), company.name, company.address, str(company.timezone)])


def worth_basis(agreement: Agreement) -> str:
    """A hash of all that a score follows from, besides the counts."""
    signals = [
        [signal.when.fingerprint, signal.points, signal.at_most, (signal.half_life or agreement.half_life).days]
        for signal in agreement.signals.values()
        if signal.points
    ]
    return _hash([sorted(signals, key=json.dumps), agreement.horizon.days])


def _former(counted: Counted, name: str, fingerprint: str) -> str | None:
    """The matcher that rules in the place of this one; None where it rules itself."""
    was = counted.signals.get(name)
    if was is None or counted.is_ready(fingerprint):
        return None
    rules = was.fingerprint if was.former is None else was.former
    return None if rules == fingerprint or rules not in counted.matchers else rules


def _needed(counted: Counted) -> Counted:
    """The same without matchers that no signal goes by any more: what is forgotten is counted anew if it returns."""
    named = {one.fingerprint for one in counted.signals.values()}
    named |= {one.former for one in counted.signals.values() if one.former is not None}
    matchers = {fingerprint: one for fingerprint, one in counted.matchers.items() if fingerprint in named}
    return Counted(counted.signals, matchers, counted.counting & named)


def _hash(parts: object) -> str:
    return sha256(json.dumps(parts, ensure_ascii=True, sort_keys=True).encode()).hexdigest()[:16]
