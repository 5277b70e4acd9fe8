"""The visible text of replies: of mail programs in many languages, in text and HTML, and of real mails."""

import time
from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.inbound.message import parsed
from nurture.inbound.own_words import own_words
from nurture.inbound.quote_html import lines_of
from nurture.inbound.quotes import visible_in, visible_text

MINE = "Sounds good, let us talk on Tuesday."

INTRODUCTIONS = {
    "en gmail": "On Tue, Apr 3, 2012 at 4:19 PM, Bob Ray <bob@acme.example> wrote:",
    "en apple": "On Apr 3, 2012, at 4:19 PM, Bob Ray wrote:",
    "en gb": "On 3 Apr 2012, at 16:19, Bob Ray <bob@acme.example> wrote:",
    "en thunderbird": "On 04/03/2012 04:19 PM, Bob Ray wrote:",
    "en wrapped": "On Tue, Apr 3, 2012 at 4:19 PM, Bob Ray\n<bob.with.a.long.name@department.acme.example>\nwrote:",
    "en name first": "Bob Ray <bob@acme.example> wrote on 3 April 2012:",
    "en yahoo": "--- On Wed, 4/4/12, Bob Ray <bob@acme.example> wrote:",
    "de": "Am 03.04.2012 um 16:19 schrieb Bob Ray <bob@acme.example>:",
    "de gmail": "Am Di., 3. Apr. 2012 um 16:19 Uhr schrieb Bob Ray <bob@acme.example>:",
    "de thunderbird": "Am 03.04.12 um 16:19 schrieb Bob Ray:",
    "fr": "Le mar. 3 avr. 2012 à 16:19, Bob Ray <bob@acme.example> a écrit :",
    "fr apple": "Le 3 avr. 2012 à 16:19, Bob Ray <bob@acme.example> a écrit :",
    "fr thunderbird": "Le 03/04/2012 à 16:19, Bob Ray a écrit :",
    "es": "El mar, 3 abr 2012 a las 16:19, Bob Ray (<bob@acme.example>) escribió:",
    "es apple": "El 3 abr 2012, a las 16:19, Bob Ray <bob@acme.example> escribió:",
    "it": "Il giorno mar 3 apr 2012 alle ore 16:19 Bob Ray <bob@acme.example> ha scritto:",
    "it apple": "Il giorno 3 apr 2012, alle ore 16:19, Bob Ray <bob@acme.example> ha scritto:",
    "pt": "Em ter., 3 de abr. de 2012 às 16:19, Bob Ray <bob@acme.example> escreveu:",
    "pt apple": "No dia 03/04/2012, às 16:19, Bob Ray <bob@acme.example> escreveu:",
    "nl": "Op di 3 apr. 2012 om 16:19 schreef Bob Ray <bob@acme.example>:",
    "nl apple": "Op 3 apr. 2012, om 16:19 heeft Bob Ray <bob@acme.example> het volgende geschreven:",
    "pl": "wt., 3 kwi 2012 o 16:19 Bob Ray <bob@acme.example> napisał(a):",
    "pl thunderbird": "W dniu 03.04.2012 o 16:19, Bob Ray pisze:",
    "pl apple": "Wiadomość napisana przez Bob Ray <bob@acme.example> w dniu 3 kwi 2012, o godz. 16:19:",
    "ru": "вт, 3 апр. 2012 г. в 16:19, Bob Ray <bob@acme.example>:",
    "ru apple": "3 апр. 2012 г., в 16:19, Bob Ray <bob@acme.example> написал(а):",
    "ru yandex": '03.04.2012, 16:19, "Bob Ray" <bob@acme.example>:',
    "ru mail.ru": "Вторник, 3 апреля 2012, 16:19 +04:00 от Bob Ray <bob@acme.example>:",
    "sv": "Den tis 3 apr. 2012 kl 16:19 skrev Bob Ray <bob@acme.example>:",
    "sv apple": "3 apr. 2012 kl. 16:19 skrev Bob Ray <bob@acme.example>:",
    "da": "Den tir. 3. apr. 2012 kl. 16.19 skrev Bob Ray <bob@acme.example>:",
    "no": "tir. 3. apr. 2012 kl. 16:19 skrev Bob Ray <bob@acme.example>:",
    "fi": "ti 3. huhtik. 2012 klo 16.19 Bob Ray (bob@acme.example) kirjoitti:",
    "fi apple": "Bob Ray <bob@acme.example> kirjoitti 3.4.2012 kello 16.19:",
    "cs": "út 3. 4. 2012 v 16:19 odesílatel Bob Ray <bob@acme.example> napsal:",
    "sk": "ut 3. 4. 2012 o 16:19 Bob Ray <bob@acme.example> napísal(a):",
    "hu": "Bob Ray <bob@acme.example> ezt írta (időpont: 2012. ápr. 3., K, 16:19):",
    "hu apple": "2012. ápr. 3. dátummal, 16:19 időpontban Bob Ray <bob@acme.example> írta:",
    "tr": "Bob Ray <bob@acme.example>, 3 Nis 2012 Sal, 16:19 tarihinde şunu yazdı:",
    "ro": "mar., 3 apr. 2012 la 16:19, Bob Ray <bob@acme.example> a scris:",
    "el": "Στις Τρί 3 Απρ 2012 στις 4:19 μ.μ., ο χρήστης Bob Ray <bob@acme.example> έγραψε:",
    "uk": "вт, 3 квіт. 2012 р. о 16:19 Bob Ray <bob@acme.example> пише:",
    "ja gmail": "2012年4月3日(火) 16:19 Bob Ray <bob@acme.example>:",
    "ja apple": "2012/04/03 16:19、Bob Ray <bob@acme.example>のメール:",
    "zh gmail": "Bob Ray <bob@acme.example> 于2012年4月3日周二 16:19写道：",
    "zh apple": "在 2012年4月3日，下午4:19，Bob Ray <bob@acme.example> 写道：",
    "zh tw": "Bob Ray <bob@acme.example> 於 2012年4月3日 週二 下午4:19寫道：",
    "ko": "2012년 4월 3일 (화) 오후 4:19, Bob Ray <bob@acme.example>님이 작성:",
}

