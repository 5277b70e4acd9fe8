"""The weekly digest on its way out: the clock finds that it is due, the mail leaves."""

from email import message_from_bytes
from email.policy import default

from nurture.app import App
from nurture.flows.send_digest import send_digest
from nurture.flows.tell import tell
from nurture.messages import Mail, Receipt
from nurture.notifiers.email import build
from nurture.reports.digest import figures
from tests.flows.test_send_digest import MONDAY, REP, app, week
from workers.clock import Clock

__all__ = ["app", "week"]


def test_the_clock_says_that_a_digest_is_due_until_it_is_queued(app: App, week: dict[str, int]) -> None:
    object.__setattr__(app, "now", lambda: MONDAY)
    nudged: list[str] = []
    object.__setattr__(app, "nudge", nudged.append)
    clock = Clock(app)
    clock.tick()
    assert "digest" in nudged
    send_digest(app, MONDAY, figures=figures)
    nudged.clear()
    clock.tick()
    assert "digest" not in nudged


def test_the_mail_goes_out_and_escapes_what_people_wrote(app: App, week: dict[str, int]) -> None:
    sent: list[Mail] = []

    def send(mail: Mail) -> Receipt:
        sent.append(mail)
        return Receipt(mail.delivery_id, "sent")

    app.channels["email"] = build(app.settings, app.agreement, send)  # type: ignore[index]  # a dict, in fact
    send_digest(app, MONDAY, figures=figures)
    with app.engine.begin() as db:
        db.exec_driver_sql("DELETE FROM notice WHERE kind NOT IN ('digest.sales', 'digest.marketing')")
    assert tell(app, MONDAY).sent == 3
    read = {mail.recipient: message_from_bytes(mail.data, policy=default) for mail in sent}
    assert set(read) == {"boss@acme.example", REP, "ada@acme.example"}
    boss = read["boss@acme.example"]
    assert boss["Subject"].strip() == "The week for sales, 9 to 15 Mar: 7 handed over, 2 late, 1 due soon, 1 won"
    html = boss.get_body(("html",)).get_content()
    assert "“&lt;No&gt; money”" in html
    assert html.count("https://nurture.example/h/") == 3
    assert "an answer is due Mon 16 Mar 2026, 13:00 CDT" in boss.get_body(("plain",)).get_content()
    assert max(len(line) for mail in sent for line in mail.data.split(b"\r\n")) <= 998
