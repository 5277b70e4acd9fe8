"""`nurture simulate` as people call it: what it prints, what it writes, what it says of mistakes."""

import csv
import json
import shutil
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from nurture.cli import simulated
from nurture.cli.main import app
from nurture.errors import NotFound, NurtureError, UsageError

ROOT = Path(__file__).parents[2]
LEADS = """email,first_name,title,country,employees,timezone,reject_reason,rejected_at
jo@buyer.example,Jo,VP Operations,US,900,America/Chicago,not_ready,2026-02-20
al@buyer.example,Al,Director,GB,300,Europe/London,,
not an address,Bo,,,,,,
jo@buyer.example,Joanna,,,,,,
"""
EVENTS = [
    {"type": "page", "userId": "jo@buyer.example", "properties": {"path": "/pricing"},
     "timestamp": "2026-03-05T15:00:00Z"},
    {"type": "identify", "userId": "7", "traits": {"email": "al@buyer.example", "timezone": "Asia/Tokyo"},
     "timestamp": "2026-03-04T01:00:00Z"},
    {"type": "track", "userId": "7", "event": "Demo Requested", "timestamp": "2026-03-20T15:00:00Z"},
]  # fmt: skip


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with leads and events, and the shipped workspace."""
    (tmp_path / "leads.csv").write_text(LEADS)
    lines = [json.dumps(event) for event in EVENTS]
    (tmp_path / "events.jsonl").write_text("\n".join([*lines, "{no json", '{"type": "page", "userId": "x"}', ""]))
    monkeypatch.setenv("NURTURE_WORKSPACE", str(ROOT))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def simulate(*said, weeks="4", start="2026-03-02T09:00"):
    arguments = ["simulate", "--leads", "leads.csv", "--weeks", weeks, "--start", start, *said]
    return CliRunner().invoke(app, arguments, catch_exceptions=False)


def document(*said, **more):
    result = simulate("--json", *said, **more)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout), result.stderr


def test_the_json_has_the_agreed_shape(place):
    told, stderr = document("--rate", "bounce=0%")
    assert told["weeks"] == 4
    assert told["leads"] == 2
    assert {"at", "local", "lead", "campaign", "step", "template", "subject"} <= told["deliveries"][0].keys()
    assert sum(told["per_day"].values()) == len(told["deliveries"]) > 0
    first = next(mail for mail in told["deliveries"] if mail["lead"] == "jo@buyer.example")
    assert first["subject"] == "Three questions, Joanna"
    assert first["local"].endswith(("-06:00", "-05:00"))
    assert (told["rejected"], told["rejects"][0]["line"]) == (1, 4)
    assert "leads.csv:4: email:" in stderr


def test_events_are_replayed_and_nobody_does_more(place):
    told, stderr = document("--events", "events.jsonl")
    (handoff,) = told["handoffs"]
    assert {"at", "lead", "grade", "score", "because"} <= handoff.keys()
    assert (handoff["lead"], handoff["at"]) == ("al@buyer.example", "2026-03-20T15:00:00+00:00")
    zones = {mail["local"][-6:] for mail in told["deliveries"] if mail["lead"] == "al@buyer.example"}
    assert "+09:00" in zones
    assert [(left["lead"], left["reason"]) for left in told["exits"]] == [("al@buyer.example", "hand_raise")]
    assert {"at", "lead", "campaign", "reason"} <= told["exits"][0].keys()
    assert told["events_rejected"] == 2
    assert "events.jsonl:4: it is no JSON" in stderr
    assert "events.jsonl:5: it does not say when it happened" in stderr


def test_the_same_seed_prints_the_same(place):
    assert document("--seed", "3")[0] == document("--seed", "3")[0]


def test_a_person_is_told_the_gist(place):
    result = simulate()
    assert result.exit_code == 0
    assert "2 leads, 4 weeks from Mon 2 Mar 2026 to Mon 30 Mar 2026, seed 1" in " ".join(result.stdout.split())
    for word in ("not-ready", "al@buyer.example", "is on its way"):
        assert word in result.stdout


def test_dead_ends_and_rest_are_told_apart_on_a_narrow_terminal(monkeypatch):
    monkeypatch.setattr("nurture.cli.simulated.out", Console(width=80, highlight=False))
    end = {"leads": 1, "left_as": None, "refused_for": "not_ready", "example": "jo@buyer.example"}
    end |= {
        "why": {"a": "its country is “US”", "b": "its country is “US”"},
        "others": "the others do not list not_ready",
    }
    rest = {"leads": 2, "campaign": "a", "because": "then: rest", "example": "al@buyer.example"}
    rest |= {"takes": "b", "takes_from": "2026-06-12T00:00:00+00:00"}
    with simulated.out.capture() as said:
        simulated._dead_ends({"dead_ends": [end], "resting": [rest]})
    assert said.get().splitlines() == [
        "1 lead at a dead end: in no campaign, and none will take it",
        "  1 lead, refused as not_ready, never in a campaign; such as jo@buyer.example",
        "      a, b: its country is “US”",
        "      the others do not list not_ready",
        "",
        "2 leads rest, as the campaign's file says:",
        "  2 leads, a (then: rest); b takes them as soon as they do something or the",
        "    profile changes, from Fri 12 Jun 2026 on; such as al@buyer.example",
        "",
    ]


def test_one_lead_is_told_of_as_one(place):
    (place / "leads.csv").write_text("email\njo@buyer.example\n")
    result = simulate("--rate", "bounce=0%", weeks="1")
    assert result.stdout.startswith("1 lead, 1 week from")
    assert "1 mail to 1 lead; 0 handoffs to sales" in result.stdout
    assert [line.split()[0] for line in result.stdout.splitlines() if "█" in line] == ["1"]


def test_a_year_of_handoffs_fits_a_narrow_terminal(monkeypatch):
    monkeypatch.setattr("nurture.cli.simulated.out", Console(width=80, highlight=False))
    by_week = {"rep.one@acme.example": [0, 9] * 26, "rep.two@acme.example": [1, 0] * 26}
    with simulated.out.capture() as said:
        simulated._in_marks(by_week, 52)
    lines = said.get().splitlines()
    assert lines[0] == "handoffs to sales, a mark a week; the highest is 9"
    assert lines[1:] == [f"rep.one@acme.example  234  {'·█' * 26}", f"rep.two@acme.example   26  {'▁·' * 26}"]
    assert max(map(len, lines)) <= 80
    with simulated.out.capture() as said:
        simulated._in_marks({rep: [*row, *row] for rep, row in by_week.items()}, 104)
    assert "a mark for 2 weeks" in said.get()


def test_one_campaign_alone(place):
    told, _ = document("--campaign", "no-budget")
    assert {mail["campaign"] for mail in told["deliveries"]} == {"no-budget"}
    assert [one["campaign"] for one in told["campaigns"]] == ["no-budget"]


def test_a_page_and_a_file_of_mails_are_written(place):
    result = simulate("--html", "out.html", "--csv", "mails.csv", weeks="2")
    assert result.exit_code == 0
    assert (place / "out.html").read_text().startswith("<!doctype html>")
    rows = list(csv.DictReader((place / "mails.csv").read_text().splitlines()))
    assert rows
    assert list(rows[0]) == ["at", "local", "lead", "campaign", "step", "template", "subject"]


def test_other_columns_can_be_named(place):
    (place / "leads.csv").write_text("Work e-mail\njo@buyer.example\n")
    assert document("--map", "email=Work e-mail")[0]["leads"] == 1


def test_a_broken_template_is_told_of_and_its_subjects_are_empty(place, tmp_path, monkeypatch):
    for folder in ("campaigns", "templates"):
        shutil.copytree(ROOT / folder, tmp_path / "mine" / folder)
    broken = tmp_path / "mine" / "templates" / "not-ready" / "three-questions.mjml"
    broken.write_text(broken.read_text().replace("{{", "{{ nobody_knows ", 1))
    monkeypatch.setenv("NURTURE_WORKSPACE", str(tmp_path / "mine"))
    told, stderr = document()
    assert {mail["subject"] for mail in told["deliveries"] if mail["step"] == "questions"} == {None}
    assert "three-questions.mjml" in stderr


@pytest.mark.parametrize(
    ("said", "more", "error", "told"),
    [
        ((), {"weeks": "0"}, UsageError, "--weeks: from 1 to 520"),
        (("--campaign", "not-redy"), {}, NotFound, "did you mean `not-ready`"),
        (("--events", "gone.jsonl"), {}, NotFound, "gone.jsonl: there is no such file"),
        (("--rate", "clicks=5%"), {}, UsageError, "did you mean `click`"),
        (("--reason", "not_redy=5%"), {}, UsageError, "did you mean `not_ready`"),
        ((), {"start": "tomorrow"}, UsageError, "--start takes a date"),
        (("--html", "nowhere/out.html"), {}, NurtureError, "cannot be written"),
        (("--csv", "nowhere/out.csv"), {}, NurtureError, "cannot be written"),
    ],
)
def test_mistakes_are_told_in_one_line(place, said, more, error, told):
    with pytest.raises(error, match=told) as caught:
        simulate(*said, **more)
    assert "\n" not in str(caught.value)


def test_a_missing_file_of_leads_is_told_in_one_line(place):
    (place / "leads.csv").unlink()
    with pytest.raises(NotFound, match=r"leads\.csv: there is no such file"):
        simulate()