OUTLOOKS = {
    "en": "From: Bob Ray <bob@acme.example>\nSent: Tuesday, April 3, 2012 4:19 PM\nTo: Jo Hill\nSubject: Hello",
    "en bold": "*From:* Bob Ray [mailto:bob@acme.example]\n*Sent:* Tuesday, April 3, 2012 4:19 PM\n*To:* "
    "Jo\n*Subject:* Hi",
    "en ruled": "________________________________\nFrom: Bob Ray\nSent: Tuesday, April 3, 2012 4:19 PM\nTo: "
    "Jo\nSubject: Hi",
    "en original": "-----Original Message-----\nFrom: Bob Ray\nSent: 3 April",
    "en aol": "-----Original Message-----\nBob Ray wrote something",
    "de": "Von: Bob Ray <bob@acme.example>\nGesendet: Dienstag, 3. April 2012 16:19\nAn: Jo Hill\nBetreff: Hallo",
    "de web.de": "Gesendet: Dienstag, 03. April 2012 um 16:19 Uhr\nVon: bob@acme.example\nAn: "
    "jo@b.example\nBetreff: Hallo",
    "de original": "-----Ursprüngliche Nachricht-----\nVon: Bob",
    "fr": "De : Bob Ray <bob@acme.example>\nEnvoyé : mardi 3 avril 2012 16:19\nÀ : Jo Hill\nObjet : Bonjour",
    "es": "De: Bob Ray <bob@acme.example>\nEnviado el: martes, 3 de abril de 2012 16:19\nPara: Jo Hill\nAsunto: Hola",
    "it": "Da: Bob Ray <bob@acme.example>\nInviato: martedì 3 aprile 2012 16:19\nA: Jo Hill\nOggetto: Ciao",
    "pt": "De: Bob Ray <bob@acme.example>\nEnviada em: terça-feira, 3 de abril de 2012 16:19\nPara: Jo\nAssunto: Olá",
    "nl": "Van: Bob Ray <bob@acme.example>\nVerzonden: dinsdag 3 april 2012 16:19\nAan: Jo Hill\nOnderwerp: Hoi",
    "pl": "Od: Bob Ray <bob@acme.example>\nWysłano: wtorek, 3 kwietnia 2012 16:19\nDo: Jo Hill\nTemat: Cześć",
    "ru": "От: Bob Ray <bob@acme.example>\nОтправлено: 3 апреля 2012 г. 16:19\nКому: Jo Hill\nТема: Привет",
    "sv": "Från: Bob Ray <bob@acme.example>\nSkickat: den 3 april 2012 16:19\nTill: Jo Hill\nÄmne: Hej",
    "da": "Fra: Bob Ray <bob@acme.example>\nSendt: 3. april 2012 16:19\nTil: Jo Hill\nEmne: Hej",
    "fi": "Lähettäjä: Bob Ray <bob@acme.example>\nLähetetty: tiistai 3. huhtikuuta 2012 16.19\nVastaanottaja: "
    "Jo\nAihe: Hei",
    "cs": "Od: Bob Ray <bob@acme.example>\nOdesláno: úterý 3. dubna 2012 16:19\nKomu: Jo Hill\nPředmět: Ahoj",
    "hu": "Feladó: Bob Ray <bob@acme.example>\nElküldve: 2012. április 3. 16:19\nCímzett: Jo Hill\nTárgy: Szia",
    "tr": "Kimden: Bob Ray <bob@acme.example>\nGönderildi: 3 Nisan 2012 Salı 16:19\nKime: Jo Hill\nKonu: Merhaba",
    "ja": "差出人: Bob Ray <bob@acme.example>\n送信日時: 2012年4月3日 16:19\n宛先: Jo Hill\n件名: こんにちは",
    "zh": "发件人: Bob Ray <bob@acme.example>\n发送时间: 2012年4月3日 16:19\n收件人: Jo Hill\n主题: 你好",
    "zh qq": "------------------ 原始邮件 ------------------\n发件人: bob",
    "gmail forward": "---------- Forwarded message ---------\nFrom: Bob Ray <bob@acme.example>",
    "apple forward": "Begin forwarded message:\n\nFrom: Bob Ray",
}

