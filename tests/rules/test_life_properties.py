"""Whatever happens to a lead, in whatever order: what must never be, is not."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.facts import TAKES_A_DAY, WITH_SALES, EventFact
from nurture.rules import happenings as h
from nurture.rules import life
from nurture.rules.calendar import local_date
from nurture.rules.effects import Queued
from nurture.rules.life import Outcome
from tests.rules.examples import NOW
from tests.rules.lives import Life, book_of, campaign_of, lead

ZONES = ("America/Chicago", "Europe/London", "Pacific/Apia", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kolkata")
BOOK = book_of(
    campaign_of(
        steps=[{"id": f"s{n}", "email": "t/x", "repeat": n % 3 == 0} for n in range(6)],
        finish={"after": "2 weeks", "then": "long"},
        exit=[{"when": "lead.industry == 'education'", "reason": "not_our_market"}],
        topic="product",
    ),
    campaign_of("budget", enroll={"reasons": ["no_budget"]}, order="unseen"),
    campaign_of(
        "daily",
        enroll={"unready": True},
        priority=1,
        steps=[{"id": f"d{n}", "email": "t/x"} for n in range(20)],
        cadence={"every": "1 day", "days": "mon-sun", "hours": "00:30-23:30"},
    ),
    campaign_of("long", enroll={}, cadence={"every": "1 day", "days": "mon-sun", "hours": "07:00-22:00"}),
    limits={"per_day": 1, "per_7_days": 3, "per_30_days": 7},
)

pages = st.sampled_from(["/pricing", "/careers", "/docs", "/about"])
kinds = st.sampled_from(["page", "open", "click", "reply", "answer", "track"])


@st.composite
def happenings(draw: st.DrawFn) -> tuple[timedelta, str, object]:
    """How much later, what, and a detail of it."""
    later = timedelta(minutes=draw(st.integers(0, 60 * 24 * 20)))
    what = draw(
        st.sampled_from(
            [
                "due",
                "due",
                "due",
                "did",
                "remembered",
                "refused",
                "moves",
                "failed",
                "topic",
                "zone",
                "industry",
                "postponed",
            ]
        )
    )
    details = {
        "did": st.tuples(kinds, pages),
        "remembered": st.tuples(kinds, pages),
        "refused": st.sampled_from(["not_ready", "no_budget", "already_mine"]),
        "moves": st.sampled_from(["accepted", "contacted", "qualified", "won"]),
        "failed": st.booleans(),
        "zone": st.sampled_from(ZONES),
        "postponed": st.tuples(st.integers(-5, 60), st.sampled_from(["out of office", "paused by the lead"])),
        "industry": st.sampled_from(["education", "manufacturing", None]),
    }
    return later, what, draw(details.get(what, st.none()))


def live(events: list[tuple[timedelta, str, object]]) -> tuple[Life, list[tuple[datetime, Queued]]]:
    """Live through it; each mail that was queued counts as sent at its slot unless it is made to fail."""
    one = Life(BOOK, lead())
    one.happens(h.Arrived())
    queued: list[tuple[datetime, Queued]] = []
    now = NOW
    for later, what, detail in events:
        now += later
        followed = one.happens(happening(one, what, detail, now), now)
        for effect in followed:
            if isinstance(effect, Queued):
                queued.append((now, effect))
                check_slot(effect, now)
                assert all(effect.slot.at >= until for _, until in one.state.postponed if until > now)
        check(one)
        if what == "due":
            deliveries = (
                replace(d, state="sent") if d.state == "queued" and d.at <= now else d for d in one.state.deliveries
            )
            one.state = replace(one.state, deliveries=tuple(deliveries))
    return one, queued


def done(at: datetime, kind: str, path: str) -> EventFact:
    answer = {"answer": "later"}
    return EventFact(kind, at, name="timing", path=path, properties=answer, campaign="not-ready", step="s0")  # type: ignore[arg-type]


def happening(one: Life, what: str, detail: object, now: datetime) -> h.Happening:
    match what:
        case "did":
            return h.Did((done(now, *detail),))  # type: ignore[misc]
        case "remembered":
            return h.Remembered((done(now - timedelta(days=3), *detail),))  # type: ignore[misc]
        case "refused":
            return h.Refused(str(detail), now)
        case "moves":
            return h.Progressed(detail) if one.state.handoff else h.CameDue()  # type: ignore[arg-type]
        case "failed":
            waits = [delivery for delivery in one.state.deliveries if delivery.state == "queued"]
            return (
                h.SendFailed(waits[0].campaign, waits[0].step, waits[0].cycle, bool(detail)) if waits else h.CameDue()
            )
        case "postponed":
            ahead, because = detail  # type: ignore[misc]
            return h.Postponed(now + timedelta(days=ahead), because)
        case "topic":
            return h.MustNotBeMailed("topic_left", "product")
        case "zone":
            one.state = replace(one.state, profile=replace(one.state.profile, timezone=str(detail)))
            return h.ProfileChanged()
        case "industry":
            one.state = replace(one.state, profile=replace(one.state.profile, industry=detail))  # type: ignore[arg-type]
            return h.ProfileChanged()
        case _:
            return h.CameDue()


def check_slot(mail: Queued, now: datetime) -> None:
    campaign, slot = BOOK.campaigns[mail.campaign], mail.slot
    local = slot.at.astimezone(ZoneInfo(slot.zone))
    assert slot.local_on == local_date(now, slot.zone) == local.date()
    assert local.weekday() in campaign.cadence.days
    assert campaign.cadence.hours.start <= local.time()
    assert now < slot.until
    assert slot.at < slot.until


def check(one: Life) -> None:
    state = one.state
    days = [delivery.local_on for delivery in state.deliveries if delivery.state in TAKES_A_DAY]
    assert len(days) == len(set(days)), "two nurture mails on one local day"
    for day in days:
        assert sum(day - timedelta(days=6) <= other <= day for other in days) <= 3
        assert sum(day - timedelta(days=29) <= other <= day for other in days) <= 7
    keys = [(delivery.campaign, delivery.step, delivery.cycle) for delivery in state.deliveries]
    assert len(keys) == len(set(keys)), "one step twice in one cycle"
    if state.stage in WITH_SALES or state.stage == "disqualified":
        assert state.enrollment is None
        assert not any(delivery.state in ("queued", "leased") for delivery in state.deliveries)
    assert (state.handoff is not None) <= (state.stage in WITH_SALES)
    assert [n for n, _ in state.cycles] == sorted({n for n, _ in state.cycles})
    assert state.cycle == state.cycles[-1][0]


@settings(max_examples=48, deadline=None)
@given(st.lists(happenings(), max_size=40))
def test_whatever_happens_what_must_never_be_is_not(events: list[tuple[timedelta, str, object]]) -> None:
    live(events)


@settings(max_examples=40, deadline=None)
@given(st.lists(happenings(), max_size=25))
def test_a_decision_is_a_function_of_its_inputs_alone(events: list[tuple[timedelta, str, object]]) -> None:
    first, mails = live(events)
    second, again = live(events)
    assert first.effects == second.effects
    assert mails == again
    outcome: Outcome = life.apply(BOOK, first.state, h.CameDue(), first.now)
    assert outcome == life.apply(BOOK, first.state, h.CameDue(), first.now)


@settings(max_examples=30, deadline=None)
@given(st.lists(happenings(), max_size=25))
def test_deciding_twice_at_one_instant_changes_nothing_more(events: list[tuple[timedelta, str, object]]) -> None:
    one, _ = live(events)
    once = life.apply(BOOK, one.state, h.CameDue(), one.now).state
    assert life.apply(BOOK, once, h.CameDue(), one.now).state == once


@settings(max_examples=30)
@given(st.lists(happenings(), max_size=12), kinds, pages)
def test_history_moves_nothing_wherever_the_lead_stands(
    events: list[tuple[timedelta, str, object]], kind: str, path: str
) -> None:
    one, _ = live(events)
    past = h.Remembered((done(one.now - timedelta(days=3), kind, path),))
    after = life.apply(BOOK, one.state, past, one.now).state
    for moved in ("stage", "cycle", "enrollment", "past", "deliveries", "handoff", "suppressed", "mail_from", "ask_at"):
        assert getattr(after, moved) == getattr(one.state, moved), moved
