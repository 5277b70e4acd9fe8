"""What a frame is given of a mail."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.authoring.preview.dressing import dressed, links_of

BASE = "https://go.acme.example"


def _dressed(html: str, *, colours: str = "light", pictures: bool = True) -> str:
    return dressed(html, colours=colours, pictures=pictures, note="/link?back=x")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("colours", "dark", "light"),
    [
        ("light", "(max-width: 0px)", "(min-width: 0px)"),
        ("dark", "(min-width: 0px)", "(max-width: 0px)"),
        ("inverted", "(max-width: 0px)", "(min-width: 0px)"),
    ],
)
def test_what_a_client_would_look_up_is_written_in(colours: str, dark: str, light: str) -> None:
    html = "<style>@media (prefers-color-scheme: dark) {a{}} @media(PREFERS-COLOR-SCHEME:light){b{}}</style>"
    assert f"<style>@media {dark} {{a{{}}}} @media{light}{{b{{}}}}</style>" in _dressed(html, colours=colours)


def test_a_mail_for_both_is_told_which_one_it_is() -> None:
    html = '<meta name="color-scheme" content="light dark"><style>:root { color-scheme: light dark; }</style>'
    made = '<meta name="color-scheme" content="dark"><style>:root { color-scheme: dark; }</style>'
    assert _dressed(html, colours="dark") == made


def test_inverting_turns_the_mail_and_leaves_its_pictures() -> None:
    made = _dressed("<html><head><title>x</title></head><body></body></html>", colours="inverted")
    assert made.startswith("<html><head><style>html{background-color:#fff;filter:invert(1)")
    assert "img,[background]{filter:invert(1)" in made


def test_pictures_go_wherever_they_hide() -> None:
    html = (
        '<img src="https://a.example/1.png" srcset="https://a.example/2.png 2x" alt="One">'
        '<td background="https://a.example/3.png" style="background:url(\'https://a.example/4.png\') red">'
        "<style>div { background-image: url(https://a.example/5.png); }</style>"
    )
    made = _dressed(html, pictures=False)
    assert "a.example" not in made
    assert 'alt="One"' in made
    assert "red" in made


def test_links_lead_to_the_note_and_open_nothing() -> None:
    html = (
        "<a target='_blank' href='https://a.example/?x=1&amp;y=2'>x</a>"
        '<area href="mailto:a@b.example"><a href=#p>p</a>'
    )
    assert _dressed(html) == (
        '<a href="/link?back=x&amp;to=https%3A%2F%2Fa.example%2F%3Fx%3D1%26y%3D2">x</a>'
        '<area href="/link?back=x&amp;to=mailto%3Aa%40b.example"><a href=#p>p</a>'
    )


def test_what_could_act_is_taken_out() -> None:
    html = (
        '<base href="https://evil.example/"><meta http-equiv="refresh" content="0;url=https://evil.example/">'
        '<script>alert("<a href=x>")</script><iframe src="https://evil.example/"></iframe><form action="/x">'
    )
    made = _dressed(html)
    assert "evil.example" not in made
    assert "alert" not in made
    assert "<form" not in made


def test_comments_for_outlook_stay_as_they_are() -> None:
    html = '<!--[if mso]><a href="https://a.example/">x</a><![endif]--><p title="a > b">y</p>'
    assert _dressed(html) == html


@settings(max_examples=100)
@given(st.text(alphabet="<>a=\"' hrefsrc/-!:(x)\n", max_size=80))
def test_any_text_can_be_dressed(text: str) -> None:
    made = _dressed(text, pictures=False, colours="inverted")
    assert re.sub(r"<.*", "", text, flags=re.DOTALL) in made
    links_of(text, BASE)


def test_a_links_words_are_its_text_and_its_pictures_alt() -> None:
    (link,) = links_of('<a href="https://a.example/"><b>See</b> <img src="x" alt="the robot"></a>', BASE)
    assert (link.text, link.url, link.kind) == ("See the robot", "https://a.example/", "web")


def test_a_forged_link_to_our_own_pages_is_a_link_like_others() -> None:
    (link,) = links_of(f'<a href="{BASE}/u/forged">x</a>', BASE)
    assert link.kind == "web"
