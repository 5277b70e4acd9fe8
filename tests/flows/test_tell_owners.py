"""`tell: owner`: reps hear what their leads did, once a lead and day, and nobody hears anything else."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from nurture.app import App
from nurture.db import transaction
from nurture.flows import follow_up
from nurture.flows.ingest import ingest
from nurture.flows.refuse import refuse
from nurture.flows.tell import tell
from nurture.flows.tell_owners import GATHER, MAX_A_DAY
from nurture.store import leads
from tests.flows.apps import add_lead, page, rows, track
from tests.flows.test_statements import asked
from tests.rules.examples import NOW

AGENT = "Googlebot/2.1 (+http://www.google.com/bot.html)"
SIGNALS = {
    "pricing_page": {"when": {"page": "/pricing*"}, "points": 20},
    "docs_visit": {"when": {"page": "/docs*"}, "points": 2, "tell": "owner"},
    "demo_request": {"when": {"track": "Demo Requested"}, "hand_raise": True, "tell": "owner"},
}


@pytest.fixture
def telling(app_with: Callable[..., App]) -> App:
    return app_with(signals=SIGNALS, assign=[{"to": ["ann@acme.example"]}])


def told(app: App, channel: str = "email") -> list[tuple[str, dict[str, int]]]:
    query = "SELECT recipient, data FROM notice WHERE kind = 'lead.active' AND channel = :channel ORDER BY id"
    return [(row.recipient, row.data["signals"]) for row in rows(app, query, channel=channel)]


def own(app: App, owner: str, email: str = "jo@buyer.example") -> None:
    with transaction(app.engine) as db:
        leads.update(db, [(leads.id_of(db, email), {"owner": owner})], NOW, source="test")


def test_the_owner_of_the_open_handoff_is_told(telling: App) -> None:
    add_lead(telling, owner="somebody@else.example")
    ingest(telling, [track("Demo Requested")], NOW)
    ingest(telling, [page("/docs/api")], NOW)
    assert told(telling) == [("ann@acme.example", {"docs_visit": 1})]
    ((handoff, lead),) = rows(telling, "SELECT handoff_id, lead_id FROM notice WHERE kind = 'lead.active' LIMIT 1")
    assert (handoff, lead) == (rows(telling, "SELECT id FROM handoff")[0].id, None)


def test_without_a_handoff_the_leads_own_owner_is_told_and_nothing_is_handed_over(telling: App) -> None:
    add_lead(telling, owner="kim@acme.example")
    ingest(telling, [page("/docs/api")], NOW)
    assert told(telling) == [("kim@acme.example", {"docs_visit": 1})]
    assert told(telling, "webhook") == [(None, {"docs_visit": 1})]
    assert not rows(telling, "SELECT FROM handoff")


def test_where_nobody_owns_the_lead_nobody_is_told(telling: App) -> None:
    add_lead(telling)
    with asked(telling) as without:
        ingest(telling, [page("/docs/api")], NOW)
    assert told(telling) == []
    assert not any("notice" in statement or "FROM handoff" in statement[:200] for statement in without)


def test_an_owner_who_is_no_address_is_not_told(telling: App) -> None:
    add_lead(telling, owner="Kim of the north")
    ingest(telling, [page("/docs/api")], NOW)
    assert told(telling) == []


def test_who_rejected_a_lead_is_told_no_more(telling: App) -> None:
    add_lead(telling)
    ingest(telling, [track("Demo Requested")], NOW)
    refuse(telling, "jo@buyer.example", reason="not_ready", by="ann@acme.example", note="", now=NOW)
    ingest(telling, [page("/docs/api", NOW + timedelta(hours=1))], NOW + timedelta(hours=1))
    assert told(telling) == []


@pytest.mark.parametrize("reason", ["already_mine", None])
def test_who_kept_or_won_a_lead_is_told(telling: App, reason: str | None) -> None:
    add_lead(telling)
    ingest(telling, [track("Demo Requested")], NOW)
    (handoff,) = rows(telling, "SELECT id FROM handoff")
    if reason is not None:
        refuse(telling, "jo@buyer.example", reason=reason, by="ann@acme.example", note="", now=NOW)
    else:
        follow_up.accept(telling, handoff.id, by="ann@acme.example", now=NOW)
        follow_up.outcome(telling, handoff.id, state="won", reason=None, note="", by="ann@acme.example", now=NOW)
    ingest(telling, [page("/docs/api", NOW + timedelta(hours=1))], NOW + timedelta(hours=1))
    assert told(telling) == [("ann@acme.example", {"docs_visit": 1})]


def test_an_event_that_hands_the_lead_over_tells_the_owner_by_that_alone(telling: App) -> None:
    add_lead(telling, owner="kim@acme.example")
    ingest(telling, [track("Demo Requested"), page("/docs/api")], NOW)
    assert told(telling) == []
    ingest(telling, [track("Demo Requested")], NOW)
    assert told(telling) == [("ann@acme.example", {"demo_request": 1})]


def test_an_hour_is_gathered_and_the_rest_of_the_day_is_quiet(telling: App) -> None:
    add_lead(telling, owner="kim@acme.example")
    for minutes in (0, 10, 50):
        at = NOW + timedelta(minutes=minutes)
        ingest(telling, [page("/docs/api", at), page("/docs/faq", at)], at)
        assert tell(telling, at).sent == 0
    assert told(telling) == [("kim@acme.example", {"docs_visit": 6})]
    assert tell(telling, NOW + GATHER).sent == 2
    later = NOW + timedelta(hours=2)
    ingest(telling, [page("/docs/api", later)], later)
    assert told(telling) == [("kim@acme.example", {"docs_visit": 6})]
    tomorrow = NOW + timedelta(days=1)
    ingest(telling, [page("/docs/api", tomorrow)], tomorrow)
    assert told(telling)[1:] == [("kim@acme.example", {"docs_visit": 1})]


def test_a_rep_is_told_of_so_many_leads_a_day(telling: App) -> None:
    emails = [f"lead{n}@buyer{n}.example" for n in range(MAX_A_DAY + 5)]
    for email in emails:
        add_lead(telling, email, owner="kim@acme.example")
    add_lead(telling, "other@buyer.example", owner="lou@acme.example")
    for email in (*emails, "other@buyer.example", emails[0]):
        ingest(telling, [page("/docs/api", email=email)], NOW)
    owners = [recipient for recipient, _ in told(telling)]
    assert owners == ["kim@acme.example"] * MAX_A_DAY + ["lou@acme.example"]
    assert told(telling)[0][1] == {"docs_visit": 2}
    assert len(told(telling, "webhook")) == MAX_A_DAY + 1


def test_programs_history_and_other_signals_tell_nothing(telling: App) -> None:
    add_lead(telling, owner="kim@acme.example")
    ingest(telling, [page("/docs/api", agent=AGENT)], NOW)
    ingest(telling, [page("/docs/api")], NOW, as_history=True)
    ingest(telling, [page("/docs/api", NOW - timedelta(days=40))], NOW)
    ingest(telling, [page("/pricing")], NOW)
    assert told(telling) == []


def test_a_batch_of_many_leads_takes_as_many_statements_as_one(telling: App) -> None:
    emails = [f"lead{n}@buyer{n}.example" for n in range(12)]
    for email in emails:
        add_lead(telling, email, owner=f"{email[:5]}@acme.example")
    ingest(telling, [page("/docs/api", email=emails[0])], NOW)
    with asked(telling) as for_one:
        ingest(telling, [page("/docs/api", email=emails[1])], NOW)
    with asked(telling) as for_many:
        ingest(telling, [page("/docs/api", email=email) for email in emails[2:]], NOW)
    assert len(for_many) == len(for_one)
    assert len(told(telling)) == len(emails)


def test_the_day_is_that_of_sales(telling: App) -> None:
    """NOW's agreement is in Chicago: 23:30 there and half an hour later are two days, though one in UTC."""
    add_lead(telling, owner="kim@acme.example")
    evening = datetime.fromisoformat("2026-03-03T05:30:00+00:00")
    for at in (evening, evening + timedelta(hours=1)):
        ingest(telling, [page("/docs/api", at)], at)
    assert [count for _, count in told(telling)] == [{"docs_visit": 1}, {"docs_visit": 1}]
