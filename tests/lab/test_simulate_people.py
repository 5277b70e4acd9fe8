"""Make-believe people: the same seed tells the same story, and nobody's life depends on who else is in the file."""

from dataclasses import replace
from datetime import timedelta

import pytest

from nurture.campaign import Tracking
from nurture.errors import UsageError
from nurture.lab.dice import Dice
from nurture.lab.model import Model, usual_reasons
from nurture.lab.people import merged, repeated
from nurture.lab.rates import NONE, Rates, parse_rates, parse_reasons
from nurture.lab.site import site_of
from nurture.sheets.people import Person
from nurture.sheets.readings import Reject
from tests.lab.lives import lived, person, tuesdays
from tests.rules.examples import make_agreement

BUSY = Rates(interested=0.3, open=0.6, click=0.4, page=0.6, track=0.4, hand_raise=0.1, reply=0.05, unsubscribe=0.03)


def model(seed=1, rates=BUSY, answers=lambda _: ()):
    book = tuesdays()
    return Model(book, rates, seed, answers, usual_reasons(book))


def crowd(count):
    return [person(f"lead{n}@buyer{n % 7}.example") for n in range(count)]


def story(people, **more):
    lives = lived(tuesdays(), *people, weeks=12, behaviour=model(**more))
    return {life.lead: (life.deliveries, life.handoffs, life.exits, life.state) for life in lives}


def test_the_same_seed_tells_the_same_story_and_another_another():
    people = crowd(40)
    assert story(people) == story(people)
    assert story(people) != story(people, seed=2)


def test_one_more_lead_changes_nothing_for_the_others():
    people = crowd(40)
    before = story(people)
    after = story([person("first@new.example"), *people[:20], person("amid@new.example"), *people[20:]])
    assert {lead: after[lead] for lead in before} == before


def test_with_these_rates_people_do_all_there_is_to_do():
    lives = lived(tuesdays(), *crowd(150), weeks=12, behaviour=model())
    endings = {handoff.ended_as for life in lives for handoff in life.handoffs}
    words = {left.reason for life in lives for left in life.exits}
    assert {"rejected", "lost", "won", None} <= endings
    assert {"qualified", "hand_raise", "replied", "unsubscribed"} <= words
    assert max(life.state.cycle for life in lives) > 1


def test_rates_of_nothing_do_nothing():
    assert NONE.is_silent
    assert not replace(NONE, click=0.01).is_silent
    assert replace(NONE, interested=0.5).is_silent


def test_rates_are_kept_on_the_average():
    mails = [mail for life in lived(tuesdays(), *crowd(400), weeks=6) for mail in life.deliveries]
    behaviour = model(rates=replace(NONE, click=0.1, interested=0.1))
    clicks = sum(any(act.kind == "click" for act in behaviour.on_mail(mail.state, mail)) for mail in mails)
    assert 0.07 < clicks / len(mails) < 0.13


def kinds(behaviour, mails, **changed):
    """The kinds of acts that follow from these mails."""
    return {
        getattr(act, "kind", "page")
        for mail in mails
        for act in behaviour.on_mail(replace(mail.state, **changed), mail)
    }


def test_what_is_not_tracked_is_not_seen():
    mails = [mail for life in lived(tuesdays(), *crowd(20), weeks=3) for mail in life.deliveries]
    behaviour = model(rates=replace(NONE, open=1, click=1, page=1))
    (campaign,) = {mail.campaign for mail in mails}
    assert kinds(behaviour, mails) == {"open", "click", "page"}
    assert kinds(behaviour, mails, tracked=False) == set()
    for tracking, seen in ((Tracking(opens=False), {"click", "page"}), (Tracking(clicks=False), {"open", "page"})):
        changed = behaviour.book.campaigns[campaign].model_copy(update={"tracking": tracking})
        behaviour.book = replace(behaviour.book, campaigns={**behaviour.book.campaigns, campaign: changed})
        assert kinds(behaviour, mails) == seen


def test_everything_that_readers_do_comes_after_the_mail_and_by_day():
    behaviour = model(rates=replace(NONE, click=1, again=1, page=1, interested=1))
    for life in lived(tuesdays(), *crowd(20), weeks=3):
        for mail in life.deliveries:
            acts = behaviour.on_mail(mail.state, mail)
            assert all(mail.at < act.at < mail.at + timedelta(days=9) for act in acts)


def test_dice_are_even_and_the_same_everywhere():
    assert Dice("1", "lead", "jo@buyer.example").share(0) == Dice("1", "lead", "jo@buyer.example").share(0)
    shares = [Dice("even", str(n)).share(3) for n in range(2000)]
    assert 0.47 < sum(shares) / len(shares) < 0.53
    picks = [Dice("even", str(n)).weighed([("a", 3.0), ("b", 1.0)], 5) for n in range(2000)]
    assert 0.7 < picks.count("a") / len(picks) < 0.8


def test_what_can_be_done_on_the_site_is_what_the_signals_name():
    site = site_of(make_agreement())
    assert [(thing.name, thing.kind) for thing in site.pages] == [("/pricing", "page"), ("/careers", "page")]
    assert {thing.name: dict(thing.properties) for thing in site.tracks} == {
        "Whitepaper Downloaded": {}, "Webinar Attended": {"minutes": 20},
    }  # fmt: skip
    assert [thing.name for thing in site.raising] == ["Demo Requested"]
    assert site.unknown == ()


@pytest.mark.parametrize(
    ("condition", "properties"),
    [
        ("event.plan == 'pro' and event.seats > 5", {"plan": "pro", "seats": 6}),
        ("event.kind in ['a', 'b']", {"kind": "a"}),
        ("not event.internal", {"internal": False}),
        ("event.topic | matches('price|cost')", {"topic": "price"}),
        ("event.seats > 5 and event.seats < 5", None),
    ],
)
def test_an_event_is_made_that_the_signals_if_lets_count(condition, properties):
    signals = {"it": {"when": {"track": "It", "if": condition}, "points": 1}}
    site = site_of(make_agreement(signals=signals))
    assert [dict(thing.properties) for thing in site.tracks] == ([] if properties is None else [properties])
    assert site.unknown == (("it",) if properties is None else ())


def test_rates_are_read_as_people_write_them():
    assert parse_rates(["click=5%", "open = 0.5"], NONE) == replace(NONE, click=0.05, open=0.5)
    assert parse_reasons(["not_ready=60%"], ["not_ready"]) == {"not_ready": 0.6}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("clik=5%", "did you mean"),
        ("click", "NAME=SHARE"),
        ("click=many", "share"),
        ("click=120%", "share"),
        ("click=-1%", "share"),
        ("click=nan", "share"),
        ("accept=90%", "more than 100%"),
    ],
)
def test_what_is_no_rate_is_said_so(said, told):
    with pytest.raises(UsageError, match=told):
        parse_rates([said], Rates())


def test_rows_about_one_person_are_one_lead_and_bad_rows_are_told_of():
    rows = [
        Person("a@x.example", {"title": "Clerk"}), Person("b@x.example"), Reject("bad"),
        Person("a@x.example", {"title": "VP"}),
    ]  # fmt: skip
    told = []
    again = repeated(row.email for row in rows if isinstance(row, Person))
    people = list(merged(rows, again, told.append))
    assert [one.email for one in people] == ["b@x.example", "a@x.example"]
    assert people[1].profile["title"] == "VP"
    assert told == [rows[2]]


def test_who_is_not_interested_does_so_much_less_that_the_average_stays():
    behaviour = model(rates=Rates(interested=0.1))
    assert behaviour.calm == pytest.approx(0.5 / 0.9)
