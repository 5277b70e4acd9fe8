"""Mails that are due, put into the queue without asking the rules; and the letter that they are."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from nurture.app import App
from nurture.db import transaction
from nurture.workspace import TemplateFile
from tests.rules.examples import NOW

LETTER = """---
subject: "Hello {{ lead.first_name | default('there') }}"
preheader: "A short one."
---
<html lang="en"><body><p>Dear {{ lead.first_name | default('reader') }},</p>
<p>SAID</p><p><a href="https://acme.example/x">Read on</a></p></body></html>
"""
_DUE = """
WITH made AS (
    INSERT INTO lead (email, key, first_name, timezone, stage, grade, cycle_started_at, created_at, updated_at)
    SELECT 'lead' || n || '@buyer.example', 'lead' || n || '@buyer.example',
           'Lead ' || left(md5(random()::text), 6), 'America/Chicago', 'nurture', 'A',
           %(then)s, %(then)s, %(then)s FROM generate_series(1, %(count)s) AS n RETURNING id
), cycles AS (INSERT INTO cycle (lead_id, n, started_at) SELECT id, 1, %(then)s FROM made),
enrolled AS (
    INSERT INTO enrollment (lead_id, n, campaign, cycle, status, started_at, due_at)
    SELECT id, 1, 'not-ready', 1, 'active', %(then)s, NULL FROM made RETURNING id, lead_id)
INSERT INTO delivery (lead_id, enrollment_id, campaign, step, cycle, template, slot_at, slot_until, local_on, zone,
                      queued_at)
SELECT lead_id, id, 'not-ready', 'one', 1, 't/one', %(now)s, %(until)s, %(now)s::date, 'America/Chicago', %(now)s
FROM enrolled RETURNING lead_id
"""


def queue(app: App, count: int, *, hours: int = 2) -> list[int]:
    """So many leads, by their ids, each with a mail whose slot came at `NOW` and is so long."""
    values = {"count": count, "then": NOW - timedelta(days=30), "now": NOW, "until": NOW + timedelta(hours=hours)}
    with transaction(app.engine) as db:
        return sorted(db.exec_driver_sql(_DUE, values).scalars())


def saying(app: App, said: str = "Hello.") -> App:
    """The app with three letters that say this."""
    text = LETTER.replace("SAID", said)
    names = ("t/one", "t/two", "t/three")
    templates = {name: TemplateFile(name, Path(f"templates/{name}.html"), "html", text) for name in names}
    return replace(app, workspace=replace(app.workspace, templates=templates))
