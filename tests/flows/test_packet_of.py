"""The packet: everything that a rep needs to know, of what lies in the database, in a bounded number of statements."""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import event, text

from nurture.app import App
from nurture.db import transaction
from nurture.flows.follow_up import accept, reject
from nurture.flows.ingest import ingest
from nurture.flows.packet_of import TIMELINE, packet_of
from nurture.flows.refuse import refuse
from nurture.notifiers.packet import read_packet
from nurture.notifiers.webhook import body_of
from nurture.workspace import TemplateFile
from tests.flows.apps import add_lead, incoming, one, page, track
from tests.notifiers import packets as example
from tests.rules.examples import NOW

REP = "rep@acme.example"


def packet(app: App, handoff: int | None = None, at: Any = NOW + timedelta(minutes=5)) -> dict[str, Any]:
    with transaction(app.engine) as db:
        handoff = handoff or db.execute(text("SELECT max(id) FROM handoff")).scalar_one()
        found = packet_of(db, app, handoff, at)
    assert found is not None
    return orjson.loads(orjson.dumps(found))  # it is JSON-ready


def offer(app: App, **profile: Any) -> int:
    person = {"first_name": "Jo", "last_name": "Hill", "company": "Buyer Inc.", **profile}
    lead = add_lead(app, **person)
    ingest(app, [page("/pricing", NOW - timedelta(days=1)), page("/pricing", NOW)], NOW)
    at = NOW + timedelta(minutes=5)
    ingest(app, [track("Webinar Attended", at, properties={"minutes": 45})], at)
    return lead


def test_who_why_and_what_they_did(app: App) -> None:
    offer(app)
    told = packet(app)
    assert told["lead"]["name"] == "Jo Hill"
    assert told["why_now"] == "Jo looked at the pricing page twice since Sunday and attended a webinar today."
    assert [(one["what"], one["times"]) for one in told["timeline"]] == [
        ("attended a webinar", 1),
        ("visited /pricing", 1),
        ("visited /pricing", 1),
    ]
    assert told["grade"] == "A"
    assert {one["says"] for one in told["rows"]} == {"looked at the pricing page", "attended a webinar"}
    assert told["raised"] is None
    assert "goes to sales from" in told["because"]
    assert told["left_out"] == {}
    assert read_packet(told).why_now == told["why_now"]


def test_days_are_told_from_when_it_is_read(app: App) -> None:
    offer(app)
    assert packet(app, at=NOW + timedelta(days=2))["why_now"].endswith("and attended a webinar on Monday.")


def test_criteria_that_nobody_can_answer_are_told_as_unknown(app: App) -> None:
    offer(app, country=None)
    held = {one["name"]: one["holds"] for one in packet(app)["fit"]}
    assert held["Served country"] is None
    assert held["Decision maker"] is True
    assert held["Free mail"] is False


def test_who_raised_a_hand_says_what_for(app: App) -> None:
    add_lead(app, first_name="Jo")
    ingest(app, [track("Demo Requested")], NOW)
    told = packet(app)
    assert told["raised"] == {"by": "demo_request", "said": None}
    assert told["why_now"] == "Jo requested a demo today."
    assert told["handoff"]["hand_raise"]


def test_a_reply_is_told_in_its_own_words_and_whole(app: App) -> None:
    add_lead(app, first_name="Jo")
    words = "Yes, call me on Thursday. " + "We have three plants. " * 40
    ingest(app, [incoming("reply", NOW, properties={"text": words})], NOW)
    told = packet(app)
    assert told["why_now"].startswith("Jo replied to your mail today: “Yes, call me on Thursday. We have")
    assert [one["text"] for one in told["replies"]] == [words]


def test_answers_are_told_in_the_words_that_leads_read(app_with: Callable[..., App]) -> None:
    app = app_with(questions={"timing": {"label": "When will you decide?", "answers": {"now": "We are looking now"}}})
    add_lead(app, first_name="Jo")
    ingest(app, [incoming("answer", NOW, name="timing", properties={"answer": "now"})], NOW)
    told = packet(app)
    assert told["answers"] == [
        {
            "at": NOW.isoformat(), "question": "timing", "answer": "now", "asked": "When will you decide?",
            "said": "We are looking now",
        }
    ]  # fmt: skip
    assert told["why_now"] == "Jo answered “When will you decide?” with “We are looking now” today."


def test_programs_pictures_and_what_came_after_the_end_are_left_out(app: App) -> None:
    offer(app)
    ingest(app, [page("/robots", NOW, properties={}), incoming("open", NOW)], NOW)
    with transaction(app.engine) as db:
        db.exec_driver_sql("UPDATE event SET verdict = 'automated' WHERE path = '/robots'")
    handoff = one(app, "SELECT id FROM handoff")
    reject(app, handoff, reason="not_ready", note="in autumn", by=REP, now=NOW + timedelta(minutes=9))
    ingest(app, [page("/later", NOW + timedelta(days=3))], NOW + timedelta(days=3))
    assert {one["what"] for one in packet(app)["timeline"]} == {"attended a webinar", "visited /pricing"}


