"""What programs answer, in the headers and languages they do it in; and what people write."""

import pytest

from nurture.inbound import AutoReply, Reply, read


def mail(headers: str = "", subject: str = "Re: Three questions", text: str = "Yes, call me tomorrow.") -> bytes:
    lines = f"From: Ada <ada@example.com>\nTo: in@news.acme.example\nSubject: {subject}\n{headers}"
    return (lines + "Content-Type: text/plain; charset=utf-8\n\n" + text + "\n").encode()


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated (vacation)",
        "Precedence: auto_reply",
        "Precedence: junk",
        "X-Autoreply: yes",
        "X-Autorespond: Three questions",
        "X-Auto-Response-Suppress: DR, RN, NRN, OOF, AutoReply",
        "X-Auto-Response-Suppress: All",
        "X-Apple-Action: VACATION",
        "X-FC-MachineGenerated: true",
        "X-POST-MessageClass: 9; Autoresponder",
        "Return-Path: <>",
        "X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent",
    ],
)
def test_a_header_gives_a_program_away(header: str):
    assert isinstance(read(mail(header + "\n")), AutoReply)


@pytest.mark.parametrize(
    "header", ["List-Id: <all.example.com>", "Precedence: bulk", "List-Unsubscribe: <mailto:a@b.cc>"]
)
def test_what_is_sent_to_many_is_no_answer_of_a_person(header: str):
    read_as = read(mail(header + "\n"))
    assert isinstance(read_as, AutoReply)
    assert read_as.kind == "list"


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: Three questions",
        "Out of Office Re: Three questions",
        "Auto-Reply: Re: Three questions",
        "[Acme] Out of the office",
        "Abwesenheitsnotiz: Three questions",
        "Automatische Antwort: Three questions",
        "Réponse automatique : Three questions",
        "Absence du bureau",
        "Respuesta automática: Three questions",
        "Fuera de la oficina",
        "Risposta automatica: Three questions",
        "Resposta automática: Three questions",
        "Automatisch antwoord: Three questions",
        "Autosvar: Three questions",
        "Automatiskt svar: Three questions",
        "Automaattinen vastaus: Three questions",
        "Odpowiedź automatyczna: Three questions",
        "Automatická odpověď: Three questions",
        "Automatikus válasz: Three questions",
        "Otomatik Yanıt: Three questions",
        "Автоответ: Three questions",
        "自動返信: Three questions",
        "不在通知",
        "自动回复: Three questions",
        "자동 회신: Three questions",
    ],
)
def test_a_subject_that_begins_with_an_absence_is_one(subject: str):
    read_as = read(mail(subject=subject))
    assert isinstance(read_as, AutoReply)
    assert (read_as.kind, read_as.because) == ("away", "subject")


@pytest.mark.parametrize(
    ("subject", "kind"),
    [
        ("Please confirm your message to ada@example.com", "challenge"),
        ("Read: Three questions", "notice"),
        ("Thank you for contacting Example Inc", "notice"),
        ("[Ticket #4711] Three questions", "notice"),
    ],
)
def test_other_programs_are_named(subject: str, kind: str):
    read_as = read(mail(subject=subject))
    assert isinstance(read_as, AutoReply)
    assert read_as.kind == kind


def test_a_text_that_calls_itself_automatic_is():
    read_as = read(mail(text="Hello,\nthis is an automated response. We will be in touch."))
    assert isinstance(read_as, AutoReply)
    assert read_as.because == "text"


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Re: Out of office? Three questions", "Ha! Yes, call me."),
        ("Re: Automatic reply to leads: how?", "Tell me more"),
        ("AW: Abwesenheitsnotiz und Nachfassen", "Bitte rufen Sie an."),
        ("Re: Delivery failed? Your pipeline", "We had 3 mails that could not be delivered, so yes."),
        ("Re: Undeliverable: your quarter", "user unknown is what our CRM says, can you help?"),
        ("Your mail", "I was out of the office until today, sorry. What would 20 robots cost?"),
        ("Re: roi", "Yes.\n\nOn Mon, Acme wrote:\n> This is an automated message"),
        ("Re: roi", "Yes.\n\nOn Mon, Acme wrote:\nThis is an automated message"),
        ("Re: roi", "Ja, gern.\n\n-----Original Message-----\nFrom: Acme\nplease do not reply to this email"),
        ("", ""),
        ("Question", "Our mailbox is full of offers. Is yours better?"),
        ("Re: Roi", "I guess this is an automated message, but could you call me?"),
        ("Re: Roi", "Please stop. I know this e-mail was sent automatically."),
    ],
)
def test_what_people_write_is_a_reply(subject: str, text: str):
    assert isinstance(read(mail(subject=subject, text=text)), Reply)


@pytest.mark.parametrize(
    "header", ["Auto-Submitted: no", "Precedence: normal", "X-Auto-Response-Suppress: DR", "X-Mailer: Mail"]
)
def test_headers_that_say_nothing_say_nothing(header: str):
    assert isinstance(read(mail(header + "\n")), Reply)


def test_the_mail_that_was_answered_stands_first():
    read_as = read(mail("In-Reply-To: <b@x>\nReferences: <a@x>\n <b@x> <c@x>\n"))
    assert isinstance(read_as, Reply)
    assert read_as.references == ("<b@x>", "<c@x>", "<a@x>")
