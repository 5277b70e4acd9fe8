"""Whether a lead may be mailed at all by the agreement's terms of consent (docs/consent.md). Pure.

The same is asked of rows in `nurture.store.deliveries`, just before a mail leaves; `gate_terms` gives it the terms.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from nurture.agreement import ConsentTerms
from nurture.facts import Basis, LeadState
from nurture.rules.book import Rulebook
from nurture.rules.spoken_time import say_date
from nurture.values import quick

NO_CONSENT = "no_consent"
"""What a live enrollment ends with when its lead may not be mailed any more."""

SPOKEN: dict[Basis, str] = {
    "consent": "it agreed to mail",
    "legitimate_interest": "a legitimate interest",
    "contract": "a contract",
    "existing_customer": "it has bought",
    "inquiry": "it has asked us something",
}


@quick
@dataclass(frozen=True, slots=True)
class Missing:
    """What is missing before a lead may be mailed. `word` is what the gate calls it."""

    word: Literal["unconfirmed", "no consent"]
    because: str


def missing(book: Rulebook, state: LeadState, now: datetime) -> Missing | None:
    """What is missing before this lead may be mailed; None where nothing is."""
    terms = book.agreement.consent
    if state.unconfirmed:
        return Missing("unconfirmed", "it has not confirmed yet that it was its own form")
    if not terms.required:
        return None
    if not is_needed(terms, state.profile.country):
        return None
    return _lacks(terms, state, now)


def lapses_at(terms: ConsentTerms, basis: Basis, at: datetime) -> datetime | None:
    """When a ground of this time is over; None where it never is."""
    after = terms.lapses.get(basis)
    return None if after is None else at + timedelta(days=after.days)


def gate_terms(terms: ConsentTerms) -> dict[str, Any] | None:
    """The terms for the gate, JSON-ready; None where nothing is required.

    `countries` in capitals, None for everywhere; `bases`: those that will do, each with the days after which it lapses.
    """
    if not terms.required:
        return None
    bases = {basis: terms.lapses[basis].days if basis in terms.lapses else None for basis in terms.accepts}
    countries = [country.strip().upper() for country in terms.countries]
    return {"countries": countries or None, "bases": bases}


def is_needed(terms: ConsentTerms, country: str | None) -> bool:
    """Whether a ground is required of a lead in this country; one whose country is unknown may live there."""
    if not terms.countries or country is None or not country.strip():
        return True
    return country.strip().upper() in {one.strip().upper() for one in terms.countries}


def _lacks(terms: ConsentTerms, state: LeadState, now: datetime) -> Missing | None:
    basis, at = state.basis, state.basis_at
    if basis is None or at is None:
        where = "" if not terms.countries else f" in {', '.join(terms.countries)}"
        unknown = ", and its country is unknown" if where and not state.profile.country else ""
        said = f"no ground for mail is on record, and the agreement asks for one{where}{unknown}"
        return Missing("no consent", said)
    if basis not in terms.accepts:
        accepted = ", ".join(terms.accepts)
        return Missing("no consent", f"on record is `{basis}`, and the agreement accepts {accepted}")
    over = lapses_at(terms, basis, at)
    if over is not None and over <= now:
        since = say_date(at.date(), now.year)
        return Missing("no consent", f"`{basis}` of {since} lapsed after {terms.lapses[basis]}")
    return None
