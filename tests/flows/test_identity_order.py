"""Any order of arrival and any split into batches: the same events are the same people's, and count the same.

Drawn are people with one account each, for what two accounts of one person do depends on the order (docs/identity.md).
"""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, Phase, assume, given, note, settings
from hypothesis import strategies as st

from nurture.app import App
from nurture.db import transaction
from nurture.flows.ingest import ingest
from nurture.flows.merge_leads import merge_leads
from nurture.flows.recount import recount
from nurture.mail.links import visitor_token
from nurture.segment.event import IncomingEvent
from nurture.segment.visitor import VISITOR
from tests.databases import empty
from tests.flows.apps import add_lead, incoming, rows
from tests.rules.examples import NOW

A, B, C, D = "a@buyer.example", "b@buyer.example", "c@buyer.example", "d@buyer.example"
PEOPLE: tuple[tuple[tuple[str, ...], str | None], ...] = (((A, B), "u1"), ((C,), "u2"), ((D,), None))
LATER = NOW + timedelta(hours=2)
Told = tuple[str, int, int | None, str, str | None, str | None]
"""An event as it is drawn: kind, browser, whose link led there, path or name, address, user id."""


@st.composite
def acts(draw: st.DrawFn) -> Told:
    browser = draw(st.integers(0, 2))
    addresses, user = draw(st.sampled_from(PEOPLE))
    address = draw(st.sampled_from(addresses))
    kind = draw(st.sampled_from(["page", "page", "page", "link", "form", "identify", "identify", "server", "alias"]))
    named = user if draw(st.booleans()) else None
    match kind:
        case "page":
            return ("page", browser, None, "/pricing", None, named)
        case "link":
            return ("page", browser, draw(st.sampled_from([0, 1])), "/careers", None, None)
        case "form":
            return ("track", browser, None, "Whitepaper Downloaded", address, named)
        case "identify":
            return ("identify", browser, None, "", draw(st.sampled_from([address, None])) if user else address, user)
        case "server":
            return ("track", -1, None, "Whitepaper Downloaded", None if user else address, user)
        case _:
            return ("alias", browser, None, "", None, user or address)


def events_of(app: App, told: Sequence[Told]) -> list[IncomingEvent]:
    """The events themselves, a minute after each other."""
    leads = [add_lead(app, A), add_lead(app, C)]
    made = []
    for minute, (kind, browser, link, name, address, user) in enumerate(told):
        at = NOW + timedelta(minutes=minute)
        more = {"message_id": f"m{minute}", "email": address, "user_id": user, "received_at": LATER}
        more["anonymous_id"] = None if browser < 0 else f"b{browser}"
        if kind == "page":
            token = "" if link is None else f"?{VISITOR}={visitor_token(app.settings.secret_key, leads[link])}"
            more |= {"path": name, "url": f"https://acme.example{name}{token}"}
        elif kind == "track":
            more["name"] = name
        elif kind == "alias":
            more["properties"] = {"previousId": B if user == A else f"b{browser}"}
        made.append(incoming(kind, at, **more))
    return made


def story(app: App) -> dict[str, object]:
    """Whose each event is and what counts for whom; people are told apart by all their addresses."""
    query = "SELECT id, email FROM lead UNION ALL SELECT lead_id, value FROM identity WHERE kind = 'email'"
    people: dict[int | None, str] = {}
    for row in sorted(rows(app, query), key=lambda row: row.email):
        people[row.id] = f"{people.get(row.id, '')} {row.email}".strip()
    events = rows(app, "SELECT message_id, lead_id FROM event ORDER BY message_id")
    counts = rows(app, "SELECT lead_id, cycle, matcher, day, count AS n FROM signal_day")
    return {
        "events": {row.message_id: people.get(row.lead_id) for row in events},
        "counts": sorted((people[row.lead_id], row.cycle, row.matcher, row.day, row.n) for row in counts),
        "ids": sorted(
            (r.kind, r.value, people[r.lead_id]) for r in rows(app, "SELECT * FROM identity WHERE kind = 'user'")
        ),
    }


