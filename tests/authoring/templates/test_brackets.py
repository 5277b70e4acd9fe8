"""Whatever is wrong with Jinja's brackets is told where it stands, also where several are."""

import pytest

from tests.authoring.templates.making import HEAD, assert_said, problems, said, text


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("«{{ lead.title }", "write {{ lead.title }}"),
        ("«{{ lead.title %}", "write {{ lead.title }}"),
        ("«{ { lead.title }}", "write {{ lead.title }}"),
        ("«{ { lead.title } }", "write {{ lead.title }}"),
        ("«{ lead.title }}", "write {{ lead.title }}"),
        ("«{lead.title}", "write {{ lead.title }}"),
        ("«{ ui.button('a', 'b') }}", "write {{ ui.button('a', 'b') }}"),
        ("«% if lead.title %}x{% endif %}", "write {% if lead.title %}"),
        ("{% if lead.title %}x «% endif %}", "write {% endif %}"),
        ("«{{ lead.title } and «{ lead.company }}", "write {{ lead.title }}"),
        ("«{% if lead.title } x {% endif %}", "write {% if lead.title %}"),
        ("«{ % if lead.title %} x {% endif %}", "write {% if lead.title %}"),
        ("«%7B%7B lead.title %7D%7D", "write it with its brackets again"),
        ("«%7b%7blead.title%7d%7d", "write it with its brackets again"),
        ('<a href="https://acme.example/?t=«{{ lead.title }">See it</a>', "write {{ lead.title }}"),
    ],
)
def test_brackets_that_are_nearly_right(source: str, words: str) -> None:
    found = assert_said("N211", {"t.mjml": text(source)})
    assert words in str(found[0])


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{{ lead.title «lead.company }}", "`lead` cannot stand there"),
        ("{{ lead.title «@ 3 }}", "`@` cannot stand there"),
        ("{{ lead.title | default(«'there) }}", "`'` cannot stand there"),
        ("{{« }}", "something is missing at its end"),
        ("{{\n    lead.title\n    «x }}", "`x` cannot stand there"),
        ("{% if lead.title ==« %}x{% endif %}", "something is missing at its end"),
        ("{% if lead.title «= 'x' %}x{% endif %}", "`=` cannot stand there"),
        ("«{{ if lead.title }}x{% endif %}", "write {% if lead.title %}"),
        ("«{{ endif }}", "write {% endif %}"),
        ("«{% fi lead.title %}x{% endif %}", "did you mean {% if … %}?"),
        ("«{% esle %}", "did you mean {% else … %}?"),
        ("«{% assign x = 3 %}", "write {% set name = … %}"),
        ("«{% if lead.title %}x", "{% endif %} is missing behind it"),
        ("x«{% endif %}", "{% if … %} is missing before it"),
        ("«{% if lead.title %}x{% else %}y", "{% endif %} is missing behind it"),
        ("{% if lead.title %}x{% else %}y«{{ endif }}", "write {% endif %}"),
        ("«{% else %}", "write {% if … %} before it"),
        ("{% if lead.title %}«{% for x in lead.y | default('') %}{% endif %}", "{% endfor %} is missing behind it"),
        ("a «{# b", "write #} where it ends"),
        ("a «{% raw %} b", "{% endraw %} is missing behind it"),
    ],
)
def test_jinja_that_cannot_be_read(source: str, words: str) -> None:
    found = assert_said("N210", {"t.mjml": text(source)})
    assert words in str(found[0])


@pytest.mark.parametrize(
    "source",
    [
        "{% raw %}{{#if}} {{ x }{% endraw %}",
        "{# {{#if}} *|FNAME|* #}",
        "{{ '{{' }} and {{ \"%}\" }}",
        "{{- lead.title | default('x') -}}",
        "{% set x %}a{% endset %}{{ x }}",
        "{% set x = 'a' %}{{ x }}",
        "{% if lead.title %}{% if lead.company %}x{% else %}y{% endif %}{% elif lead.country == 'GB' %}z{% endif %}",
        "{% for x in lead.y | default('') %}{{ x }}{% else %}z{% endfor %}",
        "{{ {'GB': 'x'}[lead.country | default('GB')] }}",
        "{{ 'a <b>\n c' }} {% if lead.title == 'a\n}}\nb' %}{{ lead.company | default('x\ny') }}{% endif %}",
        "{{ {'GB': {'a': 'x'}}['GB']['a'] }}",
        "10% of {a} and [b], 5 %} of {c",
    ],
)
def test_brackets_that_are_right(source: str) -> None:
    assert problems({"t.mjml": text(source)}) == []


