"""What sales says of a lead, and what follows: the score starts again, one offer at a time, every word is kept."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.agreement import BUILT_IN_REASONS
from nurture.facts import OPEN_HANDOFF, WITH_SALES
from nurture.rules import happenings as h
from nurture.rules.effects import CycleBegan, HandedOver, HandoffMoved, StageChanged
from tests.rules.examples import NOW
from tests.rules.lives import REASONS, Life, book_of, campaign_of, lead, track

DAY = timedelta(days=1)
EVERY_REASON = [*REASONS, *BUILT_IN_REASONS]
TRACKS = (
    campaign_of("prospects", enroll={"reasons": ["not_ready", *BUILT_IN_REASONS], "unready": True}, topic="product"),
    campaign_of("budget", enroll={"reasons": ["no_budget"]}),
    campaign_of("customers", enroll={"stages": ["customer"], "unready": True, "reasons": ["not_ready", "no_budget"]}),
)
BOOK = book_of(*TRACKS)
REP = "rep.one@acme.example"

answers = st.one_of(
    st.builds(h.Progressed, st.sampled_from(["accepted", "contacted", "qualified", "won"]), st.just(REP), st.text()),
    st.builds(
        lambda reason, how, note: h.Refused(reason, NOW, REP, note, how),
        st.sampled_from(EVERY_REASON), st.sampled_from(["rejected", "returned", "lost"]), st.text(),
    ),
)  # fmt: skip
signs = st.sampled_from(["/pricing", "Webinar Attended", "Demo Requested", "/about"])
steps = st.lists(st.tuples(st.integers(1, 60 * 24 * 12), st.one_of(signs, answers)), max_size=30)


def ready(life: Life) -> None:
    """A webinar and the price list, twice: 70 points of two kinds."""
    life.happens(h.Did((track("Webinar Attended", life.now, minutes=45),)))
    for _ in range(2):
        life.does("/pricing", now=life.now)


def offered(book=BOOK) -> Life:
    one = Life(book, lead())
    one.happens(h.Arrived())
    ready(one)
    assert one.state.handoff is not None
    return one


def live(lived: list[tuple[int, object]]) -> Life:
    """Live through it; what happens to an offer happens only where there is one."""
    one = Life(BOOK, lead())
    one.happens(h.Arrived())
    for minutes, step in lived:
        now = one.now + timedelta(minutes=minutes)
        one.until(now)
        before, begun = one.state, len(one.effects)
        if isinstance(step, h.Refused):
            one.happens(h.Refused(step.reason, now, step.by, step.note, step.how), now)
        elif isinstance(step, h.Progressed):
            one.happens(step, now)
        elif str(step).startswith("/"):
            one.does(str(step), now=now)
        else:
            one.does(str(step), now=now, minutes=45)
        check(one, before, step, one.effects[begun:])
    return one


def check(one: Life, before, step, followed) -> None:
    state = one.state
    moves = [effect for effect in followed if isinstance(effect, HandoffMoved)]
    assert sum(isinstance(effect, HandedOver) for effect in followed) <= 1
    assert not (before.handoff and any(isinstance(effect, HandedOver) for effect in followed)), "two open handoffs"
    assert (state.handoff is not None) <= (state.stage in WITH_SALES)
    if isinstance(step, h.Refused):
        (began,) = [effect for effect in followed if isinstance(effect, CycleBegan)]
        assert (began.reason, began.note, began.by) == (step.reason, step.note, step.by), "every word is kept"
        assert state.counts == (), "the score restarts"
        assert state.cycle >= before.cycle
        assert state.handoff is None
        if before.handoff is not None:
            assert (moves[-1].state, moves[-1].reason, moves[-1].note) == (step.how, step.reason, step.note)
    if isinstance(step, h.Progressed) and before.handoff is None:
        assert followed == []
    if moves and before.handoff is not None and before.handoff.state == "offered" and moves[-1].state in OPEN_HANDOFF:
        assert moves[0].state == "accepted", "whoever works a lead has taken it"
        assert state.handoff is not None
        assert state.handoff.owner == REP


@settings(max_examples=60, deadline=None)
@given(steps)
def test_whatever_sales_says_one_offer_at_a_time_and_every_word_is_kept(lived: list[tuple[int, object]]) -> None:
    live(lived)


@settings(max_examples=40, deadline=None)
@given(steps, st.sampled_from(EVERY_REASON), st.sampled_from(["rejected", "returned", "lost"]))
def test_after_any_refusal_what_the_lead_did_before_hands_it_over_no_more(
    lived: list[tuple[int, object]], reason: str, how: str
) -> None:
    one = live(lived)
    now = one.now + timedelta(minutes=1)
    one.happens(h.Refused(reason, now, REP, "", how), now)  # type: ignore[arg-type]
    one.happens(h.OfferedByHand(), now)
    assert one.state.handoff is None
    followed = one.does("/about", now=now + timedelta(minutes=1))
    assert not any(isinstance(effect, HandedOver) for effect in followed)


@pytest.mark.parametrize("reason", EVERY_REASON)
def test_each_reason_leads_where_the_agreement_says(reason: str) -> None:
    one = offered()
    one.happens(h.Refused(reason, one.now, REP))
    then = REASONS.get(reason, {"then": "nurture"})["then"]
    stage = {"nurture": "nurture", "sales": "sal", "disqualify": "disqualified", "suppress": "disqualified"}[then]
    assert one.state.stage == stage
    assert (one.state.suppressed is not None) == (then == "suppress")
    waits = "wait" in REASONS.get(reason, {})
    assert (one.state.enrollment is not None) == (then == "nurture" and not waits)


def test_a_wait_delays_mail_alone_signals_count_and_hand_the_lead_over() -> None:
    one = offered()
    one.happens(h.Refused("no_budget", one.now, REP))
    assert (one.state.enrollment, one.state.mail_from) == (None, NOW + 90 * DAY)
    assert one.until(NOW + 60 * DAY) == []
    ready(one)
    assert one.state.stage == "mql"
    assert one.state.cycle == 2


def test_content_that_the_lead_has_had_is_not_repeated() -> None:
    one = Life(BOOK, lead())
    one.happens(h.Arrived())
    had = [mail.step for mail in one.until(NOW + 8 * DAY)]
    ready(one)
    one.happens(h.Refused("not_ready", one.now, REP))
    more = [mail.step for mail in one.until(one.now + 90 * DAY)]
    assert had
    assert more
    assert not set(had) & set(more)


def test_a_customer_that_sales_refuses_is_one_again_and_taken_by_the_customers_track() -> None:
    one = Life(BOOK, lead(stage="customer"))
    one.happens(h.Arrived())
    assert one.state.enrollment is not None
    assert one.state.enrollment.campaign == "customers"
    ready(one)
    assert one.state.stage == "mql"
    one.happens(h.Refused("not_ready", one.now, REP))
    assert (one.state.stage, one.state.cycle) == ("customer", 2)
    assert one.state.enrollment.campaign == "customers"


def test_who_is_won_is_taken_by_the_customers_track_whatever_it_was_refused_for_before() -> None:
    one = offered()
    one.happens(h.Refused("no_budget", one.now, REP))
    one.until(NOW + 5 * DAY)
    ready(one)
    followed = one.happens(h.Progressed("won", REP))
    assert [effect.state for effect in followed if isinstance(effect, HandoffMoved)] == ["accepted", "won"]
    assert [effect.after for effect in followed if isinstance(effect, StageChanged)] == ["sal", "customer"]
    assert one.state.enrollment is not None
    assert (one.state.enrollment.campaign, one.state.reason) == ("customers", None)


def test_what_made_a_lead_buy_does_not_sell_to_it_again_and_what_it_does_later_does() -> None:
    one = offered()
    one.happens(h.Progressed("won", REP))
    one.does("/pricing", now=NOW + timedelta(hours=1))
    assert one.state.stage == "customer"
    one.does("/about", now=NOW + DAY)
    assert one.state.stage == "customer", "its old points are as good as new, and were for the deal that was won"
    one.happens(h.OfferedByHand(), NOW + DAY)
    assert one.state.stage == "customer"
    one.now = NOW + 2 * DAY
    ready(one)
    (offer,) = [effect for effect in one.effects[-8:] if isinstance(effect, HandedOver)]
    assert offer.was_customer
    assert all(row.day > NOW.date() for row in offer.score.rows), "the evidence is of what came after"


def test_a_customer_who_raises_a_hand_is_handed_over_at_once() -> None:
    one = offered()
    one.happens(h.Progressed("won", REP))
    one.does("Demo Requested", now=NOW + timedelta(hours=1))
    assert one.state.stage == "mql"


@pytest.mark.parametrize(
    ("by", "owner"),
    [
        (REP, REP),
        ("Rep One", "Rep One"),
        ("hubspot: Somebody", "rep.two@acme.example"),
        ("hubspot: rep.one@acme.example", REP),
    ],
)
def test_who_accepts_owns_but_a_program_takes_the_lead_from_nobody(by: str, owner: str) -> None:
    one = offered()
    one.state = replace(one.state, handoff=replace(one.state.handoff, owner="rep.two@acme.example"))
    one.happens(h.Progressed("accepted", by))
    assert one.state.handoff is not None
    assert one.state.handoff.owner == owner
