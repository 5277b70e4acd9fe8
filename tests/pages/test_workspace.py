"""`templates/pages/` in a workspace: no mails lie there, and no mistake there keeps the workspace from being used."""

import shutil
from pathlib import Path

import pytest

from nurture.authoring.check import check
from nurture.pages import Pages
from nurture.workspace import load_workspace

ROOT = Path(__file__).parents[2]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The shipped example, to put pages into."""
    for folder in ("campaigns", "templates"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / "templates/pages").mkdir()
    return tmp_path


@pytest.mark.parametrize("text", [b"\xff\xfe", b"{% if %}", b""])
def test_a_mistake_is_told_and_the_workspace_is_used_all_the_same(root: Path, text: bytes) -> None:
    for name in ("unsubscribe.html", "texts.de.yaml", "layout.html"):
        (root / "templates/pages" / name).write_bytes(text)
    workspace = load_workspace(root)
    assert workspace.warnings == ()
    assert Pages.of(workspace).words("de")("unsubscribe.button") == "Abmelden"
    found = check([root])
    assert {problem.file for problem in found} == {
        f"templates/pages/{name}" for name in ("unsubscribe.html", "texts.de.yaml", "layout.html")
    }
    assert {problem.severity for problem in found} == {"error"}


def test_a_part_of_a_workspace_can_be_checked_alone(root: Path) -> None:
    path = root / "templates/pages/texts.de.yaml"
    path.write_text("unsubscribe: {titel: a}")
    assert [problem.code for problem in check([path])] == ["N271"]
    assert check([root / "campaigns"]) == []


def test_pages_are_no_mails_and_change_nothing_for_leads(root: Path) -> None:
    before = load_workspace(root)
    (root / "templates/pages/answer.html").write_text('{% extends "shipped/answer.html" %}')
    after = load_workspace(root)
    assert after.templates.keys() == before.templates.keys()
    assert after.versions == before.versions
    assert list(after.pages) == ["answer.html"]
    assert check([root]) == []


def test_a_mail_cannot_lie_there(root: Path) -> None:
    shutil.copy(root / "templates/not-ready/roi.mjml", root / "templates/pages/roi.mjml")
    assert [problem.code for problem in check([root])] == ["N270"]
