from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.flows.hit import SETTLE
from nurture.rules import bots
from nurture.rules.bots import Hit, Judgement
from nurture.rules.bots_together import BURST, SWEEP, SWEEP_LINKS
from tests.rules.examples import utc

DELIVERED = utc(2026, 3, 3, 15)
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)
HUMAN = Judgement("human")


def click(id_: int, after: float, link: int | None = 1, **changes: Any) -> Hit:
    """A click so many seconds after delivery, by a person's browser."""
    at = DELIVERED + timedelta(seconds=after)
    return Hit(
        **{"id": id_, "kind": "click", "at": at, "link": link, "agent": CHROME, "address_hash": "home"} | changes
    )


def opened(id_: int, after: float, **changes: Any) -> Hit:
    return click(id_, after, None, kind="open", **changes)


def judge(*hits: Hit, links: int = 5, **changes: Any) -> dict[int, Judgement]:
    return bots.judge(hits, **{"delivered_at": DELIVERED, "link_count": links} | changes)


def automated(*hits: Hit, links: int = 5, **changes: Any) -> set[int]:
    judged = judge(*hits, links=links, **changes)
    assert all(bool(one.reasons) == (one.verdict == "automated") for one in judged.values())
    return {id_ for id_, one in judged.items() if one.verdict == "automated"}


def test_a_click_minutes_after_delivery_is_human() -> None:
    assert judge(click(1, 60)) == {1: HUMAN}


def test_a_person_may_click_two_links_ten_seconds_apart() -> None:
    assert judge(click(1, 60, 1), click(2, 70, 2)) == {1: HUMAN, 2: HUMAN}


def test_a_person_may_click_one_link_twice_at_once() -> None:
    assert judge(click(1, 60, 1), click(2, 60.3, 1)) == {1: HUMAN, 2: HUMAN}


@pytest.mark.parametrize(
    "agent", [CHROME, IPHONE, "Outlook-iOS/709.2189947.prod.iphone (3.24.0)", CHROME + " Edg/126.0.0.0"]
)
def test_browsers_and_mail_programs_are_people(agent: str) -> None:
    assert judge(click(1, 60, agent=agent), opened(2, 50, agent=agent)) == {1: HUMAN, 2: HUMAN}


def reason(*hits: Hit, **changes: Any) -> str:
    """Why the first hit is automated; there is one reason."""
    (said,) = judge(*hits, **changes)[hits[0].id].reasons
    return said


def test_a_head_request_is_no_click() -> None:
    assert reason(click(1, 60, method="HEAD")) == "it only asked whether the page is there (HEAD)"
    assert reason(click(1, 60, method="head")).endswith("(HEAD)")


def test_a_click_before_delivery_is_a_scanners() -> None:
    assert reason(click(1, -1)) == "it came before the mail was delivered"


def test_a_click_within_seconds_of_delivery_is_a_scanners() -> None:
    assert reason(click(1, 5)) == "it came within 5 seconds of delivery"
    assert automated(click(1, 0)) == {1}
    assert automated(click(1, 5.1)) == set()


def test_while_the_delivery_is_not_known_its_time_says_nothing() -> None:
    assert automated(click(1, 1), delivered_at=None) == set()


def test_the_hidden_link_is_followed_by_programs_only() -> None:
    assert reason(click(1, 60, bots.HIDDEN_LINK)) == "it followed the link that no person can see"


def test_two_links_within_two_seconds_are_a_burst() -> None:
    assert automated(click(1, 60, 1), click(2, 62, 2), click(3, 75, 3)) == {1, 2}
    assert reason(click(1, 60, 1, address_hash=None), click(2, 61, 2)) == "it followed different links within 2 seconds"
    assert automated(click(1, 60, 1), click(2, 62.1, 2)) == set()


def test_every_link_of_a_mail_within_a_minute_is_a_sweep() -> None:
    swept = click(1, 60, 1), click(2, 80, 2), click(3, 120, 3)
    assert automated(*swept, links=3) == {1, 2, 3}
    assert reason(*swept, links=3) == "it followed every link of the mail within 60 seconds"
    assert automated(*swept, links=4) == set()
    assert automated(click(1, 60, 1), click(2, 80, 2), click(3, 121, 3), links=3) == set()


