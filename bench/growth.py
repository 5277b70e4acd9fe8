"""What a due mail, an event and an idle look cost with more and more leads and events behind them: it must stay flat.

Databases of 10,000, 100,000 and 1,000,000 leads, with ten events a lead (so 100,000, 1,000,000 and 10,000,000), stand
side by side, and take the same work by turns: mails from the due lead to the recorded answer of a mail server (decide
and send), batches of a hundred events, and what clock and workers do while nothing is due. Of each: statements,
buffers, write-ahead log and CPU, ours and PostgreSQL's; time stands beside it.

The leads of a round were enrolled one after the other, as a file brings them; those of events are anybody. Whole pages,
which PostgreSQL logs when one changes for the first time after a checkpoint, are counted by themselves: they follow
from how much is done between two checkpoints, the rest of the log from what is done.

`--set growth.sizes=10000:100000,100000:1000000` takes other sizes. The largest takes six minutes to fill and 8 GB.
"""

import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from statistics import median
from typing import Any

from sqlalchemy import text

from bench import counters, cpu
from bench.alone import run_alone
from bench.idle import look
from bench.measure import Measured, Options, Target
from bench.population import come_due, populate
from bench.product import TUESDAY, first_tick, product, tidy
from bench.servers import database, running
from bench.sink import sink
from nurture.app import App
from nurture.db import transaction
from nurture.flows.advance import advance
from nurture.flows.deliver import deliver
from nurture.flows.ingest import ingest
from nurture.segment.event import IncomingEvent
from workers.clock import Clock

SIZES = "10000:100000,100000:1000000,1000000:10000000"
QUICK_SIZES = "300:900,600:1800"
MAILS, QUICK_MAILS = 2000, 20
BATCHES, QUICK_BATCHES, BATCH = 20, 2, 100
LOOKS, QUICK_LOOKS = 100, 5
COUNTED = ("statements", "buffers", "log", "cpu")
JUDGED = {"mail": COUNTED, "event": COUNTED, "idle": COUNTED[:2]}
UNITS = {"statements": "statements", "buffers": "buffers", "log": "bytes of log", "cpu": "µs CPU"}
FLAT = {"mail": Target(most=1.2), "event": Target(most=1.2), "idle": Target(most=1.5)}
"""Of idle looks the buffers are a few dozen, and one more for each index that is a level higher."""
TOUCHED = ("lead", "enrollment", "delivery", "signal_day", "lead_score", "identity", "event_2026_03")
"""What a round changes."""
PATHS = ("/", "/features", "/pricing", "/blog/why-now", "/docs/setup")


@dataclass(slots=True)
class Place:
    """A database of one size, and what each round there cost, by kind of work."""

    leads: int
    events: int
    app: App
    postmaster: int
    chance: Random
    taken: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    said: int = 0

    @property
    def name(self) -> str:
        """How it is called in the figures."""
        return f"{self.leads:,} leads, {self.events:,} events"

    def take(self, kind: str, units: int, work: Callable[[], int]) -> None:
        """Do some work and keep what each unit of it cost; a first time (no kind) is not kept."""
        engine = self.app.engine
        began, before = counters.position(engine), counters.work(engine)
        done, spent = cpu.spent(work, postgres=self.postmaster)
        if done != units:
            raise SystemExit(f"{self.name}: {done} of {units} were done")
        cost = counters.work(engine) - before
        log, pages = counters.logged(engine, began)
        used = spent.micros(done)
        each = {**cost.per(done), "log": log / done, "page_log": pages / done, "cpu": used["here"] + used["postgres"],
                "cpu_here": used["here"], "cpu_postgres": used["postgres"],
                "milliseconds": 1e3 * spent.seconds / done}  # fmt: skip
        if kind:
            self.taken.setdefault(kind, []).append(each)

    def middle(self, kind: str) -> dict[str, float]:
        """The medians of a kind's rounds."""
        rounds = self.taken[kind]
        return {name: round(median(one[name] for one in rounds), 3) for name in rounds[0]}


def measure(options: Options) -> Iterable[Measured]:
    """Fill the databases, let each take its turn, and hold the largest against the one before."""
    sizes = options.asked.get("growth.sizes", QUICK_SIZES if options.quick else SIZES)
    mails = options.number("growth.mails", MAILS, QUICK_MAILS)
    batches = options.number("growth.batches", BATCHES, QUICK_BATCHES)
    looks = options.number("growth.looks", LOOKS, QUICK_LOOKS)
    with ExitStack() as stack:
        them = stack.enter_context(running())
        port = stack.enter_context(sink()).port
        places = []
        for said in sizes.split(","):
            leads, events = map(int, said.split(":"))
            servers = stack.enter_context(database(them))
            app = stack.enter_context(product(servers, MAIL_URL=f"smtp://127.0.0.1:{port}?connections=8"))
            places.append(_filled(app, leads, events))
        for turn in range(-1, options.runs):  # the first time caches are cold, and statements not yet prepared
            for place in places if turn % 2 else reversed(places):
                _take_all(place, mails, batches, looks, keep=turn >= 0)
    yield from _figures(places, options.runs)


