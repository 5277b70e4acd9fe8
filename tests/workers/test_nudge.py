"""Jobs carry nothing but their kind; one of a kind waits at most; a courier that is away does no harm."""

import pytest
import redis
from dramatiq.brokers.redis import RedisBroker

from nurture.settings import read_settings
from tests.flows.apps import ENVIRONMENT
from workers.broker import QUEUE, make_broker
from workers.nudge import make_nudge, waiting_key


@pytest.fixture
def broker(redis_url: str) -> RedisBroker:
    settings = read_settings(ENVIRONMENT | {"DATABASE_URL": "postgresql://x@127.0.0.1/x", "REDIS_URL": redis_url})
    made = make_broker(settings)
    made.declare_queue(QUEUE)
    return made


def waiting(broker: RedisBroker) -> int:
    return broker.client.llen(f"nurture:{QUEUE}")


def test_one_job_of_a_kind_waits_at_most(broker: RedisBroker) -> None:
    nudge = make_nudge(broker)
    for _ in range(5):
        nudge("deliver")
    nudge("advance")
    assert waiting(broker) == 2


def test_a_job_taken_makes_room_for_the_next(broker: RedisBroker) -> None:
    nudge = make_nudge(broker)
    nudge("deliver")
    broker.client.delete(waiting_key("deliver"))
    nudge("deliver")
    assert waiting(broker) == 2


def test_after_redis_was_emptied_it_is_said_again(broker: RedisBroker) -> None:
    nudge = make_nudge(broker)
    nudge("deliver")
    broker.client.flushdb()
    assert waiting(broker) == 0
    nudge("deliver")
    assert waiting(broker) == 1


def test_a_job_carries_no_ids(broker: RedisBroker) -> None:
    make_nudge(broker)("deliver")
    (body,) = broker.client.hvals(f"nurture:{QUEUE}.msgs")
    assert b'"args":[]' in body
    assert b'"kwargs":{}' in body


def test_a_courier_that_is_away_does_no_harm() -> None:
    settings = read_settings(
        ENVIRONMENT | {"DATABASE_URL": "postgresql://x@127.0.0.1/x", "REDIS_URL": "redis://127.0.0.1:1/0"}
    )
    broker = make_broker(settings)
    with pytest.raises(redis.ConnectionError):
        broker.client.ping()
    make_nudge(broker)("deliver")


def test_an_unknown_kind_is_a_mistake_of_ours(broker: RedisBroker) -> None:
    with pytest.raises(ValueError, match="no such kind"):
        make_nudge(broker)("delivery")