def test_both_links_of_a_mail_that_has_two_are_no_sweep() -> None:
    assert automated(click(1, 60, 1), click(2, 80, 2), links=2) == set()


@pytest.mark.parametrize(
    ("agent", "program"),
    [
        ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "Slackbot"),
        ("python-requests/2.32", "python-requests"),
        ("Mozilla/5.0 (Windows NT 10.0) HeadlessChrome/126.0.0.0 Safari/537.36", "HeadlessChrome"),
        ("Barracuda Sentinel (EE)", "Barracuda"),
        ("Mozilla/5.0 (compatible; Proofpoint)", "Proofpoint"),
        (" curl/8.5", "curl"),
    ],
)
def test_programs_that_say_who_they_are_are_believed(agent: str, program: str) -> None:
    assert reason(click(1, 60, agent=agent)) == f"a known program: {program}"
    assert bots.known_program(agent) == program


@pytest.mark.parametrize("agent", [None, "", "  "])
def test_who_does_not_say_which_browser_it_is_is_none(agent: str | None) -> None:
    assert reason(click(1, 60, agent=agent)) == "it does not say which browser it is"
    assert bots.known_program(agent) is None


def test_a_prefetch_is_no_click() -> None:
    assert reason(click(1, 60, prefetch=True)) == "the page was loaded ahead, before anybody asked for it (prefetch)"


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", "Gmail"),
        ("Mozilla/5.0 (compatible; YahooMailProxy; https://help.yahoo.com)", "Yahoo"),
        ("Mozilla/5.0", "Apple Mail loads pictures ahead"),
    ],
)
def test_pictures_loaded_by_a_mail_service_were_not_seen_by_anybody(agent: str, said: str) -> None:
    assert reason(opened(1, 3600, agent=agent)).startswith(f"proxied: {said}")


def test_a_bare_browser_name_is_no_browser_that_clicks() -> None:
    assert reason(click(1, 60, agent="Mozilla/5.0")) == "a bare Mozilla/5.0 is no browser"


def test_who_looks_through_many_leads_mails_is_a_program() -> None:
    assert automated(click(1, 60), click(2, 200, address_hash="gateway", in_crowd=True)) == {2}


def test_who_followed_the_hidden_link_is_a_program_in_its_other_clicks_too() -> None:
    trap, slow = click(1, 60, bots.HIDDEN_LINK, address_hash="gateway"), click(2, 75, 2, address_hash="gateway")
    person, much_later = click(3, 90, 3), click(4, 400, 2, address_hash="gateway")
    assert automated(trap, slow, person, much_later) == {1, 2}
    assert judge(slow, trap)[2].reasons == ("the same program gave itself away beside it",)


def test_another_browser_at_the_same_address_is_somebody_else() -> None:
    assert automated(click(1, 60, bots.HIDDEN_LINK), click(2, 75, 2, agent=IPHONE)) == {1}


def test_an_unknown_address_is_nobodys() -> None:
    trap, other = click(1, 60, bots.HIDDEN_LINK, address_hash=None), click(2, 75, 2, address_hash=None)
    assert automated(trap, other) == {1}


def test_opens_do_not_make_a_burst() -> None:
    assert automated(opened(1, 60), click(2, 60.5, 1), opened(3, 60.7)) == set()


def test_all_reasons_are_given() -> None:
    (judgement,) = judge(click(1, 1, 0, method="HEAD", agent="curl/8", prefetch=True)).values()
    assert len(judgement.reasons) == 5


def test_nothing_hit_is_nothing_judged() -> None:
    assert judge() == {}


hits = st.lists(
    st.builds(
        lambda after, link, address, agent, kind: (after, link, address, agent, kind),
        st.sampled_from([30.0, 31.0, 31.5, 33.0, 40.0, 61.0, 90.0, 92.0, 93.5, 150.0, 200.0]) | st.floats(6, 300),
        st.integers(0, 4),
        st.sampled_from([None, "home", "gateway"]),
        st.sampled_from([CHROME, IPHONE]),
        st.sampled_from(["click", "click", "click", "open"]),
    ),
    max_size=10,
).map(
    lambda drawn: [
        click(n, after, link, address_hash=address, agent=agent, kind=kind)
        for n, (after, link, address, agent, kind) in enumerate(drawn)
    ]
)


