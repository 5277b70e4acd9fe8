"""Scores are a function of what happened: not of when it was told, in which order, how often, or in whose statement."""

from datetime import timedelta
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from nurture.app import App
from nurture.db import transaction
from nurture.facts import EventFact
from nurture.flows.ingest import ingest
from nurture.flows.recompute import recompute
from nurture.flows.recount import recount
from nurture.flows.refuse import refuse
from nurture.grammar.matchers import said as written
from nurture.rules import scoring
from nurture.segment.event import IncomingEvent
from nurture.store import leads, scores
from nurture.store.states import states
from tests.databases import empty
from tests.flows.apps import incoming, make_app
from tests.rules.examples import AGREEMENT, NOW, make_agreement
from tests.rules.lives import book_of

DAY = timedelta(days=1)
JO = "jo@buyer.example"
PATHS = ("/pricing", "/pricing/eu", "/careers", "/blog")
TRACKS = ("Whitepaper Downloaded", "whitepaper  DOWNLOADED", "Webinar Attended", "Demo Requested", "Nothing")

quick = settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])

instants = st.builds(
    lambda days, seconds: NOW - days * DAY - timedelta(seconds=seconds), st.integers(0, 100), st.integers(0, 86_399)
)


@st.composite
def lives(draw: st.DrawFn) -> list[dict[str, Any]]:
    """What one person did, before and after anybody knew who it was."""
    made: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 14))):
        said: dict[str, Any] = {"message_id": f"m{number}", "at": draw(instants)}
        if draw(st.booleans()):
            said |= {"kind": "page", "path": draw(st.sampled_from(PATHS))}
        else:
            said |= {
                "kind": "track",
                "name": draw(st.sampled_from(TRACKS)),
                "properties": {"minutes": draw(st.integers(15, 25))},
            }
        said |= draw(
            st.sampled_from([{"email": JO}, {"anonymous_id": "browser"}, {"email": JO, "anonymous_id": "browser"}])
        )
        made.append(said)
    return made


def told(life: list[dict[str, Any]]) -> list[IncomingEvent]:
    return [
        incoming(said["kind"], said["at"], **{k: v for k, v in said.items() if k not in ("kind", "at")})
        for said in life
    ]


def fresh_app(engine: Engine, db_url: str, tmp_path: Any) -> App:
    """Nobody is handed over, so that no second cycle begins: which one is another matter."""
    empty(engine)
    return make_app(engine, db_url, tmp_path, book_of(qualify=[{"grades": ["A"], "score": 10_000}]))


def learnt(app: App) -> tuple[list[Any], list[Any]]:
    """All counts and scores, by address."""
    with transaction(app.engine) as db:
        counted = db.execute(
            text(
                "SELECT email, s.cycle, matcher, day, count FROM signal_day s JOIN lead l ON l.id = lead_id"
                " ORDER BY 1, 2, 3, 4"
            )
        ).all()
        scored = db.execute(
            text("SELECT email, s.day, s.micro, engaged_at FROM lead_score s JOIN lead l ON l.id = lead_id ORDER BY 1")
        ).all()
        return [tuple(row) for row in counted], [tuple(row) for row in scored]


def portions(events: list[IncomingEvent], random: Random) -> list[list[IncomingEvent]]:
    """The events shuffled, some of them twice or more, in batches of any size."""
    many = events + random.choices(events, k=random.randint(0, len(events)))
    random.shuffle(many)
    batches: list[list[IncomingEvent]] = []
    while many:
        size = random.randint(1, len(many))
        batches.append(many[:size])
        many = many[size:]
    return batches


@quick
@given(life=lives(), random=st.randoms(use_true_random=False))
def test_any_order_any_duplication_any_split_gives_the_same(
    engine: Engine, db_url: str, tmp_path: Any, life: list[dict[str, Any]], random: Random
) -> None:
    tied = [*told(life), incoming("identify", NOW, message_id="who", email=JO, anonymous_id="browser")]
    app = fresh_app(engine, db_url, tmp_path)
    ingest(app, tied, NOW)
    at_once = learnt(app)

    app = fresh_app(engine, db_url, tmp_path)
    for batch in portions(tied, random):
        ingest(app, batch, NOW)
    one_by_one = learnt(app)
    assert one_by_one == at_once

    # As it is after having heard all again, from the beginning or from the stored events.
    with transaction(app.engine) as db:
        ids = list(db.execute(text("SELECT id FROM lead")).scalars())
        recount(db, app, ids, NOW)
    assert learnt(app) == at_once
    with transaction(app.engine) as db:
        db.execute(
            text("DELETE FROM signal_day; UPDATE lead_score SET micro = 4711; UPDATE lead SET engaged_at = NULL")
        )
    recompute(app, NOW, parts=["events"], tell=lambda *_: None)
    assert learnt(app) == at_once
    recompute(app, NOW, tell=lambda *_: None)
    assert learnt(app) == at_once


