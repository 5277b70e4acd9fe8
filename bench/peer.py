"""Mails a second beside django-post-office, what a Django site would pick: end to end, the same HTML, the same sink.

Ours is what people run: one `nurture worker` process with its four threads, and a `nurture clock` that tells it to
look. Time goes from the commit by which the leads come due to the last recorded answer: to be noticed, decided about,
written, sent and recorded is all in it. Theirs is rendered and queued (`send_many`), then sent (`send_queued`, one
process and its five threads), as it is set up, called at once. Both by turns over one PostgreSQL, fsync on, into
postfix's `smtp-sink` where it is installed.

Slots: the shipped campaign spreads a day's mails over its hours, so that no worker could be measured by how soon the
last has left. Here its hours are one minute long and the demo's clock stands still in it, so every slot is that minute
and each mail may leave as soon as it is planned. That clock is a query more whenever somebody looks at it, which ours
bears; in production there is none.

Theirs runs in a virtual environment that is made for it from `bench/peers/requirements.txt` and thrown away; where that
cannot be had, this is skipped, and so it is with `--quick` unless `--set peer=yes` asks for it.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from email import message_from_bytes, policy
from pathlib import Path
from statistics import median
from uuid import uuid4

from sqlalchemy import Engine, text

from bench import cpu
from bench.alone import run_alone
from bench.measure import Measured, Options, Skipped, Target, against, by_turns
from bench.population import come_due, populate
from bench.processes import processes
from bench.product import ROOT, TUESDAY, environment, first_tick, product, tidy
from bench.servers import Servers, database, running
from bench.sink import Sink, sink
from nurture.app import App
from nurture.db import transaction
from nurture.flows.advance import advance
from nurture.store import deliveries
from nurture.store.business_time import step_to

PEERS = Path(__file__).with_name("peers")
MAILS, QUICK_MAILS = 10_000, 50
THEIRS, QUICK_THEIRS = 500, 20
BASE_URL = "https://nurture.example.com"
GOAL = Target(least=15)
INSTALLS_WITHIN = 600
PATIENCE = 120.0
LEFT = text(
    f"""
    SELECT EXISTS (SELECT FROM enrollment WHERE status <> 'ended' AND due_at <= :now)
        OR EXISTS (SELECT FROM delivery WHERE phase = 'queued') OR EXISTS (SELECT FROM {deliveries.UNDER_WAY})
    """
)
"""Whether anything is left to do; to count what is done would take the worker's time."""
SENT = text(
    "SELECT count(*) FROM delivery WHERE lead_id BETWEEN :first AND :last AND state = 'sent' AND queued_at >= :now"
)


