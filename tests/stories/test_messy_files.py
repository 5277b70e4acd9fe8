"""Real files with every fault there is, imported: nothing crashes, every row is stored or stands among the rejects."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from nurture.app import App
from nurture.errors import NurtureError
from nurture.flows.import_leads import Imported, import_leads
from nurture.sheets.people import Terms
from nurture.sheets.sheet import open_sheet
from tests.flows.apps import make_app, one, rows
from tests.rules.examples import NOW
from tests.rules.lives import book_of
from tests.sheets.reading import table_of

SharedData = Callable[[str], Path]


@pytest.fixture
def app(clean_db: Engine, db_url: str, tmp_path: Path) -> App:
    return make_app(clean_db, db_url, tmp_path, book_of())


def take(app: App, path: Path, rejects: Path, **asked: str) -> Imported:
    with open_sheet(path, Terms.of(app.agreement, NOW), asked=asked) as sheet:
        return import_leads(app, sheet, NOW, rejects=rejects)


@pytest.mark.parametrize("name", ["dittofeed_user_uploads", "messy_csv", "csv_spectrum"])
def test_every_row_of_every_file_is_accounted_for(app: App, shared_data: SharedData, tmp_path: Path, name: str) -> None:
    files = [path for path in sorted(shared_data(name).iterdir()) if path.suffix in (".csv", ".tsv", ".xls", ".xlsx")]
    read = created = 0
    for number, path in enumerate(files):
        rejects = tmp_path / f"{number}.csv"
        try:
            there = list(table_of(path.read_bytes()))
            done = take(app, path, rejects)
        except NurtureError:
            assert not rejects.exists()
            continue
        assert done.read == done.created + done.updated + done.rejected == len(there), path.name
        assert len(rejected_lines(rejects)) == done.rejected
        read, created = read + done.read, created + done.created
    assert one(app, "SELECT count(*) FROM lead") == created
    assert (read, created) == {"dittofeed_user_uploads": (15, 5), "messy_csv": (0, 0), "csv_spectrum": (0, 0)}[name]


def test_files_without_an_address_column_can_be_taken_by_a_map_and_say_of_each_row_why_not(
    app: App, shared_data: SharedData, tmp_path: Path
) -> None:
    files = [path for path in sorted(shared_data("messy_csv").glob("*.csv")) if path.name != "agate_empty.csv"]
    assert len(files) == 30
    for path in files:
        table = table_of(path.read_bytes())
        there = [row.line for row in table]
        rejects = tmp_path / f"{path.stem}.rejects.csv"
        done = take(app, path, rejects, email=table.header[0])
        assert (done.read, done.rejected) == (len(there), len(there)), path.name
        assert rejected_lines(rejects) == there
    assert one(app, "SELECT count(*) FROM lead") == 0


def test_uploads_are_one_person_whichever_file_names_them(app: App, shared_data: SharedData, tmp_path: Path) -> None:
    folder = shared_data("dittofeed_user_uploads")
    first = take(app, folder / "users.csv", tmp_path / "a.csv")
    assert (first.created, first.updated, first.rejected, first.rejects_file) == (5, 0, 0, None)
    second = take(app, folder / "missing-some-identifiers.csv", tmp_path / "b.csv")
    assert (second.created, second.updated, second.rejected) == (0, 3, 2)
    assert rejected_lines(tmp_path / "b.csv") == [2, 4]
    third = take(app, folder / "subscription-group-actions.csv", tmp_path / "c.csv", do_not_email="action")
    assert (third.created, third.updated, third.rejected) == (0, 4, 1)
    (jane,) = rows(app, "SELECT l.email FROM lead l JOIN suppression s ON s.address_hash = sha256(l.email::bytea)")
    assert jane.email == "janedoe@example.com"
    left = rows(
        app, "SELECT l.email, e.left_as FROM lead l JOIN enrollment e ON e.lead_id = l.id WHERE status = 'ended'"
    )
    assert left == [("janedoe@example.com", "unsubscribed")]
    attributes = one(app, "SELECT attributes FROM lead WHERE email = 'janedoe@example.com'")
    assert attributes == {"id": "f5c5d1e5-d1f5-4d65-8b8f-7d4d153c4a51", "phone": "2234567890"}


def rejected_lines(path: Path) -> list[int]:
    """Lines of the source that stand in a file of rejects, each with its reason."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        rejected = list(csv.reader(file))
    assert rejected[0][:2] == ["line", "reason"]
    assert all(row[1] for row in rejected[1:])
    return [int(row[0]) for row in rejected[1:]]
