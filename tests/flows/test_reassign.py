"""A handoff goes to somebody else: by hand, by the lines of `assign`, once, and both reps hear of it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from nurture.app import App
from nurture.db import make_engine, transaction
from nurture.errors import Conflict, NotFound, UsageError
from nurture.flows import follow_up
from nurture.flows.ingest import ingest
from nurture.flows.reassign import Reassigned, reassign, reassign_in, relieve
from nurture.flows.stay_away import away
from tests.flows.apps import add_lead, one, rows, track
from tests.rules.examples import NOW

ANN, BEN, CAT = (f"{name}@acme.example" for name in ("ann", "ben", "cat"))
MANAGER = "sales-manager@acme.example"
LATER = NOW + timedelta(hours=3)


@pytest.fixture
def desk(app_with: Callable[..., App]) -> App:
    """One handoff, which Ann has."""
    app = app_with(assign=[{"to": "previous"}, {"to": [ANN, BEN, CAT]}], reps={CAT: {"name": "Cat Obi"}})
    add_lead(app)
    ingest(app, [track("Demo Requested")], NOW)
    return app


def handoff(app: App, *, first: bool = False) -> int:
    return one(app, "SELECT min(id) FROM handoff" if first else "SELECT id FROM handoff")


def told(app: App) -> list[str | None]:
    query = "SELECT recipient FROM notice WHERE kind = 'handoff.reassigned' ORDER BY recipient NULLS LAST, id"
    return [row.recipient for row in rows(app, query)]


def test_a_handoff_goes_to_whom_it_is_given_and_both_are_told(desk: App) -> None:
    done = reassign(desk, handoff(desk), to=BEN, by="kim", because="Ben knows them", now=LATER)
    assert done == Reassigned(handoff(desk), BEN, ANN, changed=True, known=True)
    assert rows(desk, "SELECT owner, given_at, state FROM handoff") == [(BEN, LATER, "offered")]
    assert told(desk) == [ANN, BEN, None]
    (change,) = rows(desk, "SELECT by, owner, note, details, at FROM handoff_change WHERE what = 'reassigned'")
    assert change == ("kim", BEN, "Ben knows them", {"from": ANN, "to": BEN}, LATER)
    for row in rows(desk, "SELECT data FROM notice WHERE kind = 'handoff.reassigned'"):
        assert row.data == {"from": ANN, "to": BEN, "by": "kim", "because": "Ben knows them"}
    assert "notices" in desk.nudged  # type: ignore[attr-defined]


def test_given_to_who_has_it_nothing_happens(desk: App) -> None:
    for _ in range(2):
        assert not reassign(desk, handoff(desk), to=f" {ANN.upper()}", by="kim", now=LATER).changed
    assert told(desk) == []
    assert rows(desk, "SELECT FROM handoff_change WHERE what = 'reassigned'") == []


def test_there_and_back_again_tells_each_time(desk: App) -> None:
    for hour, rep in enumerate([BEN, ANN, BEN]):
        assert reassign(desk, handoff(desk), to=rep, by="kim", now=LATER + timedelta(hours=hour)).changed
    assert told(desk) == [ANN] * 3 + [BEN] * 3 + [None] * 3


def test_a_rep_may_be_called_by_name_and_anybody_may_be_given_one(desk: App) -> None:
    assert reassign(desk, handoff(desk), to="cat obi", by="kim", now=LATER).owner == CAT
    stranger = reassign(desk, handoff(desk), to="bem@acme.example", by="kim", now=LATER + timedelta(hours=1))
    assert (stranger.changed, stranger.known, stranger.meant) == (True, False, BEN)
    with pytest.raises(UsageError, match="no rep is 'Bob'; the agreement has ann@"):
        reassign(desk, handoff(desk), to="Bob", by="kim", now=LATER)
    with pytest.raises(UsageError, match="say who you are"):
        reassign(desk, handoff(desk), to=BEN, by="  ", now=LATER)


def test_by_a_link_alone_it_goes_to_nobody_whom_the_agreement_does_not_name(desk: App) -> None:
    with pytest.raises(UsageError, match=r"no rep is 'bem@acme.example' \(did you mean `ben@acme.example`\?\)"):
        reassign(desk, handoff(desk), to="bem@acme.example", by="kim", now=LATER, anybody=False)
    assert reassign(desk, handoff(desk), to="Cat Obi", by="kim", now=LATER, anybody=False).owner == CAT


def test_by_the_lines_it_goes_to_nobody_who_had_it_and_at_last_to_the_manager(desk: App) -> None:
    got = [reassign(desk, handoff(desk), to=None, by="the SLA", now=LATER + timedelta(hours=hour)) for hour in range(4)]
    assert [done.owner for done in got] == [BEN, CAT, MANAGER, MANAGER]
    assert [done.changed for done in got] == [True, True, True, False]


def test_a_rep_can_be_relieved_of_everything(desk: App) -> None:
    emails = [f"lead{n}@buyer{n}.example" for n in range(5)]
    for email in emails:
        add_lead(desk, email)
        ingest(desk, [track("Demo Requested", email=email)], NOW)
    assert [row.owner for row in rows(desk, "SELECT owner FROM handoff ORDER BY id")] == [ANN, BEN, CAT] * 2
    follow_up.accept(desk, handoff(desk, first=True), by=ANN, now=NOW)
    away(desk, BEN, first=None, last=None, now=NOW)
    done, stay = relieve(desk, ANN, to=None, by="kim", because="left", now=LATER)
    assert ([(one_.owner, one_.before) for one_ in done], stay) == ([(CAT, ANN)] * 2, [])
    assert relieve(desk, "Cat Obi", to=BEN, by="kim", now=LATER)[1] == []
    assert [row.owner for row in rows(desk, "SELECT owner FROM handoff ORDER BY id")] == [BEN] * 6
    assert relieve(desk, ANN, to=None, by="kim", now=LATER) == ([], [])
    with pytest.raises(UsageError, match="no rep is 'Bob'"):
        relieve(desk, "Bob", to=None, by="kim", now=LATER)


def test_by_turns_it_is_a_turn_like_any_other(desk: App) -> None:
    assert reassign(desk, handoff(desk), to=None, by="the SLA", now=LATER).owner == BEN
    add_lead(desk, "kim@other.example")
    ingest(desk, [track("Demo Requested", LATER, email="kim@other.example")], LATER)
    assert one(desk, "SELECT owner FROM handoff ORDER BY id DESC LIMIT 1") == CAT


def test_a_closed_handoff_stays_and_one_that_is_not_there_is_not_found(desk: App) -> None:
    follow_up.reject(desk, handoff(desk), reason="not_ready", note="", by=ANN, now=LATER)
    with pytest.raises(Conflict, match=r"is closed \(rejected\)"):
        reassign(desk, handoff(desk), to=BEN, by="kim", now=LATER)
    with pytest.raises(NotFound, match="no handoff 999"):
        reassign(desk, 999, to=BEN, by="kim", now=LATER)


def test_an_accepted_handoff_stays_accepted_by_another(desk: App) -> None:
    follow_up.accept(desk, handoff(desk), by=ANN, now=LATER)
    reassign(desk, handoff(desk), to=BEN, by="kim", now=LATER)
    assert rows(desk, "SELECT owner, state FROM handoff") == [(BEN, "accepted")]
    assert one(desk, "SELECT stage FROM lead") == "sal"


def test_what_is_not_committed_is_not_told(desk: App) -> None:
    with pytest.raises(ZeroDivisionError), transaction(desk.engine) as db:  # noqa: PT012 - it is the end that raises
        reassign_in(db, desk, handoff(desk), to=BEN, by="kim", now=LATER)
        raise ZeroDivisionError
    assert one(desk, "SELECT owner FROM handoff") == ANN
    assert told(desk) == []


def test_two_who_reassign_at_once_each_find_what_the_other_did(desk: App, db_url: str) -> None:
    engine = make_engine(db_url, pool_size=4)
    crowded = replace(desk, engine=engine, nudge=lambda _: None)
    id_ = handoff(desk)
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: reassign(crowded, id_, to=BEN, by="kim", now=LATER), range(8)))
    engine.dispose()
    assert sorted(one_.changed for one_ in done) == [False] * 7 + [True]
    assert len(rows(desk, "SELECT FROM handoff_change WHERE what = 'reassigned'")) == 1
