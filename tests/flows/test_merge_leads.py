"""Two leads that turn out to be one: nothing is lost, and what follows is decided again."""


import pytest

from nurture.app import App
from nurture.db import transaction
from nurture.errors import NotFound
from nurture.flows.ingest import ingest
from nurture.flows.merge_leads import foresee, merge_leads
from nurture.store import leads
from nurture.store.merging import living
from tests.flows.apps import add_lead, one, page, rows
from tests.rules.examples import NOW

JO, AL = "jo@buyer.example", "al@buyer.example"


def merge(app: App, keep: str = JO, other: str = AL, now=NOW):
    return merge_leads(app, keep, other, by="operator", now=now)


@pytest.fixture
def two(app: App) -> tuple[int, int]:
    """Two leads, each with a visit, in a campaign."""
    ids = add_lead(app), add_lead(app, AL)
    ingest(app, [page("/pricing"), page("/pricing", email=AL), page("/careers", email=AL)], NOW)
    return ids


def test_what_both_did_is_one_leads_and_counts_together(app: App, two: tuple[int, int]) -> None:
    done = merge(app)
    assert (done.kept, done.lost, done.one_already) == (JO, AL, False)
    assert rows(app, "SELECT id, email FROM lead") == [(two[0], JO)]
    assert one(app, "SELECT count(*) FROM event WHERE lead_id = :id", id=two[0]) == 3
    assert one(app, "SELECT count FROM signal_day ORDER BY count DESC LIMIT 1") == 2
    assert one(app, "SELECT micro FROM lead_score") == 30_000_000


def test_the_lost_address_finds_the_kept_lead_from_now_on(app: App, two: tuple[int, int]) -> None:
    merge(app)
    ingest(app, [page("/pricing", email=AL, anonymous_id="als")], NOW)
    ingest(app, [page("/docs", anonymous_id="als")], NOW)
    assert one(app, "SELECT count(*) FROM lead") == 1
    assert one(app, "SELECT count(*) FROM event WHERE lead_id = :id", id=two[0]) == 5
    with transaction(app.engine) as db:
        assert leads.id_of(db, AL) == two[0]
        assert living(db, [*two, 99]) == {two[0]: two[0], two[1]: two[0]}


def test_who_was_lost_is_remembered_with_its_row(app: App, two: tuple[int, int]) -> None:
    merge(app)
    (row,) = rows(app, "SELECT lost_id, kept_id, at, by, lost FROM merged_lead")
    assert row[:4] == (two[1], two[0], NOW, "operator")
    assert row.lost["email"] == AL
    assert row.lost["title"] == "VP Operations"


def test_merged_twice_they_are_one_already(app: App, two: tuple[int, int]) -> None:
    merge(app)
    before = rows(app, "SELECT * FROM lead")
    again = merge(app)
    assert again.one_already
    assert rows(app, "SELECT * FROM lead") == before
    assert merge(app, AL, JO).one_already


def test_chains_of_merges_lead_to_who_lives(app: App, two: tuple[int, int]) -> None:
    third = add_lead(app, "third@buyer.example")
    merge(app)
    merge(app, "third@buyer.example", AL)
    with transaction(app.engine) as db:
        assert set(living(db, [*two, third]).values()) == {third}
        assert {leads.id_of(db, email) for email in (JO, AL, "third@buyer.example")} == {third}


def test_a_lead_that_is_not_there_is_said(app: App, two: tuple[int, int]) -> None:
    with pytest.raises(NotFound, match=r"nobody@buyer\.example"):
        merge(app, JO, "nobody@buyer.example")


def test_foreseeing_says_what_merging_does_and_changes_nothing(app: App, two: tuple[int, int]) -> None:
    before = rows(app, "SELECT * FROM lead")
    told = foresee(app, JO, AL)
    assert rows(app, "SELECT * FROM lead") == before
    assert told.moved["events"] == 2
    assert told == merge(app)


def test_the_kept_leads_fields_win_and_its_empty_ones_are_filled(app: App) -> None:
    add_lead(app, title="VP", company=None, attributes={"plan": "pro"})
    add_lead(app, AL, title="Clerk", company="Buyer", attributes={"plan": "free", "seats": 4})
    merge(app)
    (lead,) = rows(app, "SELECT title, company, attributes FROM lead")
    assert lead == ("VP", "Buyer", {"plan": "pro", "seats": 4})
    assert one(app, "SELECT changes FROM lead_change WHERE source = 'merge'") == {
        "company": [None, "Buyer"],
        "seats": [None, 4],
    }
