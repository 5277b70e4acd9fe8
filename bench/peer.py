"""Mails a second beside django-post-office, what a Django site would pick: end to end, the same HTML, the same sink.

Ours is what people run: one `nurture worker` process with its four threads, and a `nurture clock` that tells it to
look. To be noticed, decided about, written, sent and recorded is all in its time (`bench.morning` says how slots are
dealt with). Theirs is rendered and queued (`send_many`), then sent (`send_queued`, one process and its five threads),
as it is set up, called at once. Both by turns over one PostgreSQL, fsync on, into postfix's `smtp-sink` where it is
installed.

Theirs runs in a virtual environment that is made for it from `bench/peers/requirements.txt` and thrown away; where that
cannot be had, this is skipped, and so it is with `--quick` unless `--set peer=yes` asks for it.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from email import message_from_bytes, policy
from pathlib import Path
from statistics import median
from uuid import uuid4

from bench.alone import run_alone
from bench.measure import Measured, Options, Skipped, Target, against, by_turns
from bench.morning import COME, Morning, every_day
from bench.population import come_due
from bench.processes import processes
from bench.product import environment, product
from bench.servers import Servers, database, running
from bench.sink import Sink, sink
from nurture.app import App
from nurture.db import transaction
from nurture.flows.advance import advance
from nurture.store import deliveries

PEERS = Path(__file__).with_name("peers")
MAILS, QUICK_MAILS = 20_000, 50
THEIRS, QUICK_THEIRS = 500, 20
BASE_URL = "https://nurture.example.com"
GOAL = Target(least=15)
INSTALLS_WITHIN = 600


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
        files = {"NURTURE_WORKSPACE": str(every_day(folder / "workspace"))}
        mail_url = f"smtp://127.0.0.1:{taker.port}?connections=8"
        told = environment(place, MAIL_URL=mail_url, BASE_URL=BASE_URL, **files)
        app = stack.enter_context(product(place, None, BASE_URL=BASE_URL, **files))
        morning = Morning(app, options.runs + 1, mails, first=2)  # the first lead's mail is the template
        template = _as_django_has_it(app)
        (folder / "template.json").write_text(json.dumps(template))
        pids = stack.enter_context(processes(told, folder / "logs", "worker", "clock"))
        rounds = [morning.round(pids["worker"])]  # the first time everything is loaded
        other = stack.enter_context(database(them, empty=True))
        ask = stack.enter_context(_post_office(python, other, taker.port, folder / "template.json"))
        said: list[dict[str, float]] = []

        def end_to_end() -> float:
            rounds.append(morning.round(pids["worker"]))
            return mails / (rounds[-1].deciding + rounds[-1].sending)

        def post_office() -> float:
            said.append(ask(theirs))
            if said[-1]["sent"] != theirs:
                raise SystemExit(f"of {theirs} mails post_office sent {said[-1]['sent']:.0f}")
            return theirs / said[-1]["seconds"]

        ask(theirs // 10 + 1)  # as above
        found = by_turns({"ours": end_to_end, "floor": post_office}, options.runs)
    queueing = round(median(one["queueing"] / one["seconds"] for one in said), 2)
    deciding = round(median(one.deciding / (one.deciding + one.sending) for one in rounds[1:]), 2)
    more = {
        "sink": taker.kind, "html_bytes": len(template["html"]), "mails": [mails, theirs],
        "deciding": deciding, "queueing": queueing,
    }  # fmt: skip
    yield against("peer.post_office", found["ours"], found["floor"], "mails/s", target=GOAL, more=more)
    used = [1e6 * one["cpu"] / theirs for one in said[-options.runs :]]
    yield against(
        "peer.post_office.cpu",
        [one.worker for one in rounds[1:]],
        used,
        "µs CPU a mail",
        note="of the process that sends",
    )


def _as_django_has_it(app: App) -> dict[str, str]:
    """The parts of the first lead's mail, with slots where leads differ, in the words of Django's templates."""
    token, now = uuid4(), app.now()
    with transaction(app.engine) as db:
        come_due(db, 1, 1, now)
    advance(app, now)
    with transaction(app.engine) as db:
        db.execute(COME, {"first": 1, "last": 1, "now": now})
        row, *_ = deliveries.lease(db, mailer="default", token=token, now=now, most=1)
        mail = message_from_bytes(app.letters.mail(row, now).data, policy=policy.default)
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
