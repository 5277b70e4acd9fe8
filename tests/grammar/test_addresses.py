from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import SMTP
from email.utils import parseaddr

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from pydantic import BaseModel

from nurture.grammar.addresses import AddressMistake, Mailbox, parse_address, parse_mailbox
from tests.grammar.asking import mistake_in


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("ada@acme.example", "ada@acme.example"),
        (" Ada.Lovelace@ACME.Example\u00a0", "ada.lovelace@acme.example"),
        ("o'brien+news=1_x-y@sub.acme.co.uk", "o'brien+news=1_x-y@sub.acme.co.uk"),
        ("!#$%&'*+/=?^_`{|}~@acme.example", "!#$%&'*+/=?^_`{|}~@acme.example"),
        ("ada@müller.example", "ada@xn--mller-kva.example"),
        ("ada@MÜLLER.example", "ada@xn--mller-kva.example"),
        ("ada@xn--mller-kva.example", "ada@xn--mller-kva.example"),
        ("ada@例え.jp", "ada@xn--r8jz45g.jp"),
        ("1@2.io", "1@2.io"),
        ("a" * 64 + "@b.example", "a" * 64 + "@b.example"),
    ],
)
def test_addresses_that_mail_can_go_to(text, address):
    assert parse_address(text) == address


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is missing"),
        ("   ", "is missing"),
        (None, "is missing"),
        (5, "that is not an e-mail address"),
        ("ada", "one @"),
        ("ada@b@c.example", "one @"),
        ("ada b@c.example", "no spaces"),
        ("ada@c .example", "no spaces"),
        ("ada@c.example\r\nBcc: eve@evil.example", "no line breaks"),
        ("ada@c.example\n", "no line breaks"),
        ("ada\x00@c.example", "control characters"),
        ("ada\u2028@c.example", "line breaks"),
        ("@c.example", "nothing before the @"),
        ("ada@", "nothing after the @"),
        ("a" * 65 + "@c.example", "more than 64 characters"),
        ("ada@" + "a" * 250 + ".example", "at most 254"),
        ("ada@" + "ü" * 200 + ".de", "not a domain name"),
        ("a" * 64 + "@" + ".".join(["ü" * 30] * 6) + ".de", "at most 254"),
        (".ada@c.example", "a dot stands alone"),
        ("ada.@c.example", "a dot stands alone"),
        ("a..da@c.example", "a dot stands alone"),
        ("ad,a@c.example", "`,` cannot stand before the @"),
        ("Ada <ada@c.example>", "no spaces"),
        ("<ada@c.example>", "`<` cannot stand"),
        ('"ada"@c.example', '`"` cannot stand'),
        ("mailto:ada@c.example", "`:` cannot stand"),
        ("ädä@c.example", "unaccented"),
        ("ada@localhost", "no dot"),
        ("ada@c..example", "not a domain name"),
        ("ada@.c.example", "not a domain name"),
        ("ada@c.example.", "not a domain name"),
        ("ada@-c.example", "not a domain name"),
        ("ada@c_d.example", "not a domain name"),
        ("ada@127.0.0.1", "not a domain name"),
        ("ada@[127.0.0.1]", "not a domain name"),
        ("ada@" + "a" * 64 + ".example", "not a domain name"),
        ("ada@\ud800.example", "not a domain name"),
    ],
)
def test_what_would_break_smtp_is_refused_with_a_reason(text, words):
    with pytest.raises(AddressMistake) as caught:
        parse_address(text)
    assert words in str(caught.value)


@given(st.text(max_size=300) | st.emails() | st.text("ab@.-ü\r\n ", max_size=30))
def test_what_is_taken_is_safe_and_stays_the_same(text):
    mistake = mistake_in(parse_address, text)
    if mistake:
        assert len(str(mistake)) < 120
        return
    address = parse_address(text)
    assert parse_address(address) == address == address.lower()
    assert address.isascii()
    assert len(address) <= 254
    assert not set(address) & set(' \r\n\t<>,;:()[]\\"')
    assert address.count("@") == 1


@pytest.mark.parametrize(
    ("text", "mailbox"),
    [
        ("Ada at Acme <ada@news.acme.example>", Mailbox("Ada at Acme", "ada@news.acme.example")),
        ('"Lovelace, Ada" <Ada@Acme.example>', Mailbox("Lovelace, Ada", "ada@acme.example")),
        ("Lovelace, Ada <ada@acme.example>", Mailbox("Lovelace, Ada", "ada@acme.example")),
        ("ada@acme.example", Mailbox("", "ada@acme.example")),
        ("<ada@acme.example>", Mailbox("", "ada@acme.example")),
        ("Zoë Müller <zoe@müller.example>", Mailbox("Zoë Müller", "zoe@xn--mller-kva.example")),
    ],
)
def test_mailboxes(text, mailbox):
    assert parse_mailbox(text) == mailbox


@pytest.mark.parametrize(
    "text",
    ["", "Ada", "Ada <>", "Ada <ada>", "Ada\r\nBcc: x <ada@acme.example>", "a" * 101 + " <ada@acme.example>", None, 3],
)
def test_what_is_no_mailbox_is_refused(text):
    with pytest.raises(AddressMistake):
        parse_mailbox(text)


@given(st.text(max_size=100))
def test_a_mailbox_is_a_header_that_others_read_the_same(name):
    name = name.strip()
    assume(not set(name) & {"<", ">"})
    try:
        mailbox = (
            parse_mailbox(f"{name} <ada@acme.example>")
            if not name.startswith('"')
            else Mailbox(name, "ada@acme.example")
        )
    except AddressMistake:
        return
    try:
        mailbox.name.encode()
    except UnicodeEncodeError:
        return
    header = str(mailbox)
    assert header.isascii()
    assert "\n" not in header
    assert "\r" not in header
    assert all(len(word) <= 75 for word in header.split() if word.startswith("=?"))
    parsed_name, parsed_address = parseaddr(header)
    assert parsed_address == "ada@acme.example"
    assert str(make_header(decode_header(parsed_name))).split() == mailbox.name.split()


@given(st.text('ab <>",\\é', max_size=12))
@example('""""')
@example('""\\""')
def test_a_mailbox_written_out_reads_as_the_same(name):
    class Model(BaseModel):
        sender: Mailbox

    if not mistake_in(parse_mailbox, f"{name} <ada@acme.example>"):
        model = Model.model_validate({"sender": f"{name} <ada@acme.example>"})
        assert Model.model_validate(model.model_dump()) == model


@pytest.mark.parametrize("name", ["Ada at Acme", "Lovelace, Ada", 'Ada "the first"', "Zoë Müller", "José"])
def test_a_mailbox_stands_in_a_real_message(name):
    data = b"From: " + str(Mailbox(name, "ada@acme.example")).encode("ascii") + b"\r\n\r\n"
    address = message_from_bytes(data, policy=SMTP)["From"].addresses[0]
    assert (address.display_name, address.addr_spec) == (name, "ada@acme.example")
