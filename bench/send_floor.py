"""The least that sending can be: claim a thousand, fill their slots, send them over kept connections, record them.

    python -m bench.send_floor DATABASE PORT    says `ready`, waits for a line, sends what is due, prints figures (JSON)

On small tables of its own. While one batch is sent, a thread claims the next and records the last. Commands are sent
ahead: a mail's body and the next one's envelope leave in one write. It looks at no suppression, no limit and no window;
it knows no refusal and no retry; after a crash it knows of up to two thousand mails nothing at all.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import psycopg
from psycopg.rows import dict_row

from bench import cpu
from bench.floor_mail import maker
from bench.product import ROOT
from nurture.mail.compiling import compile_template
from nurture.workspace import load_workspace

BATCH, CONNECTIONS = 1000, 4
TEMPLATE = "not-ready/three-questions"
TABLES = """
CREATE TABLE floor_lead (
    id bigint PRIMARY KEY, email text NOT NULL UNIQUE, first_name text, last_name text, company text, title text,
    country text);
CREATE TABLE floor_enrollment (
    id bigint PRIMARY KEY, lead_id bigint NOT NULL, step int NOT NULL, status int NOT NULL, next_at timestamptz,
    attempts int NOT NULL);
CREATE INDEX floor_due ON floor_enrollment (next_at) WHERE status = 0;
CREATE TABLE floor_message (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, enrollment_id bigint NOT NULL, step int NOT NULL,
    lead_id bigint NOT NULL, status int NOT NULL DEFAULT 0, sent_at timestamptz, UNIQUE (enrollment_id, step));
INSERT INTO floor_lead SELECT n, 'lead' || n || '@buyer.example', 'Lead ' || n, NULL, 'Buyer ' || n, 'VP', 'US'
FROM generate_series(1, %(leads)s) AS n;
INSERT INTO floor_enrollment SELECT n, n, 0, 0, NULL, 0 FROM generate_series(1, %(leads)s) AS n
"""
COME_DUE = "UPDATE floor_enrollment SET next_at = now() WHERE lead_id BETWEEN %(first)s AND %(last)s"
SENT = (
    "SELECT count(*) FROM floor_message JOIN floor_lead l ON l.id = lead_id "
    "WHERE l.id BETWEEN %(first)s AND %(last)s AND status = 2"
)
_CLAIM = """
WITH due AS (
    UPDATE floor_enrollment SET next_at = now() + interval '10 minutes', attempts = attempts + 1
    WHERE id = ANY(ARRAY(SELECT id FROM floor_enrollment WHERE status = 0 AND next_at <= now() ORDER BY next_at LIMIT %s
                         FOR UPDATE SKIP LOCKED))
    RETURNING id, lead_id, step
), made AS (
    INSERT INTO floor_message (enrollment_id, step, lead_id) SELECT id, step, lead_id FROM due
    ON CONFLICT DO NOTHING RETURNING id, lead_id
)
SELECT made.id AS number, l.* FROM made JOIN floor_lead l ON l.id = made.lead_id
"""
_RECORD = """
WITH sent AS (UPDATE floor_message SET status = 2, sent_at = now() WHERE id = ANY(%s) RETURNING enrollment_id)
UPDATE floor_enrollment e SET step = step + 1, attempts = 0, next_at = now() + interval '7 days'
FROM sent WHERE e.id = sent.enrollment_id
"""

Row = dict[str, Any]


class _Batch:
    """A claimed batch, dealt out mail by mail, and the numbers of those that were taken."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows: Iterator[Row] = iter(rows)
        self.left, self.taken = len(rows), list[int]()
        self.done = asyncio.Event()

    def answered(self, number: int) -> None:
        self.taken.append(number)
        self.left -= 1
        if not self.left:
            self.done.set()


class _Connection(asyncio.Protocol):
    """One connection. `_expected` replies are still to come before the next thing is said."""

    def __init__(self, make: Callable[[int, Row], bytes]) -> None:
        self._make, self._rest = make, b""
        self._now: Row | None = None
        self._next: Row | None = None
        self._expected, self._in_body = 1, False
        self.is_open = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\r\n")
        for line in lines:
            if line[3:4] != b"-":
                self._reply(line)

    def go(self, batch: _Batch) -> None:
        """Send mails of this batch until it has none."""
        self._batch = batch
        self._now = next(batch.rows, None)
        if self._now is not None:
            self._transport.write(_envelope(self._now))
            self._expected = 3

    def _reply(self, line: bytes) -> None:
        if line[:1] not in b"23":
            raise SystemExit(f"the sink says {line!r}")
        self._expected -= 1
        if self._in_body:
            self._in_body = False
            assert self._now is not None
            self._batch.answered(self._now["number"])
            self._now = self._next
            return
        if self._expected:
            return
        if self._now is None:
            self._start()
        else:
            body = self._make(self._now["number"], self._now)
            self._next = next(self._batch.rows, None)
            self._transport.write(body if self._next is None else body + _envelope(self._next))
            self._in_body, self._expected = True, 4

    def _start(self) -> None:
        if not self._rest and not self.is_open.done() and not hasattr(self, "_greeted"):
            self._greeted = True
            self._transport.write(b"EHLO bench\r\n")
            self._expected = 1
        elif not self.is_open.done():
            self.is_open.set_result(None)


def _envelope(row: Row) -> bytes:
    return b"MAIL FROM:<ada@news.acme.example>\r\nRCPT TO:<%b>\r\nDATA\r\n" % row["email"].encode()


async def _send(database: str, port: int, make: Callable[[int, Row], bytes]) -> int:
    loop = asyncio.get_running_loop()
    claiming, recording = (psycopg.connect(database, autocommit=True) for _ in range(2))

    def claim() -> list[Row]:
        return claiming.cursor(row_factory=dict_row).execute(_CLAIM, [BATCH]).fetchall()

    opened = [await loop.create_connection(lambda: _Connection(make), "127.0.0.1", port) for _ in range(CONNECTIONS)]
    connections = [connection for _, connection in opened]
    await asyncio.gather(*(connection.is_open for connection in connections))
    total, coming, recorded = 0, loop.run_in_executor(None, claim), None
    while rows := await coming:
        coming = loop.run_in_executor(None, claim)
        batch = _Batch(rows)
        for connection in connections:
            connection.go(batch)
        await batch.done.wait()
        if recorded is not None:
            await recorded
        recorded = loop.run_in_executor(None, recording.execute, _RECORD, [batch.taken])
        total += len(batch.taken)
    if recorded is not None:
        await recorded
    for transport, _ in opened:
        transport.write(b"QUIT\r\n")
        transport.close()
    claiming.close()
    recording.close()
    return total


def main(database: str, port: int) -> None:
    """Get ready, wait for a line, send."""
    workspace = load_workspace(ROOT)
    company = workspace.agreement.company
    template = compile_template(workspace.templates[TEMPLATE], workspace.partials)
    make = maker(template, {"name": company.name, "address": company.address})
    try:
        from uvloop import run
    except ImportError:
        from asyncio import run  # type: ignore[assignment]
    print("ready", flush=True)
    sys.stdin.readline()
    began, used = time.perf_counter(), cpu.own()
    total = run(_send(database, port, make))
    print(json.dumps({"mails": total, "seconds": time.perf_counter() - began, "cpu": cpu.own() - used}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
