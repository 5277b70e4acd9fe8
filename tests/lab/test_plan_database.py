"""Plans and snapshots from real PostgreSQL: adopted files on one side, a workspace's on the other."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from nurture.app import App
from nurture.db import transaction
from nurture.errors import NurtureError, UsageError
from nurture.flows.adopt import adopt
from nurture.flows.advance import advance
from nurture.lab.plan import Plan
from nurture.lab.plan_database import plan_of, snapshot_of
from nurture.lab.plan_from_snapshot import plan_from_snapshot
from nurture.lab.plan_snapshot import read_snapshot
from nurture.lab.plan_words import document, markdown_lines, text_lines
from nurture.workspace import load_workspace
from tests.flows.apps import add_lead, make_app, rows
from tests.rules.examples import NOW
from tests.rules.lives import book_of
from tests.workers.processes import AGREEMENT, LETTER

WEEK = timedelta(weeks=1)
CAMPAIGN = """\
name: Track
status: live
enroll: {unready: true, reasons: [not_ready, no_follow_up, unreachable, no_outcome]}
cadence: {every: 1 week, days: [tue, wed, thu], hours: "09:00-11:30"}
steps:
  - {id: one, email: t/one}
  - {id: proof, email: t/proof, when: "lead.title | matches('vp') and lead.industry == 'Robotics'"}
  - {id: two, email: t/two}
  - {id: trial, email: t/trial, when: "not visited('/trial*', days=30)"}
"""
SPARE = """\
name: Spare
status: live
priority: 900
enroll: {reasons: [not_ready, no_follow_up, unreachable, no_outcome], when: "lead.grade == 'A' and lead.cycle > 5"}
cadence: {every: 1 week, days: mon-sun, hours: "09:00-11:30"}
steps:
  - {id: one, email: t/one}
"""
FIT = """\
fit:
  - {name: Boss, when: "lead.title | matches('vp|chief')", points: 30}
  - {name: Free, when: "lead.email | free_mail", points: -20}
  - {name: Big, when: "lead.employees >= 200", points: 40}
signals:"""

Edit = Callable[[str, str, str], None]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "campaigns").mkdir()
    (tmp_path / "templates/t").mkdir(parents=True)
    (tmp_path / "campaigns/agreement.yaml").write_text(AGREEMENT.replace("signals:", FIT))
    (tmp_path / "campaigns/track.yaml").write_text(CAMPAIGN)
    (tmp_path / "campaigns/spare.yaml").write_text(SPARE)
    (tmp_path / "templates/_note.html").write_text("<p>A note.</p>\n")
    for name in ("one", "proof", "two", "trial"):
        (tmp_path / f"templates/t/{name}.html").write_text(LETTER)
    return tmp_path


@pytest.fixture
def app(root: Path, clean_db: Engine, db_url: str) -> App:
    """The workspace's files, adopted, with three leads inside who have had their first mail."""
    app = reloaded(make_app(clean_db, db_url, root, book_of()))
    adopt(app, NOW)
    add_lead(app, "jo@buyer.example", first_name="Josephine", last_name="Quill", company="Zyx Ltd", industry="Robotics")
    add_lead(app, "al@gmail.com", first_name="Alphonse", title="Chief", company="Wombat AG", industry="Wombat AG")
    add_lead(app, "di@third.example", first_name="Dinah", title="Intern", company="Third Inc", employees=3)
    lived(app, LATER)
    assert rows(app, "SELECT count(*) FROM delivery")[0][0] >= 3
    return app


def lived(app: App, until: datetime) -> None:
    """Decide whenever something is due, up to then; every mail leaves in its slot."""
    while True:
        with transaction(app.engine) as db:
            due = db.execute(
                text("SELECT min(due_at) FROM enrollment WHERE due_at <= :until"), {"until": until}
            ).scalar()
            if due is None:
                return
        advance(app, due)
        with transaction(app.engine) as db:
            db.execute(text("UPDATE delivery SET state = 'sent', sent_at = slot_at WHERE state = 'queued'"))


def reloaded(app: App) -> App:
    """The same app with the files as they are now."""
    return replace(app, workspace=load_workspace(app.settings.workspace))


@pytest.fixture
def edit(root: Path) -> Edit:
    def change(file: str, old: str, new: str) -> None:
        path = root / file
        said = path.read_text()
        assert old in said
        path.write_text(said.replace(old, new))

    return change


