"""What authors can write, and what comes of it."""

import re
from html.parser import HTMLParser

import pytest

from nurture.errors import TemplateError
from tests.mail.making import BASE, LAYOUT, PARTS, compiled, sent, shown, text_mail


def test_a_field_that_is_empty_takes_its_default() -> None:
    template = text_mail(
        "{{ lead.first_name | default('there') }}/{{ lead.company or 'you' }}/{{ lead.plan | d('none') }}"
    )
    assert shown(template)[0].startswith("there/you/none\n")
    assert shown(template, {"first_name": " ", "company": ""})[0].startswith("there/you/none\n")
    full = {"first_name": "Ada", "company": "Acme", "attributes": {"plan": "pro"}}
    assert shown(template, full)[0].startswith("Ada/Acme/pro\n")


@pytest.mark.parametrize(
    "code",
    [
        "{{ lead.company }}",
        "{{ lead.plan | upper }}",
        "{{ lead.employees + 1 }}",
        "{% for x in lead.tags %}{{ x }}{% endfor %}",
        "{{ lead.attributes.plan }}",
        "{{ lead['plan'] }}",
        "{{ lead.stage }}",
    ],
)
def test_a_hole_is_an_error_of_that_mail_with_its_line(code: str) -> None:
    template = compiled(f"<mj-text>\n  one\n  {code}\n</mj-text>")
    with pytest.raises(TemplateError) as caught:
        sent(template)
    assert (caught.value.template, caught.value.line) == ("templates/t.mjml", 6)
    assert "is empty here" in caught.value.message


def test_a_comparison_with_an_empty_field_is_false() -> None:
    template = text_mail(
        "{% if lead.country == 'GB' %}a{% endif %}{% if lead.country != 'GB' %}b{% endif %}"
        "{% if lead.employees >= 200 %}c{% endif %}{% if lead.country in ['GB'] %}d{% endif %}"
        "{% if lead.country %}e{% endif %}-"
    )
    assert shown(template)[0].startswith("-\n")
    assert shown(template, {"country": "GB", "employees": 300})[0].startswith("acde-\n")


def test_every_name_can_be_used() -> None:
    names = ("lead.email", "lead.grade", "company.name", "company.address", "campaign.id", "campaign.name", "step.id")
    code = " ".join(f"{{{{ {name} }}}}" for name in names)
    template = text_mail(f"{code} {{{{ lead.attributes['first name'] }}}} {{{{ subject }}}}")
    lead = {"attributes": {"first name": "A. L.", "email": "other@example.com"}}
    text, _ = shown(template, lead, life={"grade": "A"})
    address = "1 Main Street, Springfield, IL 62701, USA"
    assert text.startswith(f"jo@example.com A Acme & Söhne {address} not-ready Not ready yet roi A. L. Hello\n")
    assert template.names == {*names, "lead.attributes", "subject", "unsubscribe_url", "preferences_url"}


def test_an_attribute_called_like_a_method_is_an_attribute() -> None:
    assert shown(text_mail("{{ lead.items }}"), {"attributes": {"items": 3}})[0].startswith("3\n")


@pytest.mark.parametrize(
    "name", ["state", "city", "titles_held", "region", "company_size", "owner_id", "industry_code"]
)
def test_a_field_of_ones_own_is_no_slip(name: str) -> None:
    assert f"lead.{name}" in text_mail(f"{{{{ lead.{name} | default('x') }}}}").names


def test_where_the_fields_are_known_any_other_is_refused() -> None:
    assert text_mail("{{ lead.plan | d('x') }}", attributes=["plan"]).names >= {"lead.plan"}
    with pytest.raises(TemplateError, match="no lead has a field `plam`; did you mean `plan`"):
        text_mail("{{ lead.plam | d('x') }}", attributes=["plan"])


