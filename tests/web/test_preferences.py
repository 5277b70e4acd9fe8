"""The page where a lead chooses what it gets, and the link that confirms a new address."""

import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import Message

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as Handler
from sqlalchemy import text

from nurture.facts import LeadState
from nurture.flows.suppress import suppress
from nurture.reports.lead import lead_report
from nurture.rules.why import why
from nurture.store.states import states
from nurture.store.suppressions import address_hash
from nurture.web.application import make_web
from tests.web.people import (
    NOW,
    add_address_change,
    add_lead,
    add_mail,
    address_path,
    browser,
    everything,
    preferences_path,
    rows,
    unsubscribe_path,
)

EMAIL, NEW = "maria.rossi@acme.example", "maria@new.example"


@pytest.fixture
def mail(app):
    lead_id = add_lead(app.engine, reason="not_ready")
    return add_mail(app.engine, lead_id), lead_id


@pytest.fixture
def path(mail):
    return preferences_path(*mail)


class Inbox(Handler):
    def __init__(self) -> None:
        super().__init__()
        self.mails: list[Message] = []

    def handle_message(self, message: Message) -> None:
        self.mails.append(message)


@pytest.fixture
def inbox(app, serving) -> Iterator[Inbox]:
    """A mail server that the application sends through."""
    inbox = Inbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Controller(inbox, hostname="127.0.0.1", port=port)
    server.start()
    settings = replace(app.settings, mail_url=f"smtp://127.0.0.1:{port}")
    serving[0].app = make_web(replace(app, settings=settings))
    yield inbox
    server.stop()


def state(app, lead_id: int) -> LeadState:
    with app.engine.begin() as db:
        return states(db, app.book, [lead_id], NOW)[0]


def suppressed(app) -> list[tuple[str, str]]:
    return [
        (row["topic"], row["reason"]) for row in rows(app.engine, "SELECT topic, reason FROM suppression ORDER BY 1")
    ]


def choose(client, path, *topics: str, offered: tuple[str, ...] = ("product", "field-notes")):
    return client.post(path, data={"do": "topics", "offered": list(offered), "topic": list(topics)})


def test_the_page_shows_topics_by_their_labels_and_no_more_of_the_lead_than_a_masked_address(client, path) -> None:
    page = client.get(path)
    assert page.status_code == 200
    assert "Robots for your plant" in page.text
    assert "Notes from the field" in page.text
    assert "m***@a***.example" in page.text
    for known in (EMAIL, "maria.rossi", "Maria", "Rossi", "VP Operations", "trial"):
        assert known not in page.text


def test_a_topic_is_left_and_come_back_to(app, client, mail, path) -> None:
    assert "This is what you get from now on" in choose(client, path, "field-notes").text
    assert suppressed(app) == [("product", "unsubscribed")]
    assert rows(app.engine, "SELECT left_as FROM enrollment WHERE n = 1") == [{"left_as": "topic_left"}]
    assert state(app, mail[1]).left_topics == {"product"}
    page = client.get(path).text
    assert re.search(r'value="field-notes" checked', page)
    assert re.search(r'value="product"(?! checked)', page)
    for _ in range(2):
        assert choose(client, path, "product", "field-notes").status_code == 200
    assert suppressed(app) == []
    history = rows(app.engine, "SELECT what, topic, by, why FROM suppression_change ORDER BY id")
    how = f"preferences, delivery {mail[0]}"
    assert [row["what"] for row in history] == ["suppressed", "released"]
    assert {(row["topic"], row["by"], row["why"]) for row in history} == {("product", "the lead", how)}


def test_a_topic_that_the_page_did_not_show_is_not_left(app, client, path) -> None:
    choose(client, path, offered=("product",))
    assert suppressed(app) == [("product", "unsubscribed")]


@pytest.mark.parametrize("offered", [("nothing-of-ours",), ("",), ("product\x00",), ("x" * 5000,)])
def test_topics_that_there_are_not_are_not_left(app, client, path, offered) -> None:
    assert choose(client, path, offered=offered).status_code == 200
    assert suppressed(app) == []


def test_a_lead_that_left_one_topic_is_taken_by_a_campaign_of_another(app, client, mail, path) -> None:
    with app.engine.begin() as db:
        db.execute(text("UPDATE lead SET reason = 'no_outcome' WHERE id = :id"), {"id": mail[1]})
    choose(client, path, "field-notes")
    taken = rows(app.engine, "SELECT campaign, left_as FROM enrollment ORDER BY n")
    assert taken[0] == {"campaign": "not-ready", "left_as": "topic_left"}
    said = why(app.book, state(app, mail[1]), NOW)
    assert "nothing of what it left: product" in next(
        rule.because for rule in said.rules if rule.rule == "may be mailed"
    )
    assert lead_report(app, EMAIL, NOW)["left_topics"] == ["product"]


