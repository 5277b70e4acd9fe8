"""Erasing a person leaves a hash and nothing else, in whatever table."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from nurture.app import App
from nurture.db import transaction
from nurture.errors import NotFound, UsageError
from nurture.flows.consent import give_consent
from nurture.flows.erase import erase, foresee_erasing, forget_unconfirmed
from nurture.flows.import_leads import import_leads
from nurture.flows.ingest import ingest
from nurture.flows.merge_leads import merge_leads
from nurture.flows.refuse import refuse
from nurture.flows.suppress import leave_topic, unsubscribe
from nurture.flows.take_reports import take_reports
from nurture.reports.export import export_lead
from nurture.segment.rejected import Rejected
from nurture.sheets.people import Person
from nurture.store import confirmations, rejected_events, set_aside
from nurture.store.exporting import TABLES
from nurture.store.suppressions import address_hash
from tests.flows.apps import add_lead, incoming, one, page, rows, track
from tests.flows.reports import add_mail, report
from tests.rules.examples import NOW

EMAIL, OTHER = "jo@buyer.example", "jo.private@mail.example"
NAME = "Zebulon"

BY_LEAD = text(
    """
    SELECT table_name, column_name FROM information_schema.columns
    WHERE table_schema = 'public' AND column_name IN ('lead_id', 'kept_id', 'other_id', 'handoff_id', 'inbound_id')
      AND table_name NOT LIKE 'event\\_%' ORDER BY 1, 2
    """
)
TABLES_THERE = text(
    """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1
    """
)


def insert(app: App, table: str, **values: Any) -> None:
    names = ", ".join(values)
    with transaction(app.engine) as db:
        db.execute(text(f"INSERT INTO {table} ({names}) VALUES ({', '.join(f':{name}' for name in values)})"), values)


def whole_life(app: App) -> int:
    """A lead of which every table knows something."""
    lead_id = add_lead(app, EMAIL, first_name=NAME)
    add_lead(app, OTHER, first_name=NAME)
    merge_leads(app, EMAIL, OTHER, by="ann", now=NOW)
    stranger = add_lead(app, "someone.else@buyer.example")
    ingest(app, [track("Whitepaper Downloaded", anonymous_id="b1", email=EMAIL), page("/pricing", email=EMAIL)], NOW)
    ingest(app, [track("Demo Requested", email=EMAIL, properties={"note": NAME})], NOW)
    ingest(app, [incoming("identify", NOW, email=EMAIL, anonymous_id="b1", traits={"last_name": NAME})], NOW)
    with transaction(app.engine) as db:
        rejected_events.keep(db, [Rejected("web", "why", {"traits": {"email": EMAIL.upper()}})], NOW)
    handoff = one(app, "SELECT id FROM handoff WHERE lead_id = :id", id=lead_id)
    insert(app, "attempt", handoff_id=handoff, kind="call", outcome="reached", at=NOW, by="rep", note=f"{NAME} is away")
    rung = {"promise": "accept", "rung": 1, "action": "remind", "due_at": NOW, "at": NOW, "owner": EMAIL}
    insert(app, "breach", handoff_id=handoff, **rung)
    news = {"kind": "lead.active", "channel": "slack", "data": f'{{"what": "{NAME}"}}', "at": NOW, "next_at": NOW}
    insert(app, "notice", lead_id=lead_id, about=f"lead:{lead_id}/event:1", **news)
    give_consent(app, EMAIL, basis="consent", by="ann", source="fair", wording=f"{NAME} agrees", now=NOW)
    leave_topic(app, lead_id, "product", "page", NOW)
    with transaction(app.engine) as db:
        question = confirmations.Question(lead_id, "website", "consent", f"{NAME} agrees")
        confirmations.ask(db, [question], NOW, expires_at=NOW)
        db.execute(text("INSERT INTO identity_conflict VALUES (:a, :b, :at, 'x', 'y')"),
                   {"a": min(lead_id, stranger), "b": max(lead_id, stranger), "at": NOW})  # fmt: skip
    record = {"channel": "hubspot", "lead_id": lead_id, "record_id": "101"}
    insert(app, "crm_link", seen=f'{{"hs_lead_status": "{NAME}"}}', pushed_at=NOW, **record)
    said = {"change_id": "101@1", "cycle": 1, "at": NOW, "taken_at": NOW, "by": f"hubspot: {EMAIL}", "words": NAME}
    insert(app, "crm_answer", handoff_id=handoff, meaning="accepted", **record, **said)
    enrollment = one(app, "SELECT min(id) FROM enrollment WHERE lead_id = :id", id=lead_id)
    mail = {"campaign": "warm", "step": "one", "cycle": 1, "template": "t/one", "slot_at": NOW, "slot_until": NOW}
    mail |= {"local_on": NOW.date(), "zone": "UTC", "queued_at": NOW, "reason": f"550 {EMAIL} unknown"}
    insert(app, "delivery", lead_id=lead_id, enrollment_id=enrollment, state="queued", **mail)
    delivery = one(app, "SELECT max(id) FROM delivery")
    hashed = address_hash(EMAIL)
    report = {"provider": "smtp", "type": "bounced", "at": NOW, "received_at": NOW, "recipient": EMAIL}
    report |= {"address_hash": hashed, "raw": f"to {EMAIL}".encode()}
    insert(app, "mail_report", event_id="1", seen=b"1", lead_id=lead_id, delivery_id=delivery, **report)
    insert(app, "mail_report", event_id="2", seen=b"2", **report)
    insert(app, "soft_bounce", address_hash=hashed, bounced_at=[NOW])
    mail = {"received_at": NOW, "source": "inbox", "kind": "reply", "raw": f"From: {EMAIL}".encode()}
    insert(app, "inbound_mail", digest=b"1" * 32, lead_id=lead_id, delivery_id=delivery, **mail)
    insert(app, "inbound_mail", digest=b"2" * 32, **mail | {"kind": "bounce"})
    inbound = one(app, "SELECT min(id) FROM inbound_mail")
    insert(app, "mail_forward", inbound_id=inbound, recipient="rep@acme.example", at=NOW, next_at=NOW)
    asked = {"how": "page", "asked_at": NOW, "expires_at": NOW + timedelta(days=1)}
    insert(
        app,
        "address_change",
        lead_id=lead_id,
        email="jo@new.example",
        address_hash=address_hash("jo@new.example"),
        **asked,
    )
    with transaction(app.engine) as db:
        set_aside.put(db, "lead", lead_id, lead_id, f"{NAME} cannot be decided", NOW)
    insert(app, "address_change", lead_id=stranger, email=EMAIL, address_hash=hashed, **asked)
    return lead_id


def kept(app: App, *needles: str | int) -> list[str]:
    """In which tables one of these stands, in whatever column."""
    found = []
    with transaction(app.engine) as db:
        for table in db.execute(TABLES_THERE).scalars():
            whole = db.execute(text(f"SELECT to_jsonb(t)::text FROM {table} t")).scalars().all()
            found += [table for row in whole for needle in needles if str(needle).lower() in unhexed(row).lower()]
    return sorted(set(found))


def unhexed(row: str) -> str:
    """The row, with what is in octets told as text too."""
    octets = [value for value in orjson.loads(row).values() if isinstance(value, str) and value.startswith("\\x")]
    return row + "".join(bytes.fromhex(value[2:]).decode("latin-1") for value in octets)


def test_every_table_that_belongs_to_leads_is_emptied_of_the_person(app: App) -> None:
    lead_id = whole_life(app)
    with transaction(app.engine) as db:
        columns = db.execute(BY_LEAD).all()
        for table, column in columns:
            count = db.execute(text(f"SELECT count(*) FROM {table} WHERE {column} IS NOT NULL")).scalar_one()
            assert count, f"{table}.{column} has no row here: add one to `whole_life`, and see that it is erased"
    assert {"lead", "event", "attempt", "mail_report", "inbound_mail", "rejected_event"} <= set(kept(app, EMAIL, NAME))
    done = erase(app, EMAIL, by="ann", now=NOW)
    assert (done.addresses, done.stage) == (2, "mql")
    assert kept(app, EMAIL, OTHER, NAME, "jo@new.example") == []
    with transaction(app.engine) as db:
        for table, column in columns:
            if column in ("lead_id", "kept_id", "other_id"):
                query = f"SELECT count(*) FROM {table} WHERE {column} = :id"
                assert db.execute(text(query), {"id": lead_id}).scalar_one() == 0, table
    assert rows(app, "SELECT address_hash, topic, reason FROM suppression ORDER BY address_hash") == [
        (hashed, "", "erased") for hashed in sorted((address_hash(EMAIL), address_hash(OTHER)))
    ]
    assert rows(app, "SELECT DISTINCT what, reason, by FROM suppression_change") == [("suppressed", "erased", "ann")]
    assert one(app, "SELECT count(*) FROM lead") == 1, "somebody else stays"


def test_hashes_of_the_address_stand_in_the_list_alone(app: App) -> None:
    whole_life(app)
    erase(app, EMAIL, by="ann", now=NOW)
    assert kept(app, address_hash(EMAIL).hex()) == ["suppression", "suppression_change"]


@pytest.mark.parametrize("email", [EMAIL, OTHER, EMAIL.upper()])
def test_a_person_is_erased_by_any_of_its_addresses_and_twice_is_fine(app: App, email: str) -> None:
    whole_life(app)
    assert foresee_erasing(app, email).stage == "mql"
    erase(app, email, by="ann", now=NOW)
    again = erase(app, email, by="bob", now=NOW + timedelta(days=1))
    assert (again.stage, again.erased_at) == (None, NOW)
    assert one(app, "SELECT count(*) FROM suppression WHERE at = :at", at=NOW) == 2


def test_who_is_not_known_cannot_be_erased_and_nobody_does_it_without_a_name(app: App) -> None:
    with pytest.raises(NotFound, match="nothing is known"):
        erase(app, "nobody@buyer.example", by="ann", now=NOW)
    add_lead(app)
    with pytest.raises(UsageError, match="who does it"):
        erase(app, EMAIL, by=" ", now=NOW)
    assert one(app, "SELECT count(*) FROM lead") == 1


def test_an_erased_address_is_neither_imported_nor_made_a_lead_by_an_event(app: App, tmp_path: Path) -> None:
    add_lead(app)
    erase(app, EMAIL, by="ann", now=NOW)
    done = import_leads(app, [Person(EMAIL), Person("new@buyer.example")], NOW, rejects=tmp_path / "rejects.csv")
    assert (done.created, done.updated, done.rejected) == (1, 0, 1)
    assert "asked to be erased, which was done on 2026" in (tmp_path / "rejects.csv").read_text()
    came = ingest(app, [track("Demo Requested", email=EMAIL), page("/x", email=EMAIL, anonymous_id="b")], NOW)
    assert (came.stored, came.created) == (0, 0)
    assert kept(app, EMAIL) == []
    assert rows(app, "SELECT source, count FROM rejected_day") == [("test", 2)]


@pytest.mark.parametrize("type_", ["delivered", "bounced", "complained", "unsubscribed"])
def test_a_report_that_comes_after_all_was_erased_leaves_no_trace(app: App, type_: str) -> None:
    mail_id = add_mail(app, add_lead(app, EMAIL))
    late = report(app, type_, mail_id, recipient=EMAIL.upper(), said=f"<{EMAIL}> is {NAME}", severity="hard")
    erase(app, EMAIL, by="ann", now=NOW)
    take_reports(app, [replace(late, raw=EMAIL.encode(), message_id="m-1")], NOW)
    (row,) = rows(app, "SELECT * FROM mail_report")
    kept = (row.recipient, row.address_hash, row.message_id, row.said, bytes(row.raw), row.lead_id)
    assert kept == (None, None, None, None, b"", None)
    assert [one.reason for one in rows(app, "SELECT reason FROM suppression")] == ["erased"]


def test_an_erased_person_comes_back_by_a_form_that_it_confirms(app_with: Callable[..., App]) -> None:
    from nurture.flows.confirm import confirm

    app = app_with(consent={"double_opt_in": ["website"]})
    add_lead(app)
    erase(app, EMAIL, by="ann", now=NOW)
    form = {"source": "website", "email": EMAIL, "traits": {"email": EMAIL, "consent": {"wording": "Yes"}}}
    assert ingest(app, [incoming("identify", NOW, **form | {"traits": {"email": EMAIL}})], NOW).created == 0
    assert ingest(app, [incoming("identify", NOW, **form)], NOW).asked == 1
    assert one(app, "SELECT reason FROM suppression") == "erased"
    assert confirm(app, one(app, "SELECT id FROM confirmation"), address_hash=None, agent=None, now=NOW) == "confirmed"
    assert one(app, "SELECT count(*) FROM suppression") == 0
    assert one(app, "SELECT count(*) FROM enrollment WHERE status = 'active'") == 1


def test_leads_that_confirm_nothing_are_forgotten_in_time_and_others_are_not(app_with: Callable[..., App]) -> None:
    app = app_with(consent={"double_opt_in": ["website"], "confirm_within": "5 days"})
    add_lead(app, "known@buyer.example")
    form = {"source": "website", "email": EMAIL, "traits": {"email": EMAIL}}
    ingest(app, [incoming("identify", NOW, **form)], NOW)
    asked = {"source": "website", "email": "asks@buyer.example", "traits": {}}
    ingest(app, [incoming("identify", NOW, **asked)], NOW)
    refuse(app, "asks@buyer.example", reason="not_ready", by="rep", note="", now=NOW)
    assert forget_unconfirmed(app, NOW + timedelta(days=5)) == 0
    assert forget_unconfirmed(app, NOW + timedelta(days=5, seconds=1)) == 1
    assert [row.email for row in rows(app, "SELECT email FROM lead ORDER BY id")] == [
        "known@buyer.example", "asks@buyer.example",
    ]  # fmt: skip
    assert kept(app, EMAIL) == []
    assert one(app, "SELECT count(*) FROM suppression") == 0
    again = NOW + timedelta(days=6)
    assert [
        ingest(app, [incoming("identify", at, **form)], at).asked for at in (again, again + timedelta(days=1, hours=1))
    ] == [1, 0]


def test_everything_that_is_kept_of_a_lead_is_exported(app: App) -> None:
    lead_id = whole_life(app)
    unsubscribe(app, lead_id=lead_id, delivery_id=None, how="page", now=NOW)
    told = export_lead(app, OTHER, NOW)
    assert told["profile"]["email"] == EMAIL
    assert told["score"]["rows"]
    assert {"subject", "reports", "state"} <= told["mails"][0].keys()
    assert told["mails"][0]["reports"][0]["recipient"] == EMAIL
    assert told["replies"][0]["raw"] == f"From: {EMAIL}"
    assert (told["handoffs"][0]["evidence"] != {}, told["attempts"][0]["note"]) == (True, f"{NAME} is away")
    assert [row["reason"] for row in told["suppressions"]] == ["unsubscribed"] * 4
    assert told["consents"][0]["wording"] == f"{NAME} agrees"
    assert "lease_token" not in orjson.dumps(told, default=str).decode()


def test_every_table_with_leads_is_in_the_export(app: App) -> None:
    with transaction(app.engine) as db:
        there = {table for table, column in db.execute(BY_LEAD) if column in ("lead_id", "kept_id", "handoff_id")}
    listed = {where.split()[0] for where in TABLES.values()}
    assert there - {"notice"} <= listed, "the notices to sales have nothing of their own"
