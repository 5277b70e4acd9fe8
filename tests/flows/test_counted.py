"""What workers do with mails is counted as the rows say, and is seen from outside while the mailer breaks."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest

from nurture.app import App
from nurture.db import transaction
from nurture.flows.beat import Beat
from nurture.meters import by_labels, read
from nurture.rules.breaker import LEAST
from nurture.store import processes
from nurture.store.health import health
from tests.flows.test_sending import app, queue, send, states, stub, taken
from tests.mailers.stub_api import Asked, Stub, Told
from tests.rules.examples import NOW

__all__ = ["app", "stub"]


def counted(app: App) -> dict[str, int]:
    """Mails by outcome, as the database holds what processes have told."""
    with transaction(app.engine) as db:
        counts = {read(name): n for name, n in processes.added_up(db).items()}
    return {outcome: n for (_, outcome), n in by_labels("mails", counts)}


@pytest.fixture
def beat(app: App) -> Iterator[Beat]:
    beat = Beat(app, "worker")
    yield beat
    beat.end()


def test_sent_failed_and_cancelled_mails_are_counted_as_their_rows_say(app: App, stub: Stub, beat: Beat) -> None:
    def mixed(asked: Asked) -> Told:
        codes = [406 if item["To"] == "lead3@buyer.example" else 0 for item in asked.json]
        return Told(200, [{"ErrorCode": code, "Message": f"code {code}"} for code in codes])

    stub.reply = mixed
    queue(app, 25)
    with transaction(app.engine) as db:
        db.exec_driver_sql("UPDATE lead SET stage = 'disqualified' WHERE email IN ('lead1@buyer.example')")
    send(app)
    beat.tell()
    assert counted(app) == states(app) == {"sent": 23, "failed": 1, "cancelled": 1}
    stub.reply = taken
    with transaction(app.engine) as db:
        db.exec_driver_sql("TRUNCATE lead CASCADE")
    queue(app, 10)
    send(app)
    beat.tell()
    assert counted(app) == {"sent": 32, "failed": 1, "cancelled": 2}, "lead3 is suppressed by now"


def test_a_mailer_that_breaks_is_seen_to_rest_with_its_words(app: App, stub: Stub, beat: Beat) -> None:
    stub.reply = lambda _asked: Told(500, {"Message": "we are closed"})
    queue(app, 3 * LEAST)
    send(app)
    beat.tell()
    with transaction(app.engine) as db:
        (mailer,) = health(db, NOW + timedelta(minutes=20)).mailers
    assert (mailer.state, mailer.lets_go) == ("resting", False)
    assert "Postmark answered 500" in mailer.why
    assert (mailer.waiting.count, mailer.waiting.oldest >= 1200) == (states(app)["queued"], True)
    assert sum(counted(app).values()) >= 1
    assert Counter(counted(app)).keys() <= {"sent", "failed", "put_off", "held", "unknown", "cancelled"}
