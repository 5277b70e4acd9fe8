"""Counting all leads anew while events come in, from several sides at once: nothing is lost, nothing counted twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Event
from typing import Any

import pytest
from sqlalchemy import text

from nurture.app import App
from nurture.db import transaction
from nurture.flows.adopt import AGREEMENT, adopt
from nurture.flows.ingest import _ingest, ingest
from nurture.flows.recompute import recompute
from nurture.flows.recount import recount
from nurture.flows.rescore import rescore
from tests.flows.apps import add_lead, incoming, make_app, rows
from tests.rules.examples import AGREEMENT as EXAMPLE
from tests.rules.examples import NOW
from tests.rules.lives import book_of

LEADS, WRITERS, EACH = 12, 4, 25
PATHS = ("/pricing", "/prices", "/careers")
NOBODY_QUALIFIES = [{"grades": ["A"], "score": 100_000}]


@pytest.fixture
def release(clean_db, db_url, tmp_path) -> Callable[..., App]:
    def make(path: str) -> App:
        pricing = EXAMPLE["signals"]["pricing_page"] | {"when": {"page": path}}
        book = book_of(signals=EXAMPLE["signals"] | {"pricing_page": pricing}, qualify=NOBODY_QUALIFIES)
        app = make_app(clean_db, db_url, tmp_path, book)
        app.workspace.versions[AGREEMENT] = path
        return app

    return make


def write(app: App, number: int) -> None:
    """What one web process of some release takes in."""
    dice = Random(number)
    for n in range(EACH):
        batch = [
            incoming(
                "page",
                NOW,
                path=dice.choice(PATHS),
                email=f"lead{dice.randrange(LEADS)}@x.example",
                message_id=f"{number}/{n}/{i}",
            )
            for i in range(dice.randint(1, 4))
        ]
        ingest(app, batch, NOW)


def everything(app: App) -> list[Any]:
    known = list(app.book.matchers)
    counts = rows(app, "SELECT * FROM signal_day WHERE matcher = ANY(:known) ORDER BY 1, 2, 3, 4", known=known)
    return [*counts, *rows(app, "SELECT * FROM lead_score ORDER BY lead_id")]


def is_as_counted_from_nothing(app: App) -> None:
    found = everything(app)
    with transaction(app.engine) as db:
        db.execute(text("DELETE FROM signal_day"))
        recount(db, app, [row.id for row in rows(app, "SELECT id FROM lead")], NOW)
    assert everything(app) == found


def with_writers(apps: list[App], meanwhile: Callable[[], None]) -> None:
    with ThreadPoolExecutor(WRITERS) as pool:
        writers = [pool.submit(write, app, number) for number, app in enumerate(apps)]
        meanwhile()
        for writer in writers:
            writer.result()


def test_a_changed_signal_is_counted_while_both_releases_take_events_in(release: Callable[..., App]) -> None:
    old = release("/pricing*")
    adopt(old, NOW)
    for n in range(LEADS):
        add_lead(old, f"lead{n}@x.example")
    write(old, 99)
    new = release("/prices*")
    workers = [release("/prices*"), release("/prices*")]

    def change() -> None:
        adopt(new, NOW)
        done = Event()

        def work(app: App) -> None:
            while not done.is_set():
                if not rescore(app, NOW, most=3).more and not rows(app, "SELECT FROM walk"):
                    done.set()

        with ThreadPoolExecutor(len(workers)) as pool:
            for worker in [pool.submit(work, app) for app in workers]:
                worker.result()

    with_writers([old, new, old, release("/prices*")], change)
    assert {row.state for row in rows(new, "SELECT state FROM matcher")} == {"ready"}
    # What processes of the old release did last they scored by the old points: an operator's run puts that right.
    recompute(new, NOW, tell=lambda *_: None)
    is_as_counted_from_nothing(new)


@pytest.mark.parametrize("parts", [(), ("events",), ("events", "grades")], ids=["scores", "events", "grades"])
def test_scores_are_worked_out_while_events_come_in(release: Callable[..., App], parts: tuple[str, ...]) -> None:
    app = release("/pricing*")
    adopt(app, NOW)
    for n in range(LEADS):
        add_lead(app, f"lead{n}@x.example")

    def work() -> None:
        for most in (1, 3, 5, 12):
            assert recompute(app, NOW, parts=parts, tell=lambda *_: None, most=most).leads == LEADS

    with_writers([app] * WRITERS, work)
    is_as_counted_from_nothing(app)


def test_a_lead_that_is_being_made_while_a_signal_changes_is_counted_by_it(release: Callable[..., App]) -> None:
    old, new = release("/pricing*"), release("/prices*")
    adopt(old, NOW)
    write(old, 99)

    def work() -> None:
        while rescore(new, NOW).more:
            pass

    with ThreadPoolExecutor(1) as pool:
        with transaction(old.engine) as db:
            event = incoming("page", NOW, path="/prices", email="new@x.example")
            _ingest(db, old, [event], NOW, as_history=False)
            adopt(new, NOW)
            working = pool.submit(work)
            with pytest.raises(TimeoutError):
                working.result(timeout=0.5)
        working.result()
    is_as_counted_from_nothing(new)