def test_what_somebody_else_put_on_the_list_stays_there(app, client, mail, path) -> None:
    suppress(app, lead_id=mail[1], word="manual", how="asked by phone", now=NOW, topic="product")
    choose(client, path, "product", "field-notes")
    assert suppressed(app) == [("product", "manual")]


def test_a_pause_lasts_until_the_day_that_was_chosen(app, client, mail, path) -> None:
    for _ in range(2):
        page = client.post(path, data={"do": "pause", "until": "2026-06-03"})
        assert "You get no mail before 3 June 2026." in page.text
    then = state(app, mail[1])
    assert [because for because, _ in then.postponed] == ["paused by the lead"]
    assert then.mail_from.isoformat() == "2026-06-03T05:00:00+00:00"  # the day begins in Chicago
    assert then.enrollment is not None
    assert then.enrollment.due_at >= then.mail_from
    assert [wait["because"] for wait in lead_report(app, EMAIL, NOW)["postponed"]] == ["paused by the lead"]
    said = why(app.book, then, NOW)
    assert any("paused by the lead" in rule.because for rule in said.rules)
    assert "No mail until the day" in page.text
    client.post(path, data={"do": "pause", "until": "2026-04-03"})
    assert state(app, mail[1]).mail_from.isoformat() == "2026-04-03T05:00:00+00:00"
    for _ in range(2):
        assert "Your break is over." in client.post(path, data={"do": "resume"}).text
    assert state(app, mail[1]).mail_from is None
    assert "Your break is over" not in client.get(path).text


def test_the_end_of_a_pause_does_not_end_a_wait_that_sales_asked_for(app, client, mail, path) -> None:
    with app.engine.begin() as db:
        db.execute(text("UPDATE lead SET mail_from = :at, ask_at = :at"), {"at": NOW + timedelta(days=60)})
    client.post(path, data={"do": "pause", "until": "2026-03-20"})
    assert state(app, mail[1]).mail_from == NOW + timedelta(days=60)
    client.post(path, data={"do": "resume"})
    assert state(app, mail[1]).mail_from == NOW + timedelta(days=60)


@pytest.mark.parametrize(
    "until", ["", "soon", "2026-03-03", "2020-01-01", "2027-03-05", "9999-12-31", "2026-02-30", "\x00"]
)
def test_a_pause_is_after_today_and_within_a_year(app, client, path, until) -> None:
    before = everything(app.engine)
    page = client.post(path, data={"do": "pause", "until": until})
    assert page.status_code == 422
    assert "Please choose a day after today and within a year." in page.text
    assert everything(app.engine) == before


def test_the_offers_are_days_not_lengths_so_that_sending_one_twice_changes_nothing(client, path) -> None:
    offers = re.findall(r'name="until" value="([0-9-]+)"', client.get(path).text)
    assert offers == ["2026-04-03", "2026-06-03", "2026-09-03"]


def test_leaving_everything_and_coming_back(app, client, mail, path) -> None:
    assert "You are unsubscribed" in client.post(path, data={"do": "stop"}).text
    assert suppressed(app) == [("", "unsubscribed")]
    page = client.get(path).text
    assert 'value="come_back"' in page
    assert 'value="topics"' not in page
    for _ in range(2):
        assert "You are subscribed again" in client.post(path, data={"do": "come_back"}).text
    assert suppressed(app) == []
    history = rows(app.engine, "SELECT what, by, why FROM suppression_change ORDER BY id")
    how = f"preferences, delivery {mail[0]}"
    assert [(row["what"], row["by"]) for row in history] == [("suppressed", "the lead"), ("released", "the lead")]
    assert [row["why"] for row in history] == [how, f"{how}: the lead subscribed again"]


@pytest.mark.parametrize("word", ["complained", "bounced", "manual", "competitor", "erased"])
def test_only_its_own_leaving_is_taken_back_by_the_lead(app, client, mail, path, word) -> None:
    suppress(app, lead_id=mail[1], word=word, how="a test", now=NOW)
    page = client.post(path, data={"do": "come_back"}).text
    assert "subscribed again" not in page
    assert "please write to ada@acme.example" in page
    assert suppressed(app) == [("", word)]


def test_undoing_is_a_post_to_the_page_of_preferences(app, client, mail) -> None:
    done = client.post(unsubscribe_path(*mail)).text
    action = re.search(
        r'<form method="post" action="(/p/[^"]+)">\s*<input type="hidden" name="do" value="come_back">', done
    )
    assert action
    client.get(action[1])
    assert suppressed(app) == [("", "unsubscribed")]
    client.post(action[1], data={"do": "come_back"})
    assert suppressed(app) == []
    assert rows(app.engine, "SELECT status FROM enrollment ORDER BY n DESC LIMIT 1") == [{"status": "active"}]


