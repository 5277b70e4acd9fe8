"""What is leased or being sent is found by its batch, and sending changes no index."""

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from nurture.db import transaction
from nurture.store import agenda, deliveries
from nurture.store.deliveries import Answer, Gate
from nurture.store.line import Line
from tests.rules.examples import NOW
from tests.store.test_health import past

GATE = Gate(7, 30, "{}")
KNOWN_TO_INDEXES = text(
    """
    SELECT DISTINCT a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam,
        pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE i.indrelid = 'delivery'::regclass AND d.objid = i.indexrelid AND d.refobjid = i.indrelid
        AND m.amname = 'btree'
    """
)


def batches(engine: Engine) -> int:
    with transaction(engine) as db:
        return int(db.execute(text("SELECT count(*) FROM delivery_batch")).scalar_one())


def lease_all(engine: Engine, token: object) -> list[int]:
    with transaction(engine) as db:
        rows = deliveries.lease(db, mailer="default", token=token, now=NOW, most=200)  # type: ignore[arg-type]
    return [row.delivery_id for row in rows]


def test_no_index_names_what_changes_between_leased_and_sent(clean_db: Engine) -> None:
    changes = {
        "state",
        "lease_token",
        "leased_until",
        "tries",
        "sending_at",
        "message_id",
        "reason",
        "for_good",
        "sent_at",
    }
    with transaction(clean_db) as db:
        assert not changes & set(db.execute(KNOWN_TO_INDEXES).scalars())


def test_what_is_under_way_is_in_a_batch(clean_db: Engine) -> None:
    past(clean_db, state="queued")
    with pytest.raises(IntegrityError, match="delivery_in_a_batch"), transaction(clean_db) as db:
        db.execute(text("UPDATE delivery SET state = 'leased'"))


def test_a_batch_is_forgotten_when_nothing_of_it_is_under_way(clean_db: Engine) -> None:
    past(clean_db, leads=3, state="queued")
    token, line = uuid4(), Line(clean_db)
    ids = lease_all(clean_db, token)
    following = [(number, f"<{number}@x>", f"x{n}@buyer.example") for n, number in enumerate(sorted(ids), 1)][:2]

    async def send() -> set[int]:
        with transaction(clean_db) as db:
            db.execute(text("UPDATE delivery SET slot_until = slot_until + interval '1 day'"))
        step = deliveries.record_and_move
        moved = await step(line, token=token, answers=[], following=following, gate=GATE, now=NOW)
        answers = [Answer(number, "sent") for number in sorted(moved)[:1]]
        await step(line, token=token, answers=answers, following=[], gate=GATE, now=NOW)
        return moved

    moved = asyncio.run(send())
    line.close()
    assert len(moved) == 2
    with transaction(clean_db) as db:
        assert deliveries.release(db, token) == 1
    assert batches(clean_db) == 1  # one is being sent still
    with transaction(clean_db) as db:
        db.execute(text("UPDATE delivery SET leased_until = leased_until - interval '1 minute'"))
        assert agenda.EXPIRED in agenda.waiting(db, NOW)
        assert deliveries.expire(db) == {"unknown": 1}
        assert agenda.EXPIRED not in agenda.waiting(db, NOW)
    assert batches(clean_db) == 0


def test_a_worker_forgets_its_own_batches_as_it_takes_the_next(clean_db: Engine) -> None:
    past(clean_db, leads=2, state="queued")
    token = uuid4()
    lease_all(clean_db, token)
    with transaction(clean_db) as db:
        db.execute(text("UPDATE delivery SET state = 'sent'"))
    lease_all(clean_db, token)
    lease_all(clean_db, uuid4())
    assert batches(clean_db) == 2  # the empty ones of just now
    with transaction(clean_db) as db:
        deliveries.forget_finished(db)
    assert batches(clean_db) == 0
