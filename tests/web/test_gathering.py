"""Events of many requests in one transaction: answered after their commit, each by what became of its own."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any

import pytest
from psycopg.errors import AdminShutdown, DeadlockDetected, NumericValueOutOfRange, ProgramLimitExceeded
from sqlalchemy.exc import DataError, OperationalError

from nurture.segment.event import IncomingEvent
from nurture.web import waiting
from nurture.web.gathering import Gathering
from nurture.web.waiting import Busy, Stored
from tests.rules.examples import NOW

WAIT = 10.0


class Store:
    """Keeps what it is given, in groups; refuses a group with a name that it is told of. `open` lets it go on."""

    def __init__(self, **errors: Exception) -> None:
        self.errors = errors
        self.groups: list[list[str]] = []
        self.times: list[Any] = []
        self.open = threading.Event()
        self.open.set()

    def __call__(self, _: Any, events: Sequence[IncomingEvent], now: Any) -> None:
        assert self.open.wait(WAIT)
        names = [event.name or "" for event in events]
        self.times.append(now)
        for name in names:
            if name in self.errors:
                raise self.errors[name]
        self.groups.append(names)

    @property
    def stored(self) -> list[str]:
        return [name for group in self.groups for name in group]


def named(*names: str, browser: str = "") -> list[IncomingEvent]:
    return [
        IncomingEvent(
            message_id=name, kind="track", name=name, source="test", occurred_at=NOW, received_at=NOW, client_at=NOW,
            anonymous_id=browser or name,
        )
        for name in names
    ]  # fmt: skip


def many(letter: str, count: int) -> list[IncomingEvent]:
    return named(*(f"{letter}{n}" for n in range(count)))


def run(scene: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(scene(), WAIT))


async def behind(store: Store, gather: Gathering, *requests: Sequence[IncomingEvent]) -> list[Stored | BaseException]:
    """What these requests are answered when they all come while one transaction runs."""
    store.open.clear()
    first = asyncio.create_task(gather.put(named("first"), NOW))
    while gather._waiting.unwritten or not gather._waiting.writers:
        await asyncio.sleep(0.001)
    others = [asyncio.create_task(gather.put(events, NOW)) for events in requests]
    await asyncio.sleep(0.01)
    store.open.set()
    await first
    return await asyncio.gather(*others, return_exceptions=True)


REFUSED = DataError("", None, NumericValueOutOfRange())
TOO_LONG = OperationalError("", None, ProgramLimitExceeded())
AWAY = OperationalError("", None, AdminShutdown())


def test_what_comes_while_a_transaction_runs_is_one_transaction() -> None:
    async def scene() -> None:
        store = Store()
        answers = await behind(store, Gathering(None, writers=1, store=store), named("a", "b"), named("c"))
        assert answers == [Stored(), Stored()]
        assert store.groups == [["first"], ["a", "b", "c"]]

    run(scene)


def test_a_request_alone_waits_for_nobody() -> None:
    async def scene() -> None:
        store = Store()
        gather = Gathering(None, store=store)
        assert await gather.put(named("a"), NOW) == Stored()
        assert await gather.put([], NOW) == Stored()
        assert store.groups == [["a"]]

    run(scene)


def test_who_is_answered_together_is_stored_together_again() -> None:
    async def scene() -> None:
        store = Store()
        gather = Gathering(None, store=store)

        async def client(name: str) -> None:
            for n in range(20):
                await gather.put(named(f"{name}{n}"), NOW)

        await asyncio.gather(*[client(f"c{n}-") for n in range(16)])
        assert len(store.stored) == 320
        assert len(store.groups) < 120, "the first of each round does not go alone"

    run(scene)


@pytest.mark.parametrize("error", [REFUSED, TOO_LONG])
def test_an_event_that_the_database_refuses_spoils_nothing_beside_it(error: Exception) -> None:
    async def scene() -> None:
        store = Store(bad=error)
        bad = named("b", "bad", "c")
        answers = await behind(store, Gathering(None, writers=1, store=store), named("a"), bad, named("d"))
        assert answers == [Stored(), Stored((bad[1],)), Stored()]
        assert sorted(store.stored) == ["a", "b", "c", "d", "first"]

    run(scene)


def test_our_own_mistake_is_told_to_its_request_only() -> None:
    async def scene() -> None:
        store = Store(bad=ValueError("ours"))
        answers = await behind(store, Gathering(None, writers=1, store=store), named("a"), named("b", "bad", "c"))
        assert answers[0] == Stored()
        assert isinstance(answers[1], ValueError)
        assert sorted(store.stored) == ["a", "b", "c", "first"]

    run(scene)


def test_without_a_database_everybody_hears_it_at_once() -> None:
    async def scene() -> None:
        store = Store(a=AWAY)
        answers = await behind(store, Gathering(None, writers=1, store=store), named("a"), many("b", 1200))
        assert answers == [AWAY, AWAY]
        assert len(store.times) == 2

    run(scene)


def test_who_only_met_others_is_tried_again() -> None:
    class Meets(Store):
        left = 3

        def __call__(self, app: Any, events: Sequence[IncomingEvent], now: Any) -> None:
            if Meets.left and any(event.name == "met" for event in events):
                Meets.left -= 1
                raise OperationalError("", None, DeadlockDetected())
            super().__call__(app, events, now)

    async def scene() -> None:
        store = Meets()
        answers = await behind(store, Gathering(None, writers=1, store=store), named("met"), named("b"))
        assert answers == [Stored(), Stored()]
        assert sorted(store.stored) == ["b", "first", "met"]

    run(scene)


def test_a_second_writer_waits_for_enough_to_do() -> None:
    async def scene() -> None:
        store = Store()
        gather = Gathering(None, writers=2, store=store)
        store.open.clear()
        asked = [asyncio.create_task(gather.put(named("a", browser="one"), NOW))]
        await asyncio.sleep(0.01)
        few = waiting.WORTH_ANOTHER - 1
        asked += [asyncio.create_task(gather.put(named(f"b{n}", browser="other"), NOW)) for n in range(few)]
        await asyncio.sleep(0.01)
        assert gather._waiting.writers == 1
        asked.append(asyncio.create_task(gather.put(named("c", browser="other"), NOW)))
        await asyncio.sleep(0.01)
        assert gather._waiting.writers == 2
        store.open.set()
        await asyncio.gather(*asked)
        assert sorted(map(len, store.groups)) == [1, few + 1]
        assert (gather._waiting.events, gather._waiting.unwritten) == (0, 0)

    run(scene)


def test_of_one_browser_never_two_transactions_run_at_a_time() -> None:
    running: list[set[str]] = []

    class Watched(Store):
        def __call__(self, _: Any, events: Sequence[IncomingEvent], now: Any) -> None:
            browsers = {event.anonymous_id or "" for event in events}
            assert not any(browsers & others for others in running)
            running.append(browsers)
            threading.Event().wait(0.001)
            running.remove(browsers)
            super().__call__(_, events, now)

    async def scene() -> None:
        store = Watched()
        gather = Gathering(None, writers=4, store=store)
        batches = [[event for n in range(100) for event in named(f"{m}.{n}", browser=f"b{n % 10}")] for m in range(20)]
        answers = await asyncio.gather(*[gather.put(batch, NOW) for batch in batches])
        assert answers == [Stored()] * 20
        assert len(store.stored) == 2000
        for batch in batches:
            for browser in {event.anonymous_id for event in batch}:
                told = [event.name for event in batch if event.anonymous_id == browser]
                assert [name for name in store.stored if name in told] == told, "in their order"
        assert (gather._waiting.events, gather._waiting.unwritten) == (0, 0)

    run(scene)


def test_a_large_batch_takes_turns_with_small_requests() -> None:
    async def scene() -> None:
        store = Store()
        gather = Gathering(None, writers=1, store=store)
        await behind(store, gather, many("big", 2500), named("a"), named("b"))
        assert store.groups[1] == [*(f"big{n}" for n in range(waiting.SHARE)), "a", "b"]
        assert [name for name in store.stored if name.startswith("big")] == [f"big{n}" for n in range(2500)]
        assert max(map(len, store.groups)) <= waiting.GROUP
        assert (gather._waiting.events, gather._waiting.unwritten) == (0, 0)

    run(scene)


def test_more_than_can_be_stored_soon_is_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "MOST_WAITING", 10)

    async def scene() -> None:
        store = Store()
        gather = Gathering(None, writers=1, store=store)
        answers = await behind(store, gather, many("a", 9), many("b", 1))
        assert answers[0] == Stored()
        assert isinstance(answers[1], Busy)
        assert await gather.put(many("c", 20), NOW) == Stored(), "one alone is never too much"

    run(scene)


def test_few_events_that_are_large_are_turned_away_too() -> None:
    async def scene() -> None:
        store = Store()
        gather = Gathering(None, writers=1, store=store)
        store.open.clear()
        half = waiting.MOST_OCTETS // 2
        asked = [asyncio.create_task(gather.put(named(str(n)), NOW, octets=half)) for n in range(3)]
        await asyncio.sleep(0.01)
        store.open.set()
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert answers[:2] == [Stored(), Stored()]
        assert isinstance(answers[2], Busy)
        assert await gather.put(named("later"), NOW, octets=3 * half) == Stored(), "one alone is never too much"
        assert gather._waiting.octets == 0

    run(scene)


def test_who_went_away_is_not_missed() -> None:
    async def scene() -> None:
        store = Store()
        gather = Gathering(None, writers=1, store=store)
        store.open.clear()
        gone = asyncio.create_task(gather.put(named("a"), NOW))
        await asyncio.sleep(0.01)
        gone.cancel()
        store.open.set()
        assert await gather.put(named("b"), NOW) == Stored()
        assert sorted(store.stored) == ["a", "b"]

    run(scene)


def test_who_cannot_be_told_keeps_nobody_else_from_hearing() -> None:
    async def scene() -> None:
        store = Store()
        gather = Gathering(None, writers=1, store=store)

        def broken(_: object) -> None:
            raise RuntimeError("the connection is gone")

        store.open.clear()
        first = asyncio.create_task(gather.put(named("a"), NOW))
        await asyncio.sleep(0.01)
        gather.submit(named("b"), NOW, asyncio.get_running_loop(), broken)
        others = [asyncio.create_task(gather.put(named(name), NOW)) for name in "cd"]
        await asyncio.sleep(0.01)
        store.open.set()
        assert await asyncio.gather(first, *others) == [Stored()] * 3

    run(scene)


def test_a_group_is_decided_at_the_latest_of_its_times() -> None:
    async def scene() -> None:
        store = Store()
        gather = Gathering(None, writers=1, store=store)
        store.open.clear()
        asked = [asyncio.create_task(gather.put(named(str(n)), NOW + timedelta(seconds=n % 3))) for n in range(4)]
        await asyncio.sleep(0.01)
        store.open.set()
        await asyncio.gather(*asked)
        assert store.times == [NOW, NOW + timedelta(seconds=2)]

    run(scene)


def test_requests_of_several_loops_are_answered_on_their_own() -> None:
    store = Store()
    gather = Gathering(None, store=store)
    threads = [
        threading.Thread(target=lambda n=n: asyncio.run(gather.put(many(f"{n}.", 50), NOW))) for n in range(8)
    ]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT)
        assert not thread.is_alive()
    assert len(set(store.stored)) == len(store.stored) == 400
