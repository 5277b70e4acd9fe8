"""For whom mails can be looked at."""

from datetime import datetime
from pathlib import Path

import pytest

from nurture.authoring.preview.leads import Chosen, search, state_of
from nurture.authoring.preview.samples import SAMPLES
from nurture.errors import DatabaseNotReady, NurtureError
from nurture.facts import LeadState
from nurture.rules.book import Rulebook
from nurture.sheets.people import Person
from tests.authoring.preview.making import change, desk_of, page, write

HEAD = "email,first_name,last_name,company,title,stage,reject_reason,do_not_email,plan\n"
ROWS = HEAD + "\n".join(
    [
        "Jo@Buyer.example,Jo,Doe,Buyer Ltd,VP Sales,nurture,not_ready,,gold",
        "al@other.example,Al,Roe,Other,,,,yes,",
        "no address,X,,,,,,,",
        "jo@buyer.example,Joanna,,,,,,,",
    ]
)


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    write(tmp_path / "leads.csv", ROWS + "\n")
    return tmp_path / "leads.csv"


def test_a_row_becomes_the_lead_that_an_import_would_make(root: Path, sheet: Path) -> None:
    lead = desk_of(root, leads=sheet).choose("JO@buyer.example")
    assert isinstance(lead, Chosen)
    assert (lead.profile.first_name, lead.profile.company, lead.profile.attributes) == (
        "Joanna", "Buyer Ltd", {"plan": "gold"},
    )  # fmt: skip
    assert (lead.state.grade, lead.state.reason, lead.state.refused) == ("A", "not_ready", True)


def test_rows_that_cannot_be_taken_are_counted_with_the_first_reason(root: Path, sheet: Path) -> None:
    text = page(desk_of(root, leads=sheet), "/")
    assert "2 leads from leads.csv" in text
    assert "1 row cannot be taken; the first is line 4" in text


def test_leads_are_found_by_every_word_samples_first(root: Path, sheet: Path) -> None:
    desk = desk_of(root, leads=sheet)
    assert [line.id for line in search(desk.sheet, "buyer jo")] == ["jo@buyer.example"]
    assert [line.id for line in search(desk.sheet, "EXAMPLE")][:2] == ["complete", "sparse"]
    assert search(desk.sheet, "nobody") == []
    assert len(search(desk.sheet, "", most=3)) == 3


def test_a_sheet_that_is_saved_again_is_read_again(root: Path, sheet: Path) -> None:
    desk = desk_of(root, leads=sheet)
    write(sheet, HEAD + "new@buyer.example,New,,,,,,,\n")
    assert desk.look()
    assert isinstance(desk.choose("new@buyer.example"), Chosen)
    write(sheet, "no header\n")
    desk.look()
    assert "leads.csv" in page(desk, "/")


def test_a_sheet_that_is_not_there_is_one_line(root: Path, tmp_path: Path) -> None:
    with pytest.raises(NurtureError, match=r"gone\.csv: there is no such file"):
        desk_of(root, leads=tmp_path / "gone.csv")


def test_an_address_that_must_not_be_mailed_is_said_on_the_time_line(root: Path, sheet: Path) -> None:
    assert "This address must not be mailed" in page(
        desk_of(root, leads=sheet), "/campaign/not-ready?lead=al@other.example"
    )


def test_a_lead_of_the_database_is_shown_as_it_stands(root: Path) -> None:
    person = Person("jo@buyer.example", {"first_name": "Jo", "industry": "retail"})

    def find(email: str, book: Rulebook, now: datetime) -> LeadState | None:
        return state_of(person, book, now) if email == person.email else None

    desk = desk_of(root, find=find)
    assert "Hi Jo" in page(desk, "/frame/not-ready/questions?lead=jo@buyer.example")
    assert "and the database has no such lead" in page(desk, "/?lead=al@buyer.example")
    assert "of the database, by address" in page(desk, "/")


def test_a_database_that_does_not_answer_is_one_line_and_the_page_goes_on(root: Path) -> None:
    def find(_: str, __: Rulebook, ___: datetime) -> LeadState | None:
        raise DatabaseNotReady("DATABASE_URL: the database cannot be reached: connection refused")

    text = page(desk_of(root, find=find), "/mail/not-ready/roi?lead=jo@buyer.example")
    assert "the database cannot be reached: connection refused. Shown for Maria Rossi instead." in text


def test_without_an_agreement_leads_have_no_grade_yet(root: Path, sheet: Path) -> None:
    good = change(root / "campaigns/agreement.yaml", "company:", "compny:")
    desk = desk_of(root, leads=sheet)
    lead = desk.choose("complete")
    assert isinstance(lead, Chosen)
    assert lead.state.grade is None
    write(root / "campaigns/agreement.yaml", good)
    desk.look()
    lead = desk.choose("jo@buyer.example")  # its reason is known again
    assert isinstance(lead, Chosen)
    assert lead.state.grade == "A"


def test_samples_have_names_of_their_own_and_addresses_of_nobody() -> None:
    assert len({sample.id for sample in SAMPLES}) == len(SAMPLES) >= 5
    assert all(sample.person.email.endswith(".example") for sample in SAMPLES)