def test_css_is_no_jinja() -> None:
    style = "<mj-head><mj-style>@media (x) { a { b: c } }\n.a{b:c}</mj-style></mj-head>"
    whole = f'{HEAD}<mjml lang="en">{style}<mj-body><mj-section><mj-column><mj-text>x</mj-text></mj-column>'
    assert problems({"t.mjml": f"{whole}</mj-section></mj-body></mjml>"}) == []
    found = assert_said("N210", {"t.html": f'{HEAD}<html lang="en"><style>@media x{{a«{{#b{{c:d}}}}}}</style></html>'})
    assert "in CSS, write a blank between { and #" in str(found[0])


MUSTACHE = {
    "«{{#if first_name}}": "write {% if lead.first_name %} … {% endif %}",
    "«{{/if}}": "write {% endif %}",
    "«{{#unless paid}}": "write {% if not lead.paid %} … {% endif %}",
    "«{{#each items}}": "write {% for item in lead.items %} … {% endfor %}",
    "«{{/each}}": "write {% endfor %}",
    "«{{ #paid }}": "write {% if lead.paid %} … {% endif %}, or {% for item in … %}",
    "«{{^paid}}": "write {% if not lead.paid %} … {% endif %}, or {% else %}",
    "«{{else}}": "write {% else %}",
    "«{{> header}}": 'write {% include "_header.mjml" %}',
    "«{{! remark }}": "a comment is written {# … #}",
    "«{{@index}}": "write {{ lead.index }}",
    "«{{{first_name}}}": "with two brackets, write {{ lead.first_name | default('there') }}",
    "{{ «name }}": "write {{ lead.first_name | default('there') }}",
    "{{«product_name}}": "write {{ company.name }}",
    "{{ «trial_length }}": "{{ lead.trial_length | default('…') }}",
    "{{ «FirstName }}": "write {{ lead.first_name | default('there') }}",
}


@pytest.mark.parametrize(("source", "words"), MUSTACHE.items())
def test_mustache_is_told_what_to_write(source: str, words: str) -> None:
    found = assert_said("N220", {"t.mjml": text(source)})
    assert words in (found[0].hint or "")
    assert "Mustache" in found[0].message


def test_all_of_a_mustache_mail_is_told_in_one_run() -> None:
    body = "«{{#each items}}<p>{{ «product }} costs «{{{price}}}</p>«{{/each}} «{{#if a}}b«{{else}}c«{{/if}}"
    assert_said("N220", {"t.mjml": text(body)})


@pytest.mark.parametrize(
    ("source", "program", "words"),
    [
        ("«*|FNAME|*", "Mailchimp", "write {{ lead.first_name | default('there') }}"),
        ("«*|MC:SUBJECT|*", "Mailchimp", "write {{ subject }}"),
        ("«*|IF:PAID|*", "Mailchimp", "a condition is written {% if"),
        ('<a href="«*|UNSUB|*">Leave</a>', "Mailchimp", "write {{ unsubscribe_url }}"),
        ("«%recipient.email%", "Mailgun", "write {{ lead.email }}"),
        ("«%%emailaddr%%", "Marketing Cloud", "lead.emailaddr"),
        ("«[[POSTAL_ADDRESS]]", "Mailjet", "write {{ company.address }}"),
        ("«<%= first_name %>", "ERB", "write {{ lead.first_name | default('there') }}"),
        ("«${company}", "other programs", "write {{ lead.company | default('your company') }}"),
    ],
)
def test_merge_tags_of_other_programs(source: str, program: str, words: str) -> None:
    found = assert_said("N221", {"t.mjml": text(source)})
    assert f"is a merge tag of {program}" in found[0].message
    assert words in (found[0].hint or "")
    assert found[0].severity == "error"


def test_a_merge_tag_in_a_comment_goes_nowhere() -> None:
    assert problems({"t.mjml": text("<!-- *|IFNOT:ARCHIVE|* -->x")}) == []


def test_the_front_matter_has_brackets_too() -> None:
    front = '---\nsubject: "Hi «{{#if name}}"\npreheader: "«*|FNAME|*"\n---\n<mj-text>x</mj-text>'
    assert said(problems({"t.mjml": front.replace("«", "")})) == [("N220", "t.mjml", 2, 14), ("N221", "t.mjml", 3, 13)]


def test_one_part_is_told_once_for_all_its_mails() -> None:
    mails = {f"t{n}.mjml": HEAD + '{% include "_p.mjml" %}' for n in range(3)}
    assert_said("N211", {**mails, "_p.mjml": "<mj-text>\n «{{ lead.title }</mj-text>"})
