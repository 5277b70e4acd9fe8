"""`nurture demo` through the real processes: short ones, with few leads."""

import csv
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pytest

from nurture.local.chance import Chance
from nurture.local.demo import BEGINS_AT
from nurture.local.mailbox_files import MailboxFiles
from nurture.local.people import Person, write_csv
from nurture.local.personas import Kind, persona
from nurture.local.sales_team import moves
from tests.local.letters import workspace
from tests.local.nurture import marked, nothing_left, nurture

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
SEED = 5


def candidates(kind: Kind) -> Iterator[str]:
    """Addresses of leads who read their mail like that under the seed."""
    everybody = (f"{kind}{n}@kestrel.example" for n in range(10_000))
    return (email for email in everybody if persona(Chance(SEED), email, "UTC").kind == kind)


def is_refused(email: str) -> bool:
    """Whether sales refuses the lead at first, because it is not ready."""
    story = moves(Chance(SEED), workspace().agreement, email, 1, BEGINS_AT)
    return bool(story) and story[0].fields.get("reason") == "not_ready"


def leads_file(path: Path) -> Path:
    """Twelve leads whom sales wants: buyers that it will refuse once, some behind a mail gateway, one who leaves."""
    buyers = (email for email in candidates("buyer") if is_refused(email))
    emails = [next(buyers) for _ in range(8)]
    emails += [
        email for kind in ("guarded", "leaver", "reader") for email, _ in zip(candidates(kind), "12", strict=False)
    ]
    blank = dict.fromkeys((field.name for field in fields(Person)), "")
    common = blank | {"title": "VP Operations", "country": "US", "timezone": "America/Chicago", "employees": "900"}
    write_csv([Person(**{**common, "email": email, "company": "Kestrel"}) for email in emails], path)
    return path


def finished(process: "subprocess.Popen[str]") -> tuple[dict[str, Any], str]:
    """What it printed, and what it complained about."""
    said, words = process.communicate()
    assert said, words
    return json.loads(said), words


@pytest.mark.soak
def test_the_same_seed_tells_the_same_story(tmp_path: Path) -> None:
    """Two at once, on a machine that has enough to do; leads come back from sales and go there again."""
    arguments = (
        "demo",
        "--leads",
        str(leads_file(tmp_path / "leads.csv")),
        "--weeks",
        "5",
        "--seed",
        str(SEED),
        "--json",
    )
    with ExitStack() as stack:
        demos = [stack.enter_context(nurture(*arguments, TMPDIR=str(_directory(tmp_path / name)))) for name in "ab"]
        stories = [finished(process) for process, _ in demos]
    assert [words for _, words in stories] == ["", ""]
    assert [process.returncode for process, _ in demos] == [0, 0]
    one, other = (story for story, _ in stories)
    assert 0 < one.pop("seconds") < 300
    other.pop("seconds")
    assert one == other
    _is_a_whole_life(one)
    for (_, mark), name in zip(demos, "ab", strict=True):
        assert nothing_left(mark, tmp_path / name, within=1)
        assert list((tmp_path / name).iterdir()) == [], "it tidies up"


def _is_a_whole_life(story: dict[str, Any]) -> None:
    assert (story["weeks"], story["leads"], story["enrolled"]) == (5, 14, 14)
    assert story["mailbox"] == story["deliveries"]["sent"] > 30
    assert (story["duplicates"], story["faults"]) == (0, [])
    assert story["handoffs"]["rejected"] > 0
    assert story["recycled"] > 0, "a lead was handed over, refused, and handed over again"
    assert story["cycles"]["2"] > 0
    assert story["events"]["automated"] > 0
    assert story["clicks"]["counted"] == story["clicks"]["human"] > 0, "what scanners clicked scored nothing"
    assert story["clicks"]["automated"] > 0
    assert story["suppressions"]["unsubscribed"] == 2
    assert story["notices"] >= sum(story["handoffs"].values())


