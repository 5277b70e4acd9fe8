"""Files that change, break and are mended while somebody looks."""

import shutil
from pathlib import Path

import pytest

from nurture.authoring.preview.desk import Desk
from nurture.authoring.preview.edition import Edition
from nurture.errors import NotFound, NurtureError, Problem
from tests.authoring.preview.making import AGREEMENT, NOW, change, desk_of, mail_of, page, write


def _errors(edition: Edition) -> list[str]:
    return [f"{problem.file}:{problem.line}" for problem in edition.problems if problem.severity == "error"]


def test_a_save_makes_a_new_edition_and_nothing_else_does(desk: Desk, root: Path) -> None:
    number = desk.edition.number
    assert not desk.look()
    write(root / "templates/.questions.mjml.swp", "an editor's own")
    write(root / "README.md", "not ours")
    assert not desk.look()
    change(root / "templates/not-ready/roi.mjml", "What it costs.", "What it saves.")
    assert desk.look()
    assert desk.edition.number > number
    assert "What it saves." in page(desk, "/frame/not-ready/roi")


@pytest.mark.parametrize("way", ["renamed over", "deleted", "new", "moved"])
def test_every_way_to_save_is_seen(desk: Desk, root: Path, way: str) -> None:
    file = root / "templates/spare/idea.md"
    if way == "renamed over":
        write(root / "draft", file.read_text())
        (root / "draft").rename(file)
    elif way == "deleted":
        file.unlink()
    elif way == "new":
        write(root / "templates/other/new.mjml", mail_of("New", "New."))
    else:
        file.rename(file.with_name("thought.md"))
    assert desk.look()
    assert ("spare/idea" in desk.edition.templates) == (way in ("renamed over", "new"))


def test_a_broken_template_shows_its_last_good_mail_and_its_line(desk: Desk, root: Path) -> None:
    path = "/mail/not-ready/roi"
    page(desk, path)
    file = root / "templates/not-ready/roi.mjml"
    good = change(file, "<p>What it costs.</p>", "<p>What {{ lead.frist_name }} costs.</p>")
    desk.look()
    broken = page(desk, path)
    assert "Line 7" in broken
    assert "Below is the mail as it was" in broken
    assert "What it costs." in page(desk, "/frame/not-ready/roi")
    write(file, good)
    desk.look()
    assert "Line 7" not in page(desk, path)


def test_a_template_that_never_was_good_shows_its_mistake_alone(root: Path) -> None:
    write(root / "templates/not-ready/roi.mjml", mail_of("Bad", "{% if %}"))
    desk = desk_of(root)
    text = page(desk, "/mail/not-ready/roi")
    assert "Line 7" in text
    assert "<iframe" not in text
    assert "There is no mail to show" in page(desk, "/frame/not-ready/roi")


def test_a_mistake_in_a_part_is_shown_where_it_is(desk: Desk, root: Path) -> None:
    change(root / "templates/_layout.mjml", "{% block", '<mj-spacr height="1px" />{% block')
    desk.look()
    assert "templates/_layout.mjml, line 5" in page(desk, "/mail/not-ready/roi")


def test_a_broken_campaign_is_shown_as_it_was_and_the_others_as_they_are(desk: Desk, root: Path) -> None:
    file = root / "campaigns/not-ready.yaml"
    write(root / "campaigns/other.yaml", file.read_text().replace("Not ready yet", "Another"))
    good = change(file, "every: 1 week", "every: 1 weak")
    desk.look()
    assert _errors(desk.edition) == ["campaigns/not-ready.yaml:7"]
    text = page(desk, "/campaign/not-ready")
    assert "What you see is as it was before." in text
    assert "One mail every week" in text
    assert "Another" in page(desk, "/")
    write(file, good)
    desk.look()
    assert desk.edition.stale == []


def test_a_campaign_that_never_was_good_is_listed_with_its_mistake(root: Path) -> None:
    write(root / "campaigns/odd.yaml", "name: [")
    desk = desk_of(root)
    assert desk.edition.unreadable == ("odd",)
    assert "The file cannot be read yet" in page(desk, "/")
    text = page(desk, "/campaign/odd")
    assert "N105" in text
    assert "What depends on it is left out" in text


def test_without_an_agreement_mails_are_shown_and_time_lines_are_not(root: Path) -> None:
    (root / "campaigns/agreement.yaml").unlink()
    desk = desk_of(root)
    desk.check_now()
    assert "Your company" in page(desk, "/mail/not-ready/roi")
    assert "There is no campaigns/agreement.yaml" in page(desk, "/")
    assert "needs an agreement that can be read" in page(desk, "/campaign/not-ready")
    write(root / "campaigns/agreement.yaml", AGREEMENT)
    desk.look()
    assert "Ada at Acme" in page(desk, "/mail/not-ready/roi")


@pytest.mark.parametrize("octets", [b"\xff\xfe", b"", b"a: &a [*a]", b"{" * 50])
@pytest.mark.parametrize(
    "name", ["campaigns/agreement.yaml", "campaigns/not-ready.yaml", "templates/not-ready/roi.mjml"]
)
def test_no_file_stops_the_pages(desk: Desk, root: Path, name: str, octets: bytes) -> None:
    (root / name).write_bytes(octets)
    desk.look()
    desk.check_now()
    for path in ("/", "/campaign/not-ready", "/problems", "/mail/not-ready/timing"):
        assert page(desk, path)


def test_a_workspace_that_goes_away_comes_back(desk: Desk, root: Path) -> None:
    shutil.move(root / "templates", root / "gone")
    desk.look()
    assert "there is no template not-ready/roi" in page(desk, "/")
    shutil.move(root / "gone", root / "templates")
    desk.look()
    assert "One shift or two" in page(desk, "/mail/not-ready/roi")


def test_no_workspace_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"no workspace here: it has neither campaigns/ nor templates/"):
        desk_of(tmp_path)


def test_a_check_that_fails_leaves_the_pages(root: Path) -> None:
    def failing(_: Path) -> list[Problem]:
        raise NurtureError("the check is out of order")

    desk = Desk(root, now=lambda: NOW, check=failing, base_url="https://go.acme.example")
    desk.check_now()
    assert "the check is out of order" in page(desk, "/problems")


def test_until_it_is_checked_again_a_file_keeps_what_was_wrong_with_it(desk: Desk, root: Path) -> None:
    desk.check_now()
    desk_before = desk.edition.counts("templates/spare/idea.md")
    assert sum(desk_before) > 0  # no step sends it
    change(root / "templates/not-ready/roi.mjml", "What it costs.", "What it saves.")
    desk.look()
    assert not desk.edition.checked
    assert desk.edition.counts("templates/spare/idea.md") == desk_before
