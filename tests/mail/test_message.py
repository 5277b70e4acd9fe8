"""The finished message: every header and part, read by the standard library; hostile leads; what is on the wire."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.errors import TemplateError
from nurture.grammar.addresses import Mailbox
from nurture.mail import links
from nurture.mail.links import MailOfLead, TrackedLink
from nurture.mail.rendering import render
from tests.mail.making import BASE, LETTERHEAD, NOW, SECRET, compiled, context, read, sent, shown, text_mail

LETTER = compiled(
    """
    <mj-text><p>Hi {{ lead.first_name | default('there') }}, {{ lead.company | default('your team') }}.</p></mj-text>
    <mj-image src="https://acme.example/a.png" alt="A robot for {{ lead.last_name | default('you') }}" />
    <mj-button href="https://acme.example/roi?a=1&amp;b=2">See it</mj-button>
    """,
    head="""subject: "Hello {{ lead.first_name | default('there') }}"
preheader: "For {{ lead.company | default('you') }}\"""",
)


UTM = "utm_source=nurture&utm_medium=email&utm_campaign=not-ready&utm_content=roi"


def hrefs(html: str) -> list[str]:
    """Every link of a page, as a browser reads it."""
    found: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.extend(value or "" for name, value in attrs if (tag, name) in {("a", "href"), ("img", "src")})

    Reader().feed(html)
    return found


def test_every_header_is_there_once() -> None:
    message, _, _ = read(sent(LETTER, {"first_name": "Zoë"}))
    assert message["From"].addresses[0].display_name == "Ada at Acme"
    assert message["From"].addresses[0].addr_spec == "ada@news.acme.example"
    assert [str(address) for address in message["To"].addresses] == ["Zoë <jo@example.com>"]
    assert message["Reply-To"] == "ada@acme.example"
    assert message["Subject"] == "Hello Zoë"
    assert message["Date"].datetime == NOW
    assert message["MIME-Version"] == "1.0"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["List-Id"] == "<not-ready.news.acme.example>"
    assert message["Feedback-ID"] == "not-ready:roi:nurture:news-acme-example"
    assert message.get_content_type() == "multipart/alternative"
    assert len(message.keys()) == len({name.lower() for name in message}) == 12
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert {part.get_content_charset() for part in message.iter_parts()} == {"utf-8"}


def test_the_mail_names_its_delivery_and_its_envelope() -> None:
    mail = sent(LETTER)
    message, _, _ = read(mail)
    assert (mail.delivery_id, mail.sender, mail.recipient) == (123, "ada@news.acme.example", "jo@example.com")
    assert message["Message-ID"] == mail.message_id
    assert mail.message_id.endswith("@news.acme.example>")
    assert links.read_message_id(SECRET, mail.message_id) == 123


def test_bounces_and_answers_come_to_addresses_that_name_the_delivery() -> None:
    mail = sent(LETTER, letterhead=replace(LETTERHEAD, inbound="in@in.acme.example"))
    message, _, _ = read(mail)
    assert links.read_inbound_address(SECRET, mail.sender) == ("b", 123)
    assert links.read_inbound_address(SECRET, message["Reply-To"].addresses[0].addr_spec) == ("r", 123)
    assert mail.sender.endswith("@in.acme.example")
    assert message["From"].addresses[0].addr_spec == "ada@news.acme.example"
    assert len(message.keys()) == 12


def test_one_click_unsubscribe_stands_undamaged_on_one_line() -> None:
    letterhead = replace(LETTERHEAD, base_url=f"https://{'long-' * 20}go.acme.example")
    raw = sent(LETTER, letterhead=letterhead).data
    (line,) = [line for line in raw.split(b"\r\n") if line.startswith(b"List-Unsubscribe:")]
    url = line.removeprefix(b"List-Unsubscribe: <").removesuffix(b">").decode()
    assert links.read_unsubscribe(SECRET, urlsplit(url).path.removeprefix("/u/")) == MailOfLead(123, 45)
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw


def test_postal_address_and_unsubscribe_stand_in_both_parts() -> None:
    for part in shown(LETTER):
        assert "1 Main Street, Springfield, IL 62701, USA" in part
        (token,) = set(re.findall(rf"{BASE}/u/([\w-]+)", part))
        assert links.read_unsubscribe(SECRET, token) == MailOfLead(123, 45)


def test_the_preferences_stand_beside_unsubscribe_in_both_parts_and_are_no_tracked_link() -> None:
    for template in (LETTER, compiled("<p>Hi.</p>", kind="md"), compiled("<p>Hi.</p>", kind="html")):
        for part in shown(template):
            (token,) = set(re.findall(rf"{BASE}/p/([\w-]+)", part))
            assert links.read_preferences(SECRET, token) == MailOfLead(123, 45)
        text, html = shown(template)
        assert f"Preferences: {BASE}/p/" in text
        assert [url.rpartition("/")[0] for url in hrefs(html) if "/c/" not in url][-3:-1] == [f"{BASE}/u", f"{BASE}/p"]


