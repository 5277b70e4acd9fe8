"""Files that are no YAML, or no file that could be read."""

import os

import pytest
from ruamel.yaml import YAML

from nurture.workspace import parsing
from tests.workspace.files import AGREEMENT, CAMPAIGN, problems, write

C = "campaigns/not-ready-yet.yaml"

BROKEN = [
    ("a: 1\n\tb: 2\n", 2, 1, "N105", "a tab stands here, and YAML is indented with spaces"),
    ("steps:\n\t- a\n", 2, 1, "N105", "a tab stands here"),
    ("name x\nstatus: live\n", 2, 7, "N105", "does not fit the ones above it (is a `:` missing there"),
    ("a: 1\n  b: 2\n", 2, 4, "N105", "does not fit the ones above it"),
    ("name: Not ready: yet\n", 1, 16, "N105", "there is a second `: ` in this line (put the whole value in quotes)"),
    ("a:\n    b: 1\n  c: 2\n", 3, 3, "N105", "does not fit the ones above it (is it indented like them?"),
    ("b: 1\n- a\n", 2, 1, "N105", "does not fit the ones above it"),
    ("- a\nb: 1\n", 2, 1, "N105", "does not fit the ones above it"),
    ('name: "x\nstatus: live\n', 1, 7, "N105", "the quote that opens here is never closed"),
    ("name: 'x\nstatus: live\n", 1, 7, "N105", "the quote that opens here is never closed"),
    ('name: "x" y\n', 1, 11, "N105", "something stands after the end of the quoted text"),
    ("a: [1, 2\nb: 1\n", 2, 2, "N105", "a `[` is not closed, or a comma is missing (the bracket was opened in line 1)"),
    ("a: {b: 1\nc: 2\n", 2, 2, "N105", "a `{` is not closed, or a comma is missing (the bracket was opened in line 1)"),
    ("a: @foo\n", 1, 4, "N105", "no value can begin with `@` (put the whole value in quotes)"),
    ("a: `foo`\n", 1, 4, "N105", "no value can begin with ```"),
    ("a: %foo\n", 1, 4, "N105", "no value can begin with `%`"),
    ("a: *\n", 1, 5, "N105", "no text can begin with `*` or `&`"),
    ('a: "\\d"\n', 1, 6, "N105", "this backslash means nothing inside double quotes"),
    ('a: "\\U00FFFFFF"\n', 1, None, "N105", None),
    ('a: "\\ud800"\n', 1, None, "N105", None),
    ("a: \x01\n", 1, 4, "N105", "a control character"),
    ("a: *nowhere\n", 1, 4, "N105", "`*nowhere` repeats what was never named"),
    ("a: &x [*x]\n", 1, 8, "N105", "`*x` repeats what was never named"),
    ("a: 1\na: 2\n", 2, 1, "N106", "`a` stands twice (first in line 1)"),
    ("a: 1\n---\nb: 2\n", 3, 1, "N108", "a second document begins here"),
    ("a: !foo 1\n", 1, 4, "N108", "tags such as `!this` mean nothing here"),
    ("a: !!python/object:os.system 1\n", 1, 4, "N108", "tags such as"),
    ("a: !!int '3'\n", 1, 4, "N108", "tags such as"),
    ("? [a, b]\n: 1\n", 1, 3, "N108", "a key must be a word"),
    ("a: {{ name }}\n", 1, 5, "N108", "a key must be a word (a text with `{` or `[` stands in quotes)"),
    ("'': 1\n", 1, 1, "N108", "a key must be a word"),
    ("%YAML 3.0\n---\na: 1\n", 1, 1, "N105", "cannot be read as YAML"),
    ("", 1, 1, "N104", "the file is empty"),
    ("# only a comment\n\n", 1, 1, "N104", "the file is empty"),
    ("---\n", 1, None, "N104", "the file is empty"),
    ("null\n", 1, 1, "N104", "the file is empty"),
    ("- a\n- b\n", 1, 1, "N112", "the file must be a mapping, not a list (lines of `key: value`)"),
    ("just words\n", 1, 1, "N112", "the file must be a mapping"),
    ("[" * 30 + "]" * 30, 1, 21, "N107", "nest at most 20 deep"),
]


@pytest.mark.parametrize(("text", "line", "column", "code", "words"), BROKEN)
def test_what_is_no_yaml_is_one_clear_line(tmp_path, text, line, column, code, words):
    found = [problem for problem in problems(tmp_path, {C: text}) if problem.code in (code, "N105")]
    (problem,) = found
    assert (problem.file, problem.line, problem.code) == (C, line, code)
    assert column in (None, problem.column)
    assert words is None or words in str(problem)
    assert "\n" not in str(problem)


def test_every_duplicate_key_is_found_and_the_rest_is_still_checked(tmp_path):
    text = CAMPAIGN.replace("priority: 10", "name: Again").replace("repeat", "x") + "status: lve\norder: unsen\n"
    found = problems(tmp_path, {C: text.replace("order: sequence", "priority: ten")})
    assert [problem.code for problem in found] == ["N106", "N112", "N106", "N113"]
    assert found[0].hint == "first in line 2"


