"""Every mistake is found before any mail is made, at the line of the file where it was made."""

import re

import pytest

from nurture.errors import TemplateError
from nurture.mail.compiling import compile_template
from nurture.mail.template import CompiledTemplate
from tests.mail.making import PARTS, compiled, file, text_mail


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("{{ lead.frist_name }}", "did you mean `lead.first_name`?"),
        ("{{ lead.firstname }}", "did you mean `lead.first_name`?"),
        ("{{ lead.compnay }}", "did you mean `lead.company`?"),
        ("{{ lead.employee }}", "did you mean `lead.employees`?"),
        ("{{ lead.score }}", "another number each day"),
        ("{{ company.nmae }}", "`company` has no `nmae`; it has name, address"),
        ("{{ campaign.topic }}", "`campaign` has no `topic`"),
        ("{{ first_name }}", "`first_name` is not known here"),
        ("{{ lead }}", "`lead` is not one value"),
        ("{{ lead[subject] }}", "name the field of `lead`"),
        ("{{ lead.title | safe }}", "there is no filter `safe`"),
        ("{{ lead.title | uper }}", "there is no filter `uper` for mails; did you mean `upper`?"),
        ("{% if lead.title | shout %}x{% endif %}", "there is no filter `shout`"),
        ("{% if lead.title is loud %}x{% endif %}", "there is no test `is loud`"),
        ("{% set lead = 3 %}", "cannot be given another meaning"),
        ("{% for company in [1] %}{% endfor %}", "cannot be given another meaning"),
        ("{{ range(3) }}", "`range` is not known here"),
        ("{{ self }}", "`self` is not known here"),
        ("{{ _link_1 }}", "`_link_1` is not known here"),
        ("{{ answer_url('one') }}", "answer_url takes two texts"),
        ("{% filter upper %}x{% endfilter %}", "{% filter %} is not for mails"),
        ("{% autoescape false %}x{% endautoescape %}", "always escaped"),
        ("{% for x in lead.y recursive %}{% endfor %}", "not recursive"),
        ("{% if lead.title %}", "{% if %} is not ended by {% endif %}"),
        ("{% endif %}", "{% endif %} ends nothing"),
        ("{% if lead.title %}{% endfor %}", "{% endfor %} cannot end {% if %} of line 6"),
        ("{% fi lead.title %}", "{% fi %} cannot stand here"),
        ("{{ lead.title", "the closing bracket }} is missing"),
        ("{% if lead.title", "the closing bracket %} is missing"),
        ("{{ }}", "Expected an expression"),
        ("{{ button() }}", "`button` is not known here"),
        ("{{ super() }}", "`super` is not known here"),
    ],
)
def test_a_mistake_in_jinja(code: str, words: str) -> None:
    with pytest.raises(TemplateError) as caught:
        compiled(f"<mj-text>\n  one\n  {code}\n</mj-text>")
    assert words in caught.value.message
    assert (caught.value.template, caught.value.line) == ("templates/t.mjml", 6)


@pytest.mark.parametrize(
    "name", ["state", "city", "titles_held", "region", "company_size", "owner_id", "industry_code", "tile_size"]
)
def test_a_field_of_ones_own_is_no_slip(name: str) -> None:
    assert f"lead.{name}" in text_mail(f"{{{{ lead.{name} | default('x') }}}}").names


def test_where_the_fields_are_known_any_other_is_refused() -> None:
    assert "lead.plan" in text_mail("{{ lead.plan | d('x') }}", attributes=["plan"]).names
    with pytest.raises(TemplateError, match="no lead has a field `plam`; did you mean `plan`"):
        text_mail("{{ lead.plam | d('x') }}", attributes=["plan"])


