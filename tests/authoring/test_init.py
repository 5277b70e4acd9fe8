"""`nurture init`: a workspace that works as it stands, written where nothing is yet."""

import json
import re
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from setuptools import Distribution
from typer.main import get_command
from typer.testing import CliRunner, Result

from nurture.agreement import Agreement
from nurture.authoring.check import check
from nurture.authoring.init import Own, init
from nurture.authoring.preview.leads import read_sheet
from nurture.campaign import Campaign
from nurture.cli.main import app
from nurture.errors import Conflict, UsageError
from nurture.grammar.addresses import Mailbox
from nurture.lab.simulation import simulate
from nurture.rules.book import Rulebook
from nurture.workspace import load_agreement, load_workspace
from nurture.workspace.schemas import schemas
from nurture.workspace.shapes import keys_of
from tests.authoring.preview.making import desk_of, page

ROOT = Path(__file__).parents[2]
RUN = CliRunner()
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def run(*arguments: object) -> Result:
    return RUN.invoke(app, ["init", *map(str, arguments)])


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace as it is written."""
    folder = tmp_path_factory.mktemp("init") / "new/workspace"
    init(folder)
    return folder


def test_check_has_nothing_to_say_of_it_not_even_a_warning(begun: Path) -> None:
    assert check([begun]) == []


def test_it_holds_what_a_beginner_needs(begun: Path) -> None:
    there = {path.relative_to(begun).as_posix() for path in begun.rglob("*") if path.is_file()}
    assert there == {
        ".env.example", ".gitignore", "Procfile", "README.md", "leads.csv",
        "campaigns/agreement.yaml", "campaigns/not-ready.yaml",
        "schemas/agreement.schema.json", "schemas/campaign.schema.json",
        "templates/_layout.mjml", "templates/not-ready/last-word.md", "templates/not-ready/questions.md",
        "templates/not-ready/story.md", "templates/not-ready/timing.mjml",
    }  # fmt: skip
    assert {path.name: path.read_text(encoding="utf-8") for path in (begun / "schemas").iterdir()} == schemas()
    assert (begun / "Procfile").read_text() == (ROOT / "Procfile").read_text()


@pytest.mark.parametrize(("name", "shape"), [("agreement", Agreement), ("not-ready", Campaign)])
def test_every_top_key_is_there_and_explained_above_it(
    begun: Path, name: str, shape: type[Agreement] | type[Campaign]
) -> None:
    lines = (begun / f"campaigns/{name}.yaml").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# yaml-language-server: $schema=../schemas/")
    for key in set(keys_of(shape)) - {"id"}:
        (at,) = (number for number, line in enumerate(lines) if re.match(rf"{key}:", line))
        assert lines[at - 1].startswith("# "), key


def test_the_environment_is_named_as_it_is_read(begun: Path) -> None:
    named = set(re.findall(r"^([A-Z_]+)=$", (begun / ".env.example").read_text(), re.MULTILINE))
    asked = set(json.loads((ROOT / "app.json").read_text())["env"])
    assert {"DATABASE_URL", "REDIS_URL"} <= named <= asked | {"DATABASE_URL", "REDIS_URL"}
    assert {"SECRET_KEY", "BASE_URL", "MAIL_URL", "WRITE_KEY", "API_KEY"} <= named


def test_the_readme_names_only_files_that_are_there(begun: Path) -> None:
    text = (begun / "README.md").read_text(encoding="utf-8")
    for name in re.findall(r"`([\w./-]+\.(?:yaml|csv|mjml|example)|[\w-]+(?:/[\w-]+)*/)`", text):
        assert (begun / name).exists(), name


def test_every_command_that_a_beginner_is_told_can_be_given(
    begun: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(begun)
    told = re.findall(r"^  nurture (.*?)(?:  |$)", run(tmp_path / "new").stdout, re.MULTILINE)
    assert [line.split()[0] for line in told] == ["check", "preview", "simulate"]
    told += re.findall(r"`nurture ([^`]*)`", (begun / "README.md").read_text(encoding="utf-8"))
    for line in told:
        command, words = get_command(app), shlex.split(line.replace("FILE.csv", "leads.csv"))
        while hasattr(command, "commands"):
            command = command.commands[words.pop(0)]
        command.make_context(command.name, words)


def test_its_leads_live_through_a_campaign(begun: Path) -> None:
    """Each step reaches somebody, and somebody is of no interest."""
    workspace = load_workspace(begun)
    book = Rulebook(workspace.agreement, workspace.campaigns)
    sheet = read_sheet(begun / "leads.csv", book, NOW)
    assert (sheet.error, sheet.rejects) == (None, 0)
    assert all(email.endswith(".example") for email in sheet.people)
    lives = list(simulate(book, sheet.people.values(), start=NOW, end=NOW + timedelta(weeks=12)))
    assert {mail.step for life in lives for mail in life.deliveries} == {
        step.id for campaign in workspace.campaigns.values() for step in campaign.steps
    }
    assert any(not life.deliveries for life in lives)


def test_preview_shows_every_mail_for_every_sample_lead(begun: Path) -> None:
    desk = desk_of(begun, leads=begun / "leads.csv")
    assert desk.sheet is not None
    assert len(desk.sheet.people) == 8
    for email, person in desk.sheet.people.items():
        shown = page(desk, f"/mail/not-ready/questions?lead={email}")
        assert f"Three questions, {person.profile.get('first_name', 'before you decide')}" in shown
    for mail in ("story", "timing", "last-word"):
        assert "KB of HTML" in page(desk, f"/mail/not-ready/{mail}?lead=info@smallshop.example")


@pytest.mark.parametrize("there", [[], [".git"]], ids=["empty", "git"])
def test_here_will_do_where_here_is_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: list[str]) -> None:
    for name in there:
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    done = run(".")
    assert (done.exit_code, done.exception) == (0, None)
    assert "nurture preview --leads leads.csv" in done.stdout
    assert "cd " not in done.stdout
    assert check([tmp_path]) == []


def test_the_next_steps_begin_in_the_new_folder(tmp_path: Path) -> None:
    assert f"cd '{tmp_path}/a b'" in run(tmp_path / "a b").stdout


def test_nothing_is_ever_written_over(tmp_path: Path) -> None:
    (tmp_path / ".hidden").write_text("mine")
    (tmp_path / "a.txt").write_text("mine")
    refused = run(tmp_path)
    assert isinstance(refused.exception, Conflict)
    assert str(refused.exception) == (
        f"{tmp_path} is not empty: it holds .hidden and 1 more; give a new or an empty folder"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == [".hidden", "a.txt"]
    assert run(tmp_path / "new").exit_code == 0
    assert isinstance(run(tmp_path / "new").exception, Conflict)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    assert str(run(tmp_path / "file").exception) == f"{tmp_path / 'file'} is a file; a workspace is a folder"
    assert isinstance(run(tmp_path / "file/below").exception, UsageError)


def test_without_a_folder_it_is_wrong_usage() -> None:
    assert run().exit_code == 2


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--company", " ", "--company: a name has 1 to 500 characters on one line"),
        ("--company", "two\nlines", "--company: a name has 1 to 500 characters on one line"),
        ("--sender", "Ada", "--sender: an e-mail address has one @"),
        ("--timezone", "Berlin", "--timezone: `Berlin` is not a time zone (did you mean `Europe/Berlin`?)"),
    ],
)
def test_an_option_that_cannot_be_is_said_before_anything_is_written(
    tmp_path: Path, option: str, value: str, said: str
) -> None:
    refused = run(tmp_path / "new", option, value)
    assert isinstance(refused.exception, UsageError)
    assert str(refused.exception) == said
    assert not (tmp_path / "new").exists()


def test_options_go_where_they_belong_and_need_not_be_changed_any_more(tmp_path: Path) -> None:
    run(
        tmp_path,
        "--company",
        "Acme: Robots",
        "--sender",
        "Ada at Acme <Ada@news.acme.example>",
        "--timezone",
        "Europe/Berlin",
    )
    agreement = (tmp_path / "campaigns/agreement.yaml").read_text(encoding="utf-8")
    assert '  name: "Acme: Robots"\n' in agreement
    assert "  sender: Ada at Acme <ada@news.acme.example>  # a person" in agreement
    assert agreement.count("timezone: Europe/Berlin") == 2
    assert "Example Company" not in agreement
    assert "<p>Ada<br />" in (tmp_path / "templates/_layout.mjml").read_text(encoding="utf-8")
    assert check([tmp_path]) == []


names = st.text(max_size=20).map(lambda text: "".join(filter(str.isprintable, text)).strip()).filter(bool)


@settings(max_examples=25)
@given(
    company=names
    | st.sampled_from(["No", "null", "1e3", "-", "a: b", "a #b", "'", '"', "{{ x }}", "Ünïcode 株式会社"]),
    sender=names,
)
def test_any_name_reads_back_as_it_was_given(
    tmp_path_factory: pytest.TempPathFactory, company: str, sender: str
) -> None:
    folder = tmp_path_factory.mktemp("init")
    init(folder, Own(company, Mailbox(sender.replace('"', "").strip(" <>") or "A", "a@b.example")))
    read = load_agreement(folder / "campaigns/agreement.yaml").company
    assert read.name == company
    assert (read.sender.address, read.reply_to) == ("a@b.example", "a@b.example")


def test_what_is_written_is_part_of_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    distribution = Distribution()
    distribution.parse_config_files()
    distribution.include_package_data = False  # which would look at git instead
    build = distribution.get_command_obj("build_py")
    build.ensure_finalized()
    shipped = {f"{package.replace('.', '/')}/{name}" for package, _, _, names in build.data_files for name in names}
    starter = ROOT / "nurture/authoring/starter"
    for path in starter.rglob("*"):
        if path.is_file():
            assert path.relative_to(ROOT).as_posix() in shipped
