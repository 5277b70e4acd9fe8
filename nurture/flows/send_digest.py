"""Put the weekly digest into the outbox, once a week and audience, whoever looks and however often."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from nurture.app import App
from nurture.db import transaction
from nurture.flows.announce import DIGEST_MARKETING, DIGEST_SALES, announce
from nurture.rules.digest import Issue, issue_due
from nurture.store import digest

Audience = Literal["sales", "marketing"]
Figures = Callable[[App, Issue, datetime], Mapping[str, Any]]
"""Works out the figures of an issue; `reports.digest.figures`, which flows do not know."""

AUDIENCES: tuple[Audience, ...] = ("sales", "marketing")
KIND_OF: Mapping[Audience, str] = {"sales": DIGEST_SALES, "marketing": DIGEST_MARKETING}


@dataclass(frozen=True, slots=True)
class Queued:
    """Which letters were put into the outbox, and of which week."""

    week: str | None = None
    audiences: tuple[Audience, ...] = ()


def waiting(app: App, now: datetime) -> tuple[Issue, tuple[Audience, ...]] | None:
    """The issue that is due, and for whom it is not in the outbox yet; None where nothing is to be done.

    Two small questions at most, so the clock may ask at every tick. Where nothing was ever handed over there is nothing
    to tell, and nobody gets a letter.
    """
    issue = issue_due(app.agreement, now)
    if issue is None:
        return None
    with transaction(app.engine) as db:
        left = tuple(one for one in KIND_OF if addresses(app, one) and not digest.is_queued(db, *_name(issue, one)))
        if not left or not digest.any_handed_over(db, issue.until_at):
            return None
    return issue, left


def send_digest(app: App, now: datetime, *, figures: Figures) -> Queued:
    """Queue the letters of the issue that is due, with the figures as they are now. Two at once queue them once."""
    found = waiting(app, now)
    if found is None:
        return Queued()
    issue, audiences = found
    told = figures(app, issue, now)
    for audience in audiences:
        data = {"audience": audience, **told}
        about, kind = _name(issue, audience)
        with transaction(app.engine) as db:
            announce(db, app, kind, about=about, at=now, to=addresses(app, audience), data=data, channels=["email"])
    app.nudge("notices")
    return Queued(issue.week, audiences)


def addresses(app: App, audience: Audience) -> tuple[str, ...]:
    """Who gets the letter of this audience."""
    terms = app.agreement.digest
    if terms is None:
        return ()
    return terms.sales if audience == "sales" else terms.marketing


def _name(issue: Issue, audience: Audience) -> tuple[str, str]:
    return f"digest:{audience}/{issue.week}", KIND_OF[audience]