def measure(options: Options) -> Iterable[Measured]:
    """Send by turns."""
    mails = options.number("peer.mails", MAILS, QUICK_MAILS)
    theirs = options.number("peer.theirs", THEIRS, QUICK_THEIRS)
    if options.quick and options.asked.get("peer") != "yes":
        raise Skipped("it takes a while to install; --set peer=yes asks for it")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        python = _installed(folder)
        them, taker = stack.enter_context(running()), stack.enter_context(_best_sink())
        place = stack.enter_context(database(them))
        told = {
            "MAIL_URL": f"smtp://127.0.0.1:{taker.port}?connections=8", "BASE_URL": BASE_URL,
            "NURTURE_STEPPED_CLOCK": "1", "NURTURE_WORKSPACE": str(_without_spreading(folder / "workspace")),
        }  # fmt: skip
        app = stack.enter_context(product(place, TUESDAY, **told))
        first_tick(app)
        populate(app.engine, mails * (options.runs + 1) + 1, 0, sorted(app.book.matchers))
        with transaction(app.engine) as db:
            step_to(db, TUESDAY)
        template = _as_django_has_it(app)
        (folder / "template.json").write_text(json.dumps(template))
        pids = stack.enter_context(processes(environment(place, **told), folder / "logs", "worker", "clock"))
        ours = _Ours(app.engine, pids["worker"], mails)
        ours.end_to_end()  # the first time everything is loaded
        other = stack.enter_context(database(them, empty=True))
        ask = stack.enter_context(_post_office(python, other, taker.port, folder / "template.json"))
        said: list[dict[str, float]] = []

        def post_office() -> float:
            said.append(ask(theirs))
            if said[-1]["sent"] != theirs:
                raise SystemExit(f"of {theirs} mails post_office sent {said[-1]['sent']:.0f}")
            return theirs / said[-1]["seconds"]

        ask(theirs // 10 + 1)  # as above
        found = by_turns({"ours": ours.end_to_end, "floor": post_office}, options.runs)
    queueing = round(median(one["queueing"] / one["seconds"] for one in said), 2)
    more = {"sink": taker.kind, "html_bytes": len(template["html"]), "mails": [mails, theirs], "queueing": queueing}
    yield against("peer.post_office", found["ours"], found["floor"], "mails/s", target=GOAL, more=more)
    used = [1e6 * one["cpu"] / theirs for one in said[-options.runs :]]
    yield against("peer.post_office.cpu", ours.used[1:], used, "µs CPU a mail", note="of the process that sends")


class _Ours:
    """The worker, and leads who come due, so many for each turn; the first turn is before anything is measured.

    Attributes:
        used: microseconds of the worker's CPU a mail, by turn.
    """

    def __init__(self, engine: Engine, worker: int, mails: int) -> None:
        self._engine, self._worker, self._mails = engine, worker, mails
        self._next = 2  # the first lead's mail is the template
        self.used: list[float] = []

    def end_to_end(self) -> float:
        """Mails a second from the due lead to the recorded answer."""
        tidy(self._engine, "lead", "enrollment", "delivery")
        first, last = self._next, self._next + self._mails - 1
        self._next += self._mails
        before = cpu.tree(self._worker)
        began = time.perf_counter()
        with transaction(self._engine) as db:
            come_due(db, first, last)
        self._until_done()
        seconds = time.perf_counter() - began
        self.used.append(1e6 * (cpu.tree(self._worker) - before) / self._mails)
        with transaction(self._engine) as db:
            sent = db.execute(SENT, {"first": first, "last": last, "now": TUESDAY}).scalar_one()
        if sent != self._mails:
            raise SystemExit(f"of {self._mails} mails of ours {sent} were sent")
        return self._mails / seconds

    def _until_done(self) -> None:
        until = time.monotonic() + PATIENCE
        left = True
        while left:
            if time.monotonic() > until:
                raise SystemExit(f"after {PATIENCE:.0f} seconds not all mails of ours are sent")
            time.sleep(0.05)
            with transaction(self._engine) as db:
                left = db.execute(LEFT, {"now": TUESDAY}).scalar_one()


def _without_spreading(folder: Path) -> Path:
    """The shipped files, but a day's mails go within the minute in which the clock stands."""
    for name in ("campaigns", "templates"):
        shutil.copytree(ROOT / name, folder / name)
    file = folder / "campaigns/not-ready.yaml"
    changed, count = re.subn(r'^  hours: ".*"', '  hours: "09:30-09:31"', file.read_text(), flags=re.MULTILINE)
    if count != 1:
        raise RuntimeError("not-ready.yaml is not as it was when this was written")
    file.write_text(changed)
    return folder


def _as_django_has_it(app: App) -> dict[str, str]:
    """The parts of the first lead's mail, with slots where leads differ, in the words of Django's templates."""
    token = uuid4()
    with transaction(app.engine) as db:
        come_due(db, 1, 1)
    advance(app, TUESDAY)
    with transaction(app.engine) as db:
        row, *_ = deliveries.lease(db, mailer="default", token=token, now=TUESDAY, most=1)
        mail = message_from_bytes(app.letters.mail(row, TUESDAY).data, policy=policy.default)
        deliveries.release(db, token)
    parts = {kind: mail.get_body((kind,)) for kind in ("html", "plain")}
    html, plain = (part.get_content() if part else "" for part in parts.values())
    return {"subject": str(mail["subject"]), "html": _with_slots(html), "text": _with_slots(plain)}


def _with_slots(said: str) -> str:
    """Whatever is of one lead alone becomes a slot: the tokens in links, the first name."""
    said = said.replace("{", "").replace("}", "")
    links = re.sub(rf"({re.escape(BASE_URL)}/\w/)[\w.~-]+", r"\1{{ token }}", said)
    return re.sub(r"\bLead\b", "{{ first_name }}", links)


@contextmanager
def _best_sink() -> Iterator[Sink]:
    with ExitStack() as stack:
        found = None
        with suppress(Skipped):
            found = stack.enter_context(sink("smtp-sink"))
        yield found or stack.enter_context(sink())


def _installed(folder: Path) -> Path:
    """A Python with what the peer needs.

    Raises:
        Skipped: It cannot be installed here.
    """
    python, wanted = folder / "venv/bin/python", PEERS / "requirements.txt"
    uv = [sys.executable, "-m", "uv"]
    for command in (
        [*uv, "venv", "--quiet", "--python", sys.executable, str(folder / "venv")],
        [*uv, "pip", "install", "--quiet", "--python", str(python), "--requirement", str(wanted)],
    ):
        try:
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=INSTALLS_WITHIN)
        except subprocess.CalledProcessError as error:
            last = error.stderr.strip().splitlines()[-1:] or ["it says nothing"]
            raise Skipped(f"django-post-office cannot be installed: {last[0]}") from error
        except subprocess.TimeoutExpired as error:
            raise Skipped(f"django-post-office was not installed within {INSTALLS_WITHIN} seconds") from error
    return python


@contextmanager
def _post_office(
    python: Path, place: Servers, port: int, template: Path
) -> Iterator[Callable[[int], dict[str, float]]]:
    """The peer, waiting to be told how many mails to send."""
    command = [str(python), str(PEERS / "django_post_office.py"), place.plain_url, str(port), str(template)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        told, heard = process.stdin, process.stdout

        def ask(count: int) -> dict[str, float]:
            print(count, file=told, flush=True)
            said: dict[str, float] = json.loads(heard.readline() or '{"sent": 0, "seconds": 1}')
            return said

        try:
            if heard.readline().strip() != "ready":
                raise SystemExit("post_office does not start; what it says stands above")
            yield ask
        finally:
            process.kill()


if __name__ == "__main__":
    run_alone(measure, __doc__)
