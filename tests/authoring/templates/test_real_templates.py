"""Real templates of other people, and the example of our own."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.authoring.check import check
from nurture.authoring.templates import Use, check_loose, check_templates
from nurture.errors import Problem, TemplateError
from nurture.mail.compiling import compile_template
from nurture.workspace import load_workspace
from nurture.workspace.templates import kind_of
from tests.authoring.examples import WORKSPACE
from tests.authoring.templates.making import HEAD

EXAMPLE = load_workspace(Path(__file__).parents[3])
USES = [
    Use(template, campaign.id, step.id, is_survey=step.survey is not None)
    for campaign in EXAMPLE.campaigns.values()
    for step in campaign.steps
    for template in (step.variants.values() or [step.template])
]


def found_in(folder: Path) -> dict[str, list[Problem]]:
    """What is said of every template below a folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if kind := kind_of(path):
            name = path.relative_to(folder).as_posix()
            if name != "SOURCE.md":
                found[name] = check_loose(path.read_text(encoding="utf-8"), name, kind)
    return found


def errors(found: list[Problem]) -> list[Problem]:
    return [one for one in found if one.severity == "error"]


def test_the_example_has_no_problem() -> None:
    company = EXAMPLE.agreement.company
    assert check_templates(EXAMPLE.templates, EXAMPLE.partials, USES, company=company) == []


def test_the_public_gallery_of_mjml_has_no_error_but_its_merge_fields(shared_data: Callable[[str], Path]) -> None:
    found = found_in(shared_data("mjml_gallery"))
    assert len(found) == 13
    wrong = {name: [(one.code, one.line, one.column) for one in errors(said)] for name, said in found.items()}
    assert {name: said for name, said in wrong.items() if said} == {
        "reactivation-email.mjml": [("N220", 53, 20), ("N212", 137, 17)],
    }
    assert all(said[0].code == "N200" and said[0].severity == "warning" for said in found.values())


def test_good_html_mails_have_no_error(shared_data: Callable[[str], Path]) -> None:
    found = found_in(shared_data("html_email_templates"))
    assert len(found) == 5
    assert [str(one) for said in found.values() for one in errors(said)] == []
    mailchimp = [one for name, said in found.items() if name.startswith("mailchimp") for one in said]
    assert sum(one.code == "N221" and "Mailchimp" in one.message for one in mailchimp) == 28


def test_templates_of_another_project_are_told_its_names(shared_data: Callable[[str], Path]) -> None:
    found = found_in(shared_data("jinja_mjml_fastapi_template"))
    assert len(found) == 5
    assert {one.code for said in found.values() for one in errors(said)} == {"N212", "N220"}
    assert [(one.line, one.column) for one in errors(found["test_email.mjml"])] == [(5, 124), (6, 156)]


def test_mustache_mails_are_told_so_at_every_field(shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("postmark_templates")
    found = found_in(folder)
    assert len(found) == 15
    for name, said in found.items():
        lines = (folder / name).read_text(encoding="utf-8").split("\n")
        assert {one.code for one in errors(said)} <= {"N220", "N212"}
        told = [one for one in said if one.code == "N220"]
        assert told
        for one in told:
            assert "Mustache" in one.message
            assert one.hint
            assert lines[one.line - 1][: one.column - 1].rstrip().endswith("{{")


SNIPPETS = [
    "{{", "}}", "{%", "%}", "{#", "<", ">", '"', "'", "</p>", "<p>", "<div>", "{% if x %}", "{% endif %}", "{{ x }}",
    "{{#if}}", "{{{", "*|A|*", "</mj-text>", "<mj-text>", "<mj-buton>", "&", "---\n", "\n", "{% endblock %}", "<!--",
    "-->", "{% raw %}", "{{ _x }}", "{{ self }}", "{% set x = 1 %}", "| safe", "{% for a in b %}", "<style>", "(",
    'href=""', "é",
]  # fmt: skip


@given(st.data())
@settings(max_examples=40)
def test_what_production_refuses_the_check_finds(data: st.DataObject) -> None:
    """Any damage to a good mail: there is no traceback, and nothing that would not compile goes unsaid."""
    file = data.draw(st.sampled_from(sorted(EXAMPLE.templates.values(), key=lambda one: one.name)))
    text = file.text
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(text)))
        gone = data.draw(st.sampled_from([0, 0, 1, 2, 9]))
        text = text[:place] + data.draw(st.sampled_from(["", *SNIPPETS])) + text[place + gone :]
    broken = replace(file, text=text)
    refused: TemplateError | None = None
    try:
        compile_template(broken, EXAMPLE.partials)
    except TemplateError as error:
        refused = error
    found = check_templates({file.name: broken}, EXAMPLE.partials, only=[file.name])
    assert errors(found) or refused is None
    lines = text.split("\n")
    for one in found:
        if one.file == f"templates/{file.name}.mjml":
            assert 1 <= one.line <= len(lines)
            assert 1 <= one.column <= len(lines[one.line - 1]) + 1


@pytest.mark.soak
def test_a_thousand_templates_take_seconds() -> None:
    """Figures of one core of a slow machine: 12 s; one template alone 13 ms."""
    base = list(EXAMPLE.templates.values())
    many = {}
    for number in range(1000):
        file = base[number % len(base)]
        many[f"t{number}"] = replace(file, name=f"t{number}", text=f"{file.text}{{# {number} #}}")
    before = process_time()
    assert check_templates(many, EXAMPLE.partials, [Use(name, "c", "s", is_survey=False) for name in many]) == []
    assert process_time() - before < 60
    before = process_time()
    check_templates(many, EXAMPLE.partials, only=["t7"])
    assert process_time() - before < 0.5


def test_a_deeply_nested_mail_is_no_traceback() -> None:
    body = "<div>" * 3000 + "{% if lead.title %}" * 50 + "x"
    assert check_loose(HEAD + f"<mj-text>{body}</mj-text>", "deep.mjml", "mjml")


def test_a_field_that_a_condition_names_is_known_to_templates(tmp_path: Path) -> None:
    for path in WORKSPACE.rglob("*.*"):
        there = tmp_path / path.relative_to(WORKSPACE)
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    later = tmp_path / "campaigns/later.yaml"
    later.write_text(later.read_text().replace("email: later/news}", 'email: later/news, when: "lead.robots > 2"}'))
    news = tmp_path / "templates/later/news.md"
    news.write_text(news.read_text() + "\n{{ lead.robotss | default('x') }}\n")
    assert [(one.code, one.file, one.line, one.column) for one in check([tmp_path])] == [
        ("N216", "templates/later/news.md", 9, 4)
    ]