def test_a_mail_extends_a_layout_and_uses_macros_and_includes() -> None:
    template = compiled(
        """
        {% extends "_layout.mjml" %}
        {% import "_blocks.mjml" as ui %}
        {% from "_blocks.mjml" import card, two as both %}
        {% block letter %}
        <mj-text>Hi {{ lead.first_name | default('there') }}</mj-text>
        {{ ui.button("See it", "https://acme.example/see", colour="#ff0000") }}
        {{ ui.button(lead.title, answer_url('timing', 'now')) }}
        {% call card("note") %}in a <b>card</b> for {{ lead.title }}{% endcall %}
        {{ both("Both") }}
        {% include "_parts/note.mjml" %}
        {% for word in lead.words %}{{ ui.button(word, "https://acme.example/" ~ word) }}{% endfor %}
        {{ super() }}
        {% endblock %}
        """,
        parts=PARTS,
    )
    text, html = shown(template, {"title": "Boss & Co", "attributes": {"words": ["Go", "b"]}})
    lines = [line for line in text.split("\n") if line]
    assert [line.split(":")[0] for line in lines[:10]] == [
        "Hi there", "See it", "Boss & Co", "NOTE", "Both", "Go!", "A note to Boss & Co.", "Go!", "b", "nothing yet",
    ]  # fmt: skip
    assert lines[3] == "NOTE: in a card for Boss & Co"
    assert "color:#123456" in html
    assert "background:#ff0000" in html
    assert "width:100px" in html
    assert template.links[1:] == (
        "https://acme.example/see",
        "https://acme.example/two",
        "https://acme.example/go",
        None,
    )
    assert template.answers == {("timing", "now")}
    assert len(re.findall(rf'href="{BASE}/a/', html)) == 1


def test_a_macros_argument_keeps_its_meaning_where_the_body_uses_the_same_names() -> None:
    macro = """
        {% macro m(a, b) %}
        <mj-text>{% set a = 'own' %}{{ a }} {{ b }}{% for x in [1, 2] %}{{ x }}{{ b }}{% endfor %}</mj-text>
        {% endmacro %}
    """
    parts = {"_m.mjml": macro}
    template = compiled(
        '{% from "_m.mjml" import m %}{% for x in ["outer"] %}{{ m(lead.title, x) }}{% endfor %}', parts=parts
    )
    assert shown(template, {"title": "T"})[0].startswith("own outer1outer2outer\n")


def test_layouts_can_extend_layouts() -> None:
    middle = """
        {% extends "_base.mjml" %}
        {% block letter %}<mj-text>mid</mj-text>{% block inner %}{% endblock %}{{ super() }}{% endblock %}
    """
    parts = {"_base.mjml": LAYOUT, "_mid.mjml": middle}
    template = compiled('{% extends "_mid.mjml" %}{% block inner %}<mj-text>inner</mj-text>{% endblock %}', parts=parts)
    assert shown(template)[0].startswith("mid\n\ninner\n\nnothing yet\n")


def test_a_mail_that_is_no_whole_document_goes_into_the_layout() -> None:
    template = compiled("<mj-text>mine</mj-text>", parts=PARTS)
    text, html = shown(template)
    assert text.startswith("mine\n")
    assert "nothing yet" not in html
    assert "color:#123456" in html
    other = {"_letter.mjml": LAYOUT.replace("#123456", "#654321"), **PARTS}
    lettered = compiled("<mj-text>x</mj-text>", parts=other, head='subject: "x"\nlayout: _letter.mjml')
    assert "color:#654321" in shown(lettered)[1]


def test_without_a_layout_of_ones_own_there_is_one() -> None:
    for body in (
        "<mj-text>mine</mj-text>",
        '{% extends "_layout.mjml" %}{% block content %}<mj-text>mine</mj-text>{% endblock %}',
    ):
        assert shown(compiled(body))[0].startswith("mine\n")


def in_a_column(text: str) -> str:
    return f"<mj-section><mj-column><mj-text>{text}</mj-text></mj-column></mj-section>"


def test_the_footer_can_be_ones_own_and_must_be_complete() -> None:
    own = in_a_column('{{ company.address }} <a href="{{ unsubscribe_url }}">Leave</a>')
    text, html = shown(text_mail("x", parts={"_footer.mjml": own}))
    assert f"Leave ({BASE}/u/" in text
    assert "Unsubscribe" not in html
    with pytest.raises(TemplateError, match=r"every mail needs \{\{ unsubscribe_url \}\}"):
        text_mail("x", parts={"_footer.mjml": in_a_column("{{ company.address }}")})
    within = text_mail('{{ company.address }} <a href="{{ unsubscribe_url }}">Go</a>')
    assert shown(within)[1].count("1 Main Street") == 1


MARKDOWN = """
# Hello {{ lead.first_name | default('there') }}

Some *words* and a [link](https://acme.example/roi?a=1&b=2), [now]({{ answer_url('timing', 'now') }}).

{% if lead.country == 'GB' %}
Only in **Leeds**.
{% endif %}

1. one
2. two{% if lead.title %} for {{ lead.title }}{% endif %}

| a | b |
|---|---|
| 1 | {{ lead.employees | default('?') }} |

<https://acme.example/raw> & [mail](mailto:ada@acme.example)
"""


