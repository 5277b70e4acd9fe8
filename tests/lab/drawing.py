"""Draws scenarios: a few campaigns of every kind there is, a few people in odd places, weeks in which clocks change.

Hypothesis draws how large a scenario is, what there is in it at all, and a seed; dice do the rest, each thing by dice
of its own. So scenarios are full, cheap to draw, and shrink to the features without which they would not fail.

People never act on a whole second, nor at equal ones, and mails never go on anything else: so no two things of one lead
are ever due at the same instant, of which either could be first.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from nurture.rules.book import Rulebook
from nurture.segment.event import IncomingEvent
from nurture.sheets.people import Person
from tests.lab.drawn_rules import draw_agreement, draw_campaign
from tests.lab.material import (
    DOES,
    IDS,
    NEAR_MIDNIGHT,
    ODD,
    PEOPLE,
    REASONS,
    STARTS,
    STRANGER,
    TO_NURTURE,
    TRAITS,
    ZONES,
)
from tests.lab.plans import Plan
from tests.lab.scenarios import Answer, Habits, Outcome, Reaction, Reacts, Scenario, Verb


def scenario_of(plan: Plan) -> Scenario:
    """The scenario that the dice make of a plan."""
    dice = plan.dice("start")
    start = dice.choice(STARTS) + timedelta(minutes=dice.randrange(2880)) + ODD
    emails, ids = PEOPLE[: plan.people], IDS[: plan.campaigns]
    return Scenario(
        book=Rulebook(draw_agreement(plan), {name: draw_campaign(plan, name, ids) for name in ids}),
        people=tuple(row for email in emails for row in _rows(plan, email, start)),
        start=start,
        weeks=plan.weeks,
        events=_events(plan, emails, start),
        habits=_habits(plan),
        by_hand=plan.pick("by hand", dice, None, *ids, often=0.3),
    )


def _rows(plan: Plan, email: str, start: datetime) -> tuple[Person, ...]:
    """What a file says of somebody: one row, seldom two that do not agree."""
    rows = tuple(_person(plan, email, start, plan.dice("person", email, number)) for number in range(2))
    return rows if plan.has("two rows", plan.dice("rows", email), 0.15) else rows[:1]


def _person(plan: Plan, email: str, start: datetime, dice: Random) -> Person:
    """Somebody who arrives, was refused some days ago, or is known to be elsewhere."""
    profile: dict[str, Any] = {
        "timezone": plan.pick("zones", dice, None, *ZONES, often=0.8),
        "title": dice.choice([None, "VP Sales", "Clerk", "Student"]),
        "country": dice.choice(["US", "FR", None]),
        "employees": dice.choice([None, 900, 20]),
        "owner": plan.pick("assign", dice, None, "mine@acme.example", often=0.2),
        "industry": dice.choice([None, None, "education"]),
    }
    ago = timedelta(days=dice.randint(0, 12), minutes=7)
    over = ("already_mine", "competitor", "student")
    reason = plan.pick("refusals", dice, None, *TO_NURTURE * 4, *over, often=0.6)
    dated = dice.random() < 0.5
    return Person(
        email,
        {name: value for name, value in profile.items() if value is not None},
        stage=plan.pick("stages", dice, None, "nurture", "customer", "mql", "disqualified", often=0.2),
        reject_reason=reason,
        rejected_at=start - ago if reason is not None and dated else None,
        do_not_email=plan.has("goodbyes", dice, 0.05),
    )


def _events(plan: Plan, emails: Sequence[str], start: datetime) -> tuple[IncomingEvent, ...]:
    """What people do on the site, and what it learns of them, in order of time; often near some zone's midnight."""
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    made = []
    for number in range(plan.events):
        dice = plan.dice("event", number)
        day = min(dice.randrange(plan.weeks * 7 - 2) for _ in range(2))
        if plan.has("history", dice, 0.2):
            day = -dice.randint(1, 12)  # the last two of them are news when they come in at the start
        minute = dice.choice([dice.randrange(1440), dice.choice(NEAR_MIDNIGHT)])
        at = midnight + timedelta(days=day, minutes=minute, seconds=number) + ODD
        kind, said = dice.choice(DOES)
        learnt = {"traits": dice.choice(TRAITS)}
        does, moves = "visits" in plan.features, "moves" in plan.features
        if moves and not (does and dice.random() < 0.6):
            kind, said = "identify", learnt
        if does or moves:
            times = {"occurred_at": at, "received_at": at, "client_at": at}
            who = _who(plan, dice, emails)
            made.append(IncomingEvent(message_id=f"m{number}", kind=kind, source="segment", **times, **who, **said))  # type: ignore[arg-type]
    return tuple(sorted(made, key=lambda event: event.occurred_at))