@pytest.mark.parametrize("body", [b"", b"do=", b"do=accept", b"\xff\xfe", b"&" * 2000, b"do=stop" + b"&a=b" * 600])
def test_a_form_that_says_nothing_changes_nothing(app, client, path, body) -> None:
    before = everything(app.engine)
    assert client.post(path, content=body).status_code == 422
    assert client.post(path, content=b"x" * 70_000).status_code == 413
    assert everything(app.engine) == before


def ask(client, path, email: str):
    return client.post(path, data={"do": "address", "email": email})


def test_a_new_address_is_used_once_it_is_confirmed_there(app, client, inbox, mail, path) -> None:
    page = ask(client, path, " Maria@NEW.example ")
    assert "If mail can be sent to m***@n***.example, a link is on its way" in page.text
    (sent,) = inbox.mails
    assert (sent["to"], sent["subject"]) == (NEW, "Please confirm your new address")
    assert sent["auto-submitted"] == "auto-generated"
    link = re.search(r"http://nurture\.example(/e/\S+)", sent.get_payload(decode=True).decode())[1]
    assert rows(app.engine, "SELECT email FROM lead") == [{"email": EMAIL}]
    assert "Use this address?" in client.get(link).text
    assert rows(app.engine, "SELECT email FROM lead") == [{"email": EMAIL}]
    for _ in range(2):
        assert "Your address is changed" in client.post(link).text
    assert rows(app.engine, "SELECT id, email, key FROM lead") == [{"id": mail[1], "email": NEW, "key": "k1"}]
    assert rows(app.engine, "SELECT kind, value, lead_id FROM identity") == [
        {"kind": "email", "value": EMAIL, "lead_id": mail[1]}
    ]
    assert rows(app.engine, "SELECT source, changes FROM lead_change") == [
        {"source": "preferences", "changes": {"email": [EMAIL, NEW]}}
    ]
    assert lead_report(app, EMAIL, NOW)["email"] == NEW
    _, farewell = inbox.mails  # the address before is told, once: a forwarded mail has its link, too
    assert (farewell["to"], farewell["subject"]) == (EMAIL, "The address for your mail was changed")
    told = farewell.get_payload(decode=True).decode()
    assert "writes to m***@n***.example from now on" in told
    assert NEW not in told


def test_the_address_before_can_be_gone_back_to(app, client, mail) -> None:
    client.post(address_path(add_address_change(app.engine, mail[1])))
    client.post(address_path(add_address_change(app.engine, mail[1], EMAIL)))
    assert rows(app.engine, "SELECT email FROM lead") == [{"email": EMAIL}]
    assert rows(app.engine, "SELECT value FROM identity") == [{"value": NEW}]


def test_wishes_follow_the_person_to_the_new_address_and_a_dead_mailbox_does_not(app, client, mail) -> None:
    suppress(app, lead_id=mail[1], word="unsubscribed", how="page", now=NOW, topic="product")
    suppress(app, lead_id=mail[1], word="bounced", how="550", now=NOW)
    assert client.post(address_path(add_address_change(app.engine, mail[1]))).status_code == 200
    there = rows(app.engine, "SELECT topic, reason FROM suppression WHERE address_hash = :h", h=address_hash(NEW))
    assert there == [{"topic": "product", "reason": "unsubscribed"}]
    assert state(app, mail[1]).suppressed is None


def test_a_lead_whose_mail_bounced_is_nurtured_again_at_a_new_address(app, client, mail) -> None:
    suppress(app, lead_id=mail[1], word="bounced", how="550", now=NOW)
    assert state(app, mail[1]).enrollment is None
    client.post(address_path(add_address_change(app.engine, mail[1])))
    then = state(app, mail[1]).enrollment
    assert then is not None
    assert (then.campaign, then.n) == ("not-ready", 2)


def test_a_new_address_is_graded_anew(app, client, mail) -> None:
    """Thirty points for a decision maker and twenty for the country make a B; a free mail service takes them away."""
    with app.engine.begin() as db:
        db.execute(text("UPDATE lead SET employees = NULL, grade = 'B'"))
    client.post(address_path(add_address_change(app.engine, mail[1], "maria@gmail.com")))
    assert rows(app.engine, "SELECT grade FROM lead") == [{"grade": "C"}]


