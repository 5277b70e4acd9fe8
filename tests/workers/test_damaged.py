"""What lies at the courier and is no job: it goes to the dead letters, and no other job waits for it."""

import logging
from collections.abc import Iterator

import pytest
from dramatiq import Consumer
from dramatiq.brokers.redis import RedisBroker

from nurture.settings import read_settings
from tests.flows.apps import ENVIRONMENT
from workers import dead_letters
from workers.broker import QUEUE, make_broker
from workers.nudge import message

MESSAGES = f"nurture:{QUEUE}.msgs"
DAMAGED = {
    "no JSON": b"\xff\xfe\x00 nothing",
    "nothing": b"",
    "a number": b"7",
    "an object of other names": b'{"a": 1}',
    "no number in Redis": b'{"queue_name": "nurture", "actor_name": "crm", "args": [], "kwargs": {}, "options": {}, '
    b'"message_id": "x", "message_timestamp": 1}',
    "no time": b'{"queue_name": "nurture", "actor_name": "crm", "args": [], "kwargs": {}, '
    b'"options": {"redis_message_id": "x"}, "message_id": "x", "message_timestamp": null}',
    "options that are none": b'{"queue_name": "nurture", "actor_name": "crm", "args": [], "kwargs": {}, '
    b'"options": null, "message_id": "x", "message_timestamp": 1}',
}


@pytest.fixture
def broker(redis_url: str) -> Iterator[RedisBroker]:
    settings = read_settings(ENVIRONMENT | {"DATABASE_URL": "postgresql://x@127.0.0.1/x", "REDIS_URL": redis_url})
    made = make_broker(settings)
    made.declare_queue(QUEUE)
    yield made
    made.close()


def lay(broker: RedisBroker, *bodies: bytes) -> None:
    """As jobs that a broken client, or a Redis that lost its memory, left behind."""
    for number, body in enumerate(bodies):
        broker.client.hset(MESSAGES, f"damaged-{number}", body)
        broker.client.rpush(f"nurture:{QUEUE}", f"damaged-{number}")


def taken(consumer: Consumer, most: int = 20) -> list[str]:
    return [job.actor_name for job in (next(consumer) for _ in range(most)) if job is not None]


@pytest.mark.parametrize("body", DAMAGED.values(), ids=DAMAGED.keys())
def test_what_cannot_be_read_is_a_dead_letter_and_the_others_are_taken(
    broker: RedisBroker, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    broker.enqueue(message("crm"))
    lay(broker, body)
    broker.enqueue(message("deliver"))
    with caplog.at_level(logging.ERROR, "workers.broker"):
        consumer = broker.consume(QUEUE, 8, 1)
        assert taken(consumer, 4) == ["crm", "deliver"]
    assert "dead letters" in caplog.text
    assert broker.client.hlen(MESSAGES) == 2, "those that were taken, until they are done"
    (found,) = dead_letters.dead_letters(broker)
    assert (found.kind, found.count) == (dead_letters.OTHER, 1)
    assert found.because == dead_letters.UNREADABLE
    assert dead_letters.ask_again(broker, [dead_letters.OTHER]) == 1
    assert dead_letters.dead_letters(broker) == []


def test_many_at_once_end_no_loop_and_leave_as_many_as_somebody_reads(broker: RedisBroker) -> None:
    lay(broker, *DAMAGED.values(), *DAMAGED.values())
    broker.enqueue(message("deliver"))
    assert taken(broker.consume(QUEUE, 4, 1), 10) == ["deliver"]
    assert sum(found.count for found in dead_letters.dead_letters(broker)) == 2 * len(DAMAGED)
    assert broker.client.llen(f"nurture:{QUEUE}") == 0