LATER = NOW + 2 * WEEK


def planned(app: App) -> Plan:
    made = plan_of(reloaded(app), LATER)
    assert made is not None
    return made


def counts(made: Plan) -> dict[tuple[Any, ...], int]:
    return {(row.change.kind, row.change.step): row.leads for row in made.rows if row.change.kind != "other_hour"}


def test_nothing_is_said_before_anything_was_adopted(root: Path, clean_db: Engine, db_url: str, tmp_path: Path) -> None:
    fresh = reloaded(make_app(clean_db, db_url, root, book_of()))
    assert plan_of(fresh, NOW) is None
    with pytest.raises(NurtureError, match="no files have been adopted"):
        snapshot_of(fresh, NOW, tmp_path / "x")


def test_adopted_files_change_nothing(app: App) -> None:
    made = planned(app)
    assert (made.files, made.rows, made.looked_at) == ({}, (), 0)
    assert "nothing changes for any lead" in list(text_lines(made))
    assert "**Nothing changes for any lead.**" in list(markdown_lines(made))


def test_the_plan_is_what_adopting_does(app: App, edit: Edit) -> None:
    edit("campaigns/track.yaml", "  - {id: two", "  - {id: fresh, email: t/two}\n  - {id: two")
    made = planned(app)
    assert made.files == {"campaigns/track.yaml": "changed"}
    assert made.enrolled == {"track": 3}
    told = {row.change.step: row for row in made.rows if row.change.kind == "another_step"}
    assert told.keys() == {"fresh"}
    changed = reloaded(app)
    adopt(changed, LATER)
    lived(changed, LATER + WEEK)
    (got,) = rows(app, "SELECT count(*) FROM delivery WHERE step = 'fresh'")
    assert got[0] == told["fresh"].leads
    assert planned(changed).rows == ()


def test_text_and_json_and_markdown_say_the_same_counts(app: App, edit: Edit) -> None:
    edit("campaigns/track.yaml", "status: live", "status: paused")
    made = planned(app)
    (row,) = document(made)["changes"]
    assert (row["campaign"], row["step"], row["change"], row["leads"]) == ("track", None, "stops", 3)
    said = "\n".join(text_lines(made))
    assert "get no more mail: paused" in said
    assert "@" in said
    shown = "\n".join(markdown_lines(made))
    assert "### track (3 leads in it)" in shown
    assert "@" not in shown.replace("nurture plan", "")
    assert "@" not in json.dumps(document(made), default=str)


def test_a_part_that_mails_share_changes_the_mails_that_show_it(app: App, root: Path, edit: Edit) -> None:
    edit("templates/t/two.html", "<p>FILLER</p>", '{% include "_note.html" %}')
    adopt(reloaded(app), LATER)
    edit("templates/_note.html", "A note.", "Another note.")
    made = planned(app)
    assert made.files == {"templates/_note.html": "changed"}
    assert {kind for kind, _ in counts(made)} == {"text"}
    assert {step for _, step in counts(made)} == {"two"}


def test_a_snapshot_holds_no_person_and_gives_the_same_plan(app: App, edit: Edit, tmp_path: Path) -> None:
    file = tmp_path / "inside.jsonl"
    assert snapshot_of(app, LATER, file, keep=["country"]) == 3
    held = file.read_text().casefold()
    lines = "\n".join(held.splitlines()[1:])
    for word in ("jo@", "al@", "di@", "buyer.example", "third.example", "josephine", "quill", "alphonse", "dinah",
                 "zyx", "wombat", "third inc", "intern", "vp operations"):  # fmt: skip
        assert word not in lines
    for word in ("@buyer.example", "gmail.com", "josephine", "wombat", "zyx"):
        assert word not in held
    asks = "lead.title | matches('vp') and lead.industry == 'Robotics'"
    edit("campaigns/track.yaml", "  - {id: two", f'  - {{id: fresh, email: t/two, when: "{asks}"}}\n  - {{id: two')
    edit("campaigns/agreement.yaml", "points: 40", "points: 10")
    direct, blind = planned(app), plan_from_snapshot(file, load_workspace(app.settings.workspace))
    assert counts(direct)
    assert counts(blind) == counts(direct)
    assert blind.as_of == LATER
    assert all(row.examples == () for row in blind.rows)


