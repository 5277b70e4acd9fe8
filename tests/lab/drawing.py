"""Draws scenarios: a few campaigns of every kind there is, a few people in odd places, weeks in which clocks change.

Hypothesis draws how large a scenario is, what there is in it at all, and a seed; dice do the rest, each thing by dice
of its own. So scenarios are full, cheap to draw, and shrink to the features without which they would not fail.

People never act on a whole second, and mails never go on anything else: so no two things of one lead are ever due at
the same instant, of which either could be first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, TypeVar

from hypothesis import strategies as st

from nurture.agreement import Agreement
from nurture.campaign import Campaign
from nurture.rules.book import Rulebook
from nurture.segment.event import IncomingEvent
from nurture.sheets.people import Person
from tests.lab.material import (
    CAMPAIGN_CONDITIONS,
    DOES,
    HOURS,
    IDS,
    NEAR_MIDNIGHT,
    ODD,
    PEOPLE,
    REASONS,
    SIGNALS,
    STARTS,
    STEP_CONDITIONS,
    STRANGER,
    TO_NURTURE,
    TRAITS,
    ZONES,
)
from tests.lab.scenarios import Answer, Habits, Outcome, Reaction, Reacts, Scenario, Verb
from tests.rules.examples import CAMPAIGN, make_agreement

T = TypeVar("T")

FEATURES = (
    "refusals", "sequence", "conditions", "after", "variants", "repeat", "surveys", "slow", "exits", "finish", "again",
    "limits", "holidays", "zones", "stages", "topics", "visits", "moves", "clicks", "answers", "goodbyes", "failures",
    "sales", "visitors", "strangers", "history", "by hand", "two rows",
)  # fmt: skip
"""What there may be in a scenario; without them all it is a plain campaign, weekly to everybody, who do nothing."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How large a scenario is, and what there is in it."""

    seed: int
    people: int
    campaigns: int
    steps: int
    events: int
    weeks: int
    features: frozenset[str]

    def dice(self, *what: object) -> Random:
        """Dice for one thing, which fall as they do whatever else is in the scenario."""
        return Random(f"{self.seed} {what}")

    def has(self, feature: str, dice: Random, often: float = 0.5) -> bool:
        """Whether one thing has a feature: often, where the scenario has it at all."""
        falls = dice.random() < often
        return falls and feature in self.features

    def pick(self, feature: str, dice: Random, usual: T, *others: T, often: float = 0.5) -> T:
        """What is usual, or something else."""
        other = dice.choice(others)
        return other if self.has(feature, dice, often) else usual


def plans(most_people: int = len(PEOPLE), most_events: int = 12) -> st.SearchStrategy[Plan]:
    """Four to ten weeks, with three quarters of all features each time."""
    features = st.tuples(*(st.integers(0, 3) for _ in FEATURES)).map(
        lambda drawn: frozenset(name for name, there in zip(FEATURES, drawn, strict=True) if there)
    )
    return st.builds(
        Plan,
        seed=st.integers(0, 2**32),
        people=st.integers(1, most_people),
        campaigns=st.integers(1, len(IDS)),
        steps=st.integers(1, 6),
        events=st.integers(0, most_events),
        weeks=st.integers(4, 10),
        features=features,
    )


def scenario_of(plan: Plan) -> Scenario:
    """The scenario that the dice make of a plan."""
    dice = plan.dice("start")
    start = dice.choice(STARTS) + timedelta(minutes=dice.randrange(2880)) + ODD
    emails, ids = PEOPLE[: plan.people], IDS[: plan.campaigns]
    return Scenario(
        book=Rulebook(_agreement(plan), {name: _campaign(plan, name, ids) for name in ids}),
        people=tuple(row for email in emails for row in _rows(plan, email, start)),
        start=start,
        weeks=plan.weeks,
        events=_events(plan, emails, start),
        habits=_habits(plan),
        by_hand=plan.pick("by hand", dice, None, *ids, often=0.3),
    )


