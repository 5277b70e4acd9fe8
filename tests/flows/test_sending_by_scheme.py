"""Deliveries leave through whatever `MAIL_URL` names, and a lost answer is settled by what the provider reports."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from nurture.app import App
from nurture.flows.take_reports import take_reports
from nurture.mail_url import MAIL_SCHEMES
from nurture.mailers import MAILERS
from nurture.messages import ProviderEvent
from nurture.store.backlog import pass_over
from nurture.workspace import TemplateFile
from tests.flows.apps import make_app, one, rows
from tests.flows.test_deliver import HTML
from tests.flows.test_sending import queue, send, states, taken
from tests.mailers.stub_api import Asked, Told, stub_api
from tests.rules.examples import NOW
from tests.rules.lives import book_of

URLS: dict[str, tuple[str, Callable[[Asked], Told]]] = {
    "postmark": ("postmark://TOKEN?api={api}", taken),
    "sendgrid": ("sendgrid://SG.KEY?api={api}", lambda _: Told(202, b"", {"x-message-id": "m"})),
    "mailgun": (
        "mailgun://KEY@news.acme.example?api={api}",
        lambda _: Told(200, {"id": "<m@news.acme.example>", "message": "Queued. Thank you."}),
    ),
    "ses": ("ses://AKIAKEY:secret@eu-west-1?api={api}", lambda _: Told(200, {"MessageId": "m"})),
    "resend": ("resend://re_KEY?api={api}", lambda asked: Told(200, {"data": [{"id": "m"} for _ in asked.json]})),
}


@pytest.fixture
def app_by(clean_db: Engine, db_url: str, tmp_path: Path) -> Callable[[str], App]:
    def make(url: str) -> App:
        made = make_app(clean_db, db_url, tmp_path, book_of(), MAIL_URL=url)
        templates = {"t/one": TemplateFile("t/one", Path("templates/t/one.html"), "html", HTML)}
        return replace(made, workspace=replace(made.workspace, templates=templates))

    return make


def test_there_is_a_mailer_for_every_scheme_that_the_settings_allow() -> None:
    assert set(MAILERS) == set(MAIL_SCHEMES)
    assert set(MAIL_SCHEMES) == {*URLS, "smtp", "smtps"}


@pytest.mark.parametrize("scheme", URLS)
def test_deliveries_leave_by_every_provider(app_by: Callable[[str], App], scheme: str) -> None:
    url, reply = URLS[scheme]
    with stub_api(reply) as stub:
        app = app_by(url.format(api=stub.url))
        queue(app, 12)
        assert send(app).sent == 12
        asked = [one_request.body for one_request in stub.asked]
    assert states(app) == {"sent": 12}
    if scheme != "ses":  # which gets mails whole, in base64
        told = b"".join(asked).replace(b"%40", b"@")
        assert all(f"lead{number}@buyer.example".encode() in told for number in range(1, 13))


def event(app: App, type_: str, reject_reason: str | None = None) -> ProviderEvent:
    token = one(app, "SELECT message_id FROM delivery").strip("<>").partition("@")[0]
    return ProviderEvent(
        provider="postmark", type=type_, at=NOW + timedelta(minutes=5), recipient="lead1@buyer.example",  # type: ignore[arg-type]
        event_id="e1", delivery=token, message_id="m", reject_reason=reject_reason, severity=None, said="", raw=b"{}",  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("type_", "settled"),
    [("delivered", "sent"), ("opened", "sent"), ("clicked", "sent"), ("rejected", "failed"), ("failed", "failed")],
)
def test_a_lost_answer_is_settled_by_the_providers_events(
    app_by: Callable[[str], App], type_: str, settled: str
) -> None:
    with stub_api(lambda _: Told(drop=True)) as stub:
        app = app_by(f"postmark://TOKEN?api={stub.url}")
        queue(app, 1)
        assert send(app).unknown == 1
    assert states(app) == {"unknown": 1}
    take_reports(app, [event(app, type_, "invalid" if settled == "failed" else None)], NOW + timedelta(minutes=5))
    assert states(app) == {settled: 1}


def test_mails_whose_window_is_over_are_passed_over_a_bounded_number_at_a_time(app_by: Callable[[str], App]) -> None:
    app = app_by("postmark://TOKEN")
    queue(app, 7)
    later = NOW + timedelta(hours=3)
    with app.engine.begin() as db:
        assert [pass_over(db, "default", later, most=5) for _ in range(3)] == [5, 2, 0]
    assert rows(app, "SELECT DISTINCT state, reason FROM delivery") == [("cancelled", "window over")]
