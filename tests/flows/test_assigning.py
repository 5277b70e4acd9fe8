"""Who is given which handoff, on the real database: by word, by turns, around absences, by many processes at once."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import pytest

from nurture.app import App
from nurture.db import make_engine, transaction
from nurture.errors import Conflict, NotFound, UsageError
from nurture.flows import follow_up
from nurture.flows.ingest import ingest
from nurture.flows.reassign import reassign
from nurture.flows.refuse import refuse
from nurture.flows.stay_away import away, back
from nurture.reports.reps import reps_report
from nurture.store import assigning, handoffs, leads
from tests.flows.apps import add_lead, one, rows, track
from tests.flows.test_statements import asked
from tests.rules.examples import NOW

ANN, BEN, CAT = (f"{name}@acme.example" for name in ("ann", "ben", "cat"))
MANAGER = "sales-manager@acme.example"
DAY = timedelta(days=1)

OPEN = "SELECT h.id, l.email FROM handoff h JOIN lead l ON l.id = h.lead_id WHERE h.closed_at IS NULL"

AppWith = Callable[..., App]


def offered(app: App, email: str = "jo@buyer.example", now: datetime = NOW, **profile: Any) -> str:
    """The lead asks for sales, new if need be; gives whose it is."""
    if not rows(app, "SELECT FROM lead WHERE email = :email", email=email):
        add_lead(app, email, now, **profile)
    ingest(app, [track("Demo Requested", now, email=email)], now)
    return owner(app, email)


def owner(app: App, email: str = "jo@buyer.example") -> str:
    query = """
        SELECT h.owner FROM handoff h JOIN lead l ON l.id = h.lead_id WHERE l.email = :email ORDER BY h.id DESC LIMIT 1
        """
    return one(app, query, email=email)


def handoff_of(app: App, email: str = "jo@buyer.example") -> int:
    query = "SELECT max(handoff.id) FROM handoff JOIN lead l ON l.id = lead_id WHERE l.email = :email"
    return one(app, query, email=email)


def refused(app: App, email: str, reason: str, now: datetime = NOW) -> None:
    refuse(app, email, reason=reason, by="somebody", note="", now=now)


# --- words ---


def test_whoever_had_the_lead_gets_it_again_unless_it_was_let_lie(app_with: AppWith) -> None:
    app = app_with(assign=[{"to": "previous"}, {"to": [ANN, BEN, CAT]}])
    assert offered(app) == ANN
    refused(app, "jo@buyer.example", "not_ready")
    assert offered(app, "kim@other.example") == BEN
    assert offered(app, now=NOW + DAY) == ANN
    refused(app, "jo@buyer.example", "no_follow_up", NOW + DAY)
    assert offered(app, now=NOW + 2 * DAY) == CAT


def test_nobody_who_ever_held_a_lead_that_was_let_lie_gets_it_next_time(app_with: AppWith) -> None:
    app = app_with(assign=[{"to": "previous"}, {"to": [ANN, BEN]}, {"to": "owner"}])
    assert offered(app, owner=ANN) == ANN
    reassign(app, handoff_of(app), to=BEN, by="the SLA", now=NOW)
    refused(app, "jo@buyer.example", "no_follow_up")
    assert offered(app, now=NOW + DAY) == MANAGER
    refused(app, "jo@buyer.example", "not_ready", NOW + DAY)
    assert offered(app, now=NOW + 2 * DAY) == MANAGER  # whoever had it before
    refused(app, "jo@buyer.example", "no_follow_up", NOW + 2 * DAY)
    assert offered(app, now=NOW + 3 * DAY) == BEN


def test_an_owner_by_name_is_found_and_one_who_is_nobody_passed_over(app_with: AppWith) -> None:
    app = app_with(assign=[{"to": "owner"}, {"to": [ANN]}], reps={BEN: {"name": "Ben Ito"}})
    assert offered(app, "one@a.example", owner="ben ito") == BEN
    assert offered(app, "two@b.example", owner="Somebody Else") == ANN
    assert offered(app, "three@c.example", owner="Cat@Acme.example") == CAT


def test_colleagues_go_to_one_rep_but_not_because_of_a_free_mailbox(app_with: AppWith) -> None:
    app = app_with(assign=[{"to": "colleague"}, {"to": [ANN, BEN]}])
    assert offered(app, "one@buyer.example") == ANN
    assert offered(app, "one@gmail.com") == BEN
    assert offered(app, "two@buyer.example") == ANN
    assert offered(app, "two@gmail.com") == ANN
    assert offered(app, "three@gmail.com") == BEN
    refused(app, "one@buyer.example", "not_ready")
    refused(app, "two@buyer.example", "not_ready")
    assert offered(app, "three@buyer.example") == ANN
    assert offered(app, "four@buyer.example") == ANN


def test_colleagues_of_one_batch_go_to_one_rep(app_with: AppWith) -> None:
    app = app_with(assign=[{"to": "colleague"}, {"to": [ANN, BEN]}])
    emails = ["one@buyer.example", "two@buyer.example", "one@other.example"]
    for email in emails:
        add_lead(app, email)
    ingest(app, [track("Demo Requested", email=email) for email in emails], NOW)
    assert [owner(app, email) for email in emails] == [ANN, ANN, BEN]


# --- who is free ---


def test_whoever_has_enough_is_passed_over_until_something_is_closed(app_with: AppWith) -> None:
    app = app_with(assign=[{"to": [ANN, BEN], "at_most": "2 open"}], reps={BEN: {"at_most": 1}})
    emails = [f"lead{n}@buyer{n}.example" for n in range(6)]
    assert [offered(app, email) for email in emails[:4]] == [ANN, BEN, ANN, MANAGER]
    follow_up.accept(app, handoff_of(app, emails[0]), by=ANN, now=NOW)
    assert offered(app, emails[4]) == MANAGER
    refused(app, emails[0], "not_ready")
    assert offered(app, emails[5]) == ANN


def test_capacity_counts_within_one_batch(app_with: AppWith) -> None:
    app = app_with(assign=[{"to": [ANN, BEN], "at_most": "2 open"}])
    emails = [f"lead{n}@buyer{n}.example" for n in range(6)]
    for email in emails:
        add_lead(app, email)
    ingest(app, [track("Demo Requested", email=email) for email in emails], NOW)
    assert [owner(app, email) for email in emails] == [ANN, BEN, ANN, BEN, MANAGER, MANAGER]


def test_whoever_is_away_gets_no_lead_by_any_line_and_no_flood_afterwards(app_with: AppWith) -> None:
    app = app_with(assign=[{"to": "previous"}, {"to": [ANN, BEN, CAT]}])
    assert offered(app, "back@buyer.example") == ANN
    refused(app, "back@buyer.example", "not_ready")
    away(app, ANN, first=None, last=None, now=NOW)
    assert offered(app, "back@buyer.example", NOW + DAY) == BEN
    during = [offered(app, f"a{n}@a{n}.example", NOW + DAY) for n in range(5)]
    assert during == [CAT, BEN, CAT, BEN, CAT]
    assert [str(one) for one in back(app, ANN, since=None, now=NOW + 2 * DAY)] == ["from 2026-03-02"]
    after = [offered(app, f"b{n}@b{n}.example", NOW + 2 * DAY) for n in range(4)]
    assert after == [ANN, BEN, CAT, ANN]


def test_on_a_friday_night_the_monday_counts(app_with: AppWith) -> None:
    app = app_with(assign=[{"to": [ANN, BEN]}], reps={ANN: {"away": ["2026-03-06", "2026-03-10"]}})
    friday = datetime.fromisoformat("2026-03-06T16:00:00+00:00")
    night, monday_night = friday + timedelta(hours=12), friday + timedelta(days=3, hours=12)
    assert offered(app, "one@a.example", friday) == BEN
    assert offered(app, "two@b.example", night) == ANN
    assert offered(app, "three@c.example", monday_night) == BEN
    assert offered(app, "four@d.example", monday_night) == BEN


def test_absences_are_told_once_and_end_day_by_day(app_with: AppWith) -> None:
    app = app_with(assign=[{"to": [ANN]}], reps={BEN: {"name": "Ben Ito", "away": ["2026-06-01"]}})
    first, last = date(2026, 4, 6), date(2026, 4, 10)
    said = away(app, "Ben Ito", first=first, last=last, now=NOW)
    assert (said.rep, said.known, said.news) == (BEN, True, True)
    assert not away(app, BEN, first=first, last=last, now=NOW).news
    assert not away(app, "left@acme.example", first=None, last=None, now=NOW).known
    with pytest.raises(NotFound, match="is not away on 2026-03-02; it is away from 2026-04-06 to 2026-04-10"):
        back(app, BEN, since=None, now=NOW)
    assert len(back(app, BEN, since=date(2026, 4, 9), now=NOW)) == 1
    assert rows(app, "SELECT first_on, last_on FROM absence WHERE rep = :rep", rep=BEN) == [(first, date(2026, 4, 8))]
    assert len(back(app, BEN, since=first, now=NOW)) == 1
    assert rows(app, "SELECT FROM absence WHERE rep = :rep", rep=BEN) == []
    with pytest.raises(NotFound, match="by the agreement"):
        back(app, BEN, since=date(2026, 6, 1), now=NOW)
    with pytest.raises(UsageError, match="ends before it begins"):
        away(app, BEN, first=last, last=first, now=NOW)
    with pytest.raises(UsageError, match=r"no rep is 'Ben Itto' \(did you mean `Ben Ito`\?\)"):
        away(app, "Ben Itto", first=first, last=last, now=NOW)


def test_the_list_of_reps_says_who_has_what_and_who_is_away(app_with: AppWith) -> None:
    app = app_with(assign=[{"to": [ANN, BEN]}], reps={BEN: {"name": "Ben Ito", "at_most": "9 open"}})
    for n in range(3):
        offered(app, f"lead{n}@buyer{n}.example", NOW + n * timedelta(minutes=1))
    reassign(app, handoff_of(app, "lead0@buyer0.example"), to="left@acme.example", by="kim", now=NOW)
    follow_up.accept(app, handoff_of(app, "lead1@buyer1.example"), by="Ben Ito", now=NOW)
    away(app, "left@acme.example", first=NOW.date(), last=None, now=NOW)
    away(app, ANN, first=NOW.date() + DAY, last=NOW.date() + DAY, now=NOW)
    told = {row["rep"]: row for row in reps_report(app, NOW)}
    assert list(told) == [ANN, BEN, "left@acme.example", MANAGER]
    assert [(row["open"], row["given"], row["is_in"]) for row in told.values()] == [
        (1, 2, True), (1, 1, True), (1, 1, False), (0, 0, True),
    ]  # fmt: skip
    assert told[ANN]["last_given_at"] == NOW + timedelta(minutes=2)
    assert told[ANN]["away"] == {"from": NOW.date() + DAY, "until": NOW.date() + DAY}
    assert told["left@acme.example"]["away"] == {"from": NOW.date(), "until": None}
    assert (told[BEN]["name"], told[BEN]["at_most"], told[BEN]["away"]) == ("Ben Ito", 9, None)


# --- many at once ---


def test_eight_who_offer_fifty_leads_each_at_once_stay_fair_and_never_deadlock(app_with: AppWith, db_url: str) -> None:
    reps = [f"rep{n}@acme.example" for n in range(7)]
    app = app_with(assign=[{"to": "colleague"}, {"to": reps, "at_most": "60 open"}])
    emails = [f"lead{n}@buyer{n}.example" for n in range(400)]
    with transaction(app.engine) as db:
        person = {"title": "VP Operations", "country": "US", "employees": 900}
        leads.insert(db, [{"email": email, **person} for email in emails], NOW)
    engine = make_engine(db_url, pool_size=8)
    crowded = replace(app, engine=engine, nudge=lambda _: None)

    def offer(part: int) -> None:
        mine = emails[part::8]
        for start in range(0, 50, 5):
            ingest(crowded, [track("Demo Requested", email=email) for email in mine[start : start + 5]], NOW)

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(offer, part) for part in range(8)]:
            done.result()
    engine.dispose()
    count = Counter(row.owner for row in rows(app, "SELECT owner FROM handoff"))
    assert count.total() == 400
    assert set(count) == set(reps)
    assert max(count.values()) - min(count.values()) <= 1


def test_two_at_once_do_not_both_give_a_rep_the_last_place(app_with: AppWith, db_url: str) -> None:
    app = app_with(assign=[{"to": [ANN, BEN], "at_most": "3 open"}])
    emails = [f"lead{n}@buyer{n}.example" for n in range(24)]
    for email in emails:
        add_lead(app, email)
    engine = make_engine(db_url, pool_size=6)
    crowded = replace(app, engine=engine, nudge=lambda _: None)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda email: ingest(crowded, [track("Demo Requested", email=email)], NOW), emails))
    engine.dispose()
    assert Counter(row.owner for row in rows(app, "SELECT owner FROM handoff")) == {ANN: 3, BEN: 3, MANAGER: 18}


@pytest.mark.parametrize("times", [5, pytest.param(150, marks=[pytest.mark.soak, pytest.mark.timeout(0)])])
def test_offers_refusals_and_reassigning_all_at_once_never_deadlock(app_with: AppWith, db_url: str, times: int) -> None:
    lines = [{"to": "previous"}, {"to": "colleague"}, {"to": [ANN, BEN, CAT]}]
    reps = {rep: {"at_most": "4 open"} for rep in (ANN, BEN, CAT)}
    app = app_with(assign=lines, reps=reps)
    emails = [f"lead{n}@buyer{n % 5}.example" for n in range(24)]
    for email in emails:
        add_lead(app, email)
    engine = make_engine(db_url, pool_size=8)
    crowded = replace(app, engine=engine, nudge=lambda _: None)

    def work(part: int) -> None:
        dice = Random(part)
        for turn in range(times):
            at = NOW + timedelta(minutes=turn)
            ingest(crowded, [track("Demo Requested", at, email=email) for email in dice.sample(emails, 3)], at)
            open_ones = rows(crowded, OPEN)
            with suppress(Conflict):
                reassign(crowded, dice.choice(open_ones).id, to=None, by="test", now=at)
            refused(crowded, dice.choice(open_ones).email, "not_ready", at)

    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(work, part) for part in range(6)]:
            done.result()
    engine.dispose()
    held = "SELECT owner, count(*) FROM handoff WHERE closed_at IS NULL AND owner <> :manager GROUP BY 1"
    assert all(count <= 4 for _, count in rows(app, held, manager=MANAGER))
    twice = "SELECT FROM handoff WHERE closed_at IS NULL GROUP BY lead_id HAVING count(*) > 1"
    assert rows(app, twice) == []


def test_many_offers_look_up_owners_in_as_many_statements_as_one(app_with: AppWith) -> None:
    lines = [{"to": "previous"}, {"to": "owner"}, {"to": "colleague"}, {"to": [ANN, BEN], "at_most": "99 open"}]
    app = app_with(assign=lines)
    emails = [f"lead{n}@buyer{n % 3}.example" for n in range(20)]
    for email in emails:
        add_lead(app, email)
    ingest(app, [track("Demo Requested", email=emails[0])], NOW)
    looked_up = []
    for some in (emails[1:2], emails[2:]):
        with asked(app) as statements:
            ingest(app, [track("Demo Requested", email=email) for email in some], NOW)
        words = ("rota", "absence", "split_part", "GROUP BY owner", "CROSS JOIN LATERAL")
        looked_up.append([one for one in statements if any(word in one for word in words)])
    assert len(looked_up[1]) == len(looked_up[0]) == 7


def test_what_is_looked_up_has_an_index(app: App) -> None:
    with transaction(app.engine) as db:
        db.exec_driver_sql("SET LOCAL enable_seqscan = off")
        for lookup in (
            lambda: assigning.last_handoffs(db, [1]),
            lambda: assigning.colleagues(db, {"buyer.example"}),
            lambda: assigning.held(db),
            lambda: handoffs.open_of(db, [1]),
        ):
            with asked(app) as statements:
                lookup()
            (statement,) = statements
            bare = statement.replace("%(lead_ids)s", "'{1}'").replace("%(besides)s", "NULL").replace("%(ids)s", "'{1}'")
            bare = bare.replace("%(domains)s", "'{buyer.example}'").replace("::VARCHAR", "")
            plan = "\n".join(db.exec_driver_sql(f"EXPLAIN {bare}").scalars())
            assert "Seq Scan" not in plan, plan
