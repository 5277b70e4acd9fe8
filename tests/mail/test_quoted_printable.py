"""Quoted-printable from a template: what is read is what was written, in lines of at most 76 characters without a dot
at the beginning."""

import quopri

from hypothesis import example, given, settings
from hypothesis import strategies as st
from jinja2 import Environment

from nurture.mail.environment import HTML, TEXT
from nurture.mail.quoted_printable import encode, encode_html, encode_text, encode_url
from nurture.mail.urls import OwnPage

TEXTS = st.text(st.characters(blacklist_categories=["Cs"]), max_size=300) | st.text(" \t\n.=aé", max_size=300)


def lines_fit(encoded: str) -> bool:
    lines = encoded.split("\r\n")
    return all(len(line) <= 76 and not line.endswith((" ", "\t")) and not line.startswith(".") for line in lines)


@given(TEXTS)
@example("é" * 12 + "xx \nb")
@example("x" * 74 + " \nb")
@example("x" * 75 + " \nb")
@example("x" * 76 + " \nb")
@example("." * 90 + "\n...\n.x")
@example("x" * 75 + ".")
@settings(max_examples=120)
def test_a_text_is_read_back_and_what_follows_starts_a_line(text: str) -> None:
    text = text.replace("\r", "")
    encoded = encode(text)
    assert lines_fit(encoded)
    assert encoded == "" or encoded.endswith("\r\n")
    assert quopri.decodestring((encoded + "X").encode()).decode() == text.replace("\n", "\r\n") + "X"


@given(st.text(max_size=200))
@settings(max_examples=120)
def test_any_value_fits_the_line_and_leaves_no_control_character(value: str) -> None:
    encoded = encode_text(value)
    assert lines_fit(encoded)
    read = quopri.decodestring(encoded.encode()).decode().replace("\r\n", "\n")
    assert not [character for character in read if (character < " " and character not in "\n\t") or character == "\x7f"]
    if value.isprintable():
        assert read == value


@given(st.text("abc./?=&-_~09", min_size=1, max_size=200))
@example("a" * 74 + ".gif")
@settings(max_examples=60)
def test_urls_of_ours_are_read_back(rest: str) -> None:
    url = f"https://go.acme.example/{rest}"
    for encoded in (encode_url(url), encode_html(OwnPage(url))):
        assert lines_fit(encoded)
        assert quopri.decodestring(encoded.encode()).decode() == url


SOURCE = (
    "A={{ a }}.{% if b %}\n.{{ b }}{% endif %}{% set c %}<{{ a }}>é{% endset %}{{ c }}"
    "{% for x in [a, b] %} {{ x }}=\n{% endfor %}" + "ü" * 40 + "{{ c }}\n"
)
PLAIN = {html: Environment(autoescape=html, keep_trailing_newline=True).from_string(SOURCE) for html in (True, False)}
ENCODED = {True: HTML.from_string(SOURCE), False: TEXT.from_string(SOURCE)}


def kept(text: str) -> str:
    """What of a value goes into a mail as it is."""
    return "".join(one for one in text if one.isprintable() or one in "\n\t")


@given(TEXTS.map(kept), TEXTS.map(kept), st.booleans())
@settings(max_examples=40, deadline=None)
def test_slots_among_constants_are_read_as_jinja_would_write_them(first: str, second: str, html: bool) -> None:
    encoded = ENCODED[html].render(a=first, b=second)
    assert lines_fit(encoded)
    read = quopri.decodestring(encoded.encode()).decode().replace("\r\n", "\n")
    # there are two ways to write a quote in HTML
    assert read.replace("&#x27;", "&#39;").replace("&quot;", "&#34;") == PLAIN[html].render(a=first, b=second)
