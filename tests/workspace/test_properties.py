"""Whatever stands in a file, it gives a workspace, or problems at places that the file has."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.errors import Problem, WorkspaceError
from nurture.workspace import load_workspace
from nurture.workspace.codes import ALL, SYNTAX
from nurture.workspace.parsing import parse
from nurture.workspace.scalars import core_value
from nurture.workspace.source import Source
from tests.workspace.files import AGREEMENT, CAMPAIGN, example, write

C, A = "campaigns/not-ready-yet.yaml", "campaigns/agreement.yaml"
WORKSPACE = Path()
CODES = {code.code for code in ALL}


@pytest.fixture(autouse=True, scope="module")
def _workspace(tmp_path_factory: pytest.TempPathFactory) -> None:
    """One folder for all examples: only the file in question is written anew."""
    global WORKSPACE
    WORKSPACE = write(tmp_path_factory.mktemp("workspace"), example())


def check(name: str, text: str | bytes) -> tuple[Problem, ...]:
    data = text if isinstance(text, bytes) else text.encode()
    (WORKSPACE / name).write_bytes(data)
    try:
        load_workspace(WORKSPACE)
        found: tuple[Problem, ...] = ()
    except WorkspaceError as error:
        found = error.problems
    finally:
        (WORKSPACE / name).write_text(example()[name], encoding="utf-8")
    plain = text if isinstance(text, str) else text.decode("utf-8-sig", "replace")
    plain = plain.replace("\r\n", "\n").replace("\r", "\n")
    files = {**example(), name: plain}
    for problem in found:
        lines = files.get(problem.file, "").split("\n")
        assert 1 <= problem.line <= len(lines), problem
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1, problem
        assert "\n" not in str(problem)
        assert len(str(problem)) < 600
        assert problem.code in CODES
        assert "Input should" not in str(problem)
        assert "Value error" not in str(problem)
    return found


words = st.sampled_from(
    [
        "name",
        "status",
        "live",
        "steps",
        "id",
        "email",
        "when",
        "enroll",
        "reasons",
        "cadence",
        "hours",
        "points",
        "fit",
        ":",
        ": ",
        "- ",
        "-",
        "[",
        "]",
        "{",
        "}",
        ", ",
        "'",
        '"',
        "#",
        "&a",
        "*a",
        "|",
        ">",
        "!",
        "%",
        "@",
        "`",
        "?",
        "\\",
        "\n",
        "\n  ",
        "\t",
        "~",
        "null",
        "true",
        "12",
        "1.5",
        "2 weeks",
        "mon-fri",
        "09:00-10:00",
        "<<",
        "---",
        "...",
        "\u2028",
        "\x85",
        "\ufeff",
        "\x00",
        "é",
    ]
)


@settings(max_examples=40)
@given(st.text() | st.lists(words | st.text(max_size=3), max_size=30).map("".join))
def test_no_text_at_all_does_worse_than_problems(text):
    encoded = text.encode("utf-8", "replace")
    assert check(C, encoded)
    assert check(A, encoded)


@settings(max_examples=30)
@given(st.binary(max_size=200))
def test_no_bytes_at_all_do_worse_than_problems(data):
    assert check(C, data)


VALUES = [
    "",
    "null",
    "~",
    "12",
    "-1",
    "1.5",
    "true",
    "yes",
    "text",
    "'quoted'",
    "[]",
    "[1, two]",
    "{}",
    "{a: 1}",
    "[[1]]",
    "*a",
    "&a x",
    "!t x",
    "2 weeks",
    "4 hours",
    "mon-fri",
    "09:00-11:00",
    "a@b.example",
    "lead.x == 1",
    "lead.title",
    "50%",
    "2 per day",
    "never",
    "@",
    '"open',
    "[open",
    "{open",
    "a: b",
    "- a",
    "|",
    "\t",
    "99999999999999999999999",
    "not-ready/roi",
    "#",
    "é",
    "\u2028",
]


@st.composite
def mutants(draw: st.DrawFn, text: str) -> str:
    lines = text.split("\n")
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(lines) - 1))
        kind = draw(st.sampled_from(["delete", "duplicate", "retype", "indent", "dedent", "swap", "cut", "replace"]))
        line = lines[at]
        if kind == "delete" and len(lines) > 1:
            del lines[at]
        elif kind == "duplicate":
            lines.insert(at, line)
        elif kind == "retype":
            key = line.split(":")[0]
            lines[at] = f"{key}: {draw(st.sampled_from(VALUES))}"
        elif kind == "indent":
            lines[at] = "  " + line
        elif kind == "dedent":
            lines[at] = line[2:] if line.startswith("  ") else line.lstrip("- ")
        elif kind == "swap" and at:
            lines[at - 1 : at + 1] = lines[at], lines[at - 1]
        elif kind == "cut":
            lines[at] = line[: draw(st.integers(0, len(line)))]
        elif kind == "replace" and line:
            start = draw(st.integers(0, len(line) - 1))
            lines[at] = line[:start] + draw(words) + line[start + draw(st.integers(0, 5)) :]
    return "\n".join(lines)


@settings(max_examples=80)
@given(mutants(CAMPAIGN))
def test_a_campaign_with_a_slip_loads_or_says_where(text):
    check(C, text)


@settings(max_examples=40)
@given(mutants(AGREEMENT))
def test_an_agreement_with_a_slip_loads_or_says_where(text):
    check(A, text)


@given(st.text(max_size=60))
def test_any_place_lies_inside_the_text(text):
    source = Source("x.yaml", Path("x.yaml"), text)
    lines = text.split("\n")
    for offset in range(-1, len(text) + 2):
        line, column = source.place(offset)
        assert 1 <= column <= len(lines[line - 1]) + 1
        if 0 <= offset < len(text):
            assert sum(len(row) + 1 for row in lines[: line - 1]) + column - 1 == offset


@given(st.lists(words, max_size=25).map("".join))
def test_parsing_never_raises(text):
    document, found = parse(Source("x.yaml", Path("x.yaml"), text))
    assert document is not None or found


@given(st.text("0123456789+-.eExXoaflntru~ ", max_size=10) | st.integers().map(str) | st.floats().map(repr))
def test_plain_scalars_mean_something_or_themselves(text):
    value = core_value(text)
    if isinstance(value, str):
        assert value == text
    elif isinstance(value, float) or (
        isinstance(value, int) and not isinstance(value, bool) and text[:2] not in ("0o", "0x")
    ):
        assert value == (int(text) if isinstance(value, int) else float(text))


def test_a_problem_is_one_line_whatever_it_quotes():
    source = Source("x.yaml", Path("x.yaml"), "a: 1\nb: 2\n")
    problem = source.problem(SYNTAX, 5, "this\nis\u2028wrong", "do\r\nthat")
    assert str(problem) == "x.yaml:2:1: this is wrong (do that)"


def test_codes_are_unique():
    assert len(CODES) == len(ALL)
    assert all(code.code.startswith("N1") and len(code.code) == 4 and code.title for code in ALL)
