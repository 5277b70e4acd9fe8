"""Names, parts, elements, attributes, links and pictures: each mistake at its line and column, and all in one run."""

from time import process_time

import pytest

from nurture.authoring.templates import Use, check_templates
from tests.authoring.templates.making import HEAD, assert_said, problems, said, text
from tests.mail.making import file

LAYOUT = (
    '<mjml lang="en"><mj-body><mj-section><mj-column>{% block letter %}{% endblock %}'
    "</mj-column></mj-section></mj-body></mjml>"
)


def column(inside: str) -> str:
    """A whole document with something in its one column, on the sixth line."""
    return (
        f'{HEAD}<mjml lang="en"><mj-body><mj-section><mj-column>\n{inside}\n</mj-column></mj-section></mj-body></mjml>'
    )


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("{{ «lead.frist_name | default('x') }}", "did you mean `lead.first_name`?"),
        ("{{ 'a' ~ («lead.compnay or 'x') }}", "did you mean `lead.company`?"),
        ("{% if lead.title and «lead.contry == 'GB' %}x{% endif %}", "did you mean `lead.country`?"),
        ("{{ «first_name }}", "did you mean `lead.first_name`?"),
        ("{{ «unsubscribe_ulr }}", "did you mean `unsubscribe_url`?"),
        ("{{ «company.adress }}", "did you mean `company.address`?"),
        ("{{ «campaign.topic }}", None),
        ("{{ «range(3) }}", None),
        ("{{ «_link_1 }}", "names with _ in front are not for mails"),
        ("{{ «answer_url('a') }}", None),
        ("{% set «lead = 3 %}x", None),
        ("{{ «lead }}", None),
        ('<a href="{{ «lead.compnay }}">See it</a>', "did you mean `lead.company`?"),
        ('<a href="https://acme.example/?c={{ «lead.compnay }}">See it</a>', "did you mean `lead.company`?"),
        ("{{ lead.title\n      | default(«lead.ttile) }}", "did you mean `lead.title`?"),
    ],
)
def test_names_that_are_not_known(source: str, hint: str | None) -> None:
    found = assert_said("N212", {"t.mjml": text(source)})
    assert found[0].hint == hint


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("{{ lead.title | «uper }}", "did you mean `upper`?"),
        ("{{ lead.title | default('x') | «safe }}", None),
        ("{% if lead.title | «shout %}x{% endif %}", None),
        ("{% if lead.title is «defnied %}x{% endif %}", "did you mean `defined`?"),
    ],
)
def test_filters_and_tests_that_there_are_not(source: str, hint: str | None) -> None:
    found = assert_said("N213", {"t.mjml": text(source)})
    assert hint is None or found[0].hint == hint


def test_every_unknown_name_of_a_mail_is_told_in_one_run() -> None:
    front = '---\nsubject: "For {{ «lead.compnay }}"\npreheader: "{{ «lead.ttile }}"\n---\n'
    body = "<mj-text>{{ «lead.frist_name }} {{ «lead.contry }}\n{{ «lead.sorce }}</mj-text>"
    assert_said("N212", {"t.mjml": front + body})


def test_a_field_of_ones_own_that_is_nearly_another() -> None:
    source = {"t.mjml": text("{{ «lead.shoe_szie | default('x') }} {{ lead.state | default('x') }}")}
    found = assert_said("N216", source, attributes={"shoe_size", "status"})
    assert (found[0].severity, found[0].hint) == ("warning", "did you mean `lead.shoe_size`?")
    twice = "{{ lead.shoe_size | default('x') }}"
    assert_said("N216", {"t.mjml": text(f"{twice} {twice} {{{{ «lead.shoesize | default('x') }}}}")})
    assert problems({"t.mjml": text("{{ lead.shoe_szie | default('x') }}")}) == []


def test_a_field_without_a_default_holds_mails_back() -> None:
    source = (
        "{{ «lead.first_name }} {{ «lead.shoe }} {{ lead.email }} {{ lead.title or 'x' }}"
        "{% if lead.owner %}{{ lead.owner }}{% endif %}"
    )
    found = assert_said("N217", {"t.mjml": text(source)})
    assert found[0].message == "no mail goes to a lead whose `first_name` is empty"
    assert {one.severity for one in found} == {"warning"}
    front = '---\nsubject: "For {{ «lead.company }}"\npreheader: "{{ «lead.title | upper }}"\n---\n<mj-text>x</mj-text>'
    assert_said("N217", {"t.mjml": front})


