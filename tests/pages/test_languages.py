"""Which language a page is shown in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.pages.languages import choose_language

KNOWN = {"en", "de", "fr", "es", "pt-br"}


@pytest.mark.parametrize(
    ("locale", "accept", "expected"),
    [
        ("de", "fr", "de"),
        ("de_AT", "", "de"),
        ("de-CH-1901", "", "de"),
        ("fr_FR.UTF-8", "", "fr"),
        ("pt-BR", "", "pt-br"),
        ("pt", "es", "es"),
        ("sv", "fr;q=0.3, de;q=0.9", "de"),
        (None, "sv, es-MX, fr", "es"),
        (None, "fr;q=0, de;q=0.1", "de"),
        (None, "*", "en"),
        (None, "", "en"),
        ("", "de", "de"),
        ("<script>", "de", "de"),
        (None, "de;q=2", "en"),
        (None, "ES;Q=0.5 , FR ; q = 0.6", "fr"),
    ],
)
def test_the_leads_own_goes_before_the_browsers_and_english_is_last(locale, accept, expected) -> None:
    assert choose_language(locale, accept, KNOWN) == expected


@given(st.none() | st.text(max_size=40), st.text(max_size=200))
def test_whatever_is_said_the_language_is_one_that_is_known(locale, accept) -> None:
    assert choose_language(locale, accept, KNOWN) in KNOWN