LAST_LINES = (
    "Sent from my iPhone", "Sent from my Verizon Wireless BlackBerry", "Sent from my Samsung Galaxy smartphone.",
    "Sent from Mail for Windows", "Sent from Outlook for iOS", "Get Outlook for Android", "Sent from Yahoo Mail "
    "on Android",
    "Von meinem iPhone gesendet", "Gesendet von meinem iPhone", "Gesendet von Outlook für iOS",
    "Diese Nachricht wurde von meinem Android-Mobiltelefon mit GMX Mail gesendet.", "Envoyé de mon iPhone",
    "Envoyé depuis mon téléphone", "Enviado desde mi iPhone", "Inviato da iPhone", "Enviado do meu iPhone",
    "Verstuurd vanaf mijn iPhone", "Wysłane z iPhone'a", "Отправлено с iPhone", "Skickat från min iPhone",
    "Sendt fra min iPhone", "Lähetetty iPhonesta", "Odesláno z iPhonu", "iPhone-ról küldve", "iPhone’umdan gönderildi",
    "iPhoneから送信", "发自我的iPhone", "나의 iPhone에서 보냄",
)  # fmt: skip


@pytest.mark.parametrize("introduction", INTRODUCTIONS.values(), ids=INTRODUCTIONS)
def test_introductions_of_many_programs_and_languages_go_with_what_they_introduce(introduction: str) -> None:
    assert own_words(f"{MINE}\n\n{introduction}\n\n> Hello,\n> how are you?\n".split("\n")) == MINE
    assert own_words(f"{introduction}\n> Hello,\n> how are you?\n\n{MINE}\n".split("\n")) == MINE, "answered below"


