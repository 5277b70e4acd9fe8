"""Mails a second of the loop as it stands: due leads decided, rendered, sent over SMTP, recorded. One process.

python -m bench.loop [LEADS] — on embedded PostgreSQL (fsync on) and a lean sink in a process of its own, with the
shipped workspace. Prints how many leads a second are decided and mails sent, and the CPU of this process for each.
"""

import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

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


def main(count):
    with tempfile.TemporaryDirectory() as data, local_servers(Path(data), linger=False) as servers:
        sink = subprocess.Popen([sys.executable, "-m", "bench.sink"], stdout=subprocess.PIPE, text=True)
        port = sink.stdout.readline().strip()
        variables = servers.environment() | {
            "SECRET_KEY": "x" * 40, "MAIL_URL": f"smtp://127.0.0.1:{port}?connections=8", "NURTURE_WORKSPACE": ".",
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
    print(f"the sink holds {held}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000)