@pytest.mark.parametrize(
    ("head", "line", "words"),
    [
        ("preheader: x", 1, "needs a subject"),
        ('subject: ""', 2, "needs a subject"),
        ('subject: "a"\nsubjcet: "b"', 3, "allowed are subject, preheader, layout, utm; did you mean `subject`?"),
        ("subject: 3", 2, "is a text"),
        ("subject: [a]", 2, "is a text"),
        ("subject: |\n  one\n  two", 2, "is one line"),
        ('subject: "a', 2, "no YAML"),
        ('subject: "a"\nsubject: "b"', 3, "no YAML"),
        ("- subject", 2, "stand lines such as"),
        ('subject: "{{ lead.frist_name }}"', 2, "did you mean `lead.first_name`?"),
        ('subject: "x"\npreheader: "{{ lead.compnay }}"', 3, "did you mean `lead.company`?"),
        ('subject: "x"\nlayout: _letter.mjml', 3, "there is no part `_letter.mjml`"),
    ],
)
def test_a_mistake_in_the_front_matter(head: str, line: int, words: str) -> None:
    with pytest.raises(TemplateError) as caught:
        text_mail("x", head=head)
    assert words in caught.value.message
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("head", "column"),
    [
        ('subject: "one {{ lead.frist_name }}"', 18),
        ('subject: "one\n  two three {{ lead.frist_name }}"', 11),
        ('subject: "\\u0041 {{ lead.frist_name }}"', 1),
    ],
)
def test_a_subject_that_is_not_in_the_file_as_it_reads_has_one_place(head: str, column: int) -> None:
    with pytest.raises(TemplateError, match="frist_name") as caught:
        text_mail("x", head=head)
    assert (caught.value.line, caught.value.column) == (2, column)


def test_a_mail_without_front_matter_is_told_how_to_begin() -> None:
    with pytest.raises(TemplateError, match="a mail begins with ---"):
        compile_template(file("t.mjml", "<mjml></mjml>"), {})


def test_a_layout_is_not_for_whole_documents() -> None:
    with pytest.raises(TemplateError, match="a whole document already"):
        compiled("<mjml><mj-body></mj-body></mjml>", head='subject: "x"\nlayout: _layout.mjml', parts=PARTS)
    with pytest.raises(TemplateError, match="has to have one block"):
        compiled("<mj-text>x</mj-text>", head='subject: "x"\nlayout: _blocks.mjml', parts=PARTS)


BUTTON = '{% from "_blocks.mjml" import button %}\n'