def test_earlier_cycles_say_who_refused_when_why_and_in_which_words(app: App) -> None:
    offer(app)
    handoff = one(app, "SELECT id FROM handoff")
    accept(app, handoff, by=REP, now=NOW)
    reject(app, handoff, reason="not_ready", note="call in <b>autumn</b>", by=REP, now=NOW + timedelta(days=1))
    refuse(app, "jo@buyer.example", reason="no_budget", by="crm", note="", now=NOW + timedelta(days=2))
    later = NOW + timedelta(days=9)
    ingest(app, [track("Demo Requested", later)], later)
    assert packet(app, handoff)["earlier"] == [], "its own refusal is no earlier one"
    assert packet(app, at=later)["earlier"] == [
        {
            "cycle": 2, "at": (NOW + timedelta(days=2)).isoformat(), "state": "rejected", "reason": "no_budget",
            "label": "No budget this year", "note": None, "by": "crm", "owner": None,
        },
        {
            "cycle": 1, "at": (NOW + timedelta(days=1)).isoformat(), "state": "rejected", "reason": "not_ready",
            "label": "Not ready to buy", "note": "call in <b>autumn</b>", "by": REP, "owner": REP,
        },
    ]  # fmt: skip


def look_around(app: App, lead: int, times: int) -> None:
    """The lead looks at so many pages, a second each, up to an hour ago."""
    with transaction(app.engine) as db:
        db.execute(
            text(
                """
                INSERT INTO event (month, source, message_id, message_md5, lead_id, kind, path, occurred_at,
                                   received_at)
                SELECT date_trunc('month', CAST(:at AS timestamptz))::date, 'test', n::text, md5(n::text)::uuid, :lead,
                       'page', '/p' || n, :at - n * interval '1 second', :at FROM generate_series(1, :times) AS n
                """
            ),
            {"lead": lead, "at": NOW - timedelta(hours=1), "times": times},
        )


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_a_life_of_a_million_events_is_told_in_no_time(app: App) -> None:
    lead = offer(app)
    look_around(app, lead, 1_000_000)
    with app.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.exec_driver_sql("ANALYZE event")
    packet(app)
    began = time.perf_counter()
    assert len(packet(app)["timeline"]) == TIMELINE
    assert time.perf_counter() - began < 1.0


def test_a_long_life_is_told_in_as_many_statements_as_a_short_one(app: App) -> None:
    lead = offer(app)
    said: list[str] = []
    event.listen(app.engine, "before_cursor_execute", lambda *args: said.append(args[2]))
    packet(app)
    short = len(said)
    look_around(app, lead, 20_000)
    said.clear()
    told = packet(app)
    assert len(said) == short <= 6
    assert len(told["timeline"]) == TIMELINE
    assert told["left_out"]["timeline"] > 100


def test_an_event_with_a_document_in_it_is_told_without(app: App) -> None:
    add_lead(app, first_name="Jo")
    noise = {f"k{n}": f"{n * 7919:032x}" for n in range(600)}
    ingest(app, [track("Demo Requested", properties=noise)], NOW)
    assert packet(app)["timeline"][0]["what"] == "requested a demo"


@pytest.mark.parametrize("template", ["warm/one", "warm/gone"])
def test_mails_are_called_by_their_subjects_where_there_is_one(app: App, template: str) -> None:
    received(app, add_lead(app, first_name="Jo"), template)
    app.workspace.templates["warm/one"] = template_file("Three questions, {{ lead.first_name }}")
    ingest(app, [track("Demo Requested")], NOW)
    subject = "Three questions, Jo" if template == "warm/one" else None
    assert packet(app)["mails"] == [
        {"step": "warm/one", "subject": subject, "sent_at": NOW.isoformat(), "clicked": None}
    ]


def received(app: App, lead: int, template: str) -> None:
    """A mail that has reached the lead."""
    enrollment = one(app, "SELECT max(id) FROM enrollment")
    values = {"lead": lead, "enrollment": enrollment, "template": template, "at": NOW, "on": NOW.date()}
    with transaction(app.engine) as db:
        db.execute(
            text(
                """
                INSERT INTO delivery (lead_id, enrollment_id, campaign, step, cycle, template, state, slot_at,
                                      slot_until, local_on, zone, queued_at, sent_at)
                VALUES (:lead, :enrollment, 'warm', 'one', 1, :template, 'sent', :at, :at, :on, 'UTC', :at, :at)
                """
            ),
            values,
        )


def template_file(subject: str) -> TemplateFile:
    return TemplateFile("warm/one", Path("templates/warm/one.md"), "md", f'---\nsubject: "{subject}"\n---\nHello\n')


def test_the_packet_has_the_shape_that_the_channels_are_tested_with_and_the_guide_shows(app: App) -> None:
    whole_life(app)
    told, shown = packet(app, at=NOW + timedelta(days=9)), example.packet()
    assert set(told) | {"url"} == set(shown)
    for name in ("handoff", "lead"):
        assert set(told[name]) == set(shown[name])
    for name in ("fit", "rows", "timeline", "mails", "answers", "earlier", "replies"):
        assert set(told[name][0]) == set(shown[name][0]), name


def test_the_guide_shows_what_is_sent() -> None:
    guide = (Path(__file__).parents[2] / "docs/handoffs.md").read_text()
    written = guide.partition("```json\n")[2].partition("\n```")[0]
    assert orjson.loads(written) == orjson.loads(body_of(example.notice()))
    for kind, said in example.NEWS.items():
        assert f"`{kind}`" in guide
        assert all(f"`{key}`" in guide for key in said)


def whole_life(app: App) -> None:
    """A lead of which every list of the packet has something."""
    lead = offer(app)
    handoff = one(app, "SELECT id FROM handoff")
    accept(app, handoff, by=REP, now=NOW + timedelta(hours=1))
    reject(app, handoff, reason="not_ready", note="later", by=REP, now=NOW + timedelta(hours=2))
    received(app, lead, "warm/one")
    later = NOW + timedelta(days=1)
    ingest(app, [page("/pricing", later)], later)
    ingest(app, [incoming("answer", later, name="timing", properties={"answer": "later"})], later)
    ingest(app, [incoming("reply", later, properties={"text": "Call me"})], later)
