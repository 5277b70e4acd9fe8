"""Whatever happened to two leads before: merged, nothing is lost, nothing contradicts itself, and life goes on."""

from contextlib import suppress as passing_over
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from nurture.app import App
from nurture.db import transaction
from nurture.errors import Conflict
from nurture.flows.advance import advance
from nurture.flows.answer import answer
from nurture.flows.follow_up import accept, outcome
from nurture.flows.ingest import ingest
from nurture.flows.merge_leads import foresee, merge_leads
from nurture.flows.recount import recount
from nurture.flows.refuse import refuse
from nurture.flows.suppress import suppress
from nurture.store import horizon
from tests.databases import empty
from tests.flows.apps import add_lead, incoming, one, page, rows, track
from tests.rules.examples import NOW

JO, AL = "jo@buyer.example", "al@buyer.example"
DAY = timedelta(days=1)
ACTS = [
    "page", "page", "paper", "demo", "mail", "mail", "sent", "sending", "failed", "answer", "accept", "qualify", "lose",
    "not_ready", "no_budget", "student", "unsubscribed", "complained", "bounced", "browser", "user",
]  # fmt: skip
lives = st.lists(st.tuples(st.sampled_from([JO, AL]), st.sampled_from(ACTS)), max_size=14)


class Life:
    """Lets things happen to two leads, a day after each other."""

    def __init__(self, app: App) -> None:
        self.app, self.now = app, NOW

    def live(self, acts: list[tuple[str, str]]) -> None:
        for email in (JO, AL):
            add_lead(self.app, email)
        for email, act in acts:
            self.now += DAY
            with passing_over(Conflict):  # what is over is over
                self.act(email, act)

    def act(self, email: str, act: str) -> None:
        app, now = self.app, self.now
        lead_id = one(app, "SELECT id FROM lead WHERE email = :email", email=email)
        match act:
            case "page" | "paper" | "demo":
                names = {"paper": "Whitepaper Downloaded", "demo": "Demo Requested"}
                event = page("/pricing", now, email=email) if act == "page" else track(names[act], now, email=email)
                ingest(app, [event], now)
            case "mail":
                with transaction(app.engine) as db:
                    db.exec_driver_sql(
                        f"UPDATE enrollment SET due_at = '{now}' WHERE lead_id = {lead_id} AND due_at > now()"
                    )
                advance(app, max(self.due(lead_id), now))
            case "sent" | "sending" | "failed":
                with transaction(app.engine) as db:
                    db.exec_driver_sql(
                        f"UPDATE delivery SET state = '{act}', sent_at = '{now}', batch_id = 1"
                        f" WHERE lead_id = {lead_id} AND state = 'queued'"
                    )
            case "answer":
                for row in rows(app, "SELECT id FROM delivery WHERE lead_id = :id LIMIT 1", id=lead_id):
                    answer(app, delivery_id=row.id, question="timing", answer="later", now=now)
            case "accept" | "qualify" | "lose":
                self.sales(lead_id, act)
            case "not_ready" | "no_budget" | "student":
                refuse(app, email, reason=act, by="rep", note=act, now=now)
            case "browser" | "user":
                more = {"anonymous_id": f"b-{email}"} if act == "browser" else {"user_id": f"u-{email}"}
                ingest(app, [incoming("identify", now, email=email, **more)], now)
            case "unsubscribed" | "complained" | "bounced":
                suppress(app, lead_id=lead_id, word=act, how="test", now=now)

    def due(self, lead_id: int) -> datetime:
        found = rows(self.app, "SELECT due_at FROM enrollment WHERE lead_id = :id AND due_at IS NOT NULL", id=lead_id)
        return found[0].due_at if found else self.now

    def sales(self, lead_id: int, act: str) -> None:
        for row in rows(self.app, "SELECT id FROM handoff WHERE lead_id = :id ORDER BY id DESC LIMIT 1", id=lead_id):
            if act == "accept":
                accept(self.app, row.id, by="rep", now=self.now)
            else:
                state = "qualified" if act == "qualify" else "lost"
                reason = None if act == "qualify" else "not_ready"
                outcome(self.app, row.id, state=state, reason=reason, note="", by="rep", now=self.now)