@pytest.mark.parametrize(
    ("body", "place", "words"),
    [
        ('{% extends "_layuot.mjml" %}', "t.mjml:4", "did you mean `_layout.mjml`?"),
        ('{% extends "_layout.mjml" %}\n{% block leter %}{% endblock %}', "t.mjml:5", "has no block `leter`"),
        ('{% extends "_layout.mjml" %}\n\n<mj-text>lost</mj-text>', "t.mjml:6", "outside of every {% block %}"),
        ('x{% extends "_layout.mjml" %}', "t.mjml:4", "stands first"),
        ('{% include "_blocks.mjm" %}', "t.mjml:4", "there is no part"),
        ("{% include lead.title %}", "t.mjml:4", "takes one file's name"),
        ('{% import "_blocks.mjml" %}', "t.mjml:4", "an import is written"),
        ('{% from "_blocks.mjml" import buton %}', "t.mjml:4", "has no macro `buton`; it has: button, card, two"),
        (BUTTON + '{{ button("x") }}', "t.mjml:5", "`button` needs `href`"),
        (BUTTON + '{{ button("x", url="y") }}', "t.mjml:5", "no parameter for `url`"),
        (BUTTON + '{{ button("x", "y", "z", "q") }}', "t.mjml:5", "no parameter for"),
        (BUTTON + '{{ button("x", label="y") }}', "t.mjml:5", "`label` twice"),
        (BUTTON + '\n{{ button("x", "/pricing") }}', "t.mjml:6", "the link `/pricing` leads nowhere"),
        (BUTTON + '{% call button("x", "y") %}{% endcall %}', "t.mjml:5", "is used as {{ button(…) }}"),
        ('{% from "_blocks.mjml" import card %}\n{{ card() }}', "t.mjml:5", "is used as {% call card(…) %}"),
        ("{% call nothing() %}{% endcall %}", "t.mjml:4", "needs a macro"),
        ("{% block x %}", "t.mjml:4", "{% block %} is not ended"),
        ("{% block x y %}{% endblock %}", "t.mjml:4", "a block is written"),
        ("{% macro x %}{% endmacro %}", "t.mjml:4", "a macro is written"),
        ("{% macro x(lead) %}{% endmacro %}", "t.mjml:4", "cannot be a parameter's name"),
        ("{% macro x() %}{{ x() }}{% endmacro %}{{ x() }}", "t.mjml:4", "calls itself"),
        ('{% include "_loop.mjml" %}', "_loop.mjml:1", "includes"),
        ('{% include "_broken.mjml" %}', "_broken.mjml:3", "did you mean <mj-button>?"),
        ('{% include "_names.mjml" %}', "_names.mjml:2", "did you mean `lead.title`?"),
        ('{% include "_open.mjml" %}', "_open.mjml:1", "{% if %} is not ended"),
    ],
)
def test_a_mistake_with_parts(body: str, place: str, words: str) -> None:
    parts = {
        **PARTS,
        "_loop.mjml": '{% include "_loop.mjml" %}',
        "_broken.mjml": "<mj-text>\n</mj-text>\n<mj-buton>x</mj-buton>",
        "_names.mjml": "<mj-text>\n{{ lead.ttile }}</mj-text>",
        "_open.mjml": "{% if lead.title %}",
    }
    with pytest.raises(TemplateError) as caught:
        compiled(body, parts=parts)
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"templates/{place}: ")


IF = "{% if lead.title %}"