@pytest.mark.parametrize("introduction", INTRODUCTIONS.values(), ids=INTRODUCTIONS)
def test_a_quote_that_is_not_marked_goes_too(introduction: str) -> None:
    assert own_words(f"{MINE}\n\n{introduction}\n\nHello,\nhow are you?\n".split("\n")) == MINE


@pytest.mark.parametrize("header", OUTLOOKS.values(), ids=OUTLOOKS)
def test_all_below_outlooks_header_was_said_before(header: str) -> None:
    assert own_words(f"{MINE}\n\n{header}\n\nHello, how are you?\nunsubscribe here\n".split("\n")) == MINE
    assert own_words(f"{MINE}\n{header}\nHello".split("\n")) == MINE, "without an empty line"


@pytest.mark.parametrize("line", LAST_LINES)
def test_what_phones_and_programs_add_goes(line: str) -> None:
    assert own_words([MINE, "", line]) == MINE
    assert own_words([MINE, "", line, "", "On 3 Apr 2012, at 16:19, Bob wrote:", "> Hello"]) == MINE


@pytest.mark.parametrize(
    "said",
    [
        "Sent from my desk, is much easier than from my phone.",
        "On Monday I wrote:\nnothing at all, sorry.",
        "Please write to me at jo@b.example before 3/4/2027, with these:\n- price\n- delivery",
        "From: nine in the morning\nTo: five in the afternoon\nis when we work.",
        "I have 3 questions:\n\n1. How much?\n2. When?",
        "Von Montag an: bitte anrufen.",
        "this is -- by the way -- no signature.",
        "We met on 3 May 2026 at 10:00, and as I wrote:\nthe budget is there.",
        "Date: any\nSubject: to change",
    ],
)
def test_a_persons_own_sentences_stay(said: str) -> None:
    assert own_words(said.split("\n")) == said


def test_what_is_said_between_quoted_parts_stays_in_order() -> None:
    text = "On 3 Apr 2012, at 16:19, Bob <bob@acme.example> wrote:\n\n> How much?\n\nTen.\n\n> When?\n>\n\nMay."
    assert own_words(f"{text}\n\n-- \nJo\n".split("\n")) == "Ten.\n\nMay."


def test_a_signature_goes_and_so_does_a_name_behind_a_dash() -> None:
    assert own_words(f"{MINE}\n\n-- \nJo Hill\nVP Operations\n+1 555 0100".split("\n")) == MINE
    assert own_words(f"{MINE}\n\n-Jo Hill".split("\n")) == MINE
    assert own_words([MINE, "", "______________________________", "list mailing list", "list@lists.example"]) == MINE


