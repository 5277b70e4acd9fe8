"""Put leads into a campaign by hand, one or many; and offer those who qualify now."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text

from nurture.app import App
from nurture.db import transaction
from nurture.errors import Conflict, NotFound
from nurture.facts import LeadState
from nurture.flows.decide import decide, offered
from nurture.grammar.conditions import Condition
from nurture.grammar.mistakes import did_you_mean
from nurture.rules import conditions, grading, qualification, scoring, taking
from nurture.rules.book import Rulebook
from nurture.rules.happenings import EnrolledByHand, OfferedByHand
from nurture.rules.known import known
from nurture.rules.offering import may_be_offered
from nurture.store import leads
from nurture.store.merging import lock_living
from nurture.store.states import states, without_past

BATCH = 1000


def enroll(app: App, email: str, *, campaign: str, now: datetime) -> None:
    """Put one lead into a campaign; a running enrollment ends as `moved`.

    Raises:
        NotFound: There is no such lead or campaign.
        Conflict: The campaign may not hold this lead; says why.
    """
    _campaign(app, campaign)
    with transaction(app.engine) as db:
        found = leads.id_of(db, email)
        lead_id = None if found is None else lock_living(db, found)
        if lead_id is None:
            raise NotFound(f"no lead with the address {email}")
        (state,) = states(db, app.book_in(db), [lead_id], now)
        if state.enrollment is not None and state.enrollment.campaign == campaign:
            raise Conflict(f"{email} is in {campaign} already")
        why_not = taking.refusal(app.book, app.book.campaigns[campaign], state, now)
        if why_not is not None:
            raise Conflict(f"{campaign} cannot take {email}: {why_not}")
        decide(db, app, {lead_id: EnrolledByHand(campaign)}, now)


def takes(app: App, *, campaign: str, when: Condition, now: datetime) -> list[int]:
    """Leads without a campaign for whom the condition holds and whom the campaign may hold."""
    _campaign(app, campaign)
    found: list[int] = []
    for batch in _batches(app, "SELECT id FROM lead WHERE stage IN ('inquiry', 'nurture', 'customer') ORDER BY id"):
        with transaction(app.engine) as db:
            for state in states(db, app.book_in(db), batch, now):
                fits = conditions.holds(when, known(app.book, state, now)) is True
                free = state.enrollment is None and state.id is not None
                if fits and free and not taking.refusal(app.book, app.book.campaigns[campaign], state, now):
                    found.append(state.id or 0)
    return found


def enroll_many(app: App, lead_ids: Sequence[int], *, campaign: str, now: datetime) -> int:
    """Put these leads into a campaign, a batch a transaction."""
    for start in range(0, len(lead_ids), BATCH):
        batch = lead_ids[start : start + BATCH]
        with transaction(app.engine) as db:
            decide(db, app, {lead_id: EnrolledByHand(campaign) for lead_id in batch}, now)
    return len(lead_ids)


def qualify(app: App, *, limit: int, now: datetime, count_only: bool = False) -> int:
    """Offer to sales up to `limit` leads that qualify now and have not been offered; gives how many (there are).

    A changed agreement hands nobody over by itself, so that an edit cannot flood sales. This is how they are offered.
    """
    ready: list[int] = []
    query = "SELECT id FROM lead WHERE stage IN ('inquiry', 'nurture', 'customer') ORDER BY id"
    for batch in _batches(app, query):
        with transaction(app.engine) as db:
            book = app.book_in(db)
            ready += [state.id or 0 for state in without_past(db, book, batch, now) if _is_ready(book, state, now)]
        if not count_only and len(ready) >= limit:
            break
    if count_only:
        return len(ready)
    with transaction(app.engine) as db:
        count = offered(decide(db, app, {lead_id: OfferedByHand() for lead_id in ready[:limit]}, now))
    app.nudge("notices")
    return count


def count_ready(app: App, lead_ids: Sequence[int], now: datetime) -> int:
    """How many of these leads `qualify` would offer."""
    count = 0
    for start in range(0, len(lead_ids), BATCH):
        with transaction(app.engine) as db:
            book = app.book_in(db)
            found = states(db, book, lead_ids[start : start + BATCH], now)
            count += sum(_is_ready(book, state, now) for state in found)
    return count


def _is_ready(book: Rulebook, state: LeadState, now: datetime) -> bool:
    if not may_be_offered(state):
        return False
    score = scoring.score(book.agreement, state.counts, now.date())
    if not qualification.is_within_reach(book.agreement, score):
        return False
    graded = grading.grade(book.agreement, known(book, state, now))
    return qualification.decide(book.agreement, graded, score, hand_raise=None, barred=False).qualifies


def _campaign(app: App, campaign: str) -> None:
    if campaign not in app.book.campaigns:
        hint = did_you_mean(campaign, app.book.campaigns)
        raise NotFound(f"no campaign {campaign!r}" + (f" ({hint})" if hint else ""))


def _batches(app: App, query: str) -> list[list[int]]:
    with transaction(app.engine) as db:
        ids = list(db.execute(text(query)).scalars())
    return [ids[start : start + BATCH] for start in range(0, len(ids), BATCH)]