PARTS = {
    "_layout.mjml": LAYOUT,
    "_blocks.mjml": '{% macro button(label, href) %}<mj-button href="{{ href }}">{{ label }}</mj-button>{% endmacro %}',
}


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        (
            '{% extends "«_layuot.mjml" %}{% block letter %}<mj-text>x</mj-text>{% endblock %}',
            "did you mean `_layout.mjml`?",
        ),
        (
            '{% extends "_layout.mjml" %}\n{% «block leter %}<mj-text>x</mj-text>{% endblock %}',
            "did you mean `letter`?",
        ),
        ('{% extends "_layout.mjml" %}\n\n«<mj-text>x</mj-text>', None),
        ('{% include "«_blokcs.mjml" %}', "did you mean `_blocks.mjml`?"),
        ('{% import "«_nothing.mjml" as ui %}{{ ui.button("a", "b") }}', None),
        ('{% from "_blocks.mjml" import «buton %}{{ buton("a", "b") }}', None),
        (
            '{% import "_blocks.mjml" as ui %}{{ «ui.buton("See it", "https://acme.example") }}',
            "did you mean `ui.button`?",
        ),
        ('{% import "_blocks.mjml" as ui %}\n{{ «ui.button("See it") }}', None),
        (
            '{% import "_blocks.mjml" as ui %}\n{% call «ui.button("See it", "https://acme.example") %}x{% endcall %}',
            None,
        ),
        ("{% «filter upper %}<mj-text>x</mj-text>{% endfilter %}", None),
    ],
)
def test_parts_that_are_not_there_or_used_wrongly(body: str, hint: str | None) -> None:
    found = assert_said("N214", {"t.mjml": HEAD + body, **PARTS}, only=["t"])
    assert hint is None or found[0].hint == hint


def test_what_is_wrong_in_a_part_is_told_in_the_part() -> None:
    parts = {
        "_layout.mjml": LAYOUT.replace("<mj-section>", '<mj-section «bakground-color="#fff">'),
        "_part.mjml": '<mj-text «colour="red">\n  x\n</mj-text>',
    }
    mail = '{% extends "_layout.mjml" %}{% block letter %}{% include "_part.mjml" %}{% endblock %}'
    assert_said("N233", {"t.mjml": HEAD + mail, **parts})


def test_an_argument_of_a_macro_has_its_own_place() -> None:
    body = '{% import "_blocks.mjml" as ui %}\n  {{ ui.button("«Click here", "https://acme.example/a") }}'
    assert_said("N242", {"t.mjml": HEAD + body, **PARTS}, only=["t"])
    body = '{% import "_blocks.mjml" as ui %}\n  {{ ui.button("See it", href="«/pricing") }}'
    assert_said("N243", {"t.mjml": HEAD + body, **PARTS}, only=["t"])


