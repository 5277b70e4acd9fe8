"""What a make-believe sales team does with handoffs."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from nurture.local.chance import Chance
from nurture.local.crowd import ASKS
from nurture.local.sales_team import Move, moves
from nurture.notifiers.packet import read_packet
from nurture.notifiers.wording import headline
from nurture.web.handoff_view import MAY
from tests.local.letters import workspace
from tests.notifiers.packets import packet

AGREEMENT = workspace().agreement
OFFERED_AT = datetime(2026, 1, 9, 22, 40, tzinfo=UTC)
"""A Friday; sales has about twenty minutes left."""
AFTER = {"accept": "accepted", "qualified": "qualified", "won": "won", "lost": "lost", "reject": "rejected"}


def played(n: int = 1, leads: int = 300) -> list[tuple[Move, ...]]:
    return [moves(Chance(1), AGREEMENT, f"lead{i}@kestrel.example", n, OFFERED_AT) for i in range(leads)]


def test_the_same_seed_lead_and_round_fare_the_same() -> None:
    assert played() == played()
    assert played() != played(2)


def test_every_move_is_one_that_the_page_offers() -> None:
    for story in (*played(), *played(2)):
        state = "offered"
        for move in story:
            assert move.do in MAY[state], f"{move.do} after {state}"
            if move.do == "attempt":
                state = "contacted" if move.fields["outcome"] == "reached" and state == "accepted" else state
            else:
                state = AFTER[move.do]


def test_moves_are_in_order_and_in_working_hours() -> None:
    zone = ZoneInfo(AGREEMENT.sla.hours.timezone)
    for story in played():
        instants = [move.at for move in story]
        assert instants == sorted(instants)
        assert len(set(instants)) == len(instants)
        for instant in instants:
            local = instant.astimezone(zone)
            assert local.weekday() < 5
            assert 9 <= local.hour + local.minute / 60 <= 17


def test_some_are_refused_some_won_some_lost_and_some_forgotten() -> None:
    ends = Counter(story[-1].do if story else "forgotten" for story in played())
    assert {"reject", "won", "lost", "qualified", "forgotten"} <= ends.keys()
    assert ends["reject"] > 80
    later = Counter(story[-1].do if story else "forgotten" for story in played(2))
    assert later["reject"] < ends["reject"]
    assert later["won"] > ends["won"]


def test_reasons_are_those_of_the_agreement() -> None:
    given = {move.fields["reason"] for story in played() for move in story if "reason" in move.fields}
    assert given <= set(AGREEMENT.reject_reasons)
    assert "not_ready" in given


def test_another_agreements_reasons_are_used_as_well() -> None:
    (reason,) = list(AGREEMENT.reject_reasons.values())[:1]
    other = AGREEMENT.model_copy(update={"reject_reasons": {"too_early": reason}})
    stories = [moves(Chance(1), other, f"lead{i}@kestrel.example", 1, OFFERED_AT) for i in range(50)]
    assert {move.fields["reason"] for story in stories for move in story if "reason" in move.fields} == {"too_early"}


def test_nobody_is_refused_where_there_is_no_reason_to_give() -> None:
    other = AGREEMENT.model_copy(update={"reject_reasons": {}})
    done = {move.do for i in range(100) for move in moves(Chance(1), other, f"lead{i}@kestrel.example", 1, OFFERED_AT)}
    assert done == {"accept", "attempt", "qualified", "won"}


def test_who_asks_for_sales_is_answered_within_minutes_by_most() -> None:
    monday = datetime(2026, 1, 12, 16, tzinfo=UTC)
    leads = [f"lead{i}@kestrel.example" for i in range(200)]
    stories = [moves(Chance(1), AGREEMENT, lead, 1, monday, asked=True) for lead in leads]
    within = [story[0].at - monday <= timedelta(minutes=15) for story in stories if story]
    assert 0.6 < sum(within) / len(within) < 0.95


def test_a_rep_knows_by_the_subject_who_asks() -> None:
    data = packet()
    asking = read_packet({**data, "handoff": {**data["handoff"], "hand_raise": True}})
    assert ASKS in headline("lead.requalified", asking)
    assert ASKS not in headline(
        "lead.requalified", read_packet({**data, "handoff": {**data["handoff"], "hand_raise": False}})
    )
