"""What the page shows on which a lead chooses what it gets."""

from datetime import datetime
from typing import Any

from nurture.app import App
from nurture.flows.choose import topics_of
from nurture.grammar.labels import in_language
from nurture.notifiers.wording import label
from nurture.pages.masking import masked
from nurture.pages.writing import Words
from nurture.rules import pausing
from nurture.rules.cadence import zone_of
from nurture.rules.calendar import local_date
from nurture.store.choices import Choices


def view(app: App, words: Words, there: Choices, now: datetime) -> dict[str, Any]:
    """The values of `preferences.html`; docs/pages.md explains each."""
    zone = zone_of(there.timezone, app.agreement)
    today = local_date(now, zone)
    paused = None if there.paused_until is None else words.day(local_date(there.paused_until, zone))
    blocked = there.stopped not in (None, "unsubscribed")
    can_move = app.settings.mail_url is not None and there.stopped in (None, "bounced")
    return {
        "state": "blocked" if blocked else "stopped" if there.stopped else "choosing",
        "topics": _topics(app, words.language, there),
        "paused_until": paused,
        "offers": [
            {"months": months, "day": day.isoformat(), "said": words.day(day)} for months, day in pausing.offers(today)
        ],
        "earliest": pausing.earliest(today).isoformat(),
        "latest": pausing.latest(today).isoformat(),
        "may_change_address": can_move,
        "waiting_address": masked(there.waiting) if can_move and there.waiting else None,
        "contact": app.agreement.company.reply_to,
    }


def _topics(app: App, language: str, there: Choices) -> list[dict[str, object]]:
    """The topics of running campaigns, and others that the lead has left by its own word."""
    running = topics_of(app.book)
    left = [topic for topic, reason in there.left.items() if reason == "unsubscribed" and topic not in running]
    return [_topic(app, language, topic, topic not in there.left) for topic in (*running, *sorted(left))]


def _topic(app: App, language: str, topic: str, on: bool) -> dict[str, object]:
    said = app.agreement.topics.get(topic)
    description = "" if said is None or said.description is None else in_language(said.description, language)
    name = label(topic.replace("-", " ")) if said is None else in_language(said.label, language)
    return {"id": topic, "label": name, "description": description, "on": on}
