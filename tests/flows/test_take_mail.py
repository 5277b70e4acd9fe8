"""Mail that comes in: whose it is, what follows from it, and that it is taken once."""

from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest

from nurture.app import App
from nurture.flows import take_mail as taking
from nurture.flows.forward_mail import forward_mail
from nurture.flows.merge_leads import merge_leads
from nurture.flows.take_mail import MOST_A_DAY, take_mail
from nurture.messages import Mail, Receipt
from nurture.reports.lead import lead_report
from nurture.store.suppressions import address_hash
from tests.flows.apps import add_lead, one, rows
from tests.flows.arriving import INBOUND, JO, absence, answer_to, bounced, token_address
from tests.flows.reports import add_mail
from tests.rules.examples import NOW

OTHER = "kim@other.example"


@pytest.fixture
def lead(app: App) -> int:
    return add_lead(app)


@pytest.fixture
def mail(app: App, lead: int) -> int:
    return add_mail(app, lead)


def take(app: App, raw: bytes, now: Any = NOW, **more: Any) -> str:
    return take_mail(app, raw, **({"envelope_to": None, "source": "test"} | more), now=now)


def kept(app: App) -> Any:
    return rows(app, "SELECT kind, lead_id, delivery_id, matched_by, said FROM inbound_mail ORDER BY id")


def stage(app: App, lead_id: int) -> str:
    return str(one(app, "SELECT stage FROM lead WHERE id = :id", id=lead_id))


def is_suppressed(app: App, email: str = JO) -> bool:
    return bool(rows(app, "SELECT FROM suppression WHERE address_hash = :hash", hash=address_hash(email)))


def test_a_reply_ends_the_campaign_and_hands_over_with_what_it_says(app: App, lead: int, mail: int) -> None:
    assert take(app, answer_to(app, mail)) == "reply"
    assert one(app, "SELECT left_as FROM enrollment") == "replied"
    (handoff,) = rows(app, "SELECT hand_raise, because FROM handoff")
    assert handoff.hand_raise
    assert handoff.because == "it replied to a mail: “Can we talk on Tuesday?”"
    (event,) = rows(app, "SELECT kind, delivery_id, campaign, properties FROM event")
    assert (event.kind, event.delivery_id, event.campaign) == ("reply", mail, "not-ready")
    assert event.properties["text"] == "Can we talk on Tuesday?"
    assert stage(app, lead) == "mql"


def test_what_came_in_is_shown_with_the_lead(app: App, mail: int) -> None:
    take(app, answer_to(app, mail))
    (shown,) = lead_report(app, JO, NOW)["inbound"]
    assert (shown["kind"], shown["matched_by"], shown["said"]) == ("reply", "references", "Can we talk on Tuesday?")


def test_what_came_in_moves_with_a_lead_that_turns_out_to_be_another_one(app: App, lead: int, mail: int) -> None:
    add_lead(app, OTHER)
    take(app, absence(app, mail, "I am out of the office until Friday, 20 March."))
    take(app, answer_to(app, None, "Hello", From=OTHER))
    merge_leads(app, OTHER, JO, by="somebody", now=NOW)
    assert len(lead_report(app, OTHER, NOW)["inbound"]) == 2
    assert list(one(app, "SELECT postponed FROM lead")) == ["out of office"]


def test_the_same_mail_by_two_ways_is_one(app: App, mail: int) -> None:
    raw = answer_to(app, mail)
    assert take(app, raw) == "reply"
    again = b"Return-Path: <jo@buyer.example>\r\nReceived: from mx by provider\r\n" + raw.replace(b"\r\n", b"\n")
    assert take(app, again, source="postmark") == "known"
    assert one(app, "SELECT count(*) FROM event") == one(app, "SELECT count(*) FROM mail_forward") == 1


def test_it_is_found_by_references_then_by_its_address_then_by_its_sender(app: App, lead: int, mail: int) -> None:
    other = add_mail(app, add_lead(app, OTHER))
    take(app, answer_to(app, mail, "one", From=OTHER), envelope_to=token_address(app, other))
    take(app, answer_to(app, None, "two", From="else@where.example"), envelope_to=token_address(app, mail).upper())
    take(app, answer_to(app, None, "three", From="else@where.example", Delivered_To=token_address(app, mail)))
    take(app, answer_to(app, None, "four", From="JO@Buyer.Example"))
    take(app, answer_to(app, None, "five", From="else@where.example"))
    by = [(row.lead_id, row.delivery_id, row.matched_by) for row in kept(app)]
    assert by[:3] == [(lead, mail, "references"), (lead, mail, "token"), (lead, mail, "token")]
    assert by[3:] == [(lead, None, "sender"), (None, None, None)]


