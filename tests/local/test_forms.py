"""Forms of our pages, read as a browser reads them."""

import pytest

from nurture.local.forms import forms

PAGE = """
<form method="post"><input type="hidden" name="do" value="accept"><input name="by" value="rep@acme.example">
<button type="submit">Accept</button></form>
<p><input name="stray"></p>
<form method="POST" action="/elsewhere">
<label><input type="radio" name="kind" value="call"> Call</label>
<label><input type="radio" name="kind" value="mail"></label>
<select name="reason"><option value="">Choose one</option><option value="not_ready" selected>Not ready</option></select>
<textarea name="note">so &amp; so</textarea></form>
"""


def test_each_form_has_its_fields_and_where_it_goes() -> None:
    first, second = forms(PAGE, "http://x/h/abc")
    assert (first.action, first.method, first.fields) == (
        "http://x/h/abc", "post", {"do": "accept", "by": "rep@acme.example"},
    )  # fmt: skip
    assert (second.action, second.method) == ("http://x/elsewhere", "post")
    assert second.choices == {"kind": ["call", "mail"], "reason": ["", "not_ready"]}


def test_filling_in_keeps_what_the_page_filled_in() -> None:
    _, second = forms(PAGE, "http://x/h/abc")
    assert second.filled(kind="call", reason="not_ready") == {"note": "", "kind": "call", "reason": "not_ready"}


def test_a_value_that_the_page_does_not_offer_is_refused() -> None:
    _, second = forms(PAGE, "http://x/h/abc")
    with pytest.raises(ValueError, match="kind cannot be 'pigeon'; it can be call, mail"):
        second.filled(kind="pigeon")
    with pytest.raises(ValueError, match="no field state"):
        second.filled(state="won")