@pytest.mark.parametrize(
    ("code", "inside"),
    [
        ("N215", "<mj-text><style>a { color: {{ «lead.title }} }</style></mj-text>"),
        ("N215", "<mj-text><p {{ «lead.title }}>x</p></mj-text>"),
        ("N215", "<mj-text>{% if lead.title %}<p>{% «endif %}x</p></mj-text>"),
        (
            "N215",
            '<mj-social>{% «if lead.title %}<mj-social-element name="x" />{% «endif %}</mj-social>',
        ),
        ("N230", "<mj-text>a</mj-text>\n«</mj-section>"),
        ("N230", "<mj-text>\n  <p>a\n«</mj-text>"),
        ("N230", '<mj-text>\n  «<a href="https://acme.example>See it</a></mj-text>'),
        ("N231", "<mj-text>a</mj-text>\n«<mj-buton>x</mj-buton>"),
        ("N231", '«<mj-include path="x" />'),
        ("N231", "<mj-text>«<script>x</script></mj-text>"),
        ("N232", "<mj-text>a</mj-text>\n  «<p>lost <b>too</b></p>"),
        ("N232", "<mj-text>a</mj-text>\n  «lost"),
        ("N232", '<mj-text>«<mj-button href="https://acme.example">See it</mj-button></mj-text>'),
        ("N232", "«<mj-section></mj-section>"),
        ("N232", "«<mj-column></mj-column>"),
        ("N233", '<mj-text «colour="red">x</mj-text>'),
        ("N233", '<mj-text\n  font-size="3px"\n  «fontsize="3px">x</mj-text>'),
        ("N233", '<mj-text «allign="left" «pading="0">x</mj-text>'),
        ("N234", '<mj-text «href="https://acme.example">x</mj-text>'),
        ("N234", '<mj-text «opacity="1">x</mj-text>'),
        ("N234", '<mj-text «background-color="#ffffff">x</mj-text>'),
        ("N240", '«<mj-image src="https://acme.example/a.png" />'),
        ("N240", '<mj-image src="https://acme.example/a.png" href="https://acme.example" alt="«" />'),
        ("N240", '<mj-text>«<img src="https://acme.example/a.png" width="1" /></mj-text>'),
        ("N241", '<mj-text>«<img src="https://acme.example/a.png" alt="" /></mj-text>'),
        ("N242", '<mj-text><a href="https://acme.example">«Click here!</a></mj-text>'),
        ("N242", '<mj-button href="https://acme.example">\n  «Read more →</mj-button>'),
        ("N242", '<mj-text>«<a href="https://acme.example"> </a></mj-text>'),
        ("N243", '<mj-text><a href="«/pricing">See it</a></mj-text>'),
        ("N243", '<mj-text><a href="«www.acme.example">See it</a></mj-text>'),
        ("N243", '<mj-text><a href="«https:/acme.example">See it</a></mj-text>'),
        ("N243", '<mj-text><a href="«javascript:x()">See it</a></mj-text>'),
        ("N243", '<mj-text><a href="«https://acme">See it</a></mj-text>'),
        ("N243", '<mj-text><a href="«mailto:ada@acme">Ada</a></mj-text>'),
        ("N244", '<mj-text><a href="«http://acme.example/a">See it</a></mj-text>'),
        ("N245", '<mj-text><a href="«#">See it</a></mj-text>'),
        ("N245", '<mj-text><a href="«">See it</a></mj-text>'),
        ("N245", "«<mj-button>See it</mj-button>"),
        ("N246", '<mj-text><a href="«https://acme.example/leave">Unsubscribe</a></mj-text>'),
    ],
)
def test_elements_links_and_pictures(code: str, inside: str) -> None:
    assert_said(code, {"t.mjml": column(inside)})


@pytest.mark.parametrize(
    "inside",
    [
        '<mj-text mj-class="a" css-class="b" padding-top="0">x</mj-text>',
        '<mj-image src="https://acme.example/a.png" alt="" width="10px" />',
        '<mj-text><a href="mailto:a@b.example?cc=x">write</a> <a href="tel:+1">call</a> <a href="#a">x</a></mj-text>',
        '<mj-text><a href="https://a.example"><img src="https://a.example/a" alt="A" style="width: 9px"></a></mj-text>',
        '<mj-text><a href="{{ unsubscribe_url }}">Unsubscribe</a></mj-text>',
        "<mj-button href=\"{{ answer_url('a', 'b') }}\">Yes</mj-button>",
        '<mj-text><a href="https://acme.example">Click here for the six sums</a></mj-text>',
        "<mj-raw><table><tr><td>x</td></tr></table></mj-raw>",
        '<mj-social><mj-social-element name="github" href="https://github.com/acme">Acme</mj-social-element></mj-social>',
    ],
)
def test_what_is_right_is_not_told(inside: str) -> None:
    assert problems({"t.mjml": column(inside)}) == []


def test_mistakes_of_every_kind_are_told_in_one_run() -> None:
    source = (
        '---\nsubjcet: "Hello"\npreheader: "World"\n---\n<mj-text colour="red">\n'
        "  {{ lead.frist_name | uper }} {{#if x}}\n"
        '  <img src="a.png"> <a href="/x">here</a> {{ lead.title }\n</mj-text>\n<mj-buton>x</mj-buton>\n'
    )
    assert said(problems({"t.mjml": source})) == [
        ("N202", "t.mjml", 2, 1),
        ("N233", "t.mjml", 5, 10),
        ("N212", "t.mjml", 6, 6),
        ("N213", "t.mjml", 6, 24),
        ("N220", "t.mjml", 6, 32),
        ("N240", "t.mjml", 7, 3),
        ("N241", "t.mjml", 7, 3),
        ("N243", "t.mjml", 7, 30),
        ("N242", "t.mjml", 7, 34),
        ("N211", "t.mjml", 7, 43),
        ("N231", "t.mjml", 9, 1),
    ]


FIRST_NAME = "{{ lead.first_name | default('you') }}"


