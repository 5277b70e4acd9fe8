"""From the POST of the event that qualifies a lead to its handoff, and on to the signed webhook, under load.

The real processes (web, worker, clock), each once; so many events a second come from known leads and strangers. By
turns a lead asks for a demo, which hands it over at once, and another looks at a page. Ours is the time until the POST
is answered, which is when the handoff's row is committed (the rows are counted); the floor is the same for the page, so
the ratio says what handing over adds. The webhook's time runs from before the POST until a receiver on this machine has
it, its signature checked.
"""

import base64
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median

import httpx
from sqlalchemy import text
from standardwebhooks.webhooks import Webhook

from bench.alone import run_alone
from bench.load import shares
from bench.measure import Measured, Options, Target, against, alone
from bench.population import populate
from bench.port import own_port
from bench.processes import processes
from bench.product import environment, first_tick, product
from bench.servers import servers
from nurture.app import App, real_clock
from nurture.db import transaction
from nurture.store import leads

KEY = "wk_qualify"
LEADS, QUICK_LEADS = 4000, 400
PAIRS, QUICK_PAIRS = 20, 3
"""Demos and pages a round."""
EVERY, QUICK_EVERY = 0.2, 0.02
"""Seconds between two POSTs of ours."""
RATE = 200
"""Events a second of everybody else."""
GOAL = Target(most=2000, of="ours")
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
PATIENCE = 30.0


class Receiver(ThreadingHTTPServer):
    """Takes webhooks, checks them, and notes when each lead's came."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taker)
        self.came: dict[str, list[float]] = {}
        self.checker = Webhook(SECRET)


class Taker(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        at = time.perf_counter()
        assert isinstance(self.server, Receiver)
        said = self.server.checker.verify(body, dict(self.headers))
        self.server.came.setdefault(said["data"]["lead"]["email"], []).append(at)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def measure(options: Options) -> Iterable[Measured]:
    """Let leads ask for demos, one after the other, and see when sales would know."""
    pairs = options.number("qualify.pairs", PAIRS, QUICK_PAIRS)
    known = options.number("qualify.leads", LEADS, QUICK_LEADS)
    every = QUICK_EVERY if options.quick else EVERY
    receiver = Receiver()
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    with servers() as them, tempfile.TemporaryDirectory() as made:
        told = environment(
            them, WRITE_KEY=KEY, BASE_URL="https://nurture.example.com", PORT=str(own_port()), HOST="127.0.0.1",
            HANDOFF_WEBHOOK_URL=f"http://127.0.0.1:{receiver.server_port}/", HANDOFF_WEBHOOK_SECRET=SECRET,
        )  # fmt: skip
        with product(them, now=None) as app:
            _fill(app, known, pairs * (options.runs + 1))
            with processes(told, Path(made), "web", "worker", "clock"):
                port = int(told["PORT"])
                load = _load(port, known, every * 2 * pairs * (options.runs + 1) + 5)
                rounds = [_round(port, turn, pairs, every) for turn in range(options.runs + 1)][1:]
                asked = {email: at for one in rounds for email, at in one.asked.items()}
                until = time.monotonic() + PATIENCE
                while not asked.keys() <= receiver.came.keys() and time.monotonic() < until:
                    time.sleep(0.05)
                load.terminate()
                load.wait()
            _check(app, pairs * (options.runs + 1), asked, receiver.came)
    demos, pages = [median(one.demos) for one in rounds], [median(one.pages) for one in rounds]
    yield against("qualify", demos, pages, "ms to the handoff", more={"events_a_second_beside": RATE})
    waits = [[receiver.came[email][0] - at for email, at in one.asked.items()] for one in rounds]
    every_ms = shares([wait for one in waits for wait in one])
    last = [1e3 * max(one) for one in waits]
    yield alone("qualify.webhook", last, "ms to the last webhook of a round", target=GOAL, more={"ms": every_ms})


class _Round:
    """What one round took: when each lead asked, and the milliseconds of both kinds of POST."""

    def __init__(self) -> None:
        self.asked: dict[str, float] = {}
        self.demos: list[float] = []
        self.pages: list[float] = []


def _round(port: int, turn: int, pairs: int, every: float) -> _Round:
    done = _Round()
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", auth=(KEY, ""), timeout=30, trust_env=False) as client:
        for number in range(turn * pairs, (turn + 1) * pairs):
            email = f"buyer{number}@buyer.example"
            event = {"messageId": f"demo-{email}", "userId": email, "event": "Demo Requested"}
            done.asked[email] = time.perf_counter()
            done.demos.append(_posted(client, "/v1/track", event, every))
            page = {"messageId": f"page-{email}", "anonymousId": f"browser-{number + 1}", "properties": {"path": "/"}}
            done.pages.append(_posted(client, "/v1/page", page, every))
    return done


def _posted(client: httpx.Client, path: str, event: Mapping[str, object], every: float) -> float:
    began = time.perf_counter()
    client.post(path, json=event).raise_for_status()
    took = time.perf_counter() - began
    time.sleep(max(0.0, every - took))
    return 1e3 * took


def _fill(app: App, known: int, count: int) -> None:
    """Leads in the midst of a campaign, and some who will ask for a demo."""
    first_tick(app)
    populate(app.engine, known, 10 * known, sorted(app.book.matchers), real_clock())
    with transaction(app.engine) as db:
        people = [{"email": f"buyer{n}@buyer.example", "title": "VP", "country": "US"} for n in range(count)]
        leads.insert(db, people, real_clock())


def _load(port: int, leads: int, seconds: float) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "bench.load", str(port), "--key", KEY, "--rate", str(RATE)]
    command += ["--seconds", f"{seconds:.0f}", "--leads", str(leads)]
    load = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    time.sleep(1)
    return load


def _check(app: App, count: int, asked: dict[str, float], came: dict[str, list[float]]) -> None:
    """Every demo is one handoff, and its webhook came once."""
    with transaction(app.engine) as db:
        query = text("SELECT count(*) FROM handoff h JOIN lead l ON l.id = h.lead_id WHERE l.email LIKE 'buyer%'")
        handoffs = db.execute(query).scalar_one()
    if handoffs != count:
        raise SystemExit(f"{count} leads asked for a demo, and {handoffs} were handed over")
    if missing := asked.keys() - came.keys():
        raise SystemExit(f"{len(missing)} webhooks did not come within {PATIENCE:.0f} seconds")
    if twice := [email for email in asked if len(came[email]) > 1]:
        raise SystemExit(f"{len(twice)} webhooks came twice")


if __name__ == "__main__":
    run_alone(measure, __doc__)
