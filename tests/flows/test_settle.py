"""Settling many hits at once, and a few at a time; crashes in between; two settling at once."""

import threading
import time
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from nurture.app import App
from nurture.db import transaction
from nurture.flows import settle as settling
from nurture.flows.merge_leads import merge_leads
from nurture.flows.settle import Settled, settle
from nurture.rules.bots import REACH
from nurture.store import hits
from nurture.store.set_aside import WAITS
from tests.flows.apps import add_lead, one, rows
from tests.flows.test_smaller_flows import HUMAN, hit, sent

__all__ = ["sent"]

MANY = 4000


def hammer(app: App, many: int, *, every: str, mails: int = 1, after: int = 60) -> None:
    """So many clicks from one address, on the mails of so many leads, from so many minutes after delivery on."""
    with transaction(app.engine) as db:
        db.execute(
            text(
                """
                WITH l AS (
                    INSERT INTO lead (email, key, created_at, updated_at, cycle_started_at)
                    SELECT 'm' || n || '@many.example', 'm' || n, :now, :now, :now FROM generate_series(2, :mails) n
                    RETURNING id
                ), e AS (
                    INSERT INTO enrollment (lead_id, n, campaign, cycle, started_at, status)
                    SELECT id, 1, 'not-ready', 1, :now, 'active' FROM l RETURNING id, lead_id
                )
                INSERT INTO delivery (lead_id, enrollment_id, campaign, step, cycle, template, state, slot_at,
                                      slot_until, local_on, zone, queued_at, sent_at)
                SELECT e.lead_id, e.id, d.campaign, d.step, 1, d.template, 'sent', d.slot_at, d.slot_until, d.local_on,
                       d.zone, d.queued_at, d.sent_at
                FROM e, delivery d
                """
            ),
            {"now": one(app, "SELECT sent_at FROM delivery"), "mails": mails},
        )
        db.execute(
            text(
                f"""
                INSERT INTO event (month, source, message_id, message_md5, lead_id, kind, delivery_id, link, campaign,
                                   step, agent, address_hash, hit, occurred_at, received_at, verdict, settle_at)
                SELECT date_trunc('month', at), 'mail', n::text, md5(:after || 'h' || n)::uuid, lead_id, 'click', id,
                       1 + n % 3, campaign, step, :agent, '\\x01', '{{"method": "GET"}}', at, at, 'pending',
                       at + interval '1 minute'
                FROM (SELECT n, d.*, d.sent_at + :after * interval '1 minute' + n * interval '{every}' AS at
                      FROM generate_series(1, :many) n
                      JOIN (SELECT *, row_number() OVER (ORDER BY id) - 1 AS place FROM delivery) d
                        ON d.place = n % :mails) hits
                """
            ),
            {"many": many, "mails": mails, "agent": HUMAN, "after": after},
        )


def settled_until(app: App, after: timedelta) -> tuple[int, int]:
    """Settle until nothing more is ripe."""
    human = automated = 0
    now = one(app, "SELECT min(sent_at) FROM delivery") + after
    while True:
        done = settle(app, now)
        human, automated = human + done.human, automated + done.automated
        if not done.more:
            return human, automated


def test_a_mail_with_thousands_of_hits_is_settled_at_once(app: App, sent: int) -> None:
    hammer(app, MANY, every="10 milliseconds")
    began = time.perf_counter()
    assert settled_until(app, timedelta(hours=2)) == (0, MANY)
    assert time.perf_counter() - began < 15


def test_hits_on_a_thousand_mails_from_one_address_are_settled_in_batches(app: App, sent: int) -> None:
    hammer(app, MANY, every="10 milliseconds", mails=1000)
    began = time.perf_counter()
    assert settled_until(app, timedelta(hours=2)) == (0, MANY)
    assert time.perf_counter() - began < 30
    assert one(app, "SELECT count(*) FROM signal_day") == 0