@pytest.mark.parametrize(
    ("code", "inside"),
    [
        ("N231", f"«<mj-txt>\n<p>Hi {FIRST_NAME},</p>\n{FIRST_NAME}\n</mj-txt>"),
        ("N231", "«<mj-txt>{% if lead.title %}<p>x</p>{% endif %}<mj-text>y</mj-text></mj-txt>"),
        ("N231", f"«<mj-txt>\n<p>Hi {FIRST_NAME},</p>\n</mj-text>\n<mj-text>{FIRST_NAME}</mj-text>"),
        ("N231", "{% if lead.title %}«<mj-txt>x</mj-text>{% endif %}"),
        ("N231", '«<mj-html-attributes><mj-selector path="p">x</mj-selector></mj-html-attributes>'),
        ("N231", f"«<mj-txt>x {FIRST_NAME}</mj-txt>«<mj-txt>x {FIRST_NAME}</mj-text>"),
        ("N232", f"«<div><p>Hi {FIRST_NAME},</p>{FIRST_NAME}</div>"),
        ("N230", f"<mj-text>\n<p>Hi {FIRST_NAME},</p>\n«</mj-txt>\n<mj-text>{FIRST_NAME}</mj-text>"),
        ("N230", "<mj-text>x«</mj-txt><mj-text>y«</mj-txt>"),
        ("N230", "<mj-text><p>x«</b></mj-text>"),
        ("N230", "<mj-text>x«</mj-txt>y</mj-text>"),
    ],
)
@pytest.mark.parametrize("is_whole", [False, True])
def test_one_slip_in_an_elements_name_is_told_once(code: str, inside: str, is_whole: bool) -> None:
    assert_said(code, {"t.mjml": column(inside) if is_whole else HEAD + inside})


def test_a_section_misspelt_at_one_end_alone() -> None:
    whole = column("<mj-text>x</mj-text>")
    assert_said("N231", {"t.mjml": whole.replace("<mj-section>", "«<mj-secton>")})
    found = assert_said("N230", {"t.mjml": whole.replace("</mj-section>", "«</mj-secton>")})
    assert found[0].message == "</mj-secton> closes nothing; open here is <mj-section>, from line 5"
    assert found[0].hint == "did you mean </mj-section>?"


def test_what_else_is_wrong_in_an_unknown_element_is_told() -> None:
    found = problems({"t.mjml": HEAD + "<mj-txt>\n{{ lead.frist_name }} <mj-bttn>x</mj-bttn>\n</mj-txt>"})
    assert said(found) == [("N231", "t.mjml", 5, 1), ("N212", "t.mjml", 6, 4), ("N231", "t.mjml", 6, 23)]


@pytest.mark.parametrize(
    ("code", "front"),
    [
        ("N200", "«x"),
        ("N201", '---\nsubject: «"Hello\n---\nx'),
        ("N201", "---\n«- subject\n---\nx"),
        ("N202", '---\nsubject: "Hello"\npreheader: "World"\n«sender: "x"\n---\nx'),
        ("N202", '---\n«subjcet: "Hello"\npreheader: "World"\n---\nx'),
        ("N203", '«---\npreheader: "World"\n---\nx'),
        ("N203", '---\n«subject: ""\npreheader: "World"\n---\nx'),
        ("N204", '«---\nsubject: "Hello"\n---\nx'),
        ("N205", '---\n«subject: 3\npreheader: "World"\n---\nx'),
        ("N205", '---\n«subject: |\n  one\n  two\npreheader: "World"\n---\nx'),
        ("N206", f'---\nsubject: "«{"long " * 15}"\npreheader: "World"\n---\nx'),
        (
            "N206",
            "---\nsubject: '«{{ lead.company or 1 }} and {{ lead.title or 1 }}, both of them from Acme Robotics'\n"
            'preheader: "World"\n---\nx',
        ),
        ("N207", f'---\nsubject: "Hello"\npreheader: "«{"long " * 30}"\n---\nx'),
        ("N214", '---\nsubject: "Hello"\npreheader: "World"\nlayout: "«_lettre.mjml"\n---\nx'),
    ],
)
def test_the_front_matter(code: str, front: str) -> None:
    assert_said(code, {"t.md": front})


def test_a_whole_document_without_its_language() -> None:
    assert_said("N236", {"t.html": f"{HEAD}«<html><body>x</body></html>"})
    assert_said("N236", {"t.mjml": f"{HEAD}«<mjml><mj-body></mj-body></mjml>"})
    assert_said("N235", {"t.mjml": f'{HEAD}«<mjml lang="en"><mj-head></mj-head></mjml>'})


