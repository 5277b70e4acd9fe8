"""Take a lead's own word on what it gets: topics, nothing at all, everything again."""

from collections.abc import Collection
from datetime import datetime

from nurture.app import App
from nurture.db import transaction
from nurture.flows.suppress import release_in, suppress_in
from nurture.rules.book import Rulebook
from nurture.store.choices import choices_of
from nurture.store.merging import lock_living

BY = "the lead"
"""Who says so, in the history of what is not mailed."""


def topics_of(book: Rulebook) -> list[str]:
    """The topics of campaigns that run: what there is to leave. In the agreement's order, then by name."""
    there = {campaign.topic for campaign in book.campaigns.values() if campaign.topic and campaign.status == "live"}
    named = [topic for topic in book.agreement.topics if topic in there]
    return [*named, *sorted(there - set(named))]


def choose_topics(
    app: App, lead_id: int, *, offered: Collection[str], wanted: Collection[str], how: str, now: datetime
) -> bool:
    """Leave those of the offered topics that are not wanted, come back to those that are. Twice is fine.

    What was not offered stays as it is, and what somebody else put on the list stays there.

    Args:
        app: where leads live.
        lead_id: whose word it is; also the id of a lead that was merged into another one.
        offered: the topics that the page showed.
        wanted: those of them that it left ticked.
        how: for the history: `preferences, delivery 12`.
        now: business time.

    Returns:
        Whether there is such a lead.
    """
    with transaction(app.engine) as db:
        living = lock_living(db, lead_id)
        there = None if living is None else choices_of(db, living, now)
        if living is None or there is None:
            return False
        known = {*topics_of(app.book), *there.left}
        for topic in sorted(known.intersection(offered)):
            if topic not in wanted and topic not in there.left:
                suppress_in(db, app, living, "unsubscribed", how, now, topic, by=BY)
            elif topic in wanted and there.left.get(topic) == "unsubscribed":
                release_in(db, app, there.email, BY, how, now, topic, insist=True)
    return True


def stop(app: App, lead_id: int, *, how: str, now: datetime) -> bool:
    """Leave all mail. Twice is fine; False if there is no such lead."""
    with transaction(app.engine) as db:
        return suppress_in(db, app, lead_id, "unsubscribed", how, now, by=BY)


def come_back(app: App, lead_id: int, *, how: str, now: datetime) -> bool:
    """Take leaving all mail back. Twice is fine.

    Only its own leaving is taken back: not a complaint, not a bounce, not what sales or an operator say.

    Returns:
        Whether the lead may be mailed now; False also if there is no such lead.
    """
    with transaction(app.engine) as db:
        living = lock_living(db, lead_id)
        there = None if living is None else choices_of(db, living, now)
        if there is None:
            return False
        if there.stopped == "unsubscribed":
            release_in(db, app, there.email, BY, how, now, insist=True)
        return there.stopped in (None, "unsubscribed")
