"""Events of some leads by every name that they are known by, posted by many at once, and what they must come to."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from nurture.app import App
from nurture.segment.event import IncomingEvent
from tests.flows.apps import incoming, rows

WRITERS, LEADS = 16, 50
SIGNALS = {"pricing_page": "/pricing", "whitepaper": "Whitepaper Downloaded"}


@dataclass
class Told:
    """Events of some leads, each known by an address, a user id and two browsers, and what they come to."""

    leads: int
    events: list[IncomingEvent] = field(default_factory=list)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def ready(self) -> set[str]:
        """Who has earned 50 points by two signals: two pricing pages and a whitepaper, whatever else."""
        addresses = {address for address, _ in self.counts}
        return {
            address
            for address in addresses
            if self.counts[address, "pricing_page"] >= 2 and self.counts[address, "whitepaper"] >= 1
        }


def address(lead: int) -> str:
    return f"lead{lead}@buyer.example"


def made(chance: random.Random, leads: int, each: int) -> Told:
    """So many events of each lead, named by any of what it is known by; and who is who, somewhere among them."""
    told = Told(leads)
    for lead in range(leads):
        email, user, browser, phone = address(lead), f"user-{lead}", f"browser-{lead}", f"phone-{lead}"
        told.events.append(incoming("identify", email=email, user_id=user, anonymous_id=browser))
        told.events.append(incoming("alias", user_id=user, anonymous_id=phone, properties={"previousId": phone}))
        ways: list[dict[str, Any]] = [
            {"email": email}, {"user_id": user}, {"anonymous_id": browser}, {"anonymous_id": phone},
            {"user_id": user, "anonymous_id": browser}, {"email": email, "anonymous_id": phone},
        ]  # fmt: skip
        for _ in range(each):
            who, signal = chance.choice(ways), chance.choice(["pricing_page", "whitepaper", "", ""])
            if signal == "whitepaper":
                event = incoming("track", name=SIGNALS[signal], **who)
            else:
                event = incoming("page", path=SIGNALS.get(signal, "/blog"), **who)
            told.events.append(event)
            if signal:
                told.counts[email, signal] += 1
    return told


def batches(chance: random.Random, events: Sequence[IncomingEvent], most: int) -> list[list[IncomingEvent]]:
    """All events and half of them twice, in any order, in batches of any size."""
    left = [*events, *chance.sample(events, len(events) // 2)]
    chance.shuffle(left)
    cut = []
    while left:
        size = chance.randint(1, most)
        cut.append(left[:size])
        left = left[size:]
    return cut


def at_once(jobs: Sequence[Callable[[], object]]) -> list[BaseException]:
    """Run all of them by sixteen threads; what they raised."""
    left, raised, lock = list(jobs), [], threading.Lock()

    def work() -> None:
        while True:
            with lock:
                if not left:
                    return
                job = left.pop()
            try:
                job()
            except BaseException as error:
                raised.append(error)

    threads = [threading.Thread(target=work) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def check(app: App, told: Told, *, channels: int) -> None:
    """What stands in the database is what was told, and what follows from it; with so many notices of each offer."""
    counted = rows(
        app,
        "SELECT l.email, s.matcher, sum(s.count) AS n FROM signal_day s JOIN lead l ON l.id = s.lead_id GROUP BY 1, 2",
    )
    names = {signal.when.fingerprint: name for name, signal in app.agreement.signals.items()}
    assert {(row.email, names[row.matcher]): row.n for row in counted} == dict(told.counts)
    stored = sum(event.kind != "alias" for event in told.events)
    assert rows(app, "SELECT count(*), count(lead_id) FROM event") == [(stored, stored)]
    assert rows(app, "SELECT count(*) FROM lead") == [(told.leads,)]
    offered = Counter(row.email for row in rows(app, "SELECT email FROM handoff JOIN lead ON lead.id = lead_id"))
    assert set(offered) == told.ready
    assert set(offered.values()) <= {1}
    notices = rows(app, "SELECT count(*) FROM notice")[0][0]
    assert notices == channels * len(offered)