@quick
@given(life=lives(), cuts=st.lists(st.integers(0, 100), max_size=3), data=st.data())
def test_counting_again_is_the_same_over_cycles_and_revised_verdicts(
    engine: Engine, db_url: str, tmp_path: Any, life: list[dict[str, Any]], cuts: list[int], data: st.DataObject
) -> None:
    app = fresh_app(engine, db_url, tmp_path)
    refusals = [NOW - days * DAY for days in cuts]
    ingest(
        app,
        [incoming("identify", NOW - 200 * DAY, message_id="who", email=JO, anonymous_id="browser")],
        NOW - 200 * DAY,
    )
    for what in sorted(
        [*told(life), *refusals], key=lambda one: one.occurred_at if isinstance(one, IncomingEvent) else one
    ):
        if isinstance(what, IncomingEvent):
            ingest(app, [what], what.occurred_at)
        else:
            refuse(app, JO, reason="not_ready", by="rep", note="", now=what)
    recompute(app, NOW, tell=lambda *_: None)
    incremental = learnt(app)
    some = data.draw(st.lists(st.sampled_from([said["message_id"] for said in life]), unique=True))
    for verdict in ("automated", "human"):
        with transaction(app.engine) as db:
            db.execute(
                text("UPDATE event SET verdict = :verdict WHERE message_id = ANY(:some)"),
                {"verdict": verdict, "some": some},
            )
            recount(db, app, db.execute(text("SELECT id FROM lead")).scalars().all(), NOW)
        if verdict == "automated":
            left = [said for said in life if said["message_id"] not in some]
            assert sum(row[4] for row in learnt(app)[0]) == sum(_worth_counting(app, said) for said in left)
    assert learnt(app) == incremental


def _worth_counting(app: App, said: dict[str, Any]) -> int:
    fact = EventFact(said["kind"], said["at"], said.get("name"), said.get("path"), said.get("properties", {}))
    return sum(scoring.matches(one, fact, app.book.company) for one in app.book.matchers.values())


days_ago = st.one_of(st.integers(-3, -1), st.integers(0, 40), st.sampled_from([0, 1, 29, 30, 31, 59, 60, 61, 3650]))


@st.composite
def agreements(draw: st.DrawFn) -> Any:
    """Points of either sign, caps, half-lives, and signals that ask for the same."""
    whens = [{"page": "/a"}, {"page": "/b"}, {"track": "C"}, "clicked"]
    signals = {
        f"s{number}": {
            "when": draw(st.sampled_from(whens)),
            "points": draw(st.integers(-10_000, 10_000).filter(bool)),
            "at_most": draw(st.one_of(st.none(), st.integers(1, 5))),
            "half_life": draw(st.one_of(st.none(), st.sampled_from(["1 day", "7 days", "30 days", "1 year"]))),
        }
        for number in range(draw(st.integers(1, 5)))
    }
    return make_agreement(
        signals=signals,
        half_life=f"{draw(st.integers(1, 60))} days",
        horizon=f"{draw(st.sampled_from([1, 30, 60]))} days",
    ), draw(
        st.lists(
            st.tuples(st.sampled_from([0, 1, 2]), st.sampled_from(whens).map(repr), days_ago, st.integers(0, 9)),
            max_size=25,
        )
    )


@settings(quick, max_examples=40)
@given(drawn=agreements(), cycle=st.sampled_from([1, 1, 0, 2]))
def test_the_database_scores_as_the_rules_do(
    engine: Engine, db_url: str, tmp_path: Any, drawn: Any, cycle: int
) -> None:
    agreement, counted = drawn
    app = fresh_app(engine, db_url, tmp_path)
    app = make_app(engine, db_url, tmp_path, type(app.book)(agreement, app.book.campaigns))
    asked = {repr(written(signal.when)): signal.when.fingerprint for signal in agreement.signals.values()}
    today = NOW.date()
    unique = {(n, asked.get(what, "another"), today - timedelta(days=ago)): count for n, what, ago, count in counted}
    scores.know_decays(app.engine, agreement)
    with transaction(app.engine) as db:
        lead_id = leads.insert(db, [{"email": JO}], NOW)[JO]
        db.execute(text("UPDATE lead SET cycle = :cycle"), {"cycle": cycle})
        for (n, matcher, day), count in unique.items():
            db.execute(
                text("INSERT INTO signal_day VALUES (:id, :n, :matcher, :day, :count)"),
                {"id": lead_id, "n": n, "matcher": matcher, "day": day, "count": count},
            )
        scores.rescore(db, agreement, [lead_id], today)
        found = db.execute(text("SELECT cycle, day, micro FROM lead_score")).one()
        (state,) = states(db, app.book, [lead_id], NOW)
    assert tuple(found) == (cycle, today, scoring.score(agreement, state.counts, today).micro)


def test_the_decay_that_is_stored_is_that_of_the_rules(app: App) -> None:
    agreement = make_agreement(half_life="3 days", horizon="40 days")
    scores.know_decays(app.engine, make_agreement(half_life="3 days", horizon="10 days"))
    scores.know_decays(app.engine, agreement)
    with transaction(app.engine) as db:
        rows = db.execute(text("SELECT half_life, age, micro FROM decay ORDER BY 1, 2")).all()
    half_lives = {3, 10}  # pricing_page has its own
    assert [tuple(row) for row in rows] == [
        (half_life, age, scoring.decay_micro(half_life, age)) for half_life in sorted(half_lives) for age in range(41)
    ]
    assert AGREEMENT["signals"]["pricing_page"]["half_life"] == "10 days"
