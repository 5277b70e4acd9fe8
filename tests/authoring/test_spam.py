"""`check --spam`: what SpamAssassin says, at the subject of the mail."""

import shutil
from pathlib import Path

import pytest

from nurture.authoring import spam
from nurture.authoring.check import inspect
from nurture.authoring.spam import points_of
from nurture.errors import NotFound, Problem

MAIL = """---
subject: "{subject}"
preheader: "In one page."
---
{text}
"""

installed = pytest.mark.skipif(shutil.which("spamassassin") is None, reason="SpamAssassin is not installed")


def found(workspace: Path) -> list[Problem]:
    return [one for one in inspect([workspace], spam=True).problems if one.code in {"N255", "N256"}]


@installed
@pytest.mark.timeout(120)
def test_a_mail_that_shouts_is_told_at_its_subject_and_a_plain_one_is_not(tmp_path: Path) -> None:
    templates = tmp_path / "templates" / "warm"
    templates.mkdir(parents=True)
    (tmp_path / "campaigns").mkdir()
    loud = MAIL.format(
        subject="FREE!!! 100% GUARANTEED!!! MAKE MONEY FAST",
        text="CLICK HERE NOW! Viagra, no prescription needed.",
    )
    (templates / "loud.md").write_text(loud)
    (templates / "plain.md").write_text(
        MAIL.format(subject="What we make", text="We make robots that lift crates. This is what they cost." * 9)
    )
    [one] = found(tmp_path)
    assert (one.file, one.line, one.severity in {"error", "warning"}) == ("templates/warm/loud.md", 2, True)
    assert "points: " in one.message


@installed
@pytest.mark.timeout(120)
def test_five_points_are_spam() -> None:
    gtube = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
    mail = f"From: a@acme.example\r\nSubject: x\r\n\r\n{gtube}\r\n".encode()
    [(points, rules)] = points_of({"gtube": mail}).values()
    assert points > spam.TAKEN_FOR_SPAM
    assert "GTUBE" in rules[0]


def test_where_it_is_not_installed_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NotFound, match="apt install spamassassin"):
        points_of({"one": b""})
