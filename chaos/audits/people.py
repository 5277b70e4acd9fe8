"""Clicks and answers of sales: what somebody was told to be kept or done is there once, what was refused is not."""

from collections import Counter, defaultdict

from sqlalchemy import text

from chaos.audit import Audit, Broken, found
from chaos.world import World
from nurture.db import transaction

DONE = {"accept": "accepted", "reject": "rejected"}
"""What the log of a handoff says of an answer."""

_CLICKS = text("SELECT agent, count(*) AS times FROM event WHERE kind = 'click' GROUP BY agent")
_UNJUDGED = text("SELECT id FROM event WHERE verdict = 'pending' AND settle_at <= :now")
_LOG = text("""
    SELECT handoff_id, what, by, count(*) AS times FROM handoff_change
    WHERE what IN ('accepted', 'rejected') GROUP BY handoff_id, what, by
""")
_OWNED = text("SELECT id, owner FROM handoff WHERE state = 'accepted'")


def clicks_are_kept_once(world: World) -> list[Broken]:
    """Each that was answered with a name for the visitor is stored; none is stored twice, none was never made."""
    with transaction(world.engine) as db:
        stored = {row.agent: row.times for row in db.execute(_CLICKS)}
        unjudged = list(db.execute(_UNJUDGED, {"now": world.clock.now}).scalars())
    clicked = world.traffic.clicked()
    kept = [_number(one["agent"]) for one in clicked if one["kept"] and one["agent"] not in stored]
    turned_away = [f"{_number(one['agent'])} {one['status']}" for one in clicked if 400 <= one["status"] < 500]
    return [
        *found("clicked and kept, and not stored", kept, "losses"),
        *found("clicks stored twice", [_number(agent) for agent, times in stored.items() if times > 1], "doubles"),
        *found("clicks that nobody made", sorted(stored.keys() - {one["agent"] for one in clicked})),
        *found("clicks that were turned away", turned_away),
        *found("clicks that nobody judges", unjudged, "stuck"),
    ]


def replies_are_done_once(world: World) -> list[Broken]:
    """By the log of each handoff: what a rep was told to be done, once, by nobody else; and nothing beyond."""
    log: dict[tuple[int, str, str], int] = {}
    with transaction(world.engine) as db:
        for row in db.execute(_LOG):
            log[row.handoff_id, row.what, row.by] = row.times
        owners = {row.id: row.owner for row in db.execute(_OWNED)}
    told: dict[tuple[int, str, str], bool] = defaultdict(bool)
    for one in (replied := world.traffic.replied()):
        told[one["handoff"], DONE[one["act"]], one["by"]] |= one["status"] == 200
    accepted = Counter(handoff for (handoff, what, _), times in log.items() if what == "accepted" for _ in range(times))
    strange = [
        f"{one['handoff']} {one['act']} {one['status']} {one['code']}"
        for one in replied
        if one["status"] not in (200, 409)
    ]
    return [
        *found("answered by a rep who was told so, and not in the log", _told(told, log, ok=True), "losses"),
        *found("refused to a rep, and in the log", _told(told, log, ok=False), "doubles"),
        *found("in the log twice", [key for key, times in log.items() if times > 1], "doubles"),
        *found("in the log, and nobody said it", sorted(log.keys() - told.keys())),
        *found("accepted twice", [handoff for handoff, times in accepted.items() if times > 1], "doubles"),
        *found("accepted by one, and another's", [
            handoff for handoff, owner in owners.items() if (handoff, "accepted", owner) not in log
        ]),
        *found("answers of reps that were turned away", strange),
    ]  # fmt: skip


def _told(told: dict[tuple[int, str, str], bool], log: dict[tuple[int, str, str], int], *, ok: bool) -> list[object]:
    return [key for key, said in told.items() if said is ok and (key in log) is not ok]


def _number(agent: str) -> str:
    return agent.rpartition(" ")[2]


AUDITS: tuple[Audit, ...] = (clicks_are_kept_once, replies_are_done_once)