def test_a_file_that_is_not_utf8(tmp_path):
    text = CAMPAIGN.replace("name: Not ready yet", "name: Prêt bientôt ¬").encode("latin-1", "replace")
    (problem,) = problems(tmp_path, {C: text})
    assert (problem.line, problem.column, problem.code) == (2, 9, "N102")
    assert "save it with the encoding UTF-8" in str(problem)
    (problem,) = problems(tmp_path / "b", {C: "name: é\n".encode("utf-16")})
    assert (problem.line, problem.column, problem.code) == (1, 1, "N102")


def test_a_file_of_more_than_a_megabyte(tmp_path):
    (problem,) = problems(tmp_path, {C: CAMPAIGN + "#" * 1_000_000})
    assert (problem.code, problem.message) == ("N103", "the file has more than 1,000,000 bytes")


def test_a_bomb_of_aliases_is_defused(tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    (problem,) = problems(tmp_path, {C: "\n".join(lines)})
    assert (problem.code, problem.line) == ("N107", 5)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path):
    write(tmp_path, {C: CAMPAIGN})
    (tmp_path / C).chmod(0)
    (problem,) = problems(tmp_path, {C: None})
    assert problem.code == "N101"


def test_a_folder_where_a_file_must_be(tmp_path):
    (problem,) = problems(tmp_path, {"campaigns/agreement.yaml": None, "campaigns/agreement.yaml/notes.txt": "x"})
    assert (problem.file, problem.code) == ("campaigns/agreement.yaml", "N101")


def test_without_an_agreement(tmp_path):
    (problem,) = problems(tmp_path, {"campaigns/agreement.yaml": None})
    assert (problem.file, problem.line, problem.column, problem.code) == ("campaigns/agreement.yaml", 1, 1, "N109")
    assert "there is no agreement" in problem.message


def test_without_a_campaign(tmp_path):
    found = problems(tmp_path, {C: None, "campaigns/long-term.yaml": None})
    assert [(problem.file, problem.code, problem.message) for problem in found] == [
        ("campaigns", "N109", "there is no campaign")
    ]


def test_without_anything(tmp_path):
    found = problems(tmp_path / "nowhere", dict.fromkeys(["campaigns/agreement.yaml", C, "campaigns/long-term.yaml"]))
    assert {problem.code for problem in found} == {"N109"}


@pytest.mark.parametrize(
    ("name", "where", "code", "hint"),
    [
        ("campaigns/other.yml", "campaigns/other.yml", "N146", "rename it to `other.yaml`"),
        ("campaigns/old/other.yaml", "campaigns/old/other.yaml", "N146", "move it up"),
        ("campaigns/my campaign.yaml", "campaigns/my campaign.yaml", "N115", "rename the file"),
        ("campaigns/rest.yaml", "campaigns/rest.yaml", "N115", "rename the file"),
    ],
)
def test_files_that_would_be_passed_over_are_said(tmp_path, name, where, code, hint):
    (problem,) = problems(tmp_path, {name: CAMPAIGN})
    assert (problem.file, problem.line, problem.column, problem.code, problem.hint) == (where, 1, 1, code, hint)


def test_files_that_nobody_means_are_passed_over(tmp_path):
    others = {
        "campaigns/_draft.yaml": "x",
        "campaigns/.hidden.yaml": "x",
        "campaigns/notes.txt": "x",
        "templates/.DS_Store": "x",
    }
    assert problems(tmp_path, others) == ()


def test_two_templates_of_one_name(tmp_path):
    (problem,) = problems(tmp_path, {"templates/not-ready/roi.md": "x"})
    assert (problem.file, problem.code) == ("templates/not-ready/roi.mjml", "N145")


def test_a_template_of_another_ending_is_named(tmp_path):
    found = problems(tmp_path, {"templates/not-ready/timing.mjml": None, "templates/not-ready/timing.htm": "x"})
    (problem,) = found
    assert problem.hint == "there is `templates/not-ready/timing.htm`, but a template ends in .mjml, .html or .md"


def test_a_part_is_no_mail(tmp_path):
    text = CAMPAIGN.replace("survey: not-ready/timing", "survey: _parts/timing")
    (problem,) = problems(tmp_path, {C: text, "templates/_parts/timing.mjml": "x"})
    assert "`_parts/timing` is a part for other templates" in problem.message


@pytest.mark.parametrize(
    "text", [AGREEMENT, CAMPAIGN, "a: x #c\nb: [1 , 'y' , \"z\"]\nc: &n plain text # d\nd: |\n  x\n  y\ne: *n\n"]
)
def test_both_parsers_say_the_same(text):
    def told(events):
        return [
            (
                type(event).__name__,
                getattr(event, "value", None),
                getattr(event, "style", None) or "",
                event.start_mark.index,
            )
            for event in events
        ]

    assert told(parsing._events(text)) == told(YAML(typ="safe", pure=True).parse(text))
