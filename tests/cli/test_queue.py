"""`nurture queue` as a person or a program calls it: what waits, what is stuck, and how it is tried again."""

import time
from pathlib import Path
from typing import Any

import dramatiq
import pytest
from dramatiq.broker import MessageProxy
from dramatiq.brokers.redis import RedisBroker
from sqlalchemy import Engine, text

from nurture.db import transaction
from nurture.settings import read_settings
from nurture.store import set_aside
from tests.cli.test_leads import Nurture, nurture
from tests.flows.apps import ENVIRONMENT
from workers import dead_letters
from workers.broker import QUEUE, make_broker
from workers.failures import KEPT, Failures
from workers.kinds import failed_key, waiting_key
from workers.nudge import make_nudge, message

__all__ = ["nurture"]

MAILS = """
INSERT INTO delivery (lead_id, enrollment_id, campaign, step, cycle, template, state, slot_at, slot_until, local_on,
                      zone, queued_at, sending_at, tries, for_good, reason)
SELECT lead_id, id, campaign, 'roi', 1, 't/x', :state, now() - interval '2 days', now() - interval '1 day',
       current_date - 2, 'UTC', now() - interval '2 days', now() - interval '2 days', 5, :for_good, :reason
FROM enrollment WHERE status <> 'ended' RETURNING id
"""
NOTICE = """
INSERT INTO notice (about, kind, channel, lead_id, state, tries, at, next_at, last_error)
VALUES ('lead:1/x', :kind, 'hubspot', :lead, 'failed', 10, now(), now(), 'it said no') RETURNING id
"""


@pytest.fixture
def lead(nurture: Nurture, tmp_path: Path, engine: Engine) -> int:
    """A lead in a campaign."""
    path = tmp_path / "leads.csv"
    path.write_text("email,first_name,title,company,country,employees,reject_reason\n"
                    "jo@buyer.example,Jo,VP Operations,Acme,US,900,not_ready\n")  # fmt: skip
    assert nurture("leads", "import", path).status == 0
    return int(asked(engine, "SELECT lead_id FROM enrollment WHERE status <> 'ended'"))


def asked(engine: Engine, query: str, **values: Any) -> Any:
    with transaction(engine) as db:
        return db.execute(text(query), values).scalar()