def test_forged_tokens_match_nobody(app: App, mail: int) -> None:
    forged = {
        "From": "else@where.example",
        "References": f"<d.{'A' * 28}@news.acme.example>",
        "To": token_address(app, mail).replace("+r.", "+b."),
    }
    assert take(app, answer_to(app, None, "hello", **forged)) == "reply"
    assert kept(app)[0].lead_id is None


def test_a_lead_is_found_by_a_further_address(app: App, lead: int) -> None:
    further = "INSERT INTO identity (kind, value, lead_id, since) VALUES ('email', :email, :id, now()) RETURNING 1"
    rows(app, further, email="jo@home.example", id=lead)
    take(app, answer_to(app, None, From="jo@home.example"))
    assert kept(app)[0].lead_id == lead


@pytest.mark.parametrize("text", ["Please stop", "unsubscribe", "Bitte nehmen Sie mich aus dem Verteiler."])
def test_who_asks_to_stop_is_unsubscribed_and_not_handed_over(app: App, lead: int, mail: int, text: str) -> None:
    assert take(app, answer_to(app, mail, text)) == "stop"
    assert is_suppressed(app)
    assert one(app, "SELECT left_as FROM enrollment") == "unsubscribed"
    assert one(app, "SELECT count(*) FROM handoff") == 0
    assert one(app, "SELECT recipient FROM mail_forward") == "ada@acme.example", "a person hears of it"


def test_the_word_unsubscribe_in_what_is_quoted_is_no_wish(app: App, mail: int) -> None:
    assert take(app, answer_to(app, mail, "Thanks!")) == "reply"
    assert not is_suppressed(app)


def test_an_absence_with_a_date_postpones_and_nothing_else(app: App, lead: int, mail: int) -> None:
    assert take(app, absence(app, mail, "I am out of the office until Friday, 20 March.")) == "away"
    (row,) = rows(app, "SELECT postponed, mail_from, stage FROM lead")
    assert list(row.postponed) == ["out of office"]
    assert row.mail_from.isoformat() == "2026-03-21T05:00:00+00:00", "the day after, in Chicago"
    assert (row.stage, one(app, "SELECT count(*) FROM event")) == ("nurture", 0)
    assert one(app, "SELECT count(*) FROM mail_forward") == 0
    assert one(app, "SELECT due_at FROM enrollment") >= row.mail_from


@pytest.mark.parametrize("text", ["I am away.", "We have received your request 4711.", "I am out until 20 March 2031."])
def test_other_automatic_answers_do_nothing(app: App, mail: int, text: str) -> None:
    before = one(app, "SELECT due_at FROM enrollment")
    assert take(app, absence(app, mail, text)) in ("away", "automatic")
    assert one(app, "SELECT due_at FROM enrollment") == before
    assert one(app, "SELECT count(*) FROM event") == 0


def test_an_absence_of_which_only_the_sender_speaks_postpones_nothing(app: App, lead: int) -> None:
    assert take(app, absence(app, None, "I am out of the office until Friday, 20 March.")) == "away"
    assert one(app, "SELECT mail_from FROM lead") is None


def test_a_bounce_suppresses_where_it_names_a_mail_of_ours(app: App, mail: int) -> None:
    assert take(app, bounced(app, mail)) == "bounce"
    assert is_suppressed(app)
    assert one(app, "SELECT left_as FROM enrollment") == "bounced"
    assert take(app, bounced(app, mail)) == "known"


def test_a_bounce_that_anybody_could_have_written_suppresses_nobody(app: App, mail: int) -> None:
    assert take(app, bounced(app, None)) == "bounce"
    assert not is_suppressed(app)


def test_while_sales_has_the_lead_a_reply_only_reaches_its_owner(app: App, lead: int, mail: int) -> None:
    take(app, answer_to(app, mail))
    owner = one(app, "SELECT owner FROM handoff")
    assert take(app, answer_to(app, mail, "And what does it cost?")) == "reply"
    assert one(app, "SELECT count(*) FROM handoff") == 1
    assert [row.recipient for row in rows(app, "SELECT recipient FROM mail_forward")] == [owner, owner]


def test_a_lead_that_may_not_be_offered_leaves_its_campaign_all_the_same(app: App) -> None:
    lead_id = add_lead(app, title="Student")
    rows(app, "UPDATE lead SET stage = stage RETURNING 1")
    mail_id = None if not rows(app, "SELECT FROM enrollment") else add_mail(app, lead_id)
    take(app, answer_to(app, mail_id))
    assert one(app, "SELECT count(*) FROM handoff") == 0
    assert [row.status for row in rows(app, "SELECT status FROM enrollment")] in ([], ["ended"])