def test_links_are_tracked_by_the_same_number_in_both_parts() -> None:
    for part in shown(LETTER):
        tokens = re.findall(rf"{BASE}/c/([\w-]+)", part)
        found = [links.read_link(SECRET, token) for token in tokens]
        assert TrackedLink(123, 45, 1, f"https://acme.example/roi?a=1&b=2&{UTM}") in found


def test_the_html_has_a_pixel_and_a_hidden_link_and_the_text_has_neither() -> None:
    text, html = shown(LETTER)
    in_text = [links.read_link(SECRET, token) for token in re.findall(r"/c/([\w-]+)", text)]
    assert links.HIDDEN not in [link and link.number for link in in_text]
    (pixel,) = re.findall(rf'<img src="{BASE}/o/([\w-]+)\.gif" width="1" height="1" alt="" aria-hidden="true"', html)
    assert links.read_open(SECRET, pixel) == MailOfLead(123, 45)
    (hidden,) = re.findall(rf'<a href="{BASE}/c/([\w-]+)" aria-hidden="true" tabindex="-1"', html)
    assert links.read_link(SECRET, hidden) == TrackedLink(123, 45, links.HIDDEN, "https://acme.example/roi?a=1&b=2")
    assert "/o/" not in text


def test_a_lead_can_be_written_to_without_being_tracked() -> None:
    text, html = shown(LETTER, track_opens=False, track_clicks=False)
    for part in (text, html):
        assert "/c/" not in part
        assert "/o/" not in part
    assert "https://acme.example/roi?a=1&b=2" in hrefs(html)
    assert "See it: https://acme.example/roi?a=1&b=2" in text


def test_text_and_html_say_the_same() -> None:
    text, html = shown(LETTER, {"first_name": "Zoë", "company": "Ünal & Co"})
    assert text.startswith("Hi Zoë, Ünal & Co.\n\nA robot for you\n\nSee it: https://go.acme.example/c/")
    assert "Acme & Söhne, 1 Main Street" in text
    assert "Hi Zoë, Ünal &amp; Co." in html
    assert "<title>Hello Zoë</title>" in html
    assert "For Ünal &amp; Co" in html


def test_the_same_delivery_gives_the_same_bytes() -> None:
    assert sent(LETTER, {"first_name": "Ada"}) == sent(LETTER, {"first_name": "Ada"})


def test_an_address_that_would_break_a_header_is_refused() -> None:
    for address in (
        "a@b.example>\r\nBcc: c@d.example",
        "a b@c.example",
        "no address",
        "a@b@c.example",
        "<a@b.example>",
    ):
        with pytest.raises(TemplateError, match="address"):
            sent(LETTER, {"email": address})


FOR_COMPANY = text_mail("x", head="subject: \"For {{ lead.company | default('-') }}!\"")
PRINTABLE = st.characters(blacklist_categories=["Cc", "Cs"], blacklist_characters="\u2028\u2029")
NASTY = [
    "<b>bold</b>", '"><script>alert(1)</script>', "' onmouseover='x", "{{ 7*7 }}", "{% raw %}", "zq0z", "zqx1z", "a=b",
    "=3D", ".", "..\r\n.\r\nQUIT", "\r\n\r\n--=_", "line\nbreak", "\rreturn", "tab\there", " ", "   ", "x" * 300,
    "é" * 200, "漢字" * 60, "\U0001f469\u200d\U0001f680" * 30, "trailing ", "\x00null", "\x1b[31m", "\u2028sep",
    "\ud800lone", "\u202ertl", "&amp;", "]]>", "<!--", "-->", "From here", "a\u00a0b",
]  # fmt: skip
VALUES = st.sampled_from(NASTY) | st.text(max_size=90) | st.lists(st.sampled_from(NASTY), max_size=4).map("".join)
SHOWS_ALL = compiled(
    """
    <mj-text>[[{{ lead.company | default('-') }}]]<p title="{{ lead.title | default('-') }}">x</p></mj-text>
    {% if lead.country %}<mj-text>[({{ lead.country }})]</mj-text>{% endif %}
    {% for word in lead.words | default([]) %}<mj-text>[*{{ word }}*]</mj-text>{% endfor %}
    <mj-image src="https://acme.example/a.png" alt="[+{{ lead.industry | default('-') }}+]" />
    """
)