def _who(plan: Plan, dice: Random, emails: Sequence[str]) -> dict[str, str]:
    """By what somebody is known: the address, the browser, the number in the product, or several of these."""
    email = STRANGER if plan.has("strangers", dice, 0.1) else dice.choice(emails)
    browser, user = f"browser of {dice.choice(emails)}", f"user {email}"
    return plan.pick(
        "visitors",
        dice,
        {"email": email},
        {"anonymous_id": browser},
        {"email": email, "anonymous_id": browser},
        {"email": email, "user_id": user},
        {"user_id": user, "anonymous_id": browser},
        often=0.6,
    )


def _habits(plan: Plan) -> Habits:
    """Most mails are taken, some followed by something; sales answers most handoffs."""
    dice = plan.dice("habits")
    outcomes: list[Outcome] = [
        plan.pick("failures", dice, "sent", "refused", "dead", "put_off", "put_off", "put_off", often=0.15)
        for _ in range(6)
    ]
    reactions = [tuple(_reaction(plan, dice) for _ in range(dice.choice([0, 1, 1, 2]))) for _ in range(5)]
    answers = [(*_answers(dice), *_tries(plan, number)) for number in range(3)]
    return Habits(
        tuple(outcomes),
        tuple(tuple(said for said in line if said is not None) for line in reactions),
        tuple(answers) if "sales" in plan.features else ((),),
    )


def _reaction(plan: Plan, dice: Random) -> Reaction | None:
    clicks: tuple[Reacts, ...] = ("click", "click", "open", "scan")
    what: Reacts = dice.choice((*clicks, "answer", "answer")) if dice.random() < 0.93 else "unsubscribe"
    if what == "unsubscribe" and dice.random() < 0.3:
        what = "complain"
    feature = "clicks" if what in clicks else "answers" if what == "answer" else "goodbyes"
    after = _later(dice, dice.choice([5, 3 * 60, 20 * 1440]))
    return Reaction(after, what, dice.choice(["later"] * 5 + ["now"])) if feature in plan.features else None


def _answers(dice: Random) -> tuple[Answer, ...]:
    """One of the ways in which sales goes on with a handoff; the last has no place there and is not heard."""
    ways: tuple[tuple[Verb, ...], ...] = (
        ("reject",),
        ("reject",),
        ("accept", "reject"),
        ("accept", "reached", "lost"),
        ("accept", "reached", "qualified"),
        ("accept", "qualified", "won"),
        ("accept", "accept", "lost", "reject"),
        ("won", "reached", "reject"),
    )
    after, made = timedelta(), []
    for verb in dice.choice(ways):
        after += _later(dice, 4 * 1440)
        made.append(Answer(after, verb, dice.choice(REASONS)))
    return tuple(made)


def _tries(plan: Plan, number: int) -> tuple[Answer, ...]:
    """Calls that nobody answers."""
    dice = plan.dice("tries", number)
    after, made = timedelta(), []
    for _ in range(dice.randint(0, 4) if "promises" in plan.features else 0):
        after += _later(dice, 3 * 1440)
        made.append(Answer(after, "tried"))
    return tuple(made)


def _later(dice: Random, most_minutes: int) -> timedelta:
    """Some time after something, at least so long that nobody is taken for a program."""
    return timedelta(minutes=dice.randint(1, most_minutes), microseconds=dice.randint(1, 59_999_999))
