"""The example's mails: whatever is known of the lead, in whatever program it is read."""

import re
from collections import defaultdict
from dataclasses import replace

import pytest

from nurture.errors import TemplateError
from nurture.facts import Profile
from nurture.mail.compiling import compile_template
from nurture.mail.front_matter import read_front_matter
from tests.campaigns.shipped import (
    BASE,
    LEADS,
    MAILS,
    MARIA,
    NOBODY,
    SHIPPED,
    Links,
    body,
    compiled,
    letter,
    mail,
    read,
)

HEAVY = 90 * 1024
"""Octets. Gmail cuts a mail's HTML off at 102 KB."""
GMAILS_STYLE = 8192
"""Characters. Gmail drops a `<style>` that is longer."""
VARIANTS = {"not-ready/roi", "not-ready/roi-short"}
"""Two forms of one mail: nobody gets both."""


@pytest.mark.parametrize("lead", LEADS.values(), ids=LEADS.keys())
@pytest.mark.parametrize("name", MAILS)
def test_a_mail_renders_whatever_is_known_of_the_lead(name: str, lead: Profile) -> None:
    made = mail(name, lead, tracked=True)
    html, text = body(made, "html"), body(made, "plain")
    assert len(html.encode()) < HEAVY
    for written in (str(made["Subject"]), html, text):
        assert "{{" not in written
        assert "{%" not in written
    assert "<b>Zoë" not in html
    known = (lead.first_name or "").strip()
    assert f"Hi {known or 'there'},\n" in text


@pytest.mark.parametrize("name", MAILS)
def test_what_is_not_known_leaves_no_trace(name: str) -> None:
    made = mail(name, NOBODY)
    for written in (str(made["Subject"]), body(made, "plain")):
        assert not re.search(r" [,.?!:;’]|,,|, ?[.?!]|  |\(\)", written)
    assert not str(made["Subject"]).rstrip(".?!").endswith((",", "there"))


@pytest.mark.parametrize("name", MAILS)
def test_a_mail_has_a_subject_and_a_preheader_that_an_inbox_shows_whole(name: str) -> None:
    front = read_front_matter(SHIPPED.templates[name].text, name)
    made = mail(name, MARIA)
    assert front.preheader is not None
    assert 10 <= len(str(made["Subject"])) <= 60
    assert 40 <= len(front.preheader.text) <= 110
    html = body(made, "html").replace("&#39;", "'").replace("&#x27;", "'")
    assert front.preheader.text in html
    assert html.index(front.preheader.text) < html.index("Hi Maria")


@pytest.mark.parametrize("name", MAILS)
def test_a_mail_asks_for_one_thing(name: str) -> None:
    *asked, (unsubscribe, word), (preferences, other) = Links(body(mail(name, MARIA), "html")).found
    assert (unsubscribe.startswith(f"{BASE}/u/"), word) == (True, "Unsubscribe")
    assert (preferences.startswith(f"{BASE}/p/"), other) == (True, "Preferences")
    assert all(1 < len(label.split()) <= 7 for _, label in asked)
    if compiled(name).answers:
        assert len(asked) == len(compiled(name).answers)
        assert all(href.startswith(f"{BASE}/a/") for href, _ in asked)
    else:
        ((href, _),) = asked
        assert href.startswith("https://acme.example/")


@pytest.mark.parametrize("name", MAILS)
def test_the_text_part_reads_well(name: str) -> None:
    made = mail(name, MARIA)
    text = body(made, "plain")
    assert text.startswith("ACME ROBOTICS\n\nHi Maria,\n\n")
    assert not re.search(r"</?[a-z]|&[a-z]+;|\n{3}| +\n", text)
    for href, label in Links(body(made, "html")).found:
        assert f"\n\n{label}: {href}\n" in text
    assert SHIPPED.agreement.company.address in text
    assert "\n\nAda\nApplications engineer, Acme Robotics\n\n" in text


def test_no_mail_says_what_another_one_says() -> None:
    said = defaultdict(set)
    for name in MAILS:
        paragraphs = re.split(r"\n+", body(mail(name, NOBODY), "plain").partition("\nAda\n")[0])
        for sentence in {part for line in paragraphs for part in re.split(r"(?<=[.?!]) ", line)}:
            if len(sentence) > 35 and "https:" not in sentence:
                said[sentence].add(name)
    assert len(said) > 150
    assert [(sentence, names) for sentence, names in said.items() if len(names - VARIANTS) > 1] == []


@pytest.mark.parametrize("name", MAILS)
def test_a_mail_needs_no_picture(name: str) -> None:
    assert "<img" not in body(mail(name, MARIA), "html")


@pytest.mark.parametrize("name", MAILS)
def test_a_mail_is_made_as_mail_programs_need_it(name: str) -> None:
    html = body(mail(name, MARIA), "html")
    assert '<html lang="en"' in html
    assert 'width="600"' in html
    assert all('role="presentation"' in table for table in re.findall(r"<table[^>]*>(?!\s*<tr>\s*<th)", html))
    assert all(len(style) < GMAILS_STYLE for style in re.findall(r"<style[^>]*>(.*?)</style>", html, re.DOTALL))
    buttons = re.findall(r'<td[^>]*bgcolor="#[0-9a-f]{6}"[^>]*><a href="[^"]+"', html)
    assert len(buttons) == len(Links(html).found) - 2, "colour on the cell: Outlook knows no other button"
    assert not re.search(r"(?<![-\w])(position|float|flex|grid)\s*:|background-image", html)


def test_a_picture_is_seen_by_its_words_where_pictures_are_off() -> None:
    roi = SHIPPED.templates["not-ready/roi"]
    shown = '{{ ui.picture("https://acme.example/mail/cart.png", "The cart, drawn from the side", 536) }}\n'
    pictured = replace(roi, text=roi.text.replace("{{ ui.signature() }}", shown + "{{ ui.signature() }}"))
    made = read(letter(compile_template(pictured, SHIPPED.partials), MARIA))
    (image,) = re.findall(r'<img class="picture"[^>]*>', body(made, "html"))
    assert 'alt="The cart, drawn from the side"' in image
    assert 'width="536"' in image
    assert "background-color:#f2f7f7" in image
    assert "\n\nThe cart, drawn from the side\n\n" in body(made, "plain")


def test_a_field_without_a_default_would_be_noticed() -> None:
    """What these tests stand on: a hole is an error."""
    roi = SHIPPED.templates["not-ready/roi"]
    holed = replace(roi, text=roi.text.replace("lead.first_name | default('there')", "lead.title"))
    with pytest.raises(TemplateError, match=r"lead\.title is empty here"):
        letter(compile_template(holed, SHIPPED.partials), NOBODY)