def _agreement(plan: Plan) -> Agreement:
    """Thresholds that a few visits reach, limits, reasons of all kinds with waits of some days."""
    dice = plan.dice("agreement")
    reasons = {
        "not_ready": {"label": "Not ready", "then": "nurture"},
        "no_budget": {"label": "No budget", "then": "nurture", "wait": f"{dice.randint(1, 20)} days"},
        "already_mine": {"label": "Mine", "then": "sales"},
        "student": {"label": "Student", "then": "disqualify"},
        "competitor": {"label": "Competitor", "then": "suppress"},
    }
    low, high = dice.choice([(8, 16), (20, 35), (35, 60)])
    limits = {
        "per_7_days": plan.pick("limits", dice, None, 1, 2, 3),
        "per_30_days": plan.pick("limits", dice, None, 2, 3, 5, 8),
    }
    plain = make_agreement().company
    company = plain.model_copy(
        update={
            "timezone": dice.choice(["America/Chicago", "Europe/Lisbon"]),
            "holidays": plan.pick("holidays", dice, None, "US", "GB"),
        }
    )
    return make_agreement(
        company=company,
        signals=SIGNALS,
        half_life=f"{dice.randint(2, 14)} days",
        horizon=f"{dice.randint(7, 60)} days",
        qualify=[
            {"grades": ["A"], "score": low, "signals": dice.randint(1, 2)},
            {"grades": ["B", "C"], "score": high, "signals": 1},
        ],
        reject_reasons=reasons,
        limits=limits,
        assign=[],
    )


def _campaign(plan: Plan, name: str, ids: Sequence[str]) -> Campaign:
    """One of `ids`, whatever the others are."""
    dice = plan.dice("campaign", name)
    then = dice.choice(["rest", *(other for other in ids if other != name)])
    finish = {"after": f"{dice.randint(1, 12)} days", "then": then}
    leaving = {"when": dice.choice(CAMPAIGN_CONDITIONS), "reason": "not_for_us"}
    some = ([TO_NURTURE[0]], [TO_NURTURE[1]], [])
    return Campaign.model_validate(
        CAMPAIGN
        | {
            "id": name,
            "status": plan.pick("stages", dice, "live", "paused", often=0.08),
            "topic": plan.pick("topics", dice, None, "product"),
            "priority": dice.randint(1, 3),
            "enroll": {
                "reasons": plan.pick("refusals", dice, list(TO_NURTURE), *some, often=0.2),
                "unready": plan.pick("stages", dice, True, False, often=0.2),
                "stages": plan.pick(
                    "stages", dice, ["inquiry", "nurture", "customer"], ["nurture"], ["inquiry"], often=0.2
                ),
                "when": plan.pick("conditions", dice, None, *CAMPAIGN_CONDITIONS, often=0.2),
                "again": plan.pick("again", dice, None, "never", "after 3 days", "after 20 days"),
            },
            "cadence": _cadence(plan, dice),
            "order": plan.pick("sequence", dice, "unseen", "sequence", often=0.7),
            "steps": [_step(plan, name, number) for number in range(plan.steps)],
            "exit": [leaving] if plan.has("exits", dice, 0.3) else [],
            "finish": finish if plan.has("finish", dice, 0.7) else None,
        }
    )


def _cadence(plan: Plan, dice: Random) -> dict[str, Any]:
    """Hours at noon, at both ends of the day, and where clocks change; all weekdays or some."""
    every = dice.choice([1, 2, 3, 5, 7, 10])
    slow = {"after": dice.randint(1, 3), "every": f"{dice.randint(every, 21)} days"}
    return {
        "every": f"{every} days",
        "days": dice.choice(["mon-sun", "mon-sun", "tue-thu", "mon", "sat-sun", "mon-fri"]),
        "hours": dice.choice(HOURS),
        **({"slow_down": slow} if plan.has("slow", dice, 0.7) else {}),
    }


def _step(plan: Plan, campaign: str, number: int) -> dict[str, Any]:
    """A mail or a survey, perhaps on a condition, later, again each cycle, in two variants."""
    dice = plan.dice("step", campaign, number)
    return {
        "id": f"s{number}",
        "survey" if plan.has("surveys", dice, 0.2) else "email": "t/mail",
        "variants": plan.pick("variants", dice, {}, {"long": "t/long", "short": "t/short"}),
        "when": plan.pick("conditions", dice, None, *STEP_CONDITIONS, often=0.3),
        "after": plan.pick("after", dice, None, "1 days", "5 days", "16 days", often=0.3),
        "repeat": plan.has("repeat", dice),
    }


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
            day = -dice.randint(3, 12)
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
    answers = [_answers(dice) for _ in range(3)]
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


def _later(dice: Random, most_minutes: int) -> timedelta:
    """Some time after something, at least so long that nobody is taken for a program; two things may come together."""
    return timedelta(minutes=dice.randint(1, most_minutes), seconds=dice.choice([0, 0, 20])) + ODD