@pytest.mark.parametrize(
    ("body", "line", "words"),
    [
        ("<mj-text>\n<mj-txt>x</mj-txt></mj-text>", 5, "there is no <mj-txt> in MJML; did you mean <mj-text>?"),
        ("\n<mj-txt>x {{ lead.title }}</mj-text>", 5, "there is no <mj-txt> in MJML; did you mean <mj-text>?"),
        (
            "<mj-text>\nx</mj-txt>",
            5,
            "</mj-txt> closes nothing; open here is <mj-text>, from line 4; did you mean </mj",
        ),
        ("<mj-text>\n<mj-button>x</mj-button></mj-text>", 5, "<mj-button> cannot stand in <mj-text>"),
        ("<mj-text>a</mj-text>\n<p>lost</p>", 5, "<p> stands directly in <mj-column>"),
        ("<mj-text>a</mj-text>\nlost", 5, "text stands directly in <mj-column>"),
        ("<mj-text>\n<p>a</mj-text>", 5, "</mj-text> closes nothing; open here is <p>, from line 5"),
        ("<mj-text>a</mj-text>\n</mj-section>", 5, "</mj-section> closes nothing"),
        ("\n<mj-text", 5, "does not end"),
        ('<mj-text>\n<a href="x>y</a></mj-text>', 5, "does not end"),
        ("<mj-text>a</mj-text>\n<!-- x", 5, "comment does not end"),
        ('<mj-text>\n<a href="/pricing">x</a></mj-text>', 5, "the link `/pricing` leads nowhere"),
        ('<mj-text>\n<a href="javascript:alert(1)">x</a></mj-text>', 5, "leads nowhere"),
        ('<mj-text>\n<a href="https://a.example@b.example/">x</a></mj-text>', 5, "leads nowhere"),
        (f'<mj-text>\n<a href="{IF}https://x.example{{% endif %}}">x</a></mj-text>', 5, "written without {% … %}"),
        ("<mj-text>\n<p {{ lead.title }}>x</p></mj-text>", 5, "only within an attribute's quotes"),
        ("<mj-text>\n<p class={{ lead.title }}>x</p></mj-text>", 5, "only within an attribute's quotes"),
        (f"<mj-text>\n{IF}<p>{{% endif %}}x</p></mj-text>", 5, "began in another element than <p>"),
        (f"{IF}<mj-text>\n{{% endif %}}</mj-text>", 5, "began in another element than <mj-text>"),
        (f"<mj-social>\n{IF}<mj-social-element />{{% endif %}}</mj-social>", 5, "cannot stand directly in <mj-social>"),
        ("<mj-raw>\n<style>a { color: {{ lead.title }} }</style></mj-raw>", 5, "cannot stand in a style sheet"),
        ("<mj-raw>\n<script>x</script></mj-raw>", 5, "no scripts"),
        ('<mj-include path="x" />', 4, "parts of mails are put in with"),
        (f"<mj-text>a</mj-text>\n<!-- {IF} -->\n<mj-text>b</mj-text><!-- {{% endif %}} -->", 5, "half of a {% … %}"),
    ],
)
def test_what_mjml_would_lose(body: str, line: int, words: str) -> None:
    with pytest.raises(TemplateError) as caught:
        compiled(body)
    assert words in caught.value.message
    assert (caught.value.template, caught.value.line) == ("templates/t.mjml", line)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<mj-text>x</mj-text>", "a mail in MJML has an <mj-body>"),
        ("<mjml><mj-body></mj-body></mjml><p>x</p>", "a mail in MJML is one <mjml> element"),
        ("<mjml></mjml>", "has an <mj-body>"),
        ("<mjml><mj-head><mj-preview>a</mj-preview></mj-head><mj-body></mj-body></mjml>", "<mj-preview> already"),
        ("<mjml><mj-body><mj-section></mj-body></mjml>", "</mj-body> closes nothing"),
    ],
)
def test_a_document_that_is_none(body: str, words: str) -> None:
    head = 'subject: "x"\npreheader: "y"'
    parts = {"_layout.mjml": "{% block content %}{% endblock %}"}
    with pytest.raises(TemplateError, match=re.escape(words)):
        compiled(body, head=head, parts=parts)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<table>{% for x in lead.rows %}<tr><td>x</td></tr>{% endfor %}</table>", "began in another element"),
        (f"<p>{IF}</p><p>{{% endif %}}x</p>", "began in another element"),
        ("<script>x</script>", "no scripts"),
        ("<style>a { color: {{ lead.title }} }</style>", "style sheet"),
        ('<a href="pricing.html">x</a>', "leads nowhere"),
        (f"<!-- {IF} -->x<!-- {{% endif %}} -->", "half of a {% … %} block"),
    ],
)
def test_what_html_would_lose(body: str, words: str) -> None:
    with pytest.raises(TemplateError, match=re.escape(words)):
        compiled(f"<html><body>{body}</body></html>", kind="html")


@pytest.mark.parametrize("kind", ["mjml", "html"])
def test_elements_may_stand_a_hundred_deep_and_no_deeper(kind: str) -> None:
    def nested(depth: int) -> CompiledTemplate:
        divs = "<div>" * depth + "x" + "</div>" * depth
        if kind == "html":
            return compiled(f"<html><body>{divs}</body></html>", kind="html")
        section = f"<mj-section><mj-column><mj-text>{divs}</mj-text></mj-column></mj-section>"
        return compiled(f"<mjml><mj-body>{section}</mj-body></mjml>")

    around = 2 if kind == "html" else 5  # elements that the mail stands in
    nested(100 - around)
    with pytest.raises(TemplateError, match="more than 100 elements within each other") as caught:
        nested(101 - around)
    assert caught.value.line == 4


def test_elements_of_html_that_end_by_themselves_are_not_within_each_other() -> None:
    rows = "<tr><td>a<td>b" * 150
    body = f"<p>one{'<p>two' * 150}<ul>{'<li>three<p>four' * 150}</ul><table>{rows}</table>"
    compiled(f"<html><body>{body}</body></html>", kind="html")
