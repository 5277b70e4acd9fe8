"""Reports over data that nobody here made: their numbers are those that the data's own rows give."""

import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from statistics import mean
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, Engine, text

from nurture.app import App
from nurture.db import transaction
from nurture.reports.interest import interest
from nurture.reports.sla import sla
from nurture.rules.sla import working_minutes
from nurture.store import leads
from tests.flows.apps import make_app
from tests.reports.histories import FIRST, NOW
from tests.reports.oracle import percentile
from tests.rules.examples import AGREEMENT, make_hours
from tests.rules.lives import book_of

ACTIVE = ("Google", "Organic Search", "Direct Traffic", "Olark Chat", "Welingak Website")
PASSIVE = ("Reference", "Referral Sites", "Facebook")
_HANDOFFS = text(
    """
    INSERT INTO handoff (lead_id, cycle, state, grade, score_micro, because, owner, offered_at, accepted_at, closed_at)
    SELECT id, 1, state, 'A', 1, '', 'rep', offered_at, offered_at, closed_at
    FROM unnest(CAST(:ids AS bigint[]), CAST(:states AS text[]), CAST(:offered AS timestamptz[]),
                CAST(:closed AS timestamptz[])) AS u(id, state, offered_at, closed_at)
    """
)
_ATTEMPTS = text(
    """
    INSERT INTO attempt (handoff_id, kind, outcome, at, by)
    SELECT h.id, 'call', 'not_reached', u.at, 'rep'
    FROM unnest(CAST(:ids AS bigint[]), CAST(:at AS timestamptz[])) AS u(lead_id, at) JOIN handoff h USING (lead_id)
    """
)


def rows_in(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def add_leads(db: Connection, sources: Sequence[str | None]) -> list[int]:
    people = [{"email": f"l{number}@x.example", "source": source} for number, source in enumerate(sources)]
    ids = leads.insert(db, people, FIRST)
    return [ids[person["email"]] for person in people]


def app_of(engine: Engine, db_url: str, root: Path, **agreement: Any) -> App:
    return make_app(engine, db_url, root, book_of(**agreement))


def test_interest_by_source_is_that_of_x_education(
    clean_db: Engine, db_url: str, tmp_path: Path, shared_data: Callable[[str], Path]
) -> None:
    told = [row["Lead Source"] for row in rows_in(shared_data("xeducation") / "leads_shared.csv.gz")]
    known = dict.fromkeys(ACTIVE, "active") | dict.fromkeys(PASSIVE, "passive")
    app = app_of(clean_db, db_url, tmp_path, sources=known)
    with transaction(clean_db) as db:
        add_leads(db, [source or None for source in told])
    report = interest(app, since=None, until=None, now=NOW)
    assert {row["source"]: row["leads"] for row in report.rows} == Counter(source or None for source in told)
    folded = {source.lower(): word for source, word in known.items()}
    words = Counter(folded.get(source.lower(), "unknown") for source in told)
    assert {word: report.total[f"{word}_n"] for word in words} == words
    assert report.total["active"] == pytest.approx(words["active"] / len(told))
    both = {row["source"]: row["interest"] for row in report.rows if (row["source"] or "").lower() == "google"}
    assert both == {"Google": "active", "google": "active"}, "they differ in the case alone"


def test_attempts_per_lead_are_those_of_the_banks_calls(
    clean_db: Engine, db_url: str, tmp_path: Path, shared_data: Callable[[str], Path]
) -> None:
    rows = rows_in(shared_data("uci_bank_marketing") / "bank-full_odd_rows.csv.gz")[::4]
    app = app_of(clean_db, db_url, tmp_path)
    with transaction(clean_db) as db:
        ids = add_leads(db, [row["month"] for row in rows])
        states = ["won" if row["y"] == "yes" else "lost" for row in rows]
        offered = [FIRST] * len(rows)
        db.execute(_HANDOFFS, {"ids": ids, "states": states, "offered": offered, "closed": offered})
        calls = [(id_, FIRST) for id_, row in zip(ids, rows, strict=True) for _ in range(int(row["campaign"]))]
        db.execute(_ATTEMPTS, {"ids": [id_ for id_, _ in calls], "at": [at for _, at in calls]})
    report = sla(app, since=None, until=None, now=NOW, by=["source"])
    months: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        months[row["month"]].append(int(row["campaign"]))
    assert {row["source"]: row["attempts"] for row in report.rows} == {name: sum(n) for name, n in months.items()}
    found = {row["source"]: row["attempts_per_lead"] for row in report.rows}
    assert found == pytest.approx({name: mean(n) for name, n in months.items()})


def test_working_minutes_are_the_rules_own_over_half_a_year_of_a_lender(
    clean_db: Engine, db_url: str, tmp_path: Path, shared_data: Callable[[str], Path]
) -> None:
    zone = ZoneInfo("Europe/Amsterdam")
    cases: dict[str, list[datetime]] = defaultdict(list)
    for row in rows_in(shared_data("bpi2012_sales_followup_events") / "events_shared.csv.gz"):
        cases[row["CaseID"]].append(datetime.fromisoformat(row["CompleteTimestamp"]).replace(tzinfo=zone))
    some = [times for times in cases.values() if len(times) > 1][::3]
    changed: dict[str, Any] = {
        "timezone": zone.key,
        "holidays": "NL",
        "from": "08:30",
        "to": "19:00",
        "days": "mon-sat",
    }
    hours = make_hours(**changed)
    app = app_of(clean_db, db_url, tmp_path, sla=AGREEMENT["sla"] | {"hours": AGREEMENT["sla"]["hours"] | changed})
    with transaction(clean_db) as db:
        ids = add_leads(db, [None] * len(some))
        offered, last = [times[0] for times in some], [times[-1] for times in some]
        db.execute(_HANDOFFS, {"ids": ids, "states": ["lost"] * len(some), "offered": offered, "closed": last})
        db.execute(_ATTEMPTS, {"ids": ids, "at": [times[1] for times in some]})
    now = max(last) + timedelta(days=1)
    listed = sla(app, since=None, until=None, now=now, by=["month"]).rows_of("attempt_minutes").rows
    worked = [working_minutes(hours, times[0], times[1]) for times in some]
    assert sorted(row["value"] for row in listed) == sorted(worked)
    by_month: dict[str, list[float]] = defaultdict(list)
    for times, minutes in zip(some, worked, strict=True):
        by_month[f"{times[0].astimezone(ZoneInfo('America/Chicago')):%Y-%m}"].append(minutes)
    report = sla(app, since=None, until=None, now=now, by=["month"])
    assert {row["month"]: row["attempt_minutes_p90"] for row in report.rows} == pytest.approx(
        {month: percentile(values, 0.9) for month, values in by_month.items()}
    )