@pytest.mark.parametrize(
    "parts", [{}, PARTS, {"_layout.mjml": LAYOUT.replace("<mj-column>", "").replace("</mj-column>", "")}]
)
def test_markdown_becomes_a_letter_in_the_layout(parts: dict[str, str]) -> None:
    template = compiled(MARKDOWN, kind="md", parts=parts)
    text, html = shown(template, {"title": "Boss", "country": "GB"})
    assert "<h1>Hello there</h1>" in html
    assert "<em>words</em>" in html
    assert "<p>Only in <strong>Leeds</strong>.</p>" in html
    assert "Only in Leeds.\n\n1. one\n2. two for Boss\n\na | b\n1 | ?\n" in text
    assert template.links[1:] == ("https://acme.example/roi?a=1&b=2", "https://acme.example/raw")
    assert "Only in" not in shown(template)[1]
    assert "Only in" not in shown(template)[0]


HTML_MAIL = """<!doctype html>
<html lang="en"><head>
<style>td { color: red } @media (max-width: 480px) { td { color: blue !important } }</style>
</head>
<body><!-- {{ lead.nothing }} -->
<table><tbody>
{% for row in lead.rows %}<tr>
<td title="{{ row }}">{{ row }} <a href="https://acme.example/{{ row | urlencode }}">go</a></td></tr>
{% endfor %}</tbody></table>
<!--[if mso]><p>Outlook {{ lead.title }}</p><![endif]-->
<hr><img src="https://acme.example/a.png" alt="A robot">
</body></html>
"""


def test_plain_html_gets_its_styles_inlined_and_everything_else() -> None:
    template = compiled(HTML_MAIL, kind="html", head='subject: "Hi"\npreheader: "For {{ lead.title }}"')
    text, html = shown(template, {"title": "Boss", "attributes": {"rows": ["a b", "<c>"]}})
    assert html.count('style="color: red;"') == 2
    assert "@media (max-width: 480px)" in html
    assert "lead.nothing" not in html
    assert "<!--[if mso]><p>Outlook Boss</p><![endif]-->" in html
    assert "<title>Hi</title>" in html
    assert re.search(r"<div style=\"display: ?none[^>]*>For Boss</div>", html)
    assert re.match(rf"a b go \({BASE}/c/[\w-]+\)\n<c> go \({BASE}/c/[\w-]+\)\n\n-{{40}}\n\nA robot\n", text)
    assert f"{BASE}/o/" in html


def test_jinja_around_whole_elements_takes_them_whole() -> None:
    template = compiled(
        """
        <mjml><mj-body>
        {% if lead.country == 'GB' %}
        <mj-section><mj-column><mj-text>Leeds</mj-text></mj-column></mj-section>
        {% endif %}
        <mj-wrapper>{% for n in [1, 2] %}<mj-section><mj-group>
          {% if n > 1 %}<mj-column><mj-text>n{{ n }}</mj-text></mj-column>
          {% else %}<mj-column><mj-text>one</mj-text></mj-column>{% endif %}
        </mj-group></mj-section>{% endfor %}</mj-wrapper>
        <mj-section><mj-column>
        <mj-table>{% for n in [3, 4] %}<tr><td>{{ n }}</td></tr>{% endfor %}</mj-table>
        </mj-column></mj-section>
        </mj-body></mjml>
        """
    )
    text, html = shown(template, {"country": "GB"})
    assert text.startswith("Leeds\n\none\n\nn2\n\n3\n4\n")
    for tag in ("table", "tr", "td", "div"):
        assert len(re.findall(rf"<{tag}\b", html)) == len(re.findall(rf"</{tag}>", html))
    text, html = shown(template)
    assert "Leeds" not in text
    for tag in ("table", "tr", "td", "div"):
        assert len(re.findall(rf"<{tag}\b", html)) == len(re.findall(rf"</{tag}>", html))


def test_a_link_made_of_a_leads_data_is_checked_when_the_mail_is_made() -> None:
    template = text_mail(
        '<a href="https://acme.example/?c={{ lead.company | urlencode }}">a</a> <a href="{{ lead.site }}">b</a>'
    )
    good = {"company": "A & B", "attributes": {"site": "http://jo.example/ü"}}
    html = shown(template, good, track_clicks=False)[1]
    assert 'href="https://acme.example/?c=A%20%26%20B"' in html
    assert 'href="http://jo.example/%C3%BC"' in html
    for site in (
        "javascript:alert(1)",
        "jo.example",
        "//jo.example",
        "https://",
        'https://a"b',
        "https://x@y.example",
        "",
    ):
        with pytest.raises(TemplateError) as caught:
            sent(template, {**good, "attributes": {"site": site}})
        assert caught.value.line == 4