def _filled(app: App, leads: int, events: int) -> Place:
    began = time.perf_counter()
    first_tick(app)
    populate(app.engine, leads, events, sorted(app.book.matchers))
    place = Place(leads, events, app, cpu.postmaster(app.engine), Random(leads))
    print(f"   filled {place.name} in {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    return place


def _take_all(place: Place, mails: int, batches: int, looks: int, *, keep: bool) -> None:
    tidy(place.app.engine, *TOUCHED)
    first = place.chance.randrange(1, place.leads - mails + 1)
    with transaction(place.app.engine) as db:
        come_due(db, first, first + mails - 1)
    place.take("decide" if keep else "", mails, lambda: _decided(place.app))
    with transaction(place.app.engine) as db:
        db.execute(text("UPDATE delivery SET slot_at = :now WHERE state = 'queued'"), {"now": TUESDAY})
    place.take("send" if keep else "", mails, lambda: deliver(place.app, place.app.now, seconds=600).sent)
    events = [_events(place) for _ in range(batches)]
    place.take("event" if keep else "", batches * BATCH, lambda: _stored(place.app, events))
    clock = Clock(place.app)
    clock.tick()  # keeps house, which it then leaves alone for an hour
    place.take("idle" if keep else "", looks, lambda: sum(look(place.app, clock) for _ in range(looks)))
    clock.give_up()  # else that of the next round, if it comes soon, does not lead, and a look without a lead is none
    _end(place)


def _decided(app: App) -> int:
    queued = 0
    while (done := advance(app, TUESDAY)).leads:
        queued += done.queued
    return queued


def _stored(app: App, batches: list[list[IncomingEvent]]) -> int:
    return sum(ingest(app, batch, TUESDAY).stored for batch in batches)


def _events(place: Place) -> list[IncomingEvent]:
    """A hundred visits of leads who are anybody, and some of strangers."""
    events = []
    for _ in range(BATCH):
        lead = place.chance.randrange(1, place.leads + 1)
        who = f"stranger-{lead}" if place.chance.random() < 0.15 else f"browser-{lead}"
        at = TUESDAY - timedelta(seconds=place.chance.randrange(600))
        place.said += 1
        message = f"growth-{place.leads}-{place.said}"
        path = place.chance.choice(PATHS)
        events.append(IncomingEvent(message, "page", at, TUESDAY, "bench", anonymous_id=who, path=path, client_at=at))
    return events


def _end(place: Place) -> None:
    """What a round has sent is long ago in the next one: the same leads may have their turn again."""
    with transaction(place.app.engine) as db:
        db.execute(text("DELETE FROM delivery WHERE queued_at = :now"), {"now": TUESDAY})


def _figures(places: list[Place], runs: int) -> Iterable[Measured]:
    """The largest against the one before it, and all of them beside it. A mail is decided and sent."""
    sums: dict[str, list[Mapping[str, float]]] = {
        "mail": [_sum(place.middle("decide"), place.middle("send")) for place in places],
        "event": [place.middle("event") for place in places],
        "idle": [place.middle("idle") for place in places],
    }
    for kind, middles in sums.items():
        for what in JUDGED[kind]:
            before, largest = middles[-2][what], middles[-1][what]
            more: dict[str, Any] = {place.name: middle[what] for place, middle in zip(places, middles, strict=True)}
            ratio = round(largest / before, 3) if before else 1.0
            yield Measured(
                f"growth.{kind}.{what}", largest, before, ratio, f"{UNITS[what]} each", runs,
                _all([middle[what] for middle in middles]), more, FLAT[kind],
            )  # fmt: skip
    yield Measured(
        "growth.mail.time", sums["mail"][-1]["milliseconds"], sums["mail"][-2]["milliseconds"],
        round(sums["mail"][-1]["milliseconds"] / sums["mail"][-2]["milliseconds"], 3), "ms each", runs,
        _all([middle["milliseconds"] for middle in sums["mail"]]),
        {"each": {place.name: {kind: place.middle(kind) for kind in place.taken} for place in places}},
    )  # fmt: skip


def _all(values: list[float]) -> str:
    """A figure at each size, from the smallest on."""
    return "each size: " + " · ".join(f"{value:,.4g}" if value < 1000 else f"{value:,.0f}" for value in values)


def _sum(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value + other[name], 3) for name, value in one.items()}


if __name__ == "__main__":
    run_alone(measure, __doc__)
