"""What make-believe readers do with a mail."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.local.acts import Act, Answer, ComeBack, Follow, Leave, OneClick, Open, Scan
from nurture.local.chance import Chance
from nurture.local.personas import KINDS, Kind, Persona, persona
from nurture.local.reactions import awake, react
from nurture.local.repertoire import repertoire
from tests.local.letters import letter, workspace

CAME_AT = datetime(2026, 1, 6, 15, 30, tzinfo=UTC)
SITE = repertoire(workspace().agreement)
MAIL = letter("questions", template="not-ready/three-questions")
SURVEY = letter("timing")


def crowd(kind: Kind, size: int = 200) -> list[Persona]:
    everybody = (persona(Chance(1), f"lead{n}@kestrel.example", "America/Chicago") for n in range(40 * size))
    return [who for who in everybody if who.kind == kind][:size]


def acts(kind: Kind, *, n: int = 4, mail: object = MAIL, seed: int = 1) -> list[tuple[Persona, tuple[Act, ...]]]:
    assert mail in (MAIL, SURVEY)
    chosen = SURVEY if mail is SURVEY else MAIL
    return [(who, react(Chance(seed), who, chosen, n, CAME_AT, SITE)) for who in crowd(kind)]


def done(kind: Kind, **how: object) -> Counter[type]:
    return Counter(type(act.deed) for _, story in acts(kind, **how) for act in story)  # type: ignore[arg-type]


def test_the_crowd_has_every_kind_of_reader() -> None:
    everybody = Counter(persona(Chance(1), f"lead{n}@kestrel.example", "UTC").kind for n in range(1000))
    assert set(everybody) == set(get_args(Kind))
    assert everybody["buyer"] == pytest.approx(KINDS["buyer"] * 10, rel=0.25)


@pytest.mark.parametrize("kind", get_args(Kind))
def test_the_same_seed_reader_and_mail_give_the_same_acts(kind: Kind) -> None:
    assert acts(kind) == acts(kind)


def test_another_mail_or_seed_gives_other_acts() -> None:
    assert acts("reader") != acts("reader", n=5)
    assert acts("reader") != acts("reader", seed=2)


def test_acts_follow_the_mail_in_order_and_by_day() -> None:
    for kind in get_args(Kind):
        for who, story in acts(kind):
            instants = [act.at for act in story]
            assert instants == sorted(instants)
            assert all(instant >= CAME_AT for instant in instants)
            for act in story:
                if not isinstance(act.deed, Scan):
                    assert act.at > CAME_AT + timedelta(minutes=5), "nobody is that quick"
                    assert 7 <= act.at.astimezone(ZoneInfo(who.zone)).hour <= 21


def test_only_links_that_stand_in_the_mail_are_followed() -> None:
    for kind in get_args(Kind):
        for _, story in acts(kind):
            followed = [act.deed.link for act in story if isinstance(act.deed, Follow)]
            assert set(followed) <= set(MAIL.links)


def test_the_silent_hardly_open_and_never_follow() -> None:
    assert set(done("silent")) <= {Open}
    assert done("silent")[Open] < 50


def test_buyers_wake_up_and_come_back_by_themselves() -> None:
    assert done("buyer")[Follow] > 120
    assert done("buyer")[ComeBack] > 100
    assert done("buyer", n=1)[Follow] < done("buyer")[Follow]
    pages = Counter(
        visit.name
        for _, story in acts("buyer")
        for act in story
        if isinstance(act.deed, Follow)
        for visit in act.deed.visits
    )
    assert pages["/pricing"] > 100


def test_the_guarded_have_every_link_scanned_on_arrival() -> None:
    agents = Counter[str]()
    for _, story in acts("guarded"):
        scans = [(act.at, act.deed) for act in story if isinstance(act.deed, Scan)]
        assert [at for at, _ in scans] == [CAME_AT]
        assert [set(scan.links) for _, scan in scans] == [set(MAIL.everything)]
        agents.update(scan.agent for _, scan in scans)
    assert len(agents) > 2
    assert "Chrome/" in agents.most_common(1)[0][0], "most pretend to be a person's browser"


def test_leavers_leave_by_either_way() -> None:
    ways = done("leaver")
    assert ways[OneClick] > 50
    assert ways[Leave] > 30
    assert set(ways) == {OneClick, Leave}


def test_surveys_are_answered_with_answers_that_stand_in_them() -> None:
    answers = [
        act.deed.link for _, story in acts("reader", mail=SURVEY) for act in story if isinstance(act.deed, Answer)
    ]
    assert len(answers) > 40
    assert set(answers) == set(SURVEY.answers)


@given(st.integers(0, 365 * 24 * 60), st.sampled_from(["Europe/London", "America/Denver"]))
@settings(max_examples=40)
def test_people_sleep_at_night(minutes: int, zone: str) -> None:
    instant = CAME_AT + timedelta(minutes=minutes)
    woken = awake(instant, zone)
    assert instant <= woken < instant + timedelta(hours=13)
    assert time(7, 30) <= woken.astimezone(ZoneInfo(zone)).time() <= time(21, 30)


def test_the_site_offers_what_the_agreement_names() -> None:
    assert [visit.name for visit in SITE.pages] == ["/pricing", "/trial", "/docs"]
    assert [visit.name for visit in SITE.tracks] == ["Webinar Attended", "Whitepaper Downloaded"]
    assert [visit.name for visit in SITE.cooling] == ["/careers"]
    assert [visit.name for visit in SITE.raising] == ["Call Booked", "Demo Requested"]


def test_an_agreement_without_pages_still_has_a_site() -> None:
    bare = workspace().agreement.model_copy(update={"signals": {}})
    assert [visit.name for visit in repertoire(bare).pages] == ["/"]
