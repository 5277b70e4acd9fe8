"""Many reps answer the same handoffs in the same moment: one is first, the others hear who, and the log agrees."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text

from nurture.app import App
from nurture.db import make_engine, transaction
from nurture.errors import Conflict
from nurture.facts import OPEN_HANDOFF
from nurture.flows import follow_up
from nurture.flows.ingest import ingest
from tests.flows.apps import add_lead, rows, track
from tests.rules.examples import NOW

REPS = [f"rep{n}@acme.example" for n in range(16)]
LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def handoffs(app: App, db_url: str) -> list[int]:
    """Six that are offered, to nobody of those who will answer; and a connection for each of these."""
    for n in range(6):
        add_lead(app, f"lead{n}@buyer.example")
        ingest(app, [track("Demo Requested", email=f"lead{n}@buyer.example")], NOW)
    engine = make_engine(db_url, pool_size=16)
    object.__setattr__(app, "engine", engine)
    yield [row.id for row in rows(app, "SELECT id FROM handoff ORDER BY id")]
    engine.dispose()


def all_at_once(work: Callable[[str, random.Random], None]) -> None:
    """Every rep in a thread of its own; an error in one is the test's."""
    start, failed = threading.Barrier(len(REPS)), []

    def run(rep: str, n: int) -> None:
        start.wait()
        try:
            work(rep, random.Random(n))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(rep, n)) for n, rep in enumerate(REPS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_one_answer_wins_and_everybody_else_is_told(app: App, handoffs: list[int]) -> None:
    said: list[tuple[int, str, str, str]] = []

    def answer(rep: str, dice: random.Random) -> None:
        for handoff in dice.sample(handoffs, len(handoffs)):
            do = dice.choice(["accept", "accept", "reject"])
            try:
                if do == "accept":
                    follow_up.accept(app, handoff, by=rep, now=LATER)
                else:
                    follow_up.reject(app, handoff, reason="not_ready", note=rep, by=rep, now=LATER)
                said.append((handoff, do, rep, ""))
            except Conflict as conflict:
                said.append((handoff, do, rep, str(conflict)))

    all_at_once(answer)
    for handoff in handoffs:
        ((state, owner, answered_by, note),) = rows(
            app, "SELECT state, owner, answered_by, note FROM handoff WHERE id = :id", id=handoff
        )
        (winner,) = [(do, rep) for id_, do, rep, conflict in said if id_ == handoff and not conflict]
        assert winner == ("accept" if state == "accepted" else "reject", answered_by)
        assert (owner if state == "accepted" else note) == answered_by
        others = [conflict for id_, _, _, conflict in said if id_ == handoff and conflict]
        assert len(others) == len(REPS) - 1
        assert all(f"this handoff was {state} by {answered_by}" in conflict for conflict in others)
        log = rows(app, "SELECT what, by FROM handoff_change WHERE handoff_id = :id ORDER BY id", id=handoff)
        assert [tuple(row) for row in log[1:]] == [(state, answered_by)]
    with transaction(app.engine) as db:
        begun = db.execute(text("SELECT count(*) FROM cycle WHERE reason = 'not_ready'")).scalar_one()
    assert begun == sum(state == "rejected" for (state,) in rows(app, "SELECT state FROM handoff"))


def test_whatever_is_answered_at_once_the_log_tells_how_it_stands(app: App, handoffs: list[int]) -> None:
    done: Counter[str] = Counter()

    def work(rep: str, dice: random.Random) -> None:
        for handoff in dice.sample(handoffs, len(handoffs)):
            for do in dice.sample(["accept", "attempt", "contacted", "qualified", "reject", "lost"], 3):
                try:
                    press(app, handoff, do, rep)
                    done[do] += 1
                except Conflict:
                    done["conflict"] += 1

    all_at_once(work)
    assert done["conflict"]
    assert done["attempt"] == len(rows(app, "SELECT FROM attempt")), "no attempt is lost, none is there twice"
    moves = ("accepted", "contacted", "qualified", "rejected", "lost")
    for handoff, state, attempts in rows(
        app, "SELECT h.id, h.state, (SELECT count(*) FROM attempt WHERE handoff_id = h.id) FROM handoff h"
    ):
        log = [row.what for row in rows(
            app, "SELECT what FROM handoff_change WHERE handoff_id = :id ORDER BY id", id=handoff)]  # fmt: skip
        moved = [what for what in log if what in moves]
        assert log.count("attempt") == attempts
        assert len(moved) == len(set(moved)), "nothing happened twice"
        assert (moved[-1:] or ["offered"]) == [state], "the last line is how it stands"
        assert not {"rejected", "lost"} & set(moved[:-1]), "nothing after the end"
    open_ones = rows(app, "SELECT lead_id FROM handoff WHERE state = ANY(:open)", open=list(OPEN_HANDOFF))
    assert len(open_ones) == len({row.lead_id for row in open_ones})
    stages = {"offered": "mql", "accepted": "sal", "contacted": "sal", "qualified": "sql"}
    for state, stage in rows(app, "SELECT h.state, l.stage FROM handoff h JOIN lead l ON l.id = h.lead_id"):
        assert stage == stages.get(state, "nurture")


def press(app: App, handoff: int, do: str, rep: str) -> None:
    if do == "accept":
        follow_up.accept(app, handoff, by=rep, now=LATER)
    elif do == "attempt":
        follow_up.attempt(app, handoff, kind="call", outcome="reached", note="", by=rep, now=LATER)
    elif do == "reject":
        follow_up.reject(app, handoff, reason="not_ready", note="", by=rep, now=LATER)
    elif do == "lost":
        follow_up.outcome(app, handoff, state="lost", reason="not_ready", note="", by=rep, now=LATER)
    else:
        state = "contacted" if do == "contacted" else "qualified"
        follow_up.outcome(app, handoff, state=state, reason=None, note="", by=rep, now=LATER)
