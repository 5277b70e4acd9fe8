"""What leads did, in words: gathered by day, and as deeds with days of their own."""

from datetime import UTC, date, datetime, timedelta

import pytest

from nurture.facts import EventFact, ScoreRow
from nurture.rules.evidence import deeds, in_words, timeline
from nurture.rules.spoken_deeds import did_track, says
from tests.rules.lives import book_of

CHICAGO = "America/Chicago"
NOW = datetime(2026, 3, 12, 18, tzinfo=UTC)


def page(path: str, at: datetime) -> EventFact:
    return EventFact("page", at, None, path)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Webinar Attended", "attended a webinar"),
        ("Demo Requested", "requested a demo"),
        ("ROI Sheet Downloaded", "downloaded a ROI sheet"),
        ("E-Book Read", "read an e-book"),
        ("Quote Sent", "sent a quote"),
        ("Film Seen", "saw a film"),
        ("Prices Compared", "compared prices"),
        ("Signup", "did “Signup”"),
        ("Order is open", "did “Order is open”"),
        ("did", "did “did”"),
        ("", "did “”"),
    ],
)
def test_tracks_are_said_as_people_say_them(name: str, said: str) -> None:
    assert did_track(name) == said


def test_signals_are_said_by_the_agreements_words_or_by_what_they_ask_for() -> None:
    agreement = book_of(
        signals={
            "pricing_page": {"when": {"page": "/pricing*"}, "points": 20, "says": "looked at our prices"},
            "docs_visit": {"when": {"page": "/docs*"}, "points": 2},
            "webinar": {"when": {"track": "Webinar Attended"}, "points": 30},
            "buying_now": {"when": {"answer": "timing=now"}, "hand_raise": True},
            "mail_click": {"when": "clicked", "points": 5},
        },
        questions={"timing": {"label": {"de": "Wann?", "en": "When?"}, "answers": {"now": "We are looking now"}}},
    ).agreement
    said = {name: says(agreement, name) for name in (*agreement.signals, "gone_since")}
    assert said == {
        "pricing_page": "looked at our prices",
        "docs_visit": "looked at the docs page",
        "webinar": "attended a webinar",
        "buying_now": "answered “When?” with “We are looking now”",
        "mail_click": "clicked a link in a mail",
        "gone_since": "did “gone since”",
    }


def test_the_same_thing_on_one_local_day_is_one_line_newest_first() -> None:
    late = datetime(2026, 3, 11, 4, 30, tzinfo=UTC)  # the evening before, in Chicago
    events = [page("/a", NOW), page("/b", NOW - timedelta(hours=1)), page("/a", NOW - timedelta(hours=2)),
              page("/a", late), EventFact("open", NOW), EventFact("identify", NOW)]  # fmt: skip
    lines, more = timeline(events, book_of().agreement, {}, CHICAGO, 10)
    assert [(one.what, one.times, one.at) for one in lines] == [
        ("visited /a", 2, NOW),
        ("visited /b", 1, NOW - timedelta(hours=1)),
        ("visited /a", 1, late),
    ]
    assert more == 0
    lines, more = timeline(events, book_of().agreement, {}, CHICAGO, 2)
    assert (len(lines), more) == (2, 1)


def test_clicks_and_replies_are_said_with_subject_and_words() -> None:
    click = EventFact("click", NOW, campaign="not-ready", step="proof")
    assert in_words(click, None, {"not-ready/proof": "Who else has one"}) == "clicked in “Who else has one”"
    assert in_words(click) == "clicked in not-ready/proof"
    assert in_words(EventFact("reply", NOW, properties={"text": "Call\n me"})) == "replied: “Call me”"


def test_a_deed_has_the_day_of_the_leads_calendar_not_of_utc() -> None:
    evening = datetime(2026, 3, 11, 1, tzinfo=UTC)  # Tuesday, 20:00 in Chicago
    rows = [ScoreRow("pricing_page", date(2026, 3, 11), 2, 2, 20, 1, 40)]
    events = [page("/pricing", evening), page("/pricing", evening + timedelta(minutes=5)), page("/pricing", NOW)]
    (deed,) = deeds(book_of(), rows, events, CHICAGO, NOW)
    assert (deed.count, deed.first_on, deed.last_on, deed.worth) == (2, date(2026, 3, 10), date(2026, 3, 10), 40)


def test_where_the_events_are_gone_the_scores_own_days_are_told() -> None:
    rows = [
        ScoreRow("pricing_page", date(2026, 3, 9), 1, 1, 20, 2, 18),
        ScoreRow("pricing_page", date(2026, 3, 11), 4, 2, 20, 0, 40),
    ]
    (deed,) = deeds(book_of(), rows, [], CHICAGO, NOW)
    assert (deed.count, deed.first_on, deed.last_on) == (5, date(2026, 3, 9), date(2026, 3, 11))
