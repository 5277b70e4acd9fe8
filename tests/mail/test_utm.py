"""Campaign parameters on links: added where they lack, never over what the author wrote, nowhere else."""

import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.errors import TemplateError
from nurture.mail import links
from nurture.mail.utm import with_utm
from tests.mail.making import BASE, SECRET, compiled, sent, shown, text_mail

OURS = "utm_source=nurture&utm_medium=email&utm_campaign=not-ready&utm_content=roi"
PAGE = "https://acme.example/roi"


def leading(html: str) -> dict[int, str]:
    """Where the tracked links of a mail lead, by number."""
    found = [links.read_link(SECRET, token) for token in re.findall(rf"{BASE}/c/([\w-]+)", html)]
    return {link.number: link.url for link in found if link}


@pytest.mark.parametrize(
    ("url", "becomes"),
    [
        (PAGE, f"{PAGE}?{OURS}"),
        ("https://acme.example", f"https://acme.example?{OURS}"),
        (f"{PAGE}?", f"{PAGE}?{OURS}"),
        (f"{PAGE}?a=1&b=%20x+y", f"{PAGE}?a=1&b=%20x+y&{OURS}"),
        (f"{PAGE}?a=1&", f"{PAGE}?a=1&{OURS}"),
        (f"{PAGE}#top", f"{PAGE}?{OURS}#top"),
        (f"{PAGE}?a=1#/route?b=2", f"{PAGE}?a=1&{OURS}#/route?b=2"),
        (f"{PAGE}?utm_source=x", f"{PAGE}?utm_source=x&{OURS.removeprefix('utm_source=nurture&')}"),
        (f"{PAGE}?UTM_Source=x", f"{PAGE}?UTM_Source=x&{OURS.removeprefix('utm_source=nurture&')}"),
        (f"{PAGE}?utm%5Fsource=x", f"{PAGE}?utm%5Fsource=x&{OURS.removeprefix('utm_source=nurture&')}"),
        (f"{PAGE}?{OURS}", f"{PAGE}?{OURS}"),
        (f"{PAGE}?utm_campaign", f"{PAGE}?utm_campaign&utm_source=nurture&utm_medium=email&utm_content=roi"),
    ],
)
def test_what_a_link_lacks_is_put_at_the_end_of_its_query(url: str, becomes: str) -> None:
    assert with_utm(url, "not-ready", "roi") == becomes


def test_names_of_campaigns_and_steps_are_encoded() -> None:
    query = urlsplit(with_utm(PAGE, "a&b=c #1", "é/ü")).query
    assert dict(parse_qsl(query))["utm_campaign"] == "a&b=c #1"
    assert dict(parse_qsl(query))["utm_content"] == "é/ü"
    assert query.isascii()


@given(
    query=st.text(st.sampled_from("ab=&?%;+/utm_source1"), max_size=30),
    fragment=st.text(st.sampled_from("ab/?#="), max_size=10),
)
def test_nothing_of_a_link_changes_but_what_is_added_and_twice_is_once(query: str, fragment: str) -> None:
    url = f"{PAGE}?{query}#{fragment}"
    tagged = with_utm(url, "c", "s")
    parts = urlsplit(tagged)
    assert parts.fragment == fragment
    assert parts.query.startswith(query)
    assert parse_qsl(parts.query, keep_blank_values=True)[: len(parse_qsl(query, keep_blank_values=True))] == parse_qsl(
        query, keep_blank_values=True
    )
    assert with_utm(tagged, "c", "s") == tagged


def test_tracked_links_carry_them_constant_or_made_of_a_leads_data_and_the_hidden_one_does_not() -> None:
    template = text_mail(f'<a href="{PAGE}">a</a> <a href="https://acme.example/{{{{ lead.company }}}}#x">b</a>')
    for part in shown(template, {"company": "Acme"}):
        found = leading(part)
        assert (found[1], found[2]) == (f"{PAGE}?{OURS}", f"https://acme.example/Acme?{OURS}#x")
        assert found.get(links.HIDDEN, PAGE) == PAGE


def test_our_own_pages_and_links_that_are_no_web_pages_go_without() -> None:
    text, html = shown(text_mail('<a href="{{ unsubscribe_url }}">x</a> <a href="mailto:a@b.example">y</a>'))
    assert "utm_" not in text + html


def test_an_author_switches_them_off_for_one_mail() -> None:
    body = f'<a href="{PAGE}">a</a> <a href="{PAGE}?{{{{ lead.email }}}}">b</a>'
    off = leading(shown(text_mail(body, head='subject: "a"\nutm: false'))[1])
    assert (off[1], off[2]) == (PAGE, f"{PAGE}?jo@example.com")
    assert leading(shown(text_mail(body, head='subject: "a"\nutm: true'))[1])[1] == f"{PAGE}?{OURS}"
    assert leading(shown(text_mail(body), utm=False)[1]) == leading(
        shown(text_mail(body, head="subject: a\nutm: false"))[1]
    )


@pytest.mark.parametrize("said", ["no", '"false"', "0", ""])
def test_whatever_is_neither_true_nor_false_is_refused_at_its_line(said: str) -> None:
    with pytest.raises(TemplateError, match=r"t\.mjml:3.*`utm` is true or false, without quotes"):
        compiled("<mj-text>x</mj-text>", head=f"subject: a\nutm: {said}")


def test_a_lead_that_is_not_tracked_gets_the_links_as_they_were_written() -> None:
    assert f'href="{PAGE}"' in shown(text_mail(f'<a href="{PAGE}">a</a>'), track_clicks=False)[1]
    assert b"utm_" not in sent(text_mail(f'<a href="{PAGE}">a</a>'), track_clicks=False).data
