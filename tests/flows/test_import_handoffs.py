"""Another CRM's deals become handoffs, once each, and nobody hears of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.exc import InternalError

from nurture.app import App
from nurture.db import make_engine
from nurture.flows import follow_up
from nurture.flows.erase import erase
from nurture.flows.import_handoffs import ImportedHandoffs, import_handoffs
from nurture.flows.ingest import ingest
from nurture.flows.merge_leads import merge_leads
from nurture.sheets.deals import Deal, nobodys_address
from tests.flows.apps import add_lead, one, rows, track
from tests.rules.examples import NOW

THEN = datetime(2025, 3, 3, tzinfo=UTC)
LATER = THEN + timedelta(days=40)
EMAIL = "jo@buyer.example"


def deal(key: str = "1", state: Any = "won", email: str | None = None, **more: Any) -> Deal:
    closed = {} if state in ("offered", "accepted", "contacted", "qualified") else {"closed_at": LATER}
    values = {"offered_at": THEN, "owner": "rep.one@acme.example", "value": Decimal(500), **closed, **more}
    return Deal(key, email or nobodys_address(key), state, **values)


def imported(app: App, *deals: Deal, **more: Any) -> ImportedHandoffs:
    return import_handoffs(app, deals, NOW, **more)


def counts(done: ImportedHandoffs) -> tuple[int, int, int, int]:
    return done.created, done.updated, done.unchanged, done.rejected


def lead(app: App, email: str = EMAIL) -> Any:
    (row,) = rows(app, "SELECT stage, refused, reason, handed_over, created_at FROM lead WHERE email = :e", e=email)
    return tuple(row)


def test_a_deal_is_a_handoff_with_its_outcome_and_a_line_in_the_log(app: App) -> None:
    assert counts(imported(app, deal(reason=None, note="big one", kept={"product": "Arm 5"}))) == (1, 0, 0, 0)
    (row,) = rows(app, "SELECT * FROM handoff")
    assert (row.state, row.origin, row.external_id, row.owner) == ("won", "imported", "1", "rep.one@acme.example")
    assert (row.offered_at, row.closed_at, row.value, row.cycle) == (THEN, LATER, 500, 1)
    assert row.evidence == {"rows": [], "fit": [], "columns": {"product": "Arm 5"}}
    assert rows(app, "SELECT what, by, note FROM handoff_change") == [("imported", "import", "big one")]
    assert one(app, "SELECT count(*) FROM notice") == 0


def test_a_lead_without_an_address_is_never_mailed_nor_offered(app: App) -> None:
    done = imported(app, deal(state="lost"))
    assert (done.leads, done.nobodys) == (1, 1)
    email = nobodys_address("1")
    assert lead(app, email) == ("inquiry", True, None, True, THEN)
    assert rows(app, "SELECT topic, reason, how FROM suppression") == [("", "manual", "no address")]
    ingest(app, [track("Demo Requested", email=email)], NOW)
    assert one(app, "SELECT count(*) FROM handoff") == 1
    assert one(app, "SELECT count(*) FROM enrollment") == 0


@pytest.mark.parametrize(
    ("state", "stage"),
    [("offered", "mql"), ("accepted", "sal"), ("qualified", "sql"), ("won", "customer"), ("lost", "inquiry")],
)
def test_a_new_lead_stands_where_its_deal_does(app: App, state: str, stage: str) -> None:
    imported(app, deal(state=state, email=EMAIL, about={"company": "Buyer Ltd"}))
    assert lead(app)[0] == stage
    assert one(app, "SELECT count(*) FROM enrollment") == 0, "no campaign takes anybody by it"
    assert rows(app, "SELECT company, owner FROM lead") == [("Buyer Ltd", "rep.one@acme.example")]


def test_of_several_deals_an_open_one_says_most_then_the_latest(app: App) -> None:
    first = deal("1", "won", EMAIL, closed_at=LATER)
    last = deal("2", "lost", EMAIL, closed_at=LATER + timedelta(days=9), reason="no_budget")
    imported(app, last, first)
    assert lead(app)[:3] == ("inquiry", True, "no_budget")
    imported(app, deal("3", "won", "di@buyer.example"), deal("4", "accepted", "di@buyer.example"))
    assert lead(app, "di@buyer.example")[0] == "sal"


def test_what_was_over_before_changes_nothing_of_a_lead_that_is_known_here(app: App) -> None:
    add_lead(app)
    before = lead(app)
    enrolled = one(app, "SELECT count(*) FROM enrollment WHERE status <> 'ended'")
    imported(app, deal(email=EMAIL), deal("2", "lost", EMAIL, reason="no_budget"))
    assert lead(app) == before
    assert one(app, "SELECT count(*) FROM enrollment WHERE status <> 'ended'") == enrolled == 1


def test_nurture_is_silent_while_sales_has_the_lead_elsewhere(app: App) -> None:
    add_lead(app)
    imported(app, deal(state="accepted", email=EMAIL))
    assert lead(app)[0] == "sal"
    assert rows(app, "SELECT status, left_as FROM enrollment") == [("ended", "qualified")]
    ingest(app, [track("Demo Requested")], NOW)
    assert one(app, "SELECT count(*) FROM handoff") == 1, "nobody is offered whom sales has"


def test_a_lead_has_one_open_handoff_and_ours_stays(app: App, tmp_path) -> None:
    add_lead(app)
    ingest(app, [track("Demo Requested")], NOW)
    rejects = tmp_path / "rejects.csv"
    done = imported(
        app, deal(state="accepted", email=EMAIL), deal("2", "lost", EMAIL), deal("3", "offered", "di@buyer.example"),
        deal("4", "offered", "di@buyer.example"), rejects=rejects,
    )  # fmt: skip
    assert counts(done) == (2, 0, 0, 2)
    assert rejects.read_text().count("sales has the lead in another open handoff already") == 2
    assert rows(app, "SELECT state, origin FROM handoff WHERE external_id IS NULL") == [("offered", "nurture")]
    assert lead(app)[0] == "mql"


def test_a_file_that_has_grown_is_imported_again(app: App) -> None:
    open_one = deal("1", "offered", EMAIL)
    assert counts(imported(app, open_one, deal("2"))) == (2, 0, 0, 0)
    assert counts(imported(app, open_one, deal("2"))) == (0, 0, 2, 0)
    won = replace(open_one, state="won", closed_at=LATER, value=Decimal(700))
    assert counts(imported(app, won, deal("2"), deal("3"))) == (1, 1, 1, 0)
    assert rows(app, "SELECT state, value FROM handoff WHERE external_id = '1'") == [("won", 700)]
    assert lead(app)[0] == "customer"
    (change,) = rows(app, "SELECT details FROM handoff_change WHERE details ? 'value'")
    assert change.details["value"] == ["500", "700"]
    assert change.details["state"] == ["offered", "won"]


def test_of_two_rows_with_one_id_the_later_one_counts(app: App) -> None:
    done = imported(app, deal("1", "offered", EMAIL), deal("1", "won", EMAIL))
    assert counts(done) == (1, 1, 0, 0)
    assert rows(app, "SELECT state FROM handoff") == [("won",)]


def test_one_deal_ends_as_another_of_the_same_lead_begins(app: App) -> None:
    imported(app, deal("1", "accepted", EMAIL))
    done = imported(app, deal("1", "lost", EMAIL, reason="no_budget"), deal("2", "offered", EMAIL))
    assert counts(done) == (1, 1, 0, 0)
    assert lead(app)[0] == "mql"


def test_what_was_open_and_is_lost_rests_with_nurture_until_something_happens(app: App) -> None:
    imported(app, deal("1", "accepted", EMAIL))
    imported(app, deal("1", "lost", EMAIL, reason="not_ready"))
    assert lead(app)[:3] == ("nurture", True, "not_ready")
    assert one(app, "SELECT count(*) FROM enrollment") == 0


def test_an_undated_open_deal_began_when_it_was_first_imported(app: App) -> None:
    undated = deal("1", "offered", EMAIL, offered_at=None)
    imported(app, undated)
    assert one(app, "SELECT offered_at FROM handoff") == NOW
    assert counts(import_handoffs(app, [undated], NOW + timedelta(days=3))) == (0, 0, 1, 0)


def test_an_imported_handoff_is_worked_on_like_any_other(app: App) -> None:
    imported(app, deal("1", "offered", EMAIL))
    id_ = one(app, "SELECT id FROM handoff")
    follow_up.attempt(app, id_, kind="call", outcome="reached", note="", by="rep.one@acme.example", now=NOW)
    follow_up.reject(app, id_, reason="not_ready", note="", by="rep.one@acme.example", now=NOW)
    assert rows(app, "SELECT state, origin FROM handoff") == [("rejected", "imported")]
    assert one(app, "SELECT count(*) FROM enrollment WHERE status <> 'ended'") == 1, "what sales says here, counts"


def test_who_was_erased_does_not_come_back_and_a_merged_lead_is_found(app: App, tmp_path) -> None:
    add_lead(app, "gone@buyer.example")
    erase(app, "gone@buyer.example", by="ann", now=NOW)
    add_lead(app)
    add_lead(app, "jo.private@mail.example")
    merge_leads(app, EMAIL, "jo.private@mail.example", by="ann", now=NOW)
    done = imported(
        app, deal("1", email="gone@buyer.example"), deal("2", email="jo.private@mail.example"),
        rejects=tmp_path / "rejects.csv",
    )  # fmt: skip
    assert counts(done) == (1, 0, 0, 1)
    assert "asked to be erased" in (tmp_path / "rejects.csv").read_text()
    assert one(app, "SELECT l.email FROM handoff h JOIN lead l ON l.id = h.lead_id") == EMAIL


def test_a_row_that_the_database_refuses_is_rejected_alone(app: App, tmp_path) -> None:
    done = imported(app, deal("1"), deal("2", note="\x00"), deal("3"), rejects=tmp_path / "rejects.csv")
    assert counts(done) == (2, 0, 0, 1)
    assert "cannot be stored" in (tmp_path / "rejects.csv").read_text()


def test_a_database_that_takes_nothing_now_blames_no_row(app: App, db_url: str) -> None:
    standby = make_engine(f"{db_url}&options=-cdefault_transaction_read_only%3Don")
    with pytest.raises(InternalError, match="read-only"):
        imported(App(app.settings, standby, app.workspace, app.now), deal("1"))
    standby.dispose()


def test_many_batches_are_one_import(app_with: Callable[..., App]) -> None:
    app = app_with()
    done = imported(app, *(deal(str(n)) for n in range(25)), batch=10)
    assert counts(done) == (25, 0, 0, 0)
