"""`docs/checks.md` holds: each example gives what it says there, at the line and column that it says, and no more."""

from pathlib import Path

import pytest

from nurture.authoring.check import check
from nurture.authoring.templates import codes as of_templates
from nurture.pages import codes as of_pages
from nurture.workspace import codes as of_yaml
from tests.authoring.examples import WORKSPACE, Example, examples, said_of

EXAMPLES = list(examples())
SHOWN_ELSEWHERE = {"N101", "N102", "N103", "N145"}
"""What no text in a document can show; see `test_check_files.py`."""


def test_the_workspace_of_the_examples_has_no_fault():
    assert check([WORKSPACE]) == []


@pytest.mark.parametrize("example", [one for one in EXAMPLES if one.said], ids=lambda example: example.code)
def test_each_example_gives_what_the_document_says(tmp_path: Path, example: Example):
    example.write(tmp_path)
    found = check([tmp_path])
    told = [(one.file, one.line, one.column, one.severity, said_of(one)) for one in found]
    assert sorted(told) == example.placed()
    assert {problem.code for problem in found} == {example.code}


def test_every_code_has_its_title_an_example_and_a_cure():
    known = [*of_yaml.ALL, *of_templates.ALL, *of_pages.ALL]
    written = {example.code: example for example in EXAMPLES}
    assert [code.code for code in known if code.code not in written] == []
    assert [(code.code, code.title) for code in known] == [(c.code, written[c.code].title) for c in known]
    assert len(written) == len(EXAMPLES) == len(known)
    assert {code for code, one in written.items() if code.startswith("N1") and not one.said} == SHOWN_ELSEWHERE