def conserved(app: App) -> dict[str, int]:
    tables = {
        "events": "event", "answers": "event WHERE kind = 'answer'", "deliveries": "delivery",
        "received": "delivery WHERE state IN ('sending', 'sent', 'unknown')", "handoffs": "handoff",
        "enrollments": "enrollment", "refusals": "cycle WHERE reason IS NOT NULL",
        "users": "identity WHERE kind = 'user'", "claims": "browser_claim",
    }  # fmt: skip
    return {name: one(app, f"SELECT count(*) FROM {table}") for name, table in tables.items()}


def counts(app: App) -> list:
    return rows(app, "SELECT lead_id, cycle, matcher, day, count AS n FROM signal_day ORDER BY 2, 3, 4")


def check_consistent(app: App) -> None:
    (lead,) = rows(app, "SELECT * FROM lead")
    cycles = rows(app, "SELECT n, started_at FROM cycle ORDER BY n")
    assert [row.started_at for row in cycles] == sorted(row.started_at for row in cycles)
    assert [row.n for row in cycles] == list(range(cycles[0].n, lead.cycle + 1))
    assert cycles[-1].started_at == lead.cycle_started_at
    assert len(cycles) == 1 or lead.cycle > 1 or lead.refused  # else the first cycle is on the lead's own row
    for table in ("delivery", "enrollment", "handoff", "signal_day"):
        assert (
            one(app, f"SELECT count(*) FROM {table} t WHERE NOT EXISTS (SELECT FROM cycle c WHERE c.n = t.cycle)") == 0
        )
    if lead.stage in ("mql", "sal", "sql", "disqualified"):
        assert one(app, "SELECT count(*) FROM enrollment WHERE status <> 'ended'") == 0
    if one(app, "SELECT count(*) FROM enrollment WHERE status <> 'ended'"):
        assert lead.ask_at is None


QUICK = settings(
    max_examples=6,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@QUICK
@given(acts=lives, keep_al=st.booleans())
def test_whatever_happened_to_two_leads_they_become_one_without_loss(app: App, acts, keep_al: bool) -> None:
    check_merge(app, acts, keep_al)


@pytest.mark.soak
@pytest.mark.timeout(0)
@settings(QUICK, max_examples=1000)
@given(acts=lives, keep_al=st.booleans())
def test_whatever_happened_to_two_leads_again_and_again(app: App, acts, keep_al: bool) -> None:
    check_merge(app, acts, keep_al)


def check_merge(app: App, acts, keep_al: bool) -> None:
    empty(app.engine)
    life = Life(app)
    life.live(acts)
    before, now = conserved(app), life.now + DAY
    keep, other = (AL, JO) if keep_al else (JO, AL)
    told = foresee(app, keep, other)
    done = merge_leads(app, keep, other, by="test", now=now)
    after = conserved(app)
    after["handoffs"] -= done.offered  # it may be ready now
    after["enrollments"] = (
        before["enrollments"] if after["enrollments"] > before["enrollments"] else after["enrollments"]
    )
    assert after == before
    assert done.moved == told.moved
    check_consistent(app)
    found = counts(app)
    with transaction(app.engine) as db:
        recount(db, app, [row.id for row in db.exec_driver_sql("SELECT id FROM lead")], now)
    assert counts(app) == found
    for _ in range(6):
        with transaction(app.engine) as db:
            due = [row.at for row in horizon.ahead(db, now + 200 * DAY)]
        if not due:
            break
        assert advance(app, max(min(due), now)).set_aside == 0
        with transaction(app.engine) as db:
            db.exec_driver_sql("UPDATE delivery SET state = 'sent', sent_at = slot_at WHERE state = 'queued'")
    check_consistent(app)
    received = rows(
        app, "SELECT step FROM delivery WHERE state IN ('sending', 'sent', 'unknown') AND merged_from IS NULL"
    )
    assert len(received) == len(set(received)), "a step went out twice"
