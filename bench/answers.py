"""Reps who answer handoffs at once through the API and the page, and whether the database has it as they were told.

    python -m bench.answers [--reps 50] [--handoffs 5000] [--web 1] [--seed 1] [--json]

On the embedded servers (fsync on), with the web process as it is deployed (`--web` processes of it). Every rep works
through a share of the handoffs, half of the reps by the API, half by the page: accept or reject, attempts, outcomes.
Three in ten say everything twice at once, half of the calls carry an `Idempotency-Key`, and one handoff in four has two
reps after it. Prints answers a second and milliseconds to the answer; then looks into the database:

- no answer was a 5xx;
- nobody accepted what somebody else had accepted: one acceptance a handoff, by whoever was told so;
- whatever was told to be done stands in the log once, and what was refused does not;
- the log's last word is the handoff's state, its attempts are the rows of `attempt`.

The load comes from this process and shares the machine with what it measures. Exit status 1 where anything is wrong.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import Engine, text

from bench.load import shares
from bench.port import own_port
from bench.processes import processes
from bench.product import environment, first_tick
from bench.sales_floor import Floor, Offer, Told
from bench.servers import servers
from bench.small_client import SmallClient
from nurture.app import App, open_app
from nurture.db import transaction
from nurture.flows.ingest import ingest
from nurture.flows.tell import handoff_url
from nurture.segment.event import IncomingEvent
from nurture.settings import read_settings
from nurture.store import leads

KEY = "ak-bench"
STATES = ("offered", "accepted", "contacted", "qualified", "won", "lost", "rejected")
LOGGED_AS = {"accept": "accepted", "reject": "rejected"}
BATCH = 500


def offer(app: App, count: int) -> list[Offer]:
    """So many leads that ask for a demo, handed to sales by the same flows as ever."""
    now, made = app.now(), []
    for start in range(0, count, BATCH):
        people = [{"email": f"lead{n}@buyer.example", "title": "VP Operations", "country": "US", "employees": 900}
                  for n in range(start, min(start + BATCH, count))]  # fmt: skip
        with transaction(app.engine) as db:
            leads.insert(db, people, now)
        ingest(app, [IncomingEvent(person["email"], "track", now, now, "bench", email=person["email"],
                                   name="Demo Requested") for person in people], now)  # fmt: skip
    with transaction(app.engine) as db:
        for row in db.execute(text("SELECT id, link_version FROM handoff ORDER BY id")):
            url = handoff_url(app, row.id, now, version=row.link_version)
            made.append(Offer(row.id, url.removeprefix(app.settings.base_url)))
    return made


async def answered(port: int, offers: Sequence[Offer], *, reps: int, seed: int, key: str = KEY) -> tuple[Floor, float]:
    """Let the reps answer; what they were told, and the seconds it took."""
    client = SmallClient(port)
    floor = Floor(client, key, reps, seed)
    began = time.perf_counter()
    try:
        await floor.answer(offers)
    finally:
        await client.close()
    return floor, time.perf_counter() - began


def faults(engine: Engine, told: Sequence[Told]) -> Iterator[str]:
    """What the database has otherwise than somebody was told."""
    for one in told:
        if one.status not in (200, 303, 409):
            yield f"handoff {one.handoff}: {one.act} by {one.way} was answered with {one.status} {one.code}"
    with transaction(engine) as db:
        handoffs = db.execute(text("SELECT id, state, owner FROM handoff")).all()
        changes = db.execute(text("SELECT handoff_id, what, by, note FROM handoff_change ORDER BY id")).all()
        attempts = Counter(db.execute(text("SELECT note FROM attempt")).scalars())
    log = defaultdict(list)
    for change in changes:
        log[change.handoff_id].append(change)
    heard = defaultdict(list)
    for one in told:
        heard[one.handoff].append(one)
    for handoff in handoffs:
        for fault in (*_of_state(handoff, log[handoff.id]), *_of_log(log[handoff.id], heard[handoff.id])):
            yield f"handoff {handoff.id} ({handoff.state}): {fault}"
    marks = {one.mark for one in told if one.act == "attempt" and one.ok}
    if set(attempts) != marks or any(count > 1 for count in attempts.values()):
        yield f"{sum(attempts.values())} attempts are stored, {len(marks)} were told to be"


def _of_state(handoff, log) -> Iterator[str]:
    accepted = [change for change in log if change.what == "accepted"]
    if len(accepted) > 1:
        yield f"it was accepted {len(accepted)} times"
    if accepted and handoff.owner != accepted[0].by:
        yield f"{accepted[0].by} accepted it, and it is {handoff.owner}'s"
    last = [change.what for change in log if change.what in STATES][-1]
    if last != handoff.state:
        yield f"its log ends with {last}"


def _of_log(log, heard: Sequence[Told]) -> Iterator[str]:
    said: dict[tuple[str, str, str], bool] = {}
    for one in heard:
        place = (one.by, one.act, "" if one.act == "accept" else one.mark)
        said[place] = said.get(place, False) or one.ok
    for (by, act, mark), ok in said.items():
        found = sum(
            change.what == LOGGED_AS.get(act, act) and change.by == by and (not mark or change.note == mark)
            for change in log
        )
        if act == "contacted" and ok:
            continue  # may have come true by an attempt, to say it once more changes nothing
        if found != ok:
            yield f"{by} was told that `{act}` is {'done' if ok else 'refused'}; it stands in the log {found} times"


def measure(given: argparse.Namespace, data: Path) -> dict:
    with servers() as them:
        told = environment(
            them, API_KEY=KEY, API_RATE="0", WEB_CONCURRENCY=str(given.web), BASE_URL="https://nurture.example.com",
            LOG_LEVEL="ERROR", PORT=str(own_port()), HOST="127.0.0.1",
        )  # fmt: skip
        with open_app(read_settings(told)) as app:
            first_tick(app)
            offers = offer(app, given.handoffs)
            with processes(told, data, "web"):
                before = os.getloadavg()[0]
                floor, seconds = asyncio.run(answered(int(told["PORT"]), offers, reps=given.reps, seed=given.seed))
            wrong = list(faults(app.engine, floor.told))
            with transaction(app.engine) as db:
                states = dict(
                    db.execute(text("SELECT state, count(*) FROM handoff GROUP BY state ORDER BY state")).all()
                )
    statuses = Counter(f"{one.way} {one.status} {one.code}".strip() for one in floor.told)
    return {
        "reps": given.reps, "handoffs": len(offers), "web": given.web, "answers": len(floor.seconds),
        "seconds": round(seconds, 2), "answers_a_second": round(len(floor.seconds) / seconds),
        "ms": shares(floor.seconds),
        "statuses": dict(sorted(statuses.items())), "replayed": floor.replayed, "in_flight": floor.in_flight,
        "states": states, "load_before": round(before, 2), "faults": wrong,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reps", type=int, default=50)
    parser.add_argument("--handoffs", type=int, default=5000)
    parser.add_argument("--web", type=int, default=1, help="web processes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as data:
        found = measure(given, Path(data))
    if given.json:
        print(json.dumps(found))
    else:
        wrong = found.pop("faults")
        for name, value in found.items():
            print(f"{name:>17}: {value}")
        print(f"{'wrong':>17}: {len(wrong)}", *wrong[:20], sep="\n  ")
        found["faults"] = wrong
    sys.exit(bool(found["faults"]))


if __name__ == "__main__":
    main()