def test_a_footer_without_address_or_unsubscribe_link() -> None:
    footer = {"_footer.md": "x"}
    assert footer
    found = assert_said("N250", {"t.md": f"{HEAD}x", "_footer.mjml": "«{{ company.address }}"})
    assert "unsubscribe_url" in found[0].message


def test_an_address_for_some_leads_only() -> None:
    shown = "{{ company.address }} {{ unsubscribe_url }}"
    found = problems({"t.html": f'{HEAD}<html lang="en">{{% if lead.title %}}{shown}{{% endif %}}</html>'})
    assert said(found) == [("N250", "t.html", 1, 1)]


def test_a_survey_needs_an_answer() -> None:
    plain = {"t.md": f"«{HEAD}x"}
    survey, email = Use("t", "warm", "timing", is_survey=True), Use("t", "warm", "hello")
    found = assert_said("N251", plain, uses=[survey])
    assert found[0].message == "the step `timing` of `warm` is a survey, and its mail has no answer to click"
    clean = {"t.md": f"{HEAD}x"}
    assert problems(clean, uses=[email]) == []
    assert problems({"t.md": f"{HEAD}[Yes]({{{{ answer_url('a', 'b') }}}})"}, uses=[survey]) == []


def test_templates_and_parts_that_nothing_uses() -> None:
    files = {"t.md": f"{HEAD}x", "_layout.mjml": LAYOUT, "_footer.html": "x", "_part.md": "x"}
    found = problems(files, uses=[])
    assert said(found) == [("N261", "_part.md", 1, 1), ("N260", "t.md", 1, 1)]
    assert {one.severity for one in found} == {"warning"}


def test_a_mail_that_would_be_cut_off() -> None:
    loop = "{% for a in 'abcdefghij' %}"

    def sized(kilobytes: int) -> str:
        return text(f"{loop}{'word ' * (kilobytes * 1024 // 50)}{{% endfor %}}")

    assert problems({"t.mjml": sized(80)}) == []
    assert [(one.code, one.severity) for one in problems({"t.mjml": sized(90)})] == [("N252", "warning")]
    assert [(one.code, one.severity) for one in problems({"t.mjml": sized(103)})] == [("N253", "error")]


def test_a_mail_that_cannot_be_made_for_some_leads() -> None:
    found = assert_said("N254", {"t.mjml": text("{{ «lead.employees + 'x' if lead.employees else 'y' }}")})
    assert found[0].severity == "warning"


def test_markdown_has_its_own_places() -> None:
    body = "Hi,\n\nsee [here](https://acme.example).\n\n- one\n- [two](/pricing)\n\n{{ lead.frist_name }}\n"
    assert said(problems({"t.md": HEAD + body})) == [
        ("N242", "t.md", 7, 6),
        ("N243", "t.md", 10, 9),
        ("N212", "t.md", 12, 4),
    ]


def test_one_template_alone_is_checked_with_its_parts_alone() -> None:
    files = {"a.mjml": HEAD + '{% include "_p.mjml" %}', "b.mjml": "x", "_p.mjml": "<mj-txt />", "_q.mjml": "{{"}
    assert said(problems(files, only=["a"])) == [("N231", "_p.mjml", 1, 1)]


def test_windows_line_ends_and_a_byte_order_mark_move_nothing() -> None:
    source = "\ufeff" + text("{{ lead.frist_name }}").replace("\n", "\r\n")
    one = file("t.mjml", "x")
    template = type(one)(one.name, one.path, "mjml", source)
    assert said(check_templates({"t": template}, {})) == [("N212", "t.mjml", 6, 6)]


@pytest.mark.parametrize("kind", ["mjml", "html", "md"])
def test_elements_far_too_deep_are_refused_soon_and_in_one_line(kind: str) -> None:
    body = "<div>" * 50_000 + "x" + "</div>" * 50_000
    html = f'<html lang="en"><body>{body}</body></html>'
    begun = process_time()
    found = problems({f"t.{kind}": HEAD + (html if kind == "html" else body)})
    # A second and a half; growing with the square of the depth, it would be minutes.
    assert process_time() - begun < 10
    assert [(one.code, one.line) for one in found if "more than 100 elements within" in one.message] == [("N232", 5)]
    assert len(found) <= 2
