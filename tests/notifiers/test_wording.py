"""Text from outside, on one line."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.notifiers.wording import one_line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Maria  Rossi\r\nBcc: x", "Maria Rossi Bcc: x"),
        ("\u202egnirts\u2066", "gnirts"),
        ("Al\u200bi\u00adce\ufeff", "Alice"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("\u3164\u200d \u2800", ""),
        (None, "None"),
        ("x" * 300, "x" * 199 + "…"),
        ("\u200b" * 9000 + "x", ""),
    ],
)
def test_what_cannot_be_seen_is_taken_out(text: object, line: str) -> None:
    assert one_line(text) == line


@given(st.text(), st.integers(2, 300))
def test_it_is_one_line_no_longer_than_asked(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert line == " ".join(line.split())
    assert not {one for one in line if unicodedata.category(one) in {"Cc", "Cf", "Cs", "Zl", "Zp"}} - {
        "\u200c",
        "\u200d",
    }
