"""What SpamAssassin says of the example's mails as they are sent, without asking the network."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from nurture.facts import Profile
from tests.campaigns.shipped import LEADS, MAILS, MARIA, compiled, letter

LIMIT = 1.0
"""Points. Five are spam; a mail that is plain and honest has none."""
SOME = ("not-ready/roi", "not-ready/timing", "long-term/last-word")
"""Sums of money; many links and few words; a short one."""

pytestmark = [
    pytest.mark.skipif(shutil.which("spamassassin") is None, reason="SpamAssassin is not installed"),
    pytest.mark.timeout(300),
]


def _points(mails: Mapping[str, bytes], directory: Path) -> dict[str, tuple[float, list[str]]]:
    """The points of each mail, and the rules that gave them. All in one process: it takes 1.5 seconds to begin."""
    paths = [directory / f"{n}.eml" for n in range(len(mails))]
    for path, data in zip(paths, mails.values(), strict=True):
        path.write_bytes(data)
    command = ["spamassassin", "--local", "--test-mode", "--nocreate-prefs", *map(str, paths)]
    said = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    reports = said.split("Content analysis details:")[1:]
    assert len(reports) == len(mails)
    return {name: _read(report) for name, report in zip(mails, reports, strict=True)}


def _read(report: str) -> tuple[float, list[str]]:
    points = re.match(r" *\((-?[\d.]+) points", report)
    assert points is not None
    return float(points[1]), re.findall(r"^ *-?[\d.]+ [A-Z_0-9]+", report, re.MULTILINE)


def test_mails_of_each_kind_are_no_spam(tmp_path: Path) -> None:
    found = _points({name: letter(compiled(name), MARIA) for name in SOME}, tmp_path)
    assert {name: one for name, one in found.items() if one[0] > LIMIT} == {}


@pytest.mark.soak
@pytest.mark.parametrize("lead", [LEADS["well known"], LEADS["nothing known"]], ids=["well known", "nothing known"])
def test_no_mail_is_spam(lead: Profile, tmp_path: Path) -> None:
    found = _points({name: letter(compiled(name), lead) for name in MAILS}, tmp_path)
    assert {name: one for name, one in found.items() if one[0] > LIMIT} == {}


@pytest.mark.soak
def test_a_mail_that_shouts_would_be_noticed(tmp_path: Path) -> None:
    shouting = letter(compiled("not-ready/roi"), MARIA).replace(b"Subject: ", b"Subject: FREE!!! 100% GUARANTEED!!! ")
    assert _points({"shouting": shouting}, tmp_path)["shouting"][0] > LIMIT
