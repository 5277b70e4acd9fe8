"""Who must not be mailed is not, from the moment it is committed; an operator takes it back, with who and why."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest
from sqlalchemy import Engine

from nurture.app import App
from nurture.db import transaction
from nurture.errors import Conflict, NotFound, UsageError
from nurture.flows.erase import erase
from nurture.flows.import_suppressions import import_suppressions
from nurture.flows.ingest import ingest
from nurture.flows.merge_leads import merge_leads
from nurture.flows.refuse import refuse
from nurture.flows.suppress import leave_topic, release, suppress, suppress_address, unsubscribe
from nurture.local.mailbox import Mailbox
from nurture.rules.suppressing import OWN, Kind
from nurture.store import deliveries, suppressions
from nurture.workspace import TemplateFile
from tests.flows.apps import add_lead, make_app, one, rows, track
from tests.flows.test_deliver import HTML, due, received, send, states
from tests.rules.examples import NOW
from tests.rules.lives import book_of, campaign_of

EMAIL, OTHER = "jo@buyer.example", "jo.private@mail.example"
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    with Mailbox(tmp_path / "mailbox") as running:
        yield running


@pytest.fixture
def posting(clean_db: Engine, db_url: str, tmp_path: Path, mailbox: Mailbox) -> App:
    book = book_of(campaign_of(topic="product"))
    made = make_app(clean_db, db_url, tmp_path, book, MAIL_URL=mailbox.addresses.smtp)
    names = ("t/one", "t/two", "t/three")
    templates = {name: TemplateFile(name, Path(f"templates/{name}.html"), "html", HTML) for name in names}
    return replace(made, workspace=replace(made.workspace, templates=templates))


def history(app: App) -> list[tuple[str, ...]]:
    found = rows(app, "SELECT what, topic, reason, by, why FROM suppression_change ORDER BY id")
    return [tuple(row) for row in found]


def live(app: App) -> int:
    return one(app, "SELECT count(*) FROM enrollment WHERE status <> 'ended'")


@pytest.mark.parametrize("kind", [*get_args(Kind), "topic", "further address", "no lead's then"])
def test_a_mail_that_a_worker_holds_already_does_not_go(
    posting: App, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Suppressed after the lease and before the send, by another transaction: the real worker, the real server."""
    app = posting
    now = due(app)
    lead_id = one(app, "SELECT id FROM lead")
    if kind == "further address":
        add_lead(app, OTHER)
        merge_leads(app, EMAIL, OTHER, by="ann", now=NOW)
        with transaction(app.engine) as db:
            db.exec_driver_sql("UPDATE delivery SET state = 'queued', reason = NULL")
    lease, asked = deliveries.lease, []

    def lease_then_hear(*args: object, **more: object) -> object:
        leased = lease(*args, **more)  # type: ignore[arg-type]
        if leased:
            asked.append(leased[0].delivery_id)
        return leased

    def hear_after_commit() -> None:
        if kind == "topic":
            leave_topic(app, lead_id, "product", "page", now)
        elif kind == "erased":
            erase(app, EMAIL, by="ann", now=now)
        elif kind in ("further address", "no lead's then"):
            address = OTHER if kind == "further address" else EMAIL
            suppress_address(app, address, reason="manual", by="ann", why="asked by phone", now=now)
        else:
            suppress(app, lead_id=lead_id, word=kind, how="test", now=now)  # type: ignore[arg-type]

    monkeypatch.setattr(deliveries, "lease", lease_then_hear)
    step, heard = deliveries.record_and_move, []

    def hear_then_move(*args: object, **more: object) -> object:
        if not heard:
            heard.append(True)
            hear_after_commit()
        return step(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(deliveries, "record_and_move", hear_then_move)
    assert send(app, now).sent == 0
    assert asked
    assert heard
    assert received(mailbox) == []
    assert [state for state, _ in states(app)] == ([] if kind == "erased" else ["cancelled"])


@pytest.mark.parametrize("kind", [*get_args(Kind), "topic"])
def test_the_gate_alone_holds_a_mail_back(posting: App, mailbox: Mailbox, kind: str) -> None:
    """Nobody has told the rules: only the list knows."""
    now = due(posting)
    topic, reason = ("product", "unsubscribed") if kind == "topic" else ("", kind)
    with transaction(posting.engine) as db:
        suppressions.suppress(db, [EMAIL], reason=reason, how="test", at=now, topic=topic)
    assert send(posting, now).cancelled == 1
    assert (states(posting), received(mailbox)) == ([("cancelled", "suppressed")], [])


def test_another_topic_holds_nothing_back(posting: App, mailbox: Mailbox) -> None:
    now = due(posting)
    with transaction(posting.engine) as db:
        suppressions.suppress(db, [EMAIL], reason="unsubscribed", how="test", at=now, topic="events")
    assert send(posting, now).sent == 1


def test_an_operator_takes_it_back_and_the_campaigns_are_asked_again(app: App) -> None:
    add_lead(app)
    assert suppress_address(app, EMAIL, reason="manual", by="ann", why="asked by phone", now=NOW)
    assert not suppress_address(app, EMAIL, reason="manual", by="bob", why="again", now=NOW)
    assert live(app) == 0
    assert release(app, EMAIL, "ann", "asked for mail again", LATER).reasons == ("manual",)
    assert live(app) == 1
    assert rows(app, "SELECT n, status FROM enrollment ORDER BY n") == [(1, "ended"), (2, "active")]
    assert history(app) == [
        ("suppressed", "", "manual", "ann", "asked by phone"),
        ("released", "", "manual", "ann", "asked for mail again"),
    ]
    with pytest.raises(NotFound, match="not on the list"):
        release(app, EMAIL, "ann", "once more", LATER)


@pytest.mark.parametrize("kind", sorted(OWN))
def test_what_the_person_said_itself_is_taken_back_only_with_insistence(app: App, kind: Kind) -> None:
    lead_id = add_lead(app)
    suppress(app, lead_id=lead_id, word=kind, how="report", now=NOW)
    with pytest.raises(Conflict, match="insist"):
        release(app, EMAIL, "ann", "we would like to", LATER)
    assert one(app, "SELECT reason FROM suppression") == kind
    assert release(app, EMAIL, "ann", "wrote to us", LATER, insist=True).reasons == (kind,)


def test_a_complaint_behind_a_bounce_is_not_released_unseen(app: App) -> None:
    lead_id = add_lead(app)
    for kind in ("bounced", "complained", "bounced"):
        suppress(app, lead_id=lead_id, word=kind, how="report", now=NOW)
    assert rows(app, "SELECT reason FROM suppression") == [("complained",)]
    with pytest.raises(Conflict, match="spam"):
        release(app, EMAIL, "ann", "the mailbox works again", LATER)
    release(app, EMAIL, "ann", "wrote to us", LATER, insist=True)
    suppress(app, lead_id=lead_id, word="bounced", how="report", now=LATER)
    assert release(app, EMAIL, "ann", "the mailbox works again", LATER).reasons == ("bounced",)


def test_nobody_releases_without_a_name_and_a_reason(app: App) -> None:
    lead_id = add_lead(app)
    suppress(app, lead_id=lead_id, word="manual", how="", now=NOW)
    for by, why in (("", "why"), ("ann", " ")):
        with pytest.raises(UsageError, match="who does it and why"):
            release(app, EMAIL, by, why, LATER)


def test_one_topic_is_left_and_taken_again_by_itself(app_with: Callable[..., App]) -> None:
    app = app_with(campaign_of(topic="product"))
    lead_id = add_lead(app)
    leave_topic(app, lead_id, "product", "page", NOW)
    leave_topic(app, lead_id, "product", "page", NOW)
    assert live(app) == 0
    unsubscribe(app, lead_id=lead_id, delivery_id=None, how="page", now=NOW)
    release(app, EMAIL, "ann", "wrote to us", LATER, "product", insist=True)
    assert rows(app, "SELECT topic, reason FROM suppression") == [("", "unsubscribed")]
    assert live(app) == 0
    release(app, EMAIL, "ann", "wrote to us", LATER, insist=True)
    assert live(app) == 1


def test_a_wish_and_its_release_are_the_persons_at_every_address(app: App) -> None:
    add_lead(app)
    add_lead(app, OTHER)
    merge_leads(app, EMAIL, OTHER, by="ann", now=NOW)
    suppress_address(app, OTHER, reason="manual", by="ann", why="asked by phone", now=NOW)
    assert one(app, "SELECT count(*) FROM suppression") == 2
    assert release(app, EMAIL, "ann", "asked for it", LATER).addresses == 2
    suppress_address(app, OTHER, reason="bounced", by="ann", why="returned", now=NOW)
    assert (one(app, "SELECT count(*) FROM suppression"), live(app)) == (1, 1)


def test_a_wish_at_an_address_that_turns_out_to_be_a_leads_is_that_leads(app: App) -> None:
    add_lead(app)
    ingest(app, [track("Signed up", email=EMAIL, user_id="u1")], NOW)
    suppress_address(app, OTHER, reason="unsubscribed", by="ann", why="another tool's list", now=NOW)
    assert live(app) == 1
    ingest(app, [track("Signed up", email=OTHER, user_id="u1")], NOW)
    assert one(app, "SELECT count(*) FROM lead") == 1
    assert rows(app, "SELECT reason FROM suppression") == [("unsubscribed",)] * 2
    assert rows(app, "SELECT left_as FROM enrollment") == [("unsubscribed",)]


def test_what_sales_refuses_for_good_is_a_competitor_at_every_address(app: App) -> None:
    add_lead(app)
    add_lead(app, OTHER)
    merge_leads(app, EMAIL, OTHER, by="ann", now=NOW)
    refuse(app, EMAIL, reason="competitor", by="rep", note="", now=NOW)
    assert rows(app, "SELECT reason, how FROM suppression") == [("competitor", "refused: competitor")] * 2


EXPORTS = {
    "mailchimp": (
        '"Email Address","First Name",UNSUB_TIME,UNSUB_REASON\n'
        "jo@buyer.example,Jo,2026-01-02 03:04:05,NORMAL\n",
        [("unsubscribed",)],
    ),
    "mailchimp cleaned": ("Email Address,CLEAN_TIME\njo@buyer.example,2026-01-02\n", [("bounced",)]),
    "hubspot": (
        "Email,Unsubscribed from all email,Email hard bounce reason\n"
        "jo@buyer.example,Yes,\nann@buyer.example,No,UNKNOWN_USER\n",
        [("bounced",), ("unsubscribed",)],
    ),
    "listmonk": (
        "email,name,status\njo@buyer.example,Jo,blocklisted\nann@buyer.example,Ann,enabled\n",
        [("unsubscribed",)],
    ),
    "postmark": ("EmailAddress,SuppressionReason\njo@buyer.example,SpamComplaint\n", [("complained",)]),
    "ses": ("EmailAddress,Reason,LastUpdateTime\njo@buyer.example,COMPLAINT,2026-01-02\n", [("complained",)]),
}  # fmt: skip


@pytest.mark.parametrize("tool", EXPORTS)
def test_other_tools_lists_are_taken_over(app: App, tmp_path: Path, tool: str) -> None:
    add_lead(app)
    written, expected = EXPORTS[tool]
    file = tmp_path / "list.csv"
    file.write_text(written)
    done = import_suppressions(app, file, reason=None, by="ann", rejects=tmp_path / "no.csv", now=NOW)
    assert rows(app, "SELECT reason FROM suppression ORDER BY reason") == expected
    assert (done.suppressed, live(app)) == (len(expected), 0)
    assert done.read == done.suppressed + done.rejected
    again = import_suppressions(app, file, reason=None, by="ann", now=NOW)
    assert (again.suppressed, again.known) == (0, len(expected))


def test_rows_that_say_nothing_go_to_a_file(app: App, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("email,reason\nno address,bounced\njo@buyer.example,whatever\nann@buyer.example,\n")
    done = import_suppressions(app, file, reason=None, by="ann", rejects=tmp_path / "no.csv", now=NOW)
    assert (done.read, done.suppressed, done.rejected) == (3, 0, 3)
    assert "is no reason that is known" in (tmp_path / "no.csv").read_text()
    done = import_suppressions(app, file, reason="manual", by="ann", now=NOW)
    assert (done.suppressed, done.rejected) == (2, 1)