@settings(max_examples=60, deadline=None)
@given(hits=hits, data=st.data())
def test_the_order_of_the_hits_does_not_matter(hits: list[Hit], data: st.DataObject) -> None:
    assert judge(*data.draw(st.permutations(hits)), links=3) == judge(*hits, links=3)


@settings(max_examples=120, deadline=None)
@given(hits=hits, links=st.integers(1, 4))
def test_bursts_and_sweeps_are_what_their_definitions_say(hits: list[Hit], links: int) -> None:
    judged = judge(*hits, links=links)
    clicks = [hit for hit in hits if hit.kind == "click"]
    visible = [hit for hit in clicks if hit.link != bots.HIDDEN_LINK]
    bursts = {hit.id for hit in clicks if any(o.link != hit.link and abs(o.at - hit.at) <= BURST for o in clicks)}
    sweeps: set[int] = set()
    if links >= SWEEP_LINKS:
        for address, agent in {(hit.address_hash, hit.agent) for hit in visible if hit.address_hash is not None}:
            mine = [hit for hit in visible if (hit.address_hash, hit.agent) == (address, agent)]
            sweeps |= in_a_sweep(mine, links)
        sweeps |= in_a_sweep([hit for hit in visible if hit.id not in bursts | sweeps], links)
    for hit in hits:
        reasons = judged[hit.id].reasons
        assert (hit.id in bursts) == ("it followed different links within 2 seconds" in reasons)
        assert (hit.id in sweeps) == ("it followed every link of the mail within 60 seconds" in reasons)


def in_a_sweep(hits: list[Hit], links: int) -> set[int]:
    found: set[int] = set()
    for first in hits:
        window = [hit for hit in hits if first.at <= hit.at <= first.at + SWEEP]
        if len({hit.link for hit in window}) >= links:
            found |= {hit.id for hit in window}
    return found


@settings(max_examples=80, deadline=None)
@given(hits=hits, links=st.integers(1, 4), more=st.integers(0, 3))
def test_somebody_else_at_another_time_changes_nothing(hits: list[Hit], links: int, more: int) -> None:
    """Another's hit matters to nobody unless it comes within the minute in which a mail can be swept."""
    alone = judge(*hits, links=links)
    for after in (3600, 500):
        stranger = click(99, after, more, address_hash="stranger", agent=IPHONE)
        beside = judge(*hits, stranger, links=links)
        assert {id_: beside[id_] for id_ in alone} == alone


@settings(max_examples=80, deadline=None)
@given(hits=hits, places=st.lists(st.sampled_from([0, 300, 700, 1300, 2500]), min_size=10, max_size=10))
def test_hits_that_are_far_apart_say_nothing_of_each_other(hits: list[Hit], places: list[int]) -> None:
    spread = [replace(hit, at=hit.at + timedelta(seconds=places[n])) for n, hit in enumerate(hits)]
    whole = judge(*spread, links=3)
    for hit in spread:
        near = [other for other in spread if abs(other.at - hit.at) <= bots.REACH]
        assert judge(*near, links=3)[hit.id] == whole[hit.id]


@settings(max_examples=80, deadline=None)
@given(hits=hits, links=st.integers(1, 4))
def test_without_addresses_nothing_that_comes_later_turns_what_has_settled(hits: list[Hit], links: int) -> None:
    """Simulations know no addresses, so they need not revise: a minute later all that matters is there."""
    unknown = [replace(hit, address_hash=None) for hit in hits]
    whole = judge(*unknown, links=links)
    for hit in unknown:
        by_then = [other for other in unknown if other.at <= hit.at + SETTLE]
        assert judge(*by_then, links=links)[hit.id] == whole[hit.id]


def test_a_mail_hammered_by_a_program_is_judged_quickly() -> None:
    many = [click(n, 60 + n / 1000, n % 2, address_hash="gateway") for n in range(20_000)]
    assert len(automated(*many)) == 20_000