def test_only_what_lies_within_reach_is_read_again(app: App, sent: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long a mail is hammered, a hit costs the same."""
    read: list[int] = []
    of_mails = hits.of_mails

    def counted(*args: Any) -> Any:
        found = of_mails(*args)
        read.append(len(found))
        return found

    monkeypatch.setattr(hits, "of_mails", counted)
    for minutes in range(60, 160, 5):
        hammer(app, 30, every="10 seconds", after=minutes)
        settled_until(app, timedelta(minutes=minutes + 6))
    assert read[-1] == max(read) == 30 + 2 * REACH / timedelta(seconds=10)


def test_a_settling_that_fails_leaves_everything_to_the_next(
    app: App, sent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2, 3):
        hit(app, sent, after=timedelta(minutes=10 * number), link=number)
    settled_until(app, timedelta(minutes=12))
    hit(app, sent, after=timedelta(minutes=30, seconds=1), link=0)
    before = rows(app, "SELECT id, verdict FROM event ORDER BY id"), rows(app, "SELECT * FROM signal_day")

    def broken(*_: object) -> None:
        raise OperationalError("COMMIT", None, Exception("gone"))

    with monkeypatch.context() as patch:
        patch.setattr(settling, "decide", broken)
        with pytest.raises(OperationalError):
            settled_until(app, timedelta(hours=1))
    assert (rows(app, "SELECT id, verdict FROM event ORDER BY id"), rows(app, "SELECT * FROM signal_day")) == before
    assert settled_until(app, timedelta(hours=1)) == (1, 2)
    assert one(app, "SELECT sum(count) FROM signal_day") == 2


def test_hits_that_cannot_be_judged_are_set_aside_and_the_others_are_judged(
    app: App, sent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    hit(app, sent, after=timedelta(minutes=10), link=1)
    poisoned = one(app, "SELECT lead_id FROM event")
    sound = settling.decide

    def decide(db: Any, app: App, happenings: dict[int, Any], now: datetime) -> Any:
        if poisoned in happenings:
            raise RuntimeError("poison")
        return sound(db, app, happenings, now)

    now = one(app, "SELECT sent_at FROM delivery WHERE id = :id", id=sent) + timedelta(hours=1)
    with monkeypatch.context() as patch:
        patch.setattr(settling, "decide", decide)
        assert (settle(app, now).set_aside, settle(app, now).more) == (1, False)
    (found,) = rows(app, "SELECT kind, id, reason, again_at FROM set_aside")
    assert (found.kind, found.id, found.reason, found.again_at) == (
        "hits",
        sent,
        "RuntimeError: poison",
        now + WAITS[0],
    )
    assert settle(app, now + WAITS[0]).human == 1


def test_two_settling_at_once_count_once(app: App, sent: int) -> None:
    for number in range(20):
        hit(app, sent, after=timedelta(minutes=10 * (number + 1)), link=1)
    now = one(app, "SELECT sent_at FROM delivery") + timedelta(days=1)
    done: list[Settled] = []
    threads = [threading.Thread(target=lambda: done.append(settle(app, now))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(one_.human for one_ in done) == 20
    assert one(app, "SELECT sum(count) FROM signal_day") == 20


def test_hits_of_a_lead_that_is_merged_meanwhile_are_left_to_the_next(
    app: App, sent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has not locked the lead whose they are now might count them while another one does."""
    hit(app, sent, after=timedelta(minutes=30))
    now = one(app, "SELECT sent_at FROM delivery") + timedelta(minutes=31)
    add_lead(app, "other@buyer.example")

    def pending(*args: Any) -> Any:
        found = hits.pending(*args)
        merge_leads(app, "other@buyer.example", "jo@buyer.example", by="test", now=now)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(settling, "hits", SimpleNamespace(pending=pending))
        assert settle(app, now) == Settled(more=True)
    assert one(app, "SELECT verdict FROM event WHERE kind = 'click'") == "pending"
    assert settle(app, now).human == 1
    assert one(app, "SELECT sum(count) FROM signal_day") == 1
