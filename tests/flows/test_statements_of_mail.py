"""What reports and mails that come in ask of the database: as many statements for many of them as for one."""

import pytest

from nurture.app import App
from nurture.flows.take_reports import take_reports
from tests.flows.apps import add_lead, one
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