def test_a_double_a_loss_and_a_stray_are_found_in_the_mail_servers_files(tmp_path: Path) -> None:
    place = _directory(tmp_path / "place")
    arguments = (
        "demo",
        "--leads",
        str(leads_file(tmp_path / "leads.csv")),
        "--weeks",
        "1",
        "--seed",
        str(SEED),
        "--json",
    )
    with nurture(*arguments, TMPDIR=str(place)) as (process, mark):
        double, lost = _plant(process, place)
        story, words = finished(process)
    assert process.returncode == 1
    assert story["duplicates"] == 1
    faults = words.splitlines()
    assert len(faults) == len(story["faults"]) == 3
    assert any("twice: " in fault and double in fault for fault in faults)
    assert any("lost: " in fault and lost in fault for fault in faults)
    assert any("nobody queued <d.planted@acme.example>" in fault for fault in faults)
    assert nothing_left(mark, place, within=1)


def _plant(process: "subprocess.Popen[str]", place: Path) -> tuple[str, str]:
    """Tamper with the mailbox of a running demo: one mail twice, one gone, one from nowhere."""
    while not (mail := list(place.glob("nurture-demo-*/mail/new"))) or not _are_read(mail[0]):
        assert process.poll() is None
        time.sleep(0.05)
    first, second, third = sorted(mail[0].iterdir())[:3]
    files = MailboxFiles(mail[0].parent)
    stray = files.read(third.name)
    double = "00000000000000000001.eml"
    shutil.copy(first, first.with_name(double))
    second_to = files.read(second.name).recipient
    second.unlink()
    data = b"Message-ID: <d.planted@acme.example>\r\nDate: Mon, 01 Dec 2025 10:00:00 +0000\r\n\r\nHello\r\n"
    draft = files.draft("ada@acme.example", stray.recipient, "nowhere", data)
    draft.rename(first.with_name("00000000000000000002.eml"))
    return double, second_to


def _are_read(mail: Path) -> bool:
    """Whether the first mails are surely read: another is dated later, and the clock waits for the readers."""
    files = MailboxFiles(mail.parent)
    dates = [str(files.read(name).message()["Date"]) for name in files.names()]
    return len(dates) > 3 and dates[2] != dates[-1]


def test_it_can_be_kept_and_stopped(tmp_path: Path) -> None:
    """`--keep` leaves everything running until SIGTERM, and the data where they are."""
    place = _directory(tmp_path / "place")
    file = tmp_path / "leads.csv"
    with file.open("w", newline="") as written:
        rows = csv.DictWriter(written, [field.name for field in fields(Person)])
        rows.writeheader()
        blank = Person(*[""] * len(fields(Person)))
        rows.writerow(asdict(blank) | {"email": "maria@kestrel.example", "timezone": "America/Chicago"})
    with nurture("demo", "--leads", str(file), "--weeks", "1", "--keep", TMPDIR=str(place)) as (process, mark):
        assert process.stdout is not None
        lines = []
        while "API key" not in "".join(lines):
            lines.append(process.stdout.readline())
            assert lines[-1], process.communicate()
        assert any(line.split()[:2] == ["leads", "1"] for line in lines)
        assert len(marked(mark)) >= 6
        process.terminate()
        _, words = process.communicate()
    assert (process.returncode, words) == (0, "")
    assert nothing_left(mark, place, within=1)
    assert len(list(place.glob("nurture-demo-*/mail/new/*.eml"))) == 1


def test_leads_that_cannot_be_read_are_one_clear_line(tmp_path: Path) -> None:
    file = tmp_path / "leads.csv"
    file.write_text("name,phone\nMaria,1\n")
    with nurture("demo", "--leads", str(file), TMPDIR=str(_directory(tmp_path / "place"))) as (process, mark):
        _, words = process.communicate()
    assert process.returncode in (1, 2)
    assert words.startswith("nurture: ")
    assert "leads.csv" in words
    assert "Traceback" not in words
    assert nothing_left(mark, tmp_path / "place", within=1)


def _directory(path: Path) -> Path:
    path.mkdir()
    return path
