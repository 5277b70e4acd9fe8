"""Whatever is drawn: production and simulation give the same handoffs to the same reps, and again to the same others.

`test_same_as_production` lives through whole lives of a few leads; here are many handoffs of few reps, so that reps get
full, are away, hold colleagues, and let leads lie.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from nurture.app import App
from nurture.flows.ingest import ingest
from nurture.flows.reassign import reassign
from nurture.flows.refuse import refuse
from nurture.lab.assigning import Again, Offer, assigned
from nurture.rules.assignment import fitting
from nurture.rules.calendar import local_date
from tests.databases import empty
from tests.flows.apps import add_lead, make_app, one, track
from tests.rules.examples import NOW, known_of
from tests.rules.lives import book_of

ANN, BEN, CAT = (f"{name}@acme.example" for name in ("ann", "ben", "cat"))
LEADS = {
    "a1@a.example": "US", "a2@a.example": "GB", "a3@a.example": "US", "b1@b.example": "US", "b2@b.example": "GB",
    "g1@gmail.com": "US", "g2@gmail.com": "GB",
}  # fmt: skip
OWNED = {"b2@b.example": CAT, "a3@a.example": "Ben Ito"}
LINES: tuple[dict[str, Any], ...] = (
    {"to": "previous"},
    {"to": "owner"},
    {"to": "colleague", "at_most": "2 open"},
    {"when": "lead.country == 'GB'", "to": [CAT, BEN], "at_most": "2 open"},
    {"to": [ANN, BEN, CAT]},
)
AWAY = ["2026-03-04 to 2026-03-09", "2026-03-20", "from 2026-04-10"]

Step = tuple[str, str, str, int]
"""What happens, to which lead, for which reason, how many hours after the step before."""

STEPS = st.lists(
    st.tuples(
        st.sampled_from(("offer", "offer", "refuse", "reassign")),
        st.sampled_from(sorted(LEADS)),
        st.sampled_from(("no_follow_up", "not_ready")),
        st.sampled_from((1, 5, 14, 30)),
    ),
    min_size=4,
    max_size=18,
)
REPS = st.fixed_dictionaries(
    {
        "ann": st.sampled_from([{}, {"away": AWAY}, {"days": "mon, wed, fri"}]),
        "ben": st.sampled_from([{}, {"at_most": 1}, {"holidays": "GB", "away": AWAY[1:]}]),
    }
)
SCENE: list[Step] = [
    ("offer", "a1@a.example", "", 1), ("offer", "a2@a.example", "", 1), ("offer", "g1@gmail.com", "", 1),
    ("offer", "b1@b.example", "", 1), ("reassign", "a1@a.example", "", 1),
    ("refuse", "a1@a.example", "no_follow_up", 5), ("refuse", "b1@b.example", "not_ready", 25),
    ("offer", "b1@b.example", "", 1), ("offer", "a1@a.example", "", 14), ("offer", "g2@gmail.com", "", 5),
    ("refuse", "g1@gmail.com", "not_ready", 30), ("offer", "b2@b.example", "", 1), ("offer", "g1@gmail.com", "", 5),
    ("reassign", "b1@b.example", "", 14), ("offer", "a3@a.example", "", 30), ("refuse", "a1@a.example", "not_ready", 1),
    ("offer", "a1@a.example", "", 5),
]  # fmt: skip
"""In which every rule has a say."""
SAID = {"ann": {"away": AWAY[:1]}, "ben": {"at_most": 1}}


Making = Callable[..., App]


@dataclass(slots=True)
class Round:
    """One handoff as production had it: to whom it was offered, and what became of it."""

    at: datetime
    lead: str
    rep: str
    again: list[datetime] = field(default_factory=list)
    ended_at: datetime | None = None
    reason: str | None = None


@pytest.fixture
def making(clean_db: Engine, db_url: str, tmp_path: Path) -> Making:
    """Makes an app with sections of the agreement replaced."""
    return lambda **agreement: make_app(clean_db, db_url, tmp_path, book_of(**agreement))


def make(making: Making, lines: tuple[dict[str, Any], ...], reps: Mapping[str, Mapping[str, Any]]) -> App:
    said = {f"{name}@acme.example": dict(rep) for name, rep in reps.items()}
    said[BEN] |= {"name": "Ben Ito"}
    app = making(assign=list(lines), reps=said)
    empty(app.engine)
    for email, country in LEADS.items():
        add_lead(app, email, country=country, owner=OWNED.get(email))
    return app


def played(app: App, steps: list[Step]) -> list[Round]:
    """What production does; a step that does not fit is passed over."""
    rounds: list[Round] = []
    now = NOW
    for what, lead, reason, hours in steps:
        now += timedelta(hours=hours)
        last = next((one_ for one_ in reversed(rounds) if one_.lead == lead), None)
        is_open = last is not None and last.ended_at is None
        if what == "offer" and not is_open:
            ingest(app, [track("Demo Requested", now, email=lead)], now)
            rounds.append(Round(now, lead, one(app, "SELECT owner FROM handoff ORDER BY id DESC LIMIT 1")))
        elif what == "refuse" and last is not None and is_open:
            refuse(app, lead, reason=reason, by="test", note="", now=now)
            last.ended_at, last.reason = now, reason
        elif what == "reassign" and last is not None and is_open:
            asked = "SELECT max(h.id) FROM handoff h JOIN lead l ON l.id = h.lead_id WHERE email = :lead"
            reassign(app, one(app, asked, lead=lead), to=None, by="test", now=now)
            last.again.append(now)
    return rounds


def simulated(app: App, rounds: list[Round]) -> list[str]:
    """To whom a simulation would have offered the same leads."""

    def offer(order: int, seen: Round) -> Offer:
        lines = fitting(app.agreement, known_of(email=seen.lead, country=LEADS[seen.lead]))
        again = tuple(Again(at, lines) for at in seen.again)
        return Offer(seen.at, order, seen.lead, lines, OWNED.get(seen.lead), seen.ended_at, seen.reason, again)

    return [rep for _, rep in assigned(app.agreement, [offer(n, seen) for n, seen in enumerate(rounds)])]


@settings(max_examples=5, suppress_health_check=list(HealthCheck))
@given(steps=STEPS, reps=REPS, some=st.lists(st.booleans(), min_size=4, max_size=4))
@example(steps=SCENE, reps=SAID, some=[True] * 4)
@example(steps=SCENE, reps=SAID, some=[False] * 4)
def test_both_give_the_same_handoffs_to_the_same_reps(
    making: Making, steps: list[Step], reps: dict[str, dict[str, Any]], some: list[bool]
) -> None:
    lines = tuple(line for line, there in zip(LINES, [*some, True], strict=True) if there)
    app = make(making, lines, reps)
    rounds = played(app, steps)
    assert [seen.rep for seen in rounds] == simulated(app, rounds)


def forgetful(desk: Any) -> Any:
    class Forgetful(desk):
        def give(self, *args: Any) -> Any:
            self.turns = {}
            return super().give(*args)

    return Forgetful


def only(place: int, instead: Any) -> Callable[[Any], Any]:
    return lambda made: lambda *args: made(*(instead if n == place else arg for n, arg in enumerate(args)))


RULES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "who had the lead before": ("nurture.lab.assigning.Candidates", only(0, None)),
    "whose the lead is": ("nurture.lab.assigning.Candidates", only(1, None)),
    "who has colleagues": ("nurture.lab.assigning.Candidates", only(2, ())),
    "who let it lie": ("nurture.lab.assigning.Candidates", only(3, frozenset())),
    "whose turn it is": ("nurture.lab.assigning.Desk", forgetful),
    "who is in": ("nurture.rules.assignment.is_in", lambda _: lambda *_: True),
    "who has room": ("nurture.rules.assignment.capacity", lambda _: lambda *_: None),
    "free mail": ("nurture.lab.assigning.company_domain", lambda _: lambda email: email.rpartition("@")[2]),
    "when it is worked on": (
        "nurture.lab.assigning.working_day",
        lambda _: lambda hours, now: local_date(now, hours.timezone),
    ),
}


def test_each_rule_that_is_another_in_simulation_shows(making: Making, monkeypatch: pytest.MonkeyPatch) -> None:
    scenes = []
    for lines in (LINES, ({"to": "colleague"}, LINES[-1])):
        app = make(making, lines, SAID)
        scenes.append((app, played(app, SCENE)))
    silent = []
    for rule, (where, how) in RULES.items():
        with monkeypatch.context() as patch:
            patch.setattr(where, how(resolve_name(where)))
            if all(simulated(app, rounds) == [seen.rep for seen in rounds] for app, rounds in scenes):
                silent.append(rule)
    assert silent == []