HTML = {
    "gmail": '<div dir="ltr">{mine}</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Tue, '
    "Apr 3, 2012"
    ' at 4:19 PM Bob &lt;<a href="mailto:bob@a.example">bob@a.example</a>&gt; wrote:<br></div><blockquote '
    'class="gmail_quote">'
    "Hello unsubscribe</blockquote></div>",
    "apple": '<body>{mine}<div><br><blockquote type="cite"><div>On Apr 3, 2012, at 4:19 PM, Bob wrote:</div><br>Hello'
    "</blockquote></div></body>",
    "thunderbird": '<p>{mine}</p><div class="moz-cite-prefix">On 04/03/2012 04:19 PM, Bob wrote:<br></div><blockquote'
    ' type="cite" cite="mid:x">Hello</blockquote>',
    "outlook web": '<div>{mine}</div><div id="appendonsend"></div><hr style="display:inline-block;width:98%" '
    'tabindex="-1">'
    '<div id="divRplyFwdMsg" dir="ltr"><font><b>From:</b> Bob<br><b>Sent:</b> Tuesday</font></div><div>Hello</div>',
    "outlook": '<div class="WordSection1"><p class="MsoNormal">{mine}<o:p></o:p></p><div '
    'style="border:none;border-top:solid '
    '#E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in"><p class="MsoNormal"><b>Expéditeur :</b> Bob<br>Hello</p></div></div>',
    "yahoo": '<div class="ydp1">{mine}</div><div id="yahoo_quoted_123" class="yahoo_quoted"><div>On Tuesday, Bob '
    "wrote:</div>"
    "<div>Hello</div></div>",
    "zoho": '<div>{mine}</div><div class="zmail_extra"><div>---- On Tue, 03 Apr 2012 Bob wrote ----</div>Hello</div>',
    "zimbra": '<div>{mine}<br></div><hr id="zwchr" data-marker="__DIVIDER__"><div '
    'data-marker="__HEADERS__"><b>From: </b>Bob'
    '</div><div data-marker="__QUOTED_TEXT__">Hello</div>',
    "yandex": "<div>{mine}</div><div>03.04.2012, 16:19, &quot;Bob&quot; "
    "&lt;bob@a.example&gt;:</div><blockquote><div>Hello"
    "</div></blockquote>",
    "mail.ru": "{mine}<br><br><blockquote style='border-left:1px solid #0857A6'>Tue, 3 Apr 2012 16:19:45 +0400 от Bob "
    "&lt;bob@a.example&gt;:<br><div>Hello</div></blockquote>",
    "aol": '<div style="color:black">{mine}<div> <br></div><div style="font-family:arial">-----Original '
    "Message-----<br>From: "
    "Bob &lt;bob@a.example&gt;<br>To: jo<br>Sent: Tue<br>Subject: Hi<br><br>Hello</div></div>",
    "proton": '<div>{mine}</div><div class="protonmail_signature_block"><div '
    'class="protonmail_signature_block-user">Jo</div>'
    '</div><div class="protonmail_quote">------- Original Message -------<br><blockquote>Hello</blockquote></div>',
    "signature": '{mine}<br clear="all"><div><div class="gmail_signature" data-smartmail="gmail_signature">Jo '
    "Hill<br>VP</div>"
    "</div>",
    "hidden": '<div style="display:none">preheader</div><style>p {{}}</style><script>x()</script>{mine}',
}


@pytest.mark.parametrize("page", HTML.values(), ids=HTML)
def test_html_of_many_programs(page: str) -> None:
    assert visible_text(html_mail(page.format(mine=MINE))) == MINE


def test_html_answers_between_quoted_parts_stay() -> None:
    page = (
        '<div class="gmail_quote"><div class="gmail_attr">On Tue, Apr 3, 2012 Bob wrote:</div><blockquote>How much?'
        "</blockquote><div>Ten.</div><blockquote>When?</blockquote><div>May.</div></div>"
    )
    assert visible_text(html_mail(page)) == "Ten.\n\nMay."


def test_html_is_read_where_the_text_part_says_nothing() -> None:
    mail = EmailMessage(policy=SMTP)
    mail.set_content("\n\n")
    mail.add_alternative(f"<p>{MINE}</p><p>2 &lt; 3 &amp; &eacute;</p>", subtype="html")
    assert visible_text(message_from_bytes(mail.as_bytes())) == f"{MINE}\n\n2 < 3 & é"


def test_a_body_alone_is_read_like_a_mail() -> None:
    assert visible_in(f"{MINE}\r\n\r\nOn 3 Apr 2012, at 16:19, Bob wrote:\r\n> Hi\r\n") == MINE
    assert visible_in(f"<p>{MINE}</p><blockquote>Hi</blockquote>", html=True) == MINE