def live(app: App, told: Sequence[Told], order: Sequence[int], cuts: Sequence[int]) -> dict[str, object]:
    """What has become of it when the events came in this order, cut into batches there."""
    empty(app.engine)
    made = events_of(app, told)
    shuffled = [made[place] for place in order]
    edges = sorted({0, len(shuffled), *(cut for cut in cuts if cut < len(shuffled))})
    for start, end in pairwise(edges):
        ingest(app, shuffled[start:end], LATER)
    return story(app)


told_acts = st.lists(acts(), min_size=2, max_size=10)
QUICK = settings(
    max_examples=6,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def check_order(app: App, told: Sequence[Told], data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(told))), label="order")
    cuts = data.draw(st.lists(st.integers(1, 10), max_size=4), label="cuts")
    expected = live(app, told, range(len(told)), [])
    assert live(app, told, order, cuts) == expected
    before = story(app)["counts"]
    with transaction(app.engine) as db:
        recount(db, app, [row.id for row in db.exec_driver_sql("SELECT id FROM lead")], LATER)
    assert story(app)["counts"] == before, "recounted, it is not what was counted"


@QUICK
@given(told=told_acts, data=st.data())
def test_any_order_and_any_split_give_the_same_people_and_the_same_scores(app: App, told, data) -> None:
    check_order(app, told, data)


@pytest.mark.soak
@pytest.mark.timeout(0)
@settings(QUICK, max_examples=2000)
@given(told=st.lists(acts(), min_size=2, max_size=16), data=st.data())
def test_any_order_and_any_split_again_and_again(app: App, told, data) -> None:
    check_order(app, told, data)


def conserved(app: App) -> dict[str, int]:
    tables = {
        "events": "event", "answers": "event WHERE kind = 'answer'", "deliveries": "delivery", "handoffs": "handoff",
        "enrollments": "enrollment", "refusals": "cycle WHERE reason IS NOT NULL",
    }  # fmt: skip
    return {name: rows(app, f"SELECT count(*) AS n FROM {table}")[0].n for name, table in tables.items()}


@settings(QUICK, max_examples=4)
@given(told=told_acts, cut=st.integers(0, 10))
def test_merging_before_or_after_the_events_gives_the_same_scores_and_loses_none(app: App, told, cut: int) -> None:
    stories = []
    for merge_at in (0, cut, len(told)):
        empty(app.engine)
        made = events_of(app, told)
        ingest(app, made[:merge_at], LATER)
        before = conserved(app)
        done = merge_leads(app, A, C, by="test", now=LATER)
        after = conserved(app)
        assert after == {**before, "handoffs": before["handoffs"] + done.offered}, "it may be ready now"
        merge_leads(app, A, C, by="test", now=LATER)
        assert conserved(app) == after
        ingest(app, made[merge_at:], LATER)
        assume(not rows(app, "SELECT FROM identity_conflict"))  # two accounts of one person (docs/identity.md)
        stories.append({name: part for name, part in story(app).items() if name != "ids"})
    note(str(stories))
    assert stories[0] == stories[1] == stories[2]


def test_merging_by_alias_is_merging_by_command(app: App) -> None:
    told: list[Told] = [
        ("page", 0, None, "/pricing", None, None), ("identify", 0, None, "", A, "u1"),
        ("identify", 1, None, "", C, "u2"), ("page", 1, None, "/pricing", None, None),
    ]  # fmt: skip
    stories = []
    for by_alias in (False, True):
        empty(app.engine)
        ingest(app, events_of(app, told), LATER)
        if by_alias:
            ingest(app, [incoming("alias", LATER, user_id="u1", properties={"previousId": "u2"})], LATER)
        else:
            merge_leads(app, A, C, by="test", now=LATER)
        stories.append((story(app), rows(app, "SELECT id, email, stage FROM lead")))
    assert stories[0] == stories[1]