def test_what_a_snapshot_cannot_tell_is_counted_and_named(app: App, edit: Edit, tmp_path: Path) -> None:
    file = tmp_path / "inside.jsonl.gz"
    snapshot_of(app, LATER, file)
    edit(
        "campaigns/track.yaml",
        "steps:\n",
        "steps:\n  - {id: zero, email: t/one, when: \"lead.company == 'Zyx Ltd'\"}\n",
    )
    edit("campaigns/track.yaml", "status: live", "order: unseen\nstatus: live")
    made = plan_from_snapshot(file, load_workspace(app.settings.workspace))
    assert counts(made)["cannot_tell", None] == 3
    assert any("lead.company == 'Zyx Ltd'" in note for note in made.notes)
    assert counts(planned(app))["another_step", "zero"] == 1


def test_a_new_condition_over_a_kept_number_is_told(app: App, edit: Edit, tmp_path: Path) -> None:
    file = tmp_path / "inside.jsonl"
    snapshot_of(app, LATER, file)
    edit("campaigns/agreement.yaml", "lead.employees >= 200", "lead.employees >= 2")
    made, direct = plan_from_snapshot(file, load_workspace(app.settings.workspace)), planned(app)
    assert counts(made) == counts(direct)
    assert ("grade", None) in counts(made)


DAMAGES: list[tuple[Callable[[bytes], bytes], str]] = [
    (lambda data: data[:-40], "cut off"),
    (lambda data: b"name,address\n", "no snapshot"),
    (lambda data: b"{}\n", "no snapshot"),
    (lambda data: data.replace(b'"nurture_snapshot":1', b'"nurture_snapshot":9'), "form 9"),
    (lambda data: data.replace(b"Track", b"Trick"), "not on record"),
    (lambda data: b"", "no snapshot"),
    (lambda data: data.replace(b'"taken_at":"2', b'"taken_at":"x'), "first line cannot be read"),
    (lambda data: data.replace(b'"stage"', b'"stags"'), "lead [0-9a-f]+ cannot be read"),
    (lambda data: data.replace(b'"answers":"', b'"answers":"1'), "lead [0-9a-f]+ cannot be read"),
]


def test_what_is_wrong_with_a_snapshot_is_one_line(app: App, tmp_path: Path) -> None:
    file = tmp_path / "inside.jsonl"
    snapshot_of(app, LATER, file)
    good = file.read_bytes()
    _read_all(file, app)
    for damage, words in DAMAGES:
        file.write_bytes(damage(good))
        with pytest.raises(NurtureError, match=words):
            _read_all(file, app)


def _read_all(file: Path, app: App) -> None:
    path = app.settings.workspace / "campaigns/track.yaml"
    path.write_text(path.read_text().replace("every: 1 week", "every: 2 weeks"))
    plan_from_snapshot(file, load_workspace(app.settings.workspace))
    with read_snapshot(file) as (_, records):
        assert list(records)


def test_a_field_that_says_who_somebody_is_cannot_be_kept(app: App, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="`company` cannot be kept"):
        snapshot_of(app, LATER, tmp_path / "x", keep=["company"])
    assert not (tmp_path / "x").exists()


def test_files_are_kept_to_the_last_octet_when_they_are_adopted(app: App, root: Path) -> None:
    path = root / "campaigns/track.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    adopt(reloaded(app), LATER)
    assert planned(app).rows == ()


def test_adopted_files_that_this_version_refuses_are_named(app: App) -> None:
    with transaction(app.engine) as db:
        broken = CAMPAIGN.replace("live", "alive")
        digest = sha256(broken.encode()).hexdigest()
        db.execute(
            text("UPDATE source_version SET content = :text, sha256 = :sha WHERE name = 'campaigns/track.yaml'"),
            {"text": broken, "sha": digest},
        )
    with pytest.raises(NurtureError, match=r"adopted files are not what this version takes: campaigns/track\.yaml:2"):
        plan_of(reloaded(app), LATER)


def test_a_thousand_leads_go_by_in_batches(app: App, edit: Edit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nurture.lab.plan_database.BATCH", 2)
    edit("campaigns/track.yaml", "every: 1 week", "every: 3 weeks")
    seen: list[int] = []
    made = plan_of(reloaded(app), LATER, seen.append)
    assert made is not None
    assert (seen, made.looked_at) == ([2, 1], 3)