def test_a_complaint_is_not_escaped_by_another_address(app, client, mail, inbox, path) -> None:
    asked = add_address_change(app.engine, mail[1])
    suppress(app, lead_id=mail[1], word="complained", how="report", now=NOW)
    assert ask(client, path, NEW).status_code == 422
    client.post(address_path(asked))
    assert state(app, mail[1]).suppressed == "complained"


def test_an_address_that_is_another_leads_stays_with_it_and_an_operator_is_told(app, client, mail) -> None:
    other = add_lead(app.engine, email=NEW, key="k2")
    path = address_path(add_address_change(app.engine, mail[1]))
    for _ in range(2):
        page = client.post(path)
        assert "We know this address already" in page.text
        assert NEW not in page.text
    assert "We know this address already" in client.get(path).text
    assert rows(app.engine, "SELECT id, email FROM lead ORDER BY id") == [
        {"id": mail[1], "email": EMAIL}, {"id": other, "email": NEW},
    ]  # fmt: skip
    (may_be,) = lead_report(app, EMAIL, NOW)["may_be"]
    assert (may_be["email"], may_be["because"]) == (NEW, "a lead confirmed this address as its own")


def test_asking_tells_nobody_which_addresses_we_know(app, client, inbox, path) -> None:
    """A lead's, one that left us, one that we have never heard of: the page says the same."""
    add_lead(app.engine, email="known@other.example", key="k2")
    gone = add_lead(app.engine, email="gone@other.example", key="k3")
    suppress(app, lead_id=gone, word="unsubscribed", how="page", now=NOW)
    said = [
        re.sub(r"[kgn]\*\*\*@o", "", ask(client, path, f"{name}@other.example").text)
        for name in ("known", "gone", "new")
    ]
    assert said[0] == said[1] == said[2]
    assert [sent["to"] for sent in inbox.mails] == ["known@other.example", "new@other.example"]


@pytest.mark.parametrize("email", ["", "maria", "maria@", "a b@acme.example", "a@b@c.example", "x" * 400 + "@a.example",
                                   "maria@new.example\r\nBcc: all@acme.example"])  # fmt: skip
def test_what_is_no_address_is_said_where_it_was_typed(app, client, inbox, path, email) -> None:
    page = ask(client, path, email)
    assert page.status_code == 422
    assert 'aria-invalid="true" aria-describedby="problem"' in page.text
    assert inbox.mails == []
    assert rows(app.engine, "SELECT * FROM address_change") == []


def test_the_address_that_is_used_already_is_not_asked_again(client, inbox, path) -> None:
    assert "the address that we use already" in ask(client, path, EMAIL.upper()).text
    assert inbox.mails == []


def test_nobody_can_make_us_write_to_others_again_and_again(app, client, inbox, mail, path) -> None:
    for _ in range(6):
        last = ask(client, path, NEW)
    assert "as many links as we may today" in last.text
    other = add_lead(app.engine, email="other@acme.example", key="k2")
    assert ask(client, preferences_path(mail[0], other), NEW).status_code == 422
    assert len(inbox.mails) == 3


def test_a_link_that_is_too_old_changes_nothing(app, client, mail) -> None:
    path = address_path(add_address_change(app.engine, mail[1], expires_at=NOW - timedelta(seconds=1)))
    for answer in (client.get(path), client.post(path)):
        assert answer.status_code == 410
        assert "This link is too old" in answer.text
    assert rows(app.engine, "SELECT email FROM lead") == [{"email": EMAIL}]


def test_a_mail_server_that_is_away_is_said_and_nothing_is_kept(app, serving, client, path) -> None:
    settings = replace(app.settings, mail_url="smtp://127.0.0.1:9")
    serving[0].app = make_web(replace(app, settings=settings))
    assert "The mail could not be sent." in ask(client, path, NEW).text
    assert rows(app.engine, "SELECT * FROM address_change") == []


def test_without_a_mail_server_no_other_address_is_offered(client, path) -> None:
    assert 'name="email"' not in client.get(path).text
    assert ask(client, path, NEW).status_code == 422


def test_confirming_twice_at_once_is_once(app, site, mail) -> None:
    path = address_path(add_address_change(app.engine, mail[1]))
    statuses: list[int] = []

    def press() -> None:
        with browser(site) as client:
            statuses.append(client.post(path).status_code)

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 4
    assert len(rows(app.engine, "SELECT * FROM lead_change")) == 1


def test_a_lead_that_was_erased_has_nothing_to_choose(app, client, mail, path) -> None:
    with app.engine.begin() as db:
        db.execute(text("DELETE FROM event"))
        db.execute(text("DELETE FROM lead"))
    for answer in (client.get(path), client.post(path, data={"do": "stop"})):
        assert "We no longer know this address" in answer.text
