"""Variants of a mail, compared only as far as the counts go."""

import pytest
from sqlalchemy import Connection, text

from nurture.app import App
from nurture.db import transaction
from nurture.reports.campaigns import campaigns
from tests.reports.histories import FIRST, NOW

_LEADS = text(
    """
    WITH made AS (
        INSERT INTO lead (email, key, cycle_started_at, created_at, updated_at)
        SELECT concat(CAST(:variant AS text), n, '@x.example'), concat(CAST(:variant AS text), n), :at, :at, :at
        FROM generate_series(1, :sent) n
        RETURNING id
    )
    INSERT INTO enrollment (lead_id, n, campaign, cycle, status, started_at)
    SELECT id, 1, 'tries', 1, 'ended', :at FROM made RETURNING lead_id
    """
)
_MAILS = text(
    """
    INSERT INTO delivery (lead_id, enrollment_id, campaign, step, variant, cycle, template, state, slot_at, slot_until,
                          local_on, zone, queued_at, sent_at)
    SELECT lead_id, id, 'tries', 'roi', :variant, 1, 't/roi', 'sent', :at, :at, '2026-03-05', 'UTC', :at, :at
    FROM enrollment WHERE lead_id = ANY(:ids) RETURNING id
    """
)
_CLICKS = text(
    """
    INSERT INTO event (month, source, message_id, message_md5, lead_id, kind, verdict, delivery_id, occurred_at,
                       received_at)
    SELECT '2026-03-01', 'test', concat(id, '-', n), CAST(md5(concat(id, '-', n)) AS uuid), lead_id, 'click', verdict,
           id, :at, :at
    FROM delivery CROSS JOIN unnest(ARRAY['human', 'human', 'automated']) WITH ORDINALITY AS v(verdict, n)
    WHERE id = ANY(:ids)
    """
)


def send(db: Connection, variant: str, sent: int, clicked: int) -> None:
    values = {"variant": variant, "sent": sent, "at": FIRST}
    ids = list(db.execute(_LEADS, values).scalars())
    mails = list(db.execute(_MAILS, {"variant": variant, "ids": ids, "at": FIRST}).scalars())
    db.execute(_CLICKS, {"ids": mails[:clicked], "at": FIRST})


@pytest.mark.parametrize(
    ("sent", "short", "says"),
    [(10, 8, "no difference yet"), (100, 44, "no difference yet"), (400, 180, "more"), (400, 60, "fewer")],
)
def test_a_variant_is_better_only_where_the_counts_say_so(app: App, sent: int, short: int, says: str) -> None:
    with transaction(app.engine) as db:
        for variant, clicked in (("bold", sent * 3 // 10), ("short", short), ("control", sent * 3 // 10)):
            send(db, variant, sent, clicked)
    report = campaigns(app, since=None, until=None, now=NOW)
    assert [(row["variant"], row["sent"], row["clicked"]) for row in report.rows] == [
        ("bold", sent, sent * 3 // 10), ("control", sent, sent * 3 // 10), ("short", sent, short),
    ]  # fmt: skip
    assert {row["delivered"] for row in (*report.rows, report.total)} == {None}, "nobody reports that"
    compared = {(one["variant"], one["on"]): one for one in report.beside["comparisons"]}
    assert {one["against"] for one in compared.values()} == {"control"}, "the file's first"
    found = compared["short", "clicked"]
    assert (found["says"], found["difference"]) == (says, pytest.approx(short / sent - 0.3))
    assert compared["bold", "clicked"]["says"] == compared["short", "requalified"]["says"] == "no difference yet"
    assert any(note.startswith("tries/roi: short against control, clicked ") for note in report.notes)
