"""Rulebooks and leads for tests of a lead's life, and a driver that lives it without a database."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from nurture.campaign import Campaign
from nurture.facts import DeliveryFact, EventFact, LeadState, Profile
from nurture.rules import happenings as h
from nurture.rules import life
from nurture.rules.book import Rulebook
from nurture.rules.effects import Effect, Queued
from tests.rules.examples import CAMPAIGN, NOW, make_agreement

REASONS: dict[str, Any] = {
    "not_ready": {"label": "Not ready to buy", "then": "nurture"},
    "no_budget": {"label": "No budget this year", "then": "nurture", "wait": "90 days"},
    "already_mine": {"label": "I am already on it", "then": "sales"},
    "student": {"label": "Student", "then": "disqualify"},
    "competitor": {"label": "Competitor", "then": "suppress"},
}


def campaign_of(id: str = "not-ready", **changes: Any) -> Campaign:  # noqa: A002 - the file's own word
    """The design's campaign with three plain steps, under another id, with whole sections replaced."""
    steps = [{"id": name, "email": f"t/{name}"} for name in ("one", "two", "three")]
    enroll = {"reasons": ["not_ready"], "unready": True}
    return Campaign.model_validate(CAMPAIGN | {"steps": steps, "enroll": enroll} | changes | {"id": id})


def book_of(*campaigns: Campaign, **agreement: Any) -> Rulebook:
    """A rulebook of these campaigns (the plain one where none is given)."""
    files = campaigns or (campaign_of(),)
    made = make_agreement(**({"reject_reasons": REASONS} | agreement))
    return Rulebook(made, {campaign.id: campaign for campaign in files})


def lead(now: datetime = NOW, **changes: Any) -> LeadState:
    """A lead of grade A in Chicago to whom nothing has happened yet; fields of profile and state may be given."""
    names = {name: changes.pop(name) for name in list(changes) if name in Profile.__slots__}
    person = {"key": "jo@buyer.example", "email": "jo@buyer.example", "title": "VP Operations", "country": "US"}
    person |= {"employees": 900, "timezone": "America/Chicago", **names}
    state = LeadState(Profile(**person), "inquiry", 1, ((1, now),), now)
    return replace(state, **changes)


class Life:
    """One lead lived through business time, as the flows do: decide when due, and the mails that are due leave."""

    def __init__(self, book: Rulebook, state: LeadState, now: datetime = NOW) -> None:
        self.book, self.state, self.now = book, state, now
        self.effects: list[Effect] = []

    def happens(self, happening: h.Happening, now: datetime | None = None) -> tuple[Effect, ...]:
        """Let something happen; gives what followed."""
        self.now = now or self.now
        outcome = life.apply(self.book, self.state, happening, self.now)
        self.state = outcome.state
        self.effects += outcome.effects
        return outcome.effects

    def until(self, end: datetime, *, fail: str | None = None) -> list[Queued]:
        """Decide whenever due, up to `end`; every mail leaves (or fails, where its step is `fail`). Gives the mails."""
        mails: list[Queued] = []
        for _ in range(500):
            enrollment, ask_at = self.state.enrollment, self.state.ask_at
            due = ask_at if enrollment is None else enrollment.due_at
            if due is None or max(due, self.now) > end:
                self.now = max(self.now, end)
                return mails
            followed = self.happens(h.CameDue(), max(due, self.now))
            queued = [effect for effect in followed if isinstance(effect, Queued)]
            mails += queued
            for mail in queued:
                self.sends(mail, fail=fail)
        raise AssertionError("a life that never comes to rest")

    def sends(self, mail: Queued, *, fail: str | None = None) -> None:
        """The mail leaves in its slot, or is refused for good."""
        if mail.step == fail:
            self.happens(h.SendFailed(mail.campaign, mail.step, mail.cycle, for_good=True))
            return
        self.state = replace(self.state, deliveries=tuple(_sent(d, mail) for d in self.state.deliveries))

    def does(self, *kinds: str, now: datetime, **more: Any) -> tuple[Effect, ...]:
        """Pages (paths) and tracks (names) that the lead did at `now`."""
        facts = [page(kind, now) if kind.startswith("/") else track(kind, now, **more) for kind in kinds]
        return self.happens(h.Did(tuple(facts)), now)


def _sent(delivery: DeliveryFact, mail: Queued) -> DeliveryFact:
    mine = (delivery.campaign, delivery.step, delivery.cycle) == (mail.campaign, mail.step, mail.cycle)
    return replace(delivery, state="sent") if mine else delivery


def page(path: str, at: datetime) -> EventFact:
    """A page view."""
    return EventFact("page", at, path=path)


def track(name: str, at: datetime, **properties: Any) -> EventFact:
    """A tracked event."""
    return EventFact("track", at, name=name, properties=properties)


def weeks(count: float, since: datetime = NOW) -> datetime:
    """So many weeks later."""
    return since + timedelta(weeks=count)