def test_links_that_are_no_web_pages_are_left_alone() -> None:
    html = shown(text_mail('<a href="mailto:ada@acme.example">m</a><a href="tel:+1">t</a><a href="#top">a</a>'))[1]
    for href in ("mailto:ada@acme.example", "tel:+1", "#top"):
        assert f'href="{href}"' in html


def test_text_that_looks_like_jinja_or_like_our_own_words_stays_text() -> None:
    body = "zq0z zqx1z {% raw %}{{ raw }}{% endraw %} {{ '{{' }} <b title='}}{'>{</b>{{ lead.title }} &#123;{ x }}"
    text, html = shown(text_mail(body), {"title": "T"})
    assert text.startswith("zq0z zqx1z {{ raw }} {{ {T {{ x }}\n")
    assert "zq0z zqx1z {{ raw }} {{" in html


def test_social_and_navbar_links() -> None:
    template = compiled(
        """
        <mj-social><mj-social-element name="facebook" href="https://acme.example/share">Share</mj-social-element>
        <mj-social-element name="facebook-noshare" href="https://facebook.example/acme">Follow</mj-social-element></mj-social>
        <mj-navbar base-url="https://acme.example"><mj-navbar-link href="/docs">Docs</mj-navbar-link></mj-navbar>
        """
    )
    assert template.links[1:] == ("https://facebook.example/acme", "https://acme.example/docs")
    assert "facebook.com/sharer/sharer.php?u=https://acme.example/share" in shown(template)[1]


def test_no_font_is_fetched_that_the_author_did_not_ask_for() -> None:
    html = shown(
        text_mail(
            '<p style="font-family:Roboto">x</p>',
            parts={"_layout.mjml": LAYOUT.replace('color="', 'font-family="Roboto" color="')},
        )
    )[1]
    assert "fonts.googleapis.com" not in html


def test_attributes_come_through_the_compiler_as_they_are_written() -> None:
    words = "one\ntwo \\n \u200b e\u0301 ❤️ “three”"
    inside = f"""
        <mj-section><mj-column>
        <mj-image alt="{words}" src="https://acme.example/b.png" />
        <mj-text><p title='say "hi"' style="color: red;\n margin: 0">x</p></mj-text>
        </mj-column></mj-section>"""
    _, html = shown(compiled(inside))
    seen = {
        name: value for tag in re.findall(r"<(?:img alt=|p )[^>]*>", html) for name, value in attributes(tag).items()
    }
    assert seen["alt"] == words.replace("\n", " ")
    assert seen["title"] == 'say "hi"'
    assert seen["style"].split() == ["color:", "red;", "margin:", "0"]


def test_what_is_for_outlook_alone_is_no_text_for_the_others() -> None:
    styled = "<!--[if mso]><style>p { color: red }</style><![endif]-->"
    others = "<!--[if !mso]><!--><b>3 < 4</b><!--<![endif]-->"
    body = f"<mj-section><mj-column><mj-text><p>{styled}1 < 2{others}</p></mj-text></mj-column></mj-section>"
    text, html = shown(compiled(f"<mjml><mj-head><mj-raw>{styled}</mj-raw></mj-head><mj-body>{body}</mj-body></mjml>"))
    assert "&lt;!" not in html
    assert html.count(styled) == 2
    assert "1 &lt; 2" in html
    assert "1 < 2" in text
    assert "mso" not in text


def attributes(tag: str) -> dict[str, str]:
    """A tag's attributes as a browser reads them; empty ones (our pixel's `alt`) are left out."""
    found: dict[str, str] = {}

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.update({name: value for name, value in attrs if value})

    Reader().feed(tag)
    return found


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a<BR>b", "a\nb"),
        ("a<br></br>b", "a\n\nb"),
        ("<P>a</P>", "a"),
        ("1 < 2", "1 < 2"),
        ('<img src="https://a.example/x.png" alt="a"></img>', "a"),
    ],
)
def test_html_that_is_no_xml_stays_html_in_mjml(written: str, read: str) -> None:
    assert shown(compiled(f"<mj-text>{written}</mj-text>"))[0].startswith(f"{read}\n")


def test_an_xml_declaration_is_passed_over() -> None:
    page = "<mjml><mj-body><mj-section><mj-column><mj-text>a</mj-text></mj-column></mj-section></mj-body></mjml>"
    assert shown(compiled(f'<?xml version="1.0" encoding="UTF-8"?>\n{page}'))[0].startswith("a\n")
