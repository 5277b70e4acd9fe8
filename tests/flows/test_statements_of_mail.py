"""What reports and mails that come in ask of the database: as many statements for many of them as for one."""

import pytest

from nurture.app import App
from nurture.db import transaction
from nurture.flows.take_mail import take_mail
from nurture.flows.take_reports import take_reports
from tests.databases import forget_sizes
from tests.flows.apps import add_lead, one
from tests.flows.arriving import answer_to
from tests.flows.reports import add_mail, report
from tests.flows.test_statements import asked
from tests.rules.examples import NOW


def reports_on(app: App, count: int, start: int, type_: str, **more: str) -> list:
    found = []
    for n in range(start, start + count):
        email = f"lead{n}@buyer.example"
        mail = add_mail(app, add_lead(app, email))
        found.append(report(app, type_, mail, recipient=email, **more))
    return found


@pytest.mark.parametrize(
    ("type_", "more"),
    [
        ("delivered", {}),
        ("opened", {}),
        ("bounced", {"severity": "soft"}),
        ("bounced", {"severity": "hard"}),
        ("complained", {}),
        ("rejected", {"reject_reason": "blocked"}),
    ],
)
def test_many_reports_take_as_many_statements_as_one(app: App, type_: str, more: dict[str, str]) -> None:
    take_reports(app, reports_on(app, 1, 0, type_, **more), NOW)
    single, many = reports_on(app, 1, 1, type_, **more), reports_on(app, 20, 2, type_, **more)
    with asked(app) as for_one:
        take_reports(app, single, NOW)
    with asked(app) as for_many:
        take_reports(app, many, NOW)
    assert one(app, "SELECT count(*) FROM mail_report") == 22
    assert len(for_many) == len(for_one) < 30


def test_a_reply_takes_as_many_statements_whatever_has_been_before(app: App) -> None:
    mail = add_mail(app, add_lead(app))
    for other in reports_on(app, 10, 0, "delivered"):
        take_reports(app, [other], NOW)
    with asked(app) as first:
        assert take_mail(app, answer_to(app, mail, "Call me"), envelope_to=None, source="pipe", now=NOW) == "reply"
    with asked(app) as second:
        assert take_mail(app, answer_to(app, mail, "Call me soon"), envelope_to=None, source="pipe", now=NOW) == "reply"
    assert len(second) <= len(first) < 40


def test_no_mail_of_a_lead_is_looked_for_in_the_whole_table(app: App) -> None:
    with transaction(app.engine) as db:
        forget_sizes(db)
        db.exec_driver_sql("SET LOCAL enable_seqscan = off")
        asking = "EXPLAIN SELECT count(*) FROM delivery WHERE lead_id = 1 AND local_on > '2026-01-01'"
        plan = "\n".join(db.exec_driver_sql(asking).scalars())
    assert "delivery_one_a_local_day" in plan