def test_attached_texts_are_no_words_of_the_writer() -> None:
    mail = EmailMessage(policy=SMTP)
    mail.set_content(MINE)
    mail.add_attachment("unsubscribe", filename="notes.txt")
    assert visible_text(message_from_bytes(mail.as_bytes())) == MINE


@pytest.mark.parametrize(
    "lines",
    [
        ["> " + "word " * 12] * 12_000,
        ["On 1 Jan 2020 at 10:00 a@b.c " + "x" * 100 + ":"] * 20_000,
        ["From: x"] * 40_000,
        ["-" * 390 + "x"] * 4_000,
        ["_____________"] * 40_000,
        ["I think" + " " * 500_000 + "wrote:"],
        ["sent from my " + "a " * 50] * 5_000,
    ],
    ids=["long quote", "introductions", "headers", "dashes", "rules", "spaces", "last lines"],
)
def test_time_is_in_proportion_to_the_length(lines: list[str]) -> None:
    took(lambda: own_words(lines))


@pytest.mark.parametrize(
    "piece",
    [
        "<",
        '<a "',
        '<a ="',
        "<div>",
        "<div></p>",
        "<!--",
        "<style>",
        "<table><td>",
        "</td>",
        "<blockquote>x",
        "<br>",
        "&#x",
    ],
)
def test_no_html_takes_long(piece: str) -> None:
    page = piece * (300_000 // len(piece))
    took(lambda: own_words(lines_of(page)))


def took(work: Callable[[], object]) -> None:
    """Quadratic work on these takes minutes; the rest is room for a machine that does other things."""
    begun = time.process_time()
    work()
    assert time.process_time() - begun < 4


@settings(max_examples=60)
@given(st.text(alphabet=st.sampled_from("<>/=\"'!-& aAtdrblockquote\n:@19"), max_size=300))
def test_whatever_comes_is_read(text: str) -> None:
    for line in own_words(lines_of(text)).split("\n"):
        assert not line.startswith(">")
    own_words(text.split("\n"))


def html_mail(page: str) -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    mail.set_content(page, subtype="html")
    return message_from_bytes(mail.as_bytes())  # type: ignore[return-value]


TALON = "Hi. I am fine. Thanks, Alex"


def squeezed(text: str) -> str:
    return " ".join(text.split())


def test_real_replies_of_many_programs(shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("replies_talon")
    wrong = []
    pages = sorted((folder / "html_replies").glob("*.html"))
    wrong += [page.name for page in pages if squeezed(own_words(lines_of(page.read_text("utf-8")))) != TALON]
    mails = sorted((folder / "standard_replies").glob("*.eml"))
    wrong += [mail.name for mail in mails if squeezed(visible_text(parsed(mail.read_bytes()))) != "Hello"]
    assert len(wrong) <= (len(pages) + len(mails)) / 10, wrong


REAL = {
    "correct_sig": ("this is an email", "signature."),
    "email_1_2": ("Hi, You can list", 'delete them all individually."'),
    "email_1_4": ("Awesome!", "problem with it."),
    "email_1_6": ("I get proper", "torch of pixels"),
    "email_1_8": ("I will reply under this one", "and under this."),
    "email_2_2": ("Outlook with a reply", "directly above line"),
    "email_BlackBerry": ("Here is", "another email"),
    "email_iPhone": ("Here is", "another email"),
    "email_multi_word_sent_from_my_mobile_device": ("Here is", "another email"),
    "email_sent_from_my_not_signature": ("Here is another email", "my mobile phone."),
    "greedy_on": ("On your remote host", "tunnel is not working."),
}


@pytest.mark.parametrize("name", REAL)
def test_real_replies_in_text(name: str, shared_data: Callable[[str], Path]) -> None:
    text = (shared_data("replies_github_email_reply_parser") / f"{name}.txt").read_text("utf-8")
    begins, ends = REAL[name]
    words = squeezed(own_words(text.split("\n")))
    assert words.startswith(begins)
    assert words.endswith(ends)
    assert ">" not in words