def stuck(nurture: Nurture, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = nurture("queue", *arguments, "--json").json["stuck"]
    return found


@pytest.fixture
def courier(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> RedisBroker:
    monkeypatch.setenv("REDIS_URL", redis_url)
    made = make_broker(
        read_settings(ENVIRONMENT | {"DATABASE_URL": "postgresql://x@127.0.0.1/x", "REDIS_URL": redis_url})
    )
    made.client.flushdb()
    made.declare_queue(QUEUE)
    return made


def failed(broker: RedisBroker, kind: str, error: Exception) -> None:
    """A job of this kind was taken, and failed."""
    broker.enqueue(message(kind))
    taken = next(broker.consume(QUEUE))
    assert isinstance(taken, MessageProxy)
    for one in broker.middleware:
        if isinstance(one, Failures):
            one.after_process_message(broker, taken, exception=error)
    assert taken.failed
    broker.consume(QUEUE).nack(taken)
    broker.emit_after("nack", taken)


def test_where_nothing_is_stuck_that_is_said(nurture: Nurture) -> None:
    ran = nurture("queue", "--kind", "notice")
    assert (ran.status, "nothing is due" in ran.out, "nothing is stuck" in ran.out) == (0, True, True)


def test_a_lead_set_aside_is_shown_with_its_reason_and_tried_again(nurture: Nurture, lead: int, engine: Engine) -> None:
    with transaction(engine) as db:
        now = db.execute(text("SELECT now()")).scalar_one()
        set_aside.put(db, "lead", lead, lead, "ValueError: poison", now)
        again_at = set_aside.put(db, "lead", lead, lead, "ValueError: more poison", now)
    (found,) = stuck(nurture)
    assert (found["id"], found["state"], found["tries"], found["may_retry"]) == (f"lead:{lead}", "set aside", 2, True)
    assert (found["reason"], found["lead"]) == ("ValueError: more poison", "jo@buyer.example")
    assert asked(engine, "SELECT due_at FROM enrollment WHERE lead_id = :lead", lead=lead) == again_at
    shown = nurture("queue", "show", f"lead:{lead}")
    assert "more poison" in shown.out
    assert f"tried again: lead:{lead}" in nurture("queue", "retry", f"lead:{lead}").out
    assert stuck(nurture) == []
    (due,) = nurture("queue", "--json").json["waiting"]
    assert (due["kind"], due["count"], due["age_seconds"] < 60) == ("lead", 1, True)


def test_a_score_that_could_not_be_worked_out_is_listed_until_it_is(
    nurture: Nurture, lead: int, engine: Engine
) -> None:
    asked(engine, "DELETE FROM enrollment WHERE lead_id = :lead RETURNING 1", lead=lead)
    with transaction(engine) as db:
        now = db.execute(text("SELECT now()")).scalar_one()
        again_at = set_aside.put(db, "score", lead, lead, "ValueError: poison", now)
    id_ = f"score:{lead}"
    (found,) = stuck(nurture, "--kind", "score")
    assert (found["id"], found["state"], found["lead"]) == (id_, "set aside", "jo@buyer.example")
    assert (found["about"], found["again_at"]) == ("score to be worked out anew", again_at.isoformat())
    assert nurture("queue", "--json").json["waiting"] == []
    assert "ValueError: poison" in nurture("queue", "show", id_).out
    assert nurture("status", "--json").json["set_aside"] == {"score": 1}
    assert "1 scores could not be worked on" in nurture("status").out
    assert nurture("queue", "retry", id_, "--json").json["tried"] == [id_]
    (due,) = nurture("queue", "--json").json["waiting"]
    assert (due["kind"], due["count"]) == ("score", 1)
    assert [one["id"] for one in stuck(nurture)] == [id_]


def test_a_mail_that_failed_for_good_may_come_again_and_one_that_is_unknown_never_does(
    nurture: Nurture, lead: int, engine: Engine
) -> None:
    unknown = asked(engine, MAILS, state="unknown", for_good=False, reason="the answer was lost")
    (found,) = stuck(nurture)
    assert (found["id"], found["state"], found["may_retry"]) == (f"delivery:{unknown}", "unknown", False)
    assert f"nurture deliveries resolve {unknown} --as sent" in found["do"]
    refused = nurture("queue", "retry", f"delivery:{unknown}")
    assert (refused.status, "it may have arrived, so it is not sent again" in refused.err) == (1, True)
    assert nurture("queue", "retry", "--all").status == 0
    assert asked(engine, "SELECT state FROM delivery WHERE id = :id", id=unknown) == "unknown"

    asked(engine, "UPDATE delivery SET state = 'failed', for_good = true, reason = '550 no' RETURNING 1")
    (found,) = stuck(nurture)
    assert (found["state"], found["reason"], found["may_retry"]) == ("failed", "550 no", True)
    assert nurture("queue", "retry", "--kind", "delivery").status == 0
    assert asked(engine, "SELECT for_good FROM delivery WHERE id = :id", id=unknown) is False
    again = nurture("queue", "retry", f"delivery:{unknown}")
    assert (again.status, "is tried again by itself" in again.err) == (1, True)


def test_news_and_leads_for_crms_are_tried_again_by_their_kind(nurture: Nurture, lead: int, engine: Engine) -> None:
    news = asked(engine, NOTICE, kind="lead.requalified", lead=lead)
    told = asked(engine, NOTICE, kind="lead.changed", lead=lead)
    assert {one["id"]: one["reason"] for one in stuck(nurture)} == dict.fromkeys(
        (f"notice:{news}", f"crm:{told}"), "it said no"
    )
    assert nurture("queue", "retry", "--kind", "crm").status == 0
    assert asked(engine, "SELECT state FROM notice WHERE id = :id", id=told) == "queued"
    assert asked(engine, "SELECT state FROM notice WHERE id = :id", id=news) == "failed"
    assert nurture("queue", "retry", "--all", "--json").json["tried"] == [f"notice:{news}"]
    assert nurture("queue", "retry", f"notice:{news}").status == 1


def test_a_question_to_confirm_is_sent_again_only_where_it_surely_was_not_taken(
    nurture: Nurture, lead: int, engine: Engine
) -> None:
    question = """
        INSERT INTO confirmation (lead_id, address_hash, source, basis, state, asked_at, expires_at, next_at)
        VALUES (:lead, sha256('x'), 'website', 'consent', :state, now(), now() + interval '1 day', now())
        RETURNING id
    """
    lost, refused = (asked(engine, question, lead=lead, state=state) for state in ("unknown", "failed"))
    assert nurture("queue", "retry", f"confirmation:{lost}", f"confirmation:{refused}", "--json").json == {
        "tried": [f"confirmation:{refused}"],
        "refused": [{"id": f"confirmation:{lost}", "because": f"confirmation:{lost} is unknown: it may have arrived, "
                     "so it is not sent again; whoever missed it sends the form once more"}],
    }  # fmt: skip
    assert asked(engine, "SELECT state FROM confirmation WHERE id = :id", id=lost) == "unknown"


def test_jobs_that_failed_are_told_of_by_kind_and_asked_for_again(nurture: Nurture, courier: RedisBroker) -> None:
    for number in range(2):
        failed(courier, "crm", ValueError(f"no such thing as jo@buyer.example, {number}"))
        time.sleep(0.002)  # dead letters are in order of their milliseconds
    assert courier.client.expire(waiting_key("crm"), 600), "a kind that fails is held back"
    make_nudge(courier)("crm")
    assert dead_letters.waiting(courier) == 0
    (found,) = stuck(nurture)
    assert (found["id"], found["tries"]) == ("job:crm", 2)
    assert found["reason"] == "ValueError: no such thing as [address], 1"
    assert "ValueError" in nurture("queue", "show", "job:crm").out
    assert nurture("queue", "retry", "job:crm").status == 0
    assert stuck(nurture) == []
    assert dead_letters.waiting(courier) == 1
    assert not courier.client.exists(failed_key("crm"), waiting_key("crm"))


def test_no_more_dead_letters_are_kept_than_somebody_reads(courier: RedisBroker) -> None:
    for _ in range(KEPT + 3):
        failed(courier, "settle", RuntimeError("again"))
    (found,) = dead_letters.dead_letters(courier)
    assert found.count == KEPT
    assert courier.client.hlen(f"nurture:{QUEUE}.XQ.msgs") == KEPT
    assert 0 < courier.client.ttl(waiting_key("settle")) <= 30


def test_a_courier_that_is_away_hides_nothing_else(nurture: Nurture, lead: int, engine: Engine) -> None:
    news = asked(engine, NOTICE, kind="lead.requalified", lead=lead)
    ran = nurture("queue", "--json")
    assert [one["id"] for one in ran.json["stuck"]] == [f"notice:{news}"]
    assert (ran.json["jobs_waiting"], "jobs cannot be shown" in ran.err) == (None, True)


@pytest.mark.parametrize(
    "command",
    [("retry",), ("retry", "notice:1", "--all"), ("retry", "notice"), ("retry", "x:1"), ("--kind", "x"), ("show", "x")],
)  # fmt: skip
def test_what_makes_no_sense_is_said_in_one_line(nurture: Nurture, command: tuple[str, ...]) -> None:
    ran = nurture("queue", *command)
    assert ran.status == 2
    assert len(ran.err.strip().splitlines()) == 1


def test_what_is_not_stuck_is_not_found(nurture: Nurture) -> None:
    assert nurture("queue", "show", "notice:4711").status == 1
    assert "is not stuck" in nurture("queue", "retry", "hits:4711").err


def test_jobs_of_another_version_are_shown_too(courier: RedisBroker) -> None:
    courier.enqueue(dramatiq.Message(queue_name=QUEUE, actor_name="gone", args=(), kwargs={}, options={}))
    taken = next(courier.consume(QUEUE))
    courier.consume(QUEUE).nack(taken)
    (found,) = dead_letters.dead_letters(courier)
    assert (found.kind, found.because) == (dead_letters.OTHER, "no job of this name in this version")
    assert dead_letters.ask_again(courier, [dead_letters.OTHER]) == 1