def plain(value: str) -> str:
    """What is left of a value for a reader: control characters are blanks, line breaks of all kinds are one."""
    value = re.sub(r"\r\n?|[\x85\u2028\u2029]", "\n", value)
    value = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", " ", value)
    return re.sub(r"[\ud800-\udfff]", "\ufffd", value)


class Seen(HTMLParser):
    """What a browser makes of a page: its text and titles and the tags, in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.tags, self.titles, self.alts = "", list[str](), list[str](), list[str]()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.titles += [value or "" for name, value in attrs if name == "title"]
        self.alts += [value or "" for name, value in attrs if name == "alt"]
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.text += data


@given(
    lead=st.fixed_dictionaries(
        dict.fromkeys(("first_name", "last_name", "company", "title", "country", "industry"), VALUES),
    ),
    words=st.lists(VALUES, max_size=3),
)
@settings(max_examples=30, deadline=None)
def test_no_lead_breaks_the_html_the_text_or_a_header(lead: dict[str, str], words: list[str]) -> None:
    attributes = {"words": words, "lead": "x", "items": "y"}
    mail = sent(SHOWS_ALL, {**lead, "attributes": attributes})
    message, text, html = read(mail)
    assert len(message.keys()) == 12
    assert [address.addr_spec for address in message["To"].addresses] == ["jo@example.com"]
    assert len(list(message.iter_parts())) == 2
    country = "x" if lead["country"].strip() else ""
    tame = {"country": country, "attributes": {"words": ["x" for _ in words]}}
    seen, harmless = Seen(html), Seen(shown(SHOWS_ALL, tame)[1])
    assert seen.tags == harmless.tags
    for part in (text, seen.text):
        assert f"[[{plain(lead['company']) if lead['company'].strip() else '-'}]]" in part
        for word in words:
            assert f"[*{plain(word)}*]" in part
    assert (plain(lead["title"]) if lead["title"].strip() else "-") in seen.titles
    assert f"[+{plain(lead['industry']) if lead['industry'].strip() else '-'}+]" in seen.alts


@given(st.fixed_dictionaries(dict.fromkeys(("company", "title", "country", "industry"), VALUES)))
@settings(max_examples=30, deadline=None)
def test_the_wire_format_keeps_all_its_limits(lead: dict[str, str]) -> None:
    data = sent(SHOWS_ALL, {**lead, "attributes": {"words": list(lead.values())}}).data
    assert data.isascii()
    assert b"\x00" not in data
    assert data.count(b"\r\n") == data.count(b"\n") == data.count(b"\r")
    assert max(map(len, data.split(b"\r\n"))) <= 78
    body = data.split(b"\r\n\r\n", 1)[1]
    assert max(map(len, body.split(b"\r\n"))) <= 76
    assert not re.search(rb"[ \t]\r\n", body)


@pytest.mark.parametrize("name", ["Ada\r\nBcc: all@example.com", "Ada\nX: y", "Ada\rX", "Ada\x00", "Ada\u2028X"])
def test_a_subject_refuses_a_lead_whose_data_would_break_it(name: str) -> None:
    with pytest.raises(TemplateError) as caught:
        sent(LETTER, {"first_name": name})
    assert str(caught.value).startswith("templates/t.mjml:2: the subject has a line break")
    assert "Ada" not in str(caught.value)


def test_a_subject_that_comes_out_empty_is_refused() -> None:
    template = text_mail("x", head='subject: "{% if lead.company %}For {{ lead.company }}{% endif %}"')
    assert read(sent(template, {"company": "Acme"}))[0]["Subject"] == "For Acme"
    with pytest.raises(TemplateError, match="subject comes out empty"):
        sent(template)


@given(st.text(PRINTABLE, min_size=1, max_size=150))
@settings(max_examples=30, deadline=None)
def test_any_subject_is_read_back(company: str) -> None:
    subject = " ".join(str(read(sent(FOR_COMPANY, {"company": company}))[0]["Subject"]).split())
    assert subject == " ".join(f"For {company if company.strip() else '-'}!".split())


def test_names_of_senders_campaigns_and_steps_cannot_break_a_header() -> None:
    letterhead = replace(LETTERHEAD, sender=Mailbox('Žofie, "the" <boss>', "ada@news.acme.example"))
    changed = context(letterhead=letterhead, campaign_id="what: ever\r\nX", campaign_name="x\r\ny", step_id="é:é")
    message, _, _ = read(render(LETTER, changed, NOW))
    assert message["From"].addresses[0].display_name == 'Žofie, "the" <boss>'
    assert message["List-Id"] == "<what-ever-x.news.acme.example>"
    assert message["Feedback-ID"] == "what-ever-x:none:nurture:news-acme-example"
    assert len(message.keys()) == 12
