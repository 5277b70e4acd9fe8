"""`nurture check` as people, programs and pull requests call it."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from nurture.cli.check import annotation
from nurture.cli.main import app as commands
from nurture.errors import NurtureError, Problem
from tests.authoring.examples import WORKSPACE


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with one error and one warning; we stand in it."""
    found = Path(shutil.copytree(WORKSPACE, tmp_path / "workspace"))
    campaign = found / "campaigns/warm.yaml"
    text = campaign.read_text().replace("[tue, wed, thu]", "[tue, wendesday]").replace("lead.industry", "lead.indutry")
    campaign.write_text(text)
    (found / "campaigns/later.yaml").write_text((found / "campaigns/later.yaml").read_text().replace("11:30", "09:05"))
    monkeypatch.chdir(found)
    return found


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(commands, ["check", *arguments], env={"NO_COLOR": "1", "COLUMNS": "80", **environment})


def test_people_read_a_line_for_each_problem_and_the_counts(root: Path):
    result = run()
    assert result.exit_code == 1
    assert result.stdout == (
        "campaigns/later.yaml:9:10: warning: hours of 5 minutes are too short: all mails of a day go within them, and "
        "what is a little late waits for the next allowed day [N167]\n"
        "    hint: at least 15 minutes; better hours\n"
        "campaigns/warm.yaml:10:15: error: `wendesday` is not a weekday; they are `mon`, `tue`, `wed`, `thu`, `fri`, "
        "`sat` or `sun` [N121]\n"
        "    hint: did you mean `wednesday`?\n"
        "1 error, 1 warning: 2 campaigns, 1 step, 4 templates\n"
    )


def test_programs_read_json(root: Path):
    for arguments in (["--json"], ["--format", "json"]):
        result = run(*arguments)
        assert result.exit_code == 1
        said = json.loads(result.stdout)
        assert (said["errors"], said["warnings"]) == (1, 1)
        assert said["problems"][1] == {
            "file": "campaigns/warm.yaml",
            "line": 10,
            "column": 15,
            "severity": "error",
            "code": "N121",
            "message": "`wendesday` is not a weekday; they are `mon`, `tue`, `wed`, `thu`, `fri`, `sat` or `sun`",
            "hint": "did you mean `wednesday`?",
        }


def test_a_pull_request_gets_annotations(root: Path):
    result = run("--format", "github")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[1] == (
        "::error file=campaigns/warm.yaml,line=10,col=15,title=N121::`wendesday` is not a weekday; they are `mon`, "
        "`tue`, `wed`, `thu`, `fri`, `sat` or `sun` (did you mean `wednesday`?)"
    )
    assert lines[0].startswith("::warning file=campaigns/later.yaml,line=9,col=10,title=N167::hours of 5 minutes")


def test_annotations_escape_what_would_end_them():
    problem = Problem("a,b:c%.yaml", 1, 2, "100%: yes,\r\nno", code="N1:0")
    assert annotation(problem) == "::error file=a%2Cb%3Ac%25.yaml,line=1,col=2,title=N1%3A0::100%25: yes,%0D%0Ano"


def test_warnings_alone_are_fine(root: Path):
    shutil.copy(WORKSPACE / "campaigns/warm.yaml", root / "campaigns/warm.yaml")
    result = run()
    assert result.exit_code == 0
    assert result.stdout.endswith("0 errors, 1 warning: 2 campaigns, 4 steps, 4 templates\n")


def test_nothing_wrong_is_said_too(root: Path):
    result = run(str(WORKSPACE))
    assert (result.exit_code, result.stdout) == (0, "no problems: 2 campaigns, 4 steps, 4 templates\n")
    assert json.loads(run(str(WORKSPACE), "--json").stdout) == {"problems": [], "errors": 0, "warnings": 0}
    assert run(str(WORKSPACE), "--format", "github").stdout == ""


def test_the_environment_names_the_workspace(root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    assert "workspace/campaigns/warm.yaml:10:15: error" in run(NURTURE_WORKSPACE=str(root)).stdout
    monkeypatch.chdir("/")
    monkeypatch.chdir(WORKSPACE.parent)
    assert "\ncampaigns/warm.yaml:10:15: error" in run(NURTURE_WORKSPACE=str(root)).stdout


def test_parts_of_the_workspace_can_be_asked_for(root: Path):
    assert run("campaigns/later.yaml").exit_code == 0
    assert run("campaigns/later.yaml", "campaigns/warm.yaml").exit_code == 1
    assert run("templates").stdout.startswith("no problems")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.yaml"], "nowhere.yaml: there is no such file"),
        (["--json", "--format", "github"], "--json is --format json, and not --format github"),
    ],
)
def test_wrong_usage_is_one_clear_line(root: Path, arguments: list[str], words: str):
    result = run(*arguments)
    assert isinstance(result.exception, NurtureError)
    assert result.exception.exit_status == 2
    assert str(result.exception) == words


def test_an_unknown_format_is_wrong_usage(root: Path):
    result = run("--format", "xml")
    assert result.exit_code == 2
    assert "'text', 'json', 'github'" in result.output


def test_colours_are_for_terminals(root: Path, monkeypatch: pytest.MonkeyPatch):
    assert "\x1b[" not in CliRunner().invoke(commands, ["check"], env={"NO_COLOR": ""}).stdout


def test_a_terminal_that_knows_no_quotes_is_spoken_to_all_the_same(root: Path):
    (root / "campaigns/ärger.yaml").write_text("name: x\n", encoding="utf-8")
    result = CliRunner(charset="ascii").invoke(commands, ["check"], env={"NO_COLOR": "1"})
    assert result.exit_code == 1
    assert "campaigns/\\xe4rger.yaml:1:1: error" in result.stdout
