"""Our tokens, wherever they stand in a mail."""

from base64 import b64encode
from quopri import encodestring

from nurture.inbound import read
from nurture.mail import links

TOKEN = "in+b.abcdefghij234567@news.acme.example"
MESSAGE_ID = "<d.AbCdEfGh_-1234@news.acme.example>"


def test_tokens_in_the_mails_own_headers():
    raw = f"To: <{TOKEN}>\nReferences: <a@x>\n {MESSAGE_ID}\nFrom: ada@buyer.example\n\nYes\n".encode()
    marks = read(raw).marks
    assert (marks.addresses, marks.message_ids) == ((TOKEN,), (MESSAGE_ID,))


def test_tokens_in_encoded_parts():
    text = f"the mail {MESSAGE_ID} came back from {TOKEN}, {'x' * 80}"
    for encoding, body in (("base64", b64encode(text.encode())), ("quoted-printable", encodestring(text.encode()))):
        raw = f"From: ada@buyer.example\nContent-Transfer-Encoding: {encoding}\n\n".encode() + body
        marks = read(raw).marks
        assert (marks.addresses, marks.message_ids) == ((TOKEN,), (MESSAGE_ID,)), encoding


def test_tokens_of_a_mail_within_an_attached_mail():
    inner = f"Content-Transfer-Encoding: base64\nSubject: x\n\n{b64encode(TOKEN.encode()).decode()}\n"
    head = "From: a@b.cc\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n"
    raw = f"{head}{inner}--b--\n"
    assert read(raw.encode()).marks.addresses == (TOKEN,)


def test_systems_that_write_addresses_in_capitals_do_no_harm():
    marks = read(f"From: a@b.cc\n\n{TOKEN.upper()}\n".encode()).marks
    assert [address.lower() for address in marks.addresses] == [TOKEN]


def test_what_only_looks_alike_is_no_token():
    raw = b"From: a@b.cc\n\nada+b@example.com d.short@x <dd.AbCdEfGh1234@x> c++b.cc in+c.abcdefghij234567@x.example\n"
    marks = read(raw).marks
    assert (marks.addresses, marks.message_ids) == ((), ())


def test_no_more_than_a_handful_is_kept():
    letters = "abcdefghijklmnopqrstuvwxyz"
    many = "\n".join(f"in+r.aaaaaaaaaa{one}{other}@x.example" for one in letters for other in letters)
    assert len(read(f"From: a@b.cc\n\n{many}\n".encode()).marks.addresses) == 20


def test_what_our_mails_carry_is_found_and_verified():
    bounce, reply = (
        links.bounce_address("secret", 4711, "in@x.example"),
        links.reply_address("secret", 12, "in@x.example"),
    )
    raw = f"To: <{bounce}>\nCc: {reply.upper()}\nIn-Reply-To: {links.message_id('secret', 4711, 'x.example')}\n\nhi\n"
    marks = read(raw.encode()).marks
    assert [links.read_inbound_address("secret", address) for address in marks.addresses] == [("b", 4711), ("r", 12)]
    assert [links.read_message_id("secret", found) for found in marks.message_ids] == [4711]
