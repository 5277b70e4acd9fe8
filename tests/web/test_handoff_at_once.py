"""What a rep presses on the page in the same instant in which somebody else does something."""

import threading
import time

import pytest
from sqlalchemy import text

from nurture.store.handoff_changes import note_change
from tests.web.people import NOW, OTHER, REP, add_handoff, add_lead, handoff_path, rows

WAITING = """
    SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()
"""


@pytest.fixture
def handoff(app):
    return add_handoff(app.engine, add_lead(app.engine))


@pytest.mark.parametrize("fields", [{"do": "lost", "reason": "no_budget"}, {"do": "reassign", "to": OTHER}])
def test_what_happens_while_a_button_waits_for_its_turn_is_told_first(client, app, handoff, fields):
    """Somebody else's answer is being written as the button is pressed: it was seen by nobody."""
    client.post(handoff_path(handoff), data={"do": "accept", "by": REP})
    [[seen]] = [row.values() for row in rows(app.engine, "SELECT max(id) FROM handoff_change")]
    answers = []
    press = threading.Thread(
        target=lambda: answers.append(client.post(handoff_path(handoff), data={"by": REP, "seen": str(seen), **fields}))
    )
    with app.engine.begin() as db:
        db.execute(text("SELECT FROM lead FOR NO KEY UPDATE"))
        press.start()
        until = time.monotonic() + 10
        while not rows(app.engine, WAITING)[0]["n"] and time.monotonic() < until:
            time.sleep(0.01)
        db.execute(text("UPDATE handoff SET state = 'qualified'"))
        note_change(db, handoff, "qualified", at=NOW, by=OTHER)
    press.join()
    [answer] = answers
    assert answer.status_code == 409
    assert f"qualified by {OTHER}" in answer.text
    assert rows(app.engine, "SELECT state, owner FROM handoff") == [{"state": "qualified", "owner": REP}]