def test_our_own_mail_that_comes_back_is_a_loop(app: App, mail: int) -> None:
    assert take(app, answer_to(app, mail, From="Ada <ada@news.acme.example>")) == "loop"
    assert take(app, answer_to(app, mail, "x", Message_ID="<forward.12@news.acme.example>")) == "loop"
    assert one(app, "SELECT count(*) FROM mail_forward") == 0


def test_two_programs_that_answer_each_other_come_to_an_end(app: App, mail: int) -> None:
    kinds = [take(app, answer_to(app, mail, f"Answer {n}")) for n in range(MOST_A_DAY + 2)]
    assert kinds == ["reply"] * MOST_A_DAY + ["loop", "loop"]
    assert take(app, answer_to(app, mail, "Tomorrow"), NOW + timedelta(days=2)) == "reply"


def test_nobody_can_use_up_what_a_lead_may_say(app: App, lead: int, mail: int) -> None:
    """Who a mail is from can be written by anybody."""
    forged = [take(app, answer_to(app, None, f"Forged {n}")) for n in range(MOST_A_DAY + 1)]
    assert forged == ["reply"] * MOST_A_DAY + ["loop"]
    assert take(app, answer_to(app, mail, "Please unsubscribe me.")) == "stop"
    assert is_suppressed(app)


def test_a_mail_that_breaks_us_is_set_aside_and_shown_to_a_person(
    app: App, mail: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> str:
        raise RecursionError

    monkeypatch.setattr(taking, "visible_text", broken)
    assert take(app, answer_to(app, mail)) == "unreadable"
    assert take(app, answer_to(app, mail)) == "known"
    assert one(app, "SELECT recipient FROM mail_forward") == "ada@acme.example"


@pytest.mark.parametrize(
    "raw", [b"", b"\x00\xff" * 500, b"From: \xff\n\n\x00", b"Subject: =?x?q?=?=\n\n" + b"a" * 10_000]
)
def test_whatever_comes_is_kept(app: App, raw: bytes) -> None:
    assert take(app, raw) in ("reply", "automatic", "stop")
    assert one(app, "SELECT count(*) FROM inbound_mail") == 1


def sent_by(app: App, says: str = "sent") -> list[Mail]:
    mails: list[Mail] = []

    def send(mail: Mail) -> Receipt:
        mails.append(mail)
        return Receipt(0, says, "451 not now")  # type: ignore[arg-type]

    app.__dict__["send"] = send
    return mails


def test_what_people_write_reaches_a_person_and_an_answer_goes_to_them(app: App, mail: int) -> None:
    raw = answer_to(app, None, "Hello\nthere", From="Eve <eve@x.example>", Subject="SUBJECT")
    raw = raw.replace(b"SUBJECT", b"=?utf-8?q?Hi=0D=0ABcc:_all@x.example?=")
    take(app, raw)
    mails = sent_by(app)
    assert forward_mail(app, NOW).sent == 1
    assert forward_mail(app, NOW).sent == 0
    (passed,) = mails
    found = message_from_bytes(passed.data, policy=default)
    assert (passed.recipient, found["To"], found["Reply-To"]) == (
        "ada@acme.example",
        "ada@acme.example",
        "eve@x.example",
    )
    assert found["From"] == "Ada at Acme <ada@news.acme.example>"
    assert found["Auto-Submitted"] == "auto-generated"
    assert found["Bcc"] is None
    assert "Hello\r\nthere" in found.get_body().get_content()
    (attached,) = found.iter_attachments()
    assert attached.get_content()["Message-ID"] == message_from_bytes(raw)["Message-ID"]


def test_what_is_not_taken_goes_later_and_is_the_same_mail(app: App, mail: int) -> None:
    take(app, answer_to(app, None, "Grüße", From="eve@x.example"))
    first, second = sent_by(app, "put_off"), []
    assert forward_mail(app, NOW).failed == 1
    assert forward_mail(app, NOW).failed == 0, "not at once"
    second = sent_by(app)
    assert forward_mail(app, NOW + timedelta(hours=1)).sent == 1
    assert first[0].data == second[0].data


def test_nothing_is_passed_on_to_where_mail_comes_in(app: App, mail: int) -> None:
    take(app, answer_to(app, None, "Hello", From="eve@x.example"))
    rows(app, "UPDATE mail_forward SET recipient = :to RETURNING 1", to=token_address(app, mail))
    mails = sent_by(app)
    assert forward_mail(app, NOW).failed == 1
    assert mails == []
    assert one(app, "SELECT state FROM mail_forward") == "failed"
    assert INBOUND
