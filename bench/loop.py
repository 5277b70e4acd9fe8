"""Mails a second of the loop as it stands: due leads decided, rendered, sent over SMTP, recorded. One process.

python -m bench.loop [LEADS] [--sign] — on embedded PostgreSQL (fsync on) and a lean sink in a process of its own, with
the shipped workspace. Prints how many leads a second are decided and mails sent, the CPU of this process for each, and
how much of sending is making the mail. `--sign`: with DKIM, by a key of RSA 2048.
"""

import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import text

from nurture.app import open_app
from nurture.db import transaction
from nurture.flows.advance import advance
from nurture.flows.deliver import deliver
from nurture.local.servers import local_servers
from nurture.settings import read_settings
from nurture.store.migrate import upgrade

TUESDAY = datetime(2026, 3, 3, 15, 30, tzinfo=UTC)
"""Half past nine in Chicago: the window of the shipped campaign has just opened."""

LEADS = text(
    """
    WITH made AS (
        INSERT INTO lead (email, key, first_name, company, title, country, employees, timezone, stage, grade,
                          cycle_started_at, created_at, updated_at)
        SELECT 'lead' || n || '@buyer.example', 'lead' || n || '@buyer.example', 'Lead ' || n, 'Buyer ' || n, 'VP',
               'US', 900, 'America/Chicago', 'nurture', 'A', :then, :then, :then
        FROM generate_series(1, :count) AS n RETURNING id
    ), cycles AS (INSERT INTO cycle (lead_id, n, started_at) SELECT id, 1, :then FROM made)
    INSERT INTO enrollment (lead_id, n, campaign, cycle, status, started_at, due_at)
    SELECT id, 1, 'not-ready', 1, 'active', :then, :due FROM made
    """
)


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def dkim_key():
    key = generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {"DKIM_KEY": key.decode(), "DKIM_SELECTOR": "bench"}


def timed(letters):
    """Have the letters count the seconds of CPU that making a mail takes."""
    make, spent = letters.mail, [0.0]

    def mail(row, now):
        began = time.thread_time()
        try:
            return make(row, now)
        finally:
            spent[0] += time.thread_time() - began

    letters.mail = mail
    return spent


def main(count, *, sign):
    with tempfile.TemporaryDirectory() as data, local_servers(Path(data), linger=False) as servers:
        sink = subprocess.Popen([sys.executable, "-m", "bench.sink"], stdout=subprocess.PIPE, text=True)
        port = sink.stdout.readline().strip()
        variables = servers.environment() | {
            "SECRET_KEY": "x" * 40, "MAIL_URL": f"smtp://127.0.0.1:{port}?connections=8", "NURTURE_WORKSPACE": ".",
            **(dkim_key() if sign else {}),
        }  # fmt: skip
        with open_app(read_settings(variables)) as app:
            upgrade(app.engine)
            app = replace(app, now=lambda: TUESDAY)
            with transaction(app.engine) as db:
                then = datetime(2026, 1, 1, tzinfo=UTC)
                db.execute(LEADS, {"count": count, "then": then, "due": TUESDAY})
            began, used = time.perf_counter(), cpu()
            while advance(app, TUESDAY).leads:
                pass
            decided, decided_cpu = time.perf_counter() - began, cpu() - used
            with transaction(app.engine) as db:
                db.execute(text("UPDATE delivery SET slot_at = :now"), {"now": TUESDAY})
                db.execute(text("COMMIT; ANALYZE; BEGIN"))
            rendering = timed(app.letters)
            began, used = time.perf_counter(), cpu()
            done = deliver(app, app.now, seconds=600)
            sending, sending_cpu = time.perf_counter() - began, cpu() - used
        sink.terminate()
        held = int(sink.stdout.readline())
        sink.wait()
    print(f"decided {count} leads: {count / decided:.0f}/s, {1e6 * decided_cpu / count:.0f} us CPU each")
    print(
        f"sent {done.sent} mails: {done.sent / sending:.0f}/s, {1e6 * sending_cpu / max(1, done.sent):.0f} us CPU each"
    )
    share = rendering[0] / sending_cpu
    print(f"of that {1e6 * rendering[0] / max(1, done.sent):.0f} us, {share:.0%}, are making the mail")
    print(f"the sink holds {held}")


if __name__ == "__main__":
    counts = [word for word in sys.argv[1:] if word.isdigit()]
    main(int(counts[0]) if counts else 5000, sign="--sign" in sys.argv)
